// Random choices that come out the same on every machine and in every run: everything starts from a seed.

/** Numbers from 0 up to, but not including, 1. (Mulberry32: small, quick, and good enough to shuffle with.) */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A shuffled copy (Fisher–Yates). */
export function shuffle<T>(items: readonly T[], random: () => number): T[] {
  const result = [...items];
  for (let i = result.length - 1; i > 0; i -= 1) {
    const j = Math.floor(random() * (i + 1));
    [result[i], result[j]] = [result[j], result[i]];
  }
  return result;
}

/**
 * Splits examples in two, so that each class keeps its share in both parts. Takes the label of each example and gives the
 * examples' numbers: `share` of every class (rounded) are `taken`, the others `kept`, both in shuffled order.
 */
export function stratifiedSplit(
  labels: ArrayLike<number>,
  share: number,
  seed: number,
): { kept: number[]; taken: number[] } {
  const random = createRandom(seed);
  const byClass = Map.groupBy(Array.from(labels).keys(), (example) => labels[example]);
  const classes = [...byClass.keys()].sort((a, b) => a - b).map((label) => shuffle(byClass.get(label) ?? [], random));
  const cut = (examples: number[]) => Math.round(examples.length * share);
  return {
    kept: shuffle(
      classes.flatMap((examples) => examples.slice(cut(examples))),
      random,
    ),
    taken: shuffle(
      classes.flatMap((examples) => examples.slice(0, cut(examples))),
      random,
    ),
  };
}
