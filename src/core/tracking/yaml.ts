import { compareCodePoints } from '../names/names.ts';

export type YamlValue = string | number | boolean | null | readonly YamlValue[] | YamlMapping;
interface YamlMapping {
  readonly [key: string]: YamlValue;
}

/**
 * YAML as MLflow writes it (PyYAML's safe_dump: block style, keys sorted by code point, YAML 1.1). Any text that a YAML 1.1 or
 * 1.2 reader could take for something else than a text is quoted. Lines are never folded.
 */
export function formatMlflowYaml(value: Readonly<Record<string, YamlValue>>): string {
  return `${mappingLines(value).join('\n')}\n`;
}

function mappingLines(value: Readonly<Record<string, YamlValue>>): string[] {
  return Object.keys(value)
    .sort(compareCodePoints)
    .flatMap((key) => {
      const item = value[key] ?? null;
      const name = quoteText(key);
      if (isNested(item)) return [`${name}:`, ...mappingLines(item).map((line) => `  ${line}`)];
      return [`${name}: ${formatScalar(item)}`];
    });
}

function isNested(value: YamlValue): value is YamlMapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0;
}

/** Lists are written in flow style, which is JSON. */
function formatScalar(value: YamlValue): string {
  if (typeof value === 'string') return quoteText(value);
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}

/** Starts with a letter, `/` or `_`, so it can be no number, date or sexagesimal; no `: `, no ` #`, no odd character. */
const PLAIN = /^[A-Za-z/_](?:[\w./@+%~=-]|:(?=[\w/])| (?=[\w./]))*$/;
const WORDS = /^(?:y|n|yes|no|on|off|true|false|null)$/i;
/** Ids of runs: with a letter other than e they can't be read as a number (`0b…` could, as a binary one). */
const HEX_ID = /^(?!0b)(?=.*[abcdf])[0-9a-f]{32}$/;
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/;

export function quoteText(text: string): string {
  const clean = text.toWellFormed();
  if (UNPRINTABLE.test(clean)) return quoteEscaped(clean);
  if (HEX_ID.test(clean) || (PLAIN.test(clean) && !WORDS.test(clean))) return clean;
  return `'${clean.replaceAll("'", "''")}'`;
}

/** JSON's escapes are all YAML escapes too, but JSON leaves some characters as they are that YAML would fold or refuse. */
function quoteEscaped(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
