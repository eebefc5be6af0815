import {
  encodeSavedModel,
  Graph,
  type Attribute,
  type DataType,
  type Message,
  type Output,
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
  const unknown = findUnknown(step);
  if (unknown !== undefined) return unknown;
  const graph = new Graph();
  const given = addPlaceholders(graph, feedsOf(step));
  const encoder = new Encoder(step, graph, { given, isGuarded });
  const fetched = [...step.results, ...step.changes.map(({ next }) => next)].map((operand) => encoder.fetch(operand));
  return finishStep(graph, given, fetched);
}

export function findUnknown({ operations }: Step): { readonly reason: string } | undefined {
  const unknown = operations.find(({ name }) => !isKnown(name));
  return unknown && { reason: `nothing is known of its operation ${unknown.name}` };
}

/** What is given from outside, and where it comes into the graph. */
export type Given = ReadonlyMap<Feed, Output>;

export function addPlaceholders(graph: Graph, feeds: readonly Feed[]): Given {
  return new Map(
    feeds.map((feed) => {
      const { source, name, dtype, shape } = feed;
      const attributes = { dtype: { type: dtype }, shape: { shape } };
      return [feed, graph.add('Placeholder', { name: `${source}/${name}`, attributes, dtype })];
    }),
  );
}

/** An output that is asked for. */
export type Fetched = Output & { readonly shape: readonly number[] };

/** `further`: outputs that are asked for at other times. */
export function finishStep(
  graph: Graph,
  given: Given,
  fetched: readonly Fetched[],
  further: readonly Fetched[] = [],
): EncodedStep {
  const inputs = [...given].map(([{ shape }, output], index) => ({ name: `feed_${index}`, shape, output }));
  const outputs = [...fetched, ...further].map(({ shape, ...output }, index) => ({
    ...{ name: `fetch_${index}`, shape, output },
  }));
  return {
    savedModel: encodeSavedModel(graph, { inputs, outputs }),
    feeds: [...given.keys()],
    feedNames: inputs.map(({ output }) => nameOf(output)),
    fetchNames: fetched.map(nameOf),
  };
}

/** As TensorFlow names an output. */
export function nameOf({ node, index }: Output): string {
  return `${node}:${index}`;
}

/** Constants up to so many bytes are written once, however often they are used. */
const MOST_COMPARED = 65_536;
/** From so many equal numbers on one of them is written. */
const LEAST_FILLED = 17;

/** Puts the operations of a step into a graph. */
export class Encoder {
  readonly #step: Step;
  readonly #graph: Graph;
  readonly #isGuarded: boolean;
  readonly #feeds: ReadonlyMap<string, Output>;
  readonly #operations: Output[] = [];
  readonly #constants = new Map<string, Output>();

  /** `given`: the values of all that the step is fed with. */
  constructor(step: Step, graph: Graph, { given, isGuarded }: { readonly given: Given; readonly isGuarded: boolean }) {
    this.#step = step;
    this.#graph = graph;
    this.#isGuarded = isGuarded;
    this.#feeds = new Map([...given].map(([feed, output]) => [keyOf(feed), output]));
    step.operations.forEach((operation) => this.#add(operation));
  }

  #add(operation: Operation): void {
    const { name, layer, operands, outputs } = operation;
    const inputs = operands.map((operand, index) => {
      const value = this.valueOf(operand);
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
  fetch(operand: Operand, after: readonly Output[] = []): Fetched {
    const value = this.valueOf(operand);
    const { dtype } = value;
    const attributes = { T: { type: dtype } };
    const output = this.#graph.add('Identity', { name: 'fetch', inputs: [value], after, attributes, dtype });
    return { ...output, shape: factsOf(this.#step, operand).shape };
  }

  /** An operation that passes a value on, and that TensorFlow does not look through. */
  #guard(value: Output, shape: readonly number[]): Output {
    if (!this.#isGuarded) return value;
    const { dtype } = value;
    const attributes = { dtype: { type: dtype }, shape: { shape } };
    return this.#graph.add('PlaceholderWithDefault', { name: 'guard', inputs: [value], attributes, dtype });
  }

  valueOf(operand: Operand): Output {
    switch (operand.kind) {
      case 'feed':
        return orBug(this.#feeds.get(keyOf(operand.feed)));
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
