import { Worker } from 'node:worker_threads';
import { fillTable, places, type Plan, type ProgramFacts } from '../../core/compiled/compiled.ts';
import type { BatchRoom } from '../data.ts';
import { instantiate, type KernelModule, type Kernels } from './kernels.ts';
import { Performer, type Shortcuts } from './perform.ts';
import { END, type ThreadData } from './threadData.ts';
import { releaseMemory, takeMemory } from './memories.ts';
import { cantGoOn, DISPOSED, WAY_ON } from './watching.ts';
import type { SharedMemory } from './webAssembly.ts';

/** Examples for a step, in the memory's own order. */
export interface StepData {
  readonly xs: Float32Array;
  readonly ys: Float32Array;
  /** Of the examples; all weigh the same where they have none. */
  readonly weights?: Float32Array | undefined;
  readonly count: number;
  /** Of the random numbers. */
  readonly keys: readonly [number, number];
  /** What the optimizer needs in this step. */
  readonly optimizer: readonly number[];
}

/** Loss with its penalties, then the metrics: means over the examples. */
export type StepValues = readonly number[];

/** Multiplications that are worth waking a thread for: about half a millisecond of them. */
export const WORK_OF_THREAD = 10_000_000;

/** Until a thread that was told to end is ended. */
const PATIENCE_MS = 5000;

/**
 * One memory with the state of a training, and the threads that work on it. Those are no reason for the process to stay; `dispose` ends
 * them all the same.
 */
export class Executor {
  readonly #plan: Plan;
  readonly #kernels: Kernels;
  readonly #performer: Performer;
  readonly #threads: readonly Worker[];
  readonly #floats: Float32Array;
  readonly #doubles: Float64Array;
  readonly #words: Int32Array;
  readonly #wayOn: string;
  #failure: string | undefined;
  /** The program that has what it makes of the states alone. */
  #prepared: number | undefined;
  /** Until it is disposed. */
  #memory: SharedMemory | undefined;

