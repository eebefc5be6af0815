import { describe, expect, it } from 'vitest';
import { pointsSince, toRunPoints } from '../../../../src/core/charts/charts.ts';
import type { SeriesPlace } from '../../../../src/protocol/chartfeedreading.ts';

describe('points of a run', () => {
  const check = (name: string, steps: readonly number[], order: readonly number[]): void =>
    it(name, () => {
      const history = {
        steps,
        values: steps.map((_, index) => index),
        timestamps: steps.map((_, index) => 100 + index),
      };
      expect(toRunPoints('a', 'loss', 7, history)).toEqual({
        ...{ runId: 'a', metric: 'loss', from: 7 },
        steps: Float64Array.from(order, (index) => steps[index] ?? NaN),
        values: Float64Array.from(order),
        times: Float64Array.from(order, (index) => 100 + index),
      });
    });
  check('stay as they are where their steps ascend', [1, 2, 2, 5], [0, 1, 2, 3]);
  check('are ordered by step, those of one step as they came', [3, 1, 2, 1], [1, 3, 2, 0]);
  check('are left out where the step is no number', [1, NaN, 0, Infinity], [2, 0]);
  check('are none', [], []);
});

describe('what is new of a series', () => {
  const points = toRunPoints('a', 'loss', 0, { steps: [1, 2, 3], values: [5, NaN, 7], timestamps: [1, 2, 3] });
  const check = (name: string, place: SeriesPlace | undefined, from: number): void =>
    it(name, () => {
      const since = pointsSince(points, place);
      expect([since.from, [...since.steps], [...since.values], [...since.times]]).toEqual([
        from,
        [1, 2, 3].slice(from),
        [5, NaN, 7].slice(from),
        [1, 2, 3].slice(from),
      ]);
    });
  check('is all of it, for who knows nothing', undefined, 0);
  check('is what stands behind the place', { count: 2, step: 2, value: NaN }, 2);
  check('is nothing, for who knows all', { count: 3, step: 3, value: 7 }, 3);
  check('is all of it where the step is another', { count: 2, step: 3, value: NaN }, 0);
  check('is all of it where the value is another', { count: 1, step: 1, value: 6 }, 0);
  check('is all of it where the series was longer', { count: 4, step: 4, value: 8 }, 0);
});
