import { isList, isPyMap, toInterpolatedText, type PyMap, type PyValue } from './values.ts';

/** A `${…}` that can't be filled in: the reason as a sentence. */
export class InterpolationError extends Error {
  readonly unsupported: boolean;

  constructor(message: string, { unsupported = false } = {}) {
    super(message);
    this.unsupported = unsupported;
  }
}

const EXPRESSION = /(?<!\\)\$\{(.*?)\}/g;
/** A name with `.attribute` and `[index]` parts; anything else between the braces is an error. */
const NAME = /^[^.[\]]+(?:\.[^.[\]]+|\[[^.[\]]+\])*$/;

export function hasInterpolation(text: string): boolean {
  return text.search(EXPRESSION) !== -1;
}

/** What may be filled in: a mapping by top-level names. */
export type Context = PyMap;

/**
 * Fills `${…}` into every text below `value`, keys of mappings included, as DVC does: a text that is one expression keeps the
 * type of its value, in longer texts it becomes text, `\${` stays as `${`. Throws {@link InterpolationError}.
 * `collections`: whether lists and mappings may be put in (for foreach and matrix only).
 */
export function interpolate(value: PyValue, context: Context, options: { collections: boolean }): PyValue {
  if (typeof value === 'string') return fill(value, context, options);
  if (isList(value)) return value.map((item) => interpolate(item, context, options));
  if (!isPyMap(value)) return value;
  return {
    kind: 'map',
    entries: value.entries.map(
      ([key, item]) => [interpolate(key, context, options), interpolate(item, context, options)] as const,
    ),
  };
}

function fill(text: string, context: Context, { collections }: { collections: boolean }): PyValue {
  const matches = [...text.matchAll(EXPRESSION)];
  const [first] = matches;
  if (first?.[0] === text) {
    const value = select(first[1] ?? '', context);
    if ((isList(value) || isPyMap(value)) && !collections) throw collectionError(first[0], value);
    return value;
  }
  let out = '';
  let at = 0;
  for (const match of matches) {
    const value = select(match[1] ?? '', context);
    if (isList(value) || isPyMap(value)) throw collectionError(match[0], value);
    out += text.slice(at, match.index) + toInterpolatedText(value);
    at = match.index + match[0].length;
  }
  return (out + text.slice(at)).replaceAll('\\${', '${');
}

function collectionError(expression: string, value: PyValue): InterpolationError {
  if (isPyMap(value))
    return new InterpolationError(`a mapping in ${expression} (DVC turns it into flags in cmd)`, { unsupported: true });
  return new InterpolationError(`${expression} is a list; only single values can be filled in here.`);
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

/** Thrown when two sources define the same name: DVC allows no redefinition of a value. */
export class MergeConflict extends Error {}

/** `into` with `update` merged recursively. Keys that are no text can't be named and are left out, as in DVC. */
export function mergeContext(into: PyMap, update: PyMap, path = ''): PyMap {
  const entries = [...into.entries];
  const places = new Map(entries.map(([key], place) => [key, place]));
  for (const [key, value] of update.entries) {
    if (typeof key !== 'string') continue;
    const at = places.get(key) ?? entries.length;
    const existing = entries[at]?.[1];
    const name = path === '' ? key : `${path}.${key}`;
    places.set(key, at);
    if (existing === undefined) entries[at] = [key, value];
    else if (isPyMap(existing) && isPyMap(value)) entries[at] = [key, mergeContext(existing, value, name)];
    else throw new MergeConflict(`"${name}" is defined already; DVC allows no redefinition.`);
  }
  return { kind: 'map', entries };
}

/** `context` with top-level names replaced. */
export function overrideContext(context: PyMap, update: readonly (readonly [string, PyValue])[]): PyMap {
  const names = new Set<PyValue>(update.map(([name]) => name));
  return { kind: 'map', entries: [...context.entries.filter(([key]) => !names.has(key)), ...update] };
}
