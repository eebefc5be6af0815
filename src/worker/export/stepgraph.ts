import type { Attribute, DataType, Graph, NumberArray, Output } from '../../core/graphdef/graphdef.ts';
import { isPerExample, type GeneralOperand, type GeneralStep, type Size } from './batches.ts';
import { cannotConvert } from './recording.ts';

/** A value in the graph, with its shape. */
export interface Value extends Output {
  readonly shape: readonly Size[];
}

/** A weight of the model, read when it is first used. */
export interface Weight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: DataType;
  readonly read: () => NumberArray;
}

/** The values of a model's graph, as far as it is written. */
export class ModelGraph {
  readonly graph: Graph;
  readonly #inputs: readonly Value[];
  readonly #weights: readonly Weight[];
  readonly #steps: (readonly Value[])[] = [];
  readonly #written = new Map<Weight, Value>();
  /** What a value was before it was given the shape that it has. */
  readonly #before = new Map<string, Value>();
  #count: Output | undefined;

  constructor(graph: Graph, inputs: readonly Value[], weights: readonly Weight[]) {
    this.graph = graph;
    this.#inputs = inputs;
    this.#weights = weights;
  }

  /** Values of the next step. */
  addStep(values: readonly Value[]): void {
    this.#steps.push(values);
  }

  valueOf(operand: GeneralOperand, scope: string): Value {
    switch (operand.kind) {
      case 'input':
        return found(this.#inputs[operand.index]);
      case 'weight':
        return this.#weight(found(this.#weights[operand.index]));
      case 'step':
        return found(this.#steps[operand.step]?.[operand.output]);
      case 'constant':
        return this.#constant(operand, scope);
    }
  }

  /** A list of whole numbers; those of the examples are counted when the graph is used. */
  sizes(sizes: readonly Size[], scope: string): Output {
    if (!sizes.some(isPerExample)) return this.whole(sizes.map(Number), scope);
    const parts = sizes.map((size) => this.#size(size, scope));
    const attributes = { N: { int: parts.length }, T: { type: 'int32' }, axis: { int: 0 } } as const;
    return this.graph.add('Pack', { name: `${scope}/sizes`, inputs: parts, attributes, dtype: 'int32' });
  }

  whole(values: readonly number[], scope: string): Output {
    return this.graph.constant(`${scope}/Const`, 'int32', [values.length], Int32Array.from(values));
  }

  scalar(value: number, dtype: 'int32' | 'float32', scope: string): Output {
    const values = dtype === 'int32' ? Int32Array.of(value) : Float32Array.of(value);
    return this.graph.constant(`${scope}/Const`, dtype, [], values);
  }

  /** The value in another shape; one that had this shape before is taken as it was. */
  reshape(value: Value, shape: readonly Size[], scope: string): Value {
    const shapes = this.shapesOf(value);
    const same = shapes.find((earlier) => isSameShape(earlier.shape, shape));
    if (same !== undefined) return same;
    const isSimple = shape.filter(isPerExample).length === 1;
    const target = isSimple ? this.whole(shape.map(toAxis), scope) : this.sizes(shape, scope);
    const attributes = { T: { type: value.dtype }, Tshape: { type: 'int32' } } as const;
    const inputs = [shapes.at(-1) ?? value, target];
    const output = this.graph.add('Reshape', { name: `${scope}/Reshape`, inputs, attributes, dtype: value.dtype });
    this.#before.set(keyOf(output), value);
    return { ...output, shape };
  }

  /** The value, and the same in the shapes that it had before, the first last. */
  shapesOf(value: Value): readonly Value[] {
    const before = this.#before.get(keyOf(value));
    return before === undefined ? [value] : [value, ...this.shapesOf(before)];
  }

  #weight(weight: Weight): Value {
    const { name, shape, dtype } = weight;
    const value = this.#written.get(weight) ?? { ...this.graph.constant(name, dtype, shape, weight.read()), shape };
    this.#written.set(weight, value);
    return value;
  }

  #constant({ shape, dtype, values }: Extract<GeneralOperand, { kind: 'constant' }>, scope: string): Value {
    if (!shape.some(isPerExample))
      return { ...this.graph.constant(`${scope}/Const`, dtype, shape.map(Number), values), shape };
    const inputs = [this.sizes(shape, scope), this.graph.constant(`${scope}/Const`, dtype, [], values)];
    const attributes = { T: { type: dtype }, index_type: { type: 'int32' } } as const;
    return { ...this.graph.add('Fill', { name: `${scope}/Fill`, inputs, attributes, dtype }), shape };
  }

  #size(size: Size, scope: string): Output {
    if (!isPerExample(size)) return this.scalar(size, 'int32', scope);
    this.#count ??= this.#countExamples();
    if (size.perExample === 1) return this.#count;
    const inputs = [this.#count, this.scalar(size.perExample, 'int32', scope)];
    return this.graph.add('Mul', {
      name: `${scope}/size`,
      inputs,
      attributes: { T: { type: 'int32' } },
      dtype: 'int32',
    });
  }

  /** The first axis of the first input. */
  #countExamples(): Output {
    const scope = 'examples';
    const input = found(this.#inputs[0]);
    const attributes = { T: { type: input.dtype }, out_type: { type: 'int32' } } as const;
    const shape = this.graph.add('Shape', { name: `${scope}/Shape`, inputs: [input], attributes, dtype: 'int32' });
    return this.graph.add('StridedSlice', {
      name: `${scope}/count`,
      inputs: [shape, ...[0, 1, 1].map((value) => this.whole([value], scope))],
      attributes: { T: { type: 'int32' }, Index: { type: 'int32' }, shrink_axis_mask: { int: 1 } },
      dtype: 'int32',
    });
  }
}

type Each = number | readonly number[] | null | undefined;

/** Attributes of kernels, as TensorFlow.js has them; which kernel has which is said by its types. */
interface KernelAttributes {
  readonly activation: string | null | undefined;
  readonly alignCorners: boolean;
  readonly alpha: number;
  readonly axis: Each;
  readonly batchDims: number;
  readonly begin: Size | readonly Size[];
  readonly clipValueMax: number;
  readonly clipValueMin: number;
  readonly constantValue: number;
  readonly dataFormat: string | undefined;
  readonly dilations: Each;
  readonly dims: number | readonly number[];
  readonly dtype: DataType;
  readonly filterSize: Each;
  readonly halfPixelCenters: boolean;
  readonly inputShape: readonly Size[];
  readonly keepDims: boolean | undefined;
  readonly leakyreluAlpha: number;
  readonly mode: string;
  readonly pad: unknown;
  readonly paddings: readonly (readonly [number, number])[];
  readonly perm: readonly number[];
  readonly reductionIndices: Each;
  readonly reps: readonly Size[];
  readonly shape: readonly Size[];
  readonly size: readonly number[];
  readonly strides: Each;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly varianceEpsilon: number;
}

/** One step that is being written: its operands, its attributes, and the nodes that it becomes. */
export class StepGraph {
  readonly #model: ModelGraph;
  readonly #step: GeneralStep;
  readonly #scope: string;

