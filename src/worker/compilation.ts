import type { TrainingSection } from '../core/config/config.ts';
import { findNearest } from '../core/names/names.ts';
import { badInput } from '../protocol/errors.ts';
import type { LayersModel, Tensor, TensorFlow } from './tensorflow.ts';

// Names of losses, metrics and optimizers in a config, in the spellings of Keras and of TensorFlow.js, short or long;
// upper case, `_`, `-` and spaces make no difference.

const losses: Readonly<Record<string, string>> = {
  mse: 'meanSquaredError',
  meansquarederror: 'meanSquaredError',
  mae: 'meanAbsoluteError',
  meanabsoluteerror: 'meanAbsoluteError',
  mape: 'meanAbsolutePercentageError',
  meanabsolutepercentageerror: 'meanAbsolutePercentageError',
  msle: 'meanSquaredLogarithmicError',
  meansquaredlogarithmicerror: 'meanSquaredLogarithmicError',
  categoricalcrossentropy: 'categoricalCrossentropy',
  sparsecategoricalcrossentropy: 'sparseCategoricalCrossentropy',
  binarycrossentropy: 'binaryCrossentropy',
  kld: 'kullbackLeiblerDivergence',
  kldivergence: 'kullbackLeiblerDivergence',
  kullbackleiblerdivergence: 'kullbackLeiblerDivergence',
  hinge: 'hinge',
  squaredhinge: 'squaredHinge',
  categoricalhinge: 'categoricalHinge',
  logcosh: 'logcosh',
  poisson: 'poisson',
  cosine: 'cosineProximity',
  cosineproximity: 'cosineProximity',
  cosinesimilarity: 'cosineProximity',
};
/** Cross-entropy by what target and output hold: classes as one number each, as labels, or one number between 0 and 1. */
const crossEntropy = new Set(['crossentropy', 'ce']);

type Metric = 'accuracy' | 'crossentropy' | ((truth: Tensor, output: Tensor) => Tensor);

const metrics: Readonly<Record<string, (tf: TensorFlow) => Metric>> = {
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

const optimizers: Readonly<Record<string, (tf: TensorFlow, learningRate: number) => unknown>> = {
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
  const metric = lookUp(metrics, training.metric, 'metric')(tf);
  const optimizer = lookUp(optimizers, training.optimizer, 'optimizer')(tf, training.learning_rate) as Optimizer;
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

function lossNamed(name: string, model: LayersModel, targetWidth: number): string {
  if (!crossEntropy.has(normalise(name))) return lookUp(losses, name, 'loss function');
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

function lookUp<T>(table: Readonly<Record<string, T>>, name: string, kind: string): T {
  const found = Object.hasOwn(table, normalise(name)) ? table[normalise(name)] : undefined;
  if (found !== undefined) return found;
  const nearest = findNearest(name, Object.keys(table));
  const hint =
    nearest.length === 0 ? `Known are ${Object.keys(table).join(', ')}.` : `Did you mean ${nearest.join(' or ')}?`;
  throw badInput(`There is no ${kind} "${name}". ${hint}`);
}

const normalise = (name: string): string => name.toLowerCase().replace(/[_\-\s]/g, '');

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
