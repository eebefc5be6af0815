import type { Tensor, TensorFlow } from './tensorflow.ts';
import { callUserFunction, userMistake, type UserModule } from './userCode.ts';

export type SplitName = 'train' | 'validation' | 'test';

/** Examples one after the other; sizes are checked: `xs` holds `count` × `size` numbers, `ys` `count` × `width`. */
export interface Examples {
  readonly xs: Float32Array;
  readonly ys: Float32Array;
  /** Shape of one input, without the examples' axis. */
  readonly shape: readonly number[];
  readonly count: number;
  readonly size: number;
  /** Numbers per target: 1, or one per class. */
  readonly width: number;
}

/** Asks the project's dataloader for a split. Sizes that don't fit together are the user's mistake, with its place. */
export async function loadSplit(loader: UserModule, split: SplitName, config: unknown): Promise<Examples> {
  const loaded = await callUserFunction(loader, 'load', [split, config]);
  return checkExamples(loaded, (sentence) => userMistake(loader, 'load', `gives for the split "${split}" ${sentence}`));
}

/** `toError` makes the error from the end of a sentence that begins with who gave the data. */
export function checkExamples(value: unknown, toError: (sentence: string) => Error): Examples {
  const { xs, ys, shape } = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  const inputs = toFloats(xs);
  const targets = toFloats(ys);
  if (inputs === undefined || targets === undefined || !Array.isArray(shape))
    throw toError('no { xs, ys, shape } with two arrays of numbers and the shape of one example.');
  if (!shape.every((size): size is number => Number.isSafeInteger(size) && Number(size) > 0))
    throw toError(`the shape ${JSON.stringify(shape)}, which must hold whole numbers above zero.`);

  const size = shape.reduce((product, axis) => product * axis, 1);
  const count = inputs.length / size;
  if (count === 0) throw toError('no examples.');
  const each = `${size} numbers each (shape ${describeShape(shape)})`;
  if (!Number.isInteger(count))
    throw toError(`${inputs.length} inputs, which is not a whole number of examples of ${each}.`);
  const width = targets.length / count;
  if (width === 0 || !Number.isInteger(width))
    throw toError(`${targets.length} targets for ${count} examples of ${each}: every example needs the same number.`);
  return { xs: inputs, ys: targets, shape, count, size, width };
}

function toFloats(value: unknown): Float32Array | undefined {
  if (value instanceof Float32Array) return value;
  if (Array.isArray(value))
    return value.every((item) => typeof item === 'number') ? Float32Array.from(value) : undefined;
  const isNumeric = ArrayBuffer.isView(value) && 'length' in value && !(value instanceof BigInt64Array);
  return isNumeric ? Float32Array.from(value as unknown as ArrayLike<number>) : undefined;
}

export function describeShape(shape: readonly (number | null)[]): string {
  return shape.map((size) => size ?? '?').join('×');
}

/** Examples in the given order as one tensor of inputs and one of targets; the caller disposes both. */
export function toTensors(
  tf: TensorFlow,
  examples: Examples,
  order: Uint32Array,
  targetShape: readonly number[],
): { readonly x: Tensor; readonly y: Tensor } {
  const { xs, ys, size, width, shape } = examples;
  const x = new Float32Array(order.length * size);
  const y = new Float32Array(order.length * width);
  order.forEach((index, at) => {
    x.set(xs.subarray(index * size, (index + 1) * size), at * size);
    y.set(ys.subarray(index * width, (index + 1) * width), at * width);
  });
  return { x: tf.tensor(x, [order.length, ...shape]), y: tf.tensor(y, [order.length, ...targetShape]) };
}

/** The examples' numbers, 0 to count − 1, in batches. */
export function* batchesOf(order: Uint32Array, batchSize: number): Generator<Uint32Array> {
  for (let first = 0; first < order.length; first += batchSize) yield order.subarray(first, first + batchSize);
}

export function inOrder(count: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, index) => index);
}
