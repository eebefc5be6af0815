import { describe, expect, it } from 'vitest';
import {
  findBest,
  isPositive,
  nearestStep,
  readAt,
  stepBeside,
  stepBounds,
  valueAt,
  valueBounds,
} from '../../../../src/core/charts/reading.ts';
import { toLine } from '../../../../src/core/charts/series.ts';

const columns = (steps: number[], values: number[]) =>
  toLine({ steps: Float64Array.from(steps), values: Float64Array.from(values) });
const validation = columns([1, 2, 3, 4], [0.9, 0.5, NaN, 0.5]);
const training = columns([1, 2, 4, 6], [0.8, 0.6, Infinity, -2]);
const none = columns([], []);

describe('reading', () => {
  it('finds the best finite value, the first of equals', () => {
    expect(findBest(validation, 'minimize')).toEqual({ step: 2, value: 0.5 });
    expect(findBest(training, 'maximize')).toEqual({ step: 1, value: 0.8 });
    expect(findBest(columns([1], [NaN]), 'minimize')).toBeUndefined();
  });

  it('bounds the finite values of a window, positive ones on a log scale', () => {
    expect(valueBounds(training, { min: 1, max: 6 }, 'linear')).toEqual({ min: -2, max: 0.8 });
    expect(valueBounds(training, { min: 1, max: 6 }, 'log')).toEqual({ min: 0.6, max: 0.8 });
    expect(valueBounds(none, { min: 1, max: 6 }, 'linear')).toEqual({ min: Infinity, max: -Infinity });
  });

  it('knows where a log scale has a place for every number', () => {
    const cases: [number[], boolean][] = [
      [[1, NaN, Infinity], true],
      [[], true],
      [[NaN], true],
      [[1, 0], false],
      [[1, -Infinity], false],
      [[-1, 2], false],
    ];
    for (const [values, expected] of cases) expect(isPositive(columns([...values.keys()], values))).toBe(expected);
  });

  it('snaps to the nearest step of any series', () => {
    expect([0, 2.4, 2.6, 5.2, 99].map((step) => nearestStep([validation, training], step))).toEqual([1, 2, 3, 6, 6]);
    expect([stepBounds([validation, training, none]), stepBounds([none])]).toEqual([{ min: 1, max: 6 }, undefined]);
    expect(nearestStep([none], 3)).toBeUndefined();
  });

  it('walks from point to point and stays at the ends', () => {
    const walk = (step: number, count: number) => stepBeside([validation, training], step, count);
    expect([walk(1, 1), walk(4, 1), walk(6, 1), walk(6, -1), walk(1, -1), walk(1, 10), walk(6, -2)]).toEqual([
      2, 6, 6, 4, 1, 6, 3,
    ]);
  });

  it('reads the last value of a step, nothing between', () => {
    expect([
      valueAt(validation, 2),
      valueAt(validation, 2.5),
      valueAt(columns([1, 1], [3, 4]), 1),
      valueAt(none, 1),
    ]).toEqual([0.5, undefined, 4, undefined]);
  });

  it('sorts the table by value, what has none last', () => {
    const series = [
      { label: 'gap', points: validation },
      { label: 'low', points: columns([3], [1]) },
      { label: 'none', points: none },
      { label: 'high', points: columns([3], [2]) },
    ];
    expect(readAt(series, 3).map(({ label, value, index }) => [label, value, index])).toEqual([
      ['high', 2, 3],
      ['low', 1, 1],
      ['gap', NaN, 0],
      ['none', undefined, 2],
    ]);
  });
});
