import path from 'node:path';
import { giveTurn, type HashContext } from './context.ts';
import { COLUMNS, FileFailure, IRREGULAR, column, isRegular, unreadable } from './filefacts.ts';
import { MD5_BYTES } from './taking.ts';
import { performHere, performInThread } from './threads.ts';

/** So many files are looked at, or so much is hashed, before a thread is worth its start. */
export const FEW_FILES = 3000;

/** What a thread gets at once. */
const STAT_BATCH = 2000;

export interface Files {
  /** Absolute path. */
  readonly folder: string;
  readonly names: readonly string[];
}

/**
 * Facts of many files, {@link COLUMNS} numbers each. Threads begin as soon as there is enough for them to do, while more is listed.
 */
export class FactGathering {
  readonly #context: Pick<HashContext, 'signal'>;
  readonly #all: Files[] = [];
  readonly #facts: Promise<Float64Array<ArrayBuffer>>[] = [];
  #count = 0;

  constructor(context: Pick<HashContext, 'signal'>) {
    this.#context = context;
  }

  add(files: Files): void {
    this.#all.push(files);
    this.#count += files.names.length;
    if (this.#count >= FEW_FILES) this.#begin(performInThread);
  }

  /** In the order in which the files were added. Throws when one of them can't be read. */
  async facts(): Promise<readonly Float64Array<ArrayBuffer>[]> {
    this.#begin(performHere);
    const facts = await Promise.all(this.#facts);
    for (const [index, files] of this.#all.entries()) refuseUnreadable(files, facts[index] ?? new Float64Array());
    return facts;
  }

  #begin(perform: typeof performHere): void {
    for (const { folder, names } of this.#all.slice(this.#facts.length)) {
      const facts = gatherFacts(folder, names, perform, this.#context);
      // Told by facts(), when all has begun.
      facts.catch(() => undefined);
      this.#facts.push(facts);
    }
  }
}

async function gatherFacts(
  folder: string,
  names: readonly string[],
  perform: typeof performHere,
  context: Pick<HashContext, 'signal'>,
): Promise<Float64Array<ArrayBuffer>> {
  const facts = new Float64Array(names.length * COLUMNS);
  const parts = Array.from({ length: Math.ceil(names.length / STAT_BATCH) }, async (_, part) => {
    await giveTurn(context);
    const from = part * STAT_BATCH;
    const request = { folder, names: names.slice(from, from + STAT_BATCH).join('/') };
    facts.set(await perform('stat', request), from * COLUMNS);
  });
  await Promise.all(parts);
  return facts;
}

function refuseUnreadable({ folder, names }: Files, facts: Float64Array): void {
  for (let at = 0; at < facts.length; at += COLUMNS) {
    const size = facts[at + column.size] ?? 0;
    if (size >= 0 && isRegular(facts[at + column.mode] ?? 0)) continue;
    throw new FileFailure(reasons.get(size) ?? IRREGULAR, path.join(folder, names[at / COLUMNS] ?? ''));
  }
}

const reasons = new Map<number, string>([
  [unreadable.missing, 'ENOENT'],
  [unreadable.loop, 'ELOOP'],
  [unreadable.denied, 'EACCES'],
  [unreadable.other, 'EIO'],
]);

/** Indexes of those objects in a cache's folder that are not there or not read-only; `md5s` has 16 bytes for each. */
export async function findUnprotected(
  folder: string,
  md5s: Uint8Array,
  context: Pick<HashContext, 'signal'>,
): Promise<number[]> {
  const batch = STAT_BATCH * MD5_BYTES;
  const perform = md5s.length / MD5_BYTES < FEW_FILES ? performHere : performInThread;
  const parts = Array.from({ length: Math.ceil(md5s.length / batch) }, async (_, part) => {
    await giveTurn(context);
    const found = await perform('objects', { folder, md5s: md5s.slice(part * batch, (part + 1) * batch) });
    return found.map((index) => index + part * STAT_BATCH);
  });
  return (await Promise.all(parts)).flat();
}
