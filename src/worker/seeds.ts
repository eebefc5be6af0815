import { createRandom, type SeededRandom } from '../core/random/random.ts';

export { createRandom, shuffle, type SeededRandom } from '../core/random/random.ts';

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
