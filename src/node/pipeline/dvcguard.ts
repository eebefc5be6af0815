import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { ExpectedError } from '../../protocol/errors.ts';
import { overlaps } from '../../core/pipeline/pipeline.ts';
import { makeFolder, readTextIfExists, writeFileAtomic } from '../files/files.ts';
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

/** To be released. */
export interface DvcGuard {
  /** From now on DVC may work here, too. Not to be called while {@link hold} still waits. */
  readonly letGo: () => Promise<void>;
  /** Takes the lock again, if it was let go; waits for DVC for as long as it takes. */
  readonly hold: () => Promise<void>;
  readonly release: () => Promise<void>;
}

/**
 * Keeps DVC and us from each other's files: holds DVC's lock of the project, `.dvc/tmp/lock`, and enters the paths for this process
 * into `.dvc/tmp/rwlock`. Throws `busy` when DVC holds that lock, or one of the paths in that file. Both are done by the program
 * `flock`; where there is none we have only looked, which docs say. `signal` ends every wait.
 */
export async function guardAgainstDvc(
  project: Project,
  paths: GuardedPaths,
  { cmd, signal }: { cmd: string; signal: AbortSignal },
): Promise<DvcGuard> {
  const folder = path.join(project.root, '.dvc', 'tmp');
  const [lock, rwlock] = [path.join(folder, 'lock'), path.join(folder, 'rwlock')];
  const toAbsolute = (items: readonly string[]): string[] => items.map((item) => path.join(project.root, item));
  const info: Info = { pid: process.pid, cmd };
  await makeFolder(folder);
  let letGo = await holdLock(lock, WAIT_SECONDS, signal);
  try {
    await enter(rwlock, info, { read: toAbsolute(paths.read), write: toAbsolute(paths.write) }, signal);
  } catch (error) {
    await letGo?.();
    throw error;
  }
  return {
    async letGo() {
      await letGo?.();
      letGo = undefined;
    },
    async hold() {
      // Whatever DVC does meanwhile, it costs a wait and never a long stage that has just ended well.
      letGo ??= await holdLock(lock, undefined, signal);
    },
    async release() {
      // An entry that stays behind is soon one of a dead process, which DVC takes out by itself.
      await edit(rwlock, (entries) => removeOwn(entries, info)).catch(() => undefined);
      await letGo?.();
    },
  };
}

async function enter(file: string, info: Info, { read, write }: GuardedPaths, signal: AbortSignal): Promise<void> {
  const change = async (lock: RwLock): Promise<void> => {
    // A killed run of this process id, or of ours before it, left these behind.
    removeOwn(lock, info);
    await refuseBlockers(lock, read, write);
    for (const item of write) lock.write[item] = info;
    for (const item of read) (lock.read[item] ??= []).push(info);
  };
  if (!(await edit(file, change, signal))) await refuseBlockers(await readRwLock(file), read, write);
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
    if (await isAlive({ pid: info.pid, startTime: null })) throw busy(`pid ${info.pid}, "${info.cmd}"`);
  }
}

/** Edits the file under DVC's lock of it; false where there is no such thing. */
async function edit(
  file: string,
  change: (lock: RwLock) => Promise<void> | void,
  signal?: AbortSignal,
): Promise<boolean> {
  const letGo = await holdLock(`${file}.lock`, WAIT_SECONDS, signal);
  if (letGo === undefined) return false;
  try {
    const lock = await readRwLock(file);
    await change(lock);
    await writeFileAtomic(file, JSON.stringify(lock));
  } finally {
    await letGo();
  }
  return true;
}

async function readRwLock(file: string): Promise<RwLock> {
  try {
    const { read = {}, write = {} } = JSON.parse((await readTextIfExists(file)) ?? '{}') as Partial<RwLock>;
    const isSound = Object.values(write).every(isInfo) && Object.values(read).flat().every(isInfo);
    if (isSound && Object.values(read).every(Array.isArray)) return { read, write };
  } catch {
    // Damaged, as what has another shape: DVC itself refuses to work with it, so it holds nothing.
  }
  return { read: {}, write: {} };
}

function isInfo(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'pid' in value && Number.isSafeInteger(value.pid);
}

/** As long as DVC itself waits for its locks. */
const WAIT_SECONDS = 3;
const REFUSED = 75;

/**
 * Holds a lock as DVC does (`flock`) until the given function is called, or until this process is gone. Waits `seconds`, then throws
 * `busy`; without a limit it waits for as long as it takes. Undefined when `signal` came, and where there is no such program (macOS,
 * Windows).
 */
async function holdLock(
  file: string,
  seconds: number | undefined,
  signal?: AbortSignal,
): Promise<(() => Promise<void>) | undefined> {
  const limit = seconds === undefined ? [] : ['-w', String(seconds), '-E', String(REFUSED)];
  const holder = spawn('flock', ['-x', ...limit, file, 'cat'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    // Ctrl-C on a terminal is for us, and we still have the files of a stage to put in order.
    detached: true,
  });
  holder.stdin.on('error', () => undefined);
  // `cat` repeats it as soon as it is started, which is when the lock is held.
  holder.stdin.write('held');
  const ended = new Promise<number | null>((resolve) => {
    holder.once('error', () => resolve(null));
    holder.once('close', resolve);
  });
  const giveUp = (): void => void holder.kill();
  signal?.addEventListener('abort', giveUp);
  if (signal?.aborted === true) giveUp();
  const state = await Promise.race([once(holder.stdout, 'data').then(() => 'held' as const), ended]);
  signal?.removeEventListener('abort', giveUp);
  if (state === REFUSED) throw busy(`its lock ${file} is held${await describeHolder(file)}`);
  if (state !== 'held') {
    holder.stdin.end();
    return undefined;
  }
  return async () => {
    holder.stdin.end();
    await ended;
  };
}

/** DVC writes its process id into the lock that it holds. */
async function describeHolder(file: string): Promise<string> {
  const pid = /^\s*(\d+)\s*$/.exec((await readTextIfExists(file).catch(() => undefined)) ?? '')?.[1];
  return pid === undefined ? '' : ` by pid ${pid}`;
}

function busy(what: string): ExpectedError {
  return new ExpectedError('busy', `DVC works here: ${what}. Wait for it to end, or stop it.`);
}
