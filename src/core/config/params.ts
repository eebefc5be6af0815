import { findNameMistake } from '../tracking/tracking.ts';
import { isMapping } from '../yaml/yaml.ts';
import type { ModelConfig } from './config.ts';

/** MLflow's limit of a param's value, in characters. */
const MAX_LENGTH = 6000;

type ParamSections = Pick<ModelConfig, 'data' | 'model' | 'training'>;

interface Param {
  /** Where the config has it; `name` is the same with dots. */
  readonly path: readonly string[];
  readonly name: string;
  readonly value: string;
}

/**
 * What a run logs as params: the sections data, model and training with dotted names (`training.num_epochs`), the same names
 * as `--set` and dvc.yaml use. Keys without a value are left out; lists are written as JSON, numbers as Python does.
 */
export function flattenParams(sections: ParamSections): Readonly<Record<string, string>> {
  return Object.fromEntries(listParams(sections).map(({ name, value }) => [name, value]));
}

/** Keys that can't be params: a name that MLflow refuses, or one that needs the place of another (`a` and `a/b`). */
export function findParamMistakes(
  sections: ParamSections,
): readonly { readonly path: readonly string[]; readonly message: string }[] {
  const params = listParams(sections);
  const names = new Set(params.map(({ name }) => name));
  const seen = new Set<string>();
  return params.flatMap(({ path, name }) => {
    const folder = foldersOf(name).find((candidate) => names.has(candidate));
    const message =
      findNameMistake('param', name) ??
      (seen.has(name) ? `There is another key that gives the param ${name}.` : undefined) ??
      (folder === undefined
        ? undefined
        : `${name} can't be kept as a param beside ${folder}: a name before a slash is a folder.`);
    seen.add(name);
    return message === undefined ? [] : [{ path, message }];
  });
}

function listParams({ data, model, training }: ParamSections): readonly Param[] {
  return listBelow({ data, model, training }, []);
}

function listBelow(value: Readonly<Record<string, unknown>>, parents: readonly string[]): readonly Param[] {
  return Object.entries(value).flatMap(([key, item]) => {
    const path = [...parents, key];
    if (item === null || item === undefined) return [];
    if (isMapping(item)) return listBelow(item, path);
    return [{ path, name: path.join('.'), value: formatParam(item).slice(0, MAX_LENGTH) }];
  });
}

/** 'a/b/c' → 'a', 'a/b'. */
function foldersOf(name: string): readonly string[] {
  const parts = name.split('/');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'));
}

function formatParam(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' && !Number.isFinite(value) ? infinities(value, 'inf', 'nan') : formatJson(value);
}

/** JSON, with the words for infinities and NaN that Python's `json` writes and reads. */
function formatJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(formatJson).join(',')}]`;
  if (isMapping(value)) {
    const items = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}:${formatJson(item)}`);
    return `{${items.join(',')}}`;
  }
  return typeof value === 'number' && !Number.isFinite(value)
    ? infinities(value, 'Infinity', 'NaN')
    : JSON.stringify(value);
}

function infinities(value: number, infinity: string, nan: string): string {
  if (Number.isNaN(value)) return nan;
  return value > 0 ? infinity : `-${infinity}`;
}
