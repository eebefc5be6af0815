import { fillIn, formatCount, formatValue, type ChartReading } from '../../../src/core/charts/charts.ts';
import type { RunsTexts } from '../../../src/protocol/runtable.ts';
import { element, setHidden } from '../../shared/dom.ts';
import type { Plot } from '../../shared/plots/plot.ts';
import type { AxisWords } from './axis.ts';
import { createSwatch, type RunLook } from './looks.ts';
import type { PlannedLine } from './plan.ts';

/** Rows of the table at the cursor; the others are told by their number. */
const mostRows = 14;
/** A line is pointed at from so many pixels away. */
const reach = 24;

export interface CursorFacts {
  readonly axis: AxisWords;
  readonly lines: readonly PlannedLine[];
  readonly looks: readonly RunLook[];
  readonly selected: ReadonlySet<string>;
  readonly hovered: ReadonlySet<string>;
  readonly isSmoothed: boolean;
  /** Several measures share the card. */
  readonly tellsMeasure: boolean;
}

/** A line's place in a reading with its value there. */
interface Row {
  readonly line: number;
  readonly value: number;
  readonly raw: number;
}

/** The line at the cursor, dots where lines meet it, and the table of values. */
export class CursorView {
  readonly parts: readonly HTMLElement[];
  readonly #texts: RunsTexts;
  readonly #plot: Plot;
  readonly #line = element('div', { class: 'line', hidden: '' });
  readonly #dots = element('div');
  readonly #tip = element('div', { class: 'tip', hidden: '' });

