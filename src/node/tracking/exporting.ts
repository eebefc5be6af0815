import { copyFile, mkdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  formatPointsCsv,
  planExport,
  pointsWithout,
  toExportedTags,
  type ExportStep,
  type TimedPoint,
} from '../../core/tracking/tracking.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import type { RunSummary } from '../../protocol/tracking.ts';
import { diskError, isInside, writeFileAtomic } from '../files/files.ts';
import type { RunStore, RunWriter } from './store.ts';

/** A file that is not on this machine is held in memory on its way. */
const LARGEST_FETCHED = 1024 ** 3;
const WHOLE_ID = /^[0-9a-f]{32}$/;

interface ExportOptions {
  readonly to: RunStore;
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
  readonly onWarning: (message: string) => void;
}

/** What became of a run. */
export interface ExportedRun {
  readonly runId: string;
  readonly name: string;
  readonly action: ExportStep['action'];
  /** Its id in the other store; null before it is there. */
  readonly newRunId: string | null;
  readonly message: string | null;
}

/** Copies runs into another store: params, tags, every point, artifacts, how they ended. What is there already is left alone, what an earlier call has begun is ended. */
export async function exportRuns(
  from: RunStore,
  runs: readonly RunSummary[],
  options: ExportOptions,
): Promise<readonly ExportedRun[]> {
  const { to, dryRun, signal } = options;
  const steps = planExport(runs, (await to.listRuns()).runs);
  const targets = new Map(steps.flatMap(({ run, target }) => (target === null ? [] : [[run.runId, target] as const])));
  const results: ExportedRun[] = [];
  for (const step of steps) {
    signal.throwIfAborted();
    const { run, action, reason } = step;
    const left: string[] = reason === null ? [] : [reason];
    if (!dryRun && (action === 'copy' || action === 'go-on')) {
      const writer = await openCopy(step, options, targets);
      targets.set(run.runId, writer.runId);
      left.push(...(await copyRun(from, run, writer, options)));
    }
    const newRunId = targets.get(run.runId) ?? null;
    results.push({
      runId: run.runId,
      name: run.name,
      action,
      newRunId,
      message: left.length === 0 ? null : left.join(' '),
    });
  }
  return results;
}

async function openCopy(
  { run, target }: ExportStep,
  { to, onWarning }: ExportOptions,
  targets: ReadonlyMap<string, string>,
): Promise<RunWriter> {
  const tags = toExportedTags(run, targets);
  if (target === null) {
    const { name, experiment, startTime, params } = run;
    const id = WHOLE_ID.test(run.runId) ? { runId: run.runId } : {};
    return to.createRun({
      ...id,
      name,
      experiment,
      startTime,
      params,
      tags,
      user: tags['mlflow.user'] ?? 'unknown',
      onWarning,
    });
  }
  const writer = await to.reopenRun(target, { keeps: () => true, onWarning });
  await writer.logParams(run.params);
  await writer.setTags(tags);
  return writer;
}

/** Gives what had to be left out. */
async function copyRun(
  from: RunStore,
  run: RunSummary,
  writer: RunWriter,
  { to, signal }: ExportOptions,
): Promise<readonly string[]> {
  for (const metric of Object.keys(run.metrics)) {
    signal.throwIfAborted();
    const points = await readPoints(from, run.runId, metric);
    const missing = pointsWithout(points, await readPoints(to, writer.runId, metric));
    await writer.logMetrics(missing.map((point) => ({ name: metric, ...point })));
  }
  const left = await copyArtifacts(from, run, writer, { folder: '', signal });
  await writer.finish(run.status, run.endTime ?? run.startTime);
  return left;
}

/** None for a metric that is not there. */
async function readPoints(store: RunStore, runId: string, metric: string): Promise<readonly TimedPoint[]> {
  try {
    const { steps, values, timestamps } = await store.readHistory(runId, metric);
    return Array.from(steps, (step, at) => ({ step, value: values[at] ?? NaN, timestamp: timestamps[at] ?? 0 }));
  } catch (error) {
    if (error instanceof ExpectedError && error.code === 'unknown-name') return [];
    throw error;
  }
}

async function copyArtifacts(
  from: RunStore,
  run: RunSummary,
  writer: RunWriter,
  { folder, signal }: { readonly folder: string; readonly signal: AbortSignal },
): Promise<readonly string[]> {
  const left: string[] = [];
  for (const entry of await listEntries(from, run.runId, folder, left)) {
    signal.throwIfAborted();
    const target = path.join(writer.artifacts, ...entry.path.split('/'));
    if (!isInside(writer.artifacts, target)) left.push(`${entry.path}: no path of an artifact.`);
    else if (entry.isFolder) left.push(...(await copyArtifacts(from, run, writer, { folder: entry.path, signal })));
    else left.push(...(await copyArtifact(from, run, { file: entry.path, target, signal })));
  }
  return left;
}

/** Artifacts that lie out of reach (of a cloud, of another machine) are told; the rest of the run is copied all the same. */
async function listEntries(
  from: RunStore,
  runId: string,
  folder: string,
  left: string[],
): Promise<Awaited<ReturnType<RunStore['listArtifacts']>>> {
  try {
    return await from.listArtifacts(runId, folder);
  } catch (error) {
    if (!(error instanceof ExpectedError) || error.code === 'stopped') throw error;
    if (error.code !== 'unknown-name') left.push(`Artifacts: ${error.message}`);
    return [];
  }
}

async function copyArtifact(
  from: RunStore,
  { runId, artifacts }: RunSummary,
  { file, target, signal }: { readonly file: string; readonly target: string; readonly signal: AbortSignal },
): Promise<readonly string[]> {
  const own = artifacts === null ? undefined : path.join(artifacts, ...file.split('/'));
  const isHere = own !== undefined && (await stat(own).catch(() => undefined))?.isFile() === true;
  try {
    // The store looks at what it reads, and refuses a link that leads elsewhere; what is here need not go through memory.
    const limit = isHere ? 0 : LARGEST_FETCHED;
    const { bytes, isWhole } = await from.readArtifact(runId, file, { limit, signal });
    await mkdir(path.dirname(target), { recursive: true });
    if (isHere) await copyFile(own, target);
    else if (isWhole) await writeFile(target, bytes);
    else return [`${file}: larger than ${LARGEST_FETCHED / 1024 ** 3} GiB.`];
    return [];
  } catch (error) {
    if (!(error instanceof ExpectedError) || error.code === 'stopped') throw diskError(error, target);
    return [`${file}: ${error.message}`];
  }
}

/** Every point of the runs as CSV, or of these metrics only. */
export async function exportPoints(
  from: RunStore,
  runs: readonly RunSummary[],
  { file, metrics = null }: { readonly file: string; readonly metrics?: readonly string[] | null },
): Promise<number> {
  const rows: [RunSummary, string, readonly TimedPoint[]][] = [];
  for (const run of runs)
    for (const metric of Object.keys(run.metrics))
      if (metrics === null || metrics.includes(metric))
        rows.push([run, metric, await readPoints(from, run.runId, metric)]);
  await writeFileAtomic(file, formatPointsCsv(rows));
  return rows.reduce((sum, [, , points]) => sum + points.length, 0);
}
