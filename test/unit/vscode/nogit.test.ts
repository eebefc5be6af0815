import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { listFiles } from '../../../src/node/files/files.ts';

// The extension host is one thread for all extensions: while git works in it, nobody's editor answers. So it starts no process, and
// nothing anywhere waits for one.

const sources = path.resolve(import.meta.dirname, '../../../src');

async function find(folders: readonly string[], pattern: RegExp): Promise<readonly string[]> {
  const list = async (folder: string): Promise<readonly string[]> =>
    (await listFiles(path.join(sources, folder))).map((file) => path.join(sources, folder, file));
  const files = (await Promise.all(folders.map(list))).flat();
  const texts = await Promise.all(
    files.filter((file) => file.endsWith('.ts')).map(async (file) => [file, await readFile(file, 'utf8')] as const),
  );
  expect(texts.length).toBeGreaterThan(20);
  return texts.filter(([, text]) => pattern.test(text)).map(([file]) => path.relative(sources, file));
}

test('nothing of the extension host starts a process, or reaches for what does', async () => {
  const host = ['vscode', 'core', 'protocol'];
  expect(await find(host, /from '(?:node:)?child_process'|from 'simple-git'|\/node\/(?:git|gitflow)\//)).toEqual([]);
  const root = await readFile(path.join(sources, 'extension.ts'), 'utf8');
  expect(root).not.toMatch(/child_process|simple-git|from '\.\/node\/(?:git|gitflow)\//);
});

test('no process is waited for in step, anywhere', async () => {
  expect(await find(['.'], /\b(?:spawnSync|execSync|execFileSync)\b/)).toEqual([]);
});
