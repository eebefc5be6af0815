import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { getKernel, type backend_util, type KernelFunc, type TensorInfo } from '@tensorflow/tfjs-core';

// What the kernels of this folder are made of: the backend's own fast kernels (XNNPACK), called without the tape of
// operations, and plain loops over its heap. A view of the heap is dead after the next allocation (the heap may have grown
// and moved), so every kernel allocates first and looks second.

export const wasmBackend = 'wasm';

/** One kernel that replaces, or adds, the backend's own. `create` is called once, before anything is registered. */
export interface GradientKernel {
  readonly name: string;
  create(basics: BasicKernels): KernelFunc;
}

/** Arguments as the engine hands them to a kernel, with the types that the kernel of that name is defined to get. */
export interface KernelCall<InputName extends string, Attributes> {
  readonly inputs: Readonly<Record<InputName, TensorInfo>>;
  readonly backend: BackendWasm;
  readonly attrs: Attributes;
}

/** The backend's own kernels on which ours are built. Results are new data; whoever asked for them releases them. */
export interface BasicKernels {
  original(name: string): KernelFunc;
  /** Reorders the axes: axis i of the result is axis `order[i]` of `x`. */
  transpose(backend: BackendWasm, x: TensorInfo, order: readonly number[]): TensorInfo;
  /** [m,k] × [k,n] → [m,n]. */
  product(backend: BackendWasm, a: TensorInfo, b: TensorInfo): TensorInfo;
  /** Convolution of [n,h,w,c] with [kh,kw,c,f], with explicit padding, stride 1 and the given dilation. */
  convolve(backend: BackendWasm, x: TensorInfo, filter: TensorInfo, options: ConvolutionOptions): TensorInfo;
  /** Turns the order along the first axis round. */
  reverse(backend: BackendWasm, x: TensorInfo): TensorInfo;
}

interface ConvolutionOptions {
  /** Zeros added [before, after] the rows and the columns. */
  readonly rows: readonly [number, number];
  readonly columns: readonly [number, number];
  readonly dilations?: readonly [number, number];
}

export function createBasicKernels(): BasicKernels {
  const original = (name: string): KernelFunc => {
    const kernel = getKernel(name, wasmBackend);
    return kernel.kernelFunc;
  };
  const [transpose, product, convolve, reverse] = ['Transpose', 'BatchMatMul', 'Conv2D', 'Reverse'].map(original) as [
    KernelFunc,
    KernelFunc,
    KernelFunc,
    KernelFunc,
  ];
  const single = (result: TensorInfo | TensorInfo[]): TensorInfo => result as TensorInfo;
  return {
    original,
    transpose: (backend, x, order) => single(transpose({ inputs: { x }, backend, attrs: { perm: [...order] } })),
    product: (backend, a, b) => {
      const inputs = { a: asShape(a, [1, ...a.shape]), b: asShape(b, [1, ...b.shape]) };
      const out = single(product({ inputs, backend, attrs: { transposeA: false, transposeB: false } }));
      return asShape(out, out.shape.slice(1));
    },
    convolve: (backend, x, filter, { rows, columns, dilations = [1, 1] }) => {
      const pad: backend_util.ExplicitPadding = [[0, 0], [...rows], [...columns], [0, 0]];
      const attrs = { strides: [1, 1], dilations: [...dilations], pad, dataFormat: 'NHWC' };
      return single(convolve({ inputs: { x, filter }, backend, attrs }));
    },
    reverse: (backend, x) => single(reverse({ inputs: { x }, backend, attrs: { dims: [0] } })),
  };
}

/** The same data under another shape of equal size; nothing is copied and nobody's count of references changes. */
export function asShape(tensor: TensorInfo, shape: readonly number[]): TensorInfo {
  return { dataId: tensor.dataId, shape: [...shape], dtype: tensor.dtype };
}

/** The values of a float tensor, in place on the heap, until the next allocation. */
export function floatsOf(backend: BackendWasm, tensor: TensorInfo): Float32Array {
  return backend.typedArrayFromHeap(tensor) as Float32Array;
}

export function release(backend: BackendWasm, ...tensors: readonly TensorInfo[]): void {
  for (const tensor of tensors) backend.disposeData(tensor.dataId);
}

/** Gradients are written for examples × rows × columns × channels, the order of every tensor that layers make. */
export function requireChannelsLast(info: { readonly dataFormat: string }, kernel: string): void {
  if (info.dataFormat !== 'channelsLast')
    throw new Error(`${kernel}: the wasm backend has gradients for the data format NHWC (channels last) only.`);
}
