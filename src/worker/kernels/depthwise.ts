import {
  backend_util,
  type DepthwiseConv2dNativeBackpropFilterAttrs,
  type DepthwiseConv2dNativeBackpropInputAttrs,
} from '@tensorflow/tfjs-core';
import { floatsOf, requireChannelsLast, type GradientKernel, type KernelCall } from './kernel.ts';

// Depthwise convolution: y[n,i,j,c·M+m] = Σ over r,s of x[n, i·stride+r·dilation−pad, …, c] · w[r,s,c,m]. The backend has
// neither of its gradients. Both visit every pair (output pixel, filter tap) once; they differ in what is added where.

type Shape4 = [number, number, number, number];

/** dx[…,c] += Σ over m of dy[…,c·M+m] · w[r,s,c,m]. */
export const depthwiseInput: GradientKernel = {
  name: 'DepthwiseConv2dNativeBackpropInput',
  create: () => (call) => {
    const { inputs, backend, attrs } = call as unknown as KernelCall<
      'dy' | 'filter',
      DepthwiseConv2dNativeBackpropInputAttrs
    >;
    const filterShape = inputs.filter.shape as Shape4;
    const info = describe(attrs, attrs.inputShape, filterShape);
    const out = backend.makeOutput(attrs.inputShape, 'float32');
    const dx = floatsOf(backend, out).fill(0);
    const dy = floatsOf(backend, inputs.dy);
    const filter = floatsOf(backend, inputs.filter);
    const [, , channels, multiplier] = filterShape;
    visitTaps(info, multiplier, (atX, atY, atFilter) => {
      for (let c = 0; c < channels; c++) {
        let gradient = 0;
        for (let m = c * multiplier; m < (c + 1) * multiplier; m++)
          gradient += (dy[atY + m] ?? 0) * (filter[atFilter + m] ?? 0);
        dx[atX + c] = (dx[atX + c] ?? 0) + gradient;
      }
    });
    return out;
  },
};

/** dw[r,s,c,m] += x[…,c] · dy[…,c·M+m]. */
export const depthwiseFilter: GradientKernel = {
  name: 'DepthwiseConv2dNativeBackpropFilter',
  create: () => (call) => {
    const { inputs, backend, attrs } = call as unknown as KernelCall<
      'x' | 'dy',
      DepthwiseConv2dNativeBackpropFilterAttrs
    >;
    const info = describe(attrs, inputs.x.shape as Shape4, attrs.filterShape);
    const out = backend.makeOutput(attrs.filterShape, 'float32');
    const dw = floatsOf(backend, out).fill(0);
    const x = floatsOf(backend, inputs.x);
    const dy = floatsOf(backend, inputs.dy);
    const [, , channels, multiplier] = attrs.filterShape;
    visitTaps(info, multiplier, (atX, atY, atFilter) => {
      for (let c = 0; c < channels; c++) {
        const value = x[atX + c] ?? 0;
        for (let m = c * multiplier; m < (c + 1) * multiplier; m++)
          dw[atFilter + m] = (dw[atFilter + m] ?? 0) + value * (dy[atY + m] ?? 0);
      }
    });
    return out;
  },
};

function describe(
  attrs: DepthwiseConv2dNativeBackpropFilterAttrs | DepthwiseConv2dNativeBackpropInputAttrs,
  inputShape: Shape4,
  filterShape: Shape4,
): backend_util.Conv2DInfo {
  const { strides, dilations, pad, dimRoundingMode } = attrs;
  const info = backend_util.computeConv2DInfo(inputShape, filterShape, strides, dilations, pad, dimRoundingMode, true);
  requireChannelsLast(info, 'Depthwise convolution');
  return info;
}

/** Calls `visit` with the places of the first channel in x, dy and the filter, for each tap that falls into the image. */
function visitTaps(
  info: backend_util.Conv2DInfo,
  multiplier: number,
  visit: (atX: number, atY: number, atFilter: number) => void,
): void {
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, filterHeight, filterWidth } = info;
  const outChannels = inChannels * multiplier;
  for (let image = 0; image < batchSize; image++)
    for (let row = 0; row < outHeight; row++)
      for (let column = 0; column < outWidth; column++) {
        const atY = ((image * outHeight + row) * outWidth + column) * outChannels;
        for (let r = 0; r < filterHeight; r++) {
          const y = row * info.strideHeight - info.padInfo.top + r * info.dilationHeight;
          if (y < 0 || y >= inHeight) continue;
          for (let s = 0; s < filterWidth; s++) {
            const z = column * info.strideWidth - info.padInfo.left + s * info.dilationWidth;
            if (z < 0 || z >= inWidth) continue;
            visit(((image * inHeight + y) * inWidth + z) * inChannels, atY, (r * filterWidth + s) * outChannels);
          }
        }
      }
}
