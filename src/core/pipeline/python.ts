import { tokenizePython, type PyLine, type PyToken } from './pythontokens.ts';
import { integer, isList, isPyMap, pyEquals, type PyMap, type PyOther, type PyValue } from './values.ts';

/**
 * The params of a Python file as DVC finds them: what is assigned to a name at the top level, in classes (as mappings) and to
 * `self` in `__init__`, where the value is a literal. Everything else is passed over. Throws {@link PythonError} for text that
 * is no Python at all.
 */
export function parsePythonParams(text: string): PyMap {
  return toMap(readBlock(tokenizePython(text), { ownOnly: false }, 0));
}

/** Statements in the order of their names' first appearance; an assignment that comes later wins. */
type Names = Map<string, PyValue>;

const MAX_DEPTH = 64;
const COMPOUND = new Set('class def async if elif else for while with try except finally match case'.split(' '));

/** `ownOnly`: the body of `__init__`, where only what is assigned to `self` counts. */
function readBlock(lines: readonly PyLine[], scope: { ownOnly: boolean }, depth: number): Names {
  const names: Names = new Map();
  const indent = lines[0]?.indent ?? 0;
  for (let at = 0; at < lines.length;) {
    const { tokens } = lines[at] ?? { tokens: [] };
    const start = at + 1;
    for (at = start; (lines[at]?.indent ?? -1) > indent;) at += 1;
    if (isCompound(tokens)) readCompound(names, tokens, bodyOf(tokens, lines.slice(start, at)), depth + 1);
    else for (const statement of split(tokens, ';')) assign(names, statement, scope);
  }
  return names;
}

/** Of all blocks classes count, and functions called `__init__`. */
function readCompound(names: Names, [word, name]: readonly PyToken[], body: readonly PyLine[], depth: number): void {
  if (depth > MAX_DEPTH || name === undefined) return;
  if (word?.text === 'class') names.set(name.text, toMap(readBlock(body, { ownOnly: false }, depth)));
  if (word?.text !== 'def' || name.text !== '__init__') return;
  for (const [key, value] of readBlock(body, { ownOnly: true }, depth)) names.set(key, value);
}

/** `match` and `case` are ordinary names as well: `match = 1`. */
function isCompound(tokens: readonly PyToken[]): boolean {
  const [first, second] = tokens;
  return first?.kind === 'name' && COMPOUND.has(first.text) && second?.text !== '=' && tokens.some(isColon);
}

function isColon({ kind, text }: PyToken): boolean {
  return kind === 'sign' && text === ':';
}

/** The lines below a header, or what stands behind its colon. */
function bodyOf(tokens: readonly PyToken[], below: readonly PyLine[]): readonly PyLine[] {
  const behind = tokens.slice(findOutside(tokens, ':') + 1);
  return behind.length > 0 ? [{ indent: 0, tokens: behind }] : below;
}

function assign(names: Names, tokens: readonly PyToken[], { ownOnly }: { ownOnly: boolean }): void {
  const parts = split(tokens, '=');
  const [head = [], value] = parts;
  if (parts.length !== 2 || value === undefined) return;
  const colon = findOutside(head, ':');
  const name = nameOf(colon === -1 ? head : head.slice(0, colon), { ownOnly });
  const literal = name === undefined ? undefined : readLiteral(value);
  if (name !== undefined && literal !== undefined) names.set(name, literal);
}

/** `x`, or `self.x`. */
function nameOf(target: readonly PyToken[], { ownOnly }: { ownOnly: boolean }): string | undefined {
  const [first, dot, attribute] = target;
  if (first?.kind !== 'name') return undefined;
  if (target.length === 1) return ownOnly ? undefined : first.text;
  const isOwn = target.length === 3 && first.text === 'self' && dot?.text === '.' && attribute?.kind === 'name';
  return isOwn ? attribute.text : undefined;
}

/** Splits at a sign that stands outside of all brackets. */
function split(tokens: readonly PyToken[], sign: string): PyToken[][] {
  const parts: PyToken[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    depth += depthChange(token);
    if (depth === 0 && token.kind === 'sign' && token.text === sign) parts.push([]);
    else parts.at(-1)?.push(token);
  }
  return parts;
}

function findOutside(tokens: readonly PyToken[], sign: string): number {
  let depth = 0;
  return tokens.findIndex((token) => {
    depth += depthChange(token);
    return depth === 0 && token.kind === 'sign' && token.text === sign;
  });
}

function depthChange({ kind, text }: PyToken): number {
  if (kind !== 'sign') return 0;
  return '([{'.includes(text) ? 1 : ')]}'.includes(text) ? -1 : 0;
}

/** Thrown within this file for an expression that is no literal. */
class NotLiteral extends Error {}

/** The value of a literal expression, or undefined for any other. */
function readLiteral(tokens: readonly PyToken[]): PyValue | undefined {
  try {
    const reader = new LiteralReader(tokens);
    const value = reader.bareTuple();
    return reader.isAtEnd() ? value : undefined;
  } catch (error) {
    if (error instanceof NotLiteral) return undefined;
    throw error;
  }
}

