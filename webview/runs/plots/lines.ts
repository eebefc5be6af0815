import {
  createScale,
  envelope,
  fillIn,
  formatTicks,
  formatValue,
  nearestStep,
  smooth,
  stepBeside,
  stepBounds,
  toLine,
  valueAt,
  valueBounds,
  valueRange,
  type Line,
  type Range,
} from '../../../src/core/charts/charts.ts';
import type { DrawnPlot, DrawnSeries } from '../../../src/protocol/plots.ts';
import { element, setHidden } from '../../shared/dom.ts';
import { createPlot, type LineLook, type Picture, type Plot } from '../../shared/plots/plot.ts';
import { withAlpha } from '../../shared/theme.ts';
import {
  createSwatch,
  labelsOf,
  lookOfSeries,
  nameOfSeries,
  type BodyOf,
  type CardTools,
  type PlotLook,
} from './card.ts';

type LinesPlot = Extract<DrawnPlot, { readonly names: readonly string[]; readonly series: readonly DrawnSeries[] }>;

interface ShownLine {
  readonly name: string;
  readonly line: Line;
  /** Behind it, where it is smoothed. */
  readonly raw: Line | undefined;
  readonly look: Pick<LineLook, 'colour' | 'dash'>;
}

/** Of the template `smooth`, until a person says otherwise. */
const automaticWeight = 0.6;

/** Lines over each other, read at a cursor. */
export function createLines({ texts, say }: CardTools): BodyOf<'lines'> {
  const root = element('div', { class: 'plot', role: 'img', tabindex: '0' });
  const rule = element('div', { class: 'line', hidden: '' });
  const tip = element('div', { class: 'tip', hidden: '' });
  let chosen: Range | undefined;
  let at: number | undefined;
  let shown: { readonly plot: LinesPlot; readonly look: PlotLook; readonly lines: readonly ShownLine[] } | undefined;
  const canvas: Plot = createPlot(root, (window) => zoom(window));
  root.append(rule, tip);

  const window = (): Range => chosen ?? wholeOf(shown?.lines ?? []);
  const redraw = (): void => {
    if (shown === undefined) return;
    canvas.draw(pictureOf(shown.plot, shown.look, { lines: shown.lines, window: window(), columns: canvas.columns() }));
    point(at, false);
  };
  const zoom = (next: Range | undefined): void => {
    chosen = next;
    redraw();
  };
  const point = (step: number | undefined, isSpoken: boolean): void => {
    at = step;
    const { min, max } = window();
    const isShown = step !== undefined && step >= min && step <= max && shown !== undefined;
    setHidden(rule, !isShown);
    setHidden(tip, !isShown);
    if (!isShown || shown === undefined) return;
    const { left, width } = canvas.area();
    const place = left + ((step - min) / (max - min || 1)) * width;
    rule.style.transform = `translateX(${Math.round(place)}px)`;
    const rows = readingsAt(shown.lines, step);
    const title = nameOfX(shown.plot, step);
    tip.replaceChildren(element('div', { class: 'dim' }, title), tableOf(rows));
    const isRight = place > root.clientWidth / 2;
    tip.style.transform = `translate(${Math.round(isRight ? place - tip.offsetWidth - 8 : place + 8)}px, 8px)`;
    if (isSpoken)
      say(`${title}: ${rows.map(({ line: { name }, value }) => `${name} ${formatValue(value)}`).join(', ')}`);
  };
  const points = (): { steps: Float64Array; values: Float64Array }[] => (shown?.lines ?? []).map(({ line }) => line);
  listen(root, {
    point,
    at: () => at,
    beside: (count) =>
      at === undefined ? stepBounds(points())?.[count > 0 ? 'min' : 'max'] : stepBeside(points(), at, count),
    bounds: () => stepBounds(points()),
    nearest: (clientX) => {
      const step = canvas.xAt(clientX);
      return step === undefined ? undefined : nearestStep(points(), step);
    },
    zoom: (factor) => zoom(factor === undefined ? undefined : scaled(window(), at, factor)),
  });
  new ResizeObserver(redraw).observe(root);
  return {
    root,
    draw(plot, look) {
      shown = { plot, look, lines: toLines(plot, look) };
      root.setAttribute(
        'aria-label',
        fillIn(texts.plotsFigure, plot.title, shown.lines.map(({ name }) => name).join(', ')),
      );
      redraw();
    },
    destroy: () => canvas.destroy(),
  };
}

interface Reader {
  readonly point: (step: number | undefined, isSpoken: boolean) => void;
  readonly at: () => number | undefined;
  readonly beside: (count: number) => number | undefined;
  readonly bounds: () => Range | undefined;
  readonly nearest: (clientX: number) => number | undefined;
  /** Undefined: the whole. */
  readonly zoom: (factor: number | undefined) => void;
}

