/** How many commits each of two lacks of the other. */
interface Counts {
  readonly ahead: number;
  readonly behind: number;
}

/**
 * Distances of many pairs of commits from one reading of history: lines of `git rev-list --parents`, each a commit and its
 * parents. A pair of which history knows one only is absent. Time is that of one walk from each base, and from each branch
 * through what it has in common with its base.
 */
export function countDistances(
  history: string,
  pairs: readonly (readonly [branch: string, base: string])[],
): readonly (Counts | undefined)[] {
  const graph = readGraph(history);
  const byBase = new Map<string, Uint8Array>();
  return pairs.map(([branch, base]) => {
    const [from, to] = [graph.ids.get(branch), graph.ids.get(base)];
    if (from === undefined || to === undefined) return undefined;
    const known = byBase.get(base);
    const ofBase = known ?? walk(graph, to);
    if (known === undefined) byBase.set(base, ofBase);
    return compare(graph, from, ofBase);
  });
}

interface Graph {
  readonly ids: ReadonlyMap<string, number>;
  readonly parents: readonly (readonly number[])[];
}

function readGraph(history: string): Graph {
  const ids = new Map<string, number>();
  const lines = history.split('\n').filter((line) => line !== '');
  lines.forEach((line, index) => ids.set(line.slice(0, firstSpace(line)), index));
  // In a shallow clone the oldest commits have parents that are not here.
  const parents = lines.map((line) => {
    const names = line.slice(firstSpace(line) + 1);
    return names === '' || firstSpace(line) === line.length
      ? []
      : names.split(' ').flatMap((name) => ids.get(name) ?? []);
  });
  return { ids, parents };
}

function firstSpace(line: string): number {
  const index = line.indexOf(' ');
  return index === -1 ? line.length : index;
}

/** 1 for each commit that is reached from `start`. */
function walk({ parents }: Graph, start: number): Uint8Array {
  const reached = new Uint8Array(parents.length);
  const waiting = [start];
  reached[start] = 1;
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop())
    for (const parent of parents[next] ?? [])
      if (reached[parent] === 0) {
        reached[parent] = 1;
        waiting.push(parent);
      }
  return reached;
}

function compare(graph: Graph, branch: number, ofBase: Uint8Array): Counts {
  const ofBranch = walk(graph, branch);
  let [ahead, behind] = [0, 0];
  for (let index = 0; index < ofBase.length; index += 1) {
    if (ofBranch[index] === ofBase[index]) continue;
    if (ofBase[index] === 1) behind += 1;
    else ahead += 1;
  }
  return { ahead, behind };
}
