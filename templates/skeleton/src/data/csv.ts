// Comma-separated values, as RFC 4180 has them: fields with commas, quotes or line breaks stand in quotes. Blank lines count for
// nothing; any other line must have as many fields as the first, which names the columns.
import { readFileSync } from 'node:fs';

export interface Table {
  columns: string[];
  rows: Row[];
}

/** The fields in the order of the columns, as they stand there: an empty one is ''. */
export interface Row {
  /** Where it begins in the file; the first line is 1. */
  line: number;
  fields: string[];
}

export function readTable(file: string): Table {
  return parseTable(readFileSync(file, 'utf8'), file);
}

/** Rows of a CSV file as records, by the names of the columns. */
export function readCsv(file: string): Record<string, string>[] {
  const { columns, rows } = readTable(file);
  return rows.map(({ fields }) => Object.fromEntries(columns.map((name, column) => [name, fields[column]])));
}

/** `name` stands in errors. */
export function parseTable(text: string, name: string): Table {
  const rows: Row[] = [];
  const pattern = /("(?:[^"]|"")*"|(?!")[^,\r\n]*)(,|\r?\n|$)/y;
  let line = 1;
  let row: Row = { line, fields: [] };
  // Behind a comma at the very end stands one more, empty field.
  while (pattern.lastIndex < text.length || row.fields.length > 0) {
    const match = pattern.exec(text);
    if (match === null) throw new Error(`${name}:${line}: a quoted field is not closed, or goes on behind its quote.`);
    const [whole, field, end] = match;
    row.fields.push(field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field);
    line += whole.split('\n').length - 1;
    if (end === ',') continue;
    if (row.fields.length > 1 || field !== '') rows.push(row);
    row = { line, fields: [] };
  }

  const columns = rows.shift()?.fields ?? [];
  for (const { line, fields } of rows)
    if (fields.length !== columns.length)
      throw new Error(`${name}:${line}: ${fields.length} instead of ${columns.length} fields.`);
  return { columns, rows };
}

export function formatCsv(header: string[], rows: (string | number)[][]): string {
  const quote = (value: string | number) =>
    /[",\r\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : value;
  return [header, ...rows].map((row) => `${row.map(quote).join(',')}\n`).join('');
}
