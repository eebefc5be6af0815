import type { SymbolicTensor } from '@tensorflow/tfjs-layers';
import { optimizers, type losses, type OptimizerName } from '../../../src/core/config/config.ts';
import { ensureCompiled } from '../../../src/worker/compilation.ts';
import { createRandom, seedMathRandom } from '../../../src/worker/seeds.ts';
import type { StepOptions } from '../../../src/worker/step.ts';
import type { LayersModel, TensorFlow } from '../../../src/worker/tensorflow.ts';
import { createEagerSteps, type TrainingSteps } from '../../../src/worker/trainingSteps.ts';

// Small trainings by our step, the same on every backend: nets with what layers offer, each optimizer and each loss of a config. (It
// loads no TensorFlow: its packages share one engine of the process, so a native one must be the only one there.)

const BATCH = 8;
const STEPS = 4;

type Layers = TensorFlow['layers'];
type Layer = ReturnType<Layers['dense']>;
type Activation = NonNullable<Parameters<Layers['dense']>[0]['activation']>;

interface Net {
  readonly input: readonly number[];
  readonly body: (layers: Layers, input: SymbolicTensor) => SymbolicTensor;
  /** Inputs are whole numbers 0 … 9. */
  readonly isOfWords?: boolean;
}

const image = [7, 7, 2];

function inTurn(input: SymbolicTensor, layers: readonly unknown[]): SymbolicTensor {
  return (layers as readonly Layer[]).reduce((x, layer) => layer.apply(x) as SymbolicTensor, input);
}

function dense(create: (layers: Layers) => readonly unknown[]): Net {
  return { input: [24], body: (layers, input) => inTurn(input, create(layers)) };
}

function activated(activation: Activation): Net {
  return dense((l) => [l.dense({ units: 12, activation }), l.dense({ units: 8, activation })]);
}

function onImages(create: (layers: Layers) => readonly unknown[]): Net {
  return { input: image, body: (layers, input) => inTurn(input, [...create(layers), layers.flatten()]) };
}

function summedUp(create: (layers: Layers) => unknown): Net {
  const body: Net['body'] = (layers, input) =>
    inTurn(input, [layers.conv2d({ filters: 4, kernelSize: 3, activation: 'tanh' }), create(layers)]);
  return { input: image, body };
}

function convolved(args: Partial<Parameters<Layers['conv2d']>[0]>): Net {
  return onImages((l) => [l.conv2d({ filters: 4, kernelSize: 3, activation: 'relu', ...args })]);
}

/** After tanh, greatest values of a window may be negative. */
function pooled(create: (layers: Layers) => unknown): Net {
  return onImages((l) => [l.conv2d({ filters: 4, kernelSize: 3, activation: 'tanh' }), create(l)]);
}

function onWords(create: (layers: Layers) => readonly unknown[]): Net {
  const body: Net['body'] = (layers, input) =>
    inTurn(input, [layers.embedding({ inputDim: 10, outputDim: 5 }), ...create(layers)]);
  return { input: [6], body, isOfWords: true };
}

