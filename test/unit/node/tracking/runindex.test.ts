import { appendFile, mkdir, mkdtemp, readFile, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { listFileRuns, type ListedStore } from '../../../../src/node/tracking/listing.ts';
import { RunIndex } from '../../../../src/node/tracking/runindex.ts';
import type { RunPage, RunQuery } from '../../../../src/node/tracking/store.ts';
import { parseRunFilter } from '../../../../src/core/tracking/tracking.ts';

const RUNS = 60;
/** Long before any test, so that nothing was written "just now". */
const OLD = new Date(Date.UTC(2026, 0, 1));

let folder: string;
let root: string;
let cache: string;
let experiment: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'mlops-index-'));
  root = path.join(folder, 'mlruns');
  cache = path.join(folder, 'cache');
  experiment = path.join(root, '1');
  await write('meta.yaml', "experiment_id: '1'\nname: digits\n");
  for (let run = 0; run < RUNS; run += 1) await writeRun(run);
  await age(root);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function idOf(run: number): string {
  return String(run).padStart(32, 'a');
}

async function write(name: string, text: string): Promise<void> {
  const file = path.join(experiment, name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, text);
}

async function writeRun(run: number, status = 3): Promise<void> {
  const id = idOf(run);
  const meta = `artifact_uri: file:///nowhere\nend_time: 9\nexperiment_id: '1'\nrun_id: ${id}\nrun_name: run-${run}\nstart_time: ${run}\nstatus: ${status}\n`;
  await write(`${id}/meta.yaml`, meta);
  await write(`${id}/metrics/val/loss`, `1 0.${run} 1\n2 nan 2\n3 -0.0 3\n`);
  await write(`${id}/metrics/empty`, '');
  await write(`${id}/params/lr`, '0.1');
  await write(`${id}/tags/note`, 'first');
}

async function age(place: string): Promise<void> {
  for (const entry of await readdir(place, { withFileTypes: true }))
    if (entry.isDirectory()) await age(path.join(place, entry.name));
    else await utimes(path.join(place, entry.name), OLD, OLD);
  await utimes(place, OLD, OLD);
}

/** As a new process: nothing is known but what the cache holds. */
function open({ isIndexed = true } = {}): ListedStore {
  const index = isIndexed ? RunIndex.of(root, path.join(cache, String((opened += 1)))) : undefined;
  return { root, index, objectiveOf: () => ({ metric: 'val/loss', direction: 'maximize' }) };
}
let opened = 0;

/** What is wrong comes in the order of reading, which is another one for a page. */
async function list(store: ListedStore, query: RunQuery = {}): Promise<RunPage> {
  const page = await listFileRuns(store, query);
  return { ...page, warnings: [...(page.warnings ?? [])].sort((a, b) => (a.file < b.file ? -1 : 1)) };
}

const queries: readonly (readonly [string, RunQuery])[] = [
  ['all', {}],
  ['the newest', { limit: 7 }],
  ['a later page', { start: 50, limit: 30 }],
  ['ordered', { order: '-val/loss', limit: 5 }],
  ['filtered', { where: parseRunFilter('best(val/loss) > 0.4 and name like "run-4%"') }],
];

describe('an index makes no difference but in time', () => {
  test.each(queries)('%s', async (_, query) => {
    const store = open();
    const plain = await list(open({ isIndexed: false }), query);
    expect(plain.runs.length).toBeGreaterThan(0);
    expect(await list(store, query)).toEqual(plain);
    // Now from the index.
    expect(await list(store, query)).toEqual(plain);
    const [first] = plain.runs;
    expect(first?.metrics['val/loss']?.last).toEqual({ value: -0, step: 3 });
  });

  test('it is kept for the next process, and one that is damaged or gone is made anew', async () => {
    const file = async (): Promise<string> =>
      path.join(cache, 'kept', (await readdir(path.join(cache, 'kept')))[0] ?? '');
    const store = { ...open(), index: RunIndex.of(root, path.join(cache, 'kept')) };
    const before = await list(store);
    const bytes = await readFile(await file());
    const damages: readonly Buffer[] = [
      Buffer.alloc(0),
      bytes.subarray(0, 100),
      bytes.subarray(0, bytes.length - 100),
      Buffer.concat([bytes.subarray(0, 200), Buffer.from('!'), bytes.subarray(201)]),
      Buffer.concat([bytes.subarray(0, bytes.length - 200), Buffer.from('!'), bytes.subarray(bytes.length - 199)]),
    ];
    for (const [index, damaged] of [bytes, ...damages].entries()) {
      const copy = path.join(cache, `copy${index}`);
      await mkdir(copy, { recursive: true });
      await writeFile(path.join(copy, path.basename(await file())), damaged);
      expect(await list({ ...store, index: RunIndex.of(root, copy) })).toEqual(before);
    }
  });
});

