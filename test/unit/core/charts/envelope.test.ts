import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { envelope } from '../../../../src/core/charts/envelope.ts';
import { GrowingSeries, toLine, type Line } from '../../../../src/core/charts/series.ts';

const lineOf = (values: readonly number[], firstStep = 0): Line =>
  toLine({ steps: Float64Array.from(values, (_, i) => firstStep + i), values: Float64Array.from(values) });

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

describe('envelope', () => {
  it('keeps the minimum and the maximum of every pixel column', () => {
    fc.assert(
      fc.property(dense, ({ columns, perColumn, values }) => {
        const grid = { min: 0, max: columns * perColumn, columns };
        const { x, ys } = envelope([lineOf(values)], grid);
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
          const { x, ys } = envelope(
            lists.map((values) => lineOf(values)),
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
    const { x, ys } = envelope([lineOf([3, 1, 2], 1), lineOf([5, 6], 2)], { min: 1, max: 3, columns: 100 });
    expect({ x, ys }).toEqual({
      x: [1, 2, 3],
      ys: [
        [3, 1, 2],
        [undefined, 5, 6],
      ],
    });
  });

  it('keeps the order in which minimum and maximum came', () => {
    const falling = envelope([lineOf([9, 5, 1, 2])], { min: 0, max: 4, columns: 1 });
    const rising = envelope([lineOf([1, 5, 9, 2])], { min: 0, max: 4, columns: 1 });
    expect([falling.ys, rising.ys]).toEqual([[[9, 1]], [[1, 9]]]);
  });

  it('ends the line where there is no number, in sparse and in dense data', () => {
    expect(envelope([lineOf([1, NaN, 2])], { min: 0, max: 2, columns: 9 }).ys).toEqual([[1, null, 2]]);
    const values = [...Array<number>(50).fill(1), ...Array<number>(50).fill(NaN), ...Array<number>(50).fill(2)];
    const drawn = envelope([lineOf(values)], { min: 0, max: 150, columns: 3 }).ys[0];
    expect(drawn).toEqual([1, null, 2]);
  });

  it('leaves the plot with the nearest point on either side', () => {
    const { x, ys } = envelope([lineOf([10, 11, 12, 13, 14, 15])], { min: 1.5, max: 3.5, columns: 50 });
    expect({ x, ys }).toEqual({ x: [1, 2, 3, 4], ys: [[11, 12, 13, 14]] });
  });

  it('takes the last of several values at one step', () => {
    const points = toLine({ steps: Float64Array.of(1, 2, 2, 3), values: Float64Array.of(1, 5, 6, 7) });
    expect(envelope([points], { min: 1, max: 3, columns: 50 }).ys).toEqual([[1, 6, 7]]);
  });

  it.each([
    ['whose steps are looked up', 1, undefined],
    ['of every step', 1, 1],
    ['of every third step', 3, 3],
  ])('keeps a spike of a line %s at every zoom, wherever the edges fall', (_name, apart, stride) => {
    const values = new Float64Array(100_000).fill(1);
    values[63_742] = 40;
    const line = toLine({ steps: Float64Array.from(values, (__, i) => i * apart), values, stride });
    const place = 63_742 * apart;
    const window = fc.tuple(
      fc.double({ min: 0, max: place, noNaN: true }),
      fc.double({ min: place, max: 1e5 * apart, noNaN: true }),
    );
    fc.assert(
      fc.property(window, fc.integer({ min: 1, max: 1600 }), ([min, max], columns) => {
        const { x, ys } = envelope([line], { min, max, columns });
        const at = ys[0]!.indexOf(40);
        expect(Math.abs(x[at]! - place)).toBeLessThanOrEqual((max - min) / columns);
      }),
    );
  });

  it('draws the same whether steps are looked up or follow from the first', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 50, maxLength: 400 }),
        fc.record({ first: fc.integer({ min: -50, max: 50 }), apart: fc.integer({ min: 1, max: 12 }) }),
        fc.record({ from: fc.integer({ min: 0, max: 40 }), columns: fc.constantFrom(1, 2, 4, 8, 16) }),
        (values, { first, apart }, { from, columns }) => {
          const steps = Float64Array.from(values, (_, i) => first + i * apart);
          const points = { steps, values: Float64Array.from(values) };
          const grid = { min: first + from, max: first + values.length * apart, columns };
          expect(envelope([toLine({ ...points, stride: apart })], grid)).toEqual(envelope([toLine(points)], grid));
        },
      ),
    );
  });

  it('marks infinities at their edge, in sparse and in dense data, and ends the line there', () => {
    const odd = [1, Infinity, 2, -Infinity, 3, NaN];
    const sparse = envelope([lineOf([0]), lineOf(odd)], { min: 0, max: 5, columns: 100 });
    expect(sparse.marks).toEqual([
      { line: 1, x: 1, edge: 'top' },
      { line: 1, x: 3, edge: 'bottom' },
    ]);
    expect(sparse.ys[1]).toEqual([1, null, 2, null, 3, null]);
    const dense = envelope([lineOf(odd)], { min: 0, max: 6, columns: 2 });
    expect(dense.marks).toEqual([
      { line: 0, x: 1.5, edge: 'top' },
      { line: 0, x: 4.5, edge: 'bottom' },
    ]);
    expect(dense.ys).toEqual([[1, 2, null, 3, null]]);
  });

  it('shares the grid as soon as all lines together have too many x, however few each has', () => {
    const lines = Array.from({ length: 40 }, (_, k) =>
      toLine({ steps: Float64Array.from({ length: 30 }, (__, i) => i + k / 40), values: new Float64Array(30).fill(k) }),
    );
    const { x, ys } = envelope(lines, { min: 0, max: 30, columns: 100 });
    expect(x.length).toBeLessThanOrEqual(200);
    ys.forEach((values, k) => expect(values.filter((value) => value === k).length).toBe(30));
  });

  it('draws a line that has grown, or been replaced in part, as one that has always been so', () => {
    const value = fc.oneof(
      { weight: 8, arbitrary: fc.integer({ min: -50, max: 50 }) },
      { weight: 1, arbitrary: fc.constantFrom(NaN, Infinity, -Infinity) },
    );
    const change = fc.record({
      keep: fc.double({ min: 0, max: 1, noNaN: true }),
      added: fc.array(value, { maxLength: 150, size: 'max' }),
      isDrawn: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(change, { minLength: 2, maxLength: 9 }), fc.integer({ min: -20, max: 40 }), (all, min) => {
        const growing = new GrowingSeries();
        const grid = { min, max: min + 170, columns: 20 };
        let known: readonly number[] = [];
        for (const { keep, added, isDrawn } of all) {
          const from = Math.floor(keep * known.length);
          known = [...known.slice(0, from), ...added];
          const steps = Float64Array.from(added, (_, i) => from + i);
          growing.replaceFrom({ from, steps, values: Float64Array.from(added) });
          if (isDrawn) expect(envelope([growing.series], grid)).toEqual(envelope([lineOf(known)], grid));
        }
        expect(envelope([growing.series], grid)).toEqual(envelope([lineOf(known)], grid));
      }),
    );
  });

  it('takes windows and steps of any size', () => {
    const line = toLine({ steps: Float64Array.of(-1e300, 0, 5e-324, 1e300), values: Float64Array.of(1, 2, 3, 4) });
    const cases = [
      [{ min: 0, max: 0, columns: 1 }, 2],
      [{ min: -1e300, max: 1e300, columns: 1 }, 4],
      [{ min: 0, max: 5e-324, columns: 700 }, 3],
    ] as const;
    for (const [grid, expected] of cases) expect(envelope([line], grid).ys[0]).toContain(expected);
  });

  it('does not lose a spike of one sample in a million', () => {
    const values = new Float64Array(1_000_000).fill(1);
    values[637_421] = 1e6;
    const line = toLine({ steps: Float64Array.from(values, (_, i) => i), values });
    for (const [min, max] of [
      [0, 999_999],
      [600_000, 700_000],
      [637_000, 638_000],
      [637_420, 637_422],
    ] as const)
      expect(Math.max(...(envelope([line], { min, max, columns: 700 }).ys[0] ?? []).map((value) => value ?? 0))).toBe(
        1e6,
      );
  });
});
