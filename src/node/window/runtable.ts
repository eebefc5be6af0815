import { randomUUID } from 'node:crypto';
import type { RunTablePart, TableStamp } from '../../protocol/runtable.ts';
import { joinRuns, packRun } from '../../protocol/runtablecodec.ts';
import type { RunList, RunSummary } from '../../protocol/tracking.ts';

/** So many runs are a part: what is handed on at once, and shown at once. */
const runsInPart = 500;

interface Packed {
  readonly text: string;
  /** At which version it came to be so; `text` is empty for a run that is listed no more. */
  readonly version: number;
}

/** Knows of each run of a project when it changed last, so that whoever shows them is told only what it lacks. */
export class RunTableLog {
  readonly #epoch = randomUUID();
  readonly #runs = new Map<string, Packed>();
  #version = 0;
  #list: RunList | undefined;

  read(list: RunList, since: TableStamp | null): RunTablePart {
    this.#take(list);
    const isWhole = since?.epoch !== this.#epoch;
    const from = isWhole ? 0 : since.version;
    const changed = [...this.#runs].filter(([, { version }]) => version > from);
    const texts = changed.flatMap(([, { text }]) => (text === '' ? [] : [text]));
    const parts = Array.from({ length: Math.max(1, Math.ceil(texts.length / runsInPart)) }, (_, index) =>
      joinRuns(texts.slice(index * runsInPart, (index + 1) * runsInPart)),
    );
    return {
      stamp: { epoch: this.#epoch, version: this.#version },
      isWhole,
      parts: texts.length === 0 && !isWhole ? [] : parts,
      removed: isWhole ? [] : changed.flatMap(([runId, { text }]) => (text === '' ? [runId] : [])),
      unreadable: list.unreadable,
    };
  }

  /** The list is the same object until something has changed. */
  #take(list: RunList): void {
    if (list === this.#list) return;
    this.#list = list;
    this.#version += 1;
    const gone = new Set(this.#runs.keys());
    const toRow = nameStores(list);
    for (const run of list.runs) {
      gone.delete(run.runId);
      const text = packRun(toRow(run));
      if (this.#runs.get(run.runId)?.text !== text) this.#runs.set(run.runId, { text, version: this.#version });
    }
    for (const runId of gone)
      if (this.#runs.get(runId)?.text !== '') this.#runs.set(runId, { text: '', version: this.#version });
  }
}

/** A run with its store as people call it, where there are several. */
function nameStores({ stores = [] }: RunList): (run: RunSummary) => RunSummary {
  const labels = new Map(stores.length < 2 ? [] : stores.map(({ uri, label }) => [uri, label]));
  return ({ store, ...run }) => {
    const label = labels.get(store ?? '');
    return label === undefined ? run : { ...run, store: label };
  };
}
