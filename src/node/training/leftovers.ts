import { readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { isMapping } from '../../core/yaml/yaml.ts';
import { isMissing, readTextIfExists } from '../files/files.ts';
import { readLiveHolder, takeLock, type Lock } from '../locks/locks.ts';
import { projectPaths, type Project } from '../project/project.ts';

/** The folder that a run's worker fills, until its model is published. */
export function stagingFolder(project: Project, runId: string): string {
  return projectPaths.tmp(project, 'models', runId);
}

/** Taken before the staging folder is made, released when that is gone: the folder never stands without its lock. */
export async function takeRunLock(
  project: Project,
  { runId, model, command }: { runId: string; model: string; command: string },
): Promise<Lock> {
  const file = path.join(projectPaths.locks(project), `run-${runId}.json`);
  return takeLock(file, command, { runId, model, host: os.hostname() });
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
    if (runId === undefined || (await readLiveHolder(file)) !== undefined || !(await isOfThisHost(file))) continue;
    await rm(stagingFolder(project, runId), { recursive: true, force: true });
    await rm(file, { force: true });
  }
}

/** A process of another machine, or of another container on the same folder, can't be seen from here: it may well live. */
async function isOfThisHost(lockFile: string): Promise<boolean> {
  const host = readHost((await readTextIfExists(lockFile)) ?? '');
  return host === undefined || host === os.hostname();
}

function readHost(text: string): unknown {
  try {
    const lock: unknown = JSON.parse(text);
    return isMapping(lock) && isMapping(lock['details']) ? lock['details']['host'] : undefined;
  } catch {
    // Cut by a dying disk: whoever wrote it has died with it.
    return undefined;
  }
}