/** The same keys as on the other charts. */
function listen(root: HTMLElement, { point, beside, bounds, nearest, zoom }: Reader): void {
  root.addEventListener('pointermove', ({ clientX }) => point(nearest(clientX), false));
  root.addEventListener('pointerleave', () => point(undefined, false));
  root.addEventListener('dblclick', () => zoom(undefined));
  root.addEventListener('keydown', (event) => {
    const far = event.shiftKey ? 10 : 1;
    const moves: Readonly<Record<string, () => number | undefined>> = {
      ArrowLeft: () => beside(-far),
      ArrowRight: () => beside(far),
      PageUp: () => beside(-10),
      PageDown: () => beside(10),
      Home: () => bounds()?.min,
      End: () => bounds()?.max,
    };
    const acts: Readonly<Record<string, () => void>> = {
      '+': () => zoom(0.5),
      '=': () => zoom(0.5),
      '-': () => zoom(2),
      'Escape': () => {
        point(undefined, false);
        zoom(undefined);
      },
    };
    const move = Object.hasOwn(moves, event.key) ? moves[event.key] : undefined;
    const act = Object.hasOwn(acts, event.key) ? acts[event.key] : undefined;
    if (move !== undefined) point(move(), true);
    else if (act === undefined) return;
    else act();
    event.preventDefault();
  });
}

function scaled({ min, max }: Range, at: number | undefined, factor: number): Range {
  const middle = at ?? (min + max) / 2;
  const half = ((max - min) / 2) * factor;
  return { min: middle - half, max: middle + half };
}

function toLines({ kind, series }: LinesPlot, look: PlotLook): readonly ShownLine[] {
  const labels = labelsOf(series);
  const weight = look.smoothing ?? (kind === 'smooth' ? automaticWeight : 0);
  return series.map((one): ShownLine => {
    const steps = spread(one.x);
    const raw = toLine({ steps, values: one.y });
    const isSmooth = weight > 0;
    const line = isSmooth ? toLine({ steps, values: smooth(one.y, { kind: 'exponential', weight }) }) : raw;
    return {
      name: nameOfSeries(one, look),
      line,
      raw: isSmooth ? raw : undefined,
      look: lookOfSeries(one, labels, look),
    };
  });
}

/** Points above each other (a step of a ROC curve) are all drawn: each stands a hair's breadth behind the one before. */
function spread(x: Float64Array): Float64Array {
  const hair = ((x.at(-1) ?? 0) - (x[0] ?? 0)) * 1e-7;
  let before = -Infinity;
  return x.map((step) => (before = step <= before ? before + hair : step));
}

/** A single place has room to both sides. */
function wholeOf(lines: readonly ShownLine[]): Range {
  const { min, max } = stepBounds(lines.map(({ line }) => line)) ?? { min: 0, max: 1 };
  return min === max ? { min: min - 1, max: max + 1 } : { min, max };
}

interface Drawing {
  readonly lines: readonly ShownLine[];
  readonly window: Range;
  readonly columns: number;
}

function pictureOf(plot: LinesPlot, { theme }: PlotLook, { lines, window, columns }: Drawing): Picture {
  const all = [...lines.flatMap(({ raw }) => raw ?? []), ...lines.map(({ line }) => line)];
  const bounds = all.map((line) => valueBounds(line, window, 'linear'));
  const range = valueRange(
    { min: Math.min(...bounds.map(({ min }) => min)), max: Math.max(...bounds.map(({ max }) => max)) },
    'linear',
  );
  const faint = lines.filter(({ raw }) => raw !== undefined);
  return {
    ...{ theme, window, range, scale: 'linear', ...envelope(all, { ...window, columns }) },
    ticks: (most) => ticksOf(plot, window, most),
    looks: [
      ...faint.map(({ look }) => ({ ...look, colour: withAlpha(look.colour, 0.25), width: 1 })),
      ...lines.map(({ look }) => ({ ...look, width: 1.5 })),
    ],
    ...{ areas: [], rings: [], ends: [], events: [] },
  };
}

export function ticksOf(
  { names }: Pick<LinesPlot, 'names'>,
  window: Range,
  most: number,
): { at: number; label: string }[] {
  const ticks = createScale('linear', window).ticks(most);
  if (names.length === 0) {
    const labels = formatTicks(ticks);
    return ticks.map((at, index) => ({ at, label: labels[index] ?? '' }));
  }
  return ticks.filter(Number.isInteger).map((at) => ({ at, label: shorten(names[at] ?? '') }));
}

const shorten = (name: string): string => (name.length > 12 ? `${name.slice(0, 11)}…` : name);

export function nameOfX({ names, xLabel }: Pick<LinesPlot, 'names' | 'xLabel'>, x: number): string {
  return `${xLabel} ${names.length === 0 ? formatValue(x) : (names[x] ?? '')}`;
}

interface LineReading {
  readonly line: ShownLine;
  readonly value: number;
}

/** The greatest first, as on the other charts. */
function readingsAt(lines: readonly ShownLine[], step: number): readonly LineReading[] {
  return lines
    .flatMap((line): LineReading[] => {
      const value = valueAt(line.line, step);
      return value === undefined ? [] : [{ line, value }];
    })
    .sort((a, b) => (Number.isNaN(a.value) ? 1 : Number.isNaN(b.value) ? -1 : b.value - a.value));
}

function tableOf(rows: readonly LineReading[]): HTMLElement {
  return element(
    'table',
    {},
    ...rows.map(({ line: { name, look }, value }) =>
      element(
        'tr',
        {},
        element('td', {}, createSwatch(look), name),
        element('td', { class: 'number' }, formatValue(value)),
      ),
    ),
  );
}
