import { fillIn, formatCount, formatTicks, formatValue } from '../../src/core/charts/charts.ts';
import { binAt, densities, edgesOf, fullestBin, totalOf, valueSpan } from '../../src/core/histograms/histograms.ts';
import type { RunTexts } from '../../src/protocol/charts.ts';
import type { Histograms } from '../../src/protocol/histograms.ts';
import { createToggle } from '../shared/controls.ts';
import { element, setHidden, setText } from '../shared/dom.ts';
import { onThemeChange, readTheme, type Theme } from '../shared/theme.ts';
import { createHeat, fit } from './heat.ts';

/** More than anybody reads; the newest steps are kept. */
const mostRows = 500;

/** What is looked at: a step by its index, and a value in it; without one the fullest bin is read. */
interface Place {
  readonly index: number;
  readonly value: number | undefined;
}

type Move = (place: Place, histograms: Histograms) => Place;

/** What a key does, by its name. */
const keys: ReadonlyMap<string, Move> = new Map<string, Move>([
  ['ArrowLeft', (place) => aside(place, -1)],
  ['ArrowRight', (place) => aside(place, 1)],
  ['Shift+ArrowLeft', (place) => aside(place, -10)],
  ['Shift+ArrowRight', (place) => aside(place, 10)],
  ['PageUp', (place) => aside(place, -10)],
  ['PageDown', (place) => aside(place, 10)],
  ['Home', (place) => aside(place, -Infinity)],
  ['End', (place) => aside(place, Infinity)],
  ['ArrowUp', (place, histograms) => up(place, histograms, 1)],
  ['ArrowDown', (place, histograms) => up(place, histograms, -1)],
  ['Escape', ({ index }) => ({ index, value: undefined })],
]);

const aside = ({ index, value }: Place, steps: number): Place => ({ index: index + steps, value });

function up(place: Place, histograms: Histograms, bins: number): Place {
  const edges = edgesOf(histograms, place.index);
  const bin = Math.min(edges.length - 2, Math.max(0, binOf(place, histograms) + bins));
  return { index: place.index, value: ((edges[bin] ?? 0) + (edges[bin + 1] ?? 0)) / 2 };
}

/** -1 where the step has no values, and none is chosen. */
function binOf({ index, value }: Place, histograms: Histograms): number {
  const at = value === undefined ? -1 : binAt(histograms, index, value);
  return at >= 0 ? at : fullestBin(histograms, index);
}

/** Histograms over time: a heat map of steps by values, the bars of one step beside it, and what stands at the cursor in words. */
export function createHistograms(texts: RunTexts): {
  readonly root: HTMLElement;
  draw(name: string, histograms: Histograms): void;
} {
  let shown: { readonly name: string; readonly histograms: Histograms } | undefined;
  let [place, theme, isTable]: [Place, Theme, boolean] = [{ index: 0, value: undefined }, readTheme(), false];
  const words = element('p', { role: 'status' });
  const toggle = createToggle(texts.table, { name: texts.table, onToggle: () => switchTable() });
  const heat = createHeat();
  const bars = element('canvas', { class: 'bars', role: 'img' });
  const [values, steps] = [createTicks('values'), createTicks('steps')];
  const picture = element('div', { class: 'picture' }, values, heat.canvas, bars, steps);
  const numbers = element('div', { class: 'numbers', role: 'region', tabindex: '0', hidden: '' });
  const move = (next: Place): void => {
    if (shown === undefined) return;
    place = { ...next, index: Math.min(shown.histograms.steps.length - 1, Math.max(0, next.index)) };
    drawPlace();
  };
  const drawPlace = (): void => {
    if (shown === undefined) return;
    const { histograms } = shown;
    const bin = binOf(place, histograms);
    setText(words, wordsAt(histograms, place.index, bin, texts));
    bars.setAttribute('aria-label', fillIn(texts.histogramBars, formatCount(histograms.steps[place.index] ?? 0)));
    if (isTable) return;
    heat.mark(place.index, bin, theme);
    drawBars(bars, histograms, { index: place.index, bin, theme });
  };
  const drawAll = (): void => {
    if (shown === undefined || isTable) return;
    heat.draw(shown.histograms, theme);
    drawPlace();
  };
  const switchTable = (): void => {
    isTable = !isTable;
    toggle.setAttribute('aria-pressed', String(isTable));
    setHidden(picture, isTable);
    setHidden(numbers, !isTable);
    if (isTable && shown !== undefined) numbers.replaceChildren(...drawNumbers(shown.histograms, texts));
    drawAll();
  };
  heat.canvas.addEventListener('keydown', (event) => {
    const deed = keys.get(event.shiftKey ? `Shift+${event.key}` : event.key);
    if (deed === undefined || shown === undefined) return;
    event.preventDefault();
    move(deed(place, shown.histograms));
  });
  const follow = (event: PointerEvent): void => {
    if (shown !== undefined) move(placeOf(event, heat.canvas, shown.histograms));
  };
  heat.canvas.addEventListener('pointermove', follow);
  heat.canvas.addEventListener('pointerdown', follow);
  new ResizeObserver(drawAll).observe(heat.canvas);
  onThemeChange(() => {
    theme = readTheme();
    drawAll();
  });
  return {
    root: element('div', { class: 'histograms' }, element('div', { class: 'said' }, words, toggle), picture, numbers),
    draw(name, histograms) {
      if (shown?.histograms !== histograms) {
        place = { index: histograms.steps.length - 1, value: undefined };
        shown = { name, histograms };
        if (isTable) switchTable();
      }
      nameAll(shown, { canvas: heat.canvas, tabled: [numbers, toggle], values, steps }, texts);
      drawAll();
    },
  };
}

