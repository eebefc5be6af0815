import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countOutside, overAxis, quantile, withoutOutliers, type Abscissa } from '../../../../src/core/charts/axes.ts';
import { createScale, symlogUnit, type ScaleKind } from '../../../../src/core/charts/scales.ts';

describe('overAxis', () => {
  const history = {
    steps: Float64Array.of(1, 2, 4),
    values: Float64Array.of(10, 20, 40),
    times: Float64Array.of(5000, 9000, 6000),
  };
  const other = { steps: Float64Array.of(1, 3, 4), values: Float64Array.of(0.9, 0.5, NaN) };
  it.each<[Abscissa, number[], number[]]>([
    [{ kind: 'step' }, [1, 2, 4], [10, 20, 40]],
    [{ kind: 'epoch', perEpoch: 2 }, [0.5, 1, 2], [10, 20, 40]],
    [{ kind: 'relative', start: 4000 }, [1, 2, 5], [10, 40, 20]],
    [{ kind: 'wall' }, [5000, 6000, 9000], [10, 40, 20]],
    [{ kind: 'metric', points: other }, [0.7, 0.9], [20, 10]],
  ])('%j', (axis, steps, values) => {
    const points = overAxis(history, axis);
    expect([[...points.steps].map((step) => Number(step.toFixed(9))), [...points.values]]).toEqual([steps, values]);
  });
});

describe('outliers', () => {
  it('do not stretch the range, nor does it go beyond the values', () => {
    const values = Float64Array.from({ length: 101 }, (_, i) => (i === 100 ? 1e6 : i));
    expect(withoutOutliers([values])).toEqual({ min: 0, max: 95 + 45 });
    expect(withoutOutliers([Float64Array.of(1, 2), Float64Array.of(3, NaN, Infinity)])).toEqual({ min: 1, max: 3 });
    expect(withoutOutliers([Float64Array.of(NaN)])).toEqual({ min: Infinity, max: -Infinity });
  });

  it('are counted within the window', () => {
    const points = { steps: Float64Array.of(1, 2, 3, 4), values: Float64Array.of(9, 9, NaN, -9) };
    expect(countOutside(points, { min: 2, max: 4 }, { min: 0, max: 5 })).toBe(2);
  });

  it.each([
    [0.05, 1.2],
    [0.25, 2],
    [0.5, 3],
    [0.95, 8.8],
    [0, 1],
    [1, 10],
  ])('quantile %f, as NumPy has it', (part, expected) =>
    expect(quantile(Float64Array.of(1, 2, 3, 4, 10), part)).toBeCloseTo(expected, 12),
  );
  it('has no quantile of nothing', () => expect(quantile(new Float64Array(0), 0.5)).toBeNaN());
});

describe('createScale', () => {
  it.each<[ScaleKind, number, number, number, number[]]>([
    ['linear', 0, 10, 5, [0, 2, 4, 6, 8, 10]],
    ['log', 1, 100, 10, [1, 2, 5, 10, 20, 50, 100]],
    ['symlog', -1000, 1000, 11, [-1000, -100, -10, -1, 0, 1, 10, 100, 1000]],
    ['symlog', -1000, 1000, 7, [-1000, -10, 0, 10, 1000]],
    ['symlog', -5, 2000, 6, [-1, 0, 1, 10, 100, 1000]],
    ['symlog', 3, 5, 5, [3, 3.5, 4, 4.5, 5]],
  ])('%s, %f to %f', (kind, min, max, middle, ticks) => {
    const scale = createScale(kind, { min, max });
    expect([scale.place(min), scale.place(max)]).toEqual([0, 1]);
    expect(scale.value(scale.place(middle))).toBeCloseTo(middle, 9);
    expect(scale.ticks(kind === 'symlog' && middle === 11 ? 11 : 7)).toEqual(ticks);
  });

  it('has no place for zero on a log scale', () => expect(createScale('log', { min: 1, max: 10 }).place(0)).toBeNaN());

  it('keeps the order of values and comes back from each place', () => {
    const range = fc.tuple(
      fc.double({ min: -1e6, max: 1e6, noNaN: true }),
      fc.double({ min: 1e-3, max: 1e6, noNaN: true }),
    );
    fc.assert(
      fc.property(
        fc.constantFrom<ScaleKind>('linear', 'log', 'symlog'),
        range,
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 2 }),
        (kind, [low, width], parts) => {
          const min = kind === 'log' ? Math.abs(low) + 1e-3 : low;
          const scale = createScale(kind, { min, max: min + width });
          const places = parts.sort((a, b) => a - b).map((part) => scale.place(min + part * width));
          expect(places.every((place, i) => place >= (places[i - 1] ?? -1e-9))).toBe(true);
          for (const place of places) expect(scale.place(scale.value(place))).toBeCloseTo(place, 4);
        },
      ),
    );
  });

  it.each([
    [0, 1000, 1],
    [-50, 3, 0.01],
    [0, 0, 1],
    [0, 2, 0.001],
  ])('is linear near zero: %f to %f up to %f', (min, max, unit) =>
    expect(symlogUnit({ min, max })).toBeCloseTo(unit, 12),
  );
});
