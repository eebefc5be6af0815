import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openStore, type RunStore } from '../../../../src/node/tracking/tracking.ts';

const model = `m-${'0123456789abcdef'.repeat(2)}`;
const dataset = 'abcdef0123456789'.repeat(2);
let folder: string;
let store: RunStore;
let runId: string;
let artifacts: string;
let experiment: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'mlops-artifacts-'));
  store = openStore(pathToFileURL(path.join(folder, 'mlruns')).href);
  const writer = await store.createRun({ experiment: 'e', user: 'u', startTime: 1, params: {}, tags: {} });
  ({ runId, artifacts } = writer);
  experiment = path.dirname(path.dirname(artifacts));
  await put('notes/größe #1.txt', 'hello');
  await put('a.json', '{}');
  await put('model: net', 'a file of that name');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function put(name: string, text: string, root = artifacts): Promise<void> {
  const file = path.join(root, name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, text);
}

async function logModel(name: string, id = model): Promise<void> {
  await put(`outputs/${id}/meta.yaml`, `source_type: 1\nsource_id: ${id}\n`, path.dirname(artifacts));
  await put(`models/${id}/meta.yaml`, `model_id: ${id}\nname: ${name}\n`, experiment);
  await put(`models/${id}/artifacts/MLmodel`, 'flavors: {}', experiment);
}

const list = async (where = ''): Promise<readonly string[]> =>
  (await store.listArtifacts(runId, where)).map(
    ({ path: name, isFolder, bytes }) => `${name}${isFolder ? '/' : ''} ${bytes ?? '-'}`,
  );
const read = async (name: string, limit = 100): Promise<readonly [string, boolean]> => {
  const { bytes, isWhole } = await store.readArtifact(runId, name, { limit });
  return [Buffer.from(bytes).toString(), isWhole];
};

test('folders are listed one at a time, and files are read up to a limit', async () => {
  expect(await list()).toEqual(['a.json 2', 'model: net 19', 'notes/ -']);
  expect(await list('notes')).toEqual(['notes/größe #1.txt 5']);
  expect(await read('notes/größe #1.txt')).toEqual(['hello', true]);
  expect(await read('notes/größe #1.txt', 5)).toEqual(['hello', true]);
  expect(await read('notes/größe #1.txt', 4)).toEqual(['hell', false]);
  await truncate(path.join(artifacts, 'a.json'), 10 << 20);
  expect((await store.readArtifact(runId, 'a.json', { limit: 3 << 20 })).bytes).toHaveLength(3 << 20);
});

test.each([
  ['../meta.yaml', 'no path of an artifact'],
  ['notes/../../meta.yaml', 'no path of an artifact'],
  ['/etc/passwd', 'no path of an artifact'],
  ['notes//x', 'no path of an artifact'],
  ['./a.json', 'no path of an artifact'],
  ['a\0.json', 'no path of an artifact'],
  ['', 'no path of an artifact'],
  ['out', 'a link that leaves the artifacts'],
  ['up/meta.yaml', 'a link that leaves the artifacts'],
  ['loop', 'There is no artifact "loop"'],
  ['b.json', 'Did you mean "a.json"'],
  ['notes', 'The artifact "notes" is a folder.'],
  ['pipe', 'The artifact "pipe" is no file.'],
])('%j is refused', async (name, message) => {
  await symlink('/etc/hostname', path.join(artifacts, 'out'));
  await symlink('..', path.join(artifacts, 'up'));
  await symlink('loop', path.join(artifacts, 'loop'));
  execFileSync('mkfifo', [path.join(artifacts, 'pipe')]);
  await expect(read(name)).rejects.toThrow(message);
});

test('links are followed within the artifacts; of what they lead to elsewhere nothing is told', async () => {
  await symlink('notes', path.join(artifacts, 'latest'));
  await symlink('..', path.join(artifacts, 'up'));
  expect(await list()).toEqual(['a.json 2', 'latest/ -', 'model: net 19', 'notes/ -', 'up -']);
  expect(await read('latest/größe #1.txt')).toEqual(['hello', true]);
  await expect(list('up')).rejects.toThrow('a link that leaves');
});

test('a run without artifacts has none; an unknown one is no run', async () => {
  await rm(artifacts, { recursive: true });
  expect(await list()).toEqual([]);
  await expect(read('a.json')).rejects.toThrow('There is no artifact "a.json"');
  await expect(store.listArtifacts('0'.repeat(32), '')).rejects.toThrow('There is no run');
});

test('artifacts that a server keeps elsewhere are not sought on this machine', async () => {
  await rm(artifacts, { recursive: true });
  const meta = path.join(path.dirname(artifacts), 'meta.yaml');
  const text = await readFile(meta, 'utf8');
  await writeFile(meta, text.replace(/^artifact_uri: .*$/m, 'artifact_uri: s3://user:secret@bucket/1/x'));
  await expect(list()).rejects.toThrow('kept at s3://bucket/1/x');
});

