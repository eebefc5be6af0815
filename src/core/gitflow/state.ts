import type { FlowState, FlowTopic, UnfinishedOperation } from '../../protocol/gitflow.ts';
import { findBranch, findRemoteBranch } from './branches.ts';
import { findDistance } from './distances.ts';
import type { FlowFacts } from './facts.ts';
import type { Operation } from './operation.ts';
import { findMissing, parseSettings, topicTypeNames, type FlowSettings } from './settings.ts';
import { describeStep } from './steps.ts';
import { findTopics, type FoundTopic } from './topicbranches.ts';

export function parseFlow(facts: FlowFacts): FlowState {
  const { config, branches } = facts;
  const settings = parseSettings(config);
  const missing = findMissing(settings, branches);
  const nullable = (value: string | undefined): string | null => value ?? null;
  return {
    root: facts.root,
    initialised: missing === undefined,
    reason: nullable(missing),
    edition: settings.edition,
    production: nullable(settings.production),
    develop: nullable(settings.develop),
    origin: settings.origin,
    prefixes: Object.fromEntries(
      topicTypeNames.map((type) => [type, nullable(settings.prefixes[type])]),
    ) as FlowState['prefixes'],
    versionTag: nullable(settings.versionTag),
    current: nullable(facts.current),
    changed: facts.changed,
    topics: findTopics(settings, config, branches).map((topic) => toTopic(topic, facts, settings)),
    unfinished: findUnfinished(facts) ?? null,
  };
}

function toTopic(topic: FoundTopic, facts: FlowFacts, settings: FlowSettings): FlowTopic {
  const { branches, distances, current } = facts;
  const branch = findBranch(branches, topic.branch);
  const distance = findDistance(distances, branch, findBranch(branches, topic.base ?? ''));
  const counterpart = findRemoteBranch(branches, settings.origin, topic.branch);
  return {
    ...topic,
    distance: distance ?? null,
    merged: distance?.ahead === 0,
    current: current === topic.branch,
    remote: findDistance(distances, branch, counterpart) ?? null,
    pullRequest: findWaiting(facts, topic.branch),
  };
}

function findWaiting({ pullRequests, arrivals }: FlowFacts, name: string): FlowTopic['pullRequest'] {
  const waiting = pullRequests.find(({ branch }) => branch === name);
  if (waiting === undefined) return null;
  const { branch, into, title, url } = waiting;
  return { branch, into, title, url, state: arrivals.has(branch) ? 'merged' : 'open' };
}

/** What stands in the way, the most telling first. */
export function findUnfinished(facts: FlowFacts): UnfinishedOperation | undefined {
  const { mergeBase, mergeHead, conflicts, nextState, current } = facts;
  if (nextState !== undefined) return describeNext(nextState, conflicts);
  const live = findLive(facts);
  if (live !== undefined) return describeOperation(live, conflicts);
  if (facts.isRebasing)
    return {
      kind: 'rebase',
      branch: null,
      base: null,
      conflicts,
      advice: 'A rebase is not finished: go on with "git rebase --continue", or drop it with "git rebase --abort".',
    };
  if (facts.picking !== undefined)
    return {
      kind: 'pick',
      branch: null,
      base: current ?? null,
      conflicts,
      advice: `A ${facts.picking} is not finished: go on with "git ${facts.picking} --continue", or drop it with "git ${facts.picking} --abort".`,
    };
  const merged = findMerged(facts) ?? null;
  if (mergeBase !== undefined)
    return { kind: 'finish', branch: merged, base: mergeBase, conflicts, advice: adviseOnFinish(facts, merged) };
  if (mergeHead === undefined) return undefined;
  return { kind: 'merge', branch: merged, base: current ?? null, conflicts, advice: adviseOnMerge(conflicts) };
}

/** Local branch whose last commit is being merged. */
function findMerged({ branches, mergeHead }: FlowFacts): string | undefined {
  return branches.find(({ commit, remote }) => !remote && commit === mergeHead)?.name;
}

/** Our own action that has stopped; undefined when there is none, or when another tool has ended it. */
export function findLive({ operation, branches, mergeHead, conflicts, isRebasing }: FlowFacts): Operation | undefined {
  if (operation === undefined || operation.phase === 'done') return undefined;
  if (operation.phase !== 'running' || operation.action !== 'finish') return operation;
  const deletion = operation.steps.findIndex(({ kind }) => kind === 'delete-branch');
  const isOver =
    mergeHead === undefined &&
    !isRebasing &&
    conflicts.length === 0 &&
    deletion > operation.at &&
    findBranch(branches, operation.branch) === undefined;
  return isOver ? undefined : operation;
}

function describeOperation(operation: Operation, conflicts: readonly string[]): UnfinishedOperation {
  const { action, command, branch, base, phase, steps, at } = operation;
  const step = steps[at];
  const where = step === undefined ? '' : ` at: ${describeStep(step).title}`;
  const resolve = conflicts.length === 0 ? 'Go' : 'Resolve the conflicts, and go';
  const advice =
    phase === 'running'
      ? `"mlops ${command}" has stopped${where}. ${resolve} on with "mlops flow continue"; or return to where you were with "mlops flow abort".`
      : `Taking "mlops ${command}" back has stopped: go on with "mlops flow continue".`;
  return { kind: action === 'finish' ? 'finish' : 'operation', branch, base, conflicts, advice };
}

/** How a stopped merge is ended, as the user would do it by hand. */
export function adviseOnMerge(conflicts: readonly string[]): string {
  const resolve =
    conflicts.length === 0
      ? 'Commit the merge with "git commit"'
      : 'Resolve the conflicts, mark the files with "git add", and commit the merge with "git commit"';
  return `${resolve}; or undo it with "git merge --abort".`;
}

function adviseOnFinish({ mergeHead, conflicts }: FlowFacts, branch: string | null): string {
  const again = `run the finish of ${branch ?? 'the branch'} again`;
  return mergeHead === undefined
    ? `A finish had stopped at its merge, which is no longer in progress: ${again} to complete it.`
    : `A finish has stopped at its merge. ${adviseOnMerge(conflicts)} Then ${again}.`;
}

function describeNext(text: string, conflicts: readonly string[]): UnfinishedOperation {
  const { action, branchType, branchName, fullBranchName, parentBranch } = parseNextState(text);
  const command = `git flow ${branchType ?? 'feature'} ${action ?? 'finish'}`;
  return {
    kind: 'next',
    branch: fullBranchName ?? branchName ?? null,
    base: parentBranch ?? null,
    conflicts,
    advice: `git-flow-next has not finished its ${action ?? 'finish'}: go on with "${command} --continue", or drop it with "${command} --abort".`,
  };
}

const nextKeys = ['action', 'branchType', 'branchName', 'fullBranchName', 'parentBranch'] as const;

function parseNextState(text: string): Partial<Record<(typeof nextKeys)[number], string>> {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    // Cut or foreign: that the file is there is what counts, and its details are only words for people.
    return {};
  }
  const fields = typeof document === 'object' && document !== null ? (document as Record<string, unknown>) : {};
  return Object.fromEntries(
    nextKeys.flatMap((key) => {
      const value = fields[key];
      return typeof value === 'string' && /^[\w./#-]+$/.test(value) ? [[key, value]] : [];
    }),
  );
}
