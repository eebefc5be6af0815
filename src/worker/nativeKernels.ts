import type { KernelConfig } from '@tensorflow/tfjs-core';
import type { Tensor, TensorFlow } from './tensorflow.ts';

/** What of tfjs-node's backend its own kernels use: one operation of TensorFlow's by its name, and the numbers of its C API. */
interface NativeBackend {
  executeSingleOutput(name: string, attributes: readonly unknown[], inputs: readonly unknown[]): Tensor;
  readonly isUsingGpuDevice?: boolean;
  readonly binding: { readonly TF_ATTR_TYPE: number; readonly TF_ATTR_BOOL: number; readonly TF_ATTR_INT: number };
}

/** TensorFlow's numbers for 32-bit floats and whole numbers. */
const FLOAT = 1;
const INT = 3;
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
  const type = (name: string, value: number): unknown => ({ name, type: backend().binding.TF_ATTR_TYPE, value });
  const typeFloat = (): unknown => type('T', FLOAT);
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

  for (const kernelName of ['StatelessRandomUniform', 'StatelessRandomNormal'])
    tf.registerKernel({
      kernelName,
      backendName,
      kernelFunc: ({ inputs: { shape, seed } }) =>
        backend().executeSingleOutput(
          kernelName,
          [type('dtype', FLOAT), type('T', INT), type('Tseed', INT)],
          [shape, seed],
        ),
    });

  mendGather(tf, backendName, type);

  const stacked = find('BatchMatMul');
  if (stacked === undefined) return;
  tf.unregisterKernel('BatchMatMul', backendName);
  tf.registerKernel({
    ...stacked,
    kernelFunc: (call) => {
      const { a, b } = call.inputs as Record<'a' | 'b', Tensor>;
      const { transposeA, transposeB } = call.attrs ?? {};
      const attributes = [flag('transpose_a', transposeA === true), flag('transpose_b', transposeB === true)];
      const multiply = (one: Tensor, other: Tensor): Tensor =>
        backend().executeSingleOutput('MatMul', [typeFloat(), ...attributes], [one, other]);
      if (![a, b].every(({ dtype }) => dtype === 'float32')) return stacked.kernelFunc(call);
      if ([a, b].every(({ rank }) => rank === 2)) return multiply(a, b);
      // A dense layer makes a stack of its one matrix.
      if (![a, b].every(({ rank, shape }) => rank === 3 && shape[0] === 1)) return stacked.kernelFunc(call);
      const matrixOf = (stack: Tensor): Tensor => tf.reshape(stack, stack.shape.slice(1));
      return tf.tidy(() => {
        const product = multiply(matrixOf(a), matrixOf(b));
        return tf.reshape(product, [1, ...product.shape]);
      });
    },
  });
}

/**
 * Numbers of rows are looked at in JavaScript, for which each embedding waits until the numbers are there. TensorFlow looks at them itself,
 * but on a GPU, where a row that is not there is zeros.
 */
function mendGather(tf: TensorFlow, backendName: string, type: (name: string, value: number) => unknown): void {
  const gather = tf.getKernel('GatherV2', backendName) as KernelConfig | undefined;
  const { isUsingGpuDevice, binding } = tf.backend() as unknown as NativeBackend;
  if (gather === undefined || isUsingGpuDevice === true) return;
  tf.unregisterKernel('GatherV2', backendName);
  tf.registerKernel({
    ...gather,
    kernelFunc: (call) => {
      const { x, indices } = call.inputs as Record<'x' | 'indices', Tensor>;
      if (x.dtype !== 'float32' || indices.dtype !== 'int32') return gather.kernelFunc(call);
      const { axis, batchDims } = call.attrs as Record<'axis' | 'batchDims', number>;
      const attributes = [
        { name: 'batch_dims', type: binding.TF_ATTR_INT, value: batchDims },
        ...[type('Tparams', FLOAT), type('Tindices', INT), type('Taxis', INT)],
      ];
      const along = tf.scalar(axis, 'int32');
      const rows = (tf.backend() as unknown as NativeBackend).executeSingleOutput('GatherV2', attributes, [
        x,
        indices,
        along,
      ]);
      along.dispose();
      return rows;
    },
  });
}
