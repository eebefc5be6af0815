import { emptyTableView, type TableView } from './runtable.ts';

// How the page of runs looks, tab by tab: what can be kept in a view file (`.mlops/views/<name>.yaml`, under `table`, `charts` and `relations`).

export const xAxisKinds = ['step', 'epoch', 'relative', 'wall', 'metric'] as const;
export const chartScales = ['linear', 'log', 'symlog'] as const;
export const bandNames = ['range', 'deviation', 'error', 'confidence'] as const;
export const smoothingNames = ['exponential', 'gaussian', 'mean'] as const;

/** One chart. What it is known by, `id`, is unique in its layout. */
export interface CardView {
  readonly id: string;
  /** Metrics that share its value axis, or one expression of metrics (`core/charts/expression.ts`). */
  readonly y: readonly string[];
  readonly scale: (typeof chartScales)[number];
  /** As wide as the page. */
  readonly isWide: boolean;
  readonly isHidden: boolean;
  /** Shown as a table of numbers. */
  readonly isTable: boolean;
  /** Outliers do not stretch the axis. */
  readonly isClipped: boolean;
}

export interface ChartsView {
  /** In order; null: a card for each metric, as `groupCards` has them. Cards that are not named come behind. */
  readonly cards: readonly CardView[] | null;
  readonly x: { readonly kind: (typeof xAxisKinds)[number]; /** Of kind `metric`. */ readonly metric: string | null };
  readonly xScale: 'linear' | 'log';
  /** null: automatic; weight 0: none. */
  readonly smoothing: { readonly kind: (typeof smoothingNames)[number]; readonly weight: number } | null;
  /** Runs with the same value in this column (its id, as in the table) are drawn as mean and band; null: each run by itself. */
  readonly group: { readonly column: string; readonly band: (typeof bandNames)[number] } | null;
  /** Runs have the colour of their value in this column; null: of their own. */
  readonly colour: string | null;
  /** A row of cards for each value of this column. */
  readonly facet: string | null;
  /** Cards beside each other; null: by the room there is. */
  readonly columns: number | null;
  /** Ids of runs that are drawn whatever the filter says, on top. */
  readonly pinned: readonly string[];
}

export const emptyChartsView: ChartsView = {
  cards: null,
  x: { kind: 'step', metric: null },
  xScale: 'linear',
  smoothing: null,
  group: null,
  colour: null,
  facet: null,
  columns: null,
  pinned: [],
};

export const relationKinds = ['parallel', 'scatter', 'matrix', 'importance', 'bars', 'boxes'] as const;

export interface RelationAxis {
  /** Id of the column. */
  readonly column: string;
  /** null: by its values. */
  readonly scale: 'linear' | 'log' | null;
  readonly isReversed: boolean;
}

/** What is brushed on an axis, in the column's own values: numbers from `low` to `high`, both included, or categories, or runs that have no value there. Several on one axis add up. */
export type RelationBrush =
  | { readonly column: string; readonly low: number; readonly high: number }
  | { readonly column: string; readonly names: readonly string[] }
  | { readonly column: string; readonly isMissing: true };

export interface RelationsView {
  readonly kind: (typeof relationKinds)[number];
  /** In order, of the parallel coordinates and the matrix; null: chosen by what tells the runs apart. */
  readonly axes: readonly RelationAxis[] | null;
  /** Id of the column that colours; null: the metric by which runs are judged. */
  readonly colour: string | null;
  readonly brushes: readonly RelationBrush[];
  /** Of the scatter plot; null: the param that has most to do with the metric, and the metric. */
  readonly x: RelationAxis | null;
  readonly y: RelationAxis | null;
  /** Id of the column that importance, bars and boxes tell of; null: the metric by which runs are judged. */
  readonly metric: string | null;
  /** Id of the column by whose values bars and boxes are grouped; null: the param that has most to do with the metric. */
  readonly group: string | null;
  /** Of the bars, around the mean. */
  readonly band: (typeof bandNames)[number];
}

export const emptyRelationsView: RelationsView = {
  kind: 'parallel',
  axes: null,
  colour: null,
  brushes: [],
  x: null,
  y: null,
  metric: null,
  group: null,
  band: 'deviation',
};

/** All that a view of the page says. */
export interface RunsView {
  readonly table: TableView;
  readonly charts: ChartsView;
  readonly relations: RelationsView;
}

export const emptyRunsView: RunsView = {
  table: emptyTableView,
  charts: emptyChartsView,
  relations: emptyRelationsView,
};
