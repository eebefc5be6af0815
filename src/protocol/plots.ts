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

/** One line, or one cloud of points. Equal lengths; NaN where there is no number. */
export interface DrawnSeries {
  readonly revision: string;
  /** What tells it from others of its revision; '' where there are none. */
  readonly label: string;
  /** Ascending where lines are drawn. */
  readonly x: Float64Array;
  readonly y: Float64Array;
}

export interface DrawnBars {
  readonly revision: string;
  readonly label: string;
  /** One for each name; NaN where the revision has none. */
  readonly values: Float64Array;
}

/** How often a class (row) was taken for a class (column): `counts[row × n + column]`. */
export interface DrawnMatrix {
  readonly revision: string;
  readonly label: string;
  readonly classes: readonly string[];
  readonly counts: Uint32Array;
}

interface DrawnHead extends PlotHead {
  readonly xLabel: string;
  readonly yLabel: string;
  /** Rows that there are and that are not drawn, since they are too many. */
  readonly left: number;
}

/** A plot as a page draws it. */
export type DrawnPlot =
  | (DrawnHead & {
      readonly kind: 'lines' | 'smooth' | 'points';
      readonly series: readonly DrawnSeries[];
      /** Values of x that are no numbers: x counts them. */
      readonly names: readonly string[];
    })
  | (DrawnHead & { readonly kind: 'bars'; readonly names: readonly string[]; readonly series: readonly DrawnBars[] })
  | (DrawnHead & {
      readonly kind: 'confusion';
      readonly isNormalized: boolean;
      readonly matrices: readonly DrawnMatrix[];
    })
  /** Vega-Lite. `plot`: JSON of a {@link PointsPlot} whose template is to be filled. */
  | (DrawnHead & { readonly kind: 'vega'; readonly plot: string })
  | (DrawnHead & { readonly kind: 'images'; readonly images: readonly PlotImage[] });

/** All plots of some revisions. */
export interface DrawnPlots {
  readonly plots: readonly DrawnPlot[];
  readonly problems: readonly Problem[];
}

/** The page of runs asks for plots of revisions (`workspace`, hashes of commits), which have these names there. Counts up. */
export interface PlotsQuestion {
  readonly type: 'askPlots';
  readonly question: number;
  readonly revisions: readonly string[];
  /** Runs whose own tables are drawn as well. */
  readonly runIds: readonly string[];
}

/** The answer to a question, given again when something in the project has changed, until another question is asked. */
export interface PlotsMessage extends DrawnPlots {
  readonly type: 'plots';
  readonly protocol: number;
  readonly question: number;
  /** Why nothing can be read; null where it can. */
  readonly failure: string | null;
}
