import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runCommandLine } from '../../../../src/node/commandline/commandline.ts';
import { createInstallation } from '../../../../src/node/installation/installation.ts';
import { commands } from '../../../../src/node/tracking/commands.ts';
import { openAllStores, openStore } from '../../../../src/node/tracking/tracking.ts';
import { StoreUnion } from '../../../../src/node/tracking/union.ts';
import type { RunComparison, StoreList, StoreRow } from '../../../../src/protocol/tracking.ts';

const config =
  'mlflow: {experiment_name: e, mlruns_path: other}\ntraining: {batch_size: 1, num_epochs: 1, loss_function: mse}\n';
let root: string;
let env: NodeJS.ProcessEnv;

beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'mlops-stores-'));
  env = {};
  await write('p/dvc.yaml', '');
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function write(file: string, text: string): Promise<void> {
  await mkdir(path.dirname(path.join(root, file)), { recursive: true });
  await writeFile(path.join(root, file), text);
}

/** A finished run in a folder below the root; gives its id. */
async function createRun(folder: string, name: string, startTime: number, loss = 1): Promise<string> {
  const store = openStore(pathToFileURL(path.join(root, folder)).href);
  const writer = await store.createRun({ experiment: 'e', name, user: 'u', startTime, params: {}, tags: {} });
  await writer.logMetrics([{ name: 'val_loss', value: loss, step: 1, timestamp: startTime }]);
  await writer.finish('FINISHED', startTime + 1);
  return writer.runId;
}

/** A run where MLflow makes its store, which ours refuses to do. */
async function createAtRoot(): Promise<void> {
  await createRun('made', 'b', 2);
  await cp(path.join(root, 'made'), path.join(root, 'p/mlruns'), { recursive: true });
}

async function mlops(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const seen = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr') => ({
    write: (text: string) => {
      seen[name] += text;
      return true;
    },
    isTTY: false,
    columns: 80,
  });
  const code = await runCommandLine(argv, [{ firstWords: ['runs', 'stores'], load: () => Promise.resolve(commands) }], {
    ...{ cwd: path.join(root, 'p'), env, signal: new AbortController().signal },
    streams: { stdout: stream('stdout'), stderr: stream('stderr') },
    installation: createInstallation(root, '0'),
  });
  return { code, ...seen };
}

async function listStores(): Promise<readonly StoreRow[]> {
  return (JSON.parse((await mlops('stores', 'list', '--json')).stdout) as StoreList).stores;
}

const settings = (): Promise<string> => readFile(path.join(root, 'p/.mlops/project.yaml'), 'utf8');

test('stores list says where each store is named, what it can do and what is wrong with it', async () => {
  await createRun('p/models/mlruns', 'a', 1);
  await createAtRoot();
  await write(
    'p/.mlops/project.yaml',
    "stores:\n  - 'file:models/mlruns'\n  - 'http://user:secret@nowhere.example/x'\n",
  );
  await write('p/configs/m.yaml', config);
  await write('p/mlflow.db', 'no database');
  expect(
    (await listStores()).map(({ label, source, runs, isDefault, abilities }) => [
      label,
      source,
      runs,
      isDefault,
      abilities.edits,
    ]),
  ).toEqual([
    ['models/mlruns', 'project', 1, true, true],
    ['nowhere.example', 'project', null, false, expect.anything()],
    ['other', 'config', 0, false, true],
    ['mlruns', 'found', 1, false, true],
    ['mlflow.db', 'found', null, false, false],
  ]);
  const { stdout, stderr } = await mlops('stores', 'list');
  expect(stdout.split('\n')[0]).toBe('models/mlruns\tfolder\tread, log, edit\t1\tproject (takes new runs)\t');
  expect(stdout).not.toContain('secret');
  expect(stderr).toContain('MLFLOW_ALLOW_FILE_STORE=true');
  expect(stderr).toContain('mlflow migrate-filestore --source models/mlruns');
  expect(stderr).toContain('mlops runs export --all --to');
});

test('a store that is added keeps comments, and new runs go where they went', async () => {
  await createRun('elsewhere', 'far', 1);
  expect(await mlops('stores', 'add', '../elsewhere', '--dry-run')).toMatchObject({ code: 0 });
  expect(await mlops('stores', 'add', '../elsewhere', '--json')).toMatchObject({ code: 0 });
  const far = pathToFileURL(path.join(root, 'elsewhere')).href;
  expect(await settings()).toBe(`stores:\n  - 'file:models/mlruns'\n  - '${far}'\n`);
  await writeFile(path.join(root, 'p/.mlops/project.yaml'), (await settings()).replace('stores:', '# ours\nstores:'));
  expect(JSON.parse((await mlops('stores', 'add', far, '--json')).stdout)).toMatchObject({ changed: false });
  await createRun('p/runs', 'near', 2);
  expect(await mlops('stores', 'add', 'runs')).toMatchObject({
    code: 0,
    stdout: 'Added file:runs to .mlops/project.yaml.\n',
  });
  expect(await settings()).toContain("# ours\nstores:\n  - 'file:models/mlruns'\n");
  expect((await listStores()).map(({ label, runs }) => [label, runs])).toEqual([
    ['models/mlruns', 0],
    ['../elsewhere', 1],
    ['runs', 1],
  ]);
  expect(await mlops('stores', 'remove', '../elsewhere')).toMatchObject({ code: 0 });
  expect(await settings()).not.toContain('elsewhere');
  expect(await mlops('stores', 'remove', 'nope')).toMatchObject({ code: 4 });
});

