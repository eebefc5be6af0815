import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { TestProject } from './bench.ts';

/** Whether a program is here, with the right to use it; tests that need it are skipped otherwise, and counted as such. */
export function can(...command: string[]): boolean {
  try {
    execFileSync(command[0] ?? '', command.slice(1), { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** A question mark: not every machine has each of them. */
const CALLS = ['rename', 'link', 'unlink', 'rmdir', 'mkdir', 'fsync', 'unlinkat'].map((call) => `?${call}`);
const MOST_CALLS = 100;

export interface Swept {
  /** Bundle of the command line. */
  readonly cli: string;
  readonly project: TestProject;
  readonly args: readonly string[];
  /** Brings the project back to how the command finds it. */
  readonly prepare: () => Promise<void>;
}

/**
 * Runs a command again and again, ended by SIGKILL at its first, second, third … call of each kind that changes the disk, until it
 * makes no more of them. Returns how many times it was killed.
 */
export async function sweep(swept: Swept, check: (killed: boolean) => Promise<void>): Promise<number> {
  let kills = 0;
  for (const call of CALLS) {
    for (let n = 1; n < MOST_CALLS; n += 1) {
      await swept.prepare();
      const killed = await isKilledAt(call, n, swept);
      await check(killed);
      if (!killed) break;
      kills += 1;
    }
  }
  return kills;
}

async function isKilledAt(call: string, n: number, { cli, project, args }: Swept): Promise<boolean> {
  const inject = `inject=${call}:signal=SIGKILL:when=${n}`;
  const options = ['-f', '-qq', '-o', '/dev/null', '-e', `trace=${call}`, '-e', inject];
  const traced = [...options, process.execPath, cli, ...args];
  // Calls are counted thread by thread; with few threads nearly all of them are one after the other.
  const env = { ...project.env, UV_THREADPOOL_SIZE: '1' };
  const child = spawn('strace', traced, { cwd: project.root, env, stdio: 'ignore' });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return code !== 0 || signal !== null;
}
