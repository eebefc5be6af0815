import { describe, test } from 'vitest';
import type { ErrorCode } from '../../../../src/protocol/errors.ts';
import type { FlowRequest } from '../../../../src/protocol/gitflow.ts';
import { AVH, checkPlan, checkRefused, keys, type Given } from './check.ts';

describe('init', () => {
  const init = { action: 'init' } as const;
  const empty = { branches: [], config: {}, facts: { isUnborn: true, current: 'master' } } satisfies Given;
  const MADE = [
    "git commit --allow-empty -m 'Initial commit'",
    'git branch --no-track develop master',
    'git checkout develop',
  ];

  test.each<[string, FlowRequest, Given, readonly string[]]>([
    ['an empty repository', init, empty, [...MADE, ...keys({ ...AVH, 'gitflow.branch.master': 'master' })]],
    [
      'an empty repository that begins with main',
      init,
      { ...empty, facts: { isUnborn: true, current: 'main' } },
      [
        "git commit --allow-empty -m 'Initial commit'",
        'git branch --no-track develop main',
        'git checkout develop',
        ...keys(AVH),
      ],
    ],
    [
      'an empty repository, production named otherwise',
      { ...init, production: 'live' },
      empty,
      [
        'git symbolic-ref HEAD refs/heads/live',
        "git commit --allow-empty -m 'Initial commit'",
        'git branch --no-track develop live',
        'git checkout develop',
        ...keys({ ...AVH, 'gitflow.branch.master': 'live' }),
      ],
    ],
    [
      'main only',
      init,
      { branches: ['main'], config: {}, facts: { current: 'main' } },
      ['git branch --no-track develop main', 'git checkout develop', ...keys(AVH)],
    ],
    ['main and develop', init, { branches: ['main', 'develop'], config: {} }, keys(AVH)],
    [
      'develop on the remote only',
      init,
      { branches: ['main', 'origin/main', 'origin/develop'], config: {} },
      ['git branch --track develop origin/develop', 'git checkout develop', ...keys(AVH)],
    ],
    [
      'main on the remote only',
      init,
      { branches: ['topic', 'origin/main'], config: {} },
      [
        'git branch --track main origin/main',
        'git branch --no-track develop main',
        'git checkout develop',
        ...keys(AVH),
      ],
    ],
    ['set up already', init, { branches: ['main', 'develop'] }, []],
    [
      'keys that stand are used again',
      init,
      { branches: ['trunk', 'int'], config: { 'gitflow.branch.master': 'trunk', 'gitflow.prefix.feature': 'f-' } },
      keys({ ...AVH, 'gitflow.branch.develop': 'int' }).filter((line) => !/branch\.master|prefix\.feature/.test(line)),
    ],
    [
      'own prefixes, one of them empty',
      { ...init, prefixes: { feature: 'f/', support: '' }, versionTag: 'v' },
      { branches: ['main', 'develop'], config: {} },
      keys({
        ...AVH,
        'gitflow.prefix.feature': 'f/',
        'gitflow.prefix.support': '',
        'gitflow.prefix.versiontag': 'v',
      }),
    ],
    [
      'a change by force',
      { ...init, prefixes: { feature: 'topic/' }, force: true },
      {},
      keys({ 'gitflow.prefix.feature': 'topic/' }),
    ],
    [
      "git-flow-next's settings, for which AVH's are written beside",
      init,
      {
        branches: ['trunk', 'next'],
        config: {
          'gitflow.version': '1.0',
          'gitflow.branch.trunk.type': 'base',
          'gitflow.branch.next.type': 'base',
          'gitflow.branch.next.parent': 'trunk',
          'gitflow.branch.feature.prefix': 'feat/',
        },
      },
      keys({
        ...AVH,
        'gitflow.branch.master': 'trunk',
        'gitflow.branch.develop': 'next',
        'gitflow.prefix.feature': 'feat/',
      }),
    ],
  ])('%s', (_name, request, given, expected) => void checkPlan(request, given, expected));

  test.each<[string, FlowRequest, Given, ErrorCode, string]>([
    ['changes in the tree', init, { config: {}, facts: { changed: ['a'] } }, 'dirty-tree', 'flow init'],
    ['no such production branch', { ...init, production: 'mian' }, {}, 'branch-state', '--force'],
    [
      'no such production branch, not set up',
      { ...init, production: 'mian' },
      { config: {} },
      'unknown-name',
      '"main"',
    ],
    ['no branch to guess', init, { branches: ['trunk'], config: {} }, 'missing-answer', '--production'],
    ['one branch for both', { ...init, develop: 'main' }, { config: {} }, 'bad-arguments', 'main'],
    ['a bad name', { ...init, develop: '-f' }, { config: {} }, 'bad-arguments', '-f'],
    ['a bad prefix', { ...init, prefixes: { feature: 'a b/' } }, { config: {} }, 'bad-arguments', 'a b/'],
    ['a change without force', { ...init, prefixes: { feature: 'f/' } }, {}, 'branch-state', '--force'],
    [
      'nobody to commit as',
      init,
      { ...empty, facts: { ...empty.facts, hasIdentity: false } },
      'git-failed',
      'user.name',
    ],
    [
      "a change of git-flow-next's",
      { ...init, prefixes: { feature: 'f/' }, force: true },
      { config: { ...AVH, 'gitflow.version': '1.0' } },
      'not-supported',
      'git-flow-next',
    ],
  ])('refuses %s', (_name, request, given, code, word) => checkRefused(request, given, code, word));
});
