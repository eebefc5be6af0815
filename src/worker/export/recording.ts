import type { DataType, NumberArray } from '../../core/graphdef/graphdef.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import { variablesOf } from '../snapshot.ts';
import type { LayersModel, Tensor, TensorFlow } from '../tensorflow.ts';

// What a model computes, found out by letting it predict once: every kernel that it calls, with what it gives to each. No
// backend's own operations are seen, so any backend will do.

/** Numbers of a tensor that was there before any kernel: a constant of a layer's code. */
interface ConstantTensor {
  readonly kind: 'constant';
  readonly shape: readonly number[];
  readonly dtype: DataType;
  readonly values: NumberArray;
}

/** Where a kernel's operand comes from. */
export type Operand =
  | { readonly kind: 'input'; readonly index: number }
  | { readonly kind: 'weight'; readonly index: number }
  | { readonly kind: 'step'; readonly step: number; readonly output: number }
  | ConstantTensor;

interface TensorFacts {
  readonly shape: readonly number[];
  readonly dtype: DataType;
}

/** One call of a kernel. */
export interface RecordedStep {
  readonly kernel: string;
  /** The layer that was being computed, for names and for refusals. */
  readonly layer: string;
  readonly operands: Readonly<Record<string, Operand>>;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly outputs: readonly TensorFacts[];
}

export interface Recording {
  readonly steps: readonly RecordedStep[];
  readonly outputs: readonly Operand[];
}

/** Why a model can't be written down as a graph, with the layer that is in the way. */
export function cannotConvert(layer: string, reason: string): ExpectedError {
  const subject = layer === '' ? 'The model' : `The layer "${layer}"`;
  return new ExpectedError('not-supported', `${subject} can't be converted to a SavedModel: ${reason}`);
}

/** Records one prediction for `inputs`, one tensor for each input of the model. Throws `not-supported` for a layer that looks at numbers. */
export function recordPrediction(tf: TensorFlow, model: LayersModel, inputs: readonly Tensor[]): Recording {
  const engine = tf.engine() as unknown as Engine;
  const { runKernel, readSync, read } = engine;
  const layers = tf.layers.Layer.prototype as unknown as LayerClass;
  const { apply } = layers;
  const tape = new Tape(model, inputs, (dataId) => readSync.call(engine, dataId));
  const refuse = (): never => {
    throw cannotConvert(tape.layer, 'it decides by numbers that are known only when it is used.');
  };
  layers.apply = function (...args) {
    return tape.within(this.name, () => apply.apply(this, args));
  };
  Object.assign(engine, {
    runKernel: (...call: KernelCall) => tape.record(call, () => runKernel.apply(engine, call)),
    readSync: refuse,
    read: refuse,
  });
  try {
    const [first, ...others] = inputs;
    const given = first !== undefined && others.length === 0 ? first : [...inputs];
    const outputs = [model.predictOnBatch(given)].flat();
    const operands = outputs.map((output) => tape.operandOf(output));
    tf.dispose(outputs);
    return { steps: tape.steps, outputs: operands };
  } finally {
    layers.apply = apply;
    Object.assign(engine, { runKernel, readSync, read });
  }
}

type KernelCall = [name: string, inputs: Readonly<Record<string, Tensor | null | undefined>>, attributes?: object];

/** What is used here of TensorFlow.js' engine, to whose methods all operations come. */
interface Engine {
  runKernel: (...call: KernelCall) => Tensor | Tensor[];
  readSync: (dataId: object) => unknown;
  read: (dataId: object) => unknown;
}

interface LayerClass {
  apply: (this: { readonly name: string }, ...args: unknown[]) => unknown;
}

/** The steps so far, and which tensor is what. */
class Tape {
  readonly steps: RecordedStep[] = [];
  readonly #readValues: (dataId: object) => unknown;
  readonly #operands = new Map<number, Operand>();
  /** Layers in hand, the innermost last. */
  readonly #layers: string[] = [];
  #isInKernel = false;

  constructor(model: LayersModel, inputs: readonly Tensor[], readValues: (dataId: object) => unknown) {
    this.#readValues = readValues;
    inputs.forEach(({ id }, index) => this.#operands.set(id, { kind: 'input', index }));
    variablesOf(model).forEach(({ id }, index) => this.#operands.set(id, { kind: 'weight', index }));
  }

  get layer(): string {
    return this.#layers.at(-1) ?? '';
  }

  within<T>(layer: string, action: () => T): T {
    this.#layers.push(layer);
    const result = action();
    this.#layers.pop();
    return result;
  }

  record([kernel, inputs, attributes = {}]: KernelCall, run: () => Tensor | Tensor[]): Tensor | Tensor[] {
    // Some kernels are made of others; the outermost is the one that is known by its meaning.
    if (this.#isInKernel) return run();
    this.#isInKernel = true;
    try {
      const result = run();
      this.#add(kernel, inputs, attributes, [result].flat());
      return result;
    } finally {
      this.#isInKernel = false;
    }
  }

  operandOf(tensor: Tensor): Operand {
    const known = this.#operands.get(tensor.id);
    if (known !== undefined) return known;
    const { dtype, shape, dataId } = tensor;
    // A copy: some backends give the very memory they compute with.
    const values = (this.#readValues(dataId) as NumberArray).slice();
    const constant: Operand = { kind: 'constant', shape, dtype: this.#typeOf(dtype), values };
    this.#operands.set(tensor.id, constant);
    return constant;
  }

  #add(kernel: string, inputs: KernelCall[1], attributes: object, outputs: readonly Tensor[]): void {
    const operands = Object.entries(inputs).flatMap(([name, tensor]) =>
      tensor === null || tensor === undefined ? [] : [[name, this.operandOf(tensor)] as const],
    );
    // What is made of nothing is a constant.
    if (operands.length === 0) return;
    const step = this.steps.length;
    outputs.forEach(({ id }, output) => this.#operands.set(id, { kind: 'step', step, output }));
    this.steps.push({
      kernel,
      layer: this.layer,
      operands: Object.fromEntries(operands),
      attributes: { ...attributes },
      outputs: outputs.map(({ shape, dtype }) => ({ shape, dtype: this.#typeOf(dtype) })),
    });
  }

  #typeOf(dtype: string): DataType {
    if (dtype === 'float32' || dtype === 'int32' || dtype === 'bool') return dtype;
    throw cannotConvert(this.layer, `it has values of the type ${dtype}.`);
  }
}
