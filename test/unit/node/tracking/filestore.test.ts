import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFile,
  cp,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rename,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RunSummary } from '../../../../src/protocol/tracking.ts';
import { parseMetricLines } from '../../../../src/core/tracking/tracking.ts';
import { listFiles } from '../../../../src/node/files/files.ts';
import { appendLines } from '../../../../src/node/tracking/appending.ts';
import { openStore, type RunStart, type RunStore, type RunWriter } from '../../../../src/node/tracking/tracking.ts';

let folder: string;
let root: string;
let store: RunStore;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'mlops-store-'));
  root = path.join(folder, 'models', 'mlruns');
  store = openStore(pathToFileURL(root).href, {
    objectiveOf: () => ({ metric: 'val_loss', direction: 'minimize' }),
  });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const start: RunStart = {
  experiment: 'churn',
  user: 'me',
  startTime: 1795291200000,
  params: { 'training.lr': '0.1' },
  tags: { 'mlops.config': 'configs/a.yaml', 'mlflow.source.type': 'LOCAL' },
};
const point = (name: string, step: number, value: number) => ({ name, step, value, timestamp: 1795291200000 + step });

test('a run that has ended goes on: points that are logged anew are set aside', async () => {
  const first = await store.createRun(start);
  await first.logMetrics([1, 2, 3].flatMap((step) => [point('val_loss', step, 1 / step), point('a/b', step, step)]));
  await first.setTags({ 'mlops.reason': 'stopped by the user' });
  await first.finish('KILLED', 1795291205000);
  const folderOfRun = path.join((await store.findRun(first.runId)).artifacts ?? '', '..');
  await appendFile(path.join(folderOfRun, 'metrics', 'val_loss'), 'torn');

  await store.repair([first.runId]);
  const second = await store.reopenRun(first.runId, { keeps: (metric, step) => metric !== 'val_loss' || step <= 1 });
  expect([second.runId, second.name]).toEqual([first.runId, first.name]);
  const reopened = await store.findRun(first.runId);
  expect(reopened).toMatchObject({ status: 'RUNNING', endTime: null, lost: false });
  expect(reopened.tags).not.toHaveProperty('mlops.reason');
  await second.logMetrics([point('val_loss', 2, 0.75)]);
  await second.finish('FINISHED', 1795291209000);
  expect(await store.readHistory(first.runId, 'val_loss')).toMatchObject({ steps: [1, 2], values: [1, 0.75] });
  expect(await store.readHistory(first.runId, 'a/b')).toMatchObject({ steps: [1, 2, 3] });
  const aside = await readFile(path.join(folderOfRun, '.replaced', 'val_loss'), 'utf8');
  expect(parseMetricLines(aside).points.map(({ step }) => step)).toEqual([2, 3]);
});

test('a run from its first to its last line', async () => {
  const writer = await store.createRun(start);
  await writer.logMetrics([point('val_loss', 1, 0.5), point('val/acc', 1, NaN)]);
  await writer.logMetrics([point('val_loss', 2, 0.25), point('val/acc', 2, 1)]);
  const running = await store.findRun('@last');
  expect(running).toMatchObject({ status: 'RUNNING', endTime: null, lost: false });
  await writer.logParams({ 'training.lr': '0.1', 'multi': 'a\nb' });
  await expect(writer.logParams({ 'training.lr': '0.2' })).rejects.toThrow('immutable');
  await writer.setTags({ 'mlops.backend': 'wasm' });
  await writer.finish('FINISHED', 1795291205000);

  const { runs, unreadable, warnings } = await store.listRuns();
  expect([unreadable, warnings]).toEqual([[], []]);
  expect(runs).toEqual([
    {
      runId: writer.runId,
      name: writer.name,
      experiment: 'churn',
      status: 'FINISHED',
      startTime: 1795291200000,
      endTime: 1795291205000,
      parentRunId: null,
      params: { 'training.lr': '0.1', 'multi': 'a\nb' },
      tags: { ...start.tags, 'mlflow.user': 'me', 'mlflow.runName': writer.name, 'mlops.backend': 'wasm' },
      metrics: {
        'val/acc': {
          points: 2,
          last: { value: 1, step: 2 },
          min: { value: 1, step: 2 },
          max: { value: 1, step: 2 },
          best: null,
        },
        'val_loss': {
          points: 2,
          last: { value: 0.25, step: 2 },
          min: { value: 0.25, step: 2 },
          max: { value: 0.5, step: 1 },
          best: { value: 0.25, step: 2 },
        },
      },
      lost: false,
      artifacts: writer.artifacts,
    },
  ]);
  expect(await store.readHistory(writer.runId, 'val/acc')).toEqual({
    steps: [1, 2],
    values: [NaN, 1],
    timestamps: [1795291200001, 1795291200002],
  });
  await expect(store.readHistory(writer.runId, 'val_los')).rejects.toThrow('Did you mean "val_loss"?');
  await expect(store.readHistory(writer.runId, '../meta.yaml')).rejects.toThrow('is no name');
  expect((await store.findRun(writer.runId.slice(0, 8))).runId).toBe(writer.runId);
  expect(await readFile(path.join(root, '0', 'meta.yaml'), 'utf8')).toContain("experiment_id: '0'");
  const files = await listFiles(root);
  expect(files.filter((file) => file.includes('.mlops-tmp-'))).toEqual([]);
});

