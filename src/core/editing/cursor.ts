import type { TextPosition, TextRange } from '../../protocol/editing.ts';
import type { YamlPath } from '../pipeline/pipeline.ts';

/** Where a person is about to write. Read from the lines above alone, because half-written YAML has no tree. */
export interface Cursor {
  /** Of the mapping for a key, of the value itself otherwise; items of lists are 0. */
  readonly path: YamlPath;
  readonly at: 'key' | 'value';
  /** What stands before the cursor of the word that a choice replaces; `range` is that word. */
  readonly prefix: string;
  readonly range: TextRange;
  /** Keys of the same mapping that are there already. */
  readonly siblings: readonly string[];
  /** Spaces before a key that is written here. */
  readonly indent: number;
  /** In a list, but the dash is still missing. */
  readonly needsDash: boolean;
}

interface Token {
  readonly kind: 'dash' | 'key' | 'text';
  readonly indent: number;
  readonly key: string;
  /** Where the value begins, for a key. */
  readonly end: number;
}

const KEY = /^("[^"]*"|'[^']*'|[^\s#"'[\]{},-][^:#]*?|-[^\s:#][^:#]*?)\s*:(?=\s|$)/;
const BLOCK = /:\s+[|>][0-9+-]*\s*(?:#.*)?$/;

function tokenize(line: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = line.search(/\S|$/);
  while (/^-(?:\s|$)/.test(line.slice(at))) {
    tokens.push({ kind: 'dash', indent: at, key: '', end: at + 1 });
    at += 1 + line.slice(at + 1).search(/\S|$/);
  }
  const rest = line.slice(at);
  if (rest === '' || rest.startsWith('#')) return tokens;
  const [whole, name] = KEY.exec(rest) ?? [];
  if (whole === undefined || name === undefined) return [...tokens, { kind: 'text', indent: at, key: '', end: at }];
  return [...tokens, { kind: 'key', indent: at, key: name.replace(/^(["'])(.*)\1$/, '$2'), end: at + whole.length }];
}

export function readCursor(text: string, { line, column }: TextPosition): Cursor {
  const lines = text.split(/\r?\n/);
  const whole = lines[line - 1] ?? '';
  const before = whole.slice(0, column - 1);
  const after = /^[^\s,\]}#]*/.exec(whole.slice(column - 1))?.[0].length ?? 0;
  const tokens = tokenize(before);
  const last = tokens.at(-1);
  const above = climb(lines, line - 1, tokens[0] ?? { kind: 'text', indent: before.length, key: '', end: 0 });
  const open = tokens.filter(({ kind }) => kind !== 'text').map((token) => (token.kind === 'dash' ? 0 : token.key));
  const path = [...above.path, ...open];
  const word = (start: number): Pick<Cursor, 'prefix' | 'range'> => ({
    prefix: before.slice(start),
    range: { line, column: start + 1, endLine: line, endColumn: column + after },
  });
  const value = { at: 'value', siblings: [], indent: 0, needsDash: false } as const;
  if (above.isBlock) return { ...value, path: above.path, ...word(before.search(/\S*$/)) };
  if (last?.kind === 'key') {
    const { isList, start } = valueBehind(before, last.end);
    return { ...value, path: isList ? [...path, 0] : path, ...word(start) };
  }
  const indent = last?.kind === 'text' ? last.indent : before.length;
  const needsDash = !tokens.some(({ kind }) => kind === 'dash');
  const siblings = needsDash ? siblingsOf(lines, line - 1, indent) : [];
  return { path, at: 'key', ...word(indent), siblings, indent, needsDash };
}

/** Where the word begins that is written behind a key, or in the list `[…` behind it. */
function valueBehind(before: string, end: number): { isList: boolean; start: number } {
  const value = before.slice(end);
  const list = /^\s*\[(?:[^\]]*,)?\s*/.exec(value)?.[0];
  return { isList: list !== undefined, start: end + (list ?? /^\s*/.exec(value)?.[0] ?? '').length };
}

/** The keys and lists around a line, by their indentation; `isBlock`: it is a line of a text behind `|` or `>`. */
function climb(lines: readonly string[], from: number, start: Token): { path: YamlPath; isBlock: boolean } {
  let path: (string | number)[] = [];
  let isBlock = false;
  let need = start;
  for (let at = from - 1; at >= 0 && (need.indent > 0 || need.kind === 'dash'); at -= 1) {
    const line = lines[at] ?? '';
    for (const token of tokenize(line).toReversed()) {
      if (token.kind === 'text' || !isAround(token, need)) continue;
      isBlock ||= BLOCK.test(line) && token.kind === 'key';
      path = token.kind === 'key' && BLOCK.test(line) ? [token.key] : [token.kind === 'dash' ? 0 : token.key, ...path];
      need = token;
    }
  }
  return { path, isBlock };
}

/** A list may stand at the column of its key. */
function isAround(token: Token, inner: Token): boolean {
  return (
    token.indent < inner.indent || (token.kind === 'key' && inner.kind === 'dash' && token.indent === inner.indent)
  );
}

function siblingsOf(lines: readonly string[], at: number, indent: number): readonly string[] {
  const found: string[] = [];
  const look = (line: string): boolean => {
    const tokens = tokenize(line);
    const own = tokens.find((token) => token.kind === 'key' && token.indent === indent);
    if (own !== undefined) found.push(own.key);
    const [first] = tokens;
    return first === undefined || first.indent >= indent || own !== undefined;
  };
  for (let up = at - 1; up >= 0 && look(lines[up] ?? ''); up -= 1);
  for (let down = at + 1; down < lines.length && look(lines[down] ?? ''); down += 1);
  return found;
}
