import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { performFlow, readFlow } from '../../../../src/node/gitflow/gitflow.ts';
import type { FlowRequest, FlowResult } from '../../../../src/protocol/gitflow.ts';
import { commit, end, git, readFlowConfig } from '../git/repository.ts';
import { refused, useFlowGround } from './ground.ts';

// A remote that takes no push to main and develop: finishes go by pull requests, which somebody merges there.

const { ground, env, flow, start, makeFlow, current } = useFlowGround();
const finish = (type: 'feature' | 'release' | 'hotfix', name: string, more: object = {}): FlowRequest => ({
  action: 'finish',
  type,
  name,
  ...more,
});
const run = (folder: string, ...args: readonly string[]): Promise<string> => git(folder, env(), ...args);
const titles = ({ steps }: FlowResult): readonly string[] => steps.map(({ title }) => title);
const stateOf = async (folder: string, branch: string): Promise<string | undefined> =>
  (await readFlow(folder, { env: env() })).topics.find((topic) => topic.branch === branch)?.pullRequest?.state;

/** Merges as a host does, past the hook that refuses everybody else. */
type Way = 'merge' | 'squash' | 'rebase' | 'forward';

async function protect(folder: string, branches = ['main', 'develop']): Promise<string> {
  const origin = await run(folder, 'remote', 'get-url', 'origin');
  const hook = path.join(origin, 'hooks', 'pre-receive');
  await mkdir(path.dirname(hook), { recursive: true });
  const pattern = branches.map((branch) => `refs/heads/${branch}`).join('|');
  await writeFile(
    hook,
    `#!/bin/sh\n[ -n "$HOST" ] && exit 0\nwhile read -r old new ref; do\n  case "$ref" in ${pattern}) echo "$ref is protected" >&2; exit 1;; esac\ndone\n`,
  );
  await chmod(hook, 0o755);
  return origin;
}

async function mergeThere(
  origin: string,
  branch: string,
  into: string,
  way: Way,
  { deletes = true, besides }: { deletes?: boolean; besides?: string } = {},
): Promise<void> {
  const host = await ground().make('host');
  await run(host, 'clone', '-q', origin, '.');
  await run(host, 'checkout', '-q', into);
  // Somebody else's work, so that nothing is fast-forwarded by chance.
  if (besides !== undefined) await commit(host, env(), besides, 'theirs');
  const rows: Readonly<Record<Way, readonly (readonly string[])[]>> = {
    merge: [['merge', '-q', '--no-ff', '--no-edit', `origin/${branch}`]],
    forward: [['merge', '-q', '--ff-only', `origin/${branch}`]],
    squash: [
      ['merge', '-q', '--squash', `origin/${branch}`],
      ['commit', '-q', '-m', `${branch} (#1)`],
    ],
    rebase: [
      ['checkout', '-q', '--detach', `origin/${branch}`],
      ['rebase', '-q', '--force-rebase', into],
      ['branch', '-f', into, 'HEAD'],
      ['checkout', '-q', into],
    ],
  };
  for (const words of rows[way]) await run(host, '-c', 'user.name=The Host', ...words);
  if (besides !== undefined) await commit(host, env(), 'later', 'theirs');
  const asHost = { ...env(), HOST: '1' };
  await git(host, asHost, 'push', '-q', 'origin', into);
  if (deletes) await git(host, asHost, 'push', '-q', 'origin', `:${branch}`);
}

/** A published repository whose remote refuses, with a feature of two commits checked out. */
async function makeFeature(): Promise<{ folder: string; origin: string }> {
  const folder = await makeFlow({ remote: true });
  const origin = await protect(folder);
  await start(folder, 'x');
  await commit(folder, env(), 'f', '1');
  await commit(folder, env(), 'f', '2');
  return { folder, origin };
}

