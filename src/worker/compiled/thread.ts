import { availableParallelism } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { places } from '../../core/compiled/compiled.ts';
import { instantiate, tuneCompiler } from './kernels.ts';
import { Performer, SPINS } from './perform.ts';
import { END, type ThreadData } from './threadData.ts';

// A thread of compiled steps: waits for a start, does its part, and again. It never answers: the threads meet in their memory.

/**
 * How long it turns in place for the next step before it sleeps: about two tenths of a millisecond, in which the main thread makes the next batch
 * ready. To be waked would take half as long, in each step.
 */
const PATIENCE = 300_000;

tuneCompiler();
const { module, memory, programs, thread, threads } = workerData as ThreadData;
// Where there are fewer cores than threads, one that turns in place is in the way of those that work.
const spins = threads > availableParallelism() ? SPINS : PATIENCE;
const kernels = instantiate(module, memory);
const performer = new Performer(kernels, programs, { thread, threads });
const words = new Int32Array(memory.buffer);
const poison = places.poison / 4;

parentPort?.postMessage('ready');
for (let last = 0; ;) {
  last = kernels['awaitStart']?.(places.start, last, spins) ?? 0;
  const program = words[places.program / 4] ?? END;
  if (program === END || Atomics.load(words, poison) !== 0) break;
  try {
    const shortcuts = { isPrepared: words[places.prepared / 4] === 1, isAnswer: words[places.answers / 4] === 1 };
    if (!performer.run(program, words[places.count / 4] ?? 0, shortcuts)) break;
  } catch (error) {
    // The others must not wait for this one.
    Atomics.store(words, poison, 1);
    Atomics.notify(words, places.meeting / 4 + 1);
    throw error;
  }
}
