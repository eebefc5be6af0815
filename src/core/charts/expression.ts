import { alignTo, unionOf } from './bands.ts';
import type { Points } from './points.ts';

/** What is wrong with an expression; the column counts from 1. */
export interface ExpressionProblem {
  readonly column: number;
  readonly message: string;
}

export interface Expression {
  /** Names of the metrics in it, each once, in order. */
  readonly metrics: readonly string[];
  /** With the number of each metric; NaN where one of them has none. */
  readonly evaluate: (numbers: ReadonlyMap<string, number>) => number;
}

type Node = (numbers: ReadonlyMap<string, number>) => number;

interface Token {
  readonly kind: 'number' | 'metric' | 'word' | 'sign' | 'end';
  readonly text: string;
  readonly column: number;
}

/** How many values a function takes: at least and at most. */
const functions: Readonly<
  Record<string, { readonly least: number; readonly most: number; readonly apply: (...values: number[]) => number }>
> = {
  log: { least: 1, most: 1, apply: Math.log },
  exp: { least: 1, most: 1, apply: Math.exp },
  abs: { least: 1, most: 1, apply: Math.abs },
  min: { least: 1, most: 16, apply: Math.min },
  max: { least: 1, most: 16, apply: Math.max },
};
/** Deeper than anybody writes, and far from where recursion ends. */
const deepest = 100;
const longest = 1000;

/**
 * Numbers, names of metrics in quotation marks ("val_loss", a mark within doubled), + − * / ^, parentheses, log (natural), exp, abs, min, max. `^` binds tighter than a sign before it and from the right, as in mathematics: −2^2 is −4, 2^3^2 is 2^9. There is
 * nothing else in the language, so that a text of others can do no more than compute.
 */
export function parseExpression(
  text: string,
): { readonly value: Expression } | { readonly problem: ExpressionProblem } {
  try {
    if (text.length > longest) throw new Mistake(longest + 1, `An expression has at most ${longest} characters.`);
    const parser = new Parser(tokenize(text));
    const evaluate = parser.parse();
    return { value: { metrics: [...parser.metrics], evaluate } };
  } catch (error) {
    if (!(error instanceof Mistake)) throw error;
    return { problem: { column: error.column, message: error.message } };
  }
}

/** An expression over the steps of all its metrics: each metric counts between its points by the straight line, and not beyond its ends. No steps for an expression without metrics. */
export function evaluateOver({ metrics, evaluate }: Expression, pointsOf: (metric: string) => Points): Points {
  const points = metrics.map((metric) => [metric, pointsOf(metric)] as const);
  const steps = unionOf(points.map(([, own]) => own.steps));
  const columns = points.map(([metric, own]) => [metric, alignTo(own, steps)] as const);
  const numbers = new Map<string, number>();
  const values = steps.map((_, i) => {
    for (const [metric, column] of columns) numbers.set(metric, column[i] ?? NaN);
    return evaluate(numbers);
  });
  return { steps, values };
}

class Mistake extends Error {
  readonly column: number;

  constructor(column: number, message: string) {
    super(message);
    this.column = column;
  }
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  const pattern =
    /\s+|(?<number>(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)|"(?<metric>(?:[^"]|"")*)"|(?<word>\p{L}[\p{L}\p{N}_]*)|(?<sign>[-+*/^(),−])/iuy;
  while (pattern.lastIndex < text.length) {
    const column = pattern.lastIndex + 1;
    const groups = pattern.exec(text)?.groups;
    if (groups === undefined) {
      const isOpen = text.startsWith('"', column - 1);
      throw new Mistake(
        column,
        isOpen
          ? 'The quotation mark that opens here is never closed.'
          : `"${text[column - 1] ?? ''}" means nothing here.`,
      );
    }
    const { number, metric, word, sign } = groups;
    if (number !== undefined) tokens.push({ kind: 'number', text: number, column });
    else if (metric !== undefined) tokens.push({ kind: 'metric', text: metric.replaceAll('""', '"'), column });
    else if (word !== undefined) tokens.push({ kind: 'word', text: word, column });
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign === '−' ? '-' : sign, column });
  }
  return [...tokens, { kind: 'end', text: '', column: text.length + 1 }];
}

