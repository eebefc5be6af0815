import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openStore, type RunStart, type RunStore } from '../../../../src/node/tracking/tracking.ts';

let folder: string;
let store: RunStore;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'mlops-edits-'));
  store = openStore(pathToFileURL(path.join(folder, 'models', 'mlruns')).href);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const start: RunStart = {
  experiment: 'churn',
  user: 'me',
  startTime: 1795291200000,
  params: { 'training.lr': '0.1' },
  tags: { 'mlops.config': 'configs/a.yaml' },
};

const ended = async (): Promise<string> => {
  const writer = await store.createRun(start);
  await writer.finish('FINISHED', 1795291205000);
  return writer.runId;
};

test('name, tags and deletion, and back', async () => {
  const runId = await ended();
  await store.editRun(runId, { name: "it's $& : #1", tags: { 'a/b': 'x', 'mlops.config': null } });
  const run = await store.findRun(runId);
  expect(run).toMatchObject({ name: "it's $& : #1", status: 'FINISHED', endTime: 1795291205000 });
  expect(run.tags).toMatchObject({ 'a/b': 'x', 'mlflow.runName': "it's $& : #1" });
  expect(run.tags).not.toHaveProperty('mlops.config');

  await store.editRun(runId, { isDeleted: true });
  expect((await store.listRuns()).runs).toEqual([]);
  await expect(store.findRun(runId)).rejects.toThrow('There is no run');
  expect((await store.findDeletedRun(runId.slice(0, 6))).runId).toBe(runId);
  expect((await store.findDeletedRun("it's $& : #1")).runId).toBe(runId);
  await store.editRun(runId, { isDeleted: false });
  expect(await store.findRun(runId)).toEqual(run);
  await expect(store.findDeletedRun(runId)).rejects.toThrow('There is no run');
});

test('a long name that another program has written over several lines', async () => {
  const runId = await ended();
  const file = path.join((await store.findRun(runId)).artifacts ?? '', '..', 'meta.yaml');
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace(/^run_name: .*$/m, 'run_name: a name\n  that\n\n  goes on'));
  expect((await store.findRun(runId)).name).toBe('a name that\ngoes on');
  await store.editRun(runId, { name: 'short' });
  expect(await readFile(file, 'utf8')).toBe(text.replace(/^run_name: .*$/m, 'run_name: short'));
});

test('nothing is changed by what is refused', async () => {
  const runId = await ended();
  const before = await store.findRun(runId);
  await expect(store.editRun(runId, { tags: { '../x': 'y' } })).rejects.toThrow('is no name for a tag');
  await expect(store.editRun(runId, { tags: { x: 'y'.repeat(8001) } })).rejects.toThrow('at most 8000');
  await expect(store.editRun(runId, { name: ' ', tags: { x: 'y' } })).rejects.toThrow('needs a name');
  expect(await store.findRun(runId)).toEqual(before);
});

test('a live run takes tags, and neither another name nor its deletion', async () => {
  const writer = await store.createRun(start);
  await store.editRun(writer.runId, { tags: { note: 'x' } });
  await expect(store.editRun(writer.runId, { name: 'x' })).rejects.toMatchObject({ code: 'busy' });
  await expect(store.editRun(writer.runId, { isDeleted: true })).rejects.toMatchObject({ code: 'busy' });
  expect(await store.findRun(writer.runId)).toMatchObject({ name: writer.name, tags: { note: 'x' } });
});
