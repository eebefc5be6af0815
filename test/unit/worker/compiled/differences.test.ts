import { beforeAll, describe, test } from 'vitest';
import { prepareBackends } from '../kernels/backends.ts';
import { tf } from './compiling.ts';
import {
  behind,
  check,
  inTurn,
  itself,
  joined,
  kinked,
  losses,
  merged,
  onNumbers,
  onPictures,
  onWords,
  toNumbers,
  type Activation,
  type Build,
  type Net,
} from './differingNets.ts';

// The gradient of each part that is compiled is the slope of the loss: a definition, where an agreement with TensorFlow.js is one with its mistakes.

const backends = prepareBackends();
const { layers: l } = tf;

beforeAll(() => backends.on('cpu', () => undefined));

describe('layers of filters', () => {
  const nets: Readonly<Record<string, () => Net>> = {
    'Dense': () => onNumbers(l.dense({ units: 9 })),
    'Dense without a bias': () => onNumbers(l.dense({ units: 9, useBias: false })),
    'Dense of more numbers than a block': () => ({
      input: [19],
      build: inTurn(l.dense({ units: 21, activation: 'tanh' }), l.dense({ units: 11 })),
    }),
    'Dense of rows': () => onPictures(l.dense({ units: 3 })),
    'Embedding': () => onWords(),
    'Conv1D': () => onWords(l.conv1d({ filters: 5, kernelSize: 3 })),
    'Conv1D, strides and margins': () =>
      onWords(l.conv1d({ filters: 3, kernelSize: 2, strides: 2, padding: 'same', useBias: false })),
    'Conv2D': () => onPictures(l.conv2d({ filters: 3, kernelSize: [3, 2] })),
    'Conv2D, same': () => onPictures(l.conv2d({ filters: 9, kernelSize: 3, padding: 'same', useBias: false })),
    'Conv2D, strides': () => onPictures(l.conv2d({ filters: 3, kernelSize: 3, strides: [1, 2], padding: 'same' })),
    'Conv2D, strides beyond its kernel': () =>
      onPictures(l.conv2d({ filters: 3, kernelSize: [1, 2], strides: [2, 3] })),
    'Conv2D, kernel beyond the picture': () => onPictures(l.conv2d({ filters: 2, kernelSize: 7, padding: 'same' })),
    'Conv2D, 1×1': () => onPictures(l.conv2d({ filters: 3, kernelSize: 1 })),
    'Conv2DTranspose': () => onPictures(l.conv2dTranspose({ filters: 3, kernelSize: [3, 2], strides: 2 })),
    'Conv2DTranspose, same': () =>
      onPictures(l.conv2dTranspose({ filters: 5, kernelSize: 3, strides: [2, 1], padding: 'same', useBias: false })),
    'Conv2DTranspose, strides beyond its kernel': () =>
      onPictures(l.conv2dTranspose({ filters: 2, kernelSize: [1, 2], strides: [2, 3] })),
    'DepthwiseConv2D': () => onPictures(l.depthwiseConv2d({ kernelSize: [3, 2] })),
    'DepthwiseConv2D, same, multiplied': () =>
      onPictures(l.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, padding: 'same', useBias: false })),
    'DepthwiseConv2D, strides': () => onPictures(l.depthwiseConv2d({ kernelSize: 3, strides: 2, padding: 'same' })),
    'SeparableConv2D': () => onPictures(l.separableConv2d({ filters: 3, kernelSize: 2, depthMultiplier: 2 })),
    'SeparableConv2D, same, strides': () =>
      onPictures(
        l.separableConv2d({
          filters: 5,
          kernelSize: 3,
          strides: 2,
          padding: 'same',
          useBias: false,
          activation: 'tanh',
        }),
      ),
  };
  test.each(Object.entries(nets))('%s', (_, net) => check(net()));
});

describe('what is larger than the blocks in which it is computed, on two threads', () => {
  const nets: Readonly<Record<string, () => Net>> = {
    'Dense': () => ({
      input: [150],
      build: behind(
        inTurn(l.dense({ units: 67, activation: 'tanh' }), l.dense({ units: 41, activation: 'tanh' })),
        toNumbers,
      ),
    }),
    'Conv2D': () => larger(l.conv2d({ filters: 19, kernelSize: 3, activation: 'tanh' })),
    'Conv2D, strides': () => larger(l.conv2d({ filters: 35, kernelSize: 2, strides: 2, activation: 'tanh' })),
    'Conv2DTranspose': () => larger(l.conv2dTranspose({ filters: 17, kernelSize: 3, strides: 2, activation: 'tanh' })),
    'DepthwiseConv2D': () => larger(l.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 3, activation: 'tanh' })),
    'BatchNormalization': () => larger(l.batchNormalization(), l.activation({ activation: 'tanh' })),
  };
  test.each(Object.entries(nets))('%s', (_, net) =>
    check(net(), { pass: 'training', count: 7, threads: 2, most: 16, telling: 0.4 }),
  );

  function larger(...layers: readonly unknown[]): Net {
    const first = l.conv2d({ filters: 13, kernelSize: 1, activation: 'tanh' });
    // More pixels than rows that normalizations take at once.
    return { input: [13, 13, 5], build: behind(inTurn(first, ...layers, l.globalAveragePooling2d({})), toNumbers) };
  }
});

