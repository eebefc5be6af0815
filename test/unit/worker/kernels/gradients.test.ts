import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { describe, expect, test } from 'vitest';
import { prepareBackends, values } from './backends.ts';

type Compute = () => tf.Tensor;
type Unary = (x: tf.Tensor) => tf.Tensor;

type Shape4 = [number, number, number, number];

const backends = prepareBackends();
const random = (shape: number[], seed: number): tf.Tensor =>
  tf.tensor(values(tf.util.sizeFromShape(shape), seed), shape);
const random4 = (shape: number[], seed: number): tf.Tensor4D => random(shape, seed) as tf.Tensor4D;
/** Gradient of the sum of squares, so that every element of the result has a gradient of its own. */
const gradientOf = (f: Unary, x: tf.Tensor): tf.Tensor => tf.grad((t) => tf.square(f(t)))(x);

/** The wasm backend with our kernels computes what the cpu backend computes, up to 1e-4 of the scale of the result. */
function check(cases: Record<string, Compute>): void {
  test.each(Object.entries(cases))('%s', async (_, compute) => {
    const [expected, found] = [
      await backends.on('cpu', () => compute().data()),
      await backends.on('wasm', () => compute().data()),
    ];
    expect(found.length).toBe(expected.length);
    let scale = 1;
    let difference = 0;
    expected.forEach((value, i) => {
      scale = Math.max(scale, Math.abs(value));
      const apart = Math.abs(value - found[i]!);
      if (!(apart <= difference)) difference = apart;
    });
    expect(difference).toBeLessThanOrEqual(1e-4 * scale);
  });
}

describe('matrix products', () => {
  const product =
    (a: number[], b: number[], transposeA = false, transposeB = false) =>
    () =>
      tf.matMul(random(a, 1), random(b, 2), transposeA, transposeB);
  check({
    'plain': product([130, 257], [257, 211]),
    'first transposed': product([128, 784], [128, 224], true),
    'second transposed': product([128, 224], [784, 224], false, true),
    'both transposed': product([224, 128], [784, 224], true, true),
    'one wide': product([128, 5], [128, 1], true),
    'a batch, transposed': product([3, 100, 64], [3, 100, 80], true),
    'a batch that is broadcast, transposed': product([1, 10, 6], [3, 10, 8], true),
    'a batch of one, transposed': product([1, 1, 10, 6], [1, 1, 10, 8], true),
    'fused with bias and relu': () =>
      tf.fused.matMul({
        a: random([128, 224], 1),
        b: random([224, 224], 2),
        bias: random([224], 3),
        activation: 'relu',
      }),
    'fused with bias and sigmoid': () =>
      tf.fused.matMul({
        a: random([128, 224], 1),
        b: random([224, 9], 2),
        bias: random([9], 3),
        activation: 'sigmoid',
      }),
  });
});

describe('convolutions', () => {
  const convolution = (
    name: string,
    xs: number[],
    ws: number[],
    stride: number | [number, number],
    pad: 'valid' | 'same' | number,
  ): Record<string, Compute> => {
    const convolve = (x: tf.Tensor, w: tf.Tensor) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, stride, pad);
    return {
      [`${name}, forward`]: () => convolve(random(xs, 1), random(ws, 2)),
      [`${name}, by input`]: () => gradientOf((x) => convolve(x, random(ws, 2)), random(xs, 1)),
      [`${name}, by filter`]: () => gradientOf((w) => convolve(random(xs, 1), w), random(ws, 2)),
    };
  };
  check({
    ...convolution('28×28×1, 3×3×32 valid', [4, 28, 28, 1], [3, 3, 1, 32], 1, 'valid'),
    ...convolution('13×13×32, 3×3×64 valid', [2, 13, 13, 32], [3, 3, 32, 64], 1, 'valid'),
    ...convolution('14×14×5, 3×3×7 same', [2, 14, 14, 5], [3, 3, 5, 7], 1, 'same'),
    ...convolution('15×15×5, 3×3×7 same, stride 2', [2, 15, 15, 5], [3, 3, 5, 7], 2, 'same'),
    ...convolution('15×15×9, 3×3×7 valid, stride 2', [2, 16, 16, 9], [3, 3, 9, 7], 2, 'valid'),
    ...convolution('14×17×5, 5×4×7 valid, stride 2×3', [2, 14, 17, 5], [5, 4, 5, 7], [2, 3], 'valid'),
    ...convolution('16×16×8, 1×1×4 same', [2, 16, 16, 8], [1, 1, 8, 4], 1, 'same'),
    ...convolution('16×16×8, 2×2×4 same, stride 2', [2, 16, 16, 8], [2, 2, 8, 4], 2, 'same'),
    ...convolution('16×16×8, 1×1×4 same, stride 2', [2, 16, 16, 8], [1, 1, 8, 4], 2, 'same'),
    ...convolution('6×6×3, 3×1×4 same, stride 2', [2, 6, 6, 3], [3, 1, 3, 4], 2, 'same'),
    ...convolution('8×6×9, 1×3×4 same, stride 2', [2, 8, 6, 9], [1, 3, 9, 4], 2, 'same'),
    ...convolution('9×9×5, 2×2×4 same, stride 3', [2, 9, 9, 5], [2, 2, 5, 4], 3, 'same'),
    ...convolution('12×12×3, 5×5×6 padding 1', [2, 12, 12, 3], [5, 5, 3, 6], 1, 1),
    ...convolution('5×5×8, 2×2×3 padding 3 (wider than the filter)', [2, 5, 5, 8], [2, 2, 8, 3], 1, 3),
    ...convolution('one pixel', [3, 1, 1, 9], [1, 1, 9, 2], 1, 'valid'),
    ...convolution('more images than patches fit', [40, 40, 40, 2], [5, 5, 2, 2], 2, 'same'),
  });
});

