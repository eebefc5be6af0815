import { formatTicks, linearTicks, logTicks } from '../charts/charts.ts';
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
  readonly ticks: readonly Tick[];
  /** The least and the greatest number; null for categories, and where there is no number. */
  readonly range: { readonly min: number; readonly max: number } | null;
  /** Categories, in the order in which they stand. */
  readonly names: readonly string[];
}

export interface Tick {
  readonly place: number;
  readonly label: string;
}

interface Laying {
  /** By the values where it is not told. */
  readonly scale?: 'linear' | 'log' | undefined;
  /** Labels of ticks, as of times. */
  readonly format?: ((ticks: readonly number[]) => readonly string[]) | undefined;
}

/** Of params that were tried over several orders of magnitude (learning rates) the logarithm is what was meant. */
const spanOfLog = 100;
const mostTicks = 5;

/**
 * Numbers are laid by their value, on a log axis if all are positive and the greatest is a hundred times the least (unless `scale` says which); anything else by category, as soon as one value is no number. Categories stand in order of
 * their names at equal distances; a single value stands in the middle. Infinities and NaN have no place.
 */
export function toDimension({ name, values }: Variable, laying: Laying = {}): Dimension {
  const numbers = Float64Array.from(values, (value) => toNumber(value));
  const isNumber = values.every((value, i) => value === null || !Number.isNaN(numbers[i]) || isNan(value));
  return isNumber ? toNumeric(name, numbers, laying) : toCategories(name, values);
}

const isNan = (value: string | number): boolean => typeof value === 'number' || value.trim().toLowerCase() === 'nan';

function toNumeric(name: string, numbers: Float64Array, { scale, format = formatTicks }: Laying): Dimension {
  const range = rangeOf(numbers);
  if (range === null)
    return { name, kind: 'linear', places: numbers.map(() => NaN), ticks: [], range: null, names: [] };
  const { min, max } = range;
  const isLog = min > 0 && (scale ?? (max / min >= spanOfLog ? 'log' : 'linear')) === 'log';
  const axis = { kind: isLog ? 'log' : 'linear', range } as const;
  const ticks = ticksOf(axis, new Set(numbers.filter(Number.isFinite)));
  const labels = format(ticks);
  return {
    ...{ name, ...axis, names: [] },
    places: numbers.map((value) => placeOf(axis, value)),
    ticks: ticks.map((tick, i) => ({ place: placeOf(axis, tick), label: labels[i] ?? '' })),
  };
}

function rangeOf(numbers: Float64Array): Dimension['range'] {
  let [min, max] = [Infinity, -Infinity];
  for (const value of numbers) {
    if (!Number.isFinite(value)) continue;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return min <= max ? { min, max } : null;
}

/** A few values that were tried are told themselves, unless they crowd. */
function ticksOf(axis: Pick<Dimension, 'kind' | 'range'>, tried: ReadonlySet<number>): readonly number[] {
  const { min, max } = axis.range ?? { min: 0, max: 1 };
  const few = tried.size <= mostTicks ? [...tried].sort((a, b) => a - b) : [];
  const isSparse = few.every((value, i) => i === 0 || placeOf(axis, value) - placeOf(axis, few[i - 1] ?? 0) >= 0.04);
  if (few.length > 0 && isSparse) return few;
  if (axis.kind === 'log') return logTicks(min, max, mostTicks);
  // The width of a range must be a number, too.
  if (max - min === Infinity) return linearTicks(min / 2, max / 2, mostTicks).map((tick) => 2 * tick);
  return linearTicks(min, max, mostTicks);
}

/** Where a number lies on an axis of numbers, also beyond its ends; NaN for what it can't show. All alike lie in the middle. */
export function placeOf({ kind, range }: Pick<Dimension, 'kind' | 'range'>, value: number): number {
  if (range === null || !Number.isFinite(value)) return NaN;
  const { min, max } = range;
  if (min === max) return 0.5 + (value - min) / widthOfOne(min);
  if (kind === 'log') return value > 0 ? Math.log(value / min) / Math.log(max / min) : NaN;
  return (value / 2 - min / 2) / (max / 2 - min / 2);
}

/** The number at a place: the other way round. */
export function valueAt({ kind, range }: Pick<Dimension, 'kind' | 'range'>, place: number): number {
  if (range === null) return NaN;
  const { min, max } = range;
  if (place === 0 && min < max) return min;
  if (place === 1 && min < max) return max;
  if (min === max) return min + (place - 0.5) * widthOfOne(min);
  if (kind === 'log') return min * (max / min) ** place;
  return 2 * (min / 2 + place * (max / 2 - min / 2));
}

/** An axis on which everything lies at one value shows this much around it. */
const widthOfOne = (value: number): number => Math.max(1, Math.abs(value));

function toCategories(name: string, values: Variable['values']): Dimension {
  const texts = values.map((value) => (value === null ? null : String(value)));
  const names = [...new Set(texts.filter((text) => text !== null))].sort((a, b) => (a < b ? -1 : 1));
  const places = new Map(names.map((text, i) => [text, placeOfCategory(i, names.length)]));
  return {
    ...{ name, kind: 'category', range: null, names },
    places: Float64Array.from(texts, (text) => (text === null ? NaN : (places.get(text) ?? NaN))),
    ticks: names.map((label, i) => ({ place: placeOfCategory(i, names.length), label })),
  };
}

export function placeOfCategory(index: number, count: number): number {
  return count === 1 ? 0.5 : index / (count - 1);
}

/** The part of an axis that is marked: places from `low` to `high`, both included. */
/** `low` NaN: of the runs without a value. */
export interface Brush {
  readonly dimension: number;
  readonly low: number;
  readonly high: number;
}

/** 1 for each run that lies within the brushes: on each brushed axis within one of its own. A run without a value lies within the brush of those alone. */
export function brushRuns(dimensions: readonly Dimension[], brushes: readonly Brush[], runs: number): Uint8Array {
  const within = new Uint8Array(runs).fill(1);
  for (const [index, own] of Map.groupBy(brushes, ({ dimension }) => dimension)) {
    const places = dimensions[index]?.places;
    within.forEach((_, run) => {
      const place = places?.[run] ?? NaN;
      if (!own.some(({ low, high }) => (Number.isNaN(low) ? Number.isNaN(place) : place >= low && place <= high)))
        within[run] = 0;
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
