import type { Area, ChartAnswer, ChartAsk } from './asking.ts';
import { countOutside, withoutOutliers } from './axes.ts';
import { crowdOf, thinArea } from './crowd.ts';
import { fitLines } from './envelope.ts';
import type { PixelGrid } from './grid.ts';
import type { ExpressionProblem } from './expression.ts';
import { lowerBound } from './points.ts';
import { findBest, stepBounds, valueBounds } from './reading.ts';
import type { Line } from './series.ts';
import { growingEnd, valueRange, type Range } from './ticks.ts';

/** A line as it is drawn and as it was measured; `area` is the band of a mean. */
export interface LaidLine {
  readonly line: Line;
  readonly raw: Line;
  readonly area?: Area;
}

export interface LaidChart {
  readonly lines: readonly LaidLine[];
  readonly crowd: readonly Line[];
}

/** Quantiles of more values than this are read from every nth of them. */
const mostSampled = 100_000;
const unknown: Range = { min: 0, max: 1 };

/** Fits a chart to its pixels. */
export function drawChart(laid: LaidChart, ask: ChartAsk, problem: ExpressionProblem | null): ChartAnswer {
  const lines = laid.lines.map(({ line }) => line);
  const whole = wholeOf([...lines, ...laid.crowd], ask);
  const window = ask.window ?? whole ?? unknown;
  const grid = { ...window, columns: Math.max(1, Math.floor(ask.columns)) };
  const behind = ask.smoothing === null ? [] : ask.raw.flatMap((index) => laid.lines[index]?.raw ?? []);
  const { x, ys, marks } = fitLines([...behind, ...lines], grid);
  const { range, outside } = rangeOf(laid, behind, { ask, window });
  return {
    id: ask.id,
    ...{ x, ys, marks },
    areas: areasOf(laid, grid),
    ...{ whole, window, range, outside, problem },
    best: bestOf(laid, ask),
    last: Float64Array.from(laid.lines, ({ raw }) => raw.values.at(-1) ?? NaN),
    isDense: isDense(lines, grid),
  };
}

function wholeOf(lines: readonly Line[], { axis, isLogX, isGrowing }: ChartAsk): Range | null {
  const bounds = stepBounds(lines);
  if (bounds === undefined) return null;
  const counts = axis.kind === 'step' || axis.kind === 'epoch';
  const min = counts ? Math.min(isLogX ? 0 : 1, bounds.min) : bounds.min;
  const max = isGrowing && !isLogX && (counts || axis.kind === 'relative') ? growingEnd(bounds.max, null) : bounds.max;
  return max > min ? { min, max } : { min: min - 0.5, max: min + 0.5 };
}

interface Shown {
  readonly ask: ChartAsk;
  readonly window: Range;
}

function rangeOf(
  { lines, crowd }: LaidChart,
  behind: readonly Line[],
  { ask: { scale, isClipped, smoothing, raw: beside }, window }: Shown,
): { readonly range: Range; readonly outside: number } {
  const isBeside = (index: number): boolean => smoothing !== null && beside.includes(index);
  const all = [...lines.map(({ line }) => line), ...behind, ...crowd];
  const measure = scale === 'log' ? 'log' : 'linear';
  const bounds = all.map((line) => valueBounds(line, window, measure));
  for (const { area } of lines) if (area !== undefined) bounds.push(areaBounds(area, window, scale === 'log'));
  const full = {
    min: bounds.reduce((least, { min }) => Math.min(least, min), Infinity),
    max: bounds.reduce((most, { max }) => Math.max(most, max), -Infinity),
  };
  if (!isClipped) return { range: valueRange(full, scale), outside: 0 };
  const kept = withoutOutliers(sampled(all, window));
  const range = valueRange({ min: Math.max(full.min, kept.min), max: Math.min(full.max, kept.max) }, scale);
  // A smoothed line and what was measured beside it are the same values: the measured ones are told.
  const told = [...lines.map(({ line, raw }, index) => (isBeside(index) ? raw : line)), ...crowd];
  return { range, outside: told.reduce((sum, line) => sum + countOutside(line, window, range), 0) };
}

function sampled(lines: readonly Line[], { min, max }: Range): readonly Float64Array[] {
  const parts = lines.map(({ steps, values }) => values.subarray(lowerBound(steps, min), afterBound(steps, max)));
  const every = Math.max(1, Math.ceil(parts.reduce((sum, { length }) => sum + length, 0) / mostSampled));
  return every === 1
    ? parts
    : parts.map((values) =>
        Float64Array.from({ length: Math.ceil(values.length / every) }, (_, i) => values[i * every] ?? NaN),
      );
}

function afterBound(steps: Float64Array, max: number): number {
  let end = lowerBound(steps, max);
  while (steps[end] === max) end += 1;
  return end;
}

function areaBounds({ x, low, high }: Area, { min, max }: Range, isPositive: boolean): Range {
  const bounds = { min: Infinity, max: -Infinity };
  for (let i = lowerBound(x, min); i < x.length && (x[i] ?? NaN) <= max; i += 1) {
    for (const value of [low[i] ?? NaN, high[i] ?? NaN]) {
      if (!Number.isFinite(value) || (isPositive && value <= 0)) continue;
      bounds.min = Math.min(bounds.min, value);
      bounds.max = Math.max(bounds.max, value);
    }
  }
  return bounds;
}

function areasOf({ lines, crowd }: LaidChart, grid: PixelGrid): ChartAnswer['areas'] {
  const bands = lines.flatMap(({ area }, index) =>
    area === undefined ? [] : [[index, thinArea(area, grid)] as const],
  );
  return crowd.length === 0 ? bands : [[-1, crowdOf(crowd, grid)], ...bands];
}

/** The best that was measured, smoothed or not. */
function bestOf({ lines }: LaidChart, { best }: ChartAsk): ChartAnswer['best'] {
  if (best === null) return null;
  let found: ChartAnswer['best'] = null;
  for (const line of best.lines) {
    const raw = lines[line]?.raw;
    const own = raw === undefined ? undefined : findBest(raw, best.direction);
    if (own === undefined) continue;
    const isBetter =
      best.direction === 'minimize' ? own.value < (found?.value ?? Infinity) : own.value > (found?.value ?? -Infinity);
    if (isBetter) found = { line, x: own.step, value: own.value };
  }
  return found;
}

/** A point for each other pixel and more. */
function isDense(lines: readonly Line[], { min, max, columns }: PixelGrid): boolean {
  return lines.some(({ steps }) => afterBound(steps, max) - lowerBound(steps, min) > columns / 2);
}
