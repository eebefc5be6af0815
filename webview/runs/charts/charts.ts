import {
  ChartFeedView,
  keptViews,
  toCardViews,
  type ChartReading,
  type CursorMove,
  type Range,
} from '../../../src/core/charts/charts.ts';
import { copyCells } from '../../../src/core/runtable/runtable.ts';
import type { SeriesMessage, SeriesProblem } from '../../../src/protocol/chartfeed.ts';
import type { RunEvent } from '../../../src/protocol/charts.ts';
import type { CardView, ChartsView } from '../../../src/protocol/runsview.ts';
import { createRhythm } from '../../shared/plots/rhythm.ts';
import type { ExportedChart } from '../../shared/export/charts.ts';
import type { Tab, TabFacts, TabHost } from '../tab.ts';
import { Board } from './board.ts';
import { Bookkeeper } from './bookkeeper.ts';
import type { ChartCard } from './card.ts';
import { planScene, type Scene } from './scene.ts';
import { Painter } from './painter.ts';
import { mostKept, readChartsState, type ChartsState } from './state.ts';
import { chooseWatched } from './watching.ts';

/** Milliseconds between two drawings of what comes by itself. */
const pause = 250;

/** Charts of all runs: the list of them on the left, a card for each metric on the right. */
export function createTab(host: TabHost): Tab {
  return new ChartsTab(host);
}

class ChartsTab implements Tab {
  readonly root: HTMLElement;
  readonly #host: TabHost;
  readonly #feed = new ChartFeedView(Date.now());
  readonly #book = new Bookkeeper(() => this.#recover());
  readonly #rhythm = createRhythm(pause, () => this.#perform());
  readonly #board: Board;
  readonly #painter: Painter;
  readonly #events = new Map<string, RunEvent[]>();
  readonly #windows = new Map<string, Range>();
  #problems: readonly SeriesProblem[] = [];
  #state: ChartsState;
  #facts: TabFacts | undefined;
  #scene: Scene | undefined;
  #isLeft = true;
  #cursor: { readonly card: ChartCard; readonly x: number } | undefined;
  /** Where the cursor is to go next. */
  #wish: { readonly card: ChartCard; readonly move: CursorMove; readonly how: 'pointed' | 'spoken' } | undefined;
  #isShown = false;
  #isReading = false;
  /** The points were lost, and have not all come again. */
  #isRecovering = false;
  #hovered: ReadonlySet<string> = new Set();

