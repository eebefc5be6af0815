import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, readdir, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { listFiles } from '../../../../src/node/files/files.ts';
import type { Installation } from '../../../../src/node/installation/installation.ts';
import { listLiveHolders } from '../../../../src/node/locks/locks.ts';
import { projectPaths } from '../../../../src/node/project/project.ts';
import { openChosenStore } from '../../../../src/node/tracking/tracking.ts';
import {
  predict,
  probeBackends,
  train,
  type TrainDocument,
  type TrainRequest,
} from '../../../../src/node/training/training.ts';
import { trainingProtocolVersion } from '../../../../src/protocol/training.ts';

const fixtures = path.resolve(import.meta.dirname, '../../../fixtures/training');
const worker = path.join(fixtures, 'worker.mjs');
const installation: Installation = {
  node: process.execPath,
  version: '0.1.0',
  cli: '',
  worker,
  bin: fixtures,
  samples: fixtures,
  templates: fixtures,
};

let root: string;
beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'mlops-train-'));
  await mkdir(path.join(root, 'src', 'models', 'm'), { recursive: true });
  await mkdir(path.join(root, 'configs'));
  await writeFile(path.join(root, 'dvc.yaml'), 'stages: {}\n');
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function writeConfig(act: string, name = 'm'): Promise<string> {
  const file = path.join(root, 'configs', `${name}.yaml`);
  await writeFile(
    file,
    `model: {act: ${act}}\ntraining: {batch_size: 2, num_epochs: 3, loss_function: mse}\nmlflow: {experiment_name: tests}\n`,
  );
  return file;
}

const nothing = (): void => undefined;

interface Seen {
  document: TrainDocument;
  warnings: string[];
  failures: string[];
  notes: string[];
  epochs: number[];
}

async function check(act: string, more: Partial<TrainRequest> = {}, stopAtEpoch = Infinity): Promise<Seen> {
  const seen = { warnings: [] as string[], failures: [] as string[], notes: [] as string[], epochs: [] as number[] };
  const abort = new AbortController();
  const document = await train(
    { root },
    { config: await writeConfig(act), cwd: root, installation, env: environment(), ...more },
    {
      note: (text) => seen.notes.push(text),
      warning: (text) => seen.warnings.push(text),
      failure: (text) => seen.failures.push(text),
      started: () => undefined,
      epoch: (epoch) => {
        seen.epochs.push(epoch);
        if (epoch >= stopAtEpoch) abort.abort('SIGINT');
      },
    },
    abort.signal,
  );
  // Whatever happened: no lock, no half-made folder is left.
  expect(await listLiveHolders(projectPaths.locks({ root }))).toEqual([]);
  expect(await readdir(projectPaths.tmp({ root }, 'models'))).toEqual([]);
  return { document, ...seen };
}

function environment(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  return { ...process.env, MLFLOW_TRACKING_URI: '', DVC_STAGE: '', ...more };
}

