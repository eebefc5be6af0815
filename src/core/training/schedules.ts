import type { LearningRateSchedule } from '../config/config.ts';

// The learning rate of every batch as a pure function of where the training stands: nothing is remembered between two
// batches, so a resumed training goes on with the very rates of an uninterrupted one. What the plateau has seen is a value
// of its own, which a checkpoint keeps.

/** Where a training stands before a batch. */
export interface Progress {
  /** Batches trained before this one, from 0. */
  readonly step: number;
  /** Batches of one epoch. */
  readonly batches: number;
  /** Epochs that are planned. */
  readonly epochs: number;
  /** By which the plateau has lowered the rate so far: 1 at first. */
  readonly lowered: number;
}

/** The rate for a batch; `base` is the one of the config, or of the optimizer that the model's code has made. */
export function rateAt(schedule: LearningRateSchedule | null, base: number, progress: Progress): number {
  if (schedule === null) return base;
  const warmup = Math.round(schedule.warmup_epochs * progress.batches);
  // A straight line up to the rate, which the last batch of the warm-up has already.
  if (progress.step < warmup) return (base * (progress.step + 1)) / warmup;
  // TypeScript can't see that the curve found by a schedule's type takes that schedule.
  const curve = curves[schedule.type] as Curve<LearningRateSchedule>;
  return Math.max(Math.min(schedule.min_rate, base), curve(schedule, base, { ...progress, warmup }));
}

type Curve<S> = (
  schedule: S,
  base: number,
  progress: Progress & { /** Batches that it took. */ readonly warmup: number },
) => number;

const curves: {
  readonly [T in LearningRateSchedule['type']]: Curve<Extract<LearningRateSchedule, { readonly type: T }>>;
} = {
  step: ({ every, factor }, base, progress) => base * factor ** Math.floor(epochsSinceWarmup(progress) / every),
  exponential: ({ factor }, base, progress) => base * factor ** epochsSinceWarmup(progress),
  cosine: ({ min_rate }, base, { step, batches, epochs, warmup }) => {
    const done = Math.min(1, (step - warmup) / Math.max(1, epochs * batches - warmup));
    return min_rate + ((base - min_rate) * (1 + Math.cos(Math.PI * done))) / 2;
  },
  plateau: (_, base, { lowered }) => base * lowered,
};

/** Whole epochs: the rate stays the same within one. */
function epochsSinceWarmup({ step, batches, warmup }: Progress & { readonly warmup: number }): number {
  return Math.floor((step - warmup) / batches);
}

/** What watching one value over the epochs has come to; a value that JSON keeps. */
export interface Watch {
  /** The last value that was an improvement, signed so that larger is better; null before the first. */
  readonly best: number | null;
  /** Epochs since. */
  readonly waited: number;
}

export const unwatched: Watch = { best: null, waited: 0 };

/**
 * One more epoch's value of `monitor`. As in Keras, better means better by more than `minDelta` than the last value that was
 * an improvement: steps too small to count add up until they do. NaN is never better.
 */
export function watchValue(
  { best, waited }: Watch,
  value: number,
  { monitor, minDelta }: { readonly monitor: string; readonly minDelta: number },
): Watch & { readonly isBetter: boolean } {
  const signed = (isLargerBetter(monitor) ? 1 : -1) * value;
  const isBetter = signed > (best ?? -Infinity) + minDelta;
  return { best: isBetter ? signed : best, waited: isBetter ? 0 : waited + 1, isBetter };
}

function isLargerBetter(metric: string): boolean {
  return /accuracy|precision|recall|f1|r2|auc|top_?\d/i.test(metric);
}
