import { fillIn, formatValue, type Spark } from '../../../src/core/charts/charts.ts';
import { pointOf, summaryOf } from '../../../src/core/runtable/runtable.ts';
import { starTag, type RunsTexts } from '../../../src/protocol/runtable.ts';
import type { RunSummary } from '../../../src/protocol/tracking.ts';
import { element } from '../../shared/dom.ts';
import { drawSparkline } from '../../shared/plots/sparkline.ts';
import { markState, stateOf } from '../words.ts';
import { createEye, createSwatch, type LookOf } from './looks.ts';

/** Of every line, in pixels. */
const lineHeight = 24;
/** Lines beyond what can be seen that are drawn all the same. */
const spare = 6;

export interface RunListFacts {
  readonly runs: readonly RunSummary[];
  readonly selected: ReadonlySet<string>;
  readonly off: ReadonlySet<string>;
  readonly pinned: ReadonlySet<string>;
  readonly objective: string | null;
  readonly lookOf: LookOf;
}

interface RunListActions {
  readonly onSelect: (runIds: readonly string[]) => void;
  /** In the charts or not. */
  readonly onToggle: (runIds: readonly string[]) => void;
  /** Alone in the charts. */
  readonly onOnly: (runIds: readonly string[]) => void;
  readonly onPin: (runIds: readonly string[]) => void;
  readonly onOpen: (runId: string) => void;
  /** VS Code's menu on these runs, or on none; `run` is the one that was pressed. */
  readonly menuOf: (runIds: readonly string[], run: RunSummary | undefined) => string;
  /** The mouse is over a run, or over none. */
  readonly onHover: (runId: string | undefined) => void;
  /** Other runs can be seen. */
  readonly onLook: () => void;
}

/** The runs of the charts with their colours: a quiet list, of which only what can be seen is in the document. */
export class RunList {
  readonly root: HTMLElement;
  readonly #texts: RunsTexts;
  readonly #actions: RunListActions;
  readonly #body = element('div', { class: 'body', role: 'presentation' });
  readonly #list: HTMLElement;
  readonly #sparks = new Map<string, Spark>();
  #facts: RunListFacts | undefined;
  #at = 0;
  #anchor: string | undefined;
  #hovered: ReadonlySet<string> = new Set();

  constructor(texts: RunsTexts, actions: RunListActions) {
    this.#texts = texts;
    this.#actions = actions;
    this.#list = element(
      'div',
      {
        'class': 'list',
        'role': 'listbox',
        'aria-multiselectable': 'true',
        'aria-label': texts.chartsRuns,
        'aria-description': texts.chartsRunsHint,
        'tabindex': '0',
      },
      this.#body,
    );
    this.root = element('div', { class: 'runlist' }, this.#list);
    this.#listen();
  }

  draw(facts: RunListFacts): void {
    this.#facts = facts;
    this.#at = Math.max(0, Math.min(this.#at, facts.runs.length - 1));
    this.#body.style.height = `${facts.runs.length * lineHeight}px`;
    this.#drawLines();
  }

