import { shuffle, type Random } from '../random/random.ts';
import { gridOf, valueAt, type Assignment, type Dimension } from './space.ts';

/** How assignments are chosen. `halving` draws them as `random` does; how long each is trained is its own matter. */
export const strategies = ['grid', 'random', 'latin', 'halving'] as const;
export type Strategy = (typeof strategies)[number];

/** Beyond this a grid is a mistake, and listing it would take all memory. */
export const MOST_TRIALS = 100_000;
/** Drawing anew for an assignment that was drawn already is given up after so many tries in a row: the space has no more. */
const TRIES = 200;

type Chooser = (space: readonly Dimension[], trials: number | undefined, random: Random) => readonly Assignment[];

const choosers: Readonly<Record<Strategy, Chooser>> = {
  grid: (space, trials) => [...takeFirst(gridAssignments(space), trials ?? Infinity)],
  random: drawDistinct,
  latin: drawLatin,
  halving: drawDistinct,
};

/** How many trials there are without a number: a grid has its own. */
export const DEFAULT_TRIALS = 20;

/** The assignments of a sweep, in the order in which they are tried; the same for the same seed. */
export function chooseAssignments(
  strategy: Strategy,
  space: readonly Dimension[],
  { trials, random }: { readonly trials: number | undefined; readonly random: Random },
): readonly Assignment[] {
  return choosers[strategy](space, trials, random);
}

/** How many assignments a grid has. */
export function gridSize(space: readonly Dimension[]): number {
  return space.reduce((product, dimension) => product * gridOf(dimension).length, 1);
}

/** The last key changes quickest. */
function* gridAssignments(space: readonly Dimension[]): Generator<Assignment> {
  const axes = space.map((dimension) => ({ key: dimension.key, values: gridOf(dimension) }));
  const size = Math.min(gridSize(space), MOST_TRIALS);
  for (let index = 0; index < size; index += 1) {
    let rest = index;
    const entries: [string, unknown][] = [];
    for (const { key, values } of axes.toReversed()) {
      entries.push([key, values[rest % values.length]]);
      rest = Math.floor(rest / values.length);
    }
    yield Object.fromEntries(entries.reverse());
  }
}

function* takeFirst<T>(items: Iterable<T>, count: number): Generator<T> {
  let taken = 0;
  for (const item of items) {
    if (taken >= count) return;
    taken += 1;
    yield item;
  }
}

function drawDistinct(space: readonly Dimension[], trials = DEFAULT_TRIALS, random: Random): readonly Assignment[] {
  const known = new Map<string, Assignment>();
  for (let misses = 0; known.size < trials && misses < TRIES;) {
    const drawn = assign(space, () => random());
    const text = JSON.stringify(drawn);
    misses = known.has(text) ? misses + 1 : 0;
    known.set(text, drawn);
  }
  return [...known.values()];
}

/**
 * Latin hypercube: of each dimension's range every one of `trials` equal parts is met once, in an order of its own (McKay, Beckman
 * and Conover 1979). Assignments that come out equal, as with few choices, are tried once.
 */
function drawLatin(space: readonly Dimension[], trials = DEFAULT_TRIALS, random: Random): readonly Assignment[] {
  const orders = new Map(
    space.map(({ key }) => {
      const order = Uint32Array.from({ length: trials }, (_, index) => index);
      shuffle(order, random);
      return [key, order] as const;
    }),
  );
  const drawn = Array.from({ length: trials }, (_, trial) =>
    assign(space, ({ key }) => ((orders.get(key)?.[trial] ?? 0) + random()) / trials),
  );
  return [...new Map(drawn.map((assignment) => [JSON.stringify(assignment), assignment])).values()];
}

function assign(space: readonly Dimension[], placeOf: (dimension: Dimension) => number): Assignment {
  return Object.fromEntries(space.map((dimension) => [dimension.key, valueAt(dimension, placeOf(dimension))]));
}
