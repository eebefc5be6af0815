import type { PlotRow, PlotSeries } from '../../protocol/plots.ts';
import type { FileColumns, PlotProps } from './definitions.ts';
import type { PlotData } from './reading.ts';

/** Column of an x that nothing is said of: it counts the rows. */
const INDEX = 'step';
/** Where columns have different names, DVC draws these, which it adds to the rows. */
const ANY_X = 'dvc_inferred_x_value';
const ANY_Y = 'dvc_inferred_y_value';

/** Why rows can't be made, as a sentence. */
export class NoPoints extends Error {}

/** Which columns are drawn. A revision without rows has none. */
export interface PlotAxes {
  readonly x: string;
  readonly y: string;
  readonly xLabel: string;
  readonly yLabel: string;
}

export interface RevisionPoints {
  readonly axes: PlotAxes;
  readonly series: readonly PlotSeries[];
}

interface Column {
  readonly file: string;
  readonly column: string;
}

/**
 * The rows of a plot in one revision, joined as DVC joins them: the last column as y where none is named, counted rows as x, several
 * columns as series of one plot. Undefined where there are none. Throws {@link NoPoints}.
 */
export function toPoints(
  id: string,
  props: PlotProps,
  { revision, data }: { readonly revision: string; readonly data: ReadonlyMap<string, PlotData> },
): RevisionPoints | undefined {
  const ys = columnsOfY(id, props, data);
  const xs = columnsOfX(id, props);
  for (const column of [...xs, ...ys]) requireColumn(column, data);
  if (xs.length > 1 && xs.length !== ys.length)
    throw new NoPoints(
      `There are ${xs.length} columns for x and ${ys.length} for y; there must be as many, or one for x.`,
    );
  const axes = toAxes(props, xs, ys);
  const prefix = commonFolder([...new Set(ys.map(({ file }) => file))]);
  const series = ys.map((y, index): PlotSeries => {
    const x = (xs.length > 1 ? xs[index] : xs[0]) ?? null;
    const file = y.file.slice(prefix).replace(/^\/+|\/+$/g, '');
    const rows = joinRows({ x, y, axes }, data).map((row) => ({
      ...row,
      rev: revision,
      filename: file,
      field: y.column,
    }));
    return { revision, label: '', file, column: y.column, rows };
  });
  return series.some(({ rows }) => rows.length > 0) ? { axes, series } : undefined;
}

function columnsOfY(id: string, { y }: PlotProps, data: ReadonlyMap<string, PlotData>): readonly Column[] {
  if (y === undefined) {
    const column = data.get(id)?.lastColumn;
    return column === undefined ? [] : [{ file: id, column }];
  }
  if (typeof y === 'string') return [{ file: id, column: y }];
  return 'files' in y ? flatten(y) : y.map((column) => ({ file: id, column }));
}

/** A column without a file stands in each file of y. */
function columnsOfX(id: string, { x, y }: PlotProps): readonly Column[] {
  if (x === undefined) return [];
  if (typeof x !== 'string') return flatten(x);
  const isByFile = typeof y === 'object' && 'files' in y;
  return isByFile ? flatten(y).map(({ file }) => ({ file, column: x })) : [{ file: id, column: x }];
}

function flatten({ files }: FileColumns): readonly Column[] {
  return files.flatMap(([file, columns]) => columns.map((column) => ({ file, column })));
}

function requireColumn({ file, column }: Column, data: ReadonlyMap<string, PlotData>): void {
  const first = data.get(file)?.rows[0];
  if (first === undefined || Object.hasOwn(first, column)) return;
  const known = Object.keys(first).map((name) => `"${name}"`);
  throw new NoPoints(`There is no column "${column}" in ${file}. There are: ${known.join(', ')}.`);
}

function toAxes({ xLabel, yLabel }: PlotProps, xs: readonly Column[], ys: readonly Column[]): PlotAxes {
  const [xNames, yNames] = [namesOf(xs), namesOf(ys)];
  return {
    x: xNames.length > 1 ? ANY_X : (xNames[0] ?? INDEX),
    y: yNames.length > 1 ? ANY_Y : (yNames[0] ?? ''),
    xLabel: xLabel ?? (xNames.length > 1 ? 'x' : (xNames[0] ?? INDEX)),
    yLabel: yLabel ?? (yNames.length > 1 ? 'y' : (yNames[0] ?? 'y')),
  };
}

function namesOf(columns: readonly Column[]): readonly string[] {
  return [...new Set(columns.map(({ column }) => column))];
}

interface Joining {
  readonly x: Column | null;
  readonly y: Column;
  readonly axes: PlotAxes;
}

function joinRows({ x, y, axes }: Joining, data: ReadonlyMap<string, PlotData>): readonly PlotRow[] {
  const rows = data.get(y.file)?.rows ?? [];
  const others = x === null ? rows : (data.get(x.file)?.rows ?? []);
  if (others.length !== rows.length)
    throw new NoPoints(
      `${x?.file ?? ''} has ${others.length} rows and ${y.file} ${rows.length}: they can't be drawn against each other.`,
    );
  return rows.map((row, index) => ({
    ...row,
    ...(axes.y === ANY_Y ? pick(row, y.column, ANY_Y) : {}),
    ...(x === null ? { [INDEX]: index } : pick(others[index] ?? {}, x.column, axes.x)),
  }));
}

function pick(row: PlotRow, column: string, name: string): PlotRow {
  return Object.hasOwn(row, column) ? { [name]: row[column] } : {};
}

/** Length of what the paths of several files begin with, whole names only. */
function commonFolder(files: readonly string[]): number {
  const [first, ...rest] = files.map((file) => file.split('/'));
  if (first === undefined || rest.length === 0) return 0;
  let shared = 0;
  while (shared < first.length && rest.every((parts) => parts[shared] === first[shared])) shared += 1;
  return first.slice(0, shared).join('/').length;
}
