import * as tfjs from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import { losses, metrics as metricVocabulary, optimizers } from '../../../src/core/config/config.ts';
import { ensureCompiled } from '../../../src/worker/compilation.ts';
import { seedMathRandom } from '../../../src/worker/seeds.ts';
import { createEagerStep, evaluateBatch } from '../../../src/worker/step.ts';
import type { LayersModel, Tensor, TensorFlow } from '../../../src/worker/tensorflow.ts';
import { prepareBackends, values } from './kernels/backends.ts';

const tf: TensorFlow = { ...tfjs, ...layers };
const backends = prepareBackends();

/** One metric of the packages needs methods of tensors that only their whole bundle brings. */
for (const name of ['sub', 'square', 'sum', 'mean', 'div'] as const) {
  const operation = tfjs[name] as (...tensors: unknown[]) => Tensor;
  Object.assign(tfjs.Tensor.prototype, {
    [name](this: Tensor, ...others: unknown[]) {
      return operation(this, ...others);
    },
  });
}

beforeAll(() => backends.on('cpu', () => undefined));

const settings = {
  ...{ batch_size: 8, num_epochs: 1, loss_function: 'mse', metric: 'mse', metrics: null },
  ...{ optimizer: 'adam', learning_rate: 0.01, weight_decay: null, gradient_clipping: null },
};

type Settings = Partial<Record<keyof typeof settings, unknown>>;

const kinds = {
  dense: (units: number, activation: string) => [
    layers.layers.dense({ inputShape: [6], units: 5, activation: 'tanh', kernelRegularizer: 'l1l2' }),
    layers.layers.dense({ units, activation: activation as 'softmax' }),
  ],
  stateful: (units: number, activation: string) => [
    layers.layers.reshape({ batchInputShape: [8, 6], targetShape: [3, 2] }),
    // Orthogonal initial weights, the default, want methods of tensors that only the worker's bundle has.
    layers.layers.lstm({ units: 3, stateful: true, recurrentInitializer: 'glorotUniform' }),
    layers.layers.dense({ units, activation: activation as 'softmax' }),
  ],
  everything: (units: number, activation: string) => [
    layers.layers.reshape({ inputShape: [6], targetShape: [2, 3, 1] }),
    layers.layers.conv2d({ filters: 2, kernelSize: 2, biasRegularizer: 'l1l2' }),
    layers.layers.batchNormalization(),
    layers.layers.activation({ activation: 'relu' }),
    layers.layers.flatten(),
    layers.layers.dropout({ rate: 0.4 }),
    layers.layers.dense({ units, activation: activation as 'softmax' }),
  ],
};

interface Trained {
  readonly losses: readonly (readonly number[])[];
  readonly weights: readonly number[];
  readonly evaluated: readonly number[];
}

/** Four steps with the packages' own `trainOnBatch`, or with ours, from the same seed. */
async function trainBy(
  by: 'ours' | 'theirs',
  { kind, units, activation, targets }: Case,
  changes: Settings,
): Promise<Trained> {
  seedMathRandom(7);
  const model = layers.sequential({ layers: kinds[kind](units, activation) });
  const training = { ...settings, ...changes } as never;
  const measures = ensureCompiled(tf, model, training, { targetWidth: targets === 'labels' ? 1 : units });
  const step = createEagerStep(tf, model, { training, keepsOutputs: false, ...measures });
  const taken: number[][] = [];
  const batch = (seed: number): { x: Tensor; y: Tensor } => makeBatch(seed, units, targets);
  for (let index = 0; index < 4; index++) {
    const { x, y } = batch(index);
    taken.push(by === 'ours' ? [...(await step({ x, y })).values] : [await model.trainOnBatch(x, y)].flat());
    tf.dispose([x, y]);
  }
  const { x, y } = batch(9);
  const theirs = async (): Promise<number[]> =>
    Promise.all([model.evaluate(x, y)].flat().map(async (scalar) => (await scalar.data())[0] ?? NaN));
  const ours = async (): Promise<readonly number[]> =>
    (await evaluateBatch(tf, model, { x, y }, { metrics: measures.metrics, keepsOutputs: false })).values;
  const evaluated = by === 'ours' ? await ours() : await theirs();
  const weights = model.getWeights().flatMap((weight) => [...weight.dataSync()]);
  return { losses: taken, weights, evaluated };
}

