import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseRunFilter } from '../../src/core/tracking/tracking.ts';
import { exportRuns } from '../../src/node/tracking/exporting.ts';
import { openStore, type RunStore } from '../../src/node/tracking/tracking.ts';
import { startStub } from '../unit/node/mlflowserver/stub.ts';
import { RealServer, askPython } from './mlflow-server.ts';

let folder: string;
let server: RealServer;
let store: RunStore;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'mlops server '));
  server = await RealServer.start(path.join(folder, 'srv'));
  store = openStore(server.uri, { env: {}, objectiveOf: () => ({ metric: 'val_loss', direction: 'minimize' }) });
});
afterAll(async () => {
  await server.kill();
  await rm(folder, { recursive: true, force: true });
});

const logScript = `
import json, mlflow
from mlflow import MlflowClient
client = MlflowClient()
exp = client.create_experiment('ünïcode: yes')
ids = {}
with mlflow.start_run(experiment_id=exp, run_name='parent') as parent:
    ids['parent'] = parent.info.run_id
    mlflow.log_params({'lr': 0.1, 'long': 'x' * 5000, 'lines': 'a\\nb'})
    for step, value in enumerate([2.0, 0.5, float('nan'), 1.0]):
        client.log_metric(parent.info.run_id, 'val_loss', value, timestamp=1000 + step, step=step)
    client.log_metric(parent.info.run_id, 'odd/inf', float('inf'), timestamp=1, step=-3)
    client.log_metric(parent.info.run_id, 'big', 1e300, timestamp=1, step=2**40)
    mlflow.set_tag('mlflow.note.content', 'a *note*')
    mlflow.log_text('hello', 'deep/a 1%.txt')
    with mlflow.start_run(experiment_id=exp, run_name='child', nested=True) as child:
        ids['child'] = child.info.run_id
        mlflow.log_metric('val_loss', 0.25)
gone = client.create_run(exp, run_name='gone')
client.delete_run(gone.info.run_id)
ids['gone'] = gone.info.run_id
print(json.dumps(ids))
`;

test('what MLflow logs to its server is read: nested runs, odd values, artifacts, deleted runs', async () => {
  const ids = (await askPython(server.uri, logScript)) as { parent: string; child: string; gone: string };
  const page = await store.listRuns({ limit: 1 });
  expect([page.runs.map(({ name }) => name), page.isTotalAtLeast]).toEqual([['child'], true]);
  const { runs } = await store.listRuns();
  expect(runs.map(({ name, parentRunId, experiment, status }) => [name, parentRunId, experiment, status])).toEqual([
    ['child', ids.parent, 'ünïcode: yes', 'FINISHED'],
    ['parent', null, 'ünïcode: yes', 'FINISHED'],
  ]);
  const parent = await store.findRun('parent');
  expect(parent.params).toEqual({ lr: '0.1', long: 'x'.repeat(5000), lines: 'a\nb' });
  expect(parent.tags).toMatchObject({ 'mlflow.note.content': 'a *note*' });
  expect(parent.metrics['val_loss']).toEqual({
    ...{ points: 4, last: { value: 1, step: 3 }, min: { value: 0.5, step: 1 }, max: { value: 2, step: 0 } },
    best: { value: 0.5, step: 1 },
  });
  expect(parent.metrics['big']?.last).toEqual({ value: 1e300, step: 2 ** 40 });
  expect(await store.readHistory(ids.parent, 'val_loss')).toEqual({
    ...{ steps: [0, 1, 2, 3], values: [2, 0.5, NaN, 1], timestamps: [1000, 1001, 1002, 1003] },
  });
  // The database keeps infinity as the greatest number, which MLflow's own client gives as well.
  expect((await store.readHistory(ids.parent, 'odd/inf')).values).toEqual([Number.MAX_VALUE]);
  expect((await store.findRun('@best')).runId).toBe(ids.child);
  expect((await store.listRuns({ where: parseRunFilter('best(val_loss) < 0.3') })).total).toBe(1);
  expect(await store.listArtifacts(ids.parent, 'deep')).toEqual([{ path: 'deep/a 1%.txt', isFolder: false, bytes: 5 }]);
  const { bytes } = await store.readArtifact(ids.parent, 'deep/a 1%.txt', { limit: 100 });
  expect(Buffer.from(bytes).toString()).toBe('hello');
  expect(await store.findDeletedRun('gone')).toMatchObject({ runId: ids.gone });
  await expect(store.findRun(ids.gone)).rejects.toMatchObject({ code: 'unknown-name' });
  await expect(store.findRun('f'.repeat(32))).rejects.toMatchObject({ code: 'unknown-name' });
});

