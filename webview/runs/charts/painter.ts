import type { ChartAsk } from '../../../src/core/charts/charts.ts';
import type { RunPoints } from '../../../src/protocol/chartfeed.ts';
import type { RunSummary } from '../../../src/protocol/tracking.ts';
import type { Board } from './board.ts';
import type { Bookkeeper } from './bookkeeper.ts';
import type { ChartCard } from './card.ts';
import { mostNumbers } from './numbers.ts';
import { hasSameLines, type ChartPlan } from './plan.ts';
import type { Scene } from './scene.ts';

/** What is known of a card's drawing. */
interface Drawing {
  /** Of the question and the points that it was about. */
  stamp: string;
  isBusy: boolean;
  /** Something has changed while it was being answered. */
  isAgain: boolean;
}

/** Raw values of more lines than these would be a fog behind the smoothed ones. */
const mostRaw = 12;

/** Asks for the drawings of cards whose lines have changed, one question a card at a time, and hands the answers to them. */
export class Painter {
  readonly #book: Bookkeeper;
  readonly #board: Board;
  /** A card has new lines. */
  readonly #onPainted: () => void;
  readonly #drawings = new WeakMap<ChartCard, Drawing>();
  /** Metric → how often its points have changed. */
  readonly #versions = new Map<string, number>();
  #version = 0;
  #sparked = '';

  constructor(book: Bookkeeper, board: Board, onPainted: () => void) {
    [this.#book, this.#board, this.#onPainted] = [book, board, onPainted];
  }

  changed(series: readonly RunPoints[]): void {
    this.#version += 1;
    for (const { metric } of series) this.#versions.set(metric, this.#version);
  }

  /** Points are void. */
  forget(): void {
    this.#version += 1;
    for (const metric of this.#versions.keys()) this.#versions.set(metric, this.#version);
  }

  paint(scene: Scene, cards: readonly ChartCard[], visible: readonly RunSummary[]): void {
    for (const card of cards) void this.#paint(scene, card);
    void this.#spark(scene, visible);
  }

  async #paint(scene: Scene, card: ChartCard): Promise<void> {
    const drawing = this.#drawings.get(card) ?? { stamp: '', isBusy: false, isAgain: false };
    this.#drawings.set(card, drawing);
    if (drawing.isBusy) {
      drawing.isAgain = true;
      return;
    }
    const ask = this.#askOf(scene, card);
    const stamp = JSON.stringify([ask, card.plan.card.isTable, this.#versionOf(card.plan, scene)]);
    if (stamp === drawing.stamp) return;
    drawing.stamp = stamp;
    drawing.isBusy = true;
    card.root.setAttribute('aria-busy', 'true');
    const { plan } = card;
    try {
      const answer = await this.#book.ask('draw', ask).finally(() => (drawing.isBusy = false));
      // The next one is computed while this one is drawn. The first one is drawn before: only then the plot knows how wide it is.
      if (card.answer !== undefined) this.#askAgain(card, drawing);
      // Lines may have come, gone, or changed places meanwhile: their answer is on its way.
      if (hasSameLines(plan, card.plan)) {
        card.show(answer, ask.smoothing === null ? [] : ask.raw);
        if (plan.card.isTable) await this.#number(scene, card);
      }
    } finally {
      if (!this.#askAgain(card, drawing)) card.root.removeAttribute('aria-busy');
    }
    this.#onPainted();
  }

  /** Asks again where something has changed since; whether an answer is on its way. */
  #askAgain(card: ChartCard, drawing: Drawing): boolean {
    const scene = this.#board.scene;
    if (drawing.isAgain && !drawing.isBusy && scene !== undefined) {
      drawing.isAgain = false;
      void this.#paint(scene, card);
    }
    return drawing.isBusy;
  }

  #askOf(scene: Scene, card: ChartCard): ChartAsk {
    const { plan } = card;
    const selected = plan.lines.flatMap(({ runs }, line) =>
      runs.some(({ runId }) => scene.selected.has(runId)) ? [line] : [],
    );
    const judged = plan.judged?.lines.filter((line) => selected.includes(line)) ?? [];
    const best =
      plan.judged === null ? null : { ...plan.judged, lines: judged.length > 0 ? judged : plan.judged.lines };
    return {
      ...plan.ask,
      columns: card.columns,
      window: this.#board.windowOf(card) ?? null,
      raw: plan.lines.length <= mostRaw ? [...plan.lines.keys()] : selected.slice(0, mostRaw),
      best,
    };
  }

  #versionOf({ card }: ChartPlan, { view }: Scene): number {
    const own = card.measures.map(({ text, isExpression }) =>
      isExpression ? this.#version : (this.#versions.get(text) ?? 0),
    );
    return Math.max(0, ...own, view.x.kind === 'metric' ? (this.#versions.get(view.x.metric ?? '') ?? 0) : 0);
  }

  /** Selected lines first, then as they come. */
  async #number(scene: Scene, card: ChartCard): Promise<void> {
    const { plan } = card;
    const isSelected = (line: number): boolean =>
      plan.lines[line]?.runs.some(({ runId }) => scene.selected.has(runId)) === true;
    const lines = [...plan.lines.keys()]
      .sort((a, b) => Number(isSelected(b)) - Number(isSelected(a)) || a - b)
      .slice(0, mostNumbers.lines);
    const numbers = await this.#book.ask('numbers', { id: plan.id, lines, most: mostNumbers.points });
    card.showNumbers(numbers, lines);
  }

  async #spark({ objective }: Scene, visible: readonly RunSummary[]): Promise<void> {
    if (objective === null) return;
    const runIds = visible.map(({ runId }) => runId);
    const stamp = `${runIds.join()} ${this.#versions.get(objective) ?? 0}`;
    if (stamp === this.#sparked) return;
    this.#sparked = stamp;
    this.#board.showSparks(await this.#book.ask('sparks', { runIds, metric: objective }));
  }
}
