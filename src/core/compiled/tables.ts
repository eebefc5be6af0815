import type { Table } from './calls.ts';
import { sizeOf } from './graph.ts';

// Where rows, windows and runs of numbers begin.

/** A longer table of the same distance begins with the shorter one. */
export function keyOf(table: Table): string {
  return 'every' in table ? `every ${table.every}` : JSON.stringify(table);
}

export function lengthOf(table: Table): number {
  if ('sizes' in table) return sizeOf(table.sizes);
  return 'every' in table ? table.count : table.lines * table.columns;
}

/** The numbers of a table. */
export function fillTable(table: Table): Uint32Array {
  if ('every' in table) return Uint32Array.from({ length: table.count }, (_, row) => row * table.every);
  if ('sizes' in table) {
    const { sizes, strides, from } = table;
    return Uint32Array.from({ length: lengthOf(table) }, (_, place) => {
      let [rest, address] = [place, from];
      for (let axis = sizes.length - 1; axis >= 0; axis--) {
        const size = sizes[axis] ?? 1;
        address += (rest % size) * (strides[axis] ?? 0);
        rest = Math.floor(rest / size);
      }
      return address;
    });
  }
  const { lines, columns, lineBytes, columnBytes } = table;
  return Uint32Array.from(
    { length: lines * columns },
    (_, place) => Math.floor(place / columns) * lineBytes + (place % columns) * columnBytes,
  );
}