const everydayNets = {
  'relu': activated('relu'),
  'relu6': activated('relu6'),
  'tanh': activated('tanh'),
  'sigmoid': activated('sigmoid'),
  'hard sigmoid': activated('hardSigmoid'),
  'elu': activated('elu'),
  'selu': activated('selu'),
  'softplus': activated('softplus'),
  'softsign': activated('softsign'),
  'swish': activated('swish'),
  'mish': activated('mish'),
  'linear': activated('linear'),
  'leaky relu': dense((l) => [l.dense({ units: 12 }), l.leakyReLU()]),
  'prelu': dense((l) => [l.dense({ units: 12 }), l.prelu()]),
  'regularized': dense((l) => [l.dense({ units: 12, kernelRegularizer: 'l1l2', biasRegularizer: 'l1l2' })]),
  'layer normalization': dense((l) => [l.dense({ units: 12, useBias: false }), l.layerNormalization()]),
  'dense batch normalization': dense((l) => [l.dense({ units: 12, useBias: false }), l.batchNormalization()]),
  'convolution': convolved({}),
  'same padding': convolved({ padding: 'same' }),
  'stride 2': convolved({ strides: 2, padding: 'same' }),
  'stride 3': convolved({ strides: 3 }),
  'strides 2 and 1': convolved({ strides: [2, 1], kernelSize: [3, 2] }),
  '5×5': convolved({ kernelSize: 5, padding: 'same' }),
  '1×1': convolved({ kernelSize: 1, activation: 'sigmoid' }),
  'depthwise': onImages((l) => [l.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, padding: 'same' })]),
  'depthwise, stride 2': onImages((l) => [l.depthwiseConv2d({ kernelSize: 3, strides: 2, activation: 'relu' })]),
  'separable': onImages((l) => [
    l.conv2d({ filters: 4, kernelSize: 3, padding: 'same', activation: 'relu' }),
    l.separableConv2d({ filters: 6, kernelSize: 3, depthMultiplier: 2, activation: 'tanh' }),
  ]),
  'transposed': onImages((l) => [l.conv2dTranspose({ filters: 3, kernelSize: 3, strides: 2, padding: 'same' })]),
  'batch normalization': onImages((l) => [
    l.conv2d({ filters: 4, kernelSize: 3, useBias: false }),
    l.batchNormalization(),
    l.activation({ activation: 'relu' }),
    l.maxPooling2d({ poolSize: 2 }),
  ]),
  'max pooling': pooled((l) => l.maxPooling2d({ poolSize: 2 })),
  'max pooling, overlapping': pooled((l) => l.maxPooling2d({ poolSize: 3, strides: 2, padding: 'same' })),
  'average pooling': pooled((l) => l.averagePooling2d({ poolSize: 2 })),
  'average pooling, overlapping': pooled((l) => l.averagePooling2d({ poolSize: 3, strides: 1, padding: 'same' })),
  'global average': summedUp((l) => l.globalAveragePooling2d({})),
  'global maximum': summedUp((l) => l.globalMaxPooling2d({})),
  'upsampling': pooled((l) => l.upSampling2d({ size: [2, 2] })),
  'margins': onImages((l) => [
    l.zeroPadding2d({ padding: [1, 2] }),
    l.conv2d({ filters: 3, kernelSize: 3, activation: 'relu' }),
    l.cropping2D({ cropping: [1, 1] }),
  ]),
  'two convolutions': onImages((l) => [
    l.conv2d({ filters: 8, kernelSize: 3, padding: 'same', activation: 'relu' }),
    l.maxPooling2d({ poolSize: 2 }),
    l.conv2d({ filters: 10, kernelSize: 3, activation: 'relu' }),
  ]),
  'branches': {
    input: image,
    body: (l, input) => {
      const branch = (kernelSize: number): SymbolicTensor =>
        inTurn(input, [l.conv2d({ filters: 3, kernelSize, padding: 'same', activation: 'relu' })]);
      const [left, right] = [branch(3), branch(1)];
      const both = l.add().apply([left, right]) as SymbolicTensor;
      return inTurn(l.concatenate().apply([both, left]) as SymbolicTensor, [l.flatten()]);
    },
  },
  'convolution in one dimension': onWords((l) => [
    l.conv1d({ filters: 4, kernelSize: 3, activation: 'relu' }),
    l.flatten(),
  ]),
  'embedding': onWords((l) => [l.flatten()]),
  'lstm': onWords((l) => [l.lstm({ units: 4, recurrentInitializer: 'glorotUniform' })]),
  'gru': onWords((l) => [l.gru({ units: 4, recurrentInitializer: 'glorotUniform' })]),
} satisfies Record<string, Net>;

