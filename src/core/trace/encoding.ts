import {
  encodeSavedModel,
  Graph,
  type Attribute,
  type DataType,
  type Message,
  type Output,
  type SavedModelSignature,
} from '../graphdef/graphdef.ts';
import { needsGuard } from './guards.ts';
import { isKnown, listAttributes } from './operations.ts';
import { factsOf, feedsOf, type Constant, type Feed, type Operand, type Operation, type Step } from './step.ts';

/** A step as TensorFlow loads it. */
export interface EncodedStep {
  /** Content of a `saved_model.pb`. */
  readonly savedModel: Message;
  readonly feeds: readonly Feed[];
  /** TensorFlow's names of the feeds, and of the results and then the changed state. */
  readonly feedNames: readonly string[];
  readonly fetchNames: readonly string[];
}

/**
 * The step as a graph, or the reason why it can't be one. Guarded (see needsGuard) it rounds as its operations do; else TensorFlow may rewrite it,
 * and it is quicker.
 */
export function encodeStep(
  step: Step,
  { isGuarded = true }: { readonly isGuarded?: boolean } = {},
): EncodedStep | { readonly reason: string } {
  const unknown = step.operations.find(({ name }) => !isKnown(name));
  if (unknown !== undefined) return { reason: `nothing is known of its operation ${unknown.name}` };
  const graph = new Graph();
  const feeds = feedsOf(step);
  const encoder = new Encoder(step, graph, feeds, isGuarded);
  step.operations.forEach((operation) => encoder.add(operation));
  const fetched = [...step.results, ...step.changes.map(({ next }) => next)].map((operand) => encoder.fetch(operand));
  const signature: SavedModelSignature = {
    inputs: feeds.map((feed, index) => ({ name: `feed_${index}`, shape: feed.shape, output: encoder.feed(feed) })),
    outputs: fetched.map(({ shape, ...output }, index) => ({ name: `fetch_${index}`, shape, output })),
  };
  const nameOf = ({ output: { node, index } }: { readonly output: Output }): string => `${node}:${index}`;
  return {
    savedModel: encodeSavedModel(graph, signature),
    feeds,
    feedNames: signature.inputs.map(nameOf),
    fetchNames: signature.outputs.map(nameOf),
  };
}

/** Constants up to so many bytes are written once, however often they are used. */
const MOST_COMPARED = 65_536;
/** From so many equal numbers on one of them is written. */
const LEAST_FILLED = 17;

class Encoder {
  readonly #step: Step;
  readonly #graph: Graph;
  readonly #isGuarded: boolean;
  readonly #feeds = new Map<string, Output>();
  readonly #operations: Output[] = [];
  readonly #constants = new Map<string, Output>();

  constructor(step: Step, graph: Graph, feeds: readonly Feed[], isGuarded: boolean) {
    this.#step = step;
    this.#graph = graph;
    this.#isGuarded = isGuarded;
    for (const feed of feeds) {
      const { source, name, dtype, shape } = feed;
      const attributes = { dtype: { type: dtype }, shape: { shape } };
      this.#feeds.set(keyOf(feed), graph.add('Placeholder', { name: `${source}/${name}`, attributes, dtype }));
    }
  }

  feed(feed: Feed): Output {
    return orBug(this.#feeds.get(keyOf(feed)));
  }

  add(operation: Operation): void {
    const { name, layer, operands, outputs } = operation;
    const inputs = operands.map((operand, index) => {
      const value = this.#valueOf(operand);
      return needsGuard(this.#step, operation, index) ? this.#guard(value, factsOf(this.#step, operand).shape) : value;
    });
    const attributes = attributesOf(operation, inputs);
    const [first] = outputs;
    const dtype = first?.dtype ?? 'float32';
    this.#operations.push(
      this.#graph.add(name, { name: layer === '' ? name : `${layer}/${name}`, inputs, attributes, dtype }),
    );
  }

  /** A name of its own for what is fetched: the value may be a feed, or be fetched twice. */
  fetch(operand: Operand): Output & { readonly shape: readonly number[] } {
    const value = this.#valueOf(operand);
    const { dtype } = value;
    const attributes = { T: { type: dtype } };
    const output = this.#graph.add('Identity', { name: 'fetch', inputs: [value], attributes, dtype });
    return { ...output, shape: factsOf(this.#step, operand).shape };
  }

  /** An operation that passes a value on, and that TensorFlow does not look through. */
  #guard(value: Output, shape: readonly number[]): Output {
    if (!this.#isGuarded) return value;
    const { dtype } = value;
    const attributes = { dtype: { type: dtype }, shape: { shape } };
    return this.#graph.add('PlaceholderWithDefault', { name: 'guard', inputs: [value], attributes, dtype });
  }

  #valueOf(operand: Operand): Output {
    switch (operand.kind) {
      case 'feed':
        return this.feed(operand.feed);
      case 'constant':
        return this.#constant(operand.constant);
      case 'result': {
        const { dtype } = factsOf(this.#step, operand);
        return { ...orBug(this.#operations[operand.operation]), index: operand.output, dtype };
      }
    }
  }

  #constant({ dtype, shape, values }: Constant): Output {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    const isSmall = bytes.length <= MOST_COMPARED;
    const key = `${dtype} ${shape.join()} ${isSmall ? bytes.join() : this.#constants.size}`;
    const known = this.#constants.get(key);
    if (known !== undefined) return known;
    const [first = 0] = values;
    // An array of ones as large as the activations would be most of the graph.
    const isFilled = values.length >= LEAST_FILLED && values.every((value) => Object.is(value, first));
    const value: Attribute = isFilled
      ? { filled: { dtype, shape, value: first } }
      : { tensor: { dtype, shape, values } };
    const attributes = { dtype: { type: dtype }, value };
    const plain = this.#graph.add('Const', { name: 'constant', attributes, dtype });
    const made = dtype === 'float32' ? this.#guard(plain, shape) : plain;
    this.#constants.set(key, made);
    return made;
  }
}

/** Eager execution finds out types that are not told, and passes over attributes that it does not know: a graph does neither. */
function attributesOf(
  { name, attributes: given }: Operation,
  inputs: readonly { readonly dtype: DataType }[],
): Readonly<Record<string, Attribute>> {
  const found: Record<string, Attribute> = {};
  for (const { name: attribute, typeOf } of listAttributes(name)) {
    const told = given[attribute];
    const input = typeOf === undefined ? undefined : inputs.at(typeOf);
    // What eager execution is told of the types of operands may even be wrong.
    if (input !== undefined) found[attribute] = { type: input.dtype };
    else if (told !== undefined) found[attribute] = told;
  }
  return found;
}

function keyOf({ source, name }: Feed): string {
  return `${source} ${name}`;
}

function orBug(output: Output | undefined): Output {
  if (output === undefined) throw new Error('An operation stands behind those that it needs.');
  return output;
}
