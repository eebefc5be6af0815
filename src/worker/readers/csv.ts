import { readBytes } from './bytes.ts';
import { argumentMistake, dataMistake, quote, type DataFile, type TextPlace } from './mistakes.ts';
import { placeOf, TableBuilder, type Cell, type Table, type TableOptions } from './table.ts';

// Comma-separated values as RFC 4180 has them, read piece by piece: neither the text nor its rows are ever held as a whole.

/** Characters of one field: a longer one is a quote that somebody forgot to close. */
const MAX_FIELD = 1 << 20;
const [QUOTE, LINE_FEED, RETURN] = [34, 10, 13];

export interface CsvOptions extends TableOptions {
  /** One character between two fields; default: a comma. */
  readonly separator?: string;
}

/**
 * The examples of a CSV file whose first row names the columns, `.csv.gz` unpacked on the way. In memory are the numbers of the
 * table, once, and a piece of the file.
 */
export async function readCsv(file: DataFile, options: CsvOptions): Promise<Table> {
  const found: { builder?: TableBuilder } = {};
  await readRows(file, options.separator, (cells) => {
    const { builder } = found;
    if (builder === undefined) found.builder = new TableBuilder(file, namesOf(file, cells), options);
    else if (cells.length === builder.names.length) builder.add(cells);
    else throw wrongLength(file, cells, builder.names.length);
  });
  if (found.builder === undefined) throw dataMistake(file, 'the file is empty; its first row must name the columns.');
  return found.builder.finish();
}

/** The different values of one column, in the order of their characters. */
export async function readCategories(file: DataFile, column: string, separator?: string): Promise<string[]> {
  const found = new Set<string>();
  let at: number | undefined;
  await readRows(file, separator, (cells) => {
    if (at === undefined) at = findColumn(file, namesOf(file, cells), column);
    else found.add(String(cells[at]?.value ?? '').trim());
  });
  return [...found].sort();
}

function findColumn(file: DataFile, names: readonly string[], column: string): number {
  const at = names.indexOf(column);
  if (at === -1) throw dataMistake(file, `there is no column ${quote(column)}. There are ${names.join(', ')}.`);
  return at;
}

function namesOf(file: DataFile, cells: readonly Cell[]): string[] {
  const names = cells.map(({ value }) => String(value).trim());
  const twice = names.findIndex((name, index) => names.indexOf(name) !== index);
  const wrong = twice === -1 ? names.indexOf('') : twice;
  if (wrong === -1) return names;
  const sentence =
    twice === -1
      ? 'a column has no name. The first row must name every column.'
      : `the column ${quote(names[wrong] ?? '')} is there twice. Give each a name of its own.`;
  throw dataMistake(file, sentence, placeOf(cells[wrong]));
}

function wrongLength(file: DataFile, cells: readonly Cell[], expected: number): Error {
  const place = placeOf(cells[Math.min(expected, cells.length - 1)]);
  const sentence = `the row has ${cells.length} fields, the first row names ${expected} columns. A field with the separator in it stands in quotes.`;
  return dataMistake(file, sentence, place);
}

/** Calls `take` for each row; its cells are others afterwards. */
async function readRows(file: DataFile, separator = ',', take: (cells: readonly Cell[]) => void): Promise<void> {
  const splitter = new RowSplitter(file, separator, take);
  // A byte order mark is left out by the decoder.
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const decode = (bytes?: Uint8Array): string => {
    try {
      return decoder.decode(bytes, { stream: bytes !== undefined });
    } catch {
      // Its error says only that it is one.
      throw dataMistake(file, 'the file is not UTF-8 text. Save it as UTF-8.', splitter.place);
    }
  };
  for await (const bytes of readBytes(file)) splitter.push(decode(bytes));
  splitter.push(decode());
  splitter.end();
}

type State = 'start' | 'plain' | 'quoted' | 'closed';

/**
 * Splits text that comes in pieces into rows. Blank lines count for nothing. Cells are used again for the next row: a gigabyte has a
 * hundred million of them.
 */
