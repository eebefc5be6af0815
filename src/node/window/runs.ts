import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { parseConfig } from '../../core/config/config.ts';
import type { RunEvent } from '../../protocol/charts.ts';
import type { RunDetails } from '../../protocol/engine.ts';
import { ExpectedError, unknownName } from '../../protocol/errors.ts';
import type { RunList, RunSummary } from '../../protocol/tracking.ts';
import { isMissing, readTextIfExists } from '../files/files.ts';
import { projectPaths, type Project } from '../project/project.ts';
import { openStore, readObjectives, resolveStoreUri, type RunStore } from '../tracking/tracking.ts';

/** Most lines of a run's events that are shown. */
const MOST_EVENTS = 2000;

/** Runs of every store that the project or one of its configs names. */
export async function listRunsOfProject(project: Project, env: NodeJS.ProcessEnv): Promise<RunList> {
  const lists = await Promise.all((await openStores(project, env)).map((store) => store.listRuns()));
  return {
    runs: lists.flatMap(({ runs }) => runs),
    unreadable: lists.flatMap(({ unreadable }) => unreadable),
    warnings: lists.flatMap(({ warnings = [] }) => warnings),
  };
}

export async function readRunDetails(project: Project, runId: string, env: NodeJS.ProcessEnv): Promise<RunDetails> {
  const { store, run } = await findRun(project, runId, env);
  const metrics = Object.keys(run.metrics);
  const histories = await Promise.all(
    metrics.map(async (metric) => ({ metric, points: await store.readHistory(runId, metric) })),
  );
  return { run, histories, events: await readEvents(run) };
}

/** The folder that holds `metrics/` of a run; undefined when there is no such run (yet). */
export async function findRunFolder(
  project: Project,
  runId: string,
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  try {
    const { artifacts } = (await findRun(project, runId, env)).run;
    return artifacts === null ? undefined : path.dirname(artifacts);
  } catch (error) {
    if (error instanceof ExpectedError) return undefined;
    throw error;
  }
}

export async function repairRun(project: Project, runId: string, env: NodeJS.ProcessEnv): Promise<void> {
  const { store } = await findRun(project, runId, env);
  await store.repair([runId]);
}

async function findRun(
  project: Project,
  runId: string,
  env: NodeJS.ProcessEnv,
): Promise<{ store: RunStore; run: RunSummary }> {
  for (const store of await openStores(project, env)) {
    const run = await store.findRun(runId).catch((error: unknown) => {
      if (error instanceof ExpectedError && error.code === 'unknown-name') return undefined;
      throw error;
    });
    if (run !== undefined) return { store, run };
  }
  throw unknownName('run', runId, []);
}

async function openStores(project: Project, env: NodeJS.ProcessEnv): Promise<readonly RunStore[]> {
  const folder = projectPaths.configs(project);
  const names = await readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  const configs = await Promise.all(
    names
      .filter((name) => /\.ya?ml$/.test(name))
      .map(async (name) => parseConfig((await readTextIfExists(path.join(folder, name))) ?? '', name).value),
  );
  const uris = await Promise.all(
    [undefined, ...configs].map((config) =>
      resolveStoreUri({ project, env, ...(config === undefined ? {} : { config }) }),
    ),
  );
  const objectiveOf = await readObjectives(project);
  return [...new Set(uris)].map((uri) => openStore(uri, { objectiveOf }));
}

/** Lines that are no events are left out: the file is a by-product, and the run is shown without them. */
async function readEvents({ artifacts }: RunSummary): Promise<readonly RunEvent[]> {
  if (artifacts === null) return [];
  const text = await readFile(path.join(artifacts, 'mlops', 'events.jsonl'), 'utf8').catch((error: unknown) => {
    if (isMissing(error)) return '';
    throw error;
  });
  return text.split('\n').slice(0, MOST_EVENTS).flatMap(parseEvent);
}

function parseEvent(line: string): readonly RunEvent[] {
  try {
    const { time, step, kind, text } = JSON.parse(line) as Partial<RunEvent>;
    return typeof time === 'number' && typeof kind === 'string' && typeof text === 'string'
      ? [{ time, step: typeof step === 'number' ? step : null, kind, text }]
      : [];
  } catch {
    // Cut while it was written, or not ours.
    return [];
  }
}
