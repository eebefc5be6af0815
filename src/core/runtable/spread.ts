import type { Value } from './columns.ts';

/** Of the values of a group, as far as they are numbers. */
export interface Spread {
  readonly count: number;
  readonly mean: number;
  /** The sample's (n − 1); null where one value says nothing of it. */
  readonly deviation: number | null;
}

/** Undefined where there is no number. NaN counts for nothing; an infinite value makes the mean infinite, and the deviation none. */
export function measure(values: readonly (Value | undefined)[]): Spread | undefined {
  let [count, mean, squares] = [0, 0, 0];
  let sum = 0;
  for (const value of values) {
    if (typeof value !== 'number' || Number.isNaN(value)) continue;
    // Welford's way: small differences of large numbers survive.
    count += 1;
    sum += value;
    const off = value - mean;
    mean += off / count;
    squares += off * (value - mean);
  }
  if (count === 0) return undefined;
  if (!Number.isFinite(mean)) return { count, mean: sum, deviation: null };
  return { count, mean, deviation: count === 1 ? null : Math.sqrt(squares / (count - 1)) };
}
