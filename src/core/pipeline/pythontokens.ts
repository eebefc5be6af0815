import type { PyOther } from './values.ts';

/** Text that Python itself would not read; `offset` is the place in it. */
export class PythonError extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

export interface PyToken {
  readonly kind: 'name' | 'number' | 'text' | 'sign';
  readonly text: string;
  /** Of a text: what it means; undefined for an f-string, which is no literal. */
  readonly value?: string | PyOther | undefined;
}

/** A logical line: brackets and backslashes carry it over several lines of the file. */
export interface PyLine {
  /** Columns before its first token; a tab leads to the next multiple of 8. */
  readonly indent: number;
  readonly tokens: readonly PyToken[];
}

const SPACE = /(?:[ \t\f]|\\\r?\n)+/y;
const COMMENT = /#[^\n]*/y;
const NAME = /[\p{ID_Start}_][\p{ID_Continue}]*/uy;
const NUMBER =
  /(?:0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|(?:[0-9](?:_?[0-9])*\.?(?:[0-9](?:_?[0-9])*)?|\.[0-9](?:_?[0-9])*)(?:[eE][+-]?[0-9](?:_?[0-9])*)?[jJ]?)/y;
const TEXT_START = /([rRuUbBfFtT]{0,2})("""|'''|"|')/y;
const SIGN = /(?:\*\*=|\/\/=|>>=|<<=|\.\.\.|->|:=|[=!<>+\-*/%&|^@]=|\*\*|\/\/|<<|>>|[-+*/%@&|^~<>()[\]{},:.;=!])/y;

/** The logical lines of a Python file. Throws {@link PythonError} for an open bracket or text, and for stray characters. */
export function tokenizePython(source: string): readonly PyLine[] {
  const text = source.replace(/^\uFEFF/, '');
  const lines: PyLine[] = [];
  const open: { sign: string; at: number }[] = [];
  let tokens: PyToken[] = [];
  let indent = 0;
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    at += found?.[0].length ?? 0;
    return found;
  };
  const endLine = (): void => {
    if (tokens.length > 0) lines.push({ indent, tokens });
    tokens = [];
  };
  const push = (token: PyToken, start: number): void => {
    if (tokens.length === 0) indent = columnOf(text, start);
    tokens.push(token);
  };
  while (at < text.length) {
    if (take(SPACE) !== null || take(COMMENT) !== null) continue;
    const start = at;
    if (take(/\r?\n|\r/y) !== null) {
      if (open.length === 0) endLine();
      continue;
    }
    const opening = take(TEXT_START);
    if (opening !== null) {
      const [, prefix = '', quote = ''] = opening;
      const end = findEnd(text, at, quote);
      if (end === -1) throw new PythonError('Python: the text has no end', start);
      push({ kind: 'text', text: '', value: toText(text.slice(at, end), prefix.toLowerCase()) }, start);
      at = end + quote.length;
      continue;
    }
    const name = take(NAME)?.[0];
    const number = name === undefined ? take(NUMBER)?.[0] : undefined;
    const sign = name === undefined && number === undefined ? take(SIGN)?.[0] : undefined;
    if (name !== undefined) push({ kind: 'name', text: name }, start);
    else if (number !== undefined) push({ kind: 'number', text: number }, start);
    else if (sign === undefined) throw new PythonError('Python: this character can stand nowhere', start);
    else {
      push({ kind: 'sign', text: sign }, start);
      match(open, sign, start);
    }
  }
  const [left] = open;
  if (left !== undefined) throw new PythonError(`Python: "${left.sign}" is never closed`, left.at);
  endLine();
  return lines;
}

const PAIRS: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' };

function match(open: { sign: string; at: number }[], sign: string, at: number): void {
  if ('([{'.includes(sign)) open.push({ sign, at });
  else if (sign in PAIRS && open.pop()?.sign !== PAIRS[sign])
    throw new PythonError(`Python: "${sign}" closes nothing`, at);
}

function columnOf(text: string, offset: number): number {
  let column = 0;
  for (let at = text.lastIndexOf('\n', offset - 1) + 1; at < offset; at += 1)
    column = text[at] === '\t' ? (Math.floor(column / 8) + 1) * 8 : column + 1;
  return column;
}

function findEnd(text: string, from: number, quote: string): number {
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text.startsWith(quote, at)) return at;
    else if (quote.length === 1 && text[at] === '\n') return -1;
  }
  return -1;
}

function toText(body: string, prefix: string): PyToken['value'] {
  if (/[ft]/.test(prefix)) return undefined;
  if (prefix.includes('b')) return { kind: 'other', what: 'bytes', source: body };
  const text = body.replaceAll(/\r\n?/g, '\n');
  if (prefix.includes('r')) return text;
  return /\\N\{/.test(text) ? { kind: 'other', what: 'a text with \\N{…}', source: body } : unescape(text);
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\n': '',
  '\\': '\\',
  "'": "'",
  '"': '"',
  'a': '\u0007',
  'b': '\b',
  'f': '\f',
  'n': '\n',
  'r': '\r',
  't': '\t',
  'v': '\v',
};

/** What Python does not know as an escape stays as it is, backslash included. */
function unescape(text: string): string {
  return text.replace(
    /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{1,3})|([\s\S]))/g,
    (whole, hex?: string, short?: string, long?: string, octal?: string, char?: string) => {
      if (char !== undefined) return ESCAPES[char] ?? whole;
      const code = octal === undefined ? Number.parseInt(hex ?? short ?? long ?? '', 16) : Number.parseInt(octal, 8);
      return code > 0x10ffff ? whole : String.fromCodePoint(code);
    },
  );
}
