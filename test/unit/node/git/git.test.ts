import { appendFile, chmod, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openGit, type Git } from '../../../../src/node/git/git.ts';
import { exists } from '../../../../src/node/files/files.ts';
import { commit, end, git as runGit, makeGround, type Ground } from './repository.ts';

let ground: Ground;
beforeAll(async () => {
  ground = await makeGround();
});
afterAll(() => ground.remove());

async function makeRepository(): Promise<{ folder: string; git: Git }> {
  const folder = await ground.make();
  const git = openGit(folder, { env: ground.env });
  await git.initialise('main');
  return { folder, git };
}

describe('places', () => {
  test('a new repository: unborn, then with its first commit', async () => {
    const { folder, git } = await makeRepository();
    expect(await git.isRepository()).toBe(true);
    expect(await git.isRoot()).toBe(true);
    expect(await git.head()).toBeUndefined();
    expect(await git.currentBranch()).toBe('main');
    expect(await git.commitAll('nothing')).toBeUndefined();
    await writeFile(path.join(folder, 'a b.txt'), 'x\n');
    const hash = await git.commitAll('First commit\n\nWith a body');
    expect(await git.head()).toEqual({ commit: hash, branch: 'main' });
    expect(await runGit(folder, ground.env, 'log', '-1', '--format=%B')).toBe('First commit\n\nWith a body');
    await runGit(folder, ground.env, 'checkout', '-q', '--detach');
    expect(await git.head()).toEqual({ commit: hash, branch: null });
    expect(await git.currentBranch()).toBeUndefined();
  });

  test('a folder inside, a linked work tree, a folder outside, no folder', async () => {
    const { folder, git } = await makeRepository();
    await commit(folder, ground.env, 'a', '1');
    const inner = path.join(folder, 'in ner');
    await mkdir(inner);
    const inside = openGit(inner, { env: ground.env });
    expect([await inside.isRepository(), await inside.isRoot(), await inside.root()]).toEqual([true, false, folder]);

    const linked = path.join(ground.folder, 'linked');
    await runGit(folder, ground.env, 'worktree', 'add', '-q', '-b', 'other', linked);
    const other = openGit(linked, { env: ground.env });
    expect(await other.isRoot()).toBe(true);
    expect(await other.gitDirectory()).toBe(path.join(folder, '.git', 'worktrees', 'linked'));
    expect(await other.commonDirectory()).toBe(path.join(folder, '.git'));
    expect((await git.branches()).find(({ name }) => name === 'other')?.worktree).toBe(linked);

    for (const place of [await ground.make('plain'), path.join(ground.folder, 'none')]) {
      const outside = openGit(place, { env: ground.env });
      expect([await outside.isRepository(), await outside.head()]).toEqual([false, undefined]);
      await expect(outside.root()).rejects.toMatchObject({ code: 'not-a-repository' });
      await expect(outside.branches()).rejects.toMatchObject({ code: 'not-a-repository' });
    }
  });

  test('no git program: a name and what to install; what only asks says no', async () => {
    const { folder } = await makeRepository();
    const git = openGit(folder, { env: { ...ground.env, PATH: ground.folder } });
    expect([await git.isRepository(), await git.head()]).toEqual([false, undefined]);
    await expect(git.root()).rejects.toMatchObject({
      code: 'missing-program',
      message: expect.stringContaining('git-scm.com'),
    });
  });

  test('an old git is refused, a git in the working folder is never found', async () => {
    const { folder } = await makeRepository();
    const old = await ground.make('bin');
    await writeFile(path.join(old, 'git'), '#!/bin/sh\necho git version 2.25.1\n', { mode: 0o755 });
    const git = openGit(folder, { env: { ...ground.env, PATH: old } });
    await expect(git.root()).rejects.toMatchObject({
      code: 'missing-program',
      message: expect.stringContaining('2.25.1'),
    });
    await writeFile(path.join(folder, 'git'), '#!/bin/sh\ntouch planted\n', { mode: 0o755 });
    const planted = openGit(folder, { env: { ...ground.env, PATH: ['.', ''].join(path.delimiter) } });
    await expect(planted.root()).rejects.toMatchObject({ code: 'missing-program' });
    expect(await exists(path.join(folder, 'planted'))).toBe(false);
  });

  test.each<[string, string, string]>([
    ['fatal: not a git repository (or any of the parent directories): .git', 'not-a-repository', 'git init'],
    [
      "fatal: detected dubious ownership in repository at '/x'\nTo add an exception for this directory, call:\n\n\tgit config --global --add safe.directory /x",
      'not-a-repository',
      'safe.directory /x',
    ],
    ["fatal: cannot use bare repository '/x' (safe.bareRepository is 'explicit')", 'not-a-repository', 'bare'],
    ["fatal: Unable to create '/x/.git/index.lock': File exists.", 'git-failed', 'delete that lock file'],
    ['Author identity unknown\n\n*** Please tell me who you are.', 'git-failed', 'user.name'],
    [
      'error: Your local changes to the following files would be overwritten by checkout:\n\ta\nAborting',
      'dirty-tree',
      'stash',
    ],
    ["fatal: 'develop' is already used by worktree at '/y'", 'branch-state', 'git worktree remove'],
    ['error: unable to write file: No space left on device', 'disk', 'free some space'],
    ['fatal: refusing to merge unrelated histories', 'branch-state', '--unshallow'],
    ["fatal: couldn't find remote ref x", 'branch-state', '--prune'],
    [' ! [rejected] x -> x (stale info)', 'branch-state', 'git fetch'],
    ["fatal: transport 'ext' not allowed", 'git-failed', 'not used'],
    ["fatal: unable to access 'https://example.org/': Could not resolve host", 'git-failed', 'connection'],
    ['fatal: something new \u001b]0;title\u0007', 'git-failed', 'something new \\u001b]0;title\\u0007'],
  ])('git says %j', async (words, code, advice) => {
    const bin = await ground.make('bin');
    await writeFile(path.join(bin, 'words'), words);
    await writeFile(
      path.join(bin, 'git'),
      `#!/bin/sh\n[ "$1" = version ] && { echo git version 2.50.0; exit; }\ncat "${bin}/words" >&2; exit 128\n`,
      { mode: 0o755 },
    );
    const git = openGit(bin, { env: { ...ground.env, PATH: `${bin}${path.delimiter}${ground.env['PATH'] ?? ''}` } });
    await expect(git.root()).rejects.toMatchObject({ code, message: expect.stringContaining(advice) });
    if (code === 'not-a-repository') expect([await git.isRepository(), await git.head()]).toEqual([false, undefined]);
  });

  test('variables of a surrounding git do not lead elsewhere', async () => {
    const { folder } = await makeRepository();
    const { folder: elsewhere } = await makeRepository();
    await commit(elsewhere, ground.env, 'secret', '1');
    const misled = {
      GIT_DIR: path.join(elsewhere, '.git'),
      GIT_WORK_TREE: elsewhere,
      GIT_INDEX_FILE: path.join(elsewhere, '.git', 'index'),
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'core.bare',
      GIT_CONFIG_VALUE_0: 'true',
      GIT_EXTERNAL_DIFF: 'false',
      EDITOR: 'false',
      PAGER: 'false',
    };
    const git = openGit(folder, { env: { ...ground.env, ...misled } });
    expect(await git.root()).toBe(folder);
    await writeFile(path.join(folder, 'mine'), '1');
    await git.commitAll('mine');
    expect(await git.isTracked('mine')).toBe(true);
    expect(await git.isTracked('secret')).toBe(false);
  });
});

