import { access, constants, readdir } from 'node:fs/promises';
import path from 'node:path';
import {
  KEPT,
  findCut,
  MAX_SUBJECTS,
  findDraft,
  listPairs,
  listPoints,
  pairKey,
  parseOperation,
  type Arrival,
  type FlowFacts,
  type Pair,
} from '../../core/gitflow/gitflow.ts';
import { countDistances, findConfig, type StatusEntry } from '../../core/git/git.ts';
import type { Distance, FlowRequest } from '../../protocol/gitflow.ts';
import { exists, readTextIfExists } from '../files/files.ts';
import { openGit, type ConfigEntry, type Git, type GitOptions } from '../git/git.ts';
import { readArrivals, readPullRequests } from './pullrequests.ts';

/** Most calls of git at once while distances are read. */
const CONCURRENCY = 8;

/** Where git-flow (AVH) notes that a finish has stopped at its merge. */
export function stoppedMergeFile(gitDirectory: string): string {
  return path.join(gitDirectory, '.gitflow', 'MERGE_BASE');
}

/** Where the last action is written down: for each work tree its own, since each has its own HEAD. */
export function operationFile(gitDirectory: string): string {
  return path.join(gitDirectory, 'mlops', 'flow.json');
}

/**
 * Reads what the planners need for a request. The repository's filters are asked whether files changed: the user has started
 * something that runs them anyway. Without `runFilters` nothing of the repository runs, and files of which only they can tell are
 * left for unsure.
 */
export async function readFacts(
  git: Git,
  request: FlowRequest,
  { refusing = [], runFilters = true }: { readonly refusing?: readonly string[]; readonly runFilters?: boolean } = {},
): Promise<FlowFacts> {
  const { root, gitDirectory, commonDirectory } = await git.places();
  // Of a single work tree git need not be asked who has checked what out.
  const worktrees = await exists(path.join(commonDirectory, 'worktrees'));
  // With its filters nothing need be known before the files are looked at.
  const early = runFilters ? git.standing([], { runFilters }) : undefined;
  const [config, { branches, others }, standing] = await Promise.all([
    git.readConfig(),
    git.branchesAnd(KEPT, { worktrees }),
    early,
  ]);
  const hasIdentity = await git.hasIdentity(config);
  const { commit: head, branch: current, changes } = standing ?? (await git.standing(config));
  const files = changes.map((entry) => entry.path);
  const unsure = runFilters ? [] : await git.listFiltered(files, config);
  const mergeBase = await readLine(stoppedMergeFile(gitDirectory));
  const operation = parseOperation((await readTextIfExists(operationFile(gitDirectory))) ?? '');
  const points = await git.resolve(listPoints({ config, current, operation }, request));
  const pullRequests = await readPullRequests(commonDirectory);
  const arrivals = await readArrivals(git, { config, branches, current, pullRequests }, request);
  const refs = { config, branches, current, mergeBase, points, operation, pullRequests, arrivals };
  const draft = findDraft({ ...refs, refusing }, request);
  return {
    ...refs,
    refusing,
    kept: [...others.keys()],
    leftovers: await listLeftovers(git, operation),
    subjects: draft === undefined ? [] : await git.listSubjects(draft.base, draft.branch, MAX_SUBJECTS + 1),
    root,
    isUnborn: head === undefined,
    head,
    ...toChanges(changes, unsure),
    unsure,
    hasIdentity,
    remotes: listRemotes(config),
    hooks: await readHooks(root, gitDirectory, config),
    ...(await readMarks(gitDirectory, commonDirectory)),
    distances: await readDistances(git, listPairs(refs, request)),
  };
}

/**
 * What the state of a repository is told from, by five processes of git however many branches there are. Nothing of the
 * repository runs.
 */
export async function readStateFacts(folder: string, options: GitOptions): Promise<FlowFacts> {
  const places = await openGit(folder, options).places();
  const { root, gitDirectory, commonDirectory } = places;
  const git = openGit(root, { ...options, places });
  const [config, branches] = await Promise.all([git.readConfig(), git.branches({ worktrees: false })]);
  const { commit, branch: current, changes } = await git.standing(config);
  const operation = parseOperation((await readTextIfExists(operationFile(gitDirectory))) ?? '');
  const mergeBase = await readLine(stoppedMergeFile(gitDirectory));
  const pullRequests = await readPullRequests(commonDirectory);
  const waiting = { config, branches, current, pullRequests };
  const arrivals = pullRequests.length === 0 ? new Map<string, Arrival>() : await readArrivals(git, waiting);
  const refs = { ...waiting, arrivals, mergeBase, operation, points: new Map<string, string>() };
  return {
    ...refs,
    ...toChanges(changes),
    unsure: [],
    root,
    isUnborn: commit === undefined,
    head: commit,
    hasIdentity: true,
    remotes: listRemotes(config),
    hooks: { folder: '', names: [] },
    refusing: [],
    kept: [],
    leftovers: [],
    subjects: [],
    ...(await readMarks(gitDirectory, commonDirectory)),
    distances: await readManyDistances(git, listPairs(refs)),
  };
}

