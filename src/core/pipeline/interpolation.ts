import { defaultFlags, toFlags, type FlagSettings } from './flags.ts';
import { isList, isPyMap, toInterpolatedText, toPythonText, type PyMap, type PyValue } from './values.ts';

/** A `${…}` that can't be filled in, or vars that DVC does not take: the reason as a sentence. */
export class InterpolationError extends Error {}

const EXPRESSION = /(?<!\\)\$\{(.*?)\}/g;
/** A name with `.attribute` and `[index]` parts; anything else between the braces is an error. */
const NAME = /^[^.[\]]+(?:\.[^.[\]]+|\[[^.[\]]+\])*$/;

/** True when a text, or any text below the value, holds a `${…}`. */
export function hasInterpolation(value: PyValue): boolean {
  if (typeof value === 'string') return value.search(EXPRESSION) !== -1;
  if (isList(value)) return value.some(hasInterpolation);
  return isPyMap(value) && value.entries.some(([key, item]) => hasInterpolation(key) || hasInterpolation(item));
}

/** What may be filled in: a mapping by top-level names. */
export type Context = PyMap;

/**
 * What may stand at a place: single values in the fields of a stage; mappings as flags in its `cmd`; anything in foreach,
 * matrix and the sections outside of stages.
 */
export type Place = 'single' | 'anything' | FlagSettings;

/**
 * Fills `${…}` into every text below `value`, keys of mappings included, as DVC does: a text that is one expression keeps the
 * type of its value, in longer texts it becomes text, `\${` stays as `${`. Throws {@link InterpolationError}.
 */
export function interpolate(value: PyValue, context: Context, place: Place): PyValue {
  if (typeof value === 'string') return fill(value, context, place);
  if (isList(value)) return value.map((item) => interpolate(item, context, place));
  if (!isPyMap(value)) return value;
  return {
    kind: 'map',
    entries: value.entries.map(
      ([key, item]) => [interpolate(key, context, place), interpolate(item, context, place)] as const,
    ),
  };
}

function fill(text: string, context: Context, place: Place): PyValue {
  const matches = [...text.matchAll(EXPRESSION)];
  const [first] = matches;
  if (first?.[0] === text) {
    const value = select(first[1] ?? '', context);
    if ((isList(value) || isPyMap(value)) && place !== 'anything') throw collectionError(first[0], value, place);
    return value;
  }
  let out = '';
  let at = 0;
  for (const match of matches) {
    out += text.slice(at, match.index) + toText(match[0], select(match[1] ?? '', context), place);
    at = match.index + match[0].length;
  }
  return (out + text.slice(at)).replaceAll('\\${', '${');
}

function toText(expression: string, value: PyValue, place: Place): string {
  if (!isList(value) && !isPyMap(value)) return toInterpolatedText(value);
  if (place === 'anything') return isPyMap(value) ? flagsOf(expression, value, defaultFlags) : toPythonText(value);
  if (place === 'single' || !isPyMap(value)) throw collectionError(expression, value, place);
  return flagsOf(expression, value, place);
}

function flagsOf(expression: string, value: PyMap, settings: FlagSettings): string {
  const flags = toFlags(value, settings);
  if (flags.nestedAt !== undefined)
    throw new InterpolationError(`${expression}: "${flags.nestedAt}" is a list of lists, which makes no flag.`);
  return flags.text;
}

function collectionError(expression: string, value: PyValue, place: Place): InterpolationError {
  if (!isPyMap(value))
    return new InterpolationError(`${expression} is a list; only single values can be filled in here.`);
  return new InterpolationError(
    place === 'single'
      ? `${expression} is a mapping; only cmd takes one, as flags.`
      : `${expression} alone is no command: the mapping becomes flags behind a program.`,
  );
}

function select(expression: string, context: Context): PyValue {
  if (!NAME.test(expression.trim()))
    throw new InterpolationError(`\${${expression}} is no name: DVC fills in names like \${a.b} and \${a[0]} only.`);
  let value: PyValue = context;
  for (const part of expression.trim().replaceAll('[', '.').replaceAll(']', '').split('.')) {
    const next = step(value, part.trim());
    if (next === undefined) throw new InterpolationError(`Could not find '${expression}'.`);
    value = next;
  }
  return value;
}

function step(value: PyValue, part: string): PyValue | undefined {
  if (isPyMap(value)) return value.entries.find(([key]) => key === part)?.[1];
  return isList(value) && /^[+-]?[0-9]+$/.test(part) ? value.at(Number(part)) : undefined;
}
