import type { SweepFacts } from './charts.ts';
import type { RunSummary } from './tracking.ts';

// What a sweep would do, shown to a person before it begins.

/** Choices that a person makes before a sweep begins; what is not said is as the config has it. */
export interface SweepChoice {
  /** `grid`, `random` …; the command line says which there are. */
  readonly strategy?: string;
  readonly trials?: number;
  /** Trials at a time. */
  readonly jobs?: number;
}

export interface SweepOutline {
  /** Relative to the project, as `configs/cnnbased.yaml`. */
  readonly config: string;
  readonly strategy: string;
  /** All that can be chosen. */
  readonly strategies: readonly string[];
  /** As `minimize val_loss`. */
  readonly objective: string;
  /** How many combinations are tried. */
  readonly trials: number;
  /** How long a trial is trained, as `12`, `5, 20` (it is searched) or `1 → 3 → 9` (by rounds). */
  readonly epochs: string;
  readonly jobs: number;
  /** By what earlier runs of the config took; null where there are none. */
  readonly secondsLeft: number | null;
  /** How many runs tell it. */
  readonly pacedBy: number;
  /** The first of the combinations, in words. */
  readonly first: readonly string[];
}

/** The sweep whose trials are shown beside the runs. */
export interface ShownSweep {
  /** The sweep's own. */
  readonly run: RunSummary;
  readonly sweep: SweepFacts;
  /** Of the sweep that began last; it may be another one. */
  readonly newest: string;
}
