// Reads protocol buffers in the most general way: fields by number, as the wire has them.

/** A whole number, or the bytes of a text, a message, a float. */
export type Field = number | bigint | Uint8Array;

export function readFields(bytes: Uint8Array): ReadonlyMap<number, readonly Field[]> {
  const fields = new Map<number, Field[]>();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]!;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asIntN(64, value);
    }
  };
  const take = (length: number): Uint8Array => bytes.subarray(at, (at += length));
  while (at < bytes.length) {
    const tag = Number(varint());
    const kind = tag % 8;
    const value = kind === 0 ? Number(varint()) : take(kind === 5 ? 4 : Number(varint()));
    fields.set(tag >> 3, [...(fields.get(tag >> 3) ?? []), value]);
  }
  return fields;
}

/** Messages, texts or numbers of a field; none where it is not there. */
export function messagesOf(bytes: Uint8Array, field: number): readonly Uint8Array[] {
  return (readFields(bytes).get(field) ?? []) as Uint8Array[];
}

export function textsOf(bytes: Uint8Array, field: number): readonly string[] {
  return messagesOf(bytes, field).map((text) => Buffer.from(text).toString('utf8'));
}

export function numbersOf(bytes: Uint8Array, field: number): readonly number[] {
  return (readFields(bytes).get(field) ?? []) as number[];
}

/** A `map<string, Message>`. */
export function entriesOf(bytes: Uint8Array, field: number): ReadonlyMap<string, Uint8Array> {
  return new Map(messagesOf(bytes, field).map((entry) => [textsOf(entry, 1)[0]!, messagesOf(entry, 2)[0]!]));
}

export interface ReadNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly attributes: ReadonlyMap<string, Uint8Array>;
}

/** Nodes of a SavedModel's graph by name. */
export function nodesOf(savedModel: Uint8Array): ReadonlyMap<string, ReadNode> {
  const [graph] = messagesOf(messagesOf(savedModel, 2)[0]!, 2);
  return new Map(
    messagesOf(graph!, 1).map((node) => [
      textsOf(node, 1)[0]!,
      { op: textsOf(node, 2)[0]!, inputs: textsOf(node, 3), attributes: entriesOf(node, 5) },
    ]),
  );
}
