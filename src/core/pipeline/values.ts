import { isAlias, isMap, isScalar, isSeq, type Document, type Node, type Scalar, type YAMLMap } from 'yaml';
import { compareCodePoints } from '../names/names.ts';

// Values of params, commands and lock entries as DVC sees them, that is as Python does: whole numbers and floats are
// different kinds, mappings keep their order and may have keys that are no text. Everything here is plain data.

export interface PyInt {
  readonly kind: 'int';
  readonly value: bigint;
}
interface PyFloat {
  readonly kind: 'float';
  readonly value: number;
}
/** A plain scalar like 2024-01-31, which Python reads as a date. */
interface PyDate {
  readonly kind: 'date';
  readonly source: string;
}
/**
 * What Python knows and neither YAML's plain kinds nor JSON do: a time of day, a set, bytes. It can be shown, but only DVC can
 * compare and lock it. A tuple comes with its items, because as a param's whole value it counts as a list.
 */
export interface PyOther {
  readonly kind: 'other';
  readonly what: string;
  readonly source: string;
  readonly items?: readonly PyValue[];
}
export interface PyMap {
  readonly kind: 'map';
  readonly entries: readonly (readonly [PyValue, PyValue])[];
}
export type PyValue = null | boolean | string | PyInt | PyFloat | PyDate | PyOther | readonly PyValue[] | PyMap;

export const emptyMap: PyMap = { kind: 'map', entries: [] };

export function isList(value: PyValue | undefined): value is readonly PyValue[] {
  return Array.isArray(value);
}

export function isPyMap(value: PyValue | undefined): value is PyMap {
  return typeof value === 'object' && value !== null && !isList(value) && value.kind === 'map';
}

/** The value under a text key, or undefined. */
export function getKey(map: PyMap, key: string): PyValue | undefined {
  return map.entries.find(([candidate]) => candidate === key)?.[1];
}

export function toPyMap(entries: Iterable<readonly [string, PyValue]>): PyMap {
  return { kind: 'map', entries: [...entries] };
}

export function integer(value: number | bigint): PyInt {
  return { kind: 'int', value: BigInt(value) };
}

// The kinds of plain scalars are those of YAML 1.2 as DVC's parser reads them: digits may be grouped by underscores.
const FLOAT =
  /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+|[-+]?\.[0-9_]+(?:[eE][-+][0-9]+)?)$/;
const SPECIAL_FLOAT = /^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;
const INTEGER = /^(?:[-+]?0b[0-1_]+|[-+]?0o?[0-7_]+|[-+]?[0-9_]+|[-+]?0x[0-9a-fA-F_]+)$/;
/** A prefix alone, as in `0b_`, is no number. */
const NO_DIGITS = /^[-+]?(?:0[box])?$/;
const DATE = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/;
const TIMESTAMP =
  /^[0-9]{4}-[0-9][0-9]?-[0-9][0-9]?(?:[Tt]|[ \t]+)[0-9][0-9]?:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+][0-9][0-9]?(?::[0-9]{2})?))?$/;

const WORDS = new Map<string, null | boolean>(
  [
    ['', null],
    ['~', null],
    ...['null', 'Null', 'NULL'].map((word) => [word, null] as const),
    ...['true', 'True', 'TRUE'].map((word) => [word, true] as const),
    ...['false', 'False', 'FALSE'].map((word) => [word, false] as const),
  ].map(([word, value]) => [String(word), value as null | boolean]),
);

/** Deeper than any file that is read; only aliases lead there. */
const MAX_DEPTH = 200;

/** What an unquoted scalar means. */
export function resolvePlain(source: string): PyValue {
  const word = WORDS.get(source);
  if (word !== undefined) return word;
  if (!/^[-+.0-9]/.test(source)) return source;
  const digits = source.replaceAll('_', '');
  if (FLOAT.test(source)) return { kind: 'float', value: Number(digits) };
  if (SPECIAL_FLOAT.test(source)) return { kind: 'float', value: specialFloat(source.toLowerCase()) };
  if (INTEGER.test(source) && !NO_DIGITS.test(digits)) return { kind: 'int', value: parseInteger(digits) };
  if (DATE.test(source)) return { kind: 'date', source };
  return TIMESTAMP.test(source) ? { kind: 'other', what: 'a time of day', source } : source;
}

function specialFloat(text: string): number {
  if (text === '.nan') return Number.NaN;
  return text.startsWith('-') ? -Infinity : Infinity;
}

function parseInteger(digits: string): bigint {
  const negative = digits.startsWith('-');
  const magnitude = BigInt(digits.replace(/^[-+]/, '').replace(/^0+(?=[0-9])/, ''));
  return negative ? -magnitude : magnitude;
}

