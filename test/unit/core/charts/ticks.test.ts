import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { growingEnd, linearTicks, logTicks, stepTicks, valueRange } from '../../../../src/core/charts/ticks.ts';

const bounds = fc
  .tuple(fc.double({ min: -1e9, max: 1e9, noNaN: true }), fc.double({ min: 1e-6, max: 1e9, noNaN: true }))
  .map(([min, width]) => ({ min, max: min + width }))
  .filter(({ min, max }) => max - min > Math.abs(max) * 1e-6);

describe('ticks', () => {
  it.each([
    [0, 1, 6, [0, 0.2, 0.4, 0.6, 0.8, 1]],
    [0, 2.5, 6, [0, 0.5, 1, 1.5, 2, 2.5]],
    [0.2, 1, 5, [0.2, 0.4, 0.6, 0.8, 1]],
    [-3, 3, 4, [-2, 0, 2]],
    [-1e308, 1e308, 5, [-1e308, -5e307, 0, 5e307, 1e308]],
    [0.0002, 0.001, 5, [0.0002, 0.0004, 0.0006, 0.0008, 0.001]],
  ])('%f to %f: round values', (min, max, most, expected) => expect(linearTicks(min, max, most)).toEqual(expected));

  it('gives round, ascending values within the bounds, not more than asked for', () => {
    fc.assert(
      fc.property(bounds, fc.integer({ min: 2, max: 10 }), ({ min, max }, most) => {
        const ticks = linearTicks(min, max, most);
        const dust = (max - min) * 1e-6;
        expect(ticks.length).toBeLessThanOrEqual(most);
        expect(
          ticks.every(
            (tick, i) => tick >= min - dust && tick <= max + dust && (i === 0 || tick > (ticks[i - 1] ?? NaN)),
          ),
        ).toBe(true);
      }),
    );
  });

  it.each([
    [1, 24, 7, [1, 5, 10, 15, 20, 24]],
    [1, 12, 7, [1, 4, 6, 8, 10, 12]],
    [1, 3, 7, [1, 2, 3]],
    [1, 1, 7, [1]],
    [1, 1500, 4, [1, 500, 1000, 1500]],
    [1, 200, 6, [1, 50, 100, 150, 200]],
    [3.4, 7.8, 6, [4, 5, 6, 7]],
  ])('steps %f to %f begin at the first and end at the last', (min, max, most, expected) =>
    expect(stepTicks(min, max, most)).toEqual(expected),
  );

  it.each([
    [0.05, 2, 6, [0.05, 0.1, 0.2, 0.5, 1, 2]],
    [0.001, 1000, 6, [0.001, 0.1, 10, 1000]],
    [1, 100, 3, [1, 10, 100]],
    [0.02, 5, 6, [0.05, 0.1, 0.5, 1, 5]],
    [0.3, 0.4, 5, [0.3, 0.32, 0.34, 0.36, 0.38, 0.4]],
  ])('log %f to %f: 1-2-5', (min, max, most, expected) => {
    const ticks = logTicks(min, max, most);
    if (min === 0.3) expect(ticks).toEqual(linearTicks(min, max, most));
    else expect(ticks).toEqual(expected);
  });

  it.each([
    [{ min: 0.081, max: 2.08 }, 'linear', { min: 0, max: 2.5 }],
    [{ min: 0.23, max: 0.985 }, 'linear', { min: 0.2, max: 1 }],
    [{ min: 0.001, max: 0.001 }, 'linear', { min: 0, max: 0.002 }],
    [{ min: 0, max: 0 }, 'linear', { min: -1, max: 1 }],
    [{ min: -1e308, max: 1e308 }, 'linear', { min: -8e307, max: 8e307 }],
    [{ min: -5, max: -5 }, 'linear', { min: -10, max: 0 }],
    [{ min: Infinity, max: -Infinity }, 'linear', { min: 0, max: 1 }],
    [{ min: 0.042, max: 2.1 }, 'log', { min: 0.02, max: 5 }],
    [{ min: 1, max: 1 }, 'log', { min: 1, max: 10 }],
    [{ min: Infinity, max: -Infinity }, 'log', { min: 0.1, max: 1 }],
  ] as const)('range of %j, %s', (range, scale, expected) => expect(valueRange(range, scale)).toEqual(expected));

  it('holds all values in the range, on either scale', () => {
    fc.assert(
      fc.property(bounds, (range) => {
        const linear = valueRange(range, 'linear');
        expect(linear.min).toBeLessThanOrEqual(range.min + (range.max - range.min) * 1e-6);
        expect(linear.max).toBeGreaterThanOrEqual(range.max - (range.max - range.min) * 1e-6);
        if (range.min <= 1e-6) return;
        const log = valueRange(range, 'log');
        expect(log.min).toBeLessThanOrEqual(range.min * (1 + 1e-6));
        expect(log.max).toBeGreaterThanOrEqual(range.max * (1 - 1e-6));
      }),
    );
  });

  it('lets a growing axis end at the plan, or at a round number beyond the last step', () => {
    expect([
      growingEnd(14, 24),
      growingEnd(30, 24),
      growingEnd(3, null),
      growingEnd(1010, null),
      growingEnd(8123, null),
    ]).toEqual([24, 30, 10, 1500, 10_000]);
  });
});