  constructor(host: TabHost) {
    this.#host = host;
    this.#state = readChartsState(host.readState());
    this.#board = new Board(host, {
      onView: (part) => this.#changeView(part),
      onState: (part) => this.#setState(part),
      onCards: (change) => this.#changeCards(change),
      onCursor: (card, move, how) => this.#moveCursor(card, move, how),
      onZoom: (card, window) => this.#zoom(card, window),
      onWhole: () => this.#zoomAll(),
      onHover: (runIds) => this.#hover(runIds),
      onSelect: (runIds, adds) => this.#select(runIds, adds),
      onOpen: (runId) => host.post({ type: 'act', action: 'open', runIds: [runId] }),
      onLook: () => this.#rhythm.request(),
      onRetry: () => this.#watchAnew(),
      onSay: (words) => host.say(words),
      onTake: (what, card) =>
        host.takeAway(what, card.plan.card.title, card.exported === undefined ? [] : [card.exported]),
      onCopy: (card) => host.post({ type: 'copied', text: copyCells(card.cells, 'markdown') }),
    });
    this.#painter = new Painter(this.#book, this.#board, () => this.#drawCursor());
    this.root = this.#board.root;
  }

  exported(): readonly ExportedChart[] {
    return this.#board.exported;
  }

  draw(facts: TabFacts): void {
    const before = this.#facts;
    const wasLeft = this.#isLeft;
    [this.#facts, this.#isLeft] = [facts, false];
    const isLive = before !== undefined && !wasLeft && isSameWish(before, facts);
    // What runs tell by themselves waits for its turn; what a person does shows at once.
    if (isLive) this.#rhythm.request();
    else this.#rhythm.now();
  }

  leave(): void {
    this.#isLeft = true;
    this.#hover([]);
  }

  receive(message: SeriesMessage): void {
    const wasWhole = this.#feed.isWhole;
    const receipt = this.#feed.receive(message);
    switch (receipt.kind) {
      case 'old':
        if (receipt.answer !== undefined) this.#host.post(receipt.answer);
        return;
      case 'anew':
        this.#forget();
        this.#host.post(receipt.answer);
        return;
      case 'taken': {
        for (const [runId, event] of receipt.events)
          this.#events.set(runId, [...(this.#events.get(runId) ?? []), event]);
        if (receipt.problems.length > 0) this.#problems = [...this.#problems, ...receipt.problems];
        this.#painter.changed(receipt.series);
        // The next part comes when this one has been taken over: whoever sends cannot flood the page.
        void this.#book.ask('take', receipt.series).then((fits) => {
          if (fits) this.#host.post(receipt.answer);
          else this.#watchAnew();
        });
        this.#isRecovering &&= !this.#feed.isWhole;
        if (this.#feed.isWhole && !wasWhole) this.#rhythm.now();
        else this.#rhythm.request();
      }
    }
  }

  #perform(): void {
    const facts = this.#facts;
    if (facts === undefined || this.#isLeft) return;
    const scene = this.#planned(facts);
    this.#board.draw(scene, {
      state: this.#state,
      windows: this.#windows,
      events: this.#events,
      isReading: !this.#feed.isWhole,
      isRecovering: this.#isRecovering,
      problems: this.#problems,
      hovered: this.#hovered,
    });
    this.#watch(scene);
    this.#painter.paint(scene, this.#board.cardsInView(), this.#board.visibleRuns());
    this.#drawCursor();
  }

  /** The scene that stands, where nothing has changed but points and windows: whatever hangs on it need not be looked at then. */
  #planned(facts: TabFacts): Scene {
    const before = this.#scene;
    if (before?.facts === facts && before.state === this.#state) return before;
    const scene = planScene(facts, this.#state, { before, texts: this.#host.texts });
    this.#scene = scene;
    if (scene.order !== this.#state.order) this.#keep({ order: scene.order.slice(0, mostKept) });
    return scene;
  }

  /** Asks for the points of what can be seen. */
  #watch(scene: Scene): void {
    const wanted = chooseWatched(scene, this.#board.cardsInView(), this.#feed.wanted);
    if (wanted === this.#feed.wanted) return;
    this.#problems = [];
    this.#host.post(this.#feed.watch(wanted));
    void this.#book.ask('keep', { runIds: wanted.runIds, metrics: wanted.metrics });
  }

  #recover(): void {
    this.#isRecovering = true;
    this.#watchAnew();
    this.#rhythm.now();
  }

  #watchAnew(): void {
    this.#forget();
    this.#host.post(this.#feed.watchAnew());
    this.#rhythm.request();
  }

  #forget(): void {
    this.#events.clear();
    this.#problems = [];
    this.#painter.forget();
    void this.#book.ask('clear', null);
  }

  #changeView(part: Partial<ChartsView>): void {
    const view = this.#facts?.view.charts;
    if (view === undefined) return;
    if (part.x !== undefined || part.xScale !== undefined) this.#windows.clear();
    this.#host.changeView({ charts: { ...view, ...part } });
  }

  #changeCards(change: (cards: readonly CardView[]) => readonly CardView[]): void {
    const scene = this.#scene;
    if (scene !== undefined)
      this.#changeView({ cards: [...change(toCardViews(scene.cards)), ...keptViews(scene.view.cards, scene.cards)] });
  }

  #setState(part: Partial<ChartsState>): void {
    this.#keep(part);
    this.#rhythm.now();
  }

  #keep(part: Partial<ChartsState>): void {
    this.#state = { ...this.#state, ...part };
    this.#host.writeState(this.#state);
  }

  #zoom(card: ChartCard, window: Range | undefined): void {
    const key = this.#keyOf(card);
    if (window === undefined) this.#windows.delete(key);
    else this.#windows.set(key, window);
    this.#rhythm.now();
  }

  #zoomAll(): void {
    this.#windows.clear();
    this.#rhythm.now();
  }

  #select(runIds: readonly string[], adds: boolean): void {
    const selected = new Set(this.#facts?.selected.map(({ runId }) => runId));
    const isIn = runIds.every((runId) => selected.has(runId));
    if (!adds) this.#host.select(runIds);
    else if (isIn) this.#host.select([...selected].filter((runId) => !runIds.includes(runId)));
    else this.#host.select([...selected, ...runIds]);
  }

  #hover(runIds: readonly string[]): void {
    if (runIds.length === this.#hovered.size && runIds.every((runId) => this.#hovered.has(runId))) return;
    this.#hovered = new Set(runIds);
    this.#board.highlight(this.#hovered);
  }

  /** One question at a time; of those that come meanwhile only the last one counts. */
  #moveCursor(card: ChartCard, move: CursorMove | undefined, how: 'pointed' | 'spoken'): void {
    this.#wish = move === undefined ? undefined : { card, move, how };
    this.#isShown = move !== undefined;
    if (move !== undefined) void this.#readOn();
    else {
      this.#cursor = undefined;
      this.#board.hideCursor();
    }
  }

  async #readOn(): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    try {
      await this.#readWishes();
    } finally {
      this.#isReading = false;
    }
  }

  async #readWishes(): Promise<void> {
    for (let wish = this.#wish; wish !== undefined; wish = this.#wish) {
      this.#wish = undefined;
      const { card, move, how } = wish;
      const others = this.#board
        .cardsInView()
        .filter((other) => other !== card && this.#keyOf(other) === this.#keyOf(card));
      const readings = await this.#book.ask('read', { ids: [card, ...others].map(({ plan }) => plan.id), move });
      const [own] = readings;
      // It may have left meanwhile.
      if (!this.#isShown || own === undefined) continue;
      this.#cursor = { card, x: own.x };
      this.#showReadings(readings);
      if (how === 'spoken') this.#host.say(card.describe());
    }
  }

  #keyOf({ plan }: ChartCard): string {
    return this.#scene?.axisOf(plan.card).key ?? '';
  }

  #showReadings(readings: readonly ChartReading[]): void {
    const byId = new Map(readings.map((reading) => [reading.id, reading]));
    for (const card of this.#board.cardsInView())
      card.showReading(byId.get(card.plan.id), this.#cursor?.x, card === this.#cursor?.card);
  }

  /** Points have come, or another window is shown: the cursor stays where it is and reads anew. */
  #drawCursor(): void {
    if (this.#cursor === undefined || this.#isReading) return;
    const { card, x } = this.#cursor;
    this.#moveCursor(card, { near: x }, 'pointed');
  }
}

/** Nothing but the runs themselves has changed. */
function isSameWish(a: TabFacts, b: TabFacts): boolean {
  return a.view === b.view || (a.view.charts === b.view.charts && a.view.table === b.view.table)
    ? a.theme === b.theme &&
        a.selected.length === b.selected.length &&
        a.selected.every(({ runId }, i) => runId === b.selected[i]?.runId)
    : false;
}
