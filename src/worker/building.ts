import type { TensorFlow } from './tensorflow.ts';

/** Numbers that a layer may give for one example: 256 MiB. */
const maxOutput = 2 ** 26;
/** Steps that a layer may go through one by one, each of them several calls of the backend. */
const maxSteps = 10_000;
const maxRank = 8;

/** An axis of any size, as that of the examples, is null. */
type Shape = readonly (number | null)[];

/** An input or output of a layer that is being built: no numbers yet. */
interface Symbolic {
  readonly shape: Shape;
}

/** What is used here of a layer; the packages' types hide a part of it. */
interface Layer {
  readonly name: string;
  readonly stateful: boolean;
  /** The layer within a wrapper. */
  readonly layer?: Layer;
  computeOutputShape(inputs: Shape | Shape[]): Shape | Shape[];
  addWeight: (
    this: Layer,
    name: string,
    shape: Shape,
    dtype: unknown,
    initializer: unknown,
    ...others: unknown[]
  ) => unknown;
  apply: (this: Layer, inputs: Symbolic | Symbolic[], options?: unknown) => Symbolic | Symbolic[];
}

/**
 * Builds a model from a file that may come from anywhere. The packages make every weight that a topology asks for before they
 * look whether the file has it: here they fail at the first one beyond `elements`, the numbers that the file's weights have
 * together. New weights are zeros, as the file's replace them and some initializers take minutes.
 */
export async function buildWithinLimits<T>(tf: TensorFlow, elements: number, build: () => Promise<T>): Promise<T> {
  const prototype = tf.layers.Layer.prototype as unknown as Layer;
  const { addWeight, apply } = prototype;
  const zeros = tf.initializers.zeros();
  let left = elements;
  prototype.addWeight = function (name, shape, dtype, _initializer, ...others) {
    left -= sizeOf(shape);
    if (!(left >= 0)) throw new Error(`the layer "${this.name}" needs more weights than there are.`);
    return addWeight.call(this, name, shape, dtype, zeros, ...others);
  };
  prototype.apply = function (inputs, options) {
    const shapes = Array.isArray(inputs) ? inputs.map(({ shape }) => shape) : inputs.shape;
    checkSteps(this, shapes);
    // What it keeps from one call to the next is made together with its weights.
    if (isStateful(this)) checkOutputs(this, this.computeOutputShape(shapes));
    const outputs = apply.call(this, inputs, options);
    for (const { shape } of [outputs].flat()) checkOutputs(this, shape);
    return outputs;
  };
  try {
    return await build();
  } finally {
    Object.assign(prototype, { addWeight, apply });
  }
}

/** Recurrent layers have a cell, wrappers a layer: they go through their input's first axis in a loop. */
function checkSteps(layer: Layer, inputs: Shape | Shape[]): void {
  const steps = listShapes(inputs)[0]?.[1] ?? 0;
  if (steps > maxSteps && ['cell', 'layer', 'forwardLayer'].some((key) => key in layer))
    throw new Error(`the layer "${layer.name}" goes through ${steps} steps, more than ${maxSteps}.`);
}

function checkOutputs(layer: Layer, outputs: Shape | Shape[]): void {
  for (const shape of listShapes(outputs))
    if (shape.length > maxRank || !(sizeOf(shape) <= maxOutput))
      throw new Error(`the layer "${layer.name}" gives more than ${maxOutput} numbers.`);
}

function isStateful({ stateful, layer }: Layer): boolean {
  return stateful || (layer !== undefined && isStateful(layer));
}

function listShapes(shapes: Shape | Shape[]): readonly Shape[] {
  const isList = (value: Shape | Shape[]): value is Shape[] => Array.isArray(value[0]);
  return isList(shapes) ? shapes : [shapes];
}

function sizeOf(shape: Shape): number {
  return shape.reduce<number>((product, size) => product * (size ?? 1), 1);
}
