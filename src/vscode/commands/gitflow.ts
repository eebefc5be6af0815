import * as vscode from 'vscode';
import { toBranchName } from '../../core/names/names.ts';
import type { Target } from '../../core/trees/trees.ts';
import type { EngineClient } from '../../protocol/engine.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import type { FlowRequest, FlowResult, FlowState, FlowTopic } from '../../protocol/gitflow.ts';
import { openAddress } from '../externals.ts';
import type { Projects } from '../projects.ts';
import type { CommandTypes } from './commands.ts';
import { passGates } from './finishing.ts';
import { pickProject } from './pick.ts';
import { withStop } from './progress.ts';

type GitflowCommands = Pick<CommandTypes, 'mlops.initialiseGitflow' | 'mlops.startFeature' | 'mlops.finishFeature'>;

export function createGitflowCommands({
  engine,
  projects,
}: {
  readonly engine: EngineClient;
  readonly projects: Projects;
}): GitflowCommands {
  const perform = (project: string, flow: FlowRequest, title: string): Promise<void> =>
    performFlow(engine, project, flow, title);
  const initialise = (project: string): Promise<void> =>
    perform(project, { action: 'init' }, vscode.l10n.t('Setting Gitflow up …'));
  /** The state of a repository with Gitflow, which is set up now if need be; undefined when the user does not want that. */
  const readReadyFlow = async (project: string): Promise<FlowState | undefined> => {
    const state = await engine.request('readFlow', { project });
    if (state.initialised) return state;
    if (!(await offerToInitialise(state))) return undefined;
    await initialise(project);
    return engine.request('readFlow', { project });
  };
  return {
    async 'mlops.initialiseGitflow'(target) {
      const project = await pickProject(projects, target);
      if (project !== undefined) await initialise(project);
    },
    async 'mlops.startFeature'(target) {
      const project = await pickProject(projects, target);
      if (project === undefined) return;
      const state = await readReadyFlow(project);
      if (state === undefined) return;
      const work = await askWork(engine, project, target);
      if (work === undefined) return;
      const { value, ...note } = work;
      const existing = listFeatures(state).map((topic) => topic.name);
      const name = await vscode.window.showInputBox({
        title: vscode.l10n.t('Start Feature'),
        prompt: vscode.l10n.t('Name of the feature branch, without its prefix'),
        ...(value === undefined ? {} : { value }),
        validateInput: (text) => checkFeatureName(text, existing),
      });
      if (name === undefined) return;
      const title = vscode.l10n.t('Starting feature {0} …', name);
      await perform(project, { action: 'start', type: 'feature', name, ...note }, title);
    },
    async 'mlops.finishFeature'(target) {
      const project = await pickProject(projects, target);
      if (project === undefined) return;
      const state = await readReadyFlow(project);
      if (state === undefined) return;
      const features = listFeatures(state);
      if (features.length === 0) throw new ExpectedError('branch-state', vscode.l10n.t('There is no feature branch.'));
      const chosen = await vscode.window.showQuickPick(
        // The feature that is checked out comes first: it is the one that people finish.
        [...features].sort((a, b) => Number(b.current) - Number(a.current)).map(toChoice),
        {
          title: vscode.l10n.t('Feature to finish'),
          placeHolder: vscode.l10n.t('It is merged and its branch is deleted.'),
        },
      );
      const name = chosen?.label;
      if (name === undefined) return;
      const title = vscode.l10n.t('Finishing feature {0} …', name);
      const passed = await passGates(engine, { project, type: 'feature', name });
      if (passed === undefined) return;
      const { override } = passed;
      await perform(
        project,
        { action: 'finish', type: 'feature', name, ...(override === undefined ? {} : { override }) },
        title,
      );
    },
  };
}

/** What a feature is for, as a name that is proposed and its note. */
interface Work {
  readonly value?: string;
  readonly note?: string;
}

/** A config, an experiment, or nothing of the kind; undefined when the user backs out. Where there is none nothing is asked. */
async function askWork(engine: EngineClient, project: string, target: Target | undefined): Promise<Work | undefined> {
  if (target?.kind === 'config') return { value: target.model, note: `config ${target.file}` };
  const [configs, experiments] = await Promise.all([
    engine.request('listConfigs', { project }),
    listExperiments(engine, project),
  ]);
  if (configs.length === 0 && experiments.length === 0) return {};
  const toRow = (icon: string, kind: string, told: string): vscode.QuickPickItem & { readonly work: Work } => ({
    label: `$(${icon}) ${told}`,
    work: { value: toBranchName(told), note: `${kind} ${told}` },
  });
  const rows = [
    { label: `$(edit) ${vscode.l10n.t('Something else')}`, work: {} },
    ...configs.map(({ file }) => toRow('settings', 'config', file)),
    ...experiments.map((name) => toRow('beaker', 'experiment', name)),
  ];
  const title = vscode.l10n.t('What the feature is for');
  const placeHolder = vscode.l10n.t('A config or an experiment gives it a name and its runs a tag.');
  return (await vscode.window.showQuickPick(rows, { title, placeHolder }))?.work;
}

/** Those with the newest runs first; a store that can't be read has none to offer. */
async function listExperiments(engine: EngineClient, project: string): Promise<readonly string[]> {
  try {
    const { runs } = await engine.request('listRuns', { project });
    const byTime = [...runs].sort((a, b) => b.startTime - a.startTime);
    return [...new Set(byTime.map(({ experiment }) => experiment))];
  } catch (error) {
    if (!(error instanceof ExpectedError)) throw error;
    return [];
  }
}

/** Does it, and tells what was done. */
export async function performFlow(
  engine: EngineClient,
  project: string,
  flow: FlowRequest,
  title: string,
): Promise<void> {
  const result = await withStop(engine, project, title, () => engine.request('performFlow', { project, flow }));
  tell(result);
  const { pullRequest } = result;
  if (pullRequest?.wasOpened === true && pullRequest.url !== null) await openAddress(pullRequest.url);
}

/** Asked before anything else: whoever has named a feature wants to see it made. */
export async function offerToInitialise({ reason }: FlowState): Promise<boolean> {
  const initialise = vscode.l10n.t('Initialise Gitflow');
  const sentence = vscode.l10n.t('Gitflow is not set up in this repository. {0}', reason ?? '');
  return (await vscode.window.showInformationMessage(sentence, initialise)) === initialise;
}

/** A first look only, while the name is typed; the engine checks it by git's own rules. */
function checkFeatureName(name: string, existing: readonly string[]): string | undefined {
  if (name === '') return vscode.l10n.t('A name is needed.');
  if (!/^[A-Za-z0-9][\w./-]*$/.test(name)) return vscode.l10n.t('Letters, digits and . _ / - only.');
  return existing.includes(name) ? vscode.l10n.t('There is a feature of this name.') : undefined;
}

function listFeatures({ topics }: FlowState): readonly FlowTopic[] {
  return topics.filter(({ type }) => type === 'feature');
}

function toChoice({ name, branch, base, distance, current }: FlowTopic): vscode.QuickPickItem {
  const ahead =
    distance === null || base === null ? '' : vscode.l10n.t('{0} commits to merge into {1}', distance.ahead, base);
  return { label: name, description: current ? vscode.l10n.t('{0}, checked out', branch) : branch, detail: ahead };
}

function tell({ summary, warnings }: FlowResult): void {
  if (summary.length > 0) void vscode.window.showInformationMessage(summary.join(' '));
  if (warnings.length > 0) void vscode.window.showWarningMessage(warnings.join(' '));
}
