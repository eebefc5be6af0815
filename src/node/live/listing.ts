import type { LiveProcess } from '../../protocol/engine.ts';
import { exists } from '../files/files.ts';
import { listLiveHolders, type LockHolder } from '../locks/locks.ts';
import { isAlive, isCertainlyAlive, type ProcessIdentity } from '../processes/processes.ts';
import { projectPaths, type Project } from '../project/project.ts';
import { exitFileOf, readRecords, type LogRecord } from './records.ts';

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
  // This very process holds a lock for moments (Gitflow from the editor): never to be listed, and so never to be stopped.
  const others = holders.filter(({ pid }) => pid !== process.pid);
  const sweeps = new Set(others.filter(isSweep).map(toId));
  const isTrial = (holder: LockHolder): boolean => sweeps.has(toId(holder)) && !isSweep(holder);
  for (const holder of others.filter((candidate) => !isTrial(candidate))) {
    const id = toId(holder);
    const record = unended.findLast((candidate) => toId(candidate) === id);
    const known = byId.get(id) ?? (record === undefined ? undefined : fromRecord(record, record.log));
    byId.set(id, withLock(known, holder));
  }
  const trials = others.filter(isTrial).map((holder) => toTrial(byId.get(toId(holder)), holder));
  // What began in the same moment stays in this order: a sweep stands before its trials.
  return [...byId.values(), ...trials].sort((a, b) => a.since - b.since);
}

/** A sweep trains in its own process, which then holds the lock of its own run and that of each trial. */
function isSweep({ command }: LockHolder): boolean {
  return /^mlops sweep( |$)/.test(command);
}

function toTrial(sweep: LiveProcess | undefined, holder: LockHolder): LiveProcess {
  const since = Math.max(holder.since, sweep?.since ?? 0);
  return { ...withLock(undefined, holder), kind: 'trial', log: sweep?.log ?? null, since };
}

/** True while that very process lives and has left no exit code beside its `log`. */
export async function isProcessAlive(id: string, log?: string): Promise<boolean> {
  const identity = parseId(id);
  if (identity === undefined || (log !== undefined && (await exists(exitFileOf(log))))) return false;
  return isAlive(identity);
}

/** By the first word of the command. */
const kinds: ReadonlyMap<string, LiveProcess['kind']> = new Map([
  ['train', 'training'],
  ['sweep', 'sweep'],
  ['runs', 'other'],
]);

export function fromRecord(record: LogRecord, log: string): LiveProcess {
  const { pid, command, since } = record;
  const [word = '', ...rest] = command.split(' ');
  return {
    id: toId(record),
    pid,
    command,
    since,
    kind: kinds.get(word) ?? 'pipeline',
    stages: word === 'run' ? rest.filter((part) => !part.startsWith('-')) : [],
    runId: null,
    model: null,
    log,
    steering: null,
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
    kind: isSweep(holder)
      ? 'sweep'
      : runId !== null
        ? 'training'
        : Array.isArray(details['stages'])
          ? 'pipeline'
          : 'other',
    stages: Array.isArray(details['stages']) ? details['stages'].map(String) : [],
    runId,
    model: textOf(details, 'model'),
    log: null,
    steering: steeringOf(details),
  };
  if (known === undefined) return own;
  const kind = own.kind === 'other' ? known.kind : own.kind;
  const stages = own.stages.length === 0 ? known.stages : own.stages;
  return { ...own, id: known.id, command: known.command, since: known.since, log: known.log, kind, stages };
}

/** Null for a training without a socket: nobody can reach it. */
function steeringOf({ control, paused, steered }: LockHolder['details']): LiveProcess['steering'] {
  if (typeof control !== 'object' || control === null) return null;
  return { paused: paused === true, count: typeof steered === 'number' ? steered : 0 };
}

function textOf(details: LockHolder['details'], key: string): string | null {
  const value = details[key];
  return typeof value === 'string' ? value : null;
}

export function toId({ pid, startTime }: ProcessIdentity): string {
  return `${pid}:${startTime ?? ''}`;
}

export function parseId(id: string): ProcessIdentity | undefined {
  const match = /^(\d+):(.*)$/s.exec(id);
  if (match === null) return undefined;
  return { pid: Number(match[1]), startTime: match[2] === '' ? null : (match[2] ?? null) };
}