describe('activations', () => {
  const smooth = ['sigmoid', 'tanh', 'softplus', 'softmax', 'swish', 'mish', 'gelu', 'gelu_new', 'linear'] as const;
  const bent = ['relu', 'relu6', 'elu', 'selu', 'softsign', 'hardSigmoid'] as const;
  test.each(smooth)('%s', async (activation) => {
    await check(onNumbers(l.dense({ units: 9, activation })));
    await check(onPictures(l.conv2d({ filters: 5, kernelSize: 2 }), l.activation({ activation })));
  });
  test.each(bent)('%s', async (activation) => {
    const scale = activation === 'relu6' || activation === 'hardSigmoid' ? 12 : 1;
    const net = { input: [6], scale, build: inTurn(l.dense({ units: 9, activation }), l.dense({ units: 2 })) };
    await check(net, { ...kinked, count: 8, telling: 0.4 });
    await check(onPictures(l.conv2d({ filters: 5, kernelSize: 2, activation })), kinked);
    await check(onPictures(l.conv2d({ filters: 5, kernelSize: 2 }), l.activation({ activation })), kinked);
  });
  test('ReLU', () => check(onPictures(l.reLU({})), kinked));
  test('ReLU, at most 6', () =>
    check(
      { input: [6], scale: 12, build: inTurn(l.dense({ units: 9 }), l.reLU({ maxValue: 6 }), l.dense({ units: 2 })) },
      { ...kinked, count: 8 },
    ));
  test.each([0, 0.3, 1.5])('LeakyReLU, %d', (alpha) => check(onPictures(l.leakyReLU({ alpha })), kinked));
  test('ELU', () => check(onPictures(l.elu({})), kinked));
  test('Softmax', async () => {
    await check(onNumbers(l.softmax({})));
    await check(onPictures(l.softmax({ axis: -1 })));
  });
  test('PReLU', () => check(onPictures(l.prelu({})), { ...kinked, count: 3, telling: 0.4 }));
  test('PReLU of channels', () => check(onPictures(l.prelu({ sharedAxes: [1, 2] })), kinked));
  test('PReLU, one for all', () => check(onPictures(l.prelu({ sharedAxes: [1, 2, 3] })), kinked));
});

describe('normalizations', () => {
  const training = { pass: 'training' } as const;
  test.each([
    ['BatchNormalization', () => onNumbers(l.batchNormalization())],
    [
      'BatchNormalization of pictures',
      () => onPictures(l.batchNormalization({ epsilon: 0.05 }), l.activation({ activation: 'tanh' })),
    ],
    [
      'BatchNormalization, neither moved nor scaled',
      () => onPictures(l.batchNormalization({ center: false, scale: false }), l.activation({ activation: 'tanh' })),
    ],
    [
      'two BatchNormalizations',
      () =>
        onPictures(
          l.batchNormalization(),
          l.conv2d({ filters: 9, kernelSize: 2, activation: 'tanh' }),
          l.batchNormalization(),
        ),
    ],
  ])('%s', (_, net) => check(net(), { ...training, count: 7 }));
  test.each([
    ['LayerNormalization', () => onNumbers(l.layerNormalization(), l.dense({ units: 3, activation: 'tanh' }))],
    [
      'LayerNormalization of pixels',
      () => onPictures(l.layerNormalization({ epsilon: 0.1 }), l.activation({ activation: 'tanh' })),
    ],
    [
      'LayerNormalization, neither moved nor scaled',
      () => onWords(l.layerNormalization({ center: false, scale: false }), l.activation({ activation: 'tanh' })),
    ],
  ])('%s', (_, net) => check(net(), { count: 5 }));
});

