import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { train, type TrainDocument } from '../../../../src/node/training/training.ts';
import { findRunFolder } from '../../../../src/node/window/runs.ts';
import { startFakeMlflow, type FakeMlflow } from '../mlflowserver/fakemlflow.ts';

const fixtures = path.resolve(import.meta.dirname, '../../../fixtures/training');
const installation = {
  ...{ node: process.execPath, version: '0.1.0', cli: '', worker: path.join(fixtures, 'worker.mjs') },
  ...{ bin: fixtures, samples: fixtures, templates: fixtures },
};
let root: string;
let server: FakeMlflow;
const warnings: string[] = [];

beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'mlops-train-'));
  server = await startFakeMlflow();
  await mkdir(path.join(root, 'src', 'models', 'm'), { recursive: true });
  await mkdir(path.join(root, 'configs'));
  await writeFile(path.join(root, 'dvc.yaml'), 'stages: {}\n');
  warnings.length = 0;
});
afterEach(async () => {
  await server.close();
  await rm(root, { recursive: true, force: true });
});

async function run(act: string, onEpoch: (runId: string) => void = () => undefined): Promise<TrainDocument> {
  const training = 'training: {batch_size: 2, num_epochs: 3, loss_function: mse}';
  const text = `model: {act: ${act}}\n${training}\nmlflow: {experiment_name: tests, tracking_uri: "${server.uri}"}\n`;
  await writeFile(path.join(root, 'configs', 'm.yaml'), text);
  let runId = '';
  const nothing = (): void => undefined;
  const env = { PATH: process.env['PATH'], HOME: root };
  return train(
    { root },
    { config: 'configs/m.yaml', cwd: root, installation, env },
    {
      ...{ note: nothing, failure: nothing, warning: (text_: string) => warnings.push(text_) },
      started: (begun) => (runId = begun.runId),
      epoch: () => onEpoch(runId),
    },
    new AbortController().signal,
  );
}

test('a training whose config names a server is there, with model and events, and not here', async () => {
  let folder: string | undefined;
  const document = await run('good', (runId) => {
    void findRunFolder({ root }, runId, { HOME: root }).then((found) => (folder ??= found));
  });
  const { info, files, metrics, params } = [...server.runs.values()][0] ?? {};
  expect(document).toMatchObject({
    outcome: 'succeeded',
    status: 'FINISHED',
    modelPath: `runs:/${document.runId}/model`,
  });
  expect(info).toMatchObject({ run_id: document.runId, status: 'FINISHED' });
  expect([...(files?.keys() ?? [])]).toEqual(
    expect.arrayContaining(['mlops/events.jsonl', 'model/MLmodel', 'model/model.json']),
  );
  expect(metrics?.filter(({ key }) => key === 'val_loss').map(({ step }) => step)).toEqual([1, 2, 3]);
  expect(params?.get('model.act')).toBe('good');
  // While it went on, a chart could follow it.
  expect(folder).toContain(path.join('.mlops', 'state', 'spool'));
  expect((await readdir(path.dirname(path.dirname(folder ?? '')))).filter((name) => name === document.runId)).toEqual(
    [],
  );
});

test('a server that goes away holds no training up: it is told, also to the chart, and nothing is lost', async () => {
  const document = await run('good', () => {
    server.mishap = () => 'lost';
  });
  expect(document).toMatchObject({ outcome: 'succeeded', status: 'FINISHED', metrics: { val_loss: { points: 3 } } });
  expect(warnings.at(-1)).toContain('mlops stores sync');
  expect(await readFile(document.modelPath ?? '').catch(() => undefined)).toBeUndefined();
  expect(await readdir(path.join(document.artifacts ?? '', 'model'))).toContain('model.json');
});
