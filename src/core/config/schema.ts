import { backendNames } from '../../protocol/training.ts';
import { isMapping } from '../yaml/yaml.ts';
import { lossFunctions, metrics, optimizers, type Vocabulary } from './compilation.ts';

/** One key of a config: what it takes, in words for the error, and what it is when absent (undefined: stays absent). */
export interface Field {
  readonly expects: string;
  readonly accepts: (value: unknown) => boolean;
  readonly default?: unknown;
  readonly required?: true;
  /** Accepted, but without effect so far: using it is worth a warning. */
  readonly pending?: true;
  /** What the text should name; another one is worth a warning, since a model's own code may do without it. */
  readonly names?: Vocabulary;
  /** For a mapping: its own keys. */
  readonly fields?: Readonly<Record<string, Field>>;
}

const text: Field = { expects: 'a text', accepts: (value) => typeof value === 'string' && value !== '' };
const wholeNumber = (minimum: number): Field => ({
  expects: `a whole number of at least ${minimum}`,
  accepts: (value) => Number.isSafeInteger(value) && Number(value) >= minimum,
});
const positive: Field = {
  expects: 'a number greater than 0',
  accepts: (value) => typeof value === 'number' && Number.isFinite(value) && value > 0,
};
const notNegative: Field = {
  expects: 'a number of at least 0',
  accepts: (value) => typeof value === 'number' && Number.isFinite(value) && value >= 0,
};
const oneOf = (...values: readonly string[]): Field => ({
  expects: `one of ${values.join(', ')}`,
  accepts: (value) => typeof value === 'string' && values.includes(value),
});
const mapping = (fields: Readonly<Record<string, Field>>): Field => ({
  expects: `a mapping of ${Object.keys(fields).join(', ')}`,
  accepts: isMapping,
  fields,
});

/** The keys of a config file, by section: DESIGN's schema as one table. */
export const sections = {
  data: { dataset_path: { ...text, default: 'data/processed/' } },
  model: { name: text },
  training: {
    batch_size: { ...wholeNumber(1), required: true },
    num_epochs: { ...wholeNumber(1), required: true },
    loss_function: { ...text, required: true, names: lossFunctions },
    metric: { ...text, default: 'accuracy', names: metrics },
    optimizer: { ...text, default: 'adam', names: optimizers },
    learning_rate: { ...positive, default: 0.001 },
    seed: { ...wholeNumber(0), default: 42 },
    early_stopping: {
      ...mapping({
        monitor: { ...text, default: 'val_loss' },
        patience: { ...wholeNumber(1), default: 5 },
        min_delta: { ...notNegative, default: 0 },
      }),
      default: null,
    },
    checkpoint: { ...mapping({ every: { ...wholeNumber(1), default: 1 } }), default: null, pending: true },
    backend: { ...oneOf('auto', ...backendNames), default: 'auto' },
    threads: { ...wholeNumber(1), default: null, pending: true },
  },
  mlflow: { experiment_name: text, tracking_uri: text, mlruns_path: text },
  hyperparameter_tuning: { strategy: { ...oneOf('grid', 'random', 'halving'), default: 'grid' } },
  objective: {
    metric: { ...text, required: true },
    direction: oneOf('minimize', 'maximize', 'min', 'max'),
  },
} as const satisfies Record<string, Readonly<Record<string, Field>>>;

export type SectionName = keyof typeof sections;

/** Sections whose further keys are the user's own: layers of the model, columns of the data, what is to be tuned. */
export const freeSections: ReadonlySet<SectionName> = new Set(['data', 'model', 'hyperparameter_tuning']);
