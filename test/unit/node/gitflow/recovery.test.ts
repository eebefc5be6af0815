import { cp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { performFlow, planFlow, readFlow } from '../../../../src/node/gitflow/gitflow.ts';
import { takeLock } from '../../../../src/node/locks/locks.ts';
import type { FlowRequest } from '../../../../src/protocol/gitflow.ts';
import { commit, git, readFlowConfig, readGraph } from '../git/repository.ts';
import { refused, useFlowGround } from './ground.ts';

const { ground, env, flow, start, finish, makeFlow, makeConflict, current } = useFlowGround();
const go = (folder: string, action: 'continue' | 'abort' | 'undo') => flow(folder, { action });
const unfinished = async (folder: string) => (await readFlow(folder, { env: env() })).unfinished;
const state = async (folder: string) => ({
  graph: await readGraph(folder, env()),
  config: await readFlowConfig(folder, env(), '^(gitflow|branch)\\.'),
  status: await git(folder, env(), 'status', '--porcelain'),
});

async function resolve(folder: string): Promise<void> {
  await writeFile(path.join(folder, 'a'), 'both');
  await git(folder, env(), 'add', 'a');
}

const FINISH: FlowRequest = { action: 'finish', type: 'feature', name: 'x' };

/** A release whose merge into production is clean, while the one back into development meets a conflict. */
async function makeRelease(): Promise<string> {
  const folder = await makeFlow();
  await flow(folder, { action: 'start', type: 'release', name: '1' });
  await commit(folder, env(), 'a', 'theirs');
  await git(folder, env(), 'checkout', '-q', 'develop');
  await commit(folder, env(), 'a', 'ours');
  await git(folder, env(), 'checkout', '-q', 'release/1');
  return folder;
}

/** What stops → where, and the request that does. */
const stops: Readonly<Record<string, readonly [() => Promise<string>, FlowRequest]>> = {
  'a merge': [makeConflict, FINISH],
  'a squash': [makeConflict, { ...FINISH, squash: true }],
  'a rebase before the merge': [makeConflict, { ...FINISH, rebase: true }],
  'an update by rebase': [makeConflict, { action: 'update', type: 'feature', name: 'x' }],
  'an update by merge': [makeConflict, { action: 'update', type: 'feature', name: 'x', strategy: 'merge' }],
  'the second merge of a release': [makeRelease, { action: 'finish', type: 'release', name: '1' }],
};

describe('what has met a conflict', () => {
  test.each(Object.entries(stops))(
    '%s: abort returns to the start, local files stay',
    async (_name, [make, request]) => {
      const folder = await make();
      await writeFile(path.join(folder, 'unknown'), 'mine');
      const before = await state(folder);
      expect((await refused(flow(folder, request))).code).toBe('merge-conflict');
      expect((await unfinished(folder))?.advice).toContain('mlops flow abort');
      expect((await refused(flow(folder, { action: 'start', type: 'bugfix', name: 'q' }))).code).toBe('branch-state');
      await go(folder, 'abort');
      expect(await state(folder)).toEqual(before);
      expect(await unfinished(folder)).toBeNull();
      expect((await refused(go(folder, 'abort'))).message).toBe('Nothing is unfinished here.');
    },
  );

  test.each(Object.entries(stops))('%s: continue goes on when it is resolved', async (_name, [make, request]) => {
    const folder = await make();
    await refused(flow(folder, request));
    expect((await refused(go(folder, 'continue'))).problems).toMatchObject([{ file: 'a' }]);
    await resolve(folder);
    const result = await go(folder, 'continue');
    expect(result.summary.length).toBeGreaterThan(0);
    expect(await unfinished(folder)).toBeNull();
    expect(await readFile(path.join(folder, 'a'), 'utf8')).toBe('both');
    expect(await git(folder, env(), 'status', '--porcelain')).toBe('');
    const isGone = request.action === 'finish';
    expect(await git(folder, env(), 'branch', '--list', 'feature/*', 'release/*')).toBe(isGone ? '' : '* feature/x');
    await git(folder, env(), 'fsck', '--strict');
  });

  test('whoever has committed the squash by hand goes on from there', async () => {
    const folder = await makeConflict();
    await refused(flow(folder, { ...FINISH, squash: true }));
    await resolve(folder);
    await git(folder, env(), 'commit', '-q', '--no-edit');
    await go(folder, 'continue');
    expect(await git(folder, env(), 'rev-list', '--count', 'develop')).toBe('3');
  });

  test('undone by hand and run again, the merge is made again', async () => {
    const folder = await makeConflict();
    await refused(finish(folder, 'x'));
    await git(folder, env(), 'merge', '--abort');
    await git(folder, env(), 'checkout', '-q', 'main');
    expect((await refused(go(folder, 'continue'))).code).toBe('merge-conflict');
    expect(await current(folder)).toBe('develop');
  });
});

/** Actions that are done → the repository before. */
const actions: Readonly<Record<string, readonly [(folder: string) => Promise<unknown>, FlowRequest]>> = {
  'start': [() => Promise.resolve(), { action: 'start', type: 'feature', name: 'x' }],
  'finish': [
    async (folder) => {
      await start(folder, 'x');
      await commit(folder, env(), 'x', '1');
    },
    FINISH,
  ],
  'finish as one commit': [
    async (folder) => {
      await start(folder, 'x');
      await commit(folder, env(), 'x', '1');
      await commit(folder, env(), 'x', '2');
    },
    { ...FINISH, squash: true },
  ],
  'finish of a release': [
    async (folder) => {
      await flow(folder, { action: 'start', type: 'release', name: '1' });
      await commit(folder, env(), 'r', '1');
    },
    { action: 'finish', type: 'release', name: '1' },
  ],
  'delete of what is nowhere else': [
    async (folder) => {
      await start(folder, 'x');
      await commit(folder, env(), 'x', '1');
    },
    { action: 'delete', type: 'feature', name: 'x', force: true },
  ],
  'rename': [(folder) => start(folder, 'x'), { action: 'rename', type: 'feature', newName: 'y', name: 'x' }],
  'update by rebase': [
    async (folder) => {
      await start(folder, 'x');
      await commit(folder, env(), 'x', '1');
      await git(folder, env(), 'checkout', '-q', 'develop');
      await commit(folder, env(), 'd', '1');
    },
    { action: 'update', type: 'feature', name: 'x' },
  ],
};

/** Those with different kinds of steps; the property test has the rest. */
const KILLED = ['finish as one commit', 'finish of a release', 'rename'];

describe('what is done', () => {
  test.each(Object.entries(actions))('%s: undo', async (_name, [prepare, request]) => {
    const folder = await makeFlow();
    await prepare(folder);
    const before = await state(folder);
    await flow(folder, request);
    expect(await state(folder)).not.toEqual(before);
    await go(folder, 'undo');
    expect(await state(folder)).toEqual(before);
    expect((await refused(go(folder, 'undo'))).message).toContain('nothing to undo');
    await git(folder, env(), 'fsck', '--strict');
  });

  test.each(Object.entries(actions).filter(([name]) => KILLED.includes(name)))(
    '%s, killed at every step: continue ends it, abort takes it back',
    async (_name, [prepare, request]) => {
      const template = await makeFlow();
      await prepare(template);
      const ended = await copy(template);
      const { steps } = await flow(ended, request);
      const [before, after] = [await state(template), await state(ended)];
      for (let at = 1; at < steps.length; at += 1)
        for (const way of ['continue', 'abort'] as const) {
          const folder = await copy(template);
          await kill(folder, request, at);
          expect(await unfinished(folder)).not.toBeNull();
          await go(folder, way);
          expect([at, way, await state(folder)]).toEqual([at, way, way === 'abort' ? before : after]);
        }
    },
  );

  test('undo is refused when something has gone on from there, or others may have it', async () => {
    const folder = await makeFlow({ remote: true });
    await start(folder, 'x');
    await commit(folder, env(), 'x', '1');
    await finish(folder, 'x');
    await git(folder, env(), 'push', '-q', 'origin', 'develop');
    expect((await refused(go(folder, 'undo'))).message).toContain('develop is on origin');
    await commit(folder, env(), 'y', '1');
    expect((await refused(go(folder, 'undo'))).message).toContain('develop has changed since');
  });

  test('a branch that was deleted on the remote is made there again', async () => {
    const folder = await makeFlow({ remote: true });
    await start(folder, 'x');
    await commit(folder, env(), 'x', '1');
    await flow(folder, { action: 'publish', type: 'feature', name: 'x' });
    const before = await git(folder, env(), 'ls-remote', '--heads', 'origin');
    await finish(folder, 'x');
    await go(folder, 'undo');
    expect(await git(folder, env(), 'ls-remote', '--heads', 'origin')).toBe(before);
    expect(await git(folder, env(), 'config', 'branch.feature/x.remote')).toBe('origin');
  });

  test('what a plan would do is told for the ways on and back too', async () => {
    const folder = await makeConflict();
    await refused(finish(folder, 'x'));
    const { plan } = await planFlow(folder, { action: 'abort' }, { env: env() });
    expect(plan.map(({ title }) => title)).toEqual([
      'Drop the merge that is not committed',
      'Forget that an earlier merge had stopped',
    ]);
  });

  test('a second action waits for nobody: it says who is at work', async () => {
    const folder = await makeFlow();
    const lock = await takeLock(path.join(folder, '.git', 'mlops', 'flow.lock'), 'mlops flow finish');
    expect(await refused(start(folder, 'x'))).toMatchObject({
      code: 'busy',
      message: expect.stringContaining('mlops flow finish'),
    });
    await lock.release();
    await start(folder, 'x');
  });

  test.each(['', '{', '{"version":1}', '{"version":2}'])('a file that is not ours counts as none: %j', async (text) => {
    const folder = await makeFlow();
    await start(folder, 'x');
    await writeFile(path.join(folder, '.git', 'mlops', 'flow.json'), text);
    expect(await unfinished(folder)).toBeNull();
    expect((await refused(go(folder, 'undo'))).message).toContain('nothing to undo');
    await start(folder, 'y');
  });
});

async function copy(template: string): Promise<string> {
  const folder = await ground().make();
  await cp(template, folder, { recursive: true });
  // The one setting that knows where the repository lies; both copies and the original have the same.
  await git(folder, env(), 'config', 'gitflow.path.hooks', path.join(template, '.git', 'hooks'));
  return folder;
}

/** Begins the request and dies before the step. */
async function kill(folder: string, request: FlowRequest, at: number): Promise<void> {
  const reporter = {
    stepStarted: (_step: unknown, index: number) => {
      if (index === at) throw new Error('killed');
    },
    note: () => undefined,
  };
  await expect(performFlow(folder, request, { env: env(), reporter })).rejects.toThrow('killed');
}
