import type { ObjectiveOf, TimedPoint } from '../../core/tracking/tracking.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import type { MetricHistory, RunList, RunStatus, RunSummary } from '../../protocol/tracking.ts';
import { createFileStore } from './filestore.ts';
import { readObjectives } from './settings.ts';
import { folderOfUri, resolveStoreUri, type StoreChoice } from './uri.ts';

export { readObjectives } from './settings.ts';
export { resolveStoreUri, storeEnvironment, type StoreChoice } from './uri.ts';

/** What a run is when it is created; the rest is added through its {@link RunWriter}. */
export interface RunStart {
  /** Name of the experiment; made when there is none. */
  readonly experiment: string;
  /** Default: a friendly name made from the id. */
  readonly name?: string;
  readonly user: string;
  /** Milliseconds since 1970. */
  readonly startTime: number;
  readonly params: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  /** Told once when the disk takes no more points; they are kept and tried again. */
  readonly onWarning?: (message: string) => void;
}

export interface LoggedPoint extends TimedPoint {
  readonly name: string;
}

/** The one writer of a run; calls may overlap, they are carried out in order. */
export interface RunWriter {
  readonly runId: string;
  readonly name: string;
  /** Absolute path of the folder of artifacts. */
  readonly artifacts: string;
  /**
   * Appends points; readers see them when this resolves. A full disk does not reject: the points stay in memory and are
   * tried again with the next call. A name that MLflow would refuse is `bad-input`.
   */
  logMetrics(points: readonly LoggedPoint[]): Promise<void>;
  /** Params are immutable: the same value again is fine, another one is `bad-input`. */
  logParams(params: Readonly<Record<string, string>>): Promise<void>;
  setTags(tags: Readonly<Record<string, string>>): Promise<void>;
  /** Ends the run. FINISHED throws `disk`, and leaves the run as it is, when points could still not be written. */
  finish(status: RunStatus, endTime: number): Promise<void>;
}

/** One thing that `repair` has done. */
export interface Repair {
  readonly runId: string;
  readonly action: string;
}

/** A tracking store. Reading never throws for one bad run: it is listed as unreadable. */
export interface RunStore {
  readonly uri: string;
  /** Makes the store where it does not stand yet, experiment `0` included, as MLflow wants it. */
  ensure(): Promise<void>;
  listRuns(): Promise<RunList>;
  /** `runId` is a whole id. Throws `unknown-name`. */
  readHistory(runId: string, metric: string): Promise<MetricHistory>;
  /** By whole id, unique prefix, name, `@last` or `@best`. Throws `unknown-name`. */
  findRun(text: string): Promise<RunSummary>;
  createRun(start: RunStart): Promise<RunWriter>;
  /** Ends a run whose writer is gone: FAILED, with the reason as tag `mlops.reason`. */
  markFailed(runId: string, reason: string): Promise<void>;
  /** Ends lost runs, moves torn tails of metrics aside; of the given runs or of all. */
  repair(runIds?: readonly string[]): Promise<readonly Repair[]>;
}

export interface StoreOptions {
  /** For the `best` value of a run's metrics and `@best`; default: none is known. */
  readonly objectiveOf?: ObjectiveOf;
}

/** Opens the store that an absolute URI names; nothing is read or written yet. Only MLflow's file layout works so far. */
export function openStore(uri: string, options: StoreOptions = {}): RunStore {
  const folder = folderOfUri(uri);
  if (folder === undefined) {
    throw new ExpectedError(
      'not-supported',
      `The tracking store ${withoutUserInfo(uri)} is not yet supported: only folders in MLflow's file layout are, as file:models/mlruns (choose one with --store, MLFLOW_TRACKING_URI or mlflow.tracking_uri in the config).`,
    );
  }
  return createFileStore(folder, uri, options.objectiveOf ?? (() => null));
}

/** The store that a project, an option or the environment chooses, with the project's objectives. */
export async function openChosenStore(choice: StoreChoice): Promise<RunStore> {
  const uri = await resolveStoreUri(choice);
  const objectiveOf = choice.project === undefined ? undefined : await readObjectives(choice.project);
  return openStore(uri, objectiveOf === undefined ? {} : { objectiveOf });
}

export async function ensureStore(store: RunStore): Promise<void> {
  await store.ensure();
}

/** Passwords in URIs are never shown. */
function withoutUserInfo(uri: string): string {
  return uri.replace(/\/\/[^/@]*@/, '//');
}
