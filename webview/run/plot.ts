import uPlot from 'uplot';
import {
  envelope,
  formatTicks,
  formatCount,
  linearTicks,
  logTicks,
  stepTicks,
  valueBounds,
  valueRange,
  LabelRows,
  type InfinityMark,
  type Range,
} from '../../src/core/charts/charts.ts';
import { isHighContrast, withAlpha, type Theme } from '../shared/theme.ts';
import type { CardPlan, PlannedSeries } from './plan.ts';

/** What one drawing shows. */
interface Picture {
  readonly plan: CardPlan;
  readonly theme: Theme;
  readonly window: Range;
  readonly scale: 'linear' | 'log';
  /** The best point in words, next to its ring. */
  readonly bestWords: string;
}

interface Place {
  readonly left: number;
  readonly top: number;
}

/** One canvas: uPlot draws lines and axes, the rest (ring, words, marks) is drawn on top. Sizes are CSS pixels. */
export interface Plot {
  draw(picture: Picture): void;
  /** Where a point lies, from the corner of the plot; undefined when it is outside the window or there is no plot yet. */
  place(step: number, value: number): Place | undefined;
  /** Left edge and width of the drawn area within the plot. */
  area(): { readonly left: number; readonly width: number };
  /** The step under a point of the screen. */
  stepAt(clientX: number): number | undefined;
  destroy(): void;
}

/** `onSelect` gets the steps that a drag of the mouse has marked. */
export function createPlot(parent: HTMLElement, onSelect: (window: Range) => void): Plot {
  let chart: uPlot | undefined;
  let shape = '';
  const view: View = { picture: undefined, xTicks: [], yTicks: [], marks: [] };

  const draw = (picture: Picture): void => {
    const size = { width: parent.clientWidth, height: parent.clientHeight };
    if (size.width < 80 || size.height < 60) return;
    const nextShape = [picture.scale, ...picture.plan.series.map(({ look }) => look)].join();
    view.picture = picture;
    if (chart === undefined || nextShape !== shape) {
      chart?.destroy();
      shape = nextShape;
      chart = new uPlot(
        optionsOf(view, picture, { size, onSelect }),
        [[], ...picture.plan.series.map(() => [])],
        parent,
      );
    }
    if (chart.width !== size.width || chart.height !== size.height) chart.setSize(size);
    fill(chart, view, picture);
  };

  const place = (step: number, value: number): Place | undefined => {
    if (chart === undefined || view.picture === undefined || !Number.isFinite(value)) return undefined;
    const { min, max } = view.picture.window;
    if (step < min || step > max || (view.picture.scale === 'log' && value <= 0)) return undefined;
    const { offsetLeft, offsetTop } = chart.over;
    return { left: offsetLeft + chart.valToPos(step, 'x'), top: offsetTop + chart.valToPos(value, 'y') };
  };

  return {
    draw,
    place,
    area: () => ({ left: chart?.over.offsetLeft ?? 0, width: chart?.over.clientWidth ?? 0 }),
    stepAt: (clientX) =>
      chart === undefined ? undefined : chart.posToVal(clientX - chart.over.getBoundingClientRect().left, 'x'),
    destroy: () => chart?.destroy(),
  };
}

interface View {
  picture: Picture | undefined;
  xTicks: readonly number[];
  yTicks: readonly number[];
  marks: readonly InfinityMark[];
}

// uPlot declares these as a `const enum`, which exists in types only and can't be named here.
/* eslint-disable @typescript-eslint/no-unsafe-enum-assignment */
const linear = 1 as uPlot.Scale.Distr;
const logarithmic = 3 as uPlot.Scale.Distr;
/* eslint-enable @typescript-eslint/no-unsafe-enum-assignment */
const quietly = { solid: 1, dashed: 0.7, faint: 0.25, faintDashed: 0.25 } as const;
const strongly = { solid: 1, dashed: 1, faint: 0.5, faintDashed: 0.5 } as const;
const dashes = { solid: [], dashed: [4, 3], faint: [], faintDashed: [2, 2] } as const;
const axisText = 11;
const sidePadding = 16;

