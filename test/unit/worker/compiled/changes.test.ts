import { beforeAll, expect, test } from 'vitest';
import { setLearningRate } from '../../../../src/worker/compilation.ts';
import type { CompiledStep, CompileOptions } from '../../../../src/worker/compiled/api.ts';
import { createPlainStep } from '../../../../src/worker/compiled/plainStep.ts';
import type { LayersModel, Optimizer, Tensor } from '../../../../src/worker/tensorflow.ts';
import { prepareBackends } from '../kernels/backends.ts';
import { compilingPlaces, numbersOf, tf } from './compiling.ts';

// A step of `mlops-workflow/compiled` does what TensorFlow.js would do, whatever is done to model, optimizer and calls; or it says that it can't.

const backends = prepareBackends();
const { layers, train } = tf;

beforeAll(() => backends.on('cpu', () => undefined));

async function compileStep(model: LayersModel, options: CompileOptions = {}): Promise<CompiledStep> {
  return createPlainStep(model, { tf, threads: 1, ...options }, await compilingPlaces());
}

type Layer = Parameters<ReturnType<typeof tf.sequential>['add']>[0];

/** One number comes in and one goes out, times 1 where nothing else is said. */
function makeModel(
  more: readonly unknown[] = [],
  options: { readonly optimizer?: Optimizer; readonly loss?: string; readonly weight?: number } = {},
): LayersModel {
  const { optimizer = train.sgd(0.1), loss = 'meanSquaredError', weight = 1 } = options;
  const model = tf.sequential({ layers: [layers.dense({ inputShape: [1], units: 1, useBias: false })] });
  for (const layer of more) model.add(layer as Layer);
  model.compile({ optimizer, loss });
  const [, ...others] = model.getWeights();
  model.setWeights([tf.tensor2d([[weight]]), ...others]);
  return model;
}

/** The weights after each of two takes the same steps. */
async function compare(
  make: () => LayersModel,
  change: (model: LayersModel) => void = () => undefined,
): Promise<{ readonly found: number[][]; readonly wanted: number[][] }> {
  const [model, same] = [make(), make()];
  const step = await compileStep(model);
  for (let number = 0; number < 3; number++) {
    await step.train([1.5], [-0.5]);
    await same.trainOnBatch(tf.tensor2d([[1.5]]), tf.tensor2d([[-0.5]]));
    if (number === 0) [model, same].forEach(change);
  }
  await step.dispose();
  const listed = (of: LayersModel): number[][] => numbersOf(of).map((numbers) => [...numbers]);
  return { found: listed(model), wanted: listed(same) };
}

const replaced = (object: object, name: string): object => {
  const own = (object as Record<string, (...given: unknown[]) => unknown>)[name]!.bind(object);
  return Object.assign(object, { [name]: (...given: unknown[]) => own(...given) });
};

class OwnDropout extends (layers.dropout({ rate: 0.5 }).constructor as new (args: object) => object) {
  call(inputs: unknown): unknown {
    return inputs;
  }
}

test.each<[what: string, make: () => LayersModel, reason: string]>([
  ['a slope below 0', () => makeModel([layers.leakyReLU({ alpha: -0.5 })]), 'its alpha is -0.5'],
  [
    'a layer whose call was replaced',
    () => makeModel([replaced(layers.dropout({ rate: 0.5, name: 'mine' }), 'call')]),
    'layer "mine": its call is not that of its class',
  ],
  [
    'a class that says it is another',
    () => makeModel([new OwnDropout({ rate: 0.5, name: 'own' })]),
    'layer "own": its call is not that of its class',
  ],
  ...['computeGradients', 'minimize', 'applyGradients'].map((name): [string, () => LayersModel, string] => [
    `an optimizer with ${name} of its own`,
    () => makeModel([], { optimizer: replaced(train.sgd(0.1), name) as Optimizer }),
    'the optimizer SGD is not known, or has a way of its own',
  ]),
])('%s is refused', async (_, make, reason) => {
  await expect(compileStep(make())).rejects.toMatchObject({
    name: 'NotCompiledError',
    reason: expect.stringContaining(reason) as string,
  });
});

test('clipping by what is no number above 0 is refused', async () => {
  for (const name of ['norm', 'value'] as const)
    for (const value of [NaN, 0, -1])
      await expect(compileStep(makeModel(), { clipping: { [name]: value } })).rejects.toThrow(
        new RangeError(`compileStep: clipping.${name} must be a number above 0, not ${value}.`),
      );
});

