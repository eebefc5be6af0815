import {
  CST,
  Composer,
  Lexer,
  LineCounter,
  Parser,
  YAMLParseError,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  visit,
  type Document,
  type Node,
  type Pair,
  type YAMLMap,
} from 'yaml';
import type { Parsed, Problem } from '../../protocol/problem.ts';

/** A parsed YAML file that can still say where each of its values stands. */
export interface YamlFile {
  readonly file: string;
  /** The document itself: editing through it keeps the user's comments. */
  readonly document: Document.Parsed;
  /** Plain JavaScript value (null for an empty file). */
  readonly value: unknown;
  /** A problem at the value of `path` (or at its key, or at the nearest parent that exists). */
  problemAt(
    path: readonly (string | number)[],
    message: string,
    options?: { severity?: Problem['severity']; at?: 'key' | 'value' },
  ): Problem;
  /** Line and column, from 1, of the value at `path` (or of its key); the nearest parent that exists otherwise. */
  place(path: readonly (string | number)[], at?: 'key' | 'value'): { line: number; column: number };
}

export interface YamlLimits {
  /** Longest text in UTF-16 units; longer is refused unread. */
  readonly maxLength: number;
  /** Deepest nesting of collections. */
  readonly maxDepth: number;
  /** Most aliases, and most values that they may multiply into; a hand-written file needs few. Default: 100. */
  readonly maxAliases?: number;
}

/** Limits of hand-written files; machine-written ones (`dvc.lock`) pass larger ones. */
const configLimits: YamlLimits = { maxLength: 1 << 20, maxDepth: 64 };

const MAX_ALIASES = 100;

/** The line of the first mark that a merge has left; undefined where there is none. */
function findConflict(text: string): number | undefined {
  const at = text.search(/^<{7} /m);
  return at === -1 ? undefined : text.slice(0, at).split('\n').length;
}

/**
 * Parses one YAML 1.2 document (core schema, unique keys, no custom tags). Everything wrong with the text is a problem with
 * its place; `value` is undefined as soon as one of them is an error, since a half-read file gives wrong answers.
 */
export function parseYaml(text: string, file: string, limits: YamlLimits = configLimits): Parsed<YamlFile> {
  const refuse = (message: string, line = 1, column = 1): Parsed<YamlFile> => ({
    value: undefined,
    problems: [{ file, line, column, severity: 'error', message }],
  });
  if (text.length > limits.maxLength)
    return refuse(`The file has ${text.length} characters; at most ${limits.maxLength} are read.`);
  const lines = new LineCounter();
  const tokens = readTokens(text.replace(/^\uFEFF/, ''), lines, limits.maxDepth);
  if ('tooDeepAt' in tokens) {
    const { line, col } = lines.linePos(tokens.tooDeepAt);
    return refuse(`Nested deeper than ${limits.maxDepth} levels.`, line, col);
  }
  const document = compose(tokens.tokens, text.length);
  const toProblem =
    (severity: Problem['severity']) =>
    (error: { message: string; pos: [number, number] }): Problem => {
      const { line, col } = lines.linePos(error.pos[0]);
      return { file, line: Math.max(line, 1), column: Math.max(col, 1), severity, message: error.message };
    };
  const problems = [...document.errors.map(toProblem('error')), ...document.warnings.map(toProblem('warning'))];
  const conflict = document.errors.length > 0 ? findConflict(text) : undefined;
  if (conflict !== undefined)
    return refuse(
      'Unresolved merge conflict. Keep either side, without the lines <<<<<<<, ======= and >>>>>>>.',
      conflict,
    );
  if (document.errors.length > 0) return { value: undefined, problems };
  const duplicates = findDuplicateKeys(document);
  if (duplicates.length > 0)
    return { value: undefined, problems: [...problems, ...duplicates.map(toProblem('error'))] };
  const aliases = countAliases(document);
  const { maxAliases = MAX_ALIASES } = limits;
  if (aliases > maxAliases) return refuse(`The file uses ${aliases} aliases; at most ${maxAliases} are followed.`);
  const { value, error } = toPlainValue(document, maxAliases);
  if (error !== undefined) return { value: undefined, problems: [...problems, toProblem('error')(error)] };
  return { value: toYamlFile(document, value, file, lines), problems };
}

/** A YAML text as far as it can be read, with the places of what was read: for an editor, in which texts are seldom finished. */
export interface LooseYaml {
  readonly document: Document.Parsed;
  readonly lines: LineCounter;
}

/** Undefined for a text beyond the limits, which nobody writes by hand. */
export function readYamlLoosely(text: string, limits: YamlLimits = configLimits): LooseYaml | undefined {
  if (text.length > limits.maxLength) return undefined;
  const lines = new LineCounter();
  const tokens = readTokens(text, lines, limits.maxDepth);
  return 'tooDeepAt' in tokens ? undefined : { document: compose(tokens.tokens, text.length), lines };
}

