import { setTimeout as sleep } from 'node:timers/promises';
import { selectRun, type ObjectiveOf } from '../../core/tracking/tracking.ts';
import { ExpectedError, unknownName } from '../../protocol/errors.ts';
import type {
  ArtifactEntry,
  MetricHistory,
  RunEdit,
  RunInputs,
  RunList,
  RunSummary,
  StoreAbilities,
  StoreFacts,
  UnreadableRun,
} from '../../protocol/tracking.ts';
import { diskError } from '../files/files.ts';
import { serverThatRefuses } from '../mlflowserver/mlflowserver.ts';
import { choosePage } from './paging.ts';
import type {
  ArtifactBytes,
  ArtifactReading,
  Reopening,
  Repair,
  RunPage,
  RunQuery,
  RunStart,
  RunStore,
  RunWriter,
} from './store.ts';
import type { NamedStore } from './stores.ts';
import { kindOfUri, labelOfUri, withoutUserInfo } from './uri.ts';

/** With several stores all are read for a page: ended runs are looked at file by file in turns. */
const MOST_CLOSELY = 1000;
/** A server that is silent for so long, in milliseconds, does not hold up the runs of the other stores. */
const PATIENCE_MS = 5000;
/** Of a run, or of a commit among git's. */
const WHOLE_ID = /^[0-9a-f]{32}([0-9a-f]{8})?$/;

interface UnionOptions {
  /** Where the labels of stores begin. */
  readonly root: string;
  readonly objectiveOf: ObjectiveOf;
  readonly patienceMs?: number;
}

/** A run and the store that has it. */
export interface OwnedRun {
  readonly store: RunStore;
  readonly run: RunSummary;
}

/**
 * Several stores as one. The first takes new runs; whatever else is asked of a run goes to the store that has it. Stores may hold the same run (a
 * copy, two ways to one folder): it is the first one's. A store that can't be opened or read is told in the warnings and hides no other; one that is
 * alone fails as it would by itself.
 */
export class StoreUnion implements RunStore {
  readonly #stores: readonly NamedStore[];
  readonly #options: UnionOptions;
  readonly #opened = new Map<NamedStore, RunStore>();
  readonly #owners = new Map<string, RunStore>();

  constructor(stores: readonly NamedStore[], options: UnionOptions) {
    this.#stores = stores;
    this.#options = options;
  }

  get uri(): string {
    return this.#first.uri;
  }

  get abilities(): StoreAbilities {
    return this.#first.abilities;
  }

