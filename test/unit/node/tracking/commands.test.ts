import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runCommandLine } from '../../../../src/node/commandline/commandline.ts';
import { createInstallation } from '../../../../src/node/installation/installation.ts';
import { commands } from '../../../../src/node/tracking/commands.ts';
import { openStore, type RunStore, type RunWriter } from '../../../../src/node/tracking/tracking.ts';
import { Helm } from '../../../../src/node/training/helm.ts';
import { openLiveRun } from '../../../../src/node/training/liverun.ts';
import type { RunComparison } from '../../../../src/protocol/tracking.ts';
import type { Steering } from '../../../../src/protocol/steering.ts';
import type { ToWorker } from '../../../../src/protocol/training.ts';

let root: string;
let store: RunStore;
const runIds: string[] = [];

beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'mlops-runs-'));
  await writeFile(path.join(root, 'dvc.yaml'), '');
  store = openStore(pathToFileURL(path.join(root, 'models', 'mlruns')).href);
  runIds.length = 0;
  for (const [index, loss] of [0.5, 0.125, NaN].entries()) {
    const startTime = 1795291200000 + index * 1000;
    const writer = await store.createRun({
      experiment: 'e',
      name: `run-${index}`,
      user: 'u',
      startTime,
      params: { lr: '0.1' },
      tags: {},
    });
    await writer.logMetrics([{ name: 'val_loss', value: loss, step: 1, timestamp: startTime }]);
    await writer.finish('FINISHED', startTime + 2500);
    runIds.push(writer.runId);
  }
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** Runs `mlops runs …` in the project, as for a pipe. */
async function check(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return mlops('runs', ...argv);
}

const stores = (...argv: string[]) => mlops('stores', ...argv);

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
    cwd: root,
    env: {},
    streams: { stdout: stream('stdout'), stderr: stream('stderr') },
    signal: new AbortController().signal,
    installation: createInstallation(root, '0'),
  });
  return { code, ...seen };
}

test.each([
  ['stores: [\n', /project\.yaml:\d+:\d+: warning: /g],
  ['stores: 5\n', /project\.yaml:1:9: warning: stores must be a list/g],
])('mistakes in the settings %j are told once, with their place, whatever is asked', async (text, line) => {
  await mkdir(path.join(root, '.mlops'));
  await writeFile(path.join(root, '.mlops', 'project.yaml'), text);
  for (const argv of [['list'], ['show', '@last']]) {
    const { code, stderr } = await check(...argv);
    expect({ argv, code, places: stderr.match(line)?.length }).toEqual({ argv, code: 0, places: 1 });
    expect(stderr.match(/Mend \.mlops\/project\.yaml/g)).toHaveLength(1);
  }
  const { stderr } = await stores('add', 'file:other');
  expect({ stderr, places: stderr.match(/project\.yaml:\d+:\d+/g)?.length }).toEqual({ stderr, places: 1 });
  expect((await check('list', '--quiet')).stderr).toBe('');
});

test('a store that is not there is an error, one without runs says so', async () => {
  for (const ask of [check, stores])
    for (const option of ['/nope', 'sqlite:////nope.db', 'tensorboard:/nope'])
      expect(await ask('list', '--store', option)).toMatchObject({
        code: 1,
        stdout: '',
        stderr: expect.stringMatching(/^There is no store \/nope.* "mlops stores list" shows/),
      });
  await mkdir(path.join(root, 'empty'));
  const empty = await check('list', '--store', 'empty');
  expect(empty).toEqual({ code: 0, stdout: '', stderr: expect.stringMatching(/^There are no runs yet: "mlops run"/) });
  expect((await check('list', '--where', 'val_loss > 9')).stderr).toBe(
    'No run fits --where; without it all are listed.\n',
  );
});

test('runs list --json has the shape that cli.md promises', async () => {
  const { code, stdout } = await check('list', '--json');
  const document = JSON.parse(stdout) as { runs: Record<string, unknown>[] };
  expect(code).toBe(0);
  expect(document).toMatchObject({ nextPage: null, unreadable: [], warnings: [] });
  expect(document.runs.map((run) => run['name'])).toEqual(['run-2', 'run-1', 'run-0']);
  expect(document.runs[2]).toMatchObject({
    runId: runIds[0],
    name: 'run-0',
    experiment: 'e',
    status: 'FINISHED',
    startTime: 1795291200000,
    endTime: 1795291202500,
    parentRunId: null,
    params: { lr: '0.1' },
    tags: { 'mlflow.user': 'u', 'mlflow.runName': 'run-0' },
    metrics: {
      val_loss: {
        points: 1,
        last: { value: 0.5, step: 1 },
        min: { value: 0.5, step: 1 },
        max: { value: 0.5, step: 1 },
        best: { value: 0.5, step: 1 },
      },
    },
  });
  expect(document.runs[0]).toMatchObject({ metrics: { val_loss: { last: { value: 'NaN' }, min: null, best: null } } });
});

