import type { Problem } from './problem.ts';

// Plots of dvc.yaml as they cross borders: what `mlops plots --json` prints, and what the page of runs draws.

/** A row of a plot: columns of its file, beside what DVC adds (`rev`, `step` …). */
export type PlotRow = Readonly<Record<string, unknown>>;

/** What of a plot does not depend on its rows. */
interface PlotHead {
  /** As DVC calls it: a path from the project's root, or a name; with the file in front (`dvc.yaml::loss`) where several files have it. */
  readonly id: string;
  readonly title: string;
}

/** One column of one file of one revision. */
export interface PlotSeries {
  readonly revision: string;
  /** What tells it from others of its revision; '' where there are none. */
  readonly label: string;
  readonly file: string;
  readonly column: string;
  readonly rows: readonly PlotRow[];
}

/** Rows of all revisions, with the columns that are drawn, as DVC resolves them. */
export interface PointsPlot extends PlotHead {
  readonly kind: 'points';
  readonly template: string;
  /** Columns of the rows. */
  readonly x: string;
  readonly y: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly series: readonly PlotSeries[];
  /** A template of the project's own, with its anchors; null for DVC's. */
  readonly ownTemplate: unknown;
}

export interface PlotImage {
  readonly revision: string;
  readonly file: string;
  readonly bytes: Uint8Array;
}

export interface ImagePlot extends PlotHead {
  readonly kind: 'images';
  readonly images: readonly PlotImage[];
}

export type ResolvedPlot = PointsPlot | ImagePlot;

export interface PlotList {
  /** In the order in which they are drawn, the work tree first. */
  readonly revisions: readonly string[];
  readonly plots: readonly ResolvedPlot[];
  readonly problems: readonly Problem[];
}
