import { isMap, isScalar, isSeq, type Pair, type YAMLMap } from 'yaml';
import type { TextEdit } from '../../protocol/editing.ts';
import {
  editBetween,
  isFlow,
  keyOf,
  lineAround,
  pairOf,
  positionOf,
  readEditedText,
  spanOf,
  type EditedText,
} from './text.ts';

// Changes of a YAML text as edits of the smallest stretch: comments, order and quotes of everything else stay as they are.

/** A scalar's text by another, in the quotes that it has, or in quotes where it needs some. */
export function replaceScalar(edited: EditedText, node: unknown, by: string): readonly TextEdit[] | undefined {
  const span = spanOf(node);
  if (span === undefined || !isScalar(node)) return undefined;
  const isPlain = node.type === 'PLAIN' && /^[\w./@+-][\w./@+ -]*$/.test(by);
  const text = isPlain ? by : node.type === 'QUOTE_DOUBLE' ? JSON.stringify(by) : `'${by.replaceAll("'", "''")}'`;
  return [editBetween(edited, ...span, text)];
}

/** An item out of a list; with the last one its key goes as well, since DVC refuses a key without a list. */
export function removeItem(edited: EditedText, owner: Pair, index: number): readonly TextEdit[] | undefined {
  const list = owner.value;
  if (!isSeq(list)) return undefined;
  if (list.items.length === 1)
    return isFlow(list) && !isOnOwnLine(edited, owner) ? undefined : removeLines(edited, owner.key, list);
  const [item, next, before] = [list.items[index], list.items[index + 1], list.items[index - 1]].map(spanOf);
  if (item === undefined) return undefined;
  if (!isFlow(list)) return removeLines(edited, list.items[index], list.items[index]);
  if (next !== undefined) return [editBetween(edited, item[0], next[0], '')];
  return before === undefined ? undefined : [editBetween(edited, before[1], item[1], '')];
}

function isOnOwnLine(edited: EditedText, { key }: Pair): boolean {
  const start = spanOf(key)?.[0] ?? 0;
  return edited.text.slice(lineAround(edited.text, start)[0], start).trim() === '';
}

/** Whole lines from the one of `first` to the last one of `last`. */
function removeLines(edited: EditedText, first: unknown, last: unknown): readonly TextEdit[] | undefined {
  const [from, to] = [spanOf(first)?.[0], spanOf(last)?.[1]];
  if (from === undefined || to === undefined) return undefined;
  const [start] = lineAround(edited.text, from);
  const end = Math.min(edited.text.length, lastLineEnd(edited.text, to) + 1);
  return [editBetween(edited, start, edited.text[end - 1] === '\r' ? end + 1 : end, '')];
}

/** A block value ends where the next line begins: its own last line is the one before. */
function lastLineEnd(text: string, end: number): number {
  let at = end;
  while (at > 0 && /\s/.test(text[at - 1] ?? '')) at -= 1;
  const stop = text.indexOf('\n', at);
  return stop === -1 ? text.length : stop;
}

/**
 * `a.b.c: value` put into a params file: into the mappings that are there, behind their last key. Undefined where something else
 * stands in the way, and for files that are neither YAML nor JSON.
 */
export function addParam(text: string, file: string, key: string, value: string): readonly TextEdit[] | undefined {
  const edited = /\.(?:toml|py)$/.test(file) ? undefined : readEditedText(text, file);
  if (edited === undefined || edited.yaml.document.errors.length > 0) return undefined;
  const parts = key.split('.');
  let map: unknown = edited.yaml.document.contents;
  if (map === null) return appendBlock(edited, edited.text.length, 0, parts, value);
  for (let depth = 0; isMap(map); depth += 1) {
    const pair = pairOf(map, parts[depth] ?? '');
    const rest = parts.slice(depth);
    if (pair === undefined) return insertPair(edited, map, rest, value);
    if (rest.length === 1) return undefined;
    if (isEmpty(pair) && !isFlow(map)) return fillPair(edited, map, pair, rest.slice(1), value);
    map = pair.value;
  }
  return undefined;
}

function isEmpty({ value }: Pair): boolean {
  return value === null || (isScalar(value) && value.value === null);
}

function insertPair(
  edited: EditedText,
  map: YAMLMap,
  parts: readonly string[],
  value: string,
): readonly TextEdit[] | undefined {
  const last = map.items.at(-1);
  const start = spanOf(last?.key)?.[0];
  const end = spanOf(last?.value)?.[1] ?? spanOf(last?.key)?.[1];
  if (isFlow(map)) return insertIntoFlow(edited, map, end, start, parts, value);
  if (start === undefined || end === undefined) return undefined;
  return appendBlock(edited, lastLineEnd(edited.text, end), positionOf(edited, start).column - 1, parts, value);
}

function insertIntoFlow(
  edited: EditedText,
  map: YAMLMap,
  end: number | undefined,
  start: number | undefined,
  parts: readonly string[],
  value: string,
): readonly TextEdit[] | undefined {
  const isJson = edited.file.endsWith('.json');
  const name = (part: string): string => (isJson ? JSON.stringify(part) : part);
  const nested = parts.reduceRight((inner, part, index) => {
    const pair = `${name(part)}: ${inner}`;
    return index === 0 ? pair : isJson ? `{${pair}}` : `{ ${pair} }`;
  }, value);
  const open = spanOf(map)?.[0];
  if (end === undefined || start === undefined)
    return open === undefined ? undefined : [editBetween(edited, open + 1, open + 1, nested)];
  const [lineStart] = lineAround(edited.text, start);
  const indent = edited.text.slice(lineStart, start);
  const gap = indent.trim() === '' && lineStart > 0 ? `\n${indent}` : ' ';
  return [editBetween(edited, end, end, `,${gap}${nested}`)];
}

function fillPair(
  edited: EditedText,
  map: YAMLMap,
  pair: Pair,
  parts: readonly string[],
  value: string,
): readonly TextEdit[] | undefined {
  const start = spanOf(pair.key)?.[0];
  if (start === undefined || !(keyOf(pair) !== '' && map.items.includes(pair))) return undefined;
  const written = edited.text.slice(spanOf(pair.key)?.[1] ?? start, lineAround(edited.text, start)[1]);
  if (!/^\s*:\s*(?:#.*)?$/.test(written)) return undefined;
  const { column } = positionOf(edited, start);
  return appendBlock(edited, lineAround(edited.text, start)[1], column + 1, parts, value);
}

/** New lines behind the line that ends at `at`. */
function appendBlock(
  edited: EditedText,
  at: number,
  indent: number,
  parts: readonly string[],
  value: string,
): readonly TextEdit[] {
  const lines = parts.map((part, depth) => {
    const isLast = depth === parts.length - 1;
    return `${' '.repeat(indent + 2 * depth)}${part}:${isLast ? ` ${value}` : ''}`;
  });
  const lineEnd = edited.text.includes('\r\n') ? '\r\n' : '\n';
  const place = edited.text[at - 1] === '\r' ? at - 1 : at;
  const isFresh = place === 0 || edited.text[place - 1] === '\n';
  const block = lines.join(lineEnd);
  return [editBetween(edited, place, place, isFresh ? `${block}${lineEnd}` : `${lineEnd}${block}`)];
}
