import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runCommandLine } from '../../../../src/node/commandline/commandline.ts';
import { createInstallation } from '../../../../src/node/installation/installation.ts';
import { commands } from '../../../../src/node/tracking/commands.ts';
import { openStore, syncProject, type RunStart, type RunStore } from '../../../../src/node/tracking/tracking.ts';
import { startFakeMlflow, type FakeMlflow, type FakeRun } from '../mlflowserver/fakemlflow.ts';

let root: string;
let server: FakeMlflow;
let store: RunStore;
const warnings: string[] = [];
const env = { HOME: '/nowhere' };

beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'mlops-spool-'));
  await writeFile(path.join(root, 'dvc.yaml'), '');
  server = await startFakeMlflow();
  store = openStore(server.uri, { env, project: { root }, sendMs: 20 });
  warnings.length = 0;
});
afterEach(async () => {
  await server.close();
  await rm(root, { recursive: true, force: true });
});

const start: RunStart = {
  ...{ experiment: 'churn', name: 'fox', user: 'me', startTime: 1795291200000 },
  params: { lr: '0.1' },
  tags: { 'mlops.config': 'configs/a.yaml' },
  onWarning: (message) => warnings.push(message),
};
const points = (name: string, from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => ({
    name,
    step: from + index,
    value: (from + index) / 4,
    timestamp: from + index,
  }));
const stepsOf = (run: FakeRun, name: string) => run.metrics.filter(({ key }) => key === name).map(({ step }) => step);
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

async function listSpool(): Promise<string[]> {
  const files = await readdir(path.join(root, '.mlops', 'state', 'spool'), { recursive: true }).catch(() => []);
  return files.filter((file) => /[0-9a-f]{32}$/.test(file) && !file.includes('.trash'));
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 20));
}

test('a run comes to the server while it goes on, whole at its end, and leaves nothing behind', async () => {
  const writer = await store.createRun(start);
  await writer.logMetrics([
    ...points('val_loss', 0, 3),
    { name: 'odd', step: 0, value: NaN, timestamp: 1 },
    { name: 'odd', step: 1, value: -Infinity, timestamp: 1 },
  ]);
  await writer.setTags({ 'mlops.backend': 'wasm', 'gone': 'x' });
  const run = server.runNamed('fox');
  await until(() => run.metrics.length === 5 && run.tags.get('gone') === 'x');
  expect(run).toMatchObject({
    info: { status: 'RUNNING', user_id: 'me', start_time: 1795291200000 },
    params: new Map([['lr', '0.1']]),
  });
  expect([...run.tags.keys()].sort()).toEqual([
    'gone',
    'mlflow.runName',
    'mlflow.user',
    'mlops.backend',
    'mlops.config',
    'mlops.creation',
  ]);
  // Shown from the spool: whole, with its folder, which charts follow.
  const shown = await store.findRun(writer.runId);
  expect(shown).toMatchObject({
    experiment: 'churn',
    metrics: { val_loss: { points: 3 } },
    artifacts: writer.artifacts,
    lost: false,
  });
  expect((await store.listRuns()).runs).toEqual([shown]);
  await writer.removeTag('gone');
  await writer.logParams({ late: '2' });
  await mkdir(path.join(writer.artifacts, 'model'));
  await writeFile(path.join(writer.artifacts, 'model', 'weights ä.bin'), 'abc');
  await writeFile(path.join(writer.artifacts, 'empty'), '');
  await writer.finish('FINISHED', 1795291209000);
  expect(run).toMatchObject({
    info: { status: 'FINISHED', end_time: 1795291209000 },
    params: new Map([
      ['lr', '0.1'],
      ['late', '2'],
    ]),
  });
  expect(run.tags.has('gone')).toBe(false);
  expect([...run.files].map(([name, bytes]) => [name, bytes.toString()]).sort()).toEqual([
    ['empty', ''],
    ['model/weights ä.bin', 'abc'],
  ]);
  expect(run.metrics.filter(({ key }) => key === 'odd').map(({ value }) => value)).toEqual(['NaN', '-Infinity']);
  expect(await listSpool()).toEqual([]);
  expect(warnings).toEqual([]);
  expect(await store.findRun('fox')).toMatchObject({
    status: 'FINISHED',
    artifacts: null,
    metrics: { val_loss: { points: 3 } },
  });
});

