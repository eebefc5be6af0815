import type { RunFilter, TimedPoint } from '../../core/tracking/tracking.ts';
import type {
  ArtifactEntry,
  MetricHistory,
  RunEdit,
  RunInputs,
  RunList,
  RunStatus,
  RunSummary,
  StoreAbilities,
} from '../../protocol/tracking.ts';

// What every tracking store can do, whatever it keeps its runs in. A new kind of store implements `RunStore`.

/** What a run is when it is created; the rest is added through its {@link RunWriter}. */
export interface RunStart {
  /** Name of the experiment; made when there is none. */
  readonly experiment: string;
  /** 32 hex digits of a run that another store has already; default: new ones. */
  readonly runId?: string;
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
  /** Silent when there is none. */
  removeTag(name: string): Promise<void>;
  /** Ends the run. FINISHED throws `disk`, and leaves the run as it is, when points could still not be written. */
  finish(status: RunStatus, endTime: number): Promise<void>;
}

export interface Reopening {
  readonly keeps: (metric: string, step: number) => boolean;
  readonly onWarning?: (message: string) => void;
}

/** One thing that `repair` has done, or would do. */
export interface Repair {
  readonly runId: string;
  readonly action: string;
}

/** Which runs of a store are asked for. */
export interface RunQuery {
  /** Default: all. */
  readonly where?: RunFilter;
  /** As `orderRuns` takes it; default: newest first. */
  readonly order?: string;
  /** Number of the first one, from 0. */
  readonly start?: number;
  /** Default: no limit. */
  readonly limit?: number;
  /**
   * Without a limit, how many ended runs are at most looked at file by file; the next call takes the next ones. Of the others a change
   * within a file that stood there at their end is overlooked for so long. Default: all. Runs of a page are always looked at closely.
   */
  readonly closely?: number;
}

export interface RunPage extends RunList {
  /** Runs that the query fits, those of other pages included. */
  readonly total: number;
  /** There are more; a server does not count them. */
  readonly isTotalAtLeast?: true;
}

export interface ArtifactReading {
  /** Most bytes that are read. */
  readonly limit: number;
  readonly signal?: AbortSignal;
}

export interface ArtifactBytes {
  readonly bytes: Uint8Array;
  /** False when the artifact is longer than the limit. */
  readonly isWhole: boolean;
}

/** The reading half of a store: all that one must have. Reading never throws for one bad run: it is listed as unreadable. */
export interface RunReader {
  readonly uri: string;
  listRuns(query?: RunQuery): Promise<RunPage>;
  /** `runId` is a whole id. Throws `unknown-name`. */
  readHistory(runId: string, metric: string): Promise<MetricHistory>;
  /** For histories of many runs as they are now. Left out by stores that read each history by itself. */
  openHistories?(): Promise<Pick<RunReader, 'readHistory'>>;
  /**
   * The entries of one folder of a run's artifacts; `folder` is a path from their root, '' the root. Models that the run logged as
   * MLflow 3 does stand in the root as `model: NAME`. Throws `unknown-name`, `not-supported` for artifacts that lie out of reach.
   */
  listArtifacts(runId: string, folder: string): Promise<readonly ArtifactEntry[]>;
  /** The first bytes of an artifact that is a file. Throws as {@link listArtifacts}; `bad-input` for a path that leaves the artifacts. */
  readArtifact(runId: string, path: string, reading: ArtifactReading): Promise<ArtifactBytes>;
  /** What the run says it was made from, as MLflow's `log_input` keeps it. Left out by stores that keep no such thing. */
  readInputs?(runId: string): Promise<RunInputs>;
  /** By whole id, unique prefix, name, `@last` or `@best`. Throws `unknown-name`. */
  findRun(text: string): Promise<RunSummary>;
}

/** A tracking store. One that is only read is made of its reader by `toReadOnlyStore`. */
export interface RunStore extends RunReader {
  /** Where one is false, the methods for it reject with `not-supported` and a way on. */
  readonly abilities: StoreAbilities;
  /** Makes the store where it does not stand yet, experiment `0` included, as MLflow wants it. */
  ensure(): Promise<void>;
  createRun(start: RunStart): Promise<RunWriter>;
  /**
   * Makes a run that has ended RUNNING again, with this process as its writer. Points that `keeps` refuses are moved aside: what
   * comes takes their place. The caller sees to it that nobody else writes the run.
   */
  reopenRun(runId: string, options: Reopening): Promise<RunWriter>;
  /** By whole id, unique prefix or name, among those that are deleted. Throws `unknown-name`. Gives the id and the name. */
  findDeletedRun(text: string): Promise<Pick<RunSummary, 'runId' | 'name'>>;
  /** Throws `bad-input` for what MLflow would refuse, `busy` for a name or the deletion of a live run: its process writes that record. */
  editRun(runId: string, edit: RunEdit): Promise<void>;
  /** Ends a run whose writer is gone: FAILED, with the reason as tag `mlops.reason`. */
  markFailed(runId: string, reason: string): Promise<void>;
  /** Ends lost runs, moves torn tails of metrics aside; of the given runs or of all. `dryRun`: only tells what it would do. */
  repair(runIds?: readonly string[], options?: { readonly dryRun: boolean }): Promise<readonly Repair[]>;
}
