import { expect, test } from 'vitest';
import { addToStores, removeFromStores } from '../../../../src/core/tracking/tracking.ts';

const FILE = '.mlops/project.yaml';

test.each<[string, string | undefined, string]>([
  ['no file', undefined, "stores:\n  - 'git:'\n"],
  ['an empty file', '\n', "stores:\n  - 'git:'\n"],
  [
    'comments stay',
    '# mine\nstores:\n  - "file:a" # first\nmore: 1\n',
    '# mine\nstores:\n  - "file:a" # first\n  - "git:"\nmore: 1\n',
  ],
  ['no list yet', 'objective:\n  metric: f1 # ours\n', 'objective:\n  metric: f1 # ours\nstores:\n  - "git:"\n'],
  ['an empty key', 'stores:\nmore: 1\n', 'stores:\n  - "git:"\nmore: 1\n'],
  ['a list in one line', 'stores: [a, b]\n', 'stores: [a, b, "git:"]\n'],
  ['line ends of Windows', 'stores:\r\n  - a\r\n', 'stores:\r\n  - a\r\n  - "git:"\r\n'],
])('adds: %s', (_, before, after) => {
  expect(addToStores(before, FILE, ['git:'])).toEqual({ value: after, problems: [] });
});

test('removes one, and leaves the others with their comments', () => {
  const text = 'stores:\n  - a # first\n  - b\n  # third\n  - c\n';
  expect(removeFromStores(text, FILE, 1).value).toBe('stores:\n  - a # first\n  # third\n  - c\n');
  expect(removeFromStores('stores: [a]\n', FILE, 0).value).toBe('stores: []\n');
});

test.each([['- a\n'], ['stores: [\n']])('what is no mapping is left alone: %j', (text) => {
  const { value, problems } = addToStores(text, FILE, ['git:']);
  expect([value, problems.length > 0]).toEqual([undefined, true]);
});
