import { findNearest } from '../names/names.ts';
import { isMapping, parseYaml, type YamlFile } from '../yaml/yaml.ts';
import { hasErrors, type Parsed, type Problem } from '../../protocol/problem.ts';
import type { Objective } from '../../protocol/tracking.ts';
import { applyOverrides, type Override } from './overrides.ts';
import { findParamMistakes } from './params.ts';
import { freeSections, sections, type Field, type SectionName } from './schema.ts';
import { toObjective } from '../tracking/tracking.ts';
import { findDimensionMistake, tuningSettings } from './tuning.ts';

export {
  activationNames,
  findByName,
  findFurtherMetric,
  lossFunctions,
  losses,
  metrics,
  optimizers,
  type FurtherMetric,
  type MetricName,
  type OptimizerName,
  type Vocabulary,
} from './compilation.ts';
export { flattenParams } from './params.ts';
export { findDimensionMistake, tuningSettings } from './tuning.ts';
export { defaultObjective, parseProjectSettings, type ProjectSettings } from './settings.ts';

interface EarlyStopping {
  readonly monitor: string;
  /** Epochs without an improvement of at least `min_delta`. */
  readonly patience: number;
  readonly min_delta: number;
  /** At the end the weights of the best epoch come back. */
  readonly restore_best: boolean;
}

/** How the learning rate changes; it never falls below `min_rate`. */
export type LearningRateSchedule = {
  /** Epochs, or parts of one, in which the rate rises in a straight line. */
  readonly warmup_epochs: number;
  readonly min_rate: number;
} & (
  | { readonly type: 'cosine' }
  /** Times `factor` after each epoch. */
  | { readonly type: 'exponential'; readonly factor: number }
  /** Times `factor` after each `every` epochs. */
  | { readonly type: 'step'; readonly every: number; readonly factor: number }
  /** Times `factor` after `patience` epochs without an improvement of `monitor` by more than `min_delta`. */
  | {
      readonly type: 'plateau';
      readonly monitor: string;
      readonly patience: number;
      readonly min_delta: number;
      readonly factor: number;
    }
);

interface CheckpointSettings {
  /** Epochs between two checkpoints. */
  readonly every: number;
  /** How many of the newest are kept, beside the best model. */
  readonly keep: number;
  /** The metric that tells the best epoch; null: val_loss, without a validation training_loss. */
  readonly best: string | null;
}

/** What is done at random to the pictures of the training split, anew in each epoch; null: not done. */
export interface AugmentationSettings {
  readonly flip: 'horizontal' | 'vertical' | 'both' | null;
  /** At most this share of height and width, in whole pixels, each way. */
  readonly shift: number | null;
  /** At most so many degrees, either way. */
  readonly rotation: number | null;
  /** By a factor from 1 − zoom to 1 + zoom. */
  readonly zoom: number | null;
  /** Numbers times a factor from 1 − brightness to 1 + brightness. */
  readonly brightness: number | null;
  /** Standard deviation of what is added to each number. */
  readonly noise: number | null;
}

export interface TrainingSection {
  readonly batch_size: number;
  readonly num_epochs: number;
  readonly loss_function: string;
  readonly metric: string;
  /** Further metrics; null: none. */
  readonly metrics: readonly string[] | null;
  readonly optimizer: string;
  readonly learning_rate: number;
  /** null: the same rate throughout. */
  readonly learning_rate_schedule: LearningRateSchedule | null;
  /** Of adamw; null: 0.004, as in Keras. */
  readonly weight_decay: number | null;
  /** `norm`: of all gradients together; `value`: of each number. */
  readonly gradient_clipping: { readonly norm: number | null; readonly value: number | null } | null;
  /** Moving average of the weights: it is what is evaluated and saved. */
  readonly ema: { readonly decay: number } | null;
  readonly class_weights: 'balanced' | Readonly<Record<string, number>> | null;
  /** null: none. */
  readonly augmentation: AugmentationSettings | null;
  readonly seed: number;
  /** null: train all epochs. */
  readonly early_stopping: EarlyStopping | null;
  /** null: only a stop leaves one. */
  readonly checkpoint: CheckpointSettings | null;
  /** A rung of the ladder, or `auto`: the best that works here. */
  readonly backend: string;
  /** null: the backend's own choice. */
  readonly threads: number | null;
  /** Whether steps are compiled, where the backend and the model allow it; null: they are. */
  readonly compile: boolean | null;
}

