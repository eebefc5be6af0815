import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { planFlow, readFlow } from '../../../../src/node/gitflow/gitflow.ts';
import { exists } from '../../../../src/node/files/files.ts';
import { commit, git, readFlowConfig, readGraph } from '../git/repository.ts';
import { refused, useFlowGround } from './ground.ts';

const { ground, env, flow, start, finish, makeFlow, makeConflict, current } = useFlowGround();
const mergeBase = (folder: string): string => path.join(folder, '.git', '.gitflow', 'MERGE_BASE');

describe('a conflict', () => {
  test('stops with the files and what to do, and the same finish completes it', async () => {
    const folder = await makeConflict();
    const error = await refused(finish(folder, 'x'));
    expect(error.code).toBe('merge-conflict');
    expect(error.message).toBe(
      'Merge feature/x into develop: there are conflicts in 1 file. Resolve them, then run "mlops flow continue" (or "mlops flow feature finish x" again); or return to where you were with "mlops flow abort".',
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
    const result = await finish(folder, 'x');
    expect(result.summary[0]).toBe('The feature branch feature/x is merged into develop.');
    expect(await exists(mergeBase(folder))).toBe(false);
    expect(await git(folder, env(), 'branch', '--list', 'feature/*')).toBe('');
    expect(await readFlowConfig(folder, env())).toHaveLength(9);
    expect((await readFlow(folder, { env: env() })).unfinished).toBeNull();
  });

  test('resolved and saved is enough; what has marks, or can have none, is told and nothing is taken for resolved', async () => {
    const folder = await makeFlow();
    const put = async (side: string): Promise<void> => {
      const texts = { a: `1\n2\n${side}\n4\n`, odd: side, binary: `\0${side}`, gone: side };
      for (const [file, text] of Object.entries(texts)) await writeFile(path.join(folder, file), text);
      await git(folder, env(), 'add', '--all');
      await git(folder, env(), 'commit', '-q', '-m', side);
    };
    await writeFile(path.join(folder, '.gitattributes'), 'odd -merge\n');
    await put('base');
    await start(folder, 'x');
    await put('theirs');
    await git(folder, env(), 'checkout', '-q', 'develop');
    await put('ours');
    await git(folder, env(), 'rm', '-q', 'gone');
    await git(folder, env(), 'commit', '-q', '-m', 'gone');
    expect((await refused(finish(folder, 'x'))).problems).toContainEqual(
      expect.objectContaining({ file: 'a', line: 3 }),
    );
    const told = async () => (await refused(flow(folder, { action: 'continue' }))).problems;
    const without = expect.stringContaining('without marks') as string;
    const rest = ['binary', 'gone', 'odd'].map((file): unknown =>
      expect.objectContaining({ file, line: 1, message: without }),
    );
    expect(await told()).toEqual([expect.objectContaining({ file: 'a', line: 3 }), ...rest]);
    await writeFile(path.join(folder, 'a'), '1\nboth\n=======\n');
    expect(await told()).toEqual(rest);
    expect(await git(folder, env(), 'status', '--porcelain', 'a')).toContain('UU a');
    await git(folder, env(), 'add', 'odd', 'binary');
    await git(folder, env(), 'rm', '-q', 'gone');
    expect((await planFlow(folder, { action: 'continue' }, { env: env() })).plan.length).toBeGreaterThan(0);
    expect(await git(folder, env(), 'status', '--porcelain', 'a')).toContain('UU a');
    await flow(folder, { action: 'continue' });
    expect(await git(folder, env(), 'show', 'develop:a')).toBe('1\nboth\n=======');
    expect(await git(folder, env(), 'status', '--porcelain')).toBe('');
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

describe('git is ended in the middle, as by Ctrl+C', () => {
  /** Files that differ between the two branches, so that the tree can be half changed; what ends git is a program of the repository. */
  const makeCut = async (where: 'checkout' | 'merge'): Promise<{ folder: string; mend: () => Promise<void> }> => {
    const folder = await makeFlow();
    const hook = path.join(folder, '.git', 'hooks', 'pre-merge-commit');
    for (const file of ['f1', 'f2', 'f3']) await commit(folder, env(), file, 'develop');
    await start(folder, 'x');
    for (const file of ['f1', 'f2', 'f3', 'g']) await commit(folder, env(), file, 'feature');
    await git(folder, env(), 'rm', '-q', 'f3');
    await git(folder, env(), 'commit', '-q', '-m', 'f3 is gone');
    if (where === 'checkout') {
      await writeFile(path.join(folder, '.git', 'info', 'attributes'), 'f3 filter=cut\n');
      await git(folder, env(), 'config', 'filter.cut.smudge', 'kill -INT $PPID; cat');
    } else {
      await mkdir(path.dirname(hook), { recursive: true });
      await writeFile(hook, '#!/bin/sh\nkill -INT $PPID\nsleep 1\n', { mode: 0o755 });
    }
    const mend = async (): Promise<void> => {
      await rm(hook, { force: true });
      await writeFile(path.join(folder, '.git', 'info', 'attributes'), '');
    };
    return { folder, mend };
  };

  test.each([
    ['checkout', 'continue'],
    ['checkout', 'abort'],
    ['merge', 'continue'],
    ['merge', 'abort'],
  ] as const)('in its %s: the action is unfinished, and %s ends it with a clean tree', async (where, action) => {
    const { folder, mend } = await makeCut(where);
    const refs = () => git(folder, env(), 'for-each-ref', '--format=%(refname) %(objectname)', 'refs/heads');
    const before = await refs();
    const error = await refused(finish(folder, 'x'));
    expect([error.code, error.message]).toEqual(['stopped', expect.stringContaining('"mlops flow abort"')]);
    expect((await readFlow(folder, { env: env() })).unfinished?.branch).toBe('feature/x');
    await mend();
    const { summary } = await flow(folder, { action });
    expect(summary.join(' ')).toContain('git stash apply refs/mlops/undo/tree');
    expect(await git(folder, env(), 'status', '--porcelain')).toBe('');
    expect((await readFlow(folder, { env: env() })).unfinished).toBeNull();
    if (action === 'abort') expect([await refs(), await current(folder)]).toEqual([before, 'feature/x']);
    else expect(await git(folder, env(), 'ls-tree', '--name-only', '-r', 'develop')).toBe('a\nf1\nf2\ng');
  });

  test('what somebody has changed since is kept; a step that was refused is not taken for a cut one', async () => {
    const { folder, mend } = await makeCut('checkout');
    await refused(finish(folder, 'x'));
    await mend();
    await writeFile(path.join(folder, 'g'), 'mine');
    await flow(folder, { action: 'abort' });
    expect(await git(folder, env(), 'show', 'refs/mlops/undo/tree:g')).toBe('mine');
    // An action that has stopped in order leaves the tree to its owner.
    await git(folder, env(), 'checkout', '-q', 'develop');
    await commit(folder, env(), 'f1', 'ours');
    await refused(finish(folder, 'x'));
    await flow(folder, { action: 'abort' });
    await writeFile(path.join(folder, 'f1'), 'mine');
    expect((await refused(finish(folder, 'x'))).code).toBe('dirty-tree');
    expect(await readFile(path.join(folder, 'f1'), 'utf8')).toBe('mine');
  });
});

describe('a remote', () => {
  const clone = async (folder: string): Promise<string> => {
    const other = await ground().make('other');
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
    const origin = await ground().make('origin');
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
    await git(folder, env(), 'remote', 'set-url', 'origin', path.join(ground().folder, 'nowhere'));
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
