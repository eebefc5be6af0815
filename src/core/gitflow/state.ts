import type { GateName } from '../../protocol/gates.ts';
import { checkRefName, type Branch, type ConfigEntry } from '../git/git.ts';
import type {
  Distance,
  FlowRequest,
  FlowState,
  FlowTopic,
  TopicType,
  UnfinishedOperation,
} from '../../protocol/gitflow.ts';
import { compareNaturally } from '../names/names.ts';
import { findBranch, findRemoteBranch } from './branches.ts';
import type { Operation } from './operation.ts';
import type { ReleaseFacts } from './release.ts';
import type { PullRequest } from './pullrequest.ts';
import type { Arrival } from './pullrequests.ts';
import { describeStep } from './steps.ts';
import {
  findMissing,
  findTopicBase,
  parseSettings,
  topicTypeNames,
  topicTypes,
  type FlowSettings,
} from './settings.ts';

/** What a repository tells about itself; everything that plans and state are made from. */
export interface FlowFacts {
  /** Absolute path of the top of the work tree. */
  readonly root: string;
  readonly config: readonly ConfigEntry[];
  readonly branches: readonly Branch[];
  /** Branch that HEAD names, also when it has no commit; undefined when HEAD is detached. */
  readonly current: string | undefined;
  /** True when HEAD has no commit yet. */
  readonly isUnborn: boolean;
  /** Commit that is checked out. */
  readonly head: string | undefined;
  /** What we have written down of the last action: unfinished, or done and not undone. */
  readonly operation: Operation | undefined;
  /** Full names of the references that keep what the last action has taken out of reach. */
  readonly kept: readonly string[];
  /** Files that git does not know and that a step which was cut may have written; empty where none was. */
  readonly leftovers: readonly string[];
  /** Tracked files with changes, and those with conflicts, relative to the root. */
  readonly changed: readonly string[];
  readonly conflicts: readonly string[];
  /** Tracked files that look changed, of which only the repository's filters can tell whether they are, which were not asked. */
  readonly unsure: readonly string[];
  readonly hasIdentity: boolean;
  /** Names of remotes that have an address. */
  readonly remotes: readonly string[];
  readonly hooks: FlowHooks;
  /** Branch in AVH's `.gitflow/MERGE_BASE`: a finish of it or of us has stopped at its merge. */
  readonly mergeBase: string | undefined;
  /** Commit in MERGE_HEAD: a merge is not committed yet. */
  readonly mergeHead: string | undefined;
  readonly isRebasing: boolean;
  /** A commit that is being copied or taken back is not committed yet. */
  readonly picking: 'cherry-pick' | 'revert' | undefined;
  /** Text of git-flow-next's `gitflow/state/merge.json`. */
  readonly nextState: string | undefined;
  /** Distances by {@link pairKey}; pairs that {@link listPairs} does not name are absent. */
  readonly distances: ReadonlyMap<string, Distance>;
  /** Commits by the names that {@link listPoints} asks for; a name that stands for none is absent. */
  readonly points: ReadonlyMap<string, string>;
  /** Lines of the first mark in files with conflicts; absent where nothing that has stopped is gone on with. */
  readonly marks?: ReadonlyMap<string, number>;
  /** Gates of a finish that do not hold; absent where they were not asked. */
  readonly failedGates?: readonly GateName[];
  /** Absent where no release is finished for the first time. */
  readonly release?: ReleaseFacts;
  /** Versions on which the aliases are that the last action has moved, by {@link aliasKey}; absent where nobody takes it back. */
  readonly aliases?: ReadonlyMap<string, string | null>;
  /** Finishes that wait for their pull requests, also of branches that are gone. */
  readonly pullRequests: readonly PullRequest[];
  /** By branch: those that have come into the remote's, as far as it was fetched. */
  readonly arrivals: ReadonlyMap<string, Arrival>;
  /** Branches to which the remote has just refused a push. */
  readonly refusing: readonly string[];
  /** First lines of the commits with which a pull request would be opened, the oldest first. */
  readonly subjects: readonly string[];
}

interface FlowHooks {
  /** Absolute path, or as the user's configuration gives it. */
  readonly folder: string;
  /** Names of the programs in it that Gitflow would run. */
  readonly names: readonly string[];
}

/** Facts without the distances, from which {@link listPairs} tells which distances are worth asking for. */
export type RefFacts = Pick<
  FlowFacts,
  'config' | 'branches' | 'current' | 'mergeBase' | 'points' | 'operation' | 'pullRequests' | 'arrivals'
