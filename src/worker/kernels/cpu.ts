import {
  getKernel,
  registerKernel,
  unregisterKernel,
  type AvgPoolGradAttrs,
  type KernelFunc,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { averagePoolInfo, shareAmongPixels } from './averagePooling.ts';

/** What is used here of the cpu backend. */
interface CpuBackend {
  readSync(dataId: object): Float32Array;
  makeTensorInfo(shape: readonly number[], dtype: string, values: Float32Array): TensorInfo;
}

type Shape4 = [number, number, number, number];

/** Gradients that the cpu backend has wrong; why, stands at each. */
const mended: Readonly<Record<string, KernelFunc>> = {
  ResizeNearestNeighborGrad: ({ inputs, backend, attrs }) => resizeGradient(inputs, backend as CpuBackend, attrs),
  AvgPoolGrad: ({ inputs, backend, attrs }) => {
    const { dy, input } = inputs as { dy: TensorInfo; input: TensorInfo };
    const cpu = backend as CpuBackend;
    const dx = new Float32Array(input.shape.reduce((product, axis) => product * axis, 1));
    shareAmongPixels(averagePoolInfo(input, attrs as unknown as AvgPoolGradAttrs), cpu.readSync(dy.dataId), dx);
    return cpu.makeTensorInfo(input.shape, 'float32', dx);
  },
};

export function mendCpuKernels(): void {
  for (const [kernelName, kernelFunc] of Object.entries(mended)) {
    if (isKnown(kernelName)) unregisterKernel(kernelName, 'cpu');
    registerKernel({ kernelName, backendName: 'cpu', kernelFunc });
  }
}

/** The type says that there always is one. */
function isKnown(kernelName: string): boolean {
  return (getKernel(kernelName, 'cpu') as unknown) !== undefined;
}

/**
 * Of enlarged images: each number of the gradient goes to the pixel that its own was copied from. The backend reads the gradients of
 * every image but the first from a wrong place.
 */
function resizeGradient(inputs: object, cpu: CpuBackend, attrs: object | undefined): TensorInfo {
  const { images, dy } = inputs as { images: TensorInfo; dy: TensorInfo };
  const [count, height, width, depth] = images.shape as Shape4;
  const [, tall, wide] = dy.shape as Shape4;
  const { alignCorners } = (attrs ?? {}) as { alignCorners?: boolean };
  const rows = sourcesOf(height, tall, alignCorners === true);
  const columns = sourcesOf(width, wide, alignCorners === true);
  const given = cpu.readSync(dy.dataId);
  const result = new Float32Array(count * height * width * depth);
  for (let image = 0, next = 0; image < count; image++)
    for (const row of rows)
      for (const column of columns) {
        const place = ((image * height + row) * width + column) * depth;
        for (let i = place; i < place + depth; i++) result[i] = (result[i] ?? 0) + (given[next++] ?? 0);
      }
  return cpu.makeTensorInfo(images.shape, images.dtype, result);
}

/** For each place of the enlarged axis, the one that it was copied from. */
function sourcesOf(size: number, enlarged: number, isAligned: boolean): readonly number[] {
  const margin = isAligned && enlarged > 1 ? 1 : 0;
  const scale = (size - margin) / (enlarged - margin);
  const toWhole = isAligned ? Math.round : Math.floor;
  return Array.from({ length: enlarged }, (_, place) => Math.min(size - 1, toWhole(place * scale)));
}
