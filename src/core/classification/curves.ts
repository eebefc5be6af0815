import type { Classified } from './classified.ts';

/** Scores of one class against all others, and whether each example is of that class. NaN scores are the lowest. */
export interface Scored {
  readonly scores: Float64Array;
  readonly isPositive: Uint8Array;
}

/** One class against the rest; undefined when there are no scores. */
export function scoreOneClass({ classes, actual, scores }: Classified, index: number): Scored | undefined {
  if (scores === null) return undefined;
  return {
    scores: Float64Array.from(actual, (_, i) => scores[i * classes.length + index] ?? NaN),
    isPositive: Uint8Array.from(actual, (one) => Number(one === index)),
  };
}

/** Points of a curve, in descending order of threshold: from there on an example counts as positive. */
export interface RocCurve {
  readonly thresholds: Float64Array;
  readonly falsePositiveRate: Float64Array;
  readonly truePositiveRate: Float64Array;
  /** Area under it; NaN when all examples are alike. */
  readonly area: number;
}

/**
 * Receiver operating characteristic: one point for each distinct score, (0, 0) at a threshold of ∞ before them. The area by trapezoids is the probability that a positive example
 * scores above a negative one, a tie counting half (Fawcett, "An introduction to ROC analysis", 2006; scikit-learn's `roc_curve(drop_intermediate=False)` and `roc_auc_score`).
 */
export function rocCurve(scored: Scored): RocCurve {
  const { thresholds, hits, alarms } = countByThreshold(scored);
  const [positives, negatives] = [hits.at(-1) ?? 0, alarms.at(-1) ?? 0];
  const truePositiveRate = startingWith(
    0,
    hits.map((count) => count / positives),
  );
  const falsePositiveRate = startingWith(
    0,
    alarms.map((count) => count / negatives),
  );
  let area = 0;
  for (let i = 1; i < truePositiveRate.length; i += 1)
    area +=
      ((at(falsePositiveRate, i) - at(falsePositiveRate, i - 1)) *
        (at(truePositiveRate, i) + at(truePositiveRate, i - 1))) /
      2;
  const isSingle = positives === 0 || negatives === 0;
  return {
    thresholds: startingWith(Infinity, thresholds),
    falsePositiveRate,
    truePositiveRate,
    area: isSingle ? NaN : area,
  };
}

/** Points of a curve, in descending order of threshold. */
export interface PrecisionRecallCurve {
  readonly thresholds: Float64Array;
  readonly precision: Float64Array;
  readonly recall: Float64Array;
  /** NaN without positive examples. */
  readonly averagePrecision: number;
}

/** Precision and recall at each distinct score; average precision is Σ (Rₙ − Rₙ₋₁) Pₙ, without interpolation, as scikit-learn's `average_precision_score`. */
export function precisionRecallCurve(scored: Scored): PrecisionRecallCurve {
  const { thresholds, hits, alarms } = countByThreshold(scored);
  const positives = hits.at(-1) ?? 0;
  const precision = hits.map((count, i) => count / (count + at(alarms, i)));
  const recall = hits.map((count) => count / positives);
  let averagePrecision = 0;
  recall.forEach((value, i) => (averagePrecision += (value - (recall[i - 1] ?? 0)) * at(precision, i)));
  return { thresholds, precision, recall, averagePrecision: positives === 0 ? NaN : averagePrecision };
}

/** Index of the threshold with the greatest difference of true and false positive rate (Youden's J); 0 for a curve without examples. */
export function bestThreshold({ truePositiveRate, falsePositiveRate }: RocCurve): number {
  let best = 0;
  truePositiveRate.forEach((rate, i) => {
    if (rate - at(falsePositiveRate, i) > at(truePositiveRate, best) - at(falsePositiveRate, best)) best = i;
  });
  return best;
}

/** How many positive (hits) and negative (alarms) examples lie at or above each distinct score, in descending order of score. */
export function countByThreshold({ scores, isPositive }: Scored): {
  thresholds: Float64Array;
  hits: Float64Array;
  alarms: Float64Array;
} {
  const key = (i: number): number => (Number.isNaN(at(scores, i)) ? -Infinity : at(scores, i));
  const order = Uint32Array.from(scores, (_, i) => i).sort((a, b) => key(b) - key(a) || a - b);
  const [thresholds, hits, alarms]: number[][] = [[], [], []];
  let [hit, alarm] = [0, 0];
  order.forEach((example, rank) => {
    if (isPositive[example] === 1) hit += 1;
    else alarm += 1;
    const next = order[rank + 1];
    if (next !== undefined && key(next) === key(example)) return;
    thresholds?.push(key(example));
    hits?.push(hit);
    alarms?.push(alarm);
  });
  return {
    thresholds: Float64Array.from(thresholds ?? []),
    hits: Float64Array.from(hits ?? []),
    alarms: Float64Array.from(alarms ?? []),
  };
}

function startingWith(first: number, values: Float64Array): Float64Array {
  const all = new Float64Array(values.length + 1);
  all[0] = first;
  all.set(values, 1);
  return all;
}

const at = (values: Float64Array, index: number): number => values[index] ?? NaN;
