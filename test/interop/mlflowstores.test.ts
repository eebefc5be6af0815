import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ensureOldMlflow } from '../../scripts/testing/interop.ts';
import { pythonMissing } from '../../scripts/testing/python.ts';
import type { RunDataset, RunSummary } from '../../src/protocol/tracking.ts';
import { openStore, type RunStore, type RunWriter } from '../../src/node/tracking/tracking.ts';

// What real MLflow has written we read as its own client does, and what we have written it reads as we do: field by field, for old and
// new versions. Python starts once for each version.

const run = promisify(execFile);
const driver = path.join(import.meta.dirname, 'mlflow-driver.py');
const TIME = 1795291200000;

/** A run as MLflow's own client tells it. Numbers are as Python writes them. */
interface ToldRun {
  readonly name: string;
  readonly experiment: string;
  readonly status: string;
  readonly start: number;
  readonly end: number | null;
  readonly params: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly last: Readonly<Record<string, string>>;
  readonly history: Readonly<Record<string, readonly (readonly [value: string, step: number, time: number])[]>>;
  readonly files: readonly string[];
  readonly inputs: readonly RunDataset[];
}

interface ToldStore {
  readonly uri: string;
  /** Ids by the names of the cases. */
  readonly ids: Readonly<Record<string, string>>;
  readonly runs: Readonly<Record<string, ToldRun>>;
}

interface Told {
  readonly version: string;
  readonly folder: ToldStore;
  readonly database: ToldStore;
  readonly ours: ToldStore;
}

const versions: Readonly<Record<string, () => Promise<string | undefined>>> = {
  '3.17.2': () => Promise.resolve(process.env['MLOPS_INTEROP_PYTHON']),
  '2.22.5': () => ensureOldMlflow('2.22.5'),
  '2.0.1': () => ensureOldMlflow('2.0.1'),
};

const OF_DATA_SET = 'metrics of a data set';

/** What the driver does under these names. */
const theirCases = [
  ...['values', 'steps', 'metric names', 'params', 'tags', 'batch', 'renamed', 'updated', 'datasets'],
  ...[OF_DATA_SET, 'logged models', 'artifacts', 'restored', 'nested', 'failed', 'killed', 'goes on'],
  ...['scheduled', '0o14', '12e4', 'yes', 'größe 😀 / \\ : #', 'odd id 0', 'odd id 1', 'in no', 'in 007'],
];

const values = [0.1, 1, -0, 1e-5, 1e16, 123456789012345680, 5e-324, 1e308, NaN, Infinity, -Infinity, 1 / 3];

/** Of a line that names a data set MLflow's reader of folders takes no step, which stands there, and which its database gives. */
function withSteps(theirs: ToldRun): ToldRun {
  const points = (theirs.history['acc'] ?? []).map(([value, , time], step) => [value, step, time] as const);
  return { ...theirs, history: { ...theirs.history, acc: points } };
}

/** What our own writer does under these names, and how the run ends; without an end it goes on. */
const ourCases: Readonly<Record<string, (writer: RunWriter, store: RunStore) => Promise<unknown>>> = {
  'values': (writer) =>
    writer.logMetrics(
      values.map((value, step) => ({ name: 'deep/er.m', value, step: step - 2, timestamp: TIME + step })),
    ),
  'names': (writer) =>
    writer.logMetrics(
      ['a/b/c', 'with space', 'größe', 'dot.s-and_more', 'a/b/d', '1'].map((name) => ({
        name,
        value: 1,
        step: 1,
        timestamp: TIME,
      })),
    ),
  'steps': (writer) =>
    writer.logMetrics(
      [5, 5, -3, 2 ** 53, 0].map((step, index) => ({ name: 'steps', value: index, step, timestamp: TIME + index })),
    ),
  'params': (writer) =>
    writer.logParams({
      'yes': 'no',
      'octal': '0o14',
      'html': '<b>&${x}</b>',
      'colon': 'a: b #c',
      'a/b': 'größe 😀',
      'multi': 'a\nb',
      'long': 'x'.repeat(400),
    }),
  'tags': async (writer) => {
    await writer.setTags({
      'empty': '',
      'mlflow.note.content': '# *note*\n\n- of lines\n',
      'a/b': 'größe 😀',
      'gone': 'x',
    });
    await writer.removeTag('gone');
  },
  'renamed': async (writer, store) => {
    await writer.finish('FINISHED', TIME + 9);
    await store.editRun(writer.runId, { name: `it's #1: "0o14"`, tags: { 'mlflow.note.content': 'x' } });
  },
  'restored': async (writer, store) => {
    await writer.finish('FAILED', TIME + 9);
    await store.editRun(writer.runId, { isDeleted: true });
    await store.editRun(writer.runId, { isDeleted: false });
  },
  'marked': (writer, store) => store.markFailed(writer.runId, 'its process is gone'),
  'artifacts': async (writer) => {
    await mkdir(path.join(writer.artifacts, 'notes'));
    await writeFile(path.join(writer.artifacts, 'notes', 'a #%20ä.txt'), 'x');
  },
  '0o14': () => Promise.resolve(),
  'größe 😀 / \\ : #': () => Promise.resolve(),
  'deleted': async (writer, store) => {
    await writer.finish('FINISHED', TIME + 9);
    await store.editRun(writer.runId, { isDeleted: true });
  },
};

let folder: string;
let ours: RunStore;
const ourIds = new Map<string, string>();
const told = new Map<string, Told>();