test('order, limit and pages', async () => {
  const names = async (...argv: string[]) => {
    const { runs, nextPage } = JSON.parse((await check('list', '--json', ...argv)).stdout) as {
      runs: { name: string }[];
      nextPage: string | null;
    };
    return [...runs.map(({ name }) => name), nextPage];
  };
  expect(await names('--order', 'val_loss')).toEqual(['run-1', 'run-0', 'run-2', null]);
  expect(await names('--limit', '2')).toEqual(['run-2', 'run-1', '2']);
  expect(await names('--limit', '2', '--page', '2')).toEqual(['run-0', null]);
  expect((await check('list', '--order', 'nope')).code).toBe(4);
  expect(await names('--where', 'status = FINISHED and min(val_loss) < 0.5')).toEqual(['run-1', null]);
  expect(await names('--where', 'name like "run-%"', '--limit', '1', '--order', 'name')).toEqual(['run-0', '1']);
  expect(await check('list', '--where', 'x > 1')).toMatchObject({ code: 4 });
  expect(await check('list', '--where', 'val_loss >')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Column 11 of the filter') as string,
  });
  expect((await check('list', '--limit', '0')).code).toBe(2);
});

test('runs compare tells what the runs have not in common', async () => {
  const { code, stdout } = await check('compare', 'run-0', '@best', '@last', '--json');
  expect(code).toBe(0);
  const { metrics, runs, params } = JSON.parse(stdout) as RunComparison;
  expect(runs.map(({ name }) => name)).toEqual(['run-0', 'run-1', 'run-2']);
  expect(params).toEqual([]);
  expect(metrics).toMatchObject([
    {
      name: 'val_loss',
      direction: 'minimize',
      values: [
        { last: { value: 0.5 }, bestDelta: null, change: null },
        { best: { value: 0.125, step: 1 }, bestDelta: -0.375, change: 'better' },
        { last: { value: 'NaN' }, best: null, bestDelta: null, change: null },
      ],
    },
  ]);
  const { stdout: text } = await check('compare', 'run-0', 'run-1', 'run-2');
  expect(text).toContain('Metrics\nval_loss\t0.5 at 1\t0.125 at 1 (-0.375, better)\tNaN\n'.trimEnd());
  expect(text).not.toContain('Params');
  expect((await check('compare', 'run-0')).code).toBe(2);
  expect((await check('compare', 'run-0', 'nope')).code).toBe(4);
});

test('for a pipe: plain columns', async () => {
  expect((await check('list', '--limit', '1')).stdout).toBe(
    `run-2\t${runIds[2]!.slice(0, 8)}\te\tFINISHED\t2026-11-21 20:00:02\t2.5\tNaN\n`,
  );
});

test('show and history', async () => {
  expect(JSON.parse((await check('show', '@best', '--json')).stdout)).toMatchObject({ runId: runIds[1] });
  expect((await check('show', 'run-0')).stdout).toContain('val_loss\t0.5 at step 1 (min 0.5, max 0.5)');
  expect(JSON.parse((await check('history', '@last', 'val_loss', '--json')).stdout)).toEqual({
    steps: [1],
    values: ['NaN'],
    timestamps: [1795291202000],
  });
  expect(await check('show', 'run-7')).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('Did you mean') as string,
  });
  expect((await check('history', '@last')).code).toBe(2);
  expect((await check('history', '@last', 'loss')).code).toBe(4);
});

test('another store, one that is not there, and one of another kind', async () => {
  const other = openStore(pathToFileURL(path.join(root, 'other')).href);
  await other.ensure();
  expect(JSON.parse((await check('list', '--json', '--store', 'other')).stdout)).toMatchObject({ runs: [] });
  expect((await check('list', '--json', '--store', 'file:nowhere')).code).toBe(1);
  expect(await check('list', '--store', 'sqlite:///mlflow.db')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('There is no store') as string,
  });
  expect(await check('list', '--store', 'http://user:secret@127.0.0.1:1')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^http:\/\/127.0.0.1:1 can't be reached/) as string,
  });
});

test('repair says what it did', async () => {
  expect((await check('repair')).stdout).toBe('Nothing to repair.\n');
  expect(JSON.parse((await check('repair', '@last', '--json')).stdout)).toEqual({ repairs: [] });
});

