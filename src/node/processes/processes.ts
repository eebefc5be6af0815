import { execFile, type ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Outcome } from '../../protocol/outcome.ts';

/** A process that can be told from a later one with the same pid. `startTime` is an opaque text of the system's. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startTime: string | null;
}

const GRACE_MS = 5000;
const run = promisify(execFile);

/** When `pid` was started, as the system tells it (clock ticks on Linux, a date elsewhere); null when it can't be known. */
export async function readStartTime(pid: number): Promise<string | null> {
  if (process.platform === 'linux') {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    // The second field is the program's name in parentheses and may hold anything; fields count from behind it.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  }
  if (process.platform === 'win32') return null;
  const { stdout } = await run('ps', ['-o', 'lstart=', '-p', String(pid)]).catch(() => ({ stdout: '' }));
  return stdout.trim() === '' ? null : stdout.trim();
}

export async function identifySelf(): Promise<ProcessIdentity> {
  return { pid: process.pid, startTime: await readStartTime(process.pid) };
}

/** True when that very process still lives: a dead pid, a zombie, or a reused pid count as gone. */
export async function isAlive({ pid, startTime }: ProcessIdentity): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives, but belongs to somebody else.
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false;
  }
  if (process.platform === 'linux' && (await isZombie(pid))) return false;
  const now = await readStartTime(pid);
  return startTime === null || now === null || now === startTime;
}

async function isZombie(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat.charAt(stat.lastIndexOf(')') + 2) === 'Z';
}

/**
 * Ends a process and everything it started: SIGTERM to its group (it must have been started `detached`), SIGKILL after 5 s.
 * Resolves when it is gone.
 */
export async function stopTree(identity: ProcessIdentity, graceMs = GRACE_MS): Promise<void> {
  signalTree(identity.pid, 'SIGTERM');
  const deadline = performance.now() + graceMs;
  while (performance.now() < deadline) {
    if (!(await isAlive(identity))) break;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  // Also when the leader is gone: members of its group may have ignored the first signal.
  signalTree(identity.pid, 'SIGKILL');
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