class LiteralReader {
  readonly #tokens: readonly PyToken[];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly PyToken[]) {
    this.#tokens = tokens;
  }

  isAtEnd(): boolean {
    return this.#at === this.#tokens.length;
  }

  /** `1, 2` is a tuple without brackets. */
  bareTuple(): PyValue {
    const first = this.#value();
    if (!this.#takes(',')) return first;
    const items = [first];
    while (!this.isAtEnd()) {
      items.push(this.#value());
      if (!this.isAtEnd() && !this.#takes(',')) throw new NotLiteral();
    }
    return toTuple(items);
  }

  #value(): PyValue {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw new NotLiteral();
    const value = this.#number() ?? this.#atom();
    this.#depth -= 1;
    return value;
  }

  /** A number with a sign, or the sum of a number and an imaginary one. */
  #number(): PyValue | undefined {
    const sign = this.#peek('-') ? -1 : 1;
    const isSigned = this.#takes('-') || this.#takes('+');
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'number') {
      if (isSigned) throw new NotLiteral();
      return undefined;
    }
    this.#at += 1;
    const value = toNumber(token.text, sign);
    const next = this.#tokens[this.#at + 1];
    if ((this.#peek('+') || this.#peek('-')) && next?.kind === 'number' && /[jJ]$/.test(next.text)) {
      this.#at += 2;
      return { kind: 'other', what: 'a complex number', source: `${token.text}+${next.text}` };
    }
    return value;
  }

  #atom(): PyValue {
    const token = this.#tokens[this.#at];
    this.#at += 1;
    if (token?.kind === 'text') return this.#text(token);
    if (token?.kind === 'name') return this.#word(token.text);
    if (token?.text === '[') return this.#items(']');
    if (token?.text === '(') return this.#brackets();
    if (token?.text === '{') return this.#braces();
    throw new NotLiteral();
  }

  #word(word: string): PyValue {
    if (word === 'None') return null;
    if (word === 'True' || word === 'False') return word === 'True';
    if (word === 'set' && this.#takes('(') && this.#takes(')')) return toSet();
    throw new NotLiteral();
  }

  /** Texts that stand side by side are one. */
  #text(first: PyToken): PyValue {
    let token: PyToken | undefined = first;
    let value = '';
    let other: PyOther | undefined;
    for (; token?.kind === 'text'; token = this.#tokens[this.#at++]) {
      if (token.value === undefined) throw new NotLiteral();
      if (typeof token.value === 'string') value += token.value;
      else other = token.value;
    }
    this.#at -= 1;
    return other ?? value;
  }

  #items(close: string): PyValue[] {
    const items: PyValue[] = [];
    while (!this.#takes(close)) {
      items.push(this.#value());
      if (!this.#takes(',') && !this.#peek(close)) throw new NotLiteral();
    }
    return items;
  }

  /** A tuple, or one value in brackets. */
  #brackets(): PyValue {
    const start = this.#at;
    const items = this.#items(')');
    const [only] = items;
    const isTuple = items.length !== 1 || this.#tokens[this.#at - 2]?.text === ',' || start === this.#at;
    return isTuple || only === undefined ? toTuple(items) : only;
  }

  #braces(): PyValue {
    const entries: [PyValue, PyValue][] = [];
    while (!this.#takes('}')) {
      const key = this.#value();
      if (entries.length === 0 && !this.#peek(':')) {
        if (!this.#takes(',') && !this.#peek('}')) throw new NotLiteral();
        this.#items('}');
        return toSet();
      }
      if (!this.#takes(':') || isList(key) || isPyMap(key)) throw new NotLiteral();
      put(entries, key, this.#value());
      if (!this.#takes(',') && !this.#peek('}')) throw new NotLiteral();
    }
    return { kind: 'map', entries };
  }

  #peek(sign: string): boolean {
    const token = this.#tokens[this.#at];
    return token?.kind === 'sign' && token.text === sign;
  }

  #takes(sign: string): boolean {
    const found = this.#peek(sign);
    if (found) this.#at += 1;
    return found;
  }
}

/** As a dict does: an equal key keeps its place and takes the new value. */
function put(entries: [PyValue, PyValue][], key: PyValue, value: PyValue): void {
  const existing = entries.find(([candidate]) => pyEquals(candidate, key));
  if (existing === undefined) entries.push([key, value]);
  else existing[1] = value;
}

function toMap(names: Names): PyMap {
  return { kind: 'map', entries: [...names] };
}

function toTuple(items: readonly PyValue[]): PyOther {
  return { kind: 'other', what: 'a tuple inside of another value', source: '(…)', items };
}

function toSet(): PyOther {
  return { kind: 'other', what: 'a set', source: '{…}' };
}

function toNumber(source: string, sign: 1 | -1): PyValue {
  const digits = source.replaceAll('_', '').toLowerCase();
  if (digits.endsWith('j')) return { kind: 'other', what: 'a complex number', source };
  if (/^0[xob]/.test(digits) || /^[0-9]+$/.test(digits)) return integer(BigInt(digits) * BigInt(sign));
  return { kind: 'float', value: Number(digits) * sign };
}
