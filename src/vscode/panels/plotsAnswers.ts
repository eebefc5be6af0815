import { plotsVersion } from '../../protocol/plotscodec.ts';
import type { PlotsMessage, PlotsQuestion } from '../../protocol/plots.ts';
import type { RunsFeed } from './feed.ts';

interface AnswersOptions {
  readonly root: string;
  readonly feed: Pick<RunsFeed, 'plots' | 'followPlots'>;
  readonly post: (message: PlotsMessage) => void;
  /** The sentence of a failure. */
  readonly toReason: (error: unknown) => string;
}

/** Changes come in swarms, as while a stage runs: the same question is answered again at most so often. */
const PAUSE_MS = 2000;

/** Answers what the page asks of plots, and answers again when something has changed, as long as the question stands. */
export class PlotsAnswers {
  readonly #options: AnswersOptions;
  readonly #subscription: { dispose(): unknown };
  #asked: PlotsQuestion | undefined;
  #isReading = false;
  #isOutdated = false;
  #timer: NodeJS.Timeout | undefined;
  #isDisposed = false;

  constructor(options: AnswersOptions) {
    this.#options = options;
    this.#subscription = options.feed.followPlots(options.root, () => {
      if (this.#asked !== undefined) this.#timer ??= setTimeout(() => void this.#read(), PAUSE_MS);
    });
  }

  /** A question without revisions is none: nobody looks. */
  ask(question: PlotsQuestion): void {
    this.#asked = question.revisions.length === 0 ? undefined : question;
    if (this.#asked !== undefined) void this.#read();
  }

  /** Nobody looks any more, until the page asks again. */
  stop(): void {
    this.#asked = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  dispose(): void {
    this.#isDisposed = true;
    this.stop();
    this.#subscription.dispose();
  }

  async #read(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isOutdated = true;
    if (this.#isReading) return;
    this.#isReading = true;
    while (this.#isOutdated) {
      this.#isOutdated = false;
      const asked = this.#asked;
      if (asked !== undefined) await this.#answer(asked);
    }
    this.#isReading = false;
  }

  async #answer({ question, revisions, runIds }: PlotsQuestion): Promise<void> {
    const { root, feed, post, toReason } = this.#options;
    const { plots, problems, failure } = await feed.plots(root, { revisions, runIds }).then(
      (found) => ({ ...found, failure: null }),
      (error: unknown) => ({ plots: [], problems: [], failure: toReason(error) }),
    );
    if (!this.#isDisposed && this.#asked?.question === question)
      post({ type: 'plots', protocol: plotsVersion, question, plots, problems, failure });
  }
}
