import { describe, expect, test } from 'vitest';
import { planFlow } from '../../../../src/core/gitflow/gitflow.ts';
import type { ErrorCode } from '../../../../src/protocol/errors.ts';
import type { FlowRequest } from '../../../../src/protocol/gitflow.ts';
import { AVH, checkPlan, checkRefused, toFacts, type Given } from './check.ts';

describe('finish', () => {
  const finish = { action: 'finish', type: 'feature', name: 'x' } as const;
  const based = { ...AVH, 'gitflow.branch.feature/x.base': 'develop' };
  const published = ['main', 'develop', 'feature/x', 'origin/feature/x'];
  const END = ['git branch -d feature/x', 'git config --local --remove-section gitflow.branch.feature/x'];

  test.each<[string, FlowRequest, Given, readonly string[]]>([
    [
      'one commit is fast-forwarded',
      finish,
      { config: based },
      ['git checkout develop', 'git merge --ff feature/x', ...END],
    ],
    [
      'more get a merge commit',
      finish,
      { config: based, distances: { 'feature/x develop': [2, 0] }, facts: { current: 'develop' } },
      ['git merge --no-ff feature/x', ...END],
    ],
    [
      'no name: what is checked out',
      { action: 'finish', type: 'feature' },
      { config: based },
      ['git checkout develop', 'git merge --ff feature/x', ...END],
    ],
    [
      'never fast-forward',
      { ...finish, noFastForward: true },
      { config: based },
      ['git checkout develop', 'git merge --no-ff feature/x', ...END],
    ],
    [
      'never fast-forward, by a setting',
      finish,
      { config: { ...based, 'gitflow.feature.finish.no-ff': '1' } },
      ['git checkout develop', 'git merge --no-ff feature/x', ...END],
    ],
    ['kept', { ...finish, keep: true }, { config: based }, ['git checkout develop', 'git merge --ff feature/x']],
    [
      'nothing to merge',
      finish,
      { config: based, distances: { 'feature/x develop': [0, 2] } },
      ['git checkout develop', ...END],
    ],
    [
      'no base written down',
      finish,
      {},
      ['git checkout develop', 'git merge --ff feature/x', 'git branch -d feature/x'],
    ],
    [
      'published: fetched first, deleted on the remote first',
      finish,
      { config: based, branches: published },
      [
        'git fetch origin feature/x',
        'git checkout develop',
        'git merge --ff feature/x',
        'git push --force-with-lease=feature/x:at:origin/feature/x origin :feature/x',
        ...END,
      ],
    ],
    [
      'published and kept there',
      finish,
      { config: { ...based, 'gitflow.feature.finish.keepremote': 'on' }, branches: published },
      ['git fetch origin feature/x', 'git checkout develop', 'git merge --ff feature/x', 'git branch -D feature/x'],
    ],
    [
      'published, kept, base fetched and pushed by settings',
      finish,
      {
        config: {
          ...based,
          'gitflow.feature.finish.keep': 'true',
          'gitflow.feature.finish.fetch': 'true',
          'gitflow.feature.finish.push': 'true',
        },
        branches: [...published, 'origin/develop'],
      },
      [
        'git fetch origin feature/x',
        'git fetch origin develop',
        'git checkout develop',
        'git merge --ff feature/x',
        'git push origin develop',
      ],
    ],
    [
      'with hooks',
      finish,
      {
        config: based,
        facts: { hooks: { folder: '/h', names: ['pre-flow-feature-finish', 'post-flow-feature-finish'] } },
      },
      [
        '# Run the hook /h/pre-flow-feature-finish',
        'git checkout develop',
        'git merge --ff feature/x',
        '# Run the hook /h/post-flow-feature-finish',
        ...END,
      ],
    ],
    [
      'after a conflict that was resolved and committed',
      finish,
      {
        config: based,
        distances: { 'feature/x develop': [0, 2] },
        facts: { mergeBase: 'develop', current: 'develop' },
      },
      ['# Forget that an earlier merge had stopped', ...END],
    ],
    [
      'after a conflict that was resolved, from another branch',
      finish,
      {
        config: based,
        branches: ['main', 'develop', 'feature/x', 'origin/feature/x'],
        distances: { 'feature/x develop': [0, 2] },
        facts: { mergeBase: 'develop', current: 'main' },
      },
      [
        '# Forget that an earlier merge had stopped',
        'git checkout develop',
        'git push --force-with-lease=feature/x:at:origin/feature/x origin :feature/x',
        ...END,
      ],
    ],
    [
      'after a conflict that was resolved, kept',
      { ...finish, keep: true },
      {
        config: based,
        distances: { 'feature/x develop': [0, 2] },
        facts: { mergeBase: 'develop', current: 'develop' },
      },
      ['# Forget that an earlier merge had stopped'],
    ],
    [
      'after a conflict that was undone',
      finish,
      { config: based, facts: { mergeBase: 'develop', current: 'develop' } },
      ['# Forget that an earlier merge had stopped', 'git merge --ff feature/x', ...END],
    ],
    [
      'checked out here, by whatever name git knows this work tree',
      finish,
      { config: based, worktrees: { 'feature/x': '/above/.git/modules/r' } },
      ['git checkout develop', 'git merge --ff feature/x', ...END],
    ],
    [
      'with git-flow-next, which never fast-forwards',
      finish,
      { config: { ...based, 'gitflow.version': '1.0' } },
      ['git checkout develop', 'git merge --no-ff feature/x', ...END],
    ],
  ])('%s', (_name, request, given, expected) => void checkPlan(request, given, expected));

  test.each<[string, FlowRequest, Given, ErrorCode, string]>([
    ['a slip', { ...finish, name: 'xx' }, {}, 'unknown-name', '"x"'],
    ['the whole name', { ...finish, name: 'feature/x' }, {}, 'unknown-name', '"x"'],
    ['an option', { ...finish, name: '-f' }, {}, 'unknown-name', '-f'],
    [
      'a branch that is on the remote only',
      { ...finish, name: 'y' },
      { branches: ['main', 'develop', 'origin/feature/y'] },
      'branch-state',
      'git checkout -b feature/y',
    ],
    [
      'production and development as a feature',
      { ...finish, name: 'develop' },
      { config: { ...AVH, 'gitflow.prefix.feature': '' } },
      'unknown-name',
      'develop',
    ],
    ['no name on another branch', { action: 'finish', type: 'bugfix' }, {}, 'bad-arguments', 'feature/x'],
    [
      'no name on no branch',
      { action: 'finish', type: 'feature' },
      { facts: { current: undefined } },
      'bad-arguments',
      'No branch',
    ],
    ['changes in the tree', finish, { facts: { changed: ['a.txt'] } }, 'dirty-tree', 'a.txt'],
    [
      'a base that is gone',
      finish,
      { config: { ...AVH, 'gitflow.branch.feature/x.base': 'gone' } },
      'unknown-name',
      'gone',
    ],
    [
      'a conflict that is not resolved',
      finish,
      { facts: { mergeBase: 'develop', mergeHead: 'abc', changed: ['a'], conflicts: ['a'] } },
      'merge-conflict',
      'mlops flow feature finish x',
    ],
    [
      'a merge that is not committed',
      finish,
      { facts: { mergeBase: 'develop', mergeHead: 'abc' } },
      'merge-conflict',
      'git commit',
    ],
    [
      'a merge of somebody else',
      finish,
      { facts: { mergeHead: 'abc', changed: ['a'], conflicts: ['a'] } },
      'branch-state',
      'git merge --abort',
    ],
    [
      'what git-flow-next has begun',
      finish,
      { facts: { nextState: '{"action":"finish","branchType":"feature"}' } },
      'branch-state',
      'git flow feature finish --continue',
    ],
    ['what git-flow-next has left broken', finish, { facts: { nextState: '{' } }, 'branch-state', '--abort'],
    [
      'a base behind the remote',
      finish,
      { branches: ['main', 'develop', 'feature/x', 'origin/develop'], distances: { 'develop origin/develop': [0, 1] } },
      'branch-state',
      'lacks 1 commit that',
    ],
    [
      'a branch apart from the remote',
      finish,
      { branches: published, distances: { 'feature/x origin/feature/x': [1, 2] } },
      'branch-state',
      'git merge origin/feature/x',
    ],
    [
      'a resolved conflict whose branch has moved on the remote',
      finish,
      {
        branches: published,
        distances: { 'feature/x develop': [0, 2], 'feature/x origin/feature/x': [0, 1] },
        facts: { mergeBase: 'develop', current: 'develop' },
      },
      'branch-state',
      'lacks 1 commit',
    ],
    [
      'a remote without an address',
      finish,
      { branches: published, facts: { remotes: [] } },
      'branch-state',
      'git remote add origin',
    ],
    [
      'nobody to commit as',
      finish,
      { distances: { 'feature/x develop': [2, 0] }, facts: { hasIdentity: false } },
      'git-failed',
      'user.email',
    ],
    ['a base in another work tree', finish, { worktrees: { develop: '/other' } }, 'branch-state', '/other'],
    [
      'a branch in another work tree',
      finish,
      { worktrees: { 'feature/x': '/other' }, facts: { current: 'main' } },
      'branch-state',
      '/other',
    ],
  ])('refuses %s', (_name, request, given, code, word) => checkRefused(request, given, code, word));

  test('a fast-forward needs nobody to commit as', () => {
    expect(() => planFlow(toFacts({ facts: { hasIdentity: false } }), finish)).not.toThrow();
  });
});
