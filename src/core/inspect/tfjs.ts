import { addPart, countOperation, type Draft, type Reading } from './draft.ts';
import { fieldsOf, listOf, readJson, shapeOf, textOf } from './json.ts';
import { readLayers } from './layers.ts';

// `model.json` of TensorFlow.js: a layers model (Keras' config) or a graph model (TensorFlow's nodes), and where its weights are.

const byteSizes: Readonly<Record<string, number>> = {
  ...{ float32: 4, int32: 4, bool: 1, uint8: 1, uint16: 2, float16: 2, complex64: 8 },
};

export function readTfjs({ source, draft }: Reading): void {
  const model = fieldsOf(readJson(source));
  for (const [fact, key] of [
    ['format', 'format'],
    ['generatedBy', 'generatedBy'],
    ['convertedBy', 'convertedBy'],
  ] as const) {
    const value = textOf(model[key]);
    if (value !== undefined) draft.facts[fact] = value;
  }
  const weights = listOf(model['weightsManifest']).map(fieldsOf);
  const parameters = readWeights(weights, draft);
  const topology = fieldsOf(model['modelTopology']);
  const nodes = listOf(topology['node']);
  if (nodes.length > 0) {
    for (const node of nodes) countOperation(draft, textOf(fieldsOf(node)['op']) ?? '?');
    readSignature(fieldsOf(model['signature'] ?? fieldsOf(model['userDefinedMetadata'])['signature']), draft);
    return;
  }
  const config = topology['model_config'] ?? topology;
  const parametersOf = (layer: string): number => parameters.get(layer) ?? 0;
  // The parts of a layers model are its layers.
  draft.parts.length = 0;
  readLayers(config, { draft, parametersOf, isPython: false });
  if (draft.parts.length === 0)
    draft.problems.push({
      offset: null,
      message: 'No layers and no nodes are named: this is no model of TensorFlow.js.',
    });
}

/** By layer ("dense/kernel" belongs to "dense"), how many numbers it has learnt. */
function readWeights(groups: readonly Readonly<Record<string, unknown>>[], draft: Draft): ReadonlyMap<string, number> {
  const byLayer = new Map<string, number>();
  let [parameters, bytes] = [0, 0];
  const files: string[] = [];
  for (const group of groups) {
    files.push(...listOf(group['paths']).flatMap((path) => textOf(path) ?? []));
    for (const weight of listOf(group['weights']).map(fieldsOf)) {
      const [name, dtype, shape] = [
        textOf(weight['name']) ?? '?',
        textOf(weight['dtype']) ?? '?',
        shapeOf(weight['shape']),
      ];
      const count = (shape ?? []).reduce((product, size) => product * Math.max(0, size), 1);
      const quantized = textOf(fieldsOf(weight['quantization'])['dtype']);
      parameters += count;
      bytes += count * (byteSizes[quantized ?? dtype] ?? 0);
      const layer = name.split('/')[0] ?? name;
      byLayer.set(layer, (byLayer.get(layer) ?? 0) + count);
      addPart(draft, {
        name,
        kind: quantized === undefined ? dtype : `${dtype} as ${quantized}`,
        shape: shape ?? null,
        parameters: count,
      });
    }
  }
  draft.facts['parameters'] = parameters;
  draft.facts['weightBytes'] = bytes;
  if (files.length > 0) draft.facts['weightFiles'] = files.slice(0, 100).join(', ');
  const outside = files.filter((file) => /^([a-z]+:|[/\\])|(^|[/\\])\.\.([/\\]|$)/i.test(file));
  for (const file of outside)
    draft.problems.push({
      offset: null,
      message: `The weights "${file}" lie outside of the model's folder; nothing reads them from there.`,
    });
  return byLayer;
}

function readSignature(signature: Readonly<Record<string, unknown>>, draft: Draft): void {
  for (const [side, list] of [
    ['inputs', draft.inputs],
    ['outputs', draft.outputs],
  ] as const)
    for (const [name, tensor] of Object.entries(fieldsOf(signature[side]))) {
      const { dtype, tensorShape } = fieldsOf(tensor);
      const sizes = listOf(fieldsOf(tensorShape)['dim']).map((size) => Number(fieldsOf(size)['size']));
      list.push({ name, dtype: toDtype(dtype), shape: sizes.every(Number.isFinite) ? sizes : null });
    }
}

/** TensorFlow's "DT_FLOAT". */
function toDtype(value: unknown): string {
  const text = textOf(value) ?? '?';
  return text === 'DT_FLOAT' ? 'float32' : text.replace(/^DT_/, '').toLowerCase();
}
