import {
  LabelRows,
  createScale,
  formatTicks,
  type Drawn,
  type InfinityMark,
  type Range,
  type ScaleKind,
} from '../charts/charts.ts';
import { escapeControls } from '../../protocol/text.ts';
import { escapeMarkup, shorten } from './markup.ts';

/** Lengths of stroke and gap; empty for a line without gaps. */
export interface SvgLook {
  readonly colour: string;
  readonly width: number;
  readonly dash: readonly number[];
  /** Default: 1. */
  readonly opacity?: number;
}

export interface SvgKey extends SvgLook {
  readonly label: string;
}

/** One chart of lines. Values are in the units of their axes. */
export interface SvgChart {
  readonly title: string;
  /** Dim, behind the title. */
  readonly detail: string;
  readonly window: Range;
  readonly range: Range;
  readonly scale: ScaleKind;
  /** Labels of the x axis, at most about so many, and what it counts. */
  readonly ticks: (most: number) => readonly { readonly at: number; readonly label: string }[];
  readonly axis: string;
  readonly x: Drawn['x'];
  /** null is a gap, undefined joins its neighbours. */
  readonly ys: Drawn['ys'];
  /** One for each of `ys`. */
  readonly looks: readonly SvgLook[];
  /** Told of a line at the pointer; the empty text says nothing. */
  readonly names: readonly string[];
  readonly marks: readonly InfinityMark[];
  readonly areas: readonly SvgArea[];
  readonly rings: readonly {
    readonly x: number;
    readonly value: number;
    readonly words: string;
    readonly colour: string;
  }[];
  readonly events: readonly { readonly step: number; readonly text: string }[];
  readonly keys: readonly SvgKey[];
}

interface SvgArea {
  readonly x: ArrayLike<number>;
  readonly low: ArrayLike<number>;
  readonly high: ArrayLike<number>;
  readonly colour: string;
  readonly opacity: number;
}

/** Colours of all that is no data, as CSS has them, variables too. */
export interface SvgInk {
  /** null: what lies behind shines through, and words have no halo. */
  readonly background: string | null;
  readonly foreground: string;
  readonly dim: string;
  readonly grid: string;
  readonly fontFamily: string;
}

export interface SvgFrame {
  readonly width: number;
  readonly height: number;
  /** Begins the ids within, and so is told from others of the same document. */
  readonly id: string;
  /** With title and background, as a file of its own or beside others in one. */
  readonly isAlone: boolean;
  /** Where it stands within another; default: at its corner. */
  readonly at?: { readonly x: number; readonly y: number };
}

const textSize = 11;
const sidePadding = 16;
const keyHeight = 16;
/** Where more are drawn than anybody tells apart, the rest is counted. */
const mostKeys = 24;
const mostEvents = 20;
/** A line that leaves the plot by more than so many times its height is drawn as if it went so far. */
const farthest = 20;

interface Plot {
  readonly chart: SvgChart;
  readonly ink: SvgInk;
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly xOf: (x: number) => number;
  /** NaN for what has no place on the scale. */
  readonly yOf: (value: number) => number;
}

/** A chart as SVG: axes, areas, lines, marks, words, and what the lines are. Nothing in it executes, loads or links. */
export function formatSvg(chart: SvgChart, ink: SvgInk, frame: SvgFrame): string {
  const keys = layKeys(chart.keys, frame.width);
  const plot = layPlot(chart, ink, frame, keys.height);
  const { width, height, id, isAlone, at } = frame;
  const clip = `${id}-plot`;
  const space = isAlone ? ' xmlns="http://www.w3.org/2000/svg"' : '';
  const place = at === undefined ? '' : ` x="${at.x}" y="${at.y}"`;
  const words = `font-family="${escapeMarkup(ink.fontFamily)}" font-size="${textSize}"`;
  return [
    `<svg${space}${place} viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="${id}-name" ${words}>`,
    `<title id="${id}-name">${escapeMarkup([chart.title, chart.detail].filter((part) => part !== '').join(', '))}</title>`,
    ...(isAlone && ink.background !== null
      ? [`<rect width="${width}" height="${height}" fill="${escapeMarkup(ink.background)}"/>`]
      : []),
    ...(isAlone ? [drawTitle(chart, ink)] : []),
    `<clipPath id="${clip}"><rect x="${tenth(plot.left)}" y="${tenth(plot.top - 4)}" width="${tenth(plot.right - plot.left)}" height="${tenth(plot.bottom - plot.top + 8)}"/></clipPath>`,
    ...drawAxes(plot),
    `<g clip-path="url(#${clip})" fill="none" stroke-linejoin="round">`,
    ...chart.areas.map((area) => drawArea(plot, area)),
    ...chart.ys.map((_, line) => drawLine(plot, line)),
    '</g>',
    ...drawEvents(plot),
    ...chart.marks.map((mark) => drawInfinity(plot, mark)),
    ...chart.rings.map((ring) => drawRing(plot, ring)),
    ...keys.draw(plot.bottom + 38, ink),
    '</svg>',
  ].join('\n');
}

