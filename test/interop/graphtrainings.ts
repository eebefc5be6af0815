import type { TrainingSection } from '../../src/core/config/config.ts';
import { ensureCompiled, setLearningRate } from '../../src/worker/compilation.ts';
import type { Examples } from '../../src/worker/data.ts';
import { createRandom, seedMathRandom } from '../../src/worker/seeds.ts';
import { assignNumbers, readOptimizer, readTensor, restoreOptimizer, variablesOf } from '../../src/worker/snapshot.ts';
import type { LayersModel, Optimizer, Tensor, TensorFlow } from '../../src/worker/tensorflow.ts';
import { createNativeSteps } from '../../src/worker/traced/steps.ts';
import type { StepBatch, TrainingSteps } from '../../src/worker/trainingSteps.ts';
import type { TrainingPlan } from '../unit/worker/trainings.ts';

// Trainings on native TensorFlow whose steps are graphs, beside the same operation by operation.

const BATCH = 8;
/** Of the last batch of an epoch. */
const REST = 5;
const STEPS = 32;
const CLASSES = 4;

/** Every fourth batch is a partial one. */
const graphCounts = Array.from({ length: STEPS }, (_, step) => (step % 4 === 3 ? REST : BATCH));

export function graphPlan(tf: TensorFlow, isTraced: boolean): TrainingPlan {
  return {
    counts: graphCounts,
    createSteps(model, { targetWidth, training, ...options }) {
      const examples = outlineOf(model.inputs[0]?.shape.slice(1).map(Number) ?? [], targetWidth);
      const weighted = { ...training, class_weights: null };
      const drawing = { seed: 1, fit: 1, random: createRandom(3), capacity: BATCH };
      const steps = createNativeSteps(tf, model, { ...options, training: weighted, examples, isTraced, ...drawing });
      // A training that stays as it was would agree with itself.
      if (isTraced && !steps.isCompiled) throw new Error(`Its steps are taken ${steps.way}.`);
      return Promise.resolve(steps);
    },
  };
}

interface GraphCase {
  readonly layers: (tf: TensorFlow) => readonly unknown[];
  readonly input?: readonly number[];
  readonly isOfWords?: boolean;
  readonly loss?: (tf: TensorFlow) => (truth: Tensor, output: Tensor) => Tensor;
  readonly optimizer?: (tf: TensorFlow) => Optimizer;
  readonly training?: Partial<TrainingSection>;
  readonly keepsOutputs?: boolean;
  /** Another second batch. */
  readonly batch?: (batch: StepBatch) => StepBatch;
  /** Before that step. */
  readonly change?: (model: LayersModel, step: number) => void;
}

const dense = (tf: TensorFlow, ...layers: readonly unknown[]): readonly unknown[] => [
  tf.layers.dense({ units: 12, activation: 'relu' }),
  ...layers,
];
const crossEntropy = (tf: TensorFlow, truth: Tensor, output: Tensor): Tensor =>
  tf.metrics.categoricalCrossentropy(truth, output);

