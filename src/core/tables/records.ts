import type { Parsed, Problem } from '../../protocol/problem.ts';
import { isMapping, parseYaml } from '../yaml/yaml.ts';
import { parseDelimited } from './delimited.ts';
import type { Cell, Table } from './table.ts';

/**
 * A table from a file, by its name's ending: CSV, TSV, JSON or YAML. JSON and YAML may hold a list of mappings, or such lists anywhere in mappings (as DVC reads plots: lists side by side,
 * row by row), or MLflow's `log_table` (pandas' "split": `{"columns": […], "data": [[…]]}`).
 */
export function parseTable(text: string, file: string): Parsed<Table> {
  const ending = /\.([^./\\]+)$/.exec(file)?.[1]?.toLowerCase() ?? '';
  if (ending === 'csv') return parseDelimited(text, file, ',');
  if (ending === 'tsv') return parseDelimited(text, file, '\t');
  const read = ending === 'json' ? parseJson(text, file) : parseYamlValue(text, file);
  if (read.problems.length > 0) return { value: undefined, problems: read.problems };
  const table = toTable(read.value);
  if (table !== undefined) return { value: table, problems: [] };
  const message = 'There is no table in the file: a list of mappings with the same keys, or "columns" and "data".';
  return { value: undefined, problems: [{ file, line: 1, column: 1, severity: 'error', message }] };
}

/** A value that is a table and nothing besides: a list of mappings, or MLflow's `log_table` with a cell for each column in each row. Undefined for all other. */
export function tableOf(value: unknown): Table | undefined {
  if (Array.isArray(value)) return toRecordTable(value);
  const { columns, data } = isMapping(value) ? value : {};
  const size = Array.isArray(columns) ? columns.length : -1;
  const isFull = (row: unknown): boolean => Array.isArray(row) && row.length === size;
  return Array.isArray(data) && data.every(isFull) ? toSplitTable(value) : undefined;
}

/** Undefined when there is none. */
function toTable(value: unknown): Table | undefined {
  return toSplitTable(value) ?? toRecordTable(value);
}

function parseYamlValue(text: string, file: string): Parsed<unknown> {
  const { value, problems } = parseYaml(text, file);
  return { value: value?.value, problems };
}

/** Python writes NaN and infinities bare, which JSON does not know: they count as "no value here". */
function parseJson(text: string, file: string): Parsed<unknown> {
  try {
    const known = text.replace(/"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g, (token) =>
      token.startsWith('"') ? token : 'null',
    );
    return { value: JSON.parse(known) as unknown, problems: [] };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { value: undefined, problems: [toProblem(error, text, file)] };
  }
}

function toProblem({ message }: SyntaxError, text: string, file: string): Problem {
  const offset = Number(/position (\d+)/.exec(message)?.[1] ?? text.length);
  const before = text.slice(0, offset).split('\n');
  return {
    file,
    line: before.length,
    column: (before.at(-1)?.length ?? 0) + 1,
    severity: 'error',
    message: `This is not JSON: ${message}.`,
  };
}

function toSplitTable(value: unknown): Table | undefined {
  if (!isMapping(value)) return undefined;
  const { columns, data } = value;
  if (!Array.isArray(columns) || !Array.isArray(data) || !data.every((row): row is unknown[] => Array.isArray(row)))
    return undefined;
  return { columns: columns.map(toName), rows: data.map((row) => columns.map((_, i) => toCell(row[i]))) };
}

function toRecordTable(value: unknown): Table | undefined {
  const rows: Map<string, Cell>[] = [];
  const columns = new Set<string>();
  for (const list of listsOf(value)) {
    if (!isRecords(list)) continue;
    list.forEach((record, index) => {
      const row = (rows[index] ??= new Map());
      for (const [name, cell] of Object.entries(record)) {
        columns.add(name);
        row.set(name, toCell(cell));
      }
    });
  }
  if (rows.length === 0) return undefined;
  const names = [...columns];
  return { columns: names, rows: rows.map((row) => names.map((name) => row.get(name) ?? null)) };
}

function listsOf(value: unknown): unknown[][] {
  if (Array.isArray(value)) return [value];
  return isMapping(value) ? Object.values(value).flatMap(listsOf) : [];
}

/** Lists whose mappings have not all the same keys are none of DVC's. */
function isRecords(list: readonly unknown[]): list is Record<string, unknown>[] {
  const keysOf = (item: unknown): string | undefined =>
    isMapping(item) ? JSON.stringify(Object.keys(item).sort()) : undefined;
  const first = keysOf(list[0]);
  return first !== undefined && list.every((item) => keysOf(item) === first);
}

/** What is no plain value is shown as its JSON. */
function toCell(value: unknown): Cell {
  if (value === null || value === undefined) return null;
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? value
    : JSON.stringify(value);
}

const toName = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
