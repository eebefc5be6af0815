import { formatFloat, isList, isPyMap, resolvePlain, type PyMap, type PyValue } from './values.ts';

// YAML text in the shape that DVC writes: block style, indented by 2, dashes in the parent's column, scalars folded once a
// line is longer than 80 columns, quotes only where needed. So a lock that DVC rewrites shows no difference in Git.

const WIDTH = 80;

/** How far dashes stand in of their key's column; DVC itself: not at all. */
export interface EmitStyle {
  readonly dashes: 0 | 2;
}

/** Lines of a block mapping, each ending in a line break, starting at `indent` columns. */
export function emitMapping(map: PyMap, indent: number, style: EmitStyle = { dashes: 0 }): string {
  return map.entries.map(([key, value]) => emitPair(key, value, indent, { lead: ' '.repeat(indent), style })).join('');
}

interface Line {
  /** What stands before it in its line. */
  readonly lead: string;
  readonly style: EmitStyle;
}

function emitPair(key: PyValue, value: PyValue, indent: number, { lead, style }: Line): string {
  const head = `${lead}${formatScalar(key, { column: lead.length, indent, isKey: true })}:`;
  return head + emitValue(value, indent, head.length, { dashIndent: indent + style.dashes, style });
}

function emitValue(
  value: PyValue,
  indent: number,
  column: number,
  { dashIndent, style }: { dashIndent: number; style: EmitStyle },
): string {
  if (isPyMap(value)) return value.entries.length === 0 ? ' {}\n' : `\n${emitMapping(value, indent + 2, style)}`;
  if (isList(value))
    return value.length === 0
      ? ' []\n'
      : `\n${emitSequence(value, dashIndent, { lead: ' '.repeat(dashIndent), style })}`;
  const text = formatScalar(value, { column: column + 1, indent: indent + 2, isKey: false });
  return text === '' ? '\n' : ` ${text}\n`;
}

function emitSequence(items: readonly PyValue[], indent: number, { lead, style }: Line): string {
  return items
    .map((item, index) => emitItem(item, indent, { lead: index === 0 ? lead : ' '.repeat(indent), style }))
    .join('');
}

/** An item's first line carries the dash; a nested collection starts on that very line. */
function emitItem(item: PyValue, indent: number, { lead, style }: Line): string {
  const head = `${lead}- `;
  if (isPyMap(item) && item.entries.length > 0) {
    return item.entries
      .map(([key, value], index) =>
        emitPair(key, value, indent + 2, { lead: index === 0 ? head : ' '.repeat(indent + 2), style }),
      )
      .join('');
  }
  if (isList(item) && item.length > 0) return emitSequence(item, indent + 2, { lead: head, style });
  return item === null
    ? `${head}\n`
    : `${lead}-${emitValue(item, indent, lead.length + 1, { dashIndent: indent, style })}`;
}

interface ScalarPlace {
  /** Column at which the scalar starts, from 0. */
  readonly column: number;
  /** Indentation of its further lines. */
  readonly indent: number;
  readonly isKey: boolean;
}

function formatScalar(value: PyValue, place: ScalarPlace): string {
  if (value === null) return place.isKey ? 'null' : '';
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return formatText(value, place);
  if (isList(value) || isPyMap(value)) throw new Error('A collection can not be a key in a lock file.');
  switch (value.kind) {
    case 'int':
      return String(value.value);
    case 'float':
      return formatFloat(value.value, { nan: '.nan', infinity: '.inf' });
    case 'date':
    case 'other':
      return value.source;
  }
}

