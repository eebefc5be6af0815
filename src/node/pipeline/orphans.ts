import { readFile, readdir } from 'node:fs/promises';
import { isAlive, readStartTime, stopTree } from '../processes/processes.ts';
import type { Project } from '../project/project.ts';
import { readRunning, writeRunning } from './memory.ts';

/**
 * Ends what a killed run left running: its stage's command would go on writing the outputs that the next run hashes. Only while
 * the project lock is held. Returns the name of that stage.
 */
export async function stopOrphans(project: Project): Promise<string | undefined> {
  const left = await readRunning(project);
  if (left === undefined || (await isAlive(left.runner))) return undefined;
  const pids = await findByToken(left.token);
  const leader = left.child !== null && (await isAlive(left.child)) ? [left.child] : [];
  const others = await Promise.all(pids.map(async (pid) => ({ pid, startTime: await readStartTime(pid) })));
  await Promise.all([...leader, ...others].map((identity) => stopTree(identity)));
  await writeRunning(project, null);
  return leader.length + others.length > 0 ? left.stage : undefined;
}

/** Ids of processes that carry `token` in their environment: what a killed run left behind, wherever it went. Linux only. */
export async function findByToken(token: string): Promise<number[]> {
  const names = await readdir('/proc').catch(() => [] as string[]);
  const found = await Promise.all(
    names
      .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
      .map(async (name) => {
        const environ = await readFile(`/proc/${name}/environ`, 'latin1').catch(() => '');
        return environ.split('\0').includes(`MLOPS_STAGE_TOKEN=${token}`) ? [Number(name)] : [];
      }),
  );
  return found.flat();
}
