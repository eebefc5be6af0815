import { randomBytes } from 'node:crypto';
import { creationTag, parseExperiment, parseServerRun } from '../../core/mlflowserver/mlflowserver.ts';
import { nameRun } from '../../core/tracking/tracking.ts';
import { badInput } from '../../protocol/errors.ts';
import { isRecord } from '../../protocol/shapes.ts';
import { ServerError, isNotThere, type MlflowClient } from '../mlflowserver/mlflowserver.ts';
import { searchServerRuns } from './serverruns.ts';
import type { RunStart } from './store.ts';

// What makes something new on a server: asked once, since twice would make two.

export interface CreatedRun {
  readonly runId: string;
  readonly name: string;
  readonly artifactUri: string;
  /** That the server has from the beginning. */
  readonly tags: Readonly<Record<string, string>>;
}

/** The id of the experiment with that name, made when there is none. Throws `bad-input` for a deleted one, which keeps its name. */
export async function ensureServerExperiment(client: MlflowClient, name: string): Promise<string> {
  const found = await findExperiment(client, name);
  if (found !== undefined) return found;
  try {
    return await client.call({ method: 'POST', endpoint: 'experiments/create', body: { name } }, (answer) => {
      const id = isRecord(answer) ? answer['experiment_id'] : undefined;
      return typeof id === 'string' || typeof id === 'number' ? String(id) : undefined;
    });
  } catch (error) {
    // Another process was quicker.
    const isThere = error instanceof ServerError && error.failure.errorCode === 'RESOURCE_ALREADY_EXISTS';
    const other = isThere ? await findExperiment(client, name) : undefined;
    if (other === undefined) throw error;
    return other;
  }
}

async function findExperiment(client: MlflowClient, name: string): Promise<string | undefined> {
  try {
    const found = await client.call(
      { endpoint: 'experiments/get-by-name', query: { experiment_name: name } },
      (answer) => (isRecord(answer) ? parseExperiment(answer['experiment']) : undefined),
    );
    if (!found.isDeleted) return found.experimentId;
  } catch (error) {
    if (isNotThere(error)) return undefined;
    throw error;
  }
  throw badInput(
    `The experiment "${name}" is deleted on ${client.base}. Restore it there, or give mlflow.experiment_name another name.`,
  );
}

/** A run whose creation has come through, but not its answer, is found by a tag and is the new run: else it would say for ever that it goes on. */
export async function createServerRun(
  client: MlflowClient,
  experimentId: string,
  start: RunStart,
): Promise<CreatedRun> {
  const name = start.name ?? nameRun(randomBytes(16).toString('hex'));
  const tags = { ...start.tags, 'mlflow.user': start.user, 'mlflow.runName': name };
  const creation = randomBytes(16).toString('hex');
  const body = {
    ...{ experiment_id: experimentId, user_id: start.user, run_name: name, start_time: start.startTime },
    tags: Object.entries({ ...tags, [creationTag]: creation }).map(([key, value]) => ({ key, value })),
  };
  try {
    const { runId, artifactUri } = await client.call({ method: 'POST', endpoint: 'runs/create', body }, (answer) =>
      isRecord(answer) ? parseServerRun(answer['run']) : undefined,
    );
    return { runId, name, artifactUri, tags };
  } catch (error) {
    if (!isDoubtful(error)) throw error;
    const filter = `tags.\`${creationTag}\` = '${creation}'`;
    const [made] = (await searchServerRuns(client, [experimentId], { filter, most: 1 })).items;
    if (made === undefined) throw error;
    return { runId: made.runId, name, artifactUri: made.artifactUri, tags };
  }
}

/** Nobody knows whether the server has done what it was asked for. */
function isDoubtful(error: unknown): boolean {
  if (!(error instanceof ServerError)) return false;
  const { kind, status, isUntouched } = error.failure;
  return !isUntouched && (kind !== 'refused' || (status !== null && status >= 500));
}

/** A run that has ended says again that it goes on. */
export async function goOnOnServer(client: MlflowClient, runId: string): Promise<void> {
  await client.call(
    { method: 'POST', endpoint: 'runs/update', body: { run_id: runId, status: 'RUNNING' }, repeats: true },
    (answer) => isRecord(answer) || undefined,
  );
}
