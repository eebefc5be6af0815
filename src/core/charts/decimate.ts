import { lowerBound, type Points } from './points.ts';

/** Steps at the left and right edge of the plot, and how many pixel columns lie between them. */
export interface PixelGrid {
  readonly min: number;
  readonly max: number;
  readonly columns: number;
}

/** `null` ends the line here; `undefined` only means that another series has a point at this x. */
type DrawnValue = number | null | undefined;

/** What is to be drawn: one shared ascending x, and a column for each series. */
export interface Drawn {
  readonly x: readonly number[];
  readonly ys: readonly (readonly DrawnValue[])[];
}

interface Slice {
  readonly points: Points;
  /** First index inside the window and first behind it. */
  readonly start: number;
  readonly end: number;
}

/**
 * Fits series to a plot. Few points are joined as they are; as soon as one series has more than two a pixel column, each
 * series keeps the minimum and the maximum of every column, in the order in which they came (MinMax on a grid that all series
 * share: the error is below one pixel and a spike of one sample is never lost). Of equal steps the last counts
 * in the join. A value that is no number ends the line. The nearest point beyond either edge is kept, so that lines leave the plot.
 */
export function decimate(series: readonly Points[], grid: PixelGrid): Drawn {
  const slices = series.map((points) => cut(points, grid));
  const dense = slices.some(({ start, end }) => end - start > 2 * grid.columns);
  return toDrawn(slices.map((slice) => withNeighbours(slice, dense ? minMax(slice, grid) : verbatim(slice))));
}

function cut(points: Points, { min, max }: PixelGrid): Slice {
  const start = lowerBound(points.steps, min);
  const behind = lowerBound(points.steps, max);
  let end = behind;
  while (end < points.steps.length && points.steps[end] === max) end += 1;
  return { points, start, end };
}

/** x → value, in ascending order of x. */
type Column = Map<number, number | null>;

const orNull = (value: number | undefined): number | null => (Number.isFinite(value) ? (value ?? null) : null);

function verbatim({ points, start, end }: Slice): Column {
  const column: Column = new Map();
  for (let i = start; i < end; i += 1) column.set(points.steps[i] ?? NaN, orNull(points.values[i]));
  return column;
}

function withNeighbours({ points, start, end }: Slice, inner: Column): Column {
  const { steps, values } = points;
  const column: Column = new Map();
  if (start > 0) column.set(steps[start - 1] ?? NaN, orNull(values[start - 1]));
  for (const [x, value] of inner) column.set(x, value);
  if (end < steps.length) column.set(steps[end] ?? NaN, orNull(values[end]));
  return column;
}

function minMax({ points: { steps, values }, start, end }: Slice, { min, max, columns }: PixelGrid): Column {
  const width = (max - min) / columns;
  const column: Column = new Map();
  let i = start;
  while (i < end) {
    const c = Math.min(columns - 1, Math.floor(((steps[i] ?? NaN) - min) / width));
    const edge = c === columns - 1 ? Infinity : min + (c + 1) * width;
    let next = i + 1;
    while (next < end && (steps[next] ?? NaN) < edge) next += 1;
    const { low, high, isBroken } = extremes(values, i, next);
    const left = min + c * width;
    if (low >= 0) column.set(left + 0.25 * width, values[Math.min(low, high)] ?? null);
    if (low !== high) column.set(left + 0.75 * width, values[Math.max(low, high)] ?? null);
    if (isBroken) column.set(left + 0.9 * width, null);
    i = next;
  }
  return column;
}

/** Indices of the least and the greatest finite value in [start, end), -1 when there is none; broken when some value is no number. */
function extremes(values: Float64Array, start: number, end: number): { low: number; high: number; isBroken: boolean } {
  let [low, high, isBroken] = [-1, -1, false];
  let [least, greatest] = [Infinity, -Infinity];
  for (let i = start; i < end; i += 1) {
    const value = values[i] ?? NaN;
    if (!Number.isFinite(value)) isBroken = true;
    else {
      if (value < least) [low, least] = [i, value];
      if (value > greatest) [high, greatest] = [i, value];
    }
  }
  return { low, high, isBroken };
}

function toDrawn(columns: readonly Column[]): Drawn {
  const x = [...new Set(columns.flatMap((column) => [...column.keys()]))].sort((a, b) => a - b);
  return { x, ys: columns.map((column) => x.map((step) => column.get(step))) };
}
