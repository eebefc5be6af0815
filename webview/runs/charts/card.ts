import {
  fillIn,
  formatValue,
  type ChartAnswer,
  type ChartNumbers,
  type ChartReading,
  type CursorMove,
  type Range,
} from '../../../src/core/charts/charts.ts';
import type { Sheet } from '../../../src/core/runtable/runtable.ts';
import type { CardView } from '../../../src/protocol/runsview.ts';
import type { RunsTexts } from '../../../src/protocol/runtable.ts';
import { element, setHidden, setText } from '../../shared/dom.ts';
import { createPlot, type Picture } from '../../shared/plots/plot.ts';
import type { ExportedChart } from '../../shared/export/charts.ts';
import type { Theme } from '../../shared/theme.ts';
import { describeMenu } from '../menu.ts';
import type { AxisWords } from './axis.ts';
import { CursorView, type CursorFacts } from './cursor.ts';
import { toExported } from './exported.ts';
import { createExpressionEditor, toExpression } from './expression.ts';
import { listenToPlot } from './gestures.ts';
import { Highlight } from './highlight.ts';
import type { RunLook } from './looks.ts';
import { createMenu, type MenuItem } from './menu.ts';
import { createNumbers } from './numbers.ts';
import { rowsOf, stampLines, toPicture, type OrderedPicture } from './picture.ts';
import { hasSameLines, type ChartPlan } from './plan.ts';
import { describeCard } from './words.ts';

export interface CardActions {
  readonly onCursor: (card: ChartCard, move: CursorMove | undefined, how: 'pointed' | 'spoken') => void;
  readonly onZoom: (card: ChartCard, window: Range | undefined) => void;
  readonly onHover: (runIds: readonly string[]) => void;
  readonly onSay: (words: string) => void;
  readonly onSelect: (runIds: readonly string[], adds: boolean) => void;
  readonly onChange: (id: string, part: Partial<CardView>) => void;
  /** So many places on. */
  readonly onMove: (id: string, by: number) => void;
  readonly onDrag: (card: ChartCard, event: PointerEvent) => void;
  readonly menuOf: (card: ChartCard) => readonly (readonly MenuItem[])[];
}

export interface CardLook {
  readonly theme: Theme;
  readonly axis: AxisWords;
  readonly looks: readonly RunLook[];
  readonly selected: ReadonlySet<string>;
  readonly window: Range | undefined;
  readonly events: Picture['events'];
  readonly axisName: string;
  /** Points are still on their way: nothing is said of there being none. */
  readonly isReading: boolean;
}