test('batches keep to the limits of a server', async () => {
  const params = Object.fromEntries(upTo(250).map((index) => [`p${index}`, 'x'.repeat(100)]));
  const writer = await store.createRun({ ...start, params });
  await writer.logMetrics([...points('a', 0, 1500), ...points('b/c', 0, 1200)]);
  await writer.finish('FINISHED', 1);
  const run = server.runNamed('fox');
  expect([stepsOf(run, 'a'), stepsOf(run, 'b/c'), run.params.size]).toEqual([upTo(1500), upTo(1200), 250]);
  expect(Math.max(...server.batches.map(({ metrics }) => metrics))).toBe(1000);
  expect(Math.max(...server.batches.map((batch) => batch.params))).toBe(100);
});

describe('a creation whose answer is lost', () => {
  const check = (name: string, mishap: 'unanswered' | 'lost' | 503, isAdopted: boolean) =>
    test(name, async () => {
      const other = openStore(server.uri, { env, project: { root: path.join(root, 'other') } });
      await (await other.createRun({ ...start, name: 'other' })).finish('FINISHED', 1);
      let left = 1;
      server.mishap = (endpoint) => (endpoint === 'runs/create' && left-- > 0 ? mishap : undefined);
      const work = store.createRun(start);
      if (!isAdopted) {
        await expect(work).rejects.toThrow('To go on without it');
        expect(server.runs.size).toBe(1);
        return;
      }
      const writer = await work;
      expect(server.runs.size).toBe(2);
      expect(server.runNamed('fox').info['run_id']).toBe(writer.runId);
      await writer.logMetrics(points('val_loss', 0, 5));
      await writer.finish('FINISHED', 1);
      expect(stepsOf(server.runNamed('fox'), 'val_loss')).toEqual(upTo(5));
      expect(server.runNamed('fox').info['status']).toBe('FINISHED');
    });
  check('has made the run, which goes on under our name', 'unanswered', true);
  check('has not come through: nothing is made', 'lost', false);
  check('is refused for now: nothing is made', 503, false);
});

describe('a batch that goes wrong', () => {
  const check = (name: string, mishaps: readonly ('lost' | 'unanswered' | 503 | 429)[]) =>
    test(name, async () => {
      const left = [...mishaps];
      server.mishap = (endpoint) => (endpoint === 'runs/log-batch' ? left.shift() : undefined);
      const writer = await store.createRun(start);
      for (const from of [0, 10, 20]) await writer.logMetrics(points('val_loss', from, from + 10));
      await until(() => left.length === 0);
      await writer.logMetrics(points('val_loss', 30, 40));
      await writer.finish('FINISHED', 1);
      expect(stepsOf(server.runNamed('fox'), 'val_loss')).toEqual(upTo(40));
      expect(await listSpool()).toEqual([]);
    });
  check('does not come', ['lost', 'lost']);
  check('comes, and its answer does not', ['unanswered', 'unanswered']);
  check('meets an overloaded server', [503, 'unanswered', 429]);
});

