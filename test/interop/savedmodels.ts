import * as core from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import type { LayersModel, Tensor, TensorFlow } from '../../src/worker/tensorflow.ts';

// Models in which every layer that predicts has its part, and every kernel that can be said in TensorFlow's operations.

const tf: TensorFlow = { ...core, ...layers };

const {
  activation,
  add,
  average,
  averagePooling1d,
  averagePooling2d,
  averagePooling3d,
  batchNormalization,
  bidirectional,
  concatenate,
  conv1d,
  conv2d,
  conv2dTranspose,
  conv3d,
  conv3dTranspose,
  convLstm2d,
  cropping2D,
  dense,
  depthwiseConv2d,
  dot,
  dropout,
  elu,
  embedding,
  flatten,
  gaussianNoise,
  globalAveragePooling1d,
  globalAveragePooling2d,
  globalMaxPooling1d,
  globalMaxPooling2d,
  gru,
  layerNormalization,
  leakyReLU,
  lstm,
  masking,
  maximum,
  maxPooling1d,
  maxPooling2d,
  maxPooling3d,
  minimum,
  multiply,
  permute,
  prelu,
  reLU,
  repeatVector,
  reshape,
  separableConv2d,
  simpleRNN,
  softmax,
  thresholdedReLU,
  timeDistributed,
  upSampling2d,
  zeroPadding2d,
} = layers.layers;

/** Orthogonal ones, the default, want methods of tensors that only the worker's bundle has. */
const recurrent = { recurrentInitializer: 'glorotUniform' } as const;

type Apply = layers.SymbolicTensor;
const stack = (...list: layers.layers.Layer[]): LayersModel => layers.sequential({ layers: list });
const image = [8, 8, 3] as [number, number, number];
const steps = [5, 4] as [number, number];

/** Operations that no layer of the packages' own comes to in these models, on a batch of six numbers each. */
const operations: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  ...Object.fromEntries(
    (
      [
        ...[
          'ceil',
          'cos',
          'cosh',
          'exp',
          'expm1',
          'floor',
          'reciprocal',
          'relu6',
          'round',
          'sign',
          'sin',
          'sinh',
          'tan',
        ],
        ...['log', 'log1p', 'rsqrt'],
      ] as const
    ).map((name) => [name, (x: Tensor) => (core[name] as (x: Tensor) => Tensor)(tf.add(tf.abs(x), 0.1))]),
  ),
  ...Object.fromEntries(
    (['mod', 'squaredDifference', 'equal', 'greaterEqual', 'less', 'lessEqual'] as const).map((name) => [
      name,
      (x: Tensor) => (core[name] as (a: Tensor, b: Tensor) => Tensor)(x, tf.reverse(x, 1)),
    ]),
  ),
  addN: (x) => tf.addN([x, x, x]),
  all: (x) => tf.all(tf.greater(x, -0.9), 1),
  argMax: (x) => tf.argMax(x, 1),
  broadcastTo: (x) => tf.broadcastTo(tf.expandDims(x, 1), [x.shape[0], 3, 6]),
  cast: (x) => tf.cast(tf.mul(x, 3), 'int32'),
  depthwise: (x) =>
    tf.fused.depthwiseConv2d({
      x: tf.reshape<core.Rank.R4>(x, [x.shape[0], 2, 3, 1]),
      filter: tf.fill([2, 2, 1, 1], 0.5),
      strides: 1,
      pad: 'same',
      activation: 'relu6',
    }),
  logicalAnd: (x) => tf.logicalAnd(tf.greater(x, 0), tf.less(x, 0.5)),
  logicalNot: (x) => tf.logicalNot(tf.greater(x, 0)),
  logicalOr: (x) => tf.logicalOr(tf.greater(x, 0.5), tf.less(x, -0.5)),
  logSoftmax: (x) => tf.logSoftmax(x),
  matMul: (x) => tf.matMul(tf.expandDims(x, 2), tf.expandDims(x, 1)),
  matMulTransposed: (x) => tf.matMul(tf.reshape(x, [x.shape[0], 2, 3]), tf.ones([x.shape[0], 4, 3]), false, true),
  min: (x) => tf.min(x, 1, true),
  mirrorPad: (x) =>
    tf.mirrorPad(
      x,
      [
        [0, 0],
        [1, 2],
      ],
      'reflect',
    ),
  prod: (x) => tf.prod(x, [1]),
  where: (x) => tf.where(tf.greater(x, 0), x, tf.mul(x, 2)),
};

