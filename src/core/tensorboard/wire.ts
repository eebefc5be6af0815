// Protocol buffers of a few known messages, read from memory (the format is Google's "Encoding" page). What an event holds is small.

/** A field as it stands: whole numbers of varints, the bytes of everything else. */
export interface Field {
  readonly number: number;
  /** Of a varint; 0 otherwise. */
  readonly value: bigint;
  /** Of a fixed or delimited field; empty otherwise. */
  readonly bytes: Uint8Array;
}

const EMPTY = new Uint8Array(0);
const VARINT = 0;
const FIXED64 = 1;
const DELIMITED = 2;
const FIXED32 = 5;

/** The fields of a message in their order. Ends where the bytes are no message any more: what was read until then stands. */
export function readFields(bytes: Uint8Array): readonly Field[] {
  const fields: Field[] = [];
  let at = 0;
  const readVarint = (): bigint | undefined => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at];
      if (byte === undefined) return undefined;
      at += 1;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asUintN(64, value);
    }
    return undefined;
  };
  const take = (length: number): Uint8Array | undefined => {
    if (length > bytes.length - at) return undefined;
    const taken = bytes.subarray(at, at + length);
    at += length;
    return taken;
  };
  const readField = (): Field | undefined => {
    const tag = readVarint();
    if (tag === undefined) return undefined;
    const number = Number(tag >> 3n);
    const kind = Number(tag & 7n);
    if (kind === VARINT) {
      const value = readVarint();
      return value === undefined ? undefined : { number, value, bytes: EMPTY };
    }
    const length = kind === FIXED64 ? 8 : kind === FIXED32 ? 4 : kind === DELIMITED ? Number(readVarint() ?? -1) : -1;
    const taken = length < 0 ? undefined : take(length);
    return taken === undefined ? undefined : { number, value: 0n, bytes: taken };
  };
  while (at < bytes.length) {
    const field = readField();
    if (field === undefined) break;
    fields.push(field);
  }
  return fields;
}

const decoder = new TextDecoder();

export function toText(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** Little-endian, as all of it. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
