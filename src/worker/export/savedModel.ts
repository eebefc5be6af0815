import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import {
  encodeSavedModel,
  Graph,
  lengthOf,
  type DataType,
  type SavedModelSignature,
} from '../../core/graphdef/graphdef.ts';
import { writeFileAtomic } from '../../node/files/files.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import type { ExportedSignature } from '../../protocol/training.ts';
import { variablesOf } from '../snapshot.ts';
import type { LayersModel, SymbolicTensor, TensorFlow } from '../tensorflow.ts';
import { generalize, type GeneralRecording, type GeneralStep } from './batches.ts';
import { conversions } from './conversions.ts';
import { cannotConvert, recordPrediction, type Recording } from './recording.ts';
import { ModelGraph, StepGraph, toAxis, type Value, type Weight } from './stepgraph.ts';

/** Examples in the two predictions that are recorded. */
const COUNTS = [2, 3] as const;
/** A protocol buffer can't be larger, and weights lie within. */
const MAX_BYTES = 2 ** 31 - 1;

/**
 * Writes a model as TensorFlow's SavedModel into `directory`: its graph with the weights as constants, for any number of examples,
 * and the signature `serving_default` with the model's own names. Needs no TensorFlow. Throws `not-supported` with the layer for what
 * TensorFlow's operations can't say.
 */
export async function writeSavedModel(
  tf: TensorFlow,
  model: LayersModel,
  directory: string,
): Promise<ExportedSignature> {
  const { graph, signature } = toGraph(tf, model);
  const message = encodeSavedModel(graph, signature);
  const bytes = lengthOf(message);
  if (bytes > MAX_BYTES)
    throw new ExpectedError(
      'not-supported',
      `The model has ${bytes} bytes; a SavedModel with its weights within can't have more than ${MAX_BYTES}.`,
    );
  await writeFileAtomic(path.join(directory, 'saved_model.pb'), Buffer.concat(message));
  // There are none, but some readers ask for the folder.
  await mkdir(path.join(directory, 'variables'), { recursive: true });
  const toFacts = (tensors: SavedModelSignature['inputs']): ExportedSignature['inputs'] =>
    tensors.map(({ name, shape, output: { dtype } }) => ({ name, shape, dtype }));
  return { inputs: toFacts(signature.inputs), outputs: toFacts(signature.outputs) };
}

interface ConvertedModel {
  readonly graph: Graph;
  readonly signature: SavedModelSignature;
}

function toGraph(tf: TensorFlow, model: LayersModel): ConvertedModel {
  const inputs = model.inputs.map(checkInput);
  const stateful = model.layers.find((layer) => layer.stateful);
  if (stateful !== undefined) throw cannotConvert(stateful.name, 'it keeps a state from one prediction to the next.');
  const fixed = inputs[0]?.shape[0] ?? null;
  const counts = fixed === null ? COUNTS : ([fixed, fixed] as const);
  const [first, second] = counts.map((count) => recordFor(tf, model, inputs, count)) as [Recording, Recording];
  return write(model, inputs, generalize(first, second, counts));
}

interface InputFacts {
  readonly name: string;
  readonly shape: readonly [number | null, ...number[]];
  readonly dtype: DataType;
}

/** The names of a model's list of names are those of the layers, but a sequential model has no such list. */
function checkInput({ sourceLayer: { name }, shape: [count = null, ...sizes], dtype }: SymbolicTensor): InputFacts {
  if (sizes.some((size) => size === null))
    throw cannotConvert(name, 'an axis of the input may be of any size beside that of the examples.');
  if (dtype !== 'float32' && dtype !== 'int32' && dtype !== 'bool') throw cannotConvert(name, `its type is ${dtype}.`);
  return { name, shape: [count, ...(sizes as number[])], dtype };
}

function recordFor(tf: TensorFlow, model: LayersModel, inputs: readonly InputFacts[], count: number): Recording {
  const tensors = inputs.map(({ shape: [, ...sizes], dtype }) => tf.zeros([count, ...sizes], dtype));
  try {
    return recordPrediction(tf, model, tensors);
  } finally {
    tf.dispose(tensors);
  }
}

function write(model: LayersModel, inputs: readonly InputFacts[], recording: GeneralRecording): ConvertedModel {
  const graph = new Graph();
  const values = inputs.map((input) => addInput(graph, input));
  const converted = new ModelGraph(graph, values, listWeights(model));
  for (const step of recording.steps) addStep(converted, step);
  const names = nameOutputs(model);
  const outputs = recording.outputs.map((operand, index) => {
    const name = names[index] ?? '';
    const value = converted.valueOf(operand, 'model');
    const { dtype } = value;
    const attributes = { T: { type: dtype } };
    const output = graph.add('Identity', { name: `output/${name}`, inputs: [value], attributes, dtype });
    return { name, shape: value.shape.map(toAxis), output };
  });
  const named = values.map((value, index) => ({
    name: inputs[index]?.name ?? '',
    shape: value.shape.map(toAxis),
    output: value,
  }));
  return { graph, signature: { inputs: named, outputs } };
}

function addInput(graph: Graph, { name, shape: [count, ...sizes], dtype }: InputFacts): Value {
  const attributes = { dtype: { type: dtype }, shape: { shape: [count ?? -1, ...sizes] } };
  const output = graph.add('Placeholder', { name: `input/${name}`, attributes, dtype });
  return { ...output, shape: [count ?? { perExample: 1 }, ...sizes] };
}

function addStep(model: ModelGraph, step: GeneralStep): void {
  const { kernel, layer } = step;
  const conversion = Object.hasOwn(conversions, kernel) ? conversions[kernel] : undefined;
  if (conversion === undefined) throw cannotConvert(layer, `nothing is known here of its kernel ${kernel}.`);
  const outputs = [conversion(new StepGraph(model, step))].flat();
  model.addStep(outputs.map((output, index) => ({ ...output, shape: step.outputs[index]?.shape ?? [] })));
}

/** A layer that gives two of the outputs lends its name to both. */
function nameOutputs({ outputs }: LayersModel): readonly string[] {
  const names = outputs.map(({ sourceLayer: { name } }) => name);
  return names.map((name, index) => {
    const before = names.slice(0, index).filter((other) => other === name).length;
    return before === 0 ? name : `${name}_${before}`;
  });
}

function listWeights(model: LayersModel): readonly Weight[] {
  return variablesOf(model).map((variable, index) => ({
    // The variable's own name has a number that depends on what was built before.
    name: model.weights[index]?.originalName ?? variable.name,
    shape: variable.shape,
    dtype: variable.dtype as DataType,
    read: () => variable.dataSync().slice(),
  }));
}
