import { answerBook, buffersOf, ChartBook, type BookDeed, type BookDeeds } from '../../../src/core/charts/charts.ts';
import source from './worker.ts?bundle';

/** A question that is being answered. */
interface Waiting {
  readonly settle: (answer: unknown) => void;
  /** What is done about it when the worker has died over it. */
  readonly again: () => void;
}

/** A worker that dies more often does so of what it is asked: the page answers by itself, where a failure hits one question alone. */
const mostDeaths = 3;

/**
 * Asks the book of charts, which lives in a worker; where none can be started, in the page itself. A worker that dies is replaced. What it held is
 * lost then: `onLost` is told, and what it was asked is asked once more.
 */
export class Bookkeeper {
  readonly #onLost: () => void;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #own: ChartBook | undefined;
  #count = 0;
  #deaths = 0;

  constructor(onLost: () => void) {
    this.#onLost = onLost;
    this.#begin();
  }

  /** Typed arrays of the question are handed over: they are empty afterwards. */
  ask<K extends BookDeed>(deed: K, ask: BookDeeds[K]['ask']): Promise<BookDeeds[K]['answer']> {
    const own = this.#own;
    if (own !== undefined) return Promise.resolve().then(() => answerBook(own, deed, ask));
    this.#count += 1;
    const id = this.#count;
    return new Promise((resolve) => {
      const settle = resolve as Waiting['settle'];
      // Points that were handed over are gone, and come anew: nobody has to do anything about these.
      const again = (): void => (deed === 'take' ? settle(true) : resolve(this.ask(deed, ask)));
      this.#waiting.set(id, { settle, again });
      this.#worker?.postMessage({ id, deed, ask }, buffersOf(ask));
    });
  }

  #begin(): void {
    const worker = this.#deaths > mostDeaths ? undefined : startWorker();
    this.#worker = worker;
    if (worker === undefined) this.#own = new ChartBook();
    worker?.addEventListener('message', ({ data }: MessageEvent<{ readonly id: number; readonly answer: unknown }>) => {
      const waiting = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      waiting?.settle(data.answer);
    });
    worker?.addEventListener('error', () => {
      if (worker === this.#worker) this.#lose(worker);
    });
  }

  #lose(worker: Worker): void {
    worker.terminate();
    this.#deaths += 1;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#begin();
    this.#onLost();
    for (const { again } of waiting) again();
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
