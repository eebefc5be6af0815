import { expect, test } from 'vitest';
import { summarize, toShownComparison } from '../../../../src/core/tracking/tracking.ts';
import type { RunSummary } from '../../../../src/protocol/tracking.ts';

function run(name: string, metrics: Record<string, readonly number[]>, tags: Record<string, string> = {}): RunSummary {
  const summaries = Object.entries(metrics).flatMap(([metric, values]) => {
    const summary = summarize(values.map((value, index) => ({ value, step: index + 1, timestamp: 0 })));
    return summary === undefined ? [] : [[metric, summary] as const];
  });
  return {
    ...{ runId: name, name, experiment: 'e', status: 'FINISHED', startTime: 5, endTime: 9, parentRunId: null },
    ...{ params: {}, tags, metrics: Object.fromEntries(summaries), lost: false, artifacts: null },
  };
}

const show = (runs: readonly RunSummary[]) =>
  toShownComparison(
    runs,
    runs.map(() => new Map()),
    () => null,
  );

test('metrics with their differences in words; what is the same in all runs is only counted', () => {
  const { metrics, equalMetrics } = show([
    run('a', { val_loss: [0.5, 0.25, 0.3], odd: [Number.NaN], rate: [1], once: [1] }),
    run('b', { val_loss: [0.125, 0.5], odd: [Number.NaN], rate: [1.5] }),
  ]);
  expect(equalMetrics).toBe(1);
  expect(metrics).toEqual([
    {
      name: 'once',
      direction: null,
      values: [{ best: null, last: { text: '1.000', step: 1, delta: null }, change: null }, null],
    },
    {
      name: 'rate',
      direction: null,
      values: [
        { best: null, last: { text: '1.000', step: 1, delta: null }, change: null },
        { best: null, last: { text: '1.500', step: 1, delta: '+0.5000' }, change: null },
      ],
    },
    {
      name: 'val_loss',
      direction: 'minimize',
      values: [
        {
          best: { text: '0.2500', step: 2, delta: null },
          last: { text: '0.3000', step: 3, delta: null },
          change: null,
        },
        {
          best: { text: '0.1250', step: 1, delta: '−0.1250' },
          last: { text: '0.5000', step: 2, delta: '+0.2000' },
          change: 'better',
        },
      ],
    },
  ]);
});

test.each([
  ['the last value', [0.25, 0.5], [0.25, 0.4], 1],
  ['the best value', [0.25, 0.5], [0.2, 0.5], 1],
  ['only the step of the best', [0.25, 0.3, 0.5], [0.3, 0.25, 0.5], 0],
  ['nothing, neither has a number', [Number.NaN], [Number.NaN], 0],
  ['a number and none', [Number.NaN], [1], 1],
])('a metric is shown where it differs in %s', (_what, a, b, count) => {
  expect(show([run('a', { val_loss: a }), run('b', { val_loss: b })]).metrics).toHaveLength(count);
});

test('artifacts of all runs by path, and which runs have code and config to compare', () => {
  const commit = { 'mlflow.source.git.commit': 'c' };
  const runs = [run('a', {}, { ...commit, 'mlops.config': 'm.yaml' }), run('b', {}, commit), run('c', {})];
  const { artifacts, runs: heads } = toShownComparison(
    runs,
    [
      new Map([
        ['z', 3],
        ['a/b', null],
      ]),
      new Map([['z', 4]]),
      new Map(),
    ],
    () => null,
  );
  const missing = { isThere: false, bytes: null };
  expect(artifacts).toEqual([
    { path: 'a/b', runs: [{ isThere: true, bytes: null }, missing, missing] },
    { path: 'z', runs: [{ isThere: true, bytes: 3 }, { isThere: true, bytes: 4 }, missing] },
  ]);
  expect(heads.map(({ hasCommit, hasConfig }) => [hasCommit, hasConfig])).toEqual([
    [true, true],
    [true, false],
    [false, false],
  ]);
});
