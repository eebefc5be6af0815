import { beforeAll, describe, expect, test, vi } from 'vitest';
import { createRandom, seedMathRandom } from '../../../../src/worker/seeds.ts';
import { setLearningRate } from '../../../../src/worker/compilation.ts';
import type { LayersModel, Tensor } from '../../../../src/worker/tensorflow.ts';
import { createEagerSteps, type StepBatch } from '../../../../src/worker/trainingSteps.ts';
import { prepareBackends } from '../kernels/backends.ts';
import { batchOf, compile, numbersOf, tf, tryToCompile } from './compiling.ts';

const backends = prepareBackends();
const { layers } = tf;

beforeAll(() => backends.on('cpu', () => undefined));

const size = 7 * 7 * 2;

function convolutional(dropout = 0): LayersModel {
  seedMathRandom(3);
  return tf.sequential({
    layers: [
      layers.conv2d({ inputShape: [7, 7, 2], filters: 5, kernelSize: 3, padding: 'same', activation: 'relu' }),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.conv2d({ filters: 9, kernelSize: 2, activation: 'tanh' }),
      layers.flatten(),
      layers.dense({ units: 11, activation: 'sigmoid' }),
      ...(dropout === 0 ? [] : [layers.dropout({ rate: dropout })]),
      layers.dense({ units: 3, activation: 'softmax' }),
    ],
  });
}

/** What the packages say the gradient is. */
function gradientsOf(model: LayersModel, { xs, ys, count }: StepBatch): Float32Array[] {
  const variables = model.trainableWeights.map((weight) => weight.read() as never);
  const { grads } = tf.variableGrads(() => {
    const output = model.apply(tf.tensor(xs, [count, 7, 7, 2]), { training: true }) as Tensor;
    return tf.mean(tf.metrics.categoricalCrossentropy(tf.tensor(ys, [count, 3]), output));
  }, variables);
  return variables.map(({ name }: { name: string }) => Float32Array.from(grads[name]!.dataSync()));
}

/** The greatest difference, as a part of the greatest number. */
function distance(found: Float32Array, expected: Float32Array): number {
  const most = expected.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  return found.reduce((max, value, index) => Math.max(max, Math.abs(value - expected[index]!)), 0) / most;
}

/** A step of the rate 1 moves weights by their gradient; weights that are near zero lose nothing by the subtraction. */
async function movesOf(model: LayersModel, batch: StepBatch, threads: number): Promise<Float32Array[]> {
  const steps = await compile(model, 3, { threads });
  const before = numbersOf(model);
  await steps.train(batch);
  const after = numbersOf(model);
  await steps.dispose();
  return before.map((numbers, index) => numbers.map((value, at) => value - after[index]![at]!));
}

describe.each([1, 2, 3, 4])('%d threads', (threads) => {
  test.each([8, 5, 1])('give the gradient of a batch of %d', async (count) => {
    const model = convolutional();
    for (const weight of model.weights)
      tf.tidy(() => (weight.read() as never as { assign(t: Tensor): void }).assign(tf.mul(weight.read(), 0.3)));
    const batch = batchOf(count, size, 3);
    const expected = gradientsOf(model, batch);
    const found = await movesOf(model, batch, threads);
    // The weights are rounded to 6e-8 of themselves; their gradients are a tenth of them, and less.
    found.forEach((gradient, index) => expect(distance(gradient, expected[index]!)).toBeLessThan(1e-5));
  });
});

test('the loss falls by as much as its gradient says', async () => {
  const model = convolutional();
  const steps = await compile(model, 3, { learning_rate: 1e-12 });
  const batch = batchOf(8, size, 3);
  const gradients = gradientsOf(model, batch);
  const lossOf = async (): Promise<number> => (await steps.evaluate(batch)).values[0]!;
  for (const [index, weight] of model.weights.entries()) {
    const values = Float32Array.from(weight.read().dataSync());
    const set = (change: number): void =>
      tf.tidy(() => {
        const changed = values.slice();
        changed[0] = values[0]! + change;
        (weight.read() as never as { assign(t: Tensor): void }).assign(tf.tensor(changed, weight.shape as number[]));
      });
    set(0.002);
    const above = await lossOf();
    set(-0.002);
    const below = await lossOf();
    set(0);
    expect((above - below) / 0.004).toBeCloseTo(gradients[index]![0]!, 3);
  }
  await steps.dispose();
});

