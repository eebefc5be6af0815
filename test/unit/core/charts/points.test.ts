import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GrowingPoints, lowerBound, toPoints } from '../../../../src/core/charts/points.ts';

const columns = (steps: number[], values: number[]) => ({
  steps: Float64Array.from(steps),
  values: Float64Array.from(values),
});
const ascending = fc
  .array(fc.tuple(fc.integer({ min: -5, max: 500 }), fc.double()), { maxLength: 200 })
  .map((pairs) => pairs.sort(([a], [b]) => a - b))
  .map((pairs) =>
    columns(
      pairs.map(([step]) => step),
      pairs.map(([, value]) => value),
    ),
  );

describe('points', () => {
  it('become what was put, whatever stood there', () => {
    fc.assert(
      fc.property(ascending, ascending, (previous, next) => {
        const growing = new GrowingPoints();
        growing.replaceFrom({ from: 0, ...previous });
        expect(growing.replaceFrom({ from: 0, ...next })).toBeDefined();
        expect(growing.points).toMatchObject(next);
        expect(growing.copyFrom('x', 0)).toEqual({ name: 'x', from: 0, ...next });
      }),
    );
  });

  it('tells the first point that changed, so that a repetition costs nothing', () => {
    const growing = new GrowingPoints();
    const put = (from: number, steps: number[], values: number[]) =>
      growing.replaceFrom({ from, ...columns(steps, values) });
    expect(put(0, [1, 2], [5, NaN])).toBe(0);
    expect(put(0, [1, 2], [5, NaN])).toBe(2);
    expect(put(1, [2, 3], [NaN, 7])).toBe(2);
    expect(put(1, [2], [8])).toBe(1);
    expect(growing.points).toMatchObject(columns([1, 2], [5, 8]));
  });

  it('refuses a gap and steps that go back, and changes nothing', () => {
    const growing = new GrowingPoints();
    growing.replaceFrom({ from: 0, ...columns([1, 2], [5, 6]) });
    expect(growing.replaceFrom({ from: 3, ...columns([9], [9]) })).toBeUndefined();
    expect(growing.replaceFrom({ from: 2, ...columns([1], [9]) })).toBeUndefined();
    expect(growing.points).toMatchObject(columns([1, 2], [5, 6]));
  });

  type Part = readonly [from: number, steps: number[]];
  const strides: readonly (readonly [name: string, parts: readonly Part[], stride: number | undefined])[] = [
    ['one after the other', [[0, [3, 4, 5]]], 1],
    [
      'every tenth, in two parts',
      [
        [0, [0, 10]],
        [2, [20, 30]],
      ],
      10,
    ],
    ['not with one missing', [[0, [0, 1, 3, 4]]], undefined],
    ['not with one twice', [[0, [0, 1, 1, 2]]], undefined],
    ['not where all are the same', [[0, [5, 5, 5]]], undefined],
    ['not of a single point', [[0, [7]]], undefined],
    ['not with parts of a step', [[0, [0.5, 1.5, 2.5]]], undefined],
    [
      'no more once one comes late',
      [
        [0, [0, 1, 2]],
        [3, [5]],
      ],
      undefined,
    ],
    [
      'again once that is taken back',
      [
        [0, [0, 1, 2, 5]],
        [3, [3, 4]],
      ],
      1,
    ],
    [
      'of what has come in place of the first',
      [
        [0, [0, 1, 2, 3]],
        [1, [2, 4]],
      ],
      2,
    ],
  ];
  it.each(strides)('knows how far apart steps lie: %s', (_name, parts, stride) => {
    const growing = new GrowingPoints();
    for (const [from, steps] of parts) growing.replaceFrom({ from, ...columns(steps, steps) });
    expect(growing.points.stride).toBe(stride);
  });

  it('sorts a stored history by step and leaves out steps that are none', () => {
    expect(toPoints([3, 1, NaN, 1, 2], [30, 10, 99, 11, 20])).toEqual(columns([1, 1, 2, 3], [10, 11, 20, 30]));
  });

  it('sorts a million steps that go back', () => {
    const count = 1_000_000;
    const back = Array.from({ length: count }, (_, i) => count - i);
    const { steps, values } = toPoints(back, back);
    expect([steps.length, steps[0], steps[count - 1]]).toEqual([count, 1, count]);
    expect(values.every((value, i) => value === i + 1 && steps[i] === value)).toBe(true);
  });

  it('finds the first step that is not below', () => {
    const { steps } = columns([1, 2, 2, 5], []);
    expect([0, 1, 2, 3, 5, 6].map((step) => lowerBound(steps, step))).toEqual([0, 0, 1, 3, 3, 4]);
  });
});
