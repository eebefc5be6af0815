import { isMapping } from '../yaml/yaml.ts';
import { sections } from './schema.ts';

/** The keys of `hyperparameter_tuning` that say how to search, not what. */
export const tuningSettings: ReadonlySet<string> = new Set(Object.keys(sections.hyperparameter_tuning));
const rangeKeys = ['min', 'max', 'scale', 'type', 'steps'];

/** What is wrong with a value of `hyperparameter_tuning`, as the end of a sentence; undefined for one that can be searched. */
export function findDimensionMistake(value: unknown): string | undefined {
  if (Array.isArray(value)) return value.length === 0 ? 'must have a value to try' : undefined;
  if (!isMapping(value))
    return 'must be a list of the values to try, or a range as { min: 0.001, max: 0.1, scale: log }';
  const stranger = Object.keys(value).find((key) => !rangeKeys.includes(key));
  if (stranger !== undefined) return `has the unknown key "${stranger}"; a range has ${rangeKeys.join(', ')}`;
  const { min, max, scale = 'linear', type = 'float', steps = 2 } = value;
  if (typeof min !== 'number' || typeof max !== 'number' || !Number.isFinite(min) || !Number.isFinite(max))
    return 'needs numbers for min and max';
  if (!(min < max)) return 'needs a min that is below its max';
  if (scale !== 'linear' && scale !== 'log') return 'has a scale that is neither linear nor log';
  if (scale === 'log' && min <= 0) return 'needs a min above 0 for the scale log';
  if (type !== 'float' && type !== 'int') return 'has a type that is neither int nor float';
  if (type === 'int' && !(Number.isSafeInteger(min) && Number.isSafeInteger(max)))
    return 'needs whole numbers for min and max, its type being int';
  if (!Number.isSafeInteger(steps) || Number(steps) < 2) return 'needs a whole number of at least 2 for steps';
  return undefined;
}
