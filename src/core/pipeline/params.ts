import type { Parsed } from '../../protocol/problem.ts';
import { parseYaml } from '../yaml/yaml.ts';
import { placeOfOffset } from './lockfile.ts';
import type { ParamValues } from './stage.ts';
import {
  NUL,
  UnreadableValue,
  emptyMap,
  isList,
  isPyMap,
  keyText,
  toPyMap,
  toPyValue,
  type PyMap,
  type PyValue,
} from './values.ts';

/** Params are small, hand-written files; a JSON file may be written by a program. */
const PARAMS_LIMITS = { maxLength: 8 << 20, maxDepth: 64 };
const TOO_DEEP = `Nested deeper than ${PARAMS_LIMITS.maxDepth} levels.`;

/** Parses a params file by its name: `.json`, anything else YAML. An empty file has no params. */
export function parseParams(text: string, file: string): Parsed<PyMap> {
  return file.endsWith('.json') ? parseJsonParams(text, file) : parseYamlParams(text, file);
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
    return refused(file, `Not yet supported: ${error.message}.`, place);
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

/** The values of `keys` that are there, or every top-level value for no keys. */
export function pickParams(params: PyMap, keys: readonly string[]): ParamValues {
  if (keys.length === 0) return new Map(params.entries.map(([key, value]) => [keyText(key), value]));
  return new Map(
    keys.flatMap((key) => {
      const value = findParam(params, key);
      return value === undefined ? [] : [[key, value] as const];
    }),
  );
}

/** `train.epochs`, `layers.0`: parts are keys of mappings (of any kind, by their text) or positions in lists. */
function findParam(params: PyMap, key: string): PyValue | undefined {
  let value: PyValue | undefined = params;
  for (const part of key.split('.')) {
    if (isPyMap(value)) value = value.entries.find(([candidate]) => keyText(candidate) === part)?.[1];
    else if (isList(value)) value = /^[0-9]+$/.test(part) ? value[Number(part)] : undefined;
    else return undefined;
  }
  return value;
}
