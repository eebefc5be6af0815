import { spawn } from 'node:child_process';
import { open, rm } from 'node:fs/promises';
import path from 'node:path';
import type { GateSettings, ProgramEnd } from '../../core/gitflow/gitflow.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import { makeFolder, readTextIfExists, writeFileAtomic } from '../files/files.ts';
import {
  identifySelf,
  isAlive,
  isCertainlyAlive,
  readStartTime,
  stopTree,
  type ProcessIdentity,
} from '../processes/processes.ts';

// Lint and tests of a project as gates: how they are run, and at which commit they have passed.

interface Run {
  readonly root: string;
  readonly gitDirectory: string;
  readonly name: string;
  readonly settings: GateSettings;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal | undefined;
}

/** Runs it to its end, at most as long as the settings allow; what it prints goes into a file that stays. Throws `stopped`. */
export async function runProgram(
  [command, ...args]: readonly [string, ...string[]],
  { root, gitDirectory, name, settings, env, signal }: Run,
): Promise<ProgramEnd> {
  const log = path.join(gitDirectory, 'mlops', 'gates', `${name}.log`);
  await makeFolder(path.dirname(log));
  const file = await open(log, 'w');
  const common = { command: [command, ...args].join(' '), timeout: settings.timeout, log };
  try {
    const child = spawn(command, args, {
      cwd: root,
      // A process around us may have pointed git elsewhere. CI tells test runners that nobody watches.
      env: { CI: 'true', ...env, GIT_DIR: undefined, GIT_WORK_TREE: undefined, GIT_INDEX_FILE: undefined },
      // npm is a script on Windows, which needs a shell; the words are our own.
      shell: process.platform === 'win32',
      detached: process.platform !== 'win32',
      windowsHide: true,
      stdio: ['ignore', file.fd, file.fd],
    });
    const stop = async (): Promise<void> => {
      if (child.pid !== undefined) await stopTree({ pid: child.pid, startTime: await readStartTime(child.pid) });
    };
    const noting = noteRunning(gitDirectory, name, child.pid).catch(async (error: unknown) => {
      await stop();
      throw error;
    });
    const [ended] = await Promise.all([waitFor(child, settings.timeout * 1000, stop, signal), noting]);
    return { ...common, ...ended };
  } finally {
    await rm(runningFile(gitDirectory, name), { force: true });
    await file.close();
  }
}

function runningFile(gitDirectory: string, name: string): string {
  return path.join(gitDirectory, 'mlops', 'gates', `${name}.running`);
}

/** Whoever comes after a kill of ours ends what has outlived us. */
async function noteRunning(gitDirectory: string, name: string, pid: number | undefined): Promise<void> {
  if (pid === undefined) return;
  const program: ProcessIdentity = { pid, startTime: await readStartTime(pid) };
  const text = JSON.stringify({ program, owner: await identifySelf() });
  await writeFileAtomic(runningFile(gitDirectory, name), `${text}\n`);
}

/** Ends lint and tests whose finish was killed: they would go on in the tree that the next action changes. */
export async function endOrphans(gitDirectory: string): Promise<void> {
  for (const name of ['lint', 'tests']) {
    const file = runningFile(gitDirectory, name);
    const noted = parseRunning((await readTextIfExists(file)) ?? '');
    if (noted === undefined || (await isAlive(noted.owner))) continue;
    if (await isCertainlyAlive(noted.program)) await stopTree(noted.program);
    await rm(file, { force: true });
  }
}

function parseRunning(
  text: string,
): { readonly program: ProcessIdentity; readonly owner: ProcessIdentity } | undefined {
  const identity = '\\{"pid":(\\d+),"startTime":(?:"([^"\\\\]*)"|null)\\}';
  const found = new RegExp(`^\\{"program":${identity},"owner":${identity}\\}\\n$`).exec(text);
  if (found === null) return undefined;
  const [, program, programStart, owner, ownerStart] = found;
  return {
    program: { pid: Number(program), startTime: programStart ?? null },
    owner: { pid: Number(owner), startTime: ownerStart ?? null },
  };
}

async function waitFor(
  child: ReturnType<typeof spawn>,
  milliseconds: number,
  stop: () => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<Pick<ProgramEnd, 'how' | 'reason'>> {
  const late = new AbortController();
  const timer = setTimeout(() => {
    late.abort();
    void stop();
  }, milliseconds);
  const onAbort = (): void => void stop();
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    const ended = await new Promise<Pick<ProgramEnd, 'how' | 'reason'>>((resolve) => {
      child.once('error', (error) => resolve({ how: 'not-started', reason: error.message }));
      child.once('close', (code, killer) =>
        resolve(
          code === 0
            ? { how: 'succeeded', reason: '' }
            : { how: 'failed', reason: killer ?? `exit code ${code ?? ''}` },
        ),
      );
    });
    if (signal?.aborted === true) throw new ExpectedError('stopped', 'Stopped before anything was changed.');
    return late.signal.aborted ? { how: 'timed-out', reason: '' } : ended;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}

/** A program that has passed in a clean tree of a commit. */
interface Passed {
  readonly gitDirectory: string;
  /** Folder in which it ran: a repository may hold several projects. */
  readonly root: string;
  readonly commit: string;
  readonly name: string;
  readonly command: string;
}

/** True when it has; what was looked at a moment ago need not be run again for the finish. */
export async function recallPassed(passed: Passed): Promise<boolean> {
  return (await readTextIfExists(passedFile(passed))) === toLine(passed);
}

export async function rememberPassed(passed: Passed): Promise<void> {
  await writeFileAtomic(passedFile(passed), toLine(passed));
}

function passedFile({ gitDirectory, name }: Passed): string {
  return path.join(gitDirectory, 'mlops', 'gates', `${name}.passed`);
}

function toLine({ commit, root, command }: Passed): string {
  return `${commit} ${JSON.stringify(root)} ${command}\n`;
}
