import { places, SCRATCH_BYTES, boundsOf, type ThreadCall, type ThreadProgram } from '../../core/compiled/compiled.ts';
import type { Kernels } from './kernels.ts';

// What each thread does of a step; the main thread is number 0.

/** How long a thread turns in place before it sleeps: some tens of microseconds. */
export const SPINS = 20_000;

/** Nobody waits longer for another thread, in seconds. */
const TIMEOUT_S = 60;

interface BoundCall {
  readonly kernel: (...numbers: readonly number[]) => number;
  readonly fixed: readonly number[];
  readonly first: readonly number[];
  readonly count: readonly number[];
  /** Room for the arguments of the call that comes. */
  readonly values: number[];
}

interface BoundStretch {
  readonly pace: 'one' | 'all' | 'elements';
  readonly calls: readonly BoundCall[];
}

interface BoundProgram {
  readonly levels: readonly (readonly BoundStretch[])[];
  readonly parts: ThreadProgram['parts'];
}

/** A thread's programs, ready to be run on its kernels. */
export class Performer {
  readonly #kernels: Kernels;
  readonly #thread: number;
  readonly #threads: number;
  readonly #programs: readonly BoundProgram[];

  constructor(
    kernels: Kernels,
    programs: readonly ThreadProgram[],
    { thread, threads }: { thread: number; threads: number },
  ) {
    this.#kernels = kernels;
    this.#thread = thread;
    this.#threads = threads;
    this.#programs = programs.map(({ levels, parts }) => ({
      parts,
      levels: levels.map((level) =>
        level.map(({ pace, calls }) => ({ pace, calls: calls.map((call) => bind(kernels, call)) })),
      ),
    }));
    kernels['setScratch']?.(places.scratch + SCRATCH_BYTES * thread);
  }

  /** Does this thread's part of a program for so many examples; false when another thread did not come. */
  run(number: number, examples: number): boolean {
    const program = this.#programs[number];
    if (program === undefined) throw new Error(`There is no program ${number}.`);
    const [from, to] = boundsOf({ total: examples, unit: 1 }, this.#thread, this.#threads);
    const { address, bytes } = program.parts;
    if (bytes > 0) this.#kernels['zero']?.(address, bytes);
    for (const level of program.levels) {
      for (const stretch of level) runStretch(stretch, from, to);
      if (!this.#meet()) return false;
    }
    return true;
  }

  #meet(): boolean {
    if (this.#threads === 1) return true;
    return this.#kernels['meet']?.(places.meeting, this.#threads, SPINS, TIMEOUT_S, places.poison) === 0;
  }
}

function bind(kernels: Kernels, { kernel, fixed, first, count }: ThreadCall): BoundCall {
  const found = kernels[kernel];
  if (found === undefined) throw new Error(`There is no kernel ${kernel}.`);
  return { kernel: found, fixed, first, count, values: [...fixed] };
}

function runStretch({ pace, calls }: BoundStretch, from: number, to: number): void {
  if (pace === 'elements') {
    for (const { kernel, fixed } of calls) kernel(...fixed);
    return;
  }
  const each = pace === 'one' ? 1 : to - from;
  for (let example = from; example < to; example += each)
    for (const call of calls) {
      const { kernel, fixed, first, count, values } = call;
      for (let i = 0; i < values.length; i++)
        values[i] = (fixed[i] ?? 0) + (first[i] ?? 0) * example + (count[i] ?? 0) * each;
      kernel(...values);
    }
}