test('a training from the config to the model', async () => {
  const { document, epochs, warnings } = await check('good');
  expect(epochs).toEqual([1, 2, 3]);
  expect(warnings).toEqual([
    expect.stringContaining('"../bad" is no name for a metric'),
    'The step of the metric "stepless" is undefined, no whole number.',
  ]);
  expect(document).toMatchObject({
    outcome: 'succeeded',
    reason: null,
    status: 'FINISHED',
    experiment: 'tests',
    backend: 'wasm',
    examplesPerSecond: 1234.5,
    modelPath: path.join(document.artifacts!, 'model'),
    params: { 'model.act': 'good', 'training.num_epochs': '3', 'training.optimizer': 'adam' },
    tags: {
      'mlops.backend': 'wasm',
      'mlops.threads': '1',
      'mlops.seed': '42',
      'mlops.config': 'configs/m.yaml',
      'mlflow.source.type': 'LOCAL',
      'mlflow.source.name': 'src/models/m/train.ts',
      'mlflow.runName': document.name,
      'note': 'from user code',
    },
    metrics: {
      'training_loss': { points: 3, last: { step: 3, value: 1 / 3 } },
      'val_loss': { best: { step: 3, value: 0.5 } },
      'batch_loss': { points: 3, last: { step: 6 } },
      'test_accuracy': { points: 1, last: { step: 3, value: 0.9 } },
      'custom/thing': { last: { value: Infinity } },
      // A point for every ten seconds at most.
      'system/examples_per_second': { points: 1, last: { step: 1, value: 640 } },
      'system/process_memory_megabytes': { points: 2, last: { step: 4, value: 256 } },
      'system/tensor_memory_megabytes': { points: 2, last: { value: 1 } },
      'system/tensors': { points: 2, last: { value: 9 } },
    },
  });
  expect(Object.keys(document.metrics)).not.toContain('../bad');
  expect(Object.keys(document.metrics)).not.toContain('stepless');
  expect(await listFiles(document.artifacts!)).toEqual([
    'mlops/events.jsonl',
    'model/MLmodel',
    'model/history.json',
    'model/model.json',
    'model/predictions.csv',
    'model/weights.bin',
  ]);
  const mlmodel = parse(await readFile(path.join(document.modelPath!, 'MLmodel'), 'utf8')) as object;
  expect(mlmodel).toMatchObject({ run_id: document.runId, flavors: { tfjs: { tfjs_version: '4.22.0' } } });
  // Outside of its stage the model of the project is not touched.
  expect(await readdir(root)).not.toContain('models/m');
  expect(await readdir(path.join(root, 'models'))).toEqual(['mlruns']);
});

test('inside its stage the model replaces the folder as a whole, and the pipeline learns the run', async () => {
  await mkdir(path.join(root, 'models', 'm'), { recursive: true });
  await writeFile(path.join(root, 'models', 'm', 'old'), '');
  const md5 = 'd751713988987e9331980363e24189ce.dir';
  await writeFile(
    path.join(root, 'dvc.lock'),
    `schema: '2.0'\nstages:\n  features:\n    cmd: x\n    outs:\n    - path: data/processed\n      hash: md5\n      md5: ${md5}\n`,
  );
  const env = environment({ DVC_STAGE: 'train@m', MLOPS_STAGE_TOKEN: 'ab12' });
  const { document } = await check('good', { env });
  expect(document.modelPath).toBe(path.join(root, 'models', 'm'));
  expect((await readdir(path.join(root, 'models'))).sort()).toEqual(['m', 'mlruns']);
  expect(await listFiles(document.modelPath!)).toEqual([
    'MLmodel',
    'history.json',
    'model.json',
    'predictions.csv',
    'weights.bin',
  ]);
  expect(document.tags).toMatchObject({ 'mlops.stage': 'train@m', 'mlops.data': md5 });
  expect(await readFile(projectPaths.tmp({ root }, 'stage-runs', 'ab12'), 'utf8')).toBe(document.runId);
  expect(parse(await readFile(path.join(document.artifacts!, 'mlops', 'stage.lock.yaml'), 'utf8'))).toMatchObject({
    schema: '2.0',
    stages: {
      'train@m': { deps: [{ path: 'data/processed', md5 }], params: { 'configs/m.yaml': { training: { seed: 42 } } } },
    },
  });
});

