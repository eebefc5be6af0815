import { expect, test } from 'vitest';
import { findDivergence } from '../../../../src/core/training/training.ts';

test.each<[first: number | null, latest: Record<string, number>, told: RegExp | undefined]>([
  [2.3, { training_loss: 0.1, val_loss: 9 }, undefined],
  [
    2.3,
    { training_loss: 2301 },
    /^training_loss is 2301 at the end, and was 2\.300 in the first batch: the model has diverged\. A smaller/,
  ],
  [2.3, { training_loss: 0.1, val_loss: NaN }, /^val_loss is NaN at the end: the model has diverged\. A smaller/],
  [null, { test_loss: Infinity }, /^test_loss is Infinity/],
  [null, { training_loss: 1e30 }, undefined],
  [-0.1, { training_loss: 5000 }, undefined],
])('first %j, at the end %j', (first, latest, told) => {
  const found = findDivergence(first, new Map(Object.entries(latest)));
  if (told === undefined) expect(found).toBeUndefined();
  else expect(found).toMatch(told);
});
