import { beforeAll, expect, test } from 'vitest';
import type { CompiledTraining } from '../../../../src/worker/compiled/steps.ts';
import { seedMathRandom } from '../../../../src/worker/seeds.ts';
import type { LayersModel, Tensor } from '../../../../src/worker/tensorflow.ts';
import { prepareBackends } from '../kernels/backends.ts';
import { batchOf, compile, tf } from './compiling.ts';

// What is otherwise where no gradient is wanted: convolutions by tiles, and those that are pooled where they are made.

const backends = prepareBackends();
const { layers } = tf;

beforeAll(() => backends.on('cpu', () => undefined));

type Layer = Parameters<ReturnType<typeof tf.sequential>['add']>[0];
type Convolving = Parameters<typeof layers.conv2d>[0];

const conv = (args: Partial<Convolving>): Layer =>
  layers.conv2d({ kernelSize: 3, filters: 16, biasInitializer: 'randomNormal', ...args });
const pool = (args: object = {}): Layer => layers.maxPooling2d({ poolSize: 2, ...args });

function modelOf(shape: readonly number[], own: readonly Layer[]): LayersModel {
  const inputs = tf.input({ shape: [...shape] });
  const outputs = [...own, layers.flatten()].reduce((answer, layer) => layer.apply(answer) as never, inputs);
  return tf.model({ inputs, outputs });
}

/** Whether places are without end, or no numbers, must be the same; the rest is rounded. */
function expectSame(found: Float32Array, expected: Float32Array): void {
  const kindOf = (value: number): number => (Number.isFinite(value) ? 0 : value);
  expect(Array.from(found, kindOf)).toEqual(Array.from(expected, kindOf));
  const numbers = [...expected].filter((value) => Number.isFinite(value));
  const most = numbers.reduce((max, value) => Math.max(max, Math.abs(value)), 1e-30);
  const distance = found.reduce(
    (max, value, index) => (Number.isFinite(value) ? Math.max(max, Math.abs(value - expected[index]!)) : max),
    0,
  );
  expect(distance / most).toBeLessThan(2e-6);
}

