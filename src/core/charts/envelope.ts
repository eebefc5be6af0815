import { columnsOf, slotsPerColumn, type FittedColumns } from './columns.ts';
import { cut, type PixelGrid, type Slice } from './grid.ts';
import { lowerBound } from './points.ts';
import { oddities } from './pyramid.ts';
import type { Line } from './series.ts';

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

/** The same in one memory: rows one behind the other, each as long as `x`. NaN: another series has a point at this x; infinity: the line ends. */
export interface FittedLines {
  readonly x: Float64Array;
  readonly ys: Float64Array;
  readonly marks: readonly InfinityMark[];
}

/**
 * Fits lines to a plot. A few points are joined as they are; as soon as all lines together need more than two x for each pixel column, every line keeps the minimum and the maximum of
 * each column, in the order in which they came (MinMax on one grid: Jugel et al., "M4", VLDB 2014, without its first and last): the error is below one pixel and a spike of one sample
 * is never lost. Of equal steps the last counts in the join. A value that is no number ends the line, an infinite one leaves a mark as well. The nearest point beyond either edge is
 * kept, so that lines leave the plot.
 */
export function fitLines(lines: readonly Line[], grid: PixelGrid): FittedLines {
  const slices = lines.map((line) => cut(line, grid));
  const all = allSteps(slices, 2 * grid.columns);
  return all === undefined ? onGrid(slices, grid) : verbatim(slices, all);
}

/** The same, line by line. */
export function envelope(lines: readonly Line[], grid: PixelGrid): Drawn {
  const { x, ys, marks } = fitLines(lines, grid);
  const rows = lines.map((_, line) =>
    Array.from(ys.subarray(line * x.length, (line + 1) * x.length), (value): DrawnValue =>
      Number.isNaN(value) ? undefined : value === Infinity ? null : value,
    ),
  );
  return { x: [...x], ys: rows, marks };
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

function verbatim(slices: readonly Slice[], inner: readonly number[]): FittedLines {
  const { x } = withNeighbours(slices, inner);
  const ys = new Float64Array(slices.length * x.length).fill(NaN);
  const marks: InfinityMark[] = [];
  slices.forEach(({ line: { steps, values }, start, end }, line) => {
    let place = 0;
    const last = Math.min(steps.length, end + 1);
    for (let at = Math.max(0, start - 1); at < last; at += 1) {
      const step = steps[at] ?? NaN;
      while ((x[place] ?? Infinity) < step) place += 1;
      const value = values[at] ?? NaN;
      // Of equal steps the last counts.
      ys[line * x.length + place] = Number.isFinite(value) ? value : Infinity;
      if (Math.abs(value) === Infinity && at >= start && at < end)
        marks.push({ line, x: step, edge: value > 0 ? 'top' : 'bottom' });
    }
  });
  return { x, ys, marks };
}

/** Places within a column, in widths of one: the earlier and the later extreme, and the end of the line where a value is none. */
const places = [0.25, 0.75, 0.9];

function onGrid(slices: readonly Slice[], grid: PixelGrid): FittedLines {
  const { min, max, columns } = grid;
  const width = (max - min) / columns;
  const fitted = slices.map((slice) => columnsOf(slice, grid));
  const kept = usedSlots(fitted, columns * slotsPerColumn);
  const inner = Float64Array.from(
    kept,
    (slot) => min + (Math.floor(slot / slotsPerColumn) + (places[slot % slotsPerColumn] ?? 0)) * width,
  );
  const { x, before } = withNeighbours(slices, inner);
  const ys = new Float64Array(slices.length * x.length).fill(NaN);
  const marks: InfinityMark[] = [];
  fitted.forEach(({ slots, odds, hasOdds }, line) => {
    const row = ys.subarray(line * x.length, (line + 1) * x.length);
    const slice = slices[line];
    if (slice !== undefined) putNeighbours(row, x, slice);
    for (let i = 0; i < kept.length; i += 1) row[before + i] = slots[kept[i] ?? 0] ?? NaN;
    if (!hasOdds) return;
    odds.forEach((odd, column) => {
      const at = min + (column + 0.5) * width;
      if ((odd & oddities.above) !== 0) marks.push({ line, x: at, edge: 'top' });
      if ((odd & oddities.below) !== 0) marks.push({ line, x: at, edge: 'bottom' });
    });
  });
  return { x, ys, marks };
}

/** Those in which any line has something. */
function usedSlots(fitted: readonly FittedColumns[], count: number): Uint32Array {
  const used = new Uint8Array(count);
  for (const { slots } of fitted)
    for (let slot = 0; slot < count; slot += 1) if (!Number.isNaN(slots[slot])) used[slot] = 1;
  return Uint32Array.from(used.keys()).filter((slot) => used[slot] === 1);
}

/** The steps of the nearest points beyond the edges, of all lines, around those within, which begin at `before`. */
function withNeighbours(
  slices: readonly Slice[],
  inner: ArrayLike<number>,
): { readonly x: Float64Array; readonly before: number } {
  const ascending = (list: readonly number[]): number[] => [...new Set(list)].sort((a, b) => a - b);
  const left = ascending(slices.flatMap(({ line: { steps }, start }) => steps[start - 1] ?? []));
  const right = ascending(slices.flatMap(({ line: { steps }, end }) => steps[end] ?? []));
  const x = new Float64Array(left.length + inner.length + right.length);
  x.set(left);
  x.set(inner, left.length);
  x.set(right, left.length + inner.length);
  return { x, before: left.length };
}

function putNeighbours(row: Float64Array, x: Float64Array, { line: { steps, values }, start, end }: Slice): void {
  for (const index of [start - 1, end]) {
    const step = steps[index];
    if (step === undefined) continue;
    const value = values[index] ?? NaN;
    row[lowerBound(x, step)] = Number.isFinite(value) ? value : Infinity;
  }
}