/** Beside the nets, optimizers and losses of every backend. */
export const graphCases = {
  'dropout': { layers: (tf) => dense(tf, tf.layers.dropout({ rate: 0.4 })) },
  'dropout with a seed': { layers: (tf) => dense(tf, tf.layers.dropout({ rate: 0.4, seed: 3 })) },
  'two dropouts': { layers: (tf) => dense(tf, tf.layers.dropout({ rate: 0.2 }), tf.layers.dropout({ rate: 0.2 })) },
  'noise': { layers: (tf) => dense(tf, tf.layers.gaussianNoise({ stddev: 0.1 })) },
  'gaussian dropout': { layers: (tf) => dense(tf, tf.layers.gaussianDropout({ rate: 0.3 })) },
  'alpha dropout': { layers: (tf) => dense(tf, tf.layers.alphaDropout({ rate: 0.3 })) },
  'lstm with dropouts': {
    ...{ input: [6], isOfWords: true },
    layers: (tf) => [
      tf.layers.embedding({ inputDim: 10, outputDim: 5 }),
      tf.layers.lstm({ units: 4, dropout: 0.2, recurrentDropout: 0.2, recurrentInitializer: 'glorotUniform' }),
    ],
  },
  'both directions': {
    ...{ input: [6], isOfWords: true },
    layers: (tf) => [
      tf.layers.embedding({ inputDim: 10, outputDim: 5 }),
      tf.layers.bidirectional({
        layer: tf.layers.gru({ units: 3, recurrentInitializer: 'glorotUniform' }),
        mergeMode: 'concat',
      }),
    ],
  },
  'class weights': { layers: dense, training: { class_weights: 'balanced' } },
  'bounded gradients': { layers: dense, training: { gradient_clipping: { value: 0.01 } } as never },
  'short gradients': { layers: dense, training: { gradient_clipping: { norm: 0.05 } } as never },
  'decay of weights': { layers: dense, training: { optimizer: 'adamw', weight_decay: 0.1 } },
  'answers': { layers: dense, keepsOutputs: true },
  'a loss of its own': {
    layers: dense,
    loss: (tf) => (truth, output) => tf.mul(crossEntropy(tf, truth, output), 0.5),
  },
  'a learning rate that changes': { layers: dense, change: (model, step) => setLearningRate(model, 0.01 / (step + 1)) },
  'a learning rate that changes, sgd': {
    layers: dense,
    training: { optimizer: 'sgd' },
    change: (model, step) => setLearningRate(model, step < 10 ? 0.1 : 0.02),
  },
  'a learning rate that changes, adamw': {
    layers: dense,
    training: { optimizer: 'adamw', weight_decay: 0.1 },
    change: (model, step) => setLearningRate(model, step % 5 === 0 ? 0.02 : 0.01),
  },
  'settings of Adam that change': {
    layers: dense,
    change: (model, step) => {
      Object.assign(model.optimizer, { beta1: step > 5 && step < 12 ? 0.5 : 0.9 });
    },
  },
  'weights that code sets': {
    layers: dense,
    change: (model, step) => {
      if (step % 7 === 6) model.setWeights(model.getWeights().map((weight) => weight.mul(0.5)));
    },
  },
} satisfies Record<string, GraphCase>;

/** Biases whose gradient is nothing but rounding, which the optimizer makes large: such trainings part, whoever takes their steps. */
export const blurredCases = {
  'biases before normalizations': {
    layers: (tf) => [
      tf.layers.dense({ units: 12 }),
      tf.layers.batchNormalization(),
      tf.layers.reLU(),
      tf.layers.dense({ units: 12 }),
      tf.layers.batchNormalization(),
    ],
  },
  'biases before normalizations, of convolutions': {
    input: [8, 8, 1],
    layers: (tf) => [
      tf.layers.conv2d({ filters: 8, kernelSize: 3 }),
      tf.layers.batchNormalization(),
      tf.layers.reLU(),
      tf.layers.conv2d({ filters: 6, kernelSize: 3 }),
      tf.layers.batchNormalization(),
      tf.layers.flatten(),
    ],
  },
} satisfies Record<string, GraphCase>;

const captured: { tensor?: Tensor; model?: LayersModel } = {};

