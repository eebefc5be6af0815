import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { access, cp, mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { openGit } from '../../../../src/node/git/git.ts';
import { performFlow, readFlow } from '../../../../src/node/gitflow/gitflow.ts';
import { ExpectedError } from '../../../../src/protocol/errors.ts';
import type { FlowRequest } from '../../../../src/protocol/gitflow.ts';
import { commit, end, git, readGraph } from '../git/repository.ts';
import { canMount } from '../smalldisk.ts';
import { refused, useFlowGround } from './ground.ts';

// Repositories that are not as one expects: each has its own sentence and a way on, and is as before.

const { ground, env, start, makeFlow } = useFlowGround();
const finish = { action: 'finish', type: 'feature', name: 'x' } as const;

/** Makes it odd, and gives the folder where the finish is tried and what its environment is besides. */
type Make = (folder: string, run: (...args: readonly string[]) => Promise<string>) => Promise<Tried>;
interface Tried {
  readonly folder?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly request?: FlowRequest;
}

test.each<[what: string, make: Make, code: string, sentence: RegExp]>([
  [
    'a lock of another git',
    async (folder) => {
      await writeFile(path.join(folder, '.git', 'index.lock'), '');
      return {};
    },
    'git-failed',
    /Another git process works in this repository.*delete that lock file/s,
  ],
  [
    'a rebase that has stopped',
    async (folder, run) => {
      await run('checkout', '-q', 'develop');
      await commit(folder, env(), 'f', 'ours');
      await end(folder, env(), 'git', 'rebase', '-q', 'feature/x');
      return {};
    },
    'branch-state',
    /A rebase is not finished: go on with "git rebase --continue", or drop it with "git rebase --abort"/,
  ],
  [
    'a merge that has stopped',
    async (folder, run) => {
      await run('checkout', '-q', 'develop');
      await commit(folder, env(), 'f', 'ours');
      await end(folder, env(), 'git', 'merge', '-q', 'feature/x');
      return {};
    },
    'branch-state',
    /Resolve the conflicts.*"git merge --abort"/,
  ],
  [
    'a cherry-pick that has stopped',
    async (folder, run) => {
      await run('checkout', '-q', 'develop');
      await commit(folder, env(), 'f', 'ours');
      await end(folder, env(), 'git', 'cherry-pick', 'feature/x');
      return {};
    },
    'branch-state',
    /A cherry-pick is not finished: go on with "git cherry-pick --continue", or drop it with "git cherry-pick --abort"/,
  ],
  [
    'a revert that has stopped',
    async (folder, run) => {
      await commit(folder, env(), 'f', 'later');
      await end(folder, env(), 'git', 'revert', '--no-edit', 'HEAD~1');
      await run('status', '--porcelain');
      return {};
    },
    'branch-state',
    /A revert is not finished: go on with "git revert --continue", or drop it with "git revert --abort"/,
  ],
  [
    'a detached HEAD, and no name',
    async (_folder, run) => {
      await run('checkout', '-q', '--detach');
      return { request: { action: 'finish', type: 'feature' } };
    },
    'bad-arguments',
    /No branch is checked out, which is no feature branch. Name the one that you mean/,
  ],
  [
    'a bare clone',
    async (folder, run) => {
      const bare = await ground().make('bare');
      await run('clone', '-q', '--bare', folder, bare);
      return { folder: bare };
    },
    'not-a-repository',
    /go to another folder/,
  ],
  [
    'a branch that another work tree has',
    async (folder, run) => {
      await run('checkout', '-q', 'develop');
      await run('worktree', 'add', '-q', path.join(`${folder}-tree`), 'feature/x');
      return {};
    },
    'branch-state',
    /checked out in another work tree, .*Finish there/,
  ],
  [
    'no remote for a pull request',
    () => Promise.resolve({ request: { ...finish, pullRequest: true } }),
    'branch-state',
    /The remote "origin" has no address. Set it: git remote add origin URL/,
  ],
  [
    'a history of its own',
    async (folder, run) => {
      await run('checkout', '-q', '--orphan', 'feature/y');
      await commit(folder, env(), 'y', '1');
      await run('config', 'mlops.gate.files', 'false');
      await run('config', 'mlops.gate.secrets', 'false');
      return { request: { ...finish, name: 'y' } };
    },
    'branch-state',
    /The two have no commit in common.*git fetch --unshallow/s,
  ],
  [
    'nobody who commits',
    async (folder, run) => {
      await commit(folder, env(), 'f', 'more');
      const home = await ground().make('nobody');
      await writeFile(path.join(home, '.gitconfig'), '');
      await run('status', '--porcelain');
      return { env: { HOME: home, GIT_CONFIG_GLOBAL: path.join(home, '.gitconfig'), XDG_CONFIG_HOME: home } };
    },
    'git-failed',
    /git config --global user.name "NAME"/,
  ],
  [
    'a shallow clone, in which the two branches do not meet',
    async (folder, run) => {
      await run('checkout', '-q', 'develop');
      await commit(folder, env(), 'a', 'later');
      const clone = await ground().make('shallow');
      await run('clone', '-q', '--depth', '1', '--no-single-branch', `file://${folder}`, clone);
      const there = (...args: readonly string[]): Promise<string> => git(clone, env(), ...args);
      for (const branch of ['main', 'feature/x']) await there('branch', branch, `origin/${branch}`);
      await performFlow(clone, { action: 'init' }, { env: env() });
      await there('config', 'mlops.gates', 'false');
      return { folder: clone };
    },
    'branch-state',
    /The two have no commit in common.*git fetch --unshallow/s,
  ],
  [
    'no git',
    async () => ({ env: { PATH: await ground().make('empty') } }),
    'missing-program',
    /There is no "git" in PATH. Install git 2.31 or newer/,
  ],
  [
    'an old git',
    async () => {
      const bin = await ground().make('old');
      await writeFile(path.join(bin, 'git'), '#!/bin/sh\necho git version 2.29.2\n', { mode: 0o755 });
      return { env: { PATH: bin } };
    },
    'missing-program',
    /is git version 2.29.2; git 2.31 or newer is needed/,
  ],
  [
    'a tag on another commit',
    async (folder, run) => {
      await performFlow(folder, { action: 'start', type: 'release', name: '1.0' }, { env: env() });
      await commit(folder, env(), 'r', '1');
      await run('tag', '1.0', 'main');
      return { request: { action: 'finish', type: 'release', name: '1.0' } };
    },
    'branch-state',
    /The tag 1.0 exists already, on another commit.*git tag -d 1.0/,
  ],
  [
    'what git-flow-next has not finished',
    async (folder) => {
      await mkdir(path.join(folder, '.git', 'gitflow', 'state'), { recursive: true });
      const state = { action: 'finish', branchType: 'feature', fullBranchName: 'feature/x', currentStep: 'merge' };
      await writeFile(path.join(folder, '.git', 'gitflow', 'state', 'merge.json'), JSON.stringify(state));
      return {};
    },
    'branch-state',
    /git flow feature finish --continue/,
  ],
])('%s', async (_what, make, code, sentence) => {
  const folder = await makeFlow();
  await start(folder, 'x');
  await commit(folder, env(), 'f', '1');
  const odd = await make(folder, (...args) => git(folder, env(), ...args));
  // A branch that was only checked out is no change.
  const read = async (): Promise<readonly string[]> =>
    (await readGraph(folder, env())).filter((line) => !line.startsWith('HEAD '));
  const before = await read();
  const error = await refused(
    performFlow(odd.folder ?? folder, odd.request ?? finish, { env: { ...env(), ...odd.env } }),
  );
  expect([error.code, error.message]).toEqual([code, expect.stringMatching(sentence)]);
  await rm(path.join(folder, '.git', 'index.lock'), { force: true });
  expect(await read()).toEqual(before);
});

test('a remote that hangs is not waited for for ever', async () => {
  const folder = await makeFlow();
  await git(folder, env(), 'remote', 'add', 'origin', 'ssh://git.example.org/digits.git');
  const slow = path.join(await ground().make('bin'), 'ssh');
  await writeFile(slow, '#!/bin/sh\nexec sleep 5\n', { mode: 0o755 });
  const hanging = openGit(folder, { env: { ...env(), GIT_SSH: slow }, patienceMs: 300 });
  const error = await refused(hanging.fetchAll('origin'));
  expect(error).toMatchObject({
    code: 'git-failed',
    message: expect.stringContaining('has said nothing for too long'),
  });
});

test('a remote that hangs is given up when the user stops it; what has begun is continued or taken back', async () => {
  const slow = path.join(await ground().make('bin'), 'ssh');
  const begun = path.join(path.dirname(slow), 'begun');
  await writeFile(slow, `#!/bin/sh\ntouch "${begun}"\nexec sleep 60\n`, { mode: 0o755 });
  const folder = await makeFlow({ remote: true });
  const origin = await git(folder, env(), 'remote', 'get-url', 'origin');
  await start(folder, 'x');
  await commit(folder, env(), 'f', '1');
  await commit(folder, env(), 'f', '2');
  await git(folder, env(), 'remote', 'set-url', '--push', 'origin', 'ssh://git.example.org/digits.git');
  const before = await readGraph(folder, env());
  for (const way of ['abort', 'continue'] as const) {
    await rm(begun, { force: true });
    const stop = new AbortController();
    const hanging = { ...env(), GIT_SSH: slow };
    const work = performFlow(folder, { ...finish, push: true }, { env: hanging, signal: stop.signal });
    const ended = refused(work);
    await vi.waitFor(() => access(begun), { timeout: 30_000 });
    stop.abort();
    const { code, message } = await ended;
    expect([code, message]).toEqual(['stopped', expect.stringContaining('"mlops flow abort" returns')]);
    await git(
      folder,
      env(),
      'remote',
      'set-url',
      '--push',
      'origin',
      way === 'abort' ? 'ssh://git.example.org/digits.git' : origin,
    );
    await performFlow(folder, { action: way }, { env: env() });
    if (way === 'abort') expect(await readGraph(folder, env())).toEqual(before);
  }
  expect(await git(origin, env(), 'log', '-1', '--format=%s', 'develop')).toBe("Merge branch 'feature/x' into develop");
});

test.skipIf(!canMount())(
  'a full disk: said, nothing is lost, and with space it is continued or taken back',
  async () => {
    const template = await makeFlow();
    await start(template, 'x');
    await writeFile(path.join(template, 'noise'), randomBytes(40_000));
    await git(template, env(), 'add', '.');
    await git(template, env(), 'commit', '-q', '-m', 'Noise');
    await commit(template, env(), 'f', '1');
    // Merged, it is another tree, and so more objects.
    await git(template, env(), 'checkout', '-q', 'develop');
    await commit(template, env(), 'd', '1');
    const folder = await ground().make('small');
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', folder]);
    try {
      await cp(template, folder, { recursive: true });
      await git(folder, env(), 'config', 'gitflow.path.hooks', path.join(folder, '.git', 'hooks'));
      const list = async () => (await git(folder, env(), 'rev-list', '--all')).split('\n');
      const before = { commits: await list(), graph: await readGraph(folder, env()) };
      const filler = path.join(folder, '.git', 'filler');
      const fill = (left: number): void => {
        execFileSync('sh', [
          '-c',
          `dd if=/dev/zero of="${filler}" bs=1k 2>/dev/null; truncate -s -${left}k "${filler}"`,
        ]);
      };
      for (const [left, way] of [
        [0, 'abort'],
        [8, 'abort'],
        [16, 'abort'],
        [24, 'continue'],
      ] as const) {
        fill(left);
        const error = await performFlow(folder, finish, { env: env() }).then(
          () => undefined,
          (failure: unknown) => failure,
        );
        await rm(filler);
        for (const lock of ['index.lock', 'HEAD.lock']) await rm(path.join(folder, '.git', lock), { force: true });
        expect(await list()).toEqual(expect.arrayContaining(before.commits));
        if (error === undefined) break;
        expect(error).toBeInstanceOf(ExpectedError);
        expect((error as ExpectedError).message).toMatch(/disk is full/i);
        const { unfinished } = await readFlow(folder, { env: env() });
        if (unfinished !== null) await performFlow(folder, { action: way }, { env: env() });
        if (way === 'abort') {
          await git(folder, env(), 'checkout', '-q', 'develop');
          expect(await readGraph(folder, env())).toEqual(before.graph);
        }
        expect(await git(folder, env(), 'status', '--porcelain')).toBe('');
      }
      if ((await git(folder, env(), 'branch', '--list', 'feature/x')) !== '')
        await performFlow(folder, finish, { env: env() });
      expect(await git(folder, env(), 'log', '-1', '--format=%s', 'develop')).toBe(
        "Merge branch 'feature/x' into develop",
      );
      expect(await git(folder, env(), 'fsck', '--strict', '--no-dangling')).not.toMatch(/error|missing|broken/);
    } finally {
      execFileSync('umount', [folder]);
    }
  },
);
