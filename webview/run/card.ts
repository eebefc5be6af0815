import {
  fillIn,
  formatCount,
  formatValue,
  nearestStep,
  readAt,
  stepBeside,
  stepBounds,
  valueAt,
  type Range,
} from '../../src/core/charts/charts.ts';
import type { RunTexts } from '../../src/protocol/charts.ts';
import { createToggle } from '../shared/controls.ts';
import { element, setHidden, setText } from '../shared/dom.ts';
import { createPlot, type Plot } from '../shared/plots/plot.ts';
import type { Theme } from '../shared/theme.ts';
import { isFaint, stepWords, type CardPlan } from './plan.ts';
import { pictureOf } from './picture.ts';
import { createNumbers } from './numbers.ts';

export interface CardOptions {
  readonly texts: RunTexts;
  /** The cursor of this card's axis moves to a step, or goes. `spoken` when it was moved by keys. */
  readonly onCursor: (step: number | undefined, how: 'pointed' | 'spoken') => void;
  readonly onZoom: (window: Range | undefined) => void;
  readonly onToggle: (what: 'log' | 'table') => void;
}

export interface CardLook {
  readonly theme: Theme;
  /** Steps to show; undefined for the whole run. */
  readonly window: Range | undefined;
  readonly isLog: boolean;
  readonly isTable: boolean;
  /** Cards outside of the view are not drawn. */
  readonly isInView: boolean;
}

/** One chart with its head, cursor and table. */
export class ChartCard {
  readonly root: HTMLElement;
  readonly #options: CardOptions;
  readonly #plot: Plot;
  readonly #plotRoot: HTMLElement;
  readonly #head: { readonly title: HTMLElement; readonly drawn: HTMLElement; readonly reading: HTMLElement };
  readonly #log: HTMLButtonElement;
  readonly #table: HTMLButtonElement;
  readonly #numbers: ReturnType<typeof createNumbers>;
  readonly #line = element('div', { class: 'line', hidden: '' });
  readonly #dots = element('div');
  readonly #tip = element('div', { class: 'tip', hidden: '' });
  #plan: CardPlan;
  #look: CardLook | undefined;
  #step: number | undefined;

