import { util, type SumAttrs } from '@tensorflow/tfjs-core';
import { floatsOf, type GradientKernel, type KernelCall } from './kernel.ts';

/**
 * Sum over the first axes: [r…, n…] → [n…], the gradient of every bias. The backend transposes the whole tensor before it
 * adds; adding row to row in the order of memory needs one pass. Sums are kept in double precision.
 */
export const sum: GradientKernel = {
  name: 'Sum',
  create(basics) {
    const original = basics.original('Sum');
    return (call) => {
      const { inputs, backend, attrs } = call as unknown as KernelCall<'x', SumAttrs>;
      const { x } = inputs;
      const axes = util.parseAxisParam(attrs.axis, x.shape);
      const isLeading = axes.length < x.shape.length && axes.every((axis, index) => axis === index);
      if (x.dtype !== 'float32' || !isLeading) return original(call);

      const rest = x.shape.slice(axes.length);
      const out = backend.makeOutput(attrs.keepDims ? [...axes.map(() => 1), ...rest] : rest, 'float32');
      addRows(floatsOf(backend, x), floatsOf(backend, out));
      return out;
    };
  },
};

function addRows(values: Float32Array, out: Float32Array): void {
  const width = out.length;
  const sums = new Float64Array(width);
  for (let start = 0; width > 0 && start < values.length; start += width)
    for (let i = 0; i < width; i++) sums[i] = (sums[i] ?? 0) + (values[start + i] ?? 0);
  out.set(sums);
}
