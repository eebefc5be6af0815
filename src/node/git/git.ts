import path from 'node:path';
import {
  branchFormat,
  checkRefName,
  parseBranches,
  parseConfigList,
  parseStatus,
  planDriverOverrides,
  type Branch,
  type ConfigEntry,
  type StatusEntry,
} from '../../core/git/git.ts';
import { escapeControls } from '../../core/names/names.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import type { Distance } from '../../protocol/gitflow.ts';
import { explainFailure } from './failures.ts';
import { GitExit, callGit, type Call } from './program.ts';

export type { ConfigEntry } from '../../core/git/git.ts';
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
  /** True when commits can be made: name and address are set, not guessed from the machine. */
  hasIdentity(): Promise<boolean>;
  branches(): Promise<readonly Branch[]>;
  /** Commits on `branch` that `base` lacks, and the other way round. Both are names or hashes. */
  compare(branch: string, base: string): Promise<Distance>;

  /** Makes the folder a repository with `branch` as its first branch. */
  initialise(branch: string): Promise<void>;
  setLocalIdentity(identity: Identity): Promise<void>;
  setConfig(key: string, value: string): Promise<void>;
  /** Removes a section of the repository's own configuration, as `gitflow.branch.feature/x`; nothing when there is none. */
  unsetSection(section: string): Promise<void>;
  /** Commits everything that is not ignored and gives the commit's hash; undefined when there was nothing to commit. */
  commitAll(message: string): Promise<string | undefined>;
  /** A commit without any change. */
  commitEmpty(message: string): Promise<void>;
  /** Git forgets the file, or all of the folder; on disk it stays. */
  untrack(file: string): Promise<void>;
  /** Names the branch that the first commit will make. */
  pointHead(branch: string): Promise<void>;
  createBranch(branch: string, from: string, options?: { track?: boolean }): Promise<void>;
  checkout(branch: string): Promise<void>;
  /** Makes a branch and checks it out; changes of the work tree are carried along, as git does. */
  checkoutNew(branch: string, from: string): Promise<void>;
  /** Merges into the branch that is checked out, with git's own message. */
  merge(branch: string, fastForward: 'allowed' | 'never'): Promise<void>;
  /** Undoes a merge that is not committed yet. */
  abortMerge(): Promise<void>;
  /** Deletes a branch; one that is not merged only with `force`. */
  deleteBranch(branch: string, options?: { force?: boolean }): Promise<void>;
  fetch(remote: string, branch: string): Promise<void>;
  push(remote: string, branch: string): Promise<void>;
  /** Deletes the branch on the remote if it stands at `expected` there; `branch-state` when somebody has moved it. */
  deleteRemoteBranch(remote: string, branch: string, expected: string): Promise<void>;
}

export interface GitOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Ends calls that use the network; work on the repository itself is never cut in the middle. */
  readonly signal?: AbortSignal;
}

export function openGit(folder: string, options: GitOptions = {}): Git {
  const calls = createCalls(path.resolve(folder), options);
  return {
    folder: calls.folder,
    ...placeReads(calls),
    ...contentReads(calls),
    ...writes(calls),
    ...branchWrites(calls),
    ...remoteWrites(calls),
  };
}

interface Calls {
  readonly folder: string;
  /** Runs nothing of the repository's: references, configuration. */
  readonly read: (args: readonly string[]) => Promise<string>;
  /** As `read`, for questions that git answers with exit code 1: undefined then. */
  readonly ask: (args: readonly string[]) => Promise<string | undefined>;
  /** As `read`, with the repository's filters switched off: whatever looks into files. */
  readonly readContent: (args: readonly string[]) => Promise<Buffer>;
  readonly act: (args: readonly string[]) => Promise<string>;
  /** `act` over the network: stopped by the caller's signal. */
  readonly exchange: (args: readonly string[]) => Promise<string>;
  /** True when git knows name and address of who commits without guessing. */
  readonly hasIdentity: () => Promise<boolean>;
}

const LIST_CONFIG = ['config', '--list', '--show-scope', '-z'];