  constructor(plan: CardPlan, options: CardOptions) {
    const { texts, onToggle } = options;
    this.#plan = plan;
    this.#options = options;
    this.#head = {
      title: element('h2', {}, plan.title),
      drawn: element('span', { class: 'drawn dim' }),
      reading: element('span', { class: 'reading' }),
    };
    this.#log = createToggle(texts.log, { name: fillIn(texts.logScale, plan.title), onToggle: () => onToggle('log') });
    this.#table = createToggle(texts.table, {
      name: fillIn(texts.tableOf, plan.title),
      onToggle: () => onToggle('table'),
    });
    this.#numbers = createNumbers(texts);
    this.#plotRoot = element('div', { class: 'plot', role: 'img', tabindex: '0' });
    const { title, drawn, reading } = this.#head;
    const head = element('div', { class: 'head' }, title, drawn, reading, this.#log, this.#table);
    this.root = element('section', { 'class': 'card', 'data-key': plan.key }, head, this.#plotRoot, this.#numbers.root);
    this.#plot = createPlot(this.#plotRoot, options.onZoom);
    this.#plotRoot.append(this.#line, this.#dots, this.#tip);
    this.#listen();
  }

  get axis(): CardPlan['axis'] {
    return this.#plan.axis;
  }

  destroy(): void {
    this.#plot.destroy();
    this.root.remove();
  }

  draw(plan: CardPlan, look: CardLook): void {
    const { texts } = this.#options;
    this.#plan = plan;
    this.#look = look;
    setText(this.#head.title, plan.title);
    setText(this.#head.drawn, plan.subtitle);
    setHidden(this.#log, !plan.canBeLog);
    this.#log.setAttribute('aria-pressed', String(look.isLog));
    this.#table.setAttribute('aria-pressed', String(look.isTable));
    setHidden(this.#plotRoot, look.isTable);
    setHidden(this.#numbers.root, !look.isTable);
    if (look.isTable) this.#numbers.draw(plan);
    else if (look.isInView) {
      const window = look.window ?? plan.whole;
      const scale = look.isLog && plan.canBeLog ? 'log' : 'linear';
      const options = { theme: look.theme, window, scale, bestWords: this.#bestWords() } as const;
      this.#plot.draw(pictureOf(plan, { ...options, columns: this.#plot.columns() }));
    }
    this.#plotRoot.setAttribute('aria-label', fillIn(texts.chartOf, plan.title, this.#summary()));
    this.#drawReading();
  }

  /** Shows the cursor at a step; `isOwner` when it was moved in this card, which then bears the table of values. */
  showCursor(step: number | undefined, isOwner: boolean): void {
    this.#step = step;
    this.#drawReading();
    const place = step === undefined ? undefined : this.#placeOf(step);
    setHidden(this.#line, place === undefined);
    setHidden(this.#tip, place === undefined || !isOwner);
    if (step === undefined || place === undefined || this.#look === undefined) {
      this.#dots.replaceChildren();
      return;
    }
    const color = this.#look.theme.series(0);
    this.#line.style.transform = `translateX(${Math.round(place)}px)`;
    this.#line.style.height = `calc(100% - 22px)`;
    this.#dots.replaceChildren(
      ...this.#plan.series
        .filter((series) => !isFaint(series))
        .flatMap((series) => this.#dotOf(step, valueAt(series.points, step), color)),
    );
    if (isOwner) this.#drawTip(step, place, color);
  }

  /** `epoch 10: validation 0.9390, training 0.9510` */
  describe(step: number): string {
    const { texts } = this.#options;
    const values = this.#plan.series.map(({ label, points }) =>
      fillIn(texts.lastValue, label, this.#words(valueAt(points, step))),
    );
    return `${stepWords(this.#plan.axis, step, texts)}: ${values.join(', ')}`;
  }

  #listen(): void {
    const root = this.#plotRoot;
    root.addEventListener('pointermove', ({ clientX }) => {
      const step = this.#plot.xAt(clientX);
      const nearest = step === undefined ? undefined : nearestStep(this.#allPoints(), step);
      if (nearest !== undefined && nearest !== this.#step) this.#options.onCursor(nearest, 'pointed');
    });
    root.addEventListener('pointerleave', () => this.#options.onCursor(undefined, 'pointed'));
    root.addEventListener('dblclick', () => this.#options.onZoom(undefined));
    root.addEventListener('keydown', (event) => this.#press(event));
  }

  #press(event: KeyboardEvent): void {
    const steps = this.#allPoints();
    const ends = stepBounds(steps);
    const far = event.shiftKey ? 10 : 1;
    const beside = (count: number): number | undefined =>
      this.#step === undefined ? (count > 0 ? ends?.min : ends?.max) : stepBeside(steps, this.#step, count);
    const moves: Readonly<Record<string, () => number | undefined>> = {
      ArrowLeft: () => beside(-far),
      ArrowRight: () => beside(far),
      PageUp: () => beside(-10),
      PageDown: () => beside(10),
      Home: () => ends?.min,
      End: () => ends?.max,
    };
    const move = Object.hasOwn(moves, event.key) ? moves[event.key] : undefined;
    if (move !== undefined) this.#options.onCursor(move(), 'spoken');
    else if (event.key === '+' || event.key === '=') this.#zoom(0.5);
    else if (event.key === '-') this.#zoom(2);
    else if (event.key === 'Escape') {
      this.#options.onCursor(undefined, 'spoken');
      this.#options.onZoom(undefined);
    } else return;
    event.preventDefault();
  }

  /** Keys do what dragging and double click do: nearer, wider, all. */
  #zoom(factor: number): void {
    const { whole } = this.#plan;
    const { min, max } = this.#look?.window ?? whole;
    const half = ((max - min) / 2) * factor;
    const middle = this.#step ?? (min + max) / 2;
    const window = { min: Math.max(whole.min, middle - half), max: Math.min(whole.max, middle + half) };
    const isWhole = window.min <= whole.min && window.max >= whole.max;
    this.#options.onZoom(isWhole ? undefined : window);
  }

  #allPoints(): CardPlan['series'][number]['points'][] {
    return this.#plan.series.map(({ points }) => points);
  }

  #words(value: number | undefined): string {
    return value === undefined ? this.#options.texts.noValue : formatValue(value);
  }

  #bestWords(): string {
    const { best } = this.#plan;
    return best === undefined
      ? ''
      : fillIn(this.#options.texts.bestAt, formatValue(best.value), formatCount(best.step));
  }

  #summary(): string {
    const { texts } = this.#options;
    const last = this.#plan.series.map(({ label, points }) =>
      fillIn(texts.lastValue, label, this.#words(points.values.at(-1))),
    );
    return [...last, this.#bestWords()].filter((words) => words !== '').join(', ');
  }

  /** In the head: what the main line says at the cursor, else now. */
  #drawReading(): void {
    const { main } = this.#plan;
    const value = this.#step === undefined ? main.points.values.at(-1) : valueAt(main.points, this.#step);
    setText(this.#head.reading, value === undefined ? '' : formatValue(value));
  }

  #placeOf(step: number): number | undefined {
    const window = this.#look?.window ?? this.#plan.whole;
    if (step < window.min || step > window.max) return undefined;
    const { left, width } = this.#plot.area();
    return width === 0 ? undefined : left + ((step - window.min) / (window.max - window.min)) * width;
  }

  #dotOf(step: number, value: number | undefined, color: string): HTMLElement[] {
    const place = value === undefined ? undefined : this.#plot.place(step, value);
    if (place === undefined) return [];
    const dot = element('div', { class: 'dot' });
    dot.style.transform = `translate(${place.left}px, ${place.top}px)`;
    dot.style.background = color;
    return [dot];
  }

  #drawTip(step: number, left: number, color: string): void {
    const { texts } = this.#options;
    const rows = readAt(this.#plan.series, step).map(({ label, value, index }) => {
      const { look } = this.#plan.series[index] ?? this.#plan.main;
      const isDashed = look === 'dashed' || look === 'faintDashed';
      const swatch = element('span', { class: isDashed ? 'swatch dashed' : 'swatch' });
      swatch.style.borderTopColor = color;
      if (isFaint({ look })) swatch.style.opacity = '0.4';
      const name = this.#plan.series[index] === this.#plan.main ? element('b', {}, label) : label;
      return element('tr', {}, element('td', {}, swatch, name), element('td', { class: 'number' }, this.#words(value)));
    });
    this.#tip.replaceChildren(
      element('div', { class: 'dim' }, stepWords(this.#plan.axis, step, texts)),
      element('table', {}, ...rows),
    );
    const { offsetWidth, offsetHeight } = this.#tip;
    const room = this.#plotRoot.clientWidth - left;
    const x = room > offsetWidth + 16 ? left + 8 : left - offsetWidth - 8;
    const y = Math.max(4, this.#plotRoot.clientHeight * 0.35 - offsetHeight / 2);
    this.#tip.style.transform = `translate(${Math.round(Math.max(0, x))}px, ${Math.round(y)}px)`;
  }
}
