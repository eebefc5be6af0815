import { execFile, type ChildProcess } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Outcome } from '../../protocol/outcome.ts';

/** A process that can be told from a later one with the same pid. `startTime` is an opaque text of the system's. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startTime: string | null;
}

/** Elsewhere a pid alone has to do. */
export const knowsStartTimes = process.platform !== 'win32';

const GRACE_MS = 5000;

/** When `pid` was started, as the system tells it (clock ticks on Linux, a date elsewhere); null when it can't be known. */
export async function readStartTime(pid: number): Promise<string | null> {
  if (process.platform === 'linux') {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    // The second field is the program's name in parentheses and may hold anything; fields count from behind it.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  }
  if (process.platform === 'win32') return null;
  // The same text for whoever asks: two people's processes may run in different languages and time zones.
  const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC' };
  // Made here: a module of Node that few commands need is not loaded for all of them.
  const run = promisify(execFile);
  const { stdout } = await run('ps', ['-o', 'lstart=', '-p', String(pid)], { env }).catch(() => ({ stdout: '' }));
  return stdout.trim() === '' ? null : stdout.trim();
}

export async function identifySelf(): Promise<ProcessIdentity> {
  return { pid: process.pid, startTime: await readStartTime(process.pid) };
}

/** True when that very process still lives: a dead pid, a zombie, or a reused pid count as gone. */
export async function isAlive({ pid, startTime }: ProcessIdentity): Promise<boolean> {
  if (!isThere(pid)) return false;
  if (process.platform === 'linux' && (await isZombie(pid))) return false;
  const now = await readStartTime(pid);
  return startTime === null || now === null || now === startTime;
}

/**
 * As {@link isAlive}, but what can't be known counts as gone: asked of identities that only a file tells before anything is done to
 * them, because the file may be older than the process that has the pid now.
 */
export async function isCertainlyAlive(identity: ProcessIdentity): Promise<boolean> {
  const { pid, startTime } = identity;
  return startTime !== null && (await isAlive(identity)) && (await readStartTime(pid)) === startTime;
}

async function isZombie(pid: number): Promise<boolean> {
  return (await readStat(pid))?.state === 'Z';
}

/** State and process group of a process, where `/proc` tells them. */
async function readStat(pid: number): Promise<{ readonly state: string; readonly group: number } | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const [state = '', , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return group === undefined ? undefined : { state, group: Number(group) };
}

/**
 * Ends a process and everything it started: SIGTERM to its group (it must have been started `detached`), SIGKILL after 5 s to what
 * is left of it. The group counts, not its leader: a shell is gone at once while the program that it started still puts its things in
 * order. Resolves when all are gone or killed.
 */
export async function stopTree(identity: ProcessIdentity, graceMs = GRACE_MS): Promise<void> {
  // Nothing that we started, and its "group" would be everybody. Only a file that somebody else wrote names it.
  if (identity.pid <= 1) return;
  signalTree(identity.pid, 'SIGTERM');
  const deadline = performance.now() + graceMs;
  while (await isTreeAlive(identity)) {
    if (performance.now() >= deadline) {
      signalTree(identity.pid, 'SIGKILL');
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** As {@link stopTree}, and what has left the tree's group since but carries `mark`, see {@link stopMarked}. */
export async function stopMarkedTree(identity: ProcessIdentity, mark: string): Promise<void> {
  await Promise.all([stopTree(identity), stopMarked(mark, { outside: identity.pid })]);
  // What the tree started while it was ending.
  await stopMarked(mark);
}

/**
 * Ends every process that inherited the environment variable `mark` ('NAME=value'), wherever it went, but those of the group
 * `outside`, and tells how many they were. Linux only: elsewhere none is found.
 */
export async function stopMarked(mark: string, { outside }: { outside?: number } = {}): Promise<number> {
  const ended = new Set<number>();
  for (;;) {
    // What can't even be killed (it waits for a disk) is not waited for again.
    const found = (await findMarked(mark, outside)).filter(({ pid }) => !ended.has(pid));
    if (found.length === 0) return ended.size;
    await Promise.all(found.map((identity) => stopTree(identity)));
    for (const { pid } of found) ended.add(pid);
  }
}

async function findMarked(mark: string, outside: number | undefined): Promise<ProcessIdentity[]> {
  const found = await Promise.all(
    (await listPids()).map(async (pid) => {
      const environ = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
      if (pid === process.pid || !environ.split('\0').includes(mark)) return [];
      const isInside = outside !== undefined && (await readStat(pid))?.group === outside;
      return isInside ? [] : [{ pid, startTime: await readStartTime(pid) }];
    }),
  );
  return found.flat();
}

async function listPids(): Promise<number[]> {
  const names = await readdir('/proc').catch(() => [] as string[]);
  return names.filter((name) => /^\d+$/.test(name)).map(Number);
}

async function isTreeAlive(identity: ProcessIdentity): Promise<boolean> {
  return (await isAlive(identity)) || (await isGroupAlive(identity.pid));
}

/** True while a process of the group lives. No other process gets the id of a group that has members. */
async function isGroupAlive(group: number): Promise<boolean> {
  if (process.platform === 'win32' || !isThere(-group)) return false;
  if (process.platform !== 'linux') return true;
  // Nobody may have collected the dead of a leader that died before them.
  const stats = await Promise.all((await listPids()).map(readStat));
  return stats.some((stat) => stat?.group === group && stat.state !== 'Z');
}

/** True when there is such a process, or such a group for a negative id. */
function isThere(target: number): boolean {
  try {
    process.kill(target, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, but belongs to somebody else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Sends a signal to a process group, to the single process where there is no such group; silent when both are gone. */
function signalTree(pid: number, signal: NodeJS.Signals): void {
  if (process.platform === 'win32') {
    execFile('taskkill', ['/pid', String(pid), '/T', '/F'], () => undefined);
    return;
  }
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, signal);
      return;
    } catch {
      // No such group or process: the next target, or nothing left to end.
    }
  }
}

/** How a child ended, by the table of outcomes: a signal is never read as success. `stopped`: we asked it to end. */
export function waitForExit(child: ChildProcess, wasStopped: () => boolean = () => false): Promise<Outcome> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ kind: 'failed', reason: error.message }));
    child.once('close', (code, signal) => resolve(toOutcome(code, signal, wasStopped())));
  });
}

export function toOutcome(code: number | null, signal: string | null, wasStopped: boolean): Outcome {
  if (wasStopped) return { kind: 'stopped' };
  if (signal !== null) return { kind: 'killed', signal };
  if (code === 0) return { kind: 'succeeded' };
  // A shell reports its child's death by signal as 128 + number.
  if (code === 137) return { kind: 'killed', signal: 'SIGKILL' };
  return { kind: 'failed', reason: `exit code ${code ?? 'unknown'}` };
}