test('git is shown when it is asked for; revisions are compared either way', async () => {
  const run = promisify(execFile);
  const git = (...args: readonly string[]) => run('git', args, { cwd: path.join(root, 'p') });
  env = { PATH: process.env['PATH'] };
  await write('p/dvc.yaml', 'stages:\n  train:\n    cmd: t\n    params: [lr]\n    metrics: [m.json: {cache: false}]\n');
  await git('init', '-q', '-b', 'main');
  for (const lr of [0.1, 0.2]) {
    await write('p/params.yaml', `lr: ${lr}\n`);
    await write('p/m.json', `{"acc": ${lr * 2}}`);
    await git('add', '-A');
    await git('-c', 'user.name=a', '-c', 'user.email=a@b.example', 'commit', '-q', '-m', `lr ${lr}`);
  }
  await write('p/params.yaml', 'lr: 0.3\n');
  await createRun('p/models/mlruns', 'own', 1);
  const compare = async (...revisions: readonly string[]) =>
    JSON.parse((await mlops('runs', 'compare', ...revisions, '--json')).stdout) as RunComparison;
  const { params, metrics } = await compare('HEAD~1', 'main');
  expect([params, metrics.map(({ name, values }) => [name, values[1]?.lastDelta, values[1]?.change])]).toEqual([
    [{ name: 'lr', values: ['0.1', '0.2'] }],
    [['acc', 0.2, 'better']],
  ]);
  expect((await compare('main', 'workspace')).params).toEqual([{ name: 'lr', values: ['0.2', '0.3'] }]);
  expect((await compare('own', 'main')).runs.map(({ name }) => name)).toEqual(['own', 'main']);
  expect((await mlops('runs', 'compare', 'main', 'nope')).stderr).toContain('There is no run "nope"');
  expect((await listRuns()).runs.map(({ name }) => name)).toEqual(['own']);
  expect(JSON.parse((await mlops('stores', 'add', 'git:#HEAD~1', '--json')).stdout)).toMatchObject({
    uri: 'git:#HEAD~1',
  });
  expect(await settings()).toContain("  - 'git:#HEAD~1'\n");
  expect((await listRuns()).runs.map(({ name }) => name).sort()).toEqual(['HEAD~1', 'main', 'own', 'workspace']);
  expect((await listStores()).map(({ label, kind, runs }) => [label, kind, runs])).toEqual([
    ['models/mlruns', 'folder', 1],
    ['git HEAD~1', 'git', 3],
  ]);
  expect((await mlops('runs', 'rename', 'workspace', 'x')).stderr).toContain('commit what is to change');
  expect(await mlops('stores', 'remove', 'git:#HEAD~1')).toMatchObject({ code: 0 });
});

test.each([
  ['logs', { 'logs/train/events.out.tfevents.1': '' }, 'tensorboard:logs', 'train'],
  ['live', { 'live/one/plots/metrics/loss.tsv': 'step\tloss\n0\t1\n' }, 'dvclive:live', 'one'],
] as const)('what lies at a path says which kind of store it is: %s', async (folder, files, uri, name) => {
  for (const [file, text] of Object.entries(files)) await write(`p/${file}`, text);
  expect(JSON.parse((await mlops('stores', 'add', folder, '--json')).stdout)).toMatchObject({ uri, changed: true });
  expect((await listStores()).map(({ label, runs, abilities }) => [label, runs, abilities.logs])).toEqual([
    ['models/mlruns', 0, true],
    [folder, 1, false],
  ]);
  expect((await listRuns()).runs.map((run) => run.name)).toEqual([name]);
  expect((await mlops('runs', 'rename', name, 'x')).stderr).toContain('can only be read here');
  expect(await mlops('stores', 'remove', folder)).toMatchObject({ code: 0 });
});

test.each([
  ['http://user:pw@host:5000', 2, 'MLFLOW_TRACKING_PASSWORD'],
  ['http://token@host', 2, 'MLFLOW_TRACKING_TOKEN'],
  ['nowhere', 1, 'file:nowhere'],
  ['.', 2, 'holds no runs'],
  ['ftp://host/x', 2, 'not yet supported'],
])('stores add %s is refused with a way on', async (uri, code, words) => {
  const { stderr, ...seen } = await mlops('stores', 'add', uri);
  expect(seen.code).toBe(code);
  expect(stderr).toContain(words);
  expect(stderr).not.toContain('pw');
});

