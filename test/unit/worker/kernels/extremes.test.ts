import * as tf from '@tensorflow/tfjs-core';
// It registers the gradients.
import '@tensorflow/tfjs-layers';
import { expect, test } from 'vitest';
import { prepareBackends } from './backends.ts';

const backends = prepareBackends();

const given = [1, 5, 2, 5, -3, 0, 5, -3];

test.each(['cpu', 'wasm'] as const)(
  'the greatest and the least of equal numbers share the gradient, on %s',
  async (on) => {
    const gradientsOf = (choose: (x: tf.Tensor) => tf.Tensor): number[] => [
      ...tf.tidy(() => tf.grad((x) => tf.mul(choose(x), 6))(tf.tensor(given, [4, 2]))).dataSync(),
    ];
    const found = await backends.on(on, () => ({
      most: gradientsOf((x) => tf.max(x)),
      least: gradientsOf((x) => tf.min(x)),
      ofColumns: gradientsOf((x) => tf.max(x, 0)),
      leastOfColumns: gradientsOf((x) => tf.min(x, 0)),
      ofRowsKept: gradientsOf((x) => tf.max(x, -1, true)),
    }));
    expect(found).toEqual({
      most: [0, 2, 0, 2, 0, 0, 2, 0],
      least: [0, 0, 0, 0, 3, 0, 0, 3],
      ofColumns: [0, 3, 0, 3, 0, 0, 6, 0],
      leastOfColumns: [0, 0, 0, 0, 6, 0, 0, 6],
      ofRowsKept: [0, 6, 0, 6, 0, 6, 6, 0],
    });
  },
);
