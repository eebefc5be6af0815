import { isCollection, isMap, isNode, isPair, isScalar, type Pair, type YAMLMap } from 'yaml';
import type { Parsed } from '../../protocol/problem.ts';
import { isMapping, parseYaml, type YamlFile } from '../yaml/yaml.ts';

/** As generous as the reader of dvc.yaml. */
const limits = { maxLength: 8 << 20, maxDepth: 64 };

/** How the file lays out its blocks. */
interface BlockStyle {
  /** Column at which the entry's key stands, from 0. */
  readonly indent: number;
  /** How far dashes stand in of their key's column. */
  readonly dashes: 0 | 2;
}

/** A key with its value. */
export interface Entry {
  readonly key: string;
  readonly value: unknown;
  /** Lines, each ending in a line feed. */
  readonly block: (style: BlockStyle) => string;
}

interface Insertion {
  /** The whole file, new lines included. */
  readonly text: string;
  /** The lines that are new. */
  readonly inserted: string;
  /** Line of the entry's key, from 1. */
  readonly line: number;
}

/**
 * Puts an entry at the end of the mapping that the top-level key `section` has, and makes that key where it is missing. Comments,
 * order, anchors and layout of everything else stay, byte for byte. The result is read again: without a value when the file can't
 * be read, or when nothing but the entry would change can't be made sure.
 */
export function insertEntry(text: string, file: string, section: string, entry: Entry): Parsed<Insertion> {
  const { value: yaml, problems } = parseYaml(text, file, limits);
  if (yaml === undefined) return { value: undefined, problems };
  for (const place of findPlaces(text, yaml, section)) {
    const insertion = insertAt(text, place, { section, entry, style: styleOf(text, place) });
    if (hasOnly(yaml.value, parseYaml(insertion.text, file, limits).value?.value, section, entry))
      return { value: insertion, problems: [] };
  }
  const sentence = `Nothing can be added to "${section}" without changing other lines; write the entry by hand.`;
  return { value: undefined, problems: [yaml.problemAt([section], sentence)] };
}

/** Where the entry may go, and what goes with it. */
interface Place {
  readonly offset: number;
  readonly kind: 'block' | 'flow';
  /** The section's key has to be written too. */
  readonly needsSection: boolean;
  /** Column of the first new key. */
  readonly indent: number;
  readonly isApart: boolean;
  readonly needsComma: boolean;
}

function findPlaces(text: string, { document }: YamlFile, section: string): readonly Place[] {
  // The parser was given the text without its byte order mark.
  const shift = text.startsWith('\uFEFF') ? 1 : 0;
  const root = document.contents;
  const end = { offset: text.length, kind: 'block', indent: 0, isApart: false, needsComma: false } as const;
  if (isNothing(root)) return [{ ...end, needsSection: true }];
  if (!isMap(root)) return [];
  const pair = root.items.find(({ key }) => isScalar(key) && key.value === section);
  if (pair === undefined) return placesIn(text, root, shift).map((place) => ({ ...place, needsSection: true }));
  const { value } = pair;
  if (isMap(value)) return placesIn(text, value, shift);
  if (!isNothing(value) || root.flow === true) return [];
  const offset = lineStartFrom(text, (endOf(pair.key) ?? 0) + shift);
  return [{ ...end, offset, indent: columnOf(text, startOf(pair.key) + shift) + 2, needsSection: false }];
}

/** No value, and no word for none. */
function isNothing(node: unknown): boolean {
  return node === null || (isScalar(node) && node.value === null && node.range?.[0] === node.range?.[1]);
}

/** At the end of a mapping: behind comments that stand at its depth if that is possible, else right behind its last value. */
function placesIn(text: string, map: YAMLMap, shift: number): readonly Place[] {
  const last = map.items.at(-1);
  const needsSection = false;
  if (map.flow === true) {
    const offset = (last === undefined ? (map.range?.[0] ?? 0) + 1 : (endOfPair(last) ?? 0)) + shift;
    return [{ offset, kind: 'flow', indent: 0, isApart: false, needsComma: last !== undefined, needsSection }];
  }
  const first = map.items[0];
  if (last === undefined || first === undefined) return [];
  const indent = columnOf(text, startOf(first.key) + shift);
  const content = lineStartFrom(text, (endOfPair(last) ?? 0) + shift);
  const place = { kind: 'block', indent, isApart: isApart(text, map, shift), needsComma: false, needsSection } as const;
  const beforeBlanks = content - (/\n((?:[ \t]*\r?\n)+)$/.exec(text.slice(0, content))?.[1]?.length ?? 0);
  const offsets = [afterComments(text, beforeBlanks, indent), afterComments(text, content, indent), content];
  const places = [...new Set(offsets)].map((offset) => ({ ...place, offset }));
  // An empty line could belong to a text that ends here.
  return [...places, ...places.map((other) => ({ ...other, isApart: false }))];
}

