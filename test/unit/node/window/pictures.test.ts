import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openStore, type RunWriter } from '../../../../src/node/tracking/tracking.ts';
import { listRunPictures } from '../../../../src/node/window/window.ts';

let root: string;
let run: RunWriter;

beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'mlops-pictures-'));
  await writeFile(path.join(root, 'dvc.yaml'), 'stages: {}\n');
  const store = openStore(`file://${root}/models/mlruns`);
  run = await store.createRun({ experiment: 'e', user: 'u', startTime: 1, params: {}, tags: {} });
});
afterEach(() => rm(root, { recursive: true, force: true }));

const leave = async (...files: readonly string[]): Promise<void> => {
  for (const file of files) {
    await mkdir(path.dirname(path.join(run.artifacts, file)), { recursive: true });
    await writeFile(path.join(run.artifacts, file), '');
  }
};
const list = (runId = run.runId) =>
  listRunPictures({ project: { root }, runId, env: { ...process.env, MLFLOW_TRACKING_URI: '' } });

test('pictures of all folders by key and step', async () => {
  await leave(
    'images/a/2.png',
    'images/b/c/1.png',
    'plots/images/d/7.png',
    'plots/metrics/x.tsv',
    'model/images/e/1.png',
  );
  expect(await list()).toEqual({
    groups: [
      { key: 'a', pictures: [{ step: 2, path: 'images/a/2.png' }] },
      { key: 'b/c', pictures: [{ step: 1, path: 'images/b/c/1.png' }] },
      { key: 'd', pictures: [{ step: 7, path: 'plots/images/d/7.png' }] },
    ],
    trouble: null,
    isCut: false,
  });
});

test('nothing of a run that has left none, a sentence for one that is not there', async () => {
  expect(await list()).toEqual({ groups: [], trouble: null, isCut: false });
  expect(await list('0'.repeat(32))).toMatchObject({ groups: [], trouble: expect.stringMatching(/no run/i) });
});

test('no more folders than a page can show', async () => {
  await leave(...Array.from({ length: 130 }, (_, i) => `images/k${i}/1.png`));
  const { groups, isCut } = await list();
  expect([groups.length, isCut]).toEqual([99, true]);
});
