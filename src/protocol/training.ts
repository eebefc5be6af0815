import type { ErrorDocument } from './errors.ts';
import type { Steering } from './steering.ts';

// The border between the run process (`mlops train`, `mlops predict`) and the training worker: JSON lines over a channel of
// its own (file descriptor 3, both ways), never stdout. Each side's first message is a hello; versions must be equal.

export const trainingProtocolVersion = 5;
/** Longest line, in characters; a longer one is a broken peer. */
const maxMessageLength = 1 << 20;
/** Longest text that a worker sends: user code makes errors, tags and labels of any length, and a line holds a few of them. */
const maxTextLength = 1 << 16;

/** The ladder: every backend, best first. */
export const backendNames = ['tfjs-node-gpu', 'tfjs-node', 'webgpu', 'wasm', 'cpu'] as const;
export type BackendName = (typeof backendNames)[number];
/** What `training.backend` of a config may say; `auto`: the best that works. */
export type BackendChoice = BackendName | 'auto';

/** One rung of the ladder as `mlops backends --json` gives it; `reason` says why it is not available. */
export interface BackendStatus {
  readonly name: BackendName;
  readonly available: boolean;
  readonly device: string | null;
  readonly version: string | null;
  readonly reason: string | null;
}

/** A number that JSON can carry: NaN and infinities travel as words. */
export type WireNumber = number | 'NaN' | 'Infinity' | '-Infinity';

export interface TrainTask {
  readonly kind: 'train';
  /** Absolute; user code is loaded from `src/models/<model>/` below it, and relative data paths start here. */
  readonly projectRoot: string;
  /** Stem of the config file. */
  readonly model: string;
  /** The whole config with defaults filled in, as user code gets it. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Rungs to try, best first. */
  readonly backends: readonly BackendName[];
  readonly seed: number;
  /** Empty folder; the worker leaves `model.json`, weights, `history.json` and `predictions.csv` in it. */
  readonly outputDirectory: string;
  /** Folder for checkpoints, made when the first is written: an artifact of the run. */
  readonly checkpointDirectory: string;
  /** Those that stand there: the training goes on from them. Empty: it starts anew. */
  readonly checkpoints: readonly StandingCheckpoint[];
  readonly engineVersion: string;
  readonly runId: string;
  /** False for a trial of a sweep: the test split is not even loaded, so nothing is chosen by it. */
  readonly tests: boolean;
  /** Nothing is trained: the first call of `fit` tells how it would take its steps (`explained`), and ends the task. */
  readonly explains?: boolean;
}

/** Where in a training a checkpoint stands. */
export interface CheckpointPosition {
  /** Which call of `fit` in the run, from 1. */
  readonly fit: number;
  /** Epochs completed since the start of training. */
  readonly epoch: number;
  /** Batches completed of the epoch that has begun; 0 between two epochs. */
  readonly batch: number;
  /** Nothing is left to train in this fit. */
  readonly isEnd: boolean;
}

export interface StandingCheckpoint extends CheckpointPosition {
  /** Of its folder. */
  readonly name: string;
}

/** The beginning of every `checkpoint.json`: what is asked of a checkpoint before it is loaded. */
export interface CheckpointHeader extends CheckpointPosition {
  readonly format: typeof checkpointFormat;
  /** Batches completed since the start of training. */
  readonly step: number;
  readonly backend: BackendName;
  readonly backendVersion: string;
  readonly threads: number;
  readonly engineVersion: string;
}

export const checkpointFormat = 1;
export const checkpointFile = 'checkpoint.json';

/** Packaged or outside images through a saved model, by the project's own `predict.ts`. */
export interface PredictTask {
  readonly kind: 'predict';
  readonly projectRoot: string;
  readonly model: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly backends: readonly BackendName[];
  /** Folder with `model.json`. */
  readonly modelDirectory: string;
  /** Absolute paths of PNG files. */
  readonly images: readonly string[];
}

/** Looks examples of a split up by the model's dataloader. */
export interface ExamplesTask {
  readonly kind: 'examples';
  readonly projectRoot: string;
  readonly model: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly split: 'train' | 'validation' | 'test';
  /** In the split, from 0. */
  readonly numbers: readonly number[];
}

/** Asks the model's own code, `hyperparameters_tuning.ts`, what a search may try. */
export interface TuneTask {
  readonly kind: 'tune';
  readonly projectRoot: string;
  readonly model: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** Combinations that the code may refuse, by the names of the space; empty: only the space is asked for. */
  readonly candidates: readonly Readonly<Record<string, unknown>>[];
}

