export type RunStatus = 'RUNNING' | 'SCHEDULED' | 'FINISHED' | 'FAILED' | 'KILLED';

/** The metric that a run is judged by, and which way is better. */
export interface Objective {
  readonly metric: string;
  readonly direction: 'minimize' | 'maximize';
}

export interface MetricPoint {
  readonly value: number;
  readonly step: number;
}

/** One metric of a run in short. min, max and best skip NaN; best needs the objective's direction. */
export interface MetricSummary {
  /** Null where the store tells the last point only. */
  readonly points: number | null;
  /** The point with the greatest (step, timestamp, value). */
  readonly last: MetricPoint;
  readonly min: MetricPoint | null;
  readonly max: MetricPoint | null;
  readonly best: MetricPoint | null;
}

/** A run as `mlops runs list --json` gives it. Times in milliseconds since 1970. */
export interface RunSummary {
  readonly runId: string;
  readonly name: string;
  readonly experiment: string;
  readonly status: RunStatus;
  readonly startTime: number;
  readonly endTime: number | null;
  readonly parentRunId: string | null;
  readonly params: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly metrics: Readonly<Record<string, MetricSummary>>;
  /** The record says RUNNING, but the process that wrote it is gone. */
  readonly lost: boolean;
  /** Absolute path of the artifacts, where they are on this machine. */
  readonly artifacts: string | null;
  /** URI of its store (one of the list's `stores`), where several stores are read as one. */
  readonly store?: string;
}

export type StoreKind = 'folder' | 'database' | 'server' | 'dvclive' | 'tensorboard' | 'git';

/** What can be done in a store beside reading. */
export interface StoreAbilities {
  /** New runs can be made, and runs that have ended can go on. */
  readonly logs: boolean;
  /** What is kept of a run can be changed: name, note, tags, whether it is deleted, how it ended. */
  readonly edits: boolean;
}

export interface StoreFacts {
  /** Absolute, without a password. */
  readonly uri: string;
  /** As people call it: a path from the project's root, or the name of a server. */
  readonly label: string;
  readonly kind: StoreKind;
  readonly abilities: StoreAbilities;
}

/** Where a store is named; `found`: nowhere, but it lies where MLflow makes it. */
export type StoreSource = 'option' | 'environment' | 'project' | 'default' | 'config' | 'found';

/** A tracking store of a project, as `mlops stores list --json` gives it. */
export interface StoreRow extends StoreFacts {
  readonly source: StoreSource;
  /** Absolute path of the file that names it; null where none does. */
  readonly namedBy: string | null;
  /** New runs go here, unless option, environment or config say otherwise. */
  readonly isDefault: boolean;
  /** null where they can't be counted. */
  readonly runs: number | null;
  /** Why it can't be read. */
  readonly problem: string | null;
}

export interface StoreList {
  readonly stores: readonly StoreRow[];
  /** What is to know of them, as that MLflow itself refuses folders. */
  readonly notices: readonly string[];
  /** The project's Python asks for MLflow, whom the notices concern. */
  readonly usesMlflow: boolean;
}

/** What adding or removing a store has done, or would do, to `.mlops/project.yaml`. */
export interface StoreChange {
  /** As it is written there. */
  readonly uri: string;
  /** Absolute path. */
  readonly file: string;
  /** False: nothing had to be done. */
  readonly changed: boolean;
}

/** A run that can't be read: shown in its place, with the reason; it hides no other. */
export interface UnreadableRun {
  readonly runId: string;
  readonly file: string;
  readonly message: string;
  /** Base of the server that does not let whoever asks: signing in may help. */
  readonly server?: string;
}

export interface RunList {
  readonly runs: readonly RunSummary[];
  readonly unreadable: readonly UnreadableRun[];
  /** What was left out of runs that are shown: a metric's torn last line, a file that can't be read. */
  readonly warnings?: readonly UnreadableRun[];
  /** The stores that were asked, where several are read as one; the first takes new runs. */
  readonly stores?: readonly StoreFacts[];
  /** Ids of runs that did not end well and can go on: trainings with a checkpoint, sweeps with trials left. */
  readonly resumable?: readonly string[];
}

/** What two or more runs have not in common, as `mlops runs compare --json` gives it; every list is in the order of `runs`. */
export interface RunComparison {
  /** The first is what the others are measured by. */
  readonly runs: readonly Pick<RunSummary, 'runId' | 'name' | 'experiment' | 'status' | 'startTime' | 'endTime'>[];
  readonly params: readonly ComparedText[];
  /** Without those that say of the run only which one it is. */
  readonly tags: readonly ComparedText[];
  /** The objective's first, then by name, what the system was doing last. */
  readonly metrics: readonly ComparedMetric[];
}