test('the second run has another id and the same experiment; created at once by many, still one experiment', async () => {
  const writers = await Promise.all(Array.from({ length: 8 }, () => store.createRun(start)));
  expect(new Set(writers.map(({ runId }) => runId)).size).toBe(8);
  const experiments = (await readdir(root)).filter((name) => /^\d+$/.test(name));
  expect(experiments).toHaveLength(2);
  expect(experiments.some((id) => /^\d{18}$/.test(id))).toBe(true);
});

test('no store, no run', async () => {
  expect(await store.listRuns()).toEqual({ runs: [], unreadable: [], warnings: [], total: 0 });
  await expect(store.findRun('@last')).rejects.toThrow('no run yet');
  await expect(store.markFailed('abc', 'x')).rejects.toThrow('There is no run "abc"');
});

test('never mlruns at the root of a project', async () => {
  await writeFile(path.join(folder, 'dvc.yaml'), '');
  const wrong = openStore(pathToFileURL(path.join(folder, 'mlruns')).href);
  await expect(wrong.createRun(start)).rejects.toThrow('Use file:models/mlruns');
  expect(await readdir(folder)).toEqual(['dvc.yaml']);
});

test.each(['postgresql://user:secret@localhost/mlflow', 'databricks'])('%s is not supported yet', (uri) => {
  expect(() => openStore(uri)).toThrow('not yet supported: folders');
  expect(() => openStore(uri)).not.toThrow('secret');
});