test('what is dropped differs from step to step, and is the same for the same step on any number of threads', async () => {
  const movedBy = async (threads: number, number: number): Promise<number> => {
    const moves = await movesOf(convolutional(0.5), { ...batchOf(8, size, 3), number }, threads);
    return moves.at(-2)![0]!;
  };
  const first = await movedBy(1, 1);
  expect(await movedBy(1, 1)).toBe(first);
  expect(await movedBy(3, 1)).toBeCloseTo(first, 6);
  expect(await movedBy(1, 2)).not.toBeCloseTo(first, 6);
});

test('half of the numbers are dropped, the others doubled, and nothing of it when it only looks', async () => {
  const count = 64;
  const model = tf.sequential({
    layers: [
      layers.dropout({ rate: 0.5, inputShape: [50] }),
      layers.dense({ units: 50, useBias: false, kernelInitializer: 'identity' }),
    ],
  });
  const steps = await compile(model, 50, {
    batch_size: count,
    loss_function: 'mse',
    metric: 'mse',
    learning_rate: 1e-12,
  });
  const batch = { xs: new Float32Array(count * 50).fill(1), ys: new Float32Array(count * 50), count, number: 1 };
  // The square of what is given: 0 or 4.
  const [loss] = (await steps.train(batch)).values;
  expect(loss).toBeGreaterThan(1.85);
  expect(loss).toBeLessThan(2.15);
  expect((await steps.evaluate(batch)).values[0]).toBeCloseTo(1, 6);
  await steps.dispose();
});

test.each([
  ['added', () => layers.gaussianNoise({ stddev: 0.5, inputShape: [50] }), 0, 0.25],
  ['factors', () => layers.gaussianDropout({ rate: 0.2, inputShape: [50] }), 1, 1.25],
])(
  'noise that is %s is normal, the same on any number of threads, and none when it only looks',
  async (_, noise, given, square) => {
    const count = 64;
    const losses: number[] = [];
    for (const threads of [1, 3]) {
      const model = tf.sequential({
        layers: [noise(), layers.dense({ units: 50, useBias: false, kernelInitializer: 'identity' })] as Layer[],
      });
      const changes = { batch_size: count, loss_function: 'mse', metric: 'mse', learning_rate: 1e-12, threads };
      const steps = await compile(model, 50, changes);
      const batch = { xs: new Float32Array(count * 50).fill(given), ys: new Float32Array(count * 50), count };
      losses.push(
        (await steps.train({ ...batch, number: 1 })).values[0]!,
        (await steps.train({ ...batch, number: 2 })).values[0]!,
      );
      expect((await steps.evaluate({ ...batch, number: 1 })).values[0]).toBeCloseTo(given, 6);
      await steps.dispose();
    }
    const [first, other, sameFirst, sameOther] = losses;
    expect(Math.abs(first! - square)).toBeLessThan(0.05 * square + 0.02);
    expect(other).not.toBe(first);
    expect(sameFirst).toBeCloseTo(first!, 5);
    expect(sameOther).toBeCloseTo(other!, 5);
  },
);

test('a word that a layer computes and that is not in the embedding makes the loss no number, and reads no other memory', async () => {
  const model = tf.sequential({
    layers: [
      layers.leakyReLU({ inputShape: [2], alpha: 1 }),
      layers.embedding({ inputDim: 4, outputDim: 3, inputLength: 2 }),
      layers.flatten(),
      layers.dense({ units: 2 }),
    ],
  });
  const steps = await compile(model, 2, { loss_function: 'mse', metric: 'mse' });
  const lossOf = async (word: number): Promise<number> =>
    (await steps.evaluate({ xs: Float32Array.of(0, word), ys: new Float32Array(2), count: 1, number: 0 })).values[0]!;
  expect(await lossOf(3.9)).toBe(await lossOf(3));
  for (const word of [4, -1, NaN, 1e30]) expect(await lossOf(word)).toBeNaN();
  await steps.train({ xs: Float32Array.of(0, 4), ys: new Float32Array(2), count: 1, number: 0 });
  await steps.dispose();
  // As the operations would leave them.
  expect([...numbersOf(model).at(-1)!].every(Number.isNaN)).toBe(true);
});

