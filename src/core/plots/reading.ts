import type { Parsed, Problem } from '../../protocol/problem.ts';
import type { PlotRow } from '../../protocol/plots.ts';
import { parseDelimited } from '../tables/tables.ts';
import { isMapping, parseYaml } from '../yaml/yaml.ts';
import { parseJson } from './json.ts';

// Data of a plot as DVC reads it: CSV and TSV are rows of texts; JSON and YAML hold lists of mappings, anywhere in mappings. MLflow's
// tables (`{"columns": […], "data": [[…]]}`), in which DVC sees nothing, are read as well.

/** Longest text that is read, in UTF-16 units. */
const MOST_CHARACTERS = 64 << 20;
const YAML_LIMITS = { maxLength: 8 << 20, maxDepth: 64 };

export interface PlotData {
  /** Lists of one file side by side, row by row. */
  readonly rows: readonly PlotRow[];
  /** What is drawn where nothing else is said: the last column of the first list. */
  readonly lastColumn: string | undefined;
}

const images: ReadonlySet<string> = new Set(['.jpg', '.jpeg', '.gif', '.png', '.svg']);

/** By the name's ending, as DVC has it. */
export function isImage(file: string): boolean {
  return images.has(/\.[^./]+$/.exec(file)?.[0] ?? '');
}

export function parsePlotData(text: string, file: string, { header }: { readonly header: boolean }): Parsed<PlotData> {
  if (text.length > MOST_CHARACTERS)
    return refuse(file, `The file has ${text.length} characters; at most ${MOST_CHARACTERS} are read for a plot.`);
  const ending = /\.[^./]+$/.exec(file)?.[0] ?? '';
  const parse = Object.hasOwn(parsers, ending) ? parsers[ending] : undefined;
  return (
    parse?.(text, file, header) ?? refuse(file, 'Plots are made of JSON, YAML, CSV and TSV files, and of pictures.')
  );
}

const parsers: Readonly<Partial<Record<string, (text: string, file: string, header: boolean) => Parsed<PlotData>>>> = {
  '.csv': (text, file, header) => parseRows(text, file, ',', header),
  '.tsv': (text, file, header) => parseRows(text, file, '\t', header),
  '.json': (text, file) => toData(parseJson(text, file)),
  '.yaml': (text, file) => toData(parseYamlValue(text, file)),
  '.yml': (text, file) => toData(parseYamlValue(text, file)),
};

function refuse(file: string, message: string): { value: undefined; problems: readonly Problem[] } {
  return { value: undefined, problems: [{ file, line: 1, column: 1, severity: 'error', message }] };
}

function parseRows(text: string, file: string, separator: ',' | '\t', header: boolean): Parsed<PlotData> {
  if (text.trim() === '') return { value: { rows: [], lastColumn: undefined }, problems: [] };
  const { value, problems } = parseDelimited(text, file, separator);
  if (value === undefined) return { value: undefined, problems };
  const columns = header ? value.columns : value.columns.map((_, index) => String(index));
  const cells = header ? value.rows : [value.columns, ...value.rows];
  const rows = cells.map((row) => Object.fromEntries(columns.map((name, index) => [name, row[index] ?? null])));
  return { value: { rows, lastColumn: columns.at(-1) }, problems };
}

function parseYamlValue(text: string, file: string): Parsed<unknown> {
  const { value, problems } = parseYaml(text, file, YAML_LIMITS);
  return { value: value?.value, problems };
}

function toData({ value, problems }: Parsed<unknown>): Parsed<PlotData> {
  if (problems.length > 0) return { value: undefined, problems };
  const split = toSplitRows(value);
  if (split !== undefined) return { value: split, problems: [] };
  const lists = listsOf(value).filter((list) => list.length > 0);
  const first = lists.find((list): list is PlotRow[] => list.every(isMapping));
  return { value: { rows: mergeLists(lists), lastColumn: Object.keys(first?.[0] ?? {}).at(-1) }, problems: [] };
}

function toSplitRows(value: unknown): PlotData | undefined {
  if (!isMapping(value)) return undefined;
  const { columns, data } = value;
  if (!Array.isArray(columns) || !Array.isArray(data) || !data.every((row): row is unknown[] => Array.isArray(row)))
    return undefined;
  const names = columns.map((name) => (typeof name === 'string' ? name : JSON.stringify(name)));
  const rows = data.map((row) => Object.fromEntries(names.map((name, index) => [name, row[index] ?? null])));
  return { rows, lastColumn: names.at(-1) };
}

function listsOf(value: unknown): readonly unknown[][] {
  if (Array.isArray(value)) return [value];
  return isMapping(value) ? Object.values(value).flatMap(listsOf) : [];
}

function mergeLists(lists: readonly unknown[][]): readonly PlotRow[] {
  const rows: PlotRow[] = [];
  for (const list of lists) {
    if (!areRows(list)) continue;
    list.forEach((row, index) => (rows[index] = { ...rows[index], ...row }));
  }
  return rows;
}

/** Mappings of which none has a key that the first has not. */
function areRows(list: readonly unknown[]): list is PlotRow[] {
  const [first] = list;
  return (
    isMapping(first) &&
    list.every((row) => isMapping(row) && Object.keys(row).every((key) => Object.hasOwn(first, key)))
  );
}
