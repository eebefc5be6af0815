import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { alignTo, bandKinds, bandOf, unionOf, type BandKind } from '../../../../src/core/charts/bands.ts';
import type { Points } from '../../../../src/core/charts/points.ts';
import { tQuantile } from '../../../../src/core/charts/student.ts';

const pointsOf = (pairs: readonly (readonly [number, number])[]): Points => ({
  steps: Float64Array.from(pairs, ([step]) => step),
  values: Float64Array.from(pairs, ([, value]) => value),
});
const value = fc.oneof(
  { weight: 9, arbitrary: fc.integer({ min: -100, max: 100 }) },
  { weight: 1, arbitrary: fc.constantFrom(NaN, Infinity) },
);
const run = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 20 }), value), { maxLength: 15 })
  .map((pairs) => pointsOf(pairs.sort(([a], [b]) => a - b)));

/** At one step, from the definition. */
function alignedByHand({ steps, values }: Points, step: number): number {
  const finite = (index: number): number => (Number.isFinite(values[index]) ? values[index]! : NaN);
  const exact = steps.lastIndexOf(step);
  if (exact >= 0) return finite(exact);
  const right = steps.findIndex((one) => one > step);
  if (right <= 0) return NaN;
  const left = right - 1;
  return finite(left) + ((step - steps[left]!) / (steps[right]! - steps[left]!)) * (finite(right) - finite(left));
}

function bandByHand(
  runs: readonly Points[],
  kind: BandKind,
  step: number,
): { mean: number; low: number; high: number; count: number } {
  const values = runs.map((one) => alignedByHand(one, step)).filter((one) => !Number.isNaN(one));
  const count = values.length;
  const mean = values.reduce((sum, one) => sum + one, 0) / count;
  const deviation = count < 2 ? 0 : Math.sqrt(values.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (count - 1));
  if (kind === 'range')
    return { mean, low: count === 0 ? NaN : Math.min(...values), high: count === 0 ? NaN : Math.max(...values), count };
  const factor = {
    deviation: 1,
    error: 1 / Math.sqrt(count),
    confidence: count < 2 ? 0 : tQuantile(0.975, count - 1) / Math.sqrt(count),
  }[kind];
  return { mean, low: mean - factor * deviation, high: mean + factor * deviation, count };
}

describe('bandOf', () => {
  it('gives mean and band of runs with the same steps', () => {
    const runs = [
      [1, 4],
      [3, 4],
      [8, 4],
    ].map(([a, b]) =>
      pointsOf([
        [1, a!],
        [2, b!],
      ]),
    );
    const sample = Math.sqrt(13);
    const at = (kind: BandKind) => {
      const { mean, low, high, count } = bandOf(runs, kind);
      return [mean[0], low[0], high[0], low[1], high[1], count[0]].map((number) => Number(number!.toFixed(9)));
    };
    const around = (half: number) => [4, 4 - half, 4 + half, 4, 4, 3].map((number) => Number(number.toFixed(9)));
    expect(at('range')).toEqual([4, 1, 8, 4, 4, 3]);
    expect(at('deviation')).toEqual(around(sample));
    expect(at('error')).toEqual(around(sample / Math.sqrt(3)));
    // t of 97.5 % with two degrees of freedom.
    expect(at('confidence')).toEqual(around((4.302652729749462 * sample) / Math.sqrt(3)));
  });

  it('aligns unequal steps by the lines that are drawn, not across gaps nor beyond ends', () => {
    const long = pointsOf([
      [0, 0],
      [4, 4],
    ]);
    const short = pointsOf([
      [1, 10],
      [2, 20],
    ]);
    const gap = pointsOf([
      [0, 1],
      [2, NaN],
      [4, 1],
    ]);
    const { steps, mean, count } = bandOf([long, short, gap], 'range');
    expect([...steps]).toEqual([0, 1, 2, 4]);
    expect([...count]).toEqual([2, 2, 2, 2]);
    expect([...mean]).toEqual([0.5, 5.5, 11, 2.5]);
  });

  it('has the line of a single run as its band, and nothing of none', () => {
    for (const kind of bandKinds) {
      const { low, mean, high } = bandOf(
        [
          pointsOf([
            [1, 5],
            [2, NaN],
          ]),
        ],
        kind,
      );
      expect([low[0], mean[0], high[0], mean[1]], kind).toEqual([5, 5, 5, NaN]);
      expect(bandOf([], kind).steps.length).toBe(0);
    }
  });

  it('is what the definitions say at each step', () => {
    fc.assert(
      fc.property(fc.array(run, { maxLength: 6 }), fc.constantFrom(...bandKinds), (runs, kind) => {
        const band = bandOf(runs, kind);
        expect([...band.steps]).toEqual([...new Set(runs.flatMap(({ steps }) => [...steps]))].sort((a, b) => a - b));
        band.steps.forEach((step, i) => {
          const { mean, low, high, count } = bandByHand(runs, kind, step);
          expect(band.count[i]).toBe(count);
          for (const [ours, theirs] of [
            [band.mean[i]!, mean],
            [band.low[i]!, low],
            [band.high[i]!, high],
          ] as const)
            if (count === 0) expect(ours).toBeNaN();
            else expect(ours).toBeCloseTo(theirs, 8);
        });
      }),
    );
  });

  it('loses nothing to great numbers', () => {
    const runs = [4, 7, 13, 16].map((offset) => pointsOf([[1, 1e9 + offset]]));
    const { high, mean } = bandOf(runs, 'deviation');
    expect(high[0]! - mean[0]!).toBeCloseTo(Math.sqrt(30), 6);
  });

  it('takes the union of steps and the last of several values at one', () => {
    expect([...unionOf([Float64Array.of(1, 2, 2, 5), Float64Array.of(), Float64Array.of(0, 2, 9)])]).toEqual([
      0, 1, 2, 5, 9,
    ]);
    expect([
      ...alignTo(
        pointsOf([
          [1, 1],
          [1, 3],
          [2, 5],
        ]),
        Float64Array.of(0, 1, 1.5, 2, 3),
      ),
    ]).toEqual([NaN, 3, 4, 5, NaN]);
  });
});

describe('tQuantile', () => {
  // As SciPy 1.17 gives them.
  it.each([
    [1, 0.975, 12.706204736174694],
    [1, 0.9, 3.0776835371752544],
    [2, 0.975, 4.302652729749462],
    [4, 0.975, 2.7764451051977934],
    [4, 0.9, 1.533206274058944],
    [9, 0.975, 2.262157162798205],
    [30, 0.975, 2.0422724563012378],
    [100, 0.9, 1.290074761346516],
    [1000, 0.975, 1.9623390808264083],
  ])('%f degrees of freedom, %f', (freedom, probability, expected) => {
    expect(tQuantile(probability, freedom) / expected).toBeCloseTo(1, 8);
    expect(tQuantile(1 - probability, freedom) / -expected).toBeCloseTo(1, 8);
  });
});