/** Something in a YAML file that can't be read the way DVC reads it; `node` tells the place. */
export class UnreadableValue extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** The value of a YAML node, merge keys (`<<`) resolved. Throws {@link UnreadableValue} for tags and for the rules of YAML 1.1. */
export function toPyValue(node: Node | null, document: Document.Parsed, depth = 0): PyValue {
  if (depth === 0 && document.directives.yaml.version === '1.1') throw new UnreadableValue('%YAML 1.1', 0);
  if (node === null) return null;
  if (depth > MAX_DEPTH) throw new UnreadableValue('an alias that holds itself', offsetOf(node));
  if (isAlias(node)) return toPyValue(node.resolve(document) ?? null, document, depth + 1);
  if (node.tag !== undefined && !STANDARD_TAGS.has(node.tag))
    throw new UnreadableValue(`the tag ${node.tag}`, offsetOf(node));
  if (isSeq(node)) return node.items.map((item) => toPyValue(item as Node | null, document, depth + 1));
  if (isMap(node)) return toMapping(node, document, depth);
  return toPyScalar(node);
}

function toMapping(node: YAMLMap, document: Document.Parsed, depth: number): PyMap {
  const read = (item: unknown): PyValue => toPyValue(item as Node | null, document, depth + 1);
  const own: (readonly [PyValue, PyValue])[] = [];
  let merged: readonly (readonly [PyValue, PyValue])[] | undefined;
  for (const { key, value } of node.items) {
    if (isMergeKey(key)) merged = toMerged(read(value), key);
    else own.push([read(key), read(value)]);
  }
  return { kind: 'map', entries: merged === undefined ? own : overrideEntries(merged, own) };
}

function isMergeKey(key: unknown): key is Scalar {
  return isScalar(key) && key.source === '<<' && key.type === 'PLAIN';
}

/** What `<<` brings in: a mapping, or several of which the first that has a key decides. */
function toMerged(value: PyValue, key: Scalar): readonly (readonly [PyValue, PyValue])[] {
  const sources = isList(value) ? value : [value];
  return sources.toReversed().reduce<readonly (readonly [PyValue, PyValue])[]>((entries, source) => {
    if (!isPyMap(source)) throw new UnreadableValue('what << merges must be a mapping', offsetOf(key));
    return overrideEntries(entries, source.entries);
  }, []);
}

/** As Python's `dict.update`: a key that is there keeps its place and takes the new value. */
function overrideEntries(
  entries: readonly (readonly [PyValue, PyValue])[],
  update: readonly (readonly [PyValue, PyValue])[],
): readonly (readonly [PyValue, PyValue])[] {
  const byKey = new Map(entries.map((entry) => [keyText(entry[0]), entry]));
  for (const entry of update) byKey.set(keyText(entry[0]), entry);
  return [...byKey.values()];
}

function toPyScalar(node: Scalar): PyValue {
  if (node.type !== 'PLAIN' || node.tag === 'tag:yaml.org,2002:str') {
    const text = typeof node.value === 'string' ? node.value : (node.source ?? '');
    if (text.includes('\0')) throw new UnreadableValue(NUL, offsetOf(node));
    return text;
  }
  return resolvePlain(node.source ?? '');
}

/** No path, command or environment can hold it. */
export const NUL = 'the character NUL';

/** Tags that change nothing; `!!int "5"` and its like would need Python's conversions. */
const STANDARD_TAGS: ReadonlySet<string> = new Set(['str', 'map', 'seq'].map((name) => `tag:yaml.org,2002:${name}`));

function offsetOf(node: Node): number {
  return node.range?.[0] ?? 0;
}

/** Equality as Python's `==`: `1 == 1.0 == true`, key order of mappings is irrelevant, NaN equals nothing. */
export function pyEquals(a: PyValue | undefined, b: PyValue | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  const [left, right] = [toNumber(a), toNumber(b)];
  // Comparing a bigint with a number is exact in JavaScript, as it is in Python.
  if (left !== undefined && right !== undefined) return left >= right && left <= right;
  if (isList(a)) return isList(b) && a.length === b.length && a.every((item, index) => pyEquals(item, b[index]));
  if (isPyMap(a)) return isPyMap(b) && mapsEqual(a, b);
  if (isDate(a)) return isDate(b) && a.source === b.source;
  // Of any other kind two objects are never the same one; whether their values are equal, only DVC can tell.
  return a === b;
}

function mapsEqual(a: PyMap, b: PyMap): boolean {
  return (
    a.entries.length === b.entries.length &&
    a.entries.every(([key, value]) =>
      b.entries.some(([other, theirs]) => pyEquals(key, other) && pyEquals(value, theirs)),
    )
  );
}

function isDate(value: PyValue): value is PyDate {
  return typeof value === 'object' && value !== null && !isList(value) && value.kind === 'date';
}

