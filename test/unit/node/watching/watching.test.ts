import { chmod, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Area } from '../../../../src/protocol/engine.ts';
import { watchProject, type Watcher } from '../../../../src/node/watching/watching.ts';

let root = '';
let watcher: Watcher;
let told: Area[] = [];

beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'mlops-watch-'));
  for (const folder of ['configs', 'node_modules/x', 'data/raw', 'models/cnn', '.git/refs/heads', '.dvc/cache'])
    await mkdir(path.join(root, folder), { recursive: true });
  await writeFile(path.join(root, '.git', 'HEAD'), 'ref: refs/heads/main\n');
  told = [];
  watcher = watchProject({ root }, (areas) => told.push(...areas));
  await see('dvc.yaml', 'pipeline');
});
afterEach(async () => {
  watcher.close();
  await rm(root, { recursive: true, force: true, maxRetries: 3 });
});

/** Writes the file until the change is told: a watcher needs some time before it sees anything. */
async function see(file: string, area: Area): Promise<void> {
  told = [];
  await mkdir(path.dirname(path.join(root, file)), { recursive: true });
  for (let count = 0; !told.includes(area); count += 1) {
    await writeFile(path.join(root, file), `${count}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

it('tells configs, data, models, branches and locks', async () => {
  await see('configs/cnn.yaml', 'configs');
  await see('data/raw/x.csv', 'data');
  await see('models/cnn/model.json', 'models');
  await see('.git/refs/heads/develop', 'branches');
});

it('watches folders that appear later, and those that replace others of their name', async () => {
  await see('.mlops/tmp/locks/run-1.json', 'processes');
  await see('src/models/cnn/model.ts', 'pipeline');
  await mkdir(path.join(root, 'staging'));
  await rename(path.join(root, 'models/cnn'), path.join(root, 'old'));
  await rename(path.join(root, 'staging'), path.join(root, 'models/cnn'));
  await see('models/cnn/model.json', 'models');
});

it('leaves alone what is nobody’s business', async () => {
  await see('dvc.lock', 'data');
  // What came late of that is told before the next lines.
  await new Promise((resolve) => setTimeout(resolve, 500));
  told = [];
  await writeFile(path.join(root, 'node_modules/x/index.js'), '');
  await writeFile(path.join(root, '.dvc/cache/x'), '');
  await writeFile(path.join(root, '.git/index'), '');
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(told).toEqual([]);
});

/** Handles that watch a folder, of this process. */
function countHandles(): number {
  return process.getActiveResourcesInfo().filter((name) => name.startsWith('FSEvent')).length;
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 20));
}

it('leaves no handle behind, also of folders that are told of several times at once', async () => {
  watcher.close();
  await until(() => countHandles() === 0);
  watcher = watchProject({ root }, (areas) => told.push(...areas));
  await watcher.ready;
  const before = countHandles();
  const names = Array.from({ length: 20 }, (_, index) => path.join(root, 'configs', String(index)));
  await Promise.all(
    names.map(async (name) => {
      await mkdir(name);
      for (const mode of [0o700, 0o755, 0o700]) await chmod(name, mode);
    }),
  );
  await until(() => countHandles() >= before + names.length);
  await see('configs/0/x.yaml', 'configs');
  expect(countHandles()).toBe(before + names.length);
  watcher.close();
  await until(() => countHandles() === 0);
});

it('watches nothing any more when it is closed while it begins', async () => {
  watcher.close();
  await until(() => countHandles() === 0);
  watcher = watchProject({ root }, () => undefined);
  watcher.close();
  await watcher.ready;
  expect(countHandles()).toBe(0);
});