describe('poolings', () => {
  const most: Readonly<Record<string, () => Net>> = {
    'MaxPooling2D': () => onPictures(l.maxPooling2d({ poolSize: 2 })),
    'MaxPooling2D, overlapping': () =>
      onPictures(l.maxPooling2d({ poolSize: [3, 2], strides: [1, 2], padding: 'same' })),
    'MaxPooling2D of a fused relu': () =>
      onPictures(
        l.conv2d({ filters: 9, kernelSize: 2, activation: 'relu' }),
        l.maxPooling2d({ poolSize: 2, strides: 1 }),
      ),
    'MaxPooling2D of an activation': () =>
      onPictures(l.activation({ activation: 'elu' }), l.maxPooling2d({ poolSize: 2 })),
    'MaxPooling1D': () =>
      onWords(
        l.conv1d({ filters: 5, kernelSize: 2, activation: 'tanh' }),
        l.maxPooling1d({ poolSize: 3, strides: 1, padding: 'same' }),
      ),
    'GlobalMaxPooling1D': () =>
      onWords(l.conv1d({ filters: 5, kernelSize: 2, activation: 'tanh' }), l.globalMaxPooling1d()),
    'GlobalMaxPooling2D': () => onPictures(l.globalMaxPooling2d({})),
  };
  test.each(Object.entries(most))('%s', (_, net) => check(net(), kinked));
  const average: Readonly<Record<string, () => Net>> = {
    'AveragePooling2D': () => onPictures(l.averagePooling2d({ poolSize: 2 })),
    'AveragePooling2D, overlapping': () =>
      onPictures(l.averagePooling2d({ poolSize: [3, 2], strides: [1, 2], padding: 'same' })),
    'AveragePooling1D': () => onWords(l.averagePooling1d({ poolSize: 3, strides: 2, padding: 'same' })),
    'GlobalAveragePooling1D': () => onWords(l.globalAveragePooling1d()),
    'GlobalAveragePooling2D': () => onPictures(l.globalAveragePooling2d({})),
  };
  test.each(Object.entries(average))('%s', (_, net) => check(net()));
});

// Numbers that are equal wherever the weights are: none of them may get more than its share of the gradient.
test.each([
  [
    'GlobalMaxPooling1D',
    () => onNumbers(l.repeatVector({ n: 3 }), l.globalMaxPooling1d(), l.dense({ units: 9, activation: 'tanh' })),
  ],
  ['GlobalMaxPooling2D', () => onPictures(l.upSampling2d({ size: [2, 1] }), l.globalMaxPooling2d({}))],
  ['MaxPooling2D', () => onPictures(l.upSampling2d({ size: [2, 1] }), l.maxPooling2d({ poolSize: 2 }))],
  ['Maximum', () => twice(l.maximum())],
  ['Minimum', () => twice(l.minimum())],
])('%s of numbers that are equal', (_, net) => check(net(), kinked));

test('categoricalHinge of answers that are equal', () => {
  const { input, build } = twice(l.concatenate());
  const target = (_: unknown, index: number): number => Number(index % 10 === 3);
  return check({ input, build }, { ...kinked, loss: 'categoricalHinge', target, telling: 0.2 });
});

function twice(layer: unknown): Net {
  return {
    input: [6],
    build: behind(inTurn(l.dense({ units: 5, activation: 'tanh' })), joined(layer, itself, itself)),
  };
}

describe('layers that put numbers elsewhere', () => {
  const nets: Readonly<Record<string, () => Net>> = {
    'UpSampling2D': () => onPictures(l.upSampling2d({ size: [1, 3] })),
    'ZeroPadding2D': () =>
      onPictures(
        l.zeroPadding2d({
          padding: [
            [1, 0],
            [2, 1],
          ],
        }),
        l.conv2d({ filters: 2, kernelSize: 2, activation: 'tanh' }),
      ),
    'Cropping2D': () =>
      onPictures(
        l.cropping2D({
          cropping: [
            [1, 0],
            [1, 2],
          ],
        }),
      ),
    'Flatten': () => onPictures(l.flatten(), l.dense({ units: 5, activation: 'tanh' })),
    'Reshape': () => onPictures(l.reshape({ targetShape: [10, 6] }), l.dense({ units: 3, activation: 'tanh' })),
    'Permute': () =>
      onPictures(l.permute({ dims: [3, 1, 2] }), l.conv2d({ filters: 3, kernelSize: 2, activation: 'tanh' })),
    'Permute, pixels stay together': () =>
      onPictures(l.permute({ dims: [2, 1, 3] }), l.conv2d({ filters: 3, kernelSize: [2, 1], activation: 'tanh' })),
    'RepeatVector': () =>
      onNumbers(l.repeatVector({ n: 3 }), l.conv1d({ filters: 3, kernelSize: 2, activation: 'tanh' }), l.flatten()),
  };
  test.each(Object.entries(nets))('%s', (_, net) => check(net()));
});