test('a model has one step at a time, and so have layers that models share', async () => {
  const model = makeModel();
  const shared = tf.model({ inputs: model.inputs, outputs: model.outputs });
  shared.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
  const reason = 'another compiled step has weights of this model; dispose it first';
  const [first, second] = await Promise.allSettled([compileStep(model), compileStep(model)]);
  const statuses = [first.status, second.status].sort();
  expect(statuses).toEqual(['fulfilled', 'rejected']);
  const step = first.status === 'fulfilled' ? first.value : (second as PromiseFulfilledResult<CompiledStep>).value;
  await expect(compileStep(model)).rejects.toMatchObject({ reason });
  await expect(compileStep(shared)).rejects.toMatchObject({ reason });
  await step.train([1], [0]);
  expect(numbersOf(model)[0]![0]).toBeCloseTo(0.8, 6);
  await step.dispose();
  const next = await compileStep(shared);
  await next.dispose();
});

test.each<[what: string, make: () => LayersModel, change?: (model: LayersModel) => void]>([
  ['dropout of everything drops nothing', () => makeModel([layers.dropout({ rate: 1 })])],
  ['nor does one of more', () => makeModel([layers.dropout({ rate: 1.5 })])],
  ['a slope of 0', () => makeModel([layers.leakyReLU({ alpha: 0 })], { weight: -1 })],
  [
    'a learned slope below 0',
    () => makeModel([layers.prelu({ alphaInitializer: tf.initializers.constant({ value: -0.5 }) })], { weight: -1 }),
  ],
  [
    'numbers of Adam that were changed',
    () => makeModel([], { optimizer: train.adam(0.05) }),
    ({ optimizer }) => Object.assign(optimizer, { beta1: 0.5, beta2: 0.7, epsilon: 0.1, learningRate: 0.02 }),
  ],
  [
    'numbers of Adamax that were changed',
    () => makeModel([], { optimizer: train.adamax(0.05) }),
    ({ optimizer }) => Object.assign(optimizer, { beta1: 0.5, beta2: 0.7, epsilon: 0.1 }),
  ],
  [
    'numbers of RMSProp that were changed',
    () => makeModel([], { optimizer: train.rmsprop(0.05, 0.9, 0.5) }),
    ({ optimizer }) => Object.assign(optimizer, { decay: 0.5, momentum: 0.2, epsilon: 0.1 }),
  ],
  [
    'numbers of Adagrad that were changed',
    () => makeModel([], { optimizer: train.adagrad(0.05) }),
    ({ optimizer }) => Object.assign(optimizer, { learningRate: 0.2 }),
  ],
  [
    'a normalization with numbers of its own, and its statistics',
    () => makeModel([layers.batchNormalization({ momentum: 0.6, epsilon: 0.05 })]),
  ],
  [
    'a momentum that was changed, which is not read again',
    () => makeModel([], { optimizer: train.momentum(0.05, 0.9) }),
    ({ optimizer }) => Object.assign(optimizer, { momentum: 0.1 }),
  ],
  [
    'a learning rate of SGD that was set as a property, which is not read again',
    () => makeModel(),
    ({ optimizer }) => Object.assign(optimizer, { learningRate: 0.5 }),
  ],
  ['a learning rate of SGD that was set', () => makeModel(), (model) => setLearningRate(model, 0.01)],
])('as TensorFlow.js has it: %s', async (_, make, change) => {
  const { found, wanted } = await compare(make, change);
  found.forEach((numbers, index) =>
    numbers.forEach((value, place) => expect(value).toBeCloseTo(wanted[index]![place]!, 5)),
  );
});

const wayOn = 'Dispose it and call compileStep again, or train with model.fit.';

test.each<[what: string, change: (model: LayersModel) => void, reason: string, isJudged: boolean]>([
  [
    'a layer was frozen',
    ({ layers: [, second] }) => void (second!.trainable = false),
    'layers were frozen or unfrozen after it was compiled',
    true,
  ],
  [
    'the model was compiled anew',
    (model) => model.compile({ optimizer: model.optimizer, loss: 'meanAbsoluteError' }),
    'model.compile was called after it was compiled',
    false,
  ],
  [
    'the model was given another optimizer',
    (model) => Object.assign(model, { optimizer: train.adam(0.1) }),
    'the model was given another optimizer after it was compiled',
    true,
  ],
])('a step does not go on silently where %s', async (_, change, reason, isJudged) => {
  const model = makeModel([layers.dense({ units: 1, useBias: false })]);
  const step = await compileStep(model);
  await step.train([1], [0]);
  change(model);
  const before = numbersOf(model);
  const message = `The compiled step can't go on: ${reason}. ${wayOn}`;
  await expect(step.train([1], [0])).rejects.toThrow(message);
  const judged = step.evaluate([1], [0]);
  await (isJudged ? expect(judged).resolves.toBeTruthy() : expect(judged).rejects.toThrow(message));
  (await step.predict([1])).dispose();
  await step.dispose();
  expect(numbersOf(model)).toEqual(before);
});

