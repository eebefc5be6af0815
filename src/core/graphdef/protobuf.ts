// Protocol buffers, as far as writing a message needs them (the format is Google's "Encoding" page). A message is a list of
// parts that is never joined before it is written: a gigabyte of weights lies in it once, however deep.

/** Parts of a message, one after the other. */
export type Message = readonly Uint8Array[];

const encoder = new TextEncoder();

/** Kinds of fields on the wire. */
const VARINT = 0;
const DELIMITED = 2;
const FIXED32 = 5;

/** Whole numbers, negative ones as 64 bits; flags and members of enums too. */
export function varintField(field: number, value: number | bigint): Message {
  return [Uint8Array.of(...tag(field, VARINT), ...varint(value))];
}

export function floatField(field: number, value: number): Message {
  return [Uint8Array.of(...tag(field, FIXED32), ...floatBytes([value]))];
}

export function textField(field: number, text: string): Message {
  return bytesField(field, encoder.encode(text));
}

export function bytesField(field: number, bytes: Uint8Array): Message {
  return messageField(field, [bytes]);
}

/** A message within a message. */
export function messageField(field: number, message: Message): Message {
  return [Uint8Array.of(...tag(field, DELIMITED), ...varint(lengthOf(message))), ...message];
}

/** A list of whole numbers in one field. */
export function packedVarints(field: number, values: readonly number[]): Message {
  return bytesField(field, Uint8Array.from(values.flatMap(varint)));
}

export function packedFloats(field: number, values: readonly number[]): Message {
  return bytesField(field, floatBytes(values));
}

/** An entry of a `map<string, Message>`. */
export function entryField(field: number, key: string, value: Message): Message {
  return messageField(field, [...textField(1, key), ...messageField(2, value)]);
}

/** Bytes of a message as it will be written. */
export function lengthOf(message: Message): number {
  return message.reduce((sum, part) => sum + part.length, 0);
}

function tag(field: number, kind: number): number[] {
  return varint(field * 8 + kind);
}

/** Seven bits a byte, the lowest first; the eighth says that more follow. */
function varint(value: number | bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  return [...bytes, Number(rest)];
}

function floatBytes(values: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 * values.length));
  values.forEach((value, index) => view.setFloat32(4 * index, value, true));
  return new Uint8Array(view.buffer);
}
