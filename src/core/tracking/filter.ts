import { badInput, unknownName } from '../../protocol/errors.ts';
import type { MetricSummary, RunSummary } from '../../protocol/tracking.ts';
import { findNearest } from '../names/names.ts';

/** Which runs are wanted: `val_loss < 0.3 and model = cnnbased`, or the same in MLflow's search syntax. */
export interface RunFilter {
  readonly matches: (run: RunSummary) => boolean;
  /** What it asks for; each is known by one run at least, or it is a mistake. */
  readonly fields: readonly RunField[];
}

/** Something of a run that can be compared. */
interface RunField {
  /** As it was written. */
  readonly text: string;
  /** Undefined where the run has no such thing. */
  readonly of: (run: RunSummary) => Value | undefined;
}

type Value = number | string;

interface Token {
  readonly kind: 'name' | 'quoted' | 'number' | 'sign' | 'end';
  readonly text: string;
  /** From 0. */
  readonly at: number;
}

/**
 * Comparisons (`=`, `!=`, `<`, `<=`, `>`, `>=`, `[NOT] LIKE`, `[NOT] ILIKE`, `[NOT] IN (…)`, `IS [NOT] NULL`) joined by `and`, `or`,
 * `not` and parentheses. A name is an attribute (`status`, `name`, `model`, `experiment`, `startTime`, `endTime`, `duration`, `user`,
 * `runId`), else a metric (its last value; `best(…)`, `min(…)`, `max(…)` for others), else a param, else a tag; `metrics.`, `params.`,
 * `tags.` and `attributes.` choose, and backticks or double quotes hold what is no word. Throws `bad-input` with the column.
 */
export function parseRunFilter(text: string): RunFilter {
  const parser = new FilterParser(text);
  const matches = parser.parse();
  return { matches, fields: parser.fields };
}

/** Throws `unknown-name` for a field that no run has. */
export function filterRuns(runs: readonly RunSummary[], { matches, fields }: RunFilter): readonly RunSummary[] {
  for (const field of runs.length === 0 ? [] : fields) {
    if (runs.some((run) => field.of(run) !== undefined)) continue;
    const known = runs.flatMap(({ metrics, params, tags }) =>
      [metrics, params, tags].flatMap((one) => Object.keys(one)),
    );
    const names = [...new Set([...known, ...attributes.keys()])];
    throw unknownName('metric, param, tag or attribute', field.text, findNearest(field.text, names));
  }
  return runs.filter(matches);
}

type Condition = (run: RunSummary) => boolean;