/** Computes an operation. */
class Computing extends layers.layers.Layer {
  static readonly className = 'Computing';
  readonly #compute: (x: Tensor) => Tensor;
  constructor(name: string, compute: (x: Tensor) => Tensor) {
    super({ name });
    this.#compute = compute;
  }
  override computeOutputShape(): layers.Shape {
    return [null, 1];
  }
  override call(inputs: Tensor | Tensor[]): Tensor {
    return tf.tidy(() => this.#compute([inputs].flat()[0]!));
  }
}

/** input → `body`, whose answer is the output. */
function graph(shape: number[], body: (input: Apply) => Apply): LayersModel {
  const input = layers.input({ shape });
  return layers.model({ inputs: input, outputs: body(input) });
}

export const models: Readonly<Record<string, () => LayersModel>> = {
  'an MLP': () =>
    stack(
      dense({ inputShape: [12], units: 8, activation: 'relu' }),
      dense({ units: 8, activation: 'sigmoid' }),
      dropout({ rate: 0.5 }),
      dense({ units: 4, activation: 'softmax' }),
    ),
  'a CNN': () =>
    stack(
      conv2d({ inputShape: image, filters: 4, kernelSize: 3, activation: 'relu' }),
      maxPooling2d({ poolSize: 2 }),
      conv2d({ filters: 5, kernelSize: [2, 1], strides: [1, 2], padding: 'same', useBias: false }),
      flatten(),
      dropout({ rate: 0.5 }),
      dense({ units: 10, activation: 'softmax' }),
    ),
  'one number': () => stack(dense({ inputShape: [3], units: 4, activation: 'tanh' }), dense({ units: 1 })),
  'a sigmoid head': () => stack(dense({ inputShape: [6], units: 3, activation: 'sigmoid', useBias: false })),
  'batch normalization': () =>
    stack(
      conv2d({ inputShape: image, filters: 4, kernelSize: 3, useBias: false }),
      batchNormalization(),
      activation({ activation: 'relu' }),
      flatten(),
      dense({ units: 6 }),
      batchNormalization({ scale: false }),
      batchNormalization({ center: false, epsilon: 0.01 }),
    ),
  'depthwise convolution': () =>
    stack(
      depthwiseConv2d({ inputShape: image, kernelSize: 3, depthMultiplier: 2, padding: 'same', activation: 'relu' }),
      depthwiseConv2d({ kernelSize: 3, strides: 2, useBias: false }),
    ),
  'dilated depthwise convolution': () =>
    stack(depthwiseConv2d({ inputShape: image, kernelSize: 3, dilationRate: 2, useBias: false })),
  'pictures that are scaled': () =>
    stack(
      layers.layers.rescaling({ inputShape: image, scale: 1 / 127.5, offset: -1 }),
      conv2d({ filters: 2, kernelSize: 2 }),
    ),
  'separable convolution': () =>
    stack(separableConv2d({ inputShape: image, filters: 6, kernelSize: 3, padding: 'same', activation: 'elu' })),
  'poolings': () =>
    stack(
      averagePooling2d({ inputShape: image, poolSize: 3, strides: 1, padding: 'same' }),
      maxPooling2d({ poolSize: [2, 3], strides: [1, 2], padding: 'same' }),
      globalAveragePooling2d({}),
    ),
  'a global maximum': () => stack(conv2d({ inputShape: image, filters: 4, kernelSize: 3 }), globalMaxPooling2d({})),
  'a residual block': () =>
    graph(image, (input) => {
      const first = conv2d({ filters: 3, kernelSize: 3, padding: 'same', activation: 'relu' }).apply(input);
      const second = batchNormalization().apply(conv2d({ filters: 3, kernelSize: 3, padding: 'same' }).apply(first));
      const sum = add().apply([input, second as Apply]);
      return dense({ units: 4 }).apply(
        globalAveragePooling2d({}).apply(activation({ activation: 'relu' }).apply(sum)),
      ) as Apply;
    }),
  'branches': () =>
    graph([6], (input) => {
      const branch = (units: number): Apply => dense({ units, activation: 'relu' }).apply(input) as Apply;
      const equal = [branch(5), branch(5)];
      const merged = [add(), average(), maximum(), minimum(), multiply()].map((layer) => layer.apply(equal) as Apply);
      return concatenate().apply([...merged, branch(3), dot({ axes: 1 }).apply(equal) as Apply]) as Apply;
    }),
  'two inputs, two outputs': () => {
    const [picture, facts] = [
      layers.input({ shape: image, name: 'picture' }),
      layers.input({ shape: [3], name: 'facts' }),
    ];
    const seen = flatten().apply(conv2d({ filters: 2, kernelSize: 3 }).apply(picture)) as Apply;
    const both = concatenate().apply([seen, facts]) as Apply;
    const outputs = ['kind', 'size'].map((name, index) => dense({ units: index + 2, name }).apply(both) as Apply);
    return layers.model({ inputs: [picture, facts], outputs });
  },
  'a model within a model, used twice': () => {
    const inner = stack(dense({ inputShape: [4], units: 4, activation: 'relu' }), dense({ units: 4 }));
    return graph([4], (input) => inner.apply(inner.apply(input)) as Apply);
  },
  'convolutions in one and three dimensions': () =>
    stack(
      conv3d({ inputShape: [4, 6, 6, 2], filters: 3, kernelSize: 2, activation: 'relu' }),
      maxPooling3d({ poolSize: [1, 2, 2] }),
      averagePooling3d({ poolSize: 2, strides: 1, padding: 'same' }),
      conv3dTranspose({ filters: 2, kernelSize: 2, strides: 2 }),
      reshape({ targetShape: [12, 16] }),
      conv1d({ filters: 4, kernelSize: 3, dilationRate: 2, activation: 'relu' }),
      conv1d({ filters: 4, kernelSize: 2, padding: 'same' }),
      averagePooling1d({ poolSize: 2 }),
      maxPooling1d({ poolSize: 2, strides: 1 }),
      globalMaxPooling1d({}),
    ),
  'sizes of pictures': () =>
    stack(
      zeroPadding2d({
        inputShape: image,
        padding: [
          [1, 2],
          [0, 1],
        ],
      }),
      upSampling2d({ size: [2, 2] }),
      cropping2D({
        cropping: [
          [1, 1],
          [2, 0],
        ],
      }),
      conv2dTranspose({ filters: 3, kernelSize: 3, strides: 2, padding: 'same', activation: 'relu' }),
      upSampling2d({ size: [1, 2], interpolation: 'bilinear' }),
      conv2d({ filters: 2, kernelSize: 3, dilationRate: 2 }),
    ),
  'channels first': () =>
    stack(conv2d({ inputShape: [3, 8, 8], filters: 4, kernelSize: 3, dataFormat: 'channelsFirst' })),
  'shapes of vectors': () =>
    stack(
      dense({ inputShape: [6], units: 8 }),
      reshape({ targetShape: [2, 4] }),
      permute({ dims: [2, 1] }),
      dense({ units: 3, activation: 'relu' }),
      layerNormalization(),
      flatten(),
      repeatVector({ n: 3 }),
      timeDistributed({ layer: dense({ units: 2 }) }),
      softmax({ axis: 2 }),
    ),
  'layers that are activations': () =>
    stack(
      dense({ inputShape: [9], units: 9 }),
      leakyReLU({ alpha: 0.2 }),
      dense({ units: 9 }),
      prelu(),
      elu(),
      dense({ units: 9 }),
      thresholdedReLU({ theta: 0.1 }),
      reLU({ maxValue: 2 }),
      gaussianNoise({ stddev: 1 }),
      softmax({ axis: -1 }),
    ),
  'recurrent layers': () =>
    stack(
      lstm({ ...recurrent, inputShape: steps, units: 3, returnSequences: true }),
      gru({ ...recurrent, units: 4, returnSequences: true }),
      bidirectional({
        layer: simpleRNN({ ...recurrent, units: 2, returnSequences: true }),
        mergeMode: 'concat',
      }),
      lstm({ ...recurrent, units: 3, goBackwards: true }),
      dense({ units: 2, activation: 'softmax' }),
    ),
  'a convolution over time': () =>
    stack(
      convLstm2d({ ...recurrent, inputShape: [3, 6, 6, 2], filters: 2, kernelSize: 3, padding: 'same' }),
      flatten(),
      dense({ units: 2 }),
    ),
  'words': () =>
    stack(
      embedding({ inputDim: 20, outputDim: 4, inputLength: 5, maskZero: true }),
      lstm({ ...recurrent, units: 3 }),
      dense({ units: 2, activation: 'softmax' }),
    ),
  'steps that are left out': () =>
    stack(masking({ inputShape: steps, maskValue: 0 }), gru({ ...recurrent, units: 3 }), dense({ units: 2 })),
  'an average over time': () =>
    stack(conv1d({ inputShape: steps, filters: 3, kernelSize: 2 }), globalAveragePooling1d({})),
  'operations by themselves': () => {
    const input = layers.input({ shape: [6] });
    const outputs = Object.entries(operations).map(
      ([name, compute]) => new Computing(name, compute).apply(input) as Apply,
    );
    return layers.model({ inputs: input, outputs });
  },
  'a batch of a fixed size': () => stack(dense({ batchInputShape: [7, 3], units: 2 })),
  ...Object.fromEntries(
    (
      [
        ...['elu', 'hardSigmoid', 'linear', 'relu', 'relu6', 'selu', 'sigmoid', 'softmax', 'softplus', 'softsign'],
        ...['tanh', 'swish', 'mish', 'gelu', 'gelu_new'],
      ] as const
    ).map((name) => [
      `the activation ${name}`,
      () =>
        stack(
          conv2d({ inputShape: [4, 4, 2], filters: 3, kernelSize: 2, activation: name }),
          flatten(),
          dense({ units: 6, activation: name }),
        ),
    ]),
  ),
};