function answersOf(model: LayersModel, xs: Float32Array, count: number): Float32Array {
  const shape = model.inputs[0]!.shape.slice(1).map(Number);
  return tf.tidy(() => (model.predict(tf.tensor(xs, [count, ...shape])) as Tensor).dataSync() as Float32Array);
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

async function stepsOf(model: LayersModel, threads = 1): Promise<CompiledTraining> {
  const width = Number(model.outputs[0]!.shape[1]);
  return compile(model, width, { batch_size: 5, loss_function: 'mse', metric: 'mse', threads });
}

const kindsOf = (steps: CompiledTraining): string[] =>
  ['winograd', 'pooledConvolution', 'convolution', 'greatest', 'maxPool'].filter((kind) =>
    steps.explain().slice(steps.explain().indexOf('# validation')).includes(`= ${kind}(`),
  );

const convolutions: readonly (readonly [
  name: string,
  shape: readonly number[],
  layers: () => readonly Layer[],
  kinds: readonly string[],
])[] = [
  ['tiles', [8, 10, 16], () => [conv({})], ['winograd']],
  ['tiles of an odd picture', [9, 7, 20], () => [conv({ filters: 19, activation: 'relu' })], ['winograd']],
  ['two places', [4, 5, 16], () => [conv({ filters: 27, useBias: false })], ['winograd']],
  ['padding', [6, 5, 16], () => [conv({ padding: 'same', activation: 'tanh' })], ['winograd']],
  ['pooled tiles', [13, 13, 32], () => [conv({ filters: 24, activation: 'relu' }), pool()], ['winograd']],
  ['pooled tiles of an odd picture', [7, 9, 16], () => [conv({ filters: 21 }), pool()], ['winograd']],
  ['pooled, few channels', [11, 12, 1], () => [conv({ activation: 'relu' }), pool()], ['pooledConvolution']],
  ['pooled, strides', [15, 12, 3], () => [conv({ filters: 5, strides: 2 }), pool()], ['pooledConvolution']],
  ['one place', [3, 3, 16], () => [conv({})], ['convolution']],
  ['few filters', [6, 6, 16], () => [conv({ filters: 3 })], ['convolution']],
  ['uneven channels', [6, 6, 18], () => [conv({})], ['convolution']],
  ['tanh before the pool', [8, 8, 16], () => [conv({ activation: 'tanh' }), pool()], ['winograd', 'greatest']],
  ['a greater window', [9, 9, 16], () => [conv({}), pool({ poolSize: 3, strides: 2 })], ['winograd', 'greatest']],
  [
    'pooled over an edge',
    [9, 7, 5],
    () => [conv({ filters: 6 }), pool({ padding: 'same' })],
    ['convolution', 'greatest'],
  ],
];

test.each(convolutions)('%s: answers are those of the packages', async (_, shape, own, kinds) => {
  seedMathRandom(5);
  const model = modelOf(shape, own());
  const { xs } = batchOf(5, sizeOf(shape), 1);
  for (const threads of [1, 2, 3, 4]) {
    const steps = await stepsOf(model, threads);
    expect(kindsOf(steps)).toEqual(kinds);
    expectSame(steps.predict(xs, 5), answersOf(model, xs, 5));
    const few = xs.subarray(0, 2 * sizeOf(shape));
    expectSame(steps.predict(few, 2), answersOf(model, few, 2));
    await steps.dispose();
  }
});

test('what is pooled and used by others too is convolved once', async () => {
  const inputs = tf.input({ shape: [6, 6, 16] });
  const y = conv({}).apply(inputs) as never;
  const outputs = layers
    .concatenate()
    .apply([layers.flatten().apply(y) as never, layers.flatten().apply(pool().apply(y)) as never]) as never;
  const model = tf.model({ inputs, outputs });
  const steps = await stepsOf(model);
  expect(kindsOf(steps)).toEqual(['winograd', 'greatest']);
  const { xs } = batchOf(3, 576, 1);
  expectSame(steps.predict(xs, 3), answersOf(model, xs, 3));
  await steps.dispose();
});

test.each([
  ['tiles', () => [conv({ useBias: false, kernelInitializer: 'ones' })]],
  ['pooled tiles', () => [conv({ useBias: false, kernelInitializer: 'ones', activation: 'relu' }), pool()]],
])('%s: a number without end reaches the windows that it lies in, and no other answer', async (_, own) => {
  const shape = [9, 8, 16];
  const model = modelOf(shape, own());
  const steps = await stepsOf(model, 2);
  const { xs } = batchOf(5, sizeOf(shape), 1);
  const before = steps.predict(xs, 5).slice();
  for (const value of [Infinity, -Infinity])
    for (const place of [0, 4, 37, 71]) {
      const changed = xs.slice();
      changed[(2 * 72 + place) * 16 + 3] = value;
      expectSame(steps.predict(changed, 5), answersOf(model, changed, 5));
    }
  // What was there before leaves nothing.
  expect(steps.predict(xs, 5)).toEqual(before);
  await steps.dispose();
});

test('what is no number reaches the windows that it lies in', async () => {
  const shape = [9, 8, 16];
  const model = modelOf(shape, [conv({})]);
  const steps = await stepsOf(model);
  const { xs } = batchOf(1, sizeOf(shape), 1);
  xs[37 * 16] = NaN;
  const found = steps.predict(xs, 1);
  expectSame(found, answersOf(model, xs, 1));
  expect(found.filter(Number.isNaN)).toHaveLength(9 * 16);
  await steps.dispose();
});

test('a weight without end reaches the answers of its filter', async () => {
  const model = modelOf([6, 6, 16], [conv({ useBias: false })]);
  const [kernel] = model.getWeights();
  const values = Float32Array.from(kernel!.dataSync());
  values[3 * 16 + 7] = Infinity;
  model.setWeights([tf.tensor(values, kernel!.shape)]);
  const steps = await stepsOf(model);
  const xs = batchOf(1, 576, 1).xs.map((value) => Math.abs(value) + 0.1);
  const found = steps.predict(xs, 1);
  expectSame(found, answersOf(model, xs, 1));
  expect(found.filter((value) => value === Infinity)).toHaveLength(16);
  await steps.dispose();
});

test('answers follow the weights that a training moves', async () => {
  const model = modelOf([6, 6, 16], [conv({ activation: 'relu' }), pool()]);
  const steps = await stepsOf(model, 2);
  const { xs } = batchOf(5, 576, 1);
  for (let number = 0; number < 3; number++) {
    await steps.train({ xs, ys: new Float32Array(5 * 64), count: 5, number });
    const found = steps.predict(xs, 5);
    expectSame(found, answersOf(model, xs, 5));
  }
  await steps.dispose();
});