/** A `configs/<model>.yaml` with every default filled in. `data` and `model` keep whatever keys the user's code reads. */
export interface ModelConfig {
  readonly data: { readonly dataset_path: string; readonly [key: string]: unknown };
  readonly model: { readonly name: string; readonly [key: string]: unknown };
  readonly training: TrainingSection;
  readonly mlflow: {
    readonly experiment_name: string;
    readonly tracking_uri?: string;
    readonly mlruns_path?: string;
  };
  /** Values to try by name of the key; `strategy` says how. */
  readonly hyperparameter_tuning: { readonly strategy: string; readonly [key: string]: unknown };
  /** null: the project's, see {@link ProjectSettings}. */
  readonly objective: Objective | null;
}

/**
 * Parses the text of `configs/<model>.yaml`. Overrides are texts as `training.num_epochs=5`, read as YAML and checked as if
 * they stood in the file. An unknown key is a warning (its value is kept for user code), a wrong type or a missing key an
 * error; `value` is undefined as soon as there is an error.
 */
export function parseConfig(text: string, file: string, overrides: readonly string[] = []): Parsed<ModelConfig> {
  const { value: yaml, problems } = parseYaml(text, file);
  if (yaml === undefined) return { value: undefined, problems };
  if (!isMapping(yaml.value)) {
    const found = yaml.value === null ? 'The file is empty' : 'The file is not a mapping';
    const message = `${found}: a config has the sections ${Object.keys(sections).join(', ')}.`;
    return { value: undefined, problems: [...problems, yaml.problemAt([], message)] };
  }
  const applied = applyOverrides(yaml.value, overrides, Object.keys(sections));
  const checker = new ConfigChecker(yaml, applied.overrides, [...problems, ...applied.problems]);
  const value = checker.check(applied.value, stemOf(file));
  return { value: hasErrors(checker.problems) ? undefined : value, problems: checker.problems };
}

/** 'configs/cnnbased.yaml' → 'cnnbased': the name of the model that a config file trains. */
export function stemOf(file: string): string {
  const name = file.split(/[\\/]/).at(-1) ?? file;
  return name.replace(/\.[^.]*$/, '');
}

class ConfigChecker {
  readonly problems: Problem[];
  readonly #yaml: YamlFile;
  readonly #overrides: readonly Override[];

  constructor(yaml: YamlFile, overrides: readonly Override[], problems: readonly Problem[]) {
    this.#yaml = yaml;
    this.#overrides = overrides;
    this.problems = [...problems];
  }