/** The plain value. Aliases that name nothing, hold themselves or multiply without bound only show when they are followed. */
function toPlainValue(
  document: Document.Parsed,
  maxAliasCount: number,
): {
  value: unknown;
  error?: { message: string; pos: [number, number] };
} {
  try {
    return { value: document.toJS({ maxAliasCount }) as unknown };
  } catch (error) {
    if (!(error instanceof ReferenceError || error instanceof RangeError)) throw error;
    let start = 0;
    visit(document, {
      Alias: (_, alias) => {
        start = alias.range?.[0] ?? 0;
        return visit.BREAK;
      },
    });
    return { value: undefined, error: { message: error.message, pos: [start, start] } };
  }
}

function toYamlFile(document: Document.Parsed, value: unknown, file: string, lines: LineCounter): YamlFile {
  const place: YamlFile['place'] = (path, at = 'value') => {
    const { line, col } = lines.linePos(offsetOf(document, path, at));
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  return {
    file,
    document,
    value,
    place,
    problemAt: (path, message, { severity = 'error', at = 'value' } = {}) => ({
      file,
      ...place(path, at),
      severity,
      message,
    }),
  };
}

function offsetOf(document: Document.Parsed, path: readonly (string | number)[], at: 'key' | 'value'): number {
  let node: Node | null = document.contents;
  let offset = startOf(node) ?? 0;
  for (const [index, part] of path.entries()) {
    const child = childOf(document, node, part);
    if (child === undefined) return offset;
    const wantsKey = at === 'key' && index === path.length - 1;
    const [first, second] = wantsKey ? [child.key, child.value] : [child.value, child.key];
    offset = startOf(first) ?? startOf(second) ?? offset;
    node = child.value;
  }
  return offset;
}

function childOf(
  document: Document.Parsed,
  parent: Node | null,
  part: string | number,
): { key: Node | null; value: Node | null } | undefined {
  const node = isAlias(parent) ? (parent.resolve(document) ?? null) : parent;
  if (isMap(node)) {
    const pair = pairsByKey(node).get(String(part));
    return pair === undefined ? undefined : { key: pair.key as Node, value: pair.value as Node | null };
  }
  const item = isSeq(node) ? node.items[Number(part)] : undefined;
  return item === undefined ? undefined : { key: null, value: item as Node };
}

const indexes = new WeakMap<YAMLMap, ReadonlyMap<string, Pair>>();

/** Pairs by the text of their key; kept, since places are asked for again and again in the same big mapping. */
function pairsByKey(map: YAMLMap): ReadonlyMap<string, Pair> {
  const known = indexes.get(map);
  if (known !== undefined) return known;
  const index = new Map(
    map.items.flatMap((pair) => (isScalar(pair.key) ? [[String(pair.key.value), pair] as const] : [])),
  );
  indexes.set(map, index);
  return index;
}

function startOf(node: Node | null): number | undefined {
  return node?.range?.[0];
}

/** Keys that stand in a mapping a second time. */
function findDuplicateKeys(document: Document.Parsed): { message: string; pos: [number, number] }[] {
  const found: { message: string; pos: [number, number] }[] = [];
  visit(document, {
    Map: (_, map) => {
      const seen = new Set<unknown>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        const start = key.range?.[0] ?? 0;
        if (seen.has(key.value)) found.push({ message: 'Map keys must be unique', pos: [start, start] });
        seen.add(key.value);
      }
    },
  });
  return found;
}

function countAliases(document: Document.Parsed): number {
  let count = 0;
  visit(document, { Alias: () => void (count += 1) });
  return count;
}

/**
 * The library's first step, which can be watched; its next ones recurse, so that deep nesting would exhaust the stack. Gives up at the
 * first collection that lies deeper than `maxDepth`.
 */
function readTokens(
  text: string,
  lines: LineCounter,
  maxDepth: number,
): { readonly tokens: readonly CST.Token[] } | { readonly tooDeepAt: number } {
  const parser = new Parser(lines.addNewLine);
  const tokens: CST.Token[] = [];
  lines.addNewLine(0);
  for (const lexeme of new Lexer().lex(text)) {
    tokens.push(...parser.next(lexeme));
    // At the bottom lies the document itself.
    const depth = parser.stack.length - 1;
    if (depth > maxDepth && CST.isCollection(parser.stack.at(-1))) return { tooDeepAt: parser.offset - lexeme.length };
  }
  tokens.push(...parser.end());
  return { tokens };
}

function compose(tokens: readonly CST.Token[], length: number): Document.Parsed {
  const composer = new Composer({
    version: '1.2',
    schema: 'core',
    // Checked by ourselves: the library compares each key with each other, which takes seconds for thousands of stages.
    uniqueKeys: false,
    strict: true,
    merge: false,
  });
  // There is always one: an empty document for an empty text.
  const [first, second] = [...composer.compose(tokens, true, length)] as [Document.Parsed, Document.Parsed?];
  const start = second?.range[0] ?? 0;
  if (second !== undefined)
    first.errors.push(new YAMLParseError([start, start + 1], 'MULTIPLE_DOCS', 'The file holds several documents.'));
  return first;
}

/** True for a plain mapping: what `toJS` gives for a YAML map. */
export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