export interface ComparedText {
  readonly name: string;
  /** null where a run has none. */
  readonly values: readonly (string | null)[];
}

export interface ComparedMetric {
  readonly name: string;
  /** Which way is better; null where nobody has said and the name does not tell. */
  readonly direction: 'minimize' | 'maximize' | null;
  /** null where a run has none. */
  readonly values: readonly (ComparedValue | null)[];
}

/** Differences are this run's number minus the first run's; null for the first run itself, and where one of the two has no number. */
export interface ComparedValue {
  readonly last: MetricPoint;
  readonly lastDelta: number | null;
  /** null without a direction. */
  readonly best: MetricPoint | null;
  readonly bestDelta: number | null;
  /** Told by the best points. */
  readonly change: 'better' | 'worse' | 'same' | null;
}

/** A file or a folder among the artifacts of a run. */
export interface ArtifactEntry {
  /** From the root of the artifacts, with forward slashes. */
  readonly path: string;
  readonly isFolder: boolean;
  /** Null for folders, and where nothing tells. */
  readonly bytes: number | null;
}

/** A data set that a run was given, as MLflow's `log_input` keeps it. */
export interface RunDataset {
  readonly name: string;
  readonly digest: string;
  /** `local`, `s3`, `code` …; with the place, mostly as JSON. */
  readonly sourceType: string;
  readonly source: string;
  /** `training`, `eval` …: MLflow's tag `mlflow.data.context`; '' without. */
  readonly context: string;
}

/** What went into a run. */
export interface RunInputs {
  readonly datasets: readonly RunDataset[];
  /** Ids of logged models. */
  readonly models: readonly string[];
}

/** What a person changes of a run. */
export interface RunEdit {
  readonly name?: string;
  /** Tags by name; null removes one. */
  readonly tags?: Readonly<Record<string, string | null>>;
  /** Deleted runs are kept, and not listed. */
  readonly isDeleted?: boolean;
}

/** Points of one metric, ordered by step, then time. Three columns of equal length; timestamps in milliseconds since 1970. */
export interface MetricHistory {
  readonly steps: readonly number[];
  readonly values: readonly number[];
  readonly timestamps: readonly number[];
}

/** What a training tells of its process now and then, under names as MLflow's own of the system. Memory in MiB. */
export const systemMetrics = {
  examplesPerSecond: 'system/examples_per_second',
  processMemory: 'system/process_memory_megabytes',
  tensorMemory: 'system/tensor_memory_megabytes',
  tensors: 'system/tensors',
} as const;

/** True for what tells nothing of the model. */
export function isSystemMetric(name: string): boolean {
  return (Object.values(systemMetrics) as readonly string[]).includes(name);
}

/** True for a metric that is the better the smaller it is, as far as its name tells. */
export function isErrorMetric(name: string): boolean {
  return /loss|error|(^|_)(mae|mse|rmse|mape)$/i.test(name);
}

/** MLflow's tag of a run's note, in Markdown. */
export const noteTag = 'mlflow.note.content';

const epochMetrics = ['training_loss', 'val_loss'];

/** True for a metric whose step says how many epochs are completed. */
export function countsEpochs(metric: string): boolean {
  return epochMetrics.includes(metric);
}

/** Epochs completed, and how many are planned (null when its params do not say). */
export function epochOf({ metrics, params }: Pick<RunSummary, 'metrics' | 'params'>): {
  epoch: number;
  epochs: number | null;
} {
  const steps = epochMetrics.flatMap((name) => {
    const summary = Object.hasOwn(metrics, name) ? metrics[name] : undefined;
    return summary === undefined ? [] : [summary.last.step];
  });
  const planned = Number(params['training.num_epochs'] ?? params['num_epochs']);
  return { epoch: Math.max(0, ...steps), epochs: Number.isSafeInteger(planned) && planned > 0 ? planned : null };
}

/** A tag that a live run bears while it is paused; its value says where. MLflow has no status for it. */
export const pausedTag = 'mlops.paused';

/** Paused, and neither ended nor lost meanwhile. */
export function isPaused({ status, lost, tags }: Pick<RunSummary, 'status' | 'lost' | 'tags'>): boolean {
  return status === 'RUNNING' && !lost && Object.hasOwn(tags, pausedTag);
}
