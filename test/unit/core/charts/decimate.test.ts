import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decimate } from '../../../../src/core/charts/decimate.ts';
import type { Points } from '../../../../src/core/charts/points.ts';

const pointsOf = (values: readonly number[], firstStep = 0): Points => ({
  steps: Float64Array.from(values, (_, i) => firstStep + i),
  values: Float64Array.from(values),
});

/** Values, some of them no numbers, over a window of exactly `columns` columns. */
const dense = fc
  .record({ columns: fc.integer({ min: 1, max: 40 }), perColumn: fc.integer({ min: 3, max: 30 }) })
  .chain(({ columns, perColumn }) =>
    fc.record({
      columns: fc.constant(columns),
      perColumn: fc.constant(perColumn),
      values: fc.array(
        fc.oneof(
          { weight: 9, arbitrary: fc.float({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0) },
          { weight: 1, arbitrary: fc.constantFrom(NaN, Infinity, -Infinity) },
        ),
        {
          minLength: columns * perColumn,
          maxLength: columns * perColumn,
        },
      ),
    }),
  );

describe('decimate', () => {
  it('keeps the minimum and the maximum of every pixel column', () => {
    fc.assert(
      fc.property(dense, ({ columns, perColumn, values }) => {
        const grid = { min: 0, max: columns * perColumn, columns };
        const { x, ys } = decimate([pointsOf(values)], grid);
        for (let c = 0; c < columns; c += 1) {
          const finite = values.slice(c * perColumn, (c + 1) * perColumn).filter(Number.isFinite);
          const drawn = x.flatMap((step, i) =>
            step >= c * perColumn && step < (c + 1) * perColumn ? (ys[0]?.[i] ?? []) : [],
          );
          expect(drawn.length).toBeLessThanOrEqual(2);
          if (finite.length === 0) expect(drawn).toEqual([]);
          else {
            expect(Math.min(...drawn)).toBe(Math.min(...finite));
            expect(Math.max(...drawn)).toBe(Math.max(...finite));
          }
        }
      }),
    );
  });

  it('gives ascending x and never a value that was not there', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.double(), { maxLength: 300 }), { minLength: 1, maxLength: 4 }),
        fc.integer({ min: -20, max: 200 }),
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 1, max: 50 }),
        (lists, min, width, columns) => {
          const { x, ys } = decimate(
            lists.map((values) => pointsOf(values)),
            { min, max: min + width, columns },
          );
          expect(x.every((step, i) => i === 0 || step > (x[i - 1] ?? NaN))).toBe(true);
          ys.forEach((values, k) => {
            expect(values.length).toBe(x.length);
            for (const value of values) if (typeof value === 'number') expect(lists[k]).toContain(value);
          });
        },
      ),
    );
  });

  it('draws few points as they are', () => {
    const { x, ys } = decimate([pointsOf([3, 1, 2], 1), pointsOf([5, 6], 2)], { min: 1, max: 3, columns: 100 });
    expect({ x, ys }).toEqual({
      x: [1, 2, 3],
      ys: [
        [3, 1, 2],
        [undefined, 5, 6],
      ],
    });
  });

  it('keeps the order in which minimum and maximum came', () => {
    const falling = decimate([pointsOf([9, 5, 1, 2])], { min: 0, max: 4, columns: 1 });
    const rising = decimate([pointsOf([1, 5, 9, 2])], { min: 0, max: 4, columns: 1 });
    expect([falling.ys, rising.ys]).toEqual([[[9, 1]], [[1, 9]]]);
  });

  it('ends the line where there is no number, in sparse and in dense data', () => {
    expect(decimate([pointsOf([1, NaN, 2])], { min: 0, max: 2, columns: 9 }).ys).toEqual([[1, null, 2]]);
    const values = [...Array<number>(50).fill(1), ...Array<number>(50).fill(NaN), ...Array<number>(50).fill(2)];
    const drawn = decimate([pointsOf(values)], { min: 0, max: 150, columns: 3 }).ys[0];
    expect(drawn).toEqual([1, null, 2]);
  });

  it('leaves the plot with the nearest point on either side', () => {
    const { x, ys } = decimate([pointsOf([10, 11, 12, 13, 14, 15])], { min: 1.5, max: 3.5, columns: 50 });
    expect({ x, ys }).toEqual({ x: [1, 2, 3, 4], ys: [[11, 12, 13, 14]] });
  });

  it('takes the last of several values at one step', () => {
    const points = { steps: Float64Array.of(1, 2, 2, 3), values: Float64Array.of(1, 5, 6, 7) };
    expect(decimate([points], { min: 1, max: 3, columns: 50 }).ys).toEqual([[1, 6, 7]]);
  });

  it('does not lose a spike of one sample in a million', () => {
    const values = new Float64Array(1_000_000).fill(1);
    values[637_421] = 1e6;
    const steps = Float64Array.from(values, (_, i) => i);
    for (const [min, max] of [
      [0, 999_999],
      [600_000, 700_000],
      [637_000, 638_000],
      [637_420, 637_422],
    ] as const)
      expect(
        Math.max(...(decimate([{ steps, values }], { min, max, columns: 700 }).ys[0] ?? []).map((value) => value ?? 0)),
      ).toBe(1e6);
  });
});
