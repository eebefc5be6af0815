import { Worker } from 'node:worker_threads';
import { exists } from '../node/files/files.ts';
import { fromErrorDocument, type ErrorDocument } from '../protocol/errors.ts';
import { createAugment, type Augment, type Augmentation } from './augmentation.ts';
import { performers, type Performers } from './readers/readers.ts';

// Data are prepared in a thread beside the one that trains: files are read and pictures changed while a step computes. What goes across
// is handed over, not copied. Where no thread can be started the asking one does the same work.

/** All that the thread can do, each with its arguments. */
interface Preparations extends Performers {
  augment(augmentation: Augmentation, xs: Float32Array, examples: Uint32Array, epoch: number): Promise<Float32Array>;
}

const preparations: Preparations = {
  ...performers,
  augment: (augmentation, xs, examples, epoch) => {
    augmentOf(augmentation)(xs, examples, epoch);
    return Promise.resolve(xs);
  },
};

/** Made once per training: it has memory of its own. */
let known: { readonly key: string; readonly augment: Augment } | undefined;

function augmentOf(augmentation: Augmentation): Augment {
  const key = JSON.stringify(augmentation);
  if (known?.key !== key) known = { key, augment: createAugment(augmentation) };
  return known.augment;
}

export interface Request {
  readonly id: number;
  readonly name: keyof Preparations;
  readonly args: readonly unknown[];
}

export type Reply = { readonly id: number } & ({ readonly value: unknown } | { readonly error: ErrorDocument });

/** Does one of {@link Preparations}, wherever. */
export type Prepare = <Name extends keyof Preparations>(
  name: Name,
  ...args: Parameters<Preparations[Name]>
) => ReturnType<Preparations[Name]>;

export const prepareHere: Prepare = (name, ...args) =>
  Reflect.apply(preparations[name], undefined, args) as ReturnType<Preparations[typeof name]>;

/** The memory of a value's arrays, which goes with it to the other thread. */
export function memoryOf(values: readonly unknown[]): ArrayBuffer[] {
  const partsOf = (value: unknown): unknown[] =>
    ArrayBuffer.isView(value) || typeof value !== 'object' || value === null ? [value] : Object.values(value);
  const parts = values.flatMap(partsOf);
  const buffers = parts.flatMap((part) => (ArrayBuffer.isView(part) ? [part.buffer] : []));
  return [...new Set(buffers)].filter((buffer) => buffer instanceof ArrayBuffer);
}

/** Asks the thread of that file, which is started when the first has something to do. */
export function createPreparing(file: string): Prepare {
  let thread: Promise<Thread | undefined> | undefined;
  return (async (name, ...args) => {
    thread ??= Thread.start(file);
    return (await thread)?.ask(name, args) ?? prepareHere(name, ...args);
  }) as Prepare;
}

class Thread {
  readonly #worker: Worker;
  readonly #pending = new Map<
    number,
    { readonly resolve: (value: unknown) => void; readonly reject: (error: Error) => void }
  >();
  #asked = 0;
  #failure: Error | undefined;

  /** Undefined where there is no such file, as in a run of the sources. */
  static async start(file: string): Promise<Thread | undefined> {
    return (await exists(file)) ? new Thread(file) : undefined;
  }

  private constructor(file: string) {
    this.#worker = new Worker(file);
    this.#worker.on('message', (reply: Reply) => this.#settle(reply));
    this.#worker.on('error', (error) => this.#fail(error instanceof Error ? error : new Error(String(error))));
    this.#worker.on('exit', () => this.#fail(new Error('The thread that prepares data has ended.')));
    // It alone keeps no process going.
    this.#worker.unref();
  }

  ask(name: keyof Preparations, args: readonly unknown[]): Promise<unknown> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const id = (this.#asked += 1);
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#worker.ref();
      this.#worker.postMessage({ id, name, args } satisfies Request, memoryOf(args));
    });
  }

  #settle(reply: Reply): void {
    const pending = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if (this.#pending.size === 0) this.#worker.unref();
    if ('error' in reply) pending?.reject(fromErrorDocument(reply.error));
    else pending?.resolve(reply.value);
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const pending of this.#pending.values()) pending.reject(this.#failure);
    this.#pending.clear();
  }
}
