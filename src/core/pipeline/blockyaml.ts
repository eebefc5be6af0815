import { resolvePlain, type PyMap, type PyValue } from './values.ts';

// A quick reader for the YAML that DVC and we write into locks: block mappings and lists, scalars in one of three plain forms. It
// reads what it is sure of and gives up at anything else (comments, anchors, flow collections, blocks of text, odd indentation,
// keys that stand twice), so that the real parser has the last word on it, with places for what is wrong.

/** Deeper than any lock; the reader calls itself for each level. */
const MAX_DEPTH = 24;
/** Longer keys are not keys any more to YAML. */
const LONGEST_KEY = 1000;

/** The document's mapping, or undefined for a text that takes the real parser. */
export function readBlockYaml(text: string): PyMap | undefined {
  if (UNUSUAL.test(text)) return undefined;
  try {
    const reader = new BlockReader(text);
    const value = reader.readMapping(0, 0);
    return reader.isAtEnd ? value : undefined;
  } catch (error) {
    if (error instanceof NotPlain) return undefined;
    throw error;
  }
}

class NotPlain extends Error {}

function giveUp(): never {
  throw new NotPlain();
}

/** Characters that only the real parser knows how to take: tabs, other line breaks, controls, marks of byte order, lone halves. */
const UNUSUAL = /[^\n\u0020-\u007e\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]/u;
/** With one of these a scalar or a key is not plain. */
const MARK = /^(?:[#,[\]{}&*!|>'"%@`]|[-?:](?: |$)|---|\.\.\.|<<$)/;
/** Within a plain scalar these would end it. */
const END_OF_PLAIN = /:(?: |$)| #/;

class BlockReader {
  readonly #lines: readonly string[];
  #at = 0;

  constructor(text: string) {
    const lines = text.split('\n');
    while (lines.at(-1) === '') lines.pop();
    this.#lines = lines;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#lines.length;
  }

  /** A mapping whose keys stand at `indent`; its first key may stand behind the dashes of lists. */
  readMapping(indent: number, depth: number): PyMap {
    if (depth > MAX_DEPTH) giveUp();
    const entries: [PyValue, PyValue][] = [];
    const keys = new Set<PyValue>();
    let content: string | undefined = this.#contentAt(indent) ?? giveUp();
    while (content !== undefined) {
      const { key, rest } = splitKey(content);
      if (keys.has(key)) giveUp();
      keys.add(key);
      entries.push([key, this.#readValue(rest, indent, depth)]);
      content = this.#contentAt(indent);
    }
    return { kind: 'map', entries };
  }

  /** What follows a key at `indent`: on its line, or on the lines below. */
  #readValue(rest: string, indent: number, depth: number): PyValue {
    if (rest !== '') return this.#readScalar(rest, indent);
    this.#at += 1;
    const below = this.#indentBelow();
    // A list may stand in the column of its key.
    if (below >= indent && this.#startsItem(below)) return this.#readList(below, depth + 1);
    return below > indent ? this.readMapping(below, depth + 1) : null;
  }

  #readList(indent: number, depth: number): PyValue[] {
    if (depth > MAX_DEPTH) giveUp();
    const items: PyValue[] = [];
    while (this.#indentBelow() === indent && this.#startsItem(indent)) {
      const content = (this.#lines[this.#at] ?? '').slice(indent + 2);
      if (content === '' || content.startsWith(' ') || content.startsWith('- ')) giveUp();
      if (isKey(content)) {
        // The first pair stands behind the dash; seen without the dash it is a line like the others.
        this.#replaceDash(indent);
        items.push(this.readMapping(indent + 2, depth + 1));
      } else items.push(this.#readScalar(content, indent));
    }
    return items;
  }

  #replaceDash(indent: number): void {
    const line = this.#lines[this.#at] ?? '';
    (this.#lines as string[])[this.#at] = `${' '.repeat(indent + 2)}${line.slice(indent + 2)}`;
  }

  /** A scalar that begins with `first`, with the lines that belong to it: those that are indented more than `indent`. */
  #readScalar(first: string, indent: number): PyValue {
    this.#at += 1;
    if (first.startsWith("'")) return this.#readQuoted(first, indent, SINGLE_END, fromSingle);
    if (first.startsWith('"')) return this.#readQuoted(first, indent, DOUBLE_END, fromDouble);
    if (first === '{}' && this.#indentBelow() <= indent) return { kind: 'map', entries: [] };
    if (first === '[]' && this.#indentBelow() <= indent) return [];
    if (MARK.test(first)) giveUp();
    const parts = [first];
    while (this.#indentBelow() > indent) {
      parts.push(withoutSpaces(this.#lines[this.#at] ?? ''));
      this.#at += 1;
    }
    const text = parts.map(withoutSpaces).join(' ');
    if (parts.some((part) => END_OF_PLAIN.test(part)) || END_OF_PLAIN.test(text)) giveUp();
    return resolvePlain(text);
  }

  #readQuoted(first: string, indent: number, end: RegExp, unquote: (inner: string) => string): string {
    let text = first;
    while (!end.test(text)) {
      if (this.#indentBelow() <= indent) giveUp();
      text += `\n${this.#lines[this.#at] ?? ''}`;
      this.#at += 1;
    }
    if (this.#indentBelow() > indent) giveUp();
    const value = unquote(withoutSpaces(text).slice(1, -1));
    // No path, command or environment can hold it: refused, with its place.
    return value.includes('\0') ? giveUp() : value;
  }

  /** The present line without its indentation if that is `indent`; undefined for a line that ends the collection. */
  #contentAt(indent: number): string | undefined {
    const below = this.#indentBelow();
    if (below < indent) return undefined;
    if (below > indent || this.#startsItem(indent)) giveUp();
    return (this.#lines[this.#at] ?? '').slice(indent);
  }

  #startsItem(indent: number): boolean {
    const line = this.#lines[this.#at] ?? '';
    return line[indent] === '-' && (line[indent + 1] === ' ' || line.length === indent + 1);
  }

  /** Indentation of the present line; -1 at the end. */
  #indentBelow(): number {
    const line = this.#lines[this.#at];
    if (line === undefined) return -1;
    let indent = 0;
    while (line[indent] === ' ') indent += 1;
    return indent === line.length ? giveUp() : indent;
  }
}

/** Only these are white space to YAML here; a no-break space is text. */
function withoutSpaces(line: string): string {
  return line.replace(/^ +| +$/g, '');
}

/** A whole quoted scalar, and nothing behind it. */
const SINGLE_END = /^'(?:[^']|'')*' *$/;
const DOUBLE_END = /^"(?:[^"\\]|\\[^])*" *$/;
const KEY = /^(?:'((?:[^'\n]|'')*)'|([^'"][^\n]*?)):(?: +(.*))?$/;

function isKey(content: string): boolean {
  return KEY.test(content) && !(content.startsWith("'") && SINGLE_END.test(content));
}

function splitKey(content: string): { key: PyValue; rest: string } {
  const match = KEY.exec(content) ?? giveUp();
  const [, quoted, plain = '', rest = ''] = match;
  if (content.length - rest.length > LONGEST_KEY) giveUp();
  if (quoted !== undefined) return { key: quoted.replaceAll("''", "'"), rest };
  if (MARK.test(plain) || END_OF_PLAIN.test(plain) || plain.endsWith(' ')) giveUp();
  const key = resolvePlain(plain);
  // Keys of other kinds are equal in ways that a set does not know.
  return typeof key === 'string' ? { key, rest } : giveUp();
}

/** A line break between two words of a quoted text stands for a space. */
const BREAK = / *\n */g;

function fromSingle(inner: string): string {
  return inner.replace(BREAK, ' ').replaceAll("''", "'");
}

const ESCAPES: Readonly<Record<string, string>> = {
  '0': '\0',
  'a': '\u0007',
  'b': '\b',
  't': '\t',
  'n': '\n',
  'v': '\v',
  'f': '\f',
  'r': '\r',
  'e': '\u001b',
  ' ': ' ',
  '"': '"',
  '/': '/',
  '\\': '\\',
  'N': '\u0085',
  '_': '\u00a0',
  'L': '\u2028',
  'P': '\u2029',
};
const DOUBLE_TOKEN = /\\(?:\n *|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([^]))| *\n */g;

function fromDouble(inner: string): string {
  return inner.replace(DOUBLE_TOKEN, (token, x?: string, u?: string, long?: string, letter?: string): string => {
    const hex = x ?? u ?? long;
    if (hex !== undefined) return fromCodePoint(Number.parseInt(hex, 16));
    if (letter !== undefined) return ESCAPES[letter] ?? giveUp();
    return token.startsWith('\\') ? '' : ' ';
  });
}

function fromCodePoint(code: number): string {
  return code > 0x10ffff ? giveUp() : String.fromCodePoint(code);
}
