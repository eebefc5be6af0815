import { controls, type Argument, type Call, type Table } from './calls.ts';
import type { Value } from './graph.ts';
import { places, type Layout, type Place } from './places.ts';

// Calls as a thread makes them: the memory is laid out, its share is told.

/** An argument is `fixed + first × number of the first example + count × examples`. */
export interface ThreadCall {
  readonly kernel: string;
  readonly fixed: readonly number[];
  readonly first: readonly number[];
  readonly count: readonly number[];
  /** It compares answers with targets. */
  readonly isJudging: boolean;
}

interface Resolving {
  readonly layout: Layout;
  readonly thread: number;
  readonly threads: number;
  readonly tables: { addressOf(table: Table): number };
}

/** The arguments of a call for one thread. */
export function resolve({ kernel, arguments: given }: Call, isJudging: boolean, resolving: Resolving): ThreadCall {
  const terms = given.map((argument) => resolveArgument(argument, resolving));
  return {
    kernel,
    fixed: terms.map(([fixed]) => fixed),
    first: terms.map(([, first]) => first),
    count: terms.map(([, , count]) => count),
    isJudging,
  };
}

type Terms = readonly [fixed: number, first: number, count: number];

function resolveArgument(argument: Argument, { layout, thread, threads, tables }: Resolving): Terms {
  if (typeof argument === 'number') return [argument, 0, 0];
  if ('perExample' in argument) return [0, 0, argument.perExample];
  if ('first' in argument) return [0, argument.first, 0];
  if ('threads' in argument) return [threads, 0, 0];
  if ('control' in argument) return [places.controls + controls[argument.control], 0, 0];
  if ('table' in argument) return [tables.addressOf(argument.table), 0, 0];
  const placeOf = (value: Value): Place => {
    const place = layout.places.get(value.storage);
    if (place === undefined) throw new Error(`${value.name} has no place.`);
    return place;
  };
  if ('pitchOf' in argument) return [placeOf(argument.pitchOf).pitch, 0, 0];
  if ('firstOf' in argument) return [placeOf(argument.firstOf).address, 0, 0];
  if ('at' in argument) {
    const { address, pitch, perExample } = placeOf(argument.at);
    const { bytes = 0, each = 0 } = argument;
    const shift = argument.share === undefined ? 0 : each * boundsOf(argument.share, thread, threads)[0];
    return [address + pitch * thread + bytes + shift, perExample, 0];
  }
  const [from, to] = boundsOf(argument.share, thread, threads);
  return [{ from, to, count: to - from }[argument.end], 0, 0];
}

/** A thread's share: whole units, as even as they can be. */
export function boundsOf(
  { total, unit }: { readonly total: number; readonly unit: number },
  thread: number,
  threads: number,
): readonly [from: number, to: number] {
  const units = Math.ceil(total / unit);
  const bound = (number: number): number => Math.min(total, Math.floor((units * number) / threads) * unit);
  return [bound(thread), bound(thread + 1)];
}