/** Whether an empty line stands before the last of several entries: then one is put before the new one too. */
function isApart(text: string, map: YAMLMap, shift: number): boolean {
  const [before, last] = map.items.slice(-2);
  if (before === undefined || last === undefined) return false;
  const between = text.slice((endOfPair(before) ?? 0) + shift, startOf(last.key) + shift);
  return /\n[ \t]*\r?\n/.test(between);
}

/** Behind the comment lines that follow and stand at least as deep; empty lines between them are theirs, those behind are not. */
function afterComments(text: string, from: number, indent: number): number {
  let [end, at] = [from, from];
  while (at < text.length) {
    const next = nextLine(text, at);
    const line = text.slice(at, next);
    const depth = line.search(/\S/);
    if (depth !== -1 && (line[depth] !== '#' || depth < indent)) break;
    if (depth !== -1) end = next;
    at = next;
  }
  return end;
}

function insertAt(
  text: string,
  { offset, kind, needsSection, isApart: apart, needsComma, indent }: Place,
  { section, entry, style }: { section: string; entry: Entry; style: BlockStyle },
): Insertion {
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const lines = (inner: string): string => inner.replaceAll('\n', eol);
  const isMidLine = offset > 0 && text[offset - 1] !== '\n' && text[offset - 1] !== '\uFEFF';
  const lead = kind === 'flow' ? (needsComma ? ', ' : '') : (isMidLine ? eol : '') + (apart ? eol : '');
  const inner =
    kind === 'flow'
      ? toFlow(needsSection ? { [section]: { [entry.key]: entry.value } } : { [entry.key]: entry.value })
      : needsSection
        ? `${' '.repeat(indent)}${section}:\n${entry.block({ ...style, indent: indent + 2 })}`
        : entry.block(style);
  const inserted = lead + lines(inner);
  const before = text.slice(0, offset) + lead;
  const line = before.split('\n').length + (needsSection && kind === 'block' ? 1 : 0);
  return { text: text.slice(0, offset) + inserted + text.slice(offset), inserted, line };
}

/** JSON is YAML's flow notation; without its outer braces. */
function toFlow(value: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(value).slice(1, -1);
}

/** As the first list of the file does it. */
function styleOf(text: string, { indent }: Place): BlockStyle {
  const [, key = '', dash = ''] = /^( *)[^\s#-][^\n]*:[ \t]*(?:#[^\n]*)?\r?\n( *)- /m.exec(text) ?? [];
  return { indent, dashes: dash.length > key.length ? 2 : 0 };
}

/** Everything as it was, and the entry as it should be. */
function hasOnly(before: unknown, after: unknown, section: string, { key, value }: Entry): boolean {
  if (!isMapping(after) || !isMapping(after[section])) return false;
  const old = isMapping(before) ? before : {};
  const oldSection = isMapping(old[section]) ? old[section] : {};
  const expected = { ...old, [section]: { ...oldSection, [key]: value } };
  return JSON.stringify(after) === JSON.stringify(expected);
}

function startOf(node: unknown): number {
  return isNode(node) ? (node.range?.[0] ?? 0) : 0;
}

function endOfPair({ key, value }: Pair): number | undefined {
  return endOf(value) ?? endOf(key);
}

/** Where a value ends, without the comments and empty lines that the parser counts to a collection. */
function endOf(node: unknown): number | undefined {
  if (isCollection(node) && node.flow !== true && node.items.length > 0) {
    const last = node.items.at(-1);
    const end = isPair(last) ? endOfPair(last) : endOf(last);
    if (end !== undefined) return end;
  }
  const [start, end] = (isNode(node) ? node.range : undefined) ?? [0, 0];
  return end > start ? end : undefined;
}

function columnOf(text: string, offset: number): number {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  return offset - start - (start === 0 && text.startsWith('\uFEFF') ? 1 : 0);
}

/** The same place where a line starts there, else the start of the next. */
function lineStartFrom(text: string, from: number): number {
  return from === 0 || text[from - 1] === '\n' ? from : nextLine(text, from);
}

function nextLine(text: string, from: number): number {
  const at = text.indexOf('\n', from);
  return at === -1 ? text.length : at + 1;
}
