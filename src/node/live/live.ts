import { spawn } from 'node:child_process';
import { mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { LiveProcess } from '../../protocol/engine.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import { exitFileVariable } from '../exitfile/exitfile.ts';
import { exists, isMissing, readTextIfExists, writeFileAtomic } from '../files/files.ts';
import { installationEnvironment, type Installation } from '../installation/installation.ts';
import { listLiveHolders, type LockHolder } from '../locks/locks.ts';
import {
  isAlive,
  isCertainlyAlive,
  knowsStartTimes,
  readStartTime,
  stopTree,
  type ProcessIdentity,
} from '../processes/processes.ts';
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
}

/** A record as it was found. */
interface Started extends LogRecord {
  /** The log beside the record: the text of a file must not choose what is shown. */
  readonly log: string;
  /** It has left its exit code. */
  readonly hasEnded: boolean;
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
 * Everything that executes in the project right now: holders of its locks, and what was started from an editor. Records of ended
 * processes are kept with their logs, so one counts only while its process certainly lives, or holds a lock as well.
 */
export async function listProcesses(project: Project): Promise<LiveProcess[]> {
  const [records, holders] = await Promise.all([
    readRecords(projectPaths.logs(project)),
    listLiveHolders(projectPaths.locks(project)),
  ]);
  const unended = records.filter(({ hasEnded }) => !hasEnded);
  const living = await Promise.all(unended.map(async (record) => ((await isCertainlyAlive(record)) ? [record] : [])));
  const byId = new Map(living.flat().map((record) => [toId(record), fromRecord(record, record.log)]));
  for (const holder of holders) {
    // This very process holds a lock for moments (Gitflow from the editor): never to be listed, and so never to be stopped.
    if (holder.pid === process.pid) continue;
    const id = toId(holder);
    const record = unended.findLast((candidate) => toId(candidate) === id);
    const known = byId.get(id) ?? (record === undefined ? undefined : fromRecord(record, record.log));
    byId.set(id, withLock(known, holder));
  }
  return [...byId.values()].sort((a, b) => a.since - b.since);
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

/** Exit code that the process behind `log` left; null when it died without a word. */
export async function readExitCode(log: string): Promise<number | null> {
  const text = await readTextIfExists(exitFileOf(log));
  return text === undefined || !/^\d{1,3}\s*$/.test(text) ? null : Number(text);
}

/** True while that very process lives and has left no exit code beside its `log`. */
export async function isProcessAlive(id: string, log?: string): Promise<boolean> {
  const identity = parseId(id);
  if (identity === undefined || (log !== undefined && (await exists(exitFileOf(log))))) return false;
  return isAlive(identity);
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

function fromRecord(record: LogRecord, log: string): LiveProcess {
  const { pid, command, since } = record;
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
    log: null,
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

/** Oldest first. */
async function readRecords(logs: string): Promise<Started[]> {
  const names = new Set(await listNames(logs));
  const records = await Promise.all(
    toStems(names).map(async (stem) => {
      const text = await readTextIfExists(path.join(logs, `${stem}.json`));
      const log = path.join(logs, `${stem}.log`);
      return parseRecord(text ?? '').map((record) => ({ ...record, log, hasEnded: names.has(`${stem}.exit`) }));
    }),
  );
  return records.flat();
}

function parseRecord(text: string): LogRecord[] {
  try {
    const { pid, startTime, command, since } = JSON.parse(text) as Partial<Record<keyof LogRecord, unknown>>;
    if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid <= 0) return [];
    return [
      {
        pid,
        startTime: typeof startTime === 'string' ? startTime : null,
        command: typeof command === 'string' ? command : '',
        since: typeof since === 'number' ? since : 0,
      },
    ];
  } catch {
    // Not ours: other tools may keep logs in this folder too.
    return [];
  }
}

/** Names begin with the time, so their order is that of age. */
function toStems(names: Iterable<string>): string[] {
  return [...names]
    .filter((name) => name.endsWith('.json'))
    .map((name) => name.slice(0, -'.json'.length))
    .sort();
}

function exitFileOf(log: string): string {
  return log.replace(/\.log$/, '.exit');
}

async function removeOldLogs(logs: string): Promise<void> {
  for (const stem of toStems(await listNames(logs)).slice(0, -KEPT_LOGS)) {
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
