import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { oddities, Pyramid } from '../../../../src/core/charts/pyramid.ts';

const value = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: -50, max: 50 }) },
  { weight: 1, arbitrary: fc.constantFrom(NaN, Infinity, -Infinity, 1e308, -0) },
);

/** One value after the other. */
function bruteForce(values: Float64Array, start: number, end: number): unknown {
  let [low, high, odd] = [-1, -1, 0];
  for (let i = start; i < end; i += 1) {
    const it = values[i]!;
    if (Number.isNaN(it)) odd |= oddities.nan;
    else if (it === Infinity) odd |= oddities.above;
    else if (it === -Infinity) odd |= oddities.below;
    else {
      if (low < 0 || it < values[low]!) low = i;
      if (high < 0 || it > values[high]!) high = i;
    }
  }
  return { low, high, odd };
}

function check(pyramid: Pyramid, values: Float64Array, ranges: readonly (readonly [number, number])[]): void {
  for (const [a, b] of ranges) {
    const [start, end] = [Math.min(a, b) % (values.length + 1), Math.max(a, b) % (values.length + 1)].sort(
      (x, y) => x - y,
    );
    expect(pyramid.extremes(start!, end!)).toMatchObject(bruteForce(values, start!, end!) as object);
  }
}

describe('Pyramid', () => {
  it('tells the extremes of any range, as looking at each value would', () => {
    const ranges = fc.array(fc.tuple(fc.nat(6000), fc.nat(6000)), { minLength: 5, maxLength: 20 });
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 600, size: 'max' }),
        fc.integer({ min: 1, max: 9 }),
        ranges,
        (some, times, all) => {
          const values = Float64Array.from({ length: some.length * times }, (_, i) => some[i % some.length]!);
          const pyramid = new Pyramid();
          pyramid.update(values, 0);
          check(pyramid, values, [...all, [0, values.length]]);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('stays right while values are appended, replaced and cut off', () => {
    const step = fc.record({
      keep: fc.double({ min: 0, max: 1, noNaN: true }),
      added: fc.array(value, { maxLength: 400, size: 'max' }),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 8 }), (steps) => {
        const pyramid = new Pyramid();
        let values = new Float64Array(0);
        for (const { keep, added } of steps) {
          const from = Math.floor(keep * values.length);
          values = Float64Array.from([...values.subarray(0, from), ...added]);
          pyramid.update(values, from);
          check(pyramid, values, [
            [0, values.length],
            [3, values.length],
            [from, values.length],
            [0, from],
          ]);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('has bounds without end where no number is', () => {
    const pyramid = new Pyramid();
    pyramid.update(new Float64Array(40).fill(NaN), 0);
    expect(pyramid.bounds(0, 40)).toEqual({ min: Infinity, max: -Infinity });
    expect(pyramid.extremes(0, 40)).toMatchObject({ low: -1, high: -1, odd: oddities.nan });
  });
});