test('weights of examples, clipping and a rate that changes are as the operations have them', async () => {
  const changes = { gradient_clipping: { norm: 0.5, value: 0.02 }, optimizer: 'adam', learning_rate: 0.01, threads: 2 };
  const results = [];
  for (const way of ['compiled', 'eager'] as const) {
    const model = convolutional();
    const training = {
      batch_size: 8,
      loss_function: 'ce',
      metric: 'accuracy',
      metrics: null,
      weight_decay: null,
      ...changes,
    };
    const compiled = await compile(model, 3, changes);
    const examples = { shape: [7, 7, 2], width: 3 } as never;
    const options = { training: training as never, metrics: [], weightDecay: null, keepsOutputs: false };
    const steps = way === 'compiled' ? compiled : createEagerSteps(tf, model, { ...options, examples, why: undefined });
    const losses: number[] = [];
    for (let number = 0; number < 6; number++) {
      if (number === 3) setLearningRate(model, 0.1);
      const weights = Float32Array.from({ length: 8 }, (_, index) => 0.5 + index / 4);
      losses.push((await steps.train({ ...batchOf(8, size, 3, number), weights, number })).values[0]!);
    }
    steps.settle();
    results.push({ losses, weights: numbersOf(model) });
    await compiled.dispose();
  }
  const [compiled, eager] = results;
  compiled!.losses.forEach((loss, index) => expect(loss).toBeCloseTo(eager!.losses[index]!, 5));
  compiled!.weights.forEach((numbers, index) => expect(distance(numbers, eager!.weights[index]!)).toBeLessThan(1e-4));
});

test('a weight that is read is the one of now, one that is set is trained on', async () => {
  const model = convolutional();
  const steps = await compile(model, 3, { learning_rate: 0.1 });
  const before = numbersOf(model);
  await steps.train(batchOf(8, size, 3));
  const after = numbersOf(model);
  expect(after[0]).not.toEqual(before[0]);
  const start = before.map((numbers, index) => tf.tensor(numbers, model.weights[index]!.shape as number[]));
  model.setWeights(start);
  await steps.train(batchOf(8, size, 3));
  expect(numbersOf(model)).toEqual(after);
  await steps.dispose();
  expect(numbersOf(model)).toEqual(after);
});

test('code that has changed what a layer does is found', async () => {
  const model = convolutional();
  const [, pooling] = model.layers;
  const inner = pooling as unknown as { poolingFunction: (...given: unknown[]) => Tensor };
  const pool = inner.poolingFunction.bind(inner);
  inner.poolingFunction = (...given) => tf.tidy(() => tf.mul(pool(...given), 2));
  await expect(compile(model, 3)).rejects.toThrow('its layers answer otherwise than their configuration says');
});

test('code that has changed what a layer does is found behind a head of zeros, and the weights are what they were', async () => {
  const model = tf.sequential({
    layers: [
      layers.dense({ inputShape: [3], units: 4, activation: 'tanh' }),
      layers.dense({ units: 2, kernelInitializer: 'zeros', activation: 'softmax' }),
    ],
  });
  const before = numbersOf(model);
  const steps = await compile(model, 2);
  await steps.dispose();
  const [first] = model.layers;
  const { activation } = first as unknown as { readonly activation: { apply: (x: Tensor) => Tensor } };
  activation.apply = (x) => tf.tidy(() => tf.mul(tf.tanh(x), 2));
  await expect(compile(model, 2)).rejects.toThrow('its layers answer otherwise than their configuration says');
  expect(numbersOf(model)).toEqual(before);
});

type Layer = ReturnType<typeof layers.dense>;

const isFormat = /^layer "\w+": its data_format is "channels_?[fF]irst"$/;
const isAddition = /^layer "\w+": it adds a loss of its own$/;
const regularized = { units: 2, kernelRegularizer: 'l1l2' } as const;

