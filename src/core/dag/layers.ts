/** Nodes by index, in the order of dvc.yaml, with their direct neighbours. */
export interface Links {
  readonly needs: readonly (readonly number[])[];
  readonly neededBy: readonly (readonly number[])[];
}

export function toLinks(nodes: readonly { readonly name: string; readonly needs: readonly string[] }[]): Links {
  const indexOf = new Map(nodes.map(({ name }, index) => [name, index]));
  const needs = nodes.map((node, own) => [
    ...new Set(node.needs.flatMap((name) => indexOf.get(name) ?? []).filter((index) => index !== own)),
  ]);
  const neededBy: number[][] = nodes.map(() => []);
  for (const [index, list] of needs.entries()) for (const need of list) neededBy[need]?.push(index);
  return { needs, neededBy };
}

/**
 * The layer of each node: one below the lowest of those that it needs (the longest path from the top). A node that needs nothing
 * stands right above the first that needs it. In a cycle, which a broken pipeline may have, the first node in order gives way.
 */
export function assignLayers({ needs, neededBy }: Links): readonly number[] {
  const layer = longestPaths({ needs, neededBy });
  return layer.map((own, node) => {
    const below = (neededBy[node] ?? []).map((other) => layer[other] ?? 0).filter((other) => other > own);
    return needs[node]?.length === 0 && below.length > 0 ? Math.min(...below) - 1 : own;
  });
}

const at = (list: readonly number[], index: number): number => list[index] ?? 0;

function longestPaths({ needs, neededBy }: Links): readonly number[] {
  const layer = needs.map(() => 0);
  const waitsFor = needs.map((list) => list.length);
  const done = needs.map(() => false);
  const ready = needs.flatMap((list, node) => (list.length === 0 ? [node] : []));
  let [head, firstOpen] = [0, 0];
  for (;;) {
    for (; head < ready.length; head += 1) {
      const node = ready[head] ?? 0;
      if (done[node] === true) continue;
      done[node] = true;
      for (const other of (neededBy[node] ?? []).filter((below) => done[below] === false)) {
        layer[other] = Math.max(at(layer, other), at(layer, node) + 1);
        waitsFor[other] = at(waitsFor, other) - 1;
        if (waitsFor[other] === 0) ready.push(other);
      }
    }
    while (firstOpen < done.length && done[firstOpen] === true) firstOpen += 1;
    if (firstOpen === done.length) return layer;
    ready.push(firstOpen);
  }
}
