import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openStore, type RunWriter } from '../../../../src/node/tracking/tracking.ts';
import { compareRunsOf } from '../../../../src/node/window/window.ts';
import { makeGround, type Ground } from '../git/repository.ts';

let ground: Ground;
let root: string;
let runs: readonly RunWriter[];

beforeAll(async () => {
  ground = await makeGround();
  root = await ground.make();
  const store = openStore(`file://${root}/models/mlruns`);
  const start = { experiment: 'e', user: 'u', startTime: 1, tags: {} };
  runs = [
    await store.createRun({ ...start, name: 'fox', params: { lr: '1', seed: '7' } }),
    await store.createRun({ ...start, name: 'owl', params: { lr: '2', seed: '7' } }),
  ];
  for (const [index, run] of runs.entries()) {
    await run.logMetrics([{ name: 'val_loss', value: 0.5 - index / 4, step: 1, timestamp: 1 }]);
    await mkdir(path.join(run.artifacts, 'plots'), { recursive: true });
    await writeFile(path.join(run.artifacts, 'plots/roc.json'), '{}');
  }
  await writeFile(path.join(runs[1]?.artifacts ?? '', 'only.txt'), 'x');
});
afterAll(() => ground.remove());

const compare = (...runIds: readonly string[]) =>
  compareRunsOf({ root }, runIds, { ...ground.env, MLFLOW_TRACKING_URI: '' });
const ids = () => runs.map(({ runId }) => runId);

test('what two runs of the project have not in common, with the artifacts of all folders', async () => {
  const there = (bytes: number) => ({ isThere: true, bytes });
  expect(await compare(...ids())).toMatchObject({
    runs: [{ name: 'fox' }, { name: 'owl' }],
    metrics: [{ name: 'val_loss', values: [{}, { change: 'better', best: { delta: '−0.2500' } }] }],
    params: [{ name: 'lr', values: ['1', '2'] }],
    artifacts: [
      { path: 'only.txt', runs: [{ isThere: false }, there(1)] },
      { path: 'plots/roc.json', runs: [there(2), there(2)] },
    ],
    troubles: [],
  });
});

test('so many artifacts that they are no comparison: the rest is told', async () => {
  const [first] = runs;
  const folder = path.join(first?.artifacts ?? '', 'many');
  for (let index = 0; index < 45; index += 1) await mkdir(path.join(folder, String(index)), { recursive: true });
  const { troubles } = await compare(...ids());
  expect(troubles).toEqual([expect.stringMatching(/^fox: only the first \d+ artifacts are listed$/)]);
});

test('a run that is not there, and one alone', async () => {
  await expect(compare(ids()[0] ?? '', 'f'.repeat(32))).rejects.toThrow(/There is no run/);
  await expect(compare(ids()[0] ?? '')).rejects.toThrow('Two runs or more are compared.');
});