test('what we change of a run MLflow tells: name, note, tags, deletion', async () => {
  const { runId } = await store.findRun('child');
  await store.editRun(runId, {
    name: 'renamed',
    tags: { 'mlflow.note.content': 'ours', 'extra': 'x', 'nothing': null },
  });
  const script = `
import json, sys
from mlflow import MlflowClient
run = MlflowClient().get_run(sys.argv[1])
print(json.dumps([run.info.run_name, run.info.lifecycle_stage, run.data.tags.get('mlflow.note.content'), run.data.tags.get('extra')]))
`;
  await store.editRun(runId, { tags: { extra: null } });
  await store.editRun(runId, { isDeleted: true });
  expect(await askPython(server.uri, script, runId)).toEqual(['renamed', 'deleted', 'ours', null]);
  await store.editRun(runId, { isDeleted: false });
  expect(await store.findRun(runId)).toMatchObject({ name: 'renamed' });
});

const readScript = `
import json, sys
from mlflow import MlflowClient
client = MlflowClient()
run = client.get_run(sys.argv[1])
files, open_folders = [], ['']
while open_folders:
    for f in client.list_artifacts(run.info.run_id, open_folders.pop()):
        (open_folders if f.is_dir else files).append(f.path)
print(json.dumps({
    'name': run.info.run_name, 'status': run.info.status, 'end': run.info.end_time, 'params': run.data.params,
    'tags': run.data.tags, 'files': sorted(files),
    'history': {k: [[repr(m.value), m.step, m.timestamp] for m in client.get_metric_history(run.info.run_id, k)] for k in run.data.metrics},
}))
`;

interface Told {
  readonly history: Readonly<Record<string, readonly (readonly [string, number, number])[]>>;
  readonly [field: string]: unknown;
}

