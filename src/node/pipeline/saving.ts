import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { ExpectedError } from '../../protocol/errors.ts';
import { stageLogName } from '../../core/names/names.ts';
import {
  canRecord,
  findLocked,
  formatLock,
  parseLock,
  type LockedStage,
  type Out,
  type Stage,
} from '../../core/pipeline/pipeline.ts';
import { diskError, isMissing, readTextIfExists, writeFileAtomic } from '../files/files.ts';
import { projectPaths, type Project } from '../project/project.ts';
import { takeLockEntry } from './facts.ts';
import { ignoreOuts } from './gitfiles.ts';
import { lockFileOf, lockedStage, type LoadedPipeline } from './load.ts';
import { readMemory, remember } from './memory.ts';
import type { RunRecords } from './records.ts';
import { refuseBinaryMetrics, refuseMissingOuts } from './refusals.ts';
import { writeRecord } from './runcache.ts';
import type { StageContext } from './stagecontext.ts';

/** What a command that ended well has left becomes the stage's result; otherwise the reason why it can't. */
export async function saveResult(stage: Stage, context: StageContext): Promise<string | undefined> {
  const { workspace } = context;
  try {
    await refuseMissingOuts(stage, workspace);
    await refuseBinaryMetrics(stage, workspace.project);
    await save(stage, context);
    return undefined;
  } catch (error) {
    if (!(error instanceof ExpectedError)) throw error;
    return error.message;
  }
}

/** `end`: the seconds that it took, or the reason why it failed. */
export async function rememberEnd(
  project: Project,
  stage: string,
  end: number | string,
  signature: string,
): Promise<void> {
  const endedAt = Date.now();
  if (typeof end === 'number') return remember(project, stage, { seconds: end, endedAt });
  const before = (await readMemory(project))[stage]?.seconds;
  const failure = { signature, reason: end };
  await remember(project, stage, { ...(before === undefined ? {} : { seconds: before }), failure, endedAt });
}

export function logFileOf(project: Project, stage: string): string {
  return path.join(projectPaths.logs(project), stageLogName(stage));
}

/** The id that `mlops train` leaves for the stage that it ran in. */
export async function takeRunId(project: Project, token: string): Promise<string | undefined> {
  const file = projectPaths.tmp(project, 'stage-runs', token);
  const id = (await readTextIfExists(file))?.trim();
  await rm(file, { force: true });
  return id === undefined || id === '' ? undefined : id;
}

/**
 * Keeps the outputs out of Git, puts them into the cache, then the record of the run, then the lock entry: a kill in
 * between costs a run, never a wrong answer.
 */
export async function save(stage: Stage, { workspace, loaded, records }: StageContext): Promise<void> {
  for (const dep of stage.deps)
    if ((await workspace.hash(dep.file)) === undefined)
      throw new ExpectedError('stage-failed', `the dependency ${dep.path} does not exist any more`);
  if (!workspace.noScm) await records.inTurn(() => ignoreOuts(loaded, stage.outs));
  const before = lockedStage(loaded, stage);
  const isOld = ({ path: written }: Out): boolean => findLocked(before?.outs, written)?.legacy === true;
  for (const out of stage.outs) if (out.cache && !isOld(out)) await workspace.store(out.file);
  const entry = await takeLockEntry(workspace, stage, before);
  const isRecorded = canRecord(stage, entry);
  for (const out of stage.outs) {
    const isKept = findLocked(entry.outs, out.path)?.legacy === true;
    // DVC caches metrics that are kept in Git as well when it records a run, or it could not restore them.
    if (!isKept && (out.cache ? isOld(out) : isRecorded)) await workspace.keep(out.file);
  }
  if (isRecorded) await writeRecord(workspace, entry);
  await records.inTurn(() => writeLock(loaded, stage, entry, records));
}

/** Changes this stage's entry only, in the lock as it stands on disk now. */
async function writeLock(
  { project }: LoadedPipeline,
  stage: Stage,
  entry: LockedStage,
  records: RunRecords,
): Promise<void> {
  const name = lockFileOf(stage.place.file);
  const file = path.join(project.root, name);
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (isMissing(error)) return '';
    throw diskError(error, name);
  });
  const { value: lock, problems } = parseLock(text, name);
  if (lock === undefined) throw new ExpectedError('bad-input', `${name} was damaged meanwhile`, problems);
  const before = lock.stages.has(stage.key) ? undefined : records.enterLock(stage);
  const updated = formatLock(lock, stage.key, entry, before);
  if (updated !== text) await writeFileAtomic(file, updated);
}
