import type { TrainingSection } from '../core/config/config.ts';
import { ExpectedError, badInput } from '../protocol/errors.ts';
import { inputShapeOf, outputShapeOf } from './models.ts';
import { describeShape, isHeld, type Examples } from './data.ts';
import { labelsOf } from './scores.ts';
import type { LayersModel } from './tensorflow.ts';

// Whether model, data and config fit together, told before the first batch; and what follows from their fitting.

/** The model must take what the dataloader gives, and give as many numbers as the targets have. */
export function checkShapes(model: LayersModel, train: Examples, { loss_function, batch_size }: TrainingSection): void {
  if (model.inputs.length !== 1 || model.outputs.length !== 1)
    throw new ExpectedError('training-failed', 'A model must have one input and one output to be trained by fit.');
  const input = inputShapeOf(model);
  const fits =
    input.length === train.shape.length && input.every((size, i) => size === null || size === train.shape[i]);
  if (!fits)
    throw new ExpectedError(
      'training-failed',
      `The dataloader gives examples of shape ${describeShape(train.shape)}, the model takes ${describeShape(input)}${layerOf(model.inputs)}.`,
    );
  checkBatches(model, train, batch_size);
  const output = outputShapeOf(model);
  const size = output.reduce<number>((product, axis) => product * (axis ?? NaN), 1);
  // Labels as numbers for a model with one output per class: the sparse losses take them.
  const isSparse =
    train.width === 1 && size > 1 && /sparse|^(ce|cross_?entropy)$/i.test(lossNameOf(model) ?? loss_function);
  if (!Number.isNaN(size) && size !== train.width && !isSparse)
    throw new ExpectedError(
      'training-failed',
      `The dataloader gives targets of ${train.width} numbers, the model gives ${describeShape(output)}${layerOf(model.outputs)}.`,
    );
}

/** A model for batches of one size (that of recurrent layers with a state is) takes no other, and no smaller one at the end. */
function checkBatches({ inputs }: LayersModel, { count }: Examples, batchSize: number): void {
  const size = inputs[0]?.shape[0] ?? null;
  if (size === null || (size === batchSize && count % size === 0)) return;
  const found = size === batchSize ? `there are ${count} to train with` : `training.batch_size is ${batchSize}`;
  throw new ExpectedError(
    'training-failed',
    `The model takes batches of exactly ${size} examples${layerOf(inputs)}; ${found}.`,
  );
}

function layerOf([first]: readonly { readonly sourceLayer: { readonly name: string } }[]): string {
  return first === undefined ? '' : ` (layer "${first.sourceLayer.name}")`;
}

function lossNameOf(model: LayersModel): string | undefined {
  const { loss } = model as { readonly loss?: unknown };
  return typeof loss === 'string' ? loss : undefined;
}

/** What the targets may be for a loss, by its name; `units`: numbers that the model gives. */
const targetRules: Readonly<
  Record<string, (units: number) => { readonly accepts: (target: number) => boolean; readonly expects: string }>
> = {
  sparseCategoricalCrossentropy: (units) => ({
    accepts: (target) => Number.isInteger(target) && target >= 0 && target < units,
    expects: `whole numbers from 0 to ${units - 1}, as the model gives ${units} numbers`,
  }),
  binaryCrossentropy: () => ({
    accepts: (target) => target >= 0 && target <= 1,
    expects: 'numbers from 0 to 1',
  }),
  categoricalCrossentropy: () => ({
    accepts: (target) => target >= 0 && target <= 1,
    expects: 'a number from 0 to 1 for each class',
  }),
};

/** Throws when a target is none that the loss takes; `first`: examples of the split before these. */
export type LabelCheck = (split: 'train' | 'validation', ys: Float32Array, first: number) => void;

/** Labels out of range make a loss without meaning, on some backends of whatever lies in memory. The model is compiled. */
export function createLabelCheck(model: LayersModel, width: number): LabelCheck {
  const loss = lossNameOf(model) ?? '';
  const units = outputShapeOf(model).at(-1) ?? NaN;
  const rule = Object.hasOwn(targetRules, loss) ? targetRules[loss]?.(units) : undefined;
  if (rule === undefined || Number.isNaN(units)) return () => undefined;
  return (split, ys, first) => {
    const wrong = ys.findIndex((target) => !rule.accepts(target));
    if (wrong === -1) return;
    const example = first + Math.floor(wrong / width) + 1;
    throw new ExpectedError(
      'training-failed',
      `The split "${split}" has the target ${ys[wrong]} (example ${example}): ${loss} takes ${rule.expects}.`,
    );
  };
}

/** All that are in memory; those of a stream are checked as they come. */
export function checkLabels(
  check: LabelCheck,
  splits: Readonly<Record<'train' | 'validation', Examples | undefined>>,
): void {
  for (const split of ['train', 'validation'] as const) {
    const examples = splits[split];
    if (examples !== undefined && isHeld(examples)) check(split, examples.ys, 0);
  }
}

/** Targets in the shape of the model's output where the sizes agree, else one row of numbers each. */
export function targetShapeFor(model: LayersModel, { width }: Examples): readonly number[] {
  const shape = outputShapeOf(model).filter((size) => size !== null);
  return shape.reduce((product, size) => product * size, 1) === width ? shape : [width];
}

/**
 * The weight of each example of a batch by its class, as `training.class_weights` says; undefined without it. `balanced` gives every class
 * the same weight in all: as scikit-learn, examples / (classes × examples of the class).
 */
export function weighClasses(
  settings: TrainingSection['class_weights'],
  examples: Examples,
): ((ys: Float32Array) => Float32Array) | undefined {
  if (settings === null) return undefined;
  const { width } = examples;
  if (!isHeld(examples)) return weighStreamed(settings, width);
  const labels = labelsOf(examples.ys, width);
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  if ([...counts.keys()].some((label) => !Number.isInteger(label) || label < 0))
    throw badInput('training.class_weights needs targets that are classes: whole numbers, or one number per class.');
  const highest = width > 1 ? width - 1 : Math.max(...counts.keys());
  for (const label of settings === 'balanced' ? [] : Object.keys(settings))
    if (Number(label) > highest)
      throw badInput(
        `training.class_weights has a weight for the class ${label}; the classes go from 0 to ${highest}.`,
      );
  const weightOf = (label: number): number =>
    settings === 'balanced' ? labels.length / (counts.size * (counts.get(label) ?? 1)) : (settings[label] ?? 1);
  return (ys) => Float32Array.from(labelsOf(ys, width), weightOf);
}

function weighStreamed(
  settings: NonNullable<TrainingSection['class_weights']>,
  width: number,
): (ys: Float32Array) => Float32Array {
  if (settings === 'balanced')
    throw badInput(
      'training.class_weights is balanced, for which all examples are counted first; examples that come in batches are not. Give a weight for each class, as {0: 1, 1: 2.5}.',
    );
  return (ys) => Float32Array.from(labelsOf(ys, width), (label) => settings[label] ?? 1);
}
