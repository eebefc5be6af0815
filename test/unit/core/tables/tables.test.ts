import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatProblem } from '../../../../src/protocol/problem.ts';
import { parseDelimited } from '../../../../src/core/tables/delimited.ts';
import { parseTable } from '../../../../src/core/tables/records.ts';
import { toNumber } from '../../../../src/core/tables/table.ts';

const check = (file: string, text: string): unknown => {
  const { value, problems } = parseTable(text, file);
  return problems.length > 0 ? { problems: problems.map(formatProblem), rows: value?.rows } : value;
};

describe('parseTable', () => {
  it.each([
    [
      'a.csv',
      'x,y\n1,2\n3,4\n',
      {
        columns: ['x', 'y'],
        rows: [
          ['1', '2'],
          ['3', '4'],
        ],
      },
    ],
    [
      'a.csv',
      '\uFEFFx,y\r\n1,\r\n\r\n,4',
      {
        columns: ['x', 'y'],
        rows: [
          ['1', ''],
          ['', '4'],
        ],
      },
    ],
    ['a.csv', '"x","a ""b"", c"\n"1\n2",3', { columns: ['x', 'a "b", c'], rows: [['1\n2', '3']] }],
    ['a.TSV', 'x\ty\n1\t2,3', { columns: ['x', 'y'], rows: [['1', '2,3']] }],
    ['a.csv', 'x,y\n1,', { columns: ['x', 'y'], rows: [['1', '']] }],
    [
      'a.json',
      '[{"x":1,"y":"a"},{"y":null,"x":true}]',
      {
        columns: ['x', 'y'],
        rows: [
          [1, 'a'],
          [true, null],
        ],
      },
    ],
    [
      'a.json',
      '{"n":{"one":[{"x":1},{"x":2}],"two":[{"y":3}]},"other":[1,2]}',
      {
        columns: ['x', 'y'],
        rows: [
          [1, 3],
          [2, null],
        ],
      },
    ],
    ['a.json', '[{"x":NaN,"y":-Infinity,"z":"NaN"}]', { columns: ['x', 'y', 'z'], rows: [[null, null, 'NaN']] }],
    [
      'eval.json',
      '{"columns":["label","image"],"data":[[3,{"type":"image"}],[4]]}',
      {
        columns: ['label', 'image'],
        rows: [
          [3, '{"type":"image"}'],
          [4, null],
        ],
      },
    ],
    ['a.json', '[{"__proto__":1,"constructor":2}]', { columns: ['__proto__', 'constructor'], rows: [[1, 2]] }],
    [
      'a.yaml',
      '- {x: 1, y: 2}\n- {x: 3, y: 4}\n',
      {
        columns: ['x', 'y'],
        rows: [
          [1, 2],
          [3, 4],
        ],
      },
    ],
    [
      'a.csv',
      'x,y\n1\n1,2,3\n',
      {
        problems: [
          'a.csv:2:1: warning: The line has 1 fields, the first line names 2 columns.',
          'a.csv:3:5: warning: The line has 3 fields, the first line names 2 columns.',
        ],
        rows: [
          ['1', null],
          ['1', '2'],
        ],
      },
    ],
    [
      'a.csv',
      'x\n"1',
      { problems: ['a.csv:2:1: error: The quotation mark that opens here is never closed.'], rows: [['1']] },
    ],
    [
      'a.csv',
      '\n\n',
      { problems: ['a.csv:1:1: error: The file is empty. Its first line must name the columns.'], rows: undefined },
    ],
    [
      'a.json',
      '[1, 2]',
      {
        problems: [
          'a.json:1:1: error: There is no table in the file: a list of mappings with the same keys, or "columns" and "data".',
        ],
        rows: undefined,
      },
    ],
    [
      'a.json',
      '[{"x":1},{"y":2}]',
      {
        problems: [
          'a.json:1:1: error: There is no table in the file: a list of mappings with the same keys, or "columns" and "data".',
        ],
        rows: undefined,
      },
    ],
  ])('%s %j', (file, text, expected) => expect(check(file, text)).toEqual(expected));

  it.each([
    ['a.json', '{\n "x": ]', 2],
    ['a.json', '[{"x":1}', 1],
    ['a.yaml', '- {x: 1\n- [', 2],
  ])('tells the line of a mistake in %s %j', (file, text, line) => {
    const [problem] = parseTable(text, file).problems;
    expect(problem).toMatchObject({ file, line, severity: 'error' });
  });

  it('tells the first of many bad lines, and how many more there are', () => {
    const { value, problems } = parseDelimited(`x,y\n${'1\n'.repeat(1000)}`, 'a.csv', ',');
    expect([value?.rows.length, problems.length, problems.at(-1)?.message]).toEqual([
      1000,
      20,
      '981 more lines like this.',
    ]);
  });

  it('reads back whatever a writer of RFC 4180 has quoted', () => {
    const cell = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r\n', ' ', '', 'ü') });
    const grid = fc
      .integer({ min: 1, max: 4 })
      .chain((width) =>
        fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 6 }),
      );
    fc.assert(
      fc.property(grid, (rows) => {
        const text = rows.map((row) => row.map((one) => `"${one.replaceAll('"', '""')}"`).join(',')).join('\r\n');
        const [columns, ...rest] = rows;
        // A line that holds nothing is no row.
        const isBlank = (row: readonly string[]): boolean => row.length === 1 && row[0]!.trim() === '';
        fc.pre(!isBlank(columns!));
        expect(parseDelimited(text, 'a.csv', ',')).toEqual({
          value: { columns, rows: rest.filter((row) => !isBlank(row)) },
          problems: [],
        });
      }),
    );
  });

  it('never throws, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.nat(0xffff).map((code) => String.fromCharCode(code)) }),
        fc.constantFrom('a.csv', 'a.tsv', 'a.json'),
        (text, file) => void parseTable(text, file),
      ),
    );
  });
});

describe('toNumber', () => {
  it.each([
    ['1.5', 1.5],
    [' -2e3 ', -2000],
    ['.5', 0.5],
    ['inf', Infinity],
    ['-Infinity', -Infinity],
    ['nan', NaN],
    ['', NaN],
    ['1x', NaN],
    ['0x10', NaN],
    [null, NaN],
    [true, NaN],
    [3, 3],
    [undefined, NaN],
    ['constructor', NaN],
  ])('%j', (cell, expected) => expect(toNumber(cell)).toBe(expected));
});