  constructor(texts: RunsTexts, plot: Plot) {
    this.#texts = texts;
    this.#plot = plot;
    this.parts = [this.#line, this.#dots, this.#tip];
  }

  hide(): void {
    setHidden(this.#line, true);
    setHidden(this.#tip, true);
    this.#dots.replaceChildren();
  }

  /** `isOwner`: the table stands beside it. `x` is where the owner's cursor is. */
  show(reading: ChartReading, x: number, facts: CursorFacts, isOwner: boolean): void {
    const left = this.#plot.across(x);
    if (left === undefined) {
      this.hide();
      return;
    }
    setHidden(this.#line, false);
    this.#line.style.transform = `translateX(${Math.round(left)}px)`;
    this.#line.style.height = 'calc(100% - 22px)';
    const rows = rank(reading);
    const isMeant = ({ line }: Row): boolean =>
      facts.lines[line]?.runs.some(({ runId }) => facts.selected.has(runId) || facts.hovered.has(runId)) === true;
    const dotted = facts.lines.length <= 3 ? rows : rows.filter(isMeant).slice(0, mostRows);
    this.#dots.replaceChildren(...dotted.flatMap((row) => this.#dotOf(reading.x, row, facts)));
    setHidden(this.#tip, !isOwner);
    if (isOwner) this.#drawTip(rows, { x, left, facts, isMeant });
  }

  /** The line nearest to a point of the screen. */
  nearest(reading: ChartReading, clientY: number, top: number): number | undefined {
    let found: { readonly line: number; readonly far: number } | undefined;
    reading.values.forEach((value, line) => {
      const place = Number.isFinite(value) ? this.#plot.place(reading.x, value) : undefined;
      const far = place === undefined ? Infinity : Math.abs(place.top + top - clientY);
      if (far <= reach && far < (found?.far ?? Infinity)) found = { line, far };
    });
    return found?.line;
  }

  /** `epoch 10: deep-wren 0.0810, calm-lynx 0.0900, 22 more` */
  describe(reading: ChartReading, x: number, facts: CursorFacts): string {
    const rows = rank(reading).filter(({ value }) => !Number.isNaN(value));
    const isSelected = ({ line }: Row): boolean =>
      facts.lines[line]?.runs.some(({ runId }) => facts.selected.has(runId)) === true;
    const told = [...rows.filter(isSelected), ...rows.filter((row) => !isSelected(row))].slice(0, 5);
    const words = told.map(({ line, value }) =>
      fillIn(this.#texts.chartsRead, nameLine(facts, line, this.#texts), formatValue(value)),
    );
    const more =
      rows.length > told.length ? [fillIn(this.#texts.chartsMoreRuns, formatCount(rows.length - told.length))] : [];
    return fillIn(
      this.#texts.chartsAt,
      facts.axis.say(x),
      words.length === 0 ? this.#texts.chartsNoValue : [...words, ...more].join(', '),
    );
  }

  #dotOf(x: number, { line, value }: Row, { looks }: CursorFacts): readonly HTMLElement[] {
    const place = this.#plot.place(x, value);
    if (place === undefined) return [];
    const dot = element('div', { class: 'dot' });
    dot.style.transform = `translate(${place.left}px, ${place.top}px)`;
    dot.style.background = looks[line]?.colour ?? '';
    return [dot];
  }

  #drawTip(
    rows: readonly Row[],
    {
      x,
      left,
      facts,
      isMeant,
    }: {
      readonly x: number;
      readonly left: number;
      readonly facts: CursorFacts;
      readonly isMeant: (row: Row) => boolean;
    },
  ): void {
    const there = rows.filter(({ value }) => !Number.isNaN(value));
    const meant = there.filter(isMeant).slice(0, mostRows);
    const others = there.filter((row) => !meant.includes(row)).slice(0, mostRows - meant.length);
    const kept = there.filter((row) => meant.includes(row) || others.includes(row));
    const more = there.length - kept.length;
    this.#tip.replaceChildren(
      element('div', { class: 'dim' }, facts.axis.say(x)),
      element('table', {}, ...kept.map((row) => this.#rowOf(row, facts))),
      ...(more > 0 ? [element('div', { class: 'dim' }, fillIn(this.#texts.chartsMoreRuns, formatCount(more)))] : []),
    );
    // Beside the cursor, over other cards where this one is too small for it.
    const { offsetWidth, offsetHeight } = this.#tip;
    const box = this.#tip.parentElement?.getBoundingClientRect();
    const [from, middle] = [(box?.left ?? 0) + left, (box?.top ?? 0) + (box?.height ?? 0) * 0.4];
    const across = from + 12 + offsetWidth <= window.innerWidth ? from + 12 : from - offsetWidth - 12;
    const down = Math.min(window.innerHeight - offsetHeight - 4, middle - offsetHeight / 2);
    this.#tip.style.transform = `translate(${Math.round(Math.max(0, across))}px, ${Math.round(Math.max(4, down))}px)`;
  }

  #rowOf({ line, value, raw }: Row, facts: CursorFacts): HTMLElement {
    const planned = facts.lines[line];
    const isStrong = planned?.runs.some(({ runId }) => facts.selected.has(runId)) === true;
    const isHovered = planned?.runs.some(({ runId }) => facts.hovered.has(runId)) === true;
    const swatch = createSwatch(facts.looks[line] ?? { colour: '', dash: [] }, {
      isTraining: planned?.measure.role === 'training',
    });
    const name = nameLine(facts, line, this.#texts);
    return element(
      'tr',
      { class: isHovered ? 'hovered' : '' },
      element('td', { class: 'who' }, swatch, isStrong ? element('b', {}, name) : name),
      element('td', { class: 'number' }, isStrong ? element('b', {}, formatValue(value)) : formatValue(value)),
      ...(facts.isSmoothed ? [element('td', { class: 'number dim' }, Number.isNaN(raw) ? '' : formatValue(raw))] : []),
    );
  }
}

/** The greatest first, as they stand above each other. */
function rank({ values, raw }: ChartReading): readonly Row[] {
  return Array.from(values, (value, line) => ({ line, value, raw: raw[line] ?? NaN })).sort(
    (a, b) => keyOf(b.value) - keyOf(a.value) || a.line - b.line,
  );
}

const keyOf = (value: number): number =>
  Number.isNaN(value) ? -Number.MAX_VALUE : Math.max(-1e308, Math.min(1e308, value));

function nameLine({ lines, tellsMeasure }: CursorFacts, line: number, texts: RunsTexts): string {
  const planned = lines[line];
  if (planned === undefined) return '';
  if (!tellsMeasure || planned.measure.role === 'validation') return planned.label;
  const word = planned.measure.role === 'training' ? texts.chartsTraining : planned.measure.text;
  return `${planned.label} · ${word}`;
}
