import { chmod, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { performFlow, planFlow, readFlow } from '../../../../src/node/gitflow/gitflow.ts';
import { exists } from '../../../../src/node/files/files.ts';
import { takeLock } from '../../../../src/node/locks/locks.ts';
import type { ExpectedError } from '../../../../src/protocol/errors.ts';
import type { FlowRequest, FlowResult } from '../../../../src/protocol/gitflow.ts';
import { commit, git, makeGround, readFlowConfig, readGraph, type Ground } from '../git/repository.ts';

let ground: Ground;
beforeAll(async () => {
  ground = await makeGround();
});
afterAll(() => ground.remove());

const env = (): NodeJS.ProcessEnv => ground.env;
const flow = (folder: string, request: FlowRequest): Promise<FlowResult> =>
  performFlow(folder, request, { env: env() });
const start = (folder: string, name: string, base?: string): Promise<FlowResult> =>
  flow(folder, { action: 'start', type: 'feature', name, ...(base === undefined ? {} : { base }) });
const finish = (folder: string, name?: string): Promise<FlowResult> =>
  flow(folder, { action: 'finish', type: 'feature', ...(name === undefined ? {} : { name }) });

/** A repository with main and develop, Gitflow set up, develop checked out; with `remote` both are pushed to an origin. */
async function makeFlow({ remote = false } = {}): Promise<string> {
  const folder = await ground.make();
  await git(folder, env(), 'init', '-q', '-b', 'main');
  await commit(folder, env(), 'a', '1');
  await flow(folder, { action: 'init' });
  if (remote) {
    const origin = await ground.make('origin');
    await git(origin, env(), 'init', '-q', '--bare');
    await git(folder, env(), 'remote', 'add', 'origin', origin);
    await git(folder, env(), 'push', '-q', 'origin', '--all');
  }
  return folder;
}

/** develop and feature/x both change file `a`: finishing feature/x must stop. */
async function makeConflict(): Promise<string> {
  const folder = await makeFlow();
  await start(folder, 'x');
  await commit(folder, env(), 'a', 'theirs');
  await commit(folder, env(), 'b', '1');
  await git(folder, env(), 'checkout', '-q', 'develop');
  await commit(folder, env(), 'a', 'ours');
  return folder;
}

const refused = async (work: Promise<unknown>): Promise<ExpectedError> => {
  try {
    await work;
  } catch (error) {
    return error as ExpectedError;
  }
  throw new Error('It was not refused.');
};

const current = (folder: string): Promise<string> => git(folder, env(), 'rev-parse', '--abbrev-ref', 'HEAD');
const mergeBase = (folder: string): string => path.join(folder, '.git', '.gitflow', 'MERGE_BASE');

describe('init', () => {
  test('an unborn branch: the first commit, develop, nine keys; the second time nothing', async () => {
    const folder = await ground.make();
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
    const clone = path.join(ground.folder, 'clone');
    await git(
      ground.folder,
      env(),
      'clone',
      '-q',
      '-b',
      'main',
      `${folder}/../origin-${/\d+$/.exec(await git(folder, env(), 'remote', 'get-url', 'origin'))?.[0] ?? ''}`,
      clone,
    );
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
    const error = await refused(flow(await ground.make(), { action: 'init' }));
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

    const unborn = await ground.make();
    await git(unborn, env(), 'init', '-q', '-b', 'main');
    expect(await refused(start(unborn, 'x'))).toMatchObject({ code: 'not-gitflow' });
    expect(await readFlow(unborn, { env: env() })).toMatchObject({ initialised: false, current: 'main', topics: [] });
  });

  test('a linked work tree: its own state, and branches that are in use elsewhere', async () => {
    const folder = await makeConflict();
    const linked = path.join(ground.folder, 'linked');
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

describe('a conflict', () => {
  test('stops with the files and what to do, and the same finish completes it', async () => {
    const folder = await makeConflict();
    const error = await refused(finish(folder, 'x'));
    expect(error.code).toBe('merge-conflict');
    expect(error.message).toBe(
      'Merging feature/x into develop met conflicts in 1 file. Resolve the conflicts, mark the files with "git add", and commit the merge with "git commit"; or undo it with "git merge --abort". Then run "mlops flow feature finish x" again.',
    );
    expect(error.problems).toEqual([
      { file: 'a', line: 1, column: 1, severity: 'error', message: 'has a merge conflict' },
    ]);
    expect(await readFile(mergeBase(folder), 'utf8')).toBe('develop\n');
    const state = await readFlow(folder, { env: env() });
    expect(state.unfinished).toMatchObject({ kind: 'finish', branch: 'feature/x', base: 'develop', conflicts: ['a'] });

    expect(await refused(finish(folder, 'x'))).toMatchObject({ code: 'merge-conflict' });
    expect(await refused(start(folder, 'y'))).toMatchObject({ code: 'branch-state' });
    await writeFile(path.join(folder, 'a'), 'both');
    await git(folder, env(), 'add', 'a');
    expect((await refused(finish(folder, 'x'))).message).toContain('Commit the merge with "git commit"');
    await git(folder, env(), 'commit', '-q', '--no-edit');

    const result = await finish(folder, 'x');
    expect(result.summary[0]).toBe('The feature branch feature/x is merged into develop.');
    expect(await exists(mergeBase(folder))).toBe(false);
    expect(await git(folder, env(), 'branch', '--list', 'feature/*')).toBe('');
    expect(await readFlowConfig(folder, env())).toHaveLength(9);
    expect((await readFlow(folder, { env: env() })).unfinished).toBeNull();
  });

  test('undone: the finish begins again', async () => {
    const folder = await makeConflict();
    await refused(finish(folder, 'x'));
    await git(folder, env(), 'merge', '--abort');
    expect((await readFlow(folder, { env: env() })).unfinished?.kind).toBe('finish');
    expect((await refused(finish(folder, 'x'))).code).toBe('merge-conflict');
    await git(folder, env(), 'merge', '--abort');
    await git(folder, env(), 'checkout', '-q', 'feature/x');
    await git(folder, env(), 'merge', '-q', '-X', 'ours', '--no-edit', 'develop');
    await finish(folder, 'x');
    expect(await exists(mergeBase(folder))).toBe(false);
    expect(await readFile(path.join(folder, 'a'), 'utf8')).toBe('theirs');
  });

  test('a hook that refuses the merge leaves it prepared', async () => {
    const folder = await makeFlow();
    await start(folder, 'x');
    await commit(folder, env(), 'b', '1');
    await commit(folder, env(), 'b', '2');
    const hook = path.join(folder, '.git', 'hooks', 'pre-merge-commit');
    await mkdir(path.dirname(hook), { recursive: true });
    await writeFile(hook, '#!/bin/sh\necho no merges on Fridays >&2\nexit 1\n', { mode: 0o755 });
    const error = await refused(finish(folder, 'x'));
    expect(error).toMatchObject({ code: 'merge-conflict', message: expect.stringContaining('no merges on Fridays') });
    await rm(hook);
    await git(folder, env(), 'commit', '-q', '--no-edit');
    await finish(folder, 'x');
    expect(await git(folder, env(), 'branch', '--list', 'feature/*')).toBe('');
  });
});

describe('a remote', () => {
  const clone = async (folder: string): Promise<string> => {
    const other = await ground.make('other');
    await git(
      other,
      env(),
      'clone',
      '-q',
      '-b',
      'develop',
      await git(folder, env(), 'remote', 'get-url', 'origin'),
      '.',
    );
    return other;
  };

  test('a published branch is deleted there too', async () => {
    const folder = await makeFlow({ remote: true });
    await start(folder, 'x');
    await commit(folder, env(), 'f', '1');
    await git(folder, env(), 'push', '-q', '-u', 'origin', 'feature/x');
    const result = await finish(folder);
    expect(result.steps.map(({ title }) => title)).toEqual([
      'Fetch feature/x from origin',
      'Check out develop',
      'Merge feature/x into develop',
      'Delete feature/x on origin',
      'Delete branch feature/x',
      'Remove the settings gitflow.branch.feature/x',
    ]);
    expect(await git(folder, env(), 'ls-remote', '--heads', 'origin', 'feature/*')).toBe('');
  });

  test("somebody's commits on the branch are not lost", async () => {
    const folder = await makeFlow({ remote: true });
    await start(folder, 'x');
    await commit(folder, env(), 'f', '1');
    await git(folder, env(), 'push', '-q', '-u', 'origin', 'feature/x');
    const other = await clone(folder);
    await git(other, env(), 'checkout', '-q', 'feature/x');
    await commit(other, env(), 'f', '2');
    await git(other, env(), 'push', '-q');
    const error = await refused(finish(folder));
    expect(error).toMatchObject({
      code: 'branch-state',
      message: expect.stringContaining('git merge --ff-only origin/feature/x'),
    });
    expect(await current(folder)).toBe('feature/x');
    await git(folder, env(), 'merge', '-q', '--ff-only', 'origin/feature/x');
    await finish(folder);
    expect(await git(folder, env(), 'log', '-1', '--format=%s', 'develop^2')).toBe('f: 2');
  });

  test('somebody pushes between our merge and the deletion', async () => {
    const folder = await makeConflict();
    const origin = await ground.make('origin');
    await git(origin, env(), 'init', '-q', '--bare');
    await git(folder, env(), 'remote', 'add', 'origin', origin);
    await git(folder, env(), 'push', '-q', 'origin', '--all');
    await refused(finish(folder, 'x'));
    const other = await clone(folder);
    await git(other, env(), 'checkout', '-q', 'feature/x');
    await commit(other, env(), 'late', '1');
    await git(other, env(), 'push', '-q');
    await commit(folder, env(), 'a', 'both');
    const error = await refused(finish(folder, 'x'));
    expect(error).toMatchObject({ code: 'branch-state', message: expect.stringContaining('pushed to it meanwhile') });
    expect(await git(folder, env(), 'ls-remote', '--heads', 'origin', 'feature/x')).not.toBe('');
    expect(await git(folder, env(), 'branch', '--list', 'feature/x')).not.toBe('');
  });

  test('a base that is behind or apart is refused, one ahead is a warning', async () => {
    const folder = await makeFlow({ remote: true });
    const other = await clone(folder);
    await commit(other, env(), 'o', '1');
    await git(other, env(), 'push', '-q');
    await git(folder, env(), 'fetch', '-q');
    expect((await refused(start(folder, 'x'))).message).toContain('lacks 1 commit');
    await commit(folder, env(), 'p', '1');
    expect((await refused(start(folder, 'x'))).message).toContain('has 1 of its own');
    await git(folder, env(), 'merge', '-q', '--no-edit', 'origin/develop');
    expect((await start(folder, 'x')).warnings).toEqual(['develop has 2 commits that origin does not have yet.']);
  });

  test('a remote that is gone stops the finish before anything was changed', async () => {
    const folder = await makeFlow({ remote: true });
    await start(folder, 'x');
    await commit(folder, env(), 'f', '1');
    await git(folder, env(), 'push', '-q', 'origin', 'feature/x');
    await git(folder, env(), 'remote', 'set-url', 'origin', path.join(ground.folder, 'nowhere'));
    const before = await readGraph(folder, env());
    const error = await refused(finish(folder));
    expect(error).toMatchObject({ code: 'git-failed', message: expect.stringContaining('Check the connection') });
    expect(await readGraph(folder, env())).toEqual(before);
  });

  test('a push that is refused after the merge: said, and completed by the next finish', async () => {
    const folder = await makeFlow({ remote: true });
    await start(folder, 'x');
    await commit(folder, env(), 'f', '1');
    await git(folder, env(), 'push', '-q', 'origin', 'feature/x');
    const origin = await git(folder, env(), 'remote', 'get-url', 'origin');
    await git(origin, env(), 'config', 'receive.denyDeletes', 'true');
    const error = await refused(finish(folder));
    expect(error.message).toContain('Done before: ');
    expect(error.message).toContain('Merge feature/x into develop');
    expect(error.message).toContain('run "mlops flow feature finish x" again');
    await git(origin, env(), 'config', 'receive.denyDeletes', 'false');
    await finish(folder, 'x');
    expect(await git(folder, env(), 'branch', '--all', '--list', '*feature*')).toBe('');
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
