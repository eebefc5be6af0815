import type { RunPoints, SeriesProblem } from './chartfeed.ts';
import type { RunEvent } from './charts.ts';

// How points of many runs are asked of the engine: for each run what is known already, so that only what is new is read and told.

/** How far a series is known: so many points, and the last of them, which tells whether it is still the same series. */
export interface SeriesPlace {
  readonly count: number;
  readonly step: number;
  readonly value: number;
}

export interface RunQuestion {
  readonly runId: string;
  /** As the last answer gave it: a run that has not changed since is left out. Null: it is told whatever it has. */
  readonly mark: string | null;
  /** By metric; of the others nothing is known. */
  readonly known: ReadonlyMap<string, SeriesPlace>;
  /** So many of its events are known. */
  readonly events: number;
}

export interface SeriesQuestion {
  readonly runs: readonly RunQuestion[];
  readonly metrics: readonly string[];
  readonly events: boolean;
}

export interface RunReading {
  readonly runId: string;
  readonly mark: string;
  /** What is new. A series that is not what was known comes as a whole, from 0. */
  readonly series: readonly RunPoints[];
  readonly events: readonly RunEvent[];
  readonly problems: readonly SeriesProblem[];
}

export interface SeriesReading {
  /** Those that have changed, the newest run first, as many as one answer may hold. */
  readonly runs: readonly RunReading[];
  /** Ids of the runs that were not looked at: they are to be asked for once more. */
  readonly rest: readonly string[];
  /** Some of the runs go on growing, and nothing will tell of it. */
  readonly isGrowing: boolean;
}
