import { integer, type PyMap, type PyValue } from './values.ts';

/** A TOML file that can't be read; `offset` is the place in its text. */
export class TomlError extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

const MAX_DEPTH = 64;

/**
 * A table while it is being read. What made it decides who may add to it: a header may open what dotted keys of another table
 * opened only once, and nobody opens an inline table again.
 */
interface Table {
  readonly entries: Map<string, Value>;
  madeBy: 'header' | 'parent' | 'dotted' | 'inline';
}
type Value = PyValue | Table | Table[];

/** The value of a TOML 1.0 document: the kinds of numbers and the order of keys are kept. Throws {@link TomlError}. */
export function parseToml(text: string): PyMap {
  return new TomlReader(text.replace(/^\uFEFF/, '')).read();
}

class TomlReader {
  readonly #text: string;
  readonly #root = newTable('header');
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): PyMap {
    let table = this.#root;
    this.#skipLines();
    while (this.#at < this.#text.length) {
      if (this.#text[this.#at] === '[') table = this.#header();
      else this.#pair(table);
      this.#skip(/[ \t]*(?:#[^\n]*)?/y);
      if (this.#at < this.#text.length && !this.#takes(/\r?\n/y)) this.#fail('a line break is missing');
      this.#skipLines();
    }
    return toMap(this.#root);
  }

  /** `[a.b]` or `[[a.b]]`: the table that the lines below it fill. */
  #header(): Table {
    const start = this.#at;
    const isArray = this.#takes(/\[\[/y);
    if (!isArray) this.#at += 1;
    const keys = this.#keys();
    if (!this.#takes(isArray ? /[ \t]*\]\]/y : /[ \t]*\]/y)) this.#fail('"]" is missing');
    const last = keys.pop() ?? '';
    const parent = keys.reduce((table, key) => this.#open(table, key, 'parent', start), this.#root);
    const existing = parent.entries.get(last);
    if (isArray) {
      if (existing !== undefined && !isTables(existing)) this.#fail(`"${last}" is defined already`, start);
      const table = newTable('header');
      if (isTables(existing)) existing.push(table);
      else parent.entries.set(last, [table]);
      return table;
    }
    const table = existing ?? newTable('header');
    if (!isTable(table) || (existing !== undefined && table.madeBy !== 'parent'))
      return this.#fail(`"${last}" is defined already`, start);
    table.madeBy = 'header';
    parent.entries.set(last, table);
    return table;
  }

  #pair(table: Table, depth = 0): void {
    const start = this.#at;
    const keys = this.#keys();
    if (!this.#takes(/[ \t]*=[ \t]*/y)) this.#fail('"=" is missing');
    const last = keys.pop() ?? '';
    const parent = keys.reduce((inner, key) => this.#open(inner, key, 'dotted', start), table);
    if (parent.entries.has(last)) this.#fail(`"${last}" is defined already`, start);
    parent.entries.set(last, this.#value(depth));
  }

  /** The table `key` of `table`, made if it is not there. Dotted keys may not reach into what a header made. */
  #open(table: Table, key: string, madeBy: 'parent' | 'dotted', start: number): Table {
    const existing = table.entries.get(key);
    if (existing === undefined) {
      const made = newTable(madeBy);
      table.entries.set(key, made);
      return made;
    }
    const inner = isTables(existing) && madeBy === 'parent' ? existing.at(-1) : existing;
    const isClosed = !isTable(inner) || inner.madeBy === 'inline' || (madeBy === 'dotted' && inner.madeBy === 'header');
    return isClosed ? this.#fail(`"${key}" is defined already`, start) : inner;
  }

  #keys(): string[] {
    const keys = [];
    do {
      this.#skip(/[ \t]*/y);
      const bare = this.#match(/[A-Za-z0-9_-]+/y);
      if (bare !== undefined) keys.push(bare);
      else if (this.#text[this.#at] === '"' || this.#text[this.#at] === "'") keys.push(this.#line());
      else this.#fail('a key is missing');
    } while (this.#takes(/[ \t]*\./y));
    return keys;
  }

  #value(depth: number): Value {
    if (depth > MAX_DEPTH) this.#fail(`nested deeper than ${MAX_DEPTH} levels`);
    const rest = this.#text.slice(this.#at, this.#at + 3);
    if (rest === '"""' || rest === "'''") return this.#block(rest);
    if (rest.startsWith('"') || rest.startsWith("'")) return this.#line();
    if (rest.startsWith('[')) return this.#array(depth);
    if (rest.startsWith('{')) return this.#inlineTable(depth);
    const start = this.#at;
    const source = this.#match(/[+\-.:\w]+(?: [0-9][0-9:.]*(?:Z|z|[+-][0-9:]+)?)?/y) ?? '';
    return toScalar(source) ?? this.#fail(`"${source}" is no value`, start);
  }

  #array(depth: number): PyValue[] {
    const items: PyValue[] = [];
    this.#at += 1;
    this.#skipLines();
    while (!this.#takes(/\]/y)) {
      items.push(toPyValue(this.#value(depth + 1)));
      this.#skipLines();
      if (!this.#takes(/,/y) && this.#text[this.#at] !== ']') this.#fail('"," or "]" is missing');
      this.#skipLines();
    }
    return items;
  }

  #inlineTable(depth: number): Table {
    const table = newTable('dotted');
    this.#at += 1;
    this.#skip(/[ \t]*/y);
    if (!this.#takes(/\}/y)) {
      do this.#pair(table, depth + 1);
      while (this.#takes(/[ \t]*,/y));
      if (!this.#takes(/[ \t]*\}/y)) this.#fail('"}" is missing');
    }
    close(table);
    return table;
  }

  /** A string within one line. */
  #line(): string {
    const literal = this.#match(/'[^'\n]*'/y);
    if (literal !== undefined) return literal.slice(1, -1);
    const start = this.#at;
    const basic = this.#match(/"(?:[^"\\\n]|\\.)*"/y);
    return basic === undefined ? this.#fail('the text has no end') : this.#unescape(basic.slice(1, -1), start);
  }

  #block(quotes: string): string {
    const start = this.#at;
    const found = this.#match(
      quotes === '"""' ? /"""(?:[^"\\]|\\[\s\S]|"{1,2}(?!"))*"{3,5}/y : /'''(?:[^']|'{1,2}(?!'))*'{3,5}/y,
    );
    if (found === undefined) return this.#fail('the text has no end');
    const body = found.slice(3, -3).replace(/^\r?\n/, '');
    if (quotes === "'''") return body;
    return this.#unescape(
      body.replace(/((?:^|[^\\])(?:\\\\)*)\\[ \t]*\r?\n\s*/g, (_, before: string) => before),
      start,
    );
  }

  #unescape(text: string, start: number): string {
    return text.replace(
      /\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([\s\S]))/g,
      (_, short?: string, long?: string, char?: string) => {
        const code = Number.parseInt(short ?? long ?? '', 16);
        if (char === undefined)
          return code > 0x10ffff ? this.#fail('no such character', start) : String.fromCodePoint(code);
        return ESCAPES[char] ?? this.#fail(`\\${char} is no escape`, start);
      },
    );
  }

  #skipLines(): void {
    this.#skip(/(?:[ \t]|\r?\n|#[^\n]*)*/y);
  }

  #skip(pattern: RegExp): void {
    this.#match(pattern);
  }

  #takes(pattern: RegExp): boolean {
    return this.#match(pattern) !== undefined;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  #fail(message: string, offset = this.#at): never {
    throw new TomlError(`TOML: ${message}`, offset);
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  'b': '\b',
  't': '\t',
  'n': '\n',
  'f': '\f',
  'r': '\r',
  '"': '"',
  '\\': '\\',
};

function newTable(madeBy: Table['madeBy']): Table {
  return { entries: new Map(), madeBy };
}

function isTable(value: Value | undefined): value is Table {
  return typeof value === 'object' && value !== null && 'entries' in value && value.entries instanceof Map;
}

function isTables(value: Value | undefined): value is Table[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => isTable(item as Value));
}

/** Nothing may be added to an inline table once its brace is closed. */
function close(table: Table): void {
  table.madeBy = 'inline';
  for (const value of table.entries.values()) if (isTable(value)) close(value);
}

function toMap(table: Table): PyMap {
  return { kind: 'map', entries: [...table.entries].map(([key, value]) => [key, toPyValue(value)] as const) };
}

function toPyValue(value: Value): PyValue {
  if (isTable(value)) return toMap(value);
  return isTables(value) ? value.map(toMap) : value;
}

const INTEGER =
  /^(?:[+-]?(?:0|[1-9](?:_?[0-9])*)|0x[0-9a-fA-F](?:_?[0-9a-fA-F])*|0o[0-7](?:_?[0-7])*|0b[01](?:_?[01])*)$/;
const FLOAT = /^[+-]?(?:0|[1-9](?:_?[0-9])*)(?:\.[0-9](?:_?[0-9])*)?(?:[eE][+-]?[0-9](?:_?[0-9])*)?$/;
const SPECIAL_FLOAT = /^[+-]?(?:inf|nan)$/;
const DATE = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/;
const TIME =
  /^(?:[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ])?[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})?$/;

function toScalar(source: string): PyValue | undefined {
  if (source === 'true' || source === 'false') return source === 'true';
  const digits = source.replaceAll('_', '');
  if (INTEGER.test(source)) {
    const magnitude = BigInt(digits.replace(/^[+-]/, ''));
    return integer(source.startsWith('-') ? -magnitude : magnitude);
  }
  if (FLOAT.test(source)) return { kind: 'float', value: Number(digits) };
  if (SPECIAL_FLOAT.test(source)) {
    if (source.endsWith('nan')) return { kind: 'float', value: Number.NaN };
    return { kind: 'float', value: source.startsWith('-') ? -Infinity : Infinity };
  }
  if (DATE.test(source)) return { kind: 'date', source };
  return TIME.test(source) ? { kind: 'other', what: 'a time of day', source } : undefined;
}
