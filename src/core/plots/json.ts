import type { Parsed } from '../../protocol/problem.ts';
import { placeOfOffset } from '../pipeline/pipeline.ts';

/** Deeper than any data or template; what is deeper can't be written out again. */
const MOST_DEPTH = 200;
const bare: Readonly<Record<string, number>> = { 'NaN': NaN, 'Infinity': Infinity, '-Infinity': -Infinity };
/** No text of a file begins with it, since JSON escapes the character. */
const MARK = '\u0000';

/** JSON as Python writes it, which leaves NaN and infinities bare. Everything wrong has its place. */
export function parseJson(source: string, file: string): Parsed<unknown> {
  const text = source.replace(/^\uFEFF/, '');
  const refuse = (offset: number, message: string): Parsed<unknown> => ({
    value: undefined,
    problems: [{ file, ...placeOfOffset(text, offset), severity: 'error', message }],
  });
  const tooDeep = findDepth(text);
  if (tooDeep !== undefined) return refuse(tooDeep, `Nested deeper than ${MOST_DEPTH} levels.`);
  try {
    return { value: JSON.parse(text), problems: [] };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  const fault = findFault(text);
  if (fault !== undefined) return refuse(fault.offset, fault.message);
  const marked = text.replace(/"(?:[^"\\]+|\\.)*"|-?\bInfinity\b|\bNaN\b/g, (token) =>
    token.startsWith('"') ? token : JSON.stringify(MARK + token),
  );
  const revive = (_: string, value: unknown): unknown =>
    typeof value === 'string' && value.startsWith(MARK) ? (bare[value.slice(1)] ?? value) : value;
  return { value: JSON.parse(marked, revive), problems: [] };
}

/** Where it gets too deep. */
function findDepth(text: string): number | undefined {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') at = skipText(text, at);
    else if (character === '[' || character === '{') depth += 1;
    else if (character === ']' || character === '}') depth -= 1;
    if (depth > MOST_DEPTH) return at;
  }
  return undefined;
}

function skipText(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text[end - 1 - slashes] === '\\') slashes += 1;
    if (slashes % 2 === 0) return end;
  }
  return text.length;
}

type State = 'value' | 'valueOrEnd' | 'key' | 'keyOrEnd' | 'colon' | 'commaOrEnd' | 'nothing';

const sentences: Readonly<Record<State, string>> = {
  value: 'a value must stand here',
  valueOrEnd: 'a value or ] must stand here',
  key: 'a name in double quotes must stand here',
  keyOrEnd: 'a name in double quotes or } must stand here',
  colon: 'a colon must stand here',
  commaOrEnd: 'a comma or the end of the list or mapping must stand here',
  nothing: 'nothing more may stand here',
};
const TOKEN =
  /(?:([{}[\],:])|("(?:[^"\\\u0000-\u001f]+|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|NaN|-?Infinity))/y;

/** What may follow a token, given the marks that are still open (changed on the way); undefined where it may not stand. */
type Step = (open: string[], mark: string) => State | undefined;
const partners: Readonly<Partial<Record<string, string>>> = { '}': '{', ']': '[' };

const after: Step = (open) => (open.length === 0 ? 'nothing' : 'commaOrEnd');
const begin: Step = (open, mark) => {
  open.push(mark);
  return mark === '{' ? 'keyOrEnd' : 'valueOrEnd';
};
const end: Step = (open, mark) => {
  if (open.at(-1) !== partners[mark]) return undefined;
  open.pop();
  return after(open, mark);
};
const more: Step = (open) => (open.at(-1) === '{' ? 'key' : 'value');
const value = { '{': begin, '[': begin, 'text': after, 'plain': after };

const steps: Readonly<Record<State, Readonly<Partial<Record<string, Step>>>>> = {
  value,
  valueOrEnd: { ...value, ']': end },
  key: { text: () => 'colon' },
  keyOrEnd: { 'text': () => 'colon', '}': end },
  colon: { ':': () => 'value' },
  commaOrEnd: { ',': more, '}': end, ']': end },
  nothing: {},
};

/** The first place where a text stops being JSON, whatever the engine's own message says of it. */
function findFault(text: string): { readonly offset: number; readonly message: string } | undefined {
  const open: string[] = [];
  let state: State = 'value';
  let at = 0;
  for (;;) {
    const offset = skipBlanks(text, at);
    if (state === 'nothing' && offset === text.length) return undefined;
    TOKEN.lastIndex = offset;
    const [whole = '', mark, quoted] = TOKEN.exec(text) ?? [];
    const kind = whole === '' ? 'none' : (mark ?? (quoted === undefined ? 'plain' : 'text'));
    const next: State | undefined = steps[state][kind]?.(open, kind);
    if (next === undefined) return { offset, message: `This is not JSON: ${sentences[state]}.` };
    [state, at] = [next, offset + whole.length];
  }
}

function skipBlanks(text: string, start: number): number {
  let at = start;
  while (at < text.length && ' \t\r\n'.includes(text.charAt(at))) at += 1;
  return at;
}
