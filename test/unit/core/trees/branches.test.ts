import { describe, expect, it } from 'vitest';
import { describeCurrentBranch, toBranchEntries, type TreeEntry } from '../../../../src/core/trees/trees.ts';
import type { FlowState, FlowTopic } from '../../../../src/protocol/gitflow.ts';
import type { RunSummary } from '../../../../src/protocol/tracking.ts';
import { t } from '../sparks/runs.ts';

const topic = (branch: string, more: Partial<FlowTopic> = {}): FlowTopic => {
  const [type, name] = branch.split('/') as [FlowTopic['type'], string];
  return {
    ...{ type, name, branch, base: 'develop', commit: 'abc', distance: { ahead: 3, behind: 1 } },
    ...{ merged: false, current: false, remote: null, pullRequest: null },
    ...more,
  };
};

const waiting = (request: 'open' | 'merged'): FlowTopic['pullRequest'] => ({
  ...{ branch: 'feature/d', into: 'develop', title: 'D', url: 'https://example.org/1', state: request },
});

const state = (more: Partial<FlowState>): FlowState => ({
  ...{ root: '/r', initialised: true, reason: null, edition: 'avh', production: 'main', develop: 'develop' },
  ...{ origin: 'origin', versionTag: '', current: 'develop', changed: [], topics: [], unfinished: null },
  prefixes: { feature: 'feature/', bugfix: 'bugfix/', release: 'release/', hotfix: 'hotfix/', support: 'support/' },
  ...more,
});

const draw = (given: FlowState): readonly string[] =>
  toBranchEntries(given, '/p', t)
    .flatMap((entry) => [entry, ...((entry.children?.() ?? []) as readonly TreeEntry[])])
    .map(({ icon, label, description, context }) => [icon?.id, label, description, context].join(' | '));

const lasting = [
  'git-branch | main | production | branch-lasting',
  'git-branch | develop | development | branch-lasting',
];

describe('the branches of a repository', () => {
  const check = (name: string, more: Partial<FlowState>, lines: readonly string[]): void =>
    it(name, () => expect(draw(state(more))).toEqual(lines));

  check('the two that last, and which is checked out', {}, [
    lasting[0]!,
    'pass-filled | develop | development, checked out | branch-lasting',
  ]);
  check('without Gitflow', { initialised: false, reason: 'Not set.' }, []);
  check(
    'by types, each with its standing',
    {
      current: 'feature/b',
      topics: [
        topic('feature/a', { remote: { ahead: 0, behind: 2 } }),
        topic('feature/b', { current: true, distance: { ahead: 1, behind: 0 } }),
        topic('feature/c', { merged: true, distance: { ahead: 0, behind: 0 }, remote: { ahead: 0, behind: 0 } }),
        topic('feature/d', { pullRequest: waiting('open') }),
        topic('feature/e', { pullRequest: waiting('merged'), current: true }),
        topic('hotfix/1.0.1', { base: 'main', distance: null }),
        topic('support/1.x', { base: null, distance: null }),
      ],
    },
    [
      ...lasting,
      'folder | Features | 5 | branch-group',
      'git-branch | a | 3 ahead, 1 behind of develop · 2 behind of origin | branch finishable published plain other',
      'pass-filled | b | checked out · 1 ahead of develop · not published | branch finishable unpublished plain current',
      'git-merge | c | equal to develop | branch finishable published plain other',
      'git-pull-request | d | pull request into develop open · 3 ahead, 1 behind of develop · not published | branch finishable unpublished requested other',
      'git-merge | e | checked out · pull request merged into develop · 3 ahead, 1 behind of develop · not published | branch finishable unpublished completable current',
      'folder | Hotfixes | 1 | branch-group',
      'git-branch | 1.0.1 | its base main is not there · not published | branch finishable unpublished plain other',
      'folder | Support | 1 | branch-group',
      'git-branch | 1.x | not published | branch endless unpublished plain other',
    ],
  );
  const stopped = { branch: 'feature/a', base: 'develop', conflicts: ['x', 'y'], advice: 'Go on.' };
  check('what of ours has stopped', { current: 'x', unfinished: { ...stopped, kind: 'finish' } }, [
    'warning | feature/a is not finished | 2 files with conflicts | flow-unfinished ours',
    ...lasting,
  ]);
  check(
    'what another tool ends',
    { current: null, unfinished: { ...stopped, kind: 'rebase', branch: null, conflicts: [] } },
    ['warning | Something is not finished | develop | flow-unfinished', ...lasting],
  );
});

describe('what the status bar says', () => {
  const check = (name: string, more: Partial<FlowState>, expected: readonly [string, string] | null): void =>
    it(name, () => {
      const words = describeCurrentBranch(state(more), t);
      expect(words === null ? null : [words.text, words.tooltip]).toEqual(expected);
    });
  const current = [topic('feature/a', { current: true })];
  check('of a feature', { topics: current }, [
    '$(git-merge) feature → develop',
    'feature/a: 3 ahead, 1 behind of develop',
  ]);
  check('of a support branch', { topics: [topic('support/1.x', { current: true, base: null })] }, [
    '$(git-merge) support',
    'support/1.x',
  ]);
  check('of a branch that is none of Gitflow', { topics: [topic('feature/a')] }, null);
  check('without Gitflow', { initialised: false, topics: current }, null);
  const unfinished = { kind: 'finish', branch: 'feature/a', base: 'develop', conflicts: [], advice: 'Go on.' } as const;
  check('what has stopped', { topics: current, unfinished }, ['$(warning) feature/a is not finished', 'Go on.']);
});

it('a branch tells of the newest run that was made on it, which is a click away', async () => {
  const run = (runId: string, startTime: number, branch: string): RunSummary => ({
    ...{ runId, name: `${runId} lark`, experiment: 'x', status: 'FINISHED', startTime, endTime: 9, parentRunId: null },
    metrics: { val_loss: { points: 1, last: point, min: point, max: point, best: null } },
    ...{ params: {}, tags: { 'mlflow.source.git.branch': branch }, lost: false, artifacts: null },
  });
  const point = { value: 0.25, step: 1 };
  const runs = [run('a', 1, 'feature/x'), run('b', 3, 'feature/x'), run('c', 2, 'feature/x'), run('d', 9, 'develop')];
  const entries = toBranchEntries(state({ topics: [topic('feature/x'), topic('feature/y')] }), '/p', t, runs);
  const [x, y] = (await entries.at(-1)?.children?.()) ?? [];
  expect(x?.description).toBe('3 ahead, 1 behind of develop · val_loss 0.2500 · not published');
  const [link] = (await x?.children?.()) ?? [];
  expect(link).toMatchObject({
    label: 'Last run b lark',
    does: 'mlops.showRunChart',
    target: { kind: 'run', runId: 'b' },
  });
  expect(y?.children).toBeUndefined();
});