function fill(chart: uPlot, view: View, { plan, window, scale }: Picture): void {
  const bounds = plan.series.map(({ points }) => valueBounds(points, window, scale));
  const range = valueRange(
    { min: Math.min(...bounds.map(({ min }) => min)), max: Math.max(...bounds.map(({ max }) => max)) },
    scale,
  );
  const rows = Math.min(scale === 'log' ? 8 : 6, Math.max(2, Math.floor(chart.height / 28)));
  const columns = Math.min(8, Math.max(2, Math.floor(chart.width / 64)));
  view.xTicks = stepTicks(window.min, window.max, columns);
  view.yTicks = scale === 'log' ? logTicks(range.min, range.max, rows) : linearTicks(range.min, range.max, rows);
  const pixels = Math.max(1, Math.round(chart.bbox.width));
  const { x, ys, marks } = envelope(
    plan.series.map(({ points }) => points),
    { ...window, columns: pixels },
  );
  view.marks = marks;
  const drawable =
    scale === 'log'
      ? ys.map((values) => values.map((value) => (typeof value === 'number' && value <= 0 ? null : value)))
      : ys;
  chart.batch(() => {
    chart.setData([[...x], ...drawable.map((values) => [...values])], false);
    chart.setScale('x', window);
    chart.setScale('y', range);
  });
  chart.redraw(true, true);
}

function optionsOf(
  view: View,
  { plan, scale }: Picture,
  { size, onSelect }: { readonly size: { width: number; height: number }; readonly onSelect: (window: Range) => void },
): uPlot.Options {
  const theme = (): Theme | undefined => view.picture?.theme;
  const font = (): string => `${axisText}px ${theme()?.fontFamily ?? 'sans-serif'}`;
  const dim = (): string => theme()?.dim ?? '';
  const bare = { ticks: { show: false }, border: { show: false }, font: font(), stroke: dim };
  return {
    ...size,
    padding: [8, (chart) => rightOf(chart, view, font()), 0, 0],
    legend: { show: false },
    cursor: { x: false, y: false, points: { show: false }, drag: { x: true, y: false, setScale: false, dist: 4 } },
    scales: {
      x: { time: false, auto: false },
      y: { auto: false, distr: scale === 'log' ? logarithmic : linear },
    },
    axes: [
      {
        ...bare,
        size: 22,
        gap: 6,
        grid: { show: false },
        splits: () => [...view.xTicks],
        values: (_, ticks) => ticks.map(formatCount),
      },
      {
        ...bare,
        gap: 6,
        size: (self, labels) => widthOf(self, labels, font()),
        grid: { stroke: () => theme()?.grid ?? '', width: 1 },
        splits: () => [...view.yTicks],
        values: () => formatTicks(view.yTicks),
        filter: () => [...view.yTicks],
      },
    ],
    series: [{}, ...plan.series.map((series, index) => seriesOptions(view, series, index))],
    hooks: {
      draw: [(chart) => drawOnTop(chart, view)],
      setSelect: [(chart) => select(chart, onSelect)],
    },
  };
}

function seriesOptions(view: View, { look }: PlannedSeries, index: number): uPlot.Series {
  return {
    label: String(index),
    stroke: () => (view.picture === undefined ? '' : colorOf(view.picture.theme, look)),
    width: look === 'solid' ? 1.75 : 1.25,
    dash: [...dashes[look]],
    points: { show: false },
    spanGaps: false,
  };
}

function colorOf(theme: Theme, look: PlannedSeries['look']): string {
  return withAlpha(theme.series(0), (isHighContrast(theme) ? strongly : quietly)[look]);
}

