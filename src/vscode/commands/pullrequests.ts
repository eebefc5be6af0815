import * as vscode from 'vscode';
import type { Target } from '../../core/trees/trees.ts';
import type { EngineClient } from '../../protocol/engine.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import type { FinishedType, FlowRequest, FlowState, FlowTopic } from '../../protocol/gitflow.ts';
import { openAddress } from '../externals.ts';
import { viewIds } from '../manifest.ts';
import type { Projects } from '../projects.ts';
import { agree, pickTopic } from './branches.ts';
import type { CommandTypes } from './commands.ts';
import { passGates } from './finishing.ts';
import { performFlow } from './gitflow.ts';
import { pickProject } from './pick.ts';

type PullRequestCommands = Pick<
  CommandTypes,
  'mlops.requestBranch' | 'mlops.completeBranch' | 'mlops.openPullRequest' | 'mlops.showBranchMenu'
>;

interface Parts {
  readonly engine: EngineClient;
  readonly projects: Projects;
}

/** Finishes that go by a pull request, and the menu of all that is done with branches. */
export function createPullRequestCommands({ engine, projects }: Parts): PullRequestCommands {
  /** The branch that the command means; `filter`: which ones are asked about where no entry was clicked. */
  const choose = async (
    target: Target | undefined,
    title: string,
    filter: (topic: FlowTopic) => boolean,
  ): Promise<{ readonly project: string; readonly topic: FlowTopic } | undefined> => {
    const project = await pickProject(projects, target);
    if (project === undefined) return undefined;
    const { topics } = await engine.request('readFlow', { project });
    const clicked =
      target?.kind === 'branch'
        ? topics.find(({ type, name }) => type === target.type && name === target.name)
        : undefined;
    const topic = clicked ?? (await pickTopic(topics.filter(filter), title));
    return topic === undefined ? undefined : { project, topic };
  };
  return {
    async 'mlops.requestBranch'(target) {
      const chosen = await choose(target, vscode.l10n.t('Branch to finish by pull request'), isFinished);
      if (chosen === undefined || !isFinished(chosen.topic)) return;
      const { project, topic } = chosen;
      const { type, name } = topic;
      const passed = await passGates(engine, { project, type, name, pullRequest: true });
      if (passed === undefined) return;
      const { gates, ...override } = passed;
      const flow: FlowRequest = { action: 'finish', type, name, pullRequest: true, ...override };
      const plan = { ...(await engine.request('planFlow', { project, flow })), gates };
      const question = vscode.l10n.t('Finish {0} {1} by a pull request?', type, name);
      if (!(await agree(question, vscode.l10n.t('Open Pull Request'), plan))) return;
      await performFlow(engine, project, flow, vscode.l10n.t('Opening a pull request of {0} {1} …', type, name));
    },
    async 'mlops.completeBranch'(target) {
      const waits = ({ pullRequest }: FlowTopic): boolean => pullRequest !== null;
      const chosen = await choose(target, vscode.l10n.t('Branch whose pull request was merged'), waits);
      if (chosen === undefined || !isFinished(chosen.topic)) return;
      const { project, topic } = chosen;
      const { type, name } = topic;
      // What is new since it was opened passes them, too.
      const passed = await passGates(engine, { project, type, name });
      if (passed === undefined) return;
      await performFlow(
        engine,
        project,
        { action: 'finish', type, name, ...(passed.override === undefined ? {} : { override: passed.override }) },
        vscode.l10n.t('Finishing {0} {1} …', type, name),
      );
    },
    async 'mlops.openPullRequest'(target) {
      const chosen = await choose(target, vscode.l10n.t('Pull request to open'), (topic) => topic.pullRequest !== null);
      if (chosen !== undefined) await openPage(chosen.topic);
    },
    async 'mlops.showBranchMenu'(target) {
      const project = await pickProject(projects, target);
      if (project === undefined) return;
      const state = await engine.request('readFlow', { project });
      const rows = listActions(state);
      const title = state.current ?? vscode.l10n.t('No branch is checked out');
      const row = await vscode.window.showQuickPick(rows, { title, placeHolder: state.unfinished?.advice ?? '' });
      if (row !== undefined) await vscode.commands.executeCommand(row.command, row.on ?? { kind: 'project', project });
    },
  };
}

