import { describe, expect, it } from 'vitest';
import {
  addIgnoreEntry,
  builtInIgnore,
  isIgnored,
  parseIgnoreFile,
  type IgnoreDialect,
} from '../../../../src/core/pipeline/ignore.ts';

type Row = [rules: string, path: string, isFolder: boolean, ignored: boolean];

// The expected values are those of Git and DVC themselves.
const both: Row[] = [
  ['*.log', 'a/b.log', false, true],
  ['*.log', 'a/b.logs', false, false],
  ['/a', 'a', false, true],
  ['/a', 'b/a', false, false],
  ['a/', 'a', false, false],
  ['a/', 'a', true, true],
  ['a/', 'x/a/file', false, true],
  ['a/b', 'x/a/b', false, false],
  ['**/b', 'x/y/b', false, true],
  ['a/**', 'a/x/y', false, true],
  ['a/**', 'a', false, false],
  ['a/**/z', 'a/z', false, true],
  ['a/**/z', 'a/b/c/z', false, true],
  ['a*b', 'a/b', false, false],
  ['a?c', 'abc', false, true],
  ['[a-c].txt', 'b.txt', false, true],
  ['[!a-c].txt', 'b.txt', false, false],
  ['[]x]', ']', false, true],
  ['*.txt\n!keep.txt', 'keep.txt', false, false],
  ['data/\n!data/keep.txt', 'data/keep.txt', false, true],
  ['# comment', '# comment', false, false],
  [String.raw`\#x`, '#x', false, true],
  [String.raw`\!x`, '!x', false, true],
  [String.raw`a\*b`, 'a*b', false, true],
  [String.raw`a\*b`, 'axb', false, false],
  ['a.b', 'axb', false, false],
  ['x  \r\ny', 'x', false, true],
  ['[a', '[a', false, false],
  ['é😀', 'é😀', false, true],
  ['**', 'a/b', false, true],
  ['*a*b*', 'xxaxxaxxbxx', false, true],
  ['*a*b', 'xxaxxaxxbxx', false, false],
];
const apart: [rules: string, path: string, isFolder: boolean, inGit: boolean, inDvc: boolean][] = [
  ['a/**', 'a', true, false, true],
  ['data/sub/**\n!data/sub/keep', 'data/sub/keep', false, false, true],
  ['*.log\n!logs', 'logs/a.log', false, true, false],
  ['*/', 'a', true, true, false],
  ['**/', 'a', true, true, false],
  ['**/*/**', 'a/b', false, true, false],
  ['  spaced', 'spaced', false, false, true],
];

describe('patterns as Git and DVC read them', () => {
  const check = (dialect: IgnoreDialect, [rules, path, isFolder, ignored]: Row): void =>
    expect(isIgnored([parseIgnoreFile(rules, '', dialect)], path, isFolder)).toBe(ignored);
  it.each(both)('%j ~ %s (folder: %s): %s', (...row) => {
    check('git', row);
    check('dvc', row);
  });
  it.each(apart)('%j ~ %s (folder: %s): %s in Git, %s in DVC', (rules, path, isFolder, inGit, inDvc) => {
    check('git', [rules, path, isFolder, inGit]);
    check('dvc', [rules, path, isFolder, inDvc]);
  });

  it.each<Row>([
    [String.raw`a\ `, 'a ', false, true],
    ['[[:digit:]]', '7', false, true],
    ['[^[:digit:]]', '7', false, false],
  ])('%j ~ %s (folder: %s): %s, in Git only', (...row) => check('git', row));

  it('a nested file speaks for its own folder, and last', () => {
    const files = [parseIgnoreFile('*.txt', '', 'git'), parseIgnoreFile('!a.txt', 'sub', 'git')];
    expect(isIgnored(files, 'sub/a.txt', false)).toBe(false);
    expect(isIgnored(files, 'a.txt', false)).toBe(true);
  });

  it.each([
    ['**\n!keep', 'sub/keep', true],
    ['**\n!**', 'sub/keep', false],
    ['*/', 'sub/a/x', true],
    ['*/', 'sub/x', false],
  ])('a nested file of DVC: %j ~ %s: %s', (rules, path, ignored) =>
    expect(isIgnored([parseIgnoreFile(rules, 'sub', 'dvc')], path, false)).toBe(ignored),
  );

  it('a range that is none is no pattern', () =>
    expect(parseIgnoreFile('[z-a]\n*.log', '', 'git').rules).toHaveLength(1));

  it('.git and .dvc are never looked into', () => {
    expect(isIgnored([builtInIgnore], 'x/.git/config', false)).toBe(true);
    expect(isIgnored([builtInIgnore], '.dvc', true)).toBe(true);
    expect(isIgnored([builtInIgnore], 'a.dvc', false)).toBe(false);
  });

  it.each([`${'*a'.repeat(20)}b`, `${'**/a/'.repeat(20)}b`, `${'**/*a*a/'.repeat(10)}b`, `${'[a-z]*'.repeat(20)}1`])(
    'no pattern takes for ever: %s',
    (rules) => {
      const path = Array.from({ length: 30 }, () => 'a'.repeat(200)).join('/');
      for (const dialect of ['git', 'dvc'] as const)
        expect(isIgnored([parseIgnoreFile(rules, '', dialect)], path, false)).toBe(false);
    },
  );
});

describe('entries that we add', () => {
  it.each([
    ['', 'data', '/data\n'],
    ['/x', 'data', '/x\n/data\n'],
    ['/x\n', 'a[1]*?#!', '/x\n/a\\[1\\]\\*\\?\\#\\!\n'],
    ['/data\n', 'data', '/data\n'],
    ['', 'a\nb\\ c  ', '/a?b\\\\ c\\ \\ \n'],
  ])('%j + %s', (text, name, after) => expect(addIgnoreEntry(text, name)).toBe(after));
});
