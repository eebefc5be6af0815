import {
  bytesField,
  entryField,
  floatField,
  messageField,
  packedFloats,
  packedVarints,
  textField,
  varintField,
  type Message,
} from './protobuf.ts';

/** Numbers of `DataType` in TensorFlow's types.proto, by the names that TensorFlow.js has for them. */
const dataTypes = { float32: 1, int32: 3, bool: 10 } as const;
export type DataType = keyof typeof dataTypes;

/** A bool is a byte. */
export type NumberArray = Float32Array | Int32Array | Uint8Array;

/** What an attribute of a node may hold (attr_value.proto). An axis of any size is -1 in a shape. */
interface AttributeValues {
  readonly text: string;
  readonly int: number;
  readonly ints: readonly number[];
  readonly float: number;
  readonly floats: readonly number[];
  readonly flag: boolean;
  readonly type: DataType;
  readonly shape: readonly number[];
  readonly tensor: { readonly dtype: DataType; readonly shape: readonly number[]; readonly values: NumberArray };
  /** A tensor of one number, as often as its shape says. */
  readonly filled: { readonly dtype: DataType; readonly shape: readonly number[]; readonly value: number };
}

/** A value under its kind, as `{ int: 3 }`. */
export type Attribute = {
  readonly [Kind in keyof AttributeValues]: { readonly [Own in Kind]: AttributeValues[Own] };
}[keyof AttributeValues];

/**
 * A node as node_def.proto has it: an input is `node`, or `node:index` for an output that is not the first; last come those that only have to
 * be done before, `^node`.
 */
export interface GraphNode {
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** One of the values that a node gives. */
export interface Output {
  readonly node: string;
  readonly index: number;
  readonly dtype: DataType;
}

interface NodeOptions {
  /** Wished for; characters that TensorFlow does not take are replaced, and a number makes it unique. */
  readonly name: string;
  readonly inputs?: readonly Output[];
  /** Nodes that have to be done before it, though it takes nothing of them. */
  readonly after?: readonly Output[];
  /**
   * A graph, unlike TensorFlow's eager execution, finds out no attribute by itself: all without a default are to be given. Those of
   * types, too.
   */
  readonly attributes?: Readonly<Record<string, Attribute>>;
  /** Of its outputs. */
  readonly dtype: DataType;
}

/** A graph that grows node by node, each behind those that it needs. */
export class Graph {
  readonly #nodes: GraphNode[] = [];
  readonly #names = new Set<string>();

  get nodes(): readonly GraphNode[] {
    return this.#nodes;
  }

  /** Adds a node and gives its first output; the others have the same name and type, and an index. */
  add(op: string, { name, inputs = [], after = [], attributes = {}, dtype }: NodeOptions): Output {
    const node = this.#uniqueName(name);
    const before = [...new Set(after.map((output) => `^${output.node}`))];
    this.#nodes.push({ name: node, op, inputs: [...inputs.map(formatInput), ...before], attributes });
    return { node, index: 0, dtype };
  }

  constant(name: string, dtype: DataType, shape: readonly number[], values: NumberArray): Output {
    const attributes = { dtype: { type: dtype }, value: { tensor: { dtype, shape, values } } };
    return this.add('Const', { name, attributes, dtype });
  }

  #uniqueName(wished: string): string {
    const base = wished.replace(/[^A-Za-z0-9_./>-]/g, '_').replace(/^[^A-Za-z0-9.]/, 'x$&');
    let name = base;
    // Upper and lower case of one name would be the same file in a tool that unpacks a graph.
    for (let count = 1; this.#names.has(name.toLowerCase()); count += 1) name = `${base}_${count}`;
    this.#names.add(name.toLowerCase());
    return name;
  }
}

/** The nodes that some outputs need, in their order; what else was tried on the way is left out. */
export function selectNeeded(nodes: readonly GraphNode[], outputs: readonly Output[]): readonly GraphNode[] {
  const needed = new Set(outputs.map(({ node }) => node));
  // Backwards: a node stands behind those that it needs.
  for (const { name, inputs } of nodes.toReversed())
    if (needed.has(name)) for (const input of inputs) needed.add(/^\^?([^:]*)/.exec(input)?.[1] ?? input);
  return nodes.filter(({ name }) => needed.has(name));
}

function formatInput({ node, index }: Output): string {
  return index === 0 ? node : `${node}:${index}`;
}

/**
 * Of the format of graphs; operations have changed their meaning with it, those in use here long before this one (2021). A program
 * of any later version reads it, and an older one down to `min_consumer`, 0.
 */
const PRODUCER = 808;

/** A graph as graph.proto has it. */
export function encodeGraph(nodes: readonly GraphNode[]): Message {
  return [
    ...nodes.flatMap((node) => messageField(1, encodeNode(node))),
    ...messageField(4, [...varintField(1, PRODUCER), ...varintField(2, 0)]),
  ];
}

function encodeNode({ name, op, inputs, attributes }: GraphNode): Message {
  return [
    ...textField(1, name),
    ...textField(2, op),
    ...inputs.flatMap((input) => textField(3, input)),
    ...Object.entries(attributes).flatMap(([key, value]) => entryField(5, key, encodeAttribute(value))),
  ];
}

function encodeAttribute(attribute: Attribute): Message {
  const entries = Object.entries(attribute) as [keyof AttributeValues, unknown][];
  // TypeScript can't see that the encoder found by a kind takes a value of that kind.
  return entries.flatMap(([kind, value]) => (attributeEncoders[kind] as (value: unknown) => Message)(value));
}

const attributeEncoders: { readonly [Kind in keyof AttributeValues]: (value: AttributeValues[Kind]) => Message } = {
  text: (text) => textField(2, text),
  int: (value) => varintField(3, value),
  ints: (values) => messageField(1, packedVarints(3, values)),
  float: (value) => floatField(4, value),
  floats: (values) => messageField(1, packedFloats(4, values)),
  flag: (value) => varintField(5, value ? 1 : 0),
  type: (dtype) => varintField(6, dataTypes[dtype]),
  shape: (shape) => messageField(7, encodeShape(shape)),
  tensor: ({ dtype, shape, values }) =>
    messageField(8, [
      ...varintField(1, dataTypes[dtype]),
      ...messageField(2, encodeShape(shape)),
      // `tensor_content`: the numbers as they lie in memory, the lowest byte first.
      ...bytesField(4, new Uint8Array(values.buffer, values.byteOffset, values.byteLength)),
    ]),
  filled: ({ dtype, shape, value }) =>
    messageField(8, [
      ...varintField(1, dataTypes[dtype]),
      ...messageField(2, encodeShape(shape)),
      // `float_val`, `int_val`, `bool_val`: the last of them stands for all that are not told.
      ...(dtype === 'float32' ? packedFloats(5, [value]) : packedVarints(dtype === 'int32' ? 7 : 11, [value])),
    ]),
};

export function encodeShape(shape: readonly number[]): Message {
  return shape.flatMap((size) => messageField(2, varintField(1, size)));
}

export function encodeType(dtype: DataType): number {
  return dataTypes[dtype];
}
