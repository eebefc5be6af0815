import { readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { folderOf, type Stage } from '../../core/pipeline/pipeline.ts';
import { isTemporary } from '../files/files.ts';
import { isAlive, isCertainlyAlive, stopMarked, stopTree } from '../processes/processes.ts';
import { projectPaths, type Project } from '../project/project.ts';
import { readRunning, toMark, writeRunning, type RunningStage } from './memory.ts';

/**
 * Ends what a killed run left running: its stage's command would go on writing the outputs that the next run hashes. Only while
 * the project lock is held. Returns the names of those stages.
 */
export async function stopOrphans(project: Project): Promise<readonly string[]> {
  const left = await readRunning(project);
  if (left === undefined || (await isAlive(left.runner))) return [];
  const found = await Promise.all(
    left.stages.map(async (running) => ((await stopOrphansOf(running)) ? [running.stage] : [])),
  );
  await writeRunning(project, null);
  return found.flat();
}

/** Whether there was anything to stop. */
async function stopOrphansOf({ token, child }: RunningStage): Promise<boolean> {
  const leader = child !== null && (await isCertainlyAlive(child)) ? child : undefined;
  const [count] = await Promise.all([
    stopMarked(toMark(token), leader === undefined ? {} : { outside: leader.pid }),
    leader === undefined ? undefined : stopTree(leader),
  ]);
  return leader !== undefined || count > 0;
}

/** A temporary file younger than this may still be written by another process. */
const LEFT_MS = 600_000;

/** Removes what killed runs left half-written beside locks, outputs and our own records. */
export async function sweepTemporaries(
  project: Project,
  stages: readonly Pick<Stage, 'place' | 'outs'>[],
): Promise<void> {
  const folders = new Set([
    '',
    ...stages.flatMap(({ place, outs }) => [place, ...outs].map(({ file }) => folderOf(file))),
  ]);
  const absolute = [...folders].map((folder) => path.join(project.root, folder));
  for (const folder of [...absolute, projectPaths.tmp(project), projectPaths.locks(project)]) {
    const names = await readdir(folder).catch(() => [] as string[]);
    for (const name of names.filter(isTemporary)) {
      const file = path.join(folder, name);
      const age = Date.now() - ((await stat(file).catch(() => undefined))?.mtimeMs ?? Date.now());
      if (age > LEFT_MS) await rm(file, { recursive: true, force: true });
    }
  }
}
