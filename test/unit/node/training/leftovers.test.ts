import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { identifySelf } from '../../../../src/node/processes/processes.ts';
import { projectPaths } from '../../../../src/node/project/project.ts';
import { stagingFolder, sweepLeftovers } from '../../../../src/node/training/leftovers.ts';

const runId = '0123456789abcdef0123456789abcdef';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'mlops-leftovers-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const dead = { pid: process.pid, startTime: '1' };
const here = { details: { runId, host: os.hostname() } };

test.each<[what: string, name: string, lock: () => object | Promise<object>, stays: boolean]>([
  ['of a killed training', `run-${runId}.json`, () => ({ ...dead, ...here }), false],
  ['of a killed training that named no machine', `run-${runId}.json`, () => ({ ...dead, details: { runId } }), false],
  ['of a living training', `run-${runId}.json`, async () => ({ ...(await identifySelf()), ...here }), true],
  ['of another machine', `run-${runId}.json`, () => ({ ...dead, details: { host: 'elsewhere' } }), true],
  ['of something else', 'repro.json', () => ({ ...dead, ...here }), true],
])('what is left %s', async (_, name, lock, stays) => {
  const project = { root };
  const locks = projectPaths.locks(project);
  const staging = stagingFolder(project, runId);
  await mkdir(staging, { recursive: true });
  await writeFile(path.join(staging, 'model.json'), '{}');
  await mkdir(locks, { recursive: true });
  await writeFile(path.join(locks, name), JSON.stringify(await lock()));
  await sweepLeftovers(project);
  expect(await readdir(locks)).toEqual(stays ? [name] : []);
  expect(await readdir(path.dirname(staging))).toEqual(stays ? [runId] : []);
});

test('a project without any', async () => {
  await sweepLeftovers({ root });
  expect(await readdir(root)).toEqual([]);
});
