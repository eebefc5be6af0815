import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatProblem } from '../../../../src/protocol/problem.ts';
import { calibrate, scoreAnswers } from '../../../../src/core/classification/calibration.ts';
import { classify, toClassified } from '../../../../src/core/classification/classified.ts';
import {
  confusionRates,
  countConfusion,
  reportClasses,
  worstError,
} from '../../../../src/core/classification/confusion.ts';
import {
  bestThreshold,
  precisionRecallCurve,
  rocCurve,
  scoreOneClass,
  type Scored,
} from '../../../../src/core/classification/curves.ts';
import { parsePredictions } from '../../../../src/core/classification/predictions.ts';
import { scoreClasses } from '../../../../src/worker/scores.ts';

const scoredOf = (isPositive: readonly number[], scores: readonly number[]): Scored => ({
  isPositive: Uint8Array.from(isPositive),
  scores: Float64Array.from(scores),
});
const labels = fc.array(fc.tuple(fc.nat(4), fc.nat(4)), { minLength: 1, maxLength: 60 });
const examplesOf = (pairs: readonly (readonly [number, number])[]) =>
  classify(
    pairs.map(([truth]) => String(truth)),
    pairs.map(([, guess]) => String(guess)),
  );

describe('classes', () => {
  it.each([
    [
      ['10', '9', '1'],
      ['1', '9', '10'],
    ],
    [
      ['b', '10', 'a'],
      ['10', 'a', 'b'],
    ],
    [
      ['1.5', '-2', '1e1'],
      ['-2', '1.5', '1e1'],
    ],
    [
      ['__proto__', 'constructor'],
      ['__proto__', 'constructor'],
    ],
  ])('of %j', (names, expected) => expect(classify(names, names).classes).toEqual(expected));

  it('are read from two columns, rows without a value left out', () => {
    const table = {
      columns: ['a', 'p'],
      rows: [
        ['cat', 'dog'],
        [null, 'cat'],
        ['dog', null],
        ['dog', 'dog'],
      ],
    };
    expect(toClassified(table, { actual: 'a', predicted: 'p' })).toMatchObject({
      classes: ['cat', 'dog'],
      actual: Uint32Array.of(0, 1),
      predicted: Uint32Array.of(1, 1),
    });
    expect(toClassified(table, { actual: 'a', predicted: 'x' })).toBeUndefined();
  });
});

describe('confusion matrix', () => {
  const digits = examplesOf([
    [0, 0],
    [1, 0],
    [2, 2],
    [2, 2],
    [2, 1],
    [1, 1],
  ]);

  it('counts by what is true and what was predicted', () => {
    expect([...countConfusion(digits).counts]).toEqual([1, 0, 0, 1, 1, 0, 0, 1, 2]);
  });

  it.each([
    ['row', [1, 0, 0, 0.5, 0.5, 0, 0, 1 / 3, 2 / 3]],
    ['column', [0.5, 0, 0, 0.5, 0.5, 0, 0, 0.5, 1]],
    ['all', [1, 0, 0, 1, 1, 0, 0, 1, 2].map((count) => count / 6)],
  ] as const)('rates by %s', (of, expected) =>
    expect([...confusionRates(countConfusion(digits), of)]).toEqual(expected),
  );

  it('has no rate where there are no examples', () => {
    const empty = classify(['0'], ['0'], { extra: ['1'] });
    expect([...confusionRates(countConfusion(empty), 'row')]).toEqual([1, 0, NaN, NaN]);
  });

  it('names the worst error', () => {
    expect(worstError(countConfusion(digits))).toEqual({ actual: '1', predicted: '0', count: 1, of: 2 });
    expect(
      worstError(
        countConfusion(
          examplesOf([
            [4, 9],
            [4, 9],
            [4, 4],
            [1, 9],
          ]),
        ),
      ),
    ).toEqual({ actual: '4', predicted: '9', count: 2, of: 3 });
    expect(worstError(countConfusion(examplesOf([[1, 1]])))).toBeUndefined();
  });

  it('reports as scikit-learn does', () => {
    const { perClass, accuracy, macro, weighted } = reportClasses(countConfusion(digits));
    expect(perClass).toEqual([
      { name: '0', precision: 0.5, recall: 1, f1: 2 / 3, support: 1 },
      { name: '1', precision: 0.5, recall: 0.5, f1: 0.5, support: 2 },
      { name: '2', precision: 1, recall: 2 / 3, f1: 0.8, support: 3 },
    ]);
    expect(accuracy).toBeCloseTo(0.6666666666666666, 12);
    expect([macro.precision, macro.recall, macro.f1, macro.support].map((value) => Number(value.toFixed(9)))).toEqual([
      0.666666667, 0.722222222, 0.655555556, 6,
    ]);
    expect([weighted.precision, weighted.recall, weighted.f1].map((value) => Number(value.toFixed(9)))).toEqual([
      0.75, 0.666666667, 0.677777778,
    ]);
  });

  it('agrees with what a training logs', () => {
    fc.assert(
      fc.property(labels, (pairs) => {
        const answers = {
          labels: Float64Array.from(pairs, ([truth]) => truth),
          predicted: Float64Array.from(pairs, ([, guess]) => guess),
        };
        const logged = scoreClasses(answers);
        const { accuracy, macro } = reportClasses(countConfusion(examplesOf(pairs)));
        for (const [ours, theirs] of [
          [accuracy, logged.accuracy],
          [macro.precision, logged.precision],
          [macro.recall, logged.recall],
          [macro.f1, logged.f1],
        ] as const)
          expect(ours).toBeCloseTo(theirs, 12);
      }),
    );
  });
});

