// Comma-separated values, as RFC 4180 has them: fields with commas, quotes or line breaks stand in quotes.
import { readFileSync } from 'node:fs';

/** Rows of a CSV file as records, by the names in its first line. */
export function readCsv(file: string): Record<string, string>[] {
  return parseCsv(readFileSync(file, 'utf8'));
}

export function parseCsv(text: string): Record<string, string>[] {
  const rows: string[][] = [[]];
  const field = /("(?:[^"]|"")*"|(?!")[^,\r\n]*)(,|\r?\n|$)/y;
  while (field.lastIndex < text.length) {
    const match = field.exec(text);
    if (match === null)
      throw new Error(`Line ${rows.length}: a quoted field is not closed, or goes on behind its quote.`);
    const [, value, end] = match;
    rows[rows.length - 1].push(value.startsWith('"') ? value.slice(1, -1).replaceAll('""', '"') : value);
    if (end !== ',') rows.push([]);
    // A comma at the very end stands before one more, empty field.
    else if (field.lastIndex === text.length) rows[rows.length - 1].push('');
  }
  const [header = [], ...lines] = rows.filter((row) => row.length > 0);
  return lines.map((row) => Object.fromEntries(header.map((name, column) => [name, row[column] ?? ''])));
}

export function formatCsv(header: string[], rows: (string | number)[][]): string {
  const quote = (value: string | number) =>
    /[",\r\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : value;
  return [header, ...rows].map((row) => `${row.map(quote).join(',')}\n`).join('');
}
