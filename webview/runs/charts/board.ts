import { fillIn, formatCount, type CursorMove, type Range, type Spark } from '../../../src/core/charts/charts.ts';
import type { SeriesProblem } from '../../../src/protocol/chartfeed.ts';
import type { RunEvent } from '../../../src/protocol/charts.ts';
import type { ChartsView } from '../../../src/protocol/runsview.ts';
import type { PageExport, RunsTexts } from '../../../src/protocol/runtable.ts';
import type { RunSummary } from '../../../src/protocol/tracking.ts';
import type { ExportedChart } from '../../shared/export/charts.ts';
import { element, setHidden, setText } from '../../shared/dom.ts';
import { describeMenu } from '../menu.ts';
import type { TabHost } from '../tab.ts';
import { createBar } from './bar.ts';
import { ChartCard, type CardLook } from './card.ts';
import { addCard, cardMenu, changeCard, moveCard, type ChangeCards } from './cardchanges.ts';
import { startDrag } from './dragging.ts';
import { createExpressionEditor } from './expression.ts';
import { createWord } from './looks.ts';
import type { ChartPlan } from './plan.ts';
import { RunList } from './runlist.ts';
import type { Scene } from './scene.ts';
import type { ChartsState } from './state.ts';

export interface BoardActions {
  readonly onView: (part: Partial<ChartsView>) => void;
  readonly onState: (part: Partial<ChartsState>) => void;
  readonly onCards: (change: ChangeCards) => void;
  readonly onCursor: (card: ChartCard, move: CursorMove | undefined, how: 'pointed' | 'spoken') => void;
  readonly onZoom: (card: ChartCard, window: Range | undefined) => void;
  readonly onWhole: () => void;
  readonly onHover: (runIds: readonly string[]) => void;
  readonly onSelect: (runIds: readonly string[], adds: boolean) => void;
  readonly onOpen: (runId: string) => void;
  /** Something else can be seen. */
  readonly onLook: () => void;
  readonly onRetry: () => void;
  readonly onSay: (words: string) => void;
  /** A file of one card. */
  readonly onTake: (what: PageExport, card: ChartCard) => void;
  /** The numbers that a card ends with, for a text. */
  readonly onCopy: (card: ChartCard) => void;
}

export interface BoardFacts {
  readonly state: ChartsState;
  readonly windows: ReadonlyMap<string, Range>;
  readonly events: ReadonlyMap<string, readonly RunEvent[]>;
  /** Points are still on their way. */
  readonly isReading: boolean;
  /** Once more, because they were lost. */
  readonly isRecovering: boolean;
  readonly problems: readonly SeriesProblem[];
  readonly hovered: ReadonlySet<string>;
}

/** Events of more runs than these would cover the lines. */
const mostTelling = 3;

/** The tab's document: list, controls, cards. */
export class Board {
  readonly root: HTMLElement;
  scene: Scene | undefined;
  readonly #texts: RunsTexts;
  readonly #mayEdit: boolean;
  readonly #actions: BoardActions;
  readonly #list: RunList;
  readonly #bar: ReturnType<typeof createBar>;
  readonly #editor: ReturnType<typeof createExpressionEditor>;
  readonly #note = element('p', { class: 'dim', role: 'status' });
  /** What passes by itself: it lies over the charts, which would be drawn in other sizes for it. */
  readonly #pending = element('p', { class: 'pending dim', role: 'status' });
  readonly #retry: HTMLElement;
  readonly #noteRow: HTMLElement;
  readonly #all: HTMLElement;
  readonly #cards = new Map<string, ChartCard>();
  readonly #rows = element('div', { class: 'rows' });
  readonly #looks = new WeakMap<ChartPlan, CardLook['looks']>();
  readonly #inView = new Set<Element>();
  readonly #watcher: IntersectionObserver;
  #facts: BoardFacts | undefined;

