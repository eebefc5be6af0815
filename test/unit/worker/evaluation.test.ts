import * as tfjs from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { beforeAll, expect, test } from 'vitest';
import { ensureKernels } from '../../../scripts/kernels.ts';
import type { CompilingPlaces } from '../../../src/worker/compiled/steps.ts';
import type { Examples } from '../../../src/worker/data.ts';
import { evaluateModel, type Evaluation } from '../../../src/worker/evaluation.ts';
import { seedMathRandom } from '../../../src/worker/seeds.ts';
import type { FitSteering } from '../../../src/worker/steering.ts';
import type { LayersModel, TensorFlow } from '../../../src/worker/tensorflow.ts';
import { prepareBackends, values } from './kernels/backends.ts';

// The test after a training, compiled and not.

const tf: TensorFlow = { ...tfjs, ...layers };
const backends = prepareBackends();
let places: CompilingPlaces;

beforeAll(async () => {
  await backends.on('cpu', () => undefined);
  places = {
    kernels: await ensureKernels(),
    thread: new URL('../../../src/worker/compiled/thread.ts', import.meta.url),
  };
});

function examples(count: number, seed: number): Examples {
  const ys = Float32Array.from({ length: count * 3 }, (_, index) => Number(Math.floor(index / 3) % 3 === index % 3));
  return { xs: values(count * 6, seed), scale: 1, ys, shape: [6], count, size: 6, width: 3 };
}

function createModel(): LayersModel {
  seedMathRandom(3);
  const { dense, dropout } = layers.layers;
  return layers.sequential({
    layers: [
      dense({ inputShape: [6], units: 5, activation: 'relu' }),
      dropout({ rate: 0.5 }),
      dense({ units: 3, activation: 'softmax' }),
    ],
  });
}

const unsteered: FitSteering = {
  between: () => Promise.resolve(),
  afterEpoch: () => Promise.resolve(),
  now: () => 0,
};

interface Tested {
  readonly evaluation: Evaluation | undefined;
  readonly told: readonly string[];
}

async function testModel(
  model: LayersModel,
  {
    compiling,
    signal = new AbortController().signal,
    changes = {},
  }: {
    readonly compiling?: CompilingPlaces;
    readonly signal?: AbortSignal;
    readonly changes?: object;
  } = {},
): Promise<Tested> {
  const told: string[] = [];
  const training = {
    ...{ batch_size: 8, loss_function: 'ce', metric: 'accuracy', metrics: ['crossentropy', 'precision', 'auc'] },
    ...{ optimizer: 'sgd', learning_rate: 0.1, weight_decay: null, threads: 2, compile: null, ...changes },
  } as never;
  const splits = { train: examples(8, 1), validation: examples(11, 2), test: examples(19, 5) };
  const options = {
    tf,
    training,
    steering: unsteered,
    signal,
    compiling,
    tell: (text: string) => void told.push(text),
  };
  return { evaluation: await evaluateModel(model, splits, options), told };
}

test('a compiled test gives what the operations give, partial batches included', async () => {
  const model = createModel();
  const [compiled, eager] = [await testModel(model, { compiling: places }), await testModel(model)];
  expect(compiled.told).toEqual([expect.stringMatching(/^The test is compiled, 2 threads(, FMA)?\.$/)]);
  expect(eager.told).toEqual([]);
  const [found, expected] = [compiled.evaluation!, eager.evaluation!];
  expect(Object.keys(found.metrics)).toEqual(Object.keys(expected.metrics));
  for (const [name, value] of Object.entries(expected.metrics)) expect(found.metrics[name], name).toBeCloseTo(value, 6);
  const numbersOf = (text: string): number[] =>
    text
      .split(/[\s,]+/)
      .map(Number)
      .filter(Number.isFinite);
  const numbers = numbersOf(expected.predictions);
  expect(numbers.length).toBeGreaterThan(30 * 5);
  numbersOf(found.predictions).forEach((value, index) => expect(value).toBeCloseTo(numbers[index]!, 5));
});

test('a model that is not compiled is tested all the same, and told why', async () => {
  const own = createModel();
  const { name } = own.layers[0]!;
  const call = own.layers[0]!.call.bind(own.layers[0]);
  own.layers[0]!.call = (inputs, options) => tf.tidy(() => tf.mul(call(inputs, options) as never, 2));
  const { evaluation, told } = await testModel(own, { compiling: places });
  expect(told).toEqual([
    `The test is taken operation by operation: layer "${name}": its call is not that of its class.`,
  ]);
  expect(evaluation?.metrics['test_loss']).toBeCloseTo((await testModel(own)).evaluation!.metrics['test_loss']!, 6);
});

test.each([
  ['is off', { changes: { compile: false } }, true],
  ['was stopped', { signal: AbortSignal.abort() }, false],
])('where compiling %s', async (_, options, isTested) => {
  const { evaluation, told } = await testModel(createModel(), { compiling: places, ...options });
  expect(evaluation !== undefined).toBe(isTested);
  expect(told.filter((text) => text.includes('compiled'))).toHaveLength(isTested ? 0 : 1);
});

test('an optimizer that steps are not compiled with does not matter', async () => {
  const model = createModel();
  model.compile({ optimizer: new (class extends tf.SGDOptimizer {})(0.1), loss: 'categoricalCrossentropy' });
  const { told } = await testModel(model, { compiling: places });
  expect(told).toEqual([expect.stringMatching(/^The test is compiled/)]);
});
