import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  isInside,
  listFiles,
  makeFolder,
  readTextIfExists,
  replaceDirectory,
  writeFileAtomic,
} from '../../../../src/node/files/files.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'mlops-files-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('a reader never sees half a file while it is rewritten', async () => {
  const file = path.join(folder, 'meta.yaml');
  const texts = ['a'.repeat(100_000), 'b'.repeat(50_000)];
  await writeFileAtomic(file, texts[0]!);
  const state = { writing: true };
  const writer = (async () => {
    for (let i = 0; i < 100; i += 1) await writeFileAtomic(file, texts[i % 2]!);
    state.writing = false;
  })();
  let reads = 0;
  while (state.writing) {
    expect(texts).toContain(await readFile(file, 'utf8'));
    reads += 1;
  }
  await writer;
  expect(reads).toBeGreaterThan(10);
  expect(await readdir(folder)).toEqual(['meta.yaml']);
});

test('a write that fails leaves the old file and no temporary one', async () => {
  const target = path.join(folder, 'taken');
  await mkdir(path.join(target, 'child'), { recursive: true });
  await expect(writeFileAtomic(target, 'text')).rejects.toThrow();
  expect(await readdir(folder)).toEqual(['taken']);
});

test.skipIf(process.platform === 'win32')(
  'who may read and write a file stays as it was; a link is replaced',
  async () => {
    const [file, link] = [path.join(folder, 'dvc.lock'), path.join(folder, 'link')];
    await writeFile(file, 'old');
    for (const mode of [0o664, 0o600, 0o755]) {
      await chmod(file, mode);
      await writeFileAtomic(file, 'new');
      expect((await stat(file)).mode & 0o777).toBe(mode);
    }
    await symlink(file, link);
    await writeFileAtomic(link, 'own');
    expect([await readFile(file, 'utf8'), await readFile(link, 'utf8')]).toEqual(['new', 'own']);
    const plain = path.join(folder, 'plain');
    await writeFile(plain, '');
    expect((await stat(link)).mode).toBe((await stat(plain)).mode);
  },
);

/** A hole, which takes no place on the disk. */
async function makeHuge(file: string): Promise<void> {
  await writeFile(file, '');
  await truncate(file, 2 ** 32);
}

const unreadable: [name: string, make: (file: string) => Promise<unknown>, message: string][] = [
  ['a pipe', (file) => promisify(execFile)('mkfifo', [file]), 'is neither a file nor a folder'],
  ['a folder', (file) => mkdir(file), 'is a folder, not a file'],
  ['a link in a circle', (file) => symlink(file, file), 'its links lead in a circle'],
  ['a device', (file) => symlink('/dev/zero', file), 'is neither a file nor a folder'],
  ['more than fits into a text', makeHuge, 'at most 268435456 are read'],
];
test.skipIf(process.platform === 'win32').each(unreadable)('%s is no text', async (_, make, message) => {
  const file = path.join(folder, 'text');
  await make(file);
  await expect(readTextIfExists(file)).rejects.toThrow(message);
});

test('a file in the place of a folder is told', async () => {
  await writeFile(path.join(folder, 'file'), '');
  for (const place of ['file', 'file/below'])
    await expect(makeFolder(path.join(folder, place))).rejects.toMatchObject({
      code: 'disk',
      message: expect.stringContaining('a file stands where a folder must be') as string,
    });
});

test('folders are made down to the last, by many at once, and the highest is told', async () => {
  const target = path.join(folder, 'a/b/c');
  expect(await makeFolder(target)).toBe(path.join(folder, 'a'));
  expect(await makeFolder(target)).toBeUndefined();
  const others = Array.from({ length: 20 }, (_, index) => makeFolder(path.join(folder, 'x/y/z', String(index % 3))));
  expect((await Promise.all(others)).length).toBe(20);
});

test.skipIf(process.platform !== 'linux')('a parent that takes no folders is told, and not tried without end', () =>
  expect(makeFolder('/proc/none/below')).rejects.toMatchObject({ code: 'disk' }),
);

test.each([
  ['a byte of another encoding', [0x61, 0x0a, 0x23, 0x20, 0xe9, 0x0a], 2, 3],
  ['UTF-16', [0xff, 0xfe, 0x61, 0x00], 1, 1],
  ['half a character at the end', [0xc3], 1, 1],
])('%s is refused at its place, for it would be lost when the file is written', async (_, bytes, line, column) => {
  const file = path.join(folder, 'text');
  await writeFile(file, Buffer.from(bytes));
  await expect(readTextIfExists(file)).rejects.toMatchObject({ code: 'bad-input', problems: [{ file, line, column }] });
});

test('a folder is replaced whole', async () => {
  const [staging, target] = [path.join(folder, 'staging'), path.join(folder, 'model')];
  for (const [dir, name] of [
    [staging, 'new'],
    [target, 'old'],
  ] as const) {
    await mkdir(dir);
    await writeFile(path.join(dir, name), name);
  }
  await replaceDirectory(staging, target);
  expect(await listFiles(folder)).toEqual(['model/new']);
});

const containment: [folder: string, file: string, inside: boolean][] = [
  ['/a/b', '/a/b/c', true],
  ['/a/b', '/a/b', true],
  ['/a/b', '/a/bc', false],
  ['/a/b', '/a', false],
  ['/a/b', '/a/b/..c', true],
  ['/a/b', '/a/b/../c', false],
];
test.each(containment)('is %s/… holding %s? %s', (parent, file, inside) => {
  expect(isInside(parent, file)).toBe(inside);
});
