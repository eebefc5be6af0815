import { describe, expect, test } from 'vitest';
import type { AugmentationSettings } from '../../../src/core/config/config.ts';
import { createAugment } from '../../../src/worker/augmentation.ts';

const none: AugmentationSettings = {
  flip: null,
  shift: null,
  rotation: null,
  zoom: null,
  brightness: null,
  noise: null,
};
const picture = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9);

/** The picture after it was changed in some epochs, each time from the start. */
function changed(
  settings: Partial<AugmentationSettings>,
  { pixels = picture, shape = [3, 3], epochs = 20, example = 0, seed = 42 } = {},
): Float32Array[] {
  const augment = createAugment({ settings: { ...none, ...settings }, shape, seed });
  return Array.from({ length: epochs }, (_, epoch) => {
    const copy = pixels.slice();
    augment(copy, Uint32Array.of(example), epoch + 1);
    return copy;
  });
}

describe('a picture is changed', () => {
  /** Every one that comes out, and each of them at least once. */
  const cases: Record<string, [settings: Partial<AugmentationSettings>, expected: number[][]]> = {
    'not at all': [{}, [[1, 2, 3, 4, 5, 6, 7, 8, 9]]],
    'mirrored from left to right, or not': [
      { flip: 'horizontal' },
      [
        [1, 2, 3, 4, 5, 6, 7, 8, 9],
        [3, 2, 1, 6, 5, 4, 9, 8, 7],
      ],
    ],
    'mirrored from top to bottom, or not': [
      { flip: 'vertical' },
      [
        [1, 2, 3, 4, 5, 6, 7, 8, 9],
        [7, 8, 9, 4, 5, 6, 1, 2, 3],
      ],
    ],
    'mirrored in both ways': [
      { flip: 'both' },
      [
        [1, 2, 3, 4, 5, 6, 7, 8, 9],
        [3, 2, 1, 6, 5, 4, 9, 8, 7],
        [7, 8, 9, 4, 5, 6, 1, 2, 3],
        [9, 8, 7, 6, 5, 4, 3, 2, 1],
      ],
    ],
  };
  test.each(Object.entries(cases))('%s', (_, [settings, expected]) => {
    const found = new Set(changed(settings, { epochs: 40 }).map(String));
    expect([...found].sort()).toEqual(expected.map(String).sort());
  });

  test('moved by whole pixels, its edge going on', () => {
    const found = new Set(changed({ shift: 0.34 }, { epochs: 100 }).map(String));
    expect(found).toContain('1,1,2,4,4,5,7,7,8');
    expect(found).toContain('5,6,6,8,9,9,8,9,9');
    expect(found.size).toBe(9);
  });

  test('turned about its middle, which stays', () => {
    for (const pixels of changed({ rotation: 90 })) expect(pixels[4]).toBeCloseTo(5);
    expect(new Set(changed({ rotation: 90 }).map(String)).size).toBe(20);
  });

  test('a turn goes the same way for every pixel', () => {
    const pixels = Float32Array.from({ length: 81 }, (_, i) => (i % 9 === 4 ? 1 : 0));
    // The middle column becomes a line through the middle: what is above it is mirrored below.
    for (const turned of changed({ rotation: 80 }, { pixels, shape: [9, 9] }))
      turned.forEach((value, i) => expect(value).toBeCloseTo(turned[80 - i] ?? NaN, 4));
  });

  test('zoomed about its middle', () => {
    const ramp = Float32Array.of(-1, 0, 1);
    for (const [left = NaN, middle, right = NaN] of changed({ zoom: 0.5 }, { pixels: ramp, shape: [1, 3] })) {
      expect(middle).toBeCloseTo(0);
      expect(right).toBeCloseTo(-left);
      expect(right).toBeLessThanOrEqual(1);
      expect(right).toBeGreaterThanOrEqual(1 / 1.5 - 1e-6);
    }
  });

  test('made brighter or darker, all of it by one factor', () => {
    const factors = changed({ brightness: 0.2 }).map((pixels) => {
      const factor = pixels[0] ?? NaN;
      pixels.forEach((value, i) => expect(value).toBeCloseTo((i + 1) * factor, 4));
      return factor;
    });
    expect(Math.min(...factors)).toBeGreaterThanOrEqual(0.8);
    expect(Math.max(...factors)).toBeLessThanOrEqual(1.2);
    expect(new Set(factors).size).toBe(20);
  });

  test('given noise of the deviation that is asked for', () => {
    const pixels = new Float32Array(100 * 100 + 0);
    const [noisy] = changed({ noise: 0.5 }, { pixels, shape: [100, 100], epochs: 1 });
    const mean = noisy!.reduce((sum, value) => sum + value, 0) / pixels.length;
    const deviation = Math.sqrt(noisy!.reduce((sum, value) => sum + (value - mean) ** 2, 0) / pixels.length);
    expect(mean).toBeCloseTo(0, 1);
    expect(deviation).toBeGreaterThan(0.48);
    expect(deviation).toBeLessThan(0.52);
  });

  test('with its channels together', () => {
    const pixels = Float32Array.of(1, 10, 2, 20, 3, 30);
    const found = new Set(changed({ flip: 'horizontal' }, { pixels, shape: [1, 3, 2] }).map(String));
    expect(found).toEqual(new Set(['1,10,2,20,3,30', '3,30,2,20,1,10']));
  });
});

test('seed, epoch and number of the example decide, and nothing that came before', () => {
  const settings = { flip: 'both', shift: 0.3, rotation: 20, zoom: 0.2, brightness: 0.3, noise: 0.1 } as const;
  const first = changed(settings);
  expect(changed(settings)).toEqual(first);
  const augment = createAugment({ settings: { ...none, ...settings }, shape: [3, 3], seed: 42 });
  const two = Float32Array.of(...picture, ...picture);
  augment(two, Uint32Array.of(7, 0), 20);
  expect(two.subarray(9)).toEqual(first[19]);
  expect(new Set(first.map(String)).size).toBe(20);
  expect(changed(settings, { example: 1 })[0]).not.toEqual(first[0]);
  expect(changed(settings, { seed: 43 })[0]).not.toEqual(first[0]);
});

test('what is asked for beside does not change how a picture is mirrored', () => {
  const mirrored = (settings: Partial<AugmentationSettings>): boolean[] =>
    changed({ flip: 'horizontal', ...settings }).map(([first = 0, , third = 0]) => first > third);
  expect(mirrored({ brightness: 0.1, noise: 0.01 })).toEqual(mirrored({}));
});

test('examples that are no pictures are refused', () => {
  for (const [shape, told] of [
    [[784], '784'],
    [[2, 3, 4, 5], '2×3×4×5'],
  ] as const)
    expect(() => createAugment({ settings: none, shape: [...shape], seed: 1 })).toThrow(
      `training.augmentation changes pictures, so examples must have the shape [height, width] or [height, width, channels]; these have ${told}.`,
    );
});
