import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EarlyStopping, TrainingSection } from '../core/config/config.ts';
import { ExpectedError } from '../protocol/errors.ts';
import { ensureCompiled, inputShapeOf, outputShapeOf, readLearningRate } from './compilation.ts';
import { batchesOf, describeShape, inOrder, toTensors, type Examples } from './data.ts';
import { shuffle, type Random } from './seeds.ts';
import type { LayersModel, TensorFlow } from './tensorflow.ts';

/** Least time between two sampled batches, in milliseconds: at most five a second. */
const SAMPLE_MS = 200;

export interface FitEvents {
  /** `batches`: batches of one epoch; `examples`: training examples. */
  plan(plan: { readonly epochs: number; readonly batches: number; readonly examples: number }): void;
  /** `step`: batches completed since the start of training. */
  batch(step: number, loss: number): void;
  /** `epoch`: epochs completed, from 1. Resolves when the reader has caught up. */
  epoch(epoch: number, metrics: Readonly<Record<string, number>>, seconds: number): Promise<void>;
}

/** What has been trained so far, over all calls of `fit` in a run. */
export interface TrainingRecord {
  epochs: number;
  batches: number;
  /** A value per epoch for each of `training_loss`, `val_loss`, `training_<metric>`, `val_<metric>`, `learning_rate`. */
  readonly history: Record<string, number[]>;
  /** Of each completed epoch: examples trained, and seconds inside it, validation included. */
  readonly pace: { readonly examples: number; readonly seconds: number }[];
  lastModel: LayersModel | undefined;
}

export function createRecord(): TrainingRecord {
  return { epochs: 0, batches: 0, history: {}, pace: [], lastModel: undefined };
}

export interface FitOptions {
  readonly tf: TensorFlow;
  readonly training: TrainingSection;
  readonly train: Examples;
  readonly validation: Examples | undefined;
  readonly random: Random;
  readonly record: TrainingRecord;
  readonly events: FitEvents;
  readonly signal: AbortSignal;
}

/**
 * Trains by the configuration: `num_epochs` epochs over examples in an order shuffled anew for each, validation after each.
 * Ends early on `signal` (after the current batch), on `early_stopping`, and with an error when the loss becomes NaN. An
 * epoch that was not finished is not recorded.
 */
export async function fitModel(model: LayersModel, options: FitOptions): Promise<void> {
  const { tf, training, train, validation, record, events, signal } = options;
  checkShapes(model, train, training);
  const metrics = ensureCompiled(tf, model, training, train.width);
  record.lastModel = model;
  const order = inOrder(train.count);
  const batches = Math.ceil(train.count / training.batch_size);
  events.plan({ epochs: training.num_epochs, batches, examples: train.count });

  const patience = createPatience(training.early_stopping);
  for (let left = training.num_epochs; left > 0 && !signal.aborted; left--) {
    const started = performance.now();
    shuffle(order, options.random);
    const trained = await trainEpoch(model, order, metrics, options);
    if (trained === undefined) return;
    const validated =
      validation === undefined ? {} : await evaluate(model, validation, metrics, { tf, training, signal });
    if (validated === undefined) return;

    const rate = readLearningRate(model);
    const values = {
      ...prefixed('training_', trained),
      ...prefixed('val_', validated),
      ...(rate === undefined ? {} : { learning_rate: rate }),
    };
    const seconds = (performance.now() - started) / 1000;
    record.epochs += 1;
    record.pace.push({ examples: train.count, seconds });
    for (const [name, value] of Object.entries(values)) (record.history[name] ??= []).push(value);
    await events.epoch(record.epochs, values, seconds);
    if (patience.isSpent(values)) return;
  }
}

/** Loss and metrics of the epoch, each the mean over its examples; undefined when the user stopped it. */
async function trainEpoch(
  model: LayersModel,
  order: Uint32Array,
  metrics: readonly string[],
  { tf, training, train, record, events, signal }: FitOptions,
): Promise<Record<string, number> | undefined> {
  const targetShape = targetShapeFor(model, train);
  const means = createMeans(['loss', ...metrics]);
  let sampled = -Infinity;
  for (const batch of batchesOf(order, training.batch_size)) {
    // A turn of the event loop: a stop message, or the end of the channel, is seen between two batches.
    await nextTurn();
    if (signal.aborted) return undefined;
    const { x, y } = toTensors(tf, train, batch, targetShape);
    const values = [await model.trainOnBatch(x, y)].flat();
    tf.dispose([x, y]);
    const [loss = NaN] = values;
    record.batches += 1;
    const isLost = Number.isNaN(loss);
    const now = performance.now();
    if (isLost || now - sampled >= SAMPLE_MS) {
      events.batch(record.batches, loss);
      sampled = now;
    }
    if (isLost) throw lossIsNaN(record.epochs + 1);
    means.add(values, batch.length);
  }
  return means.read();
}