/** Steps that no graph is for, and the reason that is told. */
export const refusedCases = {
  'reads numbers back': {
    layers: dense,
    loss: (tf) => (truth, output) => {
      const values = crossEntropy(tf, truth, output);
      return (values.mean().dataSync()[0] ?? 0) > 1 ? values : tf.square(values);
    },
    reason: 'it reads numbers back to decide what comes next',
  },
  'draws in JavaScript': {
    layers: dense,
    loss: (tf) => (truth, output) => tf.mul(crossEntropy(tf, truth, output), Math.random()),
    reason: 'numbers that go into Mul come from JavaScript, other ones each time',
  },
  'makes a mask in JavaScript': {
    layers: dense,
    loss: (tf) => (truth, output) => tf.add(crossEntropy(tf, truth, output), tf.randomUniform([4]).mean()),
    reason: 'numbers that go into Cast come from JavaScript, other ones each time',
  },
  'counts its steps': {
    layers: dense,
    loss: (tf) => {
      let steps = 0;
      return (truth, output) => tf.mul(crossEntropy(tf, truth, output), (steps += 1));
    },
    reason: 'numbers that go into Mul come from JavaScript, other ones each time',
  },
  'counts in its optimizer': {
    layers: dense,
    optimizer: (tf) => {
      const optimizer = Object.assign(tf.train.sgd(0.1), { steps: 0 });
      const apply = optimizer.applyGradients.bind(optimizer);
      optimizer.applyGradients = (gradients) => {
        optimizer.steps += 1;
        if (optimizer.steps % 4 === 0) apply(gradients);
      };
      return optimizer;
    },
    reason: 'its optimizer counts in "steps", which no graph does',
  },
  'makes variables': {
    layers: dense,
    loss: (tf) => (truth, output) => tf.add(crossEntropy(tf, truth, output), tf.variable(tf.scalar(1))),
    reason: /^it makes a variable \("\d+"\) each time$/,
  },
  'changes shapes': {
    layers: dense,
    loss: (tf) => {
      let steps = 0;
      return (truth, output) => {
        steps += 1;
        const part = tf.slice(output, [0, 0], [1, 1 + (steps % 3)]);
        return tf.add(crossEntropy(tf, truth, output), tf.mean(part));
      };
    },
    reason: 'the shape of what Slice gives changes from one time to the next',
  },
  'loops as long as numbers tell': {
    layers: dense,
    loss: (tf) => (truth, output) => {
      let values = crossEntropy(tf, truth, output);
      while ((tf.max(values).dataSync()[0] ?? 0) > 1) values = tf.mul(values, 0.5);
      return values;
    },
    reason: 'it reads numbers back to decide what comes next',
  },
  'asks another model': {
    layers: dense,
    loss: (tf) => {
      captured.model ??= tf.sequential({ layers: [tf.layers.dense({ units: CLASSES, inputShape: [CLASSES] })] });
      const { model } = captured;
      return (truth, output) =>
        tf.add(crossEntropy(tf, truth, output), tf.mean(tf.square(model.apply(output) as Tensor)));
    },
    reason: 'it uses numbers that are neither given to it nor variables of the model or its optimizer',
  },
  'keeps a tensor of its own': {
    layers: dense,
    loss: (tf) => {
      captured.tensor ??= tf.keep(tf.tensor1d([1, 2, 3, 4]));
      return (truth, output) => crossEntropy(tf, tf.mul(truth, captured.tensor ?? 1), output);
    },
    reason: 'it uses numbers that are neither given to it nor variables of the model or its optimizer',
  },
} satisfies Record<string, GraphCase & { readonly reason: string | RegExp }>;

/** Steps that can't go on after the change, and the reason that is told. */
export const endedCases = {
  'a layer is frozen': {
    layers: dense,
    change: (model) => (model.layers[1]!.trainable = false),
    reason: 'layers were frozen or unfrozen after it was compiled',
  },
  'the model is compiled once more': {
    layers: dense,
    change: (model) => model.compile({ optimizer: model.optimizer, loss: 'meanSquaredError' }),
    reason: 'model.compile was called after it was compiled',
  },
  'an example holds NaN': {
    layers: dense,
    batch: (batch) => ({ ...batch, xs: batch.xs.with(0, NaN) }),
    reason: /^weights of dense_\S+\/kernel have become NaN, though the loss is a number/,
  },
} satisfies Record<string, GraphCase & { readonly reason: string | RegExp }>;

type GraphCaseName = keyof typeof graphCases | keyof typeof blurredCases | keyof typeof refusedCases;

