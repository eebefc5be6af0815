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

/**
 * Puts a seeded generator in the place of `Math.random` for this process. TensorFlow.js takes the seeds of initializers,
 * dropout and shuffles from it wherever the model's code names none, so a training with the same seed, backend and data
 * gives the same numbers. User code that calls `Math.random` is seeded with it; `node:crypto` stays truly random.
 */
export function seedMathRandom(seed: number): SeededRandom {
  const random = createRandom(seed);
  Math.random = random;
  return random;
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