describe('curves', () => {
  // The values of scikit-learn 1.9 for the same examples.
  it.each([
    [
      [0, 0, 1, 1],
      [0.1, 0.4, 0.35, 0.8],
      [Infinity, 0.8, 0.4, 0.35, 0.1],
      [0, 0, 0.5, 0.5, 1],
      [0, 0.5, 0.5, 1, 1],
      0.75,
    ],
    [
      [1, 0, 1, 1, 0, 0, 1, 0, 1, 0],
      [0.9, 0.8, 0.7, 0.7, 0.7, 0.4, 0.4, 0.3, 0.2, 0.1],
      [Infinity, 0.9, 0.8, 0.7, 0.4, 0.3, 0.2, 0.1],
      [0, 0, 0.2, 0.4, 0.6, 0.8, 0.8, 1],
      [0, 0.2, 0.2, 0.6, 0.8, 0.8, 1, 1],
      0.62,
    ],
    [[0, 1], [0.2, 0.9], [Infinity, 0.9, 0.2], [0, 0, 1], [0, 1, 1], 1],
    [[1, 0], [NaN, 0.5], [Infinity, 0.5, -Infinity], [0, 1, 1], [0, 0, 1], 0],
  ])('ROC of %j by %j', (isPositive, scores, thresholds, falsePositiveRate, truePositiveRate, area) => {
    const curve = rocCurve(scoredOf(isPositive, scores));
    expect([...curve.thresholds]).toEqual(thresholds);
    expect([...curve.falsePositiveRate]).toEqual(falsePositiveRate);
    expect([...curve.truePositiveRate]).toEqual(truePositiveRate);
    expect(curve.area).toBeCloseTo(area, 12);
  });

  it.each([
    [
      [0, 0, 1, 1],
      [0.1, 0.4, 0.35, 0.8],
      [0.8, 0.4, 0.35, 0.1],
      [1, 0.5, 2 / 3, 0.5],
      [0.5, 0.5, 1, 1],
      0.8333333333333333,
    ],
    [
      [1, 0, 1, 1, 0, 0, 1, 0, 1, 0],
      [0.9, 0.8, 0.7, 0.7, 0.7, 0.4, 0.4, 0.3, 0.2, 0.1],
      [0.9, 0.8, 0.7, 0.4, 0.3, 0.2, 0.1],
      [1, 0.5, 0.6, 4 / 7, 0.5, 5 / 9, 0.5],
      [0.2, 0.2, 0.6, 0.8, 0.8, 1, 1],
      0.6653968253968254,
    ],
  ])('precision and recall of %j by %j', (isPositive, scores, thresholds, precision, recall, averagePrecision) => {
    const curve = precisionRecallCurve(scoredOf(isPositive, scores));
    expect([...curve.thresholds]).toEqual(thresholds);
    expect([...curve.precision]).toEqual(precision);
    expect([...curve.recall]).toEqual(recall);
    expect(curve.averagePrecision).toBeCloseTo(averagePrecision, 12);
  });

  it('says nothing where all examples are alike, and breaks on none', () => {
    expect(rocCurve(scoredOf([1, 1], [0.1, 0.2])).area).toBeNaN();
    expect(precisionRecallCurve(scoredOf([0], [0.1])).averagePrecision).toBeNaN();
    expect(rocCurve(scoredOf([], [])).area).toBeNaN();
    const many = {
      isPositive: new Uint8Array(300_000).fill(1, 7),
      scores: Float64Array.from({ length: 300_000 }, (_, i) => i),
    };
    expect(rocCurve(many).thresholds.length).toBe(300_001);
  });

  it('has as area the chance that a positive example scores above a negative one', () => {
    const examples = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 6 })), { minLength: 2, maxLength: 40 });
    fc.assert(
      fc.property(examples, (list) => {
        const [ups, downs] = [true, false].map((kind) =>
          list.filter(([isUp]) => isUp === kind).map(([, score]) => score),
        );
        fc.pre(ups!.length > 0 && downs!.length > 0);
        const wins = ups!.flatMap((up) => downs!.map((down): number => (up > down ? 1 : up === down ? 0.5 : 0)));
        const { area } = rocCurve(
          scoredOf(
            list.map(([isUp]) => Number(isUp)),
            list.map(([, score]) => score),
          ),
        );
        expect(area).toBeCloseTo(wins.reduce((sum, win) => sum + win, 0) / wins.length, 9);
      }),
    );
  });

  it('has each point as counting at its threshold would give it', () => {
    const examples = fc.array(fc.tuple(fc.nat(1), fc.integer({ min: 0, max: 9 })), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(examples, (list) => {
        fc.pre(list.some(([up]) => up === 1));
        const scored = scoredOf(
          list.map(([up]) => up),
          list.map(([, score]) => score),
        );
        const { thresholds, precision, recall } = precisionRecallCurve(scored);
        thresholds.forEach((threshold, i) => {
          const above = list.filter(([, score]) => score >= threshold);
          const hits = above.filter(([up]) => up === 1).length;
          expect(precision[i]).toBeCloseTo(hits / above.length, 12);
          expect(recall[i]).toBeCloseTo(hits / list.filter(([up]) => up === 1).length, 12);
        });
      }),
    );
  });

  it('finds the threshold that parts best', () => {
    const curve = rocCurve(scoredOf([0, 0, 1, 0, 0, 1, 1], [0.1, 0.2, 0.3, 0.4, 0.5, 0.8, 0.9]));
    expect(curve.thresholds[bestThreshold(curve)]).toBe(0.8);
  });
});

