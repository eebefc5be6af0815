import type { BatchMatMulAttrs, TensorInfo } from '@tensorflow/tfjs-core';
import { asShape, release, type BasicKernels, type GradientKernel, type KernelCall } from './kernel.ts';

/**
 * Matrix product with transposed operands: `Aᵀ·B` and `A·Bᵀ` are the two gradients of every dense layer. The backend
 * computes them in a scalar loop (1.5 GFLOP/s); transposing first and then taking the vectorized product is ten times faster.
 */
export const matMul: GradientKernel = {
  name: 'BatchMatMul',
  create(basics) {
    const original = basics.original('BatchMatMul');
    return (call) => {
      const args = call as unknown as KernelCall<'a' | 'b', BatchMatMulAttrs>;
      return isPlainTransposed(args) ? multiplyTransposed(args, basics) : original(call);
    };
  },
};

/** One pair of float matrices of which at least one is transposed; batches of matrices stay with the backend's kernel. */
function isPlainTransposed({ inputs: { a, b }, attrs }: KernelCall<'a' | 'b', BatchMatMulAttrs>): boolean {
  const isOneFloatMatrix = ({ shape, dtype }: TensorInfo): boolean =>
    dtype === 'float32' && shape.slice(0, -2).every((size) => size === 1);
  return (
    (attrs.transposeA || attrs.transposeB) &&
    a.shape.length === b.shape.length &&
    isOneFloatMatrix(a) &&
    isOneFloatMatrix(b)
  );
}

function multiplyTransposed(
  { inputs, backend, attrs }: KernelCall<'a' | 'b', BatchMatMulAttrs>,
  basics: BasicKernels,
): TensorInfo {
  const straighten = (tensor: TensorInfo, isTransposed: boolean): { matrix: TensorInfo; isOurs: boolean } => {
    const matrix = asShape(tensor, tensor.shape.slice(-2));
    return isTransposed
      ? { matrix: basics.transpose(backend, matrix, [1, 0]), isOurs: true }
      : { matrix, isOurs: false };
  };
  const a = straighten(inputs.a, attrs.transposeA);
  const b = straighten(inputs.b, attrs.transposeB);
  const out = basics.product(backend, a.matrix, b.matrix);
  release(backend, ...[a, b].filter(({ isOurs }) => isOurs).map(({ matrix }) => matrix));
  return asShape(out, [...inputs.a.shape.slice(0, -2), ...out.shape]);
}
