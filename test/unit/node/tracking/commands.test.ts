import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runCommandLine } from '../../../../src/node/commandline/commandline.ts';
import { createInstallation } from '../../../../src/node/installation/installation.ts';
import { commands } from '../../../../src/node/tracking/commands.ts';
import { openStore, type RunStore } from '../../../../src/node/tracking/tracking.ts';

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
  const seen = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr') => ({
    write: (text: string) => {
      seen[name] += text;
      return true;
    },
    isTTY: false,
    columns: 80,
  });
  const code = await runCommandLine(
    ['runs', ...argv],
    [{ firstWords: ['runs'], load: () => Promise.resolve(commands) }],
    {
      cwd: root,
      env: {},
      streams: { stdout: stream('stdout'), stderr: stream('stderr') },
      signal: new AbortController().signal,
      installation: createInstallation(root, '0'),
    },
  );
  return { code, ...seen };
}

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
  expect(await check('list', '--where', 'x > 1')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('not yet supported') as string,
  });
  expect((await check('list', '--limit', '0')).code).toBe(2);
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
  expect((await check('list', '--json', '--store', 'file:nowhere')).code).toBe(0);
  expect(await check('list', '--store', 'sqlite:///mlflow.db')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('not yet supported') as string,
  });
});

test('repair says what it did', async () => {
  expect((await check('repair')).stdout).toBe('Nothing to repair.\n');
  expect(JSON.parse((await check('repair', '@last', '--json')).stdout)).toEqual({ repairs: [] });
});
