import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { openGit } from '../../../../src/node/git/git.ts';
import { performFlow } from '../../../../src/node/gitflow/gitflow.ts';
import type { FlowRequest } from '../../../../src/protocol/gitflow.ts';
import { commit, end, git, readGraph } from '../git/repository.ts';
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
