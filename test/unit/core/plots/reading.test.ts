import { expect, test } from 'vitest';
import { parsePlotData } from '../../../../src/core/plots/plots.ts';
import { formatProblem } from '../../../../src/protocol/problem.ts';

const read = (file: string, text: string, header = true): unknown => {
  const { value, problems } = parsePlotData(text, file, { header });
  return problems.length > 0 ? problems.map(formatProblem) : value;
};

test.each<[string, string, string, unknown]>([
  [
    'rows of texts',
    'a.csv',
    'x,y\n1,"2, 3"\n\n4\n',
    ['a.csv:4:1: warning: The line has 1 fields, the first line names 2 columns.'],
  ],
  ['nothing', 'a.tsv', ' \n', { rows: [], lastColumn: undefined }],
  [
    'a list of mappings',
    'a.json',
    '[{"a":1,"b":{"c":2}},{"a":null}]',
    { rows: [{ a: 1, b: { c: 2 } }, { a: null }], lastColumn: 'b' },
  ],
  [
    'lists anywhere, side by side',
    'a.json',
    '{"n":1,"in":{"one":[{"a":1},{"a":2}]},"two":[{"b":3}],"odd":[1],"other":[{"c":1},{"d":2}],"none":[]}',
    { rows: [{ a: 1, b: 3 }, { a: 2 }], lastColumn: 'a' },
  ],
  [
    'NaN and infinities of Python',
    'a.json',
    '[{"a":NaN,"b":-Infinity,"c":"NaN"}]',
    { rows: [{ a: NaN, b: -Infinity, c: 'NaN' }], lastColumn: 'c' },
  ],
  [
    'a table of MLflow',
    'a.json',
    '{"columns":["x",1],"data":[[1,2],[3]]}',
    {
      rows: [
        { 'x': 1, '1': 2 },
        { 'x': 3, '1': null },
      ],
      lastColumn: '1',
    },
  ],
  ['YAML', 'a.yml', '- {a: 1, b: .inf}\n', { rows: [{ a: 1, b: Infinity }], lastColumn: 'b' }],
  ['a value that is no table', 'a.json', '3', { rows: [], lastColumn: undefined }],
  ['broken JSON', 'a.json', '[{"a":1},\n {"b"}]', ['a.json:2:6: error: This is not JSON: a colon must stand here.']],
  [
    'broken YAML',
    'a.yaml',
    'a: [1\n',
    ['a.yaml:2:1: error: Flow sequence in block collection must be sufficiently indented and end with a ]'],
  ],
  ['JSON without a bottom', 'a.json', '['.repeat(100_000), ['a.json:1:201: error: Nested deeper than 200 levels.']],
  [
    'no kind of table',
    'model.bin',
    'x',
    ['model.bin:1:1: error: Plots are made of JSON, YAML, CSV and TSV files, and of pictures.'],
  ],
  [
    'a quotation mark that is never closed',
    'a.csv',
    'x,y\n1,"2\n',
    ['a.csv:2:3: error: The quotation mark that opens here is never closed.'],
  ],
])('%s', (_, file, text, expected) => expect(read(file, text)).toEqual(expected));

test.each([
  ['', '1:1', 'a value must stand here'],
  ['[1,]', '1:4', 'a value must stand here'],
  ['[1 2]', '1:4', 'a comma or the end of the list or mapping must stand here'],
  ['[1}', '1:3', 'a comma or the end of the list or mapping must stand here'],
  ['{"a":1,}', '1:8', 'a name in double quotes must stand here'],
  ['{a: 1}', '1:2', 'a name in double quotes or } must stand here'],
  ['[1]\n x', '2:2', 'nothing more may stand here'],
  ['[NaN, "\\x"]', '1:7', 'a value must stand here'],
  ['["a\nb"]', '1:2', 'a value or ] must stand here'],
  ['[01]', '1:3', 'a comma or the end of the list or mapping must stand here'],
  ['[{"deep": [[', '1:13', 'a value or ] must stand here'],
])('%s is no JSON, and where', (text, place, sentence) =>
  expect(read('a.json', text)).toEqual([`a.json:${place}: error: This is not JSON: ${sentence}.`]),
);

test('without a head, columns are counted', () => {
  expect(read('a.tsv', '1\t2\n3\t4\n', false)).toEqual({
    rows: [
      { '0': '1', '1': '2' },
      { '0': '3', '1': '4' },
    ],
    lastColumn: '1',
  });
});

test('a column may be called as it likes', () => {
  const { value } = parsePlotData('[{"__proto__": 1, "constructor": 2}]', 'a.json', { header: true });
  expect(Object.entries(value?.rows[0] ?? {})).toEqual([
    ['__proto__', 1],
    ['constructor', 2],
  ]);
});