describe('contents', () => {
  test('changes, their patch, and what is tracked or ignored', async () => {
    const { folder, git } = await makeRepository();
    await writeFile(path.join(folder, '.gitignore'), '*.log\n');
    await writeFile(path.join(folder, 'bytes'), Buffer.from([0, 255, 10, 13]));
    await writeFile(path.join(folder, 'text'), 'one\n');
    await git.commitAll('first');
    expect([await git.isDirty(), (await git.diff()).length]).toEqual([false, 0]);
    await writeFile(path.join(folder, 'new'), 'x');
    expect([await git.isDirty(), await git.status()]).toEqual([
      false,
      [{ kind: 'untracked', code: '??', path: 'new' }],
    ]);
    await writeFile(path.join(folder, 'bytes'), Buffer.from([0, 254, 10, 13]));
    await writeFile(path.join(folder, 'text'), 'one \u00e9\n');
    await runGit(folder, ground.env, 'add', 'text');
    expect(await git.isDirty()).toBe(true);
    expect((await git.changes()).map(({ code, path: file }) => `${code} ${file}`)).toEqual(['.M bytes', 'M. text']);

    const patch = path.join(ground.folder, 'dirty.patch');
    await writeFile(patch, await git.diff());
    await runGit(folder, ground.env, 'stash', '-q');
    expect(await git.isDirty()).toBe(false);
    await runGit(folder, ground.env, 'apply', patch);
    expect(await git.isDirty()).toBe(true);
    expect(await runGit(folder, ground.env, 'diff', 'stash@{0}')).toBe('');

    for (const [file, tracked, ignored] of [
      ['text', true, false],
      [path.join(folder, 'text'), true, false],
      ['.', true, false],
      ['new', false, false],
      ['a.log', false, true],
      [':(glob)*', false, false],
      ['*', false, false],
    ] as const)
      expect([file, await git.isTracked(file), await git.isIgnored(file)]).toEqual([file, tracked, ignored]);
  });

  test('who commits is known, not guessed', async () => {
    const nobody = await makeGround('');
    try {
      const git = openGit(await nobody.make(), { env: nobody.env });
      await git.initialise('main');
      expect(await git.hasIdentity()).toBe(false);
      await git.setLocalIdentity({ name: 'A. Ü. Thor', email: 'a@example.org' });
      expect(await git.hasIdentity()).toBe(true);
      await git.commitEmpty('x');
      expect(await runGit(git.folder, nobody.env, 'log', '-1', '--format=%an <%ae>')).toBe(
        'A. Ü. Thor <a@example.org>',
      );
    } finally {
      await nobody.remove();
    }
  });

  test('settings: subsections with dots and #, values with a dash, sections removed whole, twice without harm', async () => {
    const { git } = await makeRepository();
    await git.setConfig('gitflow.branch.feature/A.1#2.base', '-develop');
    await git.setConfig('gitflow.branch.feature/A.1#2.base', 'develop');
    const find = async (): Promise<unknown> =>
      (await git.readConfig()).filter(({ key }) => key.startsWith('gitflow.')).map(({ key, value }) => [key, value]);
    expect(await find()).toEqual([['gitflow.branch.feature/A.1#2.base', 'develop']]);
    expect((await git.readConfig()).some(({ scope }) => scope === 'command')).toBe(false);
    await git.unsetSection('gitflow.branch.feature/A.1#2');
    await git.unsetSection('gitflow.branch.feature/A.1#2');
    expect(await find()).toEqual([]);
  });
});

