/** A source of numbers 0 ≤ x < 1. */
export type Random = () => number;

/** A source whose state can be kept and put back: 32 bits. */
export interface SeededRandom extends Random {
  readState(): number;
  restoreState(state: number): void;
}

/** Mulberry32 (public domain, by Tommy Ettinger): 32 bits of state, the same sequence for the same seed everywhere. */
export function createRandom(seed: number): SeededRandom {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return Object.assign(next, {
    readState: () => state,
    restoreState: (old: number) => {
      state = old >>> 0;
    },
  });
}

/** Fisher–Yates, in place. */
export function shuffle(order: Uint32Array, random: Random): void {
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    const moved = order[i] ?? 0;
    order[i] = order[j] ?? 0;
    order[j] = moved;
  }
}

/** One seed of several numbers, near ones giving seeds far apart: MurmurHash3 (public domain, by Austin Appleby). */
export function mixSeed(...numbers: readonly number[]): number {
  const rotate = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits));
  let hash = 0;
  for (const number of numbers) {
    hash ^= Math.imul(rotate(Math.imul(number, 0xcc9e2d51), 15), 0x1b873593);
    hash = (Math.imul(rotate(hash, 13), 5) + 0xe6546b64) | 0;
  }
  hash ^= 4 * numbers.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
