import path from 'node:path';
import {
  branchFormat,
  parseAnnotatedTags,
  tagFormat,
  parseBranches,
  listDrivers,
  parseConfigList,
  parseRefsBelow,
  parseStatus,
  parseStatusHead,
  planDriverOverrides,
  type StatusEntry,
} from '../../core/git/git.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import { LIST_CONFIG, refOf, relativeTo, requireName, withoutLineEnd, type Calls } from './calls.ts';
import type { Git, Places } from './git.ts';

// What is read of a repository, by subject: places, content, lists, branches, the log.

export function placeReads(
  calls: Calls,
  known: Places | undefined,
): Pick<
  Git,
  'isRepository' | 'isRoot' | 'root' | 'gitDirectory' | 'commonDirectory' | 'places' | 'head' | 'currentBranch'
> {
  const { folder, read, ask } = calls;
  const currentBranch = (): Promise<string | undefined> => readCurrentBranch(calls);
  const askPath = async (...args: string[]): Promise<string> =>
    path.resolve(folder, withoutLineEnd(await read(['rev-parse', ...args])));
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
    root: () => (known === undefined ? askPath('--show-toplevel') : Promise.resolve(known.root)),
    async places() {
      if (known !== undefined) return known;
      const asked = ['--show-toplevel', '--git-dir', '--git-common-dir'];
      const answer = withoutLineEnd(await read(['rev-parse', ...asked])).split(/\r?\n/);
      // A folder's name may have lines of its own; then each is asked for.
      const [root = '', gitDirectory = '', commonDirectory = ''] =
        answer.length === asked.length
          ? answer.map((line) => path.resolve(folder, line))
          : await Promise.all(asked.map((option) => askPath(option)));
      return { root, gitDirectory, commonDirectory };
    },
    gitDirectory: () => (known === undefined ? askPath('--git-dir') : Promise.resolve(known.gitDirectory)),
    commonDirectory: () => (known === undefined ? askPath('--git-common-dir') : Promise.resolve(known.commonDirectory)),
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

async function readCurrentBranch({ ask }: Calls): Promise<string | undefined> {
  const ref = await ask(['symbolic-ref', '--quiet', 'HEAD']);
  return ref === undefined ? undefined : withoutLineEnd(ref).replace(/^refs\/heads\//, '');
}

export function contentReads(
  calls: Calls,
): Pick<
  Git,
  'isDirty' | 'changes' | 'listFiltered' | 'status' | 'diff' | 'isTracked' | 'listTracked' | 'isIgnored' | 'standing'
> {
  const { folder, read, ask, readContent, readWith, act } = calls;
  const readStatus = async (untracked: 'no' | 'normal'): Promise<readonly StatusEntry[]> =>
    parseStatus((await readContent([...STATUS, `--untracked-files=${untracked}`])).toString());
  return {
    isDirty: async () => (await readStatus('no')).length > 0,
    changes: async ({ runFilters = false } = {}) =>
      runFilters ? parseStatus(await act([...STATUS, '--untracked-files=no'])) : readStatus('no'),
    async listFiltered(files, config) {
      const names = new Set(listDrivers(config));
      const found: string[] = [];
      for (let at = 0; names.size > 0 && at < files.length; at += PATHS_A_CALL) {
        const fields = (await read(['check-attr', '-z', 'filter', '--', ...files.slice(at, at + PATHS_A_CALL)])).split(
          '\0',
        );
        for (let field = 0; field + 2 < fields.length; field += 3)
          if (names.has(fields[field + 2] ?? '')) found.push(fields[field] ?? '');
      }
      return found;
    },
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
    async standing(config, { runFilters = false } = {}) {
      const status = [...STATUS, '--branch', '--untracked-files=no'];
      const text = runFilters ? await act(status) : (await readWith(status, planDriverOverrides(config))).toString();
      return { ...parseStatusHead(text), changes: parseStatus(text) };
    },
  };
}

export function listReads(
  calls: Calls,
): Pick<Git, 'readConfig' | 'hasIdentity' | 'branches' | 'branchesAnd' | 'annotatedTags'> {
  const { read } = calls;
  const listBranches = (...more: readonly string[]): Promise<string> =>
    read(['for-each-ref', `--format=${branchFormat}`, 'refs/heads', 'refs/remotes', ...more]);
  const listWorktrees = async ({ worktrees = true }: { worktrees?: boolean } = {}): Promise<string> =>
    worktrees ? read(['worktree', 'list', '--porcelain']) : '';
  return {
    // Scope "command" is what we have set for this very call.
    readConfig: async () => parseConfigList(await read(LIST_CONFIG)).filter(({ scope }) => scope !== 'command'),
    hasIdentity: calls.hasIdentity,
    async annotatedTags(branch) {
      const merged = branch === undefined ? [] : [`--merged=refs/heads/${requireName(branch, 'branch')}`];
      return parseAnnotatedTags(await read(['for-each-ref', `--format=${tagFormat}`, ...merged, 'refs/tags']));
    },
    branches: async (options) => parseBranches(await listBranches(), await listWorktrees(options)),
    async branchesAnd(prefix, options) {
      const text = await listBranches(prefix);
      return {
        branches: parseBranches(text, await listWorktrees(options)),
        others: parseRefsBelow(text, prefix),
      };
    },
  };
}

export function branchReads(
  calls: Calls,
): Pick<Git, 'compare' | 'readHistory' | 'resolve' | 'listRefs' | 'listRefsAndHead' | 'diffBranches' | 'commit'> {
  const { read, ask, query, readContent } = calls;
  return {
    readHistory: (hashes) =>
      query(
        ['rev-list', '--topo-order', '--parents', '--stdin'],
        `${hashes.map((hash) => requireName(hash, 'commit')).join('\n')}\n`,
      ),
    async commit() {
      const commit = await ask(['rev-parse', '--quiet', '--verify', 'HEAD^{commit}']);
      return commit === undefined ? undefined : withoutLineEnd(commit);
    },
    async listRefs(...prefixes) {
      // Without any git would list them all.
      if (prefixes.length === 0) return new Map();
      const lines = (await read(['for-each-ref', '--format=%(refname) %(objectname)', ...prefixes])).split('\n');
      return new Map(lines.flatMap((line) => (line === '' ? [] : [line.split(' ') as [string, string]])));
    },
    async listRefsAndHead(refs) {
      const format = '--format=%(refname)%00%(objectname)%00%(HEAD)';
      const text = refs.length === 0 ? '' : await read(['for-each-ref', format, ...refs]);
      const lines = text.split('\n').flatMap((line) => (line === '' ? [] : [line.split('\0')]));
      const current = lines.find(([, , mark]) => mark === '*')?.[0]?.replace(/^refs\/heads\//, '');
      return {
        refs: new Map(lines.map(([ref = '', commit = '']) => [ref, commit])),
        current: current ?? (await readCurrentBranch(calls)),
      };
    },
    async resolve(names) {
      const found = new Map<string, string>();
      for (const name of names) {
        // A tag stands for its own object, which is what must be kept or deleted.
        const point = `${requireName(name, 'commit')}${name.startsWith('refs/tags/') ? '' : '^{commit}'}`;
        const commit = await ask(['rev-parse', '--quiet', '--verify', '--end-of-options', point]);
        if (commit !== undefined) found.set(name, withoutLineEnd(commit));
      }
      return found;
    },
    diffBranches: async (base, branch) => readContent([...DIFF, `${refOf(base)}...${refOf(branch)}`, '--']),
    async compare(branch, base) {
      const range = `${requireName(base, 'commit')}...${requireName(branch, 'commit')}`;
      const counts = (await read(['rev-list', '--left-right', '--count', '--end-of-options', range, '--'])).split('\t');
      return { behind: Number(counts[0]), ahead: Number(counts[1]) };
    },
  };
}

export function logReads({ read }: Calls): Pick<Git, 'logBranches' | 'logFirstParents' | 'listSubjects'> {
  return {
    logFirstParents: async (base, branch) =>
      read([
        'log',
        '--first-parent',
        '-z',
        '--format=%P%x00%s%x00%b',
        '--no-color',
        `^${refOf(base)}`,
        refOf(branch),
        '--',
      ]),
    logBranches: async (base, branch) =>
      read([
        'log',
        '--no-merges',
        '--pretty=medium',
        '--no-color',
        '--no-decorate',
        `^${refOf(base)}`,
        refOf(branch),
        '--',
      ]),
    async listSubjects(base, branch, count) {
      const range = [`^${refOf(base)}`, refOf(branch), '--'];
      const log = ['log', '--no-merges', '--reverse', `--max-count=${count}`, '--format=%s', '--no-color', ...range];
      return (await read(log)).split('\n').filter((line) => line !== '');
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
