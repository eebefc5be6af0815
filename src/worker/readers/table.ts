import { dataMistake, quote, type DataFile, type TextPlace } from './mistakes.ts';

// Tables as examples, whatever file they come from: columns of numbers, columns of categories, one or more targets.

/**
 * Numbers that are kept together until the number of rows is known: 32 MiB, from which size on every system's allocator takes memory that is
 * real only where it is written, and gives it back when it is freed.
 */
const BLOCK = 1 << 23;
/** What files write where there is no value. */
const missingWords = /^(|na|n\/a|nan|null|none|\?)$/i;

/** A value as a file has it; `null`: there is none. */
export interface Cell {
  readonly value: string | number | bigint | boolean | null;
  /** Where it begins in a text file. */
  readonly line?: number;
  readonly column?: number;
}

export function placeOf(cell: Cell | undefined): TextPlace | undefined {
  return cell?.line === undefined || cell.column === undefined ? undefined : { line: cell.line, column: cell.column };
}

export interface TableOptions {
  /** The column, or columns, to be learned; default: the last. */
  readonly target?: string | readonly string[];
  /** Columns that go into the model, in this order; default: all but the targets. */
  readonly columns?: readonly string[];
  /** The values of a column of categories. Among the inputs it becomes a 0 or 1 for each, as a target the number of its category. */
  readonly categories?: Readonly<Record<string, readonly string[]>>;
  /** A target of categories becomes a 0 or 1 for each, too. */
  readonly oneHot?: boolean;
  /** What stands for a missing value, by column. */
  readonly fill?: Readonly<Record<string, string | number>>;
}

export interface Table {
  readonly xs: Float32Array;
  readonly ys: Float32Array;
  readonly shape: readonly [number];
  /** What each input of an example is: `age`, `colour=red`. */
  readonly inputs: readonly string[];
}

interface Block {
  /** One row after the other. */
  readonly numbers: Float32Array<ArrayBuffer>;
  rows: number;
}

interface Column {
  readonly name: string;
  readonly at: number;
  /** Null: numbers. */
  readonly categories: ReadonlyMap<string, number> | null;
  readonly fill: string | number | undefined;
  /** A value becomes a 0 or 1 for each category. */
  readonly isSpread: boolean;
  /** Numbers that a value becomes. */
  readonly width: number;
}

/**
 * Takes rows and gives the examples. Values are kept in blocks, each freed when it has been copied into the finished arrays, so the
 * numbers are in memory once.
 */
export class TableBuilder {
  readonly names: readonly string[];
  readonly #file: DataFile;
  readonly #inputs: readonly Column[];
  readonly #targets: readonly Column[];
  readonly #columns: readonly Column[];
  readonly #blocks: Block[] = [];
  readonly #blockRows: number;
  #rows = 0;

  constructor(file: DataFile, names: readonly string[], options: TableOptions) {
    this.#file = file;
    this.names = names;
    const targets = [options.target ?? names.at(-1) ?? ''].flat();
    const inputs = options.columns ?? names.filter((name) => !targets.includes(name));
    for (const name of [...Object.keys(options.categories ?? {}), ...Object.keys(options.fill ?? {})]) this.#find(name);
    this.#inputs = inputs.map((name) => this.#toColumn(name, options, true));
    this.#targets = targets.map((name) => this.#toColumn(name, options, options.oneHot === true));
    this.#columns = [...this.#inputs, ...this.#targets];
    this.#blockRows = Math.max(1, Math.floor(BLOCK / this.#columns.length));
    if (inputs.length === 0) throw dataMistake(file, 'no column is left for the inputs beside the target.');
    const both = inputs.find((name) => targets.includes(name));
    if (both !== undefined)
      throw dataMistake(file, `the column ${quote(both)} is an input and the target. Name it once.`);
  }