/** Writes a saved model in another program's format. */
export interface ExportTask {
  readonly kind: 'export';
  readonly format: ExportFormat;
  readonly projectRoot: string;
  /** Folder with `model.json`. */
  readonly modelDirectory: string;
  /** Folder for the files of the format. */
  readonly outputDirectory: string;
}

export const exportFormats = ['savedmodel'] as const;
export type ExportFormat = (typeof exportFormats)[number];

interface ProbeTask {
  readonly kind: 'probe';
}

/** Really trains one step on the backend; the answer is `probed` with this one rung. */
interface VerifyTask {
  readonly kind: 'verify';
  readonly backend: BackendName;
}

export type WorkerTask = TrainTask | PredictTask | ExamplesTask | ExportTask | TuneTask | ProbeTask | VerifyTask;

export interface Prediction {
  readonly image: string;
  readonly label: string;
  /** By label; empty for a model without probabilities. */
  readonly probabilities: Readonly<Record<string, number>>;
}

export type ToWorker =
  | { readonly type: 'hello'; readonly protocol: number }
  | { readonly type: 'start'; readonly task: WorkerTask }
  | { readonly type: 'stop' }
  /** Done between two batches, in their order; answered by `steered` with the same id. */
  | { readonly type: 'steer'; readonly id: number; readonly steering: Steering };

export type FromWorker =
  | { readonly type: 'hello'; readonly protocol: number; readonly pid: number }
  | {
      readonly type: 'backend';
      readonly name: BackendName;
      readonly version: string;
      readonly threads: number;
      readonly passedOver: readonly BackendStatus[];
    }
  | { readonly type: 'log'; readonly level: 'info' | 'warning' | 'error'; readonly text: string }
  /** `batches`: those of one epoch. */
  | { readonly type: 'plan'; readonly epochs: number; readonly batches: number; readonly examples: number }
  /** Sampled, at most five a second. `step`: batches completed since the start of training. */
  | { readonly type: 'batch'; readonly step: number; readonly loss: WireNumber; readonly time: number }
  /** `epoch`: epochs completed, from 1. Names as DESIGN: training_loss, val_loss, training_<metric>, val_<metric>, learning_rate. */
  | {
      readonly type: 'epoch';
      readonly epoch: number;
      readonly metrics: Readonly<Record<string, WireNumber>>;
      readonly seconds: number;
      readonly time: number;
    }
  /** A checkpoint stands, whole. `name`: of its folder; `epoch`: epochs completed. */
  | { readonly type: 'checkpoint'; readonly name: string; readonly epoch: number }
  /**
   * The training goes on from a checkpoint. `latest`: metrics of the epochs up to it, the last of them that of `epoch`: what killed the run
   * may have come between a checkpoint and the points before it.
   */
  | {
      readonly type: 'resumed';
      readonly name: string;
      readonly epoch: number;
      readonly step: number;
      readonly latest: Readonly<Record<string, readonly WireNumber[]>>;
    }
  /** Logged by user code through `context.run`. */
  | {
      readonly type: 'metric';
      readonly name: string;
      readonly value: WireNumber;
      readonly step: number;
      readonly time: number;
    }
  | { readonly type: 'tag'; readonly name: string; readonly value: string }
  /** How steps are taken, in words, and a piece of what they do; the pieces of a long text come one after the other. */
  | { readonly type: 'explained'; readonly way: string; readonly part: string }
  /** test_loss, test_accuracy, test_precision, test_recall, test_f1 (macro means, fractions). */
  | { readonly type: 'test'; readonly metrics: Readonly<Record<string, WireNumber>>; readonly time: number }
  /** Batches and epochs completed when it was done, and what was done (or why not) in words. */
  | {
      readonly type: 'steered';
      readonly id: number;
      readonly isRefused: boolean;
      readonly step: number;
      readonly epoch: number;
      readonly text: string;
    }
  | { readonly type: 'paused'; readonly step: number; readonly epoch: number; readonly time: number }
  | { readonly type: 'unpaused'; readonly step: number; readonly epoch: number; readonly time: number }
  /**
   * At most one a second, always just before a batch. `examplesPerSecond`: since the last one, pauses left out; null while a model is
   * tested. `resident`, `bytes`: of the process, and of the tensors in it.
   */
  | {
      readonly type: 'sample';
      readonly step: number;
      readonly examplesPerSecond: number | null;
      readonly resident: number;
      readonly tensors: number;
      readonly bytes: number;
      readonly time: number;
    }
  /** A sign of life every few seconds, while no batch and nothing in user code keeps the worker busy. */
  | { readonly type: 'alive' }
  | { readonly type: 'probed'; readonly backends: readonly BackendStatus[] }
  /** One for each image, in their order. */
  | { readonly type: 'prediction'; readonly prediction: Prediction }
  | { readonly type: 'predicted' }
  /** One for each number that the split has, in the order of the task; `picture` is small, `values` are told of what is none. Pixels in base64, row by row. */
  | {
      readonly type: 'example';
      readonly number: number;
      readonly picture: {
        readonly width: number;
        readonly height: number;
        readonly channels: 1 | 3;
        readonly pixels: string;
      } | null;
      readonly values: readonly WireNumber[];
    }
  /** `count`: examples of the split; `digest`: SHA-256 of the labels of its first `labelled` examples, one a line. */
  | { readonly type: 'examplesRead'; readonly count: number; readonly labelled: number; readonly digest: string }
  | { readonly type: 'exported'; readonly signature: ExportedSignature }
  /** `space`: null where the code gives none. `accepted`: an answer for each candidate. `refuses`: whether it refuses any at all. */
  | {
      readonly type: 'tuned';
      readonly space: Readonly<Record<string, unknown>> | null;
      readonly accepted: readonly boolean[];
      readonly refuses: boolean;
    }
  /** The last message; afterwards the worker exits by itself. `stopped` after a stop message, its model saved nevertheless. */
  | {
      readonly type: 'done';
      readonly outcome: 'succeeded' | 'stopped';
      readonly examplesPerSecond: number | null;
      readonly signature: ModelSignature | null;
    }
  | { readonly type: 'failed'; readonly error: ErrorDocument };