describe('how a training ends', () => {
  test('its worker dies of SIGKILL', async () => {
    const { document, failures } = await check('killed');
    expect(document).toMatchObject({
      outcome: 'failed',
      status: 'FAILED',
      reason: 'worker died (SIGKILL)',
      modelPath: null,
      tags: { 'mlops.reason': 'worker died (SIGKILL)' },
      metrics: { val_loss: { points: 2 } },
    });
    expect(failures).toEqual(['worker died (SIGKILL): the system ends a process in this way when memory runs out.']);
  });

  test('user code fails, with its place', async () => {
    const { document, failures } = await check('error');
    expect(document).toMatchObject({ outcome: 'failed', status: 'FAILED', reason: 'createModel failed.' });
    expect(failures).toContain('createModel failed.\nsrc/models/m/model.ts:7:3: error: units must be positive');
  });

  test('the loss is no number any more', async () => {
    const { document } = await check('nan');
    expect(document.status).toBe('FAILED');
    expect(document.reason).toMatch(/^the training loss is NaN after epoch 2/);
    expect(document.metrics['training_loss']).toMatchObject({ points: 2, last: { value: NaN }, max: { value: 1 } });
  });

  test.each([
    ['garbage', /^The worker wrote garbage on its channel/],
    ['exit3', /^worker ended before its work was done \(exit code 3\)$/],
    ['nomodel', /^the worker has left no model$/],
  ])('its worker is broken: %s', async (act, reason) => {
    const { document } = await check(act);
    expect(document).toMatchObject({ outcome: 'failed', status: 'FAILED' });
    expect(document.reason).toMatch(reason);
  });

  test('its worker is of another version', async () => {
    const { document } = await check('good', { env: environment({ FAKE_PROTOCOL: '7' }) });
    expect(document.reason).toContain(
      `The worker speaks version 7 of the training protocol, this program version ${trainingProtocolVersion}.`,
    );
  });

  test('there is no worker', async () => {
    const { document } = await check('good', { installation: { ...installation, node: '/nowhere/node' } });
    expect(document.status).toBe('FAILED');
    expect(document.reason).toContain('ENOENT');
  });

  test('the user stops it: the model so far is kept with the run, that of the project is not touched', async () => {
    const { document } = await check('slow', { env: environment({ DVC_STAGE: 'train@m' }) }, 3);
    expect(document).toMatchObject({ outcome: 'stopped', status: 'KILLED', reason: 'stopped by the user' });
    expect(document.tags['mlops.reason']).toBeUndefined();
    expect(await listFiles(path.join(document.artifacts!, 'model'))).toContain('model.json');
    expect(await readdir(path.join(root, 'models'))).toEqual(['mlruns']);
  });

  test('the user stops it, but its worker does not listen: it is ended by force', async () => {
    const { document } = await check('deaf', {}, 1);
    expect(document).toMatchObject({ outcome: 'stopped', status: 'KILLED', modelPath: null });
  });

  test('the user stops it while the model is tested, and its worker is ended by force: the model is kept', async () => {
    const { document } = await check('deafInTest', {}, 1);
    expect(document).toMatchObject({ outcome: 'stopped', status: 'KILLED' });
    expect(document.modelPath).toBe(path.join(document.artifacts!, 'model'));
    expect(await listFiles(document.modelPath!)).toEqual([
      'MLmodel',
      'history.json',
      'model.json',
      'predictions.csv',
      'weights.bin',
    ]);
  });
});

test('what is wrong before the training begins leaves no run behind', async () => {
  const config = await writeConfig('good');
  await writeFile(config, 'training: {batch_size: x, num_epochs: 1, loss_function: mse}');
  const request = { config, cwd: root, installation, env: environment() };
  const run = (more: Partial<TrainRequest>) =>
    train(
      { root },
      { ...request, ...more },
      { note: nothing, warning: nothing, failure: nothing, started: nothing, epoch: nothing },
      new AbortController().signal,
    );
  await expect(run({})).rejects.toMatchObject({
    code: 'bad-input',
    problems: [{ file: 'configs/m.yaml', line: 1, column: 24 }],
  });
  await expect(run({ config: 'configs/n.yaml' })).rejects.toThrow('Did you mean "configs/m.yaml"?');
  const folder = 'configs is a folder; a training takes one config file. Known are configs/m.yaml.';
  await expect(run({ config: 'configs' })).rejects.toMatchObject({ code: 'bad-input', message: folder });
  await expect(run({ config: '.' })).rejects.toMatchObject({ code: 'bad-input' });
  await writeConfig('good', 'other');
  await expect(run({ config: 'configs/other.yaml' })).rejects.toThrow('there is no folder src/models/other');
  await writeConfig('good');
  await expect(run({ overrides: ['model.learning%=1'] })).rejects.toMatchObject({
    problems: [{ file: '--set model.learning%=1', message: expect.stringContaining('is no name for a param') }],
  });
  await expect(run({ store: 'postgresql://127.0.0.1:1/x' })).rejects.toThrow('not yet supported');
  await expect(run({ store: 'sqlite:///x.db' })).rejects.toThrow('can only be read here');
  await expect(run({ overrides: ['training.backend=cuda'] })).rejects.toMatchObject({ code: 'bad-input' });
  expect(await readdir(root)).not.toContain('models');
});

