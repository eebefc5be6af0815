import uPlot from 'uplot';
import {
  createScale,
  formatTicks,
  type Drawn,
  type InfinityMark,
  type Range,
  type ScaleKind,
} from '../../../src/core/charts/charts.ts';
import type { Theme } from '../theme.ts';
import { countHairs, createHairs, type Hairs } from './hairs.ts';
import { axisText, drawOnTop, drawUnder, sidePadding } from './marks.ts';

/** How a line looks. Lengths of stroke and gap; empty for a line without gaps. */
export interface LineLook {
  readonly colour: string;
  readonly width: number;
  readonly dash: readonly number[];
}

/** A filled area between two edges, NaN where there is none. */
export interface PlotArea {
  readonly x: ArrayLike<number>;
  readonly low: ArrayLike<number>;
  readonly high: ArrayLike<number>;
  readonly colour: string;
}

/** An open ring with words beside it. */
export interface Ring {
  readonly x: number;
  readonly value: number;
  readonly words: string;
  readonly colour: string;
}

/** A label of the x axis. */
export interface Tick {
  readonly at: number;
  readonly label: string;
}

/** What one drawing shows. Lines lie over each other in their order; every value is in the units of its axis. */
export interface Picture {
  readonly theme: Theme;
  readonly window: Range;
  readonly range: Range;
  readonly scale: ScaleKind;
  /** Labels of the x axis, at most about so many. */
  readonly ticks: (most: number) => readonly Tick[];
  readonly x: ArrayLike<number>;
  /** A line for each; nothing and NaN join its neighbours, null and an infinity end it. */
  readonly ys: readonly ArrayLike<Drawn['ys'][number][number]>[];
  readonly marks: readonly InfinityMark[];
  /** One for each of `ys`. */
  readonly looks: readonly LineLook[];
  /** Below the lines. */
  readonly areas: readonly PlotArea[];
  readonly rings: readonly Ring[];
  /** Lines that go on: a dot says where they are. */
  readonly ends: readonly number[];
  /** Dotted rules with words on top. */
  readonly events: readonly { readonly step: number; readonly text: string }[];
}

interface Place {
  readonly left: number;
  readonly top: number;
}

/** One canvas: uPlot draws lines and axes, the rest (ring, words, marks) is drawn on top. Sizes are CSS pixels. */
export interface Plot {
  /** Does nothing while there is no room for it. */
  draw(picture: Picture): void;
  /** Pixel columns of the drawn area; guessed before the first drawing. */
  columns(): number;
  /** Where a point lies, from the corner of the plot; undefined when it is outside the window or there is no plot yet. */
  place(x: number, value: number): Place | undefined;
  /** How far from the left a place on the x axis lies; undefined when it is outside the window. */
  across(x: number): number | undefined;
  /** Left edge and width of the drawn area within the plot. */
  area(): { readonly left: number; readonly width: number };
  /** What lies under a point of the screen. */
  xAt(clientX: number): number | undefined;
  /** A line as it is drawn, to be drawn again elsewhere: pixels from the corner of the plot, NaN where it ends. */
  trace(line: number): { readonly x: Float64Array; readonly y: Float64Array };
  destroy(): void;
}

/** What has been drawn last. */
export interface PlotView {
  picture: Picture | undefined;
  /** Of each line its parts of the height, or NaN where it has no point, infinity where it ends. */
  rows: readonly Float64Array[];
  /** So many of the first lines are hairs, which uPlot does not draw. */
  hairs: number;
  /** Of a value on its axis, 0 at the bottom and 1 at the top. */
  place: (value: number) => number;
  xTicks: readonly Tick[];
  yTicks: readonly number[];
}

/** A line that leaves the plot by more than so many times its height is drawn as if it went so far. */
const farthest = 1000;
const labelRoom = 56;