describe('hostile repositories (F32)', () => {
  const READS = [
    ['isRepository', (git: Git) => git.isRepository()],
    ['isRoot', (git: Git) => git.isRoot()],
    ['root', (git: Git) => git.root()],
    ['gitDirectory', (git: Git) => git.gitDirectory()],
    ['commonDirectory', (git: Git) => git.commonDirectory()],
    ['head', (git: Git) => git.head()],
    ['currentBranch', (git: Git) => git.currentBranch()],
    ['isDirty', (git: Git) => git.isDirty()],
    ['changes', (git: Git) => git.changes()],
    ['status', (git: Git) => git.status()],
    ['diff', (git: Git) => git.diff()],
    ['isTracked', (git: Git) => git.isTracked('a.txt')],
    ['isIgnored', (git: Git) => git.isIgnored('a.txt')],
    ['readConfig', (git: Git) => git.readConfig()],
    ['hasIdentity', (git: Git) => git.hasIdentity()],
    ['branches', (git: Git) => git.branches()],
    ['compare', (git: Git) => git.compare('other', 'main')],
  ] as const;

  /** A repository in which whatever git can be told to run leaves a file in `marks`. */
  async function makeTrap(): Promise<{ folder: string; marks: string }> {
    const folder = await ground.make('trap');
    const marks = await ground.make('marks');
    const bait = path.join(ground.folder, 'bait.sh');
    await writeFile(bait, `#!/bin/sh\ntouch "${marks}/$1"\n`, { mode: 0o755 });
    await chmod(bait, 0o755);
    const env = ground.env;
    await runGit(folder, env, 'init', '-q', '-b', 'main');
    await commit(folder, env, 'a.txt', 'one');
    await commit(folder, env, 'b.bin', 'one');
    await runGit(folder, env, 'branch', 'other');
    await writeFile(path.join(folder, '.gitattributes'), '*.txt filter=evil diff=evil\n*.bin filter=a=b.c diff=evil\n');
    const hooks = path.join(folder, 'hooks');
    await mkdir(hooks);
    for (const name of [
      'post-index-change',
      'post-checkout',
      'pre-commit',
      'fsmonitor-watchman',
      'reference-transaction',
    ])
      await writeFile(path.join(hooks, name), `#!/bin/sh\ntouch "${marks}/hook-${name}"\n`, { mode: 0o755 });
    await mkdir(path.join(folder, '.git', 'hooks'), { recursive: true });
    await writeFile(
      path.join(folder, '.git', 'hooks', 'post-index-change'),
      `#!/bin/sh\ntouch "${marks}/hook-default"\n`,
      { mode: 0o755 },
    );
    const run = (name: string): string => `${bait} ${name}`;
    const settings = {
      'core.fsmonitor': run('fsmonitor'),
      'core.hooksPath': hooks,
      'core.pager': run('pager'),
      'core.editor': run('editor'),
      'core.sshCommand': run('ssh'),
      'core.askPass': run('askpass'),
      'core.gitProxy': run('proxy'),
      'pager.status': run('pager-status'),
      'pager.diff': run('pager-diff'),
      'gpg.program': run('gpg'),
      'log.showSignature': 'true',
      'diff.external': run('diff-external'),
      'diff.evil.textconv': run('textconv'),
      'diff.evil.command': run('diff-command'),
      'filter.evil.clean': run('clean'),
      'filter.evil.smudge': run('smudge'),
      'filter.evil.required': 'true',
      'filter.a=b.c.process': run('process'),
      'filter.a=b.c.clean': run('clean-odd'),
      'alias.status': `!${run('alias-status')}`,
      'alias.config': `!${run('alias-config')}`,
      'credential.helper': `!${run('credential')}`,
      'status.submoduleSummary': 'true',
      'extensions.partialClone': 'origin',
      'core.repositoryFormatVersion': '1',
      'remote.origin.promisor': 'true',
      'remote.origin.url': `ext::${run('ext')}`,
      'remote.origin.uploadpack': run('uploadpack'),
      'protocol.ext.allow': 'always',
      'protocol.allow': 'always',
    };
    // Written as a text: git itself would run the traps while it is told of them.
    const lines = Object.entries(settings).map(([key, value]) => {
      const [, section = '', sub, name = ''] = /^([^.]+)(?:\.(.+))?\.([^.]+)$/.exec(key) ?? [];
      return `[${section}${sub === undefined ? '' : ` "${sub}"`}]\n\t${name} = "${value}"\n`;
    });
    await appendFile(path.join(folder, '.git', 'config'), lines.join(''));
    // Both files look changed, so that git has to look into them.
    await writeFile(path.join(folder, 'a.txt'), 'two');
    await writeFile(path.join(folder, 'b.bin'), 'two');
    return { folder, marks };
  }

  test('the trap works: plain git runs it', async () => {
    const { folder, marks } = await makeTrap();
    await end(folder, ground.env, 'git', 'status', '--porcelain');
    await end(folder, ground.env, 'git', 'diff', '--', 'a.txt');
    const sprung = await readdir(marks);
    expect(sprung).toEqual(expect.arrayContaining(['clean', 'fsmonitor']));
    expect(sprung.some((name) => ['diff-external', 'diff-command', 'textconv'].includes(name))).toBe(true);
  });

  test('no read runs anything', async () => {
    const { folder, marks } = await makeTrap();
    const git = openGit(folder, { env: ground.env });
    for (const [name, read] of READS) {
      await read(git);
      expect([name, await readdir(marks)]).toEqual([name, []]);
    }
  });

  test('the reads still tell the truth there', async () => {
    const { folder } = await makeTrap();
    const git = openGit(folder, { env: ground.env });
    expect(await git.isDirty()).toBe(true);
    expect((await git.diff()).toString()).toContain('+two');
    expect(await git.compare('other', 'main')).toEqual({ ahead: 0, behind: 0 });
  });

  test.each([
    ['ext', undefined],
    ['uploadpack', '.'],
  ])('an object that is missing is not fetched by a read: %s', async (mark, url) => {
    const { folder, marks } = await makeTrap();
    const config = path.join(folder, '.git', 'config');
    if (url !== undefined) await writeFile(config, (await readFile(config, 'utf8')).replace(/"ext::.*"/, url));
    const hash = await runGit(folder, { ...ground.env, GIT_NO_LAZY_FETCH: '1' }, 'rev-parse', 'HEAD:a.txt');
    await rm(path.join(folder, '.git', 'objects', hash.slice(0, 2), hash.slice(2)));
    const clear = async (): Promise<void> => {
      for (const name of await readdir(marks)) await rm(path.join(marks, name));
    };
    await clear();
    await end(folder, ground.env, 'git', 'cat-file', '-p', hash);
    expect(await readdir(marks)).toContain(mark);
    await clear();
    const git = openGit(folder, { env: ground.env });
    await expect(git.diff()).rejects.toMatchObject({ code: 'git-failed' });
    expect(await readdir(marks)).toEqual([]);
  });

  test('a remote that runs a program is refused also when the user starts it', async () => {
    const { folder } = await makeRepository();
    const marks = await ground.make('marks');
    await runGit(folder, ground.env, 'remote', 'add', 'origin', `ext::touch ${marks}/ext`);
    await runGit(folder, ground.env, 'config', 'protocol.ext.allow', 'always');
    const git = openGit(folder, { env: ground.env });
    await expect(git.fetch('origin', 'main')).rejects.toMatchObject({ code: 'git-failed' });
    expect(await readdir(marks)).toEqual([]);
  });
});
