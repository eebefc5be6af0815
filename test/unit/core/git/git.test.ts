import { describe, expect, test } from 'vitest';
import {
  checkRefName,
  findConfig,
  parseBranches,
  parseConfigList,
  parseGitBoolean,
  parseStatus,
  planDriverOverrides,
} from '../../../../src/core/git/git.ts';

describe('names that may be handed to git', () => {
  test.each([
    'main',
    'feature/f1',
    'release/1.2.0',
    'fix#12',
    'a.b.c',
    'größe',
    'mañana/día',
    'x@y',
    '1',
    'HEAD/x',
    'a{b}',
  ])('%j is fine', (name) => expect(checkRefName(name)).toBeUndefined());

  test.each([
    ['', 'empty'],
    ['-f', 'begins with "-"'],
    ['--output=x', 'begins with "-"'],
    ['--upload-pack=x', 'begins with "-"'],
    ['ext::sh -c id', 'holds a space'],
    ['ext::x', ': ?'],
    ['a b', 'holds a space'],
    ['a\nb', 'control'],
    ['a\tb', 'control'],
    ['a\u0000b', 'control'],
    ['a\u007fb', 'control'],
    ['a\u202eb', 'control'],
    ['a\u200bb', 'control'],
    ['a..b', '".."'],
    ['a@{1}', '"@{"'],
    ['a~1', '~'],
    ['a^', '^'],
    ['a:b', ':'],
    ['a?', '?'],
    ['a*', '*'],
    ['a[b', '['],
    ['a\\b', '\\'],
    ['/a', 'empty'],
    ['a/', 'empty'],
    ['a//b', 'empty'],
    ['a.', 'ends with "."'],
    ['.a', 'begins with "."'],
    ['a/.b', 'begins with "."'],
    ['a.lock', '.lock'],
    ['a.lock/b', '.lock'],
    ['@', 'keeps'],
    ['HEAD', 'keeps'],
    ['\ud800', 'Unicode'],
    ['x'.repeat(201), '200 bytes'],
    ['ß'.repeat(101), '200 bytes'],
  ])('%j is refused', (name, reason) => expect(checkRefName(name)).toContain(reason));
});

test('configuration: subsections keep dots and case, values keep line ends, keys without "=" read as true', () => {
  const text = [
    ['system', 'core.bare\nfalse'],
    ['local', 'gitflow.branch.feature/A.1#2.base\ndevelop'],
    ['local', 'alias.x\n!f() {\n}; f'],
    ['local', 'core.flag'],
    ['local', 'core.bare\ntrue'],
    ['local', 'empty.value\n'],
  ]
    .map(([scope = '', entry = '']) => `${scope}\0${entry}\0`)
    .join('');
  const entries = parseConfigList(text);
  expect(entries).toHaveLength(6);
  expect(findConfig(entries, 'gitflow.branch.feature/A.1#2.base')).toBe('develop');
  expect(findConfig(entries, 'alias.x')).toBe('!f() {\n}; f');
  expect(findConfig(entries, 'core.flag')).toBe('true');
  expect(findConfig(entries, 'core.bare')).toBe('true');
  expect(findConfig(entries, 'empty.value')).toBe('');
  expect(findConfig(entries, 'none')).toBeUndefined();
  expect(parseConfigList('')).toEqual([]);
});

test.each([
  ['true', true],
  ['YES', true],
  ['on', true],
  ['1', true],
  ['2k', true],
  ['-1', true],
  ['false', false],
  ['No', false],
  ['off', false],
  ['0', false],
  ['', false],
  ['maybe', undefined],
  ['1.5', undefined],
])('boolean %j', (text, expected) => expect(parseGitBoolean(text)).toBe(expected));

test("only the repository's own filters are switched off, whatever their names hold", () => {
  const entry = (scope: string, key: string) => ({ scope, key, value: 'x' });
  const overrides = planDriverOverrides([
    entry('global', 'filter.lfs.clean'),
    entry('local', 'filter.a=b.c.clean'),
    entry('local', 'filter.a=b.c.required'),
    entry('worktree', 'filter.w.process'),
    entry('local', 'filters.x.clean'),
    entry('local', 'filter.clean'),
  ]);
  expect(overrides.map(([key]) => key)).toEqual([
    'filter.a=b.c.clean',
    'filter.a=b.c.smudge',
    'filter.a=b.c.process',
    'filter.a=b.c.required',
    'filter.w.clean',
    'filter.w.smudge',
    'filter.w.process',
    'filter.w.required',
  ]);
});

test('status: changed, renamed, unmerged and untracked paths with spaces', () => {
  const hash = '0'.repeat(40);
  const text = [
    `1 .M N... 100644 100644 100644 ${hash} ${hash} a b.txt`,
    `2 R. N... 100644 100644 100644 ${hash} ${hash} R100 new name`,
    'old name',
    `u UU N... 100644 100644 100644 100644 ${hash} ${hash} ${hash} both sides`,
    '? un tracked',
    '',
  ].join('\0');
  expect(parseStatus(text)).toEqual([
    { kind: 'changed', code: '.M', path: 'a b.txt' },
    { kind: 'changed', code: 'R.', path: 'new name' },
    { kind: 'unmerged', code: 'UU', path: 'both sides' },
    { kind: 'untracked', code: '??', path: 'un tracked' },
  ]);
  expect(parseStatus('')).toEqual([]);
});

test('branches: local and remote ones, the work tree, no symbolic ones', () => {
  const text = [
    'refs/heads/feature/x\0abc\0',
    'refs/heads/main\0abc\0',
    'refs/remotes/origin/HEAD\0abc\0refs/remotes/origin/main',
    'refs/remotes/origin/main\0def\0',
    '',
  ].join('\n');
  const worktrees = [
    'worktree /bare\nbare\n\n',
    'worktree /some where\nHEAD abc\nbranch refs/heads/feature/x\nlocked\n\n',
    'worktree /other\nHEAD abc\ndetached\n\n',
  ].join('');
  expect(parseBranches(text, worktrees)).toEqual([
    { name: 'feature/x', remote: false, commit: 'abc', worktree: '/some where' },
    { name: 'main', remote: false, commit: 'abc', worktree: null },
    { name: 'origin/main', remote: true, commit: 'def', worktree: null },
  ]);
});
