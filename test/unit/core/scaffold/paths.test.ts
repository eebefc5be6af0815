import { expect, test } from 'vitest';
import { findUnsafePaths } from '../../../../src/core/scaffold/paths.ts';

const refused: [string, RegExp][] = [
  ['../x', /leads out/],
  ['a/../../x', /leads out/],
  ['./x', /leads out/],
  ['/etc/passwd', /empty part/],
  ['a//b', /empty part/],
  ['C:/x', /Windows/],
  ['a\\..\\x', /Windows/],
  ['a\nb', /can not be seen/],
  ['a\u202Ecod.exe', /can not be seen/],
  ['CON', /device/],
  ['sub/nul.txt', /device/],
  ['com1', /device/],
  ['LPT¹.log', /device/],
  ['name.', /dot/],
  ['name ', /space/],
  [' name', /space/],
  ['.git/hooks/pre-commit', /git's own/],
  ['sub/.GIT/config', /git's own/],
  ['GIT~1/config', /git's own/],
  ['src/{{repo_name}}/x', /not filled in/],
  ['\ud800', /no proper text/],
  ['ü'.repeat(128), /255 bytes/],
  ['a/'.repeat(130) + 'x', /240 characters/],
];

test.each(refused)('%j is refused', (path, words) => {
  expect(findUnsafePaths([path])).toEqual([expect.stringMatching(words)]);
});

test('ordinary names are fine', () => {
  const paths = ['.gitignore', '.github/workflows/x.yml', 'console.log', 'com10', 'Größe/数字 1.txt', 'a/b', 'a/c'];
  expect(findUnsafePaths(paths)).toEqual([]);
});

test('names that some systems take for one another are refused', () => {
  expect(findUnsafePaths(['README.md', 'readme.md'])).toEqual([expect.stringMatching(/same file/)]);
  expect(findUnsafePaths(['\u00e9', 'e\u0301'])).toEqual([expect.stringMatching(/same file/)]);
  expect(findUnsafePaths(['a', 'A/b'])).toEqual([expect.stringMatching(/needs a folder/)]);
});
