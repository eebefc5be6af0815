import { answerBook, buffersOf, ChartBook, type BookDeed, type BookDeeds } from '../../../src/core/charts/charts.ts';
import source from './worker.ts?bundle';

type Settle = (answer: unknown) => void;

/**
 * Asks the book of charts, which lives in a worker; where none can be started, or it has died, in the page itself. What the worker held is
 * lost then: `onLost` is told, and questions without an answer stay so.
 */
export class Bookkeeper {
  readonly #onLost: () => void;
  readonly #waiting = new Map<number, Settle>();
  readonly #worker: Worker | undefined;
  #own: ChartBook | undefined;
  #count = 0;

  constructor(onLost: () => void) {
    this.#onLost = onLost;
    this.#worker = startWorker();
    if (this.#worker === undefined) this.#own = new ChartBook();
    this.#worker?.addEventListener(
      'message',
      ({ data }: MessageEvent<{ readonly id: number; readonly answer: unknown }>) => {
        const settle = this.#waiting.get(data.id);
        this.#waiting.delete(data.id);
        settle?.(data.answer);
      },
    );
    this.#worker?.addEventListener('error', () => this.#lose());
  }

  /** Typed arrays of the question are handed over: they are empty afterwards. */
  ask<K extends BookDeed>(deed: K, ask: BookDeeds[K]['ask']): Promise<BookDeeds[K]['answer']> {
    const own = this.#own;
    if (own !== undefined) return Promise.resolve().then(() => answerBook(own, deed, ask));
    this.#count += 1;
    const id = this.#count;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve as Settle);
      this.#worker?.postMessage({ id, deed, ask }, buffersOf(ask));
    });
  }

  #lose(): void {
    if (this.#own !== undefined) return;
    this.#worker?.terminate();
    this.#own = new ChartBook();
    this.#waiting.clear();
    this.#onLost();
  }
}

function startWorker(): Worker | undefined {
  const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  try {
    return new Worker(url, { name: 'charts' });
  } catch {
    // A browser without workers, or a policy that forbids them: the page computes by itself.
    return undefined;
  } finally {
    // The worker has its text by the time that this is undone.
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  }
}
