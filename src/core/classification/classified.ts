import { columnOf, type Cell, type Table } from '../tables/tables.ts';

/** Examples of known class with the class that a model gave them. Classes are told by their index in `classes`. */
export interface Classified {
  readonly classes: readonly string[];
  readonly actual: Uint32Array;
  readonly predicted: Uint32Array;
  /** Example by example, a number for each class: the model's score or probability; null where there are none. */
  readonly scores: Float64Array | null;
}

/** From texts; classes in order, numbers by their value. `extra` are classes that no example has. */
export function classify(
  actual: readonly string[],
  predicted: readonly string[],
  { extra = [], scores = null }: { readonly extra?: readonly string[]; readonly scores?: Float64Array | null } = {},
): Classified {
  const classes = sortClasses(new Set([...extra, ...actual, ...predicted]));
  const indices = new Map(classes.map((name, index) => [name, index]));
  const toIndices = (names: readonly string[]): Uint32Array =>
    Uint32Array.from(names, (name) => indices.get(name) ?? 0);
  return { classes, actual: toIndices(actual), predicted: toIndices(predicted), scores };
}

/** From two columns of a table; undefined when one of them is missing. Rows without a value in either are left out. */
export function toClassified(
  table: Table,
  columns: { readonly actual: string; readonly predicted: string },
): Classified | undefined {
  const [actual, predicted] = [columnOf(table, columns.actual), columnOf(table, columns.predicted)];
  if (actual === undefined || predicted === undefined) return undefined;
  const kept = actual.flatMap((cell, i): [string, string][] => {
    const guess = predicted[i] ?? null;
    return cell === null || guess === null ? [] : [[toClass(cell), toClass(guess)]];
  });
  return classify(
    kept.map(([truth]) => truth),
    kept.map(([, guess]) => guess),
  );
}

const toClass = (cell: Exclude<Cell, null>): string => String(cell);

function sortClasses(names: ReadonlySet<string>): string[] {
  const list = [...names];
  const areNumbers = list.every((name) => name.trim() !== '' && Number.isFinite(Number(name)));
  return areNumbers ? list.sort((a, b) => Number(a) - Number(b)) : list.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}
