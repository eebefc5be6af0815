import type * as vscode from 'vscode';
import { ChartFeedSession } from '../../core/charts/charts.ts';
import type { ChartFeedQuestion, SeriesMessage } from '../../protocol/chartfeed.ts';
import type { SeriesQuestion } from '../../protocol/chartfeedreading.ts';
import type { RunsFeed } from './feed.ts';
import { toReason } from './page.ts';

/** How long a page may take to say that it has a message before it is sent once more, and how often it is. */
const patience = 10_000;
const mostRepeats = 3;
/** So often runs are looked at that grow where nothing tells of it. */
const lookEvery = 5000;

interface SeriesFeedOptions {
  readonly root: string;
  readonly feed: Pick<RunsFeed, 'readSeries' | 'followSeries' | 'look'>;
  readonly post: (message: SeriesMessage) => void;
  readonly log: vscode.LogOutputChannel;
}

/** Brings points of the runs that a page watches to it. Decides nothing: what is read and sent next is said by its session. */
export class SeriesFeed {
  readonly #options: SeriesFeedOptions;
  readonly #session = new ChartFeedSession();
  #following: { dispose(): void } | undefined;
  #repeating: NodeJS.Timeout | undefined;
  #looking: NodeJS.Timeout | undefined;

  constructor(options: SeriesFeedOptions) {
    this.#options = options;
  }

  handle(question: ChartFeedQuestion): void {
    if (question.type === 'watch') this.#session.watch(question);
    else this.#session.acknowledge(question.watch, question.sequence);
    this.#follow();
    this.#go();
  }

  /** Runs may have changed. */
  check(): void {
    this.#session.check();
    this.#go();
  }

  /** The page is not there, or not seen: nothing is read or sent before it watches anew. */
  stop(): void {
    this.#session.stop();
    this.#following?.dispose();
    this.#following = undefined;
    clearTimeout(this.#repeating);
    clearTimeout(this.#looking);
  }

  #follow(): void {
    const { feed, root } = this.#options;
    if (!this.#session.isWatched) return;
    this.#following ??= feed.followSeries(root, (points) => {
      this.#session.append(points);
      this.#go();
    });
  }

  #go(): void {
    const question = this.#session.question();
    if (question !== undefined) void this.#read(question);
    const message = this.#session.next();
    if (message !== undefined) this.#send(message, 0);
  }

  async #read(question: SeriesQuestion): Promise<void> {
    const { feed, root, log } = this.#options;
    try {
      const reading = await feed.readSeries(root, question);
      this.#session.take(reading);
      if (reading.isGrowing && this.#session.isWatched) this.#lookSoon();
    } catch (error) {
      this.#session.fail(question, toReason(error, log));
    }
    this.#go();
  }

  #send(message: SeriesMessage, repeats: number): void {
    this.#options.post(message);
    clearTimeout(this.#repeating);
    if (repeats === mostRepeats) return;
    this.#repeating = setTimeout(() => {
      if (this.#session.unacknowledged === message) this.#send(message, repeats + 1);
    }, patience);
  }

  #lookSoon(): void {
    clearTimeout(this.#looking);
    const { feed, root, log } = this.#options;
    this.#looking = setTimeout(() => {
      if (this.#session.isWatched) feed.look(root).catch((error: unknown) => log.warn(toReason(error, log)));
    }, lookEvery);
  }
}
