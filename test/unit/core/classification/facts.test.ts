import { describe, expect, it } from 'vitest';
import { toAnswerFacts } from '../../../../src/core/classification/facts.ts';
import { atPoint, pointAt, pointOfBestF1 } from '../../../../src/core/classification/thresholds.ts';
import { parsePredictions } from '../../../../src/core/classification/predictions.ts';

const check = (...lines: string[]) =>
  toAnswerFacts(
    parsePredictions(['split,label,predicted,probabilities', ...lines, ''].join('\n'), 'predictions.csv').value ?? [],
  );

describe('toAnswerFacts', () => {
  it('takes the test split, with a curve for each class', () => {
    const facts = check('validation,0,0,0.9 0.1', 'test,0,1,0.4 0.6', 'test,1,1,0.2 0.8', 'other,1,1,');
    expect(facts).toMatchObject({ split: 'test', classes: ['0', '1'], counts: [0, 1, 0, 1] });
    expect(facts?.curves).toMatchObject([
      {
        ...{ positives: 1, negatives: 1, area: 1, averagePrecision: 1 },
        points: [
          [0.4, 1, 0],
          [0.2, 1, 1],
        ],
      },
      {
        ...{ positives: 1, negatives: 1, area: 1, averagePrecision: 1 },
        points: [
          [0.8, 1, 0],
          [0.6, 1, 1],
        ],
      },
    ]);
    const bins = Array.from({ length: 10 }, () => [0, 0, 0]);
    expect(facts?.calibration?.bins).toEqual([...bins.slice(0, 6), [1, 0.6, 0], [0, 0, 0], [1, 0.8, 1], [0, 0, 0]]);
    expect(facts?.calibration?.error).toBeCloseTo((0.6 + 0.2) / 2, 12);
    expect(facts?.curves[1]?.calibration).toEqual(facts?.calibration);
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

  it('has no area for a class without examples, no curve without probabilities, no calibration of what is none', () => {
    const curves = check('test,0,0,0.8 0.1 0.1', 'test,1,1,0.1 0.8 0.1')?.curves;
    expect(curves?.map(({ area, averagePrecision, points }) => [area, averagePrecision, points.length])).toEqual([
      [1, 1, 2],
      [1, 1, 2],
      [null, null, 1],
    ]);
    expect(check('test,0,0,')).toMatchObject({ curves: [], calibration: null });
    const odd = check('test,0,0,inf -7', 'test,1,1,nan 12');
    expect([odd?.calibration, odd?.curves[0]?.points]).toEqual([
      null,
      [
        [1e300, 1, 0],
        [-1e300, 1, 1],
      ],
    ]);
  });

  it('thins out long curves: the ends stay, each point is exact, and none is far from the next', () => {
    const lines = Array.from({ length: 5000 }, (_, i) => {
      const score = 1 / (1 + Math.exp((i - 2500) / 250));
      return `test,${i % 3 === 0 || i < 2400 ? 0 : 1},0,${score.toFixed(9)} ${(1 - score).toFixed(9)}`;
    });
    const { points, positives, negatives } = check(...lines)!.curves[0]!;
    expect(points.length).toBeLessThanOrEqual(200);
    expect(points.length).toBeGreaterThan(100);
    expect([points[0]![1], points.at(-1)!.slice(1)]).toEqual([1, [positives, negatives]]);
    const truths = lines.map((line) => [Number(line.split(/[, ]/)[3]), Number(line.split(',')[1] === '0')] as const);
    for (const [threshold, hits, alarms] of points) {
      const above = truths.filter(([score]) => score >= threshold);
      expect([hits + alarms, hits]).toEqual([above.length, above.filter(([, isOwn]) => isOwn === 1).length]);
    }
    points.slice(1).forEach(([threshold, hits, alarms], i) => {
      const [before, hitsBefore, alarmsBefore] = points[i]!;
      expect(
        Math.max((hits - hitsBefore) / positives, (alarms - alarmsBefore) / negatives, before - threshold),
      ).toBeLessThan(0.04);
    });
  });
});

describe('a threshold', () => {
  // Ten examples of which scikit-learn 1.9 says the same (precision_recall_curve, confusion_matrix, f1_score).
  const scores = [0.9, 0.8, 0.7, 0.7, 0.7, 0.4, 0.4, 0.3, 0.2, 0.1];
  const labels = [1, 0, 1, 1, 0, 0, 1, 0, 1, 0];
  const curve = check(...scores.map((score, i) => `test,${labels[i]},0,${(1 - score).toFixed(1)} ${score}`))!
    .curves[1]!;

  it.each([
    [1, { threshold: Infinity, hits: 0, alarms: 0, misses: 5, rejections: 5, precision: 1, recall: 0, f1: 0 }],
    [0.9, { threshold: 0.9, hits: 1, alarms: 0, misses: 4, rejections: 5, precision: 1, recall: 0.2, f1: 1 / 3 }],
    [0.5, { threshold: 0.7, hits: 3, alarms: 2, misses: 2, rejections: 3, precision: 0.6, recall: 0.6, f1: 0.6 }],
    [
      0.4,
      {
        hits: 4,
        alarms: 3,
        misses: 1,
        rejections: 2,
        precision: 4 / 7,
        recall: 0.8,
        f1: 2 / 3,
        falsePositiveRate: 0.6,
      },
    ],
    [0, { threshold: 0.1, hits: 5, alarms: 5, misses: 0, rejections: 0, precision: 0.5, recall: 1, f1: 2 / 3 }],
  ])('of %d', (threshold, expected) => expect(atPoint(curve, pointAt(curve, threshold))).toMatchObject(expected));

  it('is best by F1 at 0.2, and nowhere without points', () => {
    expect(curve.points[pointOfBestF1(curve)]?.[0]).toBe(0.2);
    expect(atPoint(curve, pointOfBestF1(curve)).f1).toBeCloseTo(10 / 14, 12);
    expect(pointOfBestF1({ ...curve, points: [] })).toBe(-1);
    expect(atPoint({ ...curve, points: [], positives: 0, negatives: 0 }, -1)).toMatchObject({ recall: 0, f1: 0 });
  });
});
