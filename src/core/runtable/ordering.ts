import type { RunSummary } from '../../protocol/tracking.ts';
import { toObjective } from '../tracking/tracking.ts';
import { toColumn, type Value } from './columns.ts';

export interface SortKey {
  /** Id of a column. */
  readonly column: string;
  readonly descending: boolean;
}

/** Newest first, as every list of runs. */
export const defaultSort: readonly SortKey[] = [{ column: 'start', descending: true }];

/**
 * In this order by the first key, equal ones by the next; what is left keeps its order. Numbers come before texts; runs without
 * a value, or with NaN, come last whichever way it goes.
 */
export function sortRuns(runs: readonly RunSummary[], keys: readonly SortKey[]): readonly RunSummary[] {
  const ranks = keys.flatMap(({ column, descending }) => {
    const of = toColumn(column)?.of;
    return of === undefined ? [] : [rank(runs.map(of), descending ? -1 : 1)];
  });
  const places = Uint32Array.from(runs.keys());
  places.sort((a, b) => {
    for (const own of ranks) {
      const order = (own[a] ?? 0) - (own[b] ?? 0);
      if (order !== 0) return order;
    }
    return a - b;
  });
  return Array.from(places, (place) => runs[place]).filter((run) => run !== undefined);
}

/** Of each value its place among all of them, so that thousands of comparisons are ones of whole numbers. */
function rank(values: readonly (Value | undefined)[], sign: number): Uint32Array {
  const unique = [...new Set(values)].sort((a, b) => compare(a, b, sign));
  const places = new Map(unique.map((value, index) => [value, index]));
  const last = unique.length;
  return Uint32Array.from(values, (value) => (isNothing(value) ? last : (places.get(value) ?? last)));
}

/** `sign` below zero turns the order of what can be compared. */
export function compare(a: Value | undefined, b: Value | undefined, sign: number): number {
  const [hasNoA, hasNoB] = [isNothing(a), isNothing(b)];
  if (hasNoA || hasNoB) return Number(hasNoA) - Number(hasNoB);
  if (typeof a === 'number' && typeof b === 'number') return a === b ? 0 : sign * (a < b ? -1 : 1);
  if (typeof a !== typeof b) return sign * (typeof a === 'number' ? -1 : 1);
  return a === b ? 0 : sign * (String(a) < String(b) ? -1 : 1);
}

function isNothing(value: Value | undefined): boolean {
  return value === undefined || (typeof value === 'number' && Number.isNaN(value));
}

/**
 * What a press on a column's head makes of the order: a new first key, or (`adds`) one more behind the others; a press on a key
 * turns it. It begins with what is asked for first: the newest, the best as the metric's name tells it, else the small.
 */
export function pressHead(sort: readonly SortKey[], column: string, adds: boolean): readonly SortKey[] {
  const known = sort.find((key) => key.column === column);
  const next = { column, descending: known === undefined ? beginsLarge(column) : !known.descending };
  if (!adds) return [next];
  return known === undefined ? [...sort, next] : sort.map((key) => (key.column === column ? next : key));
}

function beginsLarge(id: string): boolean {
  const column = toColumn(id);
  if (column?.kind === 'metric') return toObjective({ metric: column.name })?.direction === 'maximize';
  return column?.kind === 'time';
}