interface Case {
  readonly kind: keyof typeof kinds;
  readonly units: number;
  readonly activation: string;
  readonly targets: 'classes' | 'labels' | 'amounts';
}

function makeBatch(seed: number, units: number, targets: Case['targets']): { x: Tensor; y: Tensor } {
  const x = tf.tensor(values(8 * 6, seed), [8, 6]);
  const labels = Array.from({ length: 8 }, (_, index) => (index * 3 + seed) % Math.max(2, units));
  if (targets === 'labels') return { x, y: tf.tensor(labels, [8, 1], 'float32') };
  if (targets === 'classes') return { x, y: tf.cast(tf.oneHot(tf.tensor1d(labels, 'int32'), units), 'float32') };
  return { x, y: tf.tensor(values(8 * units, seed + 100).map(Math.abs), [8, units]) };
}

function expectClose(found: readonly number[], expected: readonly number[]): void {
  expect(found).toHaveLength(expected.length);
  found.forEach((value, index) => {
    const wanted = expected[index] ?? NaN;
    if (Number.isNaN(wanted)) expect(value).toBeNaN();
    else expect(Math.abs(value - wanted)).toBeLessThanOrEqual(1e-6 * Math.max(1, Math.abs(wanted)));
  });
}

async function check(given: Case, changes: Settings): Promise<void> {
  const theirs = await trainBy('theirs', given, changes);
  const ours = await trainBy('ours', given, changes);
  ours.losses.forEach((step, index) => expectClose(step, theirs.losses[index] ?? []));
  expectClose(ours.weights, theirs.weights);
  expectClose(ours.evaluated, theirs.evaluated);
}

const classes: Case = { kind: 'everything', units: 4, activation: 'softmax', targets: 'classes' };
const amounts: Case = { kind: 'dense', units: 3, activation: 'sigmoid', targets: 'amounts' };

describe('our step gives the numbers of trainOnBatch', () => {
  test.each(Object.keys(losses))('for the loss %s', async (loss_function) => {
    const name = losses[loss_function as keyof typeof losses];
    const given = name === 'sparseCategoricalCrossentropy' ? { ...classes, targets: 'labels' as const } : classes;
    await check(given, { loss_function });
    if (name !== null && !/categorical/i.test(name)) await check(amounts, { loss_function });
  });

  test.each(metricVocabulary.names)('for the metric %s', async (metric) => {
    const isSparse = metric === 'sparsecategoricalaccuracy';
    const given = isSparse ? { ...classes, targets: 'labels' as const } : classes;
    await check(given, { metric, loss_function: 'crossentropy' });
  });

  test.each(optimizers.names.filter((name) => name !== 'adamw'))('for the optimizer %s', async (optimizer) => {
    await check(classes, { optimizer, loss_function: 'categoricalCrossentropy', metric: 'accuracy' });
    await check(amounts, { optimizer, loss_function: 'mae' });
  });

  test('with binary targets, and on wasm', async () => {
    const binary: Case = { kind: 'everything', units: 1, activation: 'sigmoid', targets: 'labels' };
    await check(binary, { loss_function: 'crossentropy', metric: 'accuracy' });
    await backends.on('wasm', () => check(classes, { loss_function: 'categoricalCrossentropy', metric: 'accuracy' }));
    await backends.on('cpu', () => undefined);
  });
});

