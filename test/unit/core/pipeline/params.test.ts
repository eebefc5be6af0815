import { describe, expect, it } from 'vitest';
import { formatProblem } from '../../../../src/protocol/problem.ts';
import { parseParams, pickParams } from '../../../../src/core/pipeline/params.ts';
import { integer, toPyMap } from '../../../../src/core/pipeline/values.ts';

const pick = (text: string, keys: string[], file = 'params.yaml') => {
  const { value, problems } = parseParams(text, file);
  expect(problems).toEqual([]);
  return Object.fromEntries(pickParams(value!, keys).values);
};

describe('params', () => {
  const yaml = 'a: {b: [10, {c: 1.0}]}\n5: five\nn:\n__proto__: {x: 1}\n';
  it.each([
    [['a.b.0'], { 'a.b.0': integer(10) }],
    [['a.b.1.c'], { 'a.b.1.c': { kind: 'float', value: 1 } }],
    [['5'], { 5: 'five' }],
    [['n'], { n: null }],
    [['a.b.7', 'nope', 'n.x', 'constructor'], {}],
    [['__proto__.x'], { '__proto__.x': integer(1) }],
  ])('%j', (keys, values) => expect(pick(yaml, keys)).toEqual(values));

  it('a whole file', () => expect(pick('x: 1\ny: [a]\n', [])).toEqual({ x: integer(1), y: ['a'] }));
  it('an empty file has none', () => expect(pick('', [])).toEqual({}));
  it('JSON keeps kinds of numbers', () =>
    expect(
      pick(
        '{"i": 1, "f": 1.0, "e": 1e5, "o": {"kind": "int", "value": "7"}, "big": 12345678901234567890}',
        [],
        'p.json',
      ),
    ).toEqual({
      i: integer(1),
      f: { kind: 'float', value: 1 },
      e: { kind: 'float', value: 100_000 },
      o: toPyMap([
        ['kind', 'int'],
        ['value', '7'],
      ]),
      big: integer(12345678901234567890n),
    }));

  it.each([
    ['x: [1', 'params.yaml', /^params\.yaml:\d+:\d+: error/],
    ['- 1', 'params.yaml', /must be a mapping/],
    ['a = (1', 'p.py', /^p\.py:1:5: error: Python: "\(" is never closed\.$/],
    ['x = 1\ny = ', 'p.toml', /^p\.toml:2:5: error: TOML: "" is no value\.$/],
    ['{"a":\n 1,}', 'p.json', /^p\.json:2:4: error/],
    ['{"a":'.repeat(100_000) + '1' + '}'.repeat(100_000), 'p.json', /^p\.json:1:1: error: Nested deeper than 64/],
    ['a: 1\nb: ["x\\0y"]', 'params.yaml', /^params\.yaml:2:5: error: Not readable as DVC reads it: the character NUL/],
    ['"\\0": 1', 'params.yaml', /^params\.yaml:1:1: error: Not readable as DVC reads it: the character NUL/],
    ['{"a": "x\\u0000y"}', 'p.json', /^p\.json:1:1: error: Not yet supported: the character NUL/],
  ])('%.60j of %s is a problem', (text, file, message) =>
    expect(parseParams(text, file).problems.map(formatProblem)[0]).toMatch(message),
  );
});

describe('names of params are patterns', () => {
  const yaml = 'a: {b: 1, c: 2}\nl: [4, 5, {x: 6}]\n5: five\ntrue: yes\nq: {r: {s: {t: 7}}}\n';
  const value = parseParams(yaml, 'params.yaml').value!;
  it.each([
    ['l.-1.x', 6],
    ['l.-3', 4],
    ['a.[!b]', 2],
    ['?.b', 1],
    ['**.t', 7],
    ['q.**.t', 7],
    ['q.r.s.**.t', 7],
    ['*.r.s.t', 7],
    ['.a.b', 1],
  ])('%s', (key, expected) =>
    expect(Object.fromEntries(pickParams(value, [key]).values)).toEqual({ [key]: integer(expected) }),
  );
  it.each(['a.d', 'l.3', 'l.-4', 'a.[z-a]', 'a.b.c', 'l.x'])('%s finds nothing', (key) =>
    expect(pickParams(value, [key])).toEqual({ values: new Map(), ambiguous: [], unlockable: [] }),
  );
  it('of several values DVC takes none', () =>
    expect(pickParams(value, ['a.*', 'l.*', '5'])).toMatchObject({
      ambiguous: ['a.*', 'l.*'],
      values: new Map([['5', 'five']]),
    }));
});

describe('values that no lock can hold', () => {
  const table: [string, string, string[], [string, string][]][] = [
    ['p.yaml', 'a: 2024-01-01 10:00:00', ['a'], [['a', 'a time of day']]],
    [
      'p.toml',
      'a.b = 10:00:00',
      ['a', 'a.b'],
      [
        ['a', 'a time of day'],
        ['a.b', 'a time of day'],
      ],
    ],
    [
      'p.py',
      'a = {1, 2}\nb = [(1, 2)]\nc = (1, 2)',
      [],
      [
        ['a', 'a set'],
        ['b', 'a tuple inside of another value'],
      ],
    ],
    ['p.py', 'a = {1, 2}\nc = (1, 2)', ['c', 'c.1'], []],
  ];
  it.each(table)('%s: %s', (file, text, keys, unlockable) =>
    expect(pickParams(parseParams(text, file).value!, keys).unlockable).toEqual(unlockable),
  );
});
