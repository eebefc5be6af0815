import { spawn } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { ExpectedError, exitCodes } from '../../protocol/errors.ts';
import { exists } from '../files/files.ts';
import { installationEnvironment, type Installation } from '../installation/installation.ts';

export interface ExecRequest {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly installation: Installation;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * `node FILE ARG…` in the engine's Node: the same streams, the same exit code; a death by signal becomes 128 + its number, as shells
 * say it. Signals that reach us are handed on.
 */
export async function execute(request: ExecRequest, signal: AbortSignal): Promise<number> {
  const { file, args, cwd, installation, env } = request;
  const script = path.resolve(cwd, file);
  if (!(await exists(script))) throw new ExpectedError('missing-file', `There is no file ${script}.`);
  const child = spawn(installation.node, ['--disable-warning=ExperimentalWarning', script, ...args], {
    cwd,
    env: installationEnvironment(installation, env),
    stdio: 'inherit',
    windowsHide: true,
  });
  const handOn = (): void => {
    // Ctrl-C on a terminal reaches the child without us, and twice would be a second wish.
    if (signal.reason === 'SIGINT' && process.stdin.isTTY) return;
    child.kill(isSignal(signal.reason) ? signal.reason : 'SIGTERM');
  };
  signal.addEventListener('abort', handOn, { once: true });
  if (signal.aborted) handOn();
  try {
    const { code, killedBy } = await new Promise<{ code: number | null; killedBy: NodeJS.Signals | null }>(
      (resolve, reject) => {
        child.once('error', reject);
        child.once('close', (exitCode, exitSignal) => resolve({ code: exitCode, killedBy: exitSignal }));
      },
    );
    if (killedBy === null) return code ?? exitCodes.failed;
    return signal.aborted ? exitCodes.stopped : 128 + os.constants.signals[killedBy];
  } finally {
    signal.removeEventListener('abort', handOn);
  }
}

function isSignal(value: unknown): value is NodeJS.Signals {
  return typeof value === 'string' && value in os.constants.signals;
}
