import { places, SCRATCH_BYTES, boundsOf, type ThreadCall, type ThreadProgram } from '../../core/compiled/compiled.ts';
import type { Kernels } from './kernels.ts';

// What each thread does of a step; the main thread is number 0.

/** How long a thread turns in place for the others of a step before it sleeps: some tens of microseconds. */
export const SPINS = 20_000;

/** Nobody waits longer for another thread, in seconds. */
const TIMEOUT_S = 60;

/** What of a program may be left out. */
export interface Shortcuts {
  /** What depends on the states alone is there already. */
  readonly isPrepared: boolean;
  /** Nothing but the answers is wanted: nobody judges them. */
  readonly isAnswer: boolean;
}

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
  /** Those without the calls that judge. */
  readonly answering: readonly (readonly BoundStretch[])[];
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
    this.#programs = programs.map(({ levels, parts }) => {
      const boundOf = (isWanted: (call: ThreadCall) => boolean): BoundProgram['levels'] =>
        levels.map((level) =>
          level.map(({ pace, calls }) => ({ pace, calls: calls.filter(isWanted).map((call) => bind(kernels, call)) })),
        );
      return { parts, levels: boundOf(() => true), answering: boundOf(({ isJudging }) => !isJudging) };
    });
    kernels['setScratch']?.(places.scratch + SCRATCH_BYTES * thread);
  }

  /** Does this thread's part of a program for so many examples; false when another thread did not come. */
  run(number: number, examples: number, { isPrepared, isAnswer }: Shortcuts): boolean {
    const { parts, ...program } = this.#programOf(number);
    const levels = isAnswer ? program.answering : program.levels;
    const [from, to] = boundsOf({ total: examples, unit: 1 }, this.#thread, this.#threads);
    if (parts.bytes > 0) this.#kernels['zero']?.(parts.address, parts.bytes);
    for (const level of levels) {
      for (const stretch of level) if (!isPrepared || stretch.pace !== 'elements') runStretch(stretch, from, to);
      // Nobody waits for what nobody else has made.
      if ((!isPrepared || level === levels.at(-1)) && !this.#meet()) return false;
    }
    return true;
  }

  /** Does all of a program that is prepared, without the other threads. */
  runAlone(number: number, examples: number, { isAnswer }: Pick<Shortcuts, 'isAnswer'>): void {
    const { parts, ...program } = this.#programOf(number);
    const levels = isAnswer ? program.answering : program.levels;
    for (let thread = 0; thread < this.#threads; thread++)
      if (parts.bytes > 0) this.#kernels['zero']?.(parts.address + thread * parts.bytes, parts.bytes);
    for (const level of levels)
      for (const stretch of level) if (stretch.pace !== 'elements') runStretch(stretch, 0, examples);
  }

  #programOf(number: number): BoundProgram {
    const program = this.#programs[number];
    if (program === undefined) throw new Error(`There is no program ${number}.`);
    return program;
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
