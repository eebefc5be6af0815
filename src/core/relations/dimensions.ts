import { createScale, formatTicks } from '../charts/charts.ts';
import { toNumber } from '../tables/tables.ts';

/** A param or metric of many runs: one value a run, null where a run has none. */
export interface Variable {
  readonly name: string;
  readonly values: readonly (string | number | null)[];
}

/** A variable laid along an axis: places from 0 to 1, run by run, NaN where a run has no value or none that the axis can show. */
export interface Dimension {
  readonly name: string;
  readonly kind: 'linear' | 'log' | 'category';
  readonly places: Float64Array;
  readonly ticks: readonly { readonly place: number; readonly label: string }[];
}

/** Of params that were tried over several orders of magnitude (learning rates) the logarithm is what was meant. */
const spanOfLog = 100;
const mostTicks = 5;

/**
 * Numbers are laid by their value, on a log axis if all are positive and the greatest is a hundred times the least (unless `scale` says which); anything else by category, as soon as one value is no number. Categories stand in order of
 * their names at equal distances; a single value stands in the middle. Infinities and NaN have no place.
 */
export function toDimension({ name, values }: Variable, scale?: 'linear' | 'log'): Dimension {
  const numbers = Float64Array.from(values, (value) => toNumber(value));
  const isNumber = values.every((value, i) => value === null || !Number.isNaN(numbers[i]) || isNan(value));
  return isNumber ? toNumeric(name, numbers, scale) : toCategories(name, values);
}

const isNan = (value: string | number): boolean => typeof value === 'number' || value.trim().toLowerCase() === 'nan';

function toNumeric(name: string, numbers: Float64Array, scale: 'linear' | 'log' | undefined): Dimension {
  const finite = numbers.filter(Number.isFinite);
  const [min, max] = [
    finite.reduce((a, b) => Math.min(a, b), Infinity),
    finite.reduce((a, b) => Math.max(a, b), -Infinity),
  ];
  const isLog = min > 0 && (scale ?? (max / min >= spanOfLog ? 'log' : 'linear')) === 'log';
  const kind = isLog ? 'log' : 'linear';
  if (!(max > min)) {
    const ticks = finite.length === 0 ? [] : [{ place: 0.5, label: formatTicks([min])[0] ?? '' }];
    return { name, kind, places: numbers.map((value) => (Number.isFinite(value) ? 0.5 : NaN)), ticks };
  }
  const axis = createScale(kind, { min, max });
  const tried = [...new Set(finite)].sort((a, b) => a - b);
  // A few values that were tried are told themselves, unless they crowd.
  const isSparse = tried.every((value, i) => i === 0 || axis.place(value) - axis.place(tried[i - 1] ?? 0) >= 0.1);
  const ticks = isSparse && tried.length <= mostTicks ? tried : axis.ticks(mostTicks);
  const labels = formatTicks(ticks);
  return {
    name,
    kind,
    places: numbers.map((value) => (Number.isFinite(value) ? axis.place(value) : NaN)),
    ticks: ticks.map((tick, i) => ({ place: axis.place(tick), label: labels[i] ?? '' })),
  };
}

function toCategories(name: string, values: Variable['values']): Dimension {
  const texts = values.map((value) => (value === null ? null : String(value)));
  const names = [...new Set(texts.filter((text) => text !== null))].sort((a, b) => (a < b ? -1 : 1));
  const placeOf = new Map(names.map((text, i) => [text, names.length === 1 ? 0.5 : i / (names.length - 1)]));
  return {
    name,
    kind: 'category',
    places: Float64Array.from(texts, (text) => (text === null ? NaN : (placeOf.get(text) ?? NaN))),
    ticks: names.map((label) => ({ place: placeOf.get(label) ?? NaN, label })),
  };
}

/** The part of an axis that is marked: places from `low` to `high`, both included. */
export interface Brush {
  readonly dimension: number;
  readonly low: number;
  readonly high: number;
}

/** 1 for each run that lies within the brushes: on each brushed axis within one of its own. A run without a value there does not. */
export function brushRuns(dimensions: readonly Dimension[], brushes: readonly Brush[], runs: number): Uint8Array {
  const within = new Uint8Array(runs).fill(1);
  for (const [index, own] of Map.groupBy(brushes, ({ dimension }) => dimension)) {
    const places = dimensions[index]?.places;
    within.forEach((_, run) => {
      const place = places?.[run] ?? NaN;
      if (!own.some(({ low, high }) => place >= low && place <= high)) within[run] = 0;
    });
  }
  return within;
}

/** Takes an axis out and puts it in before the one that stands at `to`: what dragging and keys do. */
export function moveAxis<T>(order: readonly T[], from: number, to: number): T[] {
  const moved = order[from];
  const rest = order.toSpliced(from, 1);
  return moved === undefined ? [...order] : rest.toSpliced(Math.max(0, Math.min(rest.length, to)), 0, moved);
}

/** Indices of the axes by how much they have to do with the target, the most last and then the target itself: what matters stands side by side. By the size of Spearman's correlation; what has none comes first. */
export function orderAxes(dimensions: readonly Dimension[], target: number): number[] {
  const own = dimensions[target]?.places ?? new Float64Array(0);
  const strength = dimensions.map(({ places }) => Math.abs(spearman(places, own) || 0));
  const others = dimensions.map((_, i) => i).filter((i) => i !== target);
  others.sort((a, b) => (strength[a] ?? 0) - (strength[b] ?? 0) || a - b);
  return dimensions[target] === undefined ? others : [...others, target];
}

/** Spearman's rank correlation of what has both values, ties sharing their mean rank; NaN where one of them does not vary. */
export function spearman(a: Float64Array, b: Float64Array): number {
  const both = [...a.keys()].filter((i) => !Number.isNaN(a[i]) && !Number.isNaN(b[i] ?? NaN));
  return pearson(
    ranksOf(Float64Array.from(both, (i) => a[i] ?? NaN)),
    ranksOf(Float64Array.from(both, (i) => b[i] ?? NaN)),
  );
}

/** From 0; equal values share their mean rank. */
export function ranksOf(values: Float64Array): Float64Array {
  const order = Uint32Array.from(values.keys()).sort(
    (a, b) => Number((values[a] ?? 0) > (values[b] ?? 0)) - Number((values[a] ?? 0) < (values[b] ?? 0)) || a - b,
  );
  const ranks = new Float64Array(values.length);
  for (let start = 0; start < order.length;) {
    let end = start + 1;
    while (end < order.length && values[order[end] ?? 0] === values[order[start] ?? 0]) end += 1;
    for (let i = start; i < end; i += 1) ranks[order[i] ?? 0] = (start + end - 1) / 2;
    start = end;
  }
  return ranks;
}

function pearson(a: Float64Array, b: Float64Array): number {
  const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  a.forEach((value, i) => {
    const [x, y] = [value - meanA, (b[i] ?? NaN) - meanB];
    ab += x * y;
    aa += x * x;
    bb += y * y;
  });
  return aa === 0 || bb === 0 ? NaN : ab / Math.sqrt(aa * bb);
}
