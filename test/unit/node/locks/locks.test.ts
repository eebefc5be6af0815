import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { listLiveHolders, readLiveHolder, takeLock } from '../../../../src/node/locks/locks.ts';

const locksModule = path.resolve('src/node/locks/locks.ts');
let folder: string;
const children: ChildProcess[] = [];

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'mlops-locks-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

/** A process of its own that takes the lock, says so, and keeps it until it is killed. */
async function holdInChild(file: string): Promise<ChildProcess> {
  const code = `import { takeLock } from ${JSON.stringify(locksModule)}; await takeLock(${JSON.stringify(file)}, 'mlops run train'); console.log('held'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  await once(child.stdout, 'data');
  return child;
}

test('a lock held by a live process is busy: the message names pid and command', async () => {
  const file = path.join(folder, 'project.json');
  const child = await holdInChild(file);
  await expect(takeLock(file, 'mlops status')).rejects.toMatchObject({
    code: 'busy',
    exitCode: 3,
    message: expect.stringContaining(`pid ${child.pid}, "mlops run train"`) as string,
  });
  expect((await listLiveHolders(folder)).map(({ pid }) => pid)).toEqual([child.pid]);
});

test('the lock of a killed process is taken over, and released by its new holder', async () => {
  const file = path.join(folder, 'project.json');
  const child = await holdInChild(file);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const lock = await takeLock(file, 'mlops run');
  expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ pid: process.pid, command: 'mlops run' });
  await lock.release();
  expect(await readLiveHolder(file)).toBeUndefined();
});

test('a pid that now belongs to another process holds nothing', async () => {
  const file = path.join(folder, 'project.json');
  await writeFile(
    file,
    JSON.stringify({ pid: process.pid, startTime: 'of another process', command: 'old', since: 0, details: {} }),
  );
  expect(await readLiveHolder(file)).toBeUndefined();
});

test.each([
  ['empty', ''],
  ['cut', '{"pid": 12'],
  ['foreign', '"hello"'],
  ['null', 'null'],
])('an %s lock file holds nothing and does not throw', async (_, text) => {
  const file = path.join(folder, 'project.json');
  await writeFile(file, text);
  await (await takeLock(file, 'mlops run')).release();
});

test('a holder without details has none', async () => {
  const file = path.join(folder, 'project.json');
  const lock = await takeLock(file, 'mlops run');
  await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, 'utf8')), details: null }));
  expect(await readLiveHolder(file)).toMatchObject({ pid: process.pid, details: {} });
  await lock.release();
});

test('of many takers at once exactly one wins', async () => {
  const file = path.join(folder, 'project.json');
  const results = await Promise.allSettled(Array.from({ length: 20 }, () => takeLock(file, 'mlops run')));
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
});

test('of many takers of a dead lock exactly one wins, every time', async () => {
  const file = path.join(folder, 'project.json');
  for (let round = 0; round < 30; round += 1) {
    await writeFile(file, JSON.stringify({ pid: 2 ** 22 - 1, startTime: 'gone', command: 'old', since: round }));
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => takeLock(file, 'mlops run')));
    const winners = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    expect(winners).toHaveLength(1);
    await winners[0]?.release();
  }
  expect(await readdir(folder)).toEqual([]);
});

test('a lock is taken over also when another process died while it took it over', async () => {
  const file = path.join(folder, 'project.json');
  const dead = JSON.stringify({ pid: 2 ** 22 - 1, startTime: 'gone', command: 'old', since: 0 });
  await writeFile(file, dead);
  const digest = createHash('sha256').update(dead).digest('hex').slice(0, 24);
  await writeFile(path.join(folder, `.mlops-tmp-project.json-${digest}`), dead);
  await (await takeLock(file, 'mlops run')).release();
  expect(await readdir(folder)).toEqual([]);
});
