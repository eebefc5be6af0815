import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { formatMetricLine, formatRunMeta } from '../../src/core/tracking/tracking.ts';

// Stores of many runs in MLflow's file layout, for several benchmarks.

export const METRICS = 20;
export const POINTS = 20;
export const PARAMS = 10;
/** Long ago, so that nothing was written "just now". */
export const STARTED = Date.UTC(2026, 0, 1);

export function idOf(run: number): string {
  return run.toString(16).padStart(32, '0');
}

/** Twenty curves that fall. */
export function valueOf(run: number, metric: number, step: number): number {
  return 1 / (1 + step) + ((run * 31 + metric * 7) % 100) / 1000;
}

export function writeFolder(root: string, count: number): void {
  for (const [id, name] of [
    ['0', 'Default'],
    ['1', 'bench'],
  ] as const) {
    mkdirSync(path.join(root, id), { recursive: true });
    writeFileSync(
      path.join(root, id, 'meta.yaml'),
      `artifact_location: ${pathToFileURL(path.join(root, id)).href}\ncreation_time: ${STARTED}\nexperiment_id: '${id}'\nlast_update_time: ${STARTED}\nlifecycle_stage: active\nname: ${name}\n`,
    );
  }
  for (let run = 0; run < count; run += 1) writeRun(path.join(root, '1'), run);
}

function writeRun(experiment: string, run: number): void {
  const folder = path.join(experiment, idOf(run));
  const write = (name: string, text: string): void => writeFileSync(path.join(folder, name), text);
  for (const part of ['metrics', 'params', 'tags', 'artifacts'])
    mkdirSync(path.join(folder, part), { recursive: true });
  const startTime = STARTED + run * 1000;
  const meta = { runId: idOf(run), experimentId: '1', name: `run-${run}`, user: 'me', status: 'FINISHED' } as const;
  const artifactUri = pathToFileURL(path.join(folder, 'artifacts')).href;
  write('meta.yaml', formatRunMeta({ ...meta, startTime, endTime: startTime + 900, artifactUri }));
  write('tags/mlflow.runName', `run-${run}`);
  write('tags/mlflow.user', 'me');
  for (let param = 0; param < PARAMS; param += 1) write(`params/p${param}`, String((run * param) % 17));
  for (let metric = 0; metric < METRICS; metric += 1) {
    const points = Array.from({ length: POINTS }, (_, step) =>
      formatMetricLine({ timestamp: startTime + step, value: valueOf(run, metric, step), step }),
    );
    write(`metrics/m${metric}`, points.join(''));
  }
}
