import { setLearningRate } from './compilation.ts';
import type { LayersModel, Optimizer, Tensor, TensorFlow, Variable } from './tensorflow.ts';

// The numbers of a model and of its optimizer, taken out and put back bit for bit. The packages' own `getWeights` of
// optimizers is not enough: Adamax has none, and Adam's computes its running products anew, with other roundings.

/** Numbers under a name, as they lie in a checkpoint. */
export interface NamedNumbers {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: keyof typeof arrayTypes;
  readonly values: Float32Array | Int32Array | Uint8Array | Uint32Array;
}

export const arrayTypes = {
  float32: Float32Array,
  int32: Int32Array,
  bool: Uint8Array,
  /** Of ours, for orders: no tensor has it. */
  uint32: Uint32Array,
} as const;

export async function readTensor(name: string, tensor: Tensor): Promise<NamedNumbers> {
  const { shape, dtype } = tensor;
  if (dtype !== 'float32' && dtype !== 'int32' && dtype !== 'bool')
    throw new Error(`A checkpoint can't hold the ${dtype} numbers of ${name}.`);
  // Some backends give the very memory they compute with.
  return { name, shape, dtype, values: (await tensor.data()).slice() as NamedNumbers['values'] };
}

/** The caller disposes the tensor. */
export function toTensor(tf: TensorFlow, { shape, dtype, values }: NamedNumbers): Tensor {
  if (dtype === 'uint32') throw new Error('An order is no tensor.');
  return tf.tensor(values, [...shape], dtype);
}

/** All weights, those that are not trained (moving means of batch normalization) included. */
export function variablesOf(model: LayersModel): readonly Variable[] {
  return model.weights.map(toVariable);
}

/** Those that training moves. */
export function trainedVariablesOf(model: LayersModel): readonly Variable[] {
  return model.trainableWeights.map(toVariable);
}

/** The packages' type says tensor. */
function toVariable(weight: { read(): Tensor }): Variable {
  // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- it is one: `LayerVariable.val`
  return weight.read() as Variable;
}

/** Puts numbers into variables; nothing is changed when they do not fit, and the first that does not is told. */
export function assignNumbers(
  tf: TensorFlow,
  variables: readonly Variable[],
  numbers: readonly NamedNumbers[],
): string | undefined {
  if (variables.length !== numbers.length)
    return `It has ${numbers.length} weights, the model has ${variables.length}.`;
  for (const [index, variable] of variables.entries()) {
    const found = numbers[index]?.shape.join('×') ?? '';
    if (found !== variable.shape.join('×'))
      return `Its weight for ${variable.name} is ${found || 'one number'}, the model's is ${variable.shape.join('×') || 'one number'}.`;
  }
  for (const [index, variable] of variables.entries()) {
    const given = numbers[index];
    if (given === undefined) continue;
    const tensor = toTensor(tf, given);
    variable.assign(tensor);
    tensor.dispose();
  }
  return undefined;
}

/** What an optimizer has beside its variables, as JSON. */
export interface OptimizerFacts {
  readonly className: string;
  readonly iterations: number;
  readonly learningRate: number | null;
}

interface Slot {
  readonly originalName: string;
  readonly variable: Variable;
}

/** Own properties of an optimizer: variables (Adam's running products) and lists of a slot for each weight. */
type OptimizerParts = Record<string, unknown> & { iterations_?: number; learningRate?: number };

/** Names are `property` for a variable of its own and `property/index/name` for a slot. */
export async function readOptimizer(
  tf: TensorFlow,
  optimizer: Optimizer,
): Promise<{ readonly facts: OptimizerFacts; readonly numbers: readonly NamedNumbers[] }> {
  const parts = optimizer as unknown as OptimizerParts;
  const numbers: NamedNumbers[] = [];
  for (const [key, part] of Object.entries(parts)) {
    if (part instanceof tf.Variable) numbers.push(await readTensor(key, part));
    for (const [index, { originalName, variable }] of slotsOf(part).entries())
      numbers.push(await readTensor(`${key}/${index}/${originalName}`, variable));
  }
  const { iterations } = optimizer;
  const facts = { className: optimizer.getClassName(), iterations, learningRate: parts.learningRate ?? null };
  return { facts, numbers };
}

/** Gives the sentence that says why the numbers are not of such an optimizer, if so. */
export function restoreOptimizer(
  tf: TensorFlow,
  model: LayersModel,
  { facts, numbers }: { readonly facts: OptimizerFacts; readonly numbers: readonly NamedNumbers[] },
): string | undefined {
  const { optimizer } = model;
  const className = optimizer.getClassName();
  if (className !== facts.className)
    return `It was trained by ${facts.className}, the model is compiled with ${className}.`;
  const parts = optimizer as unknown as OptimizerParts;
  for (const [key, part] of Object.entries(parts)) {
    const own = numbers.find(({ name }) => name === key);
    if (part instanceof tf.Variable && own !== undefined) assignNumbers(tf, [part], [own]);
    if (!Array.isArray(part)) continue;
    for (const { variable } of slotsOf(part)) variable.dispose();
    const slots = numbers.filter(({ name }) => name.startsWith(`${key}/`));
    if (slots.length > 0 || slotsOf(part).length > 0) parts[key] = slots.map((slot) => toSlot(tf, slot));
  }
  parts.iterations_ = facts.iterations;
  if (facts.learningRate !== null) setLearningRate(model, facts.learningRate);
  return undefined;
}

function toSlot(tf: TensorFlow, numbers: NamedNumbers): Slot {
  const tensor = toTensor(tf, numbers);
  const variable = tf.variable(tensor, false);
  tensor.dispose();
  return { originalName: numbers.name.split('/').slice(2).join('/'), variable };
}

function slotsOf(part: unknown): readonly Slot[] {
  if (!Array.isArray(part)) return [];
  return part.filter((slot): slot is Slot => typeof slot === 'object' && slot !== null && 'variable' in slot);
}

/**
 * Tensors that hold the values of variables at some time; a value is never changed in its place, so this costs no copy.
 * `dispose` it.
 */
export class HeldValues {
  readonly #tf: TensorFlow;
  readonly #variables: readonly Variable[];
  #values: readonly Tensor[];

  constructor(tf: TensorFlow, variables: readonly Variable[]) {
    this.#tf = tf;
    this.#variables = variables;
    this.#values = variables.map((variable) => variable.clone());
  }

  get values(): readonly Tensor[] {
    return this.#values;
  }

  /** Holds what the variables are now. */
  take(): void {
    this.replace(this.#variables.map((variable) => variable.clone()));
  }

  /** Holds other values, whose owner it becomes. */
  replace(values: readonly Tensor[]): void {
    this.#tf.dispose([...this.#values]);
    this.#values = values;
  }

  /** Gives the variables the values that are held. */
  putBack(): void {
    this.#variables.forEach((variable, index) => {
      const value = this.#values[index];
      if (value !== undefined) variable.assign(value);
    });
  }

  dispose(): void {
    this.#tf.dispose([...this.#values]);
    this.#values = [];
  }
}
