import { describe, expect, test } from 'vitest';
import { compareRuns, summarize } from '../../../../src/core/tracking/tracking.ts';
import type { RunSummary } from '../../../../src/protocol/tracking.ts';

/** A run of which only what is compared matters; a metric's values are its points from step 1 on. */
function run(
  name: string,
  has: { params?: object; tags?: object; metrics?: Record<string, readonly number[]> },
): RunSummary {
  const metrics = Object.entries(has.metrics ?? {}).flatMap(([metric, values]) => {
    const summary = summarize(values.map((value, index) => ({ value, step: index + 1, timestamp: 0 })));
    return summary === undefined ? [] : [[metric, summary] as const];
  });
  return {
    ...{ runId: name, name, experiment: 'e', status: 'FINISHED', startTime: 0, endTime: 1, parentRunId: null },
    ...{ params: { ...has.params }, tags: { ...has.tags }, metrics: Object.fromEntries(metrics) },
    ...{ lost: false, artifacts: null },
  };
}

const objectiveOf = () => ({ metric: 'score', direction: 'maximize' }) as const;

test('only params that differ, missing ones too; one number in two ways to write it is the same', () => {
  const { params } = compareRuns(
    [
      run('a', { params: { lr: '0.001', units: '64', optimizer: 'adam', empty: '' } }),
      run('b', { params: { lr: '1e-3', units: '128', optimizer: 'adam', decay: '0.1', empty: '0' } }),
    ],
    objectiveOf,
  );
  expect(params).toEqual([
    { name: 'decay', values: [null, '0.1'] },
    { name: 'empty', values: ['', '0'] },
    { name: 'units', values: ['64', '128'] },
  ]);
});

test('tags that only say which run it is are left out', () => {
  const [a, b] = ['a', 'b'].map((name) =>
    run(name, {
      tags: { 'mlflow.runName': name, 'mlflow.parentRunId': name, 'mlflow.source.git.commit': name, 'mlops.seed': '1' },
    }),
  );
  expect(compareRuns([a!, b!], objectiveOf).tags).toEqual([{ name: 'mlflow.source.git.commit', values: ['a', 'b'] }]);
});

describe('metrics', () => {
  const check = (metric: string, first: readonly number[], second: readonly number[], expected: object): void => {
    const runs = [run('a', { metrics: { [metric]: first } }), run('b', { metrics: { [metric]: second } })];
    const [compared] = compareRuns(runs, objectiveOf).metrics;
    const { last, best, ...rest } = compared!.values[1]!;
    expect({ direction: compared!.direction, last: last.value, best: best?.value, ...rest }).toEqual(expected);
  };
  test('the objective decides, and the best points tell', () =>
    check('score', [1, 3], [4, 2], {
      direction: 'maximize',
      last: 2,
      lastDelta: -1,
      best: 4,
      bestDelta: 1,
      change: 'better',
    }));
  test('a loss is made small by its name', () =>
    check('val_loss', [0.5], [1], {
      direction: 'minimize',
      last: 1,
      lastDelta: 0.5,
      best: 1,
      bestDelta: 0.5,
      change: 'worse',
    }));
  test('an accuracy is made large by its name', () =>
    check('test/accuracy', [0.5], [0.5], {
      direction: 'maximize',
      last: 0.5,
      lastDelta: 0,
      best: 0.5,
      bestDelta: 0,
      change: 'same',
    }));
  test('of a rate nobody knows which way is better', () =>
    check('learning_rate', [0.5], [1], {
      direction: null,
      last: 1,
      lastDelta: 0.5,
      best: undefined,
      bestDelta: null,
      change: null,
    }));
  test('NaN has no difference', () =>
    check('val_loss', [0.5], [NaN], {
      direction: 'minimize',
      last: NaN,
      lastDelta: null,
      best: undefined,
      bestDelta: null,
      change: null,
    }));
  test('equal infinities are the same', () =>
    check('val_loss', [Infinity], [Infinity], {
      direction: 'minimize',
      last: Infinity,
      lastDelta: 0,
      best: Infinity,
      bestDelta: 0,
      change: 'same',
    }));

  test('the objective comes first, what the system did last; a missing one is null', () => {
    const { metrics } = compareRuns(
      [
        run('a', { metrics: { 'system/tensors': [1], 'zeta': [1], 'alpha': [1] } }),
        run('b', { metrics: { alpha: [2], score: [1] } }),
      ],
      objectiveOf,
    );
    expect(metrics.map(({ name }) => name)).toEqual(['score', 'alpha', 'zeta', 'system/tensors']);
    expect(metrics[0]!.values[0]).toBeNull();
    expect(metrics[0]!.values[1]).toMatchObject({ bestDelta: null, change: null });
    expect(metrics[2]!.values[1]).toBeNull();
  });
});
