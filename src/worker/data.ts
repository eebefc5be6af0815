import type { Tensor, TensorFlow } from './tensorflow.ts';
import type { Readers } from './readers/readers.ts';
import { callUserFunction, guardUserCode, userMistake, type UserModule } from './userCode.ts';

export type SplitName = 'train' | 'validation' | 'test';

interface Outline {
  /** Shape of one input, without the examples' axis. */
  readonly shape: readonly number[];
  readonly count: number;
  readonly size: number;
  /** Numbers per target: 1, or one per class. */
  readonly width: number;
}

/** Examples in memory one after the other; sizes are checked: `xs` holds `count` × `size` numbers, `ys` `count` × `width`. */
export interface HeldExamples extends Outline {
  /** Bytes stay bytes: a batch becomes floats when its turn comes. */
  readonly xs: Float32Array | Uint8Array;
  /** Every number of `xs` times this is what the model gets; 1 for floats. */
  readonly scale: number;
  readonly ys: Float32Array;
}

/** Examples that user code hands over piece by piece, in every epoch anew. */
export interface StreamedExamples extends Outline {
  readonly pieces: (pass: PassFacts) => AsyncIterator<Piece>;
  /** Makes the error from the end of a sentence that begins with who gave the data. */
  readonly toError: (sentence: string) => Error;
}

export type Examples = HeldExamples | StreamedExamples;

/** Some examples of a stream; `xs` and `ys` are of `count` of them. */
export interface Piece {
  readonly xs: Float32Array | Uint8Array;
  readonly ys: Float32Array;
  readonly count: number;
  readonly scale: number;
}

/** What user code is told of a pass over its examples. */
interface PassFacts {
  /** Counts from 1; 0 for a pass that does not train: validation, test. */
  readonly epoch: number;
  /** Numbers 0 ≤ x < 1, the same in the same epoch of every run with the seed. */
  readonly random: () => number;
}

export function isHeld(examples: Examples): examples is HeldExamples {
  return 'xs' in examples;
}

/** Asks the project's dataloader for a split. Sizes that don't fit together are the user's mistake, with its place. */
export async function loadSplit(
  loader: UserModule,
  split: SplitName,
  config: unknown,
  read: Readers,
): Promise<{ readonly examples: Examples; readonly given: unknown }> {
  const given = await callUserFunction(loader, 'load', [split, config, read]);
  const toError = (sentence: string): Error =>
    userMistake(loader, 'load', `gives for the split "${split}" ${sentence}`);
  const { projectRoot, file } = loader;
  const guard: Guard = (action) => guardUserCode({ projectRoot, file, what: `batches of "${split}"` }, action);
  return { examples: checkExamples(given, toError, guard), given };
}

/** Runs user code; what it throws becomes an error with its place. */
type Guard = <T>(action: () => Promise<T>) => Promise<T>;

/** `toError` makes the error from the end of a sentence that begins with who gave the data. */
export function checkExamples(
  value: unknown,
  toError: (sentence: string) => Error,
  guard: Guard = (action) => action(),
): Examples {
  const given = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  return given['batches'] === undefined ? checkHeld(given, toError) : checkStreamed(given, toError, guard);
}

function checkHeld(
  { xs, ys, shape, scale }: Record<string, unknown>,
  toError: (sentence: string) => Error,
): HeldExamples {
  const inputs = xs instanceof Uint8Array ? xs : toFloats(xs);
  const targets = toFloats(ys);
  if (inputs === undefined || targets === undefined || !Array.isArray(shape))
    throw toError('no { xs, ys, shape } with two arrays of numbers and the shape of one example.');
  const sizes = checkShape(shape, toError);
  const size = sizes.reduce((product, axis) => product * axis, 1);
  const count = inputs.length / size;
  if (count === 0) throw toError('no examples. Look at the stage that makes the data, or at how they are split.');
  const each = `${size} numbers each (shape ${describeShape(sizes)})`;
  if (!Number.isInteger(count))
    throw toError(`${inputs.length} inputs, which is not a whole number of examples of ${each}.`);
  const width = targets.length / count;
  if (width === 0 || !Number.isInteger(width))
    throw toError(`${targets.length} targets for ${count} examples of ${each}: every example needs the same number.`);
  return { xs: inputs, scale: checkScale(scale, toError), ys: targets, shape: sizes, count, size, width };
}

