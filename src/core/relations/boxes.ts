import { quantile } from '../charts/charts.ts';

/** A box plot of one group, and its bar: mean and number of values. */
export interface Box {
  readonly group: string;
  readonly count: number;
  readonly mean: number;
  readonly median: number;
  readonly lower: number;
  readonly upper: number;
  /** The farthest values within one and a half box lengths of the box. */
  readonly whiskers: readonly [low: number, high: number];
  /** What lies beyond them, ascending. */
  readonly outliers: readonly number[];
}

/**
 * Tukey's box plot ("Exploratory data analysis", 1977), quartiles by straight lines between the values (type 7 of Hyndman and Fan: R's and NumPy's default). Groups in the order in which they come first; values that are no finite number are
 * left out, and groups without any.
 */
export function boxesOf(values: readonly { readonly group: string; readonly value: number | null }[]): Box[] {
  const groups = Map.groupBy(
    values.filter(({ value }) => Number.isFinite(value)),
    ({ group }) => group,
  );
  return [...groups].map(([group, members]) =>
    boxOf(group, Float64Array.from(members, ({ value }) => value ?? NaN).sort()),
  );
}

function boxOf(group: string, ascending: Float64Array): Box {
  const [lower, median, upper] = [0.25, 0.5, 0.75].map((part) => quantile(ascending, part)) as [number, number, number];
  const reach = 1.5 * (upper - lower);
  const isWithin = (value: number): boolean => value >= lower - reach && value <= upper + reach;
  const within = ascending.filter(isWithin);
  return {
    group,
    count: ascending.length,
    mean: ascending.reduce((sum, value) => sum + value, 0) / ascending.length,
    ...{ median, lower, upper },
    whiskers: [within[0] ?? NaN, within.at(-1) ?? NaN],
    outliers: [...ascending.filter((value) => !isWithin(value))],
  };
}
