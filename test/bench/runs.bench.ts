import { cp, mkdir } from 'node:fs/promises';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { readProgram } from '../../scripts/programs.ts';
import { ensurePythonTools } from '../../scripts/testing/interop.ts';
import { formatMetricLine } from '../../src/core/tracking/tracking.ts';
import { openStore } from '../../src/node/tracking/tracking.ts';
import type { RunQuery } from '../../src/node/tracking/store.ts';
import { median, medianTime, type Figure, type Measurement } from './measuring.ts';
import { METRICS, PARAMS, POINTS, STARTED, idOf, valueOf, writeFolder } from './runfolders.ts';

// How many times faster than MLflow, which lists the same runs in the same minute; starting either process is left out.

const PAGE = 100;
const AT_REST_MS = 2500;

interface Row {
  readonly what: string;
  readonly aim: number;
  readonly measure: (home: string) => Promise<{ readonly ours: number; readonly theirs: number }>;
}

const rows: readonly Row[] = [
  {
    what: 'first page of a folder of 2,000 runs, with the index',
    aim: 50,
    measure: (home) => onFolder(home, 2000, true),
  },
  {
    what: 'first page of a folder of 2,000 runs, for the first time',
    aim: 5,
    measure: (home) => onFolder(home, 2000, false),
  },
  {
    what: 'first page of a folder of 10,000 runs, with the index',
    aim: 100,
    measure: (home) => onFolder(home, 10_000, true),
  },
  {
    what: 'first page of a folder of 10,000 runs, for the first time',
    aim: 1,
    measure: (home) => onFolder(home, 10_000, false),
  },
  {
    what: 'first page of a database of 2,000 runs, for the first time',
    aim: 5,
    measure: (home) => onDatabase(home, { limit: PAGE }, { isFirst: true }),
  },
  {
    what: 'first page of a database of 2,000 runs, again',
    aim: 5,
    measure: (home) => onDatabase(home, { limit: PAGE }, { isFirst: false }),
  },
  {
    what: 'all runs of a database of 2,000, for the first time',
    aim: 5,
    measure: (home) => onDatabase(home, {}, { isFirst: true }),
  },
  {
    what: 'all runs of a database of 2,000, again',
    aim: 5,
    measure: (home) => onDatabase(home, {}, { isFirst: false }),
  },
  { what: 'history of a metric with 1,000,000 points', aim: 10, measure: measureHistory },
  { what: 'logging 10,000 values, a hundred at a time', aim: 10, measure: measureLogging },
];

export const measurements: readonly Measurement[] = [
  ...rows.map(({ what, aim, measure }): Measurement => ({
    what: `runs against mlflow: ${what}`,
    aim: `≥ ${aim} ×`,
    holds: (value) => value >= aim,
    measure: async (project): Promise<Figure> => {
      const { ours, theirs } = await measure(path.dirname(project));
      const value = theirs / ours;
      return { value, text: `${value.toFixed(1)} × (${theirs.toFixed(0)} ms ÷ ${ours.toFixed(1)} ms)` };
    },
  })),
  {
    what: 'runs: a folder of 10,000 for the first time',
    aim: '< 10 s',
    holds: (value) => value < 10,
    measure: async (project): Promise<Figure> => {
      const value = (await listAlone(writeMany(project), { limit: PAGE })).ms / 1000;
      return { value, text: `${value.toFixed(1)} s` };
    },
  },
  {
    what: 'runs: memory of a thread that has listed 10,000 of a folder',
    aim: '< 250 MiB',
    holds: (value) => value < 250,
    measure: async (project): Promise<Figure> => {
      const { heap: value, resident } = await listAlone(writeMany(project), {});
      return {
        value,
        text: `${value.toFixed(0)} MiB of heap (${resident.toFixed(0)} MiB resident, Node's own included)`,
      };
    },
  },
];

function writeMany(project: string): string {
  const root = path.join(path.dirname(project), 'mlruns-10000');
  if (!existsSync(root)) writeFolder(root, 10_000);
  return pathToFileURL(root).href;
}

interface Alone {
  readonly ms: number;
  /** What V8 holds for the thread, and what the system holds for the whole process, in MiB. */
  readonly heap: number;
  readonly resident: number;
}