function createCalls(folder: string, { env = process.env, signal }: GitOptions): Calls {
  const explained = (args: readonly string[], options: Pick<Call, 'isRead' | 'settings' | 'signal'>): Promise<Buffer> =>
    callGit({ folder, args, env, ...options }).catch((error: unknown) => {
      throw explainFailure(error, commandOf(args));
    });
  const read = async (args: readonly string[]): Promise<string> => (await explained(args, { isRead: true })).toString();
  return {
    folder,
    read,
    async ask(args) {
      try {
        return (await callGit({ folder, args, env, isRead: true })).toString();
      } catch (error) {
        if (error instanceof GitExit && error.exitCode === 1) return undefined;
        throw explainFailure(error, commandOf(args));
      }
    },
    async readContent(args) {
      const settings = planDriverOverrides(parseConfigList(await read(LIST_CONFIG)));
      return explained(args, { isRead: true, settings });
    },
    act: async (args) => (await explained(args, { isRead: false })).toString(),
    exchange: async (args) =>
      (await explained(args, { isRead: false, ...(signal === undefined ? {} : { signal }) })).toString(),
    async hasIdentity() {
      const settings = [['user.useConfigOnly', 'true']] as const;
      return callGit({ folder, args: ['var', 'GIT_COMMITTER_IDENT'], env, isRead: true, settings }).then(
        () => true,
        (error: unknown) => {
          const explanation = explainFailure(error, 'var');
          if (error instanceof GitExit && error.exitCode === 128 && isGitFailure(explanation)) return false;
          throw explanation;
        },
      );
    },
  };
}

function placeReads(
  calls: Calls,
): Pick<Git, 'isRepository' | 'isRoot' | 'root' | 'gitDirectory' | 'commonDirectory' | 'head' | 'currentBranch'> {
  const { folder, read, ask } = calls;
  const askPath = async (...args: string[]): Promise<string> =>
    path.resolve(folder, withoutLineEnd(await read(['rev-parse', ...args])));
  const currentBranch = async (): Promise<string | undefined> => {
    const ref = await ask(['symbolic-ref', '--quiet', 'HEAD']);
    return ref === undefined ? undefined : withoutLineEnd(ref).replace(/^refs\/heads\//, '');
  };
  const isRepository = async (): Promise<boolean> => {
    try {
      return withoutLineEnd(await read(['rev-parse', '--is-inside-work-tree'])) === 'true';
    } catch (error) {
      if (error instanceof ExpectedError && ['not-a-repository', 'missing-program'].includes(error.code)) return false;
      throw error;
    }
  };
  return {
    isRepository,
    isRoot: async () => (await isRepository()) && withoutLineEnd(await read(['rev-parse', '--show-prefix'])) === '',
    root: () => askPath('--show-toplevel'),
    gitDirectory: () => askPath('--git-dir'),
    commonDirectory: () => askPath('--git-common-dir'),
    currentBranch,
    async head() {
      if (!(await isRepository())) return undefined;
      const commit = await ask(['rev-parse', '--quiet', '--verify', 'HEAD^{commit}']);
      return commit === undefined
        ? undefined
        : { commit: withoutLineEnd(commit), branch: (await currentBranch()) ?? null };
    },
  };
}

function contentReads(
  calls: Calls,
): Pick<
  Git,
  | 'isDirty'
  | 'changes'
  | 'status'
  | 'diff'
  | 'isTracked'
  | 'listTracked'
  | 'isIgnored'
  | 'readConfig'
  | 'hasIdentity'
  | 'branches'
  | 'compare'
> {
  const { folder, read, ask, readContent, act } = calls;
  const readStatus = async (untracked: 'no' | 'normal'): Promise<readonly StatusEntry[]> =>
    parseStatus((await readContent([...STATUS, `--untracked-files=${untracked}`])).toString());
  return {
    isDirty: async () => (await readStatus('no')).length > 0,
    changes: async ({ runFilters = false } = {}) =>
      runFilters ? parseStatus(await act([...STATUS, '--untracked-files=no'])) : readStatus('no'),
    status: () => readStatus('normal'),
    async diff() {
      const base = (await ask(['rev-parse', '--quiet', '--verify', 'HEAD^{commit}'])) ?? (await read(HASH_EMPTY_TREE));
      return readContent([...DIFF, withoutLineEnd(base), '--']);
    },
    isTracked: async (file) =>
      (await read(['--literal-pathspecs', 'ls-files', '-z', '--', relativeTo(folder, file)])) !== '',
    async listTracked(files) {
      const named = new Map(files.map((file) => [relativeTo(folder, file).slice(2), file]));
      const found = new Set<string>();
      const names = [...named.keys()];
      for (let at = 0; at < names.length; at += PATHS_A_CALL) {
        const paths = names.slice(at, at + PATHS_A_CALL).map((name) => `./${name}`);
        const tracked = (await read(['--literal-pathspecs', 'ls-files', '-z', '--', ...paths])).split('\0');
        for (const path of tracked)
          for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) found.add(path.slice(0, end));
      }
      return [...named].flatMap(([name, file]) => (found.has(name) ? [file] : []));
    },
    isIgnored: async (file) => (await ask(['check-ignore', '--quiet', '--', relativeTo(folder, file)])) !== undefined,
    // Scope "command" is what we have set for this very call.
    readConfig: async () => parseConfigList(await read(LIST_CONFIG)).filter(({ scope }) => scope !== 'command'),
    hasIdentity: calls.hasIdentity,
    branches: async () =>
      parseBranches(
        await read(['for-each-ref', `--format=${branchFormat}`, 'refs/heads', 'refs/remotes']),
        await read(['worktree', 'list', '--porcelain']),
      ),
    async compare(branch, base) {
      const range = `${requireName(base, 'commit')}...${requireName(branch, 'commit')}`;
      const counts = (await read(['rev-list', '--left-right', '--count', '--end-of-options', range, '--'])).split('\t');
      return { behind: Number(counts[0]), ahead: Number(counts[1]) };
    },
  };
}

