import { bytesOf, sizeOf, type Kind, type Operation, type Value } from './graph.ts';

// Calls of kernels, whose arguments are told once the memory is laid out.

/** Names of numbers that change from step to step; the executor writes them before a step. */
export const controls = {
  /** 1 ÷ examples of the batch. */
  share: 0,
  examples: 4,
  /** Two keys of the random numbers. */
  keys: 8,
  /** Of the optimizer: up to eight numbers. */
  optimizer: 16,
} as const;

export type Argument =
  | number
  /** Where a value begins; `bytes` further on, and from the first element of a thread's share on, that are `each` bytes. */
  | { readonly at: Value; readonly bytes?: number; readonly share?: Share; readonly each?: number }
  /** From one thread's part to the next one's. */
  | { readonly pitchOf: Value }
  /** The first thread's part. */
  | { readonly firstOf: Value }
  | { readonly threads: true }
  /** So many for each example that the call is for. */
  | { readonly perExample: number }
  /** The number of the first example, times this. */
  | { readonly first: number }
  | { readonly share: Share; readonly end: 'from' | 'to' | 'count' }
  | { readonly control: keyof typeof controls }
  | { readonly table: Table };

/** A thread's share of `total` things, cut at multiples of `unit`. */
export interface Share {
  readonly total: number;
  readonly unit: number;
}

/** Where rows begin: every so many bytes; or, of the windows of a picture, line by line. */
export type Table =
  | { readonly every: number; readonly count: number }
  | { readonly lines: number; readonly columns: number; readonly lineBytes: number; readonly columnBytes: number }
  /** At `from` + Σ place × stride over the axes, all in bytes. */
  | { readonly sizes: readonly number[]; readonly strides: readonly number[]; readonly from: number };

export interface Call {
  readonly kernel: string;
  readonly arguments: readonly Argument[];
}

export type Lower<K extends Kind> = (operation: Operation<K>, capacity: number) => readonly Call[];

export type Lowerings = { readonly [K in Kind]?: Lower<K> };

export const call = (kernel: string, ...values: readonly Argument[]): Call => ({ kernel, arguments: values });
export const at = (value: Value, bytes = 0): Argument => ({ at: value, bytes });
export const per = (count: number): Argument => ({ perExample: count });
export const atOrNone = (value: Value | undefined): Argument => (value === undefined ? 0 : at(value));
export const bit = (isSet: boolean): number => Number(isSet);

export function share(total: number, unit: number): Share {
  return { total, unit };
}

/** Rows of a matrix that are a thread's at least: as many as a tile of products has. */
export const ROWS = 6;

/** Of the numbers of a weight, or of what is as large: the same for all that is done with them, so that each is one thread's and stays near. */
export function shareOf({ shape }: Value): Share {
  const [, n] = shape;
  return share(sizeOf(shape), shape.length === 2 && n !== undefined ? ROWS * n : 4);
}

export function ends(given: Share): readonly [Argument, Argument] {
  return [
    { share: given, end: 'from' },
    { share: given, end: 'to' },
  ];
}

export function countOf(given: Share): Argument {
  return { share: given, end: 'count' };
}

export function from(value: Value, given: Share): Argument {
  return { at: value, share: given, each: bytesOf(value) / sizeOf(value.shape) };
}

/** The parts of all threads: where the first lies, how far apart they are, how many there are. */
export function partsOf(part: Value): readonly [Argument, Argument, Argument] {
  return [{ firstOf: part }, { pitchOf: part }, { threads: true }];
}

export function lastOf({ shape }: Value): number {
  return shape.at(-1) ?? 1;
}
