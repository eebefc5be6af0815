import { backend_util } from '@tensorflow/tfjs-core';
import type { GradientKernel, KernelCall } from './kernel.ts';

// Convolutions with the padding `same`. The backend hands the word on to XNNPACK, which fails where a filter is shorter than its
// stride along an axis (3×1 with stride 2, on an even size): the result is zeros, without an error. Told the same padding in
// numbers, it computes what it should.

type Shape4 = [number, number, number, number];

interface ConvolutionAttributes {
  readonly strides: [number, number] | number;
  /** The layer of depthwise convolutions gives none. */
  readonly dilations: [number, number] | number | null;
  readonly pad: 'valid' | 'same' | number | backend_util.ExplicitPadding;
  readonly dataFormat?: string;
}

export const convolution = withPaddingInNumbers('Conv2D', false);
export const fusedConvolution = withPaddingInNumbers('FusedConv2D', false);
export const depthwise = withPaddingInNumbers('DepthwiseConv2dNative', true);
export const fusedDepthwise = withPaddingInNumbers('FusedDepthwiseConv2D', true);

function withPaddingInNumbers(name: string, isDepthwise: boolean): GradientKernel {
  return {
    name,
    create(basics) {
      const original = basics.original(name);
      return (call) => {
        const { inputs, attrs } = call as unknown as KernelCall<'x' | 'filter', ConvolutionAttributes>;
        // The backend refuses every order of the axes but this one, in its own words.
        if (attrs.pad !== 'same' || (attrs.dataFormat ?? 'NHWC') !== 'NHWC') return original(call);
        const { padInfo } = backend_util.computeConv2DInfo(
          inputs.x.shape as Shape4,
          inputs.filter.shape as Shape4,
          attrs.strides,
          attrs.dilations ?? 1,
          attrs.pad,
          undefined,
          isDepthwise,
        );
        const pad: backend_util.ExplicitPadding = [
          [0, 0],
          [padInfo.top, padInfo.bottom],
          [padInfo.left, padInfo.right],
          [0, 0],
        ];
        return original({ ...call, attrs: { ...call.attrs, pad } });
      };
    },
  };
}
