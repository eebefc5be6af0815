import { tuningSettings, type ModelConfig } from '../config/config.ts';

/** One thing that a sweep tries values of; `key` is what `--set` takes, as `training.batch_size`. */
export type Dimension = { readonly key: string } & (
  { readonly kind: 'choice'; readonly values: readonly unknown[] } | ({ readonly kind: 'range' } & Range)
);

/** Both ends belong to it. */
interface Range {
  readonly min: number;
  readonly max: number;
  readonly scale: 'linear' | 'log';
  readonly isInteger: boolean;
  /** How many values a grid takes of it. */
  readonly steps: number;
}

/** Values by key, as `{'training.batch_size': 128}`. */
export type Assignment = Readonly<Record<string, unknown>>;

const GRID_STEPS = 3;

/**
 * The space of checked dimensions (a config's `hyperparameter_tuning`, or what the model's own `space` makes of it). A key belongs to
 * the section that has it: model, then training, then data.
 */
export function toSpace(config: ModelConfig, tuning: Readonly<Record<string, unknown>>): readonly Dimension[] {
  return Object.entries(tuning)
    .filter(([key]) => !tuningSettings.has(key))
    .map(([name, value]) => toDimension(findKey(name, config), value));
}

/** Values by the names that the space has for them, as the model's own `accept` takes them. */
export function toNames(assignment: Assignment): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(assignment).map(([key, value]) => [key.slice(key.indexOf('.') + 1), value]));
}

function findKey(name: string, config: Pick<ModelConfig, 'model' | 'training' | 'data'>): string {
  const sections = ['model', 'training', 'data'] as const;
  const section = sections.find((candidate) => Object.hasOwn(config[candidate], name));
  return `${section ?? 'model'}.${name}`;
}

function toDimension(key: string, value: unknown): Dimension {
  if (Array.isArray(value)) return { key, kind: 'choice', values: value };
  const { min, max, scale, type, steps } = value as Readonly<Record<string, unknown>>;
  return {
    key,
    kind: 'range',
    min: Number(min),
    max: Number(max),
    scale: scale === 'log' ? 'log' : 'linear',
    isInteger: type === 'int',
    steps: Number(steps ?? GRID_STEPS),
  };
}

/** The value of a dimension at a place between 0 and 1 (1 left out): each choice has an equal share of it. */
export function valueAt(dimension: Dimension, place: number): unknown {
  if (dimension.kind === 'choice') return dimension.values[Math.floor(place * dimension.values.length)];
  const { isInteger } = dimension;
  // Each whole number has an equal share too, the two at the ends not half of one.
  return isInteger
    ? Math.min(dimension.max, Math.floor(interpolate({ ...dimension, max: dimension.max + 1 }, place)))
    : interpolate(dimension, place);
}

/** The values that a grid takes of a dimension; of a range both ends and what lies evenly between them. */
export function gridOf(dimension: Dimension): readonly unknown[] {
  if (dimension.kind === 'choice') return dimension.values;
  const { steps, isInteger } = dimension;
  const places = Array.from({ length: steps }, (_, index) => index / (steps - 1));
  const values = places.map((place) => interpolate(dimension, place));
  return isInteger ? [...new Set(values.map((value) => Math.round(value)))] : values;
}

function interpolate({ min, max, scale }: Pick<Range, 'min' | 'max' | 'scale'>, place: number): number {
  if (place <= 0) return min;
  if (place >= 1) return max;
  return scale === 'log' ? min * (max / min) ** place : min + (max - min) * place;
}
