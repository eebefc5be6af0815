import * as vscode from 'vscode';
import { findProcessOfRun, groupOf, type Target } from '../../core/trees/trees.ts';
import type { EngineThread } from '../engine/client.ts';
import type { EngineClient, LiveProcess } from '../../protocol/engine.ts';
import type { StageStatus } from '../../protocol/pipeline.ts';
import { requireProcessOfRun, stopProcess } from '../processes.ts';
import type { Projects } from '../projects.ts';
import { readSettings } from '../settings.ts';
import { createProjectTask, type ProjectWork } from '../tasks/tasks.ts';
import { ProcessTerminal } from '../tasks/terminal.ts';
import type { CommandTypes } from './commands.ts';
import { openRunLog, openStageLog } from './logs.ts';
import { pickConfig, pickMember, pickProcess, pickProject, pickRun, pickStage } from './pick.ts';

export interface RunningParts {
  readonly engine: EngineThread;
  readonly projects: Projects;
  readonly showRun: (root: string, runId: string) => void;
  readonly report: (error: unknown) => void;
}

type RunningCommands = Pick<
  CommandTypes,
  | 'mlops.runPipeline'
  | 'mlops.runStage'
  | 'mlops.runDownstream'
  | 'mlops.runMember'
  | 'mlops.train'
  | 'mlops.stop'
  | 'mlops.openLog'
>;

export function createRunningCommands(parts: RunningParts): RunningCommands {
  const { engine, projects } = parts;
  return {
    async 'mlops.runPipeline'(target) {
      const project = await pickProject(projects, target);
      if (project !== undefined) await runShowing(parts, project, { name: vscode.l10n.t('Run Pipeline') });
    },
    async 'mlops.runStage'(target) {
      const project = await pickProject(projects, target);
      if (project === undefined) return;
      const stage = target?.kind === 'stage' ? target.stage : await pickStage(engine, project);
      if (stage !== undefined) await runShowing(parts, project, { name: stage, stage });
    },
    async 'mlops.runDownstream'(target) {
      const project = await pickProject(projects, target);
      if (project === undefined) return;
      const stage = target?.kind === 'stage' ? target.stage : await pickStage(engine, project);
      if (stage === undefined) return;
      await runShowing(parts, project, { name: stage, arguments: ['run', stage, '--downstream'] });
    },
    async 'mlops.runMember'(target) {
      const project = await pickProject(projects, target);
      if (project === undefined) return;
      const stage = await pickMember(engine, project, target?.kind === 'stage' ? target.stage : undefined);
      if (stage !== undefined) await runShowing(parts, project, { name: stage, stage });
    },
    async 'mlops.train'(target) {
      const project = await pickProject(projects, target);
      if (project === undefined) return;
      const config = target?.kind === 'config' ? target : await pickConfig(engine, project);
      if (config !== undefined) await train(parts, project, config);
    },
    async 'mlops.stop'(target) {
      const live = await listLive(parts, target);
      const process = await pickLive(live, target, vscode.l10n.t('Stop'));
      if (process === undefined) return;
      const stopping = stopProcess(engine, process.project, process);
      const title = vscode.l10n.t('Stopping {0} …', process.command);
      await vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title }, () => stopping);
    },
    async 'mlops.openLog'(target) {
      const title = vscode.l10n.t('Open Log');
      const live = await listLive(parts, target);
      if (target?.kind === 'run' && !live.some(({ runId }) => runId === target.runId))
        return openRunLog(engine, target.project, target.runId);
      if (target?.kind === 'stage' && !(await isRunning(engine, target)))
        return openStageLog(target.project, target.stage);
      if (target === undefined && live.length === 0) return openLogOfSomeRun(parts, title);
      const process = await pickLive(live, target, title);
      if (process !== undefined) openLog(parts, process);
    },
  };
}

/** Runs a task; the live chart of the first training in it opens with the run, the page leads to the others. */
export async function runShowing(
  parts: RunningParts,
  project: string,
  work: ProjectWork,
  model?: string,
): Promise<void> {
  const waiting = readSettings().openChartOnTrain ? showNextRun(parts, project, model) : undefined;
  const execution = await vscode.tasks.executeTask(createProjectTask(parts, project, work));
  const ending = vscode.tasks.onDidEndTask((event) => {
    if (event.execution !== execution) return;
    ending.dispose();
    waiting?.dispose();
  });
}

