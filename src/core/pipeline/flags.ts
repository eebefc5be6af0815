import { isList, isPyMap, keyText, toPythonText, type PyMap, type PyValue } from './values.ts';

/** The section `[parsing]` of DVC's configuration: how a mapping in `cmd` becomes flags. */
export interface FlagSettings {
  /** `false` is left out, or becomes `--no-name`. */
  readonly bool: 'store_true' | 'boolean_optional';
  /** A list is one flag with all items, or one flag for each. */
  readonly list: 'nargs' | 'append';
}

export const defaultFlags: FlagSettings = { bool: 'store_true', list: 'nargs' };

/**
 * A mapping as the flags that DVC makes of it: nested names joined by dots, texts quoted for the shell, everything else as
 * Python shows it. `nestedAt`: the name of a list within a list, which DVC refuses.
 */
export function toFlags(value: PyMap, settings: FlagSettings): { readonly text: string; readonly nestedAt?: string } {
  const words: string[] = [];
  for (const [name, item] of flatten(value, '')) {
    if (isList(item) && item.some((member) => isList(member) || isPyMap(member))) return { text: '', nestedAt: name };
    words.push(...toWords(`--${name}`, item, settings));
  }
  return { text: words.join(' ') };
}

function* flatten(map: PyMap, prefix: string): Generator<readonly [string, PyValue]> {
  for (const [key, value] of map.entries) {
    const name = prefix + keyText(key);
    if (isPyMap(value)) yield* flatten(value, `${name}.`);
    else yield [name, value];
  }
}

function toWords(flag: string, value: PyValue, { bool, list }: FlagSettings): string[] {
  if (value === true) return [flag];
  if (value === false) return bool === 'boolean_optional' ? [flag.replace('--', '--no-')] : [];
  if (!isList(value)) return [flag, toWord(value)];
  const items = value.map(toWord);
  if (list === 'append') return items.flatMap((item) => [flag, item]);
  return items.length === 0 ? [] : [flag, ...items];
}

function toWord(value: PyValue): string {
  return typeof value === 'string' ? quoteForShell(value) : toPythonText(value);
}

/** As Python's `shlex.quote`. */
function quoteForShell(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'"'"'`)}'`;
}
