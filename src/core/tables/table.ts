import type { Problem } from '../../protocol/problem.ts';

export type Cell = string | number | boolean | null;

/** Rows are as long as `columns`; a cell that a row lacks is null. */
export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

const infinity = /^([+-]?)inf(?:inity)?$/i;

/** A cell as a number; NaN where it is none. Text of CSV counts, Python's `inf` and `nan` too. */
export function toNumber(cell: Cell | undefined): number {
  if (typeof cell === 'number') return cell;
  if (typeof cell !== 'string') return NaN;
  const text = cell.trim();
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text)) return Number(text);
  const sign = infinity.exec(text)?.[1];
  return sign === undefined ? NaN : sign === '-' ? -Infinity : Infinity;
}

/** The cells of a column from top to bottom; undefined when there is no such column. */
export function columnOf({ columns, rows }: Table, name: string): readonly Cell[] | undefined {
  const index = columns.indexOf(name);
  return index < 0 ? undefined : rows.map((row) => row[index] ?? null);
}

const mostProblems = 20;

/** The first of many problems of one kind, and how many more there are: a file of a million bad lines is told in a screenful. */
export function shortenProblems(problems: readonly Problem[]): readonly Problem[] {
  const last = problems[mostProblems - 1];
  if (last === undefined || problems.length <= mostProblems) return problems;
  const more = problems.length - mostProblems + 1;
  return [...problems.slice(0, mostProblems - 1), { ...last, message: `${more} more lines like this.` }];
}