  constructor({ texts, mayEdit, project }: Pick<TabHost, 'texts' | 'mayEdit' | 'project'>, actions: BoardActions) {
    [this.#texts, this.#mayEdit, this.#actions] = [texts, mayEdit, actions];
    this.#list = this.#createList(project);
    this.#bar = createBar(texts, {
      onView: actions.onView,
      onClip: (isClipped) => actions.onCards((cards) => cards.map((card) => ({ ...card, isClipped }))),
      onFind: (find) => actions.onState({ find }),
      onMore: () => actions.onState({ showsMore: this.#facts?.state.showsMore !== true }),
      onAdd: () => this.#editor.open('', new Set(this.scene?.metrics)),
      onWhole: actions.onWhole,
      onShowHidden: () => actions.onCards((cards) => cards.map((card) => ({ ...card, isHidden: false }))),
    });
    this.#editor = createExpressionEditor(texts, {
      onDraw: (text) => actions.onCards((cards) => addCard(cards, text)),
      onClose: () => this.#bar.add.focus(),
    });
    this.#retry = createWord(texts.retry, texts.retry, actions.onRetry);
    this.#all = createWord(texts.chartsAll, texts.chartsAll, () => actions.onState({ off: [] }));
    this.#noteRow = element('div', { class: 'note' }, this.#note, this.#retry, this.#all);
    const parts = [this.#bar.root, this.#editor.root, this.#noteRow, this.#rows, this.#pending];
    const side = element('div', { class: 'side' }, ...parts);
    this.root = element('div', { class: 'charts' }, this.#list.root, side);
    this.#watcher = new IntersectionObserver((entries) => this.#look(entries), {
      root: this.#rows,
      rootMargin: '200px',
    });
    new ResizeObserver(() => actions.onLook()).observe(this.#rows);
  }