/** Models that are not compiled: why, their layers before a last one, and what is changed after the model was compiled. */
const refusals: Readonly<Record<string, [reason: RegExp, first: () => unknown[], change?: (first: Layer) => unknown]>> =
  {
    'channels first, flattened': [
      isFormat,
      () => [layers.flatten({ inputShape: [3, 4], dataFormat: 'channelsFirst' })],
    ],
    // Its configuration does not tell.
    'channels first, convolved': [
      /^its layers answer otherwise/,
      () => [
        layers.conv1d({ inputShape: [3, 3], filters: 2, kernelSize: 1, dataFormat: 'channelsFirst' }),
        layers.flatten(),
      ],
    ],
    'a layer that was frozen': [
      /^layers were frozen or unfrozen after the model was compiled$/,
      () => [layers.dense({ inputShape: [3], units: 4 })],
      (first) => (first.trainable = false),
    ],
    'a loss that a layer adds': [
      isAddition,
      () => [layers.dense({ inputShape: [3], ...regularized })],
      (first) => first.addLoss(() => tf.scalar(1)),
    ],
    'a regularizer that was taken off': [
      isAddition,
      () => [layers.dense({ inputShape: [3], ...regularized })],
      (first) => first.losses.splice(0),
    ],
  };

test.each(Object.entries(refusals))('%s is not compiled', async (_, [reason, first, change]) => {
  const model = tf.sequential({
    layers: [...first(), layers.dense({ units: 2, kernelInitializer: 'zeros' })] as Layer[],
  });
  const settings = { loss_function: 'mse', metric: 'mse' };
  if (change !== undefined) {
    const steps = await compile(model, 2, settings);
    await steps.dispose();
    change(model.layers[0] as Layer);
  }
  const refused = await tryToCompile(model, 2, settings);
  expect('reason' in refused ? refused.reason : '').toMatch(reason);
});

test('without kernels, there are no steps but a reason, and nothing is left behind', async () => {
  const model = tf.sequential({ layers: [layers.dense({ inputShape: [3], units: 2 })] });
  const settings = { loss_function: 'mse', metric: 'mse', threads: 2 };
  const without = await tryToCompile(model, 2, settings, { kernels: '/nowhere' });
  expect(without).toEqual({ reason: expect.stringMatching(/^ENOENT.*steps/) as string });
  vi.spyOn(model, 'predict').mockImplementation(() => {
    throw new Error('over');
  });
  expect(await tryToCompile(model, 2, settings)).toEqual({ reason: 'over' });
  // What the class itself does.
  for (const weight of model.weights) expect(Object.hasOwn(weight, 'read')).toBe(false);
});

test('centered RMSProp is that of the packages', async () => {
  const results = [];
  for (const way of ['compiled', 'eager'] as const) {
    seedMathRandom(5);
    const model = tf.sequential({ layers: [layers.dense({ inputShape: [3], units: 2, kernelInitializer: 'ones' })] });
    // Such an epsilon that its sign is seen.
    model.compile({ optimizer: tf.train.rmsprop(0.01, 0.9, 0.5, 0.02, true), loss: 'meanSquaredError' });
    const compiled = await compile(model, 2, { loss_function: 'mse', metric: 'mse' });
    const examples = { shape: [3], width: 2 } as never;
    const options = { training: { gradient_clipping: null } as never, metrics: [], weightDecay: null };
    const eager = createEagerSteps(tf, model, { ...options, keepsOutputs: false, examples, why: undefined });
    const steps = way === 'compiled' ? compiled : eager;
    const xs = Float32Array.from({ length: 24 }, (_, index) => 1 + (index % 5));
    for (let number = 0; number < 4; number++)
      await steps.train({ xs, ys: new Float32Array(16).fill(-5), count: 8, number });
    steps.settle();
    results.push(numbersOf(model));
    await compiled.dispose();
  }
  const [compiled, eager] = results;
  compiled!.forEach((numbers, index) => expect(distance(numbers, eager![index]!)).toBeLessThan(1e-6));
});