function lossIsNaN(epoch: number): ExpectedError {
  const advice = 'a smaller training.learning_rate may help, unless the data hold NaN themselves';
  return new ExpectedError('training-failed', `loss is NaN at epoch ${epoch}; ${advice}`);
}

/** Loss and metrics over examples, each the mean over the examples, without changing the model; undefined when the user stopped it. */
export async function evaluate(
  model: LayersModel,
  examples: Examples,
  metrics: readonly string[],
  { tf, training, signal }: Pick<FitOptions, 'tf' | 'training' | 'signal'>,
): Promise<Record<string, number> | undefined> {
  const targetShape = targetShapeFor(model, examples);
  const means = createMeans(['loss', ...metrics]);
  for (const batch of batchesOf(inOrder(examples.count), training.batch_size)) {
    await nextTurn();
    if (signal.aborted) return undefined;
    const { x, y } = toTensors(tf, examples, batch, targetShape);
    const scalars = [model.evaluate(x, y, { batchSize: batch.length })].flat();
    const values: number[] = [];
    for (const scalar of scalars) values.push((await scalar.data())[0] ?? NaN);
    tf.dispose([x, y, ...scalars]);
    means.add(values, batch.length);
  }
  return means.read();
}

interface Means {
  add(values: readonly number[], weight: number): void;
  read(): Record<string, number>;
}

function createMeans(names: readonly string[]): Means {
  const sums = names.map(() => 0);
  let weights = 0;
  return {
    add(values, weight) {
      weights += weight;
      sums.forEach((sum, index) => (sums[index] = sum + (values[index] ?? NaN) * weight));
    },
    read: () => Object.fromEntries(names.map((name, index) => [name, (sums[index] ?? NaN) / weights])),
  };
}

function prefixed(prefix: string, values: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}${name}`, value]));
}

/** Targets in the shape of the model's output where the sizes agree, else one row of numbers each. */
function targetShapeFor(model: LayersModel, { width }: Examples): readonly number[] {
  const shape = outputShapeOf(model).filter((size) => size !== null);
  return shape.reduce((product, size) => product * size, 1) === width ? shape : [width];
}

/** The model must take what the dataloader gives, and give as many numbers as the targets have. */
function checkShapes(model: LayersModel, train: Examples, { loss_function }: TrainingSection): void {
  if (model.inputs.length !== 1 || model.outputs.length !== 1)
    throw new ExpectedError('training-failed', 'A model must have one input and one output to be trained by fit.');
  const input = inputShapeOf(model);
  const fits =
    input.length === train.shape.length && input.every((size, i) => size === null || size === train.shape[i]);
  if (!fits)
    throw new ExpectedError(
      'training-failed',
      `The dataloader gives examples of shape ${describeShape(train.shape)}, the model takes ${describeShape(input)}.`,
    );
  const output = outputShapeOf(model);
  const size = output.reduce<number>((product, axis) => product * (axis ?? NaN), 1);
  // Labels as numbers for a model with one output per class: the sparse losses take them.
  const isSparse =
    train.width === 1 && size > 1 && /sparse|^(ce|cross_?entropy)$/i.test(lossNameOf(model) ?? loss_function);
  if (!Number.isNaN(size) && size !== train.width && !isSparse)
    throw new ExpectedError(
      'training-failed',
      `The dataloader gives targets of ${train.width} numbers, the model gives ${describeShape(output)}.`,
    );
}

function lossNameOf(model: LayersModel): string | undefined {
  const { loss } = model as { readonly loss?: unknown };
  return typeof loss === 'string' ? loss : undefined;
}

interface Patience {
  isSpent(values: Readonly<Record<string, number>>): boolean;
}

/**
 * Early stopping: spent when the watched value has not become better by more than `min_delta` for `patience` epochs. As in Keras,
 * better than the last value that was an improvement: steps too small to count add up until they do. NaN is never better.
 */
function createPatience(settings: EarlyStopping | null): Patience {
  if (settings === null) return { isSpent: () => false };
  const { monitor, patience, min_delta } = settings;
  const direction = /accuracy|precision|recall|f1|r2/i.test(monitor) ? 1 : -1;
  let best = -Infinity;
  let waited = 0;
  return {
    isSpent(values) {
      const value = values[monitor];
      if (value === undefined)
        throw new ExpectedError(
          'bad-input',
          `training.early_stopping.monitor is "${monitor}", which is not recorded. There are ${Object.keys(values).join(', ')}.`,
        );
      const isBetter = direction * value > best + min_delta;
      if (isBetter) best = direction * value;
      waited = isBetter ? 0 : waited + 1;
      return waited >= patience;
    },
  };
}

/** Training examples a second: the first epoch, which warms up, is left out when there are more. Null without an epoch. */
export function examplesPerSecond({ pace }: TrainingRecord): number | null {
  const counted = pace.length > 1 ? pace.slice(1) : pace;
  const seconds = counted.reduce((sum, epoch) => sum + epoch.seconds, 0);
  if (seconds === 0) return null;
  return counted.reduce((sum, epoch) => sum + epoch.examples, 0) / seconds;
}