/** What compiled steps know beyond them. */
const furtherNets = {
  'gelu': activated('gelu'),
  'new gelu': activated('gelu_new'),
  'curves on pictures': onImages((l) => [
    l.conv2d({ filters: 3, kernelSize: 3, activation: 'swish' }),
    l.activation({ activation: 'mish' }),
  ]),
  'prelu of channels': onImages((l) => [
    l.conv2d({ filters: 5, kernelSize: 3 }),
    l.prelu({ sharedAxes: [1, 2], alphaInitializer: 'ones' }),
  ]),
  'layer normalization of rows': onWords((l) => [
    l.layerNormalization({ epsilon: 0.1 }),
    l.dense({ units: 3 }),
    l.flatten(),
  ]),
  'cropping': pooled((l) =>
    l.cropping2D({
      cropping: [
        [1, 2],
        [0, 1],
      ],
    }),
  ),
  'uneven upsampling': pooled((l) => l.upSampling2d({ size: [1, 3] })),
  'permuted': onImages((l) => [
    l.permute({ dims: [3, 1, 2] }),
    l.conv2d({ filters: 3, kernelSize: [1, 3], activation: 'relu' }),
  ]),
  'transposed of rows': onWords((l) => [
    l.permute({ dims: [2, 1] }),
    l.dense({ units: 3, activation: 'tanh' }),
    l.flatten(),
  ]),
  'repeated': dense((l) => [
    l.dense({ units: 5, activation: 'tanh' }),
    l.repeatVector({ n: 3 }),
    l.conv1d({ filters: 4, kernelSize: 2 }),
    l.flatten(),
  ]),
  'transposed without padding': onImages((l) => [
    l.conv2dTranspose({ filters: 3, kernelSize: [3, 2], strides: [2, 3], activation: 'relu' }),
  ]),
  'transposed, stride 1': onImages((l) => [
    l.conv2dTranspose({ filters: 9, kernelSize: 3, useBias: false, padding: 'same' }),
  ]),
  'autoencoder': onImages((l) => [
    l.conv2d({ filters: 4, kernelSize: 3, strides: 2, padding: 'same', activation: 'relu' }),
    l.conv2dTranspose({ filters: 3, kernelSize: 5, strides: 2, padding: 'same', activation: 'relu' }),
    l.conv2d({ filters: 2, kernelSize: 3, padding: 'same' }),
  ]),
  'chosen among branches': {
    input: [24],
    body: (l, input) => {
      const branch = (): SymbolicTensor => inTurn(input, [l.dense({ units: 6, activation: 'tanh' })]);
      const [first, second, third] = [branch(), branch(), branch()];
      const most = l.maximum().apply([first, second, third]) as SymbolicTensor;
      const least = l.minimum().apply([first, second]) as SymbolicTensor;
      return l.average().apply([most, least, third]) as SymbolicTensor;
    },
  },
  'mean of words': onWords((l) => [l.globalAveragePooling1d()]),
  'most of words': onWords((l) => [l.globalMaxPooling1d()]),
  'pooled words': onWords((l) => [
    l.conv1d({ filters: 4, kernelSize: 3, padding: 'same', activation: 'relu' }),
    l.maxPooling1d({ poolSize: 2 }),
    l.averagePooling1d({ poolSize: 2, strides: 1, padding: 'same' }),
    l.flatten(),
  ]),
  'regularized words': {
    input: [6],
    isOfWords: true,
    body: (l, input) =>
      inTurn(input, [l.embedding({ inputDim: 10, outputDim: 5, embeddingsRegularizer: 'l1l2' }), l.flatten()]),
  },
} satisfies Record<string, Net>;

const nets: Readonly<Record<keyof typeof everydayNets | keyof typeof furtherNets, Net>> = {
  ...everydayNets,
  ...furtherNets,
};

type NetName = keyof typeof nets;

/** What the last layer gives, and what it is to give. */
const heads = {
  classes: { units: 4, activation: 'softmax', target: (label: number, unit: number) => Number(label === unit) },
  labels: { units: 4, activation: 'softmax', target: (label: number) => label },
  flags: { units: 3, activation: 'sigmoid', target: (label: number, unit: number) => Number(label > unit) },
  signs: { units: 3, activation: 'tanh', target: (label: number, unit: number) => (label > unit ? 1 : -1) },
  amounts: { units: 3, activation: 'softplus', target: (label: number, unit: number) => 0.2 + label * 0.3 + unit },
} as const satisfies Record<string, { target: (label: number, unit: number) => number; [key: string]: unknown }>;

type LossName = NonNullable<(typeof losses)[keyof typeof losses]>;

const headOf: Readonly<Record<LossName, keyof typeof heads>> = {
  categoricalCrossentropy: 'classes',
  sparseCategoricalCrossentropy: 'labels',
  binaryCrossentropy: 'flags',
  kullbackLeiblerDivergence: 'classes',
  categoricalHinge: 'classes',
  hinge: 'signs',
  squaredHinge: 'signs',
  meanSquaredError: 'amounts',
  meanAbsoluteError: 'amounts',
  meanAbsolutePercentageError: 'amounts',
  meanSquaredLogarithmicError: 'amounts',
  logcosh: 'amounts',
  poisson: 'amounts',
  cosineProximity: 'amounts',
};

/** Large enough to move the weights visibly in a few steps. */
const rates: Readonly<Record<OptimizerName, number>> = {
  ...{ adam: 0.01, adamw: 0.01, adamax: 0.01, rmsprop: 0.005 },
  ...{ sgd: 0.1, momentum: 0.03, adagrad: 0.05, adadelta: 10 },
};

/** Its gradients are of hundreds. */
const rateOf = ({ optimizer, loss }: Training): number =>
  loss === 'meanAbsolutePercentageError' ? rates[optimizer] / 100 : rates[optimizer];

export interface Training {
  readonly net: NetName;
  readonly optimizer: OptimizerName;
  readonly loss: LossName;
}

const lossNames = Object.keys(headOf) as LossName[];
const withEachOptimizer = ['relu', 'two convolutions', 'separable', 'batch normalization'] as const;

