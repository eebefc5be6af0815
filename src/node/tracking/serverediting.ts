import { isRecord } from '../../protocol/shapes.ts';
import type { RunEdit, RunStatus } from '../../protocol/tracking.ts';
import { isNotThere, type MlflowClient } from '../mlflowserver/mlflowserver.ts';
import { checkEdit } from './editing.ts';

// What changes a run on a server. Each of these may be asked for twice without harm.

/** Changes a run as MLflow's page does. What is wrong is found before anything is asked for. */
export async function editServerRun(client: MlflowClient, runId: string, edit: RunEdit): Promise<void> {
  checkEdit(edit);
  const { name, tags = {}, isDeleted } = edit;
  // Only a run that is not deleted takes other changes.
  if (isDeleted === false) await change(client, 'runs/restore', { run_id: runId });
  if (name !== undefined) await change(client, 'runs/update', { run_id: runId, run_name: name });
  for (const [key, value] of Object.entries(tags)) {
    if (value === null) await removeServerTag(client, runId, key);
    else await change(client, 'runs/set-tag', { run_id: runId, key, value });
  }
  if (isDeleted === true) await change(client, 'runs/delete', { run_id: runId });
}

/** Silent when there is no such tag. */
export async function removeServerTag(client: MlflowClient, runId: string, key: string): Promise<void> {
  try {
    await change(client, 'runs/delete-tag', { run_id: runId, key });
  } catch (error) {
    if (!isNotThere(error)) throw error;
  }
}

export function endServerRun(client: MlflowClient, runId: string, status: RunStatus, endTime: number): Promise<void> {
  return change(client, 'runs/update', { run_id: runId, status, end_time: endTime });
}

async function change(client: MlflowClient, endpoint: string, body: unknown): Promise<void> {
  await client.call({ method: 'POST', endpoint, body, repeats: true }, (answer) =>
    isRecord(answer) ? true : undefined,
  );
}
