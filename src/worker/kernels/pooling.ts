import { backend_util, type MaxPoolGradAttrs } from '@tensorflow/tfjs-core';
import { floatsOf, type GradientKernel, type KernelCall } from './kernel.ts';

/**
 * Gradient of max pooling: dy of each window goes to the first greatest value in it. The backend's own kernel starts its
 * search at zero, and so loses the gradient of every window whose greatest value is negative: harmless behind a relu, wrong
 * behind tanh, batch normalisation or a linear layer.
 */
export const maxPool: GradientKernel = {
  name: 'MaxPoolGrad',
  create: () => (call) => {
    const { inputs, backend, attrs } = call as unknown as KernelCall<'dy' | 'input', MaxPoolGradAttrs>;
    const { dy, input } = inputs;
    const { filterSize, strides, pad, dimRoundingMode } = attrs;
    const shape = input.shape as [number, number, number, number];
    const info = backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);

    const out = backend.makeOutput(input.shape, 'float32');
    const dx = floatsOf(backend, out).fill(0);
    scatterToMaxima(info, floatsOf(backend, input), floatsOf(backend, dy), dx);
    return out;
  },
};

function scatterToMaxima(info: backend_util.Conv2DInfo, x: Float32Array, dy: Float32Array, dx: Float32Array): void {
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, strideHeight, strideWidth, padInfo } = info;
  const corners = new Int32Array(info.effectiveFilterHeight * info.effectiveFilterWidth);
  let next = 0;
  for (let image = 0; image < batchSize; image++)
    for (let row = 0; row < outHeight; row++) {
      const firstRow = row * strideHeight - padInfo.top;
      const lastRow = Math.min(inHeight, firstRow + info.effectiveFilterHeight);
      for (let column = 0; column < outWidth; column++) {
        const firstColumn = column * strideWidth - padInfo.left;
        const lastColumn = Math.min(inWidth, firstColumn + info.effectiveFilterWidth);
        let count = 0;
        for (let y = Math.max(0, firstRow); y < lastRow; y++)
          for (let z = Math.max(0, firstColumn); z < lastColumn; z++)
            corners[count++] = ((image * inHeight + y) * inWidth + z) * inChannels;
        if (count === 4) scatterWindowOfFour(corners, inChannels, next, x, dy, dx);
        else scatterWindow(corners.subarray(0, count), inChannels, next, x, dy, dx);
        next += inChannels;
      }
    }
}

/** One window, all channels: `corners` are the places of its pixels' first channel, `next` that of the window in dy. */
function scatterWindow(
  corners: Int32Array,
  channels: number,
  next: number,
  x: Float32Array,
  dy: Float32Array,
  dx: Float32Array,
): void {
  for (let channel = 0; channel < channels; channel++) {
    let place = (corners[0] ?? 0) + channel;
    let greatest = x[place] ?? 0;
    for (let i = 1; i < corners.length; i++) {
      const candidate = (corners[i] ?? 0) + channel;
      const value = x[candidate] ?? 0;
      if (value > greatest) {
        greatest = value;
        place = candidate;
      }
    }
    add(dx, place, dy[next + channel] ?? 0);
  }
}

/** The same for four pixels (2 × 2, by far the most common window), without the inner loop: half the time. */
function scatterWindowOfFour(
  corners: Int32Array,
  channels: number,
  next: number,
  x: Float32Array,
  dy: Float32Array,
  dx: Float32Array,
): void {
  const [first = 0, second = 0, third = 0, fourth = 0] = corners;
  for (let channel = 0; channel < channels; channel++) {
    let place = first + channel;
    let greatest = x[place] ?? 0;
    const atSecond = x[second + channel] ?? 0;
    const atThird = x[third + channel] ?? 0;
    if (atSecond > greatest) {
      greatest = atSecond;
      place = second + channel;
    }
    if (atThird > greatest) {
      greatest = atThird;
      place = third + channel;
    }
    if ((x[fourth + channel] ?? 0) > greatest) place = fourth + channel;
    add(dx, place, dy[next + channel] ?? 0);
  }
}

function add(values: Float32Array, index: number, value: number): void {
  values[index] = (values[index] ?? 0) + value;
}