// What an unquoted scalar may not contain: indicators at its start, ': ' and ' #' within, outer spaces, line breaks.
const BAD_START = /^(?:[#,[\]{}&*!|>'"%@`]|[?:-](?=[\s\u0085\u2028\u2029]|$)|---|\.\.\.)/;
const BAD_WITHIN = /:(?=[\0 \t\r\n\u0085\u2028\u2029]|$)|[\0 \t\r\n\u0085\u2028\u2029]#/;
const LINE_BREAK = /[\n\u0085\u2028\u2029]/;
/** Anything but printable characters and line feeds: only double quotes can carry it. */
const SPECIAL = /[^\n\u0020-\u007e\u0085\u00a0-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]/u;
const SPACE_AT_BREAK = / [\n\u0085\u2028\u2029]|[\n\u0085\u2028\u2029] /;

function formatText(text: string, place: ScalarPlace): string {
  if (isPlain(text)) return foldPlain(text, place);
  if (/['\n]/.test(text) || SPECIAL.test(text) || SPACE_AT_BREAK.test(text) || (place.isKey && LINE_BREAK.test(text)))
    return escapeDouble(text, place);
  return foldSingle(text, place);
}

function isPlain(text: string): boolean {
  const readsAsText = typeof resolvePlain(text) === 'string' && text !== '=' && text !== '<<';
  const forbidden = [BAD_START, BAD_WITHIN, LINE_BREAK, SPECIAL, /^ | $/];
  return readsAsText && !forbidden.some((pattern) => pattern.test(text));
}

/**
 * Breaks a long unquoted text at single spaces: in place of one once the width is reached, behind one (which then ends its line)
 * where the next word would pass it. Either is read back as that one space; at longer runs of spaces nothing may break.
 */
function foldPlain(text: string, { column, indent, isKey }: ScalarPlace): string {
  if (isKey) return text;
  let at = column;
  let out = '';
  let previous = ' ';
  for (const [part] of text.matchAll(/ +|[^ ]+/g)) {
    const length = Array.from(part).length;
    const isGap = part.startsWith(' ');
    const breaks = isGap ? part === ' ' && at >= WIDTH : previous === ' ' && at + length > WIDTH && at > indent;
    if (breaks) out += `\n${' '.repeat(indent)}`;
    if (breaks) at = indent;
    if (!(breaks && isGap)) {
      out += part;
      at += length;
    }
    previous = part;
  }
  return out;
}

/** Breaks in place of single spaces once the width is passed; quotes inside are doubled. */
function foldSingle(text: string, { column, indent, isKey }: ScalarPlace): string {
  const parts = text.match(/ +|[^ ]+/g) ?? [];
  let at = column + 1;
  let out = '';
  for (const [index, part] of parts.entries()) {
    const isInner = index > 0 && index < parts.length - 1;
    if (part === ' ' && at > WIDTH && isInner && !isKey) {
      out += `\n${' '.repeat(indent)}`;
      at = indent;
    } else {
      out += part.replaceAll("'", "''");
      at += Array.from(part).length;
    }
  }
  return `'${out}'`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\0': '0',
  '\u0007': 'a',
  '\b': 'b',
  '\t': 't',
  '\n': 'n',
  '\v': 'v',
  '\f': 'f',
  '\r': 'r',
  '\u001b': 'e',
  '"': '"',
  '\\': '\\',
  '\u0085': 'N',
  '\u00a0': '_',
  '\u2028': 'L',
  '\u2029': 'P',
};

function escapeChar(char: string): string | undefined {
  const known = ESCAPES[char];
  // A no-break space is printable here; it only has a short form where something escapes it.
  if (known !== undefined && char !== '\u00a0') return `\\${known}`;
  if (!SPECIAL.test(char) && char !== '\n') return undefined;
  const code = char.codePointAt(0) ?? 0;
  const [letter, width] =
    code <= 0xff ? (['x', 2] as const) : code <= 0xffff ? (['u', 4] as const) : (['U', 8] as const);
  return `\\${letter}${code.toString(16).toUpperCase().padStart(width, '0')}`;
}

/**
 * Escapes, and breaks the line at a space or behind an escape once the width is passed. Such a break is read back as one space,
 * so it may stand for a space; elsewhere, or where quotes or more spaces follow, a backslash keeps the text as it is.
 */
function escapeDouble(text: string, { column, indent, isKey }: ScalarPlace): string {
  const chars = Array.from(text);
  const width = isKey ? Infinity : WIDTH;
  let out = '';
  let at = column + 1;
  let pending: string[] = [];
  for (let index = 0; index < chars.length; index += 1) {
    const char = chars[index] ?? '';
    const escaped = escapeChar(char);
    if (escaped !== undefined) {
      out += pending.join('') + escaped;
      at += pending.length + escaped.length;
      pending = [];
    }
    const isEscape = Number(escaped !== undefined);
    const isBreakable = (char === ' ' || pending.length === 0) && index > 0 && index < chars.length - 1;
    // An escape itself may pass the width by one.
    if (isBreakable && at + pending.length - isEscape > width) {
      const space = index + isEscape;
      const folds = pending.length + isEscape > 0 && canFold(chars, index, space);
      out += `${pending.join('')}${folds ? '' : '\\'}\n${' '.repeat(indent)}`;
      at = indent;
      pending = startOfLine(chars[space], { folds, isOwn: isEscape === 0 });
      if (chars[space] === ' ') index = space;
    } else if (escaped === undefined) pending.push(char);
  }
  return `"${out}${pending.join('')}"`;
}

/** What a new line starts with: nothing where the break stands for the space, else the space itself, guarded by a backslash. */
function startOfLine(char: string | undefined, { folds, isOwn }: { folds: boolean; isOwn: boolean }): string[] {
  if (char === ' ') return folds ? [] : ['\\', ' '];
  return isOwn && char !== undefined ? [char] : [];
}

/** True when the break may simply stand for the space at `space`: no quote or line's end before it, a word right behind it. */
function canFold(chars: readonly string[], from: number, space: number): boolean {
  if (chars[space] !== ' ') return false;
  const next = chars[space + 1];
  if (next === undefined || next === ' ' || next === '\n') return false;
  if (chars[from - 1] === ' ' && chars[from] === ' ') return false;
  return !chars.slice(from, space).some((char) => ['"', "'", '\n'].includes(char));
}