export interface GraphTraining {
  readonly name: GraphCaseName;
  readonly isTraced: boolean;
  /** It is tested after each so many steps; 1 without it. */
  readonly testsEvery?: number;
  /** A step before which the training is stopped, and goes on with another model from what a checkpoint keeps. */
  readonly resumedAt?: number;
}

export interface GraphTrained {
  readonly way: string;
  readonly values: readonly number[];
  readonly weights: readonly number[];
  /** That the optimizer has counted. */
  readonly iterations: number;
  /** Tensors of the backend that the steps have left behind. */
  readonly left: number;
}

/** Everything at once: it trains, evaluates, and looks at what came of it. */
export async function trainGraph(
  tf: TensorFlow,
  { name, isTraced, testsEvery = 1, resumedAt }: GraphTraining,
): Promise<GraphTrained> {
  const before = tf.memory().numTensors;
  const given: GraphCase = { ...graphCases, ...blurredCases, ...refusedCases }[name];
  let current = start(tf, given, isTraced);
  const values: number[] = [];
  for (const [number, count] of graphCounts.entries()) {
    if (number === resumedAt) current = await resume(tf, current, () => start(tf, given, isTraced));
    given.change?.(current.model, number);
    const batch = batchOf(given, count, number);
    const { values: trained, outputs = [] } = await current.steps.train(batch);
    values.push(...trained, ...outputs);
    if (number % testsEvery === 0) values.push(...(await current.steps.evaluate(batch)).values);
  }
  const { model, steps } = current;
  const weights = model.getWeights().flatMap((weight) => [...weight.dataSync()]);
  await steps.dispose();
  const { iterations } = model.optimizer;
  model.dispose();
  model.optimizer.dispose();
  return { way: steps.way, values, weights, iterations, left: tf.memory().numTensors - before };
}

export type SharedTrained = Omit<GraphTrained, 'way' | 'iterations'>;

/** Two models in turn, which share a layer: each must go on from what the other has made of it. */
export async function trainShared(tf: TensorFlow, isTraced: boolean): Promise<SharedTrained> {
  const before = tf.memory().numTensors;
  const given: GraphCase = graphCases.dropout;
  seedMathRandom(7);
  const shared = tf.layers.dense({ units: 12, activation: 'relu' });
  const both = [0, 1].map(() => start(tf, { ...given, layers: () => [shared] }, isTraced));
  const values: number[] = [];
  for (const [number, count] of graphCounts.entries()) {
    const { steps } = both[number % 3 === 0 ? 0 : 1] ?? {};
    values.push(...((await steps?.train(batchOf(given, count, number)))?.values ?? []));
  }
  const weights = both.flatMap(({ model }) => model.getWeights().flatMap((weight) => [...weight.dataSync()]));
  for (const { steps } of both) await steps.dispose();
  for (const { model } of both) {
    model.dispose();
    model.optimizer.dispose();
  }
  return { values, weights, left: tf.memory().numTensors - before };
}

/** A step, then the change, then another step: gives what is told of the second. */
export async function endGraph(tf: TensorFlow, name: keyof typeof endedCases): Promise<string> {
  const given: GraphCase = endedCases[name];
  const { model, steps } = start(tf, given, true);
  await steps.train(batchOf(given, BATCH, 0));
  given.change?.(model, 1);
  try {
    await steps.train(given.batch?.(batchOf(given, BATCH, 1)) ?? batchOf(given, BATCH, 1));
    steps.settle();
    return '';
  } catch (error) {
    return (error as Error).message;
  } finally {
    // In the wrong order: that is no other mistake.
    model.dispose();
    await steps.dispose();
  }
}

export interface Soaked {
  /** Resident memory of the process in bytes, and tensors, after each tenth of the steps. */
  readonly resident: readonly number[];
  readonly tensors: readonly number[];
}

