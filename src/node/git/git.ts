import path from 'node:path';
import type { AnnotatedTag, Branch, ConfigEntry, StatusEntry } from '../../core/git/git.ts';
import type { Distance } from '../../protocol/gitflow.ts';
import { arrivalReads } from './arrivals.ts';
import { createCalls, type GitOptions } from './calls.ts';
import { branchReads, contentReads, listReads, logReads, placeReads } from './reads.ts';
import { asideWrites, branchWrites, commitWrites, fileWrites, recoveryWrites, remoteWrites, writes } from './writes.ts';

export type { GitOptions } from './calls.ts';

export { openObjects, type GitObjects } from './objects.ts';
export type { ConfigEntry } from '../../core/git/git.ts';
export { readAdded } from './added.ts';
export { openHistory, type GitHistory } from './history.ts';

/** The commit that is checked out; `branch` is null when HEAD is detached. */
interface Head {
  /** Full hash. */
  readonly commit: string;
  readonly branch: string | null;
}

interface Identity {
  readonly name: string;
  readonly email: string;
}

export interface Places {
  readonly root: string;
  readonly gitDirectory: string;
  readonly commonDirectory: string;
}

interface Standing {
  readonly commit: string | undefined;
  readonly branch: string | undefined;
  readonly changes: readonly StatusEntry[];
}

/** `to` null: deleted. */
interface RefUpdate {
  readonly ref: string;
  readonly from?: string | null;
  readonly to: string | null;
}

interface Signing {
  readonly sign: boolean;
  /** Default: the committer's. */
  readonly key?: string;
}

/** How a remote's branch is deleted. */
interface RemoteDeletion {
  /** The remote may have deleted it already: then it is only forgotten here. */
  readonly mayBeGone?: boolean;
}

/**
 * git in one folder. Reads are hardened: nothing that the repository's own configuration names is run by them (fsmonitor,
 * hooks, filters, diff programs), and they take no lock. What the user starts (commit, merge, checkout, push) runs hooks
 * and filters, as git does: only in a trusted folder. In an untrusted one `isRepository`, `isRoot`, `root`, `head`,
 * `currentBranch`, `readConfig` and `branches` are enough: they look at references and configuration alone.
 *
 * Failures are ExpectedErrors: `missing-program` (no git, or an old one), `not-a-repository`, `bad-arguments` (a name that
 * can't be one, refused before git is started), `dirty-tree`, `branch-state`, `git-failed` with git's words.
 */
export interface Git {
  readonly folder: string;

