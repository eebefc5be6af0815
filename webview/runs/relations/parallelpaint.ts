import {
  extentsOf,
  heightOf,
  isMissingBrushed,
  labelsOf,
  type ParallelPlan,
} from '../../../src/core/relations/relations.ts';
import type { RelationBrush } from '../../../src/protocol/runsview.ts';
import { isHighContrast, withAlpha, type Theme } from '../../shared/theme.ts';
import type { Colouring, Laid, Lit } from './model.ts';
import { fitText, writeOver, type Pen, type Size } from '../../shared/pen.ts';

/** All that a drawing of parallel coordinates depends on. */
export interface ParallelPicture {
  readonly size: Size;
  readonly plan: ParallelPlan;
  readonly axes: readonly Laid[];
  /** `heightsOf` the axes. */
  readonly heights: Float32Array;
  readonly lit: Lit;
  readonly colouring: Colouring;
  readonly brushes: readonly RelationBrush[];
  readonly theme: Theme;
  /** Said where lines pass that have no value. */
  readonly missingWord: string;
}

/** Lines that are drawn in one go: with more of them the page would not answer for too long. */
const linesOfSlice = 2500;
/** Lines of one path: the longer a path, the longer a canvas sorts its edges. */
const linesOfPath = 24;
const axisText = 11;
const nameText = 12;
/** Of a label beside an axis, in pixels. */
const mostLabel = 200;
/** Half of the width of a brush. */
const brushReach = 7;

/** The more lines, the fainter each: between them they stay as dark. */
const alphaOf = (lines: number, most: number, least: number): number =>
  Math.max(least, Math.min(most, most * Math.sqrt(60 / Math.max(1, lines))));

/** How much of the faint lines is seen where many lie over each other: the whole layer fades. */
export const faintness = (theme: Theme): number => (isHighContrast(theme) ? 0.5 : 0.3);

/** All runs, quietly: what the brush leaves out is still to be seen. */
export function* paintFaint(pen: Pen, picture: ParallelPicture): Generator<void, void> {
  const runs = picture.lit.flags.length;
  pen.globalAlpha = alphaOf(runs, 0.9, 0.15);
  pen.strokeStyle = picture.theme.foreground;
  pen.lineWidth = 1;
  pen.lineJoin = 'round';
  yield* paintRuns(
    pen,
    picture,
    Uint32Array.from({ length: runs }, (_, run) => run),
  );
  pen.globalAlpha = 1;
}

/** What is in the brush, in its colours; those with a colour over those without, and what is selected over all. */
export function* paintLit(pen: Pen, picture: ParallelPicture): Generator<void, void> {
  const { lit, colouring, theme } = picture;
  const isSparse = lit.by !== 'all' || lit.count <= 30;
  pen.lineWidth = isSparse && lit.count <= 500 ? 1.75 : 1;
  pen.lineJoin = 'round';
  const alpha = alphaOf(lit.count, lit.by === 'all' ? 0.75 : 0.95, 0.12);
  const byColour = groupByBin(picture);
  const withoutColour = colouring.palette.length - 1;
  for (const bin of [withoutColour, ...Array.from({ length: withoutColour }, (_, index) => index)]) {
    pen.globalAlpha = bin === withoutColour ? alpha / 2 : alpha;
    pen.strokeStyle = colouring.palette[bin] ?? theme.foreground;
    yield* paintRuns(pen, picture, byColour[bin] ?? none);
  }
  pen.globalAlpha = 1;
  for (const run of lit.marked.slice(0, linesOfSlice))
    paintRun(pen, picture, run, { color: theme.foreground, width: 2 });
}

const none = new Uint32Array(0);

function groupByBin({ lit, colouring }: ParallelPicture): readonly Uint32Array[] {
  const counts = new Uint32Array(colouring.palette.length);
  lit.flags.forEach((flag, run) => {
    const bin = colouring.bins[run] ?? 0;
    if (flag === 1) counts[bin] = (counts[bin] ?? 0) + 1;
  });
  const groups = Array.from(counts, (count) => new Uint32Array(count));
  const filled = new Uint32Array(counts.length);
  lit.flags.forEach((flag, run) => {
    if (flag !== 1) return;
    const bin = colouring.bins[run] ?? 0;
    const at = filled[bin] ?? 0;
    const group = groups[bin];
    if (group !== undefined) group[at] = run;
    filled[bin] = at + 1;
  });
  return groups;
}

let since = 0;

function* paintRuns(pen: Pen, picture: ParallelPicture, runs: Uint32Array): Generator<void, void> {
  for (let start = 0; start < runs.length; start += linesOfPath) {
    pen.beginPath();
    const end = Math.min(runs.length, start + linesOfPath);
    for (let i = start; i < end; i += 1) trace(pen, picture, runs[i] ?? 0);
    pen.stroke();
    since += end - start;
    if (since < linesOfSlice) continue;
    since = 0;
    yield;
  }
}

