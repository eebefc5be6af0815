import { isMapping } from '../yaml/yaml.ts';
import { sections } from './schema.ts';

/** The keys of `hyperparameter_tuning` that say how to search, not what. */
export const tuningSettings: ReadonlySet<string> = new Set(Object.keys(sections.hyperparameter_tuning));
const rangeKeys = ['min', 'max', 'scale', 'type', 'steps'];

interface RangeTexts {
  readonly min: unknown;
  readonly max: unknown;
  readonly scale: unknown;
  readonly type: unknown;
  readonly steps: unknown;
}

/** What a range must be, one thing after the other: the end of a sentence about it, and whether it is so. */
const rules: readonly (readonly [string, (range: RangeTexts) => boolean])[] = [
  ['needs numbers for min and max', ({ min, max }) => Number.isFinite(min) && Number.isFinite(max)],
  ['needs a min that is below its max', ({ min, max }) => Number(min) < Number(max)],
  ['has a scale that is neither linear nor log', ({ scale }) => scale === 'linear' || scale === 'log'],
  ['needs a min above 0 for the scale log', ({ min, scale }) => scale !== 'log' || Number(min) > 0],
  ['has a type that is neither int nor float', ({ type }) => type === 'int' || type === 'float'],
  [
    'needs whole numbers for min and max, its type being int',
    ({ min, max, type }) => type !== 'int' || (Number.isSafeInteger(min) && Number.isSafeInteger(max)),
  ],
  [
    'needs a whole number of at least 2 for steps',
    ({ steps }) => steps === undefined || (Number.isSafeInteger(steps) && Number(steps) >= 2),
  ],
];

/** What is wrong with a value of `hyperparameter_tuning`, as the end of a sentence; undefined for one that can be searched. */
export function findDimensionMistake(value: unknown): string | undefined {
  if (Array.isArray(value)) return value.length === 0 ? 'must have a value to try' : undefined;
  if (!isMapping(value))
    return 'must be a list of the values to try, or a range as { min: 0.001, max: 0.1, scale: log }';
  const stranger = Object.keys(value).find((key) => !rangeKeys.includes(key));
  if (stranger !== undefined) return `has the unknown key "${stranger}"; a range has ${rangeKeys.join(', ')}`;
  const { min, max, scale = 'linear', type = 'float', steps } = value;
  return rules.find(([, holds]) => !holds({ min, max, scale, type, steps }))?.[0];
}