describe('convolutions fused with bias and activation', () => {
  const fused = (ws: Shape4, strides: number, pad: 'valid' | 'same') => () =>
    tf.fused.conv2d({
      ...{ x: random4([2, 6, 6, 3], 1), filter: random4(ws, 2), bias: random([4], 3), activation: 'relu' },
      ...{ strides, pad },
    });
  const fusedDepthwise = (ws: Shape4, strides: number, pad: 'valid' | 'same') => () =>
    tf.fused.depthwiseConv2d({
      ...{ x: random4([2, 6, 6, 3], 1), filter: random4(ws, 2), bias: random([6], 3), activation: 'relu' },
      ...{ strides, pad },
    });
  check({
    '3×3, valid': fused([3, 3, 3, 4], 1, 'valid'),
    '3×3, same, stride 2': fused([3, 3, 3, 4], 2, 'same'),
    '3×1, same, stride 2': fused([3, 1, 3, 4], 2, 'same'),
    'depthwise 3×3, same': fusedDepthwise([3, 3, 3, 2], 1, 'same'),
    'depthwise 1×3, same, stride 2': fusedDepthwise([1, 3, 3, 2], 2, 'same'),
  });
});

describe('transposed convolutions', () => {
  const convolve = (x: tf.Tensor, w: tf.Tensor) =>
    tf.conv2dTranspose(x as tf.Tensor4D, w as tf.Tensor4D, [2, 14, 14, 4], 2, 'same');
  const x = () => random([2, 7, 7, 5], 1);
  const w = () => random([3, 3, 4, 5], 2);
  check({
    'forward': () => convolve(x(), w()),
    'by input': () => gradientOf((t) => convolve(t, w()), x()),
    'by filter': () => gradientOf((t) => convolve(x(), t), w()),
  });
});

describe('depthwise convolutions', () => {
  const depthwise = (
    name: string,
    stride: number,
    pad: 'valid' | 'same',
    { size = 9, filter = [3, 3] } = {},
  ): Record<string, Compute> => {
    const convolve = (x: tf.Tensor, w: tf.Tensor) =>
      tf.depthwiseConv2d(x as tf.Tensor4D, w as tf.Tensor4D, stride, pad);
    const x = () => random([2, size, size, 5], 1);
    const w = () => random([...filter, 5, 2], 2);
    return {
      [`${name}, forward`]: () => convolve(x(), w()),
      [`${name}, by input`]: () => gradientOf((t) => convolve(t, w()), x()),
      [`${name}, by filter`]: () => gradientOf((t) => convolve(x(), t), w()),
    };
  };
  check({
    ...depthwise('same', 1, 'same'),
    ...depthwise('valid, stride 2', 2, 'valid'),
    ...depthwise('10×10, 3×1, same, stride 2', 2, 'same', { size: 10, filter: [3, 1] }),
  });
});

