import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { isMissing, readTextIfExists } from '../files/files.ts';
import type { ProcessIdentity } from '../processes/processes.ts';

// The folder of logs: each process that an editor has started leaves `<time>-<words>.log` there, who it is in `.json`, and how it
// ended in `.exit`.

const KEPT_LOGS = 50;

/** What stands beside each log, so that another engine thread can find the process again. */
export interface LogRecord extends ProcessIdentity {
  readonly command: string;
  readonly since: number;
}

/** A record as it was found. */
export interface Started extends LogRecord {
  /** The log beside the record: the text of a file must not choose what is shown. */
  readonly log: string;
  /** It has left its exit code. */
  readonly hasEnded: boolean;
}

/** Exit code that the process behind `log` left; null when it died without a word. */
export async function readExitCode(log: string): Promise<number | null> {
  const text = await readTextIfExists(exitFileOf(log));
  return text === undefined || !/^\d{1,3}\s*$/.test(text) ? null : Number(text);
}

/** Oldest first. */
export async function readRecords(logs: string): Promise<Started[]> {
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

export function exitFileOf(log: string): string {
  return log.replace(/\.log$/, '.exit');
}

export async function removeOldLogs(logs: string): Promise<void> {
  for (const stem of toStems(await listNames(logs)).slice(0, -KEPT_LOGS)) {
    for (const ending of ['log', 'exit', 'json']) await rm(path.join(logs, `${stem}.${ending}`), { force: true });
  }
}

export async function listNames(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
}