function trace(pen: Pen, { plan: { xs }, heights }: ParallelPicture, run: number): void {
  const start = run * xs.length;
  // A single axis shows each run as a short stroke.
  if (xs.length === 1) {
    const [x, y] = [xs[0] ?? 0, heights[start] ?? 0];
    pen.moveTo(x - 8, y);
    pen.lineTo(x + 8, y);
    return;
  }
  pen.moveTo(xs[0] ?? 0, heights[start] ?? 0);
  for (let axis = 1; axis < xs.length; axis += 1) pen.lineTo(xs[axis] ?? 0, heights[start + axis] ?? 0);
}

/** One run, above all others. */
export function paintRun(
  pen: Pen,
  picture: ParallelPicture,
  run: number,
  { color, width }: { readonly color: string; readonly width: number },
): void {
  const { theme, plan, heights } = picture;
  pen.lineJoin = 'round';
  for (const [style, lineWidth] of [
    [theme.background, width + 3],
    [color, width],
  ] as const) {
    pen.strokeStyle = style;
    pen.lineWidth = lineWidth;
    pen.beginPath();
    trace(pen, picture, run);
    pen.stroke();
  }
  pen.fillStyle = color;
  plan.xs.forEach((x, axis) => {
    pen.beginPath();
    pen.arc(x, heights[run * plan.xs.length + axis] ?? 0, width + 1, 0, 2 * Math.PI);
    pen.fill();
  });
}

/** Axes with their names, labels and brushes. */
export function paintAxes(pen: Pen, picture: ParallelPicture): void {
  picture.axes.forEach((_, index) => {
    paintBrushes(pen, picture, index);
    paintAxis(pen, picture, index);
  });
  paintMissing(pen, picture);
}

function paintAxis(pen: Pen, { axes, plan, theme, size }: ParallelPicture, index: number): void {
  const [laid, x] = [axes[index], plan.xs[index] ?? 0];
  if (laid === undefined) return;
  pen.fillStyle = withAlpha(theme.foreground, 0.55);
  pen.fillRect(Math.round(x) - 0.5, plan.top, 1, plan.bottom - plan.top);
  const isLast = index === axes.length - 1 && axes.length > 1;
  pen.textBaseline = 'middle';
  pen.font = `${axisText}px ${theme.fontFamily}`;
  pen.fillStyle = theme.dim;
  pen.textAlign = 'left';
  const room = isLast ? size.width - x - 8 : Math.max(24, Math.min(mostLabel, plan.spacing - 20));
  for (const { y, label } of labelsOf(laid, plan))
    writeOver(pen, fitText(pen, label, room), { x: x + 8, y, ground: theme.background });
  pen.font = `600 ${nameText}px ${theme.fontFamily}`;
  pen.fillStyle = theme.foreground;
  pen.textAlign = 'center';
  const name = fitText(pen, laid.name, Math.min(plan.spacing - 12, 2 * Math.min(x, size.width - x) + 40));
  const half = pen.measureText(name).width / 2 + 4;
  const middle = Math.max(half, Math.min(size.width - half, x));
  writeOver(pen, name, { x: middle, y: plan.top - 22, ground: theme.background });
}

function paintBrushes(pen: Pen, { axes, plan, theme, brushes }: ParallelPicture, index: number): void {
  const [laid, x] = [axes[index], plan.xs[index] ?? 0];
  if (laid === undefined) return;
  for (const brush of brushes.filter(({ column }) => column === laid.axis.column))
    for (const { low, high } of extentsOf(laid.dimension, brush)) {
      const ys = [low, high].map((place) => heightOf(plan, place, laid.isReversed));
      const top = Math.max(plan.top - 6, Math.min(...ys));
      const bottom = Math.min(plan.bottom + 6, Math.max(...ys));
      const height = Math.max(3, bottom - top);
      paintBrush(pen, theme, { x, top, height });
    }
  if (plan.missing !== null && isMissingBrushed(brushes, laid.axis.column))
    paintBrush(pen, theme, { x, top: plan.missing - brushReach, height: 2 * brushReach });
}

function paintBrush(
  pen: Pen,
  theme: Theme,
  { x, top, height }: { readonly x: number; readonly top: number; readonly height: number },
): void {
  pen.fillStyle = withAlpha(theme.foreground, 0.22);
  pen.fillRect(x - brushReach, top, 2 * brushReach, height);
  pen.strokeStyle = theme.foreground;
  pen.lineWidth = 1;
  pen.strokeRect(x - brushReach, top, 2 * brushReach, height);
}

/** What the row below the axes is. */
function paintMissing(pen: Pen, { plan, theme, missingWord }: ParallelPicture): void {
  if (plan.missing === null) return;
  pen.strokeStyle = theme.grid;
  pen.lineWidth = 1;
  pen.setLineDash([2, 3]);
  pen.beginPath();
  pen.moveTo((plan.xs[0] ?? 0) - brushReach, plan.missing);
  pen.lineTo((plan.xs.at(-1) ?? 0) + brushReach, plan.missing);
  pen.stroke();
  pen.setLineDash([]);
  pen.font = `${axisText}px ${theme.fontFamily}`;
  pen.fillStyle = theme.dim;
  pen.textAlign = 'right';
  pen.textBaseline = 'middle';
  writeOver(pen, missingWord, { x: (plan.xs[0] ?? 0) - brushReach - 4, y: plan.missing, ground: theme.background });
}
