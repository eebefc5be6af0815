import type { Distance, FlowRequest, FlowTopic } from '../../protocol/gitflow.ts';
import { checkRefName, type Branch } from '../git/git.ts';
import { findBranch, findRemoteBranch } from './branches.ts';
import type { FlowFacts, RefFacts } from './facts.ts';
import { findTopicBase, parseSettings, topicTypes, type FlowSettings } from './settings.ts';
import { findTopics } from './topicbranches.ts';

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
