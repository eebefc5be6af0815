import uPlot from 'uplot';
import { LabelRows, type InfinityMark, type Range } from '../../../src/core/charts/charts.ts';
import { withAlpha, type Theme } from '../theme.ts';
import type { Picture, PlotArea, PlotView, Ring } from './plot.ts';

// What uPlot does not draw: areas below the lines; on top of them events, points without neighbours, live ends, best points.

/** Of the words of axes and marks, in pixels. */
export const axisText = 11;
/** To the right of the drawn area. */
export const sidePadding = 16;
/** More words at once would hide the lines. */
const mostEvents = 20;

/** The areas, before axes and lines. */
export function drawUnder(chart: uPlot, { picture, place }: PlotView): void {
  if (picture === undefined) return;
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const area of picture.areas) drawArea(chart, area, place);
  ctx.restore();
}

export function drawOnTop(chart: uPlot, view: PlotView): void {
  const { picture } = view;
  if (picture === undefined) return;
  const { ctx, bbox } = chart;
  ctx.save();
  // Of the line that was drawn last.
  ctx.setLineDash([]);
  ctx.beginPath();
  ctx.rect(
    bbox.left - 8 * uPlot.pxRatio,
    0,
    bbox.width + (8 + sidePadding) * uPlot.pxRatio,
    bbox.top + bbox.height + 8 * uPlot.pxRatio,
  );
  ctx.clip();
  // What happened at the same step stands behind one line.
  const events = Map.groupBy(picture.events.slice(-mostEvents), ({ step }) => step);
  const rows = new LabelRows();
  for (const [step, own] of events)
    drawEvent(chart, picture, { step, text: [...new Set(own.map(({ text }) => text))].join(', '), rows });
  picture.looks.forEach(({ colour }, line) => drawLonePoints(chart, view, { colour, line }));
  for (const mark of picture.marks) drawInfinity(chart, picture, mark);
  for (const line of picture.ends) drawEnd(chart, view, { picture, line });
  for (const ring of picture.rings) drawRing(chart, picture, { ring, y: place(chart, view, ring.value) });
  ctx.restore();
}

const fontOf = ({ fontFamily }: Theme): string => `${axisText * uPlot.pxRatio}px ${fontFamily}`;
const xOf = (chart: uPlot, step: number): number => chart.valToPos(step, 'x', true);
const yOf = (chart: uPlot, part: number): number => chart.valToPos(part, 'y', true);
const isInside = ({ min, max }: Range, step: number): boolean => step >= min && step <= max;
const place = (chart: uPlot, view: PlotView, value: number): number => yOf(chart, view.place(value));

/** Each stretch without a gap is a shape of its own. */
function drawArea(chart: uPlot, { x, low, high, colour }: PlotArea, toPart: (value: number) => number): void {
  const { ctx } = chart;
  const point = (i: number, edge: ArrayLike<number>): readonly [number, number] => [
    xOf(chart, x[i] ?? NaN),
    yOf(chart, toPart(edge[i] ?? NaN)),
  ];
  const isDrawn = (i: number): boolean => Number.isFinite(toPart(low[i] ?? NaN)) && Number.isFinite(high[i] ?? NaN);
  ctx.fillStyle = colour;
  for (let start = 0; start < x.length; start += 1) {
    if (!isDrawn(start)) continue;
    let end = start;
    while (end + 1 < x.length && isDrawn(end + 1)) end += 1;
    ctx.beginPath();
    for (let i = start; i <= end; i += 1) ctx.lineTo(...point(i, high));
    for (let i = end; i >= start; i -= 1) ctx.lineTo(...point(i, low));
    ctx.fill();
    start = end;
  }
}

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
  // On the other side where there is no room for it, and over the line where there is none on either.
  const isLate = x + gap + width > bbox.left + bbox.width + sidePadding * uPlot.pxRatio;
  const from = isLate ? Math.max(x - gap - width, bbox.left) : x + gap;
  const row = rows.take({ from: from - gap, to: from + width + gap });
  if (row !== undefined) write(chart, theme, { text, x: from, y: bbox.top + (8 + row * 14) * uPlot.pxRatio });
}

