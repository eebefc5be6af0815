import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isInside, listFiles, replaceDirectory, writeFileAtomic } from '../../../../src/node/files/files.ts';

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
