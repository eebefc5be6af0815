import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { backend_util, type Conv2DBackpropInputAttrs, type TensorInfo } from '@tensorflow/tfjs-core';
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

/**
 * Gradient of a convolution by its input, and the forward pass of a transposed convolution:
 *
 *   dx[n,y,z,c] = Σ over r,s,f of dy[n, (y+pad−r)/stride, (z+pad−s)/stride, f] · w[r,s,c,f]   (where the division is whole)
 *
 * With stride 1 that is a convolution of dy by the filter turned by 180° with its channels exchanged, which the backend does
 * fast; its own kernel for this is a scalar loop. With other strides: the product dy · wᵀ, its patches added into place.
 */
export const convolutionInput: GradientKernel = {
  name: 'Conv2DBackpropInput',
  create: (basics) => (call) => {
    const { inputs, backend, attrs } = call as unknown as KernelCall<'dy' | 'filter', Conv2DBackpropInputAttrs>;
    const info = backend_util.computeConv2DInfo(
      attrs.inputShape,
      inputs.filter.shape as [number, number, number, number],
      attrs.strides,
      1,
      attrs.pad,
      attrs.dimRoundingMode,
      false,
      backend_util.convertConv2DDataFormat(attrs.dataFormat),
    );
    requireChannelsLast(info, 'Conv2DBackpropInput');
    const padding = paddingForConvolution(info);
    return padding === undefined
      ? byPatches(basics, backend, inputs, info)
      : byConvolution(basics, backend, inputs, info, padding);
  },
};

type Inputs = KernelCall<'dy' | 'filter', never>['inputs'];

interface Padding {
  readonly rows: readonly [number, number];
  readonly columns: readonly [number, number];
}

/** Padding of dy with which the convolution gives exactly the input's size; undefined where there is none. */
function paddingForConvolution(info: backend_util.Conv2DInfo): Padding | undefined {
  if (info.strideHeight !== 1 || info.strideWidth !== 1) return undefined;
  const top = info.filterHeight - 1 - info.padInfo.top;
  const left = info.filterWidth - 1 - info.padInfo.left;
  const bottom = info.inHeight - info.outHeight - top + info.filterHeight - 1;
  const right = info.inWidth - info.outWidth - left + info.filterWidth - 1;
  return Math.min(top, left, bottom, right) >= 0 ? { rows: [top, bottom], columns: [left, right] } : undefined;
}

function byConvolution(
  basics: BasicKernels,
  backend: BackendWasm,
  { dy, filter }: Inputs,
  info: backend_util.Conv2DInfo,
  padding: Padding,
): TensorInfo {
  const { filterHeight, filterWidth, inChannels, outChannels } = info;
  const taps = filterHeight * filterWidth;
  const turned = basics.reverse(backend, asShape(filter, [taps, inChannels * outChannels]));
  const exchanged = basics.transpose(backend, asShape(turned, [taps, inChannels, outChannels]), [0, 2, 1]);
  const dx = basics.convolve(
    backend,
    dy,
    asShape(exchanged, [filterHeight, filterWidth, outChannels, inChannels]),
    padding,
  );
  release(backend, turned, exchanged);
  return asShape(dx, info.inShape);
}

/** dy [n·i·j, f] times wᵀ [f, r·s·c] gives the patches; overlapping ones are added up. A few images at a time. */
function byPatches(
  basics: BasicKernels,
  backend: BackendWasm,
  { dy, filter }: Inputs,
  info: backend_util.Conv2DInfo,
): TensorInfo {
  const { batchSize, outChannels } = info;
  const pixels = info.outHeight * info.outWidth;
  const patchSize = info.filterHeight * info.filterWidth * info.inChannels;
  const transposed = basics.transpose(backend, asShape(filter, [patchSize, outChannels]), [1, 0]);
  const out = backend.makeOutput(info.inShape, 'float32');
  floatsOf(backend, out).fill(0);
  const atOnce = imagesAtOnce(info);
  for (let first = 0; first < batchSize; first += atOnce) {
    const count = Math.min(atOnce, batchSize - first);
    const gradient = selectImages(backend, dy, first, count);
    const patches = basics.product(
      backend,
      asShape(gradient, [count * pixels, outChannels]),
      asShape(transposed, [outChannels, patchSize]),
    );
    addPatches(info, floatsOf(backend, patches), floatsOf(backend, out), first, count);
    release(backend, patches, ...(gradient === dy ? [] : [gradient]));
  }
  release(backend, transposed);
  return out;
}

/** dx[n, i·stride+r−pad, j·stride+s−pad, c] += patches[(n·OH+i)·OW+j, (r·KW+s)·C+c], as far as that lies in the image. */
function addPatches(
  info: backend_util.Conv2DInfo,
  patches: Float32Array,
  dx: Float32Array,
  first: number,
  count: number,
): void {
  const { inHeight, inWidth, inChannels, outHeight, outWidth, filterHeight, filterWidth, padInfo } = info;
  for (let image = 0; image < count; image++)
    for (let row = 0; row < outHeight; row++)
      for (let r = 0; r < filterHeight; r++) {
        const y = row * info.strideHeight - padInfo.top + r;
        if (y < 0 || y >= inHeight) continue;
        const lineStart = ((first + image) * inHeight + y) * inWidth;
        for (let column = 0; column < outWidth; column++) {
          const left = column * info.strideWidth - padInfo.left;
          const low = Math.max(0, -left);
          const length = (Math.min(filterWidth, inWidth - left) - low) * inChannels;
          const pixel = (image * outHeight + row) * outWidth + column;
          const from = ((pixel * filterHeight + r) * filterWidth + low) * inChannels;
          const to = (lineStart + left + low) * inChannels;
          for (let i = 0; i < length; i++) dx[to + i] = (dx[to + i] ?? 0) + (patches[from + i] ?? 0);
        }
      }
}