function widthOf({ ctx }: uPlot, labels: string[] | null, font: string): number {
  ctx.save();
  ctx.font = font;
  const widths = (labels ?? []).map((label) => ctx.measureText(label).width);
  ctx.restore();
  return Math.ceil(Math.max(40, ...widths)) + 8;
}

/** Room for half of the last label of the step axis. */
function rightOf({ ctx }: uPlot, { xTicks }: View, font: string): number {
  ctx.save();
  ctx.font = font;
  const { width } = ctx.measureText(formatCount(xTicks.at(-1) ?? 0));
  ctx.restore();
  return Math.max(sidePadding, Math.ceil(width / 2) + 2);
}

function select(chart: uPlot, onSelect: (window: Range) => void): void {
  const { left, width } = chart.select;
  if (width < 4) return;
  onSelect({ min: chart.posToVal(left, 'x'), max: chart.posToVal(left + width, 'x') });
  chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
}

/** Everything that uPlot does not draw: events, points without neighbours, the live end, the best point. */
function drawOnTop(chart: uPlot, { picture, marks }: View): void {
  if (picture === undefined) return;
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.beginPath();
  ctx.rect(
    bbox.left - 8 * uPlot.pxRatio,
    0,
    bbox.width + (8 + sidePadding) * uPlot.pxRatio,
    bbox.top + bbox.height + 8 * uPlot.pxRatio,
  );
  ctx.clip();
  // What happened at the same step stands behind one line.
  const events = Map.groupBy(picture.plan.events.slice(-20), ({ step }) => step);
  const rows = new LabelRows();
  for (const [step, own] of events)
    drawEvent(chart, picture, { step, text: own.map(({ text }) => text).join(', '), rows });
  picture.plan.series.forEach((_, index) => drawLonePoints(chart, picture, index + 1));
  for (const mark of marks) drawInfinity(chart, picture, mark);
  if (picture.plan.isLive) drawEnd(chart, picture);
  drawBest(chart, picture);
  ctx.restore();
}

const fontOf = ({ fontFamily }: Theme): string => `${axisText * uPlot.pxRatio}px ${fontFamily}`;
const xOf = (chart: uPlot, step: number): number => chart.valToPos(step, 'x', true);
const yOf = (chart: uPlot, value: number): number => chart.valToPos(value, 'y', true);
const isInside = ({ min, max }: Range, step: number): boolean => step >= min && step <= max;

/** Its words go below others that stand where they would. */
function drawEvent(
  chart: uPlot,
  { theme, window }: Picture,
  { step, text, rows }: { readonly step: number; readonly text: string; readonly rows: LabelRows },
): void {
  if (!isInside(window, step)) return;
  const { ctx, bbox } = chart;
  const x = Math.round(xOf(chart, step)) + 0.5;
  ctx.strokeStyle = theme.mark;
  ctx.lineWidth = uPlot.pxRatio;
  ctx.setLineDash([2 * uPlot.pxRatio, 3 * uPlot.pxRatio]);
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  ctx.setLineDash([]);
  ctx.font = fontOf(theme);
  const gap = 5 * uPlot.pxRatio;
  const { width } = ctx.measureText(text);
  // On the other side where there is no room for it.
  const isLate = x + gap + width > bbox.left + bbox.width + sidePadding * uPlot.pxRatio;
  const from = isLate ? x - gap - width : x + gap;
  const row = rows.take({ from: from - gap, to: from + width + gap });
  if (row !== undefined) write(chart, theme, { text, x: from, y: bbox.top + (8 + row * 14) * uPlot.pxRatio });
}

/** A value between two gaps has no line to lie on. */
function drawLonePoints(chart: uPlot, { theme, plan }: Picture, index: number): void {
  const color = colorOf(theme, plan.series[index - 1]?.look ?? 'solid');
  const [xs, ys] = [chart.data[0], chart.data[index]];
  if (ys === undefined) return;
  let before: number | null = null;
  let candidate: number | undefined;
  const finish = (): void => {
    if (candidate !== undefined) dot(chart, color, candidate, index, 2);
    candidate = undefined;
  };
  for (let i = 0; i < xs.length; i += 1) {
    const value = ys[i];
    if (value === undefined) continue;
    if (value === null) finish();
    else candidate = before === null ? i : undefined;
    before = value;
  }
  finish();
}

