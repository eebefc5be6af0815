import { describe, expect, it } from 'vitest';
import { addIgnoreEntry, builtInIgnore, isIgnored, parseIgnoreFile } from '../../../../src/core/pipeline/ignore.ts';

describe('patterns as Git reads them', () => {
  // rules, path, is it a folder, ignored
  const table: [string, string, boolean, boolean][] = [
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
    ['a/**/z', 'a/z', false, true],
    ['a/**/z', 'a/b/c/z', false, true],
    ['a*b', 'a/b', false, false],
    ['a?c', 'abc', false, true],
    ['[a-c].txt', 'b.txt', false, true],
    ['[!a-c].txt', 'b.txt', false, false],
    ['*.txt\n!keep.txt', 'keep.txt', false, false],
    ['data/\n!data/keep.txt', 'data/keep.txt', false, true],
    ['# comment', '# comment', false, false],
    [String.raw`\#x`, '#x', false, true],
    [String.raw`a\*b`, 'a*b', false, true],
    [String.raw`a\*b`, 'axb', false, false],
    ['a.b', 'axb', false, false],
    ['  spaced  ', 'spaced', false, true],
    ['[z-a]', 'z', false, false],
    ['é😀', 'é😀', false, true],
  ];
  it.each(table)('%j ~ %s (folder: %s): %s', (rules, path, isFolder, ignored) => {
    expect(isIgnored([parseIgnoreFile(rules, '')], path, isFolder)).toBe(ignored);
  });

  it('a nested file speaks for its own folder, and last', () => {
    const files = [parseIgnoreFile('*.txt', ''), parseIgnoreFile('!a.txt', 'sub')];
    expect(isIgnored(files, 'sub/a.txt', false)).toBe(false);
    expect(isIgnored(files, 'a.txt', false)).toBe(true);
  });

  it('.git and .dvc are never looked into', () => {
    expect(isIgnored([builtInIgnore], 'x/.git/config', false)).toBe(true);
    expect(isIgnored([builtInIgnore], '.dvc', true)).toBe(true);
    expect(isIgnored([builtInIgnore], 'a.dvc', false)).toBe(false);
  });
});

describe('entries that we add', () => {
  it.each([
    ['', 'data', '/data\n'],
    ['/x', 'data', '/x\n/data\n'],
    ['/x\n', 'a[1]*?#!', '/x\n/a\\[1\\]\\*\\?\\#\\!\n'],
    ['/data\n', 'data', '/data\n'],
  ])('%j + %s', (text, name, after) => expect(addIgnoreEntry(text, name)).toBe(after));
});
