import { describe, expect, test } from 'vitest';
import { listPairs, parseFlow, type FlowFacts } from '../../../../src/core/gitflow/gitflow.ts';
import type { FlowRequest } from '../../../../src/protocol/gitflow.ts';
import { AVH, toFacts, type Given } from './check.ts';

describe('state', () => {
  test('topics by type and name, with base, distances and what is checked out', () => {
    const branches = [
      'main',
      'develop',
      'other',
      'hotfix/1',
      'feature/b',
      'feature/a',
      'support/1',
      'origin/feature/a',
    ];
    const given = {
      branches,
      config: { ...AVH, 'gitflow.branch.feature/b.base': 'main' },
      distances: { 'feature/a develop': [0, 4], 'feature/a origin/feature/a': [1, 0] },
      facts: { current: 'feature/b' },
    } as const;
    const state = parseFlow(toFacts(given));
    expect(state.initialised).toBe(true);
    expect(
      state.topics.map(({ type, name, base, merged, current }) => ({ type, name, base, merged, current })),
    ).toEqual([
      { type: 'feature', name: 'a', base: 'develop', merged: true, current: false },
      { type: 'feature', name: 'b', base: 'main', merged: false, current: true },
      { type: 'hotfix', name: '1', base: 'main', merged: false, current: false },
      { type: 'support', name: '1', base: null, merged: false, current: false },
    ]);
    expect(state.topics[0]).toMatchObject({ distance: { ahead: 0, behind: 4 }, remote: { ahead: 1, behind: 0 } });
    expect(state.topics[1]?.remote).toBeNull();
  });

  test.each<[string, Given, string]>([
    ['nothing set', { config: {} }, 'not set'],
    ['one branch for both', { config: { ...AVH, 'gitflow.branch.develop': 'main' } }, 'same branch'],
    ['a branch is missing', { branches: ['main'] }, 'develop'],
    ['no prefixes', { config: { 'gitflow.branch.master': 'main', 'gitflow.branch.develop': 'develop' } }, 'prefixes'],
  ])('not initialised: %s', (_name, given, word) => {
    const state = parseFlow(toFacts(given));
    expect(state.initialised).toBe(false);
    expect(state.reason).toContain(word);
  });

  test('the longest prefix decides, an empty one only with a base written down', () => {
    const config = {
      ...AVH,
      'gitflow.prefix.bugfix': 'feature/fix/',
      'gitflow.prefix.hotfix': '',
      'gitflow.branch.h.base': 'main',
    };
    const state = parseFlow(toFacts({ branches: ['main', 'develop', 'feature/fix/a', 'feature/b', 'h', 'i'], config }));
    expect(state.topics.map(({ type, name }) => `${type} ${name}`)).toEqual(['feature b', 'bugfix a', 'hotfix h']);
  });

  test.each<[string, Partial<FlowFacts>, string | null, string | null]>([
    ['none', {}, null, null],
    ['a stopped finish', { mergeBase: 'develop', mergeHead: 'at:feature/x', conflicts: ['a'] }, 'finish', 'feature/x'],
    ['a merge', { mergeHead: 'at:feature/x' }, 'merge', 'feature/x'],
    ['a rebase', { isRebasing: true, mergeBase: 'develop' }, 'rebase', null],
    ['git-flow-next', { nextState: '{"fullBranchName":"feature/z","branchType":"feature"}' }, 'next', 'feature/z'],
    ['git-flow-next with a hostile name', { nextState: '{"fullBranchName":"a\\u001b]0;x"}' }, 'next', null],
  ])('unfinished: %s', (_name, facts, kind, branch) => {
    const { unfinished } = parseFlow(toFacts({ facts }));
    expect([unfinished?.kind ?? null, unfinished?.branch ?? null]).toEqual([kind, branch]);
  });

  test('only the distances that a request needs are asked for', () => {
    const facts = toFacts({ branches: ['main', 'develop', 'feature/x', 'feature/y', 'origin/develop'] });
    const pairs = (request?: FlowRequest): string[] =>
      listPairs(facts, request).map(([branch, base]) => `${branch.commit} ${base.commit}`.replaceAll('at:', ''));
    expect(pairs()).toEqual(['feature/x develop', 'feature/y develop', 'develop origin/develop']);
    expect(pairs({ action: 'start', type: 'feature', name: 'z' })).toEqual(['develop origin/develop']);
    expect(pairs({ action: 'finish', type: 'feature', name: 'y' })).toEqual([
      'feature/y develop',
      'develop origin/develop',
    ]);
  });
});
