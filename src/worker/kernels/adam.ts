import type { TensorInfo } from '@tensorflow/tfjs-core';
import { ADAM_STEP, type AdamAttributes } from '../optimizers.ts';
import { floatsOf, type GradientKernel, type KernelCall } from './kernel.ts';

type AdamInput = 'weight' | 'gradient' | 'mean' | 'square' | 'size';

/**
 * Adam's update of one weight in one pass over the memory instead of a dozen, half the time: gives the new mean of the gradients, that of
 * their squares, and the weight. `size` is one number, the step's size with both means' corrections.
 */
export const adam: GradientKernel = {
  name: ADAM_STEP,
  create: () => (call) => {
    const { inputs, backend, attrs } = call as unknown as KernelCall<AdamInput, AdamAttributes>;
    const { shape } = inputs.weight;
    const outs = [
      backend.makeOutput(shape, 'float32'),
      backend.makeOutput(shape, 'float32'),
      backend.makeOutput(shape, 'float32'),
    ] as const;
    const see = (tensor: TensorInfo): Float32Array => floatsOf(backend, tensor);
    const [means, squares, weights] = [see(outs[0]), see(outs[1]), see(outs[2])];
    const [weight, gradient] = [see(inputs.weight), see(inputs.gradient)];
    const [mean, square] = [see(inputs.mean), see(inputs.square)];
    const { beta1, beta2, epsilon } = attrs;
    const step = see(inputs.size)[0] ?? NaN;
    for (let i = 0; i < weights.length; i++) {
      const slope = gradient[i] ?? 0;
      const newMean = (mean[i] ?? 0) * beta1 + slope * (1 - beta1);
      const newSquare = (square[i] ?? 0) * beta2 + slope * slope * (1 - beta2);
      means[i] = newMean;
      squares[i] = newSquare;
      weights[i] = (weight[i] ?? 0) - (step * newMean) / (Math.sqrt(newSquare) + epsilon);
    }
    return [...outs];
  },
};