class RowSplitter {
  readonly #file: DataFile;
  readonly #separator: number;
  #state: State = 'start';
  /** What has come of the field in earlier pieces, or before a doubled quote. */
  #text = '';
  readonly #take: (cells: readonly Cell[]) => void;
  readonly #cells: Cell[] = [];
  readonly #spare: { value: string; line: number; column: number }[] = [];
  #line = 1;
  /** Where the line begins, from the start of the piece; below 0 when in an earlier one. */
  #lineStart = 0;
  #at = 0;
  #fieldLine = 1;
  #fieldColumn = 1;
  #wasReturn = false;

  constructor(file: DataFile, separator: string, take: (cells: readonly Cell[]) => void) {
    if (separator.length !== 1 || '"\r\n'.includes(separator))
      throw argumentMistake(`The separator of a table must be one character, not ${quote(separator)}.`);
    this.#file = file;
    this.#take = take;
    this.#separator = separator.charCodeAt(0);
  }

  get place(): TextPlace {
    return { line: this.#line, column: this.#at - this.#lineStart + 1 };
  }

  push(piece: string): void {
    let from = 0;
    for (this.#at = 0; this.#at < piece.length; this.#at++) {
      const code = piece.charCodeAt(this.#at);
      if (this.#state === 'quoted') {
        if (code === LINE_FEED) this.#beginLine();
        if (code !== QUOTE) continue;
        this.#keep(piece.slice(from, this.#at));
        this.#state = 'closed';
        from = this.#at + 1;
      } else if (code === this.#separator) {
        this.#endField(piece.slice(from, this.#at));
        from = this.#at + 1;
      } else if (code === LINE_FEED || code === RETURN) {
        // The second half of an end of line as Windows has it ends nothing more.
        if (code === LINE_FEED && this.#wasReturn) this.#lineStart = this.#at + 1;
        else this.#endRow(piece.slice(from, this.#at));
        from = this.#at + 1;
      } else if (this.#state !== 'plain') {
        this.#beginOrGoOn(code);
        if (code === QUOTE) from = this.#at + 1;
      }
      this.#wasReturn = code === RETURN;
    }
    this.#keep(piece.slice(from));
    this.#lineStart -= piece.length;
    this.#at = 0;
  }

  /** A character at the start of a field, or behind its closing quote. */
  #beginOrGoOn(code: number): void {
    const isDoubled = this.#state === 'closed';
    if (isDoubled && code !== QUOTE)
      throw dataMistake(
        this.#file,
        'text stands behind a closing quote. A quote within a field is written twice.',
        this.place,
      );
    if (isDoubled) this.#text += '"';
    else this.#beginField();
    this.#state = code === QUOTE ? 'quoted' : 'plain';
  }

  end(): void {
    if (this.#state === 'quoted')
      throw dataMistake(this.#file, 'a quoted field begins here and is not closed.', this.#field);
    this.#endRow('');
  }

  #beginField(): void {
    this.#fieldLine = this.#line;
    this.#fieldColumn = this.#at - this.#lineStart + 1;
  }

  get #field(): TextPlace {
    return { line: this.#fieldLine, column: this.#fieldColumn };
  }

  #beginLine(): void {
    this.#line += 1;
    this.#lineStart = this.#at + 1;
  }

  #keep(text: string): void {
    this.#text += text;
    if (this.#text.length > MAX_FIELD)
      throw dataMistake(
        this.#file,
        `a field begins here that is longer than ${MAX_FIELD} characters. Is its quote closed?`,
        this.#field,
      );
  }

  #endField(rest: string): void {
    if (this.#state === 'start') this.#beginField();
    const index = this.#cells.length;
    const cell = (this.#spare[index] ??= { value: '', line: 1, column: 1 });
    cell.value = this.#text + rest;
    cell.line = this.#fieldLine;
    cell.column = this.#fieldColumn;
    this.#cells.push(cell);
    this.#text = '';
    this.#state = 'start';
  }

  #endRow(rest: string): void {
    const isBlank = this.#cells.length === 0 && this.#state !== 'closed' && (this.#text + rest).trim() === '';
    this.#endField(rest);
    if (!isBlank) this.#take(this.#cells);
    this.#cells.length = 0;
    this.#beginLine();
  }
}
