import { createHash } from 'node:crypto';
import { link, open, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { ExpectedError } from '../../protocol/errors.ts';
import { diskError, hasCode, makeFolder, readTextIfExists, temporaryBeside, writeFileAtomic } from '../files/files.ts';
import { identifySelf, isAlive, type ProcessIdentity } from '../processes/processes.ts';

/** What a lock file tells about its holder; `details` is the capability's own (a run's id, a log file). */
export interface LockHolder extends ProcessIdentity {
  readonly command: string;
  /** Milliseconds since 1970. */
  readonly since: number;
  readonly details: Readonly<Record<string, unknown>>;
}

export interface Lock {
  readonly file: string;
  /** Tells other details from now on. Not to be called once it is being released. */
  update(details: Readonly<Record<string, unknown>>): Promise<void>;
  release(): Promise<void>;
}

/**
 * Takes the lock `file` for this process, or throws `busy` naming the live holder. The file appears whole (written beside,
 * then hard-linked, which fails when there is one), so nobody ever reads half a lock; a dead holder's is taken over.
 */
export async function takeLock(
  file: string,
  command: string,
  details: Readonly<Record<string, unknown>> = {},
): Promise<Lock> {
  const holder: LockHolder = { ...(await identifySelf()), command, since: Date.now(), details };
  const temporary = temporaryBeside(file);
  await makeFolder(path.dirname(file));
  try {
    const handle = await open(temporary, 'wx');
    await handle.writeFile(JSON.stringify(holder)).finally(() => handle.close());
    await acquire(file, temporary);
    return {
      file,
      update: (changed) => writeFileAtomic(file, JSON.stringify({ ...holder, details: changed })),
      release: () => rm(file, { force: true }),
    };
  } catch (error) {
    throw diskError(error, file);
  } finally {
    await rm(temporary, { force: true });
  }
}

const PATIENCE_MS = 10_000;
const ASK_AGAIN_MS = 20;

/** As {@link takeLock}, for work of a moment: waits for the one before it, ten seconds at most. */
export async function waitForLock(file: string, command: string): Promise<Lock> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await takeLock(file, command);
    } catch (error) {
      const isBusy = error instanceof ExpectedError && error.code === 'busy';
      if (!isBusy || performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
    }
  }
}

/** Links `temporary` to the place of the lock, or throws `busy`. */
async function acquire(file: string, temporary: string): Promise<void> {
  for (;;) {
    if (await tryLink(temporary, file)) return;
    const text = await readTextIfExists(file);
    if (text === undefined) continue;
    const other = await findLive(text);
    if (other !== undefined) throw busy(other);
    if (await takeOver(file, text, temporary)) return;
  }
}

/**
 * Takes a dead holder's lock over. Who looks and who acts must be one process: between the two another one may have taken the lock,
 * which is then alive. So the right to replace this very text is a lock itself, which can be left behind and taken over as any other.
 * False when the lock is another one by now.
 */
async function takeOver(file: string, dead: string, temporary: string): Promise<boolean> {
  const right = temporaryBeside(file, createHash('sha256').update(dead).digest('hex').slice(0, 24));
  await acquire(right, temporary);
  try {
    if ((await readTextIfExists(file)) !== dead) return false;
    const own = temporaryBeside(file);
    await link(temporary, own);
    await rename(own, file);
    return true;
  } finally {
    await rm(right, { force: true });
  }
}

/** The live holder of a lock, or undefined: no file, an unreadable one, or one whose process is gone. */
export async function readLiveHolder(file: string): Promise<LockHolder | undefined> {
  const text = await readTextIfExists(file);
  return text === undefined ? undefined : findLive(text);
}

async function findLive(text: string): Promise<LockHolder | undefined> {
  const holder = parseHolder(text);
  return holder !== undefined && (await isAlive(holder)) ? holder : undefined;
}

/** The live holders of all locks in a folder, with their files. */
export async function listLiveHolders(folder: string): Promise<(LockHolder & { file: string })[]> {
  const names = await readdir(folder).catch(() => [] as string[]);
  const files = names.filter((name) => name.endsWith('.json')).map((name) => path.join(folder, name));
  const holders = await Promise.all(files.map(async (file) => ({ file, holder: await readLiveHolder(file) })));
  return holders.flatMap(({ file, holder }) => (holder === undefined ? [] : [{ ...holder, file }]));
}

function parseHolder(text: string): LockHolder | undefined {
  try {
    const { pid, startTime = null, command = '', since = 0, details } = JSON.parse(text) as Partial<LockHolder>;
    if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid <= 0) return undefined;
    const known = typeof details === 'object' && (details as unknown) !== null ? details : {};
    return { pid, startTime, command, since, details: known };
  } catch {
    // Not written by us, or cut by a dying disk: nobody holds it.
    return undefined;
  }
}

async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

function busy(holder: LockHolder): ExpectedError {
  return new ExpectedError(
    'busy',
    `Another process works here: pid ${holder.pid}, "${holder.command}". Wait for it to end, or stop it.`,
  );
}