const sheet = { width: 640, height: 360, gap: 16 } as const;

/** Charts as one file, two beside each other. */
export function formatSheet(
  charts: readonly SvgChart[],
  ink: SvgInk,
): { readonly text: string; readonly width: number; readonly height: number } {
  const { width: own, height: ownHeight, gap } = sheet;
  const columns = Math.min(2, charts.length);
  const [width, height] = [columns * (own + gap) - gap, Math.ceil(charts.length / columns) * (ownHeight + gap) - gap];
  const drawn = charts.map((chart, index) => {
    const at = { x: (index % columns) * (own + gap), y: Math.floor(index / columns) * (ownHeight + gap) };
    return formatSvg(chart, ink, { width: own, height: ownHeight, id: `chart${index + 1}`, isAlone: true, at });
  });
  const fill =
    ink.background === null
      ? []
      : [`<rect width="${width}" height="${height}" fill="${escapeMarkup(ink.background)}"/>`];
  const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">`;
  return { text: [head, ...fill, ...drawn, '</svg>', ''].join('\n'), width, height };
}

function layPlot(chart: SvgChart, ink: SvgInk, { width, height, isAlone }: SvgFrame, keysHeight: number): Plot {
  const { window, range, scale } = chart;
  const { place } = createScale(scale, range);
  const [top, bottom] = [isAlone ? 40 : 12, height - 30 - keysHeight - (keysHeight > 0 ? 8 : 0)];
  const labels = formatTicks(createScale(scale, range).ticks(rowsOf(scale, bottom - top)));
  const left = Math.ceil(Math.max(40, ...labels.map(widthOf)) + 10);
  const right = width - sidePadding;
  return {
    ...{ chart, ink, left, top, right, bottom },
    xOf: (x) => left + ((x - window.min) / (window.max - window.min)) * (right - left),
    yOf: (value) => {
      const part = place(value);
      return Number.isNaN(part) ? NaN : bottom - Math.max(-farthest, Math.min(farthest, part)) * (bottom - top);
    },
  };
}

function rowsOf(scale: ScaleKind, height: number): number {
  return Math.min(scale === 'linear' ? 6 : 8, Math.max(2, Math.floor(height / 28)));
}

function drawTitle({ title, detail }: SvgChart, ink: SvgInk): string {
  const dim =
    detail === '' ? '' : ` <tspan fill="${escapeMarkup(ink.dim)}" font-weight="normal">${escapeMarkup(detail)}</tspan>`;
  return `<text x="12" y="24" font-size="13" font-weight="600" fill="${escapeMarkup(ink.foreground)}">${escapeMarkup(shorten(title, 80))}${dim}</text>`;
}

function drawAxes({ chart, ink, left, top, right, bottom, xOf, yOf }: Plot): readonly string[] {
  const ticks = createScale(chart.scale, chart.range).ticks(rowsOf(chart.scale, bottom - top));
  const labels = formatTicks(ticks);
  const rows = ticks.map((tick, index) => {
    const y = tenth(yOf(tick));
    return [
      `<path d="M${tenth(left)} ${y}H${tenth(right)}" stroke="${escapeMarkup(ink.grid)}"/>`,
      `<text x="${tenth(left - 6)}" y="${y}" dy="0.35em" text-anchor="end" fill="${escapeMarkup(ink.dim)}">${escapeMarkup(labels[index] ?? '')}</text>`,
    ].join('');
  });
  const most = Math.min(8, Math.max(2, Math.floor((right - left) / 80)));
  const columns = chart.ticks(most).map(({ at, label }) => {
    const anchor = xOf(at) + widthOf(label) / 2 > right + sidePadding ? 'end' : 'middle';
    const x = anchor === 'end' ? right + sidePadding - 2 : xOf(at);
    return `<text x="${tenth(x)}" y="${tenth(bottom + 16)}" text-anchor="${anchor}" fill="${escapeMarkup(ink.dim)}">${escapeMarkup(label)}</text>`;
  });
  const axis = `<text x="${tenth(right)}" y="${tenth(bottom + 29)}" text-anchor="end" fill="${escapeMarkup(ink.dim)}">${escapeMarkup(shorten(chart.axis, 40))}</text>`;
  return [...rows, ...columns, axis];
}

