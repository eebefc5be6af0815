import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { formatDirectory, parseDirectory } from '../../../../src/core/pipeline/directory.ts';

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

describe('directory objects', () => {
  it("DVC's vector", () => {
    const text = formatDirectory([
      { md5: md5(''), relpath: 'é.txt' },
      { md5: md5('x,y\n1,2\n'), relpath: 'sub/b.csv' },
      { md5: md5('hello\n'), relpath: 'a.txt' },
    ]);
    expect(text).toBe(
      String.raw`[{"md5": "b1946ac92492d2347c6235b4d2611184", "relpath": "a.txt"}, {"md5": "344fd2323dd33d5c058b7cf27de029e8", "relpath": "sub/b.csv"}, {"md5": "d41d8cd98f00b204e9800998ecf8427e", "relpath": "\u00e9.txt"}]`,
    );
    expect(md5(text)).toBe('253db378146ec7452e4fd525933ace0b');
  });

  it('an empty folder', () => expect(md5(formatDirectory([]))).toBe('d751713988987e9331980363e24189ce'));

  it('is ordered by code points, not by UTF-16 units', () => {
    const text = formatDirectory(['\uffee', '😀', 'a'].map((relpath) => ({ md5: md5(''), relpath })));
    expect(parseDirectory(text)!.map(({ relpath }) => relpath)).toEqual(['a', '\uffee', '😀']);
  });

  it.each(['{}', '[1]', '[{"md5": "x", "relpath": "a"}]', 'nonsense', ''])('%j is damage', (text) =>
    expect(parseDirectory(text)).toBeUndefined(),
  );

  it.each(['../x', '/etc/passwd', 'a/../../x', './a', 'a//b', 'a\0b'])('a member can not lie outside: %j', (relpath) =>
    expect(parseDirectory(JSON.stringify([{ md5: md5(''), relpath }]))).toBeUndefined(),
  );
});