  /** Those that have been drawn, as they stand on the page. */
  get exported(): readonly ExportedChart[] {
    const isBefore = (a: ChartCard, b: ChartCard): boolean =>
      (a.root.compareDocumentPosition(b.root) & Node.DOCUMENT_POSITION_FOLLOWING) !== 0;
    return [...this.#cards.values()]
      .sort((a, b) => (isBefore(a, b) ? -1 : 1))
      .flatMap(({ exported }) => exported ?? []);
  }

  cardsInView(): readonly ChartCard[] {
    return [...this.#cards.values()].filter(({ root }) => this.#inView.has(root));
  }

  visibleRuns(): readonly RunSummary[] {
    return this.#list.visible;
  }

  windowOf({ plan }: ChartCard): Range | undefined {
    return this.#facts?.windows.get(this.scene?.axisOf(plan.card).key ?? '');
  }

  showSparks(sparks: readonly Spark[]): void {
    this.#list.showSparks(sparks);
  }

  highlight(runIds: ReadonlySet<string>): void {
    this.#list.highlight(runIds);
    for (const card of this.cardsInView()) card.highlight(runIds);
  }

  hideCursor(): void {
    for (const card of this.#cards.values()) card.showReading(undefined, undefined, false);
  }

  draw(scene: Scene, facts: BoardFacts): void {
    const isSame = scene === this.scene;
    [this.scene, this.#facts] = [scene, facts];
    this.#drawNote(scene, facts);
    this.#drawBar(scene, facts);
    // Points have come, or a window is another one: nothing but the cards tells of that.
    if (isSame) {
      for (const { plans } of scene.rows) for (const plan of plans) this.#drawCard(plan, scene);
      return;
    }
    this.#list.draw({
      ...{ runs: scene.runs, selected: scene.selected, objective: scene.objective, lookOf: scene.lookOf },
      ...{ off: new Set(facts.state.off), pinned: new Set(scene.view.pinned) },
    });
    this.#drawRows(scene);
  }

  #drawBar(scene: Scene, facts: BoardFacts): void {
    this.#bar.draw({
      ...{ view: scene.view, columns: scene.columns, metrics: scene.metrics },
      ...{ showsMore: facts.state.showsMore, find: facts.state.find },
      isZoomed: facts.windows.size > 0,
      isClipped: scene.cards.length > 0 && scene.cards.every(({ isClipped }) => isClipped),
      hidden: scene.cards.filter(({ isHidden }) => isHidden).length,
    });
  }

  #createList(project: TabHost['project']): RunList {
    const { onState, onSelect, onView, onOpen, onHover, onLook } = this.#actions;
    const off = (): ReadonlySet<string> => new Set(this.#facts?.state.off);
    return new RunList(this.#texts, {
      onSelect: (runIds) => onSelect(runIds, false),
      onToggle: (runIds) => {
        const isOff = runIds.every((runId) => off().has(runId));
        const others = [...off()].filter((runId) => !runIds.includes(runId));
        onState({ off: isOff ? others : [...others, ...runIds] });
      },
      onOnly: (runIds) => {
        const others = (this.scene?.runs ?? []).flatMap(({ runId }) => (runIds.includes(runId) ? [] : [runId]));
        const isAlone = others.every((runId) => off().has(runId)) && others.length > 0;
        onState({ off: isAlone ? [] : others });
      },
      onPin: (runIds) => {
        const pinned = this.scene?.view.pinned ?? [];
        const isPinned = runIds.every((runId) => pinned.includes(runId));
        const others = pinned.filter((runId) => !runIds.includes(runId));
        onView({ pinned: isPinned ? others : [...others, ...runIds] });
      },
      onOpen,
      menuOf: (runIds, run) => describeMenu(run && { project: project(), runIds, run }),
      onHover: (runId) => onHover(runId === undefined ? [] : [runId]),
      onLook,
    });
  }

  #drawNote(scene: Scene, { isReading, isRecovering, problems, state }: BoardFacts): void {
    const { cast, cards, view, rowsLeft } = scene;
    const texts = this.#texts;
    const [problem] = problems;
    const told = problem === undefined ? '' : this.#tellProblem(problem, problems.length);
    const empty = this.#tellEmpty(scene, state);
    const words = [
      told,
      empty,
      cast.crowd.length > 0 && view.group === null
        ? fillIn(texts.chartsCrowd, formatCount(cast.lines.length), formatCount(cast.crowd.length))
        : '',
      cast.left > 0 ? fillIn(texts.chartsLeft, formatCount(cast.left)) : '',
      rowsLeft > 0 ? fillIn(texts.chartsRowsLeft, formatCount(rowsLeft)) : '',
    ].filter((sentence) => sentence !== '');
    setText(this.#note, words.join(' '));
    setText(
      this.#pending,
      isReading && cards.length > 0 ? (isRecovering ? texts.chartsRecovering : texts.chartsReading) : '',
    );
    setHidden(this.#retry, problem === undefined);
    setHidden(this.#all, cast.off === 0);
    setHidden(this.#noteRow, words.length === 0 && cast.off === 0);
    this.#noteRow.classList.toggle('empty', empty !== '');
  }

  /** Why there is no chart; empty where there is one. */
  #tellEmpty({ runs, cast, cards, isNoneFound }: Scene, { find }: ChartsState): string {
    const { chartsAllOff, chartsNothing, chartsNoneFound } = this.#texts;
    if (runs.length > 0 && cast.lines.length === 0) return chartsAllOff;
    if (cards.length === 0) return chartsNothing;
    return isNoneFound ? fillIn(chartsNoneFound, find) : '';
  }

  #tellProblem({ runId, metric, message }: SeriesProblem, count: number): string {
    const name = this.scene?.runs.find((run) => run.runId === runId)?.name ?? runId;
    const one = fillIn(this.#texts.chartsProblem, metric === '' ? name : `${name} ${metric}`, message);
    return count === 1 ? one : fillIn(this.#texts.chartsProblems, one, formatCount(count - 1));
  }

  #drawRows(scene: Scene): void {
    const wanted = new Set(scene.rows.flatMap(({ plans }) => plans.map(({ id }) => id)));
    for (const [id, card] of this.#cards) if (!wanted.has(id)) this.#drop(id, card);
    const sections = scene.rows.map(({ heading, plans }, index) => {
      const section = this.#sectionAt(index, heading);
      const grid = section.lastElementChild as HTMLElement;
      grid.style.setProperty('--columns', scene.view.columns === null ? '' : String(scene.view.columns));
      grid.classList.toggle('counted', scene.view.columns !== null);
      grid.classList.toggle('one', plans.length === 1);
      plans.forEach((plan, at) => {
        const { root } = this.#drawCard(plan, scene);
        if (grid.children[at] !== root) grid.insertBefore(root, grid.children[at] ?? null);
      });
      return section;
    });
    while (this.#rows.children.length > sections.length) this.#rows.lastElementChild?.remove();
  }

  #sectionAt(index: number, heading: string | null): HTMLElement {
    const known = this.#rows.children[index] as HTMLElement | undefined;
    const section = known ?? element('div', { class: 'row' }, element('h3'), element('div', { class: 'cards' }));
    if (known === undefined) this.#rows.append(section);
    const head = section.firstElementChild as HTMLElement;
    setText(head, heading ?? '');
    setHidden(head, heading === null);
    return section;
  }

  #drawCard(plan: ChartPlan, scene: Scene): ChartCard {
    const known = this.#cards.get(plan.id);
    const look = this.#lookOf(plan, scene);
    const card = known ?? this.#createCard(plan, look);
    card.draw(plan, look);
    return card;
  }

  #lookOf(plan: ChartPlan, scene: Scene): CardLook {
    const { card, lines } = plan;
    const { theme, selected, view } = scene;
    const axis = scene.axisOf(card);
    const told = lines.flatMap(({ runs }) => (runs.length === 1 ? runs : []));
    const meant = selected.size > 0 ? told.filter(({ runId }) => selected.has(runId)) : told;
    const telling = new Set(meant);
    const events = [...(telling.size > mostTelling ? [] : telling)].flatMap((run) =>
      (this.#facts?.events.get(run.runId) ?? []).flatMap((event) => {
        const step = axis.eventAt(event, run);
        return step === undefined ? [] : [{ step, text: shorten(event.text) }];
      }),
    );
    const names = {
      step: card.axis === 'batch' ? this.#texts.chartsStep : this.#texts.chartsEpochAxis,
      epoch: this.#texts.chartsEpochAxis,
      relative: this.#texts.chartsRelative,
      wall: this.#texts.chartsWall,
      metric: view.x.metric ?? '',
    };
    return {
      ...{ theme, axis, selected, events },
      looks: this.#looksOf(plan, scene),
      window: this.#facts?.windows.get(axis.key),
      axisName: names[view.x.kind],
      isReading: this.#facts?.isReading === true,
    };
  }

  /** The same list for as long as the plan stands. */
  #looksOf(plan: ChartPlan, { theme, lookOf }: Scene): CardLook['looks'] {
    const known =
      this.#looks.get(plan) ??
      plan.lines.map(({ runs: [run] }) => (run === undefined ? { colour: theme.dim, dash: [] } : lookOf(run)));
    this.#looks.set(plan, known);
    return known;
  }

  #createCard(plan: ChartPlan, look: CardLook): ChartCard {
    const { onCursor, onZoom, onHover, onSelect, onSay, onCards } = this.#actions;
    const card: ChartCard = new ChartCard(this.#texts, plan, look, {
      ...{ onCursor, onZoom, onHover, onSelect, onSay },
      onChange: (id, part) => onCards((cards) => changeCard(cards, id, part)),
      onMove: (id, by) => this.#move(id, by),
      onDrag: (own, event) =>
        startDrag(event, own.root, this.#rows, (before) =>
          onCards((cards) => moveCard(cards, own.plan.card.id, before)),
        ),
      menuOf: (own) =>
        cardMenu(own, {
          texts: this.#texts,
          scene: this.scene,
          actions: this.#actions,
          mayEdit: this.#mayEdit,
          move: (by) => this.#move(own.plan.card.id, by),
        }),
    });
    this.#cards.set(plan.id, card);
    this.#watcher.observe(card.root);
    return card;
  }

  #move(id: string, by: number): void {
    const shown = (this.scene?.cards ?? []).filter(({ isHidden }) => !isHidden).map((card) => card.id);
    const at = shown.indexOf(id);
    const target = shown[at + by];
    if (target === undefined) return;
    const before = by < 0 ? target : (shown[at + by + 1] ?? null);
    this.#actions.onCards((cards) => moveCard(cards, id, before));
  }

  #drop(id: string, card: ChartCard): void {
    this.#watcher.unobserve(card.root);
    this.#inView.delete(card.root);
    card.destroy();
    this.#cards.delete(id);
  }

  #look(entries: readonly IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) this.#inView.add(target);
      else this.#inView.delete(target);
    }
    if (entries.some(({ isIntersecting }) => isIntersecting)) this.#actions.onLook();
  }
}

const shorten = (text: string): string => (text.length > 60 ? `${text.slice(0, 59)}…` : text);