const TOKEN =
  /\s*(?:(?<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?(?![\w.]))|(?<sign><=|>=|!=|<>|==|[=<>(),])|(?<quoted>(?:[A-Za-z]+\.)?(?:"[^"]*"|'[^']*'|`[^`]*`))|(?<name>[A-Za-z_][\w./:@-]*))/iy;

class FilterParser {
  readonly fields: RunField[] = [];
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(text: string) {
    this.#tokens = readTokens(text);
  }

  parse(): Condition {
    const condition = this.#readAlternatives();
    const rest = this.#take();
    if (rest.kind !== 'end') throw mistake(rest, `"and" or "or" is expected before ${rest.text}`);
    return condition;
  }

  #readAlternatives(): Condition {
    const alternatives = [this.#readTogether()];
    while (this.#skipWord('or')) alternatives.push(this.#readTogether());
    return (run) => alternatives.some((holds) => holds(run));
  }

  #readTogether(): Condition {
    const together = [this.#readOne()];
    while (this.#skipWord('and')) together.push(this.#readOne());
    return (run) => together.every((holds) => holds(run));
  }

  #readOne(): Condition {
    if (this.#skipWord('not')) {
      const holds = this.#readOne();
      return (run) => !holds(run);
    }
    if (!this.#skipSign('(')) return this.#readComparison();
    const condition = this.#readAlternatives();
    this.#expectSign(')');
    return condition;
  }

  #readComparison(): Condition {
    const field = this.#readField();
    if (this.#skipWord('is')) {
      const isWanted = this.#skipWord('not');
      const word = this.#take();
      if (word.text.toLowerCase() !== 'null') throw mistake(word, '"null" is expected after "is"');
      return (run) => (field.of(run) !== undefined) === isWanted;
    }
    this.fields.push(field);
    const isNegated = this.#skipWord('not');
    const operator = this.#take();
    const compare = this.#readOperand(operator, isNegated);
    // As in MLflow, what a run does not have fits no comparison.
    return (run) => {
      const value = field.of(run);
      return value !== undefined && compare(value) !== isNegated;
    };
  }

  #readOperand(operator: Token, isNegated: boolean): (value: Value) => boolean {
    const word = operator.text.toLowerCase();
    if (word === 'in') {
      const wanted = this.#readList();
      return (value) => wanted.some((one) => comparisons['=']?.(compareValues(value, one)) === true);
    }
    if (word === 'like' || word === 'ilike') {
      const pattern = toPattern(this.#readLiteral().text, word === 'ilike' ? 'isu' : 'su');
      return (value) => pattern.test(String(value));
    }
    const holds = operator.kind === 'sign' ? comparisons[word] : undefined;
    if (holds === undefined || isNegated)
      throw mistake(operator, `a comparison is expected (=, !=, <, <=, >, >=, like, in, is null)`);
    const literal = this.#readLiteral();
    return (value) => holds(compareValues(value, literal));
  }

  #readList(): readonly Literal[] {
    this.#expectSign('(');
    const list = [this.#readLiteral()];
    while (this.#skipSign(',')) list.push(this.#readLiteral());
    this.#expectSign(')');
    return list;
  }

  #readField(): RunField {
    const token = this.#take();
    if (token.kind !== 'name' && token.kind !== 'quoted')
      throw mistake(token, 'the name of a metric, param, tag or attribute is expected');
    const choose = token.kind === 'name' ? pointChoices[token.text.toLowerCase()] : undefined;
    if (choose === undefined || !this.#skipSign('(')) return toField(token.text);
    const inner = this.#take();
    if (inner.kind !== 'name' && inner.kind !== 'quoted') throw mistake(inner, 'the name of a metric is expected');
    this.#expectSign(')');
    const { of } = toField(inner.text, choose);
    return { text: inner.text, of };
  }

  #readLiteral(): Literal {
    const token = this.#take();
    if (token.kind === 'end' || token.kind === 'sign') throw mistake(token, 'a number or a text is expected');
    if (token.kind === 'quoted') return { text: unquote(token.text), number: undefined };
    return { text: token.text, number: token.kind === 'number' ? Number(token.text) : undefined };
  }

  #take(): Token {
    const token = this.#tokens[this.#next];
    if (token === undefined) throw new Error('The last token is the end.');
    if (token.kind !== 'end') this.#next += 1;
    return token;
  }

  #skipWord(word: string): boolean {
    return this.#skip(({ kind, text }) => kind === 'name' && text.toLowerCase() === word);
  }

  #skipSign(sign: string): boolean {
    return this.#skip(({ kind, text }) => kind === 'sign' && text === sign);
  }

  #expectSign(sign: string): void {
    if (!this.#skipSign(sign)) throw mistake(this.#take(), `"${sign}" is expected`);
  }

  #skip(isIt: (token: Token) => boolean): boolean {
    const token = this.#tokens[this.#next];
    const found = token !== undefined && isIt(token);
    if (found) this.#next += 1;
    return found;
  }
}

