import type { BandKind } from './bands.ts';
import type { InfinityMark } from './envelope.ts';
import type { ExpressionProblem } from './expression.ts';
import type { ScaleKind } from './scales.ts';
import type { Smoothing } from './smoothing.ts';
import type { Range } from './ticks.ts';

// What is asked of the book of charts and what it answers: plain data, so that the book may live in a worker. Coordinates of an x axis are its
// own units, or their decimal logarithms where the axis is logarithmic.

/** What lies on the x axis of a chart of many runs. */
export type AskedAxis =
  { readonly kind: 'step' | 'epoch' | 'relative' | 'wall' } | { readonly kind: 'metric'; readonly metric: string };

export interface AskedRun {
  readonly runId: string;
  /** In milliseconds since 1970: relative time counts from here. */
  readonly start: number;
  /** Batches of an epoch, for metrics that are logged by batch. */
  readonly perEpoch: number;
}

/** What is on the y axis: one metric, or an expression of metrics. */
export interface Measure {
  readonly text: string;
  readonly isExpression: boolean;
  readonly isByBatch: boolean;
}

/** One line: a run's, or the mean of several. Numbers are places in the question's lists. */
export interface AskedLine {
  readonly runs: readonly number[];
  readonly measure: number;
}

export interface ChartAsk {
  /** Of the card. */
  readonly id: string;
  readonly runs: readonly AskedRun[];
  readonly measures: readonly Measure[];
  readonly lines: readonly AskedLine[];
  /** Lines that are only seen as the area between the least and the greatest of them. */
  readonly crowd: readonly AskedLine[];
  readonly axis: AskedAxis;
  readonly isLogX: boolean;
  readonly scale: ScaleKind;
  readonly smoothing: Smoothing | null;
  /** Lines whose values as they were measured are drawn as well, where they are smoothed. */
  readonly raw: readonly number[];
  /** Around the mean of several runs. */
  readonly band: BandKind;
  readonly isClipped: boolean;
  /** Null: all there is. */
  readonly window: Range | null;
  /** A run goes on: room is left for what comes. */
  readonly isGrowing: boolean;
  /** Pixels across. */
  readonly columns: number;
  /** Where the best point is looked for. */
  readonly best: { readonly lines: readonly number[]; readonly direction: 'minimize' | 'maximize' } | null;
}

/** The area between two edges; NaN where there is none. */
export interface Area {
  readonly x: Float64Array;
  readonly low: Float64Array;
  readonly high: Float64Array;
}

export interface ChartAnswer {
  readonly id: string;
  readonly x: Float64Array;
  /** Raw lines, then lines, each as long as `x`, one behind the other. NaN joins its neighbours, infinity is a gap. */
  readonly ys: Float64Array;
  /** `line` counts raw lines first. */
  readonly marks: readonly InfinityMark[];
  /** Bands, by line; −1: the crowd. */
  readonly areas: readonly (readonly [line: number, area: Area])[];
  /** Null: no line has a point. */
  readonly whole: Range | null;
  readonly window: Range;
  readonly range: Range;
  /** Values that lie beyond the edges of a chart without outliers. */
  readonly outside: number;
  readonly best: { readonly line: number; readonly x: number; readonly value: number } | null;
  /** Of each line: its last value, NaN for none. */
  readonly last: Float64Array;
  /** Lines are so dense that gaps of a dash could not be told from theirs. */
  readonly isDense: boolean;
  readonly problem: ExpressionProblem | null;
}

/** Where the cursor goes: to what is nearest, so many points on, or to an end. */
export type CursorMove = { readonly near: number } | { readonly from: number; readonly by: number } | 'first' | 'last';

/** What the lines of a card say at a place: NaN where one has nothing. */
export interface ChartReading {
  readonly id: string;
  readonly x: number;
  readonly values: Float64Array;
  /** As measured, where lines are smoothed; else the same. */
  readonly raw: Float64Array;
}

/** The last points of some lines of a card, newest first. */
export interface ChartNumbers {
  readonly x: Float64Array;
  /** Line by line, each as long as `x`; NaN for nothing. */
  readonly values: Float64Array;
  /** How many x there are in all. */
  readonly total: number;
}

export interface Spark {
  readonly runId: string;
  readonly steps: Float64Array;
  readonly values: Float64Array;
}