  private constructor(
    plan: Plan,
    kernels: Kernels,
    memory: SharedMemory,
    { threads, wayOn }: { readonly threads: readonly Worker[]; readonly wayOn: string },
  ) {
    this.#plan = plan;
    this.#wayOn = wayOn;
    this.#kernels = kernels;
    this.#threads = threads;
    this.#memory = memory;
    this.#floats = new Float32Array(memory.buffer);
    this.#doubles = new Float64Array(memory.buffer);
    this.#words = new Int32Array(memory.buffer);
    this.#performer = new Performer(kernels, plan.calls[0] ?? [], { thread: 0, threads: plan.threads });
    for (const thread of threads) thread.once('exit', () => (this.#failure ??= 'a thread of it has ended'));
  }

  /** Throws where there is not so much memory. `script`: of the threads; `wayOn`: what to do when it breaks, as a sentence. */
  static async start(
    plan: Plan,
    { module }: KernelModule,
    script: string | URL,
    wayOn: string = WAY_ON,
  ): Promise<Executor> {
    const memory = takeMemory(plan.bytes);
    const words = new Uint32Array(memory.buffer);
    for (const { address, table } of plan.tables) words.set(fillTable(table), address / 4);
    const threads: Worker[] = [];
    try {
      for (let thread = 1; thread < plan.threads; thread++) {
        const programs = plan.calls[thread] ?? [];
        const workerData: ThreadData = { module, memory, programs, thread, threads: plan.threads };
        threads.push(new Worker(script, { workerData, execArgv: [] }));
      }
      await Promise.all(threads.map(whenReady));
      const executor = new Executor(plan, instantiate(module, memory), memory, { threads, wayOn });
      for (const thread of threads) thread.unref();
      return executor;
    } catch (error) {
      await Promise.all(threads.map((thread) => thread.terminate()));
      releaseMemory(memory);
      throw error;
    }
  }

  /** Of a state: `layer/kernel`, or a slot below it. The numbers themselves, until the next step. */
  state(name: string): Float32Array {
    if (this.#memory === undefined) throw this.#broken(DISPOSED);
    // The numbers may be changed.
    this.#prepared = undefined;
    const found = this.#plan.states.find((state) => state.name === name);
    if (found === undefined) throw new Error(`There is no state ${name}.`);
    return this.#at(
      found.address,
      found.shape.reduce((product, size) => product * size, 1),
    );
  }

  /** Runs a program of the plan on a batch. */
  run(number: number, { xs, ys, weights, count, keys, optimizer }: StepData): StepValues {
    const facts = this.#factsOf(number, count);
    this.#put(xs, facts.input);
    this.#put(ys, facts.target);
    if (weights === undefined) this.#floats.fill(1, facts.weights / 4, facts.weights / 4 + count);
    else this.#floats.set(weights, facts.weights / 4);
    const control = places.controls / 4;
    this.#floats.set([1 / count, count], control);
    this.#words.set(keys, control + 2);
    this.#floats.set(optimizer, control + 4);
    this.#perform(number, facts, { count, isAnswer: false });
    const divisor = count * facts.rowsPerExample;
    const sum = (parts: readonly number[]): number =>
      parts.reduce((total, address) => total + (this.#doubles[address / 8] ?? NaN), 0);
    const penalties = facts.penalties.reduce((total, parts) => total + sum(parts), 0);
    return [sum(facts.loss) / divisor + penalties, ...facts.metrics.map((parts) => sum(parts) / divisor)];
  }

  /** The model's answers to some examples, without judging them; `size`: numbers of them all. */
  answer(number: number, xs: Float32Array, { count, size }: { count: number; size: number }): Float32Array {
    const facts = this.#factsOf(number, count);
    this.#put(xs, facts.input);
    this.#perform(number, facts, { count, isAnswer: true });
    return this.outputs(number, size);
  }

  /** Where a program takes its batch from; one that lies there already is not copied. `size`, `width`: numbers of an example and its target. */
  room(number: number, size: number, width: number): BatchRoom {
    const { input = 0, target = 0, capacity = 0 } = this.#plan.programs[number] ?? {};
    return {
      xs: this.#at(input, capacity * size),
      ys: this.#at(target, capacity * width),
      // At the end of the numbers' place, so that none is overwritten before it is read.
      bytes: (count) => new Uint8Array(this.#floats.buffer, input + 3 * count, count),
      scaleBytes: (count, scale) => void this.#kernels['scaleBytes']?.(input, count, scale),
    };
  }

  /** The model's answers to the last batch of a program; `size`: numbers of them all. */
  outputs(number: number, size: number): Float32Array {
    return this.#at(this.#plan.programs[number]?.output ?? 0, size).slice();
  }

  #perform(
    number: number,
    { isRepeatable, work }: ProgramFacts,
    { count, isAnswer }: { readonly count: number } & Pick<Shortcuts, 'isAnswer'>,
  ): void {
    const isPrepared = this.#prepared === number;
    this.#prepared = isRepeatable ? number : undefined;
    if (isPrepared && count * work < WORK_OF_THREAD) {
      this.#performer.runAlone(number, count, { isAnswer });
      return;
    }
    this.#words[places.program / 4] = number;
    this.#words[places.count / 4] = count;
    this.#words[places.prepared / 4] = Number(isPrepared);
    this.#words[places.answers / 4] = Number(isAnswer);
    if (this.#threads.length > 0) this.#kernels['start']?.(places.start, this.#plan.threads);
    if (!this.#performer.run(number, count, { isPrepared, isAnswer }))
      throw this.#broken('a thread of it gave no answer');
  }

  async dispose(): Promise<void> {
    this.#failure ??= DISPOSED;
    const memory = this.#memory;
    if (memory === undefined) return;
    this.#memory = undefined;
    if (this.#threads.length > 0) {
      this.#words[places.program / 4] = END;
      this.#kernels['start']?.(places.start, this.#plan.threads);
      await Promise.all(this.#threads.map(whenEnded));
    }
    // Now that nobody writes to it any more.
    releaseMemory(memory);
  }

  #factsOf(number: number, count: number): ProgramFacts {
    if (this.#failure !== undefined) throw this.#broken(this.#failure);
    const facts = this.#plan.programs[number];
    if (facts === undefined || count < 1 || count > facts.capacity)
      throw new Error(`A program ${number} for ${count} examples is not there.`);
    return facts;
  }

  #broken(reason: string): Error {
    this.#failure ??= reason;
    return cantGoOn(reason, this.#wayOn);
  }

  #put(numbers: Float32Array, address: number): void {
    if (numbers.buffer !== this.#floats.buffer || numbers.byteOffset !== address)
      this.#floats.set(numbers, address / 4);
  }

  #at(address: number, size: number): Float32Array {
    return this.#floats.subarray(address / 4, address / 4 + size);
  }
}

/** By itself, as it was told to; one that hangs is ended. */
async function whenEnded(thread: Worker): Promise<void> {
  if (thread.threadId === -1) return;
  thread.ref();
  const timer = setTimeout(() => void thread.terminate(), PATIENCE_MS);
  await new Promise((resolve) => thread.once('exit', resolve));
  clearTimeout(timer);
}

function whenReady(thread: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    thread.once('message', () => resolve());
    thread.once('error', reject);
    thread.once('exit', (code) => reject(new Error(`A thread of the compiled step ended with ${code}.`)));
  });
}
