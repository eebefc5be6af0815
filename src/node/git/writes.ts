import { appendFile, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseConfigList, parseStatus } from '../../core/git/git.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import { LIST_CONFIG, refOf, relativeTo, requireName, withoutLineEnd, type Calls } from './calls.ts';
import type { Git } from './git.ts';

export function writes(
  calls: Calls,
): Pick<
  Git,
  | 'initialise'
  | 'setLocalIdentity'
  | 'setConfig'
  | 'addConfig'
  | 'unsetSection'
  | 'renameSection'
  | 'commitAll'
  | 'commitEmpty'
  | 'untrack'
  | 'pointHead'
> {
  const { read, ask, readContent, act } = calls;
  const hasSection = async (section: string): Promise<boolean> =>
    parseConfigList(await read(LIST_CONFIG)).some(({ scope, key }) => scope === 'local' && sectionOf(key) === section);
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
    async addConfig(key, value) {
      await act(['config', '--local', '--add', '--', key, value]);
    },
    async unsetSection(section) {
      await act(['config', '--local', '--remove-section', '--', section]).catch((error: unknown) => {
        if (!(error instanceof ExpectedError) || !/no such section/i.test(error.message)) throw error;
      });
    },
    async renameSection(section, to) {
      if (await hasSection(section)) await act(['config', '--local', '--rename-section', '--', section, to]);
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

/** Some files of the work tree, and nothing else of it. */
export function fileWrites({
  folder,
  act,
  ask,
  read,
}: Calls): Pick<Git, 'commitFiles' | 'restoreFiles' | 'stageFiles' | 'listMergedOtherwise'> {
  return {
    async stageFiles(files) {
      await act(['--literal-pathspecs', 'add', '--', ...files.map((file) => relativeTo(folder, file))]);
    },
    async listMergedOtherwise(files) {
      const paths = files.map((file) => relativeTo(folder, file));
      const fields = (await read(['check-attr', '-z', 'merge', 'conflict-marker-size', '--', ...paths])).split('\0');
      const isUsual = ['unspecified', 'set', 'text'];
      return files.filter((_, at) =>
        [0, 1].some((attribute) => !isUsual.includes(fields[(at * 2 + attribute) * 3 + 2] ?? '')),
      );
    },
    async commitFiles(files, message) {
      const paths = files.map((file) => relativeTo(folder, file));
      await act(['--literal-pathspecs', 'add', '--', ...paths]);
      const isSame = await ask(['--literal-pathspecs', 'diff', '--cached', '--quiet', '--', ...paths]);
      if (isSame === undefined)
        await act(['--literal-pathspecs', 'commit', '--quiet', `--message=${message}`, '--only', '--', ...paths]);
    },
    async restoreFiles(files) {
      for (const file of files) {
        const name = relativeTo(folder, file);
        const isKnown = (await read(['--literal-pathspecs', 'ls-tree', '--name-only', 'HEAD', '--', name])) !== '';
        if (isKnown) await act(['--literal-pathspecs', 'checkout', '--quiet', 'HEAD', '--', name]);
        else {
          await act(['--literal-pathspecs', 'rm', '--quiet', '--cached', '--force', '--ignore-unmatch', '--', name]);
          await rm(path.resolve(folder, file), { force: true });
        }
      }
    },
  };
}

export function branchWrites({
  act,
  read,
  query,
}: Calls): Pick<
  Git,
  'createBranch' | 'checkout' | 'checkoutNew' | 'merge' | 'fastForward' | 'renameBranch' | 'deleteBranch'
> {
  /** What git itself would write for a merge of the branch, by the user's settings. */
  const messageOf = async (branch: string): Promise<string> => {
    const commit = withoutLineEnd(await read(['rev-parse', '--verify', `${refOf(branch)}^{commit}`]));
    return withoutLineEnd(await query(['fmt-merge-msg'], `${commit}\t\tbranch '${branch}'\n`));
  };
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
    async merge(branch, fastForward, trailers = []) {
      const kind = fastForward === 'never' ? '--no-ff' : '--ff';
      const name = requireName(branch, 'branch');
      const message = trailers.length === 0 ? [] : [`--message=${await messageOf(name)}\n\n${trailers.join('\n')}`];
      await act(['merge', '--no-edit', kind, ...message, '--', name]);
    },
    async fastForward(remote, branch) {
      const counterpart = `refs/remotes/${requireName(remote, 'remote')}/${requireName(branch, 'branch')}`;
      await act(['merge', '--quiet', '--ff-only', '--', counterpart]);
    },
    async renameBranch(branch, to) {
      await act(['branch', '--move', '--', requireName(branch, 'branch'), requireName(to, 'branch')]);
    },
    async deleteBranch(branch, { force = false } = {}) {
      const options = ['--quiet', '--delete', ...(force ? ['--force'] : [])];
      await act(['branch', ...options, '--', requireName(branch, 'branch')]);
    },
  };
}

export function commitWrites({ act, ask, folder }: Calls): Pick<Git, 'squash' | 'rebase' | 'tag'> {
  return {
    async squash(branch, message, trailers = []) {
      const name = requireName(branch, 'branch');
      const place = await ask(['rev-parse', '--git-path', 'SQUASH_MSG']);
      const file = path.resolve(folder, withoutLineEnd(place ?? '.git/SQUASH_MSG'));
      try {
        await act(['merge', '--squash', '--', name]);
      } finally {
        // Where it has stopped at a conflict, whoever commits the resolution gets the message too.
        if (message !== undefined) await writeFile(file, message);
        if (trailers.length > 0) await appendFile(file, `\n${trailers.join('\n')}\n`);
      }
      if ((await ask(['diff', '--cached', '--quiet'])) === undefined) await act(['commit', '--quiet']);
      else await rm(file, { force: true });
    },
    async rebase(onto, { preserveMerges = false } = {}) {
      const options = ['--quiet', ...(preserveMerges ? ['--rebase-merges'] : [])];
      await act(['rebase', ...options, '--end-of-options', requireName(onto, 'branch')]);
    },
    async tag(name, on, message, { sign, key } = { sign: false }) {
      const words = 'text' in message ? [`--message=${message.text}`] : [`--file=${message.file}`];
      const signing = key === undefined ? [] : [`--local-user=${key}`];
      await act([
        'tag',
        sign ? '--sign' : '--annotate',
        ...signing,
        ...words,
        '--',
        requireName(name, 'tag'),
        'commit' in on ? requireName(on.commit, 'commit') : refOf(on.branch),
      ]);
    },
  };
}

export function recoveryWrites(
  calls: Calls,
): Pick<
  Git,
  | 'commitMerge'
  | 'continueRebase'
  | 'abortRebase'
  | 'abortMerge'
  | 'dropSquash'
  | 'detach'
  | 'updateRefs'
  | 'replaceSection'
  | 'pushCommit'
> {
  const { act, read, feed, exchange } = calls;
  return {
    async commitMerge() {
      await act(['commit', '--quiet', '--no-edit']);
    },
    async continueRebase() {
      await act(['rebase', '--continue']);
    },
    async abortRebase() {
      await act(['rebase', '--abort']);
    },
    async abortMerge() {
      await act(['merge', '--abort']);
    },
    async dropSquash() {
      await act(['reset', '--quiet', '--merge']);
    },
    async detach(commit) {
      await act(['checkout', '--quiet', '--detach', requireName(commit, 'commit'), '--']);
    },
    async updateRefs(changes) {
      const lines = changes.map(({ ref, from, to }) => {
        const words = [requireName(ref, 'branch'), ...[to, from].flatMap((commit) => commit ?? [])];
        if (to === null) return `delete ${words.join(' ')}`;
        return from === null ? `create ${words.join(' ')}` : `update ${words.join(' ')}`;
      });
      await feed(['update-ref', '--stdin'], `${['start', ...lines, 'prepare', 'commit'].join('\n')}\n`);
    },
    async replaceSection(section, entries) {
      const found = parseConfigList(await read(LIST_CONFIG));
      if (found.some(({ scope, key }) => scope === 'local' && sectionOf(key) === section))
        await act(['config', '--local', '--remove-section', '--', section]);
      for (const [key, value] of entries) await act(['config', '--local', '--add', '--', key, value]);
    },
    async pushCommit(remote, branch, commit) {
      const target = `${requireName(commit, 'commit')}:${refOf(branch)}`;
      await exchange(['push', '--quiet', '--', requireName(remote, 'remote'), target], { isSlow: true });
    },
  };
}

/** What a step that was cut has left in the tree. */
export function asideWrites(calls: Calls): Pick<Git, 'setAside' | 'listInTheWay'> {
  const { act, ask } = calls;
  return {
    listInTheWay: async (brought) => [...(await readInTheWay(calls, requireName(brought, 'commit'))).keys()],
    async setAside(ref, brought, folder) {
      // A stash takes no entries with conflicts.
      await act(['add', '--update', '--', ':/']);
      const kept = withoutLineEnd(await act(['stash', 'create']));
      const name = requireName(ref, 'branch');
      // Cut once more, it begins again: what it has kept already stays.
      const old = await ask(['rev-parse', '--quiet', '--verify', '--end-of-options', name]);
      if (kept !== '' && old !== undefined) await act(['update-ref', '--', `${name}-before`, withoutLineEnd(old)]);
      if (kept !== '') await act(['update-ref', '--', name, kept]);
      await act(['reset', '--quiet', '--hard']);
      let aside: string | undefined;
      for (const [way, object] of await readInTheWay(calls, requireName(brought, 'commit'))) {
        const file = path.resolve(calls.folder, way);
        const isSame = withoutLineEnd(await act(['hash-object', '--', relativeTo(calls.folder, way)])) === object;
        if (isSame) await rm(file, { force: true });
        else await moveFile(file, path.join((aside ??= await mkdtemp(path.join(folder, 'aside-'))), way));
      }
    },
  };
}

/** Files that git does not know and that the commit has, with its objects of them. */
async function readInTheWay({ read }: Calls, commit: string): Promise<ReadonlyMap<string, string>> {
  const split = (text: string): readonly string[] => text.split('\0').filter((part) => part !== '');
  const unknown = new Set(split(await read(['ls-files', '-z', '--others'])));
  if (unknown.size === 0) return new Map();
  const tree = split(await read(['ls-tree', '-r', '-z', '--full-tree', '--end-of-options', commit]));
  const entries = tree.map((line) => {
    const [words = '', ...names] = line.split('\t');
    return [names.join('\t'), words.split(' ')[2] ?? ''] as const;
  });
  return new Map(entries.filter(([name]) => unknown.has(name)));
}

async function moveFile(file: string, to: string): Promise<void> {
  await mkdir(path.dirname(to), { recursive: true });
  // A repository may lie on another disk than its work tree.
  await cp(file, to, { verbatimSymlinks: true });
  await rm(file, { force: true });
}

export function remoteWrites({
  act,
  exchange,
}: Calls): Pick<Git, 'fetch' | 'fetchAll' | 'push' | 'publish' | 'track' | 'deleteRemoteBranch'> {
  return {
    async fetch(remote, branch) {
      await exchange(['fetch', '--progress', '--', requireName(remote, 'remote'), requireName(branch, 'branch')]);
    },
    async fetchAll(remote, { prunes = false } = {}) {
      await exchange(['fetch', '--progress', ...(prunes ? ['--prune'] : []), '--', requireName(remote, 'remote')]);
    },
    async push(remote, refs) {
      const full = refs.map((ref) => {
        const tag = /^refs\/tags\/(.*)$/s.exec(ref)?.[1];
        return tag === undefined ? refOf(ref) : `refs/tags/${requireName(tag, 'tag')}`;
      });
      await pushTogether(exchange, requireName(remote, 'remote'), full);
    },
    async publish(remote, branch) {
      const refs = ['--', requireName(remote, 'remote'), refOf(branch)];
      await exchange(['push', '--quiet', '--set-upstream', ...refs], { isSlow: true });
    },
    async track(remote, branch) {
      const [name, counterpart] = [requireName(branch, 'branch'), `${requireName(remote, 'remote')}/${branch}`];
      await act(['checkout', '--quiet', '-b', name, '--track', counterpart, '--']);
    },
    async deleteRemoteBranch(remote, branch, expected, { mayBeGone = false } = {}) {
      const ref = `refs/heads/${requireName(branch, 'branch')}`;
      if (mayBeGone && (await exchange(['ls-remote', '--heads', '--', requireName(remote, 'remote'), ref])) === '') {
        await act(['branch', '--quiet', '--delete', '--remotes', '--', `${remote}/${branch}`]);
        return;
      }
      const lease = `--force-with-lease=${ref}:${requireName(expected, 'commit')}`;
      await exchange(['push', '--quiet', lease, '--', requireName(remote, 'remote'), `:${ref}`], { isSlow: true });
    },
  };
}

/** All or none, where the remote can do that; else the tags last, since they are what nobody takes back. */
async function pushTogether(exchange: Calls['exchange'], remote: string, refs: readonly string[]): Promise<void> {
  const push = (options: readonly string[], some: readonly string[]): Promise<string> =>
    exchange(['push', '--quiet', ...options, '--', remote, ...some], { isSlow: true });
  if (refs.length < 2) {
    await push([], refs);
    return;
  }
  try {
    await push(['--atomic'], refs);
  } catch (error) {
    if (!(error instanceof ExpectedError) || !error.message.includes('does not support --atomic')) throw error;
    const isTag = (ref: string): boolean => ref.startsWith('refs/tags/');
    const branches = refs.filter((ref) => !isTag(ref));
    if (branches.length > 0) await push([], branches);
    const tags = refs.filter(isTag);
    if (tags.length > 0) await push([], tags);
  }
}

function sectionOf(key: string): string {
  return key.slice(0, key.lastIndexOf('.'));
}
