import { fieldsOf, listOf, shapeOf, textOf, type Fields } from './json.ts';
import { addPart, countOperation, type Draft } from './draft.ts';

/** Of models within models. */
const MAX_DEPTH = 32;

/** Layers of Keras that hold Python code: it runs when the model is loaded. */
const codeLayers: ReadonlySet<string> = new Set(['Lambda', 'TFOpLambda', 'SlicingOpLambda']);

interface LayerReading {
  readonly draft: Draft;
  /** Learnt numbers of a layer by its name; null where the file does not say. */
  readonly parametersOf: (layer: string) => number | null;
  /** True where the loader is Python: there a layer may bring code. */
  readonly isPython: boolean;
}

/** Layers, inputs and what may run, from the config of a Keras model (`{class_name, config}`) in either program's writing. */
export function readLayers(model: unknown, reading: LayerReading, prefix = '', depth = 0): void {
  const { draft } = reading;
  if (depth > MAX_DEPTH) {
    draft.problems.push({ offset: null, message: `Models within models deeper than ${MAX_DEPTH} are not read.` });
    return;
  }
  const { config } = fieldsOf(model);
  const layers = Array.isArray(config) ? config : listOf(fieldsOf(config)['layers']);
  for (const [index, layer] of layers.entries()) readLayer(fieldsOf(layer), { reading, prefix, depth, index });
}

interface Place {
  readonly reading: LayerReading;
  readonly prefix: string;
  readonly depth: number;
  readonly index: number;
}

function readLayer(layer: Fields, { reading, prefix, depth, index }: Place): void {
  const { draft, parametersOf } = reading;
  const kind = textOf(layer['class_name']) ?? '?';
  const config = fieldsOf(layer['config']);
  const name = nameOf(layer, config) ?? `${kind} ${index + 1}`;
  const declared = shapeOf(config['batch_shape']) ?? shapeOf(config['batch_input_shape']);
  const shape = declared ?? shapeOf(fieldsOf(layer['build_config'])['input_shape']);
  if (declared !== undefined && depth === 0)
    draft.inputs.push({ name, dtype: dtypeOf(config['dtype']), shape: declared });
  addPart(draft, { name: `${prefix}${name}`, kind, shape: shape ?? null, parameters: parametersOf(name) });
  countOperation(draft, kind);
  if (reading.isPython) judgeLayer(layer, kind, `${prefix}${name}`, draft);
  if (Array.isArray(layer['config']) || config['layers'] !== undefined)
    readLayers(layer, reading, `${prefix}${name}/`, depth + 1);
}

function nameOf(layer: Fields, config: Fields): string | undefined {
  return textOf(config['name']) ?? textOf(layer['name']);
}

/** Keras 3 says a policy where Keras 2 said a type. */
function dtypeOf(value: unknown): string {
  return textOf(value) ?? textOf(fieldsOf(fieldsOf(value)['config'])['name']) ?? 'float32';
}

/** Whether a layer, or a whole model, brings code or needs some. */
export function judgeLayer(layer: Fields, kind: string, name: string, draft: Draft): void {
  const module = textOf(layer['module']);
  const isKeras = module === undefined || /^(tf_)?keras(\.|$)/.test(module) || module.startsWith('tensorflow.keras');
  const isRegistered = textOf(layer['registered_name'])?.includes('>') === true;
  if (codeLayers.has(kind)) {
    draft.canExecuteCode = 'yes';
    draft.reasons.push(`The layer ${name} is a ${kind}: Python code that runs when the model is loaded.`);
  } else if (!isKeras) {
    draft.canExecuteCode = 'yes';
    draft.reasons.push(
      `The layer ${name} is of the Python module ${module}, which is imported when the model is loaded.`,
    );
  } else if (isRegistered) {
    draft.reasons.push(
      `The layer ${name} (${String(layer['registered_name'])}) needs code that the file does not have.`,
    );
  }
}