  /** Runs that are pointed at in a chart. */
  highlight(runIds: ReadonlySet<string>): void {
    this.#hovered = runIds;
    for (const line of this.#body.children)
      line.classList.toggle('hovered', runIds.has((line as HTMLElement).dataset['run'] ?? ''));
  }

  showSparks(sparks: readonly Spark[]): void {
    for (const spark of sparks) this.#sparks.set(spark.runId, spark);
    this.#drawLines();
  }

  /** Runs whose lines can be seen. */
  get visible(): readonly RunSummary[] {
    const { scrollTop, clientHeight } = this.#list;
    const first = Math.max(0, Math.floor(scrollTop / lineHeight) - spare);
    return (this.#facts?.runs ?? []).slice(first, Math.ceil((scrollTop + clientHeight) / lineHeight) + spare);
  }

  #drawLines(): void {
    const facts = this.#facts;
    if (facts === undefined) return;
    const visible = this.visible;
    const first = facts.runs.findIndex((run) => run === visible[0]);
    this.#body.replaceChildren(...visible.map((run, index) => this.#lineOf(run, first + index, facts)));
    const active = facts.runs[this.#at];
    const isShown = active !== undefined && visible.includes(active);
    this.#list.setAttribute('aria-activedescendant', isShown ? `charts-run-${this.#at}` : '');
    if (!isShown) this.#list.removeAttribute('aria-activedescendant');
  }

  #lineOf(run: RunSummary, index: number, facts: RunListFacts): HTMLElement {
    const isOff = facts.off.has(run.runId);
    const words = this.#valueOf(run, facts);
    const line = element(
      'div',
      {
        'class': [
          'line',
          isOff ? 'off' : '',
          index === this.#at ? 'active' : '',
          this.#hovered.has(run.runId) ? 'hovered' : '',
        ]
          .join(' ')
          .trim(),
        'role': 'option',
        'id': `charts-run-${index}`,
        'aria-selected': String(facts.selected.has(run.runId)),
        'aria-setsize': String(facts.runs.length),
        'aria-posinset': String(index + 1),
        'data-run': run.runId,
      },
      element(
        'span',
        { 'class': 'eye', 'data-part': 'eye', 'aria-hidden': 'true', 'title': fillIn(this.#texts.chartsOn, run.name) },
        createEye(!isOff),
      ),
      createSwatch(facts.lookOf(run)),
      element('span', { class: 'name', title: run.name }, run.name),
      ...this.#marksOf(run, facts),
      element('span', { class: 'number' }, words),
      element('span', { class: 'spark' }, ...this.#sparkOf(run, facts)),
      element('span', { class: 'spoken' }, this.#describe(run, facts)),
    );
    line.style.top = `${index * lineHeight}px`;
    return line;
  }

  #marksOf(run: RunSummary, { pinned }: RunListFacts): readonly HTMLElement[] {
    const state = stateOf(run);
    const marks = [
      ...(Object.hasOwn(run.tags, starTag) ? [['star', '★'] as const] : []),
      ...(pinned.has(run.runId) ? [['pin', '⇤'] as const] : []),
      ...(state === 'succeeded' ? [] : [[`mark ${state}`, markState(run)] as const]),
    ];
    return marks.map(([name, sign]) => element('span', { 'class': name, 'aria-hidden': 'true' }, sign));
  }

  #sparkOf(run: RunSummary, { lookOf, off }: RunListFacts): readonly SVGSVGElement[] {
    const spark = this.#sparks.get(run.runId);
    if (spark === undefined || off.has(run.runId)) return [];
    const drawn = drawSparkline(spark);
    drawn.style.stroke = lookOf(run).colour;
    return [drawn];
  }

  #valueOf(run: RunSummary, { objective }: RunListFacts): string {
    const summary = objective === null ? undefined : summaryOf(run, objective);
    const point = summary === undefined ? null : pointOf(summary, 'best');
    return point === null ? '' : formatValue(point.value);
  }

  /** What shapes and colours say. */
  #describe(run: RunSummary, { off, pinned }: RunListFacts): string {
    const texts = this.#texts;
    return [
      texts[stateOf(run)],
      ...(Object.hasOwn(run.tags, starTag) ? [texts.starred] : []),
      ...(pinned.has(run.runId) ? [texts.chartsPinned] : []),
      ...(off.has(run.runId) ? [texts.chartsOff] : []),
    ].join(', ');
  }

  #listen(): void {
    const list = this.#list;
    list.addEventListener('scroll', () => {
      this.#drawLines();
      this.#actions.onLook();
    });
    list.addEventListener('click', (event) => this.#click(event));
    list.addEventListener('dblclick', (event) => {
      const run = this.#runAt(event.target);
      if (run !== undefined && partOf(event.target) !== 'eye') this.#actions.onOpen(run.runId);
    });
    // VS Code reads it when the event has come to the document.
    list.addEventListener('contextmenu', ({ target }) => {
      const run = this.#runAt(target);
      list.dataset['vscodeContext'] = this.#actions.menuOf(run === undefined ? [] : this.#meantBy(run), run);
    });
    list.addEventListener('pointermove', ({ target }) => this.#actions.onHover(this.#runAt(target)?.runId));
    list.addEventListener('pointerleave', () => this.#actions.onHover(undefined));
    list.addEventListener('keydown', (event) => {
      if (this.#press(event)) event.preventDefault();
    });
    new ResizeObserver(() => {
      this.#drawLines();
      this.#actions.onLook();
    }).observe(list);
  }

  #runAt(target: EventTarget | null): RunSummary | undefined {
    const line = target instanceof Element ? target.closest<HTMLElement>('[data-run]') : null;
    return this.#facts?.runs.find(({ runId }) => runId === line?.dataset['run']);
  }

  #click(event: MouseEvent): void {
    const run = this.#runAt(event.target);
    const { runs = [], selected = new Set<string>() } = this.#facts ?? {};
    if (run === undefined) return;
    this.#at = runs.indexOf(run);
    if (partOf(event.target) === 'eye')
      (event.altKey ? this.#actions.onOnly : this.#actions.onToggle)(this.#meantBy(run));
    else if (event.shiftKey) this.#extend();
    else if (event.ctrlKey || event.metaKey) this.#choose(toggled(selected, run.runId), run.runId);
    else this.#choose([run.runId], run.runId);
    this.#drawLines();
  }

  #choose(runIds: readonly string[], anchor: string): void {
    this.#anchor = anchor;
    this.#actions.onSelect(runIds);
  }

  #extend(): void {
    const { runs = [] } = this.#facts ?? {};
    const anchor = runs.findIndex(({ runId }) => runId === this.#anchor);
    const start = anchor === -1 ? this.#at : anchor;
    this.#anchor ??= runs[this.#at]?.runId;
    const between = runs.slice(Math.min(start, this.#at), Math.max(start, this.#at) + 1);
    this.#actions.onSelect(between.map(({ runId }) => runId));
  }

  /** The run, or all that are selected where it is one of them. */
  #meantBy({ runId }: RunSummary): readonly string[] {
    const selected = this.#facts?.selected ?? new Set();
    return selected.has(runId) ? [...selected] : [runId];
  }

  #press(event: KeyboardEvent): boolean {
    if (this.#walk(event)) return true;
    const { runs = [], selected = new Set<string>() } = this.#facts ?? {};
    const run = runs[this.#at];
    if (run === undefined) return false;
    const { onToggle, onOnly, onPin, onOpen, onSelect } = this.#actions;
    const keys: Readonly<Record<string, () => void>> = {
      ' ': () => this.#choose(toggled(selected, run.runId), run.runId),
      'Enter': () => onOpen(run.runId),
      'Escape': () => onSelect([]),
      'h': () => onToggle(this.#meantBy(run)),
      'o': () => onOnly(this.#meantBy(run)),
      'p': () => onPin(this.#meantBy(run)),
      'Control a': () => onSelect(runs.map(({ runId }) => runId)),
    };
    const name = event.ctrlKey || event.metaKey ? `Control ${event.key}` : event.key;
    if (!Object.hasOwn(keys, name)) return false;
    keys[name]?.();
    return true;
  }

  /** With Shift what lies between is selected. */
  #walk({ key, shiftKey }: KeyboardEvent): boolean {
    const runs = this.#facts?.runs ?? [];
    const page = Math.max(1, Math.floor(this.#list.clientHeight / lineHeight) - 1);
    const moves: Readonly<Record<string, number>> = {
      ...{ ArrowUp: -1, ArrowDown: 1, PageUp: -page, PageDown: page },
      ...{ Home: -Infinity, End: Infinity },
    };
    const move = Object.hasOwn(moves, key) ? moves[key] : undefined;
    if (move === undefined || runs.length === 0) return false;
    if (shiftKey) this.#anchor ??= runs[this.#at]?.runId;
    this.#go(Math.max(0, Math.min(runs.length - 1, this.#at + move)));
    if (shiftKey) this.#extend();
    return true;
  }

  /** The line that the keys are on, scrolled to no farther than needed. */
  #go(index: number): void {
    this.#at = index;
    const [top, { scrollTop, clientHeight }] = [index * lineHeight, this.#list];
    if (top < scrollTop) this.#list.scrollTop = top;
    else if (top + lineHeight > scrollTop + clientHeight) this.#list.scrollTop = top + lineHeight - clientHeight;
    this.#drawLines();
    this.#actions.onHover(this.#facts?.runs[index]?.runId);
  }
}

function toggled(selected: ReadonlySet<string>, runId: string): readonly string[] {
  const next = new Set(selected);
  if (!next.delete(runId)) next.add(runId);
  return [...next];
}

function partOf(target: EventTarget | null): string | undefined {
  return target instanceof Element ? target.closest<HTMLElement>('[data-part]')?.dataset['part'] : undefined;
}
