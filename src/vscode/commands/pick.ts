import path from 'node:path';
import * as vscode from 'vscode';
import type { Target } from '../../core/trees/trees.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import type { ConfigOutline, EngineClient, LiveProcess, ModelFolder, ProjectFolder } from '../../protocol/engine.ts';
import type { RunList, RunSummary } from '../../protocol/tracking.ts';
import type { Projects } from '../projects.ts';

// Questions that commands ask when they were not called on an entry of a tree. Each gives undefined when the user backs out,
// and does not ask when there is only one answer.

interface Choice<T> extends vscode.QuickPickItem {
  readonly value: T;
}

async function pick<T>(choices: readonly Choice<T>[], title: string, nothing: string): Promise<T | undefined> {
  const [first, ...others] = choices;
  if (first === undefined) throw new ExpectedError('unknown-name', nothing);
  if (others.length === 0) return first.value;
  return (await vscode.window.showQuickPick([...choices], { title, matchOnDescription: true }))?.value;
}

/** Root of the project that the command means: in a repository one of those that lie in it. */
export async function pickProject(projects: Projects, target: Target | undefined): Promise<string | undefined> {
  if (target === undefined) return pickFolder(await projects.whenKnown());
  if (target.kind !== 'repository') return target.project;
  const known = await projects.whenKnown();
  const inside = known.filter(({ root }) => isWithin(target.project, root));
  return pickFolder(inside);
}

function isWithin(folder: string, file: string): boolean {
  const way = path.relative(folder, file);
  return way === '' || (!way.startsWith('..') && !path.isAbsolute(way));
}

/** The same for what needs nothing but runs: a folder that only holds a tracking store will do. */
export async function pickRunsFolder(projects: Projects, target: Target | undefined): Promise<string | undefined> {
  return target === undefined ? pickFolder(await projects.whenAllKnown()) : target.project;
}

async function pickFolder(known: readonly ProjectFolder[]): Promise<string | undefined> {
  const active = vscode.window.activeTextEditor?.document.uri;
  const folder = active === undefined ? undefined : vscode.workspace.getWorkspaceFolder(active)?.uri.fsPath;
  return pick(
    [...known]
      .sort((a, b) => Number(b.root === folder) - Number(a.root === folder))
      .map(({ root, name }) => ({ label: name, description: root, value: root })),
    vscode.l10n.t('Project'),
    vscode.l10n.t('No project is open. Make one with “MLOps: New Project”, or open its folder.'),
  );
}

export async function pickStage(
  engine: EngineClient,
  project: string,
  title = vscode.l10n.t('Stage to run'),
): Promise<string | undefined> {
  const { stages } = await engine.request('readStatus', { project });
  return pick(
    stages.map(({ name, state }) => ({ label: name, description: state, value: name })),
    title,
    vscode.l10n.t('The pipeline has no stages: dvc.yaml names none.'),
  );
}

/** Stages of a group, or of every group. */
export async function pickMember(engine: EngineClient, project: string, group?: string): Promise<string | undefined> {
  const { stages } = await engine.request('readStatus', { project });
  const members = stages.filter(({ name }) =>
    group === undefined ? name.includes('@') : name.startsWith(`${group}@`),
  );
  return pick(
    members.map(({ name, state }) => ({ label: name, description: state, value: name })),
    vscode.l10n.t('Stage to run'),
    vscode.l10n.t('The pipeline has no groups: no stage of dvc.yaml has a foreach or a matrix.'),
  );
}

/** An output of which Git tracks something as well. */
export async function pickTrackedOutput(engine: EngineClient, project: string): Promise<string | undefined> {
  const findings = await engine.request('checkFiles', { project, open: [] });
  const files = findings.flatMap(({ fixes }) => fixes.flatMap((fix) => (fix.kind === 'untrack' ? [fix.file] : [])));
  return pick(
    files.map((file) => ({ label: file, value: file })),
    vscode.l10n.t('Output to stop tracking with Git'),
    vscode.l10n.t('Git tracks no output of the pipeline.'),
  );
}

export async function pickConfig(
  engine: EngineClient,
  project: string,
  title = vscode.l10n.t('Config to train'),
): Promise<ConfigOutline | undefined> {
  const configs = await engine.request('listConfigs', { project });
  return pick(
    configs.map((config) => ({ label: config.model, description: config.file, value: config })),
    title,
    vscode.l10n.t('There is nothing to train: configs/ holds no .yaml file.'),
  );
}

interface RunQuestion {
  readonly title: string;
  readonly filter?: (run: RunSummary, list: RunList) => boolean;
  /** What is said when there is no such run. */
  readonly nothing?: string;
}

export async function pickRun(
  engine: EngineClient,
  project: string,
  { title, filter = () => true, nothing = noSuchRun() }: RunQuestion,
): Promise<string | undefined> {
  return pick(await listChoices(engine, project, filter), title, nothing);
}

/** Several of them; undefined when the user backs out. */
export async function pickRuns(
  engine: EngineClient,
  project: string,
  { title, filter = () => true, nothing = noSuchRun() }: RunQuestion,
): Promise<readonly string[] | undefined> {
  const choices = await listChoices(engine, project, filter);
  if (choices.length === 0) throw new ExpectedError('unknown-name', nothing);
  const options = { title, matchOnDescription: true, matchOnDetail: true, canPickMany: true } as const;
  const picked = await vscode.window.showQuickPick([...choices], options);
  return picked?.map(({ value }) => value);
}

const noSuchRun = (): string => vscode.l10n.t('There is no such run. Train a model first.');

/** Newest first. */
async function listChoices(
  engine: EngineClient,
  project: string,
  filter: NonNullable<RunQuestion['filter']>,
): Promise<readonly Choice<string>[]> {
  const list = await engine.request('listRuns', { project });
  return list.runs
    .filter((run) => filter(run, list))
    .sort((a, b) => b.startTime - a.startTime)
    .map((run) => ({
      label: run.name,
      description: new Date(run.startTime).toLocaleString(vscode.env.language),
      detail: run.experiment,
      value: run.runId,
    }));
}

export async function pickModel(engine: EngineClient, project: string): Promise<string | undefined> {
  const models = await engine.request('listModels', { project });
  return pick(
    models.map(({ name }: ModelFolder) => ({ label: name, value: name })),
    vscode.l10n.t('Model'),
    vscode.l10n.t('There is no trained model yet. Train one first.'),
  );
}

export async function pickProcess(processes: readonly LiveProcess[], title: string): Promise<LiveProcess | undefined> {
  return pick(
    processes.map((process) => ({
      label: `mlops ${process.command.replace(/^mlops /, '')}`,
      description: vscode.l10n.t('process {0}', process.pid),
      value: process,
    })),
    title,
    vscode.l10n.t('Nothing is running.'),
  );
}
