import {
  findByName,
  lossFunctions,
  losses,
  metrics,
  optimizers,
  type MetricName,
  type OptimizerName,
  type TrainingSection,
  type Vocabulary,
} from '../core/config/config.ts';
import { badInput } from '../protocol/errors.ts';
import type { LayersModel, Tensor, TensorFlow } from './tensorflow.ts';

type Metric = 'accuracy' | 'crossentropy' | ((truth: Tensor, output: Tensor) => Tensor);

const metricMakers: Readonly<Record<MetricName, (tf: TensorFlow) => Metric>> = {
  accuracy: () => 'accuracy',
  acc: () => 'accuracy',
  crossentropy: () => 'crossentropy',
  ce: () => 'crossentropy',
  mse: (tf) => tf.metrics.meanSquaredError,
  meansquarederror: (tf) => tf.metrics.meanSquaredError,
  mae: (tf) => tf.metrics.meanAbsoluteError,
  meanabsoluteerror: (tf) => tf.metrics.meanAbsoluteError,
  mape: (tf) => tf.metrics.meanAbsolutePercentageError,
  meanabsolutepercentageerror: (tf) => tf.metrics.meanAbsolutePercentageError,
  binaryaccuracy: (tf) => tf.metrics.binaryAccuracy,
  categoricalaccuracy: (tf) => tf.metrics.categoricalAccuracy,
  sparsecategoricalaccuracy: (tf) => tf.metrics.sparseCategoricalAccuracy,
  binarycrossentropy: (tf) => tf.metrics.binaryCrossentropy,
  categoricalcrossentropy: (tf) => tf.metrics.categoricalCrossentropy,
  precision: (tf) => tf.metrics.precision,
  recall: (tf) => tf.metrics.recall,
  cosine: (tf) => tf.metrics.cosineProximity,
  cosineproximity: (tf) => tf.metrics.cosineProximity,
  r2score: (tf) => tf.metrics.r2Score,
};

type Optimizer = ReturnType<TensorFlow['train']['adam']>;

const optimizerMakers: Readonly<Record<OptimizerName, (tf: TensorFlow, learningRate: number) => unknown>> = {
  adam: (tf, rate) => tf.train.adam(rate),
  sgd: (tf, rate) => tf.train.sgd(rate),
  momentum: (tf, rate) => tf.train.momentum(rate, 0.9),
  rmsprop: (tf, rate) => tf.train.rmsprop(rate),
  adagrad: (tf, rate) => tf.train.adagrad(rate),
  adadelta: (tf, rate) => tf.train.adadelta(rate),
  adamax: (tf, rate) => tf.train.adamax(rate),
};

/** Names of what a model reports after its loss, as runs record them: `accuracy`, `mse`, … */
export type MetricNames = readonly string[];

/** Models that were compiled from the config, whose spelling of the metric is kept. */
const compiledHere = new WeakMap<LayersModel, MetricNames>();

/**
 * Compiles the model from the config, unless its own code has done so. An unknown name is a mistake in the config, told with
 * the nearest names. `targetWidth`: numbers per target.
 */
export function ensureCompiled(
  tf: TensorFlow,
  model: LayersModel,
  training: TrainingSection,
  targetWidth: number,
): MetricNames {
  const known = compiledHere.get(model);
  if (known !== undefined) return known;
  if (isCompiled(model)) return model.metricsNames.slice(1).map(toRecordedName);
  const metric = metricMakers[requireName(metrics, training.metric)](tf);
  const name = requireName(optimizers, training.optimizer);
  const optimizer = optimizerMakers[name](tf, training.learning_rate) as Optimizer;
  model.compile({ optimizer, loss: lossNamed(training.loss_function, model, targetWidth), metrics: [metric] });
  const names = [typeof metric === 'string' ? metric : training.metric];
  compiledHere.set(model, names);
  return names;
}

/** The learning rate that the model's optimizer uses now; undefined for one that has none. */
export function readLearningRate(model: LayersModel): number | undefined {
  const { learningRate } = model.optimizer as unknown as { readonly learningRate?: unknown };
  return typeof learningRate === 'number' ? learningRate : undefined;
}

function isCompiled(model: LayersModel): boolean {
  return (model as { readonly loss?: unknown }).loss !== undefined;
}

/** Cross-entropy by what target and output hold: classes as one number each, as labels, or one number between 0 and 1. */
function lossNamed(written: string, model: LayersModel, targetWidth: number): string {
  const name = losses[requireName(lossFunctions, written)];
  if (name !== null) return name;
  if (targetWidth > 1) return 'categoricalCrossentropy';
  return outputShapeOf(model).at(-1) === 1 ? 'binaryCrossentropy' : 'sparseCategoricalCrossentropy';
}

/** Shape of the model's only output, without the examples' axis; an axis that may have any size is null. */
export function outputShapeOf(model: LayersModel): readonly (number | null)[] {
  return model.outputs[0]?.shape.slice(1) ?? [];
}

/** Shape of the model's only input, without the examples' axis; an axis that may have any size is null. */
export function inputShapeOf(model: LayersModel): readonly (number | null)[] {
  return model.inputs[0]?.shape.slice(1) ?? [];
}

function requireName<Name extends string>(vocabulary: Vocabulary<Name>, written: string): Name {
  const found = findByName(vocabulary, written);
  if ('mistake' in found) throw badInput(found.mistake);
  return found.name;
}

/** Names that TensorFlow.js gives to metrics → names that runs record. */
const recordedNames: Readonly<Record<string, string>> = {
  acc: 'accuracy',
  binaryAccuracy: 'accuracy',
  categoricalAccuracy: 'accuracy',
  sparseCategoricalAccuracy: 'accuracy',
  ce: 'crossentropy',
  meanSquaredError: 'mse',
  MSE: 'mse',
  meanAbsoluteError: 'mae',
  MAE: 'mae',
  meanAbsolutePercentageError: 'mape',
  MAPE: 'mape',
};

function toRecordedName(name: string): string {
  return recordedNames[name] ?? name;
}