/** A command line has its limits. */
const PATHS_A_CALL = 500;
const STATUS = ['status', '--porcelain=v2', '-z', '--ignore-submodules=all', '--no-renames'];
const HASH_EMPTY_TREE = ['hash-object', '-t', 'tree', '--stdin'];
/** A patch with the same text whatever the user's configuration says about diffs. */
const DIFF = [
  'diff',
  '--binary',
  '--full-index',
  '--no-color',
  '--no-ext-diff',
  '--no-textconv',
  '--no-renames',
  '--ignore-submodules=all',
  '--src-prefix=a/',
  '--dst-prefix=b/',
];

function writes(
  calls: Calls,
): Pick<
  Git,
  | 'initialise'
  | 'setLocalIdentity'
  | 'setConfig'
  | 'unsetSection'
  | 'commitAll'
  | 'commitEmpty'
  | 'untrack'
  | 'pointHead'
> {
  const { read, ask, readContent, act } = calls;
  const setConfig = async (key: string, value: string): Promise<void> => {
    await act(['config', '--local', '--replace-all', '--', key, value]);
  };
  return {
    async initialise(branch) {
      await act(['init', '--quiet', `--initial-branch=${requireName(branch, 'branch')}`]);
    },
    async setLocalIdentity({ name, email }) {
      await setConfig('user.name', name);
      await setConfig('user.email', email);
    },
    setConfig,
    async unsetSection(section) {
      const entries = parseConfigList(await read(LIST_CONFIG));
      if (entries.some(({ scope, key }) => scope === 'local' && sectionOf(key) === section))
        await act(['config', '--local', '--remove-section', '--', section]);
    },
    async commitAll(message) {
      await act(['add', '--all']);
      const changes = parseStatus(
        (await readContent(['status', '--porcelain=v2', '-z', '--untracked-files=no'])).toString(),
      );
      if (!changes.some(({ code }) => !code.startsWith('.'))) return undefined;
      await act(['commit', '--quiet', `--message=${message}`]);
      return withoutLineEnd((await ask(['rev-parse', '--verify', 'HEAD'])) ?? '');
    },
    async commitEmpty(message) {
      await act(['commit', '--quiet', '--allow-empty', `--message=${message}`]);
    },
    async untrack(file) {
      await act(['--literal-pathspecs', 'rm', '-r', '--cached', '--quiet', '--', relativeTo(calls.folder, file)]);
    },
    async pointHead(branch) {
      await act(['symbolic-ref', 'HEAD', `refs/heads/${requireName(branch, 'branch')}`]);
    },
  };
}

