// Where things lie in the memory of a step.

/** Fixed places in the first page, in bytes; each of the first three has a line of the cache to itself. */
export const places = {
  start: 1024,
  meeting: 1088,
  poison: 1152,
  /** Which of the programs to run, and with how many examples. */
  program: 1160,
  count: 1164,
  /** Whether what depends on the states alone is there already. */
  prepared: 1168,
  /** Whether nothing but the answers is wanted. */
  answers: 1172,
  controls: 1216,
  /** 256 bytes for each thread. */
  scratch: 1536,
} as const;

export const SCRATCH_BYTES = 256;

/** Where a storage lies: its address for the first thread, how far the next thread's is, and the next example's. */
export interface Place {
  readonly address: number;
  readonly pitch: number;
  readonly perExample: number;
}

export interface Layout {
  readonly places: ReadonlyMap<number, Place>;
  readonly parts: number;
  readonly partsPitch: number;
}
