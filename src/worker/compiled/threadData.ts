import type { ThreadProgram } from '../../core/compiled/compiled.ts';
import type { SharedMemory } from './webAssembly.ts';

/** What a thread of compiled steps is started with. */
export interface ThreadData {
  readonly module: WebAssembly.Module;
  readonly memory: SharedMemory;
  readonly programs: readonly ThreadProgram[];
  readonly thread: number;
  readonly threads: number;
}

/** In the place of a program's number: nothing is left to do. */
export const END = -1;