function isFinished(topic: FlowTopic): topic is FlowTopic & { readonly type: FinishedType } {
  return topic.type !== 'support';
}

async function openPage({ branch, pullRequest }: FlowTopic): Promise<void> {
  if (pullRequest === null) throw new ExpectedError('branch-state', vscode.l10n.t('{0} has no pull request.', branch));
  const { url, into } = pullRequest;
  if (url !== null) {
    await openAddress(url);
    return;
  }
  const sentence = vscode.l10n.t(
    'The page of the remote is not known. Open it there, from {0} into {1}.',
    branch,
    into,
  );
  void vscode.window.showInformationMessage(sentence);
}

interface Row extends vscode.QuickPickItem {
  readonly command: keyof CommandTypes | `${string}.focus`;
  readonly on?: unknown;
}

/** What fits the repository now: the way on of what has stopped, the branch that is checked out, and what begins anew. */
function listActions(state: FlowState): readonly Row[] {
  const { unfinished, topics } = state;
  const isOurs = unfinished?.kind === 'finish' || unfinished?.kind === 'operation';
  const current = topics.find((topic) => topic.current);
  return [
    ...(isOurs
      ? ([
          { label: `$(debug-continue) ${vscode.l10n.t('Continue What Has Stopped')}`, command: 'mlops.continueFlow' },
          { label: `$(discard) ${vscode.l10n.t('Abort What Has Stopped')}`, command: 'mlops.abortFlow' },
        ] as const)
      : []),
    ...(current === undefined ? [] : listOfCurrent(current)),
    ...(state.initialised
      ? ([
          { label: `$(add) ${vscode.l10n.t('Start Branch…')}`, command: 'mlops.startBranch' },
          { label: `$(check) ${vscode.l10n.t('Check Out Branch')}`, command: 'mlops.checkoutBranch' },
          { label: `$(history) ${vscode.l10n.t('Undo Last Action on Branches…')}`, command: 'mlops.undoFlow' },
        ] as const)
      : ([
          { label: `$(git-branch) ${vscode.l10n.t('Initialise Gitflow')}`, command: 'mlops.initialiseGitflow' },
        ] as const)),
    { label: `$(list-tree) ${vscode.l10n.t('Show Branches')}`, command: `${viewIds.branches}.focus` },
  ];
}

function listOfCurrent({ branch, base, remote, pullRequest, type }: FlowTopic): readonly Row[] {
  const description = base === null ? branch : `${branch} → ${base}`;
  const row = (icon: string, label: string, command: keyof CommandTypes): Row => ({
    label: `$(${icon}) ${label}`,
    description,
    command,
  });
  return [
    ...(type === 'support' ? [] : listEnds(pullRequest, row)),
    ...(remote === null ? [row('cloud-upload', vscode.l10n.t('Publish Branch'), 'mlops.publishBranch')] : []),
    ...(type === 'support' ? [] : [row('sync', vscode.l10n.t('Update Branch from Its Base'), 'mlops.updateBranch')]),
  ];
}

function listEnds(
  pullRequest: FlowTopic['pullRequest'],
  row: (icon: string, label: string, command: keyof CommandTypes) => Row,
): readonly Row[] {
  if (pullRequest === null)
    return [
      row('git-merge', vscode.l10n.t('Finish Branch…'), 'mlops.finishBranch'),
      row('git-pull-request', vscode.l10n.t('Finish Branch by Pull Request…'), 'mlops.requestBranch'),
    ];
  return [
    row('git-merge', vscode.l10n.t('Complete Finish'), 'mlops.completeBranch'),
    row('link-external', vscode.l10n.t('Open Pull Request'), 'mlops.openPullRequest'),
  ];
}
