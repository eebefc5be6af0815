import type { DataType, NumberArray } from '../../core/graphdef/graphdef.ts';
import type { Tensor, TensorFlow } from '../tensorflow.ts';

// What is used here of tfjs-node's backend and of its addon; the packages' types hide it.

/** What the addon tells of a tensor that it made. */
export interface MadeTensor {
  /** Never given twice. */
  readonly id: number;
  readonly shape: readonly number[];
  /** TensorFlow's number. */
  readonly dtype: number;
}

export interface GivenAttribute {
  readonly name: string;
  /** Which of the addon's kinds of attributes it is. */
  readonly type: number;
  readonly value: unknown;
}

/** Of numbers alone: the constants of TensorFlow's C API. */
type Constants = Readonly<
  Record<
    `TF_ATTR_${'STRING' | 'INT' | 'FLOAT' | 'BOOL' | 'TYPE' | 'SHAPE'}` | 'TF_FLOAT' | 'TF_INT32' | 'TF_BOOL',
    number
  >
>;

export interface Binding extends Constants {
  executeOp(
    name: string,
    attributes: readonly GivenAttribute[],
    inputs: readonly number[],
    outputs: number,
  ): MadeTensor[];
  createTensor(shape: readonly number[], dtype: number, values: NumberArray): number;
  deleteTensor(id: number): void;
  tensorDataSync(id: number): NumberArray;
  /** `tags` and names are separated by commas. */
  loadSavedModel(folder: string, tags: string): number;
  runSavedModel(id: number, inputs: readonly number[], inputNames: string, outputNames: string): MadeTensor[];
  deleteSavedModel(id: number): void;
}

export interface NativeBackend {
  binding: Binding;
  readonly isUsingGpuDevice: boolean;
  /** Numbers that are still JavaScript's become TensorFlow's first. */
  getInputTensorIds(tensors: readonly Tensor[]): number[];
  /** Takes over what the addon has made. */
  createOutputTensor(made: MadeTensor): Tensor;
}

/** Undefined where another backend computes. */
export function nativeBackendOf(tf: TensorFlow): NativeBackend | undefined {
  const backend = tf.backend() as unknown as Partial<NativeBackend>;
  const isNative = tf.getBackend() === 'tensorflow' && typeof backend.binding?.runSavedModel === 'function';
  return isNative ? (backend as NativeBackend) : undefined;
}

export function idOf(backend: NativeBackend, tensor: Tensor): number {
  const [id] = backend.getInputTensorIds([tensor]);
  if (id === undefined) throw new Error('A tensor has an id.');
  return id;
}

/** TensorFlow's number of a type. */
export function typeOf({ binding }: NativeBackend, dtype: DataType): number {
  return { float32: binding.TF_FLOAT, int32: binding.TF_INT32, bool: binding.TF_BOOL }[dtype];
}
