import { expect } from 'vitest';
import type { Trained } from './trainings.ts';

/** How far apart two backends may be after the steps of a training: a part of what is more than 1. */
const tolerances = { loss: 1e-5, weight: 1e-4 } as const;

export function expectAgreement(found: Trained, expected: Trained): void {
  expect(found.losses).toHaveLength(expected.losses.length);
  expect(found.weights).toHaveLength(expected.weights.length);
  expect(distance(expected.start, found.start)).toBe(0);
  expect(distance(expected.losses, found.losses)).toBeLessThanOrEqual(tolerances.loss);
  expect(distance(expected.weights, found.weights)).toBeLessThanOrEqual(tolerances.weight);
  // A training that moves nothing would agree with anything.
  expect(distance(expected.start, expected.weights)).toBeGreaterThan(100 * tolerances.weight);
}

/** The greatest difference, as a part of what is more than 1; NaN is far from everything. */
function distance(expected: readonly number[], found: readonly number[]): number {
  const apart = expected.map((value, i) => Math.abs(value - (found[i] ?? NaN)) / Math.max(1, Math.abs(value)));
  return apart.some(Number.isNaN) ? Infinity : Math.max(...apart);
}