/** Where the pointer is. */
function placeOf({ clientX, clientY }: PointerEvent, canvas: HTMLCanvasElement, histograms: Histograms): Place {
  const { left, top, width, height } = canvas.getBoundingClientRect();
  const [least, greatest] = valueSpan(histograms);
  return {
    index: Math.floor(((clientX - left) / width) * histograms.steps.length),
    value: greatest - ((clientY - top) / height) * (greatest - least),
  };
}

/** What the parts say to those who do not see them, and the words of the axes. */
function nameAll(
  { name, histograms }: { readonly name: string; readonly histograms: Histograms },
  parts: {
    readonly canvas: HTMLElement;
    readonly tabled: readonly HTMLElement[];
    readonly values: HTMLElement;
    readonly steps: HTMLElement;
  },
  texts: RunTexts,
): void {
  const [least, greatest] = valueSpan(histograms);
  const count = formatCount(histograms.steps.length);
  const named = fillIn(texts.histogramsOf, name, count, formatValue(least), formatValue(greatest));
  parts.canvas.setAttribute('aria-label', named);
  for (const target of parts.tabled) target.setAttribute('aria-label', fillIn(texts.tableOf, name));
  fillTicks(parts.values, formatTicks([greatest, (least + greatest) / 2, least]));
  const [first = 0, last = first] = [histograms.steps[0], histograms.steps.at(-1)];
  const beginning = fillIn(texts.pictureStepOf, formatCount(first));
  fillTicks(parts.steps, first === last ? [beginning] : [beginning, formatCount(last)]);
}

const createTicks = (kind: string): HTMLElement => element('div', { 'class': `${kind} dim`, 'aria-hidden': 'true' });

function fillTicks(root: HTMLElement, words: readonly string[]): void {
  root.replaceChildren(...words.map((word) => element('span', {}, word)));
}

/** `step 12: 480 of 1,024 between −0.1000 and 0.1000`. */
function wordsAt(histograms: Histograms, index: number, bin: number, texts: RunTexts): string {
  const step = formatCount(histograms.steps[index] ?? 0);
  const total = totalOf(histograms, index);
  if (total === 0) return fillIn(texts.histogramEmpty, step);
  const edges = edgesOf(histograms, index);
  const [from, to] = [formatValue(edges[bin] ?? NaN), formatValue(edges[bin + 1] ?? NaN)];
  const count = formatCount(histograms.counts[index]?.[bin] ?? 0);
  return fillIn(texts.histogramAt, step, count, formatCount(total), from, to);
}

/** Beside the heat map, on its axis of values: a bar's area is its part of the step's values. */
function drawBars(
  canvas: HTMLCanvasElement,
  histograms: Histograms,
  { index, bin, theme }: { readonly index: number; readonly bin: number; readonly theme: Theme },
): void {
  const { context, width, height } = fit(canvas);
  const lengths = densities(histograms, index);
  const longest = lengths.reduce((most, length) => Math.max(most, length), 0);
  const [least, greatest] = valueSpan(histograms);
  const edges = edgesOf(histograms, index);
  const rowOf = (value: number): number => ((greatest - value) / (greatest - least)) * height;
  context.fillStyle = theme.grid;
  context.fillRect(0, 0, 1, height);
  lengths.forEach((length, i) => {
    if (length === 0) return;
    const [top, bottom] = [rowOf(edges[i + 1] ?? 0), rowOf(edges[i] ?? 0)];
    const gap = bottom - top > 3 ? 1 : 0;
    context.fillStyle = i === bin ? theme.foreground : theme.series(0);
    context.fillRect(0, top, Math.max(1, (length / longest) * (width - 1)), Math.max(1, bottom - top - gap));
  });
}

/** The newest step first; empty bins are left out. */
function drawNumbers(histograms: Histograms, texts: RunTexts): readonly HTMLElement[] {
  const rows: HTMLElement[] = [];
  let count = 0;
  for (let index = histograms.steps.length - 1; index >= 0; index -= 1) {
    const edges = edgesOf(histograms, index);
    histograms.counts[index]?.forEach((own, bin) => {
      if (own === 0 || (count += 1) > mostRows) return;
      const cells = [formatValue(edges[bin] ?? NaN), formatValue(edges[bin + 1] ?? NaN), formatCount(own)];
      const head = element('th', { scope: 'row', class: 'number' }, formatCount(histograms.steps[index] ?? 0));
      rows.push(element('tr', {}, head, ...cells.map((cell) => element('td', { class: 'number' }, cell))));
    });
  }
  const head = [texts.histogramStep, texts.histogramFrom, texts.histogramTo, texts.histogramCount];
  const columns = head.map((word) => element('th', { scope: 'col', class: 'number' }, word));
  const table = element(
    'table',
    {},
    element('thead', {}, element('tr', {}, ...columns)),
    element('tbody', {}, ...rows),
  );
  return count > mostRows
    ? [table, element('p', { class: 'dim' }, fillIn(texts.onlyRows, formatCount(mostRows)))]
    : [table];
}