/** Any of the layers that fit behind each other, of any sizes. */
function randomModel(seed: number): LayersModel {
  const random = createRandom(seed);
  const pick = <T>(...choices: readonly T[]): T => choices[Math.floor(random() * choices.length)]!;
  seedMathRandom(seed);
  const model = tf.sequential();
  const add = (layer: unknown): void => model.add(layer as Layer);
  add(layers.inputLayer({ inputShape: [7, 7, 2] }));
  const activation = (): 'relu' => pick('relu', 'tanh', 'elu', 'sigmoid', 'linear', 'swish', 'gelu') as 'relu';
  const padding = (): 'same' => pick('same', 'valid') as 'same';
  for (let depth = Math.floor(random() * 3) + 1; depth > 0; depth--) {
    const strides = pick(1, 1, 2);
    add(
      pick<() => unknown>(
        () =>
          layers.conv2d({
            filters: pick(1, 3, 8, 13),
            kernelSize: pick(1, 2, 3),
            strides,
            padding: 'same',
            activation: activation(),
          }),
        () =>
          layers.depthwiseConv2d({
            kernelSize: 2,
            depthMultiplier: pick(1, 2),
            padding: padding(),
            activation: activation(),
          }),
        () => layers.maxPooling2d({ poolSize: 2, strides: pick(1, 2), padding: 'same' }),
        () => layers.averagePooling2d({ poolSize: 2, strides: 1, padding: padding() }),
        () => layers.batchNormalization(),
        () => layers.layerNormalization({ epsilon: 0.01 }),
        () => layers.upSampling2d({ size: [pick(1, 2), pick(1, 2)] }),
        () => layers.permute({ dims: pick([2, 1, 3], [1, 3, 2], [3, 1, 2]) }),
        () => layers.prelu({ sharedAxes: pick<number[] | undefined>([1, 2], undefined)! }),
        () =>
          layers.conv2dTranspose({
            filters: pick(1, 5, 8),
            kernelSize: pick(2, 3),
            strides: pick(1, 2),
            padding: padding(),
            activation: activation(),
          }),
        () => layers.zeroPadding2d({ padding: [pick(0, 1), pick(1, 2)] }),
      )(),
    );
  }
  add(
    pick<() => unknown>(
      () => layers.flatten(),
      () => layers.globalAveragePooling2d({}),
      () => layers.globalMaxPooling2d({}),
    )(),
  );
  if (random() < 0.6)
    add(layers.dense({ units: pick(1, 4, 9, 17), activation: activation(), useBias: pick(true, false) }));
  add(layers.dense({ units: 3, activation: 'softmax' }));
  return model;
}

test.each(Array.from({ length: 32 }, (_, seed) => seed + 1))(
  'a net at random, %d, trains as operations do',
  async (seed) => {
    const losses: number[][] = [];
    for (const way of ['compiled', 'eager'] as const) {
      const model = randomModel(seed);
      const changes = { optimizer: 'momentum', learning_rate: 0.01, threads: (seed % 4) + 1 };
      const compiled = await compile(model, 3, changes);
      const training = { ...changes, gradient_clipping: null } as never;
      const examples = { shape: [7, 7, 2], width: 3 } as never;
      const options = { training, metrics: [], weightDecay: null, keepsOutputs: false, examples, why: undefined };
      const steps = way === 'compiled' ? compiled : createEagerSteps(tf, model, options);
      const taken: number[] = [];
      for (const count of [8, 3, 8, 8]) taken.push((await steps.train(batchOf(count, size, 3, count))).values[0]!);
      losses.push(taken);
      await compiled.dispose();
    }
    losses[0]!.forEach((loss, index) =>
      expect(Math.abs(loss - losses[1]![index]!)).toBeLessThan(1e-5 * Math.max(1, loss)),
    );
  },
);

test.each([1, 2])('answers that were prepared are those of the weights of now, with %d threads', async (threads) => {
  const model = tf.sequential({
    layers: [
      layers.conv2d({ filters: 5, kernelSize: 3, inputShape: [8, 8, 2], activation: 'relu' }),
      layers.batchNormalization(),
      layers.flatten(),
      layers.dense({ units: 8003, activation: 'relu' }),
      layers.dense({ units: 4, activation: 'softmax' }),
    ],
  });
  // Eight examples are worth a second thread, fewer are not.
  const steps = await compile(model, 4, { threads });
  const { xs, ys } = batchOf(8, 128, 4);
  const check = (count: number): void => {
    const given = xs.slice(0, count * 128);
    const expected = tf.tidy(() => (model.predict(tf.tensor(given, [count, 8, 8, 2])) as Tensor).dataSync());
    const found = steps.predict(given, count);
    found.forEach((value, index) => expect(value).toBeCloseTo(expected[index] ?? NaN, 5));
  };
  for (const count of [8, 1, 1, 3, 8]) check(count);
  await steps.train({ xs, ys, count: 8, number: 0 });
  for (const count of [1, 5]) check(count);
  model.setWeights(model.getWeights().map((weight) => tf.mul(weight, 0.5)));
  for (const count of [1, 8, 2]) check(count);
  await steps.dispose();
});
