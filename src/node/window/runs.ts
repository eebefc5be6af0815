import path from 'node:path';
import { metricOfCourse, toCourse } from '../../core/sparks/sparks.ts';
import { directionOf } from '../../core/tracking/tracking.ts';
import type { RunDetails } from '../../protocol/engine.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import type { RunCourse } from '../../protocol/sparks.ts';
import type { RunEdit, RunList } from '../../protocol/tracking.ts';
import type { Project } from '../project/project.ts';
import { readAnswers } from '../classification/classification.ts';
import {
  openAllStores,
  readObjectives,
  readRunEvents,
  warnOfStore,
  type OwnedRun,
  type StoreUnion,
} from '../tracking/tracking.ts';

/** The list is read again with every change: ended runs are looked at file by file in turns. */
const MOST_CLOSELY = 1000;
/** The list is read again with every change of a file, and a server need not be asked each time. */
const FRESH_MS = 10_000;

/** Runs of every store of the project. A store that can't be opened or read is told in the warnings, also where it is the only one. */
export async function listRunsOfProject(project: Project, env: NodeJS.ProcessEnv): Promise<RunList> {
  try {
    return await (await openStoresOf(project, env)).listRuns({ closely: MOST_CLOSELY });
  } catch (error) {
    return { runs: [], unreadable: [], warnings: [warnOfStore(error, project.root)] };
  }
}

export async function readRunDetails(
  project: Project,
  runId: string,
  env: NodeJS.ProcessEnv,
): Promise<Omit<RunDetails, 'sweep'>> {
  const { store, run } = await findRun(project, runId, env);
  const metrics = Object.keys(run.metrics);
  const [histories, events, answers] = await Promise.all([
    Promise.all(metrics.map(async (metric) => ({ metric, points: await store.readHistory(runId, metric) }))),
    readRunEvents(store, runId),
    readAnswers(store, run),
  ]);
  return { run, histories, events, answers };
}

/** How the metric went that says most of a run; of its points only that metric's are read. */
export async function readRunCourse(
  project: Project,
  runId: string,
  env: NodeJS.ProcessEnv,
): Promise<RunCourse | null> {
  const { store, run } = await findRun(project, runId, env);
  const objective = (await readObjectives(project))(run);
  const metric = metricOfCourse(run, objective);
  if (metric === undefined) return null;
  const history = await store.readHistory(runId, metric);
  return history.values.length < 2 ? null : toCourse(metric, history, directionOf(metric, objective));
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
  await (await openStoresOf(project, env)).editRun(runId, edit);
}

export async function findRun(project: Project, runId: string, env: NodeJS.ProcessEnv): Promise<OwnedRun> {
  return (await openStoresOf(project, env)).find(runId);
}

export function openStoresOf(project: Project, env: NodeJS.ProcessEnv): Promise<StoreUnion> {
  return openAllStores({ project, env, cwd: project.root, freshMs: FRESH_MS });
}
