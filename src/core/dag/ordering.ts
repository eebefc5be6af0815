import type { Routes } from './routes.ts';

type Layers = readonly (readonly number[])[];

/**
 * The items of each layer from left to right, with few crossings: sweeps down and up put each item at the mean place of its
 * neighbours in the layer before; the best of all sweeps is kept. Ties stay as they are, so the same graph looks the same.
 */
export function orderLayers({ layer, upper, lower }: Routes): Layers {
  let layers: Layers = groupByLayer(layer);
  let best = { layers, crossings: countAllCrossings(layers, lower) };
  for (let sweep = 0; sweep < sweepsFor(layer.length) && best.crossings > 0; sweep += 1) {
    layers = sweep % 2 === 0 ? sweepDown(layers, upper) : sweepDown(layers.toReversed(), lower).toReversed();
    const crossings = countAllCrossings(layers, lower);
    if (crossings < best.crossings) best = { layers, crossings };
  }
  return best.layers;
}

/** Large graphs get fewer: they can't be seen at once. */
const sweepsFor = (items: number): number => (items > 2000 ? 4 : 16);

function groupByLayer(layer: readonly number[]): number[][] {
  const layers: number[][] = [];
  for (const [item, index] of layer.entries()) {
    while (layers.length <= index) layers.push([]);
    layers[index]?.push(item);
  }
  return layers;
}

function sweepDown(layers: Layers, neighbours: readonly (readonly number[])[]): Layers {
  const sorted: (readonly number[])[] = layers.slice(0, 1);
  for (const items of layers.slice(1)) sorted.push(sortByNeighbours(items, sorted.at(-1) ?? [], neighbours));
  return sorted;
}

function sortByNeighbours(
  items: readonly number[],
  before: readonly number[],
  neighbours: readonly (readonly number[])[],
): readonly number[] {
  const placeOf = new Map(before.map((item, place) => [item, (place + 0.5) / before.length]));
  const wanted = items.map((item, place) => {
    const places = (neighbours[item] ?? []).flatMap((other) => placeOf.get(other) ?? []);
    const mean = places.reduce((sum, other) => sum + other, 0) / places.length;
    // Nothing draws it anywhere: it stays where it is.
    return { item, at: places.length === 0 ? (place + 0.5) / items.length : mean };
  });
  return wanted.sort((a, b) => a.at - b.at).map(({ item }) => item);
}

function countAllCrossings(layers: Layers, lower: readonly (readonly number[])[]): number {
  return layers.slice(1).reduce((sum, below, index) => sum + countCrossings(layers[index] ?? [], below, lower), 0);
}

/** Pairs of lines between two layers that cross: inversions of their lower ends, counted with a Fenwick tree. */
export function countCrossings(
  above: readonly number[],
  below: readonly number[],
  lower: readonly (readonly number[])[],
): number {
  const placeOf = new Map(below.map((item, place) => [item, place]));
  const seen = new Array<number>(below.length + 1).fill(0);
  let [crossings, total] = [0, 0];
  for (const item of above) {
    const ends = (lower[item] ?? []).flatMap((other) => placeOf.get(other) ?? []);
    for (const end of ends) {
      let notRight = 0;
      for (let i = end + 1; i > 0; i -= i & -i) notRight += seen[i] ?? 0;
      crossings += total - notRight;
    }
    for (const end of ends) {
      for (let i = end + 1; i < seen.length; i += i & -i) seen[i] = (seen[i] ?? 0) + 1;
      total += 1;
    }
  }
  return crossings;
}
