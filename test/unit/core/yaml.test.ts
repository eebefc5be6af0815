import { describe, expect, test } from 'vitest';
import { parseYaml } from '../../../src/core/yaml/yaml.ts';
import { formatProblem } from '../../../src/protocol/problem.ts';

describe('parseYaml', () => {
  const refused: [name: string, text: string, expected: RegExp][] = [
    ['a tab as indentation', 'a:\n\tb: 1\n', /^f\.yaml:2:1: error/],
    ['a key that stands twice', 'a: 1\nb: 2\na: 3\n', /^f\.yaml:3:1: error: Map keys must be unique/],
    [
      'marks that a merge has left',
      'a: 1\n<<<<<<< HEAD\nb: 1\n=======\nb: 2\n>>>>>>> x\n',
      /^f\.yaml:2:1: error: Unresolved merge conflict/,
    ],
    ['an unclosed bracket', 'a: [1, 2\n', /^f\.yaml:2:1: error/],
    [
      'deep flow collections',
      `a: ${'['.repeat(100)}${']'.repeat(100)}\n`,
      /^f\.yaml:1:67: error: Nested deeper than 64 levels/,
    ],
    [
      'deep indentation',
      Array.from({ length: 80 }, (_, i) => `${' '.repeat(i)}k:`).join('\n'),
      /^f\.yaml:65:66: error: Nested deeper/,
    ],
    ['deep compact lists', `a:\n${'- '.repeat(100_000)}x\n`, /^f\.yaml:2:127: error: Nested deeper/],
    ['deep compact keys', `${'? '.repeat(100_000)}x\n`, /^f\.yaml:1:129: error: Nested deeper/],
    ['depth behind brackets in quotes', `a: ${'["]", '.repeat(100)}${']'.repeat(100)}\n`, /error: Nested deeper/],
    ['a second document', 'a: 1\n---\nb: 2\n', /^f\.yaml:2:1: error: The file holds several documents/],
    ['a long text', 'a'.repeat((1 << 20) + 1), /at most 1048576 are read/],
    [
      'a billion laughs',
      'a: &a [x]\n' + Array.from({ length: 30 }, (_, i) => `k${i}: [${'*a, '.repeat(9)}*a]`).join('\n'),
      /300 aliases; at most 100/,
    ],
  ];
  test.each(refused)('%s is refused with its place', (_, text, expected) => {
    const { value, problems } = parseYaml(text, 'f.yaml');
    expect(value).toBeUndefined();
    expect(problems.map(formatProblem).join('\n')).toMatch(expected);
  });

  test('brackets in texts, quotes and remarks are no nesting', () => {
    const lines = ["printf '\\033[1m%s\\033[0m'", '"[[["', '|\n    [[[\n    {{{', 'x # [[['];
    const text = Array.from({ length: 40 }, (_, i) => lines.map((line, j) => `k${i}-${j}: ${line}\n`).join('')).join(
      '',
    );
    expect(parseYaml(text, 'f').problems).toEqual([]);
    expect(parseYaml(`a: ${'['.repeat(63)}${']'.repeat(63)}\n`, 'f').problems).toEqual([]);
  });

  test('YAML 1.2: yes is a text, 1e-5 a number, a byte order mark is no part of a key', () => {
    expect(parseYaml('\uFEFFa: yes\nb: 1e-5\nc: 0o17\n', 'f').value?.value).toEqual({ a: 'yes', b: 1e-5, c: 15 });
  });

  test('`__proto__` is an ordinary key', () => {
    const value = parseYaml('__proto__:\n  polluted: true\n', 'f').value?.value as object;
    expect(Object.keys(value)).toEqual(['__proto__']);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  const places: [path: (string | number)[], at: 'key' | 'value', expected: string][] = [
    [['training', 'epochs'], 'key', '2:3'],
    [['training', 'epochs'], 'value', '2:11'],
    [['list', 1], 'value', '3:11'],
    [['list', 7], 'value', '3:7'],
    [['missing', 'deeper'], 'key', '1:1'],
    [['empty'], 'value', '4:7'],
    [['ref', 'epochs'], 'value', '2:11'],
  ];
  test.each(places)('the place of %j (%s) is %s', (path, at, expected) => {
    const { value } = parseYaml('training: &t\n  epochs: 5\nlist: [1, 2]\nempty:\nref: *t\n', 'f');
    const { line, column } = value!.place(path, at);
    expect(`${line}:${column}`).toBe(expected);
  });
});
