import { expect, test } from 'vitest';
import { setWord } from '../../../../src/core/yamledit/yamledit.ts';

const cases: Record<string, [text: string, expected: string | RegExp, line?: number]> = {
  'a value, and its comment stays': [
    '# top\ntraining:\n  backend: auto # the best\n  seed: 1\n',
    '# top\ntraining:\n  backend: wasm # the best\n  seed: 1\n',
    3,
  ],
  'in quotes': ['training: {backend: "auto", seed: 1}\n', 'training: {backend: wasm, seed: 1}\n', 1],
  'no value yet': ['training:\n  backend:\n  seed: 1\n', 'training:\n  backend: wasm\n  seed: 1\n', 2],
  'no key yet': [
    'training:\n  seed: 1 # one\n\nmodel: {}\n',
    'training:\n  seed: 1 # one\n  backend: wasm\n\nmodel: {}\n',
    3,
  ],
  'a flow mapping': ['training: {seed: 1}\n', /^training: \{seed: 1, "?backend"?: ?"?wasm"?\}\n$/, 1],
  'no section yet': ['model: {}\n', 'model: {}\ntraining:\n  backend: wasm\n', 3],
  'Windows': ['training:\r\n  backend: auto\r\n', 'training:\r\n  backend: wasm\r\n', 2],
  'a byte order mark': ['\uFEFFtraining:\n  backend: auto\n', '\uFEFFtraining:\n  backend: wasm\n', 2],
};
test.each(Object.entries(cases))('%s', (_, [text, expected, line]) => {
  const { value, problems } = setWord(text, 'c.yaml', ['training', 'backend'], 'wasm');
  expect(problems).toEqual([]);
  if (typeof expected === 'string') expect(value?.text).toBe(expected);
  else expect(value?.text).toMatch(expected);
  expect(value?.line).toBe(line);
});

const refused: Record<string, string> = {
  'a mapping in its place': 'training:\n  backend: {a: 1}\n',
  'an alias': 'x: &x auto\ntraining:\n  backend: *x\n',
  'a value that others mean': 'training:\n  backend: &x auto\n  other: *x\n',
  'a broken file': 'training: [',
};
test.each(Object.entries(refused))('refused: %s', (_, text) => {
  const { value, problems } = setWord(text, 'c.yaml', ['training', 'backend'], 'wasm');
  expect(value).toBeUndefined();
  expect(problems[0]).toMatchObject({ file: 'c.yaml', severity: 'error' });
});
