import type { Objective } from './tracking.ts';

// What the editor says above the hyperparameters of a config, and what it offers to try next. Lines count from 1; files are relative to
// the project's root with forward slashes; values are texts as runs have them among their params.

/** One value of a hyperparameter, or several next to each other, with the best that runs have reached with them. */
export interface SparkBar {
  readonly from: string;
  readonly to: string;
  /** The objective's; null where no run lies in between. */
  readonly value: number | null;
}

/** How the objective goes with one hyperparameter, over the runs of a config that have both. */
export interface Spark {
  readonly objective: Objective;
  readonly runs: number;
  readonly best: { readonly text: string; readonly value: number; readonly runId: string };
  /** Numbers ascend; words stand best first. */
  readonly bars: readonly SparkBar[];
  readonly kind: 'numbers' | 'words';
}

/** `key`: as runs have it among their params, `training.learning_rate`. */
export interface KeyedSpark extends Spark {
  readonly key: string;
}

export interface ParamLens extends KeyedSpark {
  readonly about: 'param';
  readonly line: number;
}

export interface TuningLens {
  readonly about: 'tuning';
  readonly line: number;
  /** Null while the text can't be read, or says nothing that can be tried. */
  readonly plan: { readonly strategy: string; readonly trials: number } | null;
  /** Why there is no plan; '' where nothing is to be said. */
  readonly mistake: string;
  /** The model has code of its own that may choose otherwise. */
  readonly mayDiffer: boolean;
  /** One trial at a time; null where no run tells. */
  readonly seconds: number | null;
  /** How many earlier runs tell the time. */
  readonly pacedBy: number;
}

/** How a run's objective went, in as few values as a small picture shows. */
export interface RunCourse {
  readonly metric: string;
  readonly points: number;
  /** In the order of steps; NaN where no number is. */
  readonly values: readonly number[];
  readonly least: number;
  readonly greatest: number;
  readonly last: number;
  /** `place`: from 0, the first point, to 1, the last; null where nobody says what is better. */
  readonly best: { readonly value: number; readonly place: number } | null;
}

export type ConfigLens = ParamLens | TuningLens;

/** A value that could be tried. */
export interface GridCandidate {
  /** As YAML's flow notation writes it: `0.001`, `relu`, `[16, 32]`. */
  readonly text: string;
  /** How many runs had it. */
  readonly tried: number;
  /** The objective's best among those; null without any. */
  readonly best: number | null;
  readonly isCurrent: boolean;
}

/** What `hyperparameter_tuning` could try of one key. */
export interface GridOffer {
  readonly key: string;
  /** As `hyperparameter_tuning` has it. */
  readonly name: string;
  readonly objective: Objective;
  /** What stands there already. */
  readonly inGrid: readonly string[];
  /** It stands there as a range, in which nothing can be added. */
  readonly isRange: boolean;
  readonly candidates: readonly GridCandidate[];
}