>;

/** What stands at a commit: a branch, or a tag. */
type Placed = Pick<Branch, 'commit'>;

/** Two branches (or tags) whose distance is wanted. */
export type Pair = readonly [branch: Placed, base: Placed];

/** Distances are known by the two commits, so that a name that stands for two things can't mix them up. */
export function pairKey([branch, base]: Pair): string {
  return `${branch.commit} ${base.commit}`;
}

/** Names besides those of branches for which a plan needs to know whether, and where, they are. */
export function listPoints(
  facts: Pick<FlowFacts, 'config' | 'current' | 'operation'>,
  request: FlowRequest,
): readonly string[] {
  const tags = Object.keys(facts.operation?.before.refs ?? {}).filter((ref) => ref.startsWith('refs/tags/'));
  if (request.action !== 'start' && request.action !== 'finish') return tags;
  const name = request.type === 'support' ? (request.base ?? '') : findTagName(facts, request);
  if (name === undefined || checkRefName(name) !== undefined) return tags;
  return [...new Set([...tags, request.type === 'support' ? name : `refs/tags/${name}`])];
}

function findTagName(
  { config, current }: Pick<FlowFacts, 'config' | 'current'>,
  request: Extract<FlowRequest, { action: 'start' | 'finish' }>,
): string | undefined {
  if (!hasVersion(request)) return undefined;
  const { versionTag = '', prefixes } = parseSettings(config);
  const named = request.action === 'finish' ? request.tagName : undefined;
  const version = request.name ?? current?.slice(prefixes[request.type]?.length ?? 0) ?? '';
  return versionTag + (named ?? version);
}

/**
 * Comparisons that a plan needs, or without a request the state: topics with their base and counterpart, and the bases
 * with theirs.
 */
export function listPairs(facts: RefFacts, request?: FlowRequest): readonly Pair[] {
  const { config, branches, mergeBase = '' } = facts;
  const settings = parseSettings(config);
  const topics =
    request === undefined ? findTopics(settings, config, branches) : findRequested(facts, settings, request);
  const started = request?.action === 'start' ? [request.base] : [];
  const bases = [settings.production, settings.develop, ...started, ...topics.map(({ base }) => base)];
  const names = [...new Set([...bases, ...topics.map(({ branch }) => branch)])];
  const local = names.flatMap((name) => findBranch(branches, name ?? '') ?? []);
  return [
    ...topics.flatMap(({ branch, base }) =>
      [base ?? '', mergeBase].flatMap((name) => toPairs(findBranch(branches, branch), findBranch(branches, name))),
    ),
    ...local.flatMap((branch) => toPairs(branch, findRemoteBranch(branches, settings.origin, branch.name))),
    ...(request === undefined ? [] : listOperationPairs(facts)),
    ...listWaitingPairs(facts, settings, request),
    ...(hasVersion(request) ? listVersionPairs(facts, settings, topics) : []),
  ];
}

/** Whether a branch that waits is in the remote's, and whether it has gone on since it was pushed, or its tag was made there. */
function listWaitingPairs(
  { branches, points, pullRequests, arrivals }: RefFacts,
  { origin }: FlowSettings,
  request: FlowRequest | undefined,
): readonly Pair[] {
  if (request !== undefined && request.action !== 'finish') return [];
  return pullRequests.flatMap(({ branch, into, commit }) => {
    const [local, target] = [findBranch(branches, branch), findRemoteBranch(branches, origin, into)];
    const counterpart = findRemoteBranch(branches, origin, branch);
    const pushed = commit === null ? undefined : { commit };
    const arrival = arrivals.get(branch);
    const tags = arrival === undefined ? [] : [...points.values()].map((tag) => ({ commit: tag }));
    return [
      ...toPairs(local, target),
      ...(request === undefined
        ? []
        : [local, counterpart].flatMap((of) => [
            ...toPairs(of, pushed),
            ...toPairs(of, arrival && { commit: arrival.tip }),
          ])),
      ...(request === undefined ? [] : toPairs(counterpart, local)),
      ...tags.flatMap((tag) => [...toPairs(arrival, tag), ...toPairs(tag, target)]),
    ];
  });
}