describe('pooling', () => {
  const pool = (size: number, stride: number, pad: 'valid' | 'same'): Record<string, Compute> => {
    const x = () => random4([2, 13, 13, 6], 5);
    const name = `${size}×${size}, stride ${stride}, ${pad}`;
    return {
      [`max ${name}`]: () => tf.maxPool(x(), size, stride, pad),
      [`max ${name}, gradient`]: () => gradientOf((t) => tf.maxPool(t as tf.Tensor4D, size, stride, pad), x()),
      [`average ${name}, gradient`]: () => gradientOf((t) => tf.avgPool(t as tf.Tensor4D, size, stride, pad), x()),
    };
  };
  check({
    ...pool(2, 2, 'valid'),
    ...pool(2, 2, 'same'),
    ...pool(3, 2, 'same'),
    ...pool(3, 1, 'valid'),
    ...pool(1, 2, 'same'),
    ...pool(2, 3, 'same'),
  });

  test('the gradient of max pooling is right where the greatest value is negative (finite differences)', async () => {
    const [height, width, channels] = [4, 6, 3];
    // All below zero: here the backend's own kernel loses every gradient.
    const x = Float64Array.from(values(height * width * channels, 3), (value) => value - 2);
    const sumOfSquaredMaxima = (pixels: Float64Array): number => {
      let sum = 0;
      for (let row = 0; row < height; row += 2)
        for (let column = 0; column < width; column += 2)
          for (let channel = 0; channel < channels; channel++) {
            const at = (y: number, z: number) => pixels[((row + y) * width + column + z) * channels + channel]!;
            sum += Math.max(at(0, 0), at(0, 1), at(1, 0), at(1, 1)) ** 2;
          }
      return sum;
    };
    const epsilon = 1e-5;
    const expected = x.map((_, i) => {
      const moved = (by: number) => sumOfSquaredMaxima(x.map((value, j) => (j === i ? value + by : value)));
      return (moved(epsilon) - moved(-epsilon)) / (2 * epsilon);
    });
    const found = await backends.on('wasm', () =>
      gradientOf(
        (t) => tf.maxPool(t as tf.Tensor4D, 2, 2, 'valid'),
        tf.tensor(Float32Array.from(x), [1, height, width, channels]),
      ).data(),
    );
    expected.forEach((value, i) => expect(found[i]).toBeCloseTo(value, 3));
    expect(expected.filter((value) => value !== 0)).toHaveLength((height * width * channels) / 4);
  });
});

describe('sums and segments', () => {
  const x = () => random([6, 5, 4, 3], 7);
  check({
    'first axis': () => tf.sum(x(), 0),
    'first three axes': () => tf.sum(x(), [0, 1, 2]),
    'first axes, kept': () => tf.sum(x(), [0, 1], true),
    'last axis': () => tf.sum(x(), 3),
    'middle axes': () => tf.sum(x(), [1, 2]),
    'everything': () => tf.sum(x()),
    'whole numbers': () => tf.sum(tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2], 'int32'), 0),
    'no rows': () => tf.sum(tf.zeros([0, 3]), 0),
    'segments': () => tf.unsortedSegmentSum(random([5, 3], 1), tf.tensor1d([0, 2, 2, 1, 0], 'int32'), 4),
    'gradient of gather': () => gradientOf((t) => tf.gather(t, tf.tensor1d([0, 2, 2, 5], 'int32')), random([16, 9], 1)),
  });
});

describe('batch normalisation', () => {
  const parts = () => ({
    x: random([4, 7, 7, 6], 1),
    mean: random([6], 2) as tf.Tensor1D,
    variance: tf.add<tf.Tensor1D>(tf.abs(random([6], 3)), 0.5),
    offset: random([6], 4) as tf.Tensor1D,
    scale: random([6], 5) as tf.Tensor1D,
  });
  check(
    Object.fromEntries(
      (['x', 'mean', 'variance', 'offset', 'scale'] as const).map((name) => [
        `by ${name}`,
        () => {
          const all = parts();
          return gradientOf((t) => {
            const v = { ...all, [name]: t };
            return tf.batchNorm(v.x, v.mean, v.variance, v.offset, v.scale, 1e-3);
          }, all[name]);
        },
      ]),
    ),
  );
  check({ 'variance of moments': () => tf.grad((x) => tf.moments(x, [0, 1, 2]).variance)(random([4, 7, 7, 6], 1)) });
});

