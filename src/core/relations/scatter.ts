import type { Dimension } from './dimensions.ts';

/** Pixels from the corner of a drawing. */
export interface Frame {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export interface ScatterAxis {
  readonly dimension: Dimension;
  readonly isReversed: boolean;
}

/** Points of runs; NaN where a run has not both values. */
export interface Points {
  readonly xs: Float32Array;
  readonly ys: Float32Array;
}

const margins = { left: 72, top: 32, right: 24, bottom: 48 } as const;
/** No point lies on an edge. */
const padding = 10;
/** Points of one category are spread over so much of the way to the next one: thousands would lie on each other. */
const spread = 0.3;
/** Of the golden angle: neighbours in the list land far apart, always in the same place. */
const golden = 0.618033988749895;

export function planScatter({ width, height }: { readonly width: number; readonly height: number }): Frame {
  const right = Math.max(margins.left + 40, width - margins.right);
  return { left: margins.left, top: margins.top, right, bottom: Math.max(margins.top + 40, height - margins.bottom) };
}

/** From left to right, or from below to above; greater ones there, unless the axis is reversed. */
export function alongFrame(
  frame: Frame,
  direction: 'x' | 'y',
  { dimension, isReversed }: ScatterAxis,
): (place: number) => number {
  const pad = Math.min(padding, (frame.right - frame.left) / 8, (frame.bottom - frame.top) / 8);
  const [from, to] = direction === 'x' ? [frame.left + pad, frame.right - pad] : [frame.bottom - pad, frame.top + pad];
  // Points that are spread around the first and the last category need room beyond them.
  const beyond = dimension.kind === 'category' ? halfSpread(dimension) : 0;
  return (place) => {
    const part = (place + beyond) / (1 + 2 * beyond);
    return from + (isReversed ? 1 - part : part) * (to - from);
  };
}

/** The place at a point: the other way round, within the axis. */
export function placeAlong(frame: Frame, direction: 'x' | 'y', axis: ScatterAxis, at: number): number {
  const along = alongFrame(frame, direction, axis);
  const [zero, one] = [along(0), along(1)];
  return Math.max(0, Math.min(1, (at - zero) / (one - zero)));
}

export function halfSpread({ names }: Dimension): number {
  return names.length < 2 ? spread : spread / (names.length - 1);
}

export function pointsOf(frame: Frame, x: ScatterAxis, y: ScatterAxis): Points {
  return { xs: coordinates(alongFrame(frame, 'x', x), x, 0), ys: coordinates(alongFrame(frame, 'y', y), y, 0.5) };
}

function coordinates(along: (place: number) => number, { dimension }: ScatterAxis, offset: number): Float32Array {
  const reach = dimension.kind === 'category' ? halfSpread(dimension) : 0;
  return Float32Array.from(dimension.places, (place, run) => {
    const off = reach === 0 ? 0 : reach * (2 * ((run * golden + offset) % 1) - 1);
    return along(place + off);
  });
}

/** The run whose point lies nearest, within `reach` pixels; −1 where none does. */
export function nearestPoint(
  { xs, ys }: Points,
  at: { readonly x: number; readonly y: number; readonly reach: number },
  isCandidate: (run: number) => boolean,
): number {
  let [nearest, least] = [-1, at.reach ** 2];
  for (let run = 0; run < xs.length; run += 1) {
    const distance = ((xs[run] ?? NaN) - at.x) ** 2 + ((ys[run] ?? NaN) - at.y) ** 2;
    if (distance <= least && isCandidate(run)) [nearest, least] = [run, distance];
  }
  return nearest;
}

/** A cell of a matrix of columns, by row and column from the upper left. */
export interface Cell extends Frame {
  readonly row: number;
  readonly column: number;
}

const matrixMargin = { left: 12, top: 8, right: 12, bottom: 12 } as const;
const gap = 6;

/** So many by so many cells, row by row. */
export function planMatrix(
  count: number,
  { width, height }: { readonly width: number; readonly height: number },
): Cell[] {
  const { left, top, right, bottom } = matrixMargin;
  const [w, h] = [(width - left - right + gap) / count - gap, (height - top - bottom + gap) / count - gap];
  return Array.from({ length: count * count }, (_, index) => {
    const [row, column] = [Math.floor(index / count), index % count];
    const [x, y] = [left + column * (w + gap), top + row * (h + gap)];
    return { row, column, left: x, top: y, right: x + w, bottom: y + h };
  });
}

/** How many of the runs lie in each of `bins` equal parts of an axis; of categories, in each of them. */
export function histogramOf(
  { dimension }: ScatterAxis,
  isCounted: (run: number) => boolean,
  bins: number,
): Uint32Array {
  const count = dimension.kind === 'category' ? Math.max(1, dimension.names.length) : bins;
  const counts = new Uint32Array(count);
  dimension.places.forEach((place, run) => {
    if (Number.isNaN(place) || !isCounted(run)) return;
    const bin =
      dimension.kind === 'category'
        ? Math.round(place * Math.max(0, count - 1))
        : Math.min(count - 1, Math.floor(place * count));
    counts[bin] = (counts[bin] ?? 0) + 1;
  });
  return counts;
}
