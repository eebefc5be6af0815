import { lowerBound } from './points.ts';
import type { Line } from './series.ts';

/** Steps at the left and right edge of the plot, and how many pixel columns lie between them. */
export interface PixelGrid {
  readonly min: number;
  readonly max: number;
  readonly columns: number;
}

/** A line and the part of it that the plot shows: first index inside and first behind. */
export interface Slice {
  readonly line: Line;
  readonly start: number;
  readonly end: number;
}

export function cut(line: Line, { min, max }: PixelGrid): Slice {
  const { steps } = line;
  const start = lowerBound(steps, min);
  let end = lowerBound(steps, max);
  while (end < steps.length && steps[end] === max) end += 1;
  return { line, start, end };
}

/** Calls with each column that has points, and the indices of those: [start, end). `before`: the last column that is done already. */
export function forEachColumn(
  { line: { steps, stride }, start, end }: Slice,
  { min, max, columns }: PixelGrid,
  use: (column: number, start: number, end: number) => void,
  before = -1,
): void {
  const width = (max - min) / columns;
  const first = steps[0] ?? NaN;
  let column = before;
  let guess = 1;
  for (let i = start; i < end;) {
    // Steps that follow from the first one are not looked up: that would cost more than all the rest.
    const step = stride === undefined ? (steps[i] ?? NaN) : first + i * stride;
    const place = Math.floor((step - min) / width);
    // Rounding may put a step below the edge that the one before has passed, and must not give a column twice.
    column = Math.min(columns - 1, Math.max(column + 1, Number.isFinite(place) ? place : 0));
    const edge = min + (column + 1) * width;
    let next = end;
    if (column < columns - 1)
      next =
        stride === undefined
          ? passEdge(steps, edge, { start: i + 1, end, guess })
          : Math.min(end, Math.max(i + 1, Math.ceil((edge - first) / stride)));
    use(column, i, next);
    guess = next - i;
    i = next;
  }
}

/** The first index in [start, end) whose step is not below `edge`, found in leaps that double, from where it lay last: columns of many points cost little. */
function passEdge(
  steps: Float64Array,
  edge: number,
  { start, end, guess }: { readonly start: number; readonly end: number; readonly guess: number },
): number {
  const first = Math.min(end, start + guess - 1);
  let low = start;
  let high = first;
  if (first === start || (steps[first - 1] ?? NaN) < edge) {
    let leap = 1;
    low = first;
    while (low + leap < end && (steps[low + leap - 1] ?? NaN) < edge) {
      low += leap;
      leap *= 2;
    }
    high = Math.min(end, low + leap);
  }
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((steps[middle] ?? NaN) < edge) low = middle + 1;
    else high = middle;
  }
  return low;
}