beforeAll(async () => {
  // In memory where the system has such a place: MLflow waits for the disk with every value.
  folder = await mkdtemp(path.join(existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir(), 'mlops-stores-'));
  ours = openStore(pathToFileURL(path.join(folder, 'ours')).href);
  for (const [name, work] of Object.entries(ourCases)) {
    const start = {
      experiment: 'ünï: #yes',
      name,
      user: 'me',
      startTime: TIME,
      params: { lr: '0.1' },
      tags: { 'mlops.seed': '7' },
    };
    const writer = await ours.createRun(start);
    ourIds.set(name, writer.runId);
    await work(writer, ours);
  }
  for (const [version, ensure] of Object.entries(versions)) told.set(version, await runDriver(version, await ensure()));
}, 600_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A missing Python fails, loudly: interop is no optional layer. */
async function runDriver(version: string, python: string | undefined): Promise<Told> {
  if (python === undefined) throw new Error(`MLflow ${version}: ${pythonMissing}`);
  const home = path.join(folder, version);
  await mkdir(home);
  const env = { ...process.env, MLFLOW_ALLOW_FILE_STORE: 'true', MLFLOW_TRACKING_URI: '', GIT_PYTHON_REFRESH: 'quiet' };
  const { stdout } = await run(python, ['-W', 'ignore', driver, home, ours.uri], { env, maxBuffer: 64 << 20 });
  const answer = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Told;
  expect(answer.version).toBe(version);
  return answer;
}

const words: Readonly<Record<string, number>> = { 'nan': NaN, 'inf': Infinity, '-inf': -Infinity };
const toValue = (text: string): number => words[text] ?? Number(text);

type Point = readonly [value: number, step: number, time: number];
const sortPoints = (points: readonly Point[]): readonly Point[] =>
  [...points].sort((a, b) => a[1] - b[1] || a[2] - b[2] || a[0] - b[0]);

async function check(store: RunStore, runId: string, theirs: ToldRun | undefined): Promise<void> {
  if (theirs === undefined) throw new Error('MLflow does not list it.');
  const found = await store.findRun(runId);
  expect(toComparable(found)).toEqual({
    ...{
      name: theirs.name,
      experiment: theirs.experiment,
      status: theirs.status,
      start: theirs.start,
      end: theirs.end,
    },
    ...{ params: theirs.params, tags: theirs.tags, parent: theirs.tags['mlflow.parentRunId'] ?? null },
    last: Object.fromEntries(Object.entries(theirs.last).map(([name, text]) => [name, toValue(text)])),
  });
  for (const [name, points] of Object.entries(theirs.history)) {
    const { steps, values, timestamps } = await store.readHistory(runId, name);
    const own = steps.map((step, index): Point => [values[index] ?? NaN, step, timestamps[index] ?? NaN]);
    expect([name, sortPoints(own)]).toEqual([
      name,
      sortPoints(points.map(([value, step, time]) => [toValue(value), step, time])),
    ]);
    checkSummary(found, name, values);
  }
  await checkBeside(store, runId, theirs);
}

function toComparable({
  name,
  experiment,
  status,
  startTime,
  endTime,
  params,
  tags,
  parentRunId,
  metrics,
}: RunSummary): object {
  const last = Object.fromEntries(Object.entries(metrics).map(([metric, summary]) => [metric, summary.last.value]));
  return { name, experiment, status, start: startTime, end: endTime, params, tags, parent: parentRunId, last };
}

/** What MLflow has no word for is computed from its points. */
function checkSummary(run: RunSummary, name: string, values: readonly number[]): void {
  const numbers = values.filter((value) => !Number.isNaN(value));
  const extremes = numbers.length === 0 ? [undefined, undefined] : [Math.min(...numbers), Math.max(...numbers)];
  const { points, min, max } = run.metrics[name] ?? {};
  expect([name, points, min?.value, max?.value]).toEqual([name, values.length, ...extremes]);
}

async function checkBeside(store: RunStore, runId: string, { files, inputs }: ToldRun): Promise<void> {
  const listed = (await store.listArtifacts(runId, '')).map(({ path: name }) => name);
  expect(listed.filter((name) => !name.startsWith('model: ')).sort()).toEqual([...files].sort());
  const byName = (a: RunDataset, b: RunDataset): number => (a.name < b.name ? -1 : 1);
  const { datasets = [] } = (await store.readInputs?.(runId)) ?? {};
  expect([...datasets].sort(byName)).toEqual([...inputs].sort(byName));
}

describe.each(Object.keys(versions))('MLflow %s', (version) => {
  describe.each(['folder', 'database'] as const)('its %s', (kind) => {
    test('has the same runs, whatever was deleted', async () => {
      const { uri, runs, ids } = told.get(version)?.[kind] ?? { uri: '', runs: {}, ids: {} };
      const { runs: found, unreadable, warnings = [], total } = await openStore(uri).listRuns();
      expect([unreadable, warnings, total]).toEqual([[], [], found.length]);
      expect(found.map(({ runId }) => runId).sort()).toEqual(Object.keys(runs).sort());
      expect(Object.keys(ids).sort()).toEqual([...theirCases].sort());
    });

    test.each(theirCases)('%s', async (name) => {
      const { uri, ids, runs } = told.get(version)?.[kind] ?? { uri: '', ids: {}, runs: {} };
      const runId = ids[name] ?? '';
      const theirs = runs[runId];
      await check(openStore(uri), runId, name === OF_DATA_SET && theirs !== undefined ? withSteps(theirs) : theirs);
    });
  });

  test('lists the runs of ours, but for the deleted one', () => {
    const expected = [...ourIds].filter(([name]) => name !== 'deleted').map(([, runId]) => runId);
    expect(Object.keys(told.get(version)?.ours.runs ?? {}).sort()).toEqual(expected.sort());
  });

  test.each(Object.keys(ourCases).filter((name) => name !== 'deleted'))('reads of ours: %s', async (name) => {
    const runId = ourIds.get(name) ?? '';
    await check(ours, runId, told.get(version)?.ours.runs[runId]);
  });
});
