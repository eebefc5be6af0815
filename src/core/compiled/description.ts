import { refuse } from './refusal.ts';

// The model as its configuration in JSON describes it, the form in which TensorFlow.js and Keras write a model down.

export interface LayerDescription {
  readonly name: string;
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** Names of the layers whose answers it takes. */
  readonly inputs: readonly string[];
}

export interface ModelDescription {
  /** Each after those whose answers it takes; the first is the input. */
  readonly layers: readonly LayerDescription[];
  readonly output: string;
  /** Of one example. */
  readonly inputShape: readonly number[];
}

type Fields = Readonly<Record<string, unknown>>;

/** Throws a refusal for what is no chain or graph of layers with one input and one output. */
export function parseModel(topology: unknown): ModelDescription {
  const { class_name: className, config } = toFields(topology);
  const fields = toFields(config);
  if (!Array.isArray(fields['layers'])) throw refuse(null, 'the model does not tell its layers');
  const given: readonly unknown[] = fields['layers'];
  if (className === 'Sequential') return parseChain(given);
  if (className === 'Model' || className === 'Functional') return parseGraph(given, fields);
  throw refuse(null, `a model of the class ${String(className)} is not known`);
}

function parseChain(given: readonly unknown[]): ModelDescription {
  const layers: LayerDescription[] = [];
  for (const entry of given) {
    const { className, config, name } = parseLayer(entry);
    const last = layers.at(-1);
    if (last === undefined && className !== 'InputLayer')
      layers.push({ name: `${name}_input`, className: 'InputLayer', config, inputs: [] });
    const before = layers.at(-1);
    layers.push({ name, className, config, inputs: before === undefined ? [] : [before.name] });
  }
  return finish(layers, layers.at(-1)?.name);
}

function parseGraph(given: readonly unknown[], fields: Fields): ModelDescription {
  const [input, ...otherInputs] = toEnds(fields['input_layers']);
  const [output, ...otherOutputs] = toEnds(fields['output_layers']);
  if (input === undefined || output === undefined || otherInputs.length + otherOutputs.length > 0)
    throw refuse(null, 'the model has more than one input or output');
  const known = new Map(
    given.map((entry) => {
      const layer = { ...parseLayer(entry), inputs: inboundOf(entry) };
      return [layer.name, layer] as const;
    }),
  );
  const ordered: LayerDescription[] = [];
  const visit = (name: string): void => {
    const layer = known.get(name);
    if (layer === undefined) throw refuse(name, 'it is not among the layers');
    if (ordered.includes(layer)) return;
    layer.inputs.forEach(visit);
    ordered.push(layer);
  };
  visit(output);
  return finish(ordered, output);
}

function finish(layers: readonly LayerDescription[], output: string | undefined): ModelDescription {
  const [first, ...others] = layers;
  if (first?.className !== 'InputLayer' || output === undefined) throw refuse(null, 'the model has no input');
  const second = others.find(({ className }) => className === 'InputLayer');
  if (second !== undefined) throw refuse(second.name, 'the model has more than one input');
  const shape = first.config['batch_input_shape'];
  if (!Array.isArray(shape)) throw refuse(first.name, 'the shape of its input is not told');
  const inputShape = (shape as readonly unknown[]).slice(1).map((size) => {
    if (typeof size === 'number') return size;
    throw refuse(first.name, 'its input may have any size');
  });
  if (shape[0] !== null) throw refuse(first.name, 'it takes batches of one size');
  return { layers, output, inputShape };
}

function parseLayer(entry: unknown): Omit<LayerDescription, 'inputs'> {
  const { class_name: className, config } = toFields(entry);
  const fields = toFields(config);
  const { name } = fields;
  if (typeof className !== 'string' || typeof name !== 'string') throw refuse(null, 'a layer has no name or class');
  if (Array.isArray(fields['layers'])) throw refuse(name, 'it is a model within the model');
  return { name, className, config: fields };
}

/** One call of a layer: `[[name, node, tensor, {}], …]`. */
function inboundOf(entry: unknown): readonly string[] {
  const { inbound_nodes: nodes, name } = toFields(entry);
  if (!Array.isArray(nodes)) return [];
  if (nodes.length > 1) throw refuse(String(name), 'it is used more than once');
  return toEnds(nodes[0]);
}

function toEnds(value: unknown): readonly string[] {
  if (!Array.isArray(value)) return [];
  return (value as readonly unknown[]).map((end) => {
    const [name, node, tensor] = Array.isArray(end) ? (end as readonly unknown[]) : [];
    if (typeof name === 'string' && node === 0 && tensor === 0) return name;
    throw refuse(typeof name === 'string' ? name : null, 'it is used more than once, or has more than one answer');
  });
}

function toFields(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}