function readTokens(text: string): readonly Token[] {
  const tokens: Token[] = [];
  const end = text.trimEnd().length;
  let at = 0;
  while (at < end) {
    TOKEN.lastIndex = at;
    const groups: Readonly<Record<string, string | undefined>> = TOKEN.exec(text)?.groups ?? {};
    const start = at + (/^\s*/.exec(text.slice(at))?.[0].length ?? 0);
    const [kind, part] = Object.entries(groups).find(([, one]) => one !== undefined) ?? [];
    if (kind === undefined || part === undefined) {
      const isOpen = /["'`]/.test(text[start] ?? '');
      throw mistake(
        { at: start },
        isOpen ? `a text begins with ${text[start] ?? ''} and does not end` : `${text[start] ?? ''} is not understood`,
      );
    }
    tokens.push({ kind: kind as Token['kind'], text: part, at: start });
    at = TOKEN.lastIndex;
  }
  return [...tokens, { kind: 'end', text: 'the end', at: end }];
}

function mistake({ at }: Pick<Token, 'at'>, message: string): Error {
  return badInput(`Column ${at + 1} of the filter: ${message}.`);
}

/** Where in the text of a filter the mistake is that an error of it tells, from 1; undefined when it tells no place. */
export function columnOfMistake(message: string): number | undefined {
  const column = /^Column (\d+) of the filter: /.exec(message)?.[1];
  return column === undefined ? undefined : Number(column);
}

interface Literal {
  readonly text: string;
  /** Undefined for a text. */
  readonly number: number | undefined;
}

/** Below zero: the value is less. NaN: they can't be compared. */
function compareValues(value: Value, { text, number }: Literal): number {
  if (number !== undefined) {
    const own = typeof value === 'number' ? value : value.trim() === '' ? NaN : Number(value);
    return own === number ? 0 : own - number;
  }
  if (typeof value === 'string') return value === text ? 0 : value < text ? -1 : 1;
  // A time is written as a date, a metric's value may stand in quotes.
  const wanted = text.trim() === '' ? NaN : Number.isNaN(Number(text)) ? Date.parse(text) : Number(text);
  return value === wanted ? 0 : value - wanted;
}

const comparisons: Readonly<Record<string, (order: number) => boolean>> = {
  '=': (order) => order === 0,
  '==': (order) => order === 0,
  '!=': (order) => order !== 0,
  '<>': (order) => order !== 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
};

/** `%` any characters, `_` one. */
function toPattern(text: string, flags: string): RegExp {
  const escaped = text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
  return new RegExp(`^${escaped.replaceAll('%', '.*').replaceAll('_', '.')}$`, flags);
}

type ChoosePoint = (summary: MetricSummary) => number | undefined;

const lastValue: ChoosePoint = ({ last }) => last.value;

const pointChoices: Readonly<Record<string, ChoosePoint>> = {
  last: lastValue,
  best: ({ best }) => best?.value,
  min: ({ min }) => min?.value,
  max: ({ max }) => max?.value,
};

type Read = (run: RunSummary, name: string, choose: ChoosePoint) => Value | undefined;

const attributes = new Map<string, (run: RunSummary) => Value | null | undefined>([
  ['status', ({ status, lost }) => (lost ? 'LOST' : status)],
  ['name', ({ name }) => name],
  ['run_name', ({ name }) => name],
  ['experiment', ({ experiment }) => experiment],
  // Of `configs/cnnbased.yaml`: cnnbased.
  ['model', ({ tags }) => /([^/]+)\.ya?ml$/.exec(tags['mlops.config'] ?? '')?.[1]],
  ['starttime', ({ startTime }) => startTime],
  ['start_time', ({ startTime }) => startTime],
  ['endtime', ({ endTime }) => endTime],
  ['end_time', ({ endTime }) => endTime],
  ['duration', ({ startTime, endTime }) => (endTime === null ? null : (endTime - startTime) / 1000)],
  ['user', ({ tags }) => tags['mlflow.user']],
  ['user_id', ({ tags }) => tags['mlflow.user']],
  ['runid', ({ runId }) => runId],
  ['run_id', ({ runId }) => runId],
]);

const readAttribute: Read = (run, name) => attributes.get(name.toLowerCase())?.(run) ?? undefined;
const readMetric: Read = ({ metrics }, name, choose) => {
  const summary = Object.hasOwn(metrics, name) ? metrics[name] : undefined;
  return summary === undefined ? undefined : choose(summary);
};
const readText =
  (part: 'params' | 'tags'): Read =>
  (run, name) =>
    Object.hasOwn(run[part], name) ? run[part][name] : undefined;

/** By the words in front of a dot, those of MLflow among them. */
const readers: Readonly<Record<string, Read>> = {
  ...{ metrics: readMetric, metric: readMetric },
  ...{ params: readText('params'), param: readText('params'), parameters: readText('params') },
  ...{ tags: readText('tags'), tag: readText('tags') },
  ...{ attributes: readAttribute, attribute: readAttribute, attr: readAttribute, run: readAttribute },
};

function toField(text: string, choose: ChoosePoint = lastValue): RunField {
  const [, prefix = '', rest = ''] = /^([A-Za-z]+)\.(.*)$/s.exec(text) ?? [];
  const read = readers[prefix.toLowerCase()];
  return {
    text,
    // A name of its own may begin with such a word.
    of: (run) => read?.(run, unquote(rest), choose) ?? findAnywhere(run, unquote(text), choose),
  };
}

function findAnywhere(run: RunSummary, name: string, choose: ChoosePoint): Value | undefined {
  for (const read of [readAttribute, readMetric, readText('params'), readText('tags')]) {
    const value = read(run, name, choose);
    if (value !== undefined) return value;
  }
  // Params of a config bear the name of their section: `training.learning_rate`.
  const whole = Object.keys(run.params).find((key) => key.endsWith(`.${name}`));
  return whole === undefined ? undefined : run.params[whole];
}

function unquote(text: string): string {
  return /^(["'`])(.*)\1$/s.exec(text)?.[2] ?? text;
}
