import type { RunSummary } from '../../protocol/tracking.ts';
import type { GroupLine } from './arranging.ts';
import type { Column, Value } from './columns.ts';
import { measure } from './spread.ts';

export const copyFormats = ['csv', 'markdown', 'json'] as const;
export type CopyFormat = (typeof copyFormats)[number];

type Cell = Value | null;

/** A table as it leaves the program: raw values, times as ISO 8601 in UTC, durations in seconds. */
export interface Sheet {
  readonly head: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

/** Other rows than runs. */
export const copyCells = (sheet: Sheet, format: CopyFormat): string => formatters[format](sheet);

/** A line for each run, in the order of the columns. */
export function copyRuns(runs: readonly RunSummary[], columns: readonly Column[], format: CopyFormat): string {
  const rows = runs.map((run) => columns.map((column) => toCell(column, run)));
  return formatters[format]({ head: columns.map(({ id }) => id), rows });
}

/** A line for each group: its value, how many runs, and mean and sample deviation of each metric. */
export function copyGroups(
  groups: readonly GroupLine[],
  { group, columns, format }: { group: string; columns: readonly Column[]; format: CopyFormat },
): string {
  const metrics = columns.filter(({ kind }) => kind === 'metric');
  const rows = groups.map(({ value, runs }) => [
    value ?? null,
    runs.length,
    ...metrics.flatMap(({ of }) => {
      const spread = measure(runs.map(of));
      return [spread?.mean ?? null, spread?.deviation ?? null];
    }),
  ]);
  const head = [group, 'runs', ...metrics.flatMap(({ id }) => [`${id} mean`, `${id} deviation`])];
  return formatters[format]({ head, rows });
}

function toCell({ kind, of, textOf }: Column, run: RunSummary): Cell {
  const value = of(run);
  if (value === undefined) return null;
  if (kind === 'time' && typeof value === 'number') return toIso(value);
  return typeof value === 'number' ? value : (textOf?.(run) ?? value);
}

/** Times beyond what a date can be stay numbers. */
function toIso(time: number): Cell {
  return Math.abs(time) <= 8.64e15 ? new Date(time).toISOString() : time;
}

const formatters: Readonly<Record<CopyFormat, (sheet: Sheet) => string>> = {
  csv: ({ head, rows }) => [head, ...rows].map((row) => `${row.map(toCsvField).join(',')}\r\n`).join(''),
  markdown({ head, rows }) {
    const rule = head.map((_, index) => (rows.some((row) => typeof row[index] === 'number') ? '--:' : '---'));
    return [head.map(toMarkdownCell), rule, ...rows.map((row) => row.map(toMarkdownCell))]
      .map((row) => `| ${row.join(' | ')} |\n`)
      .join('');
  },
  json: ({ head, rows }) =>
    `${JSON.stringify(
      rows.map((row) => Object.fromEntries(head.map((name, index) => [name, toJson(row[index] ?? null)]))),
      null,
      2,
    )}\n`,
};

/** As in RFC 4180. A text that a spreadsheet would execute as a formula gets an apostrophe in front, as spreadsheets write it. */
function toCsvField(cell: Cell): string {
  if (typeof cell === 'number') return String(cell);
  const text = cell ?? '';
  const isFormula = /^[=+\-@\t\r]/.test(text) && !/^[+-]?[\d.]+(e[+-]?\d+)?$/i.test(text);
  const safe = isFormula ? `'${text}` : text;
  return /[",\r\n]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function toMarkdownCell(cell: Cell): string {
  return String(cell ?? '')
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/[\\|`*_[\]]/g, String.raw`\$&`)
    .replaceAll('<', '&lt;');
}

/** JSON has no NaN and no infinity: they are told in words. */
function toJson(cell: Cell): Cell {
  return typeof cell === 'number' && !Number.isFinite(cell) ? String(cell) : cell;
}
