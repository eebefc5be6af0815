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
const LINE_BREAK = /\r?\n|\r/y;
const NAME = /[\p{ID_Start}_][\p{ID_Continue}]*/uy;
const NUMBER =
  /(?:0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|(?:[0-9](?:_?[0-9])*\.?(?:[0-9](?:_?[0-9])*)?|\.[0-9](?:_?[0-9])*)(?:[eE][+-]?[0-9](?:_?[0-9])*)?[jJ]?)/y;
const TEXT_START = /[rRuUbBfFtT]{0,2}(?:"""|'''|"|')/y;
const SIGN = /(?:\*\*=|\/\/=|>>=|<<=|\.\.\.|->|:=|[=!<>+\-*/%&|^@]=|\*\*|\/\/|<<|>>|[-+*/%@&|^~<>()[\]{},:.;=!])/y;

/** The logical lines of a Python file. Throws {@link PythonError} for an open bracket or text, and for stray characters. */
export function tokenizePython(source: string): readonly PyLine[] {
  return new Tokenizer(source.replace(/^\uFEFF/, '')).read();
}

class Tokenizer {
  readonly #text: string;
  readonly #lines: PyLine[] = [];
  /** Brackets that are still open. */
  readonly #open: { sign: string; at: number }[] = [];
  #tokens: PyToken[] = [];
  #indent = 0;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): readonly PyLine[] {
    while (this.#at < this.#text.length) {
      if (this.#take(SPACE) !== undefined || this.#take(COMMENT) !== undefined) continue;
      if (this.#take(LINE_BREAK) === undefined) this.#token();
      else if (this.#open.length === 0) this.#endLine();
    }
    const [left] = this.#open;
    if (left !== undefined) throw new PythonError(`Python: "${left.sign}" is never closed`, left.at);
    this.#endLine();
    return this.#lines;
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  #endLine(): void {
    if (this.#tokens.length > 0) this.#lines.push({ indent: this.#indent, tokens: this.#tokens });
    this.#tokens = [];
  }

  #token(): void {
    const start = this.#at;
    const token =
      this.#string(start) ?? this.#word('name', NAME) ?? this.#word('number', NUMBER) ?? this.#word('sign', SIGN);
    if (token === undefined) throw new PythonError('Python: this character can stand nowhere', start);
    if (this.#tokens.length === 0) this.#indent = columnOf(this.#text, start);
    this.#tokens.push(token);
    if (token.kind === 'sign') this.#bracket(token.text, start);
  }

  #word(kind: PyToken['kind'], pattern: RegExp): PyToken | undefined {
    const text = this.#take(pattern);
    return text === undefined ? undefined : { kind, text };
  }

  #string(start: number): PyToken | undefined {
    const opening = this.#take(TEXT_START);
    if (opening === undefined) return undefined;
    const [prefix = '', quote = ''] = opening.split(/(?=["'])(.*)/);
    const end = findEnd(this.#text, this.#at, quote);
    if (end === -1) throw new PythonError('Python: the text has no end', start);
    const value = toText(this.#text.slice(this.#at, end), prefix.toLowerCase());
    this.#at = end + quote.length;
    return { kind: 'text', text: '', value };
  }

  #bracket(sign: string, at: number): void {
    if ('([{'.includes(sign)) this.#open.push({ sign, at });
    else if (sign in PAIRS && this.#open.pop()?.sign !== PAIRS[sign])
      throw new PythonError(`Python: "${sign}" closes nothing`, at);
  }
}

const PAIRS: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' };

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
  return text.includes('\\N{') ? { kind: 'other', what: 'a text with \\N{…}', source: body } : unescape(text);
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
