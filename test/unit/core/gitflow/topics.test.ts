import { describe, test } from 'vitest';
import type { ErrorCode } from '../../../../src/protocol/errors.ts';
import type { FlowRequest } from '../../../../src/protocol/gitflow.ts';
import { AVH, checkPlan, checkRefused, type Given } from './check.ts';

const based = { ...AVH, 'gitflow.branch.feature/x.base': 'develop' };
const published = ['main', 'develop', 'feature/x', 'origin/feature/x'];
const x = { type: 'feature', name: 'x' } as const;
const FORGET = 'git config --local --remove-section gitflow.branch.feature/x';
const moved = { 'feature/x develop': [1, 2] } as const;

describe('start of a version', () => {
  const release = { action: 'start', type: 'release', name: '1.0' } as const;
  test.each<[string, FlowRequest, Given, readonly string[]]>([
    [
      'a release from development, a hook that knows the tag',
      release,
      {
        config: { ...AVH, 'gitflow.prefix.versiontag': 'v' },
        facts: { hooks: { folder: '/h', names: ['pre-flow-release-start'] } },
      },
      [
        '# Run the hook /h/pre-flow-release-start',
        'git config --local gitflow.branch.release/1.0.base develop',
        'git checkout -b release/1.0 develop',
      ],
    ],
    [
      'a hotfix from production',
      { ...release, type: 'hotfix' },
      {},
      ['git config --local gitflow.branch.hotfix/1.0.base main', 'git checkout -b hotfix/1.0 main'],
    ],
    [
      'a second hotfix, where that is allowed',
      { ...release, type: 'hotfix' },
      { branches: ['main', 'develop', 'hotfix/0.9'], config: { ...AVH, 'gitflow.multi-hotfix': 'yes' } },
      ['git config --local gitflow.branch.hotfix/1.0.base main', 'git checkout -b hotfix/1.0 main'],
    ],
    [
      'a release with changes in the tree, where that is allowed',
      release,
      { config: { ...AVH, 'gitflow.allowdirty': 'true' }, facts: { changed: ['a'] } },
      ['git config --local gitflow.branch.release/1.0.base develop', 'git checkout -b release/1.0 develop'],
    ],
    [
      'support from a tag: nothing is written down',
      { action: 'start', type: 'support', name: '1.x', base: '1.0' },
      { facts: { points: new Map([['1.0', 'at:main']]) } },
      ['git checkout -b support/1.x 1.0'],
    ],
    [
      'git-flow-next: from the start that its definition names',
      release,
      { config: { ...AVH, 'gitflow.version': '1.0', 'gitflow.branch.release.startpoint': 'main' } },
      ['git config --local gitflow.branch.release/1.0.base main', 'git checkout -b release/1.0 main'],
    ],
  ])('%s', (_name, request, given, expected) => void checkPlan(request, given, expected));

  test.each<[string, FlowRequest, Given, ErrorCode, string]>([
    [
      'a second release',
      release,
      { branches: ['main', 'develop', 'release/0.9'] },
      'branch-state',
      'mlops flow release finish 0.9',
    ],
    [
      'a second hotfix',
      { ...release, type: 'hotfix' },
      { branches: ['main', 'develop', 'hotfix/0.9'] },
      'branch-state',
      'hotfix/0.9',
    ],
    [
      'a version that is tagged',
      release,
      { facts: { points: new Map([['refs/tags/1.0', 'c']]) } },
      'branch-state',
      'The tag 1.0 exists already',
    ],
    ['changes in the tree', release, { facts: { changed: ['a.txt'] } }, 'dirty-tree', 'a.txt'],
    ['support from nowhere', { ...release, type: 'support' }, {}, 'bad-arguments', 'name its tag'],
    ['support from no commit', { ...release, type: 'support', base: 'nope' }, {}, 'branch-state', '"nope"'],
    [
      'support from a commit that is not in production',
      { ...release, type: 'support', base: 'develop' },
      { facts: { points: new Map([['develop', 'at:develop']]) }, distances: { 'develop main': [1, 0] } },
      'branch-state',
      'no commit of main',
    ],
    [
      'a name that differs in capitals only',
      { action: 'start', type: 'feature', name: 'X' },
      {},
      'branch-state',
      'capital letters',
    ],
  ])('refuses %s', (_name, request, given, code, word) => checkRefused(request, given, code, word));
});

