import { alignTo } from './bands.ts';
import { lowerBound, toPoints, type Points } from './points.ts';

/** A history with the time of each point in milliseconds since 1970. */
export interface TimedPoints extends Points {
  readonly times: Float64Array;
}

/** What lies on the x axis. */
export type Abscissa =
  | { readonly kind: 'step' }
  /** Steps are batches, `perEpoch` of them an epoch: 12 batches of 8 are epoch 1.5. */
  | { readonly kind: 'epoch'; readonly perEpoch: number }
  /** Seconds since the run began at `start`, in milliseconds since 1970. */
  | { readonly kind: 'relative'; readonly start: number }
  /** Milliseconds since 1970. */
  | { readonly kind: 'wall' }
  /** Another metric of the run, by step. */
  | { readonly kind: 'metric'; readonly points: Points };

/**
 * The same values over another x, ascending in it. By another metric: a value is put at what that metric was at its step (by the straight line between its points); where it has no number the value is left out.
 */
export function overAxis({ steps, values, times }: TimedPoints, axis: Abscissa): Points {
  switch (axis.kind) {
    case 'step':
      return { steps, values };
    case 'epoch':
      return { steps: steps.map((step) => step / axis.perEpoch), values };
    case 'relative':
      return sorted(
        times.map((time) => (time - axis.start) / 1000),
        values,
      );
    case 'wall':
      return sorted(times, values);
    case 'metric':
      return sorted(alignTo(axis.points, steps), values);
  }
}

function sorted(x: Float64Array, values: Float64Array): Points {
  // Clocks mostly go forward: nothing is copied then.
  return isAscending(x) ? { steps: x, values } : toPoints([...x], [...values]);
}

function isAscending(x: Float64Array): boolean {
  for (let i = 0; i < x.length; i += 1) if (!((x[i] ?? NaN) >= (x[i - 1] ?? -Infinity))) return false;
  return x.length === 0 || Number.isFinite((x[0] ?? 0) + (x.at(-1) ?? 0));
}

/**
 * A range that a few outliers do not stretch: from the 5th to the 95th percentile, widened on both sides by half its width, but no farther than the values reach (TensorBoard ignores outliers by the same percentiles).
 * Infinite bounds without a finite value.
 */
export function withoutOutliers(lists: readonly Float64Array[]): { min: number; max: number } {
  const all = concatenate(lists.map((list) => list.filter(Number.isFinite))).sort();
  if (all.length === 0) return { min: Infinity, max: -Infinity };
  const [low, high] = [quantile(all, 0.05), quantile(all, 0.95)];
  const margin = (high - low) / 2;
  return { min: Math.max(all[0] ?? NaN, low - margin), max: Math.min(all.at(-1) ?? NaN, high + margin) };
}

function concatenate(lists: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(lists.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const list of lists) {
    all.set(list, at);
    at += list.length;
  }
  return all;
}

/** Of ascending values, by straight lines between them: the quantile of type 7 in Hyndman and Fan (1996), R's and NumPy's default. NaN of none. */
export function quantile(ascending: Float64Array, part: number): number {
  const place = (ascending.length - 1) * part;
  const [low, high] = [ascending[Math.floor(place)] ?? NaN, ascending[Math.ceil(place)] ?? NaN];
  return low + (place - Math.floor(place)) * (high - low);
}

/** How many values lie outside of a range: what a clipped chart must say. */
export function countOutside(
  { steps, values }: Points,
  window: { readonly min: number; readonly max: number },
  range: { readonly min: number; readonly max: number },
): number {
  let count = 0;
  for (let i = lowerBound(steps, window.min); i < steps.length && (steps[i] ?? NaN) <= window.max; i += 1) {
    const value = values[i] ?? NaN;
    if (value < range.min || value > range.max) count += 1;
  }
  return count;
}
