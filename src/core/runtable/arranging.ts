import type { RunSummary } from '../../protocol/tracking.ts';
import { toColumn, type Value } from './columns.ts';
import { compare, sortRuns, type SortKey } from './ordering.ts';
import { measure } from './spread.ts';

/** Runs that lie deeper than this are in a circle, or may as well be. */
const mostLevels = 20;

export interface GroupLine {
  readonly kind: 'group';
  /** Tells it from the other lines; the same group keeps it. */
  readonly key: string;
  /** Undefined: of the runs that have no such thing. */
  readonly value: Value | undefined;
  /** All of them, nested ones included. */
  readonly runs: readonly RunSummary[];
  readonly isOpen: boolean;
}

export interface RunLine {
  readonly kind: 'run';
  /** The run's id. */
  readonly key: string;
  readonly run: RunSummary;
  /** 0 at the top of the list, or of its group. */
  readonly level: number;
  /** Runs right below it that are in the list, shown or not. */
  readonly below: number;
  readonly isOpen: boolean;
}

export type Line = GroupLine | RunLine;

export interface Arrangement {
  readonly sort: readonly SortKey[];
  /** Id of the column whose values make the groups; null: none. */
  readonly group: string | null;
  /** Keys of the lines whose runs are shown below them. */
  readonly open: ReadonlySet<string>;
}

/**
 * The lines of a table, from the runs that fit its filter. A run stands below its parent (a trial below its sweep) where that is in
 * the list and in the same group, else at the top; below each parent the same order holds.
 */
export function arrange(runs: readonly RunSummary[], { sort, group, open }: Arrangement): readonly Line[] {
  const sorted = sortRuns(runs, sort);
  const column = group === null ? undefined : toColumn(group);
  if (column === undefined) return nest(sorted, open);
  const groups = [...Map.groupBy(sorted, (run) => column.of(run))].map(([value, own]) => ({ value, runs: own }));
  return orderGroups(groups, column.id, sort).flatMap(({ value, runs: own }): Line[] => {
    const key = `group:${typeof value}:${value ?? ''}`;
    const isOpen = open.has(key);
    const line: GroupLine = { kind: 'group', key, value, runs: own, isOpen };
    return isOpen ? [line, ...nest(own, open)] : [line];
  });
}

interface Group {
  readonly value: Value | undefined;
  readonly runs: readonly RunSummary[];
}

/** By the mean of the metric that the runs are sorted by, else by their own value. */
function orderGroups(groups: readonly Group[], id: string, sort: readonly SortKey[]): readonly Group[] {
  const [first] = sort;
  const column = first === undefined ? undefined : toColumn(first.column);
  const sign = first?.descending === true ? -1 : 1;
  if (column?.kind === 'metric') {
    const measured = groups.map((one) => ({ one, mean: measure(one.runs.map(column.of))?.mean }));
    return measured.sort((a, b) => compare(a.mean, b.mean, sign)).map(({ one }) => one);
  }
  return [...groups].sort((a, b) => compare(a.value, b.value, column?.id === id ? sign : 1));
}

function nest(runs: readonly RunSummary[], open: ReadonlySet<string>): readonly Line[] {
  const below = groupByParent(runs);
  const lines: RunLine[] = [];
  const add = (run: RunSummary, level: number): void => {
    const children = below.get(run.runId) ?? [];
    const isOpen = children.length > 0 && open.has(run.runId);
    lines.push({ kind: 'run', key: run.runId, run, level, below: children.length, isOpen });
    if (isOpen) for (const child of children) add(child, level + 1);
  };
  for (const run of below.get(null) ?? []) add(run, 0);
  return lines;
}

/** Under null what stands at the top: also runs that name each other. */
function groupByParent(runs: readonly RunSummary[]): ReadonlyMap<string | null, readonly RunSummary[]> {
  const parents = new Set(runs.flatMap(({ parentRunId }) => parentRunId ?? []));
  if (parents.size === 0) return new Map([[null, runs]]);
  const byId = new Map(runs.filter(({ runId }) => parents.has(runId)).map((run) => [run.runId, run]));
  const parentOf = (run: RunSummary): RunSummary | undefined => byId.get(run.parentRunId ?? '');
  const hasTop = (run: RunSummary): boolean => {
    let above: RunSummary | undefined = run;
    for (let level = 0; level < mostLevels && above !== undefined; level += 1) above = parentOf(above);
    return above === undefined;
  };
  return Map.groupBy(runs, (run) => (hasTop(run) ? (parentOf(run)?.runId ?? null) : null));
}