test.each([-1, -0.1, -1e-8, 0, 0.5])('Poisson of an answer of %d costs what TensorFlow.js says', async (weight) => {
  const model = makeModel([], { loss: 'poisson', weight });
  const step = await compileStep(model);
  const { loss } = await step.evaluate([1], [1]);
  await step.dispose();
  const wanted = (model.evaluate(tf.tensor2d([[1]]), tf.tensor2d([[1]])) as Tensor).dataSync()[0]!;
  if (Number.isNaN(wanted)) expect(loss).toBeNaN();
  else expect(loss).toBeCloseTo(wanted, 4);
});

test('a row of answers that are all zeros makes the loss no number, and leaves the weights as they are', async () => {
  const makeRelu = (): LayersModel => {
    const model = tf.sequential({
      layers: [layers.dense({ inputShape: [1], units: 2, useBias: false, activation: 'relu' })],
    });
    model.compile({ optimizer: train.sgd(0.1), loss: 'categoricalCrossentropy' });
    model.setWeights([tf.tensor2d([[1, 2]])]);
    return model;
  };
  const [model, same] = [makeRelu(), makeRelu()];
  const step = await compileStep(model);
  // Before relu the first example is below 0.
  const { loss } = await step.train([-1, 1], [1, 0, 1, 0]);
  expect(loss).toBeNaN();
  await step.dispose();
  // The other one alone, at half of the rate.
  setLearningRate(same, 0.05);
  await same.trainOnBatch(tf.tensor2d([[1]]), tf.tensor2d([[1, 0]]));
  numbersOf(model)[0]!.forEach((value, place) => expect(value).toBeCloseTo(numbersOf(same)[0]![place]!, 5));
  await same.trainOnBatch(
    tf.tensor2d([[-1], [1]]),
    tf.tensor2d([
      [1, 0],
      [1, 0],
    ]),
  );
  expect(numbersOf(same)[0]!.every(Number.isNaN)).toBe(true);
});

test('rows that an embedding does not have are told before anything is trained', async () => {
  const model = tf.sequential({
    layers: [
      layers.embedding({ inputShape: [2], inputDim: 5, outputDim: 3, name: 'words' }),
      layers.flatten(),
      layers.dense({ units: 1 }),
    ],
  });
  model.compile({ optimizer: train.adam(0.1), loss: 'meanSquaredError' });
  const step = await compileStep(model);
  const before = numbersOf(model);
  for (const index of [-1, 5, 1e10, NaN]) {
    const message = `Layer "words" has the rows 0 to 4; an example has ${index}.`;
    for (const call of [step.train([1, index], [1]), step.evaluate([1, index], [1]), step.predict([1, index])])
      await expect(call).rejects.toThrow(new RangeError(message));
  }
  expect(numbersOf(model)).toEqual(before);
  expect(model.optimizer.iterations).toBe(0);
  await step.train([4.9, -0.5], [1]);
  await step.dispose();
  expect(numbersOf(model)).not.toEqual(before);
});

test('calls that nobody waits for are taken in their order', async () => {
  const [model, same] = [makeModel(), makeModel()];
  const step = await compileStep(model);
  const order: string[] = [];
  const [xs, ys] = [tf.tensor2d([[2]]), tf.tensor2d([[1]])];
  const calls = [
    step.train(xs, ys).then(() => order.push('tensors')),
    step.train([-1], [3]).then(() => order.push('arrays')),
    step.train([-1, 2], [3]).catch(() => order.push('mistaken')),
    step.predict([1]).then((answer) => order.push(`answer ${answer.dataSync()[0]!.toFixed(4)}`)),
  ];
  await Promise.all(calls);
  await same.trainOnBatch(xs, ys);
  await same.trainOnBatch(tf.tensor2d([[-1]]), tf.tensor2d([[3]]));
  const [wanted] = numbersOf(same);
  expect(order).toEqual(['tensors', 'arrays', 'mistaken', `answer ${wanted![0]!.toFixed(4)}`]);
  await step.dispose();
});

test('a step ends when what was asked of it is done, as often as it is told', async () => {
  const model = makeModel([], { optimizer: train.adam(0.1) });
  const step = await compileStep(model, { threads: 2, batchSize: 4 });
  const pending = step.train(tf.tensor2d([[1]]), tf.tensor2d([[0]]));
  const ended = Promise.all([step.dispose(), step.dispose()]);
  await expect(pending).resolves.toMatchObject({ loss: 1 });
  await ended;
  expect(numbersOf(model)[0]![0]).toBeCloseTo(0.9, 4);
  await expect(step.train([1], [0])).rejects.toThrow(
    "The compiled step can't go on: it has ended, as dispose() was called. Make another one, or dispose of it later.",
  );
  await step.dispose();
  step.sync();
  expect(model.optimizer.iterations).toBe(1);
});

test('a model that was disposed of does not keep its step from ending', async () => {
  const model = makeModel();
  const step = await compileStep(model);
  await step.train([1], [0]);
  model.dispose();
  await step.dispose();
});
