import * as tf from '@tensorflow/tfjs-core';
// It registers the gradients.
import '@tensorflow/tfjs-layers';
import { expect, test } from 'vitest';
import { prepareBackends, values } from './backends.ts';

const backends = prepareBackends();

test.each(['cpu', 'wasm'] as const)('the gradient of enlarged images, each of them, on %s', async (backend) => {
  const x = values(2 * 3 * 2 * 4, 3);
  const gradient = await backends.on(backend, () =>
    tf.tidy(() => {
      const squares = (images: tf.Tensor): tf.Tensor =>
        tf.sum(tf.square(tf.image.resizeNearestNeighbor(images as tf.Tensor4D, [6, 6])));
      return [
        ...tf
          .grad(squares)(tf.tensor4d(x, [2, 3, 2, 4]))
          .dataSync(),
      ];
    }),
  );
  // Each pixel becomes 2 × 3, and d(x²) is 2x.
  gradient.forEach((value, index) => expect(value).toBeCloseTo(12 * x[index]!, 4));
});

test.each([true, false])('corners aligned: %s, as on wasm', async (alignCorners) => {
  const gradientOn = (backend: 'cpu' | 'wasm'): Promise<number[]> =>
    backends.on(backend, () =>
      tf.tidy(() => {
        const squares = (images: tf.Tensor): tf.Tensor =>
          tf.sum(tf.square(tf.image.resizeNearestNeighbor(images as tf.Tensor4D, [7, 5], alignCorners)));
        return [
          ...tf
            .grad(squares)(tf.tensor4d(values(54, 3), [2, 3, 3, 3]))
            .dataSync(),
        ];
      }),
    );
  const [cpu, wasm] = [await gradientOn('cpu'), await gradientOn('wasm')];
  cpu.forEach((value, index) => expect(value).toBeCloseTo(wasm[index]!, 4));
});

test.each(['cpu', 'wasm'] as const)('the gradient of average pooling, at the edges too, on %s', async (backend) => {
  const { gradient, expected } = await backends.on(backend, () =>
    tf.tidy(() => {
      const x = tf.tensor4d(values(2 * 5 * 4 * 3, 3), [2, 5, 4, 3]);
      const pooled = (images: tf.Tensor): tf.Tensor =>
        tf.sum(tf.square(tf.avgPool(images as tf.Tensor4D, 3, 2, 'same')));
      return { gradient: [...tf.grad(pooled)(x).dataSync()], expected: differences(pooled, x) };
    }),
  );
  gradient.forEach((value, index) => expect(value).toBeCloseTo(expected[index]!, 2));
});

function differences(compute: (x: tf.Tensor) => tf.Tensor, x: tf.Tensor): number[] {
  const numbers = x.dataSync();
  const epsilon = 1e-2;
  const at = (index: number, by: number): number => {
    const moved = numbers.slice();
    moved[index] = moved[index]! + by;
    return compute(tf.tensor(moved, x.shape)).dataSync()[0]!;
  };
  return Array.from(numbers, (_, index) => (at(index, epsilon) - at(index, -epsilon)) / (2 * epsilon));
}
