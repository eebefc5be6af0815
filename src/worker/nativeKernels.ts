import type { KernelConfig } from '@tensorflow/tfjs-core';
import type { Tensor, TensorFlow } from './tensorflow.ts';

/** What of tfjs-node's backend its own kernels use: one operation of TensorFlow's by its name, and the numbers of its C API. */
interface NativeBackend {
  executeSingleOutput(name: string, attributes: readonly unknown[], inputs: readonly unknown[]): Tensor;
  readonly binding: { readonly TF_ATTR_TYPE: number; readonly TF_ATTR_BOOL: number };
}

/** TensorFlow's number for 32-bit floats. */
const FLOAT = 1;
const RELU_GRADIENT = 'ReluGrad';

/**
 * The same mathematics by fewer operations of TensorFlow, for a backend of tfjs-node: the gradient of relu is five of them there, with
 * an array of ones as large as the activations that JavaScript fills each time, and a product of two matrices goes through the
 * operation for stacks of matrices. Of the gradient there is a gradient too.
 */
export function mendNativeKernels(tf: TensorFlow, backendName = 'tensorflow'): void {
  // Registries are of the process: a second start must not wrap what the first has put there.
  const find = (name: string): KernelConfig | undefined => tf.getKernel(name, backendName);
  if (find(RELU_GRADIENT) !== undefined) return;
  const backend = (): NativeBackend => tf.backend() as unknown as NativeBackend;
  const typeFloat = (): unknown => ({ name: 'T', type: backend().binding.TF_ATTR_TYPE, value: FLOAT });
  const flag = (name: string, value: boolean): unknown => ({ name, type: backend().binding.TF_ATTR_BOOL, value });

  const reluGradient = (dy: Tensor, y: Tensor): Tensor => tf.engine().runKernel(RELU_GRADIENT, { dy, y });
  tf.registerKernel({
    kernelName: RELU_GRADIENT,
    backendName,
    kernelFunc: ({ inputs: { dy, y } }) => backend().executeSingleOutput(RELU_GRADIENT, [typeFloat()], [dy, y]),
  });
  tf.registerGradient({
    kernelName: RELU_GRADIENT,
    inputsToSave: ['y'],
    gradFunc: (ddy, saved) => {
      const [y] = saved as [Tensor];
      return { dy: () => reluGradient(ddy as Tensor, y), y: () => tf.zerosLike(y) };
    },
  });
  tf.unregisterGradient('Relu');
  tf.registerGradient({
    kernelName: 'Relu',
    outputsToSave: [true],
    gradFunc: (dy, saved) => {
      const [y] = saved as [Tensor];
      return { x: () => reluGradient(dy as Tensor, y) };
    },
  });

  const stacked = find('BatchMatMul');
  if (stacked === undefined) return;
  tf.unregisterKernel('BatchMatMul', backendName);
  tf.registerKernel({
    ...stacked,
    kernelFunc: (call) => {
      const { a, b } = call.inputs;
      const isPlain = [a, b].every((one) => one?.dtype === 'float32' && one.shape.length === 2);
      if (!isPlain) return stacked.kernelFunc(call);
      const { transposeA, transposeB } = call.attrs ?? {};
      const attributes = [flag('transpose_a', transposeA === true), flag('transpose_b', transposeB === true)];
      return backend().executeSingleOutput('MatMul', [typeFloat(), ...attributes], [a, b]);
    },
  });
}
