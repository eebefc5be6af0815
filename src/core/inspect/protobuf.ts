import { Cursor, type ByteSource } from './bytes.ts';

// Protocol buffers read as far as a file's description needs them (the format is Google's "Encoding" page): field by field, without a schema,
// without reading what is passed over. Weights of gigabytes cost nothing.

/** A field that holds a message, a text or bytes: where they stand. */
export interface Span {
  readonly source: ByteSource;
  readonly start: number;
  readonly end: number;
}

/** What is done with each field, by its number. Fields without a row are passed over, whatever they are. */
export interface FieldReaders {
  readonly numbers?: Readonly<Record<number, (value: bigint) => void>>;
  readonly spans?: Readonly<Record<number, (span: Span) => void>>;
}

/** More than the biggest graphs have. A file of nothing but tiny fields would be read for minutes otherwise. */
const MAX_FIELDS = 20_000_000;

/** Counts across one file, so that nesting does not multiply what is read. */
export class FieldBudget {
  #left = MAX_FIELDS;

  take(cursor: Cursor): void {
    this.#left -= 1;
    if (this.#left < 0) cursor.fail(`More than ${MAX_FIELDS} fields: nothing more is read`);
  }
}

/** Reads one message. Throws FormatFailure where it is cut or is none. */
export function readMessage({ source, start, end }: Span, budget: FieldBudget, readers: FieldReaders): void {
  const cursor = new Cursor(source, start, end);
  while (!cursor.isAtEnd) {
    const place = cursor.offset;
    budget.take(cursor);
    const tag = readVarint(cursor);
    const field = Number(tag >> 3n);
    if (field === 0 || field > 0x1fffffff) cursor.fail('This is no field of a protocol buffer', place);
    const read = kinds[Number(tag & 7n)] ?? notAField;
    read(cursor, field, readers, source);
  }
}

function notAField(cursor: Cursor): never {
  return cursor.fail('This is no field of a protocol buffer');
}

/** By the kind of field on the wire: numbers, 8 bytes, bytes with their length, 4 bytes. Groups (3 and 4) are of the last century. */
const kinds: Readonly<
  Record<number, (cursor: Cursor, field: number, readers: FieldReaders, source: ByteSource) => void>
> = {
  0: (cursor, field, { numbers }) => {
    const value = readVarint(cursor);
    numbers?.[field]?.(value);
  },
  1: (cursor) => cursor.skip(8, 'a number'),
  2: (cursor, field, { spans }, source) => {
    const length = readVarint(cursor);
    const start = cursor.offset;
    if (length > BigInt(cursor.end - start))
      cursor.fail(`Cut within a field: ${length} bytes are announced, ${cursor.end - start} are left`);
    cursor.skip(Number(length), 'a field');
    spans?.[field]?.({ source, start, end: cursor.offset });
  },
  5: (cursor) => cursor.skip(4, 'a number'),
};

/** Seven bits a byte, the lowest first; at most ten bytes. */
function readVarint(cursor: Cursor): bigint {
  const start = cursor.offset;
  let value = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = cursor.byte('a number');
    value |= BigInt(byte & 127) << shift;
    if (byte < 128) return BigInt.asUintN(64, value);
  }
  return cursor.fail('A number has more than ten bytes', start);
}

export function toText({ source, start, end }: Span): string {
  return new Cursor(source, start, end).text(end - start, 'a text');
}

/** A signed number of 64 bits, as sizes are written. */
export function toSigned(value: bigint): number {
  return Number(BigInt.asIntN(64, value));
}

/** A list of numbers in one field. */
export function readPacked({ source, start, end }: Span, limit = 64): readonly number[] {
  const cursor = new Cursor(source, start, end);
  const values: number[] = [];
  while (!cursor.isAtEnd && values.length < limit) values.push(toSigned(readVarint(cursor)));
  return values;
}

/** An entry of a `map<string, Message>`. */
export function readEntry(span: Span, budget: FieldBudget): { readonly key: string; readonly value: Span | undefined } {
  let key = '';
  let value: Span | undefined;
  readMessage(span, budget, { spans: { 1: (text) => (key = toText(text)), 2: (message) => (value = message) } });
  return { key, value };
}