  constructor(model: ModelGraph, step: GeneralStep) {
    this.#model = model;
    this.#step = step;
    this.#scope = step.layer === '' ? 'model' : step.layer;
  }

  get outputs(): GeneralStep['outputs'] {
    return this.#step.outputs;
  }

  operand(name: string): Value {
    return found(this.optional(name));
  }

  optional(name: string): Value | undefined {
    const operand = this.#step.operands[name];
    return operand === undefined ? undefined : this.#model.valueOf(operand, this.#scope);
  }

  /** All operands in their order. */
  operands(): readonly Value[] {
    return Object.keys(this.#step.operands).map((name) => this.operand(name));
  }

  attribute<Name extends keyof KernelAttributes>(name: Name): KernelAttributes[Name] {
    return this.#step.attributes[name] as KernelAttributes[Name];
  }

  node(op: string, inputs: readonly Output[], attributes: NodeAttributes = {}, dtype = typeOf(inputs)): Output {
    return this.#model.graph.add(op, { name: `${this.#scope}/${op}`, inputs, attributes, dtype });
  }

  /** A node of an operation that takes and gives one type, `T`. */
  typed(op: string, inputs: readonly Output[], attributes: NodeAttributes = {}, dtype = typeOf(inputs)): Output {
    return this.node(op, inputs, { T: { type: typeOf(inputs) }, ...attributes }, dtype);
  }

  sizes(sizes: readonly Size[]): Output {
    return this.#model.sizes(sizes, this.#scope);
  }

  /** A constant of whole numbers. */
  whole(...values: readonly number[]): Output {
    return this.#model.whole(values, this.#scope);
  }

  scalar(value: number, dtype: 'int32' | 'float32'): Output {
    return this.#model.scalar(value, dtype, this.#scope);
  }

  reshape(value: Value, shape: readonly Size[]): Value {
    return this.#model.reshape(value, shape, this.#scope);
  }

  shapesOf(value: Value): readonly Value[] {
    return this.#model.shapesOf(value);
  }

  refuse(reason: string): Error {
    return cannotConvert(this.#step.layer, reason);
  }
}

type NodeAttributes = Readonly<Record<string, Attribute>>;

export function isSameShape(one: readonly Size[], other: readonly Size[]): boolean {
  const isSame = (size: Size, index: number): boolean => {
    const second = other[index];
    return isPerExample(size) ? isPerExample(second) && size.perExample === second.perExample : size === second;
  };
  return one.length === other.length && one.every(isSame);
}

/** -1 for the examples' axis, as signatures and shapes in a graph have it. */
export function toAxis(size: Size): number {
  return isPerExample(size) ? -1 : size;
}

function typeOf([first]: readonly Output[]): DataType {
  return found(first).dtype;
}

function keyOf({ node, index }: Output): string {
  return `${node}:${index}`;
}

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('A recorded step lacks an operand.');
  return value;
}
