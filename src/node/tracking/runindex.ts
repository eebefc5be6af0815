import { createHash } from 'node:crypto';
import { readFileSync, statSync, type Stats } from 'node:fs';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import type { MetricPoint, MetricSummary } from '../../protocol/tracking.ts';
import { writeFileAtomic } from '../files/files.ts';
import type { RunMeta } from '../../core/tracking/tracking.ts';
import { metaFile, readRecord, type RecordReading, type RunRecord } from './records.ts';

// What is known of the runs of a store in MLflow's layout, so that thousands of folders of tiny files need not be read again. It is
// kept in the person's cache, may be deleted at any time, and is believed only where the files still look as they did.

/** A file written this short a time before it was read may change again without a new time stamp. */
const RACY_MS = 2000;
/** A smaller store is read as quickly as its index. */
const FEWEST_RUNS = 50;
/** The index is written anew when at least this share of it is new: what is not in it is read, which is no harm. */
const WORTH_WRITING = 0.02;
const FORGOTTEN_MS = 90 * 24 * 3_600_000;

/** What a run's `meta.yaml` says of its place among others. */
export interface RunOutline {
  readonly startTime: number;
  readonly isDeleted: boolean;
}

interface Entry extends RunOutline {
  /** Of `meta.yaml`. */
  readonly metaLook: string;
  /** Nobody has ended the run: its files may grow at any time. */
  readonly isOpen: boolean;
  /** Undefined for a run of which no more was read than its meta. */
  readonly record: StoredRecord | undefined;
}

interface StoredRecord {
  /** Of `meta.yaml` and the folders of the run. */
  readonly look: string;
  readonly bytes: Buffer;
  readonly checksum: number;
}

/** As it is written. */
interface Stored {
  readonly record: Omit<RunRecord, 'metrics'>;
  readonly metrics: readonly StoredMetric[];
  /** Size and time of every file and folder that the record was read from, in the order of {@link listSources}. */
  readonly looks: readonly number[];
}

/** JSON knows neither NaN nor infinity nor -0: these are texts. */
type StoredNumber = number | string;
type StoredPoint = readonly [value: StoredNumber, step: number] | null;
type StoredMetric = readonly [name: string, points: number, last: StoredPoint, min: StoredPoint, max: StoredPoint];

export class RunIndex {
  readonly #root: string;
  readonly #file: string;
  #read: Map<string, Entry> | undefined;
  #fresh = 0;
  #turn = 0;

  private constructor(root: string, file: string) {
    this.#root = root;
    this.#file = file;
  }

  /** Read when it is first needed: who only writes runs does without. */
  get #entries(): Map<string, Entry> {
    return (this.#read ??= readEntries(this.#file, this.#root));
  }

  /** `cache`: folder of all indexes. One index of a store serves all of a process. */
  static of(root: string, cache: string): RunIndex {
    const file = path.join(cache, `${createHash('sha256').update(root).digest('hex').slice(0, 32)}.runs`);
    const known = opened.get(file) ?? new RunIndex(root, file);
    opened.set(file, known);
    return known;
  }

  /** Undefined for a run that is not in the index or whose meta looks different now. */
  outline(folder: string): RunOutline | undefined {
    const entry = this.#entries.get(this.#key(folder));
    return entry?.metaLook === lookAtMeta(folder) ? entry : undefined;
  }

  /** Keeps what a meta says, so that it need not be read again; `look` was taken before. */
  rememberMeta(folder: string, { startTime, isDeleted, status }: RunMeta, look: MetaLook): void {
    if (look.time > look.takenAt - RACY_MS) return;
    const isOpen = status === 'RUNNING' || status === 'SCHEDULED';
    this.#entries.set(this.#key(folder), { metaLook: look.text, startTime, isDeleted, isOpen, record: undefined });
    this.#fresh += 1;
  }

  /**
   * What the files of a run say. `closely`: every file is looked at, else only the main ones, which show everything but a change within
   * a metric, param or tag of a run that has ended (MLflow makes one there when somebody edits an old run).
   */
  read(folder: string, closely: boolean): RecordReading | undefined {
    const entry = this.#entries.get(this.#key(folder));
    const stored = entry?.record?.look === lookAtOutline(folder) ? parseStored(entry?.record) : undefined;
    if (entry !== undefined && stored !== undefined) {
      const record = toRecord(stored);
      const isSame = !(closely || entry.isOpen) || sameNumbers(lookAt(listSources(folder, record)), stored.looks);
      if (isSame) return { record };
    }
    return this.#readAnew(folder);
  }