describe('a feature', () => {
  test('refused: what was merged here is taken back, the branch waits, and stands in nobody’s way', async () => {
    const { folder, origin } = await makeFeature();
    const before = await run(folder, 'rev-parse', 'develop');
    const result = await flow(folder, finish('feature', 'x', { push: true }));
    expect(titles(result).at(-1)).toBe('Open a pull request of feature/x into develop');
    expect(result.pullRequest).toEqual({
      branch: 'feature/x',
      into: 'develop',
      title: 'X',
      url: null,
      state: 'open',
      wasOpened: true,
    });
    expect(result.warnings[0]).toContain('origin takes no push to develop');
    expect(result.summary.join(' ')).toContain('Open it on the page of the remote, from feature/x into develop.');
    expect(await run(folder, 'rev-parse', 'develop')).toBe(before);
    expect(await run(origin, 'rev-parse', 'feature/x')).toBe(await run(folder, 'rev-parse', 'feature/x'));
    expect(await readFlowConfig(folder, env(), '^mlops\\.')).toEqual(['mlops.flow.protected develop']);
    const state = await readFlow(folder, { env: env() });
    expect([state.unfinished, state.topics[0]?.pullRequest?.state]).toEqual([null, 'open']);

    // It waits; meanwhile another feature begins, and goes by a pull request at once.
    const waits = await flow(folder, finish('feature', 'x'));
    expect(waits.summary[0]).toContain('waits to be merged');
    expect(waits.pullRequest?.wasOpened).toBe(false);
    await run(folder, 'checkout', '-q', 'develop');
    await start(folder, 'y');
    await commit(folder, env(), 'g', '1');
    expect(titles(await flow(folder, finish('feature', 'y')))).toEqual([
      'Publish feature/y on origin',
      'Open a pull request of feature/y into develop',
    ]);
    expect((await refused(flow(folder, { action: 'undo' }))).message).toContain('others may have it');
    await run(folder, 'checkout', '-q', 'develop');
    expect((await refused(flow(folder, { action: 'continue' }))).message).toContain('mlops flow feature finish y');
  });

  test.each<[Way, string | undefined]>([
    ['merge', undefined],
    ['merge', 'o'],
    ['squash', undefined],
    ['squash', 'o'],
    ['rebase', 'o'],
    ['forward', undefined],
  ])('merged there (%s, besides %s): completed, and nothing of it is left', async (way, besides) => {
    const { folder, origin } = await makeFeature();
    await flow(folder, finish('feature', 'x', { pullRequest: true }));
    expect(await stateOf(folder, 'feature/x')).toBe('open');
    await mergeThere(origin, 'feature/x', 'develop', way, besides === undefined ? {} : { besides });
    await run(folder, 'fetch', '-q', 'origin');
    expect(await stateOf(folder, 'feature/x')).toBe('merged');
    const result = await flow(folder, { action: 'continue' });
    expect(result.summary[0]).toBe('The feature branch feature/x is merged into develop on origin.');
    expect(await current(folder)).toBe('develop');
    expect(await run(folder, 'rev-parse', 'develop')).toBe(await run(origin, 'rev-parse', 'develop'));
    expect(await run(folder, 'branch', '--all', '--list', '*feature*')).toBe('');
    expect(await readFlowConfig(folder, env())).toHaveLength(9);
    expect((await readFlow(folder, { env: env() })).unfinished).toBeNull();
    expect(JSON.parse(await readFile(path.join(folder, '.git/mlops/pullrequests.json'), 'utf8'))).toMatchObject({
      pullRequests: [],
    });
  });

  test('the branch that the host has kept goes, and so does one that a colleague has pushed a review’s answer to', async () => {
    const { folder, origin } = await makeFeature();
    await flow(folder, finish('feature', 'x', { pullRequest: true }));
    const other = await ground().make('other');
    await run(other, 'clone', '-q', '-b', 'feature/x', origin, '.');
    await commit(other, env(), 'f', '3');
    await run(other, 'push', '-q');
    await mergeThere(origin, 'feature/x', 'develop', 'squash', { deletes: false, besides: 'o' });
    await flow(folder, finish('feature', 'x'));
    expect(await run(folder, 'ls-remote', '--heads', 'origin', 'feature/*')).toBe('');
    expect(await readFile(path.join(folder, 'f'), 'utf8')).toBe('3');
  });

  test('what a colleague pushes after the merge is kept there, and said', async () => {
    const { folder, origin } = await makeFeature();
    await flow(folder, finish('feature', 'x', { pullRequest: true }));
    await mergeThere(origin, 'feature/x', 'develop', 'merge', { deletes: false });
    const other = await ground().make('other');
    await run(other, 'clone', '-q', '-b', 'feature/x', origin, '.');
    await commit(other, env(), 'g', 'late');
    await run(other, 'push', '-q');
    const result = await flow(folder, finish('feature', 'x'));
    expect(result.warnings.join(' ')).toContain('feature/x was kept on origin: 1 commit there');
    expect(await run(origin, 'log', '-1', '--format=%s', 'feature/x')).toBe('g: late');
    expect(await run(folder, 'branch', '--list', 'feature/x')).toBe('');
  });

  test('a branch that was set back here has not come in; what is deleted there is kept until the next action', async () => {
    const { folder, origin } = await makeFeature();
    await flow(folder, finish('feature', 'x', { pullRequest: true }));
    const pushed = await run(origin, 'rev-parse', 'feature/x');
    for (const to of ['develop', `${pushed}^`]) {
      await run(folder, 'reset', '-q', '--hard', to);
      const { summary } = await flow(folder, finish('feature', 'x'));
      expect(summary[0]).toContain('waits to be merged');
      expect(summary[1]).toContain('--was-merged');
      expect(await run(origin, 'rev-parse', 'feature/x')).toBe(pushed);
    }
    await run(folder, 'reset', '-q', '--hard', pushed);
    await mergeThere(origin, 'feature/x', 'develop', 'squash', { deletes: false });
    await flow(folder, finish('feature', 'x'));
    expect(await run(folder, 'ls-remote', '--heads', 'origin', 'feature/*')).toBe('');
    expect(await run(folder, 'rev-parse', 'refs/mlops/undo/remotes/origin/feature/x')).toBe(pushed);
  });

  test('squashed with conflicts resolved, and deleted there: the way on is named without a fetch of one’s own', async () => {
    const { folder, origin } = await makeFeature();
    await flow(folder, finish('feature', 'x', { pullRequest: true }));
    await git(origin, env(), 'branch', '-q', '-D', 'feature/x');
    expect((await flow(folder, finish('feature', 'x'))).summary.join(' ')).toContain('not on origin any more');
    const result = await flow(folder, finish('feature', 'x', { wasMerged: true }));
    expect(result.summary.join(' ')).toContain('The branch was deleted.');
    expect((await refused(flow(folder, finish('feature', 'x', { wasMerged: true })))).code).toBe('unknown-name');
  });

  test.each<[Way]>([['squash'], ['rebase']])('copied there (%s) and taken back: it has not come in', async (way) => {
    const { folder, origin } = await makeFeature();
    await flow(folder, finish('feature', 'x', { pullRequest: true }));
    await mergeThere(origin, 'feature/x', 'develop', way, { deletes: false, besides: 'o' });
    const other = await ground().make('other');
    await run(other, 'clone', '-q', '-b', 'develop', origin, '.');
    await run(other, 'rm', '-q', 'f');
    await run(other, 'commit', '-q', '-m', 'Take it back');
    await git(other, { ...env(), HOST: '1' }, 'push', '-q');
    expect((await flow(folder, finish('feature', 'x'))).summary[0]).toContain('waits to be merged');
  });

  test.each<[Way]>([['squash'], ['rebase']])('copied there (%s), gone on with, then reverted', async (way) => {
    const lines = ['1', '2', '3', '4', '5', '6', '7', '8'];
    const text = (changes: Readonly<Record<number, string>>): string =>
      lines.map((line, at) => `${changes[at] ?? line}\n`).join('');
    const folder = await makeFlow({ remote: true });
    const origin = await run(folder, 'remote', 'get-url', 'origin');
    await commit(folder, env(), 'f', text({}));
    await run(folder, 'push', '-q', 'origin', 'develop');
    await start(folder, 'x');
    await commit(folder, env(), 'f', text({ 1: 'ours' }));
    await flow(folder, finish('feature', 'x', { pullRequest: true }));
    await mergeThere(origin, 'feature/x', 'develop', way, { deletes: false, besides: 'o' });
    const other = await ground().make('other');
    await run(other, 'clone', '-q', '-b', 'develop', origin, '.');
    await commit(other, env(), 'f', text({ 1: 'ours', 6: 'theirs' }));
    await run(other, 'push', '-q');
    await run(folder, 'fetch', '-q');
    expect(await stateOf(folder, 'feature/x')).toBe('merged');
    await commit(other, env(), 'f', text({ 6: 'theirs' }));
    await run(other, 'push', '-q');
    expect((await flow(folder, finish('feature', 'x'))).summary[0]).toContain('waits to be merged');
  });

  test('gates are asked again of what is pushed while it waits, and of nothing else', async () => {
    const { folder, origin } = await makeFeature();
    await flow(folder, finish('feature', 'x', { pullRequest: true }));
    expect((await flow(folder, finish('feature', 'x'))).gates).toEqual([]);
    const pushed = await run(origin, 'rev-parse', 'feature/x');
    await commit(folder, env(), 'notes', ['key: "AKIA', 'IOSFODNN7EXAMPL2"'].join(''));
    expect((await refused(flow(folder, finish('feature', 'x')))).code).toBe('gate-failed');
    // Not even where only the fetch tells that it is to be pushed.
    await run(folder, 'update-ref', '-d', 'refs/remotes/origin/feature/x');
    expect((await refused(flow(folder, finish('feature', 'x')))).code).toBe('gate-failed');
    expect(await run(origin, 'rev-parse', 'feature/x')).toBe(pushed);
    const told = await flow(folder, finish('feature', 'x', { override: 'no key of ours' }));
    expect(titles(told)).toContain('Publish feature/x on origin');
  });

  test('refused after a conflict was resolved: nothing is taken back unasked, and the way on keeps it', async () => {
    const folder = await makeFlow({ remote: true });
    await protect(folder);
    await start(folder, 'x');
    await commit(folder, env(), 'f', 'theirs');
    await commit(folder, env(), 'f', 'theirs too');
    await run(folder, 'checkout', '-q', 'develop');
    await commit(folder, env(), 'f', 'ours');
    await git(folder, { ...env(), HOST: '1' }, 'push', '-q', 'origin', 'develop');
    expect((await refused(flow(folder, finish('feature', 'x', { push: true })))).code).toBe('merge-conflict');
    await writeFile(path.join(folder, 'f'), 'both');
    await run(folder, 'add', 'f');
    for (const request of [{ action: 'continue' }, finish('feature', 'x', { push: true })] as const) {
      const error = await refused(flow(folder, request));
      expect(error.code).toBe('push-refused');
      expect(error.message).toContain('mlops flow feature finish x --pull-request');
      expect(await run(folder, 'show', 'develop:f')).toBe('both');
    }
    await run(folder, 'branch', 'resolved', 'develop');
    await flow(folder, { action: 'abort' });
    expect(titles(await flow(folder, finish('feature', 'x', { pullRequest: true }))).at(-1)).toContain('Open a pull');
  });

  test('a push that failed for another reason and is refused when it goes on opens the request, as it was asked for', async () => {
    const { folder, origin } = await makeFeature();
    await run(folder, 'remote', 'set-url', '--push', 'origin', path.join(origin, 'gone'));
    await refused(flow(folder, finish('feature', 'x', { push: true, keepLocal: true })));
    await run(folder, 'remote', 'set-url', '--push', 'origin', origin);
    const merged = await run(folder, 'rev-parse', 'develop');
    const result = await flow(folder, { action: 'continue' });
    expect(result.pullRequest).toMatchObject({ branch: 'feature/x', wasOpened: true });
    expect(JSON.parse(await readFile(path.join(folder, '.git/mlops/pullrequests.json'), 'utf8'))).toMatchObject({
      pullRequests: [{ options: { push: true, keepLocal: true } }],
    });
    expect(await run(folder, 'rev-parse', 'refs/mlops/undo/heads/develop')).toBe(merged);
  });

  test('commits that come afterwards are pushed while it waits, and are not lost when it was merged without them', async () => {
    const { folder, origin } = await makeFeature();
    await flow(folder, finish('feature', 'x', { pullRequest: true }));
    await commit(folder, env(), 'f', '3');
    expect(titles(await flow(folder, finish('feature', 'x')))).toContain('Publish feature/x on origin');
    expect(await run(origin, 'log', '-1', '--format=%s', 'feature/x')).toBe('f: 3');
    await mergeThere(origin, 'feature/x', 'develop', 'squash');
    await commit(folder, env(), 'f', '4');
    const error = await refused(flow(folder, finish('feature', 'x')));
    expect(error.message).toContain('1 commit came to the branch afterwards');
    expect(error.message).toContain('--pull-request');
    expect(await run(folder, 'branch', '--list', 'feature/x')).not.toBe('');
  });

  test.each<[string, boolean]>([
    ['as git sees', false],
    ['as only a person knows', true],
  ])('taken for merged (%s): what came to the branch afterwards is not deleted with it', async (_name, isChanged) => {
    const { folder, origin } = await makeFeature();
    await flow(folder, finish('feature', 'x', { pullRequest: true }));
    const pushed = await run(origin, 'rev-parse', 'feature/x');
    if (!isChanged) await mergeThere(origin, 'feature/x', 'develop', 'squash', { deletes: false });
    await commit(folder, env(), 'f', 'late');
    const late = await run(folder, 'rev-parse', 'feature/x');
    const error = await refused(flow(folder, finish('feature', 'x', { wasMerged: true })));
    expect([error.code, error.exitCode]).toEqual(['branch-state', 1]);
    expect(error.message).toContain('1 commit came to the branch afterwards');
    expect(error.message).toContain('mlops flow feature finish x --was-merged --keep');
    expect(await run(origin, 'rev-parse', 'feature/x')).toBe(pushed);
    const { summary, warnings } = await flow(folder, finish('feature', 'x', { wasMerged: true, keep: true }));
    expect(summary).toContain('The branch was kept.');
    expect(warnings).toContain('feature/x was kept with 1 commit that did not come into develop.');
    expect(await run(folder, 'rev-parse', 'feature/x')).toBe(late);
    expect(await run(origin, 'rev-parse', 'feature/x')).toBe(pushed);
    expect(await stateOf(folder, 'feature/x')).toBeUndefined();
  });

  test('closed and deleted there: said, with a way on; merged here after all, or taken for merged', async () => {
    const { folder, origin } = await makeFeature();
    await flow(folder, finish('feature', 'x', { pullRequest: true }));
    await git(origin, env(), 'branch', '-q', '-D', 'feature/x');
    await run(folder, 'fetch', '-q', '--prune', 'origin');
    const { summary, steps } = await flow(folder, finish('feature', 'x'));
    expect(summary.join(' ')).toContain('--was-merged');
    expect(steps.map(({ title }) => title)).toEqual(['Fetch from origin']);
    await flow(folder, finish('feature', 'x', { pullRequest: false }));
    expect(await stateOf(folder, 'feature/x')).toBeUndefined();
    expect(await run(folder, 'log', '-1', '--format=%s', 'develop')).toContain('Merge branch');
  });

  test('a remote whose host is known: its page with title and text; GitHub’s own program where that is there', async () => {
    const { folder, origin } = await makeFeature();
    await run(folder, 'config', 'remote.origin.url', 'git@github.com:lab/digits.git');
    await run(folder, 'config', 'remote.origin.pushurl', origin);
    const page =
      'https://github.com/lab/digits/compare/develop...feature/x?expand=1&title=X&body=-%20f%3A%201%0A-%20f%3A%202';
    const result = await flow(folder, finish('feature', 'x', { pullRequest: true }));
    expect([result.pullRequest?.url, result.summary.at(-1)]).toEqual([page, page]);

    const bin = await ground().make('bin');
    const mark = path.join(bin, 'asked');
    await writeFile(
      path.join(bin, 'gh'),
      `#!/bin/sh\npwd > "${mark}"\nprintf '%s\\n' "$@" >> "${mark}"\necho Creating >&2\necho https://github.com/lab/digits/pull/7\n`,
      { mode: 0o755 },
    );
    const withProgram = { ...env(), PATH: `${bin}${path.delimiter}${env()['PATH'] ?? ''}` };
    // The counterpart is fetched again, which github.com would have to answer.
    await run(folder, 'branch', '-q', '-d', '-r', 'origin/feature/x');
    const opened = await performFlow(folder, finish('feature', 'x', { pullRequest: true }), { env: withProgram });
    expect(opened.pullRequest?.url).toBe('https://github.com/lab/digits/pull/7');
    const [place, ...words] = (await readFile(mark, 'utf8')).split('\n');
    expect(place?.startsWith(folder)).toBe(false);
    expect(words).toEqual(
      expect.arrayContaining(['--repo=github.com/lab/digits', '--head=feature/x', '--base=develop']),
    );
  });
});

