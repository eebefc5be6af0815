import { backendNames } from '../../protocol/training.ts';
import { isMapping } from '../yaml/yaml.ts';
import {
  findActivationMistake,
  findByName,
  findFurtherMetric,
  lossFunctions,
  metrics,
  optimizers,
  type Vocabulary,
} from './compilation.ts';

/** One key of a config: what it takes, in words for the error, and what it is when absent (undefined: stays absent). */
export interface Field {
  readonly expects: string;
  readonly accepts: (value: unknown) => boolean;
  readonly default?: unknown;
  readonly required?: true;
  /** What is strange about a text, as a sentence: worth a warning only, since a model's own code may know better. */
  readonly findDoubt?: (written: string) => string | undefined;
  /** For a mapping: its own keys, which may depend on what one of them holds. */
  readonly fields?: (value: Readonly<Record<string, unknown>>) => Readonly<Record<string, Field>>;
  /** For a list: the sentence that says what is wrong with one of its values, told at its place. */
  readonly findItemMistake?: (item: unknown) => string | undefined;
}

const text: Field = { expects: 'a text', accepts: (value) => typeof value === 'string' && value !== '' };
const wholeNumber = (minimum: number, maximum = Infinity): Field => ({
  expects:
    maximum === Infinity ? `a whole number of at least ${minimum}` : `a whole number from ${minimum} to ${maximum}`,
  accepts: (value) => Number.isSafeInteger(value) && Number(value) >= minimum && Number(value) <= maximum,
});
const positive: Field = {
  expects: 'a number greater than 0',
  accepts: (value) => typeof value === 'number' && Number.isFinite(value) && value > 0,
};
const notNegative: Field = {
  expects: 'a number of at least 0',
  accepts: (value) => typeof value === 'number' && Number.isFinite(value) && value >= 0,
};
const fraction: Field = {
  expects: 'a number between 0 and 1',
  accepts: (value) => typeof value === 'number' && value > 0 && value < 1,
};
const flag: Field = { expects: 'true or false', accepts: (value) => typeof value === 'boolean' };
const oneOf = (...values: readonly string[]): Field => ({
  expects: `one of ${values.join(', ')}`,
  accepts: (value) => typeof value === 'string' && values.includes(value),
});
const mapping = (fields: Readonly<Record<string, Field>>): Field => ({
  expects: `a mapping of ${Object.keys(fields).join(', ')}`,
  accepts: isMapping,
  fields: () => fields,
});

const share: Field = {
  expects: 'a number from 0 to less than 1',
  accepts: (value) => typeof value === 'number' && value >= 0 && value < 1,
};
const degrees: Field = {
  expects: 'a number of degrees from 0 to 180',
  accepts: (value) => typeof value === 'number' && value >= 0 && value <= 180,
};

/** For a text that should name something of a list. */
const doubtName =
  (vocabulary: Vocabulary) =>
  (written: string): string | undefined => {
    const found = findByName(vocabulary, written);
    return 'mistake' in found ? found.mistake : undefined;
  };

/** One for all layers, or one for each. */
const perLayer = ({ expects, accepts, ...others }: Field): Field => ({
  ...others,
  expects: `${expects}, or a list of such`,
  accepts: (value) => accepts(value) || (Array.isArray(value) && value.length > 0),
  findItemMistake: (item) => (accepts(item) ? undefined : `Each must be ${expects}.`),
});

/** Threads meet after each part of a step: with more than there are cores each meeting waits for the system, and a step takes longer. */
const MAX_THREADS = 64;

/** More than any picture or text wants; what is filled in by mistake is mostly much larger, or negative. */
const MAX_KERNEL = 64;

/**
 * Keys of `model` that have one meaning in every network. The section is the user's own, so none of them is asked for; a model that means
 * something else by one has to call it otherwise.
 */
const modelKeys = {
  num_layers: wholeNumber(0),
  num_units: perLayer(wholeNumber(1)),
  filters: perLayer(wholeNumber(1)),
  kernel_size: perLayer(wholeNumber(1, MAX_KERNEL)),
  dropout_rate: perLayer(share),
  activation_function: perLayer({
    expects: 'the name of an activation, as relu',
    // What every object has under a name is found there, and is no activation.
    accepts: (value) => typeof value === 'string' && /^[a-z][\w -]*$/i.test(value) && !(value in Object.prototype),
    findDoubt: findActivationMistake,
  }),
} as const satisfies Record<string, Field>;

