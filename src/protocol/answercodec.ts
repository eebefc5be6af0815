import type { AnswerFacts, CellExample, CurveFacts } from './answers.ts';
import { count, finite, listOf, orNull, shaped, text, tupleOf, type Check } from './shapes.ts';

// The check of a model's answers on their way to a page: numbers that belong together are together.

const calibration = shaped({
  bins: listOf(tupleOf(count, finite, finite)),
  error: orNull(finite),
});
const curveShape = shaped({
  positives: count,
  negatives: count,
  area: orNull(finite),
  averagePrecision: orNull(finite),
  points: listOf(tupleOf(finite, count, count)),
  calibration,
});

/** Thresholds never ascend, counts never descend, and there are no more hits than positives: the slider's searches rely on it. */
const curve: Check = (value) => {
  if (!curveShape(value)) return false;
  const { points, positives, negatives } = value as CurveFacts;
  return points.every(([threshold, hits, alarms], i) => {
    const [before = Infinity, hitsBefore = 0, alarmsBefore = 0] = points[i - 1] ?? [];
    return (
      threshold <= before && hits >= hitsBefore && alarms >= alarmsBefore && hits <= positives && alarms <= negatives
    );
  });
};

const shape = shaped({
  split: text,
  classes: listOf(text),
  counts: listOf(count),
  curves: listOf(curve),
  calibration: orNull(calibration),
});

/** As many counts as the matrix has cells, and a curve for each class or none. */
export const answerFacts: Check = (value) => {
  if (!shape(value)) return false;
  const { classes, counts, curves } = value as AnswerFacts;
  return counts.length === classes.length ** 2 && (curves.length === 0 || curves.length === classes.length);
};

/** As many bytes as the picture has pixels, so that it can be drawn as it is. */
const picture: Check = (value) => {
  if (!shaped({ width: count, height: count, channels: (given) => given === 1 || given === 3 })(value)) return false;
  const { width, height, channels, pixels } = value as NonNullable<CellExample['picture']>;
  const isDrawn = width > 0 && height > 0 && width <= mostPixels && height <= mostPixels;
  return isDrawn && pixels instanceof Uint8Array && pixels.length === width * height * channels;
};
const mostPixels = 4096;

export const cellExamples = shaped({
  split: text,
  total: count,
  note: orNull(text),
  examples: listOf(
    shaped({
      number: count,
      probability: orNull(finite),
      picture: orNull(picture),
      values: (value) => value instanceof Float64Array,
    }),
  ),
});