test('a store that stands elsewhere is not removed, and it is said where it is named', async () => {
  await createAtRoot();
  expect((await mlops('stores', 'remove', 'mlruns')).stderr).toContain('it lies in the project');
  await write('p/configs/m.yaml', config);
  expect((await mlops('stores', 'remove', 'other')).stderr).toContain(path.join('configs', 'm.yaml'));
});

interface Listed {
  readonly runs: readonly { readonly name: string; readonly store: string }[];
  readonly nextPage: string | null;
}
const listRuns = async (...argv: string[]): Promise<Listed> =>
  JSON.parse((await mlops('runs', 'list', '--json', ...argv)).stdout) as Listed;

test('runs list shows all stores, marks each run, shows one id once and pages rightly', async () => {
  for (const [index, folder] of ['p/models/mlruns', 'other', 'p/models/mlruns', 'other'].entries())
    await createRun(folder, `run-${index}`, index, index === 1 ? 0.5 : 1);
  await mlops('stores', 'add', '../other');
  await cp(path.join(root, 'p/models/mlruns'), path.join(root, 'p/mlruns'), { recursive: true });
  const { runs, nextPage } = await listRuns();
  const storeOf = (name: string) => pathToFileURL(path.join(root, name)).href;
  expect([runs.map(({ name, store }) => [name, store]), nextPage]).toEqual([
    [
      ['run-3', storeOf('other')],
      ['run-2', storeOf('p/models/mlruns')],
      ['run-1', storeOf('other')],
      ['run-0', storeOf('p/models/mlruns')],
    ],
    null,
  ]);
  const first = await listRuns('--limit', '3');
  const second = await listRuns('--limit', '3', '--page', first.nextPage ?? '');
  expect([...first.runs, ...second.runs].map(({ name }) => name)).toEqual(['run-3', 'run-2', 'run-1', 'run-0']);
  expect(second.nextPage).toBeNull();
  expect((await listRuns('--order', 'val_loss', '--limit', '1')).runs[0]?.name).toBe('run-1');
  expect((await mlops('runs', 'list')).stdout.split('\n')[0]).toMatch(/\t\S*other$/);
  // Named explicitly, no other is meant.
  expect((await listRuns('--store', '../other')).runs.map(({ name }) => name)).toEqual(['run-3', 'run-1']);
  env = { MLFLOW_TRACKING_URI: '../other' };
  expect((await listRuns()).runs.map(({ name }) => name)).toEqual(['run-3', 'run-1']);
});

test('what is done with a run is done in the store that has it', async () => {
  await createRun('p/models/mlruns', 'own', 1);
  const far = await createRun('other', 'far', 2);
  await mlops('stores', 'add', '../other');
  expect((await mlops('runs', 'show', '@last')).stdout).toContain(far);
  expect((await mlops('runs', 'history', 'far', 'val_loss')).code).toBe(0);
  expect((await mlops('runs', 'history', 'far', 'nope')).stderr).toContain('There is no metric');
  expect((await mlops('runs', 'rename', 'far', 'champion')).code).toBe(0);
  expect((await mlops('runs', 'delete', 'champion')).code).toBe(0);
  expect((await listRuns()).runs.map(({ name }) => name)).toEqual(['own']);
  expect((await mlops('runs', 'restore', 'champion')).code).toBe(0);
  expect((await listRuns('--store', '../other')).runs.map(({ name }) => name)).toEqual(['champion']);
  expect((await mlops('runs', 'show', 'nobody')).code).toBe(4);
});

test('a store that cannot be read hides no other, and fails where it is alone', async () => {
  await createRun('p/models/mlruns', 'own', 1);
  await write('p/mlflow.db', 'no database');
  const { code, stderr } = await mlops('runs', 'list');
  expect([code, stderr]).toEqual([0, expect.stringContaining('warning: ')]);
  expect((await mlops('runs', 'list', '--store', 'sqlite:///mlflow.db')).code).not.toBe(0);
  // The run is looked for in all of them before anything is wrong.
  const stores = await openAllStores({ project: { root: path.join(root, 'p') }, env: {}, cwd: root });
  await expect(stores.findRun('f'.repeat(32))).rejects.toThrow('mlflow.db');
});

test('a server that never answers is told, and holds up no other store', async () => {
  const runId = await createRun('p/models/mlruns', 'a', 1);
  const silent = http.createServer(() => undefined).listen(0, '127.0.0.1');
  await new Promise((resolve) => silent.once('listening', resolve));
  try {
    const uris = [
      pathToFileURL(path.join(root, 'p/models/mlruns')).href,
      `http://127.0.0.1:${(silent.address() as AddressInfo).port}`,
    ];
    const stores = uris.map((uri) => ({ uri, source: 'project', namedBy: null, open: () => openStore(uri) }) as const);
    const union = new StoreUnion(stores, { root, objectiveOf: () => null, patienceMs: 50 });
    const { runs, warnings } = await union.listRuns();
    expect(runs.map((run) => run.runId)).toEqual([runId]);
    expect(warnings?.map(({ message }) => message)).toEqual([
      'It has not answered within 0.05 s: its runs are left out.',
    ]);
  } finally {
    silent.closeAllConnections();
    silent.close();
  }
});
