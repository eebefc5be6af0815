import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createReaders } from '../../../src/worker/readers/readers.ts';
import { readySamples, renderProject } from './rendered.ts';

// The pure functions of the templates, run from the template files themselves.
interface Idx {
  shape: number[];
  data: Uint8Array;
}
const load = async <T>(file: string): Promise<T> =>
  (await import(pathToFileURL(path.resolve('templates', file)).href)) as T;

const idx = await load<{
  parseIdx: (bytes: Uint8Array) => Idx;
  formatIdx: (idx: Idx) => Uint8Array;
  readIdx: (file: string) => Idx;
}>('mnist/src/data/idx.ts');
const csv = await load<{
  parseTable: (text: string, name: string) => { columns: string[]; rows: { line: number; fields: string[] }[] };
  readCsv: (file: string) => Record<string, string>[];
  formatCsv: (header: string[], rows: (string | number)[][]) => string;
}>('skeleton/src/data/csv.ts');
const sampling = await load<{
  stratifiedSplit: (labels: number[], share: number, seed: number) => { kept: number[]; taken: number[] };
}>('skeleton/src/data/sampling.ts');
const image = await load<{
  prepareDigit: (pixels: Uint8Array, width: number, height: number) => Float32Array;
}>('mnist/src/data/image.ts');
const svg = await load<{
  ticks: (low: number, high: number) => number[];
  text: (x: number, y: number, content: string) => string;
}>('skeleton/src/visualization/svg.ts');

test('IDX: what was written is read, and broken files are named', () => {
  const digits = { shape: [2, 2, 3], data: Uint8Array.from({ length: 12 }, (_, i) => i) };
  const bytes = idx.formatIdx(digits);
  expect([...bytes.subarray(0, 8)]).toEqual([0, 0, 8, 3, 0, 0, 0, 2]);
  expect(idx.parseIdx(bytes)).toEqual(digits);
  expect(() => idx.parseIdx(bytes.subarray(0, 27))).toThrow('11 values instead of 2 × 2 × 3');
  expect(() => idx.parseIdx(bytes.subarray(0, 9))).toThrow('ends within its header');
  expect(() => idx.parseIdx(Uint8Array.from([1, 2, 3, 4]))).toThrow('not an IDX file');
  expect(() => idx.parseIdx(Uint8Array.from([0, 0, 13, 0]))).toThrow('type 13');
});

test('CSV: what was written is read', async () => {
  const rows = [
    ['plain', 'with, comma'],
    ['with "quotes"', 'two\nlines'],
    ['', ''],
  ];
  await withFile(csv.formatCsv(['b', '1'], rows), (file) =>
    expect(csv.readCsv(file)).toEqual(rows.map(([b, one]) => ({ b, 1: one }))),
  );
});

describe('CSV: columns, and the line and fields of each row', () => {
  const cases: [name: string, text: string, columns: string[], ...rows: [line: number, ...fields: string[]][]][] = [
    ['nothing', '', []],
    ['no line break at the end', 'a,b\r\n1,2', ['a', 'b'], [2, '1', '2']],
    ['an empty field at the end', 'a,b\n1,', ['a', 'b'], [2, '1', '']],
    ['an empty field in the middle', 'a,b,c\n1,,3\n', ['a', 'b', 'c'], [2, '1', '', '3']],
    ['blank lines', '\na,b\n\n1,2\r\n\r\n3,4\n\n', ['a', 'b'], [4, '1', '2'], [6, '3', '4']],
    ['columns that are numbers stay in their order', 'x,1,0\n5,6,7\n', ['x', '1', '0'], [2, '5', '6', '7']],
    ['line breaks in quotes', 'a,b\n"1\n2",3\n4,5\n', ['a', 'b'], [2, '1\n2', '3'], [4, '4', '5']],
    ['an empty text in a table of one column', 'a\n""\n', ['a'], [2, '']],
  ];
  test.each(cases)('%s', (_, text, columns, ...rows) => {
    expect(csv.parseTable(text, 'x.csv')).toEqual({
      columns,
      rows: rows.map(([line, ...fields]) => ({ line, fields })),
    });
  });

  test.each([
    ['a field too few', 'a,b\n1,2\n3\n', 'x.csv:3: 1 instead of 2 fields.'],
    ['a field too many', 'a\n"1\n"\n3,4', 'x.csv:4: 2 instead of 1 fields.'],
    ['an open quote', 'a\n1\n"open', 'x.csv:3: a quoted field is not closed'],
  ])('%s is told with its line', (_, text, message) => {
    expect(() => csv.parseTable(text, 'x.csv')).toThrow(message);
  });
});

