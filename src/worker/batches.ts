import { createRandom, mixSeed } from '../core/random/random.ts';
import {
  isHeld,
  type Batch,
  type BatchRoom,
  type Examples,
  type HeldExamples,
  type Piece,
  type StreamedExamples,
} from './data.ts';

// Examples in batches, wherever they come from. What is prepared ahead draws from no generator that a checkpoint keeps, so it may be
// thrown away at a stop and made again.

export interface Pass {
  readonly batchSize: number;
  /** Batches to leave out, as they were trained before a stop. */
  readonly from?: number;
  /** Counts from 1; 0 for a pass that does not train. */
  readonly epoch: number;
  readonly seed: number;
  /** Changes a batch; `numbers`: of its examples. */
  readonly augment?: ((xs: Float32Array, numbers: Uint32Array, epoch: number) => Promise<Float32Array>) | undefined;
  /** Where a batch may be put, over the one before it; without it each has arrays of its own. */
  readonly room?: BatchRoom | undefined;
}

interface NumberedBatch extends Batch {
  readonly numbers: Uint32Array;
}

/**
 * One pass over the examples. `order`: the numbers of examples in memory, in the order in which they are to come; the order of a
 * stream is its own.
 */
export function readBatches(
  examples: Examples,
  order: Uint32Array,
  pass: Pass,
): AsyncIterable<Batch> | Iterable<Batch> {
  // What is in memory and stays as it is needs no waiting for.
  if (isHeld(examples) && pass.augment === undefined) return gather(examples, order, pass);
  // The next one is prepared while this one is in use.
  const batches = isHeld(examples) ? gather(examples, order, { ...pass, room: undefined }) : cut(examples, pass);
  return ahead(change(batches, pass));
}

async function* change(
  batches: AsyncIterable<NumberedBatch> | Iterable<NumberedBatch>,
  { augment, epoch }: Pass,
): AsyncGenerator<Batch> {
  for await (const { xs, ys, count, numbers } of batches)
    yield { xs: augment === undefined ? xs : await augment(xs, numbers, epoch), ys, count };
}

function* gather(
  examples: HeldExamples,
  order: Uint32Array,
  { batchSize, from = 0, room }: Pass,
): Generator<NumberedBatch> {
  const { xs, ys, size, width, scale } = examples;
  const convert = createConversion(xs, scale);
  for (let first = from * batchSize; first < order.length; first += batchSize) {
    const numbers = order.subarray(first, first + batchSize);
    const x = roomFor(room?.xs, numbers.length * size);
    const y = roomFor(room?.ys, numbers.length * width);
    const bytes = xs instanceof Uint8Array ? room?.bytes(x.length) : undefined;
    numbers.forEach((index, at) => {
      if (bytes === undefined) convert(index * size, (index + 1) * size, x, at * size);
      else bytes.set(xs.subarray(index * size, (index + 1) * size), at * size);
      y.set(ys.subarray(index * width, (index + 1) * width), at * width);
    });
    if (bytes !== undefined) room?.scaleBytes(x.length, scale);
    yield { xs: x, ys: y, count: numbers.length, numbers: numbers.slice() };
  }
}

function roomFor(room: Float32Array | undefined, size: number): Float32Array {
  return room === undefined ? new Float32Array(size) : room.subarray(0, size);
}

/** Copies numbers as floats, scaled. */
type Conversion = (start: number, end: number, target: Float32Array, at: number) => void;

function createConversion(xs: Float32Array | Uint8Array, scale: number): Conversion {
  if (xs instanceof Float32Array && scale === 1)
    return (start, end, target, at) => target.set(xs.subarray(start, end), at);
  // A byte has 256 values: no product for each of them.
  const table = xs instanceof Uint8Array ? Float32Array.from({ length: 256 }, (_, byte) => byte * scale) : undefined;
  return (start, end, target, at) => {
    for (let i = start; i < end; i++) {
      const value = xs[i] ?? 0;
      target[at + i - start] = table === undefined ? value * scale : (table[value] ?? 0);
    }
  };
}

/** Pieces of any length become batches of one; a stream must give as many examples as it says. */
async function* cut(
  examples: StreamedExamples,
  { batchSize, from = 0, epoch, seed }: Pass,
): AsyncGenerator<NumberedBatch> {
  const { count, size, width, toError } = examples;
  let seen = 0;
  let batch = emptyBatch(Math.min(batchSize, count), size, width);
  let filled = 0;
  const pieces = examples.pieces({ epoch, random: createRandom(mixSeed(seed, epoch, 0)) });
  try {
    for (let next = await pieces.next(); next.done !== true; next = await pieces.next()) {
      const piece = next.value;
      if (seen + piece.count > count)
        throw toError(`batches of more than the ${count} examples that its "count" says.`);
      for (let taken = 0; taken < piece.count;) {
        const part = Math.min(piece.count - taken, batch.count - filled);
        copy(piece, taken, part, batch, filled, { size, width });
        for (let i = 0; i < part; i++) batch.numbers[filled + i] = seen + i;
        [taken, filled, seen] = [taken + part, filled + part, seen + part];
        if (filled < batch.count) continue;
        if (Math.ceil(seen / batchSize) > from) yield batch;
        batch = emptyBatch(Math.min(batchSize, count - seen), size, width);
        filled = 0;
      }
    }
    if (seen < count) throw toError(`batches of ${seen} examples, where its "count" says ${count}.`);
  } finally {
    await pieces.return?.();
  }
}

function emptyBatch(count: number, size: number, width: number): NumberedBatch {
  const numbers = new Uint32Array(count);
  return { xs: new Float32Array(count * size), ys: new Float32Array(count * width), count, numbers };
}

function copy(
  piece: Piece,
  taken: number,
  part: number,
  batch: Batch,
  filled: number,
  { size, width }: { readonly size: number; readonly width: number },
): void {
  createConversion(piece.xs, piece.scale)(taken * size, (taken + part) * size, batch.xs, filled * size);
  batch.ys.set(piece.ys.subarray(taken * width, (taken + part) * width), filled * width);
}

/** Asks for the next batch before it hands out the one that has come, so that it is prepared while that one is trained. */
async function* ahead<T>(source: AsyncGenerator<T>): AsyncGenerator<T> {
  let next = prepare(source);
  try {
    for (;;) {
      const result = await next;
      if (result.done === true) return;
      next = prepare(source);
      yield result.value;
    }
  } finally {
    // A stop does not wait for what is on its way.
    void source.return(undefined).catch(() => undefined);
  }
}

function prepare<T>(source: AsyncGenerator<T>): Promise<IteratorResult<T>> {
  const next = source.next();
  // An error is told when the batch has its turn, or never, if the training ends before.
  next.catch(() => undefined);
  return next;
}
