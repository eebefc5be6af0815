import { readFile, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { flattenParams } from '../../core/config/config.ts';
import { newestOfEachFit } from '../../core/training/training.ts';
import { ExpectedError, badInput } from '../../protocol/errors.ts';
import { isSystemMetric, type RunSummary } from '../../protocol/tracking.ts';
import {
  checkpointFile,
  checkpointFormat,
  type CheckpointHeader,
  type StandingCheckpoint,
} from '../../protocol/training.ts';
import { diskError, exists, isMissing, isTemporary } from '../files/files.ts';
import type { RunStore, RunWriter } from '../tracking/tracking.ts';
import type { ResolvedConfig } from './configfile.ts';

/** Differences that are named in a refusal. */
const SHOWN_DIFFERENCES = 3;
/** Params that change nothing of what is computed: the backend is the checkpoint's own, whatever the config says. */
const freeParams = /^training\.(backend|threads|checkpoint\.\w+)$/;

/** A training that is to go on, and from where. */
export interface Resumption {
  readonly run: RunSummary;
  readonly checkpoints: readonly StandingCheckpoint[];
  /** The newest; undefined for a run that has none and starts anew. */
  readonly newest: (CheckpointHeader & StandingCheckpoint) | undefined;
  /** What is wrong with each checkpoint that can't be read, as a sentence without its stop. */
  readonly broken: readonly string[];
}

/**
 * The run that `text` means (id, unique prefix, name, `@last`), if it can go on by that config. Throws `unknown-name`, `busy`
 * while it runs, and `bad-input` for a run that has ended well or was trained by another config.
 */
export async function findResumption(store: RunStore, text: string, resolved: ResolvedConfig): Promise<Resumption> {
  const run = await store.findRun(text);
  const label = `${run.name} (${run.runId.slice(0, 8)})`;
  if (run.status === 'RUNNING' && !run.lost) throw new ExpectedError('busy', `The run ${label} is still going on.`);
  if (run.status === 'FINISHED')
    throw badInput(
      `The run ${label} has ended well: there is nothing left to train. Start a new one without --resume.`,
    );
  const { 'mlops.config': config } = run.tags;
  if (config !== resolved.file)
    throw badInput(`The run ${label} was trained by ${config ?? 'another program'}, not by ${resolved.file}.`);
  const differences = listDifferences(run.params, flattenParams(resolved.config));
  if (differences.length > 0)
    throw badInput(
      `The run ${label} can go on by its own config only: ${differences.slice(0, SHOWN_DIFFERENCES).join('; ')}${differences.length > SHOWN_DIFFERENCES ? '; …' : ''}. Set it back (or give --set KEY=VALUE), or start a new run.`,
    );
  const broken: string[] = [];
  const checkpoints =
    run.artifacts === null
      ? []
      : await readCheckpoints(checkpointsOf(run.artifacts), (file) =>
          broken.push(`${path.relative(run.artifacts ?? '', file)} is damaged or cut off`),
        );
  const newest = newestOfEachFit(checkpoints).at(-1);
  checkBackend(newest, resolved.config.training.backend);
  return { run, checkpoints: checkpoints.map(toStanding), newest, broken };
}

/** The run's writer, RUNNING again; what was logged after the checkpoint will be logged anew and is taken out. */
export async function reopenRun(
  store: RunStore,
  { run, newest }: Resumption,
  onWarning: (message: string) => void,
): Promise<RunWriter> {
  await store.repair([run.runId]);
  return store.reopenRun(run.runId, { onWarning, keeps: (metric, step) => isBefore(newest, metric, step) });
}

export function checkpointsOf(artifacts: string): string {
  return path.join(artifacts, 'checkpoints');
}

/** Points of user code are never taken out: its steps are of its own choosing, and a point that comes again is not logged twice. */
function isBefore(newest: CheckpointHeader | undefined, metric: string, step: number): boolean {
  if (metric === 'batch_loss' || isSystemMetric(metric)) return step <= (newest?.step ?? 0);
  if (metric.startsWith('test_')) return false;
  return !/^(training_|val_|learning_rate$)/.test(metric) || step <= (newest?.epoch ?? 0);
}

function listDifferences(
  before: Readonly<Record<string, string>>,
  now: Readonly<Record<string, string>>,
): readonly string[] {
  return differingNames(before, now).map(
    (name) => `${name} was ${before[name] ?? 'not set'} and is ${now[name] ?? 'not set'} now`,
  );
}

/** What `--set` takes to make of the config, as its params are `now`, the one that a run with the params `before` was trained by. */
export function listOverrides(
  before: Readonly<Record<string, string>>,
  now: Readonly<Record<string, string>>,
): readonly string[] {
  return differingNames(before, now).map((name) => `${name}=${before[name] ?? 'null'}`);
}

function differingNames(
  before: Readonly<Record<string, string>>,
  now: Readonly<Record<string, string>>,
): readonly string[] {
  const names = [...new Set([...Object.keys(now), ...Object.keys(before)])];
  return names.filter((name) => !freeParams.test(name) && before[name] !== now[name]);
}

function checkBackend(newest: CheckpointHeader | undefined, wanted: string): void {
  if (newest === undefined || wanted === 'auto' || wanted === newest.backend) return;
  throw badInput(
    `The run was trained on the backend ${newest.backend} and goes on there only; training.backend is ${wanted}.`,
  );
}

/** Whether a run has something to go on from; what that is worth shows when it is resumed. */
export async function hasCheckpoint(artifacts: string): Promise<boolean> {
  const folder = checkpointsOf(artifacts);
  for (const name of await listCheckpoints(folder))
    if (!isTemporary(name) && (await exists(path.join(folder, name, checkpointFile)))) return true;
  return false;
}

/** Those that stand whole; what a killed worker was just writing is removed. */
async function readCheckpoints(
  folder: string,
  onBroken: (file: string) => void,
): Promise<readonly (CheckpointHeader & StandingCheckpoint)[]> {
  const names = await listCheckpoints(folder);
  // A worker whose run was killed notices it within seconds, and may write until then.
  const patience = { recursive: true, force: true, maxRetries: 12, retryDelay: 50 };
  for (const name of names.filter(isTemporary)) await rm(path.join(folder, name), patience);
  const found: (CheckpointHeader & StandingCheckpoint)[] = [];
  for (const name of names) {
    const header = isTemporary(name) ? undefined : await readHeader(path.join(folder, name, checkpointFile), onBroken);
    if (header !== undefined) found.push({ ...header, name });
  }
  return found;
}

async function listCheckpoints(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw diskError(error, folder);
  });
}

/** Undefined for whatever else lies there, the best model too. */
async function readHeader(file: string, onBroken: (file: string) => void): Promise<CheckpointHeader | undefined> {
  try {
    const header = JSON.parse(await readFile(file, 'utf8')) as Omit<CheckpointHeader, 'format'> & { format?: unknown };
    return header.format === checkpointFormat ? { ...header, format: checkpointFormat } : undefined;
  } catch (error) {
    // A file that a disk has damaged is as if it were not there: another checkpoint is taken.
    if (error instanceof SyntaxError) onBroken(file);
    if (isMissing(error) || error instanceof SyntaxError) return undefined;
    throw diskError(error, file);
  }
}

function toStanding({ name, fit, epoch, batch, isEnd }: StandingCheckpoint): StandingCheckpoint {
  return { name, fit, epoch, batch, isEnd };
}