describe('the table of the blank template', () => {
  let project: Awaited<ReturnType<typeof renderProject>>;
  beforeAll(async () => {
    project = await renderProject('blank');
  });
  afterAll(() => project.remove());

  const loadTable = async (text: string): Promise<unknown> => {
    const { load: loadSplit } = await load<{
      load: (split: string, config: unknown, read: unknown) => Promise<unknown>;
    }>(path.join(project.root, 'src/models/baseline/dataloader.ts'));
    const read = createReaders({ projectRoot: project.root, check: () => undefined });
    return withFile(text, (file) =>
      loadSplit('train', { data: { dataset_path: path.dirname(file) }, model: { num_inputs: 2 } }, read),
    );
  };

  test('the last column is the target, whatever the columns are called', async () => {
    expect(await loadTable('x,1,0\n5,6,7\n\n-1,2e3,0.5\n')).toEqual({
      xs: Float32Array.of(5, 6, -1, 2000),
      ys: Float32Array.of(7, 0.5),
      shape: [2],
    });
  });

  test.each([
    ['an empty field', 'a,b,c\n1,,3\n', /train\.csv:2:3: the column "b" has no value here\. Fill it in or drop the row/],
    ['a field of blanks', 'a,b,c\n\n1,2, \n', /train\.csv:3:5: the column "c" has no value here/],
    ['a word', 'a,b,c\n1,2,3\nx,2,3\n', /train\.csv:3:1: "x" in the column "a" is no number/],
    ['a number beyond numbers', 'a,b,c\n1e999,2,3\n', /train\.csv:2:1: "1e999" in the column "a" is no number/],
    ['another number of columns', 'a,b\n1,2\n', /train\.csv has the inputs a and a target; 2 inputs \(num_inputs in the configuration\) are/],
  ])('%s is refused with its place', async (_, text, message) => {
    await expect(loadTable(text)).rejects.toThrow(message);
  });
});

/** Calls `use` with a file train.csv of this text. */
async function withFile<T>(text: string, use: (file: string) => T | Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'mlops-csv-'));
  const file = path.join(folder, 'train.csv');
  await writeFile(file, text);
  try {
    return await use(file);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('split: every class keeps its share, nothing is lost, and the seed decides', () => {
  const labels = Array.from({ length: 1000 }, (_, i) => (i < 700 ? 0 : i < 900 ? 1 : 2));
  const { kept, taken } = sampling.stratifiedSplit(labels, 0.1, 42);
  expect([0, 1, 2].map((label) => taken.filter((i) => labels[i] === label).length)).toEqual([70, 20, 10]);
  expect([...kept, ...taken].sort((a, b) => a - b)).toEqual(labels.map((_, i) => i));
  expect(sampling.stratifiedSplit(labels, 0.1, 42)).toEqual({ kept, taken });
  expect(sampling.stratifiedSplit(labels, 0.1, 43).taken).not.toEqual(taken);
});

/** A page with a filled rectangle of ink. */
function page(
  width: number,
  height: number,
  box: [number, number, number, number],
  ink: number,
  paper: number,
): Uint8Array {
  const [left, top, right, bottom] = box;
  return Uint8Array.from({ length: width * height }, (_, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    return x >= left && x < right && y >= top && y < bottom ? ink : paper;
  });
}

function boxOf(field: Float32Array): number[] {
  const places = [...field.keys()].filter((i) => field[i]! > 0).map((i) => [i % 28, Math.floor(i / 28)] as const);
  const [xs, ys] = [places.map(([x]) => x), places.map(([, y]) => y)];
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs) + 1, Math.max(...ys) + 1];
}

test('a picture from outside: cropped, scaled to 20 pixels with its aspect, in the middle, ink 255', () => {
  const prepared = image.prepareDigit(page(200, 120, [150, 10, 170, 50], 30, 240), 200, 120);
  expect(prepared).toHaveLength(784);
  expect(boxOf(prepared)).toEqual([10, 5, 20, 25]);
  expect(Math.max(...prepared)).toBe(255);
});

test('light ink on a dark page gives the same', () => {
  const dark = image.prepareDigit(page(90, 90, [5, 5, 45, 35], 20, 250), 90, 90);
  const light = image.prepareDigit(page(90, 90, [40, 50, 80, 80], 230, 10), 90, 90);
  expect(boxOf(light)).toEqual(boxOf(dark));
  expect(light).toEqual(dark);
});

test('an empty page, a single pixel and faint dirt do no harm', () => {
  expect(image.prepareDigit(new Uint8Array(100).fill(255), 10, 10)).toEqual(new Float32Array(784));
  expect(boxOf(image.prepareDigit(Uint8Array.of(0), 1, 1))).toEqual([Infinity, Infinity, -Infinity, -Infinity]);
  const dirty = page(60, 60, [20, 20, 40, 40], 0, 255);
  const clean = image.prepareDigit(dirty, 60, 60);
  dirty[60 * 59 + 30] = 200;
  expect(image.prepareDigit(dirty, 60, 60)).toEqual(clean);
});

test('a digit of the data set comes back almost as it was', async () => {
  const { data } = idx.parseIdx(gunzipSync(await readFile(path.join(await readySamples(), 'mnist/test_images.gz'))));
  for (const i of [0, 1, 2, 3, 4]) {
    const digit = data.subarray(i * 784, (i + 1) * 784);
    const again = image.prepareDigit(digit, 28, 28);
    const overlap = again.reduce((sum, ink, at) => sum + Math.min(ink, digit[at]!), 0);
    expect(overlap / digit.reduce((sum, ink) => sum + ink, 0)).toBeGreaterThan(0.95);
  }
});

test('figures: ticks are round, and texts can not become markup', () => {
  expect(svg.ticks(0, 1)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
  expect(svg.ticks(1, 12)).toEqual([2, 4, 6, 8, 10, 12]);
  expect(svg.ticks(0.9, 0.98)).toEqual([0.9, 0.92, 0.94, 0.96, 0.98]);
  expect(svg.text(1, 2, '<a href="x">&')).toBe('<text x="1" y="2">&lt;a href=&quot;x&quot;>&amp;</text>');
});