/** Lists runs in a process of its own, to which nothing is known; its start is left out. Memory as it is while the list is held. */
async function listAlone(uri: string, query: RunQuery): Promise<Alone> {
  const module = pathToFileURL(path.resolve(import.meta.dirname, '../../src/node/tracking/tracking.ts')).href;
  const script = `
    const { openStore } = await import(${JSON.stringify(module)});
    const start = performance.now();
    const list = await openStore(${JSON.stringify(uri)}).listRuns(${JSON.stringify(query)});
    const ms = performance.now() - start;
    gc();
    const { heapTotal, external, rss } = process.memoryUsage();
    const [heap, resident] = [heapTotal + external, rss].map((bytes) => bytes / 2 ** 20);
    console.log(JSON.stringify({ ms, heap, resident, runs: list.runs.length }));`;
  const flags = ['--expose-gc', '--disable-warning=MODULE_TYPELESS_PACKAGE_JSON', '--input-type=module'];
  return JSON.parse(await readProgram(process.execPath, [...flags, '-e', script])) as Alone;
}

/** Runs Python with MLflow on a store; the script prints milliseconds. */
async function timeMlflow(uri: string, script: string): Promise<number> {
  const tools = await ensurePythonTools();
  if ('missing' in tools) throw new Error(tools.missing);
  const head = 'import time, mlflow\nfrom mlflow import MlflowClient\nclient = MlflowClient()\n';
  const text = await readProgram(tools.env['MLOPS_INTEROP_PYTHON'] ?? '', ['-W', 'ignore', '-c', head + script], {
    env: { ...process.env, MLFLOW_ALLOW_FILE_STORE: 'true', MLFLOW_TRACKING_URI: uri },
  });
  return 1000 * Number(text.trim().split('\n').at(-1));
}

const search = (limit: number): string => `
ids = [e.experiment_id for e in client.search_experiments()]
times = []
for _ in range(3):
    start = time.perf_counter()
    runs, token = [], None
    while True:
        page = client.search_runs(ids, max_results=${limit}, page_token=token)
        runs += page
        token = page.token
        if not token or ${limit} == ${PAGE}: break
    times.append(time.perf_counter() - start)
print(sorted(times)[1])
`;

async function onFolder(home: string, count: number, indexed: boolean): Promise<{ ours: number; theirs: number }> {
  const root = path.join(home, `mlruns-${count}`);
  writeFolder(root, count);
  // The index does not trust what was written a moment ago; runs that people list are older.
  await sleep(AT_REST_MS);
  const uri = pathToFileURL(root).href;
  const cache = path.join(home, `cache-${count}`);
  const list = (env: NodeJS.ProcessEnv): Promise<unknown> => openStore(uri, { env }).listRuns({ limit: PAGE });
  await list({ XDG_CACHE_HOME: cache });
  let turn = 0;
  // A cache that this process has not seen, so that it is read from the disk.
  const next = async (): Promise<string> => {
    const copy = path.join(home, `cache-${count}-${(turn += 1)}-${indexed ? 'full' : 'empty'}`);
    await mkdir(copy, { recursive: true });
    if (indexed) await cp(cache, copy, { recursive: true });
    return copy;
  };
  const copies = await Promise.all(Array.from({ length: 5 }, next));
  const ours = await medianTime(copies.length, () => list({ XDG_CACHE_HOME: copies.pop() ?? '' }));
  return { ours, theirs: await timeMlflow(uri, search(PAGE)) };
}

/** `isFirst`: the process knows nothing of the database yet. */
async function onDatabase(
  home: string,
  query: RunQuery,
  { isFirst }: { readonly isFirst: boolean },
): Promise<{ ours: number; theirs: number }> {
  const file = path.join(home, 'mlflow.db');
  const uri = `sqlite:///${file}`;
  await timeMlflow(uri, "client.get_experiment_by_name('bench') or client.create_experiment('bench')\nprint(0)");
  fillDatabase(file, 2000);
  const times = [];
  for (let turn = 0; turn < 3; turn += 1) times.push((await listAlone(uri, query)).ms);
  const ours = isFirst ? median(times) : await medianTime(5, () => openStore(uri).listRuns(query));
  return { ours, theirs: await timeMlflow(uri, search(query.limit ?? 1000)) };
}

