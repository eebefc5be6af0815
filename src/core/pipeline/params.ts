import type { Parsed } from '../../protocol/problem.ts';
import { parseYaml } from '../yaml/yaml.ts';
import { placeOfOffset } from './lockfile.ts';
import { parsePythonParams } from './python.ts';
import { PythonError } from './pythontokens.ts';
import type { ParamValues } from './stage.ts';
import { TomlError, parseToml } from './toml.ts';
import {
  NUL,
  UnreadableValue,
  emptyMap,
  isList,
  isOther,
  isPyMap,
  keyText,
  toPyMap,
  toPyValue,
  toPythonText,
  type PyMap,
  type PyOther,
  type PyValue,
} from './values.ts';

/** Params are small, hand-written files; a JSON file may be written by a program. */
const PARAMS_LIMITS = { maxLength: 8 << 20, maxDepth: 64 };
const TOO_DEEP = `Nested deeper than ${PARAMS_LIMITS.maxDepth} levels.`;

/** Parses a params file by its suffix, as DVC does: JSON, TOML, Python's literals, anything else YAML. An empty file has no params. */
export function parseParams(text: string, file: string): Parsed<PyMap> {
  const suffix = /\.[^./]+$/.exec(file)?.[0].toLowerCase() ?? '';
  switch (suffix) {
    case '.json':
      return parseJsonParams(text, file);
    case '.toml':
      return parseCode(text, file, parseToml);
    case '.py':
      return parseCode(text, file, parsePythonParams);
    default:
      return parseYamlParams(text, file);
  }
}

function parseCode(text: string, file: string, parse: (text: string) => PyMap): Parsed<PyMap> {
  if (text.length > PARAMS_LIMITS.maxLength) return refused(file, 'The file is too long for params.');
  try {
    return { value: parse(text), problems: [] };
  } catch (error) {
    if (!(error instanceof TomlError || error instanceof PythonError)) throw error;
    return refused(file, `${error.message}.`, placeOfOffset(text, error.offset));
  }
}

function parseYamlParams(text: string, file: string): Parsed<PyMap> {
  const { value: yaml, problems } = parseYaml(text, file, PARAMS_LIMITS);
  if (yaml === undefined) return { value: undefined, problems };
  try {
    const value = toPyValue(yaml.document.contents, yaml.document) ?? emptyMap;
    if (isPyMap(value)) return { value, problems };
    return { value: undefined, problems: [...problems, yaml.problemAt([], 'A params file must be a mapping.')] };
  } catch (error) {
    if (!(error instanceof UnreadableValue)) throw error;
    const place = placeOfOffset(text, error.offset);
    return refused(file, `Not readable as DVC reads it: ${error.message}.`, place);
  }
}

function parseJsonParams(text: string, file: string): Parsed<PyMap> {
  if (text.length > PARAMS_LIMITS.maxLength) return refused(file, 'The file is too long for params.');
  try {
    // The reviver's third argument holds a number's text, which alone tells 1 from 1.0.
    const reviver = (_key: string, value: unknown, context?: { source?: string }): unknown =>
      typeof value === 'number' ? toPyNumber(context?.source ?? String(value)) : value;
    const value = toPyJson(JSON.parse(text.replace(/^\uFEFF/, ''), reviver), 0);
    return isPyMap(value) ? { value, problems: [] } : refused(file, 'A params file must be a mapping.');
  } catch (error) {
    // The reviver is called from the inside out, for nesting of any depth.
    if (error instanceof RangeError) return refused(file, TOO_DEEP);
    if (!(error instanceof SyntaxError)) throw error;
    const position = /position (\d+)/.exec(error.message)?.[1];
    return refused(file, error.message, placeOfOffset(text, Number(position ?? 0)));
  }
}

function toPyNumber(source: string): PyValue {
  return /[.eE]/.test(source) ? { kind: 'float', value: Number(source) } : { kind: 'int', value: BigInt(source) };
}

/** Only the reviver above makes such objects: numbers inside of the user's own objects have become objects themselves. */
function isNumber(value: object): value is Extract<PyValue, { kind: 'int' | 'float' }> {
  if (!('kind' in value && 'value' in value)) return false;
  return typeof value.value === (value.kind === 'int' ? 'bigint' : value.kind === 'float' ? 'number' : 'never');
}

function toPyJson(value: unknown, depth: number): PyValue {
  if (depth > PARAMS_LIMITS.maxDepth) throw new SyntaxError(TOO_DEEP);
  if (typeof value === 'string' && value.includes('\0')) throw new SyntaxError(`Not yet supported: ${NUL}.`);
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map((item) => toPyJson(item, depth + 1));
  if (typeof value !== 'object' || isNumber(value)) return value as PyValue;
  return toPyMap(Object.entries(value).map(([key, item]) => [key, toPyJson(item, depth + 1)] as const));
}

