import {
  findByName,
  findFurtherMetric,
  lossFunctions,
  losses,
  metrics,
  optimizers,
  type FurtherMetric,
  type MetricName,
  type OptimizerName,
  type TrainingSection,
  type Vocabulary,
} from '../core/config/config.ts';
import { badInput } from '../protocol/errors.ts';
import { createAdadelta, createAdam } from './optimizers.ts';
import { outputShapeOf, type TensorMetric } from './models.ts';
import { scoreAuc, scoreSplit, scoreTop, type SplitAnswers } from './scores.ts';
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
  adam: createAdam,
  /** Its decay is the step's work. */
  adamw: createAdam,
  sgd: (tf, rate) => tf.train.sgd(rate),
  momentum: (tf, rate) => tf.train.momentum(rate, 0.9),
  rmsprop: (tf, rate) => tf.train.rmsprop(rate),
  adagrad: (tf, rate) => tf.train.adagrad(rate),
  adadelta: createAdadelta,
  adamax: (tf, rate) => tf.train.adamax(rate),
};

/** A metric over all answers of a split at once. */
interface WholeMetric {
  readonly name: string;
  /** Undefined where the targets are of a kind that it does not fit. */
  readonly score: (answers: SplitAnswers) => number | undefined;
}

/** What is measured beside the loss, under the names that runs record: `accuracy`, `mse`, … */
export interface Measures {
  /** Names of `metrics`, one for each. */
  readonly names: readonly string[];
  /** Batch by batch; the mean over the examples is the split's value. */
  readonly metrics: readonly TensorMetric[];
  readonly whole: readonly WholeMetric[];
  /** null unless the optimizer is adamw. */
  readonly weightDecay: number | null;
}

/** Metrics that the model's own code gives to `fit`. */
export type CustomMetrics = Readonly<Record<string, TensorMetric>>;

/** What was made of a model here, by the list that its last compilation left: compiled anew by its code, it is another. */
const measured = new WeakMap<object, { readonly own: Measures; readonly all: Measures }>();

/** As Keras has it. */
const defaultWeightDecay = 0.004;

/**
 * Compiles the model from the config, unless its own code has done so. An unknown name is a mistake in the config, told with
 * the nearest names. `targetWidth`: numbers per target.
 */
export function ensureCompiled(
  tf: TensorFlow,
  model: LayersModel,
  training: TrainingSection,
  { targetWidth, custom }: { readonly targetWidth: number; readonly custom?: CustomMetrics },
): Measures {
  const known = isCompiled(model) ? measured.get(model.metricsTensors) : undefined;
  if (known !== undefined && custom === undefined) return known.all;
  const own = known?.own ?? compileModel(tf, model, training, targetWidth);
  const all = addFurther(tf, own, training, custom ?? {});
  measured.set(model.metricsTensors, { own, all });
  return all;
}

function compileModel(tf: TensorFlow, model: LayersModel, training: TrainingSection, targetWidth: number): Measures {
  if (isCompiled(model)) return toOwn(model, model.metricsNames.slice(1).map(toRecordedName), null);
  const metric = metricMakers[requireName(metrics, training.metric)](tf);
  const name = requireName(optimizers, training.optimizer);
  const optimizer = optimizerMakers[name](tf, training.learning_rate) as Optimizer;
  model.compile({ optimizer, loss: lossNamed(training.loss_function, model, targetWidth), metrics: [metric] });
  const weightDecay = name === 'adamw' ? (training.weight_decay ?? defaultWeightDecay) : null;
  return toOwn(model, [typeof metric === 'string' ? metric : training.metric], weightDecay);
}

/** The metrics that the model was compiled with. */
function toOwn(model: LayersModel, names: readonly string[], weightDecay: number | null): Measures {
  return { names, metrics: model.metricsTensors.map(([metric]) => metric), whole: [], weightDecay };
}

/** Those of the list `training.metrics` and of the user's code, each name once. */
function addFurther(tf: TensorFlow, own: Measures, training: TrainingSection, custom: CustomMetrics): Measures {
  const means = new Map(own.names.map((name, index) => [name, own.metrics[index]] as const));
  const whole = new Map<string, WholeMetric>();
  for (const written of training.metrics ?? []) {
    const found = findFurtherMetric(written);
    if ('mistake' in found) throw badInput(found.mistake);
    const further = found.kind === 'mean' ? undefined : toWhole(found);
    if (further !== undefined) whole.set(further.name, further);
    else if (found.kind === 'mean' && !means.has(written)) means.set(written, toTensorMetric(tf, found.name, own));
  }
  for (const [name, metric] of Object.entries(custom)) means.set(name, metric);
  const all = [...means].flatMap(([name, metric]) => (metric === undefined ? [] : [{ name, metric }]));
  return {
    names: all.map(({ name }) => name),
    metrics: all.map(({ metric }) => metric),
    whole: [...whole.values()].filter(({ name }) => !means.has(name)),
    weightDecay: own.weightDecay,
  };
}

function toWhole(found: Exclude<FurtherMetric, { kind: 'mean' }>): WholeMetric {
  if (found.kind === 'top') return { name: `top_${found.k}_accuracy`, score: (answers) => scoreTop(answers, found.k) };
  const { name } = found;
  return { name, score: name === 'auc' ? scoreAuc : (answers) => scoreSplit(answers)?.[name] };
}

/** `accuracy` and `crossentropy` are of the kind that the targets and the answers of a batch are of. */
function toTensorMetric(tf: TensorFlow, name: MetricName, own: Measures): TensorMetric {
  const metric = metricMakers[name](tf);
  if (typeof metric !== 'string') return metric;
  const index = own.names.indexOf(metric);
  if (index !== -1 && own.metrics[index] !== undefined) return own.metrics[index];
  const { binary, sparse, categorical } = generalMetrics[metric](tf);
  return (truth, output) => {
    if (output.shape.at(-1) === 1) return binary(truth, output);
    return truth.shape.at(-1) === 1 ? sparse(truth, output) : categorical(truth, output);
  };
}

type General = Readonly<Record<'binary' | 'sparse' | 'categorical', TensorMetric>>;

const generalMetrics: Readonly<Record<'accuracy' | 'crossentropy', (tf: TensorFlow) => General>> = {
  accuracy: (tf) => ({
    binary: tf.metrics.binaryAccuracy,
    sparse: tf.metrics.sparseCategoricalAccuracy,
    categorical: tf.metrics.categoricalAccuracy,
  }),
  crossentropy: (tf) => ({
    binary: tf.metrics.binaryCrossentropy,
    sparse: (truth, output) => tf.metrics.categoricalCrossentropy(toOneHot(tf, truth, output), output),
    categorical: tf.metrics.categoricalCrossentropy,
  }),
};

function toOneHot(tf: TensorFlow, labels: Tensor, output: Tensor): Tensor {
  return tf.oneHot(tf.cast(tf.reshape(labels, [-1]), 'int32'), output.shape.at(-1) ?? 1);
}

/** Sets it from the next batch on; the packages keep it in more than one place. */
export function setLearningRate(model: LayersModel, rate: number): void {
  const optimizer = model.optimizer as unknown as { learningRate?: number; setLearningRate?: (rate: number) => void };
  if (optimizer.learningRate === undefined || optimizer.learningRate === rate) return;
  if (optimizer.setLearningRate === undefined) optimizer.learningRate = rate;
  else optimizer.setLearningRate(rate);
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
