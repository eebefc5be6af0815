import type { Area } from './asking.ts';
import { cut, forEachColumn, type PixelGrid } from './grid.ts';
import { lowerBound } from './points.ts';
import type { Line } from './series.ts';

// What is drawn as an area instead of lines, fitted to the pixels across.

/** The least and the greatest of many lines in each pixel column, a line being straight between its points; NaN where no line is. */
export function crowdOf(lines: readonly Line[], grid: PixelGrid): Area {
  const { min, max, columns } = grid;
  const width = (max - min) / columns;
  const area = {
    x: Float64Array.from({ length: columns }, (_, column) => min + (column + 0.5) * width),
    low: new Float64Array(columns).fill(NaN),
    high: new Float64Array(columns).fill(NaN),
  };
  for (const line of lines) addLine(area, line, grid);
  return area;
}

/** An area of many points keeps the outermost of each pixel column. */
export function thinArea(area: Area, grid: PixelGrid): Area {
  const { min, max, columns } = grid;
  const from = Math.max(0, lowerBound(area.x, min) - 1);
  const end = Math.min(area.x.length, lowerBound(area.x, max) + 2);
  const part = (list: Float64Array): Float64Array => list.slice(from, end);
  const own = { x: part(area.x), low: part(area.low), high: part(area.high) };
  if (own.x.length <= 2 * columns) return own;
  const thin = crowdOf([], grid);
  const width = (max - min) / columns;
  own.x.forEach((x, i) => {
    const column = Math.max(0, Math.min(columns - 1, Math.floor((x - min) / width)));
    take(thin, column, own.low[i] ?? NaN);
    take(thin, column, own.high[i] ?? NaN);
  });
  return thin;
}

function addLine(area: Area, line: Line, grid: PixelGrid): void {
  const slice = cut(line, grid);
  const { steps, values } = line;
  let before = { column: -1, x: steps[slice.start - 1] ?? NaN, value: values[slice.start - 1] ?? NaN };
  const reach = (column: number, x: number, value: number): void => {
    for (let between = before.column + 1; between < column; between += 1) {
      const part = ((area.x[between] ?? NaN) - before.x) / (x - before.x);
      take(area, between, before.value + part * (value - before.value));
    }
  };
  forEachColumn(slice, grid, (column, start, end) => {
    reach(column, steps[start] ?? NaN, values[start] ?? NaN);
    const { low, high } = line.pyramid.extremes(start, end);
    take(area, column, values[low] ?? NaN);
    take(area, column, values[high] ?? NaN);
    before = { column, x: steps[end - 1] ?? NaN, value: values[end - 1] ?? NaN };
  });
  if (slice.end < steps.length) reach(grid.columns, steps[slice.end] ?? NaN, values[slice.end] ?? NaN);
}

function take({ low, high }: Area, column: number, value: number): void {
  if (!Number.isFinite(value)) return;
  if (!((low[column] ?? NaN) <= value)) low[column] = value;
  if (!((high[column] ?? NaN) >= value)) high[column] = value;
}
