import type { RunSummary } from '../../protocol/tracking.ts';
import type { FromWorker } from '../../protocol/training.ts';
import type { Installation } from '../installation/installation.ts';
import type { HashedPath } from './provenance.ts';

// What is asked of a training, what it tells meanwhile, and what it answers.

export interface TrainRequest {
  /** Path of the config, from `cwd` or from the project. */
  readonly config: string;
  readonly cwd: string;
  readonly installation: Installation;
  readonly env: NodeJS.ProcessEnv;
  /** Texts as `training.num_epochs=5`. */
  readonly overrides?: readonly string[];
  /** Value of `--store`. */
  readonly store?: string | undefined;
  /** The run to go on with: id, unique prefix, name, `@last`. */
  readonly resume?: string | undefined;
  /** After so long without a word of the worker a warning is given; default half a minute. */
  readonly silenceMs?: number;
  /** The run that this training repeats, and the hash of the data that was brought for it; undefined: it is sought. */
  readonly reproduces?: { readonly runId: string; readonly data: HashedPath | undefined } | undefined;
  /** The sweep that the training is a trial of. Its test split is left alone: a search must not see it. */
  readonly trial?: { readonly sweep: string; readonly parentRunId: string; readonly number: number } | undefined;
}

/** What a training tells while it works. */
export interface TrainReporter {
  note(text: string): void;
  warning(text: string): void;
  /** Why the training failed, with the place in user code where it is known; may be of several lines. */
  failure(text: string): void;
  started(run: { readonly runId: string; readonly name: string; readonly model: string }): void;
  backend?(message: Extract<FromWorker, { type: 'backend' }>): void;
  batch?(step: number, loss: number): void;
  /** Examples a second just now. */
  pace?(examplesPerSecond: number): void;
  /** `epochs`: how many are planned, 0 while unknown. */
  epoch(epoch: number, epochs: number, metrics: Readonly<Record<string, number>>, seconds: number): void;
}

/** `mlops train --json`. */
export interface TrainDocument extends RunSummary {
  readonly outcome: 'succeeded' | 'failed' | 'stopped';
  readonly reason: string | null;
  readonly backend: string | null;
  /** Absolute path of the model's folder; null when there is none. */
  readonly modelPath: string | null;
  readonly examplesPerSecond: number | null;
}

/** What `mlops train --dry-run` shows. */
export interface TrainPlan {
  readonly config: string;
  readonly model: string;
  readonly store: string;
  readonly experiment: string;
  readonly backends: readonly string[];
  readonly params: Readonly<Record<string, string>>;
  /** The folder that the model replaces; null outside of its stage. */
  readonly replaces: string | null;
  /** The run that goes on, and from which checkpoint (null: from the start); null for a new run. */
  readonly resumes: { readonly runId: string; readonly checkpoint: string | null } | null;
}