  check(root: Readonly<Record<string, unknown>>, stem: string): ModelConfig {
    this.#warnUnknown([], root, Object.keys(sections));
    const names = Object.keys(sections) as SectionName[];
    const checked = Object.fromEntries(names.map((name) => [name, this.#section(name, root)])) as Record<
      SectionName,
      Record<string, unknown>
    >;
    this.#checkTuning(checked);
    this.#checkDecay(checked.training);
    const { model, mlflow, objective } = checked;
    const config = {
      ...root,
      ...checked,
      model: { name: stem, ...model },
      mlflow: { experiment_name: stem, ...mlflow },
      objective: root['objective'] === undefined ? null : toObjective(objective),
    } as unknown as ModelConfig;
    for (const { path, message } of findParamMistakes(config)) this.#report(path, message, 'error', 'key');
    return config;
  }

  #section(name: SectionName, root: Readonly<Record<string, unknown>>): Record<string, unknown> {
    const given = root[name] ?? {};
    if (!isMapping(given)) {
      this.#report([name], `${name} must be a mapping of keys, not ${describe(given)}.`);
      return {};
    }
    const fields: Readonly<Record<string, Field>> = sections[name];
    const isAbsent = root[name] === undefined || root[name] === null;
    if (!freeSections.has(name)) this.#warnUnknown([name], given, Object.keys(fields));
    const result: Record<string, unknown> = { ...given };
    for (const [key, field] of Object.entries(fields)) {
      const value = this.#field([name, key], field, given[key], name === 'objective' && isAbsent);
      if (value !== undefined) result[key] = value;
    }
    return result;
  }

  #field(path: readonly string[], field: Field, value: unknown, isOptional: boolean): unknown {
    if (value === undefined) {
      if (field.required === true && !isOptional) this.#report(path, `${path.join('.')} is missing: ${field.expects}.`);
      return field.default;
    }
    if (value === null && field.default === null) return null;
    if (!field.accepts(value)) {
      this.#report(path, `${path.join('.')} must be ${field.expects}, not ${describe(value)}.`);
      return field.default;
    }
    this.#warnOfDoubt(path, field, value);
    this.#checkItems(path, field, value);
    if (field.fields === undefined || !isMapping(value)) return value;
    const fields = field.fields(value);
    this.#warnUnknown(path, value, Object.keys(fields));
    const inner = Object.entries(fields).map(
      ([key, spec]) => [key, this.#field([...path, key], spec, value[key], false)] as const,
    );
    return { ...value, ...Object.fromEntries(inner) };
  }

  /** What is tuned must be values for something that the config sets. */
  #checkTuning(checked: Readonly<Record<SectionName, Record<string, unknown>>>): void {
    const known = [...Object.keys(checked.model), ...Object.keys(checked.training), ...Object.keys(checked.data)];
    for (const [key, value] of Object.entries(checked.hyperparameter_tuning)) {
      if (tuningSettings.has(key)) continue;
      const path = ['hyperparameter_tuning', key];
      const mistake = findDimensionMistake(value);
      if (mistake !== undefined) this.#report(path, `${path.join('.')} ${mistake}${describeOther(value)}.`);
      else if (!known.includes(key)) this.#warnUnknownKey(path, [...known, ...tuningSettings]);
      else this.#checkTried(path, fieldOf(key, checked), value);
    }
  }

  /** Values that are to be tried are checked now: a trial would fail of them hours later. */
  #checkTried(path: readonly string[], field: Field | undefined, value: unknown): void {
    if (field === undefined) return;
    const { min, max } = isMapping(value) ? value : {};
    const tried: readonly (readonly [string | number, unknown])[] = Array.isArray(value)
      ? [...value.entries()]
      : Object.entries({ min, max });
    for (const [key, item] of tried) {
      if (field.accepts(item) || (item === null && field.default === null)) {
        this.#warnOfDoubt([...path, key], field, item);
        this.#checkItems([...path, key], field, item);
      } else
        this.#report(
          [...path, key],
          `${path.join('.')} must have values that are ${field.expects}, not ${describe(item)}.`,
        );
    }
  }

  #checkDecay({ weight_decay, optimizer }: Record<string, unknown>): void {
    if (typeof weight_decay !== 'number' || (typeof optimizer === 'string' && /^adamw$/i.test(optimizer))) return;
    const message = 'training.weight_decay has an effect with the optimizer adamw only.';
    this.#report(['training', 'weight_decay'], message, 'warning', 'key');
  }

  #warnUnknown(path: readonly string[], value: Readonly<Record<string, unknown>>, known: readonly string[]): void {
    for (const key of Object.keys(value)) if (!known.includes(key)) this.#warnUnknownKey([...path, key], known);
  }

  #warnUnknownKey(path: readonly string[], known: readonly string[]): void {
    const [nearest] = findNearest(path.at(-1) ?? '', known);
    const hint = nearest === undefined ? '' : ` Did you mean "${nearest}"?`;
    this.#report(path, `Unknown key ${path.join('.')}.${hint}`, 'warning', 'key');
  }

  #checkItems(path: readonly (string | number)[], { findItemMistake }: Field, value: unknown): void {
    if (findItemMistake === undefined || !Array.isArray(value)) return;
    for (const [index, item] of value.entries()) {
      const mistake = findItemMistake(item);
      if (mistake !== undefined) this.#report([...path, index], mistake);
    }
  }

  #warnOfDoubt(path: readonly (string | number)[], { findDoubt }: Field, value: unknown): void {
    const doubt = typeof value === 'string' ? findDoubt?.(value) : undefined;
    if (doubt !== undefined)
      this.#report(path, `${doubt} The training fails unless the model's own code knows it.`, 'warning');
  }

  #report(
    path: readonly (string | number)[],
    message: string,
    severity: Problem['severity'] = 'error',
    at: 'key' | 'value' = 'value',
  ): void {
    const override = this.#overrides.find((candidate) => startsWith(path, candidate.path));
    this.problems.push(
      override === undefined
        ? this.#yaml.problemAt(path, message, { severity, at })
        : { ...override.place, severity, message },
    );
  }
}

/** What a tuned key may hold: that of the section in which the config has it. */
function fieldOf(key: string, checked: Readonly<Record<SectionName, Record<string, unknown>>>): Field | undefined {
  const section = (['model', 'training', 'data'] as const).find((name) => Object.hasOwn(checked[name], key));
  const fields: Readonly<Record<string, Field>> = section === undefined ? {} : sections[section];
  return Object.hasOwn(fields, key) ? fields[key] : undefined;
}

function startsWith(path: readonly (string | number)[], start: readonly string[]): boolean {
  return start.every((part, index) => path[index] === part);
}

/** What stands where a list or a mapping is wanted, as the end of a sentence. */
function describeOther(value: unknown): string {
  return Array.isArray(value) || isMapping(value) ? '' : `, not ${describe(value)}`;
}

/** How an error names what it found: `"abc" (text)`. */
function describe(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  // JSON would make null of .nan and .inf.
  return typeof value === 'string'
    ? `the text "${value.slice(0, 60)}"`
    : `the ${typeof value} ${typeof value === 'number' ? value : JSON.stringify(value)}`;
}
