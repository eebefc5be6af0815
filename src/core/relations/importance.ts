import { createRandom, shuffle, type Random } from '../random/random.ts';
import { ranksOf, spearman, toDimension, type Variable } from './dimensions.ts';
import { growForest, type Feature, type Tree } from './forest.ts';

interface ParamImportance {
  readonly name: string;
  /** Part of what the forest can tell of the objective that is lost without the param, of all params together 1; 0 for one that tells nothing. */
  readonly share: number;
  /** Spearman's: above 0 when the objective grows with the param. NaN for categories. */
  readonly correlation: number;
}

export interface Importance {
  /** The most important first. */
  readonly params: readonly ParamImportance[];
  /** Part of the variance of the objective's ranks that the forest tells of runs which it has not seen; near 0 means that the shares say nothing. */
  readonly explained: number;
  /** Runs that were looked at. */
  readonly runs: number;
}

const trees = 80;
/** Fewer tell nothing. */
export const fewestRuns = 10;
/** More are thinned out evenly: the time grows with them and the answer hardly changes. */
const mostRuns = 2000;

/**
 * Which params of a sweep matter to its objective: permutation importance of a random forest (Breiman, "Random forests", 2001, section 10). A forest learns the objective from the params; then each param's values are exchanged among the runs
 * that a tree has not seen, and what that adds to the squared error is what the param is worth. The objective counts by its rank, so that one exploded loss does not outweigh all others. Runs without a number for the objective are left out,
 * params that do not vary have no part. The same seed gives the same answer. Undefined for fewer than ten runs, or when nothing varies. Of more than `most` runs as many, evenly chosen.
 */
export function paramImportance(
  params: readonly Variable[],
  objective: readonly (number | null)[],
  seed: number,
  most = mostRuns,
): Importance | undefined {
  const known = thin(
    most,
    [...objective.keys()].filter((i) => Number.isFinite(objective[i])),
  );
  if (known.length < fewestRuns) return undefined;
  const target = ranksOf(Float64Array.from(known, (i) => objective[i] ?? NaN));
  const variables = params
    .map(({ name, values }) => toFeature({ name, values: known.map((i) => values[i] ?? null) }))
    .filter(({ values }) => new Set(values).size > 1);
  const variance = meanSquare(target, target.reduce((sum, rank) => sum + rank, 0) / target.length);
  if (variables.length === 0 || variance === 0) return undefined;
  const random = createRandom(seed);
  const forest = growForest(variables, target, { trees, random });
  const error = outOfBagError(forest, target, (feature, example) => variables[feature]?.values[example] ?? NaN);
  const losses = variables.map((_, feature) =>
    Math.max(0, permutedError(forest, { target, variables, feature, random }) - error),
  );
  const total = losses.reduce((sum, loss) => sum + loss, 0);
  const shares = variables.map(({ name, values, isCategory }, i): ParamImportance => ({
    name,
    share: total === 0 ? 0 : (losses[i] ?? 0) / total,
    correlation: isCategory ? NaN : spearman(values, target),
  }));
  return {
    params: shares.sort((a, b) => b.share - a.share),
    explained: Math.max(0, 1 - error / variance),
    runs: known.length,
  };
}

function thin(most: number, runs: readonly number[]): readonly number[] {
  if (runs.length <= most) return runs;
  return Array.from({ length: most }, (_, i) => runs[Math.floor((i * runs.length) / most)] ?? 0);
}

function toFeature(variable: Variable): Feature & { readonly name: string } {
  const { name, kind, places } = toDimension(variable);
  return { name, values: places, isCategory: kind === 'category' };
}

function meanSquare(values: Float64Array, from: number): number {
  return values.reduce((sum, value) => sum + (value - from) ** 2, 0) / values.length;
}

/** Mean squared error of trees over the examples that each of them has not seen. */
function outOfBagError(
  forest: readonly Tree[],
  target: Float64Array,
  valueOf: (feature: number, example: number) => number,
): number {
  const sums = new Float64Array(target.length);
  const counts = new Uint32Array(target.length);
  for (const tree of forest)
    for (const example of tree.outOfBag) {
      sums[example] = (sums[example] ?? 0) + tree.predict(example, valueOf);
      counts[example] = (counts[example] ?? 0) + 1;
    }
  let [error, seen] = [0, 0];
  counts.forEach((count, example) => {
    if (count === 0) return;
    error += ((sums[example] ?? 0) / count - (target[example] ?? 0)) ** 2;
    seen += 1;
  });
  return error / seen;
}

/** Mean over a few permutations: one alone is noisy for few runs. */
function permutedError(
  forest: readonly Tree[],
  {
    target,
    variables,
    feature,
    random,
  }: {
    readonly target: Float64Array;
    readonly variables: readonly Feature[];
    readonly feature: number;
    readonly random: Random;
  },
): number {
  const times = 5;
  let sum = 0;
  for (let i = 0; i < times; i += 1) {
    const order = Uint32Array.from(target.keys());
    shuffle(order, random);
    sum += outOfBagError(
      forest,
      target,
      (other, example) => variables[other]?.values[other === feature ? (order[example] ?? 0) : example] ?? NaN,
    );
  }
  return sum / times;
}
