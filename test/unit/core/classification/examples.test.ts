import { describe, expect, it } from 'vitest';
import { chooseExamples } from '../../../../src/core/classification/examples.ts';
import { toPixels } from '../../../../src/core/classification/pixels.ts';
import { parsePredictions } from '../../../../src/core/classification/predictions.ts';

describe('chooseExamples', () => {
  const lines = [
    'validation,0,1,0.1 0.9',
    'test,0,0,0.9 0.1',
    'test,0,1,0.4 0.6',
    'test,1,1,0.2 0.8',
    'test,0,1,0.1 0.9',
    'test,0,0,0.55 0.45',
  ];
  const check = (actual: string, predicted: string, { most = 9, extra = [] as readonly string[] } = {}) =>
    chooseExamples(
      parsePredictions(['split,label,predicted,probabilities', ...extra, ...lines].join('\n'), 'p.csv').value ?? [],
      { actual, predicted, most },
    );

  it.each([
    [
      'of an error the surest first',
      '0',
      '1',
      [
        [3, 0.9],
        [1, 0.6],
      ],
    ],
    [
      'of right answers the least sure first',
      '0',
      '0',
      [
        [4, 0.55],
        [0, 0.9],
      ],
    ],
    ['of a cell without any none', '1', '0', []],
  ] as const)('gives %s', (_, actual, predicted, expected) => {
    const chosen = check(actual, predicted);
    expect(chosen?.examples.map(({ number, probability }) => [number, probability])).toEqual(expected);
    expect(chosen).toMatchObject({ split: 'test', total: expected.length, labels: [0, 0, 1, 0, 0] });
  });

  it('gives as many as are asked for, and tells how many there are', () => {
    expect(check('0', '1', { most: 1 })).toMatchObject({ total: 2, examples: [{ number: 3 }] });
  });

  it('counts lines that can’t be read, and then does not say what the labels must be', () => {
    const chosen = check('0', '1', { extra: ['test,x,1,0.5 0.5'] });
    expect(chosen).toMatchObject({ labels: null, examples: [{ number: 4 }, { number: 2 }] });
  });

  it('is undefined for a class that there is not', () => {
    expect([check('7', '1'), check('1', '7'), chooseExamples([], { actual: '0', predicted: '0', most: 1 })]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('toPixels', () => {
  const flat = Array.from({ length: 64 }, (_, i) => i / 63);

  it.each([
    ['grey from 0 to 1', [2, 2, 1], [0, 0.5, 1, 0.2], { width: 2, height: 2, channels: 1 }, [0, 128, 255, 51]],
    [
      'grey without an axis of channels',
      [2, 3],
      [0, 255, 51, 0, 0, 1],
      { width: 3, height: 2, channels: 1 },
      [0, 255, 51, 0, 0, 1],
    ],
    ['from -1 to 1', [2, 2], [-1, 0, 1, -0.5], { channels: 1 }, [0, 128, 255, 64]],
    ['of other numbers from the least to the greatest', [2, 2], [-10, 0, 10, 0], { channels: 1 }, [0, 128, 255, 128]],
    ['all alike', [2, 2], [7, 7, 7, 7], { channels: 1 }, [7, 7, 7, 7]],
    [
      'in colours',
      [2, 2, 3],
      [1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1],
      { channels: 3 },
      [255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255],
    ],
    [
      'in colours, what is seen through left out',
      [2, 2, 4],
      Array<number>(16).fill(1),
      { channels: 3 },
      Array<number>(12).fill(255),
    ],
  ] as const)('%s', (_, shape, values, outline, pixels) => {
    const [picture] = toPixels([values], shape) ?? [];
    expect(picture).toMatchObject(outline);
    expect([...(picture?.pixels ?? [])]).toEqual(pixels);
  });

  it('takes a row of 64 numbers or more for a square, and one range for all', () => {
    const [first, second] = toPixels([flat, flat.map((value) => value * 255)], [64]) ?? [];
    expect(first).toMatchObject({ width: 8, height: 8, channels: 1 });
    expect([first?.pixels[63], second?.pixels[63]]).toEqual([1, 255]);
  });

  it.each([[[4]], [[49]], [[65]], [[2, 2, 2]], [[1, 5]], [[2, 2, 3, 1]], [[]]])(
    'is undefined for the shape %j',
    (shape) => expect(toPixels([flat], shape)).toBeUndefined(),
  );
});
