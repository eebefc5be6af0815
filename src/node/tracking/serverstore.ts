import { findNearest } from '../../core/names/names.ts';
import type { ServerRun } from '../../core/mlflowserver/mlflowserver.ts';
import { checkName, chooseBest, selectByIdOrName, selectRun, type ObjectiveOf } from '../../core/tracking/tracking.ts';
import { ExpectedError, unknownName } from '../../protocol/errors.ts';
import type { ArtifactEntry, MetricHistory, MetricSummary, RunEdit, RunSummary } from '../../protocol/tracking.ts';
import {
  isNotThere,
  listServerArtifacts,
  readServerArtifact,
  type MlflowClient,
} from '../mlflowserver/mlflowserver.ts';
import { choosePage } from './paging.ts';
import { editServerRun, endServerRun } from './serverediting.ts';
import {
  inTurns,
  listServerExperiments,
  readServerHistory,
  readServerRun,
  searchServerRuns,
  summarizeServerMetric,
  type RunSearch,
} from './serverruns.ts';
import type { ArtifactBytes, ArtifactReading, Repair, RunPage, RunQuery, RunStore, RunWriter } from './store.ts';

/** Of so many runs of a list the lowest, highest and best value of the objective's metric are found out: a question for each. */
const MOST_SUMMARIZED = 200;
const WHOLE_ID = /^[0-9a-f]{32}$/;

export interface ServerStoreOptions {
  readonly objectiveOf: ObjectiveOf;
  /** For so many milliseconds a whole list counts as it was told. Default: it is asked for each time. */
  readonly freshMs?: number | undefined;
}

/** An MLflow server as a store. */
export function createServerStore(client: MlflowClient, options: ServerStoreOptions): RunStore {
  return new ServerStore(client, options);
}

interface Found {
  readonly found: readonly ServerRun[];
  readonly hasMore: boolean;
  readonly unreadable: number;
}

/** The newest whole list of each server: an editor asks with every change of a file. */
const lists = new Map<string, { readonly time: number; readonly found: Promise<Found> }>();

/** Whoever asks may be another one from now on, to whom a server tells other things. */
export function forgetServerLists(): void {
  lists.clear();
}

class ServerStore implements RunStore {
  readonly abilities = { logs: false, edits: true };
  readonly #client: MlflowClient;
  readonly #objectiveOf: ObjectiveOf;
  readonly #freshMs: number;

  constructor(client: MlflowClient, { objectiveOf, freshMs = 0 }: ServerStoreOptions) {
    this.#client = client;
    this.#objectiveOf = objectiveOf;
    this.#freshMs = freshMs;
  }

  get uri(): string {
    return this.#client.base;
  }