/** Learning-rate schedules by type, with the keys that each has beside `type` and `warmup_epochs`. */
const schedules = {
  step: {
    every: { ...wholeNumber(1), default: 10 },
    factor: { ...fraction, default: 0.5 },
    min_rate: { ...notNegative, default: 0 },
  },
  exponential: { factor: { ...fraction, default: 0.95 }, min_rate: { ...notNegative, default: 0 } },
  cosine: { min_rate: { ...notNegative, default: 0 } },
  plateau: {
    monitor: { ...text, default: 'val_loss' },
    patience: { ...wholeNumber(1), default: 5 },
    min_delta: { ...notNegative, default: 0 },
    factor: { ...fraction, default: 0.5 },
    min_rate: { ...notNegative, default: 0 },
  },
} as const satisfies Record<string, Readonly<Record<string, Field>>>;

function isScheduleType(type: unknown): type is keyof typeof schedules {
  return typeof type === 'string' && Object.hasOwn(schedules, type);
}

/** A weight for each class by its number, as {0: 1, 7: 2.5}. */
const isClassWeights = (value: unknown): boolean =>
  isMapping(value) &&
  Object.entries(value).every(([label, weight]) => /^\d+$/.test(label) && notNegative.accepts(weight));

/** The keys of a config file, by section: DESIGN's schema as one table. */
export const sections = {
  data: { dataset_path: { ...text, default: 'data/processed/' } },
  model: { name: text, ...modelKeys },
  training: {
    batch_size: { ...wholeNumber(1), required: true },
    num_epochs: { ...wholeNumber(1), required: true },
    loss_function: { ...text, required: true, findDoubt: doubtName(lossFunctions) },
    metric: { ...text, default: 'accuracy', findDoubt: doubtName(metrics) },
    metrics: {
      expects: 'a list of names',
      accepts: Array.isArray,
      findItemMistake: (item) => {
        const found = findFurtherMetric(item);
        return 'mistake' in found ? found.mistake : undefined;
      },
      default: null,
    },
    optimizer: { ...text, default: 'adam', findDoubt: doubtName(optimizers) },
    learning_rate: { ...positive, default: 0.001 },
    learning_rate_schedule: {
      expects: 'a mapping with a type and its keys',
      accepts: isMapping,
      fields: ({ type }) => ({
        type: { ...oneOf(...Object.keys(schedules)), required: true },
        warmup_epochs: { ...notNegative, default: 0 },
        ...(isScheduleType(type) ? schedules[type] : {}),
      }),
      default: null,
    },
    weight_decay: { ...notNegative, default: null },
    gradient_clipping: {
      ...mapping({ norm: { ...positive, default: null }, value: { ...positive, default: null } }),
      default: null,
    },
    ema: { ...mapping({ decay: { ...fraction, default: 0.999 } }), default: null },
    class_weights: {
      expects: 'balanced, or a mapping from the number of a class to its weight, as {0: 1, 1: 2.5}',
      accepts: (value) => value === 'balanced' || isClassWeights(value),
      default: null,
    },
    augmentation: {
      ...mapping({
        flip: { ...oneOf('horizontal', 'vertical', 'both'), default: null },
        shift: { ...share, default: null },
        rotation: { ...degrees, default: null },
        zoom: { ...share, default: null },
        brightness: { ...share, default: null },
        noise: { ...notNegative, default: null },
      }),
      default: null,
    },
    seed: { ...wholeNumber(0), default: 42 },
    early_stopping: {
      ...mapping({
        monitor: { ...text, default: 'val_loss' },
        patience: { ...wholeNumber(1), default: 5 },
        min_delta: { ...notNegative, default: 0 },
        restore_best: { ...flag, default: false },
      }),
      default: null,
    },
    checkpoint: {
      ...mapping({
        every: { ...wholeNumber(1), default: 1 },
        keep: { ...wholeNumber(1), default: 2 },
        best: { ...text, default: null },
      }),
      default: null,
    },
    backend: { ...oneOf('auto', ...backendNames), default: 'auto' },
    threads: { ...wholeNumber(1, MAX_THREADS), default: null },
    compile: { ...flag, default: null },
  },
  mlflow: { experiment_name: text, tracking_uri: text, mlruns_path: text },
  hyperparameter_tuning: {
    strategy: { ...oneOf('grid', 'random', 'latin', 'halving'), default: 'grid' },
    trials: wholeNumber(1),
    min_epochs: wholeNumber(1),
    reduction: wholeNumber(2),
  },
  objective: {
    metric: { ...text, required: true },
    direction: oneOf('minimize', 'maximize', 'min', 'max'),
  },
} as const satisfies Record<string, Readonly<Record<string, Field>>>;

export type SectionName = keyof typeof sections;

/** Sections whose further keys are the user's own: layers of the model, columns of the data, what is to be tuned. */
export const freeSections: ReadonlySet<SectionName> = new Set(['data', 'model', 'hyperparameter_tuning']);
