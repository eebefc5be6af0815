import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { emitMapping } from '../../../../src/core/pipeline/emit.ts';
import { integer, toPyMap, type PyValue } from '../../../../src/core/pipeline/values.ts';

const emit = (value: PyValue): string => emitMapping(toPyMap([['k', value]]), 0);

describe('scalars are quoted only where DVC quotes them', () => {
  const table: [PyValue, string][] = [
    ['plain text', 'k: plain text\n'],
    ['', "k: ''\n"],
    ['1234', "k: '1234'\n"],
    ['1234e5', "k: '1234e5'\n"],
    ['b1946ac92492d2347c6235b4d2611184', 'k: b1946ac92492d2347c6235b4d2611184\n'],
    ['12345678901234567890123456789012', "k: '12345678901234567890123456789012'\n"],
    ['2024-01-31', "k: '2024-01-31'\n"],
    ['true', "k: 'true'\n"],
    ['yes', 'k: yes\n'],
    ['a: b', "k: 'a: b'\n"],
    ['a #b', "k: 'a #b'\n"],
    ['a#b:c', 'k: a#b:c\n'],
    ['- a', "k: '- a'\n"],
    ['-a', 'k: -a\n'],
    ["it's", "k: it's\n"],
    ["'it'", 'k: "\'it\'"\n'],
    ['a\nb\n', 'k: "a\\nb\\n"\n'],
    ['tab\there', 'k: "tab\\there"\n'],
    ['é😀', 'k: é😀\n'],
    ['{a}', "k: '{a}'\n"],
    [null, 'k:\n'],
    [true, 'k: true\n'],
    [integer(3), 'k: 3\n'],
    [{ kind: 'float', value: 1e-5 }, 'k: 1e-05\n'],
    [{ kind: 'float', value: Infinity }, 'k: .inf\n'],
    [[], 'k: []\n'],
    [toPyMap([]), 'k: {}\n'],
    [
      [
        'a',
        ['b', 'c'],
        toPyMap([
          ['x', 'y'],
          ['z', null],
        ]),
      ],
      'k:\n- a\n- - b\n  - c\n- x: y\n  z:\n',
    ],
    [toPyMap([['in', ['a']]]), 'k:\n  in:\n  - a\n'],
  ];
  it.each(table)('row %#', (value, text) => expect(emit(value)).toBe(text));
});

describe('long lines fold where DVC folds them, and read back unchanged', () => {
  const long =
    'python train.py --learning-rate 0.001 --epochs 100 --batch-size 64 --data data/processed --out models/m';
  const table: [string, string][] = [
    [
      long,
      'k: python train.py --learning-rate 0.001 --epochs 100 --batch-size 64 --data \n  data/processed --out models/m\n',
    ],
    [
      `${long}\necho done\n`,
      'k: "python train.py --learning-rate 0.001 --epochs 100 --batch-size 64 --data data/processed\n  --out models/m\\necho done\\n"\n',
    ],
    [
      `x: ${long}`,
      "k: 'x: python train.py --learning-rate 0.001 --epochs 100 --batch-size 64 --data data/processed\n  --out models/m'\n",
    ],
  ];
  it.each(table)('%j', (value, text) => {
    expect(parse(emit(value))).toEqual({ k: value });
    expect(emit(value)).toBe(text);
  });

  it('runs of spaces are never lost', () => {
    const text = `${'word '.repeat(30)}  two   three ${'w'.repeat(100)}  end "q" ${'x '.repeat(60)}`;
    for (const value of [text, text.trim(), `${text}\n`, `'${text}`]) expect(parse(emit(value))).toEqual({ k: value });
  });
});
