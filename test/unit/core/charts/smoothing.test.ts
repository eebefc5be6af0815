import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSmoother, smooth, smoothingKinds, type Smoothing } from '../../../../src/core/charts/smoothing.ts';

const rounded = (values: Float64Array): number[] => [...values].map((value) => Number(value.toFixed(9)));
const value = fc.oneof(
  { weight: 9, arbitrary: fc.integer({ min: -1000, max: 1000 }).map((whole) => whole / 8) },
  { weight: 1, arbitrary: fc.constantFrom(NaN, Infinity, -Infinity) },
);
const values = fc.array(value, { maxLength: 120 }).map((list) => Float64Array.from(list));
const smoothing: fc.Arbitrary<Smoothing> = fc.record({
  kind: fc.constantFrom(...smoothingKinds),
  weight: fc.integer({ min: 0, max: 97 }).map((percent) => percent / 100),
});

/** Straight from the formulas, each value by itself. */
function bruteForce(all: Float64Array, { kind, weight }: Smoothing): number[] {
  const strength = (1 + weight) / (1 - weight);
  const sigma = strength / (2 * Math.sqrt(Math.PI));
  return [...all].map((own, at) => {
    if (!Number.isFinite(own)) return own;
    const weighted = [...all].flatMap((other, i): [number, number][] => {
      if (!Number.isFinite(other)) return [];
      const distance = Math.abs(i - at);
      if (kind === 'exponential') {
        const later = [...all.subarray(i, at)].filter(Number.isFinite).length;
        return i > at ? [] : [[other, weight ** later]];
      }
      if (kind === 'mean') return distance <= Math.floor((strength - 1) / 2) ? [[other, 1]] : [];
      const isNear = weight === 0 ? distance === 0 : distance <= Math.ceil(3 * sigma);
      return isNear ? [[other, Math.exp(-0.5 * (distance / sigma) ** 2)]] : [];
    });
    const mass = weighted.reduce((sum, [, share]) => sum + share, 0);
    return weighted.reduce((sum, [number, share]) => sum + number * share, 0) / mass;
  });
}

describe('smooth', () => {
  it.each([
    ['exponential', 0.5, [0, 1], [0, 0.666666667]],
    ['exponential', 0.9, [4, 4, NaN, 4], [4, 4, NaN, 4]],
    ['exponential', 0.6, [1, 2, 3], [1, 1.625, 2.326530612]],
    ['mean', 0.5, [0, 3, 6, 0, 3], [1.5, 3, 3, 3, 1.5]],
    ['mean', 0.5, [0, NaN, 6, Infinity, 3], [0, NaN, 6, Infinity, 3]],
    ['mean', 0.6, [5, 1, 9], [3, 5, 5]],
    ['gaussian', 0, [5, 1, 9], [5, 1, 9]],
  ] as const)('%s, weight %f: %j', (kind, weight, raw, expected) => {
    expect(rounded(smooth(Float64Array.from(raw), { kind, weight }))).toEqual(expected);
  });

  it('is what its formula says, gaps kept', () => {
    fc.assert(
      fc.property(values, smoothing, (all, how) => {
        const [ours, theirs] = [smooth(all, how), bruteForce(all, how)];
        theirs.forEach((number, i) =>
          Number.isFinite(number) ? expect(ours[i]).toBeCloseTo(number, 7) : expect(ours[i]).toBe(number),
        );
      }),
    );
  });

  it('gives the same numbers, bit for bit, whether values come at once or one after the other', () => {
    const change = fc.record({ keep: fc.double({ min: 0, max: 1, noNaN: true }), added: values });
    fc.assert(
      fc.property(smoothing, fc.array(change, { minLength: 1, maxLength: 6 }), (how, changes) => {
        const smoother = createSmoother(how);
        let all = new Float64Array(0);
        let before = new Float64Array(0);
        for (const { keep, added } of changes) {
          const from = Math.floor(keep * all.length);
          all = Float64Array.from([...all.subarray(0, from), ...added]);
          const smoothed = smoother.update(all, from);
          expect(smoothed.values).toEqual(smooth(all, how));
          expect(smoothed.values.slice(0, smoothed.from)).toEqual(before.slice(0, smoothed.from));
          before = smoothed.values.slice();
        }
      }),
    );
  });

  it('weakens noise from point to point alike, whatever its kind', () => {
    // A fixed sequence of numbers without a pattern.
    let state = 7;
    const noise = Float64Array.from(
      { length: 200_000 },
      () => (state = (state * 16807) % 2147483647) / 2147483647 - 0.5,
    );
    const variance = (list: Float64Array): number => list.reduce((sum, one) => sum + one * one, 0) / list.length;
    for (const weight of [0.5, 0.8, 0.95])
      for (const kind of smoothingKinds) {
        const rest = variance(smooth(noise, { kind, weight })) / variance(noise);
        expect(rest / ((1 - weight) / (1 + weight)), `${kind} ${weight}`).toBeGreaterThan(0.9);
        expect(rest / ((1 - weight) / (1 + weight)), `${kind} ${weight}`).toBeLessThan(1.12);
      }
  });
});