describe('runs steer', () => {
  const begin = (runId: string): Promise<RunWriter> =>
    store.createRun({ experiment: 'e', name: runId, user: 'u', startTime: 1795291300000, params: {}, tags: {} });

  test.each<[string, string[], number, RegExp]>([
    ['nothing to do', ['@last'], 2, /Say one of --pause, --resume, --stop, --learning-rate, --snapshot\./],
    ['two things at once', ['@last', '--pause', '--snapshot'], 2, /Say one of/],
    ['a stop at another time', ['@last', '--stop', 'later'], 2, /--stop takes now, epoch, best, not "later"/],
    ['a learning rate that is none', ['@last', '--learning-rate', 'fast'], 2, /greater than 0, not "fast"/],
    ['a learning rate of 0', ['@last', '--learning-rate', '0'], 2, /greater than 0, not "0"/],
    ['no run', ['--pause'], 2, /RUN/],
    ['an unknown run', ['nobody', '--pause'], 4, /There is no run "nobody"/],
    ['a run that has ended', ['run-1', '--pause'], 1, /run-1 \(\w{8}\) is FINISHED: only a live run can be steered/],
  ])('%s', async (_, argv, code, message) => {
    const seen = await check('steer', ...argv);
    expect([seen.code, seen.stdout]).toEqual([code, '']);
    expect(seen.stderr).toMatch(message);
  });

  test('a run that is going on elsewhere', async () => {
    const { runId } = await begin('live');
    const { code, stdout } = await check('steer', runId.slice(0, 10), '--pause', '--json');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      error: { code: 'not-live', message: expect.stringMatching(/^No process works on this run here/) },
    });
  });

  test('a dry run asks nobody', async () => {
    const { runId } = await begin('live');
    const { code, stdout } = await check('steer', 'live', '--learning-rate', '1e-3', '--dry-run', '--json');
    expect([code, JSON.parse(stdout)]).toEqual([0, { runId, steering: { type: 'setLearningRate', value: 0.001 } }]);
  });

  test.each<[string, string[], Steering]>([
    ['--pause', ['--pause'], { type: 'pause' }],
    ['--resume', ['--resume'], { type: 'resume' }],
    ['--stop', ['--stop', 'best'], { type: 'stop', when: 'best' }],
    ['--learning-rate', ['--learning-rate', '0.5'], { type: 'setLearningRate', value: 0.5 }],
    ['--snapshot', ['--snapshot'], { type: 'snapshot' }],
  ])('%s reaches the process that writes the run, and its answer is shown', async (_, argv, steering) => {
    const { runId } = await begin('live');
    const helm = new Helm();
    const asked: ToWorker[] = [];
    helm.attach({
      stop: () => undefined,
      send: (message) => {
        asked.push(message);
        if (message.type === 'steer')
          helm.answer({ type: 'steered', id: message.id, isRefused: false, step: 12, epoch: 3, text: 'so be it' });
      },
    });
    const onWarning = (message: string): never => {
      throw new Error(message);
    };
    const live = await openLiveRun({ root }, { runId, model: 'm', command: 'mlops train', helm, onWarning });
    const plain = await check('steer', 'live', ...argv);
    const json = await check('steer', 'live', ...argv, '--json');
    await live.close();
    expect([plain.code, plain.stderr, plain.stdout]).toEqual([
      0,
      '',
      `live (${runId.slice(0, 8)}): so be it (epoch 3, batch 12).\n`,
    ]);
    expect(JSON.parse(json.stdout)).toEqual({ runId, steering, state: 'done', step: 12, epoch: 3, text: 'so be it' });
    expect(asked.map((message) => message.type === 'steer' && message.steering)).toEqual([steering, steering]);
  });

  test('a paused run is called so, with the status that MLflow knows', async () => {
    const writer = await begin('live');
    const statusOf = async () => (await check('list', '--limit', '1')).stdout.split('\t').map((cell) => cell.trim())[3];
    expect(await statusOf()).toBe('RUNNING');
    await writer.setTags({ 'mlops.paused': 'at epoch 1, batch 2' });
    expect(await statusOf()).toBe('PAUSED');
    expect((await check('show', 'live')).stdout).toContain('  PAUSED  ');
    expect(JSON.parse((await check('show', 'live', '--json')).stdout)).toMatchObject({ status: 'RUNNING' });
    await writer.removeTag('mlops.paused');
    expect(await statusOf()).toBe('RUNNING');
    await writer.setTags({ 'mlops.paused': 'at epoch 1, batch 2' });
    await writer.finish('FAILED', 1795291400000);
    expect(await statusOf()).toBe('FAILED');
  });
});

test('rename, note, tag, delete, restore', async () => {
  const id = runIds[0] ?? '';
  const texts: readonly (readonly [string[], string])[] = [
    [['rename', 'run-0', 'champion'], 'run-0 is now called champion.\n'],
    [['note', 'champion', 'the *first*'], 'champion has the note.\n'],
    [['tag', 'champion', 'reviewed=yes', 'by=me', 'e='], 'champion: reviewed, by, e.\n'],
  ];
  for (const [argv, text] of texts) expect(await check(...argv)).toEqual({ code: 0, stdout: text, stderr: '' });
  expect(JSON.parse((await check('show', 'champion', '--json')).stdout)).toMatchObject({
    runId: id,
    tags: { 'mlflow.note.content': 'the *first*', 'reviewed': 'yes', 'by': 'me' },
  });
  expect((await check('delete', id, '--dry-run')).stdout).toContain('Would change champion');
  expect((await check('delete', id)).stdout).toContain(`"mlops runs restore ${id.slice(0, 8)}" brings it back.`);
  expect((await check('show', id)).code).toBe(4);
  expect(JSON.parse((await check('restore', id.slice(0, 8), '--json')).stdout)).toEqual({
    runId: id,
    isDeleted: false,
  });
  expect((await check('show', id)).code).toBe(0);
  expect((await check('tag', id, 'nothing')).code).toBe(2);
  expect((await check('rename', id)).code).toBe(2);
  await check('rename', id, 'run-0');
});
