import * as tfjs from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { describe, expect, test } from 'vitest';
import { createAdadelta, createAdam } from '../../../src/worker/optimizers.ts';
import type { TensorFlow } from '../../../src/worker/tensorflow.ts';
import { prepareBackends } from './kernels/backends.ts';

const tf: TensorFlow = { ...tfjs, ...layers };
const backends = prepareBackends();

type Gradient = (value: number) => number;
const [rate, epsilon] = [0.02, 1e-7];

/** The papers' algorithms for one number, whose gradient is a function of it: its value after each step. */
const papers = {
  adadelta: (start: number, gradientAt: Gradient, steps: number): number[] => {
    const rho = 0.95;
    let [value, gradients, changes] = [start, 0, 0];
    return Array.from({ length: steps }, () => {
      const gradient = gradientAt(value);
      gradients = rho * gradients + (1 - rho) * gradient ** 2;
      const change = (Math.sqrt(changes + epsilon) / Math.sqrt(gradients + epsilon)) * gradient;
      changes = rho * changes + (1 - rho) * change ** 2;
      return (value -= rate * change);
    });
  },
  adam: (start: number, gradientAt: Gradient, steps: number): number[] => {
    let [value, mean, square] = [start, 0, 0];
    return Array.from({ length: steps }, (_, step) => {
      const gradient = gradientAt(value);
      mean = 0.9 * mean + 0.1 * gradient;
      square = 0.999 * square + 0.001 * gradient ** 2;
      const size = (rate * Math.sqrt(1 - 0.999 ** (step + 1))) / (1 - 0.9 ** (step + 1));
      return (value -= (size * mean) / (Math.sqrt(square) + epsilon));
    });
  },
};

describe.each([
  ['adadelta', createAdadelta],
  ['adam', createAdam],
] as const)('%s', (name, create) => {
  const follow = papers[name];

  test.each(['cpu', 'wasm'] as const)('takes the steps of the paper, on %s', async (backend) => {
    // The last is as small as epsilon.
    const starts = [3, -0.5, 1e-7];
    await backends.on(backend, () => {
      const variable = tf.variable(tf.tensor1d(starts));
      const optimizer = create(tf, rate);
      for (let step = 0; step < 6; step++) optimizer.minimize(() => tf.sum(tf.square(variable)));
      const found = [...variable.dataSync()];
      found.forEach((value, index) => {
        const expected = follow(starts[index]!, (at) => 2 * at, 6)[5]!;
        expect(Math.abs(value / expected - 1)).toBeLessThan(1e-3);
      });
      expect(optimizer.iterations).toBe(6);
    });
  });

  test('leaves a weight without a gradient in its place, and nothing behind', async () => {
    await backends.on('cpu', () => {
      const [first, second] = [tf.variable(tf.scalar(1)), tf.variable(tf.scalar(1))];
      const optimizer = create(tf, rate);
      const step = (): void => {
        const gradient = tf.scalar(2);
        optimizer.applyGradients([
          { name: first.name, tensor: undefined as never },
          { name: second.name, tensor: gradient },
        ]);
        gradient.dispose();
      };
      step();
      const { numTensors } = tf.memory();
      step();
      expect(tf.memory().numTensors).toBe(numTensors);
      expect(first.dataSync()[0]).toBe(1);
      expect(second.dataSync()[0]).toBeCloseTo(follow(1, () => 2, 2)[1]!, 6);
    });
  });
});
