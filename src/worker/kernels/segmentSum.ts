import { util, type UnsortedSegmentSumAttrs } from '@tensorflow/tfjs-core';
import { floatsOf, type GradientKernel, type KernelCall } from './kernel.ts';

/**
 * Adds up the slices of `x` that bear the same number: out[s] = Σ over i with segmentIds[i] = s of x[i]. Slices with a number
 * outside of 0 ≤ s < numSegments are left out. The gradient of `gather`, and so of an embedding; the backend has none.
 */
export const segmentSum: GradientKernel = {
  name: 'UnsortedSegmentSum',
  create: () => (call) => {
    const { inputs, backend, attrs } = call as unknown as KernelCall<'x' | 'segmentIds', UnsortedSegmentSumAttrs>;
    const { x, segmentIds } = inputs;
    const inner = x.shape.slice(segmentIds.shape.length);
    const width = util.sizeFromShape(inner);
    const out = backend.makeOutput([attrs.numSegments, ...inner], x.dtype);

    const sums = floatsOf(backend, out).fill(0);
    const values = floatsOf(backend, x);
    const ids = backend.typedArrayFromHeap(segmentIds);
    ids.forEach((id: number, index: number) => {
      if (id < 0 || id >= attrs.numSegments) return;
      for (let j = 0; j < width; j++)
        sums[id * width + j] = (sums[id * width + j] ?? 0) + (values[index * width + j] ?? 0);
    });
    return out;
  },
};
