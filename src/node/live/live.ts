import { spawn } from 'node:child_process';
import { mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { LiveProcess } from '../../protocol/engine.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import { exitFileVariable } from '../exitfile/exitfile.ts';
import { isMissing, readTextIfExists, writeFileAtomic } from '../files/files.ts';
import { installationEnvironment, type Installation } from '../installation/installation.ts';
import { listLiveHolders, type LockHolder } from '../locks/locks.ts';
import { isAlive, readStartTime, stopTree, type ProcessIdentity } from '../processes/processes.ts';
import { ensurePrivateFolders, projectPaths, type Project } from '../project/project.ts';

export { followProject, type ProjectFollower } from './following.ts';
export { followLog, type LogFollower } from './logs.ts';

/** First words that may run detached; anything else has no business outliving a window. */
const startable: ReadonlySet<string> = new Set(['run', 'train']);
const KEPT_LOGS = 50;
const LARGEST_SEARCHED_BYTES = 16 * 1024 * 1024;
/** Logs name runs by the beginning of their id. */
const SHOWN_ID_LENGTH = 8;
/** A run process ends its own children within 5 s of SIGTERM; only then is it ended from outside. */
const LEADER_GRACE_MS = 7000;

/** What stands beside each log, so that another engine thread can find the process again. */
interface LogRecord extends ProcessIdentity {
  readonly command: string;
  readonly since: number;
  readonly log: string;
}

/** Starts `mlops ARGUMENT…` in a process group of its own with its output in a log file; it outlives this thread. */
export async function startProcess(
  project: Project,
  args: readonly string[],
  { installation, env }: { installation: Installation; env: NodeJS.ProcessEnv },
): Promise<LiveProcess> {
  if (!startable.has(args[0] ?? ''))
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
    env: { ...installationEnvironment(installation, env), [exitFileVariable]: `${stem}.exit`, MLOPS_LOG_FILE: log },
  });
  const record: LogRecord = { pid, startTime: await readStartTime(pid), command: args.join(' '), since, log };
  await writeFileAtomic(`${stem}.json`, JSON.stringify(record));
  return fromRecord(record);
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

/** Everything that executes in the project right now: holders of its locks, and what was started from an editor. */
export async function listProcesses(project: Project): Promise<LiveProcess[]> {
  const [records, holders] = await Promise.all([
    readRecords(projectPaths.logs(project)),
    listLiveHolders(projectPaths.locks(project)),
  ]);
  const living = await Promise.all(records.map(async (record) => ((await isAlive(record)) ? [record] : [])));
  const byPid = new Map(living.flat().map((record) => [record.pid, fromRecord(record)]));
  for (const holder of holders) {
    // This very process holds a lock for moments (Gitflow from the editor): never to be listed, and so never to be stopped.
    if (holder.pid !== process.pid) byPid.set(holder.pid, withLock(byPid.get(holder.pid), holder));
  }
  return [...byPid.values()].sort((a, b) => a.since - b.since);
}

/** Asks a process to stop, ends its tree when it does not, and resolves when it is gone; silent when it already is. */
export async function stopProcess(project: Project, id: string): Promise<void> {
  const identity = parseId(id);
  const isOurs = (await listProcesses(project)).some((process) => process.id === id);
  if (identity === undefined || !isOurs) return;
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

/** Exit code that the process behind `log` left; null when it died without a word. */
export async function readExitCode(log: string): Promise<number | null> {
  const text = await readTextIfExists(log.replace(/\.log$/, '.exit'));
  return text === undefined || !/^\d{1,3}\s*$/.test(text) ? null : Number(text);
}

/** True while that very process lives. */
export async function isProcessAlive(id: string): Promise<boolean> {
  const identity = parseId(id);
  return identity !== undefined && isAlive(identity);
}

/** The log of a process, also of one that has ended; undefined when it was not started from an editor. */
export async function findLog(project: Project, id: string): Promise<string | undefined> {
  return (await readRecords(projectPaths.logs(project))).find((record) => toId(record) === id)?.log;
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

function fromRecord(record: LogRecord): LiveProcess {
  const { pid, command, since, log } = record;
  const [word = '', ...rest] = command.split(' ');
  return {
    id: toId(record),
    pid,
    command,
    since,
    kind: word === 'train' ? 'training' : 'pipeline',
    stages: word === 'run' ? rest.filter((part) => !part.startsWith('-')) : [],
    runId: null,
    model: null,
    log,
  };
}

/** What a lock tells, over what the log's record told. */
function withLock(known: LiveProcess | undefined, holder: LockHolder): LiveProcess {
  const { details } = holder;
  const runId = textOf(details, 'runId');
  const own: LiveProcess = {
    id: toId(holder),
    pid: holder.pid,
    command: holder.command,
    since: holder.since,
    kind: runId !== null ? 'training' : Array.isArray(details['stages']) ? 'pipeline' : 'other',
    stages: Array.isArray(details['stages']) ? details['stages'].map(String) : [],
    runId,
    model: textOf(details, 'model'),
    log: textOf(details, 'log') ?? textOf(details, 'logFile'),
  };
  if (known === undefined) return own;
  const kind = own.kind === 'other' ? known.kind : own.kind;
  const stages = own.stages.length === 0 ? known.stages : own.stages;
  return { ...own, id: known.id, command: known.command, since: known.since, log: known.log, kind, stages };
}

function textOf(details: LockHolder['details'], key: string): string | null {
  const value = details[key];
  return typeof value === 'string' ? value : null;
}

function toId({ pid, startTime }: ProcessIdentity): string {
  return `${pid}:${startTime ?? ''}`;
}

function parseId(id: string): ProcessIdentity | undefined {
  const match = /^(\d+):(.*)$/s.exec(id);
  if (match === null) return undefined;
  return { pid: Number(match[1]), startTime: match[2] === '' ? null : (match[2] ?? null) };
}

async function readRecords(logs: string): Promise<LogRecord[]> {
  const names = await listNames(logs);
  const texts = await Promise.all(
    names.filter((name) => name.endsWith('.json')).map((name) => readTextIfExists(path.join(logs, name))),
  );
  return texts.flatMap((text) => (text === undefined ? [] : parseRecord(text)));
}

function parseRecord(text: string): LogRecord[] {
  try {
    const { pid, startTime = null, command = '', since = 0, log } = JSON.parse(text) as Partial<LogRecord>;
    return Number.isSafeInteger(pid) && pid !== undefined && pid > 0 && typeof log === 'string'
      ? [{ pid, startTime, command, since, log }]
      : [];
  } catch {
    // Not ours: other tools may keep logs in this folder too.
    return [];
  }
}

async function removeOldLogs(logs: string): Promise<void> {
  const stems = (await listNames(logs)).filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -5));
  // Names begin with the time, so their order is that of age.
  for (const stem of stems.sort().slice(0, -KEPT_LOGS)) {
    for (const ending of ['log', 'exit', 'json']) await rm(path.join(logs, `${stem}.${ending}`), { force: true });
  }
}

async function listNames(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
}

function toFileName(args: readonly string[]): string {
  const words = args.filter((word) => !word.startsWith('-')).join('-');
  return words.replaceAll(/[^\w@.-]+/g, '-').slice(0, 80);
}