describe('layers of several inputs', () => {
  test.each([
    ['Add', () => merged(l.add())],
    ['Multiply', () => merged(l.multiply())],
    ['Average', () => merged(l.average())],
    ['Concatenate', () => merged(l.concatenate())],
  ])('%s', (_, net) => check(net()));
  test.each([
    ['Maximum', () => merged(l.maximum())],
    ['Minimum', () => merged(l.minimum())],
  ])('%s', (_, net) => check(net(), { ...kinked, count: 7 }));
  test.each([
    ['Add', () => l.add()],
    ['Multiply', () => l.multiply()],
    ['Concatenate', () => l.concatenate()],
  ])('%s of a number with itself, and with what was made of it', async (_, layer) => {
    const input = [4, 4, 2];
    const front: Build = (x) => inTurn(l.conv2d({ filters: 5, kernelSize: 2, activation: 'tanh' }))(x);
    await check({ input, build: behind(front, joined(layer(), itself, itself), toNumbers) });
    const made = inTurn(l.depthwiseConv2d({ kernelSize: 3, padding: 'same', activation: 'sigmoid' }));
    const again = inTurn(l.conv2d({ filters: 5, kernelSize: 3, padding: 'same' }));
    await check({ input, build: behind(front, joined(layer(), itself, made, again), toNumbers) });
  });
});

describe('losses', () => {
  const numbers = (activation: Activation): Net => ({
    input: [6],
    build: inTurn(l.dense({ units: 7, activation: 'tanh' }), l.dense({ units: 5, activation })),
  });
  const rows = (activation: Activation): Net => ({ ...numbers(activation), input: [3, 4] });
  test.each(losses)('%s of %s', async (loss, activation, wishes) => {
    await check(numbers(activation), { ...wishes, loss, count: 7 });
    await check(rows(activation), { ...wishes, loss, count: 3, weights: [0.5, 2, 1.25] });
  });
  test('cross-entropy of a softmax that is not the last', () =>
    check(
      { input: [6], build: inTurn(l.dense({ units: 8, activation: 'softmax' }), l.reshape({ targetShape: [2, 4] })) },
      { loss: 'categoricalCrossentropy', target: (random) => random() },
    ));
});

describe('what a training step has beyond', () => {
  const training = { pass: 'training' } as const;
  const regularized = (l1: number, l2: number): Net => {
    const of = (): ReturnType<typeof tf.regularizers.l1l2> => tf.regularizers.l1l2({ l1, l2 });
    return onPictures(
      l.separableConv2d({
        filters: 3,
        kernelSize: 2,
        depthwiseRegularizer: of(),
        pointwiseRegularizer: of(),
        biasRegularizer: of(),
      }),
      l.batchNormalization({ gammaRegularizer: of(), betaRegularizer: of() }),
      l.conv2d({ filters: 2, kernelSize: 2, kernelRegularizer: of(), activation: 'tanh' }),
    );
  };
  test('L1', () => check(regularized(0.07, 0), { ...training, ...kinked }));
  test('L2', () => check(regularized(0, 0.05), training));
  test('L1 and L2 of rows that are chosen', () =>
    check(
      {
        input: [6],
        words: 7,
        build: inTurn(
          l.embedding({
            inputDim: 9,
            outputDim: 5,
            embeddingsRegularizer: tf.regularizers.l1l2({ l1: 0.02, l2: 0.03 }),
          }),
          l.flatten(),
          l.dense({ units: 2 }),
        ),
      },
      { ...training, ...kinked },
    ));
  // What is drawn depends on the step's number, which is always the same here.
  test.each([
    ['Dropout', () => l.dropout({ rate: 0.3 })],
    ['GaussianNoise', () => l.gaussianNoise({ stddev: 0.4 })],
    ['GaussianDropout', () => l.gaussianDropout({ rate: 0.3 })],
  ])('%s', async (_, layer) => {
    await check(onPictures(layer()), training);
    await check(onNumbers(layer(), l.dense({ units: 9, activation: 'tanh' }), layer()), { ...training, count: 8 });
  });
  const trainable = false;
  test.each<readonly [string, () => unknown]>([
    ['Dense', () => l.dense({ units: 3, trainable })],
    ['Conv2D', () => l.conv2d({ filters: 3, kernelSize: 2, trainable })],
    ['Conv2DTranspose', () => l.conv2dTranspose({ filters: 3, kernelSize: 2, trainable })],
    ['DepthwiseConv2D', () => l.depthwiseConv2d({ kernelSize: 2, trainable })],
    ['SeparableConv2D', () => l.separableConv2d({ filters: 3, kernelSize: 2, trainable })],
    ['BatchNormalization', () => l.batchNormalization({ trainable })],
    ['LayerNormalization', () => l.layerNormalization({ trainable })],
    ['PReLU', () => l.prelu({ sharedAxes: [1, 2], trainable })],
  ])('%s that is frozen hands its gradient on', async (_, layer) => {
    const rest = (): unknown => l.activation({ activation: 'tanh' });
    await check(onPictures(layer(), rest()), { ...training, ...kinked });
    // Here nothing is trained before it.
    await check({ input: [4, 5, 2], build: behind(inTurn(layer(), rest()), toNumbers) }, training);
  });
});