describe('broken files', () => {
  test.each([
    ['empty', (file: string) => writeFile(file, '')],
    ['missing', (file: string) => rm(file)],
    ['NUL bytes', (file: string) => writeFile(file, Buffer.alloc(512))],
    ['UTF-16', (file: string) => writeFile(file, Buffer.from('status: 3', 'utf16le'))],
    [
      'a folder',
      async (file: string) => {
        await rm(file);
        await mkdir(file);
      },
    ],
    [
      'a link out of the store',
      async (file: string) => {
        await rm(file);
        await symlink('/etc/hostname', file);
      },
    ],
    ['a list', (file: string) => writeFile(file, '- 1\n')],
    [
      'an unknown status',
      async (file: string) => writeFile(file, (await readFile(file, 'utf8')).replace('status: 1', 'status: 9')),
    ],
  ])('a meta.yaml that is %s hides no other run', async (_what, spoil) => {
    const good = await store.createRun(start);
    const bad = await store.createRun(start);
    await spoil(path.join(path.dirname(bad.artifacts), 'meta.yaml'));
    const { runs, unreadable } = await store.listRuns();
    expect(runs.map(({ runId }) => runId)).toEqual([good.runId]);
    expect(unreadable).toMatchObject([{ runId: bad.runId, file: path.join(path.dirname(bad.artifacts), 'meta.yaml') }]);
    await expect(store.findRun(bad.runId)).rejects.toThrow('meta.yaml');
  });

  test('CRLF and a byte order mark are read', async () => {
    const writer = await store.createRun(start);
    const file = path.join(path.dirname(writer.artifacts), 'meta.yaml');
    await writeFile(file, `\ufeff${(await readFile(file, 'utf8')).replaceAll('\n', '\r\n')}`);
    expect((await store.listRuns()).runs).toHaveLength(1);
  });

  test('a torn line is left out, told, and cut off before the next append', async () => {
    const writer = await store.createRun(start);
    await writer.logMetrics([point('val_loss', 1, 0.5)]);
    await writer.finish('KILLED', 1795291205000);
    const file = path.join(path.dirname(writer.artifacts), 'metrics', 'val_loss');
    await appendFile(file, '1795291200002 0.5 1');
    const { runs, warnings } = await store.listRuns();
    expect(runs[0]?.metrics['val_loss']?.points).toBe(1);
    expect(warnings).toMatchObject([{ runId: writer.runId, file, message: '1 partial line at its end is left out.' }]);
    await writer.logMetrics([point('val_loss', 2, 0.25)]);
    expect(await readFile(file, 'utf8')).toBe('1795291200001 0.5 1\n1795291200002 0.25 2\n');
  });

  test('repair moves torn bytes aside and ends lost runs', async () => {
    const writer = await store.createRun(start);
    await writer.logMetrics([point('val_loss', 7, 0.5)]);
    const runFolder = path.dirname(writer.artifacts);
    await appendFile(path.join(runFolder, 'metrics', 'val_loss'), '1795291200009 0.2 1');
    await pretendDead(runFolder);
    expect((await store.listRuns()).runs[0]).toMatchObject({ lost: true, status: 'RUNNING' });
    const repairs = [
      { runId: writer.runId, action: '19 torn bytes at the end of val_loss go to .corrupt/' },
      { runId: writer.runId, action: 'FAILED: its process is gone' },
    ];
    expect(await store.repair(undefined, { dryRun: true })).toEqual(repairs);
    expect((await store.listRuns()).runs[0]).toMatchObject({ lost: true, status: 'RUNNING' });
    expect(await store.repair()).toEqual(repairs);
    expect((await store.listRuns()).runs[0]).toMatchObject({
      lost: false,
      status: 'FAILED',
      endTime: 1795291200007,
      tags: { 'mlops.reason': 'its process is gone' },
    });
    expect(await readFile(path.join(runFolder, '.corrupt', 'val_loss'), 'utf8')).toBe('1795291200009 0.2 1');
    expect(await store.repair()).toEqual([]);
  });

  test('what is no run is no run: links, files, a deleted run', async () => {
    const writer = await store.createRun(start);
    const experiment = path.dirname(path.dirname(writer.artifacts));
    await symlink('/', path.join(experiment, 'abc'));
    await writeFile(path.join(experiment, 'notes'), 'x');
    await mkdir(path.join(experiment, 'traces'));
    const file = path.join(path.dirname(writer.artifacts), 'meta.yaml');
    await writeFile(file, (await readFile(file, 'utf8')).replace('active', 'deleted'));
    expect(await store.listRuns()).toEqual({ runs: [], unreadable: [], warnings: [], total: 0 });
    for (const id of ['abc', 'notes', 'traces', '..', '../0', ''])
      await expect(store.listArtifacts(id, ''), id).rejects.toMatchObject({ code: 'unknown-name' });
  });
});

/** As if the process that wrote the run had died: nobody has that start time. */
async function pretendDead(runFolder: string): Promise<void> {
  const writer = JSON.parse(await readFile(path.join(runFolder, 'writer.json'), 'utf8')) as object;
  await writeFile(path.join(runFolder, 'writer.json'), JSON.stringify({ ...writer, startTime: '1' }));
}

test("another machine's or another program's run is not lost", async () => {
  const writer = await store.createRun(start);
  const file = path.join(path.dirname(writer.artifacts), 'writer.json');
  await writeFile(file, '{"pid": 1, "startTime": "0", "host": "elsewhere"}');
  expect((await store.listRuns()).runs[0]?.lost).toBe(false);
  await rm(file);
  expect((await store.listRuns()).runs[0]?.lost).toBe(false);
});

test('a store that was moved keeps its artifacts', async () => {
  const writer = await store.createRun(start);
  await writeFile(path.join(writer.artifacts, 'a.txt'), 'x');
  const moved = path.join(folder, 'elsewhere');
  await rename(root, moved);
  const [run] = (await openStore(pathToFileURL(moved).href).listRuns()).runs;
  expect(run?.artifacts).toBe(path.join(moved, path.relative(root, writer.artifacts)));
});

