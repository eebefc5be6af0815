import type { Distance, FlowState, FlowTopic, TopicType, UnfinishedOperation } from '../../protocol/gitflow.ts';
import type { RunSummary } from '../../protocol/tracking.ts';
import type { EntryIcon, Translate, TreeEntry } from './entry.ts';
import { describeRun } from './runs.ts';

/** What a branch's entry stands for, as it is listed. */
interface Listing {
  readonly state: FlowState;
  readonly project: string;
  readonly t: Translate;
  /** The newest run that was made on each branch. */
  readonly lastRuns: ReadonlyMap<string, RunSummary>;
}

/** In the order in which their groups stand. */
const types: readonly TopicType[] = ['feature', 'bugfix', 'release', 'hotfix', 'support'];

/**
 * The Branches view: what was left unfinished, the two long-lived branches, then the others by their types. Nothing of a repository
 * without Gitflow, where the view itself says how it is set up.
 */
export function toBranchEntries(
  state: FlowState,
  project: string,
  t: Translate,
  runs: readonly RunSummary[] = [],
): readonly TreeEntry[] {
  if (!state.initialised) return [];
  const listing = { state, project, t, lastRuns: findLastRuns(runs) };
  return [
    ...(state.unfinished === null ? [] : [toUnfinishedEntry(state.unfinished, listing)]),
    ...toLastingEntries(listing),
    ...types.flatMap((type) => toGroup(type, listing)),
  ];
}

function findLastRuns(runs: readonly RunSummary[]): ReadonlyMap<string, RunSummary> {
  const last = new Map<string, RunSummary>();
  for (const run of runs) {
    const branch = run.tags['mlflow.source.git.branch'];
    const known = branch === undefined ? undefined : last.get(branch);
    if (branch !== undefined && (known === undefined || run.startTime > known.startTime)) last.set(branch, run);
  }
  return last;
}

/** The run is a click away. */
function toRunEntry(run: RunSummary, branch: string, { project, t }: Listing): TreeEntry {
  const words = describeRun(run, t);
  return {
    id: `branch-run:${project}:${branch}`,
    label: t('Last run {0}', run.name),
    description: words,
    icon: { id: 'graph-line' },
    tooltip: [run.name, words, run.runId, run.tags['mlflow.source.git.commit'] ?? ''].filter((line) => line !== ''),
    context: 'branch-run',
    target: { kind: 'run', project, runId: run.runId },
    does: 'mlops.showRunChart',
  };
}

function toUnfinishedEntry(unfinished: UnfinishedOperation, { project, t }: Listing): TreeEntry {
  const { kind, branch, base, conflicts, advice } = unfinished;
  const what = branch === null ? t('Something is not finished') : t('{0} is not finished', branch);
  // What another tool has begun is ended by that tool.
  const isOurs = kind === 'finish' || kind === 'operation';
  return {
    id: `flow-unfinished:${project}`,
    label: what,
    description: conflicts.length === 0 ? (base ?? '') : describeConflicts(conflicts.length, t),
    icon: { id: 'warning', color: 'list.warningForeground' },
    tooltip: [what, advice, ...conflicts],
    context: isOurs ? 'flow-unfinished ours' : 'flow-unfinished',
    target: { kind: 'project', project },
  };
}

function describeConflicts(count: number, t: Translate): string {
  return count === 1 ? t('1 file with conflicts') : t('{0} files with conflicts', count);
}

function toLastingEntries({ state, project, t }: Listing): readonly TreeEntry[] {
  const rows = [
    [state.production, t('production')],
    [state.develop, t('development')],
  ] as const;
  return rows.flatMap(([name, role]) => {
    if (name === null) return [];
    const isCurrent = state.current === name;
    return [
      {
        id: `branch:${project}:${name}`,
        label: name,
        description: isCurrent ? t('{0}, checked out', role) : role,
        icon: isCurrent ? currentIcon : { id: 'git-branch' },
        tooltip: [name, role],
        context: 'branch-lasting',
      },
    ];
  });
}

const currentIcon: EntryIcon = { id: 'pass-filled', color: 'charts.green' };

function toGroup(type: TopicType, listing: Listing): readonly TreeEntry[] {
  const { project, t, state } = listing;
  const topics = state.topics.filter((topic) => topic.type === type);
  if (topics.length === 0) return [];
  return [
    {
      id: `branches:${project}:${type}`,
      label: nameGroup(type, t),
      description: String(topics.length),
      icon: { id: 'folder' },
      tooltip: [],
      context: 'branch-group',
      children: () => topics.map((topic) => toTopicEntry(topic, listing)),
      expanded: true,
    },
  ];
}

