import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { pointsWithout } from '../../../../src/core/tracking/tracking.ts';
import { runCommandLine } from '../../../../src/node/commandline/commandline.ts';
import { createInstallation } from '../../../../src/node/installation/installation.ts';
import { commands } from '../../../../src/node/tracking/commands.ts';
import { openStore, type RunStore } from '../../../../src/node/tracking/tracking.ts';
import type { RunSummary } from '../../../../src/protocol/tracking.ts';
import { startFakeMlflow, type FakeMlflow } from '../mlflowserver/fakemlflow.ts';

let root: string;
let server: FakeMlflow;
let source: RunStore;
let ids: { parent: string; child: string; live: string };

const uriOf = (name: string): string => pathToFileURL(path.join(root, name)).href;
const env = (): NodeJS.ProcessEnv => ({ HOME: root, XDG_CACHE_HOME: path.join(root, 'cache') });
const project = { experiment: 'ünïcode: yes', user: 'me' };

beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'mlops-export-'));
  await writeFile(path.join(root, 'dvc.yaml'), '');
  server = await startFakeMlflow();
  source = openStore(uriOf('source'));
  const child = await source.createRun({ ...project, name: 'child', startTime: 5, params: {}, tags: {} });
  const parent = await source.createRun({
    ...project,
    name: 'parent',
    startTime: 9,
    params: { a: '1', odd: 'x\ny' },
    tags: { note: '=1+1' },
  });
  await child.setTags({ 'mlflow.parentRunId': parent.runId });
  const values = [2, NaN, Infinity, -0.5];
  await parent.logMetrics(values.map((value, step) => ({ name: 'val/loss', step, value, timestamp: 100 + step })));
  await child.logMetrics([{ name: 'm', step: -1, value: 1e300, timestamp: 1 }]);
  await mkdir(path.join(parent.artifacts, 'model'));
  await writeFile(path.join(parent.artifacts, 'model', 'ä 1%.bin'), Buffer.alloc(3000, 3));
  await parent.finish('KILLED', 99);
  await child.finish('FINISHED', 50);
  const live = await source.createRun({ ...project, name: 'live', startTime: 10, params: {}, tags: {} });
  ids = { parent: parent.runId, child: child.runId, live: live.runId };
});
afterEach(async () => {
  await server.close();
  await rm(root, { recursive: true, force: true });
});

async function mlops(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const seen = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr') => ({
    isTTY: false,
    columns: 80,
    write: (text: string) => ((seen[name] += text), true),
  });
  const code = await runCommandLine(argv, [{ firstWords: ['runs'], load: () => Promise.resolve(commands) }], {
    ...{ cwd: root, env: env(), signal: new AbortController().signal, installation: createInstallation(root, '0') },
    streams: { stdout: stream('stdout'), stderr: stream('stderr') },
  });
  return { code, ...seen };
}

interface Told {
  readonly runs: readonly {
    readonly name: string;
    readonly action: string;
    readonly newRunId: string | null;
    readonly message: string | null;
  }[];
}

async function exportAll(from: string, to: string, ...more: string[]): Promise<Record<string, string>> {
  const { stdout, stderr } = await mlops('runs', 'export', '--all', '--store', from, '--to', to, '--json', ...more);
  if (!stdout.includes('"runs"')) throw new Error(stdout + stderr);
  return Object.fromEntries((JSON.parse(stdout) as Told).runs.map(({ name, action }) => [name, action]));
}

/** What both stores must agree on, by name; ids of parents as names. */
async function tell(store: RunStore): Promise<unknown> {
  const { runs } = await store.listRuns();
  const nameOf = (id: string | null): string | undefined => runs.find(({ runId }) => runId === id)?.name;
  const describeRun = async (run: RunSummary): Promise<unknown> => {
    const { name, experiment, status, startTime, endTime, params, metrics, parentRunId } = run;
    const own = ['mlops.exported_from', 'mlflow.parentRunId'];
    const tags = Object.fromEntries(Object.entries(run.tags).filter(([tag]) => !own.includes(tag)));
    const histories = await Promise.all(Object.keys(metrics).map((metric) => store.readHistory(run.runId, metric)));
    const files = name === 'parent' ? await store.listArtifacts(run.runId, 'model') : [];
    const bytes = await Promise.all(
      files.map(async (file) => (await store.readArtifact(run.runId, file.path, { limit: 1e6 })).bytes.length),
    );
    return {
      name,
      experiment,
      status,
      startTime,
      endTime,
      params,
      tags,
      metrics: Object.keys(metrics),
      histories,
      files,
      bytes,
      parent: nameOf(parentRunId),
    };
  };
  return Promise.all(runs.filter(({ name }) => name !== 'live').map(describeRun));
}