function checkStreamed(
  given: Record<string, unknown>,
  toError: (sentence: string) => Error,
  guard: Guard,
): StreamedExamples {
  const { batches, shape, count, width = 1 } = given;
  if (typeof batches !== 'function') throw toError('batches that are no function.');
  const sizes = checkShape(shape, toError);
  for (const [name, value] of Object.entries({ count, width }))
    if (!Number.isSafeInteger(value) || Number(value) < 1)
      throw toError(`batches with the ${name} ${JSON.stringify(value)}, which must be a whole number above zero.`);
  const size = sizes.reduce((product, axis) => product * axis, 1);
  const outline = { shape: sizes, count: Number(count), size, width: Number(width) };
  const scale = checkScale(given['scale'], toError);
  return {
    ...outline,
    toError,
    async *pieces(facts) {
      const source = await guard(async () => toIterator(await Reflect.apply(batches, given, [facts]), toError));
      try {
        for (;;) {
          const next = await guard(async () => source.next());
          if (next.done === true) return;
          yield checkPiece(next.value, outline, { scale, toError });
        }
      } finally {
        await guard(async () => source.return?.());
      }
    },
  };
}

function toIterator(value: unknown, toError: (sentence: string) => Error): AsyncIterator<unknown> | Iterator<unknown> {
  const { [Symbol.asyncIterator]: asynchronous, [Symbol.iterator]: plain } = Object(value) as Partial<
    AsyncIterable<unknown> & Iterable<unknown>
  >;
  const make = asynchronous ?? plain;
  if (typeof make !== 'function') throw toError('batches that give nothing to iterate over: make it a generator.');
  return Reflect.apply(make, value, []) as AsyncIterator<unknown> | Iterator<unknown>;
}

function checkPiece(
  value: unknown,
  { shape, size, width }: Outline,
  { scale, toError }: { readonly scale: number; readonly toError: (sentence: string) => Error },
): Piece {
  const piece = checkHeld({ ...(Object(value) as Record<string, unknown>), shape }, (sentence) =>
    toError(`batches, one of them with ${sentence}`),
  );
  if (piece.width === width) return { xs: piece.xs, ys: piece.ys, count: piece.count, scale };
  throw toError(
    `batches, one of them with ${piece.width} targets for each of ${piece.count} examples of ${size} numbers, where its "width" says ${width}.`,
  );
}

function checkShape(shape: unknown, toError: (sentence: string) => Error): readonly number[] {
  const isShape = Array.isArray(shape) && shape.every((size) => Number.isSafeInteger(size) && Number(size) > 0);
  if (!isShape) throw toError(`the shape ${JSON.stringify(shape)}, which must hold whole numbers above zero.`);
  return shape as readonly number[];
}

function checkScale(scale: unknown, toError: (sentence: string) => Error): number {
  if (scale === undefined) return 1;
  if (typeof scale === 'number' && Number.isFinite(scale) && scale !== 0) return scale;
  throw toError(`the scale ${JSON.stringify(scale)}, which must be a number other than 0.`);
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

/** Some examples as they go into a step. */
export interface Batch {
  readonly xs: Float32Array;
  readonly ys: Float32Array;
  readonly count: number;
}

/** Room for the greatest batch of a pass. */
export interface BatchRoom {
  readonly xs: Float32Array;
  readonly ys: Float32Array;
  /** Where as many bytes may be put, in place of the first numbers of `xs`. */
  bytes(count: number): Uint8Array;
  /** Those bytes become the numbers, scaled. */
  scaleBytes(count: number, scale: number): void;
}

/** One tensor of inputs and one of targets; the caller disposes both. */
export function toTensors(
  tf: TensorFlow,
  { xs, ys, count }: Batch,
  shape: readonly number[],
  targetShape: readonly number[],
): { readonly x: Tensor; readonly y: Tensor } {
  return { x: tf.tensor(xs, [count, ...shape]), y: tf.tensor(ys, [count, ...targetShape]) };
}

/** The numbers of the examples in memory, 0 to count − 1; none for a stream. */
export function orderOf(examples: Examples): Uint32Array {
  return isHeld(examples) ? Uint32Array.from({ length: examples.count }, (_, index) => index) : new Uint32Array(0);
}
