import {
  bandNames,
  chartScales,
  emptyRunsView,
  relationKinds,
  smoothingNames,
  xAxisKinds,
  type CardView,
  type ChartsView,
  type RelationAxis,
  type RelationsView,
  type RunsView,
} from './runsview.ts';
import type { TableView, ViewColumn } from './runtable.ts';
import { count, finite, flag, listOf, oneOf, orNull, shaped, text, type Check } from './shapes.ts';

// Checks of a view of the page of runs, wherever it comes from: the page, what VS Code keeps, the engine.

type Fields<T> = Record<keyof T, Check>;

const column = shaped({ id: text, width: orNull(finite), isPinned: flag } satisfies Fields<ViewColumn>);
const tableView = shaped({
  columns: orNull(listOf(column)),
  sort: listOf(shaped({ column: text, descending: flag })),
  filter: text,
  group: orNull(text),
  showsHidden: flag,
} satisfies Fields<TableView>);

const card = shaped({
  id: text,
  y: listOf(text),
  scale: oneOf(...chartScales),
  isWide: flag,
  isHidden: flag,
  isTable: flag,
  isClipped: flag,
} satisfies Fields<CardView>);
const weight: Check = (value) => typeof value === 'number' && value >= 0 && value < 1;
const chartsView = shaped({
  cards: orNull(listOf(card)),
  x: shaped({ kind: oneOf(...xAxisKinds), metric: orNull(text) } satisfies Fields<ChartsView['x']>),
  xScale: oneOf('linear', 'log'),
  smoothing: orNull(shaped({ kind: oneOf(...smoothingNames), weight })),
  group: orNull(shaped({ column: text, band: oneOf(...bandNames) })),
  colour: orNull(text),
  facet: orNull(text),
  columns: orNull(count),
  pinned: listOf(text),
} satisfies Fields<ChartsView>);

const axis = shaped({
  column: text,
  scale: orNull(oneOf('linear', 'log')),
  isReversed: flag,
} satisfies Fields<RelationAxis>);
const numbersBrushed = shaped({ column: text, low: finite, high: finite });
const missingBrushed = shaped({ column: text, isMissing: (value) => value === true });
const namesBrushed = shaped({ column: text, names: listOf(text) });
const relationsView = shaped({
  kind: oneOf(...relationKinds),
  axes: orNull(listOf(axis)),
  colour: orNull(text),
  brushes: listOf((value) => numbersBrushed(value) || namesBrushed(value) || missingBrushed(value)),
  x: orNull(axis),
  y: orNull(axis),
  metric: orNull(text),
  group: orNull(text),
  band: oneOf(...bandNames),
} satisfies Fields<RelationsView>);

export const runsView: Check = shaped({
  table: tableView,
  charts: chartsView,
  relations: relationsView,
} satisfies Fields<RunsView>);

/** A view that was kept, in whatever form it is now; undefined for what is none. One that was kept before the page had tabs is its table alone. */
export function parseRunsView(value: unknown): RunsView | undefined {
  if (tableView(value)) return { ...emptyRunsView, table: value as TableView };
  return runsView(value) ? (value as RunsView) : undefined;
}
