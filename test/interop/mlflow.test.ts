import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { formatMlflowYaml } from '../../src/core/tracking/yaml.ts';
import { parseRunFilter } from '../../src/core/tracking/tracking.ts';
import { openStore, type RunStore } from '../../src/node/tracking/tracking.ts';
import { train } from '../../src/node/training/training.ts';

const run = promisify(execFile);
let folder: string;
let store: RunStore;

/** Runs Python with MLflow; the script's last line is JSON. A missing Python fails, loudly: interop is no optional layer. */
async function python(script: string, ...args: string[]): Promise<unknown> {
  return pythonOn(store.uri, script, ...args);
}

async function pythonOn(uri: string, script: string, ...args: string[]): Promise<unknown> {
  const program = process.env['MLOPS_INTEROP_PYTHON'];
  if (program === undefined)
    throw new Error('MLOPS_INTEROP_PYTHON must name a Python with MLflow (npm run test:interop sets it).');
  const { stdout } = await run(program, ['-W', 'ignore', '-c', script, ...args], {
    cwd: folder,
    env: { ...process.env, MLFLOW_ALLOW_FILE_STORE: 'true', MLFLOW_TRACKING_URI: uri },
    maxBuffer: 64 << 20,
  });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'mlops interop '));
  store = openStore(pathToFileURL(path.join(folder, 'models', 'mlruns')).href);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const listScript = `
import json, sys, mlflow
from mlflow import MlflowClient
client = MlflowClient()
def text(value): return repr(value)
runs = []
for experiment in client.search_experiments():
    for run in client.search_runs([experiment.experiment_id], max_results=1000):
        runs.append({
            'id': run.info.run_id, 'name': run.info.run_name, 'status': run.info.status, 'experiment': experiment.name,
            'start': run.info.start_time, 'end': run.info.end_time, 'user': run.info.user_id,
            'params': run.data.params, 'tags': run.data.tags,
            'metrics': {k: text(v) for k, v in run.data.metrics.items()},
            'history': {k: [[text(m.value), m.step, m.timestamp] for m in client.get_metric_history(run.info.run_id, k)] for k in run.data.metrics},
            'artifacts': sorted(f.path for f in client.list_artifacts(run.info.run_id)),
        })
print(json.dumps(runs))
`;

test('MLflow lists a run of ours as we do: metrics, params, tags, status, artifacts, model', async () => {
  await mkdir(path.join(folder, 'src', 'models', 'm'), { recursive: true });
  await mkdir(path.join(folder, 'configs'));
  await writeFile(path.join(folder, 'dvc.yaml'), 'stages: {}\n');
  await writeFile(
    path.join(folder, 'configs', 'm.yaml'),
    'model: {act: good, ratio: 1e-7}\ntraining: {batch_size: 2, num_epochs: 3, loss_function: mse}\nmlflow: {experiment_name: "ünïcode: yes"}\n',
  );
  const fixtures = path.resolve(import.meta.dirname, '../fixtures/training');
  const installation = {
    node: process.execPath,
    version: '0.1.0',
    cli: '',
    worker: path.join(fixtures, 'worker.mjs'),
    bin: fixtures,
    samples: fixtures,
    templates: fixtures,
  };
  const nothing = (): void => undefined;
  const document = await train(
    { root: folder },
    { config: 'configs/m.yaml', cwd: folder, installation, env: { ...process.env, MLFLOW_TRACKING_URI: store.uri } },
    { note: nothing, warning: nothing, failure: nothing, started: nothing, epoch: nothing },
    new AbortController().signal,
  );
  const listed = (await python(listScript)) as Record<string, unknown>[];
  expect(listed).toMatchObject([
    {
      id: document.runId,
      name: document.name,
      status: 'FINISHED',
      experiment: 'ünïcode: yes',
      start: document.startTime,
      end: document.endTime,
      params: document.params,
      tags: document.tags,
      artifacts: ['mlops', 'model'],
      metrics: { 'training_loss': '0.3333333333333333', 'test_accuracy': '0.9', 'custom/thing': 'inf' },
    },
  ]);
  const { steps, timestamps } = await store.readHistory(document.runId, 'val_loss');
  expect((listed[0]?.['history'] as Record<string, unknown>)['val_loss']).toEqual([
    ['1.5', steps[0], timestamps[0]],
    ['0.75', steps[1], timestamps[1]],
    ['0.5', steps[2], timestamps[2]],
  ]);

  const model = await python(
    `
import json, sys
from mlflow.models import Model
model = Model.load(sys.argv[1])
signature = model.signature
print(json.dumps({'run': model.run_id, 'flavors': model.flavors, 'time': model.utc_time_created, 'size': model.model_size_bytes,
  'inputs': [list(s.shape) for s in signature.inputs.inputs], 'outputs': [list(s.shape) for s in signature.outputs.inputs]}))
`,
    document.modelPath ?? '',
  );
  expect(model).toMatchObject({
    run: document.runId,
    flavors: { tfjs: { data: 'model.json', format: 'layers-model', tfjs_version: '4.22.0' } },
    inputs: [[-1, 28, 28, 1]],
    outputs: [[-1, 10]],
  });
});

