import { lowerBound } from './points.ts';
import { oddities } from './pyramid.ts';
import type { Line } from './series.ts';

/** Steps at the left and right edge of the plot, and how many pixel columns lie between them. */
export interface PixelGrid {
  readonly min: number;
  readonly max: number;
  readonly columns: number;
}

/** `null` ends the line here; `undefined` only means that another series has a point at this x. */
type DrawnValue = number | null | undefined;

/** An infinite value, which has no place between the edges: the line to which it belongs, where, and at which edge. */
export interface InfinityMark {
  readonly line: number;
  readonly x: number;
  readonly edge: 'top' | 'bottom';
}

/** What is to be drawn: one shared ascending x, and a column for each series. */
export interface Drawn {
  readonly x: readonly number[];
  readonly ys: readonly (readonly DrawnValue[])[];
  readonly marks: readonly InfinityMark[];
}

/** A line and the part of it that the plot shows: first index inside and first behind. */
export interface Slice {
  readonly line: Line;
  readonly start: number;
  readonly end: number;
}

/**
 * Fits lines to a plot. A few points are joined as they are; as soon as all lines together need more than two x for each pixel column, every line keeps the minimum and the maximum of
 * each column, in the order in which they came (MinMax on one grid: Jugel et al., "M4", VLDB 2014, without its first and last): the error is below one pixel and a spike of one sample
 * is never lost. Of equal steps the last counts in the join. A value that is no number ends the line, an infinite one leaves a mark as well. The nearest point beyond either edge is
 * kept, so that lines leave the plot.
 */
export function envelope(lines: readonly Line[], grid: PixelGrid): Drawn {
  const slices = lines.map((line) => cut(line, grid));
  const all = allSteps(slices, 2 * grid.columns);
  return all === undefined ? onGrid(slices, grid) : verbatim(slices, all);
}

export function cut(line: Line, { min, max }: PixelGrid): Slice {
  const { steps } = line;
  const start = lowerBound(steps, min);
  let end = lowerBound(steps, max);
  while (end < steps.length && steps[end] === max) end += 1;
  return { line, start, end };
}

/** The steps of all lines within the window, ascending and each once; undefined when there are more than `most`. */
function allSteps(slices: readonly Slice[], most: number): number[] | undefined {
  const steps = new Set<number>();
  for (const { line, start, end } of slices) {
    // Equal steps make a long line a short one; that is seen on the grid as well.
    if (end - start > 4 * most) return undefined;
    for (let i = start; i < end; i += 1) {
      steps.add(line.steps[i] ?? NaN);
      if (steps.size > most) return undefined;
    }
  }
  return [...steps].sort((a, b) => a - b);
}

function verbatim(slices: readonly Slice[], inner: readonly number[]): Drawn {
  const x = withNeighbours(slices, inner);
  const marks: InfinityMark[] = [];
  const ys = slices.map(({ line: { steps, values }, start, end }, line) => {
    let at = Math.max(0, start - 1);
    const last = Math.min(steps.length, end + 1);
    return x.map((step): DrawnValue => {
      let found: DrawnValue;
      for (; at < last && (steps[at] ?? NaN) <= step; at += 1) {
        const value = values[at] ?? NaN;
        if (steps[at] !== step) continue;
        found = Number.isFinite(value) ? value : null;
        if (Math.abs(value) === Infinity && at >= start && at < end)
          marks.push({ line, x: step, edge: value > 0 ? 'top' : 'bottom' });
      }
      return found;
    });
  });
  return { x, ys, marks };
}

/** Places within a column, in widths of one: the earlier and the later extreme, and the end of the line where a value is none. */
const places = [0.25, 0.75, 0.9];