/** Each optimizer with nets of four kinds, each loss with two, and each net. */
export const trainings: readonly Training[] = [
  ...withEachOptimizer.flatMap((net) =>
    optimizers.names.map((optimizer) => ({ net, optimizer, loss: 'categoricalCrossentropy' as const })),
  ),
  ...(['tanh', 'max pooling'] as const).flatMap((net) =>
    lossNames.map((loss) => ({ net, optimizer: 'sgd' as const, loss })),
  ),
  ...(Object.keys(everydayNets) as NetName[])
    .filter((net) => !withEachOptimizer.some((one) => one === net))
    .map((net) => ({ net, optimizer: 'adam' as const, loss: 'meanSquaredError' as const })),
];

/** For compiled steps alone: other backends have no code of their own for them. */
export const furtherTrainings: readonly Training[] = (Object.keys(furtherNets) as NetName[]).map((net) => ({
  ...{ net, optimizer: 'adam' as const, loss: 'meanSquaredError' as const },
}));

export const nameOf = ({ net, optimizer, loss }: Training): string => `${net}, ${optimizer}, ${loss}`;

export interface Trained {
  readonly losses: readonly number[];
  readonly weights: readonly number[];
  /** The same numbers before the first step. */
  readonly start: readonly number[];
}

export interface TrainingPlan {
  /** Examples of each step's batch. */
  readonly counts: readonly number[];
  /** Makes the steps; else they are taken operation by operation. */
  readonly createSteps?: (
    model: LayersModel,
    options: StepOptions & { readonly targetWidth: number },
  ) => Promise<TrainingSteps>;
  readonly change?: (model: LayersModel) => void;
}

const wholeBatches: TrainingPlan = { counts: Array.from({ length: STEPS }, () => BATCH) };

/** Some steps of ours, on the backend that `tf` computes with now. */
export async function train(tf: TensorFlow, given: Training, plan = wholeBatches): Promise<Trained> {
  const { net, optimizer, loss } = given;
  seedMathRandom(7);
  const head = heads[headOf[loss]];
  const model = build(tf, nets[net], head);
  const training = {
    ...{ batch_size: BATCH, num_epochs: 1, loss_function: loss, metric: 'accuracy', metrics: ['crossentropy', 'mse'] },
    ...{ optimizer, learning_rate: rateOf(given), weight_decay: null, gradient_clipping: null },
  } as never;
  const targetWidth = head === heads.labels ? 1 : head.units;
  const { weightDecay, metrics } = ensureCompiled(tf, model, training, { targetWidth });
  const options = { training, metrics, keepsOutputs: false, weightDecay, targetWidth };
  const steps = await (plan.createSteps ?? createEager(tf, nets[net]))(model, options);
  const start = numbersOf(model);
  const taken: number[] = [];
  for (const [number, count] of plan.counts.entries()) {
    const batch = makeBatch({ net: nets[net], head, seed: number % 2, count });
    taken.push(...(await steps.train({ ...batch, count, number })).values);
  }
  const weights = numbersOf(model);
  await steps.dispose();
  model.dispose();
  return { losses: taken, weights, start };
}

type Head = (typeof heads)[keyof typeof heads];

function build(tf: TensorFlow, { input, body }: Net, { units, activation }: Head): LayersModel {
  const start = tf.input({ shape: [...input] });
  const end = inTurn(body(tf.layers, start), [tf.layers.dense({ units, activation })]);
  return tf.model({ inputs: start, outputs: end });
}

function numbersOf(model: LayersModel): number[] {
  return model.getWeights().flatMap((weight) => [...weight.dataSync()]);
}

function createEager(tf: TensorFlow, { input }: Net): NonNullable<TrainingPlan['createSteps']> {
  return (model, { targetWidth, ...options }) => {
    const examples = {
      shape: input,
      width: targetWidth,
      count: 0,
      size: 0,
      xs: new Float32Array(0),
      ys: new Float32Array(0),
      scale: 1,
    };
    return Promise.resolve(createEagerSteps(tf, model, { ...options, examples, why: undefined }));
  };
}

function makeBatch({
  net,
  head,
  seed,
  count,
}: {
  readonly net: Net;
  readonly head: Head;
  readonly seed: number;
  readonly count: number;
}): { xs: Float32Array; ys: Float32Array } {
  const size = net.input.reduce((product, axis) => product * axis, 1);
  const random = createRandom(seed + 1);
  const xs = Float32Array.from({ length: count * size }, () =>
    net.isOfWords === true ? Math.floor(random() * 10) : random() * 2 - 1,
  );
  const labels = Array.from({ length: count }, (_, index) => (index * 3 + seed) % 4);
  const units = head === heads.labels ? 1 : head.units;
  const targets = labels.flatMap((label) => Array.from({ length: units }, (_, unit) => head.target(label, unit)));
  return { xs, ys: Float32Array.from(targets) };
}
