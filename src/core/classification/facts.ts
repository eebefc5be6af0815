import type { AnswerFacts, CalibrationFacts, CurveFacts, CurvePoint } from '../../protocol/answers.ts';
import { calibrate, scoreAnswers } from './calibration.ts';
import type { Classified } from './classified.ts';
import { countConfusion } from './confusion.ts';
import { countByThreshold, precisionRecallCurve, rocCurve, scoreOneClass, type Scored } from './curves.ts';
import { shownSplit, type PredictedSplit } from './predictions.ts';

/** A matrix of more classes is no picture any more. */
const mostClasses = 100;
/** As many points of a curve as are seen on a card; with many classes fewer of each, so that all of them stay a small message. */
const mostPoints = 200;
const fewestPoints = 40;
const mostPointsOfAll = 4000;

/** What a page draws of a model's answers: null when no split has classes, or too many. */
export function toAnswerFacts(splits: readonly PredictedSplit[]): AnswerFacts | null {
  const shown = shownSplit(splits);
  if (shown === undefined || shown.examples.classes.length > mostClasses) return null;
  const { name, examples } = shown;
  const answered = scoreAnswers(examples);
  return {
    split: name,
    classes: examples.classes,
    counts: [...countConfusion(examples).counts],
    curves: examples.classes.flatMap((_, index) => curveOf(examples, index) ?? []),
    calibration: answered === undefined ? null : toCalibration(answered),
  };
}

function curveOf(examples: Classified, index: number): CurveFacts | undefined {
  const scored = scoreOneClass(examples, index);
  if (scored === undefined) return undefined;
  const { thresholds, hits, alarms } = countByThreshold(scored);
  const [positives, negatives] = [hits.at(-1) ?? 0, alarms.at(-1) ?? 0];
  const points = Array.from(thresholds, (threshold, i): CurvePoint => [
    bounded(threshold),
    hits[i] ?? 0,
    alarms[i] ?? 0,
  ]);
  const most = Math.max(fewestPoints, Math.min(mostPoints, Math.floor(mostPointsOfAll / examples.classes.length)));
  return {
    positives,
    negatives,
    area: orNull(rocCurve(scored).area),
    averagePrecision: orNull(precisionRecallCurve(scored).averagePrecision),
    points: thinOut(points, { positives, negatives, most }),
    calibration: calibrationOf(scored),
  };
}

/**
 * Points so far apart that no bend of the curves is lost, each of them exact: by the way that rates and threshold go together, evenly. First and last
 * stay.
 */
function thinOut(
  points: readonly CurvePoint[],
  { positives, negatives, most }: { readonly positives: number; readonly negatives: number; readonly most: number },
): readonly CurvePoint[] {
  if (points.length <= most) return points;
  const [highest = 0, lowest = 0] = [points[0]?.[0], points.at(-1)?.[0]];
  const placeOf = ([threshold, hits, alarms]: CurvePoint): number =>
    hits / Math.max(1, positives) + alarms / Math.max(1, negatives) + (highest - threshold) / (highest - lowest || 1);
  const stride = 3 / (most - 2);
  let next = -Infinity;
  return points.filter((point, i) => {
    const place = placeOf(point);
    if (place < next && i < points.length - 1) return false;
    next = (Math.floor(place / stride) + 1) * stride;
    return true;
  });
}

/** Null where no score is a probability. */
function toCalibration(scored: Scored): CalibrationFacts | null {
  const facts = calibrationOf(scored);
  return facts.error === null ? null : facts;
}

/** A score that is no number lies below all others, and infinities are no numbers of a message. */
const bounded = (threshold: number): number => Math.min(mostThreshold, Math.max(-mostThreshold, threshold));
const mostThreshold = 1e300;

function calibrationOf(scored: Scored): CalibrationFacts {
  const { bins, error } = calibrate(scored);
  return {
    bins: bins.map(({ count, predicted, observed }) => (count === 0 ? [0, 0, 0] : [count, predicted, observed])),
    error: orNull(error),
  };
}

const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value);
