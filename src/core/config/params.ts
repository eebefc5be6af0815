import { isMapping } from '../yaml/yaml.ts';
import type { ModelConfig } from './config.ts';

/** MLflow's limit of a param's value, in characters. */
const MAX_LENGTH = 6000;

/**
 * What a run logs as params: the sections data, model and training with dotted names (`training.num_epochs`), the same names
 * as `--set` and dvc.yaml use. Keys without a value are left out; lists are written as JSON.
 */
export function flattenParams({ data, model, training }: ModelConfig): Readonly<Record<string, string>> {
  return Object.fromEntries(flatten({ data, model, training }, ''));
}

function flatten(value: Readonly<Record<string, unknown>>, prefix: string): (readonly [string, string])[] {
  return Object.entries(value).flatMap(([key, item]) => {
    const name = `${prefix}${key}`;
    if (item === null || item === undefined) return [];
    if (isMapping(item)) return flatten(item, `${name}.`);
    return [[name, formatParam(item).slice(0, MAX_LENGTH)] as const];
  });
}

function formatParam(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
