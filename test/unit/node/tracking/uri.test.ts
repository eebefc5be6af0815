import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openChosenStore, resolveStoreUri, storeEnvironment } from '../../../../src/node/tracking/tracking.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'mlops-uri-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const config = (mlflow: Record<string, string>) => ({ mlflow: { experiment_name: 'e', ...mlflow } });

test('the first of option, environment, config, project, default; relative ones from where they were written', async () => {
  const project = { root: path.join(root, 'p') };
  const cwd = path.join(root, 'elsewhere');
  const resolve = (choice: { option?: string; env?: NodeJS.ProcessEnv; config?: ReturnType<typeof config> }) =>
    resolveStoreUri({ project, cwd, env: {}, ...choice });
  const env = { MLFLOW_TRACKING_URI: 'http://localhost:5000' };
  expect(await resolve({})).toBe(`file://${root}/p/models/mlruns`);
  await mkdir(path.join(project.root, '.mlops'), { recursive: true });
  await writeFile(path.join(project.root, '.mlops', 'project.yaml'), 'stores: ["file:runs a"]\n');
  expect(await resolve({})).toBe(`file://${root}/p/runs%20a`);
  expect(await resolve({ config: config({ mlruns_path: 'file:r' }) })).toBe(`file://${root}/p/r`);
  expect(await resolve({ config: config({ mlruns_path: 'r', tracking_uri: 'x%20y' }) })).toBe(
    `file://${root}/p/x%2520y`,
  );
  expect(await resolve({ config: config({ mlruns_path: 'r' }), env })).toBe('http://localhost:5000');
  // Inside a stage: what the engine chose for the project gives way to the model's config, what the user chose does not.
  expect(
    await resolve({ config: config({ mlruns_path: 'r' }), env: storeEnvironment('file:///p/models/mlruns', {}) }),
  ).toBe(`file://${root}/p/r`);
  expect(
    await resolve({ config: config({ mlruns_path: 'r' }), env: storeEnvironment('http://localhost:5000', env) }),
  ).toBe('http://localhost:5000');
  expect(await resolve({ env, option: 'file:s' })).toBe(`file://${root}/elsewhere/s`);
  expect(await resolve({ env: { MLFLOW_TRACKING_URI: '' }, option: '/abs/s' })).toBe('file:///abs/s');
  expect(await resolve({ option: 'file:///abs/s' })).toBe('file:///abs/s');
  await writeFile(path.join(project.root, '.mlops', 'project.yaml'), 'stores: 5\n');
  await expect(resolve({})).rejects.toThrow('The settings of the project have mistakes.');
});

test.each([
  ['file:///abs/s/', 'file:///abs/s'],
  ['file://localhost/abs/s', 'file:///abs/s'],
  ['file:///abs/a/../s/.', 'file:///abs/s'],
  ['FILE:/abs/s', 'file:///abs/s'],
  ['file:///abs/%73%20t', 'file:///abs/s%20t'],
  ['/abs/s/', 'file:///abs/s'],
  ['file:s/', 'file:///here/s'],
  ['s//', 'file:///here/s'],
  ['file://elsewhere/abs/s', 'file://elsewhere/abs/s'],
  ['http://localhost:5000/', 'http://localhost:5000/'],
])('one store has one URI: %s', async (option, uri) => {
  expect(await resolveStoreUri({ option, env: {}, cwd: '/here' })).toBe(uri);
});

test('without a project a store in or below the folder is found, else it is said what to do', async () => {
  const choice = { env: {}, cwd: root };
  await expect(resolveStoreUri(choice)).rejects.toThrow('Name a store with --store');
  const store = await openChosenStore({ ...choice, option: path.join(root, 'models', 'mlruns') });
  await store.ensure();
  expect(await resolveStoreUri(choice)).toBe(`file://${root}/models/mlruns`);
  expect(await resolveStoreUri({ env: {}, cwd: path.join(root, 'models', 'mlruns') })).toBe(
    `file://${root}/models/mlruns`,
  );
});

test("the objective is that of the config of each run, else the project's, else the smallest val_loss", async () => {
  const project = { root };
  const best = async () => {
    const store = await openChosenStore({ project, env: {}, cwd: root });
    const { runs } = await store.listRuns();
    return Object.entries(runs[0]!.metrics).flatMap(([name, summary]) => (summary.best === null ? [] : [name]));
  };
  const store = await openChosenStore({ project, env: {}, cwd: root });
  const writer = await store.createRun({
    experiment: 'e',
    user: 'u',
    startTime: 1,
    params: {},
    tags: { 'mlops.config': 'configs/a.yaml' },
  });
  await writer.logMetrics(['val_loss', 'f1', 'acc'].map((name) => ({ name, value: 1, step: 1, timestamp: 1 })));
  expect(await best()).toEqual(['val_loss']);
  await mkdir(path.join(root, '.mlops'));
  await writeFile(path.join(root, '.mlops', 'project.yaml'), 'objective: {metric: f1, direction: maximize}\n');
  expect(await best()).toEqual(['f1']);
  await mkdir(path.join(root, 'configs'));
  await writeFile(
    path.join(root, 'configs', 'a.yaml'),
    'training: {batch_size: 1, num_epochs: 1, loss_function: mse}\nobjective: {metric: acc}\n',
  );
  expect(await best()).toEqual(['acc']);
});
