import type { SavedView, TableNotice, ToRunsPage } from '../../protocol/runtable.ts';
import { unpackRuns } from '../../protocol/runtablecodec.ts';
import type { RunSummary, UnreadableRun } from '../../protocol/tracking.ts';

type Numbered = Extract<ToRunsPage, { readonly sequence: number }>;

/**
 * What a message has done: `old`, `broken` and `resync` have changed nothing. After `resync` the page asks for everything; after `broken`
 * it does not, because the same bytes would come again.
 */
type Received = 'runs' | 'views' | 'notice' | 'chosen' | 'tab' | 'copy' | 'export' | 'old' | 'broken' | 'resync';

/** The page's half of the border: what it has been sent so far. */
export class RunsPageView {
  #byId: ReadonlyMap<string, RunSummary> = new Map();
  #coming: { readonly runs: Map<string, RunSummary>; readonly isShown: boolean } | undefined;
  #isLost = false;
  #sequence: number | undefined;
  #runs: readonly RunSummary[] | undefined;
  #unreadable: readonly UnreadableRun[] = [];
  #views: readonly SavedView[] | undefined;
  #notice: TableNotice | undefined;

  /** Undefined until some have come; then as many as there are so far. */
  get runs(): readonly RunSummary[] | undefined {
    return this.#runs;
  }

  get unreadable(): readonly UnreadableRun[] {
    return this.#unreadable;
  }

  /** Undefined until they have been told. */
  get views(): readonly SavedView[] | undefined {
    return this.#views;
  }

  /** In the place of the runs. */
  get notice(): TableNotice | undefined {
    return this.#notice;
  }

  find(runId: string): RunSummary | undefined {
    return this.#byId.get(runId);
  }

  receive(message: Numbered): Received {
    const { sequence } = message;
    if (this.#sequence !== undefined && sequence <= this.#sequence) return 'old';
    const begins = message.type === 'runs' && message.begins;
    const isNext = this.#sequence === undefined || sequence === this.#sequence + 1;
    this.#sequence = sequence;
    if (begins) this.#isLost = false;
    // Asked for once; until everything comes, changes of what is not there are nothing.
    if (this.#isLost) return 'old';
    if (!isNext && !begins) return this.#lose();
    if (message.type === 'runs') return this.#take(message);
    if (message.type === 'views') this.#views = message.views;
    else if (message.type === 'notice') this.#notice = message.notice;
    return message.type;
  }

  #take({ begins, ends, bytes, removed, unreadable }: Extract<ToRunsPage, { readonly type: 'runs' }>): Received {
    const runs = unpackRuns(bytes);
    if (runs === undefined) {
      this.#lose();
      return 'broken';
    }
    if (this.#runs === undefined && !begins) return this.#lose();
    // What stands on the page stays whole until all of the new has come; the first time parts are better than nothing.
    const coming = begins
      ? { runs: new Map<string, RunSummary>(), isShown: this.#runs === undefined }
      : (this.#coming ?? { runs: new Map(this.#byId), isShown: false });
    for (const run of runs) coming.runs.set(run.runId, run);
    for (const runId of removed) coming.runs.delete(runId);
    this.#coming = ends ? undefined : coming;
    if (!ends && !coming.isShown) return 'runs';
    this.#byId = coming.runs;
    this.#runs = [...coming.runs.values()];
    this.#unreadable = unreadable;
    this.#notice = undefined;
    return 'runs';
  }

  #lose(): Received {
    this.#isLost = true;
    this.#coming = undefined;
    return 'resync';
  }
}
