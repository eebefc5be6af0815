import { webAssembly, type SharedMemory } from './webAssembly.ts';

// The memory of the last training is kept for the next. The garbage collector does not count shared memories: trainings one after the other,
// each with one of its own, would fill the machine.

const PAGE = 65_536;
const MOST_PAGES = 65_536;

let spare: SharedMemory | undefined;

/** A memory of at least so many bytes, all zero. Throws where there is not so much. */
export function takeMemory(bytes: number): SharedMemory {
  const pages = Math.max(1, Math.ceil(bytes / PAGE));
  if (pages > MOST_PAGES)
    throw new RangeError(`A step needs ${(bytes / 2 ** 30).toFixed(1)} GiB of memory; 4 GiB is the most.`);
  const found = spare;
  // One that is too small makes room.
  spare = undefined;
  if (found === undefined || found.buffer.byteLength < pages * PAGE)
    return new webAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  new Uint8Array(found.buffer, 0, pages * PAGE).fill(0);
  return found;
}

/** Nobody may use it any more. The largest one is kept. */
export function releaseMemory(memory: SharedMemory): void {
  if (spare === undefined || spare.buffer.byteLength < memory.buffer.byteLength) spare = memory;
}
