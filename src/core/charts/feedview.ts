import type { ChartFeedQuestion, RunPoints, SeriesMessage, SeriesProblem, Watched } from '../../protocol/chartfeed.ts';
import type { RunEvent } from '../../protocol/charts.ts';

/** What to do with a message. `answer` is to be posted. */
export type FeedReceipt =
  /** Nothing: it is of the past. */
  | { readonly kind: 'old'; readonly answer: ChartFeedQuestion | undefined }
  /** Something was lost: what the page has is void, everything comes anew. */
  | { readonly kind: 'anew'; readonly answer: ChartFeedQuestion }
  | {
      readonly kind: 'taken';
      readonly answer: ChartFeedQuestion;
      readonly series: readonly RunPoints[];
      readonly events: readonly (readonly [runId: string, event: RunEvent])[];
      readonly problems: readonly SeriesProblem[];
    };

/**
 * The page's half of the points' way: says what it watches, and of each message whether it follows what the page has. The points themselves
 * are kept by whoever draws them.
 */
export class ChartFeedView {
  #watch: number;
  #sequence = 0;
  #wanted: Watched = { runIds: [], metrics: [], events: false };
  #isWhole = false;
  /** Run → metric → number of points. */
  readonly #counts = new Map<string, Map<string, number>>();
  readonly #events = new Map<string, Set<string>>();

  /** `time`: of a clock, so that a page that was loaded again goes on counting. */
  constructor(time: number) {
    this.#watch = Math.floor(time);
  }

  get wanted(): Watched {
    return this.#wanted;
  }

  /** All that there was when it was asked for has come. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** These series are wanted from now on; those that are not in it are to be dropped. The question is to be posted. */
  watch(wanted: Watched): ChartFeedQuestion {
    const isFirst = this.#wanted.runIds.length === 0;
    const [runIds, metrics] = [new Set(wanted.runIds), new Set(wanted.metrics)];
    for (const [runId, counts] of this.#counts) {
      if (!runIds.has(runId)) this.#counts.delete(runId);
      for (const metric of counts.keys()) if (!metrics.has(metric)) counts.delete(metric);
    }
    for (const runId of this.#events.keys()) if (!runIds.has(runId) || !wanted.events) this.#events.delete(runId);
    return this.#ask(wanted, isFirst);
  }

  /** Begins with nothing once more: the page has lost something, or nobody has answered. */
  watchAnew(): ChartFeedQuestion {
    this.#counts.clear();
    this.#events.clear();
    return this.#ask(this.#wanted, true);
  }

  receive(message: SeriesMessage): FeedReceipt {
    const { watch, sequence, series, events, problems, isWhole } = message;
    if (watch !== this.#watch) return { kind: 'old', answer: undefined };
    const answer: ChartFeedQuestion = { type: 'watched', watch, sequence };
    // It comes once more because nobody heard that it had come.
    if (sequence <= this.#sequence) return { kind: 'old', answer };
    if (sequence !== this.#sequence + 1 || !series.every((points) => this.#count(points)))
      return { kind: 'anew', answer: this.watchAnew() };
    [this.#sequence, this.#isWhole] = [sequence, isWhole];
    return { kind: 'taken', answer, series, events: events.filter((one) => this.#isNew(one)), problems };
  }

  #ask(wanted: Watched, restart: boolean): ChartFeedQuestion {
    this.#watch += 1;
    [this.#sequence, this.#wanted, this.#isWhole] = [0, wanted, false];
    return { type: 'watch', watch: this.#watch, restart, wanted };
  }

  /** False where points are missing between. */
  #count({ runId, metric, from, steps }: RunPoints): boolean {
    const own = this.#counts.get(runId) ?? new Map<string, number>();
    if (from > (own.get(metric) ?? 0)) return false;
    this.#counts.set(runId, own.set(metric, from + steps.length));
    return true;
  }

  #isNew([runId, { time, step, kind, text }]: readonly [string, RunEvent]): boolean {
    const own = this.#events.get(runId) ?? new Set();
    this.#events.set(runId, own);
    return own.size < own.add(JSON.stringify([time, step, kind, text])).size;
  }
}
