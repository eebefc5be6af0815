import { findNearest } from '../names/names.ts';

// Names of losses, metrics and optimizers in a config, in the spellings of Keras and of TensorFlow.js, short or long;
// upper case, `_`, `-` and spaces make no difference. The worker has a table for each list, held to it by its type.

/** Loss functions by normal name, with the name that TensorFlow.js has for each. */
export const losses = {
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
  /** One of three cross-entropies, chosen by what targets and outputs hold. */
  crossentropy: null,
  ce: null,
} as const;

const metricNames = [
  'accuracy',
  'acc',
  'crossentropy',
  'ce',
  'mse',
  'meansquarederror',
  'mae',
  'meanabsoluteerror',
  'mape',
  'meanabsolutepercentageerror',
  'binaryaccuracy',
  'categoricalaccuracy',
  'sparsecategoricalaccuracy',
  'binarycrossentropy',
  'categoricalcrossentropy',
  'precision',
  'recall',
  'cosine',
  'cosineproximity',
  'r2score',
] as const;

const optimizerNames = ['adam', 'adamw', 'sgd', 'momentum', 'rmsprop', 'adagrad', 'adadelta', 'adamax'] as const;

/** Activations of TensorFlow.js' layers, as they are written there: another spelling is another name. */
export const activationNames: readonly string[] = [
  ...['elu', 'gelu', 'gelu_new', 'hardSigmoid', 'linear', 'logSoftmax', 'mish', 'relu', 'relu6', 'selu', 'sigmoid'],
  ...['softmax', 'softplus', 'softsign', 'swish', 'tanh'],
];

type LossName = keyof typeof losses;
export type MetricName = (typeof metricNames)[number];
export type OptimizerName = (typeof optimizerNames)[number];

/** The names that a key of the config may hold. */
export interface Vocabulary<Name extends string = string> {
  /** What they are, in words. */
  readonly kind: string;
  readonly names: readonly Name[];
}

export const lossFunctions: Vocabulary<LossName> = {
  kind: 'loss function',
  names: Object.keys(losses) as LossName[],
};
export const metrics: Vocabulary<MetricName> = { kind: 'metric', names: metricNames };
export const optimizers: Vocabulary<OptimizerName> = { kind: 'optimizer', names: optimizerNames };

/** Metrics of `training.metrics` that need all answers of a split at once: no mean over batches gives them. */
const wholeNames = ['precision', 'recall', 'f1', 'auc'] as const;

/** An entry of `training.metrics`. */
export type FurtherMetric =
  /** The mean over the examples, batch by batch. */
  | { readonly kind: 'mean'; readonly name: MetricName }
  | { readonly kind: 'whole'; readonly name: (typeof wholeNames)[number] }
  /** The true class is among the `k` likeliest. */
  | { readonly kind: 'top'; readonly k: number };

/** What an entry of `training.metrics` asks for; a sentence with the nearest names where it means nothing. */
export function findFurtherMetric(written: unknown): FurtherMetric | { readonly mistake: string } {
  if (typeof written !== 'string') return { mistake: 'The name of a metric must be a text.' };
  const top = /^top_?([1-9]\d{0,3})(_?accuracy)?$/i.exec(written.trim());
  if (top !== null) return { kind: 'top', k: Number(top[1]) };
  const whole = wholeNames.find((name) => name === written.toLowerCase().trim());
  if (whole !== undefined) return { kind: 'whole', name: whole };
  const found = findByName(
    { kind: 'metric', names: [...new Set<string>([...metricNames, ...wholeNames, 'top_5'])] },
    written,
  );
  if ('mistake' in found) return found;
  return metricNames.some((name) => name === found.name)
    ? { kind: 'mean', name: found.name as MetricName }
    : { mistake: `There is no metric "${written}".` };
}

/** What is wrong with the name of an activation, with the nearest ones. */
export function findActivationMistake(written: string): string | undefined {
  if (activationNames.includes(written)) return undefined;
  return `There is no activation "${written}". ${hintAt(written, activationNames)}`;
}

function hintAt(written: string, names: readonly string[]): string {
  const nearest = findNearest(written, names);
  return nearest.length === 0 ? `Known are ${names.join(', ')}.` : `Did you mean ${nearest.join(' or ')}?`;
}

/** The normal name that `written` stands for, or a sentence with the nearest names where there is none. */
export function findByName<Name extends string>(
  { kind, names }: Vocabulary<Name>,
  written: string,
): { readonly name: Name } | { readonly mistake: string } {
  const normal = written.toLowerCase().replace(/[_\-\s]/g, '');
  const name = names.find((candidate) => candidate === normal);
  if (name !== undefined) return { name };
  return { mistake: `There is no ${kind} "${written}". ${hintAt(written, names)}` };
}
