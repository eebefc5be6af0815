import path from 'node:path';
import * as vscode from 'vscode';
import type { Target } from './core/trees/trees.ts';
import type { RunAction } from './protocol/runtable.ts';
import { createAddStageCommand } from './vscode/commands/addstage.ts';
import { createBackendCommands } from './vscode/commands/backends.ts';
import { createBranchCommands } from './vscode/commands/branches.ts';
import { createPullRequestCommands } from './vscode/commands/pullrequests.ts';
import { BranchStatus } from './vscode/branchstatus.ts';
import { registerCommands } from './vscode/commands/commands.ts';
import { createDebuggingCommands } from './vscode/commands/debugging.ts';
import { createEditingCommands } from './vscode/commands/editing.ts';
import { createRunEditCommands } from './vscode/commands/editruns.ts';
import { createGridCommands } from './vscode/commands/grid.ts';
import { createGitflowCommands } from './vscode/commands/gitflow.ts';
import { createGraphCommands } from './vscode/commands/graph.ts';
import { createNewProjectCommand, welcomeNewProject } from './vscode/commands/newproject.ts';
import { createRunningCommands } from './vscode/commands/running.ts';
import { createRunsCommands } from './vscode/commands/runs.ts';
import { createRunsTableCommands } from './vscode/commands/runstable.ts';
import { createSignInCommands } from './vscode/commands/signin.ts';
import { createStoreCommands } from './vscode/commands/stores.ts';
import { createTrialsCommands } from './vscode/commands/trials.ts';
import { createSweepCommands } from './vscode/commands/sweep.ts';
import { createRegistryCommands } from './vscode/commands/registry.ts';
import { createComparingCommands } from './vscode/commands/comparing.ts';
import { createReproducingCommands } from './vscode/commands/reproducing.ts';
import { createResumingCommands } from './vscode/commands/resuming.ts';
import { EngineThread } from './vscode/engine/client.ts';
import { showFailure } from './vscode/failures.ts';
import {
  createCompareFeed,
  createDagFeed,
  createPredictFeed,
  createRunFeed,
  createExportFeed,
  createRunsFeed,
} from './vscode/feed.ts';
import { registerLanguages } from './vscode/languages/languages.ts';
import { registerComparePanels, type ComparePanels } from './vscode/panels/compareRuns.ts';
import { registerDagPanels } from './vscode/panels/dag.ts';
import { registerModelCards } from './vscode/panels/modelCard.ts';
import { registerPredictPanels } from './vscode/panels/predictImage.ts';
import { createRunAnswers } from './vscode/panels/runAnswers.ts';
import { registerRunCharts, type RunChartOptions, type RunCharts } from './vscode/panels/runChart.ts';
import { registerRunsTables } from './vscode/panels/runsTable.ts';
import type { RunsFeed } from './vscode/panels/feed.ts';
import type { CommandId } from './vscode/manifest.ts';
import { Projects } from './vscode/projects.ts';
import { registerRunDocuments } from './vscode/rundocuments.ts';
import { RunningStatus } from './vscode/statusbar.ts';
import { SignIns } from './vscode/signins.ts';
import { registerTasks } from './vscode/tasks/tasks.ts';
import { tellOfFileStores } from './vscode/filestores.ts';
import { offerCommandLine } from './vscode/terminals.ts';
import { registerViews, type Views } from './vscode/trees/views.ts';

/** What tests inside VS Code may reach. */
export interface ExtensionApi {
  readonly engine: EngineThread;
  readonly projects: Projects;
  readonly views: Views;
}

