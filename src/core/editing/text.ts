import { isMap, isPair, isScalar, isSeq, type Node, type Pair, type YAMLMap, type YAMLSeq } from 'yaml';
import type { TextEdit, TextPosition, TextRange } from '../../protocol/editing.ts';
import { readYamlLoosely, type LooseYaml } from '../yaml/yaml.ts';

/** A YAML text in the making: what of it can be read, and where each part stands. */
export interface EditedText {
  readonly file: string;
  readonly text: string;
  readonly yaml: LooseYaml;
}

const LIMITS = { maxLength: 8 << 20, maxDepth: 64 };

export function readEditedText(text: string, file: string): EditedText | undefined {
  const own = text.replace(/^\uFEFF/, '');
  const yaml = readYamlLoosely(own, LIMITS);
  return yaml === undefined ? undefined : { file, text: own, yaml };
}

export function positionOf({ yaml }: EditedText, offset: number): TextPosition {
  const { line, col } = yaml.lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

export function offsetOf({ text, yaml }: EditedText, { line, column }: TextPosition): number {
  const starts = yaml.lines.lineStarts;
  return Math.min(text.length, (starts[line - 1] ?? text.length) + column - 1);
}

export function rangeBetween(edited: EditedText, start: number, end: number): TextRange {
  const last = positionOf(edited, Math.max(start, end));
  return { ...positionOf(edited, start), endLine: last.line, endColumn: last.column };
}

export function editBetween(edited: EditedText, start: number, end: number, text: string): TextEdit {
  return { file: edited.file, range: rangeBetween(edited, start, end), text };
}

/** The text with edits of it made; they must not overlap. */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  const starts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  const at = (line: number, column: number): number => (starts[line - 1] ?? text.length) + column - 1;
  return edits
    .map(({ range, text: by }) => ({
      start: at(range.line, range.column),
      end: at(range.endLine, range.endColumn),
      by,
    }))
    .toSorted((a, b) => b.start - a.start)
    .reduce((before, { start, end, by }) => before.slice(0, start) + by + before.slice(end), text);
}

/** Start and end of a node's own text. */
export function spanOf(node: unknown): readonly [number, number] | undefined {
  const range = isNode(node) ? node.range : undefined;
  return range === undefined || range === null ? undefined : [range[0], range[1]];
}

function isNode(value: unknown): value is Node {
  return (
    isMap(value) || isSeq(value) || isScalar(value) || (typeof value === 'object' && value !== null && 'range' in value)
  );
}

/** Where the line of this offset begins, and where it ends (before its line end). */
export function lineAround(text: string, offset: number): readonly [number, number] {
  const end = text.indexOf('\n', offset);
  const stop = end === -1 ? text.length : end;
  return [text.lastIndexOf('\n', offset - 1) + 1, text[stop - 1] === '\r' && stop > offset ? stop - 1 : stop];
}

/** What a problem at this place is about: the scalar or key that begins there, else the word. Never beyond its first line. */
export function rangeAt(edited: EditedText | undefined, { line, column }: TextPosition): TextRange {
  const single = { line, column, endLine: line, endColumn: column + 1 };
  if (edited === undefined) return single;
  const start = offsetOf(edited, { line, column });
  const [, lineEnd] = lineAround(edited.text, start);
  const node = trailTo(edited, start).findLast((candidate) => spanOf(candidate)?.[0] === start);
  const end = isScalar(node) ? (spanOf(node)?.[1] ?? start) : start;
  const word = /^[^\s#,:[\]{}]+/.exec(edited.text.slice(start, lineEnd))?.[0].length ?? 0;
  const stop = end > start ? Math.min(end, lineEnd) : start + word;
  return stop > start ? rangeBetween(edited, start, stop) : single;
}

/** The nodes and pairs around this offset, outermost first; keys and values both count. */
export function trailTo({ yaml }: EditedText, offset: number): readonly (Node | Pair)[] {
  const trail: (Node | Pair)[] = [];
  for (let node: unknown = yaml.document.contents; node !== undefined;) {
    const here: unknown = node;
    if (isPair(here)) trail.push(here);
    else if (holds(here, offset)) trail.push(here as Node);
    else break;
    node = childAt(here, offset);
  }
  return trail;
}

/** The child that holds this offset. Children stand in the order of the text: a list of thousands is halved again and again. */
function childAt(node: unknown, offset: number): unknown {
  const children: readonly unknown[] =
    isMap(node) || isSeq(node) ? node.items : isPair(node) ? [node.key, node.value] : [];
  let [low, high] = [0, children.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((startOf(children[middle]) ?? Infinity) <= offset) low = middle + 1;
    else high = middle;
  }
  // Where one ends and the next begins, both hold it: the later one is meant.
  return children
    .slice(Math.max(0, low - 1), low)
    .find((child) => (isPair(child) ? pairHolds(child, offset) : holds(child, offset)));
}

function startOf(node: unknown): number | undefined {
  return isPair(node) ? (spanOf(node.key)?.[0] ?? spanOf(node.value)?.[0]) : spanOf(node)?.[0];
}

function holds(node: unknown, offset: number): boolean {
  const span = spanOf(node);
  return span !== undefined && span[0] <= offset && offset <= span[1];
}

function pairHolds(pair: Pair, offset: number): boolean {
  return holds(pair.key, offset) || holds(pair.value, offset);
}

export function keyOf({ key }: Pair): string {
  return isScalar(key) ? String(key.value) : '';
}

export function pairOf(map: unknown, key: string): Pair | undefined {
  return isMap(map) ? map.items.find((pair) => keyOf(pair) === key) : undefined;
}

export function valueOf(map: unknown, key: string): unknown {
  return pairOf(map, key)?.value ?? undefined;
}

export function pairsOf(map: unknown): readonly Pair[] {
  return isMap(map) ? map.items : [];
}

export function itemsOf(list: unknown): readonly unknown[] {
  return isSeq(list) ? list.items : [];
}

export function textOf(node: unknown): string | undefined {
  return isScalar(node) && typeof node.value === 'string' ? node.value : undefined;
}

export function isFlow(node: YAMLMap | YAMLSeq): boolean {
  return node.flow === true;
}