test('in a repository the run knows its commit, and what differs from it', async () => {
  const git = (cwd: string, ...args: string[]) =>
    spawnSync('git', ['-c', 'user.name=n', '-c', 'user.email=e@x', ...args], { cwd, encoding: 'utf8' });
  const write = (name: string, content: string | Buffer) => writeFile(path.join(root, name), content);
  git(root, 'init', '-b', 'main');
  await write('a.txt', 'one\n');
  await write('.gitignore', '/models\n.mlops\n*.log\n');
  git(root, 'add', 'a.txt', '.gitignore');
  git(root, 'commit', '-m', 'first');
  await write('a.txt', 'two\n');
  await write('notes.txt', 'no code');
  const code = {
    'src/models/m/new.ts': 'export {};\n',
    'src/models/m/a "b" ü.ts': 'line\r\n\nno end',
    'src/empty.ts': '',
  };
  for (const [name, text] of Object.entries(code)) await write(name, text);
  await chmod(path.join(root, 'src', 'models', 'm', 'new.ts'), 0o755);
  await write('src/models/m/ignored.log', 'x');
  await write('src/models/m/picture.png', Buffer.from([0x89, 0]));
  await symlink('/etc/hostname', path.join(root, 'src', 'link.ts'));
  await writeConfig('good');
  const before = git(root, 'status', '--porcelain').stdout;

  const { document, warnings } = await check('good');
  expect(warnings).toContain(
    'Not kept with the run, because git does not track them and they are no text or too much: src/models/m/picture.png.',
  );
  expect(git(root, 'status', '--porcelain').stdout).toBe(before);
  expect(document.tags['mlflow.source.git.commit']).toMatch(/^[0-9a-f]{40}$/);
  expect(document.tags['mlflow.source.git.branch']).toBe('main');
  const copy = path.join(root, 'models', 'copy');
  git(root, 'clone', '-q', root, copy);
  const patch = path.join(document.artifacts!, 'mlops', 'dirty.patch');
  expect(git(copy, 'apply', '--whitespace=nowarn', patch)).toMatchObject({ stderr: '', status: 0 });
  const files = ['configs/m.yaml', ...Object.keys(code)];
  expect((await listFiles(copy)).filter((name) => !name.startsWith('.git/'))).toEqual(
    ['.gitignore', 'a.txt', ...files].sort(),
  );
  for (const name of ['a.txt', ...files])
    expect(await readFile(path.join(copy, name), 'utf8')).toBe(await readFile(path.join(root, name), 'utf8'));
  expect((await stat(path.join(copy, 'src', 'models', 'm', 'new.ts'))).mode & 0o100).not.toBe(0);
});

