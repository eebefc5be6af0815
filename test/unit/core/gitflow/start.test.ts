import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { planFlow } from '../../../../src/core/gitflow/gitflow.ts';
import type { ErrorCode } from '../../../../src/protocol/errors.ts';
import type { FlowRequest } from '../../../../src/protocol/gitflow.ts';
import { AVH, checkPlan, checkRefused, omit, toFacts, type Given } from './check.ts';

describe('start', () => {
  const start = { action: 'start', type: 'feature', name: 'y' } as const;

  test.each<[string, FlowRequest, Given, readonly string[]]>([
    [
      'from develop',
      start,
      {},
      ['git config --local gitflow.branch.feature/y.base develop', 'git checkout -b feature/y develop'],
    ],
    [
      'a bugfix from another branch, with dots and #',
      { ...start, type: 'bugfix', name: '1.2#3', base: 'feature/x' },
      {},
      ["git config --local 'gitflow.branch.bugfix/1.2#3.base' feature/x", "git checkout -b 'bugfix/1.2#3' feature/x"],
    ],
    [
      'with fetch switched on',
      start,
      {
        branches: ['main', 'develop', 'origin/develop'],
        config: { ...AVH, 'gitflow.feature.start.fetch': 'yes' },
      },
      [
        'git fetch origin develop',
        'git config --local gitflow.branch.feature/y.base develop',
        'git checkout -b feature/y develop',
      ],
    ],
    [
      'with hooks, and with changes in the tree',
      start,
      {
        facts: {
          changed: ['a'],
          hooks: {
            folder: '/h',
            names: ['pre-flow-feature-start', 'post-flow-feature-start', 'pre-flow-bugfix-start'],
          },
        },
      },
      [
        '# Run the hook /h/pre-flow-feature-start',
        'git config --local gitflow.branch.feature/y.base develop',
        'git checkout -b feature/y develop',
        '# Run the hook /h/post-flow-feature-start',
      ],
    ],
    [
      'with an empty prefix',
      start,
      { config: { ...AVH, 'gitflow.prefix.feature': '' } },
      ['git config --local gitflow.branch.y.base develop', 'git checkout -b y develop'],
    ],
  ])('%s', (_name, request, given, expected) => void checkPlan(request, given, expected));

  test.each<[string, FlowRequest, string]>([
    ['a feature', start, 'run "mlops flow feature finish y" (in the editor "MLOps: Finish Feature").'],
    ['a bugfix', { ...start, type: 'bugfix' }, 'run "mlops flow bugfix finish y".'],
    [
      'to set up',
      { action: 'init', force: true, develop: 'x' },
      '"mlops flow feature start NAME" (in the editor "MLOps: Start Feature").',
    ],
  ])('the summary says how to go on with %s, by names that the editor has', async (_name, request, words) => {
    const summary = planFlow(toFacts({ branches: ['main', 'develop', 'x'] }), request).summary.join(' ');
    expect(summary).toContain(words);
    const titles: unknown = JSON.parse(
      await readFile(path.join(import.meta.dirname, '../../../../package.nls.json'), 'utf8'),
    );
    for (const [, title] of summary.matchAll(/"MLOps: ([^"]+)"/g))
      expect(Object.values(titles as object)).toContain(title);
  });

  test('ahead of the remote is a warning', () => {
    const branches = ['main', 'develop', 'origin/develop'];
    const plan = planFlow(toFacts({ branches, distances: { 'develop origin/develop': [2, 0] } }), start);
    expect(plan.warnings).toEqual(['develop has 2 commits that origin does not have yet.']);
  });

  test.each<[string, FlowRequest, Given, ErrorCode, string]>([
    ['no Gitflow', start, { config: {} }, 'not-gitflow', 'mlops flow init'],
    ['no develop', start, { branches: ['main'] }, 'not-gitflow', 'develop does not exist'],
    ['no versiontag key', start, { config: omit('gitflow.prefix.versiontag') }, 'not-gitflow', 'version tags'],
    ['no prefix of its own', start, { config: omit('gitflow.prefix.feature') }, 'not-gitflow', 'feature'],
    ['a name that exists', { ...start, name: 'x' }, {}, 'branch-state', 'exists already'],
    [
      'a name that exists on the remote',
      start,
      { branches: ['main', 'develop', 'origin/feature/y'] },
      'branch-state',
      'git checkout -b feature/y origin/feature/y',
    ],
    ['a name below another', { ...start, name: 'x/z' }, {}, 'branch-state', 'feature/x'],
    ['an unknown base', { ...start, base: 'devlop' }, {}, 'unknown-name', '"develop"'],
    ['a base that is a commit', { ...start, base: 'HEAD~1' }, {}, 'unknown-name', 'HEAD~1'],
    ['an empty name', { ...start, name: '' }, {}, 'bad-arguments', 'empty'],
    ['an option as a name', { ...start, name: '--output=x' }, {}, 'bad-arguments', '--output=x'],
    ['a merge in progress', start, { facts: { mergeHead: 'abc' } }, 'branch-state', 'git merge --abort'],
    ['a rebase in progress', start, { facts: { isRebasing: true } }, 'branch-state', 'git rebase --continue'],
    [
      'a base behind the remote',
      start,
      { branches: ['main', 'develop', 'origin/develop'], distances: { 'develop origin/develop': [0, 3] } },
      'branch-state',
      'git merge --ff-only origin/develop',
    ],
    [
      'a setting that is no boolean',
      start,
      { config: { ...AVH, 'gitflow.feature.start.fetch': 'maybe' } },
      'bad-input',
      'gitflow.feature.start.fetch',
    ],
  ])('refuses %s', (_name, request, given, code, word) => checkRefused(request, given, code, word));
});
