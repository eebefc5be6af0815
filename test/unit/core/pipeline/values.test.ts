import { describe, expect, it } from 'vitest';
import { parseDocument, type Document } from 'yaml';
import {
  UnreadableValue,
  formatFloat,
  formatPythonJson,
  integer,
  pyEquals,
  resolvePlain,
  toPyMap,
  toPyValue,
  type PyValue,
} from '../../../../src/core/pipeline/values.ts';

const float = (value: number): PyValue => ({ kind: 'float', value });
const words = { nan: 'nan', infinity: 'inf' };

describe('plain scalars mean what they mean to DVC', () => {
  const table: [string, PyValue][] = [
    ['', null],
    ['~', null],
    ['Null', null],
    ['true', true],
    ['FALSE', false],
    ['yes', 'yes'],
    ['on', 'on'],
    ['1', integer(1)],
    ['-7', integer(-7)],
    ['012', integer(12)],
    ['0o17', integer(15)],
    ['0x1F', integer(31)],
    ['0b101', integer(5)],
    ['1_000', integer(1000)],
    ['123456789012345678901234567890', integer(123456789012345678901234567890n)],
    ['1.0', float(1)],
    ['1.', float(1)],
    ['.5', float(0.5)],
    ['1e-5', float(1e-5)],
    ['1E5', float(1e5)],
    ['-.inf', float(-Infinity)],
    ['2024-01-31', { kind: 'date', source: '2024-01-31' }],
    ['1.2.3', '1.2.3'],
    ['-', '-'],
    ['1e', '1e'],
    ['__proto__', '__proto__'],
  ];
  it.each(table)('%j', (source, value) => expect(resolvePlain(source)).toEqual(value));

  it('a time of day is no plain value', () =>
    expect(resolvePlain('2024-01-31 10:00:00')).toMatchObject({ kind: 'other', what: 'a time of day' }));
});

describe('what would need a reading of its own is refused, never guessed', () => {
  const read = (text: string): PyValue => {
    const document = parseDocument(text) as Document.Parsed;
    return toPyValue(document.contents, document);
  };
  const table = ['!!int "5"', '!!bool "true"', '!!omap [a: 1]', '!!python/tuple [1]', '%YAML 1.1\n---\nyes', '{<<: 5}'];
  it.each(table)('%j', (text) => {
    expect(() => read(text)).toThrow(UnreadableValue);
  });
  it.each(['!!str 5', '!!map {a: 1}', '!!seq [1]', '%YAML 1.2\n---\nyes'])('%j is read', (text) => {
    expect(() => read(text)).not.toThrow();
  });
});

describe('floats as Python writes them', () => {
  const table: [number, string][] = [
    [1, '1.0'],
    [0.1, '0.1'],
    [-0, '-0.0'],
    [1e-5, '1e-05'],
    [0.0001, '0.0001'],
    [0.00012345, '0.00012345'],
    [1e15, '1000000000000000.0'],
    [1e16, '1e+16'],
    [1.5e16, '1.5e+16'],
    [123456.789, '123456.789'],
    [5e-324, '5e-324'],
    [1.7976931348623157e308, '1.7976931348623157e+308'],
    [12345678901234567, '1.2345678901234568e+16'],
    [Infinity, 'inf'],
    [-Infinity, '-inf'],
    [Number.NaN, 'nan'],
  ];
  it.each(table)('%d → %s', (value, text) => expect(formatFloat(value, words)).toBe(text));
});

describe('equality is that of Python', () => {
  const map = (...entries: [string, PyValue][]): PyValue => toPyMap(entries);
  const table: [PyValue | undefined, PyValue | undefined, boolean][] = [
    [integer(1), float(1), true],
    [integer(1), true, true],
    [float(0), false, true],
    [integer(1), '1', false],
    [integer(9007199254740993n), float(9007199254740992), false],
    [float(Number.NaN), float(Number.NaN), false],
    [null, false, false],
    [null, undefined, false],
    [[integer(1), 'a'], [float(1), 'a'], true],
    [[integer(1)], [integer(1), integer(2)], false],
    [map(['a', integer(1)], ['b', null]), map(['b', null], ['a', true]), true],
    [map(['a', null]), map(['b', null]), false],
    [map(), [], false],
  ];
  it.each(table)('%o == %o: %s', (a, b, equal) => expect(pyEquals(a, b)).toBe(equal));
});

it('JSON as json.dumps(sort_keys=True) writes it', () => {
  const value = toPyMap([
    ['é', float(1)],
    ['b', [integer(1), true, null, 'x"\\/\u007f😀\n']],
    ['a', toPyMap([['nan', float(Number.NaN)]])],
  ]);
  expect(formatPythonJson(value)).toBe(
    String.raw`{"a": {"nan": NaN}, "b": [1, true, null, "x\"\\/` +
      '\u007f' +
      String.raw`\ud83d\ude00\n"], "\u00e9": 1.0}`,
  );
});
