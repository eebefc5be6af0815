import type { Scored } from './curves.ts';
import type { Classified } from './classified.ts';

/** Examples whose probability lies in [low, high), the last bin with its upper edge. */
interface CalibrationBin {
  readonly low: number;
  readonly high: number;
  readonly count: number;
  /** Mean probability, and the part of examples that are positive; NaN in an empty bin. */
  readonly predicted: number;
  readonly observed: number;
}

export interface Calibration {
  readonly bins: readonly CalibrationBin[];
  /** Expected calibration error: the mean difference of both, by count (Naeini et al. 2015; Guo et al. 2017). NaN without examples. */
  readonly error: number;
}

/** Bins of equal width over [0, 1]; scores outside are no probabilities and are left out. */
export function calibrate({ scores, isPositive }: Scored, count = 10): Calibration {
  const sums = Array.from({ length: count }, () => ({ count: 0, score: 0, positive: 0 }));
  scores.forEach((score, i) => {
    if (!(score >= 0 && score <= 1)) return;
    const bin = sums[Math.min(count - 1, Math.floor(score * count))];
    if (bin === undefined) return;
    bin.count += 1;
    bin.score += score;
    bin.positive += isPositive[i] ?? 0;
  });
  const bins = sums.map(({ count: members, score, positive }, i) => ({
    low: i / count,
    high: (i + 1) / count,
    count: members,
    predicted: score / members,
    observed: positive / members,
  }));
  const filled = bins.filter((bin) => bin.count > 0);
  const total = filled.reduce((sum, bin) => sum + bin.count, 0);
  const error = filled.reduce((sum, bin) => sum + bin.count * Math.abs(bin.predicted - bin.observed), 0) / total;
  return { bins, error };
}

/** How sure the model was of its answers, and whether they were right: calibration of many classes at once (top label). Undefined without scores. */
export function scoreAnswers({ classes, actual, predicted, scores }: Classified): Scored | undefined {
  if (scores === null) return undefined;
  return {
    scores: Float64Array.from(predicted, (guess, i) => scores[i * classes.length + guess] ?? NaN),
    isPositive: Uint8Array.from(predicted, (guess, i) => Number(guess === actual[i])),
  };
}