/** `onSelect` gets what a drag of the mouse has marked. */
export function createPlot(parent: HTMLElement, onSelect: (window: Range) => void): Plot {
  let chart: uPlot | undefined;
  const view: PlotView = {
    ...{ picture: undefined, rows: [], hairs: 0, place: (value) => value },
    ...{ xTicks: [], yTicks: [] },
  };
  const hairs = createHairs();

  const draw = (picture: Picture): void => {
    const size = { width: parent.clientWidth, height: parent.clientHeight };
    if (size.width < 80 || size.height < 60) return;
    view.picture = picture;
    view.place = createScale(picture.scale, picture.range).place;
    view.hairs = countHairs(picture);
    const stroked = picture.looks.slice(view.hairs);
    if (chart?.series.length !== stroked.length + 1) {
      chart?.destroy();
      chart = new uPlot(optionsOf(view, stroked, { size, onSelect, hairs }), [[], ...stroked.map(() => [])], parent);
    }
    if (chart.width !== size.width || chart.height !== size.height) chart.setSize(size);
    fill(chart, view, picture);
  };

  const place = (x: number, value: number): Place | undefined => {
    if (chart === undefined || view.picture === undefined) return undefined;
    const { min, max } = view.picture.window;
    const part = view.place(value);
    if (x < min || x > max || !(Math.abs(part) <= farthest)) return undefined;
    const { offsetLeft, offsetTop } = chart.over;
    return { left: offsetLeft + chart.valToPos(x, 'x'), top: offsetTop + chart.valToPos(part, 'y') };
  };

  return {
    draw,
    place,
    columns: () => Math.max(1, chart === undefined ? parent.clientWidth - labelRoom : Math.round(chart.bbox.width)),
    across: (x) => {
      const { min, max } = view.picture?.window ?? { min: 0, max: -1 };
      return chart === undefined || x < min || x > max ? undefined : chart.over.offsetLeft + chart.valToPos(x, 'x');
    },
    area: () => ({ left: chart?.over.offsetLeft ?? 0, width: chart?.over.clientWidth ?? 0 }),
    xAt: (clientX) => chart?.posToVal(clientX - chart.over.getBoundingClientRect().left, 'x'),
    trace: (line) => traceOf(chart, view, line),
    destroy: () => chart?.destroy(),
  };
}

function traceOf(chart: uPlot | undefined, { picture, rows }: PlotView, line: number): ReturnType<Plot['trace']> {
  const [xs, row] = [picture?.x ?? [], rows[line] ?? new Float64Array(0)];
  const kept = Array.from(row.keys()).filter((i) => !Number.isNaN(row[i]));
  const { offsetLeft = 0, offsetTop = 0 } = chart?.over ?? {};
  const place = (value: number | undefined, scale: 'x' | 'y'): number =>
    value === undefined || value === Infinity ? NaN : (chart?.valToPos(value, scale) ?? NaN);
  return {
    x: Float64Array.from(kept, (i) => offsetLeft + place(xs[i], 'x')),
    y: Float64Array.from(kept, (i) => offsetTop + place(row[i], 'y')),
  };
}

function fill(chart: uPlot, view: PlotView, picture: Picture): void {
  const { window, range, scale, looks, x } = picture;
  const rows = Math.min(scale === 'linear' ? 6 : 8, Math.max(2, Math.floor(chart.height / 28)));
  view.xTicks = picture.ticks(Math.min(8, Math.max(2, Math.floor(chart.width / 64))));
  view.yTicks = createScale(scale, range).ticks(rows);
  view.rows = placeRows(picture, view);
  looks
    .slice(view.hairs)
    .forEach(({ width, dash }, index) => Object.assign(chart.series[index + 1] ?? {}, { width, dash: [...dash] }));
  chart.batch(() => {
    chart.setData([Float64Array.from(x), ...view.rows.slice(view.hairs).map(toStroked)], false);
    // Before the scales, for it takes those of the last drawing; within the batch, so that all is drawn once.
    chart.redraw(true, true);
    chart.setScale('x', window);
    chart.setScale('y', { min: 0, max: 1 });
  });
}

/** The rows of a drawing in the memory of the one before, where that had as many values: it is megabytes. */
function placeRows({ ys, scale, range }: Picture, { rows, place }: PlotView): readonly Float64Array[] {
  const count = ys.reduce((sum, { length }) => sum + length, 0);
  const known = rows[0]?.buffer;
  const all = known?.byteLength === 8 * count ? new Float64Array(known) : new Float64Array(count);
  let from = 0;
  return ys.map((values) => {
    const row = all.subarray(from, from + values.length);
    from += values.length;
    if (scale === 'linear' && values instanceof Float64Array) placeLinear(values, range, row);
    else placeEach(values, place, row);
    return row;
  });
}

