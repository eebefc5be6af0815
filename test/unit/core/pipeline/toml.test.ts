import { describe, expect, it } from 'vitest';
import { TomlError, parseToml } from '../../../../src/core/pipeline/toml.ts';
import { formatPythonJson } from '../../../../src/core/pipeline/values.ts';

const read = (text: string): string => formatPythonJson(parseToml(text));

describe('values', () => {
  const table: [string, string][] = [
    ['1', '1'],
    ['-1_000', '-1000'],
    ['+0', '0'],
    ['0xdead_BEEF', '3735928559'],
    ['0o17', '15'],
    ['0b101', '5'],
    ['9223372036854775808', '9223372036854775808'],
    ['1.0', '1.0'],
    ['-1e-5', '-1e-05'],
    ['6.02_2e+23', '6.022e+23'],
    ['inf', 'Infinity'],
    ['-inf', '-Infinity'],
    ['nan', 'NaN'],
    ['true', 'true'],
    [String.raw`"a\tb\u00e9\U0001F600\\"`, String.raw`"a\tb\u00e9\ud83d\ude00\\"`],
    [String.raw`'a\tb'`, String.raw`"a\\tb"`],
    ['"""\na\nb"""', String.raw`"a\nb"`],
    ['"""a \\\n   b"""', '"a b"'],
    ['"""a "" b""""', String.raw`"a \"\" b\""`],
    ["'''\na\\n'''", String.raw`"a\\n"`],
    ['[1, # one\n 2.0, [ "x" ], ]', '[1, 2.0, ["x"]]'],
    ['[]', '[]'],
    ['{ a = 1, b.c = [2] }', '{"a": 1, "b": {"c": [2]}}'],
    ['{}', '{}'],
    ['2024-01-31', '"2024-01-31"'],
    ['2024-01-31 10:00:00.5+01:00', '"2024-01-31 10:00:00.5+01:00"'],
  ];
  it.each(table)('%s', (source, json) => expect(read(`v = ${source} # comment`)).toBe(`{"v": ${json}}`));
});

it('tables, dotted keys and arrays of tables', () =>
  expect(
    read(`# top
a = 1
b."c d".e = 2
b.f = 3
[t]
x = 1
[t.u.v]
y = 2
[[l]]
n = 1
[l.sub]
z = 1
[[l]]
n = 2
[ t . w ]
k = 3\r
`),
  ).toBe(
    '{"a": 1, "b": {"c d": {"e": 2}, "f": 3}, "l": [{"n": 1, "sub": {"z": 1}}, {"n": 2}], "t": {"u": {"v": {"y": 2}}, "w": {"k": 3}, "x": 1}}',
  ));

it('keys keep their order', () =>
  expect(parseToml('b = 1\n1 = 2\na = 3').entries.map(([key]) => key)).toEqual(['b', '1', 'a']));

describe('what is no TOML is refused', () => {
  const table = [
    'a',
    'a =',
    'a = 1 b = 2',
    'a = 012',
    'a = 1__0',
    'a = .5',
    'a = yes',
    'a = "x',
    'a = "\\q"',
    'a = [1 2]',
    'a = {b = 1',
    'a = 1\na = 2',
    '[a]\n[a]',
    'a = {b = 1}\n[a]',
    'a = {b = 1}\na.c = 2',
    '[a]\nb = 1\n[a.b]',
    '[[a]]\n[a]',
    'a = [1]\n[[a]]',
    '[a.b]\n[a]\nb.c = 1',
    '[a',
    `a = ${'['.repeat(100_000)}`,
  ];
  it.each(table)('%j', (text) => {
    expect(() => parseToml(text)).toThrow(TomlError);
  });
});
