import { valuesOf, type AnyOperation, type Value } from './graph.ts';
import { traits } from './operations.ts';
import type { StepGraph } from './step.ts';

// A step as text for a person. Values are numbered as they come, so that two graphs with the same text are the same step.

/** One line for each input, state, operation and result. */
export function formatGraph(graph: StepGraph): readonly string[] {
  const names = new Names();
  const feeds = [graph.input, graph.target, graph.weights].map((value) => {
    names.set(value, value.name);
    return `input ${value.name}: ${formatFacts(value)}`;
  });
  const states = graph.states.map(({ name, value }) => {
    names.set(value, `state ${name}`);
    return `state ${name}: ${formatFacts(value)}`;
  });
  const operations = graph.operations.map((operation) => formatOperation(operation, names));
  const results = [
    ['output', graph.output] as const,
    ['loss', graph.sums.loss] as const,
    ...graph.sums.metrics.map((value) => [`metric ${value.name}`, value] as const),
    ...graph.penalties.map((value) => [value.name, value] as const),
  ].map(([name, value]) => `result ${name} = ${names.of(value)}: ${formatFacts(value)}`);
  return [...feeds, ...states, ...formatRandom(graph.operations), ...operations, ...results];
}

/** Whether two graphs are the same step: the same operations on the same values, in the same order. */
export function isSameGraph(first: StepGraph, second: StepGraph): boolean {
  return first.capacity === second.capacity && formatGraph(first).join('\n') === formatGraph(second).join('\n');
}

/** Numbers values by their first place. */
class Names {
  readonly #known = new Map<number, string>();
  #next = 0;

  set({ id }: Value, name: string): void {
    this.#known.set(id, name);
  }

  make(value: Value): string {
    const name = `%${this.#next++}`;
    this.#known.set(value.id, name);
    return name;
  }

  of({ id }: Value): string {
    return this.#known.get(id) ?? '?';
  }
}

function formatOperation({ kind, inputs, outputs, attributes }: AnyOperation, names: Names): string {
  const given = Object.entries(inputs as Readonly<Record<string, Value | undefined>>).flatMap(([role, value]) =>
    value === undefined ? [] : [`${role}=${names.of(value)}`],
  );
  const options = Object.entries(attributes).map(([name, value]) => `${name}=${formatOption(value)}`);
  const made = valuesOf(outputs);
  const changed = made.map(({ name, place }) => (place === 'state' ? `, state ${name}` : ''));
  const left = made.map((value) => names.make(value)).join(', ');
  const facts = made.map((value, index) => `${formatFacts(value)}${changed[index] ?? ''}`).join('; ');
  const [division] = traits[kind];
  return `${left} = ${kind}(${[...given, ...options].join(', ')}): ${facts}  # ${divisions[division]}`;
}

/** How threads share the work. */
const divisions = {
  examples: 'by examples',
  elements: 'by elements',
  update: 'by elements, last',
  none: 'no work',
} as const;

function formatOption(value: unknown): string {
  if (typeof value === 'number') return String(Number(value.toPrecision(7)));
  if (typeof value !== 'object' || value === null) return String(value);
  return `{${Object.entries(value)
    .map(([name, inner]) => `${name}=${formatOption(inner)}`)
    .join(' ')}}`;
}

function formatFacts({ place, type, shape }: Value): string {
  const axes = [...(place === 'examples' ? ['examples'] : []), ...(place === 'parts' ? ['threads'] : []), ...shape];
  return axes.length === 0 ? type : `${type} ${axes.join('×')}`;
}

/** What is drawn at random: none of it is kept. */
function formatRandom(operations: readonly AnyOperation[]): readonly string[] {
  const drawn = operations.flatMap(({ kind, attributes }) =>
    'layer' in attributes ? [`random ${kind} ${attributes.layer}: of seed, layer, step and place`] : [],
  );
  return [...new Set(drawn)];
}
