import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunDataset } from '../../src/protocol/tracking.ts';
import { openStore, type RunStore } from '../../src/node/tracking/tracking.ts';

const run = promisify(execFile);
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'mlops artifacts '));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Logs artifacts, a model as MLflow 3 does and two data sets; tells what MLflow's own client gives of them. */
const script = `
import json, mlflow, os, numpy
from mlflow import MlflowClient
from mlflow.entities import LoggedModelOutput
client = MlflowClient()
mlflow.set_experiment('odd: #1')
with mlflow.start_run() as started:
    run_id = started.info.run_id
    mlflow.log_text('größe', 'notes/a #1%20.txt')
    mlflow.log_dict({'x': 1}, 'x.json')
    mlflow.log_text('', 'empty')
    mlflow.log_input(mlflow.data.from_numpy(numpy.zeros((2, 2)), name='digits'), context='training')
    mlflow.log_input(mlflow.data.from_numpy(numpy.ones((3, 2)), name='more'))
    model = mlflow.initialize_logged_model(name='net', source_run_id=run_id)
    os.makedirs('net/deep', exist_ok=True)
    open('net/MLmodel', 'w').write('flavors: {}'); open('net/deep/weights', 'w').write('12345')
    client.log_model_artifacts(model.model_id, 'net')
    client.finalize_logged_model(model.model_id, 'READY')
    client.log_outputs(run_id, [LoggedModelOutput(model.model_id, 0)])
def walk(where=None):
    for item in client.list_artifacts(run_id, where):
        yield {'path': item.path, 'isFolder': item.is_dir, 'bytes': item.file_size}
        if item.is_dir: yield from walk(item.path)
inputs = client.get_run(run_id).inputs.dataset_inputs
print(json.dumps({'runId': run_id, 'artifacts': list(walk()), 'datasets': [
    {'name': i.dataset.name, 'digest': i.dataset.digest, 'sourceType': i.dataset.source_type, 'source': i.dataset.source,
     'context': ''.join(t.value for t in i.tags if t.key == 'mlflow.data.context')} for i in inputs]}))
`;

async function walk(store: RunStore, runId: string, where = ''): Promise<readonly unknown[]> {
  const entries = await store.listArtifacts(runId, where);
  const below = await Promise.all(
    entries.map(async (entry) => [entry, ...(entry.isFolder ? await walk(store, runId, entry.path) : [])]),
  );
  return below.flat();
}

test.each([
  ['a folder', () => pathToFileURL(path.join(folder, 'store')).href],
  ['a database', () => `sqlite:///${path.join(folder, 'mlflow.db')}`],
])("artifacts, logged models and data sets of %s are those that MLflow's client gives", async (_, uriOf) => {
  const uri = uriOf();
  const program = process.env['MLOPS_INTEROP_PYTHON'] ?? '';
  const env = { ...process.env, MLFLOW_ALLOW_FILE_STORE: 'true', MLFLOW_TRACKING_URI: uri };
  const { stdout } = await run(program, ['-W', 'ignore', '-c', script], { cwd: folder, env });
  const theirs = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as {
    readonly runId: string;
    readonly artifacts: readonly { readonly path: string }[];
    readonly datasets: readonly RunDataset[];
  };
  const store = openStore(uri);
  const found = await walk(store, theirs.runId);
  const model = [
    { path: 'model: net', isFolder: true, bytes: null },
    { path: 'model: net/MLmodel', isFolder: false, bytes: 11 },
    { path: 'model: net/deep', isFolder: true, bytes: null },
    { path: 'model: net/deep/weights', isFolder: false, bytes: 5 },
  ];
  expect(found).toHaveLength(theirs.artifacts.length + model.length);
  expect(found).toEqual(expect.arrayContaining([...theirs.artifacts, ...model]));
  const { bytes } = await store.readArtifact(theirs.runId, 'notes/a #1%20.txt', { limit: 100 });
  expect(Buffer.from(bytes).toString()).toBe('größe');
  const byName = (a: RunDataset, b: RunDataset): number => (a.name < b.name ? -1 : 1);
  const inputs = await store.readInputs?.(theirs.runId);
  expect([...(inputs?.datasets ?? [])].sort(byName)).toEqual([...theirs.datasets].sort(byName));
});