export function isOther(value: PyValue): value is PyOther {
  return typeof value === 'object' && value !== null && !isList(value) && value.kind === 'other';
}

function toNumber(value: PyValue): bigint | number | undefined {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value !== 'object' || value === null || isList(value)) return undefined;
  return value.kind === 'int' || value.kind === 'float' ? value.value : undefined;
}

/** A float as Python's repr: the shortest digits, an exponent below 1e-4 and from 1e16 on, always a point or an exponent. */
export function formatFloat(value: number, words: { nan: string; infinity: string }): string {
  if (Number.isNaN(value)) return words.nan;
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  if (!Number.isFinite(value)) return sign + words.infinity;
  const [mantissa = '0', exponentText = '0'] = Math.abs(value).toExponential().split('e');
  const exponent = Number(exponentText);
  const digits = mantissa.replace('.', '');
  if (exponent < -4 || exponent >= 16) {
    const power = String(Math.abs(exponent)).padStart(2, '0');
    return `${sign}${mantissa}e${exponent < 0 ? '-' : '+'}${power}`;
  }
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  return `${sign}${whole}.${digits.slice(exponent + 1) || '0'}`;
}

/** A value as `json.dumps(value, sort_keys=True)` writes it: what DVC's hashes of records are made of. */
export function formatPythonJson(value: PyValue): string {
  if (value === null) return 'null';
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return quoteAscii(value);
  if (isList(value)) return `[${value.map(formatPythonJson).join(', ')}]`;
  switch (value.kind) {
    case 'int':
      return String(value.value);
    case 'float':
      return formatFloat(value.value, { nan: 'NaN', infinity: 'Infinity' });
    case 'date':
    case 'other':
      return quoteAscii(value.source);
    case 'map':
      return `{${value.entries
        .toSorted(([a], [b]) => compareKeys(a, b))
        .map(([key, item]) => `${quoteAscii(keyText(key))}: ${formatPythonJson(item)}`)
        .join(', ')}}`;
  }
}

/** Numbers by value, texts by code points, as Python sorts them; it can't sort both together. */
function compareKeys(a: PyValue, b: PyValue): number {
  const [left, right] = [toNumber(a), toNumber(b)];
  if (left === undefined || right === undefined) return compareCodePoints(keyText(a), keyText(b));
  return left < right ? -1 : left > right ? 1 : 0;
}

/** False for what Python could not write as sorted JSON: dates, and mappings with keys of several kinds. */
export function isPythonJson(value: PyValue): boolean {
  if (isDate(value) || isOther(value)) return false;
  if (isList(value)) return value.every(isPythonJson);
  if (!isPyMap(value)) return true;
  const isOneKind = new Set(value.entries.map(([key]) => (toNumber(key) === undefined ? 'text' : 'number'))).size <= 1;
  return isOneKind && value.entries.every(([key, item]) => key !== null && isPythonJson(key) && isPythonJson(item));
}

/** A key of a mapping as text. */
export function keyText(key: PyValue): string {
  return typeof key === 'string' ? key : formatPythonJson(key);
}

/** JSON text in ASCII, as Python writes it: everything beyond `~` but DEL as \\uXXXX in lower-case hex. */
export function quoteAscii(text: string): string {
  return JSON.stringify(text).replace(
    /[\u0080-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The text that `str(value)` gives in Python, booleans as YAML writes them: how DVC fills `${…}` into text. */
export function toInterpolatedText(value: Exclude<PyValue, readonly PyValue[] | PyMap>): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean' || typeof value === 'string') return String(value);
  switch (value.kind) {
    case 'int':
      return String(value.value);
    case 'float':
      return formatFloat(value.value, { nan: 'nan', infinity: 'inf' });
    case 'date':
    case 'other':
      return value.source;
  }
}

/** `str(value)` of anything, lists and mappings with the `repr` of their items. */
export function toPythonText(value: PyValue): string {
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return isList(value) || isPyMap(value) ? toPythonRepr(value) : toInterpolatedText(value);
}

function toPythonRepr(value: PyValue): string {
  if (isList(value)) return `[${value.map(toPythonRepr).join(', ')}]`;
  if (isPyMap(value))
    return `{${value.entries.map(([key, item]) => `${toPythonRepr(key)}: ${toPythonRepr(item)}`).join(', ')}}`;
  return typeof value === 'string' ? quotePython(value) : toPythonText(value);
}

/** A text as Python's `repr` shows it: in single quotes unless only double ones save an escape. */
function quotePython(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\\': '\\\\' };
  const body = text.replace(/[\\'\u0000-\u001f\u007f-\u00a0\u00ad]/g, (char) => {
    if (char === "'") return quote === "'" ? "\\'" : char;
    return escapes[char] ?? `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
  return quote + body + quote;
}