  /** True inside a work tree; false also where there is no git to ask, or it refuses a folder that belongs to another user. */
  isRepository(): Promise<boolean>;
  /** True when the folder itself is the top of a work tree, not a folder somewhere in a larger repository. */
  isRoot(): Promise<boolean>;
  /** Absolute path of the top of the work tree. */
  root(): Promise<string>;
  /** Absolute path of the work tree's own `.git` directory (`.git/worktrees/NAME` in a linked one). */
  gitDirectory(): Promise<string>;
  /** Absolute path of the `.git` directory that all work trees share. */
  commonDirectory(): Promise<string>;
  /** `root`, `gitDirectory` and `commonDirectory` by one call. */
  places(): Promise<Places>;
  /**
   * What is checked out and which tracked files were changed, by one call; with the configuration that was read before. `runFilters`:
   * as in {@link changes}.
   */
  standing(config: readonly ConfigEntry[], options?: { runFilters?: boolean }): Promise<Standing>;
  /** What is checked out, or undefined: `isRepository` is false, or there is no commit yet. */
  head(): Promise<Head | undefined>;
  /** The branch that HEAD names, also when it has no commit yet; undefined when HEAD is detached. */
  currentBranch(): Promise<string | undefined>;
  /** True when a tracked file was changed, staged or not; untracked files don't count. */
  isDirty(): Promise<boolean>;
  /**
   * The tracked files that were changed. With `runFilters` the repository's own filters are asked too (a notebook's
   * stripped output is no change then): only where the user has started something that runs them anyway.
   */
  changes(options?: { runFilters?: boolean }): Promise<readonly StatusEntry[]>;
  /** Those of the files that a filter of the repository's own changes on their way; `config` as it was read before. Nothing runs. */
  listFiltered(files: readonly string[], config: readonly ConfigEntry[]): Promise<readonly string[]>;
  /** Changed and untracked paths; empty when clean. */
  status(): Promise<readonly StatusEntry[]>;
  /** All changes of tracked files against the last commit, as a patch that `git apply` takes (binary files included). */
  diff(): Promise<Buffer>;
  /** True when git tracks the file, or something in the folder. Relative to `folder`, or absolute. */
  isTracked(file: string): Promise<boolean>;
  /** Those of the files and folders of which git tracks something, as they were given. */
  listTracked(files: readonly string[]): Promise<readonly string[]>;
  isIgnored(file: string): Promise<boolean>;
  /** All of the configuration that applies here, in git's order: of equal keys the last one counts. */
  readConfig(): Promise<readonly ConfigEntry[]>;
  /** True when commits can be made: name and address are set, not guessed from the machine. `config`: as it was read before. */
  hasIdentity(config?: readonly ConfigEntry[]): Promise<boolean>;
  /** Annotated tags; with a branch only those that it contains. */
  annotatedTags(branch?: string): Promise<readonly AnnotatedTag[]>;
  /** With `worktrees: false` nobody is asked where they are checked out. */
  branches(options?: { worktrees?: boolean }): Promise<readonly Branch[]>;
  /** As `branches`, with the references below a prefix, as `refs/mlops/`, and where they stand. */
  branchesAnd(
    prefix: string,
    options?: { worktrees?: boolean },
  ): Promise<{ branches: readonly Branch[]; others: ReadonlyMap<string, string> }>;
  /** Commits that the names stand for (branches, tags, hashes); a name that stands for none is absent. */
  resolve(names: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** What `branch` has changed since it left `base`, as a patch. */
  diffBranches(base: string, branch: string): Promise<Buffer>;
  /** The commits of `branch` that `base` lacks, as `git log` tells them to people. */
  logBranches(base: string, branch: string): Promise<string>;
  /** All commits that the hashes reach, as lines of `git rev-list --parents`, children before their parents. */
  readHistory(hashes: readonly string[]): Promise<string>;
  /** Commits on `branch` that `base` lacks, and the other way round. Both are names or hashes. */
  compare(branch: string, base: string): Promise<Distance>;
  /**
   * The commit by which `into` has taken `tip` in: by a merge, as one commit, or each commit anew; undefined where it has not. Both are
   * hashes.
   */
  findArrival(tip: string, into: string): Promise<string | undefined>;
  /** First lines of the messages of `branch` that `base` lacks, merges left out, the oldest first; `count` at most. */
  listSubjects(base: string, branch: string, count: number): Promise<readonly string[]>;

  /** Makes the folder a repository with `branch` as its first branch. */
  initialise(branch: string): Promise<void>;
  setLocalIdentity(identity: Identity): Promise<void>;
  setConfig(key: string, value: string): Promise<void>;
  /** One more value of the key, beside those that it has. */
  addConfig(key: string, value: string): Promise<void>;
  /** Removes a section of the repository's own configuration, as `gitflow.branch.feature/x`; nothing when there is none. */
  unsetSection(section: string): Promise<void>;
  /** Commits everything that is not ignored and gives the commit's hash; undefined when there was nothing to commit. */
  commitAll(message: string): Promise<string | undefined>;
  /** Nothing where there is no such section. */
  renameSection(section: string, to: string): Promise<void>;
  /** A commit without any change. */
  commitEmpty(message: string): Promise<void>;
  /**
   * Commits the files as they stand, and nothing else; no commit where the last one has them so. Relative to `folder`. What is ignored, or does not
   * exist, throws as git does.
   */
  commitFiles(files: readonly string[], message: string): Promise<void>;
  /** Takes the files as they are into the next commit, which also says that their conflicts are resolved. */
  stageFiles(files: readonly string[]): Promise<void>;
  /** Those that git's attributes don't have merged line by line, with marks of the usual length. */
  listMergedOtherwise(files: readonly string[]): Promise<readonly string[]>;
  /** The files as the last commit has them; those that it does not have are gone. */
  restoreFiles(files: readonly string[]): Promise<void>;
  /** Commits that `branch` has and `base` lacks, by first parents, newest first; `%x00` between count of parents, subject and body, and after each. */
  logFirstParents(base: string, branch: string): Promise<string>;
  /** Git forgets the file, or all of the folder; on disk it stays. */
  untrack(file: string): Promise<void>;
  /** Names the branch that the first commit will make. */
  pointHead(branch: string): Promise<void>;
  createBranch(branch: string, from: string, options?: { track?: boolean }): Promise<void>;
  checkout(branch: string): Promise<void>;
  /** Makes a branch and checks it out; changes of the work tree are carried along, as git does. */
  checkoutNew(branch: string, from: string): Promise<void>;
  /** Merges into the branch that is checked out, with git's own message and the trailers behind it. */
  merge(branch: string, fastForward: 'allowed' | 'never', trailers?: readonly string[]): Promise<void>;
  /**
   * Commits all that `branch` has changed as one commit on the branch that is checked out; with git's own message where
   * `message` is absent. Makes no commit where nothing is left to change.
   */
  squash(branch: string, message?: string, trailers?: readonly string[]): Promise<void>;
  /** Of the branch that is checked out. */
  rebase(onto: string, options?: { preserveMerges?: boolean }): Promise<void>;
  /** An annotated tag on the end of a branch, or on the commit. */
  tag(
    name: string,
    on: { branch: string } | { commit: string },
    message: { text: string } | { file: string },
    signing?: Signing,
  ): Promise<void>;
  /** Moves the branch that is checked out to where the remote's branch is; refused where it has commits of its own. */
  fastForward(remote: string, branch: string): Promise<void>;
  renameBranch(branch: string, to: string): Promise<void>;
  /** Commits what a merge or squash has prepared, with the message that git has ready. */
  commitMerge(): Promise<void>;
  continueRebase(): Promise<void>;
  abortRebase(): Promise<void>;
  /** Undoes a merge that is not committed yet. */
  abortMerge(): Promise<void>;
  /** Undoes a squash that is not committed yet. */
  dropSquash(): Promise<void>;
  /**
   * Makes the tree as HEAD has it. What is changed in it is kept as a stash at `ref`; files that are in the way of `brought` go where they are
   * just as it has them, and are moved into `folder` where not.
   */
  setAside(ref: string, brought: string, folder: string): Promise<void>;
  /** Files that git does not know, by names that the branch or tag has, too: they are in the way of checking it out. */
  listInTheWay(brought: string): Promise<readonly string[]>;
  /** Checks a commit out, without a branch; changes of the work tree are carried along. */
  detach(commit: string): Promise<void>;
  /** Full names under prefixes, or that are given, and their commits. */
  listRefs(...prefixes: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** As `listRefs` of full names, with the branch that HEAD names; undefined when HEAD is detached. */
  listRefsAndHead(refs: readonly string[]): Promise<{ refs: ReadonlyMap<string, string>; current: string | undefined }>;
  /** The commit that is checked out; undefined where there is none yet. */
  commit(): Promise<string | undefined>;
  /** Moves, makes and deletes references, all or none; `from` null where the reference must not exist, absent where it may stand anywhere. */
  updateRefs(changes: readonly RefUpdate[]): Promise<void>;
  /** Replaces a section of the repository's own configuration. */
  replaceSection(section: string, entries: readonly (readonly [key: string, value: string])[]): Promise<void>;
  /** Makes the branch on the remote at the commit. */
  pushCommit(remote: string, branch: string, commit: string): Promise<void>;
  /** Deletes a branch; one that is not merged only with `force`. */
  deleteBranch(branch: string, options?: { force?: boolean }): Promise<void>;
  fetch(remote: string, branch: string): Promise<void>;
  /** All branches; with `prunes` those are forgotten that are gone there. */
  fetchAll(remote: string, options?: { prunes?: boolean }): Promise<void>;
  /** Branches by name, tags as `refs/tags/NAME`. */
  push(remote: string, refs: readonly string[]): Promise<void>;
  /** Pushes the branch and remembers where it belongs. */
  publish(remote: string, branch: string): Promise<void>;
  /** Makes the remote's branch here and checks it out. */
  track(remote: string, branch: string): Promise<void>;
  /** Deletes the branch on the remote if it stands at `expected` there; `branch-state` when somebody has moved it. */
  deleteRemoteBranch(remote: string, branch: string, expected: string, options?: RemoteDeletion): Promise<void>;
}

/** `places`: as they were told before, where nobody need be asked again. */
export function openGit(folder: string, { places, ...options }: GitOptions & { places?: Places } = {}): Git {
  const calls = createCalls(path.resolve(folder), options);
  return {
    folder: calls.folder,
    ...placeReads(calls, places),
    ...contentReads(calls),
    ...listReads(calls),
    ...branchReads(calls),
    ...logReads(calls),
    ...arrivalReads(calls),
    ...writes(calls),
    ...fileWrites(calls),
    ...branchWrites(calls),
    ...commitWrites(calls),
    ...recoveryWrites(calls),
    ...asideWrites(calls),
    ...remoteWrites(calls),
  };
}