/** One chart with its head, cursor and table. */
export class ChartCard {
  readonly root: HTMLElement;
  readonly plotRoot = element('div', {
    ...{ class: 'plot', role: 'img', tabindex: '0' },
    // There is nothing to cut, copy or paste.
    'data-vscode-context': describeMenu(undefined),
  });
  readonly #texts: RunsTexts;
  readonly #actions: CardActions;
  readonly #plot;
  readonly #cursor: CursorView;
  readonly #highlight: Highlight;
  readonly #numbers: ReturnType<typeof createNumbers>;
  readonly #editor: ReturnType<typeof createExpressionEditor>;
  readonly #menu: ReturnType<typeof createMenu>;
  readonly #head = {
    title: element('h2'),
    drawn: element('span', { class: 'drawn dim' }),
    reading: element('span', { class: 'reading' }),
  };
  readonly #said = element('p', { class: 'said dim', hidden: '' });
  plan: ChartPlan;
  #look: CardLook;
  #answer: ChartAnswer | undefined;
  #rows: readonly Float64Array[] = [];
  /** Lines that the answer has raw values of. */
  #raw: readonly number[] = [];
  #picture: OrderedPicture | undefined;
  #painted = '';
  #linesStamp = '';
  #reading: ChartReading | undefined;
  #cursorX: number | undefined;
  #isOwner = false;
  #pointerY: number | undefined;
  #hovered: ReadonlySet<string> = new Set();

  constructor(texts: RunsTexts, plan: ChartPlan, look: CardLook, actions: CardActions) {
    [this.#texts, this.plan, this.#look, this.#actions] = [texts, plan, look, actions];
    this.#plot = createPlot(this.plotRoot, (window) => actions.onZoom(this, window));
    this.#cursor = new CursorView(texts, this.#plot);
    this.#highlight = new Highlight();
    this.#numbers = createNumbers(texts);
    this.#editor = createExpressionEditor(texts, {
      onDraw: (text) => actions.onChange(this.plan.card.id, { y: [text] }),
      onClose: () => this.#menu.button.focus(),
    });
    this.#menu = createMenu({
      name: () => fillIn(texts.chartsMenu, this.plan.card.title),
      items: () => actions.menuOf(this),
    });
    const { title, drawn, reading } = this.#head;
    const head = element('div', { class: 'head' }, title, drawn, reading, this.#menu.root);
    this.root = element(
      'section',
      { class: 'card' },
      head,
      this.#editor.root,
      this.plotRoot,
      this.#said,
      this.#numbers.root,
    );
    this.plotRoot.append(this.#highlight.root, ...this.#cursor.parts);
    head.addEventListener('pointerdown', (event) => actions.onDrag(this, event));
    listenToPlot(this.plotRoot, this.#gestures());
  }

  destroy(): void {
    this.#plot.destroy();
    this.root.remove();
  }

  get columns(): number {
    return this.#plot.columns();
  }

  get answer(): ChartAnswer | undefined {
    return this.#answer;
  }

  /** Undefined before it is drawn, and while it is a table. */
  get exported(): ExportedChart | undefined {
    const [picture, detail] = [this.#picture, this.#head.drawn.textContent];
    if (picture === undefined || this.#answer === undefined || this.plan.card.isTable) return undefined;
    const { looks, axisName } = this.#look;
    return toExported({ ...{ plan: this.plan, looks, picture, axisName }, detail });
  }

  /** The last number of each line, as they stand in the plan. */
  get cells(): Sheet {
    const { lines, card } = this.plan;
    return {
      head: [this.#texts.name, card.title],
      rows: lines.map((_, line) => [this.#labelOf(line), this.#answer?.last[line] ?? null]),
    };
  }

  get cursorX(): number | undefined {
    return this.#cursorX;
  }

  edit(known: ReadonlySet<string>): void {
    this.#editor.open(toExpression(this.plan.card.measures), known);
  }

  /** Words and looks; lines are drawn when their points come. */
  draw(plan: ChartPlan, look: CardLook): void {
    const isOther = !hasSameLines(plan, this.plan);
    const isSame = plan === this.plan && look.looks === this.#look.looks && this.#linesStamp !== '';
    [this.plan, this.#look] = [plan, look];
    // Points have come, or the window is another one: a hundred lines need not be looked at for that.
    if (!isSame) this.#linesStamp = stampLines(plan, look);
    this.root.dataset['key'] = plan.card.id;
    this.root.classList.toggle('wide', plan.card.isWide);
    setText(this.#head.title, plan.card.title);
    this.#head.title.title = plan.card.title;
    this.#menu.rename();
    setHidden(this.plotRoot, plan.card.isTable);
    setHidden(this.#numbers.root, !plan.card.isTable);
    // Points of other lines would be drawn in the colours of these.
    if (isOther) [this.#answer, this.#rows, this.#raw, this.#reading] = [undefined, [], [], undefined];
    const painted = this.#paintedBy();
    if (painted === this.#painted) {
      // Whether points are on their way changes words only.
      this.#tell();
      return;
    }
    this.#painted = painted;
    this.#paint();
  }

  show(answer: ChartAnswer, raw: readonly number[]): void {
    [this.#answer, this.#rows, this.#raw] = [answer, rowsOf(answer), raw];
    this.#paint();
  }

  showNumbers(numbers: ChartNumbers, lines: readonly number[]): void {
    const { card, lines: planned } = this.plan;
    this.#numbers.draw(numbers, {
      ...{ title: card.title, axis: this.#look.axis, axisName: this.#look.axisName, count: planned.length },
      labels: lines.map((line) => this.#labelOf(line)),
    });
  }

  /** What this card says of where the cursor is; `isOwner`: it was moved here. */
  showReading(reading: ChartReading | undefined, x: number | undefined, isOwner: boolean): void {
    [this.#reading, this.#cursorX, this.#isOwner] = [reading, x, isOwner];
    const before = this.#hovered;
    if (isOwner && reading !== undefined && this.#pointerY !== undefined) {
      const top = this.plotRoot.getBoundingClientRect().top;
      const line = this.#cursor.nearest(reading, this.#pointerY, top);
      this.#actions.onHover(line === undefined ? [] : (this.plan.lines[line]?.runs.map(({ runId }) => runId) ?? []));
    }
    // With other lines highlighted it has been drawn.
    if (before === this.#hovered) this.#drawCursor();
  }

  highlight(runIds: ReadonlySet<string>): void {
    this.#hovered = runIds;
    this.#drawHighlight();
    this.#drawCursor();
  }

  describe(): string {
    return this.#reading === undefined || this.#cursorX === undefined
      ? this.#texts.chartsNoValue
      : this.#cursor.describe(this.#reading, this.#cursorX, this.#cursorFacts());
  }

  /** What a drawing follows from beside the points. */
  #paintedBy(): string {
    const { axis, events } = this.#look;
    const { clientWidth, clientHeight } = this.plotRoot;
    return JSON.stringify([this.#linesStamp, axis.key, events, clientWidth, clientHeight]);
  }

  /** What is said of the drawing; gives the words that stand in it. */
  #tell(): string {
    const { axis, selected, isReading } = this.#look;
    const words = describeCard(this.plan, { texts: this.#texts, answer: this.#answer, axis, selected, isReading });
    setText(this.#head.drawn, words.subtitle);
    if (this.plotRoot.ariaLabel !== words.name) this.plotRoot.ariaLabel = words.name;
    setText(this.#said, words.notice ?? '');
    setHidden(this.#said, words.notice === undefined || this.plan.card.isTable);
    return words.best;
  }

  #paint(): void {
    const { axis, selected, theme, looks, events } = this.#look;
    const { card, lines } = this.plan;
    const answer = this.#answer;
    const bestWords = this.#tell();
    if (answer !== undefined && !card.isTable) {
      const facts = {
        theme,
        axis,
        lines,
        looks,
        selected,
        events,
        raw: this.#raw,
        scale: card.scale,
        bestWords,
      };
      this.#picture = toPicture(answer, this.#rows, facts);
      // For whoever looks at the page from outside.
      [this.root.dataset['from'], this.root.dataset['to']] = [String(answer.window.min), String(answer.window.max)];
      this.#plot.draw(this.#picture);
      this.#drawHighlight();
    }
    this.#drawCursor();
  }

  #drawHighlight(): void {
    const picture = this.#picture;
    const traces =
      picture === undefined
        ? []
        : this.plan.lines.flatMap(({ runs }, line) => {
            const place = picture.places.get(line);
            if (place === undefined || !runs.some(({ runId }) => this.#hovered.has(runId))) return [];
            return [
              {
                ...this.#plot.trace(place),
                look: this.#look.looks[line],
                isTraining: this.plan.lines[line]?.measure.role === 'training',
              },
            ];
          });
    const { left, width } = this.#plot.area();
    this.#highlight.draw(traces, { left, width });
    this.plotRoot.classList.toggle('quiet', traces.length > 0 && this.plan.lines.length > 1);
  }

  #drawCursor(): void {
    const [reading, x] = [this.#reading, this.#cursorX];
    if (reading === undefined || x === undefined || this.plan.card.isTable) this.#cursor.hide();
    else this.#cursor.show(reading, x, this.#cursorFacts(), this.#isOwner);
    const { lines } = this.plan;
    const meant = lines.flatMap(({ runs, measure }, line) =>
      measure.role !== 'training' && (lines.length === 1 || runs.some(({ runId }) => this.#look.selected.has(runId)))
        ? [line]
        : [],
    );
    const [line = -1] = meant.length === 1 ? meant : [];
    const value = reading?.values[line] ?? this.#answer?.last[line] ?? NaN;
    setText(this.#head.reading, Number.isNaN(value) ? '' : formatValue(value));
  }

  #cursorFacts(): CursorFacts {
    const { axis, looks, selected } = this.#look;
    const { lines, card, ask } = this.plan;
    return {
      ...{ axis, looks, selected, lines, hovered: this.#hovered },
      isSmoothed: ask.smoothing !== null,
      tellsMeasure: card.measures.length > 1,
    };
  }

  #labelOf(line: number): string {
    const { lines, card } = this.plan;
    const planned = lines[line];
    if (planned === undefined) return '';
    return card.measures.length > 1 ? `${planned.label} · ${planned.measure.text}` : planned.label;
  }

  #gestures(): Parameters<typeof listenToPlot>[1] {
    const { onCursor, onZoom, onSelect, onMove } = this.#actions;
    return {
      xAt: (clientX) => this.#plot.xAt(clientX),
      window: () => this.#look.window ?? this.#answer?.window,
      whole: () => this.#answer?.whole ?? undefined,
      cursor: () => this.#cursorX,
      onCursor: (move, how, clientY) => {
        this.#pointerY = clientY;
        if (move === undefined) this.#actions.onHover([]);
        onCursor(this, move, how);
      },
      onZoom: (window) => onZoom(this, window),
      onPick: (adds) => {
        if (this.#hovered.size > 0) onSelect([...this.#hovered], adds);
      },
      onWalk: (by) => this.#walk(by),
      onMove: (by) => onMove(this.plan.card.id, by),
    };
  }

  /** Keys walk the lines at the cursor as they stand above each other. */
  #walk(by: number): void {
    const reading = this.#reading;
    if (reading === undefined) return;
    const order = Array.from(reading.values.keys())
      .filter((line) => !Number.isNaN(reading.values[line]))
      .sort((a, b) => (reading.values[b] ?? 0) - (reading.values[a] ?? 0) || a - b);
    const at = order.findIndex((line) => this.plan.lines[line]?.runs.some(({ runId }) => this.#hovered.has(runId)));
    const next = order[at === -1 ? (by > 0 ? 0 : order.length - 1) : Math.max(0, Math.min(order.length - 1, at + by))];
    const line = next === undefined ? undefined : this.plan.lines[next];
    if (line === undefined || next === undefined) return;
    this.#actions.onHover(line.runs.map(({ runId }) => runId));
    this.#actions.onSay(fillIn(this.#texts.chartsRead, this.#labelOf(next), formatValue(reading.values[next] ?? NaN)));
  }
}
