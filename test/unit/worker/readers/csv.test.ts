import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { CsvOptions } from '../../../../src/worker/readers/csv.ts';
import { failureOf, withFiles } from './files.ts';

describe('a table', () => {
  async function check(text: string, options: CsvOptions, xs: number[], ys: number[]): Promise<void> {
    await withFiles({ 'data/train.csv': text }, async ({ read }) => {
      const table = await read.csv('data/train.csv', options);
      expect([...table.xs]).toEqual(xs);
      expect([...table.ys]).toEqual(ys);
    });
  }
  const colours = { colour: ['red', 'green', 'blue'] };
  const cases: Record<string, [text: string, options: CsvOptions, xs: number[], ys: number[]]> = {
    'the last column is the target': ['a,b,c\n1,2,3\n4,5,6\n', {}, [1, 2, 4, 5], [3, 6]],
    'without a line end at its end': ['a,b\n1,2', {}, [1], [2]],
    'line ends of Windows': ['a,b\r\n1,2\r\n3,4\r\n', {}, [1, 3], [2, 4]],
    'line ends of old Macs': ['a,b\r1,2\r3,4\r', {}, [1, 3], [2, 4]],
    'a byte order mark': ['\uFEFFa,b\n1,2\n', { target: 'a' }, [2], [1]],
    'blank lines and blanks': ['a,b\n\n 1 , 2\n \n3,4\n\n', {}, [1, 3], [2, 4]],
    'quotes': ['"a","b"\n"1","2"\n', {}, [1], [2]],
    'separators, quotes and line ends in quotes': [
      'a,"one, ""two""\nthree",b\n1,2,3\n',
      { columns: ['one, "two"\nthree'] },
      [2],
      [3],
    ],
    'another separator': ['a;b\n1;2.5\n', { separator: ';' }, [1], [2.5]],
    'signs, exponents and fractions': ['a,b\n-1e-2,+.5\n', {}, [Math.fround(-0.01)], [0.5]],
    'a target in the middle': ['a,b,c\n1,2,3\n', { target: 'b' }, [1, 3], [2]],
    'several targets': ['a,b,c\n1,2,3\n', { target: ['c', 'a'] }, [2], [3, 1]],
    'chosen columns in their order': ['a,b,c,d\n1,2,3,4\n', { columns: ['c', 'a'] }, [3, 1], [4]],
    'categories become a 0 or 1 for each': [
      'colour,size,y\ngreen,7,1\nblue,8,0\n',
      { categories: colours },
      [0, 1, 0, 7, 0, 0, 1, 8],
      [1, 0],
    ],
    'one category': ['c,y\nonly,1\n', { categories: { c: ['only'] } }, [1], [1]],
    'a target of categories becomes its number': ['x,colour\n1,blue\n2,red\n', { categories: colours }, [1, 2], [2, 0]],
    'or a 0 or 1 for each': ['x,colour\n1,blue\n', { categories: colours, oneHot: true }, [1], [0, 0, 1]],
    'a value for what is missing': ['a,b\n,1\nNA,2\n3,4\n', { fill: { a: -1 } }, [-1, -1, 3], [1, 2, 4]],
    'a category for what is missing': [
      'colour,y\n,1\n',
      { categories: colours, fill: { colour: 'red' } },
      [1, 0, 0],
      [1],
    ],
    'nothing as a category': ['c,y\n,1\n', { categories: { c: ['', 'x'] } }, [1, 0], [1]],
  };
  test.each(Object.entries(cases))('%s', (_, args) => check(...args));

  test('packed by gzip', () =>
    withFiles({ 'train.csv.gz': gzipSync('a,b\n1,2\n') }, async ({ read }) => {
      expect([...(await read.csv('train.csv.gz')).xs]).toEqual([1]);
    }));

  test('says what its inputs are', () =>
    withFiles({ 'train.csv': 'age,colour,y\n1,red,2\n' }, async ({ read }) => {
      const table = await read.csv('train.csv', { categories: colours });
      expect(table.inputs).toEqual(['age', 'colour=red', 'colour=green', 'colour=blue']);
      expect(table.shape).toEqual([4]);
    }));

  test('longer than a piece of the file, its rows cut anywhere', () =>
    withFiles({}, async ({ read, write }) => {
      const rows = Array.from({ length: 90_000 }, (_, i) => `${i},"${i % 7}"\r\n`);
      await write('train.csv', `number,"the\r\nrest"\r\n${rows.join('')}`);
      const { xs, ys } = await read.csv('train.csv');
      expect(xs).toEqual(Float32Array.from({ length: 90_000 }, (_, i) => i));
      expect(ys).toEqual(Float32Array.from({ length: 90_000 }, (_, i) => i % 7));
    }));

  test('categories are the different values of a column', () =>
    withFiles(
      { 'train.csv': 'c,y\nred,1\n blue,2\nred,3\n"",4\n', 'semicolons.csv': 'c;y\nred;1\n' },
      async ({ read }) => {
        expect(await read.categories('train.csv', 'c')).toEqual(['', 'blue', 'red']);
        expect(await read.categories('semicolons.csv', 'c', { separator: ';' })).toEqual(['red']);
        expect(await failureOf(() => read.categories('train.csv', 'd'))).toMatch(
          /^train\.csv: there is no column "d"\. There are c, y\./,
        );
      },
    ));
});