test('a copied store is read from the copy', async () => {
  const writer = await store.createRun(start);
  await writeFile(path.join(writer.artifacts, 'a.txt'), 'x');
  const copy = path.join(folder, 'copy');
  await cp(root, copy, { recursive: true });
  const [run] = (await openStore(pathToFileURL(copy).href).listRuns()).runs;
  expect(run?.artifacts).toBe(path.join(copy, path.relative(root, writer.artifacts)));
});

test('readers see only whole records while one is rewritten all the time', async () => {
  const writer = await store.createRun(start);
  const state = { isDone: false };
  const writing = (async () => {
    for (let i = 0; i < 150; i += 1) {
      await writer.setTags({ note: `value ${i} `.repeat(200) });
      await writer.finish(i % 2 === 0 ? 'FAILED' : 'KILLED', i);
    }
    state.isDone = true;
  })();
  let reads = 0;
  while (!state.isDone) {
    const { runs, unreadable, warnings } = await store.listRuns();
    expect([unreadable, warnings]).toEqual([[], []]);
    expect(new Set(runs[0]?.tags['note']?.match(/\d+/g)).size).toBeLessThan(2);
    reads += 1;
  }
  await writing;
  expect(reads).toBeGreaterThan(5);
});

describe('names that clash', () => {
  test('a metric that is a folder of another one is told and dropped, the rest goes on', async () => {
    const warnings: string[] = [];
    const writer = await store.createRun({ ...start, onWarning: (message) => warnings.push(message) });
    await writer.logMetrics([point('val', 1, 1), point('val/acc', 1, 1), point('ok', 1, 1)]);
    await writer.finish('FINISHED', 1795291205000);
    const run = await store.findRun(writer.runId);
    expect(Object.keys(run.metrics)).toEqual(['ok', 'val']);
    expect(warnings).toHaveLength(1);
  });
});

describe('what can never be written', () => {
  /** What `log` does is told in a sentence (or is a bug), and the run ends well all the same. */
  async function check(log: (writer: RunWriter) => Promise<void>, warning: string): Promise<RunSummary> {
    const warnings: string[] = [];
    const writer = await store.createRun({ ...start, onWarning: (message) => warnings.push(message) });
    await log(writer);
    await writer.logMetrics([point('ok', 1, 1)]);
    await writer.finish('FINISHED', 1795291205000);
    expect(warnings).toEqual([warning]);
    return store.findRun(writer.runId);
  }

  test('a long tag is cut, as MLflow does', async () => {
    const run = await check(
      (writer) => writer.setTags({ note: 'x'.repeat(1_100_000), short: 'y' }),
      'The tag "note" has 1100000 characters; the first 8000 are kept.',
    );
    expect(run.tags).toMatchObject({ note: 'x'.repeat(8000), short: 'y' });
  });

  test('a name of which the file system has too much is dropped', async () => {
    const name = 'ü'.repeat(200);
    const run = await check(
      (writer) => writer.logMetrics([point(name, 1, 1)]),
      `"${name}" can't be kept: its name is too long for this file system.`,
    );
    expect(Object.keys(run.metrics)).toEqual(['ok']);
  });

  test('a mistake of a caller is no trouble of the disk: it is thrown, and not tried again', async () => {
    const warnings: string[] = [];
    const writer = await store.createRun({ ...start, onWarning: (message) => warnings.push(message) });
    const tags = { weights: { length: 3 } as unknown as string };
    await expect(writer.setTags(tags)).rejects.toThrow(TypeError);
    await writer.finish('FINISHED', 1795291205000);
    expect(warnings).toEqual([]);
  });
});

describe('a disk that takes no more', () => {
  test('points wait in memory, are told once, and end up in the file', async () => {
    const warnings: string[] = [];
    const writer = await store.createRun({ ...start, onWarning: (message) => warnings.push(message) });
    const metrics = path.join(path.dirname(writer.artifacts), 'metrics');
    await writer.logMetrics([point('val_loss', 1, 1)]);
    // Too many levels of links: an error of the disk's kind, also for root, whom permissions do not hinder.
    await rename(metrics, `${metrics}-away`);
    await symlink(metrics, metrics);
    await writer.logMetrics([point('val_loss', 2, 2)]);
    await writer.logMetrics([point('val_loss', 3, 3)]);
    await expect(writer.finish('FINISHED', 5)).rejects.toThrow();
    expect(warnings).toHaveLength(1);
    await rm(metrics);
    await rename(`${metrics}-away`, metrics);
    await writer.logMetrics([point('val_loss', 4, 4)]);
    await writer.finish('FINISHED', 1795291205000);
    expect((await store.readHistory(writer.runId, 'val_loss')).values).toEqual([1, 2, 3, 4]);
  });
});