  /** Which of `count` runs have their turn to be looked at closely, `most` at a time: with every call the next ones. */
  takeTurn(count: number, most: number): (index: number) => boolean {
    const first = this.#turn;
    this.#turn = count === 0 || most >= count ? 0 : (first + most) % count;
    return (index) => (index - first + count) % count < most;
  }

  /** Forgets runs that are not among these, and writes the index when enough of it is new. A disk that refuses costs time later. */
  async save(folders: readonly string[]): Promise<void> {
    const keys = new Set(folders.map((folder) => this.#key(folder)));
    for (const key of this.#entries.keys()) {
      if (keys.has(key)) continue;
      this.#entries.delete(key);
      this.#fresh += 1;
    }
    if (this.#entries.size < FEWEST_RUNS || this.#fresh < Math.max(1, WORTH_WRITING * this.#entries.size)) return;
    this.#fresh = 0;
    try {
      const cache = path.dirname(this.#file);
      await mkdir(cache, { recursive: true });
      await writeFileAtomic(this.#file, formatEntries(this.#root, this.#entries));
      await removeForgotten(cache);
    } catch {
      // A full or read-only disk: the runs are read again next time.
    }
  }

  #readAnew(folder: string): RecordReading | undefined {
    const metaLook = takeMetaLook(folder);
    const look = lookAtOutline(folder);
    const reading = readRecord(folder);
    const key = this.#key(folder);
    this.#entries.delete(key);
    if (reading?.record === undefined) return reading;
    const { record } = reading;
    const looks = lookAt(listSources(folder, record));
    // Times stand at the even places. What was written while it was read, or just before, is looked at again next time.
    const newest = looks.reduce((time, number, index) => (index % 2 === 0 ? Math.max(time, number) : time), 0);
    this.rememberMeta(folder, record.meta, metaLook);
    const entry = this.#entries.get(key);
    const isFleeting = newest > metaLook.takenAt - RACY_MS || record.flaws.some(({ isRefused }) => isRefused === true);
    if (isFleeting || entry === undefined || look === undefined) return reading;
    const bytes = Buffer.from(JSON.stringify(toStored(record, looks)));
    this.#entries.set(key, { ...entry, record: { look, bytes, checksum: crc32(bytes) } });
    return reading;
  }

  #key(folder: string): string {
    return path.relative(this.#root, folder);
  }
}

const opened = new Map<string, RunIndex>();

/** How a `meta.yaml` looked, and when that was seen. */
export interface MetaLook {
  readonly text: string;
  /** When it was written last, in milliseconds since 1970. */
  readonly time: number;
  readonly takenAt: number;
}

export function takeMetaLook(folder: string): MetaLook {
  const takenAt = Date.now();
  const [time = GONE, size = GONE] = lookAt([metaFile(folder)]);
  return { text: `${time},${size}`, time, takenAt };
}

function lookAtMeta(folder: string): string {
  return takeMetaLook(folder).text;
}

const outlineParts = ['metrics', 'params', 'tags', 'artifacts'] as const;

/** Undefined for a run without a meta. */
function lookAtOutline(folder: string): string | undefined {
  const looks = lookAt([metaFile(folder), ...outlineParts.map((part) => path.join(folder, part))]);
  return looks[0] === GONE ? undefined : looks.join();
}

/** Everything that a record was read from: the names are known, so that no folder has to be listed. */
function listSources(folder: string, { params, tags, metrics, blank, torn, flaws }: RunRecord): readonly string[] {
  const parts = {
    metrics: [...Object.keys(metrics), ...blank, ...torn],
    params: Object.keys(params),
    tags: Object.keys(tags),
  };
  const files = [
    ...Object.entries(parts).flatMap(([part, names]) => names.map((name) => `${part}/${name}`)),
    ...flaws.map(({ file }) => file),
  ];
  // The folders between as well: another file may have come into them.
  const names = new Set(files.flatMap((file) => (file.indexOf('/') === file.lastIndexOf('/') ? file : upTo(file))));
  return [metaFile(folder), ...[...outlineParts, ...[...names].sort()].map((name) => path.join(folder, name))];
}

/** `a/b/c`: `a/b` and `a/b/c`. */
function upTo(file: string): readonly string[] {
  const words = file.split('/');
  return words.slice(1).map((_, index) => words.slice(0, index + 2).join('/'));
}

const GONE = -1;

/** Time and size of each, one after the other. */
function lookAt(files: readonly string[]): number[] {
  return files.flatMap((file) => {
    const found = statIfThere(file);
    return found === undefined ? [GONE, GONE] : [found.mtimeMs, found.isDirectory() ? 0 : found.size];
  });
}

function statIfThere(file: string): Stats | undefined {
  try {
    return statSync(file, { throwIfNoEntry: false });
  } catch {
    // Its folder can't be entered, or its links lead in a circle: whoever reads it tells why.
    return undefined;
  }
}

function sameNumbers(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((number, index) => number === b[index]);
}

function toStored({ metrics, ...record }: RunRecord, looks: readonly number[]): Stored {
  return {
    record,
    metrics: Object.entries(metrics).map(([name, { points, last, min, max }]) => [
      name,
      // A folder's points are all counted.
      points ?? 0,
      toStoredPoint(last),
      toStoredPoint(min),
      toStoredPoint(max),
    ]),
    looks,
  };
}

function toStoredPoint(point: MetricPoint | null): StoredPoint {
  if (point === null) return null;
  const { value, step } = point;
  const isPlain = Number.isFinite(value) && !Object.is(value, -0);
  return [isPlain ? value : Object.is(value, -0) ? '-0' : String(value), step];
}

function toRecord({ record, metrics }: Stored): RunRecord {
  return {
    ...record,
    metrics: Object.fromEntries(
      metrics.map(([name, points, last, min, max]): [string, MetricSummary] => [
        name,
        { points, last: toPoint(last) ?? NOWHERE, min: toPoint(min), max: toPoint(max), best: null },
      ]),
    ),
  };
}

const NOWHERE: MetricPoint = { value: Number.NaN, step: 0 };

function toPoint(stored: StoredPoint): MetricPoint | null {
  return stored === null ? null : { value: Number(stored[0]), step: stored[1] };
}

function parseStored(record: StoredRecord | undefined): Stored | undefined {
  if (record === undefined) return undefined;
  const { bytes, checksum } = record;
  return crc32(bytes) === checksum ? (JSON.parse(bytes.toString('utf8')) as Stored) : undefined;
}

// The file: a line with the format and the checksum of the next, a line of JSON with a row for each run, and then their records.

const FORMAT = 'mlops runs 1';

interface Header {
  readonly root: string;
  readonly rows: readonly Row[];
}

type Row = readonly [
  key: string,
  metaLook: string,
  startTime: number,
  isDeleted: 0 | 1,
  isOpen: 0 | 1,
  record: readonly [look: string, length: number, checksum: number] | 0,
];

function formatEntries(root: string, entries: ReadonlyMap<string, Entry>): Buffer {
  const rows = [...entries].map(([key, { metaLook, startTime, isDeleted, isOpen, record }]): Row => {
    const stored = record === undefined ? 0 : ([record.look, record.bytes.length, record.checksum] as const);
    return [key, metaLook, startTime, isDeleted ? 1 : 0, isOpen ? 1 : 0, stored];
  });
  const header = Buffer.from(JSON.stringify({ root, rows } satisfies Header));
  const first = Buffer.from(`${FORMAT} ${crc32(header)} ${header.length}\n`);
  const records = [...entries.values()].flatMap(({ record }) => (record === undefined ? [] : [record.bytes]));
  return Buffer.concat([first, header, ...records]);
}

/** None from a file that is missing, damaged, of another version or of another store. */
function readEntries(file: string, root: string): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  const content = readIfThere(file);
  const end = content?.indexOf('\n') ?? -1;
  if (content === undefined || end === -1) return entries;
  const [, checksum, length] = new RegExp(`^${FORMAT} (\\d+) (\\d+)$`).exec(content.toString('utf8', 0, end)) ?? [];
  let at = end + 1 + Number(length);
  const header = content.subarray(end + 1, at);
  if (checksum === undefined || crc32(header) !== Number(checksum)) return entries;
  const { root: ofStore, rows } = JSON.parse(header.toString('utf8')) as Header;
  if (ofStore !== root) return entries;
  for (const [key, metaLook, startTime, isDeleted, isOpen, stored] of rows) {
    const [look, size, sum] = stored === 0 ? ['', 0, 0] : stored;
    const bytes = content.subarray(at, (at += size));
    const record = stored === 0 ? undefined : { look, bytes, checksum: sum };
    entries.set(key, { metaLook, startTime, isDeleted: isDeleted === 1, isOpen: isOpen === 1, record });
  }
  return entries;
}

function readIfThere(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    // Not made yet, or not readable: as if nothing were known.
    return undefined;
  }
}

/** Indexes of stores that nobody has listed for months. */
async function removeForgotten(cache: string): Promise<void> {
  for (const name of await readdir(cache)) {
    if (!name.endsWith('.runs')) continue;
    const file = path.join(cache, name);
    const { mtimeMs } = await stat(file);
    if (Date.now() - mtimeMs > FORGOTTEN_MS) await rm(file, { force: true });
  }
}
