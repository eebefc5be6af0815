import type { Links } from './layers.ts';

// Edges that pass layers get a bend in each, which is ordered and placed like a node. Edges of one node share their bends, so that
// what many stages read leaves it as one line.

export interface Route {
  readonly from: number;
  readonly to: number;
  /** Bends between, from top to bottom; items from the number of nodes on. */
  readonly bends: readonly number[];
}

export interface Routes {
  /** Layer of every item: nodes first, then bends. */
  readonly layer: readonly number[];
  /** Items of neighbouring layers that a line connects. */
  readonly upper: readonly (readonly number[])[];
  readonly lower: readonly (readonly number[])[];
  readonly routes: readonly Route[];
}

/** Longer edges, and all once there are so many bends, are drawn without: nobody can follow them, and they would cost seconds. */
const longest = 64;
const mostBends = 20_000;

export function toRoutes({ needs, neededBy }: Links, layerOf: readonly number[]): Routes {
  const layer = [...layerOf];
  const upper: number[][] = needs.map(() => []);
  const lower: number[][] = needs.map(() => []);
  const routes: Route[] = [];
  const join = (above: number, below: number): void => {
    lower[above]?.push(below);
    upper[below]?.push(above);
  };
  for (const [from, targets] of neededBy.entries()) {
    const shared: number[] = [];
    const top = layerOf[from] ?? 0;
    const addBend = (): void => {
      const bend = layer.push(top + shared.length + 1) - 1;
      upper.push([]);
      lower.push([]);
      join(shared.at(-1) ?? from, bend);
      shared.push(bend);
    };
    for (const to of targets) {
      const span = (layerOf[to] ?? 0) - top;
      const isBent = span > 1 && span <= longest && layer.length < layerOf.length + mostBends;
      while (isBent && shared.length < span - 1) addBend();
      const bends = isBent ? shared.slice(0, span - 1) : [];
      if (isBent || span === 1) join(bends.at(-1) ?? from, to);
      routes.push({ from, to, bends });
    }
  }
  return { layer, upper, lower, routes };
}
