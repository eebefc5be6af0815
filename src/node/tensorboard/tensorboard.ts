import { createHash } from 'node:crypto';
import { open, readdir } from 'node:fs/promises';
import path from 'node:path';
import { addEvent, createEventLog, readRecords, type EventLog } from '../../core/tensorboard/tensorboard.ts';
import { toGatheredRun, type Gathered, type GatheredRun } from '../../core/tracking/tracking.ts';
import type { UnreadableRun } from '../../protocol/tracking.ts';
import { diskError, isMissing } from '../files/files.ts';

// TensorBoard's way to keep runs: each folder with event files is one. Files only grow, so that what was read of them is kept and only new
// bytes are read again.

const DEEPEST = 12;
const MOST_FOLDERS = 20_000;
const READ_AT_ONCE = 8 << 20;
/** A record longer than a piece makes the piece grow, up to here: an event with a big picture or graph. */
const LONGEST_PIECE = 1 << 30;
/** Enough to hold the checksum of the last record. */
const TAIL = 32;
const ignored: ReadonlySet<string> = new Set(['node_modules', '.git', '.dvc', '.mlops', '__pycache__']);

/** True for the files that TensorBoard reads. */
function isEventFile(name: string): boolean {
  return name.includes('tfevents') && !name.endsWith('.profile-empty');
}

/** True when a folder, or one below it, holds event files. */
export async function holdsEvents(root: string): Promise<boolean> {
  return (await findFolders(root, 1)).length > 0;
}

/** All runs below a folder. */
export async function gatherEventRuns(root: string): Promise<Gathered> {
  const runs: GatheredRun[] = [];
  const unreadable: UnreadableRun[] = [];
  const warnings: UnreadableRun[] = [];
  for (const { folder, files } of await findFolders(root, MOST_FOLDERS)) {
    const runId = idOf(folder);
    try {
      const { log, troubles } = await followerOf(folder).read(files);
      runs.push(toRun(root, folder, log));
      warnings.push(...troubles.map(({ file, message }) => ({ runId, file, message })));
    } catch (error) {
      const told = diskError(error, folder);
      unreadable.push({ runId, file: folder, message: told instanceof Error ? told.message : String(told) });
    }
  }
  return { runs, unreadable, warnings };
}

function toRun(root: string, folder: string, log: EventLog): GatheredRun {
  const hasEvents = Number.isFinite(log.firstTime);
  return toGatheredRun({
    runId: idOf(folder),
    name: path.relative(root, folder).split(path.sep).join('/') || path.basename(root),
    experiment: path.basename(root),
    startTime: hasEvents ? log.firstTime : 0,
    endTime: hasEvents ? log.lastTime : null,
    params: Object.fromEntries(log.hparams),
    tags: {},
    artifacts: folder,
    points: log.scalars,
  });
}

/** The same for one folder as long as it stays where it is. */
function idOf(folder: string): string {
  return createHash('md5').update(`tensorboard ${folder}`).digest('hex');
}

interface EventFolder {
  readonly folder: string;
  /** In the order in which they are to be read. */
  readonly files: readonly string[];
}

/** Links are not followed: a tree of logs may lead anywhere, and in circles. */
async function findFolders(root: string, most: number): Promise<readonly EventFolder[]> {
  const found: EventFolder[] = [];
  const queue: { readonly folder: string; readonly depth: number }[] = [{ folder: root, depth: 0 }];
  let seen = 0;
  for (
    let next = queue.shift();
    next !== undefined && found.length < most && seen < MOST_FOLDERS;
    next = queue.shift()
  ) {
    const { folder, depth } = next;
    seen += 1;
    const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
      // Gone since it was seen, or not ours to look into; the root itself is another matter.
      if (depth > 0 || isMissing(error)) return [];
      throw error;
    });
    const files = entries
      .filter((entry) => entry.isFile() && isEventFile(entry.name))
      .map(({ name }) => path.join(folder, name));
    if (files.length > 0) found.push({ folder, files: files.sort() });
    const below = entries.filter((entry) => entry.isDirectory() && !ignored.has(entry.name)).map(({ name }) => name);
    if (depth < DEEPEST)
      queue.push(...below.sort().map((name) => ({ folder: path.join(folder, name), depth: depth + 1 })));
  }
  return found;
}

