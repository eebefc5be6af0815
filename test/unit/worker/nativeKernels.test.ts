import '@tensorflow/tfjs-backend-cpu';
import * as core from '@tensorflow/tfjs-core';
// It registers the gradients.
import '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import { mendNativeKernels } from '../../../src/worker/nativeKernels.ts';
import type { TensorFlow } from '../../../src/worker/tensorflow.ts';

// The cpu backend stands in for tfjs-node's: TensorFlow's operations are done by its kernels, and counted.
const operations: string[] = [];
const tf = core as unknown as TensorFlow;

type Tensors = readonly core.Tensor[];
const doers: Readonly<Record<string, (inputs: Tensors, flags: Readonly<Record<string, boolean>>) => core.Tensor>> = {
  ReluGrad: ([dy, y]) => core.tidy(() => core.mul(dy!, core.cast(core.greater(y!, 0), 'float32'))),
  MatMul: ([a, b], flags) =>
    core.tidy(() => {
      const [left, right] = [
        flags['transpose_a'] === true ? core.transpose(a!) : a!,
        flags['transpose_b'] === true ? core.transpose(b!) : b!,
      ];
      return core.sum(core.mul(core.expandDims(left, 2), core.expandDims(right, 0)), 1);
    }),
  GatherV2: ([x, rows]) =>
    core.tidy(() => core.matMul(core.oneHot(rows as core.Tensor1D, x!.shape[0]), x as core.Tensor2D)),
};

beforeAll(async () => {
  await core.setBackend('cpu');
  await core.ready();
  Object.assign(core.backend(), {
    binding: { TF_ATTR_TYPE: 1, TF_ATTR_BOOL: 2, TF_ATTR_INT: 3 },
    executeSingleOutput: (name: string, attributes: readonly { name: string; value: unknown }[], inputs: Tensors) => {
      operations.push(name);
      const flags = attributes.filter(({ value }) => typeof value === 'boolean');
      return doers[name]!(inputs, Object.fromEntries(flags.map((one) => [one.name, one.value as boolean])));
    },
  });
});

const x = [-2, -0.5, 0, 0.5, 3];
const gradient = (): number[] =>
  core.tidy(() => [
    ...core
      .grad((t) => core.sum(core.mul(core.relu(t), core.relu(t))))(core.tensor1d(x))
      .dataSync(),
  ]);
const second = (): number[] =>
  core.tidy(() => {
    const cube = (t: core.Tensor): core.Scalar => core.sum(core.mul(core.mul(core.relu(t), t), t));
    return [
      ...core
        .grad((t) => core.sum(core.grad(cube)(t)))(core.tensor1d(x))
        .dataSync(),
    ];
  });
const product = (transposeA: boolean, transposeB: boolean): number[] =>
  core.tidy(() => {
    const a = core.tensor2d([1, 2, 3, 4, 5, 6], transposeA ? [3, 2] : [2, 3]);
    const b = core.tensor2d([7, 8, 9, 10, 11, 12], transposeB ? [2, 3] : [3, 2]);
    return [...core.matMul(a, b, transposeA, transposeB).dataSync()];
  });
const stackOfOne = (): number[] =>
  core.tidy(() => {
    const [a, b] = [core.tensor3d([1, 2, 3, 4, 5, 6], [1, 2, 3]), core.tensor3d([7, 8, 9, 10, 11, 12], [1, 2, 3])];
    const product = core.matMul(a, b, false, true);
    return [...product.shape, ...product.dataSync()];
  });
const rows = (): number[] =>
  core.tidy(() => [
    ...core.gather(core.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]), core.tensor1d([2, 0], 'int32')).dataSync(),
  ]);
const stack = (): number[] => core.tidy(() => [...core.matMul(core.ones([2, 2, 3]), core.ones([2, 3, 1])).dataSync()]);

describe('mended kernels of native TensorFlow give what the library’s own give', () => {
  test('gradients of relu, of their gradients, and products', () => {
    const flags = [false, true].flatMap((a) => [false, true].map((b) => [a, b] as const));
    const before = {
      gradient: gradient(),
      second: second(),
      products: flags.map((pair) => product(...pair)),
      stack: stack(),
      stackOfOne: stackOfOne(),
      rows: rows(),
    };
    mendNativeKernels(tf, 'cpu');
    const after = {
      gradient: gradient(),
      second: second(),
      products: flags.map((pair) => product(...pair)),
      stack: stack(),
      stackOfOne: stackOfOne(),
      rows: rows(),
    };
    expect(after).toEqual(before);
    expect(before.gradient).toEqual([0, 0, 0, 1, 6]);
    expect(operations.filter((name) => name === 'MatMul')).toHaveLength(6);
    expect(operations).toContain('GatherV2');
    expect(operations).toContain('ReluGrad');
  });

  test('a second start changes nothing', () => {
    const kernel = core.getKernel('BatchMatMul', 'cpu');
    mendNativeKernels(tf, 'cpu');
    expect(core.getKernel('BatchMatMul', 'cpu')).toBe(kernel);
  });
});