describe('outside of a stage the run has the hash of its data only while it is right', () => {
  const file = 'data/table.csv';
  const text = 'a,b\n1,2\n';
  const md5 = createHash('md5').update(text).digest('hex');
  const entry = `[{path: ${file}, hash: md5, md5: ${md5}, size: ${text.length}}]`;
  const out = (cache: boolean) => ({
    'dvc.yaml': `stages: {features: {cmd: x, outs: [{${file}: {cache: ${cache}}}]}}\n`,
    'dvc.lock': `schema: '2.0'\nstages: {features: {cmd: x, outs: ${entry}}}\n`,
  });
  const dep = {
    'dvc.yaml': `stages: {features: {cmd: x, outs: [${file}]}, train: {cmd: y, deps: [${file}]}}\n`,
    'dvc.lock': `schema: '2.0'\nstages: {features: {cmd: x, outs: ${entry}}, train: {cmd: y, deps: ${entry}}}\n`,
  };
  const changed = `${file} is not what dvc.lock has recorded ("mlops status" tells more)`;
  const unknown = `nothing tells whether ${file} is still what was recorded`;
  test.each<[what: string, files: Record<string, string>, why: string | null]>([
    ['an output as it was made', { ...out(false), [file]: text }, null],
    ['an output that was changed', { ...out(false), [file]: 'a,b\n1,3\n' }, changed],
    ['an output that is gone', out(false), changed],
    ['a dependency as it was', { ...dep, [file]: text }, null],
    ['a dependency that was changed', { ...dep, [file]: 'x' }, changed],
    ['a stage that is no more', { ...out(false), 'dvc.yaml': 'stages: {}\n', [file]: text }, unknown],
    ['a file that only DVC knows', { [`${file}.dvc`]: `outs: ${entry}\n`, [file]: text }, unknown],
  ])('%s', async (_, files, why) => {
    await mkdir(path.join(root, 'data'));
    for (const [name, content] of Object.entries(files)) await writeFile(path.join(root, name), content);
    const { document, warnings } = await check('good', { overrides: [`data.dataset_path=${file}`] });
    expect(document.tags['mlops.data']).toBe(why === null ? md5 : undefined);
    expect(warnings.filter((warning) => warning.includes('mlops.data'))).toEqual(
      why === null ? [] : [`The run gets no hash of its data (tag mlops.data): ${why}.`],
    );
  });
});

test('predictions of a model of the project, of a run, and of neither', async () => {
  await writeFile(path.join(root, 'a.png'), '');
  const ask = (model: string, images = ['a.png']) =>
    predict({ root }, { model, images, installation, env: environment() });
  await check('good', { env: environment({ DVC_STAGE: 'train@m' }) });
  const expected = [{ image: path.join(root, 'a.png'), label: '7', probabilities: { 6: 0.25, 7: 0.75 } }];
  expect(await ask('m')).toEqual(expected);
  expect(await ask('@last')).toEqual(expected);
  const many = Array.from({ length: 30_000 }, () => 'a.png');
  expect(await ask('m', many)).toEqual(many.flatMap(() => expected));
  // A config of another ending, in another folder: the run knows it.
  await mkdir(path.join(root, 'experiments'));
  await rename(path.join(root, 'configs', 'm.yaml'), path.join(root, 'experiments', 'm.yml'));
  await expect(ask('m')).rejects.toThrow('There is no config "configs/m.yaml"');
  await check('good', { config: 'experiments/m.yml', env: environment({ DVC_STAGE: 'train@m' }) });
  await rm(path.join(root, 'configs', 'm.yaml'));
  expect(await ask('m')).toEqual(expected);
  expect(await ask('@last')).toEqual(expected);
  await rm(path.join(root, 'models', 'mlruns'), { recursive: true });
  await rename(path.join(root, 'experiments', 'm.yml'), path.join(root, 'configs', 'm.yml'));
  expect(await ask('m')).toEqual(expected);
  await expect(ask('n')).rejects.toThrow('There is no trained model or run "n". Did you mean "m"?');
  await expect(ask('m', ['b.png'])).rejects.toThrow('There is no image');
  expect(
    await probeBackends({ installation, env: environment(), cwd: root, signal: new AbortController().signal }),
  ).toMatchObject([{ name: 'cpu', available: true }]);
});