interface Trouble {
  readonly file: string;
  readonly message: string;
}

/** How far a file has been read. */
interface Progress {
  offset: number;
  /** The last bytes before the offset, by which the file is known again. */
  tail: Buffer;
  damaged: number;
  isLost: boolean;
}

/** One run, read as far as its files went; only new bytes are read the next time. */
class RunFollower {
  #log = createEventLog();
  readonly #progress = new Map<string, Progress>();
  #turn: Promise<unknown> = Promise.resolve();

  /** Calls may overlap: they are carried out one after the other. */
  read(files: readonly string[]): Promise<{ readonly log: EventLog; readonly troubles: readonly Trouble[] }> {
    const reading = this.#turn.then(() => this.#read(files));
    this.#turn = reading.catch(() => undefined);
    return reading;
  }

  async #read(files: readonly string[]): Promise<{ readonly log: EventLog; readonly troubles: readonly Trouble[] }> {
    if (!(await this.#isSame(files))) {
      this.#log = createEventLog();
      this.#progress.clear();
    }
    for (const file of files) await this.#readFile(file);
    return { log: this.#log, troubles: this.#troubles() };
  }

  /** False when what was read is no longer there: a file that is gone, another one of its name, or one that was cut. */
  async #isSame(files: readonly string[]): Promise<boolean> {
    for (const [file, { offset, tail }] of this.#progress)
      if (!files.includes(file) || !(await readBefore(file, offset, tail.length)).equals(tail)) return false;
    return true;
  }

  async #readFile(file: string): Promise<void> {
    const handle = await open(file, 'r');
    try {
      const { size } = await handle.stat();
      const progress = this.#progress.get(file) ?? { offset: 0, tail: Buffer.alloc(0), damaged: 0, isLost: false };
      this.#progress.set(file, progress);
      let piece = READ_AT_ONCE;
      while (progress.offset < size && !progress.isLost) {
        const length = Math.min(piece, size - progress.offset);
        const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, progress.offset);
        const reading = readRecords(buffer.subarray(0, bytesRead));
        for (const record of reading.records) addEvent(this.#log, record);
        progress.offset += reading.length;
        if (reading.length > 0)
          progress.tail = Buffer.from(buffer.subarray(Math.max(0, reading.length - TAIL), reading.length));
        progress.damaged += reading.damaged;
        progress.isLost = reading.isLost;
        if (reading.length > 0) piece = READ_AT_ONCE;
        else if (length < piece || piece >= LONGEST_PIECE) return;
        else piece *= 4;
      }
    } finally {
      await handle.close();
    }
  }

  #troubles(): readonly Trouble[] {
    return [...this.#progress].flatMap(([file, { offset, damaged, isLost }]) => {
      if (isLost)
        return [
          { file, message: `It can't be read beyond byte ${offset}: the length of the record there is damaged.` },
        ];
      if (damaged > 0) return [{ file, message: `${damaged} of its records are damaged and left out.` }];
      return [];
    });
  }
}

/** Fewer bytes, or none, where there are not so many any more. */
async function readBefore(file: string, end: number, length: number): Promise<Buffer> {
  const handle = await open(file, 'r').catch(() => undefined);
  if (handle === undefined) return Buffer.alloc(0);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, end - length);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** Kept for the process: a window asks again with every change. */
const followers = new Map<string, RunFollower>();

function followerOf(folder: string): RunFollower {
  const known = followers.get(folder) ?? new RunFollower();
  followers.set(folder, known);
  return known;
}
