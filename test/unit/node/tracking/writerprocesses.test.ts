import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RunSummary } from '../../../../src/protocol/tracking.ts';
import { openStore, type RunStore } from '../../../../src/node/tracking/tracking.ts';
import { can } from '../pipeline/sweep.ts';

// Processes that write runs. One dies, or is refused, at its first, second, third … call of each kind that changes the disk. Whatever
// it was: each record is the one before or the one after, points are a beginning of those that were logged, nothing else is touched, and
// the next writer works.

const CALLS = ['rename', 'mkdir', 'fsync', 'fdatasync', 'unlink', 'ftruncate'];
const MOST_CALLS = 60;
const POINTS = 4;

let folder: string;
let program: string;
let template: string;
let root = '';
let store: RunStore;
let sister: RunSummary;
let swept: RunSummary;

/** What the swept process does; each line that it prints was acknowledged. */
const source = `
import { openStore } from './src/node/tracking/tracking.ts';
import { ExpectedError } from './src/protocol/errors.ts';
const [work = '', uri = '', runId = ''] = process.argv.slice(2);
const store = openStore(uri);
const time = 1795291200000;
async function logAll(writer) {
  for (let step = 1; step <= ${POINTS}; step += 1) {
    await writer.logMetrics(['loss', 'deep/er'].map((name) => ({ name, step, value: step / 8, timestamp: time + step })));
    console.log('logged', step);
  }
  await writer.setTags({ 'mlops.reason': 'why' });
  await writer.finish('FINISHED', time + 9);
  console.log('finished');
}
const works = {
  create: async () => logAll(await store.createRun({ experiment: 'digits', name: 'new', user: 'me', startTime: time, params: { lr: '0.1' }, tags: {} })),
  reopen: async () => logAll(await store.reopenRun(runId, { keeps: () => true })),
  many: async () => {
    const writer = await store.createRun({ experiment: 'many', user: 'me', startTime: time, params: {}, tags: {} });
    for (let at = 0; at < 10_000; at += 100)
      await writer.logMetrics(Array.from({ length: 100 }, (_, index) => ({ name: 'm' + (index % 10), step: at + index, value: at + index, timestamp: time })));
    await writer.finish('FINISHED', time + 9);
  },
  edit: async () => {
    await store.editRun(runId, { name: 'renamed', tags: { 'mlflow.note.content': 'note', 'old': null } });
    console.log('edited');
    await store.editRun(runId, { isDeleted: true });
  },
};
works[work]().catch((error) => {
  console.log(error instanceof ExpectedError ? 'refused' : 'bug', error);
  process.exitCode = 1;
});`;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'mlops-writer-'));
  program = path.join(folder, 'writer.cjs');
  const resolveDir = path.resolve(import.meta.dirname, '../../../..');
  const stdin = { resolveDir, loader: 'ts', contents: source } as const;
  await build({ stdin, absWorkingDir: resolveDir, bundle: true, platform: 'node', outfile: program });
  template = path.join(folder, 'template');
  const made = openStore(pathToFileURL(template).href);
  for (const name of ['sister', 'swept']) {
    const start = { experiment: 'digits', user: 'me', startTime: 1, params: { a: 'b' }, tags: { old: 'tag' } };
    const writer = await made.createRun({ ...start, name });
    await writer.finish('KILLED', 2);
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

let turn = 0;
async function prepare(): Promise<void> {
  if (root !== '') await rm(root, { recursive: true, force: true });
  root = path.join(folder, `store-${(turn += 1)}`);
  await cp(template, root, { recursive: true });
  store = openStore(pathToFileURL(root).href);
  sister = await store.findRun('sister');
  swept = await store.findRun('swept');
}
beforeEach(prepare);

interface End {
  readonly injected: boolean;
  readonly printed: string;
}

/** `only`: the file whose calls are counted; without, those of the whole process. */
async function runInjected(work: string, call: string, fault: string, only?: string): Promise<End> {
  const log = path.join(folder, 'strace.log');
  const paths = only === undefined ? [] : ['-P', only];
  const options = ['-f', '-qq', '-o', log, ...paths, '-e', `trace=?${call}`, '-e', `inject=?${call}:${fault}`];
  const args = [...options, process.execPath, program, work, pathToFileURL(root).href, swept.runId];
  // Calls are counted thread by thread: with one thread for files they are one after the other.
  const child = spawn('strace', args, {
    env: { ...process.env, UV_THREADPOOL_SIZE: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
  await once(child, 'close');
  const traced = await readFile(log, 'utf8');
  return { injected: /INJECTED|killed by SIGKILL/.test(traced), printed };
}

/** What must hold, however the process ended. */
async function check({ printed }: End, what: string): Promise<RunSummary | undefined> {
  expect([what, printed.includes('bug') ? printed : '']).toEqual([what, '']);
  const page = await store.listRuns();
  expect([what, page.unreadable]).toEqual([what, []]);
  expect([what, page.runs.find(({ name }) => name === 'sister')]).toEqual([what, sister]);
  await store.repair();
  const { runs, warnings, unreadable } = await store.listRuns();
  // A file may have been made for a point that did not come.
  expect([what, unreadable, warnings?.filter(({ message }) => message !== 'It holds no point.')]).toEqual([
    what,
    [],
    [],
  ]);
  const writer = await store.createRun({
    experiment: 'digits',
    name: 'next',
    user: 'me',
    startTime: 5,
    params: {},
    tags: {},
  });
  await writer.logMetrics([{ name: 'loss', step: 1, value: 1, timestamp: 6 }]);
  await writer.finish('FINISHED', 7);
  expect((await readdir(root)).filter((name) => /^\d+$/.test(name))).toHaveLength(2);
  return runs.find(({ name }) => ['new', 'swept', 'renamed'].includes(name));
}

/** The points are the first ones, at least those that were acknowledged, in each of the metrics. */
async function checkPoints(run: RunSummary | undefined, printed: string, what: string): Promise<void> {
  const acknowledged = printed.split('\n').filter((line) => line.startsWith('logged')).length;
  for (const name of ['loss', 'deep/er']) {
    const { steps, values } =
      run?.metrics[name] === undefined ? { steps: [], values: [] } : await store.readHistory(run.runId, name);
    expect([what, steps]).toEqual([what, [1, 2, 3, 4].slice(0, steps.length)]);
    expect([what, values]).toEqual([what, steps.map((step) => step / 8)]);
    // Points that the disk refuses wait in memory, and are acknowledged: told once, and written with the next ones.
    if (!printed.includes('refused')) expect([what, steps.length >= acknowledged]).toEqual([what, true]);
  }
}

const faults = [
  ['killed', () => 'signal=SIGKILL'],
  ['refused', (n: number) => `error=${n % 2 === 0 ? 'ENOSPC' : 'EIO'}`],
] as const;

const works: readonly (readonly [string, number, (end: End, what: string) => Promise<void>])[] = [
  [
    'create',
    12,
    async (end, what) => {
      const run = await check(end, what);
      if (run?.name !== 'new') return;
      expect([what, run.params]).toEqual([what, { lr: '0.1' }]);
      expect([what, ['FINISHED', 'FAILED', 'RUNNING'].includes(run.status)]).toEqual([what, true]);
      await checkPoints(run, end.printed, what);
    },
  ],
  [
    'reopen',
    10,
    async (end, what) => {
      const run = await check(end, what);
      expect([what, run?.params]).toEqual([what, { a: 'b' }]);
      expect([what, ['FINISHED', 'FAILED', 'RUNNING', 'KILLED'].includes(run?.status ?? '')]).toEqual([what, true]);
      await checkPoints(run, end.printed, what);
    },
  ],
  [
    'edit',
    6,
    async (end, what) => {
      const run = await check(end, what);
      const deleted = run === undefined ? await store.findDeletedRun('renamed') : undefined;
      expect([what, run === undefined ? deleted?.name : ['swept', 'renamed'].includes(run.name)]).toEqual([
        what,
        run === undefined ? 'renamed' : true,
      ]);
      if (run === undefined) return;
      expect([what, run.status, run.params]).toEqual([what, 'KILLED', { a: 'b' }]);
      if (end.printed.includes('edited'))
        expect([what, run.tags['mlflow.note.content'], run.tags['old']]).toEqual([what, 'note', undefined]);
    },
  ],
];

describe.skipIf(!can('strace', '-V'))('a process at every call that changes the disk', () => {
  const cases = works.flatMap(([work, least, look]) =>
    faults.map(([word, toFault]) => ({ work, least, look, word, toFault })),
  );
  test.each(cases)(
    '$work, $word',
    async ({ work, least, look, word, toFault }) => {
      let times = 0;
      for (const call of CALLS)
        for (let n = 1; n < MOST_CALLS; n += 1) {
          await prepare();
          const end = await runInjected(work, call, `${toFault(n)}:when=${n}`);
          await look(end, `${work} ${word} at ${call} ${n}`);
          if (!end.injected) break;
          times += 1;
        }
      expect(times).toBeGreaterThan(least);
    },
    120_000,
  );

  test.each(faults)('a point, %s while it is written', async (word, toFault) => {
    for (let n = 1; n <= POINTS; n += 1) {
      await prepare();
      const experiment = (await readdir(root)).find((name) => name.length === 18) ?? '';
      const file = path.join(root, experiment, swept.runId, 'metrics', 'loss');
      const end = await runInjected('reopen', 'write', `${toFault(n)}:when=${n}`, file);
      expect(end.injected).toBe(true);
      const run = await check(end, `point ${n} ${word}`);
      await checkPoints(run, end.printed, `point ${n} ${word}`);
      // What is refused once is written with the next points, or at the end.
      expect(run?.status).toBe(word === 'killed' ? 'FAILED' : 'FINISHED');
      if (word === 'refused') expect(run?.metrics['loss']?.points).toBe(POINTS);
    }
  });
});

test('eight processes log ten thousand points each to one store: every one is there, every run is whole', async () => {
  const many = pathToFileURL(path.join(folder, 'many')).href;
  const children = Array.from({ length: 8 }, () =>
    spawn(process.execPath, [program, 'many', many], { stdio: 'inherit' }),
  );
  const codes = await Promise.all(children.map(async (child) => ((await once(child, 'close')) as [number])[0]));
  expect(codes).toEqual(Array(8).fill(0));
  const opened = openStore(many);
  const { runs, unreadable, warnings } = await opened.listRuns();
  expect([runs.length, new Set(runs.map(({ runId }) => runId)).size, unreadable, warnings]).toEqual([8, 8, [], []]);
  // All of them wanted the same experiment at the same time.
  expect((await readdir(path.join(folder, 'many'))).filter((name) => /^\d+$/.test(name))).toHaveLength(2);
  for (const { runId, status, metrics } of runs) {
    expect([status, Object.values(metrics).map(({ points }) => points)]).toEqual(['FINISHED', Array(10).fill(1000)]);
    const { steps, values } = await opened.readHistory(runId, 'm3');
    const expected = Array.from({ length: 1000 }, (_, index) => 10 * index + 3);
    expect([steps, values]).toEqual([expected, expected]);
  }
});
