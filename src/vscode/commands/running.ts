import * as vscode from 'vscode';
import { findProcessOfRun, type Target } from '../../core/trees/trees.ts';
import type { EngineThread } from '../engine/client.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import type { EngineClient, LiveProcess } from '../../protocol/engine.ts';
import type { Projects } from '../projects.ts';
import { readSettings } from '../settings.ts';
import { createProjectTask } from '../tasks/tasks.ts';
import { ProcessTerminal } from '../tasks/terminal.ts';
import type { CommandTypes } from './commands.ts';
import { pickConfig, pickProcess, pickProject, pickStage } from './pick.ts';

interface Parts {
  readonly engine: EngineThread;
  readonly projects: Projects;
  readonly showRun: (root: string, runId: string) => void;
  readonly report: (error: unknown) => void;
}

type RunningCommands = Pick<
  CommandTypes,
  'mlops.runPipeline' | 'mlops.runStage' | 'mlops.train' | 'mlops.stop' | 'mlops.openLog'
>;

export function createRunningCommands(parts: Parts): RunningCommands {
  const { engine, projects } = parts;
  return {
    async 'mlops.runPipeline'(target) {
      const project = await pickProject(projects, target);
      if (project !== undefined) await runTask(parts, project, { name: vscode.l10n.t('Run Pipeline') });
    },
    async 'mlops.runStage'(target) {
      const project = await pickProject(projects, target);
      if (project === undefined) return;
      const stage = target?.kind === 'stage' ? target.stage : await pickStage(engine, project);
      if (stage !== undefined) await runTask(parts, project, { name: stage, stage });
    },
    async 'mlops.train'(target) {
      const project = await pickProject(projects, target);
      if (project === undefined) return;
      const model = modelOf(target) ?? (await pickConfig(engine, project));
      if (model !== undefined) await train(parts, project, model);
    },
    async 'mlops.stop'(target) {
      const process = await pickLiveProcess(parts, target, vscode.l10n.t('Stop'));
      if (process === undefined) return;
      const stopping = engine.request('stopProcess', { project: process.project, id: process.id });
      const title = vscode.l10n.t('Stopping {0} …', process.command);
      await vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title }, () => stopping);
    },
    async 'mlops.openLog'(target) {
      if (target?.kind === 'run' && !(await isLive(engine, target.project, target.runId)))
        return openEndedLog(engine, target.project, target.runId);
      const process = await pickLiveProcess(parts, target, vscode.l10n.t('Open Log'));
      if (process !== undefined) openLog(parts, process);
    },
  };
}

function modelOf(target: Target | undefined): string | undefined {
  return target?.kind === 'config' || target?.kind === 'model' ? target.model : undefined;
}

async function runTask(
  parts: Parts,
  project: string,
  what: { readonly name: string; readonly stage?: string; readonly command?: string },
): Promise<vscode.TaskExecution> {
  return vscode.tasks.executeTask(createProjectTask(parts, project, what));
}

/**
 * Trains what the config says: as its stage, with all before it that is stale. A project whose pipeline has no such stage is
 * trained directly. The live chart opens with the run.
 */
async function train(parts: Parts, project: string, model: string): Promise<void> {
  const { stages } = await parts.engine.request('readStatus', { project });
  const stage = stages.find(({ name }) => name === `train@${model}` || name === `train-${model}` || name === model);
  const what =
    stage === undefined
      ? { name: vscode.l10n.t('Train {0}', model), command: `train configs/${model}.yaml` }
      : stage.state === 'fresh'
        ? await askToRepeat(stage.name)
        : { name: stage.name, stage: stage.name };
  if (what === undefined) return;
  const waiting = readSettings().openChartOnTrain ? showNextRun(parts, project, model) : undefined;
  const execution = await runTask(parts, project, what);
  const ending = vscode.tasks.onDidEndTask((event) => {
    if (event.execution !== execution) return;
    ending.dispose();
    waiting?.dispose();
  });
}

async function askToRepeat(stage: string): Promise<{ name: string; command: string } | undefined> {
  const again = vscode.l10n.t('Train Again');
  const answer = await vscode.window.showInformationMessage(
    vscode.l10n.t('{0} is up to date: nothing that it reads has changed since it was trained.', stage),
    again,
  );
  return answer === again ? { name: stage, command: `run ${stage} --single --force` } : undefined;
}

/** Opens the chart of the first run of this model that begins from now on. */
function showNextRun({ engine, showRun }: Parts, project: string, model: string): { dispose(): void } {
  const since = Date.now();
  const subscription = engine.onEvent('processes', (event) => {
    if (event.project !== project) return;
    const runs = event.processes.filter((process) => process.model === model && process.since >= since);
    const runId = runs.find((process) => process.runId !== null)?.runId;
    if (runId === undefined || runId === null) return;
    subscription.dispose();
    showRun(project, runId);
  });
  return subscription;
}

interface ProcessOfProject extends LiveProcess {
  readonly project: string;
}

async function pickLiveProcess(
  { engine, projects }: Parts,
  target: Target | undefined,
  title: string,
): Promise<ProcessOfProject | undefined> {
  const roots = target === undefined ? (await projects.whenKnown()).map(({ root }) => root) : [target.project];
  const lists = await Promise.all(
    roots.map(async (project) =>
      (await engine.request('listProcesses', { project })).map((process) => ({ ...process, project })),
    ),
  );
  const all = lists.flat();
  if (target?.kind === 'run') {
    const found = findProcessOfRun(all, target.runId);
    return all.find(({ id }) => id === found?.id);
  }
  // A training inside a pipeline is not a choice of its own.
  const choices = all.filter(
    (process) => process.runId === null || findProcessOfRun(all, process.runId)?.id === process.id,
  );
  const chosen = await pickProcess(choices, title);
  return choices.find(({ id }) => id === chosen?.id);
}

/** A terminal attached to the process: its whole log, and what it goes on to print. */
function openLog({ engine, report }: Parts, process: ProcessOfProject): void {
  const begin = (): Promise<LiveProcess> => Promise.resolve(process);
  const pty = new ProcessTerminal({ engine, report }, { project: process.project, begin, atEnd: 'stay' });
  const terminal = vscode.window.createTerminal({ name: `mlops ${process.command}`, pty });
  terminal.show();
}

async function isLive(engine: EngineClient, project: string, runId: string): Promise<boolean> {
  return (await engine.request('listProcesses', { project })).some((process) => process.runId === runId);
}

/** What the stage of an ended run has printed, as long as no later run of the same stage has taken its place. */
async function openEndedLog(engine: EngineClient, project: string, runId: string): Promise<void> {
  const log = await engine.request('findRunLog', { project, runId });
  if (log === null)
    throw new ExpectedError('missing-file', vscode.l10n.t('What this run has printed is not kept any more.'));
  await vscode.window.showTextDocument(vscode.Uri.file(log), { preview: true });
}
