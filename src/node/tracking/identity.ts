import os from 'node:os';
import path from 'node:path';
import { identifySelf, isAlive, type ProcessIdentity } from '../processes/processes.ts';
import { tryReadFile } from './entries.ts';

/** The process that writes a run, kept beside its `meta.yaml` (MLflow overlooks the file), so that a lost run can be told. */
export interface Writer extends ProcessIdentity {
  readonly host: string;
}

const FILE_NAME = 'writer.json';

export function writerFile(runFolder: string): string {
  return path.join(runFolder, FILE_NAME);
}

export async function identifyWriter(): Promise<Writer> {
  return { ...(await identifySelf()), host: os.hostname() };
}

/** Undefined for runs of other programs: nothing is known about their writers. */
export function readWriter(runFolder: string): Writer | undefined {
  const { text } = tryReadFile(writerFile(runFolder));
  if (text === undefined) return undefined;
  try {
    const { pid, startTime = null, host = '' } = JSON.parse(text) as Partial<Writer>;
    return typeof pid === 'number' && Number.isSafeInteger(pid) && pid > 0 ? { pid, startTime, host } : undefined;
  } catch {
    // Cut by a dying disk: as if it were not there.
    return undefined;
  }
}

/** False when it lives, and when nothing can be known: another machine's process, another program's run. */
export async function isWriterGone(writer: Writer | undefined): Promise<boolean> {
  if (writer?.host !== os.hostname()) return false;
  return !(await isAlive(writer));
}
