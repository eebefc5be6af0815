import { Graph, type Attribute, type DataType, type Output } from '../graphdef/graphdef.ts';
import {
  addPlaceholders,
  Encoder,
  findUnknown,
  finishStep,
  nameOf,
  type EncodedStep,
  type Fetched,
} from './encoding.ts';
import { factsOf, feedsOf, type AdamUpdate, type Feed, type FusedStep } from './step.ts';

/** A variable that the graph keeps from one step to the next, and TensorFlow's names of what can be done with it. */
export interface HeldVariable {
  /** Of the state. */
  readonly name: string;
  /** Feed of a new value, and what is fetched to have it set. */
  readonly given: string;
  readonly set: string;
  /** Fetched, it is the value of now. */
  readonly value: string;
}

/** A step as TensorFlow loads it, whose state stays in the graph. */
export interface EncodedHeldStep extends EncodedStep {
  readonly held: readonly HeldVariable[];
}

/**
 * The step as a graph that keeps its variables, so that a step changes them in their place; or the reason why it can't be one. What it is fed with
 * are inputs and moments, what is fetched are its results.
 */
export function encodeHeldStep(step: FusedStep): EncodedHeldStep | { readonly reason: string } {
  const unknown = findUnknown(step);
  if (unknown !== undefined) return unknown;
  const graph = new Graph();
  const feeds = feedsOf(step);
  const given = addPlaceholders(
    graph,
    feeds.filter(({ source }) => source !== 'state'),
  );
  const variables = listVariables(step).map((feed) => addVariable(graph, feed));
  const used = new Set(feeds.flatMap(({ source, name }) => (source === 'state' ? [name] : [])));
  const reads = variables.flatMap(({ feed, handle }) =>
    used.has(feed.name) ? [[feed, addRead(graph, feed, handle)] as const] : [],
  );
  const encoder = new Encoder(step, graph, { given: new Map([...given, ...reads]), isGuarded: false });
  const updates = new Updates(graph, encoder, variables, new Map(reads.map(([{ name }, read]) => [name, read])));
  const changed = [
    ...step.changes.map(({ name, next }) => updates.assign(name, encoder.valueOf(next))),
    ...step.adams.map((adam) => updates.applyAdam(adam)),
  ];
  const fetched = step.results.map((operand) => encoder.fetch(operand, changed));
  const further = variables.map((variable) => addAccess(graph, variable));
  return {
    ...finishStep(
      graph,
      given,
      fetched,
      further.flatMap(({ set, value }) => [set, value]),
    ),
    held: further.map(({ name, given: fed, set, value }) => ({
      ...{ name, given: nameOf(fed), set: nameOf(set), value: nameOf(value) },
    })),
  };
}

/** Of all variables that the step uses or sets, each once. */
function listVariables(step: FusedStep): readonly Feed[] {
  const found = new Map(feedsOf(step).flatMap((feed) => (feed.source === 'state' ? [[feed.name, feed] as const] : [])));
  const add = (name: string, { dtype, shape }: Pick<Feed, 'dtype' | 'shape'>): void => {
    if (!found.has(name)) found.set(name, { source: 'state', name, dtype, shape });
  };
  for (const { name, next } of step.changes) add(name, factsOf(step, next));
  for (const { gradient, ...names } of step.adams)
    for (const name of [names.weight, names.mean, names.square]) add(name, factsOf(step, gradient));
  return [...found.values()];
}

interface Variable {
  readonly feed: Feed;
  readonly handle: Output;
}

function addVariable(graph: Graph, feed: Feed): Variable {
  const { name, dtype, shape } = feed;
  const attributes = { dtype: { type: dtype }, shape: { shape }, shared_name: { text: name } };
  return { feed, handle: graph.add('VarHandleOp', { name: `variable/${name}`, attributes, dtype }) };
}

function addRead(graph: Graph, { name, dtype }: Feed, handle: Output): Output {
  return graph.add('ReadVariableOp', { name: `state/${name}`, inputs: [handle], attributes: typed(dtype), dtype });
}

/** Ways to the variable beside the step. */
function addAccess(
  graph: Graph,
  { feed, handle }: Variable,
): { readonly name: string; readonly given: Output; readonly set: Fetched; readonly value: Fetched } {
  const { name, dtype, shape } = feed;
  const [fed] = [...addPlaceholders(graph, [{ ...feed, name: `${name}/given` }]).values()];
  if (fed === undefined) throw new Error('A feed has a placeholder.');
  const attributes = typed(dtype);
  const assigned = graph.add('AssignVariableOp', { name: `set/${name}`, inputs: [handle, fed], attributes, dtype });
  // Only values can be fetched: this one is there when the variable is set.
  const tensor = { dtype: 'int32', shape: [], values: Int32Array.of(1) } as const;
  const told = { dtype: { type: 'int32' }, value: { tensor } } as const;
  const set = graph.add('Const', { name: `is_set/${name}`, after: [assigned], attributes: told, dtype: 'int32' });
  return { name, given: fed, set: { ...set, shape: [] }, value: { ...addRead(graph, feed, handle), shape } };
}

/** Operations that change variables. Each waits until the value of before is read. */
class Updates {
  readonly #graph: Graph;
  readonly #encoder: Encoder;
  readonly #handles: ReadonlyMap<string, Output>;
  readonly #reads: ReadonlyMap<string, Output>;

  constructor(graph: Graph, encoder: Encoder, variables: readonly Variable[], reads: ReadonlyMap<string, Output>) {
    this.#graph = graph;
    this.#encoder = encoder;
    this.#handles = new Map(variables.map(({ feed, handle }) => [feed.name, handle]));
    this.#reads = reads;
  }

  assign(name: string, value: Output): Output {
    const { dtype } = value;
    return this.#add('AssignVariableOp', [name], { inputs: [value], attributes: typed(dtype) });
  }

  applyAdam({ weight, mean, square, gradient, size, beta1, beta2, epsilon }: AdamUpdate): Output {
    const values = [gradient, size].map((operand) => this.#encoder.valueOf(operand));
    const [slope, rate] = values as [Output, Output];
    // The size of the step has the corrections in it already: of powers that are 0 the operation makes none.
    const numbers = [0, 0, beta1, beta2, epsilon].map((number) =>
      this.#graph.constant('adam', 'float32', [], Float32Array.of(number)),
    );
    const inputs = [...numbers.slice(0, 2), rate, ...numbers.slice(2), slope];
    return this.#add('ResourceApplyAdam', [weight, mean, square], { inputs, attributes: { T: { type: 'float32' } } });
  }

  #add(
    op: string,
    names: readonly string[],
    { inputs, attributes }: { readonly inputs: readonly Output[]; readonly attributes: Attributes },
  ): Output {
    const handles = names.map((name) => orBug(this.#handles.get(name)));
    const after = names.flatMap((name) => this.#reads.get(name) ?? []);
    const name = `change/${names[0] ?? ''}`;
    return this.#graph.add(op, { name, inputs: [...handles, ...inputs], after, attributes, dtype: 'float32' });
  }
}

type Attributes = Readonly<Record<string, Attribute>>;

function typed(dtype: DataType): Attributes {
  return { dtype: { type: dtype } };
}

function orBug(output: Output | undefined): Output {
  if (output === undefined) throw new Error('Every variable of a step is listed.');
  return output;
}