async function listLeftovers(git: Git, operation: FlowFacts['operation']): Promise<readonly string[]> {
  const cut = findCut(operation);
  return cut === undefined || !(await git.resolve([cut])).has(cut) ? [] : git.listInTheWay(cut);
}

function toChanges(
  changes: readonly StatusEntry[],
  unsure: readonly string[] = [],
): Pick<FlowFacts, 'changed' | 'conflicts'> {
  const left = new Set(unsure);
  return {
    changed: changes
      .filter(({ kind, path: file }) => kind === 'unmerged' || !left.has(file))
      .map((entry) => entry.path),
    conflicts: changes.filter(({ kind }) => kind === 'unmerged').map((entry) => entry.path),
  };
}

function listRemotes(config: readonly ConfigEntry[]): readonly string[] {
  return config.flatMap(({ key }) => /^remote\.(.+)\.url$/s.exec(key)?.[1] ?? []);
}

/** What git and git-flow-next leave in the repository's directory while something is not finished. */
async function readMarks(
  gitDirectory: string,
  commonDirectory: string,
): Promise<Pick<FlowFacts, 'mergeHead' | 'isRebasing' | 'picking' | 'nextState'>> {
  return {
    mergeHead: await readLine(path.join(gitDirectory, 'MERGE_HEAD')),
    isRebasing: await anyExists(gitDirectory, ['rebase-merge', 'rebase-apply']),
    picking: await readPicking(gitDirectory),
    nextState: await readNextState([gitDirectory, commonDirectory]),
  };
}

async function readPicking(gitDirectory: string): Promise<FlowFacts['picking']> {
  if (await exists(path.join(gitDirectory, 'CHERRY_PICK_HEAD'))) return 'cherry-pick';
  return (await exists(path.join(gitDirectory, 'REVERT_HEAD'))) ? 'revert' : undefined;
}

/** One reading of history tells them all; few are left to git, which need not read all of it. */
async function readManyDistances(git: Git, pairs: readonly Pair[]): Promise<ReadonlyMap<string, Distance>> {
  const different = [...new Map(pairs.map((pair) => [pairKey(pair), pair])).values()];
  if (different.length < 2) return readDistances(git, pairs);
  const commits = new Set(different.flatMap(([branch, base]) => [branch.commit, base.commit]));
  const history = await git.readHistory([...commits]);
  const counts = countDistances(
    history,
    different.map(([branch, base]) => [branch.commit, base.commit]),
  );
  return new Map(
    different.flatMap((pair, index) => {
      const distance = counts[index];
      return distance === undefined ? [] : [[pairKey(pair), distance] as const];
    }),
  );
}

async function readDistances(git: Git, pairs: readonly Pair[]): Promise<ReadonlyMap<string, Distance>> {
  const waiting = new Map(pairs.map((pair) => [pairKey(pair), pair]));
  const distances = new Map<string, Distance>();
  const queue = [...waiting];
  const work = async (): Promise<void> => {
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      const [key, [branch, base]] = next;
      const isSame = branch.commit === base.commit;
      distances.set(key, isSame ? { ahead: 0, behind: 0 } : await git.compare(branch.commit, base.commit));
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  return distances;
}

/** AVH's hooks folder: its own setting, else git's, else `hooks` of the git directory. Relative ones start at the root. */
async function readHooks(
  root: string,
  gitDirectory: string,
  config: readonly ConfigEntry[],
): Promise<FlowFacts['hooks']> {
  const folder =
    findConfig(config, 'gitflow.path.hooks') ??
    findConfig(config, 'core.hookspath') ??
    path.join(gitDirectory, 'hooks');
  const names = await readdir(path.resolve(root, folder)).catch(() => [] as string[]);
  const flowNames = names.filter((name) => /^(?:pre|post|filter)-flow-[a-z-]+$/.test(name));
  const runnable = await Promise.all(flowNames.map((name) => isExecutable(path.resolve(root, folder, name))));
  return { folder, names: flowNames.filter((_, index) => runnable[index]) };
}

async function readNextState(directories: readonly string[]): Promise<string | undefined> {
  for (const directory of directories) {
    const text = await readTextIfExists(path.join(directory, 'gitflow', 'state', 'merge.json'));
    if (text !== undefined) return text;
  }
  return undefined;
}

async function readLine(file: string): Promise<string | undefined> {
  const line = (await readTextIfExists(file))?.split('\n')[0]?.trim();
  return line === '' ? undefined : line;
}

async function anyExists(folder: string, names: readonly string[]): Promise<boolean> {
  return (await Promise.all(names.map((name) => exists(path.join(folder, name))))).includes(true);
}

async function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}