/** Recursive descent: sum, product, sign, power, value. */
class Parser {
  readonly metrics = new Set<string>();
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  parse(): Node {
    const node = this.#sum();
    const { kind, text, column } = this.#next();
    if (kind !== 'end') throw new Mistake(column, `An operator or the end is expected, not "${text}".`);
    return node;
  }

  #next(): Token {
    const token = this.#tokens[this.#at] ?? { kind: 'end', text: '', column: 1 };
    this.#at += 1;
    return token;
  }

  /** Takes the sign if it comes next. */
  #takes(...signs: readonly string[]): string | undefined {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'sign' || !signs.includes(token.text)) return undefined;
    this.#at += 1;
    return token.text;
  }

  #sum(): Node {
    let left = this.#product();
    for (let sign = this.#takes('+', '-'); sign !== undefined; sign = this.#takes('+', '-')) {
      const [first, second, isSum] = [left, this.#product(), sign === '+'];
      left = (numbers) => (isSum ? first(numbers) + second(numbers) : first(numbers) - second(numbers));
    }
    return left;
  }

  #product(): Node {
    let left = this.#signed();
    for (let sign = this.#takes('*', '/'); sign !== undefined; sign = this.#takes('*', '/')) {
      const [first, second, isProduct] = [left, this.#signed(), sign === '*'];
      left = (numbers) => (isProduct ? first(numbers) * second(numbers) : first(numbers) / second(numbers));
    }
    return left;
  }

  #signed(): Node {
    this.#depth += 1;
    if (this.#depth > deepest)
      throw new Mistake(this.#tokens[this.#at]?.column ?? 1, `Nested deeper than ${deepest} levels.`);
    const sign = this.#takes('+', '-');
    const inner = sign === undefined ? this.#power() : this.#signed();
    this.#depth -= 1;
    return sign === '-' ? (numbers) => -inner(numbers) : inner;
  }

  #power(): Node {
    const base = this.#value();
    if (this.#takes('^') === undefined) return base;
    const exponent = this.#signed();
    return (numbers) => base(numbers) ** exponent(numbers);
  }

  #value(): Node {
    const { kind, text, column } = this.#next();
    if (kind === 'number') {
      const value = Number(text);
      return () => value;
    }
    if (kind === 'metric') {
      this.metrics.add(text);
      return (numbers) => numbers.get(text) ?? NaN;
    }
    if (kind === 'word') return this.#call(text, column);
    if (text === '(') {
      const inner = this.#sum();
      this.#close(column);
      return inner;
    }
    throw new Mistake(
      column,
      `A number, a metric in quotation marks or "(" is expected${text === '' ? '' : `, not "${text}"`}.`,
    );
  }

  #call(name: string, column: number): Node {
    const known = Object.hasOwn(functions, name) ? functions[name] : undefined;
    if (known === undefined) {
      const list = Object.keys(functions).join(', ');
      throw new Mistake(column, `"${name}" is no function (${list}). A metric stands in quotation marks: "${name}".`);
    }
    const opened = this.#tokens[this.#at]?.column ?? column;
    if (this.#takes('(') === undefined) throw new Mistake(opened, `"(" is expected after ${name}.`);
    const values = [this.#sum()];
    while (this.#takes(',') !== undefined) values.push(this.#sum());
    this.#close(opened);
    if (values.length < known.least || values.length > known.most)
      throw new Mistake(
        column,
        `${name} takes ${known.most === 1 ? 'one value' : `up to ${known.most} values`}, not ${values.length}.`,
      );
    return (numbers) => known.apply(...values.map((value) => value(numbers)));
  }

  #close(opened: number): void {
    const { column } = this.#tokens[this.#at] ?? { column: opened };
    if (this.#takes(')') === undefined) throw new Mistake(column, `")" is expected for the "(" of column ${opened}.`);
  }
}