describe('between start and finish', () => {
  test.each<[string, FlowRequest, Given, readonly string[]]>([
    [
      'publish',
      { action: 'publish', ...x },
      { config: based, facts: { current: 'develop' } },
      ['git fetch origin', 'git push --set-upstream origin feature/x', 'git checkout feature/x'],
    ],
    [
      'track',
      { action: 'track', ...x },
      { branches: ['main', 'develop'] },
      ['git fetch origin', 'git checkout -b feature/x --track origin/feature/x'],
    ],
    [
      'update a feature: rebase',
      { action: 'update', ...x },
      { config: based, distances: moved },
      ['git rebase develop'],
    ],
    [
      'update by a merge, the base fetched',
      { action: 'update', ...x, strategy: 'merge', fetch: true },
      { config: based, distances: moved, branches: ['main', 'develop', 'feature/x', 'origin/develop'] },
      ['git fetch origin develop', 'git merge --ff develop'],
    ],
    [
      'update a release: merge',
      { action: 'update', type: 'release', name: '1' },
      { branches: ['main', 'develop', 'release/1'], distances: { 'release/1 develop': [1, 1] } },
      ['git checkout release/1', 'git merge --ff develop'],
    ],
    [
      'update as git-flow-next defines it, merges kept',
      { action: 'update', ...x, strategy: 'rebase', preserveMerges: true },
      { config: { ...based, 'gitflow.version': '1.0' }, distances: moved },
      ['git rebase --rebase-merges develop'],
    ],
    [
      'update by git-flow-next’s definition',
      { action: 'update', ...x },
      {
        config: { ...based, 'gitflow.version': '1.0', 'gitflow.branch.feature.downstreamstrategy': 'merge' },
        distances: moved,
      },
      ['git merge --ff develop'],
    ],
    ['update of what is up to date', { action: 'update', ...x }, { config: based }, []],
    [
      'delete what is checked out and merged',
      { action: 'delete', ...x },
      { config: based, distances: { 'feature/x develop': [0, 0] } },
      ['git checkout develop', 'git branch -D feature/x', FORGET],
    ],
    [
      'delete everywhere, whatever is lost',
      { action: 'delete', ...x, force: true, remote: true },
      { config: based, branches: published, facts: { current: 'main' } },
      [
        'git branch -D feature/x',
        'git push --force-with-lease=feature/x:at:origin/feature/x origin :feature/x',
        FORGET,
      ],
    ],
    [
      'delete by settings',
      { action: 'delete', ...x },
      {
        config: { ...based, 'gitflow.feature.delete.force': 'on', 'gitflow.feature.delete.remote': 'on' },
        facts: { current: 'main' },
      },
      ['git branch -D feature/x', FORGET],
    ],
    [
      'rename what is checked out',
      { action: 'rename', type: 'feature', newName: 'y' },
      { config: based },
      [
        'git branch -m feature/x feature/y',
        'git config --local --rename-section gitflow.branch.feature/x gitflow.branch.feature/y',
      ],
    ],
    [
      'check out by the beginning of the name',
      { action: 'checkout', type: 'feature', name: 'lon' },
      { branches: ['main', 'develop', 'feature/longer', 'feature/x'] },
      ['git checkout feature/longer'],
    ],
  ])('%s', (_name, request, given, expected) => void checkPlan(request, given, expected));

  test.each<[string, FlowRequest, Given, ErrorCode, string]>([
    [
      'to publish without a remote',
      { action: 'publish', ...x },
      { facts: { remotes: [] } },
      'branch-state',
      'git remote add',
    ],
    [
      'to publish what is behind',
      { action: 'publish', ...x },
      { branches: published, distances: { 'feature/x origin/feature/x': [0, 1] } },
      'branch-state',
      'lacks 1 commit',
    ],
    ['to track what is here', { action: 'track', ...x }, {}, 'branch-state', 'git checkout feature/x'],
    ['to track a name that is none', { action: 'track', type: 'feature', name: '-f' }, {}, 'bad-arguments', '-f'],
    [
      'to update support',
      { action: 'update', type: 'support', name: '1' },
      { branches: ['main', 'develop', 'support/1'] },
      'branch-state',
      'lives on its own',
    ],
    [
      'to update with changes',
      { action: 'update', ...x },
      { facts: { changed: ['a'] } },
      'dirty-tree',
      'flow feature update x',
    ],
    ['to delete what is not merged', { action: 'delete', ...x }, { config: based }, 'branch-state', '--force'],
    [
      'to delete a hotfix that development lacks',
      { action: 'delete', type: 'hotfix', name: '1' },
      { branches: ['main', 'develop', 'hotfix/1'], distances: { 'hotfix/1 main': [0, 0] } },
      'branch-state',
      'develop has not',
    ],
    [
      'a new name that is taken',
      { action: 'rename', ...x, newName: 'y' },
      { branches: ['main', 'develop', 'feature/x', 'feature/y'] },
      'branch-state',
      'exists already',
    ],
    [
      'a beginning of two names',
      { action: 'checkout', type: 'feature', name: 'lo' },
      { branches: ['main', 'develop', 'feature/long', 'feature/lost'] },
      'bad-arguments',
      'long, lost',
    ],
    ['a name that nothing has', { action: 'checkout', type: 'feature', name: 'q' }, {}, 'unknown-name', '"q"'],
    [
      'anything while a rebase is not finished',
      { action: 'update', ...x },
      { facts: { isRebasing: true } },
      'branch-state',
      'git rebase --continue',
    ],
  ])('refuses %s', (_name, request, given, code, word) => checkRefused(request, given, code, word));
});

describe('finish with a rebase or as one commit', () => {
  const finish = { action: 'finish', ...x } as const;
  const END = [FORGET];
  test.each<[string, FlowRequest, Given, readonly string[]]>([
    [
      'rebased first',
      { ...finish, rebase: true },
      { config: based, distances: moved, facts: { current: 'develop' } },
      [
        'git checkout feature/x',
        'git rebase develop',
        'git checkout develop',
        'git merge --ff feature/x',
        'git branch -d feature/x',
        ...END,
      ],
    ],
    [
      'as one commit, by a setting',
      finish,
      { config: { ...based, 'gitflow.feature.finish.squash': 'true' } },
      ['git checkout develop', 'git merge --squash feature/x', 'git branch -D feature/x', ...END],
    ],
    [
      'git-flow-next: rebased by its setting, and never a merge commit then',
      finish,
      {
        config: { ...based, 'gitflow.version': '1.0', 'gitflow.feature.finish.merge': 'rebase' },
        distances: { 'feature/x develop': [1, 1] },
      },
      ['git rebase develop', 'git checkout develop', 'git merge --ff feature/x', 'git branch -d feature/x', ...END],
    ],
  ])('%s', (_name, request, given, expected) => void checkPlan(request, given, expected));
});