test('MLflow reads every number and text as we wrote it, also while the run goes on', async () => {
  const values = [0.1, 1, -0, 1e-5, 1e16, 123456789012345680, 5e-324, 1e308, NaN, Infinity, -Infinity, 1 / 3];
  const texts = ['', 'a\nb', ' x ', 'yes', '0o14', 'größe 😀', '<b>&${x}</b>', 'a: b #c', '\t', '1:30'];
  const writer = await store.createRun({
    experiment: '007',
    name: '12e4',
    user: 'no',
    startTime: 1795291200000,
    params: Object.fromEntries(texts.map((text, index) => [`p${index}`, text])),
    tags: { 'mlops.x': 'y' },
  });
  for (const [step, value] of values.entries())
    await writer.logMetrics([{ name: 'deep/er.m', value, step: step - 2, timestamp: 1795291200000 + step }]);
  const listed = (await python(listScript)) as { id: string; [key: string]: unknown }[];
  const found = listed.find(({ id }) => id === writer.runId);
  expect(found).toMatchObject({ name: '12e4', user: 'no', status: 'RUNNING', end: null, experiment: '007' });
  const expected = (await readFile(path.join(path.dirname(writer.artifacts), 'metrics', 'deep', 'er.m'), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => line.split(' ')[1]);
  expect((found?.['history'] as Record<string, unknown[][]>)['deep/er.m']?.map(([value]) => value)).toEqual(expected);
  // MLflow itself trims what surrounds a param; the rest must be equal.
  const params = found?.['params'] as Record<string, string>;
  for (const [index, text] of texts.entries()) expect(params[`p${index}`]?.trim()).toBe(text.trim());
  await writer.finish('KILLED', 1795291205000);
  expect((await python(listScript)) as object[]).toContainEqual(
    expect.objectContaining({ id: writer.runId, status: 'KILLED' }),
  );
});

test('we read a run of MLflow as it does', async () => {
  const written = (await python(`
import json, mlflow
mlflow.set_experiment('from python')
with mlflow.start_run(run_name='no') as run:
    mlflow.log_params({'lr': 1e-7, 'text': 'a\\nb'})
    for step in range(3):
        mlflow.log_metric('loss', 1 / (step + 1), step=step)
    mlflow.log_metric('val/acc', float('nan'))
    mlflow.set_tag('k', 'v')
    mlflow.log_text('x', 'notes/a.txt')
print(json.dumps(run.info.run_id))
`)) as string;
  const found = await store.findRun(written);
  expect(found).toMatchObject({
    name: 'no',
    experiment: 'from python',
    status: 'FINISHED',
    lost: false,
    params: { lr: '1e-07', text: 'a\nb' },
    metrics: {
      'loss': { points: 3, last: { value: 1 / 3, step: 2 }, max: { value: 1 } },
      'val/acc': { last: { value: NaN }, min: null },
    },
  });
  expect(found.tags).toMatchObject({ 'k': 'v', 'mlflow.runName': 'no' });
  expect(await readFile(path.join(found.artifacts ?? '', 'notes', 'a.txt'), 'utf8')).toBe('x');
});

/** A run as MLflow's own client tells it. */
interface ListedRun {
  readonly id: string;
  readonly name: string;
  readonly history: Readonly<Record<string, readonly (readonly [value: string, step: number, time: number])[]>>;
  readonly [key: string]: unknown;
}

const valuesScript = `
import mlflow
from mlflow import MlflowClient
client = MlflowClient()
mlflow.set_experiment('ünïcode: yes')
values = [0.1, 1.0, -0.0, 1e-05, 1e16, 5e-324, 1.5e308, float('nan'), float('inf'), float('-inf'), 1 / 3]
with mlflow.start_run(run_name="it's #1") as parent:
    for step, value in enumerate(values):
        mlflow.log_metric('deep/er.m', value, step=step - 2)
    mlflow.log_metric('same', 1, step=5); mlflow.log_metric('same', 2, step=5); mlflow.log_metric('late', 3, step=1)
    mlflow.log_metric('only nan', float('nan'))
    mlflow.log_params({'lr': 1e-7, 'text': 'a\\nb', 'yes': 'no', 'empty': ' '})
    mlflow.set_tag('k', 'größe 😀')
    mlflow.log_text('x', 'notes/a.txt')
    for trial in range(3):
        with mlflow.start_run(run_name='trial %d' % trial, nested=True):
            mlflow.log_metric('val_loss', 1 / (trial + 1))
failed = client.create_run('0', run_name='0o14')
client.set_terminated(failed.info.run_id, 'FAILED')
client.create_run('0', run_name='goes on')
client.delete_run(client.create_run('0', run_name='deleted').info.run_id)
gone = client.create_experiment('deleted')
client.create_run(gone, run_name='of a deleted experiment')
client.delete_experiment(gone)
print('1')
`;

test.each([
  ['a database', () => `sqlite:///${path.join(folder, 'mlflow.db')}`],
  ['a folder', () => pathToFileURL(path.join(folder, 'other', 'mlruns')).href],
])("%s of MLflow's reads as MLflow tells it, field by field", async (_, uriOf) => {
  const uri = uriOf();
  await pythonOn(uri, valuesScript);
  const theirs = (await pythonOn(uri, listScript)) as readonly ListedRun[];
  const opened = openStore(uri);
  const { runs, unreadable, total } = await opened.listRuns();
  expect([runs.length, unreadable, total]).toEqual([6, [], 6]);
  const texts: Readonly<Record<string, number>> = { 'nan': NaN, 'inf': Infinity, '-inf': -Infinity };
  const toValue = (text: string): number => texts[text] ?? Number(text);
  for (const run of theirs) {
    const found = await opened.findRun(run.id);
    const named = await Promise.all(
      Object.keys(run.history).map(async (name) => [name, await opened.readHistory(run.id, name)] as const),
    );
    const { start, end, params, tags } = run;
    expect({ ...found, metrics: Object.keys(found.metrics) }).toMatchObject({
      ...{ runId: run.id, name: run.name, experiment: run['experiment'], status: run['status'] },
      ...{ startTime: start, endTime: end, params, tags, metrics: Object.keys(run.history).sort() },
    });
    const last = run['metrics'] as Readonly<Record<string, string>>;
    for (const [name, { steps, values, timestamps }] of named) {
      expect([name, found.metrics[name]?.last.value]).toEqual([name, toValue(last[name] ?? '')]);
      const points = (run.history[name] ?? []).map(([value, step, time]) => [toValue(value), step, time]);
      const sorted = points.sort(([, a = 0, s = 0], [, b = 0, t = 0]) => a - b || s - t);
      expect([name, steps.map((step, index) => [values[index], step, timestamps[index]])]).toEqual([name, sorted]);
      const numbers = values.filter((value) => !Number.isNaN(value));
      const extremes = numbers.length === 0 ? [undefined, undefined] : [Math.min(...numbers), Math.max(...numbers)];
      const { points: count, min, max } = found.metrics[name] ?? {};
      expect([name, count, min?.value, max?.value]).toEqual([name, values.length, ...extremes]);
    }
    if (run.name === "it's #1")
      expect(await readFile(path.join(found.artifacts ?? '', 'notes', 'a.txt'), 'utf8')).toBe('x');
  }
  const parent = await opened.findRun("it's #1");
  const trials = runs.filter(({ parentRunId }) => parentRunId === parent.runId);
  expect(trials.map(({ name }) => name).sort()).toEqual(['trial 0', 'trial 1', 'trial 2']);
  const where = parseRunFilter('val_loss < 0.6');
  expect((await opened.listRuns({ where, order: '-val_loss', limit: 1 })).runs.map(({ name }) => name)).toEqual([
    'trial 1',
  ]);
  const pages = await Promise.all([0, 2, 4].map((start) => opened.listRuns({ start, limit: 2 })));
  expect(pages.flatMap((page) => page.runs)).toEqual(runs);
  expect(pages.map((page) => page.total)).toEqual([6, 6, 6]);
});

test('what a person changes of a run MLflow sees, and the other way round', async () => {
  const ids = (await python(`
import json, mlflow
mlflow.set_experiment('edited')
ids = []
for index in range(2):
    with mlflow.start_run(run_name='a rather long name of a run, so that it does not fit into one line of YAML %d' % index) as run:
        ids.append(run.info.run_id)
print(json.dumps(ids))
`)) as readonly [string, string];
  const [ours, theirs] = ids;
  await store.editRun(ours, { name: '0o14: #1', tags: { 'mlflow.note.content': '*x*' } });
  await store.editRun(ours, { isDeleted: true });
  const script = `
import json, sys
from mlflow import MlflowClient
client = MlflowClient()
run = client.get_run(sys.argv[1])
client.restore_run(sys.argv[1])
client.update_run(sys.argv[2], name='by python')
client.delete_run(sys.argv[2])
print(json.dumps([run.info.lifecycle_stage, run.info.run_name, run.data.tags['mlflow.note.content'], client.get_run(sys.argv[1]).info.lifecycle_stage]))
`;
  expect(await python(script, ours, theirs)).toEqual(['deleted', '0o14: #1', '*x*', 'active']);
  expect(await store.findRun(ours)).toMatchObject({ name: '0o14: #1', status: 'FINISHED' });
  await expect(store.findRun(theirs)).rejects.toThrow('There is no run');
  expect(await store.findDeletedRun('by python')).toMatchObject({ runId: theirs });
  await store.editRun(theirs, { isDeleted: false });
  const listed = (await python(listScript)) as readonly ListedRun[];
  expect(
    listed
      .filter(({ id }) => ids.includes(id))
      .map(({ name }) => name)
      .sort(),
  ).toEqual(['0o14: #1', 'by python']);
});

test('PyYAML reads what we quote', async () => {
  const texts = [
    'y',
    'yes',
    'on',
    '0',
    '0o14',
    '014',
    '0b10',
    '0x1f',
    '1_000',
    '1e3',
    '1.5e3',
    '.5',
    '+1',
    '12:30',
    '1:2:3',
    '2026-11-21',
    '2026-11-21 20:00:00',
    '~',
    'null',
    '',
    '=',
    '<<',
    '.nan',
    '-.inf',
    '-',
    '?',
    ': ',
    'a:',
    'a: b',
    '#a',
    'a #b',
    '&a',
    '*a',
    '!a',
    '|',
    '>',
    '%a',
    '@a',
    '`a',
    "'",
    '"',
    '\\',
    '[a',
    '{a',
    'a, b',
    'a\u0000b',
    '\u0085',
    '\u2028',
    '\ufeff',
    '😀',
    'a\r\nb',
    ' lead',
    'trail ',
    '---',
    '...',
    'file:///a b',
    '0123456789012345678901234567890e',
  ];
  await writeFile(
    path.join(folder, 'texts.yaml'),
    formatMlflowYaml(Object.fromEntries(texts.map((text, index) => [`k${index}`, text]))),
  );
  const read = (await python(
    "import json, yaml; print(json.dumps(yaml.safe_load(open('texts.yaml', encoding='utf-8'))))",
  )) as object;
  expect(read).toEqual(Object.fromEntries(texts.map((text, index) => [`k${index}`, text])));
});