/** A file system of its own; only root may mount one. */
const canMount = process.platform === 'linux' && process.getuid?.() === 0;
test.skipIf(!canMount)('a small disk runs full and is freed again: no torn line is ever there', async (context) => {
  const disk = path.join(folder, 'disk');
  await mkdir(disk);
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', disk]).status !== 0) context.skip();
  try {
    const small = openStore(pathToFileURL(path.join(disk, 'runs')).href);
    const warnings: string[] = [];
    const writer = await small.createRun({ ...start, onWarning: (message) => warnings.push(message) });
    const ballast = path.join(disk, 'ballast');
    for (let step = 1; step <= 3000; step += 1) {
      if (step === 500) await writeFile(ballast, Buffer.alloc(1 << 20)).catch(() => undefined);
      if (step === 2500) await rm(ballast);
      if (step % 50 === 0)
        await writer.logMetrics(Array.from({ length: 50 }, (_, i) => point('val_loss', step - 49 + i, 1 / 3)));
      if (step % 500 === 0) {
        const { points, partial, badLines } = parseMetricLines(
          await readFile(path.join(path.dirname(writer.artifacts), 'metrics', 'val_loss'), 'utf8'),
        );
        expect([partial, badLines]).toEqual(['', 0]);
        expect(points.every(({ step: at }, index) => at === index + 1)).toBe(true);
        if (step === 2000) expect(points.length).toBeLessThan(2000);
      }
    }
    await writer.setTags({ last: 'one' });
    await writer.finish('FINISHED', 1795291205000);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('the disk is full');
    const { steps } = await small.readHistory(writer.runId, 'val_loss');
    expect(steps).toEqual(Array.from({ length: 3000 }, (_, index) => index + 1));
  } finally {
    spawnSync('umount', [disk]);
  }
});

test('appends start on a fresh line, however the file ends', async () => {
  const file = path.join(folder, 'metric');
  for (const [before, after] of [
    ['', 'new\n'],
    ['a\n', 'a\nnew\n'],
    ['a\nb', 'a\nnew\n'],
    ['torn', 'new\n'],
    [`${'x'.repeat(200_000)}\n${'y'.repeat(200_000)}`, `${'x'.repeat(200_000)}\nnew\n`],
  ] as const) {
    await writeFile(file, before);
    expect(await appendLines(file, 'new\n', { mends: true })).toBeUndefined();
    expect(await readFile(file, 'utf8')).toBe(after);
  }
  await truncate(file);
});

test('eight processes write one run at once: every point is there, none is mixed', async () => {
  const writer = await store.createRun(start);
  const file = path.join(path.dirname(writer.artifacts), 'metrics', 'shared');
  const module = pathToFileURL(path.resolve(import.meta.dirname, '../../../../src/node/tracking/appending.ts')).href;
  const script = `const { appendLines } = await import(${JSON.stringify(module)});
    for (let i = 0; i < 300; i += 1) {
      const failure = await appendLines(${JSON.stringify(file)}, \`1 \${process.argv[1]}.0 \${i}\\n\`, { mends: i === 0 });
      if (failure !== undefined) throw failure.error;
    }`;
  const children = Array.from({ length: 8 }, (_, index) =>
    spawn(
      process.execPath,
      ['--disable-warning=MODULE_TYPELESS_PACKAGE_JSON', '--input-type=module', '-e', script, String(index)],
      {
        stdio: ['ignore', 'ignore', 'inherit'],
      },
    ),
  );
  const codes = await Promise.all(children.map(async (child) => ((await once(child, 'close')) as [number])[0]));
  expect(codes).toEqual(Array(8).fill(0));
  const { steps, values } = await store.readHistory(writer.runId, 'shared');
  expect(steps).toHaveLength(2400);
  for (let index = 0; index < 8; index += 1) expect(values.filter((value) => value === index)).toHaveLength(300);
}, 60_000);
