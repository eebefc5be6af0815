import path from 'node:path';
import type { ObjectiveOf } from '../../core/tracking/tracking.ts';
import type { RunSummary, UnreadableRun } from '../../protocol/tracking.ts';
import { listRunFolders, readExperiments, readRun, type RunReading } from './reading.ts';
import { metaFile, readMeta, readRecord, type RecordReading } from './records.ts';
import { choosePage } from './paging.ts';
import { takeMetaLook, type RunIndex } from './runindex.ts';
import type { RunPage, RunQuery } from './store.ts';

/** Other work of the thread waits at most about so long. */
const BREATH_MS = 8;

export interface RunFolder {
  readonly folder: string;
  /** Name of its experiment. */
  readonly experiment: string;
}

export interface ListedStore {
  readonly root: string;
  /** Undefined: every file is read. */
  readonly index: RunIndex | undefined;
  readonly objectiveOf: ObjectiveOf;
}

/** The folders of all runs, deleted ones among them, and what is wrong with experiments. */
export function findRunFolders(root: string): {
  readonly folders: readonly RunFolder[];
  readonly troubles: readonly UnreadableRun[];
} {
  const folders: RunFolder[] = [];
  const troubles: UnreadableRun[] = [];
  for (const { folder, name, trouble } of readExperiments(root)) {
    const runs = listRunFolders(folder);
    folders.push(...runs.folders.map((runFolder) => ({ folder: runFolder, experiment: name })));
    if (trouble !== undefined) troubles.push(trouble);
    if (runs.trouble !== undefined) troubles.push({ runId: '', file: folder, message: runs.trouble });
  }
  return { folders, troubles };
}

/** The runs of a folder in MLflow's layout. */
export async function listFileRuns(store: ListedStore, query: RunQuery): Promise<RunPage> {
  const { folders, troubles } = findRunFolders(store.root);
  const listing = new Listing(store);
  const isNewest = query.where === undefined && query.order === undefined && query.limit !== undefined;
  const page = isNewest ? await listing.newest(folders, query) : await listing.chosen(folders, query);
  await store.index?.save(folders.map(({ folder }) => folder));
  const { unreadable, warnings } = listing;
  return { ...page, unreadable, warnings: [...troubles, ...warnings] };
}

type Page = Pick<RunPage, 'runs' | 'total'>;

class Listing {
  readonly unreadable: UnreadableRun[] = [];
  readonly warnings: UnreadableRun[] = [];
  readonly #store: ListedStore;
  #breathedAt = -Infinity;

  constructor(store: ListedStore) {
    this.#store = store;
  }

  /** Only the runs of the page are read; of the others it is enough to know when they began. */
  async newest(folders: readonly RunFolder[], { start = 0, limit = Infinity }: RunQuery): Promise<Page> {
    const found: (RunFolder & { readonly startTime: number })[] = [];
    for (const one of folders) {
      await this.#breathe();
      const startTime = this.#date(one);
      if (startTime !== undefined) found.push({ ...one, startTime });
    }
    found.sort((a, b) => b.startTime - a.startTime || (a.folder < b.folder ? -1 : 1));
    const runs: RunSummary[] = [];
    for (const one of found.slice(start, start + limit))
      runs.push(...(await this.#read(one, this.#look(one.folder, true))));
    return { runs, total: found.length };
  }

  /** Undefined for one that stands on no page: it is deleted, or can't be read. */
  #date({ folder }: RunFolder): number | undefined {
    const { index } = this.#store;
    const known = index?.outline(folder);
    if (known !== undefined) return known.isDeleted ? undefined : known.startTime;
    const look = takeMetaLook(folder);
    const { meta, trouble } = readMeta(folder) ?? {};
    if (trouble !== undefined)
      this.unreadable.push({ runId: path.basename(folder), file: metaFile(folder), message: trouble });
    if (meta === undefined) return undefined;
    index?.rememberMeta(folder, meta, look);
    return meta.isDeleted ? undefined : meta.startTime;
  }

  async chosen(folders: readonly RunFolder[], query: RunQuery): Promise<Page> {
    const { limit = Infinity } = query;
    const mostClosely = limit === Infinity ? (query.closely ?? Infinity) : 0;
    const hasTurn = this.#store.index?.takeTurn(folders.length, mostClosely);
    const places = new Map<RunSummary, RunFolder>();
    for (const [index, one] of folders.entries()) {
      await this.#breathe();
      for (const run of await this.#read(one, this.#look(one.folder, hasTurn?.(index) ?? true))) places.set(run, one);
    }
    const page = choosePage([...places.keys()], query);
    if (limit === Infinity) return page;
    const runs: RunSummary[] = [];
    // What is wrong with them has been told.
    for (const run of page.runs) {
      const one = places.get(run);
      const again = one === undefined ? undefined : await this.#summarize(one, this.#look(one.folder, true));
      runs.push(again?.run ?? run);
    }
    return { runs, total: page.total };
  }

  #look(folder: string, closely: boolean): RecordReading | undefined {
    const { index } = this.#store;
    return index === undefined ? readRecord(folder) : index.read(folder, closely);
  }

  async #read(one: RunFolder, reading: RecordReading | undefined): Promise<readonly RunSummary[]> {
    const { run, unreadable, warnings } = await this.#summarize(one, reading);
    if (unreadable !== undefined) this.unreadable.push(unreadable);
    this.warnings.push(...warnings);
    return run === undefined ? [] : [run];
  }

  async #summarize({ folder, experiment }: RunFolder, reading: RecordReading | undefined): Promise<RunReading> {
    const { objectiveOf } = this.#store;
    return reading === undefined ? { warnings: [] } : readRun(folder, { experiment, objectiveOf }, reading);
  }

  async #breathe(): Promise<void> {
    if (performance.now() - this.#breathedAt < BREATH_MS) return;
    await new Promise(setImmediate);
    this.#breathedAt = performance.now();
  }
}