describe('what goes beyond trainOnBatch', () => {
  /** One weight, w = 1, loss (w·x − y)²: its gradient is 2·x·(x − y). */
  async function stepOnce(changes: Settings, weight?: number): Promise<number> {
    const training = { ...settings, optimizer: 'sgd', learning_rate: 1, ...changes } as never;
    const model: LayersModel = layers.sequential({
      layers: [layers.layers.dense({ inputShape: [1], units: 1, useBias: false, kernelInitializer: 'ones' })],
    });
    const measures = ensureCompiled(tf, model, training, { targetWidth: 1 });
    const step = createEagerStep(tf, model, { training, keepsOutputs: false, ...measures });
    const [x, y] = [tf.tensor2d([[2]]), tf.tensor2d([[0]])] as [Tensor, Tensor];
    await step({ x, y, ...(weight === undefined ? {} : { weights: tf.tensor1d([weight]) }) });
    return model.getWeights()[0]?.dataSync()[0] ?? NaN;
  }

  test.each([
    ['nothing', {}, undefined, 1 - 8],
    ['a bound of the norm', { gradient_clipping: { norm: 3, value: null } }, undefined, 1 - 3],
    ['a bound of each value', { gradient_clipping: { norm: null, value: 0.5 } }, undefined, 1 - 0.5],
    ['both: the values first', { gradient_clipping: { norm: 3, value: 4 } }, undefined, 1 - 3],
    ['a bound that is not reached', { gradient_clipping: { norm: 9, value: 9 } }, undefined, 1 - 8],
    ['the weight of the example', {}, 0.25, 1 - 2],
  ] as const)('%s', async (_, changes, weight, expected) => {
    expect(await stepOnce(changes, weight)).toBeCloseTo(expected, 5);
  });

  test('adamw takes its share of the weights beside what adam does', async () => {
    const adam = await stepOnce({ optimizer: 'adam', learning_rate: 0.1 });
    const adamw = await stepOnce({ optimizer: 'adamw', learning_rate: 0.1, weight_decay: 0.5 });
    expect(adam - adamw).toBeCloseTo(0.1 * 0.5, 5);
  });

  test('a layer that is frozen after the model was compiled stays, and the others get their own gradients', async () => {
    const frozenWhen = async (when: 'before' | 'after'): Promise<readonly number[][]> => {
      seedMathRandom(7);
      const [first, second, last] = [1, 2, 3].map((index) =>
        layers.layers.dense({ ...(index === 1 ? { inputShape: [4] } : {}), units: 4, activation: 'tanh' }),
      ) as layers.layers.Layer[] as [layers.layers.Layer, layers.layers.Layer, layers.layers.Layer];
      const model: LayersModel = layers.sequential({ layers: [first, second, last] });
      if (when === 'before') second.trainable = false;
      const training = { ...settings, optimizer: 'adamw', weight_decay: 0.1 } as never;
      const measures = ensureCompiled(tf, model, training, { targetWidth: 4 });
      const step = createEagerStep(tf, model, { training, keepsOutputs: false, ...measures });
      second.trainable = false;
      const read = (layer: layers.layers.Layer): number[] => layer.getWeights().flatMap((one) => [...one.dataSync()]);
      const before = read(second);
      const [x, y] = [tf.tensor(values(8 * 4, 1), [8, 4]), tf.tensor(values(8 * 4, 2), [8, 4])];
      for (let index = 0; index < 3; index++) await step({ x, y });
      expect(read(second)).toEqual(before);
      return [first, last].map(read);
    };
    expect(await frozenWhen('after')).toEqual(await frozenWhen('before'));
  });

  test.each<[what: string, layers: () => layers.layers.Layer[]]>([
    ['of every kind', () => kinds.everything(4, 'softmax')],
    ['with a state', () => kinds.stateful(4, 'softmax')],
  ])('no tensor is left behind by layers %s', async (_, create) => {
    const clipping = { gradient_clipping: { norm: 1, value: 1 }, optimizer: 'adamw' };
    const training = { ...settings, ...clipping } as never;
    const model = layers.sequential({ layers: create() });
    const measures = ensureCompiled(tf, model, training, { targetWidth: 4 });
    const step = createEagerStep(tf, model, { training, keepsOutputs: true, ...measures });
    const batch = { ...makeBatch(1, 4, 'classes'), weights: tf.ones<tfjs.Rank>([8]) };
    const counts: number[] = [];
    for (let index = 0; index < 4; index++) {
      expect((await step(batch)).outputs).toHaveLength(8 * 4);
      await evaluateBatch(tf, model, batch, { metrics: measures.metrics, keepsOutputs: true });
      counts.push(tf.memory().numTensors);
    }
    // The first makes the optimizer's variables.
    expect(new Set(counts).size).toBe(1);
  });
});