/** A path from place to place: each move in tenths of a pixel, from the one before, so that long lines stay small and no error adds up. */
class Path {
  #text = '';
  #x = 0;
  #y = 0;
  #isOpen = false;

  get text(): string {
    return this.#text;
  }

  end(): void {
    this.#isOpen = false;
  }

  to(x: number, y: number): void {
    const [nextX, nextY] = [Math.round(10 * x), Math.round(10 * y)];
    if (!this.#isOpen) this.#text += `M${nextX / 10} ${nextY / 10}`;
    else if (nextX !== this.#x || nextY !== this.#y)
      this.#text += `l${(nextX - this.#x) / 10} ${(nextY - this.#y) / 10}`;
    [this.#x, this.#y, this.#isOpen] = [nextX, nextY, true];
  }

  close(): void {
    this.#text += 'z';
    this.end();
  }
}

function drawLine(plot: Plot, line: number): string {
  const { chart, xOf, yOf } = plot;
  const look = chart.looks[line];
  const path = new Path();
  const lone: string[] = [];
  let [run, last] = [0, { x: 0, y: 0 }];
  const finish = (): void => {
    // A value between two gaps has no line to lie on.
    if (run === 1 && look !== undefined)
      lone.push(`<circle cx="${tenth(last.x)}" cy="${tenth(last.y)}" r="2" fill="${escapeMarkup(look.colour)}"/>`);
    path.end();
    run = 0;
  };
  chart.ys[line]?.forEach((value, index) => {
    if (value === undefined) return;
    const [x, y] = [xOf(chart.x[index] ?? NaN), value === null ? NaN : yOf(value)];
    if (Number.isNaN(y)) {
      finish();
      return;
    }
    path.to(x, y);
    [run, last] = [run + 1, { x, y }];
  });
  finish();
  if (look === undefined || path.text === '') return '';
  const dash = look.dash.length === 0 ? '' : ` stroke-dasharray="${look.dash.join(' ')}"`;
  const opacity = look.opacity === undefined ? '' : ` stroke-opacity="${look.opacity}"`;
  const name = chart.names[line] ?? '';
  const title = name === '' ? '' : `<title>${escapeMarkup(name)}</title>`;
  return `<g class="line"><path d="${path.text}" stroke="${escapeMarkup(look.colour)}" stroke-width="${look.width}"${dash}${opacity}>${title}</path>${lone.join('')}</g>`;
}

/** Each stretch without a gap is a shape of its own. */
function drawArea({ xOf, yOf }: Plot, { x, low, high, colour, opacity }: SvgArea): string {
  const path = new Path();
  const isDrawn = (i: number): boolean => Number.isFinite(yOf(low[i] ?? NaN)) && Number.isFinite(yOf(high[i] ?? NaN));
  for (let start = 0; start < x.length; start += 1) {
    if (!isDrawn(start)) continue;
    let end = start;
    while (end + 1 < x.length && isDrawn(end + 1)) end += 1;
    for (let i = start; i <= end; i += 1) path.to(xOf(x[i] ?? NaN), yOf(high[i] ?? NaN));
    for (let i = end; i >= start; i -= 1) path.to(xOf(x[i] ?? NaN), yOf(low[i] ?? NaN));
    path.close();
    start = end;
  }
  return path.text === '' ? '' : `<path d="${path.text}" fill="${escapeMarkup(colour)}" fill-opacity="${opacity}"/>`;
}

/** What happened at the same step stands behind one rule; words go below others that stand where they would. */
function drawEvents(plot: Plot): readonly string[] {
  const { chart, ink, left, top, right, bottom, xOf } = plot;
  const rows = new LabelRows();
  return [...Map.groupBy(chart.events.slice(-mostEvents), ({ step }) => step)].flatMap(([step, own]) => {
    if (step < chart.window.min || step > chart.window.max) return [];
    const text = shorten([...new Set(own.map((event) => event.text))].join(', '), 40);
    const [x, width] = [xOf(step), widthOf(text)];
    const from = x + 5 + width > right + sidePadding && x - 5 - width > left ? x - 5 - width : x + 5;
    const row = rows.take({ from: from - 5, to: from + width + 5 });
    const rule = `<path d="M${tenth(x)} ${tenth(top)}V${tenth(bottom)}" stroke="${escapeMarkup(ink.dim)}" stroke-dasharray="2 3"/>`;
    return row === undefined ? [rule] : [rule, write(ink, text, from, top + 8 + row * 14)];
  });
}

/** A triangle at the edge, pointing to where the value would be. */
function drawInfinity({ chart, xOf, top, bottom }: Plot, { line, x, edge }: InfinityMark): string {
  const [tip, base] = edge === 'top' ? [top, top + 6] : [bottom, bottom - 6];
  const middle = xOf(x);
  const colour = escapeMarkup(chart.looks[line]?.colour ?? '');
  return `<path d="M${tenth(middle)} ${tenth(tip)}L${tenth(middle - 3.5)} ${tenth(base)}H${tenth(middle + 3.5)}z" fill="${colour}"/>`;
}

function drawRing(plot: Plot, { x, value, words, colour }: SvgChart['rings'][number]): string {
  const { ink, right, bottom, xOf, yOf, chart } = plot;
  const [left, middle] = [xOf(x), yOf(value)];
  if (x < chart.window.min || x > chart.window.max || Number.isNaN(middle)) return '';
  const width = widthOf(words);
  const from = left + 8 + width > right + sidePadding ? left - 8 - width : left + 8;
  const y = middle + 22 > bottom ? middle - 14 : middle + 14;
  const fill = ink.background === null ? 'none' : escapeMarkup(ink.background);
  return `<circle cx="${tenth(left)}" cy="${tenth(middle)}" r="4" fill="${fill}" stroke="${escapeMarkup(colour)}" stroke-width="2"/>${write(ink, words, from, y)}`;
}

/** Words over lines carry a halo of the background. */
function write({ background, foreground }: SvgInk, text: string, x: number, y: number): string {
  const halo =
    background === null
      ? ''
      : ` stroke="${escapeMarkup(background)}" stroke-width="6" stroke-linejoin="round" paint-order="stroke"`;
  return `<text x="${tenth(x)}" y="${tenth(y)}" dy="0.35em" fill="${escapeMarkup(foreground)}"${halo}>${escapeMarkup(text)}</text>`;
}

interface LaidKeys {
  readonly height: number;
  readonly draw: (top: number, ink: SvgInk) => readonly string[];
}

/** Below the chart, in rows. */
function layKeys(keys: readonly SvgKey[], width: number): LaidKeys {
  const shown = keys.slice(0, mostKeys).map((key) => ({ ...key, label: shorten(escapeControls(key.label), 40) }));
  const rest = keys.length - shown.length;
  const all = rest === 0 ? shown : [...shown, { label: `and ${rest} more`, colour: 'none', width: 0, dash: [] }];
  let [x, row] = [12, 0];
  const placed = all.map((key) => {
    const own = 24 + widthOf(key.label) + 14;
    if (x > 12 && x + own > width) [x, row] = [12, row + 1];
    const at = { key, x, row };
    x += own;
    return at;
  });
  return {
    height: all.length === 0 ? 0 : (row + 1) * keyHeight,
    draw: (top, { foreground }) =>
      placed.map(({ key, x: from, row: index }) => {
        const y = top + index * keyHeight;
        const dash = key.dash.length === 0 ? '' : ` stroke-dasharray="${key.dash.join(' ')}"`;
        const stroke = `<path d="M${tenth(from)} ${tenth(y)}h18" stroke="${escapeMarkup(key.colour)}" stroke-width="${Math.max(key.width, 1.5)}"${dash}/>`;
        return `${key.colour === 'none' ? '' : stroke}<text x="${tenth(from + 24)}" y="${tenth(y)}" dy="0.35em" fill="${escapeMarkup(foreground)}">${escapeMarkup(key.label)}</text>`;
      }),
  };
}

/** About how wide a text is in a usual sans-serif: nothing can be measured here. */
function widthOf(text: string): number {
  let width = 0;
  for (const letter of text) width += /[\u1100-\uffdc]|\p{Extended_Pictographic}/u.test(letter) ? 11 : 6.2;
  return width;
}

const tenth = (value: number): string => String(Math.round(10 * value) / 10);
