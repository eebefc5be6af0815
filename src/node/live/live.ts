import { spawn } from 'node:child_process';
import { mkdir, open, stat } from 'node:fs/promises';
import path from 'node:path';
import type { LiveProcess } from '../../protocol/engine.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import { exitFileVariable } from '../exitfile/exitfile.ts';
import { readTextIfExists, writeFileAtomic } from '../files/files.ts';
import { installationEnvironment, type Installation } from '../installation/installation.ts';
import {
  isAlive,
  isCertainlyAlive,
  knowsStartTimes,
  readStartTime,
  stopTree,
  type ProcessIdentity,
} from '../processes/processes.ts';
import { ensurePrivateFolders, projectPaths, type Project } from '../project/project.ts';
import { fromRecord, listProcesses, parseId, toId } from './listing.ts';
import { listNames, readRecords, removeOldLogs, type LogRecord } from './records.ts';

export { followProject, type ProjectFollower } from './following.ts';
export { isProcessAlive, listProcesses } from './listing.ts';
export { followLog, type LogFollower } from './logs.ts';
export { readExitCode } from './records.ts';

/** First words of what may run detached; anything else has no business outliving a window. */
const startable: ReadonlySet<string> = new Set(['run', 'train', 'sweep', 'runs reproduce']);
const LARGEST_SEARCHED_BYTES = 16 * 1024 * 1024;
/** Logs name runs by the beginning of their id. */
const SHOWN_ID_LENGTH = 8;
/** A run process ends its own children within 5 s of SIGTERM; only then is it ended from outside. */
const LEADER_GRACE_MS = 7000;

/** Starts `mlops ARGUMENT…` in a process group of its own with its output in a log file; it outlives this thread. */
export async function startProcess(
  project: Project,
  args: readonly string[],
  { installation, env }: { installation: Installation; env: NodeJS.ProcessEnv },
): Promise<LiveProcess> {
  if (!startable.has(args[0] ?? '') && !startable.has(args.slice(0, 2).join(' ')))
    throw new ExpectedError('bad-arguments', `"mlops ${args.join(' ')}" can't run detached.`);
  await ensurePrivateFolders(project);
  const logs = projectPaths.logs(project);
  await mkdir(logs, { recursive: true });
  await removeOldLogs(logs);
  const since = Date.now();
  const stem = path.join(logs, `${new Date(since).toISOString().replaceAll(/[:.]/g, '-')}-${toFileName(args)}`);
  const log = `${stem}.log`;
  const pid = await spawnDetached([installation.cli, ...args, '--project', project.root], log, {
    node: installation.node,
    cwd: project.root,
    env: { ...installationEnvironment(installation, env), [exitFileVariable]: `${stem}.exit` },
  });
  const record: LogRecord = { pid, startTime: await readStartTime(pid), command: args.join(' '), since };
  await writeFileAtomic(`${stem}.json`, JSON.stringify(record));
  return fromRecord(record, log);
}

async function spawnDetached(
  args: readonly string[],
  log: string,
  { node, cwd, env }: { node: string; cwd: string; env: NodeJS.ProcessEnv },
): Promise<number> {
  const handle = await open(log, 'ax');
  try {
    const child = spawn(node, args, {
      cwd,
      env,
      detached: true,
      windowsHide: true,
      stdio: ['ignore', handle.fd, handle.fd],
    });
    await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject));
    child.unref();
    if (child.pid === undefined) throw new Error('A process that was started has no pid.');
    return child.pid;
  } finally {
    await handle.close();
  }
}

/**
 * Asks a process to stop, ends its tree when it does not, and resolves when it is gone; silent when it already is. Throws
 * `not-supported` when nothing says that the pid still belongs to that process.
 */
export async function stopProcess(project: Project, id: string): Promise<void> {
  const identity = parseId(id);
  const isOurs = (await listProcesses(project)).some((process) => process.id === id);
  if (identity === undefined || !isOurs) return;
  if (knowsStartTimes && !(await isCertainlyAlive(identity))) return refuseUnknown(identity);
  try {
    // First the leader alone: it tells its worker to stop, which keeps the model and the run's record whole.
    process.kill(identity.pid, 'SIGTERM');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
  const deadline = performance.now() + LEADER_GRACE_MS;
  while (performance.now() < deadline && (await isAlive(identity)))
    await new Promise((resolve) => setTimeout(resolve, 50));
  if (await isAlive(identity)) await stopTree(identity, 0);
}

async function refuseUnknown(identity: ProcessIdentity): Promise<void> {
  if (!(await isAlive(identity))) return;
  throw new ExpectedError(
    'not-supported',
    `Nothing says for certain that process ${identity.pid} is still the one that was started here. End it yourself if it is.`,
  );
}

/** The log of a process, also of one that has ended; undefined when it was not started from an editor. */
export async function findLog(project: Project, id: string): Promise<string | undefined> {
  return (await readRecords(projectPaths.logs(project))).findLast((record) => toId(record) === id)?.log;
}

/** The newest log, of ours or of a stage, that names the run; undefined when none is kept. */
export async function findRunLog(project: Project, runId: string): Promise<string | undefined> {
  const logs = projectPaths.logs(project);
  const names = (await listNames(logs)).filter((name) => name.endsWith('.log'));
  const found = await Promise.all(
    names.map(async (name) => {
      const file = path.join(logs, name);
      const { size, mtimeMs } = await stat(file);
      const text = size > LARGEST_SEARCHED_BYTES ? undefined : await readTextIfExists(file);
      return text?.includes(runId.slice(0, SHOWN_ID_LENGTH)) === true ? [{ file, mtimeMs }] : [];
    }),
  );
  return found.flat().sort((a, b) => b.mtimeMs - a.mtimeMs)[0]?.file;
}

function toFileName(args: readonly string[]): string {
  const words = args.filter((word) => !word.startsWith('-')).join('-');
  return words.replaceAll(/[^\w@.-]+/g, '-').slice(0, 80);
}