function nameGroup(type: TopicType, t: Translate): string {
  switch (type) {
    case 'feature':
      return t('Features');
    case 'bugfix':
      return t('Bug fixes');
    case 'release':
      return t('Releases');
    case 'hotfix':
      return t('Hotfixes');
    case 'support':
      return t('Support');
  }
}

function toTopicEntry(topic: FlowTopic, listing: Listing): TreeEntry {
  const { project, t, state, lastRuns } = listing;
  const run = lastRuns.get(topic.branch);
  const { type, name, branch, merged, current, pullRequest } = topic;
  const standing = describeStanding(topic, t);
  const sharing = describeSharing(topic, state.origin, t);
  const waiting = describeRequest(pullRequest, t);
  return {
    id: `branch:${project}:${branch}`,
    label: name,
    description: [
      current ? t('checked out') : '',
      waiting,
      standing,
      run === undefined ? '' : describeRun(run, t),
      sharing,
    ]
      .filter((part) => part !== '')
      .join(' · '),
    icon: pickIcon(topic),
    ...(current || !merged ? {} : { state: t('merged') }),
    tooltip: [
      branch,
      standing,
      sharing,
      ...(pullRequest === null ? [] : [waiting, pullRequest.url ?? '']),
      topic.commit,
    ].filter((line) => line !== ''),
    context: contextOf(topic),
    target: { kind: 'branch', project, type, name },
    ...(run === undefined ? {} : { children: () => [toRunEntry(run, branch, listing)] }),
  };
}

function pickIcon({ current, merged, pullRequest }: FlowTopic): EntryIcon {
  if (pullRequest !== null)
    return pullRequest.state === 'merged'
      ? { id: 'git-merge', color: 'charts.purple' }
      : { id: 'git-pull-request', color: 'charts.green' };
  return current ? currentIcon : { id: merged ? 'git-merge' : 'git-branch' };
}

/** What its pull request waits for; empty where there is none. */
function describeRequest(pullRequest: FlowTopic['pullRequest'], t: Translate): string {
  if (pullRequest === null) return '';
  const { state, into } = pullRequest;
  return state === 'merged' ? t('pull request merged into {0}', into) : t('pull request into {0} open', into);
}

/** `branch finishable unpublished requested other`: what can be done with it. */
function contextOf({ type, remote, current, pullRequest }: FlowTopic): string {
  const request = pullRequest === null ? 'plain' : pullRequest.state === 'merged' ? 'completable' : 'requested';
  const [end, sharing, place] = [
    type === 'support' ? 'endless' : 'finishable',
    remote === null ? 'unpublished' : 'published',
    current ? 'current' : 'other',
  ];
  return `branch ${end} ${sharing} ${request} ${place}`;
}

/** `3 ahead, 1 behind develop`. */
function describeStanding({ base, distance }: FlowTopic, t: Translate): string {
  if (base === null) return '';
  if (distance === null) return t('its base {0} is not there', base);
  const words = describeDistance(distance, t);
  return words === '' ? t('equal to {0}', base) : t('{0} of {1}', words, base);
}

function describeSharing({ remote }: FlowTopic, origin: string, t: Translate): string {
  if (remote === null) return t('not published');
  const words = describeDistance(remote, t);
  return words === '' ? '' : t('{0} of {1}', words, origin);
}

/** Empty for two that are the same. */
function describeDistance({ ahead, behind }: Distance, t: Translate): string {
  return [ahead > 0 ? t('{0} ahead', ahead) : '', behind > 0 ? t('{0} behind', behind) : '']
    .filter((part) => part !== '')
    .join(', ');
}

/** What the status bar says of the branch that is checked out; null where it is none of Gitflow's and nothing has stopped. */
export function describeCurrentBranch(
  { initialised, topics, unfinished }: FlowState,
  t: Translate,
): { readonly text: string; readonly tooltip: string; readonly isWarning: boolean } | null {
  if (!initialised) return null;
  if (unfinished !== null) {
    const what =
      unfinished.branch === null ? t('Something is not finished') : t('{0} is not finished', unfinished.branch);
    return { text: `$(warning) ${what}`, tooltip: unfinished.advice, isWarning: true };
  }
  const topic = topics.find(({ current }) => current);
  if (topic === undefined) return null;
  const words = topic.base === null ? topic.type : `${topic.type} → ${topic.base}`;
  return {
    text: `$(git-merge) ${words}`,
    tooltip: [topic.branch, describeStanding(topic, t)].filter((part) => part !== '').join(': '),
    isWarning: false,
  };
}
