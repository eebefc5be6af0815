import type { Random } from '../random/random.ts';

/** Numbers of examples by feature, NaN where an example has none; `isCategory` where their order means nothing. */
export interface Feature {
  readonly values: Float64Array;
  readonly isCategory: boolean;
}

/** A regression tree: what it says of an example, whose value of a feature may be given by another example (as in a permutation). */
export interface Tree {
  predict(example: number, valueOf: (feature: number, example: number) => number): number;
  /** Examples that were not drawn to grow it. */
  readonly outOfBag: readonly number[];
}

const smallestLeaf = 3;
const deepest = 12;

/** Trees on bootstrap samples, each split chosen among half of the features by the sum of squares that it saves (Breiman, "Random forests", 2001). */
export function growForest(
  features: readonly Feature[],
  target: Float64Array,
  { trees, random }: { readonly trees: number; readonly random: Random },
): Tree[] {
  return Array.from({ length: trees }, () => {
    const drawn = target.map(() => Math.floor(random() * target.length));
    const inBag = new Set(drawn);
    const root = grow({ features, target, random }, [...drawn], 0);
    const outOfBag = [...target.keys()].filter((i) => !inBag.has(i));
    return { outOfBag, predict: (example, valueOf) => follow(root, example, valueOf) };
  });
}

type Node =
  | { readonly mean: number }
  | {
      readonly feature: number;
      readonly goesLeft: (value: number) => boolean;
      readonly left: Node;
      readonly right: Node;
    };

interface Ground {
  readonly features: readonly Feature[];
  readonly target: Float64Array;
  readonly random: Random;
}

function follow(root: Node, example: number, valueOf: (feature: number, example: number) => number): number {
  let node = root;
  while (!('mean' in node)) node = node.goesLeft(valueOf(node.feature, example)) ? node.left : node.right;
  return node.mean;
}

function grow(ground: Ground, members: readonly number[], depth: number): Node {
  const { target, features } = ground;
  const mean = members.reduce((sum, i) => sum + (target[i] ?? 0), 0) / members.length;
  const isFlat = members.every((i) => target[i] === target[members[0] ?? 0]);
  if (isFlat || members.length < 2 * smallestLeaf || depth >= deepest) return { mean };
  const splits = chooseFeatures(ground).flatMap((feature) => bestSplit(ground, members, feature) ?? []);
  const best = splits.reduce<Split | undefined>(
    (top, split) => (top === undefined || split.saved > top.saved ? split : top),
    undefined,
  );
  if (best === undefined || best.saved <= 1e-12) return { mean };
  const values = features[best.feature]?.values;
  const sideOf = (isLeft: boolean): number[] => members.filter((i) => best.goesLeft(values?.[i] ?? NaN) === isLeft);
  return {
    feature: best.feature,
    goesLeft: best.goesLeft,
    left: grow(ground, sideOf(true), depth + 1),
    right: grow(ground, sideOf(false), depth + 1),
  };
}

/** Half of them, at random. */
function chooseFeatures({ features, random }: Ground): number[] {
  const left = [...features.keys()];
  return Array.from(
    { length: Math.ceil(features.length / 2) },
    () => left.splice(Math.floor(random() * left.length), 1)[0] ?? 0,
  );
}

interface Split {
  readonly feature: number;
  readonly goesLeft: (value: number) => boolean;
  readonly saved: number;
}

/**
 * The cut that saves most. Numbers are cut between two of them. Categories are put into the order of their mean target first, among whose cuts the best partition is (Fisher, "On grouping for maximum homogeneity", 1958). What has no value
 * stands before all numbers, and is a category of its own.
 */
function bestSplit({ features, target }: Ground, members: readonly number[], feature: number): Split | undefined {
  const { values, isCategory } = features[feature] ?? { values: new Float64Array(0), isCategory: false };
  const keyOf = isCategory
    ? meansByValue(members, values, target)
    : (value: number): number => (Number.isNaN(value) ? -Infinity : value);
  const sorted = members
    .map((i) => ({ key: keyOf(values[i] ?? NaN), target: target[i] ?? 0 }))
    .sort((a, b) => Number(a.key > b.key) - Number(a.key < b.key));
  const total = sorted.reduce((sum, one) => sum + one.target, 0);
  const count = sorted.length;
  let [sum, saved, cut] = [0, 0, NaN];
  sorted.forEach((one, i) => {
    sum += one.target;
    const [left, right] = [i + 1, count - i - 1];
    const next = sorted[i + 1];
    if (left < smallestLeaf || right < smallestLeaf || next === undefined || next.key === one.key) return;
    const gain = (sum * sum) / left + (total - sum) ** 2 / right - (total * total) / count;
    if (gain <= saved) return;
    saved = gain;
    cut = one.key === -Infinity ? -Infinity : (one.key + next.key) / 2;
  });
  return Number.isNaN(cut) ? undefined : { feature, saved, goesLeft: (value) => keyOf(value) <= cut };
}

/** A category that is not among the members is taken as the mean of all. */
function meansByValue(
  members: readonly number[],
  values: Float64Array,
  target: Float64Array,
): (value: number) => number {
  const sums = new Map<number, { sum: number; count: number }>();
  for (const i of members) {
    const known = sums.get(values[i] ?? NaN) ?? { sum: 0, count: 0 };
    sums.set(values[i] ?? NaN, known);
    known.sum += target[i] ?? 0;
    known.count += 1;
  }
  const all = members.reduce((sum, i) => sum + (target[i] ?? 0), 0) / members.length;
  const means = new Map([...sums].map(([value, { sum, count }]) => [value, sum / count]));
  return (value) => means.get(value) ?? all;
}