/** The rows that MLflow would write, its tables being there. */
function fillDatabase(file: string, count: number): void {
  const database = new DatabaseSync(file);
  const filled = database.prepare('SELECT COUNT(*) AS n FROM runs').get();
  if (filled?.['n'] === 0) {
    const experiment = database.prepare("SELECT experiment_id AS id FROM experiments WHERE name = 'bench'").get()?.[
      'id'
    ];
    const prepare = (table: string, ...columns: readonly string[]) =>
      database.prepare(`INSERT INTO ${table} (${columns.join()}) VALUES (${columns.map(() => '?').join()})`);
    const run = prepare(
      'runs',
      'run_uuid',
      'name',
      'source_type',
      'user_id',
      'status',
      'start_time',
      'end_time',
      'lifecycle_stage',
      'artifact_uri',
      'experiment_id',
    );
    const metric = prepare('metrics', 'run_uuid', 'key', 'value', 'timestamp', 'step', 'is_nan');
    const latest = prepare('latest_metrics', 'run_uuid', 'key', 'value', 'timestamp', 'step', 'is_nan');
    const texts = {
      params: prepare('params', 'run_uuid', 'key', 'value'),
      tags: prepare('tags', 'run_uuid', 'key', 'value'),
    };
    database.exec('BEGIN');
    for (let index = 0; index < count; index += 1) {
      const [id, start] = [idOf(index), STARTED + index * 1000];
      run.run(
        id,
        `run-${index}`,
        'LOCAL',
        'me',
        'FINISHED',
        start,
        start + 900,
        'active',
        `file:///nowhere/${id}`,
        experiment ?? 1,
      );
      texts.tags.run(id, 'mlflow.runName', `run-${index}`);
      texts.tags.run(id, 'mlflow.user', 'me');
      for (let param = 0; param < PARAMS; param += 1) texts.params.run(id, `p${param}`, String((index * param) % 17));
      for (let name = 0; name < METRICS; name += 1) {
        for (let step = 0; step < POINTS; step += 1)
          metric.run(id, `m${name}`, valueOf(index, name, step), start + step, step, 0);
        latest.run(id, `m${name}`, valueOf(index, name, POINTS - 1), start + POINTS - 1, POINTS - 1, 0);
      }
    }
    database.exec('COMMIT');
  }
  database.close();
}

async function measureHistory(home: string): Promise<{ ours: number; theirs: number }> {
  const root = path.join(home, 'mlruns-long');
  writeFolder(root, 1);
  const lines = Array.from({ length: 1_000_000 }, (_, step) =>
    formatMetricLine({ timestamp: STARTED + step, value: 1 / (step + 1), step }),
  );
  writeFileSync(path.join(root, '1', idOf(0), 'metrics', 'long'), lines.join(''));
  const uri = pathToFileURL(root).href;
  const ours = await medianTime(3, () => openStore(uri).readHistory(idOf(0), 'long'));
  const script = `
start = time.perf_counter()
assert len(client.get_metric_history('${idOf(0)}', 'long')) == 1000000
print(time.perf_counter() - start)
`;
  return { ours, theirs: await timeMlflow(uri, script) };
}

async function measureLogging(home: string): Promise<{ ours: number; theirs: number }> {
  const uri = pathToFileURL(path.join(home, 'mlruns-logged')).href;
  const store = openStore(uri);
  const log = async (): Promise<void> => {
    const writer = await store.createRun({ experiment: 'bench', user: 'me', startTime: STARTED, params: {}, tags: {} });
    for (let step = 0; step < 10_000; step += 100)
      await writer.logMetrics(
        Array.from({ length: 100 }, (_, index) => ({
          name: `m${index % 10}`,
          step: step + index,
          value: step,
          timestamp: STARTED + step,
        })),
      );
    await writer.finish('FINISHED', STARTED);
  };
  const ours = await medianTime(3, log);
  const script = `
from mlflow.entities import Metric
run = client.create_run('0')
start = time.perf_counter()
for step in range(0, 10000, 100):
    client.log_batch(run.info.run_id, [Metric('m%d' % (i % 10), step, ${STARTED} + step, step + i) for i in range(100)])
print(time.perf_counter() - start)
`;
  return { ours, theirs: await timeMlflow(uri, script) };
}
