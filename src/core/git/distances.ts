/** How many commits each of two lacks of the other. */
interface Counts {
  readonly ahead: number;
  readonly behind: number;
}

/**
 * Distances of many pairs of commits from one reading of history: lines of `git rev-list --topo-order --parents`, each a commit and its
 * parents, children before their parents. A pair of which history knows one only is absent. Each pair costs what lies between its two
 * commits and what they have in common, not all of history.
 */
export function countDistances(
  history: string,
  pairs: readonly (readonly [branch: string, base: string])[],
): readonly (Counts | undefined)[] {
  const graph = readGraph(history);
  const compare = createComparison(graph);
  return pairs.map(([branch, base]) => {
    const [from, to] = [graph.ids.get(branch), graph.ids.get(base)];
    return from === undefined || to === undefined ? undefined : compare(from, to);
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

/** Reached from the branch, from its base, from both. */
const BRANCH = 1;
const BASE = 2;
const BOTH = 3;

/** Goes through history from the newer of two commits until all that is left to look at is reached from both. */
function createComparison({ parents }: Graph): (branch: number, base: number) => Counts {
  const marks = new Uint8Array(parents.length);
  const marked = new Int32Array(parents.length);
  let count = 0;
  /** Commits still to be looked at that are reached from one side only. */
  let waiting = 0;
  const mark = (commit: number, by: number): void => {
    const before = marks[commit] ?? 0;
    const after = before | by;
    if (after === before) return;
    marks[commit] = after;
    if (before === 0) marked[count++] = commit;
    if (after !== BOTH) waiting += 1;
    else if (before !== 0) waiting -= 1;
  };
  const markParents = (commit: number, by: number): void => {
    for (const parent of parents[commit] ?? []) mark(parent, by);
  };
  return (branch, base) => {
    let ahead = 0;
    let behind = 0;
    mark(branch, BRANCH);
    mark(base, BASE);
    for (let index = Math.min(branch, base); waiting > 0; index += 1) {
      const by = marks[index] ?? 0;
      if (by === BRANCH) ahead += 1;
      else if (by === BASE) behind += 1;
      if (by === BRANCH || by === BASE) waiting -= 1;
      if (by !== 0) markParents(index, by);
    }
    marked.subarray(0, count).forEach((commit) => (marks[commit] = 0));
    count = 0;
    return { ahead, behind };
  };
}
