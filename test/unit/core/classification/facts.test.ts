import { describe, expect, it } from 'vitest';
import { toAnswerFacts } from '../../../../src/core/classification/facts.ts';
import { parsePredictions } from '../../../../src/core/classification/predictions.ts';

const check = (...lines: string[]) =>
  toAnswerFacts(
    parsePredictions(['split,label,predicted,probabilities', ...lines, ''].join('\n'), 'predictions.csv').value ?? [],
  );

describe('toAnswerFacts', () => {
  it('takes the test split, with a curve for each class', () => {
    expect(check('validation,0,0,0.9 0.1', 'test,0,1,0.4 0.6', 'test,1,1,0.2 0.8', 'other,1,1,')).toEqual({
      split: 'test',
      classes: ['0', '1'],
      counts: [0, 1, 0, 1],
      curves: [
        {
          area: 1,
          points: [
            [0, 0],
            [0, 1],
            [1, 1],
          ],
        },
        {
          area: 1,
          points: [
            [0, 0],
            [0, 1],
            [1, 1],
          ],
        },
      ],
    });
  });

  it.each([
    [
      'the last split with classes, without a test split',
      ['train,1,1,', 'validation,2,2,', 'amounts,0.5,0.5,'],
      'validation',
    ],
    ['nothing without classes', ['test,0.5,0.25,'], undefined],
    ['nothing of more than a hundred classes', Array.from({ length: 101 }, (_, i) => `test,${i},${i},`), undefined],
    ['nothing of nothing', [], undefined],
  ])('takes %s', (_, lines, split) => expect(check(...lines)?.split).toBe(split));

  it('has no curve for a class without examples, and none without probabilities', () => {
    expect(
      check('test,0,0,0.8 0.1 0.1', 'test,1,1,0.1 0.8 0.1')?.curves.map(({ area, points }) => [area, points.length]),
    ).toEqual([
      [1, 3],
      [1, 3],
      [null, 0],
    ]);
    expect(check('test,0,0,')?.curves).toEqual([]);
  });

  it('thins out long curves and keeps their ends', () => {
    const lines = Array.from(
      { length: 1000 },
      (_, i) => `test,${i % 2},0,${(i / 1000).toFixed(4)} ${(1 - i / 1000).toFixed(4)}`,
    );
    const { points = [] } = check(...lines)?.curves[0] ?? {};
    expect([points.length, points[0], points.at(-1)]).toEqual([101, [0, 0], [1, 1]]);
  });
});