/** A value between two gaps has no line to lie on. */
function drawLonePoints(
  chart: uPlot,
  { picture, rows }: PlotView,
  { colour, line }: { readonly colour: string; readonly line: number },
): void {
  const row = rows[line] ?? new Float64Array(0);
  let isAfterGap = true;
  let candidate = -1;
  const finish = (): void => {
    if (candidate >= 0) dot(chart, colour, { x: picture?.x[candidate], part: row[candidate], radius: 2 });
    candidate = -1;
  };
  for (let i = 0; i < row.length; i += 1) {
    const part = row[i] ?? NaN;
    if (Number.isNaN(part)) continue;
    const isGap = part === Infinity;
    if (isGap) finish();
    else candidate = isAfterGap ? i : -1;
    isAfterGap = isGap;
  }
  finish();
}

function dot(
  chart: uPlot,
  colour: string,
  { x, part, radius }: { readonly x: number | undefined; readonly part: number | undefined; readonly radius: number },
): void {
  if (x === undefined || part === undefined) return;
  const { ctx } = chart;
  ctx.fillStyle = colour;
  ctx.beginPath();
  ctx.arc(xOf(chart, x), yOf(chart, part), radius * uPlot.pxRatio, 0, 2 * Math.PI);
  ctx.fill();
}

/** A triangle at the edge, pointing to where the value would be. */
function drawInfinity(chart: uPlot, { looks }: Picture, { line, x, edge }: InfinityMark): void {
  const { ctx, bbox } = chart;
  const [half, height] = [3.5 * uPlot.pxRatio, 6 * uPlot.pxRatio];
  const tip = edge === 'top' ? bbox.top : bbox.top + bbox.height;
  const base = edge === 'top' ? tip + height : tip - height;
  const middle = xOf(chart, x);
  ctx.fillStyle = looks[line]?.colour ?? '';
  ctx.beginPath();
  ctx.moveTo(middle, tip);
  ctx.lineTo(middle - half, base);
  ctx.lineTo(middle + half, base);
  ctx.fill();
}

/** While a run goes on, a dot at the end of its line says where it is. */
function drawEnd(
  chart: uPlot,
  { rows }: PlotView,
  { picture, line }: { readonly picture: Picture; readonly line: number },
): void {
  const row = rows[line] ?? new Float64Array(0);
  let at = row.length - 1;
  while (at >= 0 && !Number.isFinite(row[at])) at -= 1;
  const x = picture.x[at];
  if (x !== undefined && isInside(picture.window, x))
    dot(chart, picture.looks[line]?.colour ?? '', { x, part: row[at], radius: 2.5 });
}

function drawRing(
  chart: uPlot,
  { theme, window }: Picture,
  { ring, y }: { readonly ring: Ring; readonly y: number },
): void {
  if (!isInside(window, ring.x) || !Number.isFinite(y)) return;
  const { ctx, bbox } = chart;
  const ratio = uPlot.pxRatio;
  const x = xOf(chart, ring.x);
  ctx.fillStyle = theme.background;
  ctx.strokeStyle = ring.colour;
  ctx.lineWidth = 2 * ratio;
  ctx.beginPath();
  ctx.arc(x, y, 4 * ratio, 0, 2 * Math.PI);
  ctx.fill();
  ctx.stroke();
  ctx.font = fontOf(theme);
  const { width } = ctx.measureText(ring.words);
  const goesLeft = x + 8 * ratio + width > bbox.left + bbox.width + sidePadding * ratio;
  const goesUp = y + 22 * ratio > bbox.top + bbox.height;
  write(chart, theme, {
    text: ring.words,
    x: goesLeft ? x - 8 * ratio - width : x + 8 * ratio,
    y: goesUp ? y - 14 * ratio : y + 14 * ratio,
  });
}

/** Words over lines have a halo and a thin plate of the background: the halo alone lets lines through between letters, a whole plate hides what is measured. */
function write(
  { ctx }: uPlot,
  theme: Theme,
  { text, x, y }: { readonly text: string; readonly x: number; readonly y: number },
): void {
  ctx.font = fontOf(theme);
  ctx.textAlign = 'left';
  ctx.textBaseline = 'middle';
  const [padding, half] = [2 * uPlot.pxRatio, 7 * uPlot.pxRatio];
  ctx.fillStyle = withAlpha(theme.background, 0.65);
  ctx.fillRect(x - padding, y - half, ctx.measureText(text).width + 2 * padding, 2 * half);
  ctx.lineJoin = 'round';
  ctx.lineWidth = 3 * uPlot.pxRatio;
  ctx.strokeStyle = theme.background;
  ctx.strokeText(text, x, y);
  ctx.fillStyle = theme.foreground;
  ctx.fillText(text, x, y);
}
