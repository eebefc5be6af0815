import type { Parsed, Problem } from '../../protocol/problem.ts';
import { shortenProblems, type Table } from './table.ts';

interface Field {
  readonly text: string;
  readonly line: number;
  readonly column: number;
}

/**
 * CSV as RFC 4180 has it, or TSV: quoted fields may hold separators, line ends and doubled quotes. The first line names the columns. A line with too few or too many fields is a warning at
 * its place: what it lacks is null, what it has too many is left out.
 */
export function parseDelimited(text: string, file: string, separator: ',' | '\t'): Parsed<Table> {
  const { records, problems } = splitRecords(text.replace(/^\uFEFF/, ''), file, separator);
  const [head, ...body] = records;
  if (head === undefined) {
    const message = 'The file is empty. Its first line must name the columns.';
    return { value: undefined, problems: [{ file, line: 1, column: 1, severity: 'error', message }] };
  }
  const columns = head.map(({ text: name }) => name);
  const ragged: Problem[] = [];
  const rows = body.map((fields) => {
    if (fields.length !== columns.length) {
      const { line, column } = fields[columns.length] ?? fields[0] ?? { line: 1, column: 1 };
      const message = `The line has ${fields.length} fields, the first line names ${columns.length} columns.`;
      ragged.push({ file, line, column, severity: 'warning', message });
    }
    return columns.map((_, i) => fields[i]?.text ?? null);
  });
  return { value: { columns, rows }, problems: [...problems, ...shortenProblems(ragged)] };
}

function splitRecords(text: string, file: string, separator: string): { records: Field[][]; problems: Problem[] } {
  const records: Field[][] = [];
  const problems: Problem[] = [];
  let fields: Field[] = [];
  let [at, line, lineStart] = [0, 1, 0];
  while (at < text.length) {
    const place = { line, column: at - lineStart + 1 };
    const field = text[at] === '"' ? readQuoted(text, at) : readPlain(text, at, separator);
    if (field.isOpen)
      problems.push({
        file,
        ...place,
        severity: 'error',
        message: 'The quotation mark that opens here is never closed.',
      });
    fields.push({ text: field.text, ...place });
    for (let i = at; i < field.end; i += 1) if (text[i] === '\n') [line, lineStart] = [line + 1, i + 1];
    at = field.end;
    if (text[at] === separator) {
      at += 1;
      if (at < text.length) continue;
      fields.push({ text: '', line, column: at - lineStart + 1 });
    }
    if (text[at] === '\r' && text[at + 1] === '\n') at += 1;
    if (at < text.length) [at, line, lineStart] = [at + 1, line + 1, at + 1];
    if (!isBlank(fields)) records.push(fields);
    fields = [];
  }
  return { records, problems };
}

const isBlank = (fields: readonly Field[]): boolean => fields.length === 1 && fields[0]?.text.trim() === '';

interface ReadField {
  readonly text: string;
  readonly end: number;
  readonly isOpen: boolean;
}

function readPlain(text: string, start: number, separator: string): ReadField {
  let end = start;
  while (end < text.length && text[end] !== separator && text[end] !== '\n') end += 1;
  const isBeforeLineEnd = text[end] !== separator && text[end - 1] === '\r' && end > start;
  if (isBeforeLineEnd) end -= 1;
  return { text: text.slice(start, end), end, isOpen: false };
}

/** What stands between the closing mark and the next separator is kept, as most readers do. */
function readQuoted(text: string, start: number): ReadField {
  const parts: string[] = [];
  let from = start + 1;
  for (;;) {
    const mark = text.indexOf('"', from);
    if (mark < 0) return { text: parts.join('') + text.slice(from), end: text.length, isOpen: true };
    parts.push(text.slice(from, mark));
    if (text[mark + 1] !== '"') return { text: parts.join(''), end: mark + 1, isOpen: false };
    parts.push('"');
    from = mark + 2;
  }
}