  add(cells: readonly Cell[]): void {
    const width = this.#columns.length;
    let block = this.#blocks.at(-1);
    if (block === undefined || block.rows === this.#blockRows) {
      block = { numbers: new Float32Array(this.#blockRows * width), rows: 0 };
      this.#blocks.push(block);
    }
    this.#rows += 1;
    let next = block.rows * width;
    for (const column of this.#columns) block.numbers[next++] = this.#toNumber(column, cells[column.at], this.#rows);
    block.rows += 1;
  }

  /** Adds `rows` rows whose values come column by column. */
  async addColumns(rows: number, read: (name: string) => Promise<ArrayLike<unknown>>): Promise<void> {
    const width = this.#columns.length;
    const numbers = new Float32Array(rows * width);
    for (const [index, column] of this.#columns.entries()) {
      const values = await read(column.name);
      for (let row = 0; row < rows; row++) {
        const cell = { value: toValue(values[row]) };
        numbers[row * width + index] = this.#toNumber(column, cell, this.#rows + row + 1);
      }
    }
    this.#blocks.push({ numbers, rows });
    this.#rows += rows;
  }

  finish(): Table {
    if (this.#rows === 0)
      throw dataMistake(this.#file, 'there are no rows, so the split is empty. Look at the stage that makes the file.');
    const [inputWidth, targetWidth] = [this.#inputs, this.#targets].map(widthOf) as [number, number];
    const xs = new Float32Array(this.#rows * inputWidth);
    const ys = new Float32Array(this.#rows * targetWidth);
    let first = 0;
    for (const block of this.#blocks) {
      const stride = this.#columns.length;
      spread(this.#inputs, { block, stride, offset: 0 }, xs.subarray(first * inputWidth));
      spread(this.#targets, { block, stride, offset: this.#inputs.length }, ys.subarray(first * targetWidth));
      first += block.rows;
      // Its memory goes at once, while the finished arrays fill.
      block.numbers.buffer.transfer(0);
    }
    return { xs, ys, shape: [inputWidth], inputs: this.#inputs.flatMap(namesOf) };
  }

  #find(name: string): number {
    const at = this.names.indexOf(name);
    if (at !== -1) return at;
    throw dataMistake(this.#file, `there is no column ${quote(name)}. There are ${this.names.join(', ')}.`);
  }

  #toColumn(name: string, { categories = {}, fill = {} }: TableOptions, isSpread: boolean): Column {
    const listed = Object.hasOwn(categories, name) ? categories[name] : undefined;
    const isCategories = listed !== undefined && isSpread;
    return {
      name,
      at: this.#find(name),
      categories: listed === undefined ? null : new Map(listed.map((value, index) => [value, index])),
      fill: Object.hasOwn(fill, name) ? fill[name] : undefined,
      isSpread: isCategories,
      width: isCategories ? listed.length : 1,
    };
  }

  #toNumber(column: Column, cell: Cell | undefined, row: number): number {
    const { categories, fill = null } = column;
    const value = meant(cell, categories);
    const given = value ?? fill;
    const number = categories === null || given === null ? toFloat(given) : (categories.get(String(given)) ?? NaN);
    if (Number.isFinite(number)) return number;
    throw this.#mistake(column, value, placeOf(cell) ?? `row ${row}`);
  }

  #mistake({ name, categories }: Column, value: Cell['value'], where: TextPlace | string): Error {
    const column = `the column ${quote(name)}`;
    const advice = `Fill it in or drop the row where the file is made, or give "fill" a value for ${quote(name)}.`;
    const sentence =
      value === null
        ? `${column} has no value here. ${advice}`
        : categories === null
          ? `${quote(String(value))} in ${column} is no number that can be trained on. If the column holds categories, list them in "categories".`
          : `${quote(String(value))} in ${column} is none of its categories (${[...categories.keys()].slice(0, 10).join(', ')}${categories.size > 10 ? ', …' : ''}). Add it to the list, or drop the row.`;
    return typeof where === 'string'
      ? dataMistake(this.#file, `${where}: ${sentence}`)
      : dataMistake(this.#file, sentence, where);
  }
}

/** Null for a word that says that there is nothing, unless it is a category. */
function meant(cell: Cell | undefined, categories: Column['categories']): Cell['value'] {
  const value = cell?.value ?? null;
  if (typeof value !== 'string') return value;
  const text = value.trim();
  return missingWords.test(text) && categories?.has(text) !== true ? null : text;
}

/** Dates, lists and the like are no values to train on: what they are shows in the message. */
export function toValue(value: unknown): Cell['value'] {
  if (value === null || value === undefined) return null;
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean' || typeof value === 'string')
    return value;
  return value instanceof Date ? `the date ${value.toISOString()}` : JSON.stringify(value);
}

/** NaN for what is no number, or none that 32 bits can hold. */
function toFloat(value: string | number | bigint | boolean | null): number {
  if (value === null) return NaN;
  const number = Math.fround(Number(value));
  return Number.isFinite(number) ? number : NaN;
}

function widthOf(columns: readonly Column[]): number {
  return columns.reduce((sum, { width }) => sum + width, 0);
}

function namesOf({ name, categories, isSpread }: Column): string[] {
  return categories === null || !isSpread ? [name] : [...categories.keys()].map((value) => `${name}=${value}`);
}

interface Rows {
  readonly block: Block;
  /** Numbers per row of the block. */
  readonly stride: number;
  readonly offset: number;
}

/** Copies some columns of a block's rows, categories as a 0 or 1 for each where they are to be spread. */
function spread(columns: readonly Column[], { block, stride, offset }: Rows, target: Float32Array): void {
  const { numbers, rows } = block;
  let next = 0;
  for (let row = 0; row < rows; row++)
    for (let index = 0; index < columns.length; index++) {
      const value = numbers[row * stride + offset + index] ?? NaN;
      if (columns[index]?.isSpread === true) target[next + value] = 1;
      else target[next] = value;
      next += columns[index]?.width ?? 1;
    }
}