/**
 * Trains what the config says: as its stage, with all before it that is stale. A project whose pipeline has no such stage is
 * trained directly.
 */
async function train(
  parts: RunningParts,
  project: string,
  { model, file }: { readonly model: string; readonly file: string },
): Promise<void> {
  const { stages } = await parts.engine.request('readStatus', { project });
  const stage = trainStageOf(stages, model);
  const work =
    stage === undefined
      ? { name: vscode.l10n.t('Train {0}', model), arguments: ['train', file] }
      : stage.state === 'fresh'
        ? await askToRepeat(stage.name)
        : { name: stage.name, stage: stage.name };
  if (work !== undefined) await runShowing(parts, project, work, model);
}

/** The stage that trains a model, by its name. */
export function trainStageOf(stages: readonly StageStatus[], model: string): StageStatus | undefined {
  return stages.find(({ name }) => name === `train@${model}` || name === `train-${model}` || name === model);
}

async function askToRepeat(stage: string): Promise<ProjectWork | undefined> {
  const again = vscode.l10n.t('Train Again');
  const answer = await vscode.window.showInformationMessage(
    vscode.l10n.t('{0} is up to date: nothing that it reads has changed since it was trained.', stage),
    again,
  );
  return answer === again ? { name: stage, arguments: ['run', stage, '--single', '--force'] } : undefined;
}

/** Opens the chart of the first run that begins from now on: of this model, or of any. */
function showNextRun(
  { engine, showRun }: RunningParts,
  project: string,
  model: string | undefined,
): { dispose(): void } {
  const since = Date.now();
  const subscription = engine.onEvent('processes', (event) => {
    if (event.project !== project) return;
    const runs = event.processes.filter(
      (process) => process.runId !== null && process.kind !== 'trial' && process.since >= since,
    );
    const runId = runs.find((process) => model === undefined || process.model === model)?.runId;
    if (runId === undefined || runId === null) return;
    subscription.dispose();
    showRun(project, runId);
  });
  return subscription;
}

interface ProcessOfProject extends LiveProcess {
  readonly project: string;
}

/** What runs in the project of the target, or in any. */
async function listLive({ engine, projects }: RunningParts, target: Target | undefined): Promise<ProcessOfProject[]> {
  const roots = target === undefined ? (await projects.whenKnown()).map(({ root }) => root) : [target.project];
  const lists = await Promise.all(
    roots.map(async (project) =>
      (await engine.request('listProcesses', { project })).map((process) => ({ ...process, project })),
    ),
  );
  return lists.flat();
}

async function pickLive(
  live: readonly ProcessOfProject[],
  target: Target | undefined,
  title: string,
): Promise<ProcessOfProject | undefined> {
  if (target?.kind === 'run') return requireProcessOfRun(live, target.runId);
  // A training inside a pipeline, or inside a sweep, is not a choice of its own.
  const choices = live.filter(
    (process) =>
      process.kind !== 'trial' && (process.runId === null || findProcessOfRun(live, process.runId)?.id === process.id),
  );
  const chosen = await pickProcess(choices, title);
  return choices.find(({ id }) => id === chosen?.id);
}

async function isRunning(engine: EngineClient, target: Target & { readonly kind: 'stage' }): Promise<boolean> {
  const { stages } = await engine.request('readStatus', { project: target.project });
  return stages.some(
    ({ name, state }) => state === 'running' && (name === target.stage || groupOf(name) === target.stage),
  );
}

/** A terminal attached to the process: its whole log, and what it goes on to print. */
function openLog({ engine, report }: RunningParts, process: ProcessOfProject): void {
  const begin = (): Promise<LiveProcess> => Promise.resolve(process);
  const pty = new ProcessTerminal({ engine, report }, { project: process.project, begin, atEnd: 'stay' });
  const terminal = vscode.window.createTerminal({ name: `mlops ${process.command}`, pty });
  terminal.show();
}

/** Nothing runs: what has run is asked for. */
async function openLogOfSomeRun({ engine, projects }: RunningParts, title: string): Promise<void> {
  const project = await pickProject(projects, undefined);
  const runId = project === undefined ? undefined : await pickRun(engine, project, { title });
  if (project !== undefined && runId !== undefined) await openRunLog(engine, project, runId);
}
