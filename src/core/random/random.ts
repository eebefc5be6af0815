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