/** A long training with everything that comes between steps. */
export async function soakGraph(tf: TensorFlow, count: number): Promise<Soaked> {
  const given: GraphCase = graphCases.dropout;
  const { model, steps } = start(tf, given, true);
  const [resident, tensors]: [number[], number[]] = [[], []];
  for (let number = 0; number < count; number++) {
    const batch = batchOf(given, number % 11 === 10 ? REST : BATCH, number);
    await steps.train(batch);
    if (number % 100 === 99) {
      steps.settle();
      await steps.evaluate(batch);
    }
    if ((number + 1) % (count / 10) !== 0) continue;
    resident.push(process.memoryUsage.rss());
    tensors.push(tf.memory().numTensors);
  }
  await steps.dispose();
  model.dispose();
  model.optimizer.dispose();
  return { resident, tensors };
}

interface Started {
  readonly model: LayersModel;
  readonly steps: TrainingSteps;
}

function start(
  tf: TensorFlow,
  { layers, input = [10], loss, optimizer, training, keepsOutputs = false }: GraphCase,
  isTraced: boolean,
): Started {
  const random = seedMathRandom(7);
  const first = tf.input({ shape: [...input] });
  const all = [...layers(tf), tf.layers.dense({ units: CLASSES, activation: 'softmax' })] as {
    apply(x: unknown): never;
  }[];
  const outputs = all.reduce((x: unknown, layer) => layer.apply(x), first) as never;
  const model = tf.model({ inputs: first, outputs });
  const section = {
    ...{ batch_size: BATCH, num_epochs: 1, loss_function: 'categorical_crossentropy', metric: 'accuracy' },
    ...{ metrics: null, optimizer: 'adam', learning_rate: 0.01, weight_decay: null, gradient_clipping: null },
    ...{ class_weights: null, ...training },
  } as TrainingSection;
  if (loss !== undefined || optimizer !== undefined)
    model.compile({
      optimizer: optimizer?.(tf) ?? tf.train.adam(0.01),
      loss: loss?.(tf) ?? 'categoricalCrossentropy',
      metrics: ['accuracy'],
    });
  const { metrics, weightDecay } = ensureCompiled(tf, model, section, { targetWidth: CLASSES });
  const options = { training: section, metrics, weightDecay, keepsOutputs, examples: outlineOf(input, CLASSES) };
  return {
    model,
    steps: createNativeSteps(tf, model, { ...options, isTraced, seed: 1, fit: 1, random, capacity: BATCH }),
  };
}

/** The steps are settled before their numbers are read, and those of the new model are made before it gets them, as a fit does it. */
async function resume(tf: TensorFlow, { model, steps }: Started, again: () => Started): Promise<Started> {
  steps.settle();
  const numbers = await Promise.all(variablesOf(model).map((variable, index) => readTensor(`${index}`, variable)));
  const optimizer = await readOptimizer(tf, model.optimizer);
  await steps.dispose();
  const next = again();
  const mistake = assignNumbers(tf, variablesOf(next.model), numbers) ?? restoreOptimizer(tf, next.model, optimizer);
  if (mistake !== undefined) throw new Error(mistake);
  model.dispose();
  model.optimizer.dispose();
  return next;
}

/** Of so many examples that an epoch has a partial batch. */
function outlineOf(shape: readonly number[], width: number): Examples {
  const size = shape.reduce((product, axis) => product * axis, 1);
  const count = 3 * BATCH + REST;
  return { shape, width, count, size, xs: new Float32Array(0), ys: new Float32Array(0), scale: 1 };
}

function batchOf({ input = [10], isOfWords = false, training }: GraphCase, count: number, number: number): StepBatch {
  const random = createRandom(number % 3);
  const size = input.reduce((product, axis) => product * axis, count);
  const xs = Float32Array.from({ length: size }, () => (isOfWords ? Math.floor(random() * 10) : random() * 2 - 1));
  const ys = Float32Array.from({ length: count * CLASSES }, (_, index) =>
    Number(index % CLASSES === (Math.floor(index / CLASSES) + number) % CLASSES),
  );
  const weights = { weights: Float32Array.from({ length: count }, (_, index) => 0.5 + (index % 3)) };
  return { xs, ys, count, number, ...(training?.class_weights === undefined ? {} : weights) };
}
