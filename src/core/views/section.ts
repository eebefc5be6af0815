import type { Reader } from './reading.ts';

/** A part of a view file, under a key of its own. */
export interface Section<T> {
  /** Of each of its keys: what the values of two texts say is compared by them. */
  readonly readers: Readonly<Record<string, Reader<unknown>>>;
  readonly read: Reader<T>;
  /** Key by key as a person would write it; undefined for what need not be said. */
  readonly toPlain: (view: T) => Readonly<Record<string, unknown>>;
}