test('a server that is away holds nothing up, is told once, and gets everything when it is back', async () => {
  const writer = await store.createRun(start);
  await writer.logMetrics(points('val_loss', 0, 5));
  await until(() => server.runNamed('fox').metrics.length === 5);
  server.mishap = () => 'lost';
  await writer.logMetrics(points('val_loss', 5, 9));
  await until(() => warnings.length > 0);
  expect(warnings).toEqual([expect.stringMatching(/can't be reached.*The run goes on; what it logs is kept/)]);
  const { runs, warnings: told = [] } = await store.listRuns();
  expect(runs).toMatchObject([{ runId: writer.runId, metrics: { val_loss: { points: 9 } } }]);
  expect(told.map(({ runId }) => runId)).toEqual(['', writer.runId]);
  server.mishap = () => undefined;
  await until(() => server.runNamed('fox').metrics.length === 9);
  await until(() => warnings.length > 1);
  expect(warnings[1]).toContain('is back');
  await writer.finish('FINISHED', 1);
  expect(stepsOf(server.runNamed('fox'), 'val_loss')).toEqual(upTo(9));
  expect(server.runNamed('fox').tags.has('mlops.unsent')).toBe(false);
});

test('what is left when the process ends waits, is listed, and is sent by the next', async () => {
  const writer = await store.createRun(start);
  server.mishap = () => 'lost';
  await writer.logMetrics(points('val_loss', 0, 5));
  await until(() => warnings.length > 0);
  await writeFile(path.join(writer.artifacts, 'a'), 'a');
  await writer.finish('FINISHED', 77);
  expect(warnings.at(-1)).toContain('"mlops stores sync" sends it');
  expect(await store.findRun('fox')).toMatchObject({ status: 'FINISHED', metrics: { val_loss: { points: 5 } } });
  expect(await syncProject({ root }, { env, dryRun: true })).toMatchObject([
    { server: server.uri, runs: [{ state: 'waiting', name: 'fox' }] },
  ]);
  expect(await syncProject({ root }, { env })).toMatchObject([
    { runs: [{ state: 'waiting', message: expect.stringContaining("can't be reached") }] },
  ]);
  server.mishap = () => undefined;
  expect(await syncProject({ root }, { env })).toEqual([
    { server: server.uri, runs: [{ runId: writer.runId, name: 'fox', state: 'sent', message: null }] },
  ]);
  expect(await syncProject({ root }, { env })).toEqual([]);
  expect(server.runNamed('fox')).toMatchObject({ info: { status: 'FINISHED', end_time: 77 } });
  expect([stepsOf(server.runNamed('fox'), 'val_loss'), [...server.runNamed('fox').files.keys()]]).toEqual([
    upTo(5),
    ['a'],
  ]);
});

/** `mlops stores …` in the project, as for a pipe. */
async function runStores(...argv: string[]): Promise<{ readonly code: number; readonly stdout: string }> {
  let stdout = '';
  const stream = (tell: (text: string) => void) => ({
    write: (text: string) => {
      tell(text);
      return true;
    },
    isTTY: false,
    columns: 80,
  });
  const streams = { stdout: stream((text) => (stdout += text)), stderr: stream(() => undefined) };
  const code = await runCommandLine(
    ['stores', ...argv],
    [{ firstWords: ['stores'], load: () => Promise.resolve(commands) }],
    { cwd: root, env, streams, signal: new AbortController().signal, installation: createInstallation(root, '0') },
  );
  return { code, stdout };
}

test('mlops stores sync says what waits, sends it, and says with its exit code what is left', async () => {
  const writer = await store.createRun(start);
  server.mishap = () => 'lost';
  await writer.logMetrics(points('val_loss', 0, 5));
  await until(() => warnings.length > 0);
  await writer.finish('FINISHED', 77);
  expect(await runStores('sync', '--dry-run')).toEqual({
    code: 0,
    stdout: expect.stringContaining(`${writer.runId.slice(0, 8)}  fox: waits for`) as string,
  });
  expect(await runStores('sync')).toEqual({
    code: 1,
    stdout: expect.stringContaining("can't be reached") as string,
  });
  server.mishap = () => undefined;
  const { code, stdout } = await runStores('sync', '--json');
  expect([code, JSON.parse(stdout)]).toEqual([
    0,
    { servers: [{ server: server.uri, runs: [{ runId: writer.runId, name: 'fox', state: 'sent', message: null }] }] },
  ]);
  expect(await runStores('sync')).toEqual({ code: 0, stdout: 'Nothing waits for a server.\n' });
});

test('a new run takes along what an earlier one has left', async () => {
  const writer = await store.createRun(start);
  server.mishap = () => 'lost';
  await writer.logMetrics(points('val_loss', 0, 5));
  await until(() => warnings.length > 0);
  await writer.finish('KILLED', 77);
  server.mishap = () => undefined;
  const next = await store.createRun({ ...start, name: 'next' });
  await until(() => server.runNamed('fox').info['status'] === 'KILLED');
  await next.finish('FINISHED', 99);
  expect(stepsOf(server.runNamed('fox'), 'val_loss')).toEqual(upTo(5));
  expect(await listSpool()).toEqual([]);
});

test('a spool whose record of what was sent is damaged sends nothing twice', async () => {
  const writer = await store.createRun(start);
  await writer.logMetrics(points('val_loss', 0, 5));
  await until(() => server.runNamed('fox').metrics.length === 5);
  server.mishap = () => 'lost';
  await writer.logMetrics(points('val_loss', 5, 9));
  await until(() => warnings.length > 0);
  await writer.finish('FINISHED', 1);
  await writeFile(path.join(writer.artifacts, '..', 'spool.json'), '{"metrics": {"val_l');
  await appendFile(path.join(writer.artifacts, '..', 'metrics', 'val_loss'), '9 9.0');
  server.mishap = () => undefined;
  expect(await syncProject({ root }, { env })).toMatchObject([{ runs: [{ state: 'sent' }] }]);
  expect(stepsOf(server.runNamed('fox'), 'val_loss')).toEqual(upTo(9));
});

test('one point that the server refuses holds up no other and is told', async () => {
  const writer = await store.createRun(start);
  server.refuses = (key) => key === 'bad';
  await writer.logMetrics([...points('val_loss', 0, 5), ...points('bad', 0, 1), ...points('b', 0, 5)]);
  await writer.finish('FINISHED', 1);
  const run = server.runNamed('fox');
  expect([stepsOf(run, 'val_loss'), stepsOf(run, 'b'), stepsOf(run, 'bad')]).toEqual([upTo(5), upTo(5), []]);
  expect(warnings).toEqual([expect.stringContaining('does not take "bad"')]);
});

test('a run that was deleted on the server loses nothing: it waits until it is restored', async () => {
  const writer = await store.createRun(start);
  await writer.logMetrics(points('val_loss', 0, 5));
  await until(() => server.runNamed('fox').metrics.length === 5);
  server.runNamed('fox').info['lifecycle_stage'] = 'deleted';
  await writer.logMetrics(points('val_loss', 5, 9));
  await writer.finish('FINISHED', 1);
  expect(warnings.at(-1)).toContain('is deleted on');
  server.runNamed('fox').info['lifecycle_stage'] = 'active';
  expect(await syncProject({ root }, { env })).toMatchObject([{ runs: [{ state: 'sent' }] }]);
  expect(stepsOf(server.runNamed('fox'), 'val_loss')).toEqual(upTo(9));
});

test('a run whose process was killed is lost; what it has logged is sent, its end when it is repaired', async () => {
  const script = `
import { openStore } from ${JSON.stringify(path.resolve('src/node/tracking/tracking.ts'))};
const store = openStore(process.argv[1], { env: { HOME: '/nowhere' }, project: { root: process.argv[2] } });
const writer = await store.createRun({ experiment: 'churn', name: 'fox', user: 'me', startTime: 1, params: {}, tags: {} });
for (let step = 0; ; step += 1) {
  await writer.logMetrics([{ name: 'val_loss', step, value: step, timestamp: step }]);
  process.stdout.write(step + '\\n');
}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, server.uri, root], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await until(() => [...server.runs.values()].some((run) => run.metrics.length > 1000));
  child.kill('SIGKILL');
  await once(child, 'exit');
  const logged = said.split('\n').length - 1;
  const { runId } = await store.findRun('fox');
  expect(await store.findRun(runId)).toMatchObject({ lost: true });
  expect(await syncProject({ root }, { env })).toMatchObject([{ runs: [{ state: 'lost' }] }]);
  const run = server.runNamed('fox');
  const steps = stepsOf(run, 'val_loss');
  expect(steps).toEqual(upTo(steps.length));
  expect(steps.length).toBeGreaterThanOrEqual(logged);
  await store.repair([runId]);
  expect([run.info['status'], run.tags.get('mlops.reason')]).toEqual(['FAILED', 'its process is gone']);
  expect(await listSpool()).toEqual([]);
});

test('a run that has ended goes on where nothing has to be taken back', async () => {
  const writer = await store.createRun(start);
  await writer.logMetrics(points('val_loss', 0, 3));
  await writer.finish('KILLED', 5);
  await expect(store.reopenRun(writer.runId, { keeps: (_metric, step) => step < 2 })).rejects.toThrow(
    'takes no point back',
  );
  const again = await store.reopenRun(writer.runId, { keeps: () => true });
  expect(server.runNamed('fox').info['status']).toBe('RUNNING');
  expect(await store.readHistory(writer.runId, 'val_loss')).toMatchObject({ steps: [0, 1, 2] });
  await again.logMetrics(points('val_loss', 3, 6));
  await again.finish('FINISHED', 9);
  expect(stepsOf(server.runNamed('fox'), 'val_loss')).toEqual(upTo(6));
  expect(server.runNamed('fox').info['status']).toBe('FINISHED');
});

test('changes of a run that waits are made here and there; a live one is neither renamed nor deleted', async () => {
  const writer = await store.createRun(start);
  await expect(store.editRun(writer.runId, { name: 'x' })).rejects.toMatchObject({ code: 'busy' });
  await store.editRun(writer.runId, { tags: { 'mlflow.note.content': 'hm' } });
  expect((await store.findRun(writer.runId)).tags['mlflow.note.content']).toBe('hm');
  expect(server.runNamed('fox').tags.get('mlflow.note.content')).toBe('hm');
  await writer.finish('FINISHED', 1);
});

test('before a run begins, what is wrong is told with a way on, and leaves nothing', async () => {
  await expect(store.createRun({ ...start, params: { 'a%': '1' } })).rejects.toMatchObject({ code: 'bad-input' });
  server.experiments.set('7', { name: 'old', isDeleted: true });
  await expect(store.createRun({ ...start, experiment: 'old' })).rejects.toThrow('"old" is deleted');
  server.mishap = () => 'lost';
  await expect(store.createRun(start)).rejects.toThrow(/can't be reached.*--store file:models\/mlruns/);
  expect(server.runs.size).toBe(0);
  expect(await listSpool()).toEqual([]);
  await expect(openStore(server.uri, { env }).createRun(start)).rejects.toThrow('from within a project');
  expect(await readFile(path.join(root, '.mlops', 'state', '.gitignore'), 'utf8')).toBe('*\n');
});
