import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { ExpectedError } from '../../../../src/protocol/errors.ts';
import type { TableOptions } from '../../../../src/worker/readers/table.ts';
import { failureOf, withFiles } from './files.ts';

// The files are pyarrow's: test/fixtures/parquet/make.py.
const fixture = (name: string): Buffer => readFileSync(path.resolve('test/fixtures/parquet', `${name}.parquet`));
const colours = { colour: ['red', 'green', 'blue'] };

describe('a table', () => {
  const cases: Record<string, [file: string, options: TableOptions, xs: number[], ys: number[]]> = {
    'of several groups of rows, with categories': [
      'snappy',
      { columns: ['size', 'colour'], categories: colours, target: 'price' },
      [1, 1, 0, 0, 2, 0, 1, 0, 3, 0, 0, 1, 4, 1, 0, 0, 5, 0, 1, 0],
      [0.5, 1.5, 2.5, 3.5, 4.5],
    ],
    'of large whole numbers and yes and no': [
      'snappy',
      { columns: ['many', 'good'], target: 'size' },
      [10, 1, 20, 0, 30, 1, 40, 0, 50, 1],
      [1, 2, 3, 4, 5],
    ],
    'packed by gzip': ['gzip', { columns: ['size'], target: 'price' }, [1, 2, 3, 4, 5], [0.5, 1.5, 2.5, 3.5, 4.5]],
    'packed by zstd': ['zstd', { columns: ['size'], target: 'price' }, [1, 2, 3, 4, 5], [0.5, 1.5, 2.5, 3.5, 4.5]],
    'packed by brotli': ['brotli', { columns: ['size'], target: 'price' }, [1, 2, 3, 4, 5], [0.5, 1.5, 2.5, 3.5, 4.5]],
    'with a value for what is missing': ['missing', { target: 'y', fill: { x: -1 } }, [1, -1, 3], [4, 5, 6]],
  };
  test.each(Object.entries(cases))('%s', (_, [file, options, xs, ys]) =>
    withFiles({ 'train.parquet': fixture(file) }, async ({ read }) => {
      const table = await read.parquet('train.parquet', options);
      expect([...table.xs]).toEqual(xs);
      expect([...table.ys]).toEqual(ys);
    }),
  );

  test('categories are the different values of a column', () =>
    withFiles({ 'train.parquet': fixture('snappy') }, async ({ read }) => {
      expect(await read.categories('train.parquet', 'colour')).toEqual(['blue', 'green', 'red']);
      expect(await failureOf(() => read.categories('train.parquet', 'x'))).toMatch(/there is no column "x"/);
    }));
});

describe('what is wrong is told', () => {
  const whole = fixture('snappy');
  const cases: Record<string, [file: Uint8Array, options: TableOptions, message: RegExp]> = {
    'a missing value': [
      fixture('missing'),
      { target: 'y' },
      /^train\.parquet: row 2: the column "x" has no value here\. Fill it in or drop/,
    ],
    'a text': [
      whole,
      { columns: ['colour'], target: 'size' },
      /^train\.parquet: row 1: "red" in the column "colour" is no number/,
    ],
    'an unknown category': [
      whole,
      { columns: ['colour'], target: 'size', categories: { colour: ['red', 'green'] } },
      /^train\.parquet: row 3: "blue" in the column "colour" is none of its categories \(red, green\)/,
    ],
    'a date': [
      fixture('dates'),
      { target: 'y' },
      /^train\.parquet: row 1: "the date 2026-01-02T.*" in the column "day" is no number/,
    ],
    'columns within a column': [
      fixture('nested'),
      {},
      /^train\.parquet: the column "point" has columns within; give a table/,
    ],
    'no such column': [whole, { target: 'x' }, /^train\.parquet: there is no column "x"\. There are /],
    'a compression that is not read': [
      fixture('lz4'),
      { columns: ['size'], target: 'price' },
      /can't be read as Parquet: .*Write it with snappy, gzip,/,
    ],
    'another format': [
      Buffer.from('a,b\n1,2\nmore of this table\n'),
      {},
      /^train\.parquet: the file can't be read as Parquet: .* Is it a Parquet file, and whole\?/,
    ],
    'nothing': [Buffer.alloc(0), {}, /^train\.parquet: the file can't be read as Parquet/],
    'a file that is cut': [
      whole.subarray(0, whole.length - 30),
      {},
      /^train\.parquet: the file can't be read as Parquet/,
    ],
    'no rows': [fixture('empty'), {}, /^train\.parquet: there are no rows, so the split is empty\./],
  };
  test.each(Object.entries(cases))('%s', (_, [file, options, message]) =>
    withFiles({ 'train.parquet': file }, async ({ read }) => {
      expect(await failureOf(() => read.parquet('train.parquet', options))).toMatch(message);
    }),
  );

  test('damaged anywhere it is read or refused, never a crash', async () => {
    for (let at = 0; at < whole.length; at += 7) {
      const damaged = Buffer.from(whole);
      damaged.writeUInt8(damaged.readUInt8(at) ^ 0x55, at);
      await withFiles({ 'train.parquet': damaged }, async ({ read }) => {
        const options = { columns: ['size', 'colour'], categories: colours, target: 'price' };
        await read.parquet('train.parquet', options).catch((error: unknown) => {
          if (!(error instanceof ExpectedError)) throw error;
        });
      });
    }
  });
});
