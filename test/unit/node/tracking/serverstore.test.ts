import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseRunFilter } from '../../../../src/core/tracking/tracking.ts';
import { openStore, type RunStore } from '../../../../src/node/tracking/tracking.ts';
import { startFakeMlflow, type FakeMlflow } from '../mlflowserver/fakemlflow.ts';

let server: FakeMlflow;
let store: RunStore;

beforeEach(async () => {
  server = await startFakeMlflow();
  store = openStore(server.uri.replace('//', '//user:secret@'), {
    env: { HOME: '/nowhere' },
    objectiveOf: () => ({ metric: 'val_loss', direction: 'minimize' }),
  });
});
afterEach(() => server.close());

async function ask(endpoint: string, body: unknown): Promise<unknown> {
  const response = await fetch(`${server.uri}/api/2.0/mlflow/${endpoint}`, {
    method: 'POST',
    body: JSON.stringify(body),
  });
  return response.json();
}

/** A run with three points of `val_loss`, the second the best; gives its id. */
async function makeRun(name: string, startTime: number, best = 0.5): Promise<string> {
  const { run } = (await ask('runs/create', {
    experiment_id: '0',
    run_name: name,
    user_id: 'me',
    start_time: startTime,
    tags: [],
  })) as { run: { info: { run_id: string } } };
  const id = run.info.run_id;
  const values = [2, best, 1].map((value, index) => ({ key: 'val_loss', value, step: index + 1, timestamp: index }));
  const odd = [{ key: 'odd/nan', value: 'NaN', step: 0, timestamp: 0 }];
  await ask('runs/log-batch', { run_id: id, metrics: [...values, ...odd], params: [{ key: 'lr', value: '0.1' }] });
  return id;
}

test('lists the newest first by the page, with the best value of the objective and the last of the others', async () => {
  const ids = [await makeRun('a', 1), await makeRun('b', 2, NaN), await makeRun('c', 3, 0.25)];
  expect(store.uri).toBe(server.uri);
  const { runs, ...page } = await store.listRuns({ limit: 2 });
  expect(page).toEqual({ total: 3, isTotalAtLeast: true, unreadable: [], warnings: [] });
  expect(runs.map(({ name }) => name)).toEqual(['c', 'b']);
  expect(runs[0]).toEqual({
    ...{ runId: ids[2], name: 'c', experiment: 'Default', status: 'RUNNING', startTime: 3, endTime: null },
    ...{ parentRunId: null, params: { lr: '0.1' }, tags: {}, lost: false, artifacts: null },
    metrics: {
      'val_loss': {
        points: 3,
        last: { value: 1, step: 3 },
        min: { value: 0.25, step: 2 },
        max: { value: 2, step: 1 },
        best: { value: 0.25, step: 2 },
      },
      'odd/nan': { points: null, last: { value: NaN, step: 0 }, min: null, max: null, best: null },
    },
  });
  expect((await store.listRuns({ start: 2, limit: 2 })).runs.map(({ name }) => name)).toEqual(['a']);
  expect((await store.listRuns({ order: 'val_loss' })).total).toBe(3);
  const fitting = await store.listRuns({ where: parseRunFilter('best(val_loss) < 0.4 and lr = 0.1') });
  expect(fitting.runs.map(({ name }) => name)).toEqual(['c']);
  // What is known of a metric that has not grown is not asked for again.
  const before = server.asked.filter((path) => path.includes('get-history')).length;
  await store.listRuns();
  expect(server.asked.filter((path) => path.includes('get-history'))).toHaveLength(before);
});

test('finds by id, prefix, name, @last and @best; what is not there is told', async () => {
  const [a, b] = [await makeRun('a', 1, 0.1), await makeRun('b', 2)];
  for (const [text, id] of [
    [a, a],
    ['b', b],
    ['@last', b],
    ['@best', undefined],
  ] as const)
    if (id !== undefined) expect((await store.findRun(text)).runId).toBe(id);
  await ask('runs/update', { run_id: a, status: 'FINISHED', end_time: 9 });
  expect(await store.findRun('@best')).toMatchObject({ runId: a, status: 'FINISHED', endTime: 9 });
  expect((await store.findRun('a')).metrics['odd/nan']).toMatchObject({ points: 1 });
  await expect(store.findRun('nobody')).rejects.toMatchObject({ code: 'unknown-name' });
  await expect(store.findRun('f'.repeat(32))).rejects.toMatchObject({ code: 'unknown-name' });
  expect(await store.readHistory(a, 'val_loss')).toEqual({
    steps: [1, 2, 3],
    values: [2, 0.1, 1],
    timestamps: [0, 1, 2],
  });
  await expect(store.readHistory(a, 'val_los')).rejects.toThrow('Did you mean "val_loss"?');
  await expect(store.readHistory('f'.repeat(32), 'val_loss')).rejects.toMatchObject({ code: 'unknown-name' });
});

test('renames, tags, notes, deletes and restores', async () => {
  const id = await makeRun('a', 1);
  await store.editRun(id, { name: 'b', tags: { x: '1', y: null } });
  expect(await store.findRun(id)).toMatchObject({ name: 'b', tags: { x: '1' } });
  await store.editRun(id, { isDeleted: true });
  await expect(store.findRun(id)).rejects.toMatchObject({ code: 'unknown-name' });
  expect(await store.findDeletedRun('b')).toMatchObject({ runId: id });
  await store.editRun(id, { isDeleted: false });
  await store.markFailed(id, 'power cut');
  expect(await store.findRun('b')).toMatchObject({ status: 'FAILED', tags: { 'mlops.reason': 'power cut' } });
  await expect(store.editRun(id, { name: ' ' })).rejects.toMatchObject({ code: 'bad-input' });
  await expect(store.editRun('f'.repeat(32), { name: 'x' })).rejects.toMatchObject({ code: 'unknown-name' });
});

test('lists and reads artifacts', async () => {
  const id = await makeRun('a', 1);
  server.runNamed('a').files.set('model/ä #1.bin', Buffer.from('abc')).set('top', Buffer.from('x'));
  expect(await store.listArtifacts(id, '')).toEqual([
    { path: 'model', isFolder: true, bytes: null },
    { path: 'top', isFolder: false, bytes: 1 },
  ]);
  expect(await store.listArtifacts(id, 'model')).toEqual([{ path: 'model/ä #1.bin', isFolder: false, bytes: 3 }]);
  const { bytes, isWhole } = await store.readArtifact(id, 'model/ä #1.bin', { limit: 2 });
  expect([Buffer.from(bytes).toString(), isWhole]).toEqual(['ab', false]);
  await expect(store.readArtifact(id, '../x', { limit: 2 })).rejects.toMatchObject({ code: 'bad-input' });
});
