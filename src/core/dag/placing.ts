import type { Routes } from './routes.ts';

/** Room that an item takes sideways, its distance to the next included. */
export type Width = (item: number) => number;

/** Small graphs are quick to place well; of large ones only parts are seen. */
const passesFor = (items: number): number => (items > 2000 ? 8 : items > 300 ? 32 : 160);
/** How hard two items pull at one another: long lines are to be straight, then the line from stage to stage. */
const pulls = { bends: 8, stages: 3, mixed: 1 } as const;

/**
 * The middle of each item: as near to the mean of its neighbours as the order and the widths of its layer allow. Layers look up
 * and down in turn, at last both ways.
 */
export function placeItems(
  layers: readonly (readonly number[])[],
  { upper, lower }: Routes,
  { width, isBend }: { width: Width; isBend: (item: number) => boolean },
): readonly number[] {
  const x: number[] = upper.map(() => 0);
  for (const items of layers) spread(items, { x, width, wanted: items.map(() => ({ at: 0, weight: 1 })) });
  const pull = (item: number, others: readonly number[]): { at: number; weight: number } => {
    let [sum, weight] = [0, 0];
    for (const other of others) {
      const bends = Number(isBend(item)) + Number(isBend(other));
      const own = bends === 2 ? pulls.bends : bends === 0 ? pulls.stages : pulls.mixed;
      sum += (x[other] ?? 0) * own;
      weight += own;
    }
    return weight === 0 ? { at: x[item] ?? 0, weight: 0.01 } : { at: sum / weight, weight };
  };
  const count = passesFor(upper.length);
  for (let pass = 0; pass < count; pass += 1) {
    const isLast = pass >= count / 2;
    const looksUp = pass % 2 === 0;
    for (const items of looksUp ? layers : layers.toReversed()) {
      const neighbours = (item: number): readonly number[] =>
        isLast ? [...(upper[item] ?? []), ...(lower[item] ?? [])] : ((looksUp ? upper[item] : lower[item]) ?? []);
      spread(items, { x, width, wanted: items.map((item) => pull(item, neighbours(item))) });
    }
  }
  return x;
}

interface Spreading {
  readonly x: number[];
  readonly width: Width;
  readonly wanted: readonly { readonly at: number; readonly weight: number }[];
}

/**
 * Puts items where they want to be with the least sum of squared distances while they keep their order and do not overlap:
 * without the room between them that is isotonic regression, solved by pooling neighbours that would change places.
 */
function spread(items: readonly number[], { x, width, wanted }: Spreading): void {
  const shift: number[] = [];
  for (const [index, item] of items.entries()) {
    const before = items[index - 1];
    shift.push(before === undefined ? 0 : (shift[index - 1] ?? 0) + (width(before) + width(item)) / 2);
  }
  const pools: { at: number; weight: number; count: number }[] = [];
  for (const [index, { at, weight }] of wanted.entries()) {
    let pool = { at: at - (shift[index] ?? 0), weight, count: 1 };
    for (let last = pools.at(-1); last !== undefined && last.at > pool.at; last = pools.at(-1)) {
      pools.pop();
      const sum = last.weight + pool.weight;
      pool = { at: (last.at * last.weight + pool.at * pool.weight) / sum, weight: sum, count: last.count + pool.count };
    }
    pools.push(pool);
  }
  let index = 0;
  for (const { at, count } of pools)
    for (const end = index + count; index < end; index += 1) x[items[index] ?? 0] = at + (shift[index] ?? 0);
}