/** Composition root of the extension host: builds, wires, registers. It only draws and asks; the engine thread does the work. */
export function activate(context: vscode.ExtensionContext): ExtensionApi {
  const own = <T extends { dispose(): unknown }>(disposable: T): T => {
    context.subscriptions.push(disposable);
    return disposable;
  };
  const log = own(vscode.window.createOutputChannel('MLOps', { log: true }));
  const report = (error: unknown): void => log.error(error instanceof Error ? error : String(error));

  const engine = own(new EngineThread(path.join(context.extensionPath, 'dist', 'engine.js'), report));
  own(
    engine.onEvent('log', ({ level, text }) =>
      level === 'info' ? log.info(text) : level === 'warning' ? log.warn(text) : log.error(text),
    ),
  );
  const signIns = own(new SignIns({ engine, secrets: context.secrets, report }));
  const projects = own(new Projects(engine, report));

  const openLog = async (root: string, runId: string): Promise<void> =>
    running['mlops.openLog']({ kind: 'run', project: root, runId });
  const { extensionUri } = context;
  const charts = own(registerRunPages(engine, { extensionUri, log, openLog, report }));
  const predictions = own(registerPredictPanels({ extensionUri, log, feed: createPredictFeed(engine) }));
  const graphs = own(createGraphs(context, engine, log));
  const tables = own(createRunsTables(context, engine, log));
  const comparisons = own(createComparisons(context, engine, log));
  const showRun = (root: string, runId: string): void => charts.show(root, runId);

  const views = own(registerViews(engine, projects, report));
  own(new RunningStatus(engine, projects, report));
  own(new BranchStatus(engine, projects, report));
  const { problems } = own(registerLanguages({ engine, projects, commands: listCommands(context), report }));
  own(registerTasks({ engine, projects, report }));

  const runningParts = { engine, projects, showRun, report };
  const running = createRunningCommands(runningParts);
  const handlers = {
    ...running,
    ...createSweepCommands(runningParts),
    ...createGridCommands({ engine, projects }),
    ...createTrialsCommands({ engine, projects, views }),
    ...createResumingCommands(runningParts),
    ...createReproducingCommands(runningParts),
    ...createComparingCommands({ engine, projects, comparisons }),
    ...createDebuggingCommands({ engine, projects, context }),
    ...createRunsCommands({ engine, projects, showRun, showPrediction: predictions.show.bind(predictions) }),
    ...createRunsTableCommands({ engine, projects, tables, exports: createExportFeed(engine) }),
    ...createRunEditCommands({ engine, projects }),
    ...createRegistryCommands({ engine, projects, cards: own(registerModelCards(engine)) }),
    ...createStoreCommands({ engine, projects }),
    ...createSignInCommands({ engine, projects, signIns }),
    ...createEditingCommands({ engine, projects, problems }),
    ...createGitflowCommands({ engine, projects }),
    ...createBranchCommands({ engine, projects }),
    ...createPullRequestCommands({ engine, projects }),
    ...createNewProjectCommand({ engine, context }),
    ...createAddStageCommand({ engine, projects }),
    ...createBackendCommands({ engine, projects }),
    ...createGraphCommands({ projects, showGraph: (root) => graphs.show(root) }),
    'mlops.refresh': () => {
      views.refresh();
      return Promise.resolve();
    },
  };
  registerCommands(handlers, (error) => showFailure(error, log)).forEach(own);

  offerCommandLine(context);
  own(vscode.workspace.onDidGrantWorkspaceTrust(() => offerCommandLine(context)));
  welcomeNewProject(context, projects).catch(report);
  tellOfFileStores({ engine, projects, context }).catch(report);
  return { engine, projects, views };
}

/** The page of the graph runs and adds stages by commands. */
function createGraphs({ extensionUri }: vscode.ExtensionContext, engine: EngineThread, log: vscode.LogOutputChannel) {
  const execute = async (id: CommandId, target: Target): Promise<void> => {
    await vscode.commands.executeCommand(id, target);
  };
  const feed = createDagFeed(engine, {
    run: (project, stage, downstream) =>
      execute(downstream ? 'mlops.runDownstream' : 'mlops.runStage', { kind: 'stage', project, stage }),
    addStage: (project) => execute('mlops.addStage', { kind: 'project', project }),
  });
  return registerDagPanels({ extensionUri, log, feed });
}

/** The page of runs does what is done with runs by commands. */
function createRunsTables(context: vscode.ExtensionContext, engine: EngineThread, log: vscode.LogOutputChannel) {
  const act: RunsFeed['act'] = async (project, action, runIds) => {
    const [runId = ''] = runIds;
    await vscode.commands.executeCommand(runCommands[action], { kind: 'run', project, runId, runIds });
  };
  const { extensionUri, workspaceState: memory } = context;
  return registerRunsTables({ extensionUri, log, memory, feed: createRunsFeed(engine, { act }) });
}

/** The page that compares runs opens one of them by a command. */
function createComparisons(
  { extensionUri }: vscode.ExtensionContext,
  engine: EngineThread,
  log: vscode.LogOutputChannel,
): ComparePanels {
  const open = async (project: string, runId: string): Promise<void> => {
    await vscode.commands.executeCommand(runCommands.open, { kind: 'run', project, runId });
  };
  return registerComparePanels({ extensionUri, log, feed: createCompareFeed(engine, { open }) });
}

/** What the page of runs asks for, by commands, with all that stands before commands (trust, failures). */
const runCommands: Readonly<Record<RunAction, CommandId>> = {
  open: 'mlops.showRunChart',
  rename: 'mlops.renameRun',
  note: 'mlops.noteRun',
  tag: 'mlops.tagRun',
  star: 'mlops.starRun',
  colour: 'mlops.colourRun',
  hide: 'mlops.hideRun',
  delete: 'mlops.deleteRun',
  compare: 'mlops.compareRuns',
};

/** The page of a run, and the documents that it opens. */
function registerRunPages(
  engine: EngineThread,
  { openLog, report, ...shared }: Pick<RunChartOptions, 'extensionUri' | 'log'> & Parameters<typeof createRunFeed>[1],
): RunCharts {
  const documents = registerRunDocuments(engine);
  const feed = createRunFeed(engine, { openLog, report });
  const charts = registerRunCharts({ ...shared, feed, answers: createRunAnswers(engine) });
  return {
    ...charts,
    dispose: () => {
      charts.dispose();
      documents.dispose();
    },
  };
}

/** Commands that the manifest names. */
function listCommands({ extension }: vscode.ExtensionContext): ReadonlySet<string> {
  const manifest = extension.packageJSON as { contributes: { commands: readonly { command: string }[] } };
  return new Set(manifest.contributes.commands.map(({ command }) => command));
}

// No deactivate: the subscriptions end the engine thread, and runs go on by themselves.
