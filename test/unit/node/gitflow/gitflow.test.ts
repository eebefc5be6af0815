import { chmod, mkdir, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { performFlow, planFlow, readFlow } from '../../../../src/node/gitflow/gitflow.ts';
import { exists } from '../../../../src/node/files/files.ts';
import { takeLock } from '../../../../src/node/locks/locks.ts';
import { commit, git, makeGround, readFlowConfig, readGraph } from '../git/repository.ts';
import { refused, useFlowGround } from './ground.ts';

const { ground, env, flow, start, finish, makeFlow, makeConflict, current } = useFlowGround();
const mergeBase = (folder: string): string => path.join(folder, '.git', '.gitflow', 'MERGE_BASE');

describe('init', () => {
  test('an unborn branch: the first commit, develop, nine keys; the second time nothing', async () => {
    const folder = await ground().make();
    await git(folder, env(), 'init', '-q', '-b', 'main');
    const result = await flow(folder, { action: 'init' });
    expect(result).toMatchObject({ branch: 'develop', base: 'main', current: 'develop' });
    expect(await readGraph(folder, env())).toEqual([
      'Initial commit <- ',
      'refs/heads/develop Initial commit',
      'refs/heads/main Initial commit',
      'HEAD develop',
    ]);
    expect(await readFlowConfig(folder, env())).toHaveLength(9);
    expect((await flow(folder, { action: 'init' })).steps).toEqual([]);
  });

  test('develop on the remote only is taken from there', async () => {
    const folder = await makeFlow({ remote: true });
    await commit(folder, env(), 'd', '1');
    await git(folder, env(), 'push', '-q', 'origin', 'develop');
    const clone = path.join(ground().folder, 'clone');
    const origin = await git(folder, env(), 'remote', 'get-url', 'origin');
    await git(ground().folder, env(), 'clone', '-q', '-b', 'main', origin, clone);
    await flow(clone, { action: 'init' });
    expect(await git(clone, env(), 'rev-parse', '--abbrev-ref', 'develop@{upstream}')).toBe('origin/develop');
    expect(await current(clone)).toBe('develop');
  });

  test('nobody to commit as: refused before anything was written', async () => {
    const nobody = await makeGround('');
    try {
      const folder = await nobody.make();
      await git(folder, nobody.env, 'init', '-q', '-b', 'main');
      const error = await refused(performFlow(folder, { action: 'init' }, { env: nobody.env }));
      expect(error.message).toContain('user.name');
      expect(await readFlowConfig(folder, nobody.env)).toEqual([]);
    } finally {
      await nobody.remove();
    }
  });

  test('outside of a repository', async () => {
    const error = await refused(flow(await ground().make(), { action: 'init' }));
    expect(error).toMatchObject({ code: 'not-a-repository', message: expect.stringContaining('git init') });
  });
});

describe('start and finish', () => {
  test('one commit: fast-forwarded, branch and base key gone', async () => {
    const folder = await makeFlow();
    await start(folder, '1.2#3');
    expect(await current(folder)).toBe('feature/1.2#3');
    expect(await readFlowConfig(folder, env())).toContain('gitflow.branch.feature/1.2#3.base develop');
    await commit(folder, env(), 'f', '1');
    const result = await finish(folder);
    expect(result.summary).toEqual([
      'The feature branch feature/1.2#3 is merged into develop.',
      'The branch was deleted here.',
    ]);
    expect(await readGraph(folder, env())).toEqual([
      'a: 1 <- ',
      'f: 1 <- a: 1',
      'refs/heads/develop f: 1',
      'refs/heads/main a: 1',
      'HEAD develop',
    ]);
    expect(await readFlowConfig(folder, env())).toHaveLength(9);
  });

  test('two commits: a merge commit with git’s own message; a bugfix likewise', async () => {
    const folder = await makeFlow();
    for (const type of ['feature', 'bugfix'] as const) {
      await flow(folder, { action: 'start', type, name: 'x' });
      await commit(folder, env(), type, '1');
      await commit(folder, env(), type, '2');
      await flow(folder, { action: 'finish', type, name: 'x' });
    }
    const graph = await readGraph(folder, env());
    expect(graph).toContain("Merge branch 'feature/x' into develop <- a: 1, feature: 2");
    expect(graph).toContain("Merge branch 'bugfix/x' into develop <- Merge branch 'feature/x' into develop, bugfix: 2");
    expect(graph.filter((line) => line.startsWith('refs/'))).toHaveLength(2);
  });

  test('kept, and with a merge commit for one commit', async () => {
    const folder = await makeFlow();
    await start(folder, 'x', 'main');
    await commit(folder, env(), 'f', '1');
    await flow(folder, { action: 'finish', type: 'feature', name: 'x', keep: true, noFastForward: true });
    const graph = await readGraph(folder, env());
    expect(graph).toContain("Merge branch 'feature/x' <- a: 1, f: 1");
    expect(graph).toContain('refs/heads/feature/x f: 1');
    expect(await current(folder)).toBe('main');
    expect(await readFlowConfig(folder, env())).toContain('gitflow.branch.feature/x.base main');
  });

  test('changes of the tree are carried into a new branch, and stop a finish', async () => {
    const folder = await makeFlow();
    await writeFile(path.join(folder, 'a'), 'changed');
    await writeFile(path.join(folder, 'unknown'), 'not tracked');
    await start(folder, 'x');
    const error = await refused(finish(folder, 'x'));
    expect(error).toMatchObject({ code: 'dirty-tree', message: expect.stringContaining('  a\n') });
    expect(error.message).not.toContain('unknown');
    expect(await readFile(path.join(folder, 'a'), 'utf8')).toBe('changed');
    await git(folder, env(), 'commit', '-qam', 'changed');
    await finish(folder, 'x');
    expect(await exists(path.join(folder, 'unknown'))).toBe(true);
  });

  test('a start that git refuses leaves no key behind', async () => {
    const folder = await makeFlow();
    await commit(folder, env(), 'a', 'new');
    await writeFile(path.join(folder, 'a'), 'changed');
    const error = await refused(start(folder, 'x', 'main'));
    expect(error.code).toBe('dirty-tree');
    expect(error.message).toContain('a');
    expect(await readFlowConfig(folder, env())).toHaveLength(9);
    expect(await current(folder)).toBe('develop');
    expect(await readFile(path.join(folder, 'a'), 'utf8')).toBe('changed');
  });

  test('a file that git does not know is not overwritten; the finish goes on when it is moved away', async () => {
    const folder = await makeFlow();
    await start(folder, 'x');
    await commit(folder, env(), 'new', '1');
    await commit(folder, env(), 'new', '2');
    await git(folder, env(), 'checkout', '-q', 'develop');
    await writeFile(path.join(folder, 'new'), 'mine');
    const error = await refused(finish(folder, 'x'));
    expect(error.code).toBe('dirty-tree');
    expect(await readFile(path.join(folder, 'new'), 'utf8')).toBe('mine');
    expect(await exists(mergeBase(folder))).toBe(false);
    await rm(path.join(folder, 'new'));
    await finish(folder, 'x');
    expect(await readFile(path.join(folder, 'new'), 'utf8')).toBe('2');
  });

  test('a detached HEAD, a lock of git, an unborn branch', async () => {
    const folder = await makeFlow();
    await start(folder, 'x');
    await commit(folder, env(), 'f', '1');
    await git(folder, env(), 'checkout', '-q', '--detach');
    expect((await readFlow(folder, { env: env() })).current).toBeNull();
    expect((await refused(finish(folder))).code).toBe('bad-arguments');
    const lock = path.join(folder, '.git', 'index.lock');
    await writeFile(lock, '');
    const error = await refused(finish(folder, 'x'));
    expect(error).toMatchObject({ code: 'git-failed', message: expect.stringContaining('delete that lock file') });
    await rm(lock);
    await finish(folder, 'x');
    expect(await current(folder)).toBe('develop');

    const unborn = await ground().make();
    await git(unborn, env(), 'init', '-q', '-b', 'main');
    expect(await refused(start(unborn, 'x'))).toMatchObject({ code: 'not-gitflow' });
    expect(await readFlow(unborn, { env: env() })).toMatchObject({ initialised: false, current: 'main', topics: [] });
  });

  /** Name → a work tree that git does not know by its own folder alone, with main checked out. */
  const places: Readonly<Record<string, () => Promise<string>>> = {
    'a submodule': async () => {
      const above = await ground().make('above');
      await git(above, env(), 'init', '-q');
      const source = await makeFlow();
      await git(source, env(), 'checkout', '-q', 'main');
      await git(above, env(), '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', source, 'lib');
      return path.join(above, 'lib');
    },
    'a repository with its directory elsewhere': async () => {
      const folder = await ground().make();
      await git(folder, env(), 'init', '-q', '-b', 'main', '--separate-git-dir', `${folder}.git`);
      await commit(folder, env(), 'a', '1');
      return folder;
    },
    'a work tree of a bare repository whose HEAD names a branch, too': async () => {
      const folder = await ground().make();
      await git(folder, env(), 'clone', '-q', '--bare', await makeFlow(), '.bare');
      await git(path.join(folder, '.bare'), env(), 'symbolic-ref', 'HEAD', 'refs/heads/develop');
      await git(path.join(folder, '.bare'), env(), 'worktree', 'add', '-q', '../work', 'main');
      return path.join(folder, 'work');
    },
  };

  test.each(Object.entries(places))('%s', async (_name, make) => {
    const folder = await make();
    await flow(folder, { action: 'init' });
    await start(folder, 'x');
    await commit(folder, env(), 'f', '1');
    await finish(folder, 'x');
    expect(await current(folder)).toBe('develop');
    expect(await git(folder, env(), 'branch', '--list', 'feature/*')).toBe('');
  });

  test('a linked work tree: its own state, and branches that are in use elsewhere', async () => {
    const folder = await makeConflict();
    const linked = path.join(ground().folder, 'linked');
    await git(folder, env(), 'checkout', '-q', 'main');
    await git(folder, env(), 'worktree', 'add', '-q', linked, 'develop');
    expect(await refused(finish(folder, 'x'))).toMatchObject({
      code: 'branch-state',
      message: expect.stringContaining(linked),
    });
    expect((await refused(finish(linked, 'x'))).code).toBe('merge-conflict');
    const gitDirectory = path.join(folder, '.git', 'worktrees', 'linked');
    expect(await readFile(path.join(gitDirectory, '.gitflow', 'MERGE_BASE'), 'utf8')).toBe('develop\n');
    expect((await readFlow(folder, { env: env() })).unfinished).toBeNull();
    await commit(linked, env(), 'a', 'both');
    await finish(linked, 'x');
    expect(await readGraph(linked, env())).toContain('a: both <- a: ours, b: 1');
    expect(await git(folder, env(), 'branch', '--list', 'feature/*')).toBe('');
  });
});

describe('around it', () => {
  test('the plan changes nothing and is what is then done', async () => {
    const folder = await makeFlow();
    await start(folder, 'x');
    await commit(folder, env(), 'f', '1');
    const before = await readGraph(folder, env());
    const { plan } = await planFlow(folder, { action: 'finish', type: 'feature', name: 'x' }, { env: env() });
    expect(plan.map(({ command }) => command)).toEqual([
      'git checkout develop',
      'git merge --ff feature/x',
      'git branch -d feature/x',
      'git config --local --remove-section gitflow.branch.feature/x',
    ]);
    expect(await readGraph(folder, env())).toEqual(before);
    expect((await finish(folder, 'x')).steps).toEqual(plan);
  });

  test("git-flow's hooks run with its arguments; one that fails refuses", async () => {
    const folder = await makeFlow();
    const hooks = path.join(folder, '.git', 'hooks');
    await mkdir(hooks, { recursive: true });
    const write = async (name: string, code: number): Promise<void> => {
      await writeFile(path.join(hooks, name), `#!/bin/sh\necho "${name} $*" >> "$DOT_GIT_DIR/calls"\nexit ${code}\n`);
      await chmod(path.join(hooks, name), 0o755);
    };
    await write('pre-flow-feature-start', 0);
    await write('post-flow-feature-start', 1);
    await write('pre-flow-feature-finish', 3);
    await start(folder, 'x');
    await commit(folder, env(), 'f', '1');
    const error = await refused(finish(folder));
    expect(error).toMatchObject({ code: 'branch-state', message: expect.stringContaining('exit code 3') });
    expect(await current(folder)).toBe('feature/x');
    expect((await readFile(path.join(folder, '.git', 'calls'), 'utf8')).trimEnd().split('\n')).toEqual([
      'pre-flow-feature-start x origin feature/x develop',
      'post-flow-feature-start x origin feature/x develop',
      'pre-flow-feature-finish x origin feature/x',
    ]);
  });

  test('while a pipeline of the project runs, its files are left alone', async () => {
    const folder = await makeFlow();
    await mkdir(path.join(folder, '.dvc'));
    const lock = await takeLock(path.join(folder, '.mlops', 'tmp', 'locks', 'project.json'), 'mlops run');
    expect(await refused(start(folder, 'x'))).toMatchObject({
      code: 'busy',
      message: expect.stringContaining('mlops run'),
    });
    await lock.release();
    await start(folder, 'x');
    expect(await readdir(path.join(folder, '.mlops', 'tmp', 'locks'))).toEqual([]);
    expect(await git(folder, env(), 'status', '--porcelain')).toBe('');
  });

  test.each(['', 'inner'])('so are they when the project is opened through a link: %j', async (inner) => {
    const folder = await makeFlow();
    await mkdir(path.join(folder, '.dvc'));
    await mkdir(path.join(folder, 'inner'));
    const link = path.join(await ground().make('links'), 'link');
    await symlink(path.join(folder, inner), link);
    const lock = await takeLock(path.join(folder, '.mlops', 'tmp', 'locks', 'project.json'), 'mlops run');
    expect(await refused(start(link, 'x'))).toMatchObject({ code: 'busy' });
    await lock.release();
    await start(link, 'x');
    expect(await readdir(path.join(folder, '.mlops', 'tmp', 'locks'))).toEqual([]);
  });

  test('git-flow-next in the middle of a finish is left alone', async () => {
    const folder = await makeFlow();
    await start(folder, 'x');
    const state = path.join(folder, '.git', 'gitflow', 'state');
    await mkdir(state, { recursive: true });
    const text = '{"action":"finish","branchType":"feature","branchName":"x","fullBranchName":"feature/x"}';
    await writeFile(path.join(state, 'merge.json'), text);
    expect((await refused(finish(folder, 'x'))).message).toContain('git flow feature finish --continue');
    expect((await readFlow(folder, { env: env() })).unfinished).toMatchObject({ kind: 'next', branch: 'feature/x' });
    expect(await readFile(path.join(state, 'merge.json'), 'utf8')).toBe(text);
  });

  test('stopped by the user between two steps', async () => {
    const folder = await makeFlow();
    const abort = new AbortController();
    const reporter = { stepStarted: () => abort.abort(), note: () => undefined };
    const error = await refused(
      performFlow(
        folder,
        { action: 'start', type: 'feature', name: 'x' },
        { env: env(), signal: abort.signal, reporter },
      ),
    );
    expect(error.code).toBe('stopped');
    expect(await current(folder)).toBe('develop');
  });

  test('a notebook filter of the repository decides what counts as changed when the user starts something', async () => {
    const folder = await makeFlow();
    await commit(folder, env(), '.gitattributes', '*.nb filter=strip\n');
    await git(folder, env(), 'config', 'filter.strip.clean', 'sed /output/d');
    await writeFile(path.join(folder, 'n.nb'), 'code\noutput 1\n');
    await git(folder, env(), 'add', 'n.nb');
    await git(folder, env(), 'commit', '-q', '-m', 'notebook');
    await start(folder, 'x');
    await commit(folder, env(), 'f', '1');
    await writeFile(path.join(folder, 'n.nb'), 'code\noutput 2\n');
    await finish(folder);
    expect(await current(folder)).toBe('develop');
  });
});
