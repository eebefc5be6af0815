import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type { CastAttrs, TensorInfo } from '@tensorflow/tfjs-core';
import type { GradientKernel, KernelCall } from './kernel.ts';

// Results that are their input: one more reference to the same data, as the cpu backend gives it. The wasm backend copies.
// Every operation whose gradient may be asked for keeps its inputs by `Identity`, and the gradient of every relu casts a
// whole layer's output to the type that it has, so the copies add up to megabytes in each step.

export const identity: GradientKernel = {
  name: 'Identity',
  create(basics) {
    const original = basics.original('Identity');
    return (call) => {
      const { inputs, backend } = call as unknown as KernelCall<'x', never>;
      return inputs.x.dtype === 'string' ? original(call) : refer(backend, inputs.x);
    };
  },
};

export const cast: GradientKernel = {
  name: 'Cast',
  create(basics) {
    const original = basics.original('Cast');
    return (call) => {
      const { inputs, backend, attrs } = call as unknown as KernelCall<'x', CastAttrs>;
      return inputs.x.dtype === 'string' || inputs.x.dtype !== attrs.dtype ? original(call) : refer(backend, inputs.x);
    };
  },
};

function refer(backend: BackendWasm, { dataId, shape, dtype }: TensorInfo): TensorInfo {
  backend.incRef(dataId);
  return { dataId, shape, dtype };
}