function dot(chart: uPlot, color: string, at: number, index: number, radius: number): void {
  const [step, value] = [chart.data[0][at], chart.data[index]?.[at]];
  if (step === undefined || value === undefined || value === null) return;
  const { ctx } = chart;
  ctx.fillStyle = color;
  ctx.beginPath();
  ctx.arc(xOf(chart, step), yOf(chart, value), radius * uPlot.pxRatio, 0, 2 * Math.PI);
  ctx.fill();
}

/** A triangle at the edge, pointing to where the value would be. */
function drawInfinity(chart: uPlot, { theme, plan }: Picture, { line, x, edge }: InfinityMark): void {
  const { ctx, bbox } = chart;
  const [half, height] = [3.5 * uPlot.pxRatio, 6 * uPlot.pxRatio];
  const tip = edge === 'top' ? bbox.top : bbox.top + bbox.height;
  const base = edge === 'top' ? tip + height : tip - height;
  const middle = xOf(chart, x);
  ctx.fillStyle = colorOf(theme, plan.series[line]?.look ?? 'solid');
  ctx.beginPath();
  ctx.moveTo(middle, tip);
  ctx.lineTo(middle - half, base);
  ctx.lineTo(middle + half, base);
  ctx.fill();
}

/** While the run goes on, a dot at the end of the main line says where it is. */
function drawEnd(chart: uPlot, { plan, theme, window }: Picture): void {
  const ys = chart.data[plan.series.length] ?? [];
  let at = ys.length - 1;
  while (at >= 0 && typeof ys[at] !== 'number') at -= 1;
  const step = chart.data[0][at];
  if (step !== undefined && isInside(window, step)) dot(chart, theme.series(0), at, plan.series.length, 2.5);
}

function drawBest(chart: uPlot, { plan, theme, window, scale, bestWords }: Picture): void {
  const { best } = plan;
  if (best === undefined || !isInside(window, best.step) || (scale === 'log' && best.value <= 0)) return;
  const { ctx, bbox } = chart;
  const ratio = uPlot.pxRatio;
  const [x, y] = [xOf(chart, best.step), yOf(chart, best.value)];
  ctx.fillStyle = theme.background;
  ctx.strokeStyle = theme.series(0);
  ctx.lineWidth = 2 * ratio;
  ctx.beginPath();
  ctx.arc(x, y, 4 * ratio, 0, 2 * Math.PI);
  ctx.fill();
  ctx.stroke();
  ctx.font = fontOf(theme);
  const width = ctx.measureText(bestWords).width;
  const goesLeft = x + 8 * ratio + width > bbox.left + bbox.width + sidePadding * ratio;
  const goesUp = y + 22 * ratio > bbox.top + bbox.height;
  write(chart, theme, {
    text: bestWords,
    x: goesLeft ? x - 8 * ratio - width : x + 8 * ratio,
    y: goesUp ? y - 14 * ratio : y + 14 * ratio,
  });
}

/** Words over lines carry a halo of the background. */
function write(
  { ctx }: uPlot,
  theme: Theme,
  { text, x, y }: { readonly text: string; readonly x: number; readonly y: number },
): void {
  ctx.font = fontOf(theme);
  ctx.textAlign = 'left';
  ctx.textBaseline = 'middle';
  ctx.lineJoin = 'round';
  ctx.lineWidth = 3 * uPlot.pxRatio;
  ctx.strokeStyle = theme.background;
  ctx.strokeText(text, x, y);
  ctx.fillStyle = theme.foreground;
  ctx.fillText(text, x, y);
}