describe('what has changed is seen', () => {
  const changes: readonly (readonly [string, () => Promise<void>])[] = [
    ['a point more', () => appendFile(path.join(experiment, idOf(3), 'metrics/val/loss'), '4 7.5 4\n')],
    ['a first point', () => appendFile(path.join(experiment, idOf(3), 'metrics/empty'), '4 7.5 4\n')],
    ['a tag that says something else', () => write(`${idOf(3)}/tags/note`, 'other')],
    ['a tag more', () => write(`${idOf(3)}/tags/deep/er`, 'new')],
    ['a metric beside a nested one', () => write(`${idOf(3)}/metrics/val/acc`, '1 1.0 1\n')],
    ['an end', () => writeRun(3, 4)],
    ['a run less', () => rm(path.join(experiment, idOf(3)), { recursive: true })],
    ['a run more', () => writeRun(99)],
    ['a meta that is none', () => write(`${idOf(3)}/meta.yaml`, 'nothing')],
    ['a first artifact', () => write(`${idOf(3)}/artifacts/a.txt`, 'a')],
    [
      'a run that is deleted',
      () => appendFile(path.join(experiment, idOf(3), 'meta.yaml'), 'lifecycle_stage: deleted\n'),
    ],
  ];
  test.each(changes)('%s', async (_, change) => {
    const store = open();
    const before = await list(store);
    await change();
    const after = await list(open({ isIndexed: false }));
    expect(after).not.toEqual(before);
    expect(await list(store)).toEqual(after);
    expect(await list(store, { limit: RUNS + 1 })).toEqual(after);
  });

  test('within an old run by the next turns at the latest, and on a page at once', async () => {
    const store = open();
    await list(store);
    await write(`${idOf(3)}/tags/note`, 'other');
    const noteOf = async (query: RunQuery): Promise<string | undefined> =>
      (await list(store, query)).runs.find(({ runId }) => runId === idOf(3))?.tags['note'];
    const seen: (string | undefined)[] = [];
    for (let turn = 0; turn < 6; turn += 1) seen.push(await noteOf({ closely: 10 }));
    expect(seen).toContain('other');
    await age(root);
    await list(store);
    await write(`${idOf(3)}/tags/note`, 'third');
    expect(await noteOf({ closely: 0 })).toBe('other');
    expect(await noteOf({ start: RUNS - 10, limit: 10 })).toBe('third');
  });

  test('of a run that goes on at once', async () => {
    await writeRun(3, 1);
    await age(root);
    const store = open();
    await list(store);
    await appendFile(path.join(experiment, idOf(3), 'metrics/val/loss'), '4 7.5 4\n');
    const { runs } = await list(store, { closely: 0 });
    expect(runs.find(({ runId }) => runId === idOf(3))?.metrics['val/loss']?.last.value).toBe(7.5);
  });

  test('what was written just now is not trusted to stay', async () => {
    await writeRun(3);
    const store = open();
    await list(store);
    expect(store.index?.outline(path.join(experiment, idOf(3)))).toBeUndefined();
    expect(store.index?.outline(path.join(experiment, idOf(4)))).toMatchObject({ startTime: 4, isDeleted: false });
  });
});