describe('a version', () => {
  async function makeVersion(
    type: 'release' | 'hotfix',
    protectedBranches?: string[],
  ): Promise<{ folder: string; origin: string }> {
    const folder = await makeFlow({ remote: true });
    const origin = await protect(folder, protectedBranches);
    await flow(folder, { action: 'start', type, name: '1.2.0' });
    await commit(folder, env(), 'r', '1');
    await commit(folder, env(), 'r', '2');
    return { folder, origin };
  }

  test.each<['release' | 'hotfix', Way]>([
    ['release', 'merge'],
    ['hotfix', 'squash'],
  ])('a %s, merged there (%s): tagged where it came in, and taken back into development', async (type, way) => {
    const { folder, origin } = await makeVersion(type, ['main']);
    const opened = await flow(folder, finish(type, '1.2.0', { push: true, message: 'The version' }));
    expect(opened.pullRequest).toMatchObject({
      into: 'main',
      title: type === 'release' ? 'Release 1.2.0' : 'Hotfix 1.2.0',
    });
    expect(await run(folder, 'tag')).toBe('');
    await mergeThere(origin, `${type}/1.2.0`, 'main', way, { besides: 'o' });
    const result = await flow(folder, finish(type, '1.2.0'));
    expect(result.pullRequest).toBeNull();
    // Not on what came to production later.
    expect(await run(folder, 'rev-parse', '1.2.0^{commit}')).toBe(await run(folder, 'rev-parse', 'origin/main^'));
    // What the request had said when it was opened.
    expect(await run(folder, 'tag', '-l', '--format=%(contents:subject)', '1.2.0')).toBe('The version');
    expect(await run(folder, 'log', '-1', '--format=%s', 'develop')).toBe("Merge tag '1.2.0' into develop");
    for (const ref of ['develop', 'main', '1.2.0'])
      expect(await run(origin, 'rev-parse', ref)).toBe(await run(folder, 'rev-parse', ref));
    expect(await run(folder, 'branch', '--all', '--list', `*${type}*`)).toBe('');
  });

  test('development is protected too: it takes the version back by a pull request of its own', async () => {
    const { folder, origin } = await makeVersion('release');
    await flow(folder, finish('release', '1.2.0', { pullRequest: true }));
    await mergeThere(origin, 'release/1.2.0', 'main', 'merge');
    const develop = await run(folder, 'rev-parse', 'develop');
    const result = await flow(folder, finish('release', '1.2.0'));
    expect(result.pullRequest).toMatchObject({ branch: 'feature/back-merge-1.2.0', into: 'develop' });
    expect(await run(folder, 'rev-parse', 'develop')).toBe(develop);
    expect(await run(origin, 'tag')).toBe('1.2.0');
    expect(await current(folder)).toBe('develop');
    expect(await run(folder, 'branch', '--all', '--list', '*release*')).toBe('');
    await mergeThere(origin, 'feature/back-merge-1.2.0', 'develop', 'merge');
    await flow(folder, { action: 'continue' });
    expect(await end(folder, env(), 'git', 'merge-base', '--is-ancestor', '1.2.0', 'develop')).toMatchObject({
      code: 0,
    });
    expect(await run(folder, 'branch', '--all', '--list', '*feature*')).toBe('');
  });

  test('only development is protected: production is merged and pushed here, the rest goes by a pull request', async () => {
    const { folder, origin } = await makeVersion('release', ['develop']);
    const result = await flow(folder, finish('release', '1.2.0', { push: true }));
    expect(result.pullRequest).toMatchObject({ branch: 'feature/back-merge-1.2.0', into: 'develop' });
    expect(await run(origin, 'rev-parse', 'main')).toBe(await run(folder, 'rev-parse', 'main'));
    expect(await run(origin, 'tag')).toBe('1.2.0');
    expect(await current(folder)).toBe('develop');
  });

  test('a back-merge that meets a conflict is continued, and then opened', async () => {
    const { folder, origin } = await makeVersion('release');
    await flow(folder, finish('release', '1.2.0', { pullRequest: true }));
    await mergeThere(origin, 'release/1.2.0', 'main', 'squash');
    await run(folder, 'checkout', '-q', 'develop');
    await commit(folder, env(), 'r', 'ours');
    await git(folder, { ...env(), HOST: '1' }, 'push', '-q', 'origin', 'develop');
    await run(folder, 'config', 'mlops.flow.protected', 'develop');
    expect((await refused(flow(folder, finish('release', '1.2.0')))).code).toBe('merge-conflict');
    await writeFile(path.join(folder, 'r'), 'both');
    await run(folder, 'add', 'r');
    const result = await flow(folder, { action: 'continue' });
    expect(result.pullRequest).toMatchObject({ branch: 'feature/back-merge-1.2.0' });
    expect(await run(origin, 'log', '-1', '--format=%s', 'feature/back-merge-1.2.0')).toContain("Merge tag '1.2.0'");
    expect(await run(folder, 'branch', '--all', '--list', '*release*')).toBe('');
  });
});
