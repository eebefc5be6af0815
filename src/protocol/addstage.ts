import type { Problem } from './problem.ts';

// A stage that is to be added to the project's dvc.yaml, and what is known before it is. Paths are relative to the project's root
// with forward slashes, as dvc.yaml will have them.

export interface StageRequest {
  readonly name: string;
  readonly cmd: string;
  readonly deps: readonly string[];
  /** No keys: the whole file. */
  readonly params: readonly { readonly file: string; readonly keys: readonly string[] }[];
  readonly outs: readonly StageOutput[];
  /** Empty: none. */
  readonly desc: string;
}

export interface StageOutput {
  readonly kind: 'out' | 'metric' | 'plot';
  readonly path: string;
  /** Kept in DVC's cache and out of Git. */
  readonly cache: boolean;
}

/** A stage that is there already, with its resolved paths. */
interface StageOutline {
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** What a new stage must fit in with, and what may be chosen for it. */
export interface StageGround {
  readonly stages: readonly StageOutline[];
  /** Files and folders of the project worth reading; folders end in a slash. */
  readonly paths: readonly string[];
  /** Top-level keys of params.yaml and the configs. */
  readonly params: readonly { readonly file: string; readonly keys: readonly string[] }[];
}

/** What would be written, or was. */
export interface StageAddition {
  readonly file: string;
  /** Where the stage stands in it, from 1. */
  readonly line: number;
  /** The lines that are added, and nothing else changes. */
  readonly text: string;
}

/** Without `addition` the stage can't be added, and `problems` say why. */
export interface StagePlan {
  readonly addition: StageAddition | null;
  readonly problems: readonly Problem[];
}
