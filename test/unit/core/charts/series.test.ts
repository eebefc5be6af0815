import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GrowingSeries, toLine } from '../../../../src/core/charts/series.ts';
import { smooth, type Smoothing } from '../../../../src/core/charts/smoothing.ts';

const smoothing: Smoothing = { kind: 'mean', weight: 0.8 };

describe('GrowingSeries', () => {
  it('keeps pyramid and smoothed line in step with its points', () => {
    const change = fc.record({
      keep: fc.double({ min: 0, max: 1, noNaN: true }),
      added: fc.array(fc.integer({ min: -9, max: 9 }), { maxLength: 80 }),
      isAsked: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), (changes) => {
        const growing = new GrowingSeries();
        let length = 0;
        for (const { keep, added, isAsked } of changes) {
          const from = Math.floor(keep * length);
          const steps = Float64Array.from(added, (_, i) => from + i);
          growing.replaceFrom({ from, steps, values: Float64Array.from(added) });
          const { series } = growing;
          length = series.values.length;
          expect(series.pyramid.bounds(0, length)).toEqual(toLine(series).pyramid.bounds(0, length));
          if (!isAsked) continue;
          const smoothed = series.smoothed(smoothing);
          expect(smoothed.values).toEqual(smooth(series.values, smoothing));
          expect(smoothed.pyramid.bounds(0, length)).toEqual(toLine(smoothed).pyramid.bounds(0, length));
        }
      }),
    );
  });

  it('smooths anew when it is asked for something else, and refuses a gap', () => {
    const growing = new GrowingSeries();
    growing.replaceFrom({ from: 0, steps: Float64Array.of(1, 2), values: Float64Array.of(0, 1) });
    expect(growing.replaceFrom({ from: 3, steps: Float64Array.of(9), values: Float64Array.of(9) })).toBeUndefined();
    const at = (weight: number) => [...growing.series.smoothed({ kind: 'exponential', weight }).values];
    expect([at(0.5), at(0), at(0.5)]).toEqual([
      [0, 0.5 / 0.75],
      [0, 1],
      [0, 0.5 / 0.75],
    ]);
  });
});