test('from a folder to a server and back: equal field by field, nothing twice', async () => {
  const serverStore = openStore(server.uri, { env: env(), project: { root } });
  expect(await exportAll('source', server.uri, '--dry-run')).toEqual({ parent: 'copy', child: 'copy', live: 'left' });
  expect(server.runs.size).toBe(0);
  expect(await exportAll('source', server.uri)).toEqual({ parent: 'copy', child: 'copy', live: 'left' });
  expect(await tell(serverStore)).toEqual(await tell(source));
  expect(await exportAll('source', server.uri)).toEqual({ parent: 'there', child: 'there', live: 'left' });
  expect(server.runs.size).toBe(2);
  expect(await exportAll(server.uri, 'back')).toEqual({ parent: 'copy', child: 'copy' });
  expect(await tell(openStore(uriOf('back')))).toEqual(await tell(source));
  expect(await exportAll(server.uri, 'back')).toEqual({ parent: 'there', child: 'there' });
  // What came from a run is known as it, on whatever way.
  expect(await exportAll('source', 'back')).toEqual({ parent: 'there', child: 'there', live: 'left' });
});

test('from a folder to a folder a run keeps its id, and its parent', async () => {
  await exportAll('source', 'copy');
  const { runs } = await openStore(uriOf('copy')).listRuns();
  expect(runs.map(({ runId, parentRunId }) => [runId, parentRunId])).toEqual([
    [ids.parent, null],
    [ids.child, ids.parent],
  ]);
  const { code, stdout } = await mlops('runs', 'export', 'parent', '--store', 'source', '--to', 'copy');
  expect([code, stdout]).toEqual([0, `${ids.parent.slice(0, 8)}  parent: is there already\n`]);
  expect((await mlops('runs', 'export', 'live', '--store', 'source', '--to', 'copy')).stdout).toContain(
    'export it when it has ended',
  );
});

test('a copy that did not come to its end is ended, without a point twice', async () => {
  const target = openStore(uriOf('copy'));
  const begun = await target.createRun({
    ...project,
    ...{
      runId: ids.parent,
      name: 'parent',
      startTime: 9,
      params: { a: '1' },
      tags: { 'mlops.exported_from': ids.parent },
    },
  });
  await begun.logMetrics(
    [0, 1].map((step) => ({ name: 'val/loss', step, value: [2, NaN][step] ?? 0, timestamp: 100 + step })),
  );
  expect(await exportAll('source', 'copy')).toEqual({ parent: 'go-on', child: 'copy', live: 'left' });
  expect(await tell(target)).toEqual(await tell(source));
});

describe('points as CSV', () => {
  test.each(['-2+3', '-1e5|calc', '+1', '@sum'])('%s is no formula', async (name) => {
    await source.editRun(ids.parent, { name });
    await mlops('runs', 'export', ids.parent, '--store', 'source', '--metrics', 'points.csv');
    expect((await readFile(path.join(root, 'points.csv'), 'utf8')).split('\n')[1]).toContain(`,'${name},`);
  });

  test('each on a line, with what a spreadsheet would run made text', async () => {
    await source.editRun(ids.parent, { name: '=cmd, "x"' });
    expect(await mlops('runs', 'export', ids.parent, '--store', 'source', '--metrics', 'points.csv')).toMatchObject({
      code: 0,
    });
    expect((await readFile(path.join(root, 'points.csv'), 'utf8')).split('\n')).toEqual([
      'run_id,run_name,metric,step,timestamp,value',
      ...[
        ['0', '100', '2'],
        ['1', '101', 'NaN'],
        ['2', '102', 'Infinity'],
        ['3', '103', '-0.5'],
      ].map((rest) => `${ids.parent},"'=cmd, ""x""",val/loss,${rest.join(',')}`),
      '',
    ]);
  });
  const wrong: readonly (readonly [string[], RegExp])[] = [
    [['--all', '--metrics', 'x.parquet'], /writes CSV/],
    [['--all'], /--to URI and --metrics/],
    [['--to', 'copy'], /Name runs, or say --all/],
    [['--all', 'parent', '--to', 'copy'], /Name runs, or say --all/],
    [['--all', '--to', 'sqlite:///x.db'], /can only be read|no database/],
  ];
  test.each(wrong)('%j is refused', async (argv, message) => {
    const { code, stderr } = await mlops('runs', 'export', ...argv, '--store', 'source');
    expect(code).toBeGreaterThan(0);
    expect(stderr).toMatch(message);
  });
});

test('points that are known are left out as often as they are known', () => {
  const [a, b] = [
    { step: 1, value: Infinity, timestamp: 1 },
    { step: 1, value: 2, timestamp: 1 },
  ];
  const kept = { ...a, value: Number.MAX_VALUE };
  expect(pointsWithout([a, b, a], [kept])).toEqual([b, a]);
  expect(pointsWithout([a, b, a], [kept], 2)).toEqual([a]);
  expect(pointsWithout([a, a], [a, a, a])).toEqual([]);
});
