import type { Parsed, Problem } from '../../protocol/problem.ts';
import { countConfusion, toClassified, type Confusion } from '../classification/classification.ts';
import { columnOf, toNumber, type Cell, type Table } from '../tables/tables.ts';

/** What `dvc.yaml` says of a plot; what it leaves out is null. */
export interface PlotOptions {
  readonly template: string | null;
  readonly x: string | null;
  readonly y: string | readonly string[] | null;
}

interface NamedColumn {
  readonly name: string;
  readonly values: Float64Array;
}

/** A plot of DVC's, ready to be drawn. An x that is not named counts the rows from 0, as DVC does. */
export type DvcPlot =
  | { readonly kind: 'lines'; readonly x: NamedColumn; readonly ys: readonly NamedColumn[]; readonly isSmooth: boolean }
  | { readonly kind: 'points'; readonly x: NamedColumn; readonly ys: readonly NamedColumn[] }
  | { readonly kind: 'bars'; readonly labels: readonly string[]; readonly values: NamedColumn }
  | { readonly kind: 'confusion'; readonly confusion: Confusion; readonly isNormalized: boolean };

type Draw = (columns: Columns) => DvcPlot;

/** DVC's own templates, by name. */
const templates: Readonly<Record<string, Draw>> = {
  simple: (columns) => toLines(columns, false),
  linear: (columns) => toLines(columns, false),
  smooth: (columns) => toLines(columns, true),
  scatter: ({ x, ys }) => ({ kind: 'points', x: x.numbers, ys: ys.map(({ numbers }) => numbers) }),
  scatter_jitter: ({ x, ys }) => ({ kind: 'points', x: x.numbers, ys: ys.map(({ numbers }) => numbers) }),
  bar_horizontal: (columns) => toBars(columns, false),
  bar_horizontal_sorted: (columns) => toBars(columns, true),
  confusion: (columns) => toConfusion(columns, false),
  confusion_normalized: (columns) => toConfusion(columns, true),
};

/**
 * Reads a plot out of its table as DVC does: `linear` unless it says otherwise, the last column as y where none is named. A column that is missing is an error which names those that are
 * there; so is a template that is not one of DVC's own. `confusion` counts x as what is true and y as what was predicted; `bar_horizontal` has its labels in y.
 */
export function toDvcPlot(table: Table, { template, x, y }: PlotOptions, file: string): Parsed<DvcPlot> {
  const name = template ?? 'linear';
  const draw = Object.hasOwn(templates, name) ? templates[name] : undefined;
  if (draw === undefined)
    return refuse(file, `The template "${name}" is not one of DVC's own (${Object.keys(templates).join(', ')}).`);
  const wanted = y ?? table.columns.at(-1) ?? '';
  const names = typeof wanted === 'string' ? [wanted] : wanted;
  const missing = [...(x === null ? [] : [x]), ...names].filter((column) => !table.columns.includes(column));
  if (missing.length > 0) {
    const known = table.columns.map((column) => `"${column}"`).join(', ');
    return refuse(
      file,
      `There is no column ${missing.map((column) => `"${column}"`).join(', ')}. There are: ${known}.`,
    );
  }
  const columns = { table, x: readColumn(table, x), ys: names.map((column) => readColumn(table, column)) };
  return { value: draw(columns), problems: [] };
}

function refuse(file: string, message: string): { value: undefined; problems: readonly Problem[] } {
  return { value: undefined, problems: [{ file, line: 1, column: 1, severity: 'error', message }] };
}

interface Column {
  readonly cells: readonly Cell[];
  readonly numbers: NamedColumn;
}

interface Columns {
  readonly table: Table;
  readonly x: Column;
  readonly ys: readonly Column[];
}

function readColumn(table: Table, name: string | null): Column {
  const cells = (name === null ? undefined : columnOf(table, name)) ?? table.rows.map((_, index) => index);
  return { cells, numbers: { name: name ?? 'step', values: Float64Array.from(cells, toNumber) } };
}

function toLines({ x, ys }: Columns, isSmooth: boolean): DvcPlot {
  return { kind: 'lines', x: x.numbers, ys: ys.map(({ numbers }) => numbers), isSmooth };
}

/** The greatest on top when sorted; else in the order of the rows. */
function toBars({ x, ys }: Columns, isSorted: boolean): DvcPlot {
  const labels = ys[0]?.cells.map(String) ?? [];
  const { name, values } = x.numbers;
  const order = [...labels.keys()];
  if (isSorted) order.sort((a, b) => (values[b] ?? NaN) - (values[a] ?? NaN) || a - b);
  return {
    kind: 'bars',
    labels: order.map((i) => labels[i] ?? ''),
    values: { name, values: Float64Array.from(order, (i) => values[i] ?? NaN) },
  };
}

function toConfusion({ table, x, ys }: Columns, isNormalized: boolean): DvcPlot {
  const columns = { actual: x.numbers.name, predicted: ys[0]?.numbers.name ?? '' };
  const classified = toClassified(table, columns) ?? {
    classes: [],
    actual: new Uint32Array(0),
    predicted: new Uint32Array(0),
  };
  return { kind: 'confusion', confusion: countConfusion(classified), isNormalized };
}
