import * as tf from '@tensorflow/tfjs-core';
import { initializers, layers, sequential, type LayersModel } from '@tensorflow/tfjs-layers';
import { describe, expect, test } from 'vitest';
import { prepareBackends, randomNumbers } from './backends.ts';

const backends = prepareBackends();
const examples = 32;
const next = randomNumbers(9);
const pixels = Float32Array.from({ length: examples * 144 }, next);
const labels = Int32Array.from({ length: examples }, () => Math.floor(next() * 10));
const amounts = Float32Array.from({ length: examples }, () => next() * 3);

const from = (seed: number) => initializers.glorotUniform({ seed });
const image = { inputShape: [12, 12, 1] };

const nets: Record<string, () => LayersModel> = {
  dense: () =>
    sequential({
      layers: [
        layers.dense({ inputShape: [144], units: 32, activation: 'relu', kernelInitializer: from(1) }),
        layers.dense({ units: 16, activation: 'tanh', kernelInitializer: from(2) }),
        layers.dense({ units: 10, activation: 'softmax', kernelInitializer: from(3) }),
      ],
    }),
  convolutional: () =>
    sequential({
      layers: [
        layers.conv2d({ ...image, filters: 8, kernelSize: 3, activation: 'relu', kernelInitializer: from(1) }),
        layers.batchNormalization(),
        layers.maxPooling2d({ poolSize: 2 }),
        layers.conv2d({ filters: 12, kernelSize: 3, padding: 'same', activation: 'tanh', kernelInitializer: from(2) }),
        layers.maxPooling2d({ poolSize: 2 }),
        layers.flatten(),
        layers.dropout({ rate: 0.3, seed: 11 }),
        layers.dense({ units: 10, activation: 'softmax', kernelInitializer: from(4) }),
      ],
    }),
  separable: () =>
    sequential({
      layers: [
        layers.conv2d({ ...image, filters: 4, kernelSize: 5, strides: 2, padding: 'same', kernelInitializer: from(1) }),
        layers.leakyReLU(),
        layers.averagePooling2d({ poolSize: 2 }),
        layers.separableConv2d({
          filters: 6,
          kernelSize: 3,
          padding: 'same',
          depthwiseInitializer: from(5),
          pointwiseInitializer: from(6),
        }),
        layers.globalAveragePooling2d({}),
        layers.dense({ units: 10, activation: 'softmax', kernelInitializer: from(4) }),
      ],
    }),
  regression: () =>
    sequential({
      layers: [
        layers.dense({ inputShape: [144], units: 32, activation: 'elu', kernelInitializer: from(1) }),
        layers.dense({ units: 1, kernelInitializer: from(2) }),
      ],
    }),
};

const optimizers: Record<string, () => tf.Optimizer> = {
  sgd: () => tf.train.sgd(0.05),
  momentum: () => tf.train.momentum(0.05, 0.9),
  adam: () => tf.train.adam(1e-3),
  rmsprop: () => tf.train.rmsprop(1e-3),
  adagrad: () => tf.train.adagrad(0.01),
  adadelta: () => tf.train.adadelta(0.1),
  adamax: () => tf.train.adamax(1e-3),
};

const cases: [net: string, loss: string, optimizer: string][] = [
  ...Object.keys(optimizers).map((name): [string, string, string] => ['dense', 'categoricalCrossentropy', name]),
  ...['sgd', 'adam', 'rmsprop'].map((name): [string, string, string] => [
    'convolutional',
    'categoricalCrossentropy',
    name,
  ]),
  ...['sgd', 'adam'].map((name): [string, string, string] => ['separable', 'categoricalCrossentropy', name]),
  ...['meanSquaredError', 'meanAbsoluteError', 'logcosh'].map((loss): [string, string, string] => [
    'regression',
    loss,
    'adam',
  ]),
  ['dense', 'sparseCategoricalCrossentropy', 'adam'],
  ['dense', 'binaryCrossentropy', 'adam'],
  ['convolutional', 'meanSquaredError', 'adam'],
];

async function train(net: string, loss: string, optimizer: string): Promise<{ losses: number[]; weights: number[] }> {
  const model = nets[net]!();
  model.compile({ optimizer: optimizers[optimizer]!(), loss });
  const x = tf.tensor(pixels, net === 'dense' || net === 'regression' ? [examples, 144] : [examples, 12, 12, 1]);
  const y =
    net === 'regression'
      ? tf.tensor(amounts, [examples, 1])
      : loss.startsWith('sparse')
        ? tf.cast(tf.tensor(labels, [examples, 1]), 'float32')
        : tf.cast(tf.oneHot(tf.tensor1d(labels, 'int32'), 10), 'float32');
  const losses: number[] = [];
  for (let step = 0; step < 5; step++) losses.push((await model.trainOnBatch(x, y)) as number);
  const weights: number[] = [];
  for (const weight of model.getWeights()) weights.push(...(await weight.data()));
  model.dispose();
  tf.dispose([x, y]);
  return { losses, weights };
}

/** Whole trainings: the same losses and the same weights after five steps as on the cpu backend. */
describe('trainings on wasm go as on cpu', () => {
  test.each(cases)('%s, %s, %s', async (...names) => {
    const expected = await backends.on('cpu', () => train(...names));
    const found = await backends.on('wasm', () => train(...names));
    found.losses.forEach((loss, i) => expect(Math.abs(loss - expected.losses[i]!)).toBeLessThan(1e-3));
    const apart = expected.weights.map((weight, i) => Math.abs(weight - found.weights[i]!));
    expect(Math.max(...apart)).toBeLessThan(2e-3);
    expect(expected.losses[4]).not.toBe(expected.losses[0]);
  });

  test('no tensor and no memory is left behind by training steps', async () => {
    await backends.on('wasm', async () => {
      const model = nets['convolutional']!();
      model.compile({ optimizer: 'adam', loss: 'categoricalCrossentropy' });
      const x = tf.tensor(pixels, [examples, 12, 12, 1]);
      const y = tf.cast(tf.oneHot(tf.tensor1d(labels, 'int32'), 10), 'float32');
      await model.trainOnBatch(x, y);
      const [before, held] = [tf.memory().numTensors, tf.engine().backend.numDataIds()];
      for (let step = 0; step < 5; step++) await model.trainOnBatch(x, y);
      expect(tf.memory().numTensors).toBe(before);
      expect(tf.engine().backend.numDataIds()).toBe(held);
    });
  });
});
