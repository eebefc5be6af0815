import type { DrawnBars, DrawnPlot, DrawnSeries, PlotSeries, PointsPlot, ResolvedPlot } from '../../protocol/plots.ts';
import { countConfusion, toClassified } from '../classification/classification.ts';
import { toNumber, type Cell } from '../tables/tables.ts';
import { jitterTemplate } from './jitter.ts';
import { isDvcTemplate, type DvcTemplate } from './templates.ts';

/** More points of a plot nobody reads, and a message holds. */
const MOST_POINTS = 1_000_000;
/** Vega makes an object, and a mark, of each. */
const MOST_VEGA_ROWS = 20_000;
const MOST_BARS = 200;

type Kind = DrawnPlot['kind'];
type Draw = (plot: PointsPlot) => DrawnPlot;

/** DVC's own templates, drawn by ourselves; the one with random numbers in it by Vega. */
const drawings: Readonly<Record<DvcTemplate, Draw>> = {
  simple: (plot) => toLines(plot, 'lines'),
  linear: (plot) => toLines(plot, 'lines'),
  smooth: (plot) => toLines(plot, 'smooth'),
  scatter: (plot) => toLines(plot, 'points'),
  scatter_jitter: (plot) => toVega({ ...plot, ownTemplate: jitterTemplate }),
  bar_horizontal: (plot) => toBars(plot, false),
  bar_horizontal_sorted: (plot) => toBars(plot, true),
  confusion: (plot) => toMatrices(plot, false),
  confusion_normalized: (plot) => toMatrices(plot, true),
};

/** What a page needs to draw a plot; null for one of a template that is not there, which its problem tells. */
export function drawPlot(plot: ResolvedPlot): DrawnPlot | null {
  if (plot.kind === 'images') {
    const { kind, id, title, images } = plot;
    return { kind, id, title, xLabel: '', yLabel: '', left: 0, images };
  }
  if (plot.ownTemplate !== null) return toVega(plot);
  return isDvcTemplate(plot.template) ? drawings[plot.template](plot) : null;
}

function headOf<K extends Kind>(
  { id, title, xLabel, yLabel }: PointsPlot,
  kind: K,
  left = 0,
): { readonly kind: K } & Pick<DrawnPlot, 'id' | 'title' | 'xLabel' | 'yLabel' | 'left'> {
  return { kind, id, title, xLabel, yLabel, left };
}

const toCell = (value: unknown): Cell =>
  value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? value
    : value === undefined
      ? null
      : JSON.stringify(value);

const cellsOf = ({ rows }: PlotSeries, column: string): readonly Cell[] => rows.map((row) => toCell(row[column]));

/** Lines are drawn from left to right, as Vega sorts them; points stay as they are. */
function toLines(plot: PointsPlot, kind: 'lines' | 'smooth' | 'points'): DrawnPlot {
  const { series, left } = cutSeries(plot.series, MOST_POINTS);
  const cells = series.map((one) => cellsOf(one, plot.x));
  const names = namesOf(cells.flat());
  const places = new Map(names.map((name, index) => [name, index]));
  const drawn = series.map((one, index): DrawnSeries => {
    const own = cells[index] ?? [];
    const x = Float64Array.from(own, (cell) =>
      names.length === 0 ? toNumber(cell) : (places.get(String(cell)) ?? NaN),
    );
    const y = Float64Array.from(cellsOf(one, plot.y), toNumber);
    const { revision, label } = one;
    return { revision, label, ...(kind === 'points' ? { x, y } : inOrder(x, y)) };
  });
  return { ...headOf(plot, kind, left), series: drawn, names };
}

/** Empty where all values are numbers (or there is none); else each value once, in the order in which they come. */
function namesOf(cells: readonly Cell[]): readonly string[] {
  const isNumber = (cell: Cell): boolean => !Number.isNaN(toNumber(cell)) || cell === null || Number.isNaN(cell);
  return cells.every(isNumber) ? [] : [...new Set(cells.filter((cell) => cell !== null).map(String))];
}

function inOrder(x: Float64Array, y: Float64Array): { readonly x: Float64Array; readonly y: Float64Array } {
  const order = [...x.keys()].filter((index) => Number.isFinite(x[index]));
  const at = (list: Float64Array, index: number): number => list[index] ?? NaN;
  if (order.some((index, place) => place > 0 && at(x, order[place - 1] ?? 0) > at(x, index)))
    order.sort((a, b) => at(x, a) - at(x, b) || a - b);
  return { x: Float64Array.from(order, (index) => at(x, index)), y: Float64Array.from(order, (index) => at(y, index)) };
}

function cutSeries(
  series: readonly PlotSeries[],
  most: number,
): { readonly series: readonly PlotSeries[]; readonly left: number } {
  const each = Math.max(1, Math.floor(most / Math.max(1, series.length)));
  const left = series.reduce((sum, { rows }) => sum + Math.max(0, rows.length - each), 0);
  return { series: left === 0 ? series : series.map((one) => ({ ...one, rows: one.rows.slice(0, each) })), left };
}

/** Names in y, lengths in x. Of equal names of a revision the lengths are added, as stacked bars are. */
function toBars(plot: PointsPlot, isSorted: boolean): DrawnPlot {
  const sums = plot.series.map((one) => {
    const sum = new Map<string, number>();
    const values = cellsOf(one, plot.x);
    cellsOf(one, plot.y).forEach((cell, index) => {
      const name = String(cell ?? '');
      sum.set(name, (sum.get(name) ?? 0) + toNumber(values[index]));
    });
    return sum;
  });
  const longest = (name: string): number =>
    Math.max(...sums.map((sum) => sum.get(name) ?? NaN).filter((value) => !Number.isNaN(value)), -Infinity);
  const all = [...new Set(sums.flatMap((sum) => [...sum.keys()]))].sort((a, b) => (a < b ? -1 : 1));
  if (isSorted) all.sort((a, b) => longest(b) - longest(a) || 0);
  const names = all.slice(0, MOST_BARS);
  const series = plot.series.map(({ revision, label }, index): DrawnBars => ({
    revision,
    label,
    values: Float64Array.from(names, (name) => sums[index]?.get(name) ?? NaN),
  }));
  return { ...headOf(plot, 'bars', all.length - names.length), names, series };
}

/** x is what is true, y what was predicted; a share is one of what was predicted, as DVC has it. */
function toMatrices(plot: PointsPlot, isNormalized: boolean): DrawnPlot {
  const matrices = plot.series.map((one) => {
    const [actual, predicted] = [cellsOf(one, plot.x), cellsOf(one, plot.y)];
    const table = { columns: ['actual', 'predicted'], rows: actual.map((cell, i) => [cell, predicted[i] ?? null]) };
    const classified = toClassified(table, { actual: 'actual', predicted: 'predicted' });
    const { revision, label } = one;
    const none = { classes: [], counts: new Uint32Array(0) };
    return { revision, label, ...(classified === undefined ? none : countConfusion(classified)) };
  });
  return { ...headOf(plot, 'confusion'), isNormalized, matrices };
}

function toVega(plot: PointsPlot): DrawnPlot {
  const { series, left } = cutSeries(plot.series, MOST_VEGA_ROWS);
  return { ...headOf(plot, 'vega', left), plot: JSON.stringify({ ...plot, series }) };
}
