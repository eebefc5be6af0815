import { isScalar } from 'yaml';
import type { Parsed } from '../../protocol/problem.ts';
import { isMapping, parseYaml } from '../yaml/yaml.ts';
import { insertEntry } from './insert.ts';

interface Change {
  /** The whole file. */
  readonly text: string;
  /** Line of the key, from 1. */
  readonly line: number;
}

/**
 * Gives the key of a top-level section a word as its value, in the place of its old value or as a new entry. Everything else stays,
 * byte for byte. Without a value when the file can't be read, or when nothing but the value would change can't be made sure.
 */
export function setWord(
  text: string,
  file: string,
  path: readonly [section: string, key: string],
  word: string,
): Parsed<Change> {
  const [section, key] = path;
  const { value: yaml, problems } = parseYaml(text, file);
  if (yaml === undefined) return { value: undefined, problems };
  const node = yaml.document.getIn(path, true);
  if (!isScalar(node) && !yaml.document.hasIn(path)) {
    const entry = {
      key,
      value: word,
      block: ({ indent }: { indent: number }) => `${' '.repeat(indent)}${key}: ${word}\n`,
    };
    const { value: insertion, problems: reasons } = insertEntry(text, file, section, entry);
    return insertion === undefined ? { value: undefined, problems: reasons } : { value: insertion, problems: [] };
  }
  const [start, end] = (isScalar(node) ? node.range : undefined) ?? [0, 0];
  // The parser was given the text without its byte order mark.
  const shift = text.startsWith('\uFEFF') ? 1 : 0;
  // An empty value stands right behind the colon.
  const lead = start === end && text[start + shift - 1] === ':' ? ' ' : '';
  const changed = `${text.slice(0, start + shift)}${lead}${word}${text.slice(end + shift)}`;
  if (!isScalar(node) || !hasOnly(yaml.value, parseYaml(changed, file).value?.value, path, word)) {
    const sentence = `"${section}.${key}" can't be changed without changing other lines; write ${word} by hand.`;
    return { value: undefined, problems: [yaml.problemAt(path, sentence)] };
  }
  return { value: { text: changed, line: yaml.place(path, 'key').line }, problems: [] };
}

/** Everything as it was, and the value as it should be. */
function hasOnly(before: unknown, after: unknown, [section, key]: readonly [string, string], word: string): boolean {
  if (!isMapping(before)) return false;
  const old = before[section];
  const expected = { ...before, [section]: { ...(isMapping(old) ? old : {}), [key]: word } };
  return JSON.stringify(after) === JSON.stringify(expected);
}