describe('what is wrong is told with its place and what to do', () => {
  async function check(text: string | Uint8Array, options: CsvOptions, message: string): Promise<void> {
    await withFiles({ 'data/train.csv': text }, async ({ read }) => {
      expect(await failureOf(() => read.csv('data/train.csv', options))).toContain(message);
    });
  }
  const categories = { a: ['red', 'green'] };
  const cases: Record<string, [text: string | Uint8Array, options: CsvOptions, message: string]> = {
    'an empty field': [
      'a,b\n1,2\n,3\n',
      {},
      'data/train.csv:3:1: the column "a" has no value here. Fill it in or drop',
    ],
    'a missing target': ['a,b\n1,\n', {}, 'data/train.csv:2:3: the column "b" has no value here.'],
    'a word for nothing': ['a,b\n1,2\n3,NaN\n', {}, 'data/train.csv:3:3: the column "b" has no value here.'],
    'a word': [
      'a,b\n"x\ny",1\nred,2\n',
      {},
      'data/train.csv:2:1: "x\\ny" in the column "a" is no number that can be trained on. If the column holds categories, list them in "categories".',
    ],
    'behind a quoted line end': ['a,b\n"1\n",2\n1,x\n', {}, 'data/train.csv:4:3: "x" in the column "b" is no number'],
    'behind blank lines of Windows': ['a,b\r\n\r\n\r\n1,x\r\n', {}, 'data/train.csv:4:3: "x" in the column "b"'],
    'a number beyond 32 bits': ['a,b\n1e39,2\n', {}, 'data/train.csv:2:1: "1e39" in the column "a" is no number that'],
    'no such category': [
      'a,b\nblue,1\n',
      { categories },
      'data/train.csv:2:1: "blue" in the column "a" is none of its categories (red, green). Add it to the list, or drop the row.',
    ],
    'a field too many': [
      'a,b\n1,2,3\n',
      {},
      'data/train.csv:2:5: the row has 3 fields, the first row names 2 columns.',
    ],
    'a field too few': ['a,b\n1\n', {}, 'data/train.csv:2:1: the row has 1 fields, the first row names 2 columns.'],
    'an open quote': ['a,b\n1,"2\n3,4\n', {}, 'data/train.csv:2:3: a quoted field begins here and is not closed.'],
    'an open quote in a large file': [
      `a,b\n1,"${'x'.repeat(2_000_000)}`,
      {},
      'data/train.csv:2:3: a field begins here that is longer than 1048576 characters. Is its quote closed?',
    ],
    'text behind a quote': ['a,b\n"1"x,2\n', {}, 'data/train.csv:2:4: text stands behind a closing quote.'],
    'no such target': ['a,b\n1,2\n', { target: 'c' }, 'data/train.csv: there is no column "c". There are a, b.'],
    'no such column to fill': ['a,b\n1,2\n', { fill: { c: 1 } }, 'data/train.csv: there is no column "c".'],
    'a target that is an input': [
      'a,b\n1,2\n',
      { columns: ['b'] },
      'data/train.csv: the column "b" is an input and the',
    ],
    'only a target': ['a\n1\n', {}, 'data/train.csv: no column is left for the inputs beside the target.'],
    'a column twice': ['a,b,a\n1,2,3\n', {}, 'data/train.csv:1:5: the column "a" is there twice.'],
    'a column without a name': ['a,,b\n1,2,3\n', {}, 'data/train.csv:1:3: a column has no name.'],
    'no rows': ['a,b\n', {}, 'data/train.csv: there are no rows, so the split is empty.'],
    'nothing': ['', {}, 'data/train.csv: the file is empty; its first row must name the columns.'],
    'not UTF-8': [
      Buffer.from([97, 44, 98, 10, 0xff, 0xfe]),
      {},
      'data/train.csv:1:1: the file is not UTF-8 text. Save it as UTF-8.',
    ],
    'a separator of two characters': ['a,b\n', { separator: '::' }, 'The separator of a table must be one character'],
  };
  test.each(Object.entries(cases))('%s', (_, args) => check(...args));

  test('a missing file, a folder, a broken archive', () =>
    withFiles(
      { 'folder/x': '', 'cut.csv.gz': gzipSync('a,b\n1,2\n').subarray(0, 20), 'no.csv.gz': 'a,b\n' },
      async ({ read }) => {
        expect(await failureOf(() => read.csv('train.csv'))).toMatch(
          /^train\.csv is missing\. Run the stage that makes it \("mlops run"\), or look at data\.dataset_path of the config\./,
        );
        expect(await failureOf(() => read.csv('folder'))).toMatch(/^folder: this is a folder; give a file\./);
        expect(await failureOf(() => read.csv('cut.csv.gz'))).toMatch(/^cut\.csv\.gz: the file ends too early\./);
        expect(await failureOf(() => read.csv('no.csv.gz'))).toMatch(
          /^no\.csv\.gz: this is no gzip file, or a damaged one/,
        );
        expect(await failureOf(() => read.csv(''))).toMatch(/read\.csv takes the path of a file or folder/);
      },
    ));
});
