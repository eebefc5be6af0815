import { giveTurn, type HashContext } from './context.ts';
import { COLUMNS, column } from './filefacts.ts';
import { FEW_FILES, type Files } from './gathering.ts';
import { MD5_BYTES, type HashRequest } from './taking.ts';
import { performHere, performInThread } from './threads.ts';

const FEW_BYTES = 16 << 20;

const HASH_BATCH = { files: 250, bytes: 8 << 20 };

export function md5At(md5s: Uint8Array<ArrayBuffer>, index: number): string {
  return Buffer.from(md5s.buffer, md5s.byteOffset + index * MD5_BYTES, MD5_BYTES).toString('hex');
}

interface Wanted extends Files {
  /** Filled in for the files that are hashed. */
  readonly facts: Float64Array<ArrayBuffer>;
  readonly md5s: Uint8Array<ArrayBuffer>;
  readonly indexes: Iterable<number>;
}

export async function hashAll(
  all: readonly Wanted[],
  how: Pick<HashRequest, 'method' | 'cache'>,
  context: HashContext,
): Promise<void> {
  const batches = all.flatMap(toBatches);
  const bytes = batches.reduce((sum, batch) => sum + batch.bytes, 0);
  const files = batches.reduce((sum, batch) => sum + batch.indexes.length, 0);
  const isSmall = bytes < FEW_BYTES && files < FEW_FILES / 10;
  const queue = batches.values();
  // A few lanes, so that a failure or a stop leaves little behind that still runs.
  const lanes = Array.from({ length: Math.min(isSmall ? 1 : MOST_LANES, batches.length) }, async () => {
    for (const { wanted, indexes } of queue) {
      await giveTurn(context);
      const known = new Uint8Array(indexes.length * MD5_BYTES);
      for (const [at, index] of indexes.entries())
        known.set(wanted.md5s.subarray(index * MD5_BYTES, (index + 1) * MD5_BYTES), at * MD5_BYTES);
      const names = indexes.map((index) => wanted.names[index] ?? '');
      const request = { ...how, folder: wanted.folder, names, known };
      const reply = await (isSmall ? performHere('hash', request) : performInThread('hash', request));
      for (const [at, index] of indexes.entries()) {
        if (Number.isNaN(reply.facts[at * COLUMNS])) continue;
        wanted.md5s.set(reply.md5s.subarray(at * MD5_BYTES, (at + 1) * MD5_BYTES), index * MD5_BYTES);
        wanted.facts.set(reply.facts.subarray(at * COLUMNS, (at + 1) * COLUMNS), index * COLUMNS);
      }
    }
  });
  await settleAll(lanes);
}

const MOST_LANES = 16;

interface Batch {
  readonly wanted: Wanted;
  readonly indexes: number[];
  bytes: number;
}

function toBatches(wanted: Wanted): Batch[] {
  const batches: Batch[] = [];
  let last: Batch | undefined;
  for (const index of wanted.indexes) {
    const size = wanted.facts[index * COLUMNS + column.size] ?? 0;
    if (last === undefined || last.indexes.length >= HASH_BATCH.files || last.bytes + size > HASH_BATCH.bytes) {
      last = { wanted, indexes: [], bytes: 0 };
      batches.push(last);
    }
    last.indexes.push(index);
    last.bytes += size;
  }
  return batches;
}

/** Waits for all of them, then throws what the first that failed threw: nothing is left running behind an error. */
async function settleAll(promises: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(promises);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}
