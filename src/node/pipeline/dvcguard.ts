import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { ExpectedError } from '../../protocol/errors.ts';
import { overlaps } from '../../core/pipeline/pipeline.ts';
import { isDirectory, readTextIfExists, writeFileAtomic } from '../files/files.ts';
import { isAlive } from '../processes/processes.ts';
import type { Project } from '../project/project.ts';

interface Info {
  readonly pid: number;
  readonly cmd: string;
}
interface RwLock {
  read: Record<string, Info[]>;
  write: Record<string, Info>;
}

/** Paths relative to the root that a run reads and writes. */
export interface GuardedPaths {
  readonly read: readonly string[];
  readonly write: readonly string[];
}

/**
 * Keeps DVC and us from each other's files: throws `busy` when a live DVC process holds one of these paths in
 * `.dvc/tmp/rwlock`, else enters them there for this process, where the `flock` program lets us edit that file safely. Returns
 * what takes the entries out again.
 */
export async function guardAgainstDvc(
  project: Project,
  paths: GuardedPaths,
  cmd: string,
): Promise<() => Promise<void>> {
  const folder = path.join(project.root, '.dvc', 'tmp');
  const file = path.join(folder, 'rwlock');
  const toAbsolute = (items: readonly string[]): string[] => items.map((item) => path.join(project.root, item));
  const [read, write] = [toAbsolute(paths.read), toAbsolute(paths.write)];
  await refuseBlockers(await readRwLock(file), read, write);
  if (!(await isDirectory(folder))) return () => Promise.resolve();
  const info: Info = { pid: process.pid, cmd };
  const entered = await editLocked(file, (lock) => {
    // A killed run of this process id, or of ours before it, left these behind.
    removeOwn(lock, info);
    for (const item of write) lock.write[item] = info;
    for (const item of read) (lock.read[item] ??= []).push(info);
  });
  if (!entered) return () => Promise.resolve();
  return async () => {
    await editLocked(file, (lock) => removeOwn(lock, info));
  };
}

function removeOwn(lock: RwLock, { pid }: Info): void {
  lock.write = Object.fromEntries(Object.entries(lock.write).filter(([, info]) => info.pid !== pid));
  lock.read = Object.fromEntries(
    Object.entries(lock.read)
      .map(([item, infos]) => [item, infos.filter((info) => info.pid !== pid)] as const)
      .filter(([, infos]) => infos.length > 0),
  );
}

async function refuseBlockers(lock: RwLock, read: readonly string[], write: readonly string[]): Promise<void> {
  const writers = Object.entries(lock.write).map(([item, info]) => ({ item, info, waiters: [...read, ...write] }));
  const readers = Object.entries(lock.read).flatMap(([item, infos]) =>
    infos.map((info) => ({ item, info, waiters: [...write] })),
  );
  for (const { item, info, waiters } of [...writers, ...readers]) {
    if (info.pid === process.pid || !waiters.some((waiter) => overlaps(waiter, item))) continue;
    if (await isAlive({ pid: info.pid, startTime: null }))
      throw new ExpectedError(
        'busy',
        `DVC works here: pid ${info.pid}, "${info.cmd}". Wait for it to end, or stop it.`,
      );
  }
}

async function readRwLock(file: string): Promise<RwLock> {
  try {
    const { read = {}, write = {} } = JSON.parse((await readTextIfExists(file)) ?? '{}') as Partial<RwLock>;
    return { read, write };
  } catch {
    // Damaged: DVC itself refuses to work with it, so it holds nothing.
    return { read: {}, write: {} };
  }
}

/** Edits the file while holding DVC's lock of it; false where that lock can't be had. */
async function editLocked(file: string, edit: (lock: RwLock) => void): Promise<boolean> {
  const holder = spawn('flock', ['-x', '-w', '3', `${file}.lock`, 'sh', '-c', 'echo held; cat'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  // No such program (macOS, Windows): we have only looked, which docs say.
  const failed = once(holder, 'error').then(() => false);
  const held = once(holder.stdout, 'data').then(() => true);
  const refused = once(holder, 'close').then(() => false);
  holder.stdin.on('error', () => undefined);
  if (!(await Promise.race([failed, held, refused]).catch(() => false))) return false;
  try {
    const lock = await readRwLock(file);
    edit(lock);
    await writeFileAtomic(file, JSON.stringify(lock));
  } finally {
    holder.stdin.end();
    await refused.catch(() => undefined);
  }
  return true;
}
