import * as vscode from 'vscode';
import type { EngineClient } from '../../protocol/engine.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import type { FlowRequest, FlowResult, FlowState, FlowTopic } from '../../protocol/gitflow.ts';
import { openAddress } from '../externals.ts';
import type { Projects } from '../projects.ts';
import type { CommandTypes } from './commands.ts';
import { passGates } from './finishing.ts';
import { pickProject } from './pick.ts';

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
      const existing = listFeatures(state).map((topic) => topic.name);
      const name = await vscode.window.showInputBox({
        title: vscode.l10n.t('Start Feature'),
        prompt: vscode.l10n.t('Name of the feature branch, without its prefix'),
        ...(target?.kind === 'config' ? { value: target.model } : {}),
        validateInput: (text) => checkFeatureName(text, existing),
      });
      if (name === undefined) return;
      const title = vscode.l10n.t('Starting feature {0} …', name);
      const note = target?.kind === 'config' ? { note: `config ${target.file}` } : {};
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

/** Does it, and tells what was done. */
export async function performFlow(
  engine: EngineClient,
  project: string,
  flow: FlowRequest,
  title: string,
): Promise<void> {
  const location = vscode.ProgressLocation.Window;
  const result = await vscode.window.withProgress({ location, title }, () =>
    engine.request('performFlow', { project, flow }),
  );
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