  async listRuns(query: RunQuery = {}): Promise<RunPage> {
    const [only, ...others] = this.#stores;
    if (only === undefined) return { runs: [], unreadable: [], total: 0, stores: [] };
    if (others.length > 0) {
      const { runs, ...list } = await this.#listAll(query.closely ?? MOST_CLOSELY);
      return { ...list, ...choosePage(runs, query) };
    }
    const store = this.#open(only);
    const page = await store.listRuns(query);
    return { ...page, runs: page.runs.map((run) => mark(run, store)), stores: [this.#describe(store)] };
  }

  async readHistory(runId: string, metric: string): Promise<MetricHistory> {
    return (await this.#ownerOf(runId)).readHistory(runId, metric);
  }

  /** Of a run as it was listed. Throws `unknown-name` for one whose store is none of these any more. */
  storeOf({ runId, store: uri }: Pick<RunSummary, 'runId' | 'store'>): RunStore {
    const open = this.#stores.flatMap((named) => this.#openIfPossible(named) ?? []);
    const found = open.find((store) => withoutUserInfo(store.uri) === uri);
    if (found === undefined) throw unknownName('run', runId, []);
    return found;
  }

  async listArtifacts(runId: string, folder: string): Promise<readonly ArtifactEntry[]> {
    return (await this.#ownerOf(runId)).listArtifacts(runId, folder);
  }

  async readArtifact(runId: string, path: string, reading: ArtifactReading): Promise<ArtifactBytes> {
    return (await this.#ownerOf(runId)).readArtifact(runId, path, reading);
  }

  async readInputs(runId: string): Promise<RunInputs> {
    return (await (await this.#ownerOf(runId)).readInputs?.(runId)) ?? { datasets: [], models: [] };
  }

  async findRun(text: string): Promise<RunSummary> {
    return (await this.find(text)).run;
  }

  /** As `findRun`, with the store that has it. */
  async find(text: string): Promise<OwnedRun> {
    const found = await this.#find(text);
    this.#owners.set(found.run.runId, found.store);
    return { ...found, run: mark(found.run, found.store) };
  }

  async #find(text: string): Promise<OwnedRun> {
    // What is said is enough to know the run, or there is nothing to choose between.
    if (WHOLE_ID.test(text) || this.#stores.length === 1)
      return this.#try(text, async (store) => ({ store, run: await store.findRun(text) }));
    const { runs, unreadable } = await this.#listAll(0);
    const isKnown = runs.some(({ runId, name }) => runId.startsWith(text) || name === text);
    const broken = isKnown || text === '' ? undefined : unreadable.find(({ runId }) => runId.startsWith(text));
    if (broken !== undefined) throw new ExpectedError('corrupt', `${broken.file}: ${broken.message}`);
    const { runId, store: uri } = selectRun(runs, text, this.#options.objectiveOf);
    const store = [...this.#opened.values()].find((one) => withoutUserInfo(one.uri) === uri) ?? this.#first;
    return { store, run: await store.findRun(runId) };
  }

  ensure(): Promise<void> {
    return this.#first.ensure();
  }
  createRun(start: RunStart): Promise<RunWriter> {
    return this.#first.createRun(start);
  }
  async reopenRun(runId: string, options: Reopening): Promise<RunWriter> {
    return (await this.#ownerOf(runId)).reopenRun(runId, options);
  }

  findDeletedRun(text: string): Promise<Pick<RunSummary, 'runId' | 'name'>> {
    return this.#try(text, (store) => {
      if (!store.abilities.edits && this.#stores.length > 1) throw unknownName('run', text, []);
      return store.findDeletedRun(text);
    });
  }

  /** A deleted run as well, which no list has. */
  async editRun(runId: string, edit: RunEdit): Promise<void> {
    await this.#change(runId, (store) => store.editRun(runId, edit));
  }

  async markFailed(runId: string, reason: string): Promise<void> {
    await this.#change(runId, (store) => store.markFailed(runId, reason));
  }

  async repair(runIds?: readonly string[], options?: { readonly dryRun: boolean }): Promise<readonly Repair[]> {
    if (this.#stores.length === 1) return this.#first.repair(runIds, options);
    const repairs: Repair[] = [];
    for (const named of this.#stores) {
      const store = this.#openIfPossible(named);
      if (store?.abilities.edits === true) repairs.push(...(await store.repair(runIds, options)));
    }
    return repairs;
  }

  #change(runId: string, change: (store: RunStore) => Promise<void>): Promise<void> {
    return this.#try(runId, async (store) => {
      // One that is only read refuses whatever the run: that is an answer only where it has the run.
      if (!store.abilities.edits) await store.findRun(runId);
      await change(store);
    });
  }

  /** Does something with the first store that knows what is asked for. */
  async #try<T>(text: string, use: (store: RunStore) => Promise<T>): Promise<T> {
    const failures: unknown[] = [];
    const unknown: unknown[] = [];
    for (const named of this.#stores) {
      try {
        return await use(this.#open(named));
      } catch (error) {
        // The next one may know it; what is wrong with this one matters only when none does.
        if (error instanceof ExpectedError && error.code === 'unknown-name') unknown.push(error);
        else failures.push(diskError(error, named.namedBy ?? named.uri));
      }
    }
    throw [...failures, ...unknown, unknownName('run', text, [])][0];
  }

  async #ownerOf(runId: string): Promise<RunStore> {
    return this.#owners.get(runId) ?? (await this.find(runId)).store;
  }

  async #listAll(closely: number): Promise<RunList & { readonly runs: readonly RunSummary[]; readonly total: number }> {
    const lists = await Promise.all(this.#stores.map((named) => this.#list(named, closely)));
    const seen = new Set<string>();
    const isFirst = ({ runId }: { readonly runId: string }): boolean => seen.size < seen.add(runId).size;
    const runs = lists.flatMap((list) => list.runs).filter(isFirst);
    return {
      runs,
      total: runs.length,
      unreadable: lists.flatMap((list) => list.unreadable).filter(isFirst),
      warnings: lists.flatMap(({ warnings = [] }) => warnings),
      stores: lists.flatMap(({ stores = [] }) => stores),
    };
  }

  async #list(named: NamedStore, closely: number): Promise<RunList> {
    try {
      const store = this.#open(named);
      const list = await withinPatience(store.listRuns({ closely }), this.#patienceFor(store));
      return { ...list, runs: list.runs.map((run) => mark(run, store)), stores: [this.#describe(store)] };
    } catch (error) {
      return { runs: [], unreadable: [], warnings: [warnOfStore(error, named.namedBy ?? this.#options.root)] };
    }
  }

  #patienceFor({ uri }: RunStore): number {
    return kindOfUri(uri) === 'server' ? (this.#options.patienceMs ?? PATIENCE_MS) : Infinity;
  }

  get #first(): RunStore {
    const [first] = this.#stores;
    if (first === undefined)
      throw new ExpectedError('not-a-project', 'There is no tracking store. Name one with --store.');
    return this.#open(first);
  }

  #open(named: NamedStore): RunStore {
    const store = this.#opened.get(named) ?? named.open();
    this.#opened.set(named, store);
    return store;
  }

  #openIfPossible(named: NamedStore): RunStore | undefined {
    try {
      return this.#open(named);
    } catch (error) {
      if (error instanceof ExpectedError) return undefined;
      throw error;
    }
  }

  #describe({ uri, abilities }: RunStore): StoreFacts {
    return { uri: withoutUserInfo(uri), label: labelOfUri(uri, this.#options.root), kind: kindOfUri(uri), abilities };
  }
}

/** Why the runs of a whole store are missing; `file`: what names it. */
export function warnOfStore(error: unknown, file: string): UnreadableRun {
  const server = serverThatRefuses(error);
  const message = error instanceof Error ? error.message : String(error);
  return { runId: '', file, message, ...(server === undefined ? {} : { server }) };
}

function mark(run: RunSummary, { uri }: RunStore): RunSummary {
  return { ...run, store: withoutUserInfo(uri) };
}

async function withinPatience<T>(answer: Promise<T>, patienceMs: number): Promise<T> {
  if (patienceMs === Infinity) return answer;
  const waiting = new AbortController();
  try {
    return await Promise.race([
      answer,
      sleep(patienceMs, undefined, { signal: waiting.signal }).then(() => {
        throw new ExpectedError(
          'server-failed',
          `It has not answered within ${patienceMs / 1000} s: its runs are left out.`,
        );
      }),
    ]);
  } finally {
    waiting.abort();
  }
}
