import type { RelationAxis } from '../../protocol/runsview.ts';
import type { RunSummary } from '../../protocol/tracking.ts';
import { chooseColumnIds, toColumn, type Column } from '../runtable/runtable.ts';
import { orderAxes, toDimension, type Dimension } from './dimensions.ts';

/** More stand too near each other. */
const mostAxes = 8;
/** A text that is another one in each run names the run; it is no choice that was made. */
const mostCategories = 24;

/** What the kinds of charts show where nobody has chosen, as ids of columns. */
export interface Chosen {
  /** What has most to do with the metric stands next to it, and the metric last. */
  readonly axes: readonly RelationAxis[];
  /** The objective, else the metric of most runs; null without any. */
  readonly metric: string | null;
  /** By what runs are grouped: of the params with a handful of values the one that has most to do with the metric, else what they all have. */
  readonly group: string;
  /** Of the scatter plot: that param, and the metric; two metrics where there is no param. */
  readonly scatter: { readonly x: string | null; readonly y: string | null };
  /** Params that tell the runs apart, the most telling last. */
  readonly params: readonly string[];
}

/** The values of a column, run by run. */
export function toVariable(
  column: Column,
  runs: readonly RunSummary[],
): { name: string; values: (string | number | null)[] } {
  return { name: column.id, values: runs.map((run) => column.of(run) ?? null) };
}

export function chooseRelations(runs: readonly RunSummary[], objective: string | null): Chosen {
  const ids = chooseColumnIds(runs);
  const metrics = ids.filter((id) => id.startsWith('metrics.'));
  const metric = objective === null ? (metrics[0] ?? null) : `metrics.${objective}`;
  const laid = ids.flatMap((id) => {
    const column = id.startsWith('params.') || id === metric ? toColumn(id) : undefined;
    return column === undefined ? [] : [{ id, dimension: toDimension(toVariable(column, runs)) }];
  });
  const known = laid.filter(({ id, dimension }) => id === metric || dimension.names.length <= mostCategories);
  const params = sortByTarget(known, metric).filter((id) => id !== metric);
  // Without params there is still how the metrics go together.
  const others = params.length > 0 ? params : metrics.filter((id) => id !== metric);
  const shown = [...others.slice(1 - mostAxes), ...(metric === null ? [] : [metric])];
  const x = others.at(-1) ?? 'start';
  return {
    scatter: { x, y: metric ?? 'duration' },
    axes: shown.map((column) => ({ column, scale: null, isReversed: false })),
    ...{ metric, params, group: chooseGroup(known, params) },
  };
}

/** Of more values each group is hardly a group. */
const mostOfGroup = 12;

function chooseGroup(
  known: readonly { readonly id: string; readonly dimension: Dimension }[],
  params: readonly string[],
): string {
  const isFew = (param: string): boolean => {
    const places = known.find(({ id }) => id === param)?.dimension.places ?? [];
    return new Set(places).size <= mostOfGroup;
  };
  return params.findLast(isFew) ?? params.at(-1) ?? 'experiment';
}

function sortByTarget(
  known: readonly { readonly id: string; readonly dimension: Dimension }[],
  metric: string | null,
): string[] {
  const target = known.findIndex(({ id }) => id === metric);
  const order = orderAxes(
    known.map(({ dimension }) => dimension),
    target,
  );
  return order.flatMap((index) => known[index]?.id ?? []);
}
