// Each level of a pyramid tells the extremes of sixteen neighbours of the level below, so that the extremes of any range are found among a few dozen
// numbers instead of all. Only full blocks are kept: appended points never change a block that stands.

const shift = 4;
const fanout = 2 ** shift;
const none = 0xffffffff;
/** Fewer values are looked at one by one. */
const leastClimb = 6 * fanout;
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
  readonly #search = emptySearch();
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

  /** Of the values in [start, end). To be read at once: the next question writes it anew, for a drawing asks a hundred thousand of them. */
  extremes(start: number, end: number): Extremes {
    const search = emptied(this.#search);
    if (end - start < leastClimb) {
      scan(search, this.#values, start, end);
      return search;
    }
    const first = (start + fanout - 1) >>> shift;
    const last = end >>> shift;
    scan(search, this.#values, start, first << shift);
    scan(search, this.#values, last << shift, end);
    let [left, right] = [first, last];
    for (let depth = 1; left < right; depth += 1) {
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
    const search = emptied(this.#search);
    const first = block * fanout;
    if (depth === 0) scan(search, this.#values, first, first + fanout);
    else for (let i = first; i < first + fanout; i += 1) this.#take(search, depth, i);
    level.lows[block] = search.low < 0 ? none : search.low;
    level.highs[block] = search.high < 0 ? none : search.high;
    level.odds[block] = search.odd;
  }

  /** Takes a block into account, of the level so many steps above the values. */
  #take(search: Search, depth: number, at: number): void {
    const level = this.#levels[depth - 1];
    const low = level?.lows[at] ?? none;
    search.odd |= level?.odds[at] ?? 0;
    if (low === none) return;
    takeNumber(search, this.#values[low] ?? NaN, low);
    const high = level?.highs[at] ?? none;
    takeNumber(search, this.#values[high] ?? NaN, high);
  }
}

const emptySearch = (): Search => ({ low: -1, high: -1, odd: 0, least: Infinity, greatest: -Infinity });

function emptied(search: Search): Search {
  search.low = -1;
  search.high = -1;
  search.odd = 0;
  search.least = Infinity;
  search.greatest = -Infinity;
  return search;
}

const emptyLevel = (): Level => ({
  lows: new Uint32Array(8),
  highs: new Uint32Array(8),
  odds: new Uint8Array(8),
  length: 0,
});

/**
 * Takes the values in [start, end) into account, none of which may lie before one that was taken. Plain statements on local numbers: a drawing looks at
 * millions of values.
 */
function scan(search: Search, values: Float64Array, start: number, end: number): void {
  let { low, high, least, greatest } = search;
  // Zero, unless something among them is no number or infinite.
  let dust = 0;
  let at = start;
  // By twos: of each pair only the lesser one can be the least, and only the other one the greatest.
  for (; at + 1 < end; at += 2) {
    const first = values[at] ?? NaN;
    const second = values[at + 1] ?? NaN;
    dust += (first - second) * 0;
    if (first <= second) {
      if (first < least) {
        least = first;
        low = at;
      }
      if (second > greatest) {
        greatest = second;
        high = first === second ? at : at + 1;
      }
    } else {
      if (second < least) {
        least = second;
        low = at + 1;
      }
      if (first > greatest) {
        greatest = first;
        high = at;
      }
    }
  }
  if (dust !== 0) {
    scanEach(search, values, start, end);
    return;
  }
  search.low = low;
  search.high = high;
  search.least = least;
  search.greatest = greatest;
  // What is left over of an odd number of them.
  scanEach(search, values, at, end);
}

/** The same one by one, whatever they are. */
function scanEach(search: Search, values: Float64Array, start: number, end: number): void {
  for (let at = start; at < end; at += 1) {
    const value = values[at] ?? NaN;
    if (Number.isFinite(value)) takeNumber(search, value, at);
    else search.odd |= Number.isNaN(value) ? oddities.nan : value > 0 ? oddities.above : oddities.below;
  }
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