function branchWrites({
  act,
}: Calls): Pick<Git, 'createBranch' | 'checkout' | 'checkoutNew' | 'merge' | 'abortMerge' | 'deleteBranch'> {
  return {
    async createBranch(branch, from, { track = false } = {}) {
      const kind = track ? '--track' : '--no-track';
      await act(['branch', kind, '--', requireName(branch, 'branch'), requireName(from, 'branch')]);
    },
    async checkout(branch) {
      // The "--" at the end says that this is a branch, not a file of that name.
      await act(['checkout', '--quiet', requireName(branch, 'branch'), '--']);
    },
    async checkoutNew(branch, from) {
      const [name, start] = [requireName(branch, 'branch'), requireName(from, 'branch')];
      await act(['checkout', '--quiet', '--no-track', '-b', name, start, '--']);
    },
    async merge(branch, fastForward) {
      const kind = fastForward === 'never' ? '--no-ff' : '--ff';
      await act(['merge', '--no-edit', kind, '--', requireName(branch, 'branch')]);
    },
    async abortMerge() {
      await act(['merge', '--abort']);
    },
    async deleteBranch(branch, { force = false } = {}) {
      const options = ['--quiet', '--delete', ...(force ? ['--force'] : [])];
      await act(['branch', ...options, '--', requireName(branch, 'branch')]);
    },
  };
}

function remoteWrites({ exchange }: Calls): Pick<Git, 'fetch' | 'push' | 'deleteRemoteBranch'> {
  return {
    async fetch(remote, branch) {
      await exchange(['fetch', '--quiet', '--', requireName(remote, 'remote'), requireName(branch, 'branch')]);
    },
    async push(remote, branch) {
      const ref = `refs/heads/${requireName(branch, 'branch')}`;
      await exchange(['push', '--quiet', '--', requireName(remote, 'remote'), ref]);
    },
    async deleteRemoteBranch(remote, branch, expected) {
      const ref = `refs/heads/${requireName(branch, 'branch')}`;
      const lease = `--force-with-lease=${ref}:${requireName(expected, 'commit')}`;
      await exchange(['push', '--quiet', lease, '--', requireName(remote, 'remote'), `:${ref}`]);
    },
  };
}

/** A name that may stand in an argument of git; throws `bad-arguments` before git is started. */
function requireName(name: string, kind: 'branch' | 'remote' | 'commit'): string {
  const reason = kind === 'commit' && name === 'HEAD' ? undefined : checkRefName(name);
  if (reason === undefined) return name;
  throw new ExpectedError('bad-arguments', `"${escapeControls(name)}" can't name a ${kind}: ${reason}.`);
}

function isGitFailure(error: unknown): boolean {
  return error instanceof ExpectedError && error.code === 'git-failed';
}

function sectionOf(key: string): string {
  return key.slice(0, key.lastIndexOf('.'));
}

/** The "./" keeps a leading ":" from being read as one of git's own patterns. */
function relativeTo(folder: string, file: string): string {
  return `./${path.relative(folder, path.resolve(folder, file)).split(path.sep).join('/')}`;
}

function commandOf(args: readonly string[]): string {
  return args.find((arg) => !arg.startsWith('-')) ?? '';
}

/** Only the end of the line goes: a folder's name may end with spaces. */
function withoutLineEnd(text: string): string {
  return text.replace(/\r?\n$/, '');
}
