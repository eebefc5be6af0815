import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Project } from '../../../../src/node/project/project.ts';
import { openStore } from '../../../../src/node/tracking/tracking.ts';
import { listRunsOfProject, openStoresOf } from '../../../../src/node/window/runs.ts';
import { readSeries } from '../../../../src/node/window/series.ts';
import type { RunQuestion, SeriesReading } from '../../../../src/protocol/chartfeedreading.ts';

let project: Project;
beforeEach(async () => {
  project = { root: await mkdtemp(path.join(os.tmpdir(), 'mlops-series-')) };
});
afterEach(() => rm(project.root, { recursive: true, force: true, maxRetries: 3 }));

interface Made {
  readonly runId: string;
  readonly folder: string;
}

async function createRun(startTime: number, losses: readonly number[], status?: 'FINISHED'): Promise<Made> {
  const store = openStore(`file://${path.join(project.root, 'models/mlruns')}`);
  const writer = await store.createRun({ experiment: 'e', user: 'u', startTime, params: {}, tags: {} });
  await writer.logMetrics(losses.map((value, step) => ({ name: 'val/loss', step, value, timestamp: 1000 + step })));
  if (status !== undefined) await writer.finish(status, 2);
  return { runId: writer.runId, folder: path.dirname(writer.artifacts) };
}

const ask = (runId: string, known: Partial<RunQuestion> = {}): RunQuestion => ({
  ...{ runId, mark: null, known: new Map(), events: 0 },
  ...known,
});
/** As the panel does: `rest` is asked for again until there is none. */
async function read(
  runs: readonly RunQuestion[],
  { metrics = ['val/loss'], followed = [] }: { metrics?: readonly string[]; followed?: readonly string[] } = {},
): Promise<SeriesReading> {
  const list = await listRunsOfProject(project, {});
  const asking = { list, stores: await openStoresOf(project, {}), followed: new Set(followed) };
  return readSeries({ runs, metrics, events: true }, asking);
}
const brief = ({ runs }: SeriesReading): readonly unknown[] =>
  runs.map(({ runId, series }) => [runId, series.map(({ metric, from, values }) => [metric, from, ...values])]);

describe('points of many runs', () => {
  it('come from the newest run on, with their times, of the metrics that are there', async () => {
    const [old, young, none] = [await createRun(1, [3, 2]), await createRun(2, [5]), await createRun(3, [])];
    const reading = await read(
      [old, none, young].map(({ runId }) => ask(runId)),
      { metrics: ['val/loss', 'acc'] },
    );
    expect(brief(reading)).toEqual([
      [none.runId, []],
      [young.runId, [['val/loss', 0, 5]]],
      [old.runId, [['val/loss', 0, 3, 2]]],
    ]);
    const [series] = reading.runs[2]?.series ?? [];
    expect([series?.steps, series?.times]).toEqual([Float64Array.of(0, 1), Float64Array.of(1000, 1001)]);
    expect(reading.rest).toEqual([]);
  });

  it('are only what is new, of runs that have changed', async () => {
    const { runId, folder } = await createRun(1, [3, 2]);
    const mark = (await read([ask(runId)])).runs[0]?.mark ?? '';
    expect((await read([ask(runId, { mark })])).runs).toEqual([]);
    await appendFile(path.join(folder, 'metrics/val/loss'), '1002 1 2\n');
    const known = new Map([['val/loss', { count: 2, step: 1, value: 2 }]]);
    const grown = await read([ask(runId, { mark, known })]);
    expect(brief(grown)).toEqual([[runId, [['val/loss', 2, 1]]]]);
    expect(grown.runs[0]?.mark).not.toBe(mark);
    // They were told when they were written.
    const told = new Map([['val/loss', { count: 3, step: 2, value: 1 }]]);
    expect(brief(await read([ask(runId, { mark, known: told })]))).toEqual([[runId, []]]);
    await writeFile(path.join(folder, 'metrics/val/loss'), '1000 9 0\n1001 8 1\n');
    expect(brief(await read([ask(runId, { mark, known: told })]))).toEqual([[runId, [['val/loss', 0, 9, 8]]]]);
    await rm(path.join(folder, 'metrics/val'), { recursive: true });
    expect(brief(await read([ask(runId, { mark, known: told })]))).toEqual([[runId, [['val/loss', 0]]]]);
  });

  it('come with the events of their runs, which are counted', async () => {
    const { runId, folder } = await createRun(1, [1]);
    const line = (time: number) => `${JSON.stringify({ time, step: 1, kind: 'warning', text: 'x' })}\n`;
    await mkdir(path.join(folder, 'artifacts/mlops'), { recursive: true });
    await writeFile(path.join(folder, 'artifacts/mlops/events.jsonl'), line(1) + line(2));
    expect((await read([ask(runId, { events: 1 })])).runs[0]?.events).toMatchObject([{ time: 2 }]);
  });

  it('say what can not be read, and which run is not there', async () => {
    const { runId } = await createRun(1, [1]);
    const reading = await read([ask(runId), ask('f'.repeat(32))], { metrics: ['val/loss'] });
    expect(reading.runs.map((run) => [run.runId, run.mark === 'gone', run.problems])).toEqual([
      [runId, false, []],
      ['f'.repeat(32), true, []],
    ]);
    const list = await listRunsOfProject(project, {});
    await rm(path.join(project.root, 'models/mlruns'), { recursive: true });
    const asking = { list, stores: await openStoresOf(project, {}), followed: new Set<string>() };
    const gone = await readSeries({ runs: [ask(runId)], metrics: ['val/loss'], events: true }, asking);
    expect(gone.runs[0]?.problems).toMatchObject([{ runId, message: expect.stringMatching(/no run|not/i) as string }]);
  });

  it('come in parts where there are many', async () => {
    const text = Array.from({ length: 200_000 }, (_, step) => `1 1 ${step}\n`).join('');
    const made = await Promise.all(Array.from({ length: 9 }, (_, index) => createRun(index, [1])));
    for (const { folder } of made) await writeFile(path.join(folder, 'metrics/val/loss'), text);
    const first = await read(made.map(({ runId }) => ask(runId)));
    expect(first.runs.map(({ runId }) => runId)).toEqual(
      made
        .slice(5)
        .map(({ runId }) => runId)
        .reverse(),
    );
    expect([...first.rest].sort()).toEqual(
      made
        .slice(0, 5)
        .map(({ runId }) => runId)
        .sort(),
    );
  });

  it('grow where nothing tells of it, unless the run has ended or is followed', async () => {
    const [live, ended] = [await createRun(1, [1]), await createRun(2, [1], 'FINISHED')];
    expect((await read([ask(live.runId), ask(ended.runId)])).isGrowing).toBe(true);
    expect((await read([ask(live.runId)], { followed: [live.runId] })).isGrowing).toBe(false);
    expect((await read([ask(ended.runId)])).isGrowing).toBe(false);
  });

  it('are read from the logs of another program at one go', async () => {
    const logs = path.join(project.root, 'dvclive');
    await mkdir(path.join(logs, 'plots/metrics/val'), { recursive: true });
    await writeFile(path.join(logs, 'metrics.json'), '{}');
    await writeFile(path.join(logs, 'plots/metrics/loss.tsv'), 'step\tloss\n0\t3\n1\t2\n');
    const { runs } = await listRunsOfProject(project, {});
    const runId = runs[0]?.runId ?? '';
    expect(brief(await read([ask(runId)], { metrics: ['loss'] }))).toEqual([[runId, [['loss', 0, 3, 2]]]]);
  });
});
