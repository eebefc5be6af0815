import {
  createScale,
  fillIn,
  formatTicks,
  formatValue,
  valueRange,
  type Range,
} from '../../../src/core/charts/charts.ts';
import type { DrawnPlot, DrawnSeries } from '../../../src/protocol/plots.ts';
import { element, setHidden } from '../../shared/dom.ts';
import { withAlpha, type Theme } from '../../shared/theme.ts';
import {
  createSwatch,
  labelsOf,
  lookOfSeries,
  nameOfSeries,
  type BodyOf,
  type CardTools,
  type PlotLook,
} from './card.ts';
import { nameOfX, ticksOf } from './lines.ts';

type PointsPlot = Extract<DrawnPlot, { readonly names: readonly string[]; readonly series: readonly DrawnSeries[] }>;

interface Dot {
  readonly name: string;
  readonly colour: string;
  /** Which shape: by what tells series of a revision apart. */
  readonly shape: number;
  readonly x: number;
  readonly y: number;
}

interface Frame {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

interface Scatter {
  readonly plot: PointsPlot;
  readonly theme: Theme;
  readonly dots: readonly Dot[];
  readonly x: Range;
  readonly y: Range;
}

const [axisText, radius] = [11, 3];

/** A cloud of points, read from left to right with the arrow keys. */
export function createPoints({ texts, say }: CardTools): BodyOf<'points'> {
  const canvas = element('canvas', { 'aria-hidden': 'true' });
  const ring = element('div', { class: 'ring', hidden: '' });
  const tip = element('div', { class: 'tip', hidden: '' });
  const root = element('div', { class: 'plot', role: 'img', tabindex: '0' }, canvas, ring, tip);
  let shown: Scatter | undefined;
  let frame: Frame = { left: 0, top: 0, width: 0, height: 0 };
  let at = -1;

  const redraw = (): void => {
    if (shown !== undefined) frame = paint(canvas, shown);
    point(-1, false);
  };
  const point = (index: number, isSpoken: boolean): void => {
    at = index;
    const dot = shown?.dots[index];
    setHidden(ring, dot === undefined);
    setHidden(tip, dot === undefined);
    if (dot === undefined || shown === undefined) return;
    const { left, top } = placeOf(dot, shown, frame);
    ring.style.transform = `translate(${left}px, ${top}px)`;
    const words = `${nameOfX(shown.plot, dot.x)}, ${shown.plot.yLabel} ${formatValue(dot.y)}`;
    tip.replaceChildren(
      element('div', {}, createSwatch({ ...dot, dash: [] }), dot.name),
      element('div', { class: 'dim' }, words),
    );
    const isRight = left > root.clientWidth / 2;
    tip.style.transform = `translate(${Math.round(isRight ? left - tip.offsetWidth - 10 : left + 10)}px, ${Math.round(top)}px)`;
    if (isSpoken) say(`${dot.name}: ${words}`);
  };
  root.addEventListener('pointermove', ({ clientX, clientY }) => {
    const { left, top } = root.getBoundingClientRect();
    if (shown !== undefined) point(nearestTo(shown, frame, { left: clientX - left, top: clientY - top }), false);
  });
  root.addEventListener('pointerleave', () => point(-1, false));
  root.addEventListener('keydown', (event) => {
    const count = shown?.dots.length ?? 0;
    const moves: Readonly<Record<string, number>> = {
      ArrowRight: Math.min(count - 1, at + 1),
      ArrowLeft: at < 0 ? count - 1 : Math.max(0, at - 1),
      Home: 0,
      End: count - 1,
      Escape: -1,
    };
    const move = Object.hasOwn(moves, event.key) ? moves[event.key] : undefined;
    if (move === undefined) return;
    event.preventDefault();
    point(move, move >= 0);
  });
  new ResizeObserver(redraw).observe(root);
  return {
    root,
    draw(plot, look) {
      shown = toScatter(plot, look);
      root.setAttribute(
        'aria-label',
        fillIn(texts.plotsFigure, plot.title, fillIn(texts.plotsPoints, shown.dots.length)),
      );
      redraw();
    },
  };
}

function toScatter(plot: PointsPlot, look: PlotLook): Scatter {
  const labels = labelsOf(plot.series);
  const dots = plot.series.flatMap((one): Dot[] => {
    const name = nameOfSeries(one, look);
    const { colour } = lookOfSeries(one, labels, look);
    const shape = labels.indexOf(one.label);
    return [...one.x].flatMap((x, index) => {
      const y = one.y[index] ?? NaN;
      return Number.isFinite(x) && Number.isFinite(y) ? [{ name, colour, shape, x, y }] : [];
    });
  });
  dots.sort((a, b) => a.x - b.x || a.y - b.y);
  const rangeOf = (read: (dot: Dot) => number): Range => {
    let [min, max] = [Infinity, -Infinity];
    for (const dot of dots) [min, max] = [Math.min(min, read(dot)), Math.max(max, read(dot))];
    return valueRange({ min, max }, 'linear');
  };
  const x = plot.names.length === 0 ? rangeOf((dot) => dot.x) : { min: -0.5, max: plot.names.length - 0.5 };
  return { plot, theme: look.theme, dots, x, y: rangeOf((dot) => dot.y) };
}

function placeOf(
  { x, y }: Pick<Dot, 'x' | 'y'>,
  scatter: Scatter,
  { left, top, width, height }: Frame,
): { left: number; top: number } {
  const part = (value: number, { min, max }: Range): number => (value - min) / (max - min);
  return { left: left + part(x, scatter.x) * width, top: top + (1 - part(y, scatter.y)) * height };
}

/** At most 20 pixels away; -1 for none. */
function nearestTo(scatter: Scatter, frame: Frame, place: { readonly left: number; readonly top: number }): number {
  let [nearest, least] = [-1, 20];
  scatter.dots.forEach((dot, index) => {
    const { left, top } = placeOf(dot, scatter, frame);
    const distance = Math.hypot(left - place.left, top - place.top);
    if (distance < least) [nearest, least] = [index, distance];
  });
  return nearest;
}

/** Gives the place of the drawn area. */
function paint(canvas: HTMLCanvasElement, scatter: Scatter): Frame {
  const size = { width: canvas.parentElement?.clientWidth ?? 0, height: canvas.parentElement?.clientHeight ?? 0 };
  const ratio = window.devicePixelRatio;
  [canvas.width, canvas.height] = [size.width * ratio, size.height * ratio];
  const context = canvas.getContext('2d');
  const none = { left: 0, top: 0, width: 0, height: 0 };
  if (context === null || size.width < 80 || size.height < 60) return none;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.font = `${axisText}px ${scatter.theme.fontFamily}`;
  const frame = paintAxes(context, scatter, size);
  for (const dot of scatter.dots) paintDot(context, dot, placeOf(dot, scatter, frame));
  return frame;
}

function paintAxes(
  context: CanvasRenderingContext2D,
  scatter: Scatter,
  size: { width: number; height: number },
): Frame {
  const { theme, plot, x, y } = scatter;
  const yTicks = createScale('linear', y).ticks(Math.min(6, Math.max(2, Math.floor(size.height / 28))));
  const labels = formatTicks(yTicks);
  const left = Math.ceil(Math.max(40, ...labels.map((label) => context.measureText(label).width))) + 8;
  const frame = { left, top: 8, width: size.width - left - 16, height: size.height - 8 - 22 };
  context.fillStyle = theme.dim;
  context.strokeStyle = theme.grid;
  context.lineWidth = 1;
  context.textBaseline = 'middle';
  context.textAlign = 'right';
  yTicks.forEach((tick, index) => {
    const { top } = placeOf({ x: x.min, y: tick }, scatter, frame);
    context.beginPath();
    context.moveTo(frame.left, Math.round(top) + 0.5);
    context.lineTo(frame.left + frame.width, Math.round(top) + 0.5);
    context.stroke();
    context.fillText(labels[index] ?? '', frame.left - 6, top);
  });
  context.textAlign = 'center';
  for (const { at, label } of ticksOf(plot, x, Math.min(8, Math.max(2, Math.floor(size.width / 64)))))
    context.fillText(label, placeOf({ x: at, y: y.min }, scatter, frame).left, size.height - 9);
  return frame;
}

/** Circles, squares, triangles, crosses: not told apart by colour alone. */
function paintDot(
  context: CanvasRenderingContext2D,
  { colour, shape }: Dot,
  { left, top }: { left: number; top: number },
): void {
  context.beginPath();
  const corners = shapes[shape % shapes.length] ?? [];
  if (corners.length === 0) context.arc(left, top, radius, 0, 2 * Math.PI);
  corners.forEach(([x, y], index) => {
    if (index === 0) context.moveTo(left + x * radius, top + y * radius);
    else context.lineTo(left + x * radius, top + y * radius);
  });
  context.closePath();
  context.fillStyle = withAlpha(colour, 0.25);
  context.strokeStyle = colour;
  context.lineWidth = 1.25;
  context.fill();
  context.stroke();
}

const shapes: readonly (readonly (readonly [number, number])[])[] = [
  [],
  [
    [-1, -1],
    [1, -1],
    [1, 1],
    [-1, 1],
  ],
  [
    [0, -1.2],
    [1.1, 0.9],
    [-1.1, 0.9],
  ],
  [
    [0, -1.3],
    [1.3, 0],
    [0, 1.3],
    [-1.3, 0],
  ],
];
