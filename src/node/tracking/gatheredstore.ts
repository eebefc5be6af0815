import { findNearest } from '../../core/names/names.ts';
import {
  chooseBest,
  selectRun,
  toHistory,
  type Gathered,
  type GatheredRun,
  type ObjectiveOf,
} from '../../core/tracking/tracking.ts';
import { unknownName } from '../../protocol/errors.ts';
import type { ArtifactEntry, MetricHistory, RunSummary } from '../../protocol/tracking.ts';
import { listLocalArtifacts, readLocalArtifact, type ArtifactRoots } from './artifacts.ts';
import { choosePage } from './paging.ts';
import { toReadOnlyStore } from './readonly.ts';
import type { ArtifactBytes, ArtifactReading, RunPage, RunQuery, RunReader, RunStore } from './store.ts';

export interface GatheredSource {
  readonly uri: string;
  /** Reads all there is now. */
  readonly gather: () => Promise<Gathered>;
  readonly objectiveOf: ObjectiveOf;
  /** What to do where its runs themselves are to change. */
  readonly wayOn: string;
}

/** A store of another program that is small enough to be read as a whole whenever it is asked. */
export function createGatheredStore(source: GatheredSource): RunStore {
  return toReadOnlyStore(new GatheredReader(source), source.wayOn);
}

class GatheredReader implements RunReader {
  readonly uri: string;
  readonly #source: GatheredSource;

  constructor(source: GatheredSource) {
    this.uri = source.uri;
    this.#source = source;
  }

  async listRuns(query: RunQuery = {}): Promise<RunPage> {
    const { runs, unreadable, warnings } = await this.#source.gather();
    const all = runs.map((gathered) => this.#judge(gathered));
    return { ...choosePage(all, query), unreadable, warnings };
  }

  async readHistory(runId: string, metric: string): Promise<MetricHistory> {
    return historyOf(await this.#get(runId), metric);
  }

  async openHistories(): Promise<Pick<RunReader, 'readHistory'>> {
    const { runs } = await this.#source.gather();
    const known = new Map(runs.map((gathered) => [gathered.run.runId, gathered]));
    return {
      // A name that is not there is a promise that rejects.
      readHistory: (runId, metric) =>
        new Promise((resolve) => resolve(historyOf(requireRun(known.get(runId), runId), metric))),
    };
  }

  async findRun(text: string): Promise<RunSummary> {
    return selectRun((await this.listRuns()).runs, text, this.#source.objectiveOf);
  }

  async listArtifacts(runId: string, folder: string): Promise<readonly ArtifactEntry[]> {
    return listLocalArtifacts(await this.#artifactRoots(runId), folder);
  }

  async readArtifact(runId: string, name: string, reading: ArtifactReading): Promise<ArtifactBytes> {
    return readLocalArtifact(await this.#artifactRoots(runId), name, reading);
  }

  async #artifactRoots(runId: string): Promise<ArtifactRoots> {
    return { own: (await this.#get(runId)).run.artifacts, models: [] };
  }

  async #get(runId: string): Promise<GatheredRun> {
    const { runs } = await this.#source.gather();
    return requireRun(
      runs.find(({ run }) => run.runId === runId),
      runId,
    );
  }

  #judge({ run }: GatheredRun): RunSummary {
    return { ...run, metrics: chooseBest(run.metrics, this.#source.objectiveOf(run)) };
  }
}

function requireRun(found: GatheredRun | undefined, runId: string): GatheredRun {
  if (found === undefined) throw unknownName('run', runId, []);
  return found;
}

function historyOf({ points }: GatheredRun, metric: string): MetricHistory {
  const own = points.get(metric);
  if (own === undefined) throw unknownName('metric', metric, findNearest(metric, [...points.keys()]));
  return toHistory(own);
}