test('a run whose creation the server has not answered is found again by its tag', async () => {
  const root = path.join(folder, 'unanswered');
  await mkdir(root);
  await writeFile(path.join(root, 'dvc.yaml'), '');
  // Carries everything out, and keeps the first answer to a creation to itself.
  let isKept = false;
  const proxy = await startStub((asked, response) => {
    const { method, headers, url = '' } = asked;
    const onward = request(`${server.uri}${url}`, { method, headers }, (answer) => {
      if (!isKept && url.includes('runs/create')) {
        isKept = true;
        answer.resume().on('end', () => asked.socket.destroy());
        return;
      }
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    asked.pipe(onward);
  });
  try {
    const start = { experiment: 'unanswered', user: 'me', startTime: 1795291200000, params: {}, tags: {} };
    const writer = await openStore(proxy.uri, { env: {}, project: { root }, sendMs: 100 }).createRun(start);
    await writer.finish('FINISHED', 1795291209000);
    const { runs } = await store.listRuns();
    const made = runs.filter(({ experiment }) => experiment === 'unanswered');
    expect([isKept, made.map(({ runId, status }) => [runId, status])]).toEqual([true, [[writer.runId, 'FINISHED']]]);
  } finally {
    await proxy.close();
  }
});

test('a server that is killed while a run goes on and started again has everything once', async () => {
  const root = path.join(folder, 'project');
  await mkdir(root);
  await writeFile(path.join(root, 'dvc.yaml'), '');
  const warnings: string[] = [];
  const writing = openStore(server.uri, { env: {}, project: { root }, sendMs: 100 });
  const writer = await writing.createRun({
    ...{ experiment: 'killed', name: 'survivor', user: 'me', startTime: 1795291200000 },
    params: { lr: '0.1', odd: 'a=b\nc' },
    tags: { 'mlops.config': 'configs/a.yaml' },
    onWarning: (message) => warnings.push(message),
  });
  const log = (from: number, to: number): Promise<void> =>
    writer.logMetrics(
      Array.from({ length: to - from }, (_, index) => from + index).flatMap((step) => [
        { name: 'val_loss', step, value: 1 / (step + 1), timestamp: 1795291200000 + step },
        { name: 'odd/values', step, value: [NaN, 1e300, -0.5][step % 3] ?? 0, timestamp: 1795291200000 + step },
      ]),
    );
  const isTold = async (count: number): Promise<void> => {
    while (warnings.length < count) await new Promise((resolve) => setTimeout(resolve, 50));
  };
  await log(0, 2500);
  await new Promise((resolve) => setTimeout(resolve, 300));
  await server.kill();
  await log(2500, 4000);
  await isTold(1);
  expect(warnings[0]).toMatch(/can't be reached.*The run goes on/);
  await server.restart();
  await log(4000, 5000);
  await isTold(2);
  await mkdir(path.join(writer.artifacts, 'model'));
  await writeFile(path.join(writer.artifacts, 'model', 'wéights 1%.bin'), Buffer.alloc(100_000, 7));
  await writer.finish('FINISHED', 1795291209000);
  const told = (await askPython(server.uri, readScript, writer.runId)) as Told;
  expect(told).toMatchObject({
    ...{ name: 'survivor', status: 'FINISHED', end: 1795291209000, files: ['model/wéights 1%.bin'] },
    params: { lr: '0.1', odd: 'a=b\nc' },
    tags: { 'mlops.config': 'configs/a.yaml', 'mlflow.user': 'me', 'mlflow.runName': 'survivor' },
  });
  expect(Object.keys(told['tags'] as object).sort()).toEqual([
    'mlflow.runName',
    'mlflow.user',
    'mlops.config',
    'mlops.creation',
  ]);
  const steps = Array.from({ length: 5000 }, (_, step) => step);
  for (const metric of ['val_loss', 'odd/values']) expect(told.history[metric]?.map(([, step]) => step)).toEqual(steps);
  expect(told.history['odd/values']?.slice(0, 3).map(([value]) => value)).toEqual(['nan', '1e+300', '-0.5']);
  // Nothing is left here, and the same is read from the server.
  expect((await writing.listRuns({ limit: 10 })).warnings).toEqual([]);
  expect(await writing.findRun('survivor')).toMatchObject({ artifacts: null, metrics: { val_loss: { points: 5000 } } });
  const { bytes } = await writing.readArtifact(writer.runId, 'model/wéights 1%.bin', { limit: 1e6 });
  expect(Buffer.from(bytes).equals(Buffer.alloc(100_000, 7))).toBe(true);
});

test('runs exported to a server and back are equal, field by field', async () => {
  const root = path.join(folder, 'exporting');
  await mkdir(root);
  await writeFile(path.join(root, 'dvc.yaml'), '');
  const uriOf = (name: string): string => pathToFileURL(path.join(root, name)).href;
  const [source, back] = [openStore(uriOf('source')), openStore(uriOf('back'))];
  const to = openStore(server.uri, { env: {}, project: { root } });
  const begin = { experiment: 'exported: ü', user: 'me' };
  const parent = await source.createRun({
    ...begin,
    name: 'top',
    startTime: 5,
    params: { a: 'x\ny' },
    tags: { t: 'ü' },
  });
  const tags = { 'mlflow.parentRunId': parent.runId };
  const child = await source.createRun({ ...begin, name: 'below', startTime: 9, params: {}, tags });
  const values = [2, NaN, -0.5, 1e-300];
  await parent.logMetrics(values.map((value, step) => ({ name: 'val/loss', step, value, timestamp: 100 + step })));
  await mkdir(path.join(parent.artifacts, 'deep'));
  await writeFile(path.join(parent.artifacts, 'deep', 'a 1%.bin'), 'bytes');
  await parent.finish('KILLED', 99);
  await child.finish('FINISHED', 50);
  const options = {
    dryRun: false,
    signal: new AbortController().signal,
    onWarning: (message: string) => expect(message).toBe(''),
  };
  const copy = async (from: RunStore, target: RunStore): Promise<readonly string[]> => {
    const runs = (await from.listRuns()).runs.filter(({ experiment }) => experiment === begin.experiment);
    return (await exportRuns(from, runs, { ...options, to: target })).map(({ action, message }) => message ?? action);
  };
  expect(await copy(source, to)).toEqual(['copy', 'copy']);
  expect(await copy(source, to)).toEqual(['there', 'there']);
  expect(await copy(to, back)).toEqual(['copy', 'copy']);
  const tell = async (store: RunStore): Promise<unknown> => {
    const [top, below] = [await store.findRun('top'), await store.findRun('below')];
    const { name, experiment, status, startTime, endTime, params } = top;
    const { bytes } = await store.readArtifact(top.runId, 'deep/a 1%.bin', { limit: 100 });
    return {
      ...{ name, experiment, status, startTime, endTime, params, t: top.tags['t'], user: top.tags['mlflow.user'] },
      ...{ isBelow: below.parentRunId === top.runId, ended: [below.status, below.startTime, below.endTime] },
      ...{ history: await store.readHistory(top.runId, 'val/loss'), bytes: Buffer.from(bytes).toString() },
    };
  };
  expect(await tell(to)).toEqual(await tell(source));
  expect(await tell(back)).toEqual(await tell(source));
});
