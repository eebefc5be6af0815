import { access, constants, readdir } from 'node:fs/promises';
import path from 'node:path';
import {
  listPairs,
  listPoints,
  pairKey,
  parseOperation,
  type FlowFacts,
  type Pair,
} from '../../core/gitflow/gitflow.ts';
import { findConfig } from '../../core/git/git.ts';
import type { Distance, FlowRequest } from '../../protocol/gitflow.ts';
import { exists, readTextIfExists } from '../files/files.ts';
import type { ConfigEntry, Git } from '../git/git.ts';

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
 * Reads what the planners need. With a request, only the distances that it needs, and the repository's filters are asked
 * whether files changed: the user has started something that runs them anyway. Without one nothing of the repository runs.
 */
export async function readFacts(git: Git, request?: FlowRequest): Promise<FlowFacts> {
  const [root, gitDirectory, commonDirectory] = await Promise.all([
    git.root(),
    git.gitDirectory(),
    git.commonDirectory(),
  ]);
  const [config, branches, current, head, changes, hasIdentity] = await Promise.all([
    git.readConfig(),
    git.branches(),
    git.currentBranch(),
    git.head(),
    git.changes({ runFilters: request !== undefined }),
    git.hasIdentity(),
  ]);
  const mergeBase = await readLine(stoppedMergeFile(gitDirectory));
  const operation = parseOperation((await readTextIfExists(operationFile(gitDirectory))) ?? '');
  const points = await git.resolve(request === undefined ? [] : listPoints({ config, current, operation }, request));
  const refs = { config, branches, current, mergeBase, points, operation };
  return {
    ...refs,
    root,
    isUnborn: head === undefined,
    head: head?.commit,
    changed: changes.map((entry) => entry.path),
    conflicts: changes.filter(({ kind }) => kind === 'unmerged').map((entry) => entry.path),
    hasIdentity,
    remotes: config.flatMap(({ key }) => /^remote\.(.+)\.url$/s.exec(key)?.[1] ?? []),
    hooks: await readHooks(root, gitDirectory, config),
    mergeHead: await readLine(path.join(gitDirectory, 'MERGE_HEAD')),
    isRebasing: await anyExists(gitDirectory, ['rebase-merge', 'rebase-apply']),
    nextState: await readNextState([gitDirectory, commonDirectory]),
    distances: await readDistances(git, listPairs(refs, request)),
  };
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