function onGrid(slices: readonly Slice[], grid: PixelGrid): Drawn {
  const { min, max, columns } = grid;
  const width = (max - min) / columns;
  const used = new Uint8Array(columns * places.length);
  const marks: InfinityMark[] = [];
  const filled = slices.map((slice, line) => {
    const slots = new Array<DrawnValue>(used.length).fill(undefined);
    forEachColumn(slice, grid, (column, start, end) => {
      const odd = fillColumn(slots, column, { slice, start, end });
      const x = min + (column + 0.5) * width;
      if ((odd & oddities.above) !== 0) marks.push({ line, x, edge: 'top' });
      if ((odd & oddities.below) !== 0) marks.push({ line, x, edge: 'bottom' });
    });
    slots.forEach((value, slot) => {
      if (value !== undefined) used[slot] = 1;
    });
    return slots;
  });
  const kept = Array.from(used.keys()).filter((slot) => used[slot] === 1);
  const inner = kept.map(
    (slot) => min + (Math.floor(slot / places.length) + (places[slot % places.length] ?? 0)) * width,
  );
  const x = withNeighbours(slices, inner);
  const before = x.indexOf(inner[0] ?? NaN);
  const ys = slices.map((slice, line) => {
    const values = x.map((step): DrawnValue => neighbourAt(slice, step));
    kept.forEach((slot, i) => (values[before + i] = filled[line]?.[slot]));
    return values;
  });
  return { x, ys, marks };
}

/** Calls with each column that has points, and the indices of those: [start, end). */
export function forEachColumn(
  { line: { steps }, start, end }: Slice,
  { min, max, columns }: PixelGrid,
  use: (column: number, start: number, end: number) => void,
): void {
  const width = (max - min) / columns;
  let column = -1;
  for (let i = start; i < end;) {
    const place = Math.floor(((steps[i] ?? NaN) - min) / width);
    // Rounding may put a step below the edge that the one before has passed, and must not give a column twice.
    column = Math.min(columns - 1, Math.max(column + 1, Number.isFinite(place) ? place : 0));
    const next = column === columns - 1 ? end : passEdge(steps, min + (column + 1) * width, i + 1, end);
    use(column, i, next);
    i = next;
  }
}

/** Puts a column's extremes and its end into the slots, and gives what odd values it has. */
function fillColumn(
  slots: DrawnValue[],
  column: number,
  { slice: { line }, start, end }: { readonly slice: Slice; readonly start: number; readonly end: number },
): number {
  const { low, high, odd } = line.pyramid.extremes(start, end);
  const first = column * places.length;
  if (low >= 0) slots[first] = line.values[Math.min(low, high)] ?? null;
  if (low !== high) slots[first + 1] = line.values[Math.max(low, high)] ?? null;
  if (odd !== 0) slots[first + 2] = null;
  return odd;
}

/** The first index in [start, end) whose step is not below `edge`, found in leaps that double: columns of many points cost little. */
function passEdge(steps: Float64Array, edge: number, start: number, end: number): number {
  let [low, leap] = [start, 1];
  while (low + leap < end && (steps[low + leap - 1] ?? NaN) < edge) {
    low += leap;
    leap *= 2;
  }
  let high = Math.min(end, low + leap);
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((steps[middle] ?? NaN) < edge) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The steps of the nearest points beyond the edges, of all lines, around those within. */
function withNeighbours(slices: readonly Slice[], inner: readonly number[]): number[] {
  const left = slices.flatMap(({ line: { steps }, start }) => steps[start - 1] ?? []);
  const right = slices.flatMap(({ line: { steps }, end }) => steps[end] ?? []);
  const ascending = (list: readonly number[]): number[] => [...new Set(list)].sort((a, b) => a - b);
  return [...ascending(left), ...inner, ...ascending(right)];
}

function neighbourAt({ line: { steps, values }, start, end }: Slice, step: number): DrawnValue {
  const index = steps[start - 1] === step ? start - 1 : steps[end] === step ? end : -1;
  if (index < 0) return undefined;
  const value = values[index] ?? NaN;
  return Number.isFinite(value) ? value : null;
}