describe('gradients of operations that layers use', () => {
  const unary: Record<string, Unary> = {
    relu: tf.relu,
    relu6: tf.relu6,
    elu: tf.elu,
    selu: tf.selu,
    sigmoid: tf.sigmoid,
    tanh: tf.tanh,
    softplus: tf.softplus,
    leakyRelu: (x) => tf.leakyRelu(x, 0.1),
    prelu: (x) => tf.prelu(x, tf.scalar(0.2)),
    softmax: (x) => tf.softmax(x),
    logSoftmax: (x) => tf.logSoftmax(x),
    abs: tf.abs,
    exp: tf.exp,
    erf: tf.erf,
    sin: tf.sin,
    log1p: (x) => tf.log1p(tf.abs(x)),
    sqrt: (x) => tf.sqrt(tf.add(tf.abs(x), 0.1)),
    rsqrt: (x) => tf.rsqrt(tf.add(tf.abs(x), 0.1)),
    logSumExp: (x) => tf.logSumExp(x, 1),
    max: (x) => tf.max(x, 1),
    min: (x) => tf.min(x, 1),
    mean: (x) => tf.mean(x, 0),
    sum: (x) => tf.sum(x, 1),
    clip: (x) => tf.clipByValue(x, -0.5, 0.5),
    pow: (x) => tf.pow(x, 3),
    pad: (x) =>
      tf.pad(x, [
        [1, 2],
        [0, 1],
      ]),
    tile: (x) => tf.tile(x, [2, 3]),
    transpose: (x) => tf.transpose(x),
    reverse: (x) => tf.reverse(x, 1),
    slice: (x) => tf.slice(x, [2, 3], [5, 4]),
    concat: (x) => tf.concat([x, tf.square(x)], 1),
    stack: (x) => tf.stack([x, tf.square(x)], 1),
    unstack: (x) => tf.unstack(x, 1)[3]!,
    cumsum: (x) => tf.cumsum(x, 1),
    where: (x) =>
      tf.where(
        tf.tensor2d(
          Array.from({ length: 144 }, (_, i) => i % 3),
          [16, 9],
          'bool',
        ),
        x,
        tf.square(x),
      ),
    expandDims: (x) => tf.expandDims(x, 1),
    divide: (x) => tf.div(x, tf.add(tf.square(x), 1)),
    subtract: (x) => tf.sub(x, tf.square(x)),
    maximum: (x) => tf.maximum(x, tf.square(x)),
    minimum: (x) => tf.minimum(x, 0.3),
    squaredDifference: (x) => tf.squaredDifference(x, 0.3),
    mod: (x) => tf.mod(x, 0.3),
    swish: (x) => tf.mul(x, tf.sigmoid(x)),
    resizeBilinear: (x) => tf.image.resizeBilinear(tf.reshape<tf.Rank.R4>(x, [1, 6, 6, 4]), [12, 12]),
    resizeNearest: (x) => tf.image.resizeNearestNeighbor(tf.reshape<tf.Rank.R4>(x, [1, 6, 6, 4]), [16, 18]),
  };
  check(Object.fromEntries(Object.entries(unary).map(([name, f]) => [name, () => gradientOf(f, random([16, 9], 11))])));
});

describe('gradients of losses', () => {
  const { metrics } = layers;
  const labels = () =>
    tf.cast(
      tf.oneHot(
        tf.tensor1d(
          Array.from({ length: 16 }, (_, i) => i % 9),
          'int32',
        ),
        9,
      ),
      'float32',
    );
  const losses: Record<string, (truth: tf.Tensor, x: tf.Tensor) => tf.Tensor> = {
    'categorical cross-entropy': (truth, x) => metrics.categoricalCrossentropy(truth, tf.softmax(x)),
    'binary cross-entropy': (truth, x) => metrics.binaryCrossentropy(truth, tf.sigmoid(x)),
    'mean squared error': (truth, x) => metrics.meanSquaredError(truth, x),
    'mean absolute error': (truth, x) => metrics.meanAbsoluteError(truth, x),
    'mean absolute percentage error': (truth, x) => metrics.meanAbsolutePercentageError(truth, x),
    'softmax cross-entropy': (truth, x) => tf.losses.softmaxCrossEntropy(truth, x),
    'huber': (truth, x) => tf.losses.huberLoss(truth, x),
  };
  check(
    Object.fromEntries(
      Object.entries(losses).map(([name, loss]) => [name, () => tf.grad((x) => loss(labels(), x))(random([16, 9], 3))]),
    ),
  );
});
