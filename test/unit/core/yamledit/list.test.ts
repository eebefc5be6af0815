import { expect, test } from 'vitest';
import { addToList, toFlow } from '../../../../src/core/yamledit/yamledit.ts';

const cases: Record<string, [text: string, expected: string, line?: number]> = {
  'a list on one line, its comment stays': [
    '# top\ntuning:\n  rate: [0.1, 0.2] # few\n  seed: [1]\n',
    '# top\ntuning:\n  rate: [0.1, 0.2, 0.3, relu] # few\n  seed: [1]\n',
    3,
  ],
  'an empty list': ['tuning: {rate: []}\n', 'tuning: {rate: [0.3, relu]}\n', 1],
  'a list over several lines, with a comma at its end': [
    'tuning:\n  rate: [\n    0.1,\n    0.2, # last\n  ]\n',
    'tuning:\n  rate: [\n    0.1,\n    0.2, 0.3, relu, # last\n  ]\n',
    2,
  ],
  'a line for each': [
    'tuning:\n  rate:\n    - 0.1 # one\n    - [2, 3] # two\n  # of the seed\n  seed: [1]\n',
    'tuning:\n  rate:\n    - 0.1 # one\n    - [2, 3] # two\n    - 0.3\n    - relu\n  # of the seed\n  seed: [1]\n',
    2,
  ],
  'a line for each at the end of the file': [
    'tuning:\n  rate:\n  - 0.1',
    'tuning:\n  rate:\n  - 0.1\n  - 0.3\n  - relu\n',
    2,
  ],
  'no key yet': ['tuning:\n  seed: [1]\n', 'tuning:\n  seed: [1]\n  rate: [0.3, relu]\n', 3],
  'no section yet': ['model: {}\n', 'model: {}\ntuning:\n  rate: [0.3, relu]\n', 3],
  'Windows': [
    'tuning:\r\n  rate:\r\n    - 0.1\r\n',
    'tuning:\r\n  rate:\r\n    - 0.1\r\n    - 0.3\r\n    - relu\r\n',
    2,
  ],
  'a byte order mark': ['\uFEFFtuning: {rate: [1]}\n', '\uFEFFtuning: {rate: [1, 0.3, relu]}\n', 1],
};
test.each(Object.entries(cases))('%s', (_, [text, expected, line]) => {
  const { value, problems } = addToList(text, 'c.yaml', ['tuning', 'rate'], [0.3, 'relu']);
  expect(problems).toEqual([]);
  expect(value).toEqual(expect.objectContaining({ text: expected, line }));
});

const refused: Record<string, [text: string, message: RegExp]> = {
  'a range in its place': ['tuning:\n  rate: {min: 1, max: 2}\n', /is a range/],
  'one value': ['tuning:\n  rate: 3\n', /by hand/],
  'a list that others mean too': ['tuning:\n  rate: &x [1]\n  other: *x\n', /by hand/],
  'a list of lists in lines': ['tuning:\n  rate:\n    - - 1\n      - 2\n', /by hand/],
  'a broken file': ['tuning: [', /./],
};
test.each(Object.entries(refused))('refused: %s', (_, [text, message]) => {
  const { value, problems } = addToList(text, 'c.yaml', ['tuning', 'rate'], [0.3]);
  expect(value).toBeUndefined();
  expect(problems[0]).toMatchObject({
    file: 'c.yaml',
    severity: 'error',
    message: expect.stringMatching(message) as string,
  });
});

test.each<[unknown, string]>([
  [0.003, '0.003'],
  [1e-7, '1e-7'],
  ['relu', 'relu'],
  ['yes', '"yes"'],
  ['1', '"1"'],
  ['a b', '"a b"'],
  [[16, ['x', true]], '[16, [x, true]]'],
])('%j in flow notation', (value, text) => expect(toFlow(value)).toBe(text));