describe('processes', () => {
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  /** Starts a run process and waits until it has a run; `lines` are the further lines of its output. */
  async function begin(config: string): Promise<{ child: ChildProcess; runId: string; ended: Promise<string[]> }> {
    const script = path.join(fixtures, 'train.mjs');
    const child = spawn(process.execPath, ['--disable-warning=MODULE_TYPELESS_PACKAGE_JSON', script, root, config], {
      env: environment({ WORKER: worker }),
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    children.push(child);
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const runId = String((await lines.next()).value);
    const rest: string[] = [];
    const ended = (async () => {
      for (let line = await lines.next(); line.done !== true; line = await lines.next()) rest.push(line.value);
      return rest;
    })();
    return { child, runId, ended };
  }

  const openStoreOf = () => openChosenStore({ project: { root }, env: {}, cwd: root });

  async function waitForPoints(runId: string, count: number): Promise<void> {
    const store = await openStoreOf();
    while (((await store.findRun(runId)).metrics['val_loss']?.points ?? 0) < count) await sleep(20);
  }

  test('kill -9 of the worker: the run is FAILED with the reason, its metrics are readable', async () => {
    const { child, runId, ended } = await begin(await writeConfig('slow'));
    await waitForPoints(runId, 3);
    const found = spawnSync('ps', ['-o', 'pid=', '--ppid', String(child.pid)], { encoding: 'utf8' }).stdout.trim();
    process.kill(Number(found), 'SIGKILL');
    expect(await ended).toEqual(['failed']);
    const run = await (await openStoreOf()).findRun(runId);
    expect(run).toMatchObject({ status: 'FAILED', lost: false, tags: { 'mlops.reason': 'worker died (SIGKILL)' } });
    expect(run.metrics['val_loss']!.points).toBeGreaterThanOrEqual(3);
  });

  test('kill -9 of the run process: the run is lost, can be repaired, and its worker does not stay', async () => {
    const { child, runId } = await begin(await writeConfig('slow'));
    await waitForPoints(runId, 2);
    const workerPid = Number(spawnSync('ps', ['-o', 'pid=', '--ppid', String(child.pid)], { encoding: 'utf8' }).stdout);
    child.kill('SIGKILL');
    await once(child, 'close');
    const store = await openStoreOf();
    expect(await store.findRun(runId)).toMatchObject({ status: 'RUNNING', lost: true });
    await store.repair([runId]);
    expect(await store.findRun(runId)).toMatchObject({ status: 'FAILED', lost: false });
    while (spawnSync('ps', ['-p', String(workerPid)]).status === 0) await sleep(20);
    // What it has left of lock and folder is removed by the next training.
    expect(await readdir(projectPaths.tmp({ root }, 'models'))).toEqual([runId]);
    await check('good');
    expect(await readdir(projectPaths.locks({ root }))).toEqual([]);
  });

  test('SIGTERM stops it well; two trainings at once do not hinder each other', async () => {
    const config = await writeConfig('slow');
    const first = await begin(config);
    const second = await begin(config);
    expect(first.runId).not.toBe(second.runId);
    await waitForPoints(first.runId, 2);
    await waitForPoints(second.runId, 2);
    expect((await listLiveHolders(projectPaths.locks({ root }))).map(({ details }) => details['runId']).sort()).toEqual(
      [first.runId, second.runId].sort(),
    );
    first.child.kill('SIGTERM');
    second.child.kill('SIGTERM');
    expect([await first.ended, await second.ended]).toEqual([['stopped'], ['stopped']]);
    const store = await openStoreOf();
    for (const { runId } of [first, second]) expect((await store.findRun(runId)).status).toBe('KILLED');
    expect((await readdir(path.join(root, 'models', 'mlruns'))).filter((name) => /^\d{18}$/.test(name))).toHaveLength(
      1,
    );
  });
});
