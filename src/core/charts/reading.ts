import type { Objective } from '../../protocol/tracking.ts';
import { lowerBound, type Points } from './points.ts';
import { oddities } from './pyramid.ts';
import type { Line } from './series.ts';

export interface Reading {
  readonly step: number;
  readonly value: number;
}

/** The best finite value and the first step that had it; undefined when there is none. */
export function findBest({ steps, values, pyramid }: Line, direction: Objective['direction']): Reading | undefined {
  const { low, high } = pyramid.extremes(0, values.length);
  const index = direction === 'minimize' ? low : high;
  return index < 0 ? undefined : { step: steps[index] ?? NaN, value: values[index] ?? NaN };
}

/** Least and greatest finite value between two steps; infinite bounds when there is none. `log` leaves out what has no logarithm. */
export function valueBounds(
  { steps, values, pyramid }: Line,
  window: { readonly min: number; readonly max: number },
  scale: 'linear' | 'log',
): { min: number; max: number } {
  const start = lowerBound(steps, window.min);
  let end = lowerBound(steps, window.max);
  while (end < steps.length && steps[end] === window.max) end += 1;
  const bounds = pyramid.bounds(start, end);
  if (scale === 'linear' || bounds.min > 0) return bounds;
  const positive = values.subarray(start, end).filter((value) => value > 0 && value < Infinity);
  return {
    min: positive.reduce((least, value) => Math.min(least, value), Infinity),
    max: positive.reduce((greatest, value) => Math.max(greatest, value), -Infinity),
  };
}

/** Whether every number has a logarithm. */
export function isPositive({ values, pyramid }: Line): boolean {
  const { low, odd } = pyramid.extremes(0, values.length);
  return (odd & oddities.below) === 0 && (values[low] ?? 1) > 0;
}

/** First and last step of all series; undefined when all are empty. */
export function stepBounds(series: readonly Points[]): { readonly min: number; readonly max: number } | undefined {
  const filled = series.filter(({ steps }) => steps.length > 0);
  if (filled.length === 0) return undefined;
  return {
    min: Math.min(...filled.map(({ steps }) => steps[0] ?? NaN)),
    max: Math.max(...filled.map(({ steps }) => steps.at(-1) ?? NaN)),
  };
}

/** The step nearest to `step` (finite) at which any of the series has a point; undefined when all are empty. */
export function nearestStep(series: readonly Points[], step: number): number | undefined {
  let nearest: number | undefined;
  for (const { steps } of series) {
    const index = lowerBound(steps, step);
    for (const candidate of [steps[index - 1], steps[index]]) {
      if (candidate === undefined) continue;
      if (nearest === undefined || Math.abs(candidate - step) < Math.abs(nearest - step)) nearest = candidate;
    }
  }
  return nearest;
}

/** The step `count` points after (before, if negative) `step`, at which any of the series has a point; stays at the ends. */
export function stepBeside(series: readonly Points[], step: number, count: number): number {
  let current = step;
  for (let i = 0; i < Math.abs(count); i += 1) {
    const next = count > 0 ? stepAfter(series, current) : stepBefore(series, current);
    if (next === undefined) return current;
    current = next;
  }
  return current;
}

/** The value at exactly this step (the last one, if there are several); undefined when there is no point. */
export function valueAt({ steps, values }: Points, step: number): number | undefined {
  let index = lowerBound(steps, step);
  if (steps[index] !== step) return undefined;
  while (steps[index + 1] === step) index += 1;
  return values[index];
}

export interface LabelledPoints {
  readonly label: string;
  readonly points: Points;
}

/** What the cursor's table says at a step: greatest value first, series without a number there last. */
export function readAt(
  series: readonly LabelledPoints[],
  step: number,
): readonly { readonly label: string; readonly value: number | undefined; readonly index: number }[] {
  const key = (value: number | undefined): number => (value === undefined || Number.isNaN(value) ? -Infinity : value);
  return series
    .map(({ label, points }, index) => ({ label, value: valueAt(points, step), index }))
    .sort((a, b) => key(b.value) - key(a.value) || a.index - b.index);
}

function stepAfter(series: readonly Points[], step: number): number | undefined {
  const later = series.flatMap(({ steps }) => {
    let index = lowerBound(steps, step);
    while (steps[index] === step) index += 1;
    return steps[index] ?? [];
  });
  return later.length === 0 ? undefined : Math.min(...later);
}

function stepBefore(series: readonly Points[], step: number): number | undefined {
  const earlier = series.flatMap(({ steps }) => steps[lowerBound(steps, step) - 1] ?? []);
  return earlier.length === 0 ? undefined : Math.max(...earlier);
}
