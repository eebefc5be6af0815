import { describe, expect, test } from 'vitest';
import { answer, chooseLabelRule, scoreAuc, scoreClasses, scoreSplit, scoreTop } from '../../../src/worker/scores.ts';

const floats = (...values: number[]) => Float32Array.from(values);
const doubles = (...values: number[]) => Float64Array.from(values);

describe('scores are macro means as scikit-learn takes them', () => {
  // sklearn.metrics.precision_recall_fscore_support(labels, predicted, average='macro', zero_division=0)
  const cases: [name: string, labels: number[], predicted: number[], expected: number[]][] = [
    ['all right', [0, 1, 2], [0, 1, 2], [1, 1, 1, 1]],
    ['all wrong', [0, 1], [1, 0], [0, 0, 0, 0]],
    [
      'mixed',
      [0, 0, 1, 1, 2, 2],
      [0, 1, 1, 1, 2, 0],
      [4 / 6, (1 / 2 + 2 / 3 + 1) / 3, (1 / 2 + 1 + 1 / 2) / 3, (1 / 2 + 4 / 5 + 2 / 3) / 3],
    ],
    ['a class that was never predicted', [0, 1], [0, 0], [1 / 2, 1 / 4, 1 / 2, 1 / 3]],
    ['a class that does not exist', [0, 0], [0, 5], [1 / 2, 1 / 2, 1 / 4, 1 / 3]],
  ];
  test.each(cases)('%s', (_, labels, predicted, [accuracy, precision, recall, f1]) => {
    const scores = scoreClasses({ labels: doubles(...labels), predicted: doubles(...predicted) });
    expect(scores.accuracy).toBeCloseTo(accuracy!);
    expect(scores.precision).toBeCloseTo(precision!);
    expect(scores.recall).toBeCloseTo(recall!);
    expect(scores.f1).toBeCloseTo(f1!);
  });
});

describe('what the numbers of a model mean', () => {
  test('several numbers: the greatest wins', () => {
    const rule = chooseLabelRule([floats(1, 0, 0, 1)], 2, 2);
    expect(rule).toEqual({ kind: 'classes' });
    const { labels, predicted } = answer(rule, floats(1, 0, 0, 1), 2, floats(0.2, 0.8, 0.4, 0.6), 2);
    expect([[...labels], [...predicted]]).toEqual([
      [0, 1],
      [1, 1],
    ]);
  });

  test('labels as numbers for a model with one output per class', () => {
    const rule = chooseLabelRule([floats(2, 0)], 1, 3);
    const { labels, predicted } = answer(rule, floats(2, 0), 1, floats(0, 0, 1, 0, 1, 0), 3);
    expect([[...labels], [...predicted]]).toEqual([
      [2, 0],
      [2, 1],
    ]);
  });

  test('one number and whole labels: rounded, within the labels that there are', () => {
    const rule = chooseLabelRule([floats(0, 9), floats(3)], 1, 1);
    expect(rule).toEqual({ kind: 'rounded', low: 0, high: 9 });
    const { predicted } = answer(rule, floats(0, 9, 3, 3), 1, floats(-0.4, 12, 3.5, 3.49), 1);
    expect([...predicted]).toEqual([0, 9, 4, 3]);
  });

  const ranges: [name: string, low: number, high: number, kind: string][] = [
    ['digits', 0, 9, 'rounded'],
    ['a hundred labels', 1, 100, 'rounded'],
    ['one label more', 1, 101, 'amount'],
    ['prices', 0, 150, 'amount'],
    ['years', 1900, 2020, 'amount'],
  ];
  test.each(ranges)('whole numbers: %s', (_, low, high, kind) => {
    expect(chooseLabelRule([floats(low), floats(high)], 1, 1).kind).toBe(kind);
  });

  test('one number and amounts: as it is', () => {
    const rule = chooseLabelRule([floats(1, 2), floats(0.5)], 1, 1);
    expect(rule).toEqual({ kind: 'amount' });
    expect([...answer(rule, floats(0.5), 1, floats(0.25), 1).predicted]).toEqual([0.25]);
  });
});

describe('over a whole split', () => {
  const three = {
    targets: floats(0, 1, 2, 2),
    width: 1,
    outputs: floats(0.7, 0.2, 0.1, 0.4, 0.35, 0.25, 0.1, 0.2, 0.7, 0.5, 0.3, 0.2),
    outputWidth: 3,
  };

  // sklearn.metrics.roc_auc_score(labels, scores), with ties counting half.
  test.each<[name: string, labels: number[], scores: number[], expected: number | undefined]>([
    ['well apart', [0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9], 1],
    ['the wrong way round', [1, 1, 0], [0.1, 0.2, 0.8], 0],
    ['one pair of four wrong', [0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], 0.75],
    ['all the same', [0, 1, 0, 1], [0.5, 0.5, 0.5, 0.5], 0.5],
    ['a tie of two', [0, 1, 1], [0.5, 0.5, 0.9], 0.75],
    ['one class only', [1, 1], [0.5, 0.6], undefined],
    ['amounts', [0.5, 2.5], [0.5, 2.5], undefined],
  ])('area under the curve: %s', (_, labels, scores, expected) => {
    const answers = { targets: floats(...labels), width: 1, outputs: floats(...scores), outputWidth: 1 };
    expect(scoreAuc(answers)).toBe(expected);
    // As two outputs, with the classes as labels.
    const outputs = floats(...scores.flatMap((score) => [1 - score, score]));
    expect(scoreAuc({ ...answers, outputs, outputWidth: 2 })).toBe(expected);
  });

  test('area under the curve: three classes, each against the rest', () => {
    // 0: 0.7 against 0.4 0.1 0.5 → 1; 1: 0.35 against 0.2 0.2 0.3 → 1; 2: 0.7 0.2 against 0.1 0.25 → 3 of 4.
    expect(scoreAuc(three)).toBeCloseTo((1 + 1 + 0.75) / 3, 10);
  });

  test.each([
    [1, 0.5],
    [2, 0.75],
    [3, 1],
  ])('the class is among the %i likeliest', (k, expected) => expect(scoreTop(three, k)).toBe(expected));

  test('a tie counts for the model; one number has no likeliest', () => {
    expect(scoreTop({ ...three, outputs: new Float32Array(12) }, 1)).toBe(1);
    expect(scoreTop({ targets: floats(1), width: 1, outputs: floats(1), outputWidth: 1 }, 1)).toBeUndefined();
  });

  test('precision, recall and f1 are those of the classes; amounts have none', () => {
    expect(scoreSplit(three)).toEqual(scoreClasses({ labels: doubles(0, 1, 2, 2), predicted: doubles(0, 0, 2, 0) }));
    expect(scoreSplit({ targets: floats(0.5), width: 1, outputs: floats(0.5), outputWidth: 1 })).toBeUndefined();
  });
});