/** What the last action has merged, and whether others have what it has moved. */
function listOperationPairs({ branches, config, operation }: RefFacts): readonly Pair[] {
  if (operation === undefined) return [];
  const { origin } = parseSettings(config);
  const moved = Object.keys(operation.before.refs).flatMap((ref) => findBranch(branches, ref.slice(11)) ?? []);
  return [
    ...operation.steps.flatMap((step) =>
      step.kind === 'merge' ? toPairs(findBranch(branches, step.branch), findBranch(branches, step.into)) : [],
    ),
    ...moved.flatMap((branch) => toPairs(branch, findRemoteBranch(branches, origin, branch.name))),
  ];
}

function hasVersion(request: FlowRequest | undefined): boolean {
  if (request === undefined || !('type' in request)) return false;
  return request.type !== 'feature' && request.type !== 'bugfix';
}

/** A release or hotfix is compared with both long-lived branches, and with the tag that stands already; so are those two. */
function listVersionPairs(
  { branches, points }: RefFacts,
  { production = '', develop = '' }: FlowSettings,
  topics: readonly Pick<FlowTopic, 'branch' | 'base'>[],
): readonly Pair[] {
  const [main, work] = [findBranch(branches, production), findBranch(branches, develop)];
  const tags = [...points.values()].map((commit) => ({ commit }));
  return [
    ...toPairs(main, work),
    ...tags.flatMap((tag) => toPairs(tag, main)),
    ...topics.flatMap(({ branch, base }) => {
      const topic = findBranch(branches, branch);
      return [
        ...[main, work, ...tags].flatMap((other) => toPairs(topic, other)),
        ...tags.flatMap((tag) => toPairs(tag, findBranch(branches, base ?? ''))),
        ...toPairs(findBranch(branches, base ?? ''), work),
      ];
    }),
  ];
}

/** The branch that a request names, also one that {@link findTopics} can't tell by an empty prefix. */
function findRequested(
  { config, current = '' }: RefFacts,
  settings: FlowSettings,
  request: FlowRequest,
): readonly Pick<FlowTopic, 'branch' | 'base'>[] {
  if (!('type' in request) || request.action === 'start' || request.action === 'track') return [];
  const branch = request.name === undefined ? current : `${settings.prefixes[request.type] ?? ''}${request.name}`;
  const { home } = topicTypes[request.type];
  const base = findTopicBase(config, branch) ?? (home === null ? null : (settings[home] ?? null));
  return [{ branch, base }];
}

function toPairs(branch: Placed | undefined, base: Placed | undefined): readonly Pair[] {
  return branch === undefined || base === undefined ? [] : [[branch, base]];
}

/** Undefined when one of the two does not exist. */
export function findDistance(
  distances: FlowFacts['distances'],
  branch: Placed | undefined,
  base: Placed | undefined,
): Distance | undefined {
  return branch === undefined || base === undefined ? undefined : distances.get(pairKey([branch, base]));
}

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

type FoundTopic = Pick<FlowTopic, 'type' | 'name' | 'branch' | 'base' | 'commit'>;

/** Local branches with a type's prefix, ordered by type and name, numbers by their value. */
function findTopics(
  settings: FlowSettings,
  config: readonly ConfigEntry[],
  branches: readonly Branch[],
): readonly FoundTopic[] {
  const found = branches
    .filter(({ remote, name }) => !remote && name !== settings.production && name !== settings.develop)
    .flatMap(({ name: branch, commit }) => {
      const base = findTopicBase(config, branch);
      const type = findType(settings, branch, base !== undefined);
      if (type === undefined) return [];
      const { home } = topicTypes[type];
      const name = branch.slice(settings.prefixes[type]?.length ?? 0);
      return [{ type, name, branch, commit, base: base ?? (home === null ? null : (settings[home] ?? null)) }];
    });
  return topicTypeNames.flatMap((type) =>
    found.filter((topic) => topic.type === type).sort((a, b) => compareNaturally(a.name, b.name)),
  );
}

/** The type with the longest fitting prefix. An empty prefix fits only a branch whose base was written down. */
function findType(settings: FlowSettings, branch: string, hasBase: boolean): TopicType | undefined {
  const fitting = topicTypeNames.flatMap((type) => {
    const prefix = settings.prefixes[type];
    const fits = prefix !== undefined && branch.startsWith(prefix) && branch !== prefix && (prefix !== '' || hasBase);
    return fits ? [{ type, length: prefix.length }] : [];
  });
  return fitting.sort((a, b) => b.length - a.length)[0]?.type;
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
