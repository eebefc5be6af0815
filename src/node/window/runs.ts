import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { parseConfig, type ModelConfig } from '../../core/config/config.ts';
import type { RunDetails } from '../../protocol/engine.ts';
import { ExpectedError, unknownName } from '../../protocol/errors.ts';
import type { RunEdit, RunList, RunSummary } from '../../protocol/tracking.ts';
import { diskError, isMissing, readTextIfExists } from '../files/files.ts';
import { projectPaths, type Project } from '../project/project.ts';
import {
  findStoresIn,
  openStore,
  readObjectives,
  readRunEvents,
  resolveStoreUri,
  type RunStore,
} from '../tracking/tracking.ts';

/** The list is read again with every change: ended runs are looked at file by file in turns. */
const MOST_CLOSELY = 1000;

/**
 * Runs of every store that the project or one of its configs names, or that lies in it. A store that can't be opened or read is told in the warnings
 * and hides no other. Stores may hold the same run (a copy, two names of one folder): it is listed once.
 */
export async function listRunsOfProject(project: Project, env: NodeJS.ProcessEnv): Promise<RunList> {
  const lists = await Promise.all((await findStores(project, env)).map(listRunsOfStore));
  const seen = new Set<string>();
  const isFirst = ({ runId }: { readonly runId: string }): boolean => seen.size < seen.add(runId).size;
  return {
    runs: lists.flatMap(({ runs }) => runs).filter(isFirst),
    unreadable: lists.flatMap(({ unreadable }) => unreadable).filter(isFirst),
    warnings: lists.flatMap(({ warnings = [] }) => warnings),
  };
}

async function listRunsOfStore({ namedBy, open }: NamedStore): Promise<RunList> {
  try {
    return await open().listRuns({ closely: MOST_CLOSELY });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { runs: [], unreadable: [], warnings: [{ runId: '', file: namedBy, message }] };
  }
}

export async function readRunDetails(
  project: Project,
  runId: string,
  env: NodeJS.ProcessEnv,
): Promise<Omit<RunDetails, 'sweep'>> {
  const { store, run } = await findRun(project, runId, env);
  const metrics = Object.keys(run.metrics);
  const histories = await Promise.all(
    metrics.map(async (metric) => ({ metric, points: await store.readHistory(runId, metric) })),
  );
  return { run, histories, events: await readRunEvents(store, runId) };
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

interface EditRequest {
  readonly runId: string;
  readonly edit: RunEdit;
  readonly env: NodeJS.ProcessEnv;
}

/** A deleted run as well, which no list has. */
export async function editRun(project: Project, { runId, edit, env }: EditRequest): Promise<void> {
  await withStoreOf(project, runId, env, (store) => store.editRun(runId, edit));
}

export function findRun(
  project: Project,
  runId: string,
  env: NodeJS.ProcessEnv,
): Promise<{ store: RunStore; run: RunSummary }> {
  return withStoreOf(project, runId, env, async (store) => ({ store, run: await store.findRun(runId) }));
}

/** Does something with the first store that has the run. */
async function withStoreOf<T>(
  project: Project,
  runId: string,
  env: NodeJS.ProcessEnv,
  use: (store: RunStore) => Promise<T>,
): Promise<T> {
  const failures: unknown[] = [];
  for (const { namedBy, open } of await findStores(project, env)) {
    try {
      return await use(open());
    } catch (error) {
      // The run may be in the next one; what is wrong with this one matters only when none has it.
      if (!(error instanceof ExpectedError && error.code === 'unknown-name')) failures.push(diskError(error, namedBy));
    }
  }
  failures.push(unknownName('run', runId, []));
  throw failures[0];
}

/** A store that a project uses. */
interface NamedStore {
  /** Absolute path of the config that names it; the project's root for the store of the project or the environment. */
  readonly namedBy: string;
  /** Throws `not-supported`. */
  readonly open: () => RunStore;
}

/** The stores that the project and its configs name, and those that lie where MLflow makes them, each once. */
async function findStores(project: Project, env: NodeJS.ProcessEnv): Promise<readonly NamedStore[]> {
  const objectiveOf = await readObjectives(project);
  const stores = new Map<string, NamedStore>();
  for (const { file, config } of [{ file: project.root, config: undefined }, ...(await readConfigs(project))]) {
    try {
      const uri = await resolveStoreUri({ project, env, config });
      if (!stores.has(uri)) stores.set(uri, { namedBy: file, open: () => openStore(uri, { objectiveOf, env }) });
    } catch (error) {
      // The settings of the project are broken, and name no store: told once, when it is opened.
      const open = (): never => {
        throw error;
      };
      if (!stores.has('')) stores.set('', { namedBy: projectPaths.settings(project), open });
    }
  }
  for (const uri of await findStoresIn(project.root))
    if (!stores.has(uri)) stores.set(uri, { namedBy: project.root, open: () => openStore(uri, { objectiveOf, env }) });
  return [...stores.values()];
}

/** Configs that say something, as far as they can be understood. */
async function readConfigs(
  project: Project,
): Promise<readonly { readonly file: string; readonly config: ModelConfig }[]> {
  const folder = projectPaths.configs(project);
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  const configs = await Promise.all(
    entries
      .filter((entry) => !entry.isDirectory() && /\.ya?ml$/.test(entry.name))
      .map(({ name }) => name)
      .sort()
      .map(async (name) => {
        const file = path.join(folder, name);
        const config = parseConfig((await readTextIfExists(file)) ?? '', name).value;
        return config === undefined ? [] : [{ file, config }];
      }),
  );
  return configs.flat();
}
