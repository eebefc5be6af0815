import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { RunSummary } from '../../protocol/tracking.ts';
import type { MlflowClient } from '../mlflowserver/mlflowserver.ts';
import { readServerRun } from './serverruns.ts';
import { writeSpoolState } from './spoolstate.ts';
import type { RunStore } from './store.ts';

interface Copying {
  readonly client: MlflowClient;
  readonly run: RunSummary;
  /** Has the run. */
  readonly store: RunStore;
  /** Of the spool, which gets it. */
  readonly shadow: RunStore;
}

/** Brings what a server has of a run into the spool, to be written on there, all of it marked as sent. Artifacts stay where they are. */
export async function copyToSpool({ client, run, store, shadow }: Copying): Promise<void> {
  const { runId, name, experiment, startTime, params, tags } = run;
  const { artifactUri, user } = await readServerRun(client, runId);
  const writer = await shadow.createRun({ runId, name, experiment, startTime, params, tags, user });
  const folder = path.dirname(writer.artifacts);
  const metrics: Record<string, number> = {};
  for (const metric of Object.keys(run.metrics)) {
    const { steps, values, timestamps } = await store.readHistory(runId, metric);
    await writer.logMetrics(
      steps.map((step, index) => ({
        name: metric,
        step,
        value: values[index] ?? NaN,
        timestamp: timestamps[index] ?? 0,
      })),
    );
    metrics[metric] = (await stat(path.join(folder, 'metrics', ...metric.split('/')))).size;
  }
  await writeSpoolState(folder, { artifactUri, metrics, pending: null, params: Object.keys(params), tags, files: {} });
  await writer.finish(run.status, run.endTime ?? startTime);
}