describe('models that a run logged', () => {
  test('stand beside its artifacts, under their names', async () => {
    await logModel('tree');
    await logModel('tree', model.replaceAll('0', 'f'));
    await logModel('a/b', model.replaceAll('1', 'f'));
    await logModel('net', model.replaceAll('2', 'f'));
    const third = `model: ${model.replaceAll('1', 'f')}`;
    const names = (await list()).filter((line) => line.includes('/ -') && line.startsWith('model'));
    expect(names.sort()).toEqual(
      [`${third}/ -`, 'model: tree/ -', `model: tree (${model.replaceAll('0', 'f')})/ -`].sort(),
    );
    expect(await list('model: tree')).toEqual(['model: tree/MLmodel 11']);
    expect(await read('model: tree/MLmodel')).toEqual(['flavors: {}', true]);
    expect(await read('model: net')).toEqual(['a file of that name', true]);
    await expect(read('model: tree/../../meta.yaml')).rejects.toThrow('no path of an artifact');
  });

  test('an id that is a path is no model', async () => {
    await put('outputs/x/meta.yaml', 'source_id: ../../0\ndestination_id: m-..\n', path.dirname(artifacts));
    expect(await list()).toHaveLength(3);
  });
});

test('data sets and models that went into a run', async () => {
  const run = path.dirname(artifacts);
  await put('inputs/1/meta.yaml', `source_id: ${dataset}\ntags: {mlflow.data.context: training}\n`, run);
  await put('inputs/2/meta.yaml', `source_id: ${model}\n`, run);
  await put('inputs/3/meta.yaml', 'source_id: ../x\n', run);
  await put('inputs/4/meta.yaml', ': [', run);
  const text = 'name: digits\ndigest: 12e34567\nsource_type: local\nsource: \'{"uri": "data"}\'\n';
  await put(`datasets/${dataset}/meta.yaml`, text, experiment);
  expect(await store.readInputs?.(runId)).toEqual({
    datasets: [
      { name: 'digits', digest: '12e34567', sourceType: 'local', source: '{"uri": "data"}', context: 'training' },
    ],
    models: [model],
  });
});

describe('a database', () => {
  const tables = `
    CREATE TABLE experiments (experiment_id INTEGER, name TEXT, lifecycle_stage TEXT);
    CREATE TABLE runs (run_uuid TEXT, name TEXT, status TEXT, start_time INTEGER, end_time INTEGER, artifact_uri TEXT, experiment_id INTEGER, lifecycle_stage TEXT);
    CREATE TABLE metrics (key TEXT, value REAL, timestamp INTEGER, run_uuid TEXT, step INTEGER, is_nan INTEGER);
    CREATE TABLE latest_metrics (key TEXT, value REAL, timestamp INTEGER, run_uuid TEXT, step INTEGER, is_nan INTEGER);
    CREATE TABLE params (key TEXT, value TEXT, run_uuid TEXT);
    CREATE TABLE tags (key TEXT, value TEXT, run_uuid TEXT);
    INSERT INTO experiments VALUES (0, 'Default', 'active');
    INSERT INTO runs VALUES ('r1', 'one', 'FINISHED', 1, 2, 'arts/r1', 0, 'active'), ('r2', 'two', 'FINISHED', 1, 2, 's3://b/r2', 0, 'active');`;
  const linked = `
    CREATE TABLE inputs (input_uuid TEXT, source_type TEXT, source_id TEXT, destination_type TEXT, destination_id TEXT);
    CREATE TABLE input_tags (input_uuid TEXT, name TEXT, value TEXT);
    CREATE TABLE datasets (dataset_uuid TEXT, name TEXT, digest TEXT, dataset_source_type TEXT, dataset_source TEXT);
    CREATE TABLE logged_models (model_id TEXT, name TEXT, artifact_location TEXT, lifecycle_stage TEXT, creation_timestamp_ms INTEGER);
    INSERT INTO inputs VALUES ('i', 'DATASET', 'd', 'RUN', 'r1'), ('o', 'RUN_OUTPUT', 'r1', 'MODEL_OUTPUT', '${model}'), ('n', 'RUN_INPUT', 'r1', 'MODEL_INPUT', 'm-in');
    INSERT INTO input_tags VALUES ('i', 'mlflow.data.context', 'eval');
    INSERT INTO datasets VALUES ('d', 'digits', '7', 'local', 'data');
    INSERT INTO logged_models VALUES ('${model}', 'tree', 'arts/models/x', 'active', 1);`;

  function openDatabase(sql: string): RunStore {
    const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
    const file = path.join(folder, 'mlflow.db');
    const database = new DatabaseSync(file);
    database.exec(sql);
    database.close();
    return openStore(`sqlite:///${file}`);
  }

  test('gives the artifacts that lie on this machine, data sets and logged models', async () => {
    await put('arts/r1/a.txt', 'x', folder);
    await put('arts/models/x/MLmodel', 'y', folder);
    const opened = openDatabase(tables + linked);
    expect((await opened.listArtifacts('r1', '')).map((entry) => entry.path)).toEqual(['a.txt', 'model: tree']);
    const { bytes } = await opened.readArtifact('r1', 'model: tree/MLmodel', { limit: 9 });
    expect(Buffer.from(bytes).toString()).toBe('y');
    await expect(opened.listArtifacts('r2', '')).rejects.toThrow('kept at s3://b/r2');
    await expect(opened.listArtifacts('r3', '')).rejects.toThrow('There is no run');
    const digits = { name: 'digits', digest: '7', sourceType: 'local', source: 'data', context: 'eval' };
    expect(await opened.readInputs?.('r1')).toEqual({ datasets: [digits], models: ['m-in'] });
  });

  test('made before MLflow had data sets and logged models has none', async () => {
    const opened = openDatabase(tables);
    expect(await opened.readInputs?.('r1')).toEqual({ datasets: [], models: [] });
    expect(await opened.listArtifacts('r1', '')).toEqual([]);
  });
});