/** Shapes without the examples' axis, as MLmodel needs them. */
export interface ModelSignature {
  readonly inputShape: readonly number[];
  readonly outputShape: readonly number[];
}

/** What an exported model takes and gives, by names; -1 is an axis of any size. */
export interface ExportedSignature {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
}

export interface TensorSpec {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
}

export function toWireNumber(value: number): WireNumber {
  return Number.isFinite(value) ? value : (String(value) as WireNumber);
}

export function fromWireNumber(value: WireNumber): number {
  return Number(value);
}

export function encodeToWorker(message: ToWorker): string {
  return `${JSON.stringify(message, (_key, value: unknown) => toJson(value))}\n`;
}

/** Too long texts are cut: whatever user code has thrown or set, the message gets through. */
export function encodeFromWorker(message: FromWorker): string {
  return `${JSON.stringify(message, (_key, value: unknown) => toJson(cutText(value)))}\n`;
}

function cutText(value: unknown): unknown {
  return typeof value === 'string' && value.length > maxTextLength
    ? `${value.slice(0, maxTextLength).toWellFormed()}… (${value.length} characters)`
    : value;
}

/** Key of the mapping that stands for a number which JSON can't hold, as a config may have (`.inf`). */
const NUMBER = '\u0000number';

/** For `JSON.stringify`: numbers that JSON can't hold become a mapping that {@link fromJson} knows. */
export function toJson(value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? { [NUMBER]: String(value) } : value;
}

/** For `JSON.parse`. */
export function fromJson(_key: string, value: unknown): unknown {
  return typeof value === 'object' && value !== null && NUMBER in value ? Number(value[NUMBER]) : value;
}

/**
 * Splits a stream of text into messages of the peer's type. Throws on a line that is no message or longer than
 * {@link maxMessageLength}: a peer that writes garbage on this channel is broken. A message may span chunks.
 */
export class MessageDecoder<T extends ToWorker | FromWorker> {
  #rest = '';

  push(chunk: string): T[] {
    const lines = (this.#rest + chunk).split('\n');
    this.#rest = lines.pop() ?? '';
    if ([this.#rest, ...lines].some((line) => line.length > maxMessageLength))
      throw new Error(`A message is longer than ${maxMessageLength} characters.`);
    return lines.filter((line) => line !== '').map((line) => this.#parse(line));
  }

  #parse(line: string): T {
    const value: unknown = JSON.parse(line, fromJson);
    if (typeof value !== 'object' || value === null || !('type' in value) || typeof value.type !== 'string')
      throw new Error(`Not a message: ${line.slice(0, 200)}`);
    return value as T;
  }
}
