import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import path from 'node:path';
import { readStartTime, stopTree } from '../processes/processes.ts';

/** Of what a program prints, this much of the end is kept: enough for its errors. */
const MAX_OUTPUT = 1 << 20;

export interface ToolResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program of the person's to its end. An aborted signal ends it with all that it started, and rejects with its reason. */
export async function runTool(
  command: string,
  args: readonly string[],
  { cwd, env, signal }: { cwd: string; env: NodeJS.ProcessEnv; signal: AbortSignal },
): Promise<ToolResult> {
  signal.throwIfAborted();
  const child = spawn(command, args, {
    cwd,
    env,
    detached: true,
    windowsHide: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      texts[name] = (texts[name] + chunk).slice(-MAX_OUTPUT);
    });
  const stop = async (): Promise<void> => {
    if (child.pid !== undefined) await stopTree({ pid: child.pid, startTime: await readStartTime(child.pid) });
  };
  const onAbort = (): void => void stop();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    signal.throwIfAborted();
    return { code, ...texts };
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** The first of the programs that a folder of PATH has, absolute; null where there is none. */
export async function findProgram(names: readonly string[], env: NodeJS.ProcessEnv): Promise<string | null> {
  const folders = (env['PATH'] ?? '').split(path.delimiter).filter((folder) => folder !== '');
  for (const name of names) {
    // A name with a folder in it is meant as it stands.
    const candidates = path.isAbsolute(name) ? [name] : folders.map((folder) => path.join(folder, name));
    for (const candidate of candidates) if (await isExecutable(candidate)) return candidate;
  }
  return null;
}

async function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}
