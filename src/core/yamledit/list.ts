import { isMap, isScalar, isSeq, type Node, type YAMLSeq } from 'yaml';
import type { Parsed } from '../../protocol/problem.ts';
import { isMapping, parseYaml, type YamlFile } from '../yaml/yaml.ts';
import { insertEntry } from './insert.ts';

interface Addition {
  /** The whole file. */
  readonly text: string;
  /** Line of the key, from 1. */
  readonly line: number;
}

/**
 * Puts values at the end of the list that a key of a top-level section has, or makes key and list where they are missing. Everything
 * else stays, byte for byte. Without a value when the file can't be read, when something else than a list stands there, or when
 * nothing but the list would change can't be made sure.
 */
export function addToList(
  text: string,
  file: string,
  path: readonly [section: string, key: string],
  values: readonly unknown[],
): Parsed<Addition> {
  const [section, key] = path;
  const { value: yaml, problems } = parseYaml(text, file);
  if (yaml === undefined) return { value: undefined, problems };
  if (!yaml.document.hasIn(path)) {
    const flow = values.map(toFlow).join(', ');
    const block = ({ indent }: { indent: number }): string => `${' '.repeat(indent)}${key}: [${flow}]\n`;
    const { value, problems: reasons } = insertEntry(text, file, section, { key, value: values, block });
    return value === undefined ? { value: undefined, problems: reasons } : { value, problems: [] };
  }
  const node = yaml.document.getIn(path, true);
  const changed = isSeq(node) ? appendTo(text, node, values) : undefined;
  if (changed === undefined || !hasOnly(yaml, parseYaml(changed, file).value?.value, path, values)) {
    const sentence = isMap(node)
      ? `"${section}.${key}" is a range: make it a list, or its ends wider.`
      : `Nothing can be added to "${section}.${key}" without changing other lines; write it by hand.`;
    return { value: undefined, problems: [yaml.problemAt(path, sentence)] };
  }
  return { value: { text: changed, line: yaml.place(path, 'key').line }, problems: [] };
}

/** As YAML's flow notation has it: words bare where they stay words. */
export function toFlow(value: unknown): string {
  if (
    typeof value === 'string' &&
    /^[A-Za-z][\w-]*$/.test(value) &&
    !/^(true|false|null|y|n|yes|no|on|off)$/i.test(value)
  )
    return value;
  return Array.isArray(value) ? `[${value.map(toFlow).join(', ')}]` : JSON.stringify(value);
}

function appendTo(text: string, list: YAMLSeq, values: readonly unknown[]): string | undefined {
  const last = list.items.at(-1) as Node | undefined;
  return list.flow === true
    ? appendInLine(text, { start: list.range?.[0] ?? 0, last }, values)
    : appendLines(text, last, values);
}

/** The parser was given the text without its byte order mark. */
function shiftOf(text: string): number {
  return text.startsWith('\uFEFF') ? 1 : 0;
}

function appendInLine(
  text: string,
  { start, last }: { readonly start: number; readonly last: Node | undefined },
  values: readonly unknown[],
): string {
  const offset = (last === undefined ? start + 1 : (last.range?.[1] ?? 0)) + shiftOf(text);
  const lead = last === undefined ? '' : ', ';
  return `${text.slice(0, offset)}${lead}${values.map(toFlow).join(', ')}${text.slice(offset)}`;
}

/** Behind the line of the last value, where that is one line. */
function appendLines(text: string, last: Node | undefined, values: readonly unknown[]): string | undefined {
  const isLine = isScalar(last) || (isSeq(last) && last.flow === true);
  if (!isLine || last.range === undefined || last.range === null) return undefined;
  const [start, end] = [last.range[0] + shiftOf(text), last.range[1] + shiftOf(text)];
  const lead = /^[ \t]*-[ \t]+/.exec(text.slice(text.lastIndexOf('\n', start - 1) + 1, start))?.[0];
  if (lead === undefined) return undefined;
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const lines = values.map((value) => `${lead}${toFlow(value)}${eol}`).join('');
  const lineEnd = text.indexOf('\n', end - 1);
  return lineEnd === -1 ? `${text}${eol}${lines}` : text.slice(0, lineEnd + 1) + lines + text.slice(lineEnd + 1);
}

/** Everything as it was, and the list longer by the values. */
function hasOnly(
  before: YamlFile,
  after: unknown,
  [section, key]: readonly [string, string],
  values: readonly unknown[],
): boolean {
  if (!isMapping(before.value)) return false;
  const old = before.value[section];
  const list: unknown = isMapping(old) ? old[key] : undefined;
  if (!isMapping(old) || !Array.isArray(list)) return false;
  const expected = { ...before.value, [section]: { ...old, [key]: [...(list as unknown[]), ...values] } };
  return JSON.stringify(after) === JSON.stringify(expected);
}
