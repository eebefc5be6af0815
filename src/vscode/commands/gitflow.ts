import * as vscode from 'vscode';
import type { EngineClient } from '../../protocol/engine.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import type { FlowRequest, FlowResult, FlowState, FlowTopic } from '../../protocol/gitflow.ts';
import type { Projects } from '../projects.ts';
import type { CommandTypes } from './commands.ts';
import { pickProject } from './pick.ts';

type GitflowCommands = Pick<CommandTypes, 'mlops.initialiseGitflow' | 'mlops.startFeature' | 'mlops.finishFeature'>;

export function createGitflowCommands({
  engine,
  projects,
}: {
  readonly engine: EngineClient;
  readonly projects: Projects;
}): GitflowCommands {
  const perform = (project: string, flow: FlowRequest): Promise<FlowResult> =>
    engine.request('performFlow', { project, flow });
  return {
    async 'mlops.initialiseGitflow'(target) {
      const project = await pickProject(projects, target);
      if (project !== undefined) tell(await perform(project, { action: 'init' }));
    },
    async 'mlops.startFeature'(target) {
      const project = await pickProject(projects, target);
      if (project === undefined) return;
      const existing = listFeatures(await engine.request('readFlow', { project })).map((topic) => topic.name);
      const name = await vscode.window.showInputBox({
        title: vscode.l10n.t('Start Feature'),
        prompt: vscode.l10n.t('Name of the feature branch, without its prefix'),
        validateInput: (text) => checkFeatureName(text, existing),
      });
      if (name !== undefined) tell(await perform(project, { action: 'start', type: 'feature', name }));
    },
    async 'mlops.finishFeature'(target) {
      const project = await pickProject(projects, target);
      if (project === undefined) return;
      const features = listFeatures(await engine.request('readFlow', { project }));
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
      if (name !== undefined) tell(await perform(project, { action: 'finish', type: 'feature', name }));
    },
  };
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
