import type { RunEvent } from './charts.ts';

// How points of many runs come to the page of runs, beside the runs themselves (`runtable.ts`). The page says which series it watches; the
// extension sends all that it has of them, in parts, and from then on what is new. Each watch has its own numbers: a message of an earlier
// watch is ignored, and where one is missing the page watches anew. The page acknowledges what it has taken over; at most one message is on
// its way. Points travel as typed arrays, where NaN means "no number here".

export const chartFeedVersion = 1;

/** Points of one metric of one run from index `from` on: they replace whatever stood there and after. Equal lengths, steps ascending. */
export interface RunPoints {
  readonly runId: string;
  readonly metric: string;
  readonly from: number;
  readonly steps: Float64Array;
  readonly values: Float64Array;
  /** Milliseconds since 1970. */
  readonly times: Float64Array;
}

/** What the page wants to have: every one of these metrics of every one of these runs, as far as they have it. What is not in it is dropped on both sides. */
export interface Watched {
  readonly runIds: readonly string[];
  readonly metrics: readonly string[];
  /** Steering, checkpoints, warnings of these runs, too. */
  readonly events: boolean;
}

/** A series that can't be read, and why. */
export interface SeriesProblem {
  readonly runId: string;
  /** Empty: all of the run's. */
  readonly metric: string;
  readonly message: string;
}

export type ChartFeedQuestion =
  /**
   * `watch` counts up, over pages that were loaded again too: it begins with the time. One that does not follow the last one that came is a
   * restart, whatever it says. `restart`: the page has nothing any more of what it had.
   */
  | { readonly type: 'watch'; readonly watch: number; readonly restart: boolean; readonly wanted: Watched }
  | { readonly type: 'watched'; readonly watch: number; readonly sequence: number };

/** Numbered from 1 in each watch. */
export interface SeriesMessage {
  readonly type: 'series';
  readonly protocol: number;
  readonly watch: number;
  readonly sequence: number;
  readonly series: readonly RunPoints[];
  /** New ones, by run; after a loss some may come twice. */
  readonly events: readonly (readonly [runId: string, event: RunEvent])[];
  readonly problems: readonly SeriesProblem[];
  /** All that there is now has come with this message or before; later ones tell what is new. */
  readonly isWhole: boolean;
}
