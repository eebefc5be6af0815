import type { LayersModel, Tensor, Variable } from './tensorflow.ts';

// What a model of the packages tells of itself beyond its public type.

/** Of one batch: a tensor whose mean is the metric. */
export type TensorMetric = (truth: Tensor, output: Tensor) => Tensor;

/** What is used here of a compiled model beyond its public type. */
interface Internals {
  readonly lossFunctions: readonly TensorMetric[];
  /** Those of the moment at which the model was compiled. */
  readonly collectedTrainableWeights: readonly { read(): Variable }[];
  standardizeUserDataXY(x: Tensor, y: Tensor): [Tensor[], Tensor[]];
}

export type Compiled = Omit<LayersModel, keyof Internals> & Internals;

/** A sequential model hands all of its work to a model within. */
export function innerOf(model: LayersModel): Compiled {
  const { model: inner } = model as { readonly model?: LayersModel };
  const found = model.getClassName() === 'Sequential' ? inner : model;
  return (found ?? model) as unknown as Compiled;
}

/** Shape of the model's only output, without the examples' axis; an axis that may have any size is null. */
export function outputShapeOf(model: LayersModel): readonly (number | null)[] {
  return model.outputs[0]?.shape.slice(1) ?? [];
}

/** Shape of the model's only input, without the examples' axis; an axis that may have any size is null. */
export function inputShapeOf(model: LayersModel): readonly (number | null)[] {
  return model.inputs[0]?.shape.slice(1) ?? [];
}
