import path from 'node:path';
import * as vscode from 'vscode';
import { registerCommands } from './vscode/commands/commands.ts';
import { createDebuggingCommands } from './vscode/commands/debugging.ts';
import { createGitflowCommands } from './vscode/commands/gitflow.ts';
import { createNewProjectCommand, welcomeNewProject } from './vscode/commands/newproject.ts';
import { createRunningCommands } from './vscode/commands/running.ts';
import { createRunsCommands } from './vscode/commands/runs.ts';
import { EngineThread } from './vscode/engine/client.ts';
import { showFailure } from './vscode/failures.ts';
import { createPredictFeed, createRunFeed } from './vscode/feed.ts';
import { registerPredictPanels } from './vscode/panels/predictImage.ts';
import { registerRunCharts } from './vscode/panels/runChart.ts';
import { registerProblems } from './vscode/problems.ts';
import { Projects } from './vscode/projects.ts';
import { RunningStatus } from './vscode/statusbar.ts';
import { registerTasks } from './vscode/tasks/tasks.ts';
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
  const projects = own(new Projects(engine, report));

  const openLog = async (root: string, runId: string): Promise<void> =>
    running['mlops.openLog']({ kind: 'run', project: root, runId });
  const { extensionUri } = context;
  const charts = own(registerRunCharts({ extensionUri, log, feed: createRunFeed(engine, { openLog, report }) }));
  const predictions = own(registerPredictPanels({ extensionUri, log, feed: createPredictFeed(engine) }));
  const showRun = (root: string, runId: string): void => charts.show(root, runId);
  const showPrediction = (root: string, model: string): void => predictions.show(root, model);

  const views = own(registerViews(engine, projects, report));
  own(new RunningStatus(engine, projects, report));
  own(registerProblems(engine, projects, report));
  own(registerTasks({ engine, projects, report }));

  const running = createRunningCommands({ engine, projects, showRun, report });
  const handlers = {
    ...running,
    ...createDebuggingCommands({ engine, projects, context }),
    ...createRunsCommands({ engine, projects, showRun, showPrediction }),
    ...createGitflowCommands({ engine, projects }),
    ...createNewProjectCommand({ engine, context }),
    'mlops.refresh': () => {
      views.refresh();
      return Promise.resolve();
    },
  };
  registerCommands(handlers, (error) => showFailure(error, log)).forEach(own);

  offerCommandLine(context);
  own(vscode.workspace.onDidGrantWorkspaceTrust(() => offerCommandLine(context)));
  welcomeNewProject(context, projects).catch(report);
  return { engine, projects, views };
}

// No deactivate: the subscriptions end the engine thread, and runs go on by themselves.
