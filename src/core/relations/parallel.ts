import type { Dimension, Tick } from './dimensions.ts';

/** Room around the axes for names above, words below and labels at the sides, in pixels. */
const margins = { top: 40, bottom: 28, side: 64 } as const;
/** Below the axes, where lines of runs pass that have no value there. */
const missingRoom = 32;
/** Labels that stand nearer are left out. */
const labelHeight = 14;

/** Where parallel axes stand, in pixels. */
export interface ParallelPlan {
  readonly xs: readonly number[];
  /** Ends of every axis. */
  readonly top: number;
  readonly bottom: number;
  /** Where lines pass an axis on which their run has no place; null where every run has one on every axis. */
  readonly missing: number | null;
  /** Room for a name. */
  readonly spacing: number;
}

export interface ParallelAxis {
  readonly dimension: Dimension;
  readonly isReversed: boolean;
}

/** From edge to edge at equal distances; a single axis stands in the middle. */
export function planParallel(
  axes: readonly ParallelAxis[],
  { width, height }: { readonly width: number; readonly height: number },
): ParallelPlan {
  const side = Math.min(margins.side, width / 6);
  const room = width - 2 * side;
  const xs = axes.map((_, i) => (axes.length === 1 ? width / 2 : side + (i * room) / (axes.length - 1)));
  const hasMissing = axes.some(({ dimension }) => dimension.places.some(Number.isNaN));
  const bottom = Math.max(margins.top + 1, height - margins.bottom - (hasMissing ? missingRoom : 0));
  return {
    ...{ xs, bottom, top: margins.top },
    missing: hasMissing ? bottom + 22 : null,
    spacing: axes.length === 1 ? room : room / (axes.length - 1),
  };
}

/** The height of a place on an axis: greater ones above, unless the axis is reversed. */
export function heightOf({ top, bottom }: ParallelPlan, place: number, isReversed: boolean): number {
  return isReversed ? top + place * (bottom - top) : bottom - place * (bottom - top);
}

/** The place at a height, within the axis. */
export function placeAt({ top, bottom }: ParallelPlan, y: number, isReversed: boolean): number {
  const place = Math.max(0, Math.min(1, (bottom - y) / (bottom - top)));
  return isReversed ? 1 - place : place;
}

/** Heights of all lines: run after run, in each the axes from left to right. */
export function heightsOf(axes: readonly ParallelAxis[], plan: ParallelPlan): Float32Array {
  const runs = axes[0]?.dimension.places.length ?? 0;
  const heights = new Float32Array(runs * axes.length);
  axes.forEach(({ dimension: { places }, isReversed }, axis) => {
    for (let run = 0; run < runs; run += 1) {
      const place = places[run] ?? NaN;
      heights[run * axes.length + axis] = Number.isNaN(place)
        ? (plan.missing ?? plan.bottom)
        : heightOf(plan, place, isReversed);
    }
  });
  return heights;
}

/** Labels that have room, the ends first: a crowd of categories loses those in between. */
export function labelsOf({ dimension, isReversed }: ParallelAxis, plan: ParallelPlan): { y: number; label: string }[] {
  return thinTicks(dimension.ticks, plan.bottom - plan.top, labelHeight).map(({ place, label }) => ({
    y: heightOf(plan, place, isReversed),
    label,
  }));
}

/** Those that stand at least `room` pixels apart on an axis so long; every nth, so that what is left stands evenly. */
export function thinTicks(ticks: readonly Tick[], length: number, room: number): readonly Tick[] {
  for (let every = 1; every < ticks.length; every += 1) {
    const kept = ticks.filter((_, i) => i % every === 0);
    const gaps = kept.slice(1).map(({ place }, i) => (place - (kept[i]?.place ?? 0)) * length);
    if (gaps.every((gap) => gap >= room)) return kept;
  }
  return ticks.slice(0, 1);
}

/**
 * The run whose line passes nearest to a point, within `reach` pixels; −1 where none does. Of the lines between two axes only their heights at the point count: each is one division, so that thousands need no index.
 */
export function nearestLine(
  { xs }: ParallelPlan,
  heights: Float32Array,
  { x, y, reach }: { readonly x: number; readonly y: number; readonly reach: number },
  isCandidate: (run: number) => boolean,
): number {
  const [first = 0, last = 0] = [xs[0], xs.at(-1)];
  if (x < first - reach || x > last + reach) return -1;
  const gap = gapAt(xs, x);
  let [nearest, least] = [-1, Infinity];
  for (let run = 0; run < heights.length / xs.length; run += 1) {
    const left = heights[run * xs.length + gap.left] ?? NaN;
    const right = heights[run * xs.length + gap.right] ?? NaN;
    // Upright as a line may be, its distance is measured at a right angle.
    const slope = gap.width === 0 ? 0 : (right - left) / gap.width;
    const distance = Math.abs(left + gap.part * (right - left) - y) / Math.hypot(1, slope);
    if (distance < least && distance <= reach && isCandidate(run)) [nearest, least] = [run, distance];
  }
  return nearest;
}

/** Between which axes a point lies, and which part of the way from one to the other. */
function gapAt(xs: readonly number[], x: number): { left: number; right: number; width: number; part: number } {
  const beyond = xs.findIndex((own) => own > x);
  const right = beyond === -1 ? xs.length - 1 : Math.max(beyond, Math.min(1, xs.length - 1));
  const left = Math.max(0, right - 1);
  const width = (xs[right] ?? 0) - (xs[left] ?? 0);
  const part = width === 0 ? 0 : Math.max(0, Math.min(1, (x - (xs[left] ?? 0)) / width));
  return { left, right, width, part };
}
