import { forEachColumn, type PixelGrid, type Slice } from './grid.ts';
import type { Pyramid } from './pyramid.ts';

/** The earlier and the later extreme, and the end of the line where a value is none. */
export const slotsPerColumn = 3;

/** A line on the columns of a plot. */
export interface FittedColumns {
  /** Of each column its earlier and its later extreme (the same one only once), and infinity where it has a value that is none; NaN for nothing. */
  readonly slots: Float64Array;
  /** Bits of `oddities` of each column. */
  readonly odds: Uint8Array;
  /** Whether there may be any. */
  readonly hasOdds: boolean;
}

const known = new WeakMap<Pyramid, GridColumns>();

/** Of a line that has grown only the columns at its end are looked at; where another part of it is shown, the memory at least is there. */
export function columnsOf(slice: Slice, grid: PixelGrid): FittedColumns {
  const { pyramid, steps } = slice.line;
  let own = known.get(pyramid);
  if (own?.isOf(steps, grid) !== true) {
    own = new GridColumns(steps, grid);
    known.set(pyramid, own);
  }
  own.turnTo(grid);
  own.update(slice);
  return own;
}

class GridColumns implements FittedColumns {
  readonly slots: Float64Array;
  readonly odds: Uint8Array;
  hasOdds = false;
  #grid: PixelGrid;
  readonly #memory: ArrayBufferLike;
  readonly #offset: number;
  /** Columns with points, ascending, and the first point of each. */
  readonly #columns: Uint32Array;
  readonly #starts: Uint32Array;
  #count = 0;
  /** Behind the last point that is known, and how often the values had changed then. */
  #end = 0;
  #version = -1;

  constructor({ buffer, byteOffset }: Float64Array, grid: PixelGrid) {
    [this.#grid, this.#memory, this.#offset] = [grid, buffer, byteOffset];
    this.slots = new Float64Array(slotsPerColumn * grid.columns);
    this.odds = new Uint8Array(grid.columns);
    [this.#columns, this.#starts] = [new Uint32Array(grid.columns), new Uint32Array(grid.columns)];
  }

  /** Points that are appended stay in the memory of those before, as long as it has room. */
  isOf({ buffer, byteOffset }: Float64Array, { columns }: PixelGrid): boolean {
    return buffer === this.#memory && byteOffset === this.#offset && columns === this.#grid.columns;
  }

  turnTo(grid: PixelGrid): void {
    if (grid.min === this.#grid.min && grid.max === this.#grid.max) return;
    // A version that there never was: nothing stays.
    [this.#grid, this.#count, this.#end, this.#version] = [grid, 0, 0, -1];
  }

  update(slice: Slice): void {
    const { line, end } = slice;
    const { pyramid, values } = line;
    if (pyramid.version === this.#version && end === this.#end) return;
    this.#forget(pyramid.changedSince(this.#version));
    const from = this.#count === 0 ? slice.start : this.#starts[this.#count];
    const before = this.#count === 0 ? -1 : this.#columns[this.#count - 1];
    forEachColumn(
      { line, start: from ?? slice.start, end },
      this.#grid,
      (column, first, last) => {
        this.#columns[this.#count] = column;
        this.#starts[this.#count] = first;
        this.#count += 1;
        const { low, high, odd } = pyramid.extremes(first, last);
        const slot = column * slotsPerColumn;
        if (low >= 0) this.slots[slot] = values[Math.min(low, high)] ?? NaN;
        if (low !== high) this.slots[slot + 1] = values[Math.max(low, high)] ?? NaN;
        if (odd === 0) return;
        this.slots[slot + 2] = Infinity;
        this.odds[column] = odd;
        this.hasOdds = true;
      },
      before,
    );
    [this.#end, this.#version] = [end, pyramid.version];
  }

  /** Columns with points from that index on, and the last one: it may have been cut short. */
  #forget(index: number): void {
    const steady = Math.min(index, this.#end);
    let count = this.#count;
    while (count > 0 && (this.#starts[count - 1] ?? 0) >= steady) count -= 1;
    this.#count = Math.max(0, count - 1);
    const column = this.#count === 0 ? 0 : (this.#columns[this.#count] ?? 0);
    this.slots.fill(NaN, column * slotsPerColumn);
    this.odds.fill(0, column);
  }
}
