import { tQuantile } from './student.ts';
import type { Points } from './points.ts';

/** What a band around the mean of several runs shows. */
export const bandKinds = ['range', 'deviation', 'error', 'confidence'] as const;
export type BandKind = (typeof bandKinds)[number];

/** Of a group of runs, by step: mean, and the edges of the band. `count` runs have a number there. */
export interface Band {
  readonly steps: Float64Array;
  readonly mean: Float64Array;
  readonly low: Float64Array;
  readonly high: Float64Array;
  readonly count: Uint32Array;
}

/**
 * Distance of the band's edges from the mean, in standard deviations of the sample, by the number of runs; undefined where the edges are the least and the greatest value. A single run has no spread:
 * its band is its line.
 */
const spreads: Readonly<Record<BandKind, ((count: number) => number) | undefined>> = {
  range: undefined,
  deviation: () => 1,
  error: (count) => 1 / Math.sqrt(count),
  confidence: (count) => tQuantile(0.975, count - 1) / Math.sqrt(count),
};

/**
 * Mean of a group of runs with a band: least to greatest value, ± one standard deviation (of the sample), ± one standard error of the mean, or the 95 % interval of the mean by Student's t with n − 1 degrees of
 * freedom.
 *
 * Steps that are unequal are aligned on the union of all steps: a run counts at every step between its first and its last point, by the straight line between its neighbouring points (as it is drawn), but not
 * across a gap of NaN or infinity, and never beyond its ends: a run that ended early says nothing of later steps. Of several values at one step the last counts. Other `steps` (ascending) can be given.
 */
export function bandOf(
  runs: readonly Points[],
  kind: BandKind,
  steps: Float64Array = unionOf(runs.map((run) => run.steps)),
): Band {
  const moments = momentsOf(
    runs.map((run) => alignTo(run, steps)),
    steps.length,
  );
  const { count, mean, squares } = moments;
  const spread = spreads[kind];
  if (spread === undefined) return { steps, mean, low: moments.min, high: moments.max, count };
  const factors = Array.from({ length: runs.length + 1 }, (_, n) => (n < 2 ? 0 : spread(n)));
  const half = squares.map((sum, i) => {
    const n = count[i] ?? 0;
    return n < 2 ? 0 : (factors[n] ?? NaN) * Math.sqrt(sum / (n - 1));
  });
  return {
    steps,
    mean,
    low: mean.map((value, i) => value - (half[i] ?? NaN)),
    high: mean.map((value, i) => value + (half[i] ?? NaN)),
    count,
  };
}

/** All steps of ascending lists, ascending and each once. */
export function unionOf(lists: readonly Float64Array[]): Float64Array {
  return lists.reduce<Float64Array>(mergeSteps, new Float64Array(0));
}

/** Runs mostly log at the same steps. */
function isEqual(a: Float64Array, b: Float64Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false;
  return true;
}

/** Of two lists, the first of which has each step once. */
export function mergeSteps(a: Float64Array, b: Float64Array): Float64Array {
  // What has been merged has each step once.
  if (isEqual(a, b)) return a;
  const merged = new Float64Array(a.length + b.length);
  let [i, j, length] = [0, 0, 0];
  while (i < a.length || j < b.length) {
    const step = Math.min(a[i] ?? Infinity, b[j] ?? Infinity);
    while (a[i] === step) i += 1;
    while (b[j] === step) j += 1;
    merged[length] = step;
    length += 1;
  }
  return merged.slice(0, length);
}

/** The values of a run at given ascending steps, by straight lines between its points; NaN where it has none. */
export function alignTo({ steps: own, values }: Points, steps: Float64Array): Float64Array {
  if (isEqual(own, steps) && isStrict(steps)) return values.map(finite);
  const aligned = new Float64Array(steps.length).fill(NaN);
  // Index of the last point that is not beyond the step.
  let at = -1;
  steps.forEach((step, i) => {
    while (at + 1 < own.length && (own[at + 1] ?? NaN) <= step) at += 1;
    const [left, right] = [own[at], own[at + 1]];
    const value = finite(values[at]);
    if (left === undefined) return;
    if (left === step) aligned[i] = value;
    else if (right !== undefined) {
      const part = (step - left) / (right - left);
      aligned[i] = value + part * (finite(values[at + 1]) - value);
    }
  });
  return aligned;
}

function isStrict(steps: Float64Array): boolean {
  for (let i = 1; i < steps.length; i += 1) if (!((steps[i] ?? NaN) > (steps[i - 1] ?? NaN))) return false;
  return true;
}

const finite = (value: number | undefined): number => (value !== undefined && Number.isFinite(value) ? value : NaN);

interface Moments {
  readonly count: Uint32Array;
  readonly mean: Float64Array;
  /** Sum of squared distances from the mean. */
  readonly squares: Float64Array;
  readonly min: Float64Array;
  readonly max: Float64Array;
}

/** At each step over all runs, NaN where none has a number. Welford's way ("Note on a method for calculating corrected sums of squares and products", 1962): no difference of great sums. */
function momentsOf(runs: readonly Float64Array[], length: number): Moments {
  const column = (): Float64Array => new Float64Array(length).fill(NaN);
  const [count, mean, squares, min, max] = [
    new Uint32Array(length),
    column(),
    new Float64Array(length),
    column(),
    column(),
  ];
  const moments = { count, mean, squares, min, max };
  for (const values of runs) addTo(moments, values);
  return moments;
}

function addTo({ count, mean, squares, min, max }: Moments, values: Float64Array): void {
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i] ?? NaN;
    if (Number.isNaN(value)) continue;
    const known = (count[i] ?? 0) + 1;
    const before = known === 1 ? 0 : (mean[i] ?? 0);
    const distance = value - before;
    const after = before + distance / known;
    count[i] = known;
    mean[i] = after;
    squares[i] = (squares[i] ?? 0) + distance * (value - after);
    if (known === 1 || value < (min[i] ?? 0)) min[i] = value;
    if (known === 1 || value > (max[i] ?? 0)) max[i] = value;
  }
}
