import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, open, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createRandom } from '../../../../src/core/random/random.ts';
import { ExpectedError } from '../../../../src/protocol/errors.ts';
import type { RunSummary } from '../../../../src/protocol/tracking.ts';
import { openStore, type RunStore } from '../../../../src/node/tracking/tracking.ts';

let folder: string;
let file: string;
let store: RunStore;
let whole: readonly RunSummary[];

const RUNS = 4;
/** Small pages, so that a small database has many of them. */
const PAGE_SIZE = 512;

beforeEach(async () => {
  folder = await mkdtemp(path.join(existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir(), 'mlops-db-'));
  file = path.join(folder, 'mlflow.db');
  writeDatabase();
  store = openStore(`sqlite:///${file}`);
  whole = (await store.listRuns()).runs;
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const idOf = (run: number): string => String(run).padStart(32, 'a');

/** The tables that are read, as MLflow makes them. */
const SCHEMA = `
CREATE TABLE experiments (experiment_id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(256), artifact_location VARCHAR(256), lifecycle_stage VARCHAR(32));
CREATE TABLE runs (run_uuid VARCHAR(32) NOT NULL PRIMARY KEY, name VARCHAR(250), status VARCHAR(9), start_time BIGINT, end_time BIGINT,
  lifecycle_stage VARCHAR(20), artifact_uri VARCHAR(200), experiment_id INTEGER);
CREATE TABLE metrics ("key" VARCHAR(250) NOT NULL, value FLOAT NOT NULL, timestamp BIGINT NOT NULL, run_uuid VARCHAR(32) NOT NULL, step BIGINT DEFAULT '0' NOT NULL,
  is_nan BOOLEAN DEFAULT '0' NOT NULL, PRIMARY KEY ("key", timestamp, step, run_uuid, value, is_nan));
CREATE TABLE latest_metrics ("key" VARCHAR(250) NOT NULL, value FLOAT NOT NULL, timestamp BIGINT, step BIGINT NOT NULL, is_nan BOOLEAN NOT NULL,
  run_uuid VARCHAR(32) NOT NULL, PRIMARY KEY ("key", run_uuid));
CREATE TABLE params ("key" VARCHAR(250) NOT NULL, value VARCHAR(8000) NOT NULL, run_uuid VARCHAR(32) NOT NULL, PRIMARY KEY ("key", run_uuid));
CREATE TABLE tags ("key" VARCHAR(250) NOT NULL, value VARCHAR(8000), run_uuid VARCHAR(32) NOT NULL, PRIMARY KEY ("key", run_uuid));
CREATE INDEX index_metrics_run_uuid ON metrics (run_uuid);
CREATE INDEX index_params_run_uuid ON params (run_uuid);`;

function writeDatabase(): void {
  const database = new DatabaseSync(file);
  database.exec(
    `PRAGMA page_size = ${PAGE_SIZE}; ${SCHEMA} INSERT INTO experiments VALUES (1, 'digits', '', 'active');`,
  );
  const insert = (table: string, ...values: readonly (string | number)[]): void =>
    void database.prepare(`INSERT INTO ${table} VALUES (${values.map(() => '?').join()})`).run(...values);
  for (let run = 0; run < RUNS; run += 1) {
    insert('runs', idOf(run), `run-${run}`, 'FINISHED', 1000 + run, 2000 + run, 'active', '', 1);
    // Longer than a page, so that each has pages of its own.
    insert('params', 'long', `${'x'.repeat(3 * PAGE_SIZE)}${run}`, idOf(run));
    insert('tags', 'mlflow.note.content', `note of ${run}`, idOf(run));
    for (const step of [1, 2, 3]) insert('metrics', 'loss', run + 1 / step, 1000 + step, idOf(run), step, 0);
    insert('latest_metrics', 'loss', run + 1 / 3, 1003, 3, 0, idOf(run));
  }
  database.close();
}

/** As if it had always been so: what is known of a database is kept as long as points are only added. */
async function change(sql: string): Promise<RunSummary | undefined> {
  const other = path.join(folder, 'other.db');
  await rename(file, other);
  file = other;
  store = openStore(`sqlite:///${file}`);
  const database = new DatabaseSync(file);
  database.exec(sql);
  database.close();
  return (await store.listRuns()).runs.find(({ runId }) => runId === idOf(0));
}

test('runs in short, with their lowest and highest points', () => {
  expect(whole).toHaveLength(RUNS);
  expect(whole.at(-1)).toMatchObject({
    ...{ runId: idOf(0), name: 'run-0', experiment: 'digits', startTime: 1000, endTime: 2000, lost: false },
    tags: { 'mlflow.note.content': 'note of 0' },
    metrics: {
      loss: {
        ...{ points: 3, last: { value: 1 / 3, step: 3 }, best: null },
        ...{ min: { value: 1 / 3, step: 3 }, max: { value: 1, step: 1 } },
      },
    },
  });
});

test('what comes to a run is seen, and what is known of the others is not asked for again', async () => {
  const database = new DatabaseSync(file);
  database.exec(`INSERT INTO metrics VALUES ('loss', -1.0, 1004, '${idOf(1)}', 4, 0), ('acc', 0.5, 1004, '${idOf(2)}', 1, 0);
    UPDATE latest_metrics SET value = -1.0, step = 4 WHERE run_uuid = '${idOf(1)}';
    INSERT INTO latest_metrics VALUES ('acc', 0.5, 1004, 1, 0, '${idOf(2)}');
    UPDATE params SET value = 'other' WHERE run_uuid = '${idOf(0)}'`);
  database.close();
  const { runs } = await store.listRuns();
  const point = { value: -1, step: 4 };
  expect(runs.find(({ runId }) => runId === idOf(1))?.metrics['loss']).toMatchObject({
    points: 4,
    last: point,
    min: point,
  });
  expect(Object.keys(runs.find(({ runId }) => runId === idOf(2))?.metrics ?? {})).toEqual(['acc', 'loss']);
  expect(runs.find(({ runId }) => runId === idOf(0))?.params).toEqual({ long: 'other' });
  // The same objects: nobody has asked for them again.
  expect(runs.find(({ runId }) => runId === idOf(3))?.metrics).toBe(
    whole.find(({ runId }) => runId === idOf(3))?.metrics,
  );
});

describe('odd numbers', () => {
  test('a step beyond what a number of JavaScript holds hides nothing', async () => {
    const id = idOf(0);
    const run =
      await change(`INSERT INTO metrics VALUES ('loss', 9.0, 9223372036854775807, '${id}', 9223372036854775807, 0);
      UPDATE latest_metrics SET step = 9223372036854775807 WHERE run_uuid = '${id}';
      UPDATE runs SET end_time = 9223372036854775807 WHERE run_uuid = '${id}';`);
    expect(run).toMatchObject({ endTime: 2 ** 63, metrics: { loss: { last: { step: 2 ** 63 }, max: { value: 9 } } } });
    expect((await store.readHistory(id, 'loss')).steps).toEqual([1, 2, 3, 2 ** 63]);
  });

  test('only NaN has neither lowest nor highest', async () => {
    const run = await change(
      `UPDATE metrics SET value = 0, is_nan = 1; UPDATE latest_metrics SET value = 0, is_nan = 1;`,
    );
    expect(run?.metrics['loss']).toEqual({
      points: 3,
      last: { value: NaN, step: 3 },
      min: null,
      max: null,
      best: null,
    });
  });

  test('a status and texts that are none', async () => {
    const run = await change(
      `UPDATE runs SET status = 'odd', name = NULL; UPDATE tags SET value = NULL; UPDATE params SET value = x'ff00';`,
    );
    expect(run).toMatchObject({ status: 'FAILED', name: '', tags: { 'mlflow.note.content': '' } });
  });
});

/** Either a list or a sentence, whatever the bytes. */
async function check(what: string, bytes: Buffer): Promise<void> {
  await writeFile(file, bytes);
  for (const work of [
    store.listRuns(),
    store.listRuns({ limit: 2 }),
    store.readHistory(idOf(1), 'loss'),
    store.findRun('run-1'),
  ])
    await work.catch((error: unknown) => {
      if (!(error instanceof ExpectedError)) expect([what, error]).toEqual([what, 'a sentence']);
    });
  if (!bytes.equals(await readFile(file))) expect(what).toBe('unchanged on disk');
}

describe('a damaged database', () => {
  test('cut at the end of every page and anywhere, or with any byte turned, is a sentence or a list', async () => {
    const random = createRandom(11);
    const bytes = await readFile(file);
    for (let length = 0; length < bytes.length; length += PAGE_SIZE)
      for (const end of [length, length + 1, length + 1 + Math.floor(random() * PAGE_SIZE)])
        await check(`cut to ${end} bytes`, bytes.subarray(0, end));
    // The first pages say what the tables are.
    const places = [
      ...Array.from({ length: 2 * PAGE_SIZE }, (_, at) => at),
      ...Array.from({ length: 1000 }, () => Math.floor(random() * bytes.length)),
    ];
    for (const at of places) {
      const flipped = Buffer.from(bytes);
      flipped.writeUInt8((flipped[at] ?? 0) ^ (1 + Math.floor(random() * 255)), at);
      await check(`byte ${at} turned`, flipped);
    }
    for (const [what, other] of Object.entries({
      empty: '',
      text: 'not a database',
      mark: `\ufeff${bytes.toString('latin1')}`,
    }))
      await check(what, Buffer.from(other));
    expect(await readdir(folder)).toEqual(['mlflow.db']);
  });

  test('a page that belongs to one run hides no other', async () => {
    const bytes = await readFile(file);
    // Of a long value the first four bytes of a page say where it goes on; nowhere, here.
    const at = bytes.indexOf(`x1`);
    const page = Math.floor(at / PAGE_SIZE) * PAGE_SIZE;
    const before = bytes.findIndex(
      (_, index) => index % PAGE_SIZE === 0 && bytes.readUInt32BE(index) === page / PAGE_SIZE + 1,
    );
    const handle = await open(file, 'r+');
    await handle.write(Buffer.from([0x7f, 0xff, 0xff, 0xff]), 0, 4, before);
    await handle.close();
    const { runs, unreadable, total } = await store.listRuns();
    expect(runs).toEqual(whole.filter(({ name }) => name !== 'run-1'));
    expect([unreadable.map(({ runId, file: where }) => [runId, where]), total]).toEqual([[[idOf(1), file]], RUNS]);
    expect(unreadable[0]?.message).toContain('damaged');
    await expect(store.findRun('run-1')).rejects.toThrow('damaged');
    expect((await store.findRun('run-2')).name).toBe('run-2');
  });

  test('what a program has left in the middle of a change is not taken for data', async () => {
    const script = `
      const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
      const database = new DatabaseSync(process.argv[1]);
      database.exec("PRAGMA cache_size = 1; BEGIN; UPDATE params SET value = value || 'torn'; UPDATE tags SET value = 'torn'");
      process.kill(process.pid, 'SIGKILL');`;
    spawnSync(process.execPath, ['-e', script, file]);
    expect(await readdir(folder)).toEqual(['mlflow.db', 'mlflow.db-journal']);
    await expect(store.listRuns()).rejects.toThrow('Open it once with MLflow');
    // Whoever may write takes the change back.
    new DatabaseSync(file).exec('PRAGMA user_version');
    expect((await store.listRuns()).runs).toEqual(whole);
  });
});