function placeEach(values: Picture['ys'][number], place: (value: number) => number, row: Float64Array): void {
  for (let i = 0; i < row.length; i += 1) {
    const value = values[i];
    if (value === undefined || Number.isNaN(value)) row[i] = NaN;
    else if (value === null || value === Infinity) row[i] = Infinity;
    else {
      const part = place(value);
      // What has no place on a log scale ends the line.
      row[i] = Number.isNaN(part) ? Infinity : Math.max(-farthest, Math.min(farthest, part));
    }
  }
}

/** The same for most charts, of which there are a quarter of a million values a drawing. */
function placeLinear(values: Float64Array, { min, max }: Range, row: Float64Array): void {
  const height = max - min;
  for (let i = 0; i < row.length; i += 1) {
    const value = values[i] ?? NaN;
    const part = (value - min) / height;
    row[i] = part > farthest && value !== Infinity ? farthest : part < -farthest ? -farthest : part;
  }
}

function toStroked(row: Float64Array): (number | null | undefined)[] {
  return Array.from(row, (part) => (Number.isNaN(part) ? undefined : part === Infinity ? null : part));
}

interface PlotParts {
  readonly size: { readonly width: number; readonly height: number };
  readonly onSelect: (window: Range) => void;
  readonly hairs: Hairs;
}

function optionsOf(view: PlotView, stroked: readonly LineLook[], { size, onSelect, hairs }: PlotParts): uPlot.Options {
  const font = (): string => `${axisText}px ${view.picture?.theme.fontFamily ?? 'sans-serif'}`;
  const dim = (): string => view.picture?.theme.dim ?? '';
  const bare = { ticks: { show: false }, border: { show: false }, font: font(), stroke: dim };
  return {
    ...size,
    padding: [8, (chart) => rightOf(chart, view, font()), 0, 0],
    legend: { show: false },
    cursor: { x: false, y: false, points: { show: false }, drag: { x: true, y: false, setScale: false, dist: 4 } },
    scales: { x: { time: false, auto: false }, y: { auto: false } },
    axes: [
      {
        ...bare,
        size: 22,
        gap: 6,
        grid: { show: false },
        splits: () => view.xTicks.map(({ at }) => at),
        values: () => view.xTicks.map(({ label }) => label),
      },
      {
        ...bare,
        gap: 6,
        size: (self, labels) => widthOf(self, labels, font()),
        grid: { stroke: () => view.picture?.theme.grid ?? '', width: 1 },
        splits: () => view.yTicks.map(view.place),
        values: () => formatTicks(view.yTicks),
      },
    ],
    series: [{}, ...stroked.map((_, index) => seriesOptions(view, index))],
    hooks: {
      drawClear: [(chart) => drawUnder(chart, view)],
      drawAxes: [(chart) => hairs.draw(chart, view)],
      draw: [(chart) => drawOnTop(chart, view)],
      setSelect: [(chart) => select(chart, onSelect)],
    },
  };
}

function seriesOptions(view: PlotView, index: number): uPlot.Series {
  return {
    label: String(index),
    stroke: () => view.picture?.looks[view.hairs + index]?.colour ?? '',
    points: { show: false },
    spanGaps: false,
  };
}

function widthOf({ ctx }: uPlot, labels: string[] | null, font: string): number {
  ctx.save();
  ctx.font = font;
  const widths = (labels ?? []).map((label) => ctx.measureText(label).width);
  ctx.restore();
  return Math.ceil(Math.max(40, ...widths)) + 8;
}

/** Room for half of the last label of the x axis. */
function rightOf({ ctx }: uPlot, { xTicks }: PlotView, font: string): number {
  ctx.save();
  ctx.font = font;
  const { width } = ctx.measureText(xTicks.at(-1)?.label ?? '');
  ctx.restore();
  return Math.max(sidePadding, Math.ceil(width / 2) + 2);
}

function select(chart: uPlot, onSelect: (window: Range) => void): void {
  const { left, width } = chart.select;
  if (width < 4) return;
  onSelect({ min: chart.posToVal(left, 'x'), max: chart.posToVal(left + width, 'x') });
  chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
}