describe('calibration', () => {
  it('compares what was said with what came true', () => {
    const { bins, error } = calibrate(scoredOf([0, 1, 1, 1, 0, 1], [0.1, 0.3, 0.8, 1, 0.9, NaN]), 2);
    expect(bins.map(({ low, high, count }) => [low, high, count])).toEqual([
      [0, 0.5, 2],
      [0.5, 1, 3],
    ]);
    expect(bins[0]).toMatchObject({ predicted: 0.2, observed: 0.5 });
    expect(bins[1]!.predicted).toBeCloseTo(0.9, 12);
    expect(bins[1]!.observed).toBeCloseTo(2 / 3, 12);
    expect(error).toBeCloseTo((2 * 0.3 + 3 * (0.9 - 2 / 3)) / 5, 12);
  });

  it('has empty bins, and no error without examples', () => {
    const { bins, error } = calibrate(scoredOf([], []), 3);
    expect([bins.length, bins[0]?.count, bins[0]?.observed, error]).toEqual([3, 0, NaN, NaN]);
  });
});

describe('parsePredictions', () => {
  const file = 'predictions.csv';
  const check = (lines: readonly string[]) =>
    parsePredictions(['split,label,predicted,probabilities', ...lines, ''].join('\n'), file);

  it('reads splits with the scores of all classes', () => {
    const { value, problems } = check(['validation,1,1,0.1 0.7 0.2', 'test,0,1,0.3 0.5 0.2', 'test,1,1,0.1 0.8 0.1']);
    expect(problems).toEqual([]);
    expect(value?.map(({ name, kind }) => [name, kind])).toEqual([
      ['validation', 'classes'],
      ['test', 'classes'],
    ]);
    const test = value?.[1];
    if (test?.kind !== 'classes') throw new Error('The split has no classes.');
    expect(test.examples).toEqual({
      classes: ['0', '1', '2'],
      actual: Uint32Array.of(0, 1),
      predicted: Uint32Array.of(1, 1),
      scores: Float64Array.of(0.3, 0.5, 0.2, 0.1, 0.8, 0.1),
    });
    expect(scoreOneClass(test.examples, 1)).toEqual(scoredOf([0, 1], [0.5, 0.8]));
    expect(scoreAnswers(test.examples)).toEqual(scoredOf([0, 1], [0.5, 0.8]));
  });

  it.each([
    ['no probabilities', ['test,3,4,'], ['3', '4'], null],
    ['labels that are no index of them', ['test,7,7,0.5 0.5'], ['7'], null],
    ['rows of other lengths', ['test,0,0,0.5 0.5', 'test,1,1,1'], ['0', '1'], null],
  ])('has no scores with %s', (_, lines, classes, scores) => {
    expect(check(lines).value).toMatchObject([{ kind: 'classes', examples: { classes, scores } }]);
  });

  it('tells amounts from classes', () => {
    expect(check(['test,1.5,1.25,', 'test,2,2,']).value).toEqual([
      { name: 'test', kind: 'amounts', actual: Float64Array.of(1.5, 2), predicted: Float64Array.of(1.25, 2) },
    ]);
  });

  it('leaves out what it cannot read, and says so', () => {
    const { value, problems } = check(['test,x,1,', 'test,1,1,']);
    expect(value).toMatchObject([{ examples: { classes: ['1'] } }]);
    expect(problems.map(formatProblem)).toEqual([
      'predictions.csv:1:1: warning: Lines whose label or prediction is no number are left out: 1.',
    ]);
    expect(parsePredictions('a,label\n', file).problems.map(formatProblem)).toEqual([
      'predictions.csv:1:1: error: The first line does not name "split", "predicted".',
    ]);
    expect(check([]).value).toEqual([]);
  });
});
