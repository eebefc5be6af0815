import type { CastAttrs } from '@tensorflow/tfjs-core';
import type { GradientKernel, KernelCall } from './kernel.ts';

/**
 * Cast to the type that the tensor has already: one more reference to the same data. The backend copies, and the gradient of
 * every relu asks for such a cast of a whole layer's output.
 */
export const cast: GradientKernel = {
  name: 'Cast',
  create(basics) {
    const original = basics.original('Cast');
    return (call) => {
      const { inputs, backend, attrs } = call as unknown as KernelCall<'x', CastAttrs>;
      const { x } = inputs;
      if (x.dtype !== attrs.dtype) return original(call);
      backend.incRef(x.dataId);
      return { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
    };
  },
};