function refused(file: string, message: string, place = { line: 1, column: 1 }): Parsed<PyMap> {
  return { value: undefined, problems: [{ file, ...place, severity: 'error', message }] };
}

export interface PickedParams {
  /** The values of the keys that are there. */
  readonly values: ParamValues;
  /** Patterns that more than one value matches: DVC refuses them. */
  readonly ambiguous: readonly string[];
  /** Keys whose values a lock can't hold, with what they are. */
  readonly unlockable: readonly (readonly [string, string])[];
}

/** The values of `keys`, or every top-level value for no keys. */
export function pickParams(params: PyMap, keys: readonly string[]): PickedParams {
  const found: readonly (readonly [string, readonly PyValue[]])[] =
    keys.length === 0
      ? params.entries.map(([key, value]) => [keyText(key), [value]])
      : keys.map((key) => [key, findParam(params, key.replace(/^\.+/, '').split('.'))]);
  const values = found.flatMap(([key, [value, ...more]]) =>
    value === undefined || more.length > 0 ? [] : [[key, tupleAsList(value)] as const],
  );
  return {
    values: new Map(values),
    ambiguous: found.filter(([, matches]) => matches.length > 1).map(([key]) => key),
    unlockable: values.flatMap(([key, value]) => {
      const other = findOther(value);
      return other === undefined ? [] : [[key, other.what] as const];
    }),
  };
}

/** A param that is a tuple counts as a list; one inside of another value never equals what the lock can hold. */
function tupleAsList(value: PyValue): PyValue {
  return isOther(value) && value.items !== undefined ? value.items : value;
}

function findOther(value: PyValue): PyOther | undefined {
  if (isOther(value)) return value;
  const inner = isList(value) ? value : isPyMap(value) ? value.entries.map(([, item]) => item) : [];
  for (const item of inner) {
    const found = findOther(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * The values that `train.epochs`, `layers.0` or `*.lr` name: parts are patterns for keys of mappings or positions in lists, and
 * `**` stands for any number of parts.
 */
function findParam(value: PyValue, parts: readonly string[]): PyValue[] {
  const [part, ...rest] = parts;
  if (part === undefined) return [value];
  const children = childrenOf(value);
  if (part === '**') return [...findParam(value, rest), ...children.flatMap(([, child]) => findParam(child, parts))];
  return children.filter(([key]) => matches(key, part)).flatMap(([, child]) => findParam(child, rest));
}

function childrenOf(value: PyValue): readonly (readonly [PyValue | Position, PyValue])[] {
  if (isPyMap(value)) return value.entries;
  const items = isList(value) ? value : isOther(value) ? (value.items ?? []) : [];
  return items.map((item, index) => [{ kind: 'position', index, length: items.length }, item] as const);
}

interface Position {
  readonly kind: 'position';
  readonly index: number;
  readonly length: number;
}

/** Numbers are compared as numbers where the pattern is one, negative positions count from the end. */
function matches(key: PyValue | Position, pattern: string): boolean {
  if (typeof key === 'string') return matchesText(key, pattern);
  const number = /^\s*[+-]?[0-9]+\s*$/.test(pattern) ? Number(pattern) : undefined;
  if (typeof key === 'boolean')
    return number === undefined ? matchesText(toPythonText(key), pattern) : number === Number(key);
  if (key === null || typeof key !== 'object' || !('kind' in key)) return false;
  if (key.kind === 'position')
    return number === undefined
      ? matchesText(String(key.index), pattern)
      : number === key.index || number + key.length === key.index;
  if (key.kind !== 'int') return false;
  return number === undefined ? matchesText(String(key.value), pattern) : key.value === BigInt(number);
}

/** `*`, `?`, `[a-z]` and `[!a-z]`, as Python's fnmatch. */
function matchesText(text: string, pattern: string): boolean {
  if (!/[*?[]/.test(pattern)) return text === pattern;
  const source = pattern.replace(
    /\[(!?)(\]?[^\]]*)\]|[\s\S]/g,
    (token, negated: string | undefined, members: string | undefined) => {
      if (token === '*') return '.*';
      if (token === '?') return '.';
      if (members === undefined) return token.replace(/[\^$\\.*+?()[\]{}|/-]/g, '\\$&');
      const escaped = members.replace(/[\\[\]^]/g, '\\$&');
      return `[${negated === '!' ? '^' : ''}${escaped}]`;
    },
  );
  try {
    return new RegExp(`^(?:${source})$`, 's').test(text);
  } catch {
    // A set such as "[z-a]" matches nothing.
    return false;
  }
}
