import { chooseColumnIds, toColumn, type Column } from '../../src/core/runtable/runtable.ts';
import { widthLimits, type ViewColumn } from '../../src/protocol/runtable.ts';
import type { RunSummary } from '../../src/protocol/tracking.ts';

/** A column where it stands. */
export interface PlacedColumn {
  readonly column: Column;
  /** Of a param without the sections in front of its name, unless another one is called the same then. */
  readonly shortName: string;
  readonly width: number;
  readonly isPinned: boolean;
  /** Of a pinned one from the left of the pinned ones, else from the left of the row. */
  readonly left: number;
}

export interface Layout {
  /** Pinned ones first. */
  readonly columns: readonly PlacedColumn[];
  readonly pinnedWidth: number;
  readonly width: number;
}

/** In pixels, by kind. */
const widths: Readonly<Record<Column['kind'], number>> = {
  status: 116,
  text: 132,
  time: 140,
  duration: 92,
  param: 104,
  metric: 108,
  tag: 132,
};
const nameWidth = 232;
/** Of a metric or a duration while there are groups: it shows mean and deviation. */
const spreadWidth = 160;

/** Where a view chooses none. */
export function chooseColumns(runs: readonly RunSummary[]): readonly ViewColumn[] {
  const isPinned = (id: string): boolean => id === 'name' || id === 'status';
  return chooseColumnIds(runs).map((id) => ({ id, width: null, isPinned: isPinned(id) }));
}

/** The run's name is always there. */
export function listColumns(chosen: readonly ViewColumn[]): readonly ViewColumn[] {
  const name = { id: 'name', width: null, isPinned: true };
  return chosen.some(({ id }) => id === 'name') ? chosen : [name, ...chosen];
}

export function placeColumns(columns: readonly ViewColumn[], hasGroups: boolean): Layout {
  const known = columns.flatMap(({ id, width, isPinned }) => {
    const column = toColumn(id);
    if (column === undefined) return [];
    const isSpread = hasGroups && (column.kind === 'metric' || column.kind === 'duration');
    const own = id === 'name' ? nameWidth : isSpread ? spreadWidth : widths[column.kind];
    return [{ column, isPinned, width: width === null ? own : clampWidth(width) }];
  });
  const tails = known.map(({ column }) => tailOf(column));
  const isAmbiguous = (tail: string): boolean => tails.indexOf(tail) !== tails.lastIndexOf(tail);
  const placed: PlacedColumn[] = [];
  let [pinnedWidth, width] = [0, 0];
  for (const one of [...known.filter(({ isPinned }) => isPinned), ...known.filter(({ isPinned }) => !isPinned)]) {
    const tail = tailOf(one.column);
    placed.push({ ...one, shortName: isAmbiguous(tail) ? one.column.name : tail, left: width });
    width += one.width;
    if (one.isPinned) pinnedWidth = width;
  }
  return { columns: placed, pinnedWidth, width };
}

/** `training.learning_rate`: the last word. */
function tailOf({ kind, name }: Column): string {
  return kind === 'param' ? (name.split('.').at(-1) ?? name) : name;
}

export function clampWidth(width: number): number {
  return Math.round(Math.min(widthLimits.most, Math.max(widthLimits.least, width)));
}

/** A column with another width or pin; the others as they are. */
export function changeColumn(
  columns: readonly ViewColumn[],
  id: string,
  change: Partial<Omit<ViewColumn, 'id'>>,
): readonly ViewColumn[] {
  return columns.map((column) => (column.id === id ? { ...column, ...change } : column));
}

/** Puts a column in the place of another one, or so many places on among those that are pinned as it is. */
export function moveColumn(columns: readonly ViewColumn[], id: string, to: string | number): readonly ViewColumn[] {
  const moved = columns.find((column) => column.id === id);
  if (moved === undefined || to === id) return columns;
  const target = typeof to === 'string' ? columns.find((column) => column.id === to) : undefined;
  const isPinned = target?.isPinned ?? moved.isPinned;
  const own = columns.filter((column) => column.isPinned === moved.isPinned);
  const next = typeof to === 'number' ? own[own.indexOf(moved) + to] : target;
  if (next === undefined) return columns;
  const isAfter = columns.indexOf(next) > columns.indexOf(moved);
  const rest = columns.filter((column) => column !== moved);
  const at = rest.indexOf(next) + (isAfter ? 1 : 0);
  return [...rest.slice(0, at), { ...moved, isPinned }, ...rest.slice(at)];
}
