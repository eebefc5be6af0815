import type { CurveFacts } from '../../protocol/answers.ts';

/** One class against the rest at one threshold: what is counted, and what is made of it. */
export interface AtThreshold {
  /** Infinite where no example counts as of the class. */
  readonly threshold: number;
  readonly hits: number;
  readonly alarms: number;
  readonly misses: number;
  readonly rejections: number;
  /** 1 where no example counts as of the class, as scikit-learn ends its curve. */
  readonly precision: number;
  readonly recall: number;
  /** 2TP / (2TP + FP + FN); 0 where that has no denominator. */
  readonly f1: number;
  readonly falsePositiveRate: number;
}

/** At a point of the curve; −1: above them all. */
export function atPoint({ points, positives, negatives }: CurveFacts, index: number): AtThreshold {
  const [threshold, hits, alarms] = points[index] ?? [Infinity, 0, 0];
  const counted = hits + alarms;
  return {
    threshold,
    hits,
    alarms,
    misses: positives - hits,
    rejections: negatives - alarms,
    precision: counted === 0 ? 1 : hits / counted,
    recall: quotient(hits, positives),
    f1: quotient(2 * hits, counted + positives),
    falsePositiveRate: quotient(alarms, negatives),
  };
}

/** The last point at the threshold or above; −1 where there is none. */
export function pointAt({ points }: CurveFacts, threshold: number): number {
  return points.findLastIndex(([own]) => own >= threshold);
}

/** The point with the greatest F1; of equal ones the highest threshold. −1 without points. */
export function pointOfBestF1(curve: CurveFacts): number {
  let best = -1;
  curve.points.forEach((_, index) => {
    if (best < 0 || atPoint(curve, index).f1 > atPoint(curve, best).f1) best = index;
  });
  return best;
}

const quotient = (numerator: number, denominator: number): number => (denominator === 0 ? 0 : numerator / denominator);
