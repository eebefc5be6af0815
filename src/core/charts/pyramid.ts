// Each level of a pyramid tells the extremes of sixteen neighbours of the level below, so that the extremes of any range are found among a few dozen
// numbers instead of all. Only full blocks are kept: appended points never change a block that stands.

const shift = 4;
const fanout = 2 ** shift;
const none = 0xffffffff;
/** More of them are not told apart: all may be new. */
const mostChanges = 64;

/** What stands between numbers, as bits: a value that is none, and infinities of either sign. */
export const oddities = { nan: 1, above: 2, below: 4 } as const;

/** Of a range of values: the first index of the least and of the greatest finite one, −1 when there is none; `odd` has the bits of {@link oddities}. */
export interface Extremes {
  readonly low: number;
  readonly high: number;
  readonly odd: number;
}

interface Level {
  lows: Uint32Array;
  highs: Uint32Array;
  odds: Uint8Array;
  length: number;
}

interface Search {
  low: number;
  high: number;
  odd: number;
  least: number;
  greatest: number;
}

/**
 * Minimum and maximum over blocks of 16, 256, 4096 … values (a segment tree of fan-out 16). It holds indices, not values: the order of minimum and maximum is known
 * as well, for 0.6 bytes a value. `update` costs O(1) an appended value, `extremes` O(log n).
 */
export class Pyramid {
  #values: Float64Array = new Float64Array(0);
  readonly #levels: Level[] = [];
  /** Where each change of late began, the last one last. */
  readonly #changes: number[] = [];
  /** Counts the changes. */
  version = 0;

  /** Takes over the values of now, of which those before index `from` are as they were. */
  update(values: Float64Array, from: number): void {
    this.#values = values;
    this.version += 1;
    this.#changes.push(from);
    if (this.#changes.length > mostChanges) this.#changes.shift();
    let [count, valid] = [values.length, from];
    for (let depth = 0; count >= fanout || depth < this.#levels.length; depth += 1) {
      const level = (this.#levels[depth] ??= emptyLevel());
      const blocks = count >>> shift;
      const start = Math.min(level.length, valid >>> shift);
      reserve(level, blocks);
      for (let block = start; block < blocks; block += 1) this.#fill(level, depth, block);
      level.length = blocks;
      [count, valid] = [blocks, start];
    }
  }

  /** Values before this index are those of that version. */
  changedSince(version: number): number {
    const count = this.version - version;
    if (version < 0 || count > this.#changes.length) return 0;
    return this.#changes.slice(this.#changes.length - count).reduce((first, from) => Math.min(first, from), Infinity);
  }

  /** Of the values in [start, end). */
  extremes(start: number, end: number): Extremes {
    const search = emptySearch();
    let [left, right] = [start, end];
    for (let depth = 0; left < right; depth += 1) {
      while (left < right && left % fanout !== 0) this.#take(search, depth, left++);
      while (left < right && right % fanout !== 0) this.#take(search, depth, --right);
      [left, right] = [left >>> shift, right >>> shift];
    }
    return search;
  }

  /** Least and greatest finite value in [start, end); infinite bounds when there is none. */
  bounds(start: number, end: number): { min: number; max: number } {
    const { low, high } = this.extremes(start, end);
    return { min: this.#values[low] ?? Infinity, max: this.#values[high] ?? -Infinity };
  }

  #fill(level: Level, depth: number, block: number): void {
    const search = emptySearch();
    const first = block * fanout;
    for (let i = first; i < first + fanout; i += 1) this.#take(search, depth, i);
    level.lows[block] = search.low < 0 ? none : search.low;
    level.highs[block] = search.high < 0 ? none : search.high;
    level.odds[block] = search.odd;
  }

  /** Takes a value into account (depth 0), or a block of the level that many steps up. */
  #take(search: Search, depth: number, at: number): void {
    if (depth === 0) takeValue(search, this.#values[at] ?? NaN, at);
    else {
      const level = this.#levels[depth - 1];
      const low = level?.lows[at] ?? none;
      search.odd |= level?.odds[at] ?? 0;
      if (low === none) return;
      takeNumber(search, this.#values[low] ?? NaN, low);
      const high = level?.highs[at] ?? none;
      takeNumber(search, this.#values[high] ?? NaN, high);
    }
  }
}

const emptySearch = (): Search => ({ low: -1, high: -1, odd: 0, least: Infinity, greatest: -Infinity });
const emptyLevel = (): Level => ({
  lows: new Uint32Array(8),
  highs: new Uint32Array(8),
  odds: new Uint8Array(8),
  length: 0,
});

function takeValue(search: Search, value: number, at: number): void {
  if (Number.isFinite(value)) takeNumber(search, value, at);
  else search.odd |= Number.isNaN(value) ? oddities.nan : value > 0 ? oddities.above : oddities.below;
}

function takeNumber(search: Search, value: number, at: number): void {
  if (value < search.least || (value === search.least && at < search.low)) {
    search.least = value;
    search.low = at;
  }
  if (value > search.greatest || (value === search.greatest && at < search.high)) {
    search.greatest = value;
    search.high = at;
  }
}

function reserve(level: Level, length: number): void {
  if (length <= level.lows.length) return;
  const room = Math.max(length, level.lows.length * 2);
  const [lows, highs, odds] = [new Uint32Array(room), new Uint32Array(room), new Uint8Array(room)];
  lows.set(level.lows.subarray(0, level.length));
  highs.set(level.highs.subarray(0, level.length));
  odds.set(level.odds.subarray(0, level.length));
  Object.assign(level, { lows, highs, odds });
}
