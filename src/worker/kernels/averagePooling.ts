import { backend_util, type AvgPoolGradAttrs, type TensorInfo } from '@tensorflow/tfjs-core';
import { floatsOf, type GradientKernel, type KernelCall } from './kernel.ts';

/**
 * Gradient of average pooling: each pixel of a window gets its share of the window's dy. A window that reaches over the edge is the mean
 * of the pixels that there are; the backends' own kernels share among all of the filter's places, and so lose a part of the gradient
 * along the edges wherever the padding is `same`.
 */
export const averagePool: GradientKernel = {
  name: 'AvgPoolGrad',
  create: () => (call) => {
    const { inputs, backend, attrs } = call as unknown as KernelCall<'dy' | 'input', AvgPoolGradAttrs>;
    const { dy, input } = inputs;
    const out = backend.makeOutput(input.shape, 'float32');
    const dx = floatsOf(backend, out).fill(0);
    shareAmongPixels(averagePoolInfo(input, attrs), floatsOf(backend, dy), dx);
    return out;
  },
};

export function averagePoolInfo({ shape }: TensorInfo, attrs: AvgPoolGradAttrs): backend_util.Conv2DInfo {
  const { filterSize, strides, pad, dimRoundingMode } = attrs as AvgPoolGradAttrs & { dimRoundingMode?: 'floor' };
  const [count, height, width, channels] = shape as [number, number, number, number];
  return backend_util.computePool2DInfo([count, height, width, channels], filterSize, strides, 1, pad, dimRoundingMode);
}

/** Adds to `dx`. */
export function shareAmongPixels(info: backend_util.Conv2DInfo, dy: Float32Array, dx: Float32Array): void {
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, strideHeight, strideWidth, padInfo } = info;
  for (let image = 0, next = 0; image < batchSize; image++)
    for (let row = 0; row < outHeight; row++) {
      const top = row * strideHeight - padInfo.top;
      const [firstRow, endRow] = [Math.max(0, top), Math.min(inHeight, top + info.effectiveFilterHeight)];
      for (let column = 0; column < outWidth; column++, next += inChannels) {
        const left = column * strideWidth - padInfo.left;
        const [firstColumn, endColumn] = [Math.max(0, left), Math.min(inWidth, left + info.effectiveFilterWidth)];
        const share = 1 / ((endRow - firstRow) * (endColumn - firstColumn));
        for (let y = firstRow; y < endRow; y++)
          for (let z = firstColumn; z < endColumn; z++) {
            const place = ((image * inHeight + y) * inWidth + z) * inChannels;
            for (let i = 0; i < inChannels; i++) dx[place + i] = (dx[place + i] ?? 0) + (dy[next + i] ?? 0) * share;
          }
      }
    }
}
