import { readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { isMapping } from '../../core/yaml/yaml.ts';
import { isMissing, readTextIfExists } from '../files/files.ts';
import { readLiveHolder, takeLock, type Lock } from '../locks/locks.ts';
import { projectPaths, type Project } from '../project/project.ts';
import { removeSocket, type ControlPlace } from './control.ts';

/** The folder that a run's worker fills, until its model is published. */
export function stagingFolder(project: Project, runId: string): string {
  return projectPaths.tmp(project, 'models', runId);
}

/** Taken before the staging folder is made, released when that is gone: the folder never stands without its lock. */
export async function takeRunLock(
  project: Project,
  { details, command }: { details: RunLockDetails; command: string },
): Promise<Lock> {
  return takeLock(runLockFile(project, details.runId), command, { ...details });
}

export function runLockFile(project: Project, runId: string): string {
  return path.join(projectPaths.locks(project), `run-${runId}.json`);
}

/** What the lock of a run tells beside its holder. */
export interface RunLockDetails {
  readonly runId: string;
  readonly model: string;
  readonly host: string;
  /** Where it is steered; null where no socket could be made. */
  readonly control: ControlPlace | null;
  readonly paused: boolean;
  /** How often it was steered: whoever follows the run then reads it again. */
  readonly steered: number;
}

/** Removes what trainings whose process was killed have left: the folder that their worker filled, and their lock. */
export async function sweepLeftovers(project: Project): Promise<void> {
  const locks = projectPaths.locks(project);
  const names = await readdir(locks).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  for (const name of names) {
    const runId = /^run-([0-9a-f]{32})\.json$/.exec(name)?.[1];
    const file = path.join(locks, name);
    if (runId === undefined || (await readLiveHolder(file)) !== undefined) continue;
    const details = readDetails((await readTextIfExists(file)) ?? '');
    if (!isOfThisHost(details)) continue;
    const address = isMapping(details['control']) ? details['control']['address'] : undefined;
    if (typeof address === 'string') await removeSocket(address);
    // Its worker may write until it has noticed.
    await rm(stagingFolder(project, runId), { recursive: true, force: true, maxRetries: 12, retryDelay: 50 });
    await rm(file, { force: true });
  }
}

/** A process of another machine, or of another container on the same folder, can't be seen from here: it may well live. */
export function isOfThisHost({ host }: Readonly<Record<string, unknown>>): boolean {
  return host === undefined || host === os.hostname();
}

/** What a lock tells, whether its holder lives or not; nothing where it can't be read. */
export function readDetails(text: string): Readonly<Record<string, unknown>> {
  try {
    const lock: unknown = JSON.parse(text);
    return isMapping(lock) && isMapping(lock['details']) ? lock['details'] : {};
  } catch {
    // Cut by a dying disk: whoever wrote it has died with it.
    return {};
  }
}
