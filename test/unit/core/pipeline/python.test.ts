import { describe, expect, it } from 'vitest';
import { parsePythonParams } from '../../../../src/core/pipeline/python.ts';
import { PythonError } from '../../../../src/core/pipeline/pythontokens.ts';
import { formatPythonJson } from '../../../../src/core/pipeline/values.ts';

const read = (text: string): string => formatPythonJson(parsePythonParams(text));

describe('literals', () => {
  const table: [string, string][] = [
    ['1', '1'],
    ['-1_000', '-1000'],
    ['0x1F', '31'],
    ['0o17', '15'],
    ['0b11', '3'],
    ['1.', '1.0'],
    ['.5', '0.5'],
    ['1e-5', '1e-05'],
    ['+2', '2'],
    ['True', 'true'],
    ['None', 'null'],
    ['"a"', '"a"'],
    [String.raw`'it\'s' "b" '''c'''`, '"it\'sbc"'],
    [String.raw`"\x41\u00e9\101\n\q"`, String.raw`"A\u00e9A\n\\q"`],
    [String.raw`r"\n"`, String.raw`"\\n"`],
    ['"a\\\nb"', '"ab"'],
    ['[1, [2, "x"], ]', '[1, [2, "x"]]'],
    ['{"b": 1, "c": None, "b": 3}', '{"b": 3, "c": null}'],
    ['(1)', '1'],
    ['(\n1\n)', '1'],
  ];
  it.each(table)('%s', (source, json) => expect(read(`v = ${source}  # comment`)).toBe(`{"v": ${json}}`));
});

describe('what is no literal is passed over', () => {
  const table = [
    'f"x"',
    'int("3")',
    'a',
    '1 + 1',
    '-True',
    '--1',
    'lambda x: 1',
    '[x for x in y]',
    '{**a}',
    '[*a]',
    'not 1',
    '"a" % 1',
    'a[0]',
    '1 if a else 2',
  ];
  it.each(table)('%s', (source) => expect(read(`v = ${source}\nw = 1`)).toBe('{"w": 1}'));
});

describe('kinds that Python alone has', () => {
  it.each([
    ['{1, 2}', 'a set'],
    ['set()', 'a set'],
    ['b"x"', 'bytes'],
    ['1 + 2j', 'a complex number'],
    ['3j', 'a complex number'],
    ['1, 2', 'a tuple inside of another value'],
    ['()', 'a tuple inside of another value'],
    ['(1,)', 'a tuple inside of another value'],
  ])('%s', (source, what) =>
    expect(parsePythonParams(`v = ${source}`).entries).toMatchObject([['v', { kind: 'other', what }]]),
  );
});

describe('where params stand', () => {
  const table: [string, string, string][] = [
    ['annotations', 'a: int = 1\nb: int\nc: Dict[str, int] = {"x": 1}', '{"a": 1, "c": {"x": 1}}'],
    ['several statements in a line', 'a = 1; b = 2', '{"a": 1, "b": 2}'],
    ['a later assignment wins', 'a = 1\nb = 2\na = 3', '{"a": 3, "b": 2}'],
    ['several targets are none', 'a = b = 1\nc, d = 1, 2\ne += 1\nf.g = 1\nh[0] = 1', '{}'],
    ['blocks are no top level', 'if x:\n  a = 1\nelse:\n  b = 2\nfor i in y: c = 3\nd = 4', '{"d": 4}'],
    ['functions are none', 'def f(x=1):\n  a = 1\n@dec\nasync def g():\n  b = 1\nd = 4', '{"d": 4}'],
    [
      'classes',
      'class A(B, c=1):\n  """doc"""\n  x = 1\n  class C: y = 2; z = 3\n  def f(self): self.w = 1\n',
      '{"A": {"C": {"y": 2, "z": 3}, "x": 1}}',
    ],
    ['an empty class', 'class A: pass', '{"A": {}}'],
    [
      '__init__',
      'class A:\n\tdef __init__(self):\n\t\tself.x = [1,\n2]\n\t\ty = 2\n\t\tif y:\n\t\t\tself.z = 1',
      '{"A": {"x": [1, 2]}}',
    ],
    ['match is a name as well', 'match = 1', '{"match": 1}'],
    ['line breaks of Windows', 'a = 1\r\nclass B:\r\n  c = 2\r\n', '{"B": {"c": 2}, "a": 1}'],
    ['a continued line', 'a = \\\n  1\nb = 2', '{"a": 1, "b": 2}'],
    ['nothing', '', '{}'],
  ];
  it.each(table)('%s', (_, text, json) => expect(read(text)).toBe(json));
});

describe('what is no Python is refused', () => {
  it.each(['a = (1', 'a = "x', "a = '''x", 'a = 1)', 'a = $x', 'a = (1]'])('%j', (text) => {
    expect(() => parsePythonParams(text)).toThrow(PythonError);
  });
  it('deep nesting ends', () => expect(read(`a = ${'['.repeat(10_000)}${']'.repeat(10_000)}\nb = 1`)).toBe('{"b": 1}'));
});