  async listRuns(query: RunQuery = {}): Promise<RunPage> {
    const isNewest = query.where === undefined && query.order === undefined && query.limit !== undefined;
    const { start = 0, limit = Infinity } = query;
    const { found, hasMore, unreadable } = await (isNewest ? this.#search({ most: start + limit }) : this.#searchAll());
    const chosen = isNewest ? found.slice(start, start + limit) : found;
    const { runs, warnings } = await this.#toSummaries(chosen);
    const page = isNewest
      ? { runs, total: found.length + Number(hasMore), ...(hasMore ? { isTotalAtLeast: true } : {}) }
      : choosePage(runs, query);
    const broken = unreadable === 0 ? [] : [this.#warn(`${unreadable} of the server's runs can't be read.`)];
    return { ...page, unreadable: [], warnings: [...warnings, ...broken] };
  }

  async readHistory(runId: string, metric: string): Promise<MetricHistory> {
    checkName('metric', metric);
    const history = await this.#knowing(runId, readServerHistory(this.#client, runId, metric));
    if (history.steps.length > 0) return history;
    const { metrics } = await this.#knowing(runId, readServerRun(this.#client, runId));
    throw unknownName('metric', metric, findNearest(metric, Object.keys(metrics)));
  }

  async findRun(text: string): Promise<RunSummary> {
    const experiments = await listServerExperiments(this.#client);
    const run = WHOLE_ID.test(text)
      ? await this.#knowing(text, readServerRun(this.#client, text))
      : await this.#select(text);
    if (run.isDeleted || !experiments.has(run.experimentId)) throw unknownName('run', text, []);
    const metrics = await inTurns(Object.keys(run.metrics), (metric) =>
      summarizeServerMetric(this.#client, run, metric),
    );
    const summaries = Object.keys(run.metrics).map((name, index) => [name, metrics[index]] as const);
    return this.#toSummary(run, experiments, new Map(summaries));
  }

  /** Names that lead out of the artifacts are left out, whatever the server says. */
  async listArtifacts(runId: string, folder: string): Promise<readonly ArtifactEntry[]> {
    const run = await this.#knowing(runId, readServerRun(this.#client, runId));
    return (await listServerArtifacts(this.#client, run, folder)).items;
  }

  async readArtifact(runId: string, file: string, reading: ArtifactReading): Promise<ArtifactBytes> {
    const run = await this.#knowing(runId, readServerRun(this.#client, runId));
    return readServerArtifact(this.#client, run, file, reading);
  }

  async ensure(): Promise<void> {
    await listServerExperiments(this.#client);
  }
  createRun(): Promise<RunWriter> {
    return this.#refuse();
  }
  reopenRun(): Promise<RunWriter> {
    return this.#refuse();
  }

  async findDeletedRun(text: string): Promise<Pick<RunSummary, 'runId' | 'name'>> {
    return selectByIdOrName((await this.#search({ life: 'DELETED_ONLY' })).found, text);
  }

  async editRun(runId: string, edit: RunEdit): Promise<void> {
    lists.delete(this.uri);
    await this.#knowing(runId, editServerRun(this.#client, runId, edit));
  }

  async markFailed(runId: string, reason: string): Promise<void> {
    await this.#knowing(runId, editServerRun(this.#client, runId, { tags: { 'mlops.reason': reason } }));
    lists.delete(this.uri);
    await endServerRun(this.#client, runId, 'FAILED', Date.now());
  }

  /** Nobody knows who writes a run of a server, and its bytes are the server's own. */
  repair(): Promise<readonly Repair[]> {
    return Promise.resolve([]);
  }

  #refuse(): Promise<never> {
    return Promise.reject(
      new ExpectedError(
        'not-supported',
        `Runs are written to ${this.uri} from within a project, which keeps what has not come through yet. Name one with --project, or choose a folder (--store file:mlruns).`,
      ),
    );
  }

  /** All runs, as they were told a moment ago where that is new enough. */
  async #searchAll(): Promise<Found> {
    const known = lists.get(this.uri);
    if (known !== undefined && Date.now() - known.time < this.#freshMs) return known.found;
    const list = { time: Date.now(), found: this.#search({}) };
    lists.set(this.uri, list);
    list.found.catch(() => lists.delete(this.uri));
    return list.found;
  }

  async #search(search: RunSearch): Promise<Found> {
    const experiments = await listServerExperiments(this.#client);
    const { items, unreadable, nextToken } = await searchServerRuns(this.#client, [...experiments.keys()], search);
    return { found: items, hasMore: nextToken !== null, unreadable };
  }

  /** The run that a text means which is no whole id. */
  async #select(text: string): Promise<ServerRun> {
    const byId = (runs: readonly ServerRun[], runId: string): ServerRun => selectByIdOrName(runs, runId);
    if (text === '@last') {
      const { found } = await this.#search({ most: 1 });
      return byId(found, selectRun((await this.#toSummaries(found)).runs, text, this.#objectiveOf).runId);
    }
    if (text !== '@best' && !/['"`]/.test(text)) {
      const { found } = await this.#search({ filter: `attributes.run_name = '${text}'` });
      if (found.length > 0) return selectByIdOrName(found, text);
    }
    const { found } = await this.#search({});
    if (text !== '@best') return selectByIdOrName(found, text);
    const { runs } = await this.#toSummaries(found, Infinity);
    return byId(found, selectRun(runs, text, this.#objectiveOf).runId);
  }

  async #toSummaries(
    runs: readonly ServerRun[],
    most = MOST_SUMMARIZED,
  ): Promise<{ readonly runs: readonly RunSummary[]; readonly warnings: RunPage['warnings'] & {} }> {
    const experiments = await listServerExperiments(this.#client);
    const named = runs.flatMap((run) => {
      const { metric } = this.#objectiveOf(run) ?? {};
      return metric !== undefined && Object.hasOwn(run.metrics, metric) ? [{ run, metric }] : [];
    });
    const asked = named.slice(0, most);
    const found = await inTurns(asked, ({ run, metric }) => summarizeServerMetric(this.#client, run, metric));
    const known = new Map(asked.map(({ run, metric }, index) => [run.runId, new Map([[metric, found[index]]])]));
    const left = named.length - asked.length;
    return {
      runs: runs.map((run) => this.#toSummary(run, experiments, known.get(run.runId))),
      warnings:
        left > 0
          ? [this.#warn(`The best values of ${left} older runs are not known: a server tells the last ones.`)]
          : [],
    };
  }

  #toSummary(
    run: ServerRun,
    experiments: ReadonlyMap<string, string>,
    known: ReadonlyMap<string, MetricSummary | undefined> = new Map(),
  ): RunSummary {
    const { runId, name, status, startTime, endTime, params, tags } = run;
    const metrics = Object.entries(run.metrics).map(([metric, { value, step }]): [string, MetricSummary] => [
      metric,
      known.get(metric) ?? { points: null, last: { value, step }, min: null, max: null, best: null },
    ]);
    return {
      ...{ runId, name, status, startTime, endTime, params, tags },
      experiment: experiments.get(run.experimentId) ?? run.experimentId,
      parentRunId: tags['mlflow.parentRunId'] ?? null,
      metrics: chooseBest(Object.fromEntries(metrics), this.#objectiveOf({ tags })),
      // Nothing is known of the process that writes it.
      lost: false,
      artifacts: null,
    };
  }

  #warn(message: string): { readonly runId: string; readonly file: string; readonly message: string } {
    return { runId: '', file: this.uri, message };
  }

  /** MLflow's own word for "there is none" becomes ours. */
  async #knowing<T>(runId: string, answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      throw isNotThere(error) ? unknownName('run', runId, []) : error;
    }
  }
}
