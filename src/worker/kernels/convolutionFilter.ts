import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { backend_util, type Conv2DBackpropFilterAttrs, type TensorInfo } from '@tensorflow/tfjs-core';
import {
  asShape,
  floatsOf,
  release,
  requireChannelsLast,
  type BasicKernels,
  type GradientKernel,
  type KernelCall,
} from './kernel.ts';
import { imagesAtOnce, selectImages } from './patches.ts';

/** Below this many input channels the convolution has too little to do per call, and gathered patches are faster. */
const MIN_CHANNELS = 8;

/**
 * Gradient of a convolution by its filter; the backend has none.
 *
 *   dw[r,s,c,f] = Σ over n,i,j of x[n, i·stride+r−pad, j·stride+s−pad, c] · dy[n,i,j,f]
 *
 * That is a convolution itself: of x with channels and examples exchanged, [c,h,w,n], by dy as the filter [i,j,n,f], dilated
 * by the stride. So the backend's vectorized convolution does it. Images with few channels (the first layer) are done as a
 * matrix product of gathered patches instead.
 */
export const convolutionFilter: GradientKernel = {
  name: 'Conv2DBackpropFilter',
  create: (basics) => (call) => {
    const { inputs, backend, attrs } = call as unknown as KernelCall<'x' | 'dy', Conv2DBackpropFilterAttrs>;
    const info = backend_util.computeConv2DInfo(
      inputs.x.shape as [number, number, number, number],
      attrs.filterShape,
      attrs.strides,
      1,
      attrs.pad,
      attrs.dimRoundingMode,
      false,
      backend_util.convertConv2DDataFormat(attrs.dataFormat),
    );
    requireChannelsLast(info, 'Conv2DBackpropFilter');
    const padding = paddingForConvolution(info);
    return info.inChannels >= MIN_CHANNELS && padding !== undefined
      ? byConvolution(basics, backend, inputs, info, padding)
      : byPatches(basics, backend, inputs, info);
  },
};

type Inputs = KernelCall<'x' | 'dy', never>['inputs'];

interface Padding {
  readonly rows: readonly [number, number];
  readonly columns: readonly [number, number];
}

/** Padding with which the convolution gives exactly filterHeight × filterWidth; undefined where x would have to be cut. */
function paddingForConvolution(info: backend_util.Conv2DInfo): Padding | undefined {
  const { top, left } = info.padInfo;
  const bottom = info.filterHeight + (info.outHeight - 1) * info.strideHeight - info.inHeight - top;
  const right = info.filterWidth + (info.outWidth - 1) * info.strideWidth - info.inWidth - left;
  return bottom >= 0 && right >= 0 ? { rows: [top, bottom], columns: [left, right] } : undefined;
}

function byConvolution(
  basics: BasicKernels,
  backend: BackendWasm,
  { x, dy }: Inputs,
  info: backend_util.Conv2DInfo,
  padding: Padding,
): TensorInfo {
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels } = info;
  const taps = info.filterHeight * info.filterWidth;
  const channelsFirst = basics.transpose(backend, asShape(x, [batchSize, inHeight * inWidth, inChannels]), [2, 1, 0]);
  const asFilter = basics.transpose(backend, asShape(dy, [batchSize, outHeight * outWidth, outChannels]), [1, 0, 2]);
  const byChannel = basics.convolve(
    backend,
    asShape(channelsFirst, [inChannels, inHeight, inWidth, batchSize]),
    asShape(asFilter, [outHeight, outWidth, batchSize, outChannels]),
    { ...padding, dilations: [info.strideHeight, info.strideWidth] },
  );
  const dw = basics.transpose(backend, asShape(byChannel, [inChannels, taps, outChannels]), [1, 0, 2]);
  release(backend, channelsFirst, asFilter, byChannel);
  return asShape(dw, info.filterShape);
}

/** Patches as the columns of a matrix [r·s·c, n·i·j], times dy [n·i·j, f]; a few images at a time to bound the memory. */
function byPatches(
  basics: BasicKernels,
  backend: BackendWasm,
  { x, dy }: Inputs,
  info: backend_util.Conv2DInfo,
): TensorInfo {
  const { batchSize, outChannels } = info;
  const pixels = info.outHeight * info.outWidth;
  const rows = info.filterHeight * info.filterWidth * info.inChannels;
  const out = backend.makeOutput(info.filterShape, 'float32');
  floatsOf(backend, out).fill(0);
  const atOnce = imagesAtOnce(info);
  for (let first = 0; first < batchSize; first += atOnce) {
    const count = Math.min(atOnce, batchSize - first);
    const patches = backend.makeOutput([rows, count * pixels], 'float32');
    const gradient = selectImages(backend, dy, first, count);
    gatherColumns(info, floatsOf(backend, x), floatsOf(backend, patches), first, count);

    const part = basics.product(backend, patches, asShape(gradient, [count * pixels, outChannels]));
    const dw = floatsOf(backend, out);
    floatsOf(backend, part).forEach((value, index) => (dw[index] = (dw[index] ?? 0) + value));
    release(backend, patches, part, ...(gradient === dy ? [] : [gradient]));
  }
  return out;
}

/** patches[(r·KW+s)·C+c, (n·OH+i)·OW+j] = x[n, i·stride+r−pad, j·stride+s−pad, c], zero outside of the image. */
function gatherColumns(
  info: backend_util.Conv2DInfo,
  x: Float32Array,
  patches: Float32Array,
  first: number,
  count: number,
): void {
  const { inHeight, inWidth, inChannels, outHeight, outWidth, strideHeight, strideWidth, padInfo } = info;
  let next = 0;
  for (let r = 0; r < info.filterHeight; r++)
    for (let s = 0; s < info.filterWidth; s++) {
      // The output columns from `low` up to, not including, `high` read inside of the image.
      const low = Math.min(outWidth, Math.max(0, Math.ceil((padInfo.left - s) / strideWidth)));
      const high = Math.max(low, Math.min(outWidth, Math.floor((inWidth - 1 + padInfo.left - s) / strideWidth) + 1));
      for (let channel = 0; channel < inChannels; channel++)
        for (let image = first; image < first + count; image++)
          for (let row = 0; row < outHeight; row++, next += outWidth) {
            const y = row * strideHeight - padInfo.top + r;
            if (y < 0 || y >= inHeight) {
              patches.fill(0, next, next + outWidth);
              continue;
            }
            patches.fill(0, next, next + low);
            let from = ((image * inHeight + y) * inWidth + low * strideWidth - padInfo.left + s) * inChannels + channel;
            for (let column = low; column < high; column++, from += strideWidth * inChannels)
              patches[next + column] = x[from] ?? 0;
            patches.fill(0, next + high, next + outWidth);
          }
    }
}
