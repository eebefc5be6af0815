import { createHash } from 'node:crypto';
import { readdirSync, statSync, type Dirent, type Stats } from 'node:fs';
import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { badInput } from '../../protocol/errors.ts';
import { formatDirectory, type DirectoryEntry, type PathFact } from '../../core/pipeline/pipeline.ts';
import { diskError, isMissing } from '../files/files.ts';
import type { Ignores } from '../ignores/ignores.ts';
import { toBytes, type FolderRecord, type HashState } from './hashstate.ts';
import {
  CHANGING,
  COLUMNS,
  FileFailure,
  IRREGULAR,
  MD5_BYTES,
  codeOf,
  column,
  isRegular,
  placeText,
  unreadable,
  type HashMethod,
  type HashRequest,
} from './jobs.ts';
import { performHere, performInThread } from './threads.ts';

/** The hashed files of one folder, in columns: 100,000 of them are not worth an object each. */
interface HashedFolder {
  /** Relative to the hashed path; '' for itself, and for a path that is a file. */
  readonly relpath: string;
  readonly names: readonly string[];
  /** 16 bytes for each. */
  readonly md5s: Uint8Array<ArrayBuffer>;
  /** {@link COLUMNS} numbers for each. */
  readonly facts: Float64Array<ArrayBuffer>;
}

export interface HashedPath extends PathFact {
  readonly md5: string;
  readonly isDirectory: boolean;
  readonly folders: readonly HashedFolder[];
}

export interface HashContext {
  readonly root: string;
  readonly state: HashState;
  readonly ignores: Ignores;
  readonly signal?: AbortSignal | undefined;
}

export interface HashOptions {
  /** Absolute path of a cache that takes what is hashed. */
  readonly cache?: string;
}

export const missingPath: PathFact = { md5: undefined, size: 0, nfiles: undefined, isexec: false };

const TURN_MS = 20;
/** So many files are looked at, or so much is hashed, before a thread is worth its start. */
const FEW_FILES = 3000;
const FEW_BYTES = 16 << 20;
/** What a thread gets at once. */
const STAT_BATCH = 2000;
const HASH_BATCH = { files: 250, bytes: 8 << 20 };

let turnEnds = 0;

/** Gives others (messages, signals) their turn when this thread has worked for a while. Throws when the work was given up. */
async function giveTurn({ signal }: Pick<HashContext, 'signal'>): Promise<void> {
  signal?.throwIfAborted();
  if (performance.now() < turnEnds) return;
  await nextTurn();
  signal?.throwIfAborted();
  turnEnds = performance.now() + TURN_MS;
}

/**
 * Hash of what stands at `file` (relative to the root), as DVC takes it; undefined when nothing is there. With a cache in the
 * options every file is in it as well, in the same pass. Throws `bad-input` or `disk` for what can't be hashed, naming it.
 */
export async function hashPath(
  file: string,
  method: HashMethod,
  context: HashContext,
  options: HashOptions = {},
): Promise<HashedPath | undefined> {
  await giveTurn(context);
  const stat = statIfExists(path.join(context.root, file), file);
  if (stat === undefined) return undefined;
  try {
    return stat.isDirectory()
      ? await hashDirectory(file, method, context, options)
      : await hashSingle(file, stat, method, context, options);
  } catch (error) {
    throw explain(error, file, context.root);
  }
}

/** The members of a hashed folder, as its directory object lists them (in no order). */
export function* membersOf({ folders }: Pick<HashedPath, 'folders'>): Generator<DirectoryEntry> {
  for (const { relpath, names, md5s } of folders)
    for (const [index, name] of names.entries())
      yield { md5: md5At(md5s, index), relpath: relpath === '' ? name : `${relpath}/${name}` };
}

export function md5At(md5s: Uint8Array<ArrayBuffer>, index: number): string {
  return Buffer.from(md5s.buffer, md5s.byteOffset + index * MD5_BYTES, MD5_BYTES).toString('hex');
}

async function hashSingle(
  file: string,
  stat: Stats,
  method: HashMethod,
  context: HashContext,
  { cache }: HashOptions,
): Promise<HashedPath> {
  if (!stat.isFile()) throw new FileFailure(IRREGULAR, path.join(context.root, file));
  const facts = Float64Array.of(stat.size, stat.mtimeMs, stat.ctimeMs, stat.ino, stat.mode);
  const known = context.state.findFile(file, method, facts);
  const absolute = path.join(context.root, file);
  const md5s = new Uint8Array(MD5_BYTES);
  if (known !== undefined) md5s.set(Buffer.from(known, 'hex'));
  if (known === undefined || cache !== undefined) {
    const startedAt = Date.now();
    const indexes = [0];
    const wanted = { folder: path.dirname(absolute), names: [path.basename(absolute)], facts, md5s, indexes };
    await hashAll([wanted], { method, cache }, context);
    context.state.rememberFile(file, method, facts, md5At(md5s, 0), startedAt);
  }
  const md5 = md5At(md5s, 0);
  const isexec = (stat.mode & 0o100) !== 0 && process.platform !== 'win32';
  const folders = [{ relpath: '', names: [path.posix.basename(file)], md5s, facts }];
  return { md5, size: stat.size, nfiles: undefined, isexec, isDirectory: false, folders };
}

interface Listed {
  readonly relpath: string;
  readonly names: readonly string[];
}

async function hashDirectory(
  folder: string,
  method: HashMethod,
  context: HashContext,
  { cache }: HashOptions,
): Promise<HashedPath> {
  const startedAt = Date.now();
  const { state, root } = context;
  const absolute = ({ relpath }: Listed): string => path.join(root, folder, relpath);
  const gathering = new FactGathering(context);
  const listed = await list(folder, context, (item) => gathering.add({ folder: absolute(item), names: item.names }));
  const facts = await gathering.facts();
  const known = listed.map(({ relpath, names }, index) =>
    recall(state.findFolder(toPath(folder, relpath), method), names, facts[index] ?? new Float64Array()),
  );
  const wanted = listed.map((item, index) => ({
    folder: absolute(item),
    names: item.names,
    facts: facts[index] ?? new Float64Array(),
    // A copy: were the work cut short, what is remembered would be half old and half new.
    md5s: new Uint8Array(known[index]?.md5s ?? []),
    // What the cache has to take goes by every file, hashed or not: a thread looks whether the object is there.
    indexes: cache === undefined ? (known[index]?.changed ?? []) : item.names.keys(),
  }));
  await hashAll(wanted, { method, cache }, context);
  const records = listed.map(({ relpath, names }, index): FolderRecord => {
    const { record, changed = [] } = known[index] ?? {};
    if (record !== undefined && changed.length === 0 && cache === undefined) return record;
    const { facts: newest, md5s } = wanted[index] ?? { facts: new Float64Array(), md5s: new Uint8Array() };
    const fresh = { names: names.join('\0'), facts: newest, md5s };
    return state.rememberFolder(toPath(folder, relpath), method, fresh, startedAt);
  });
  const folders = wanted.map(({ names, facts: newest }, index) => ({
    relpath: listed[index]?.relpath ?? '',
    names,
    md5s: records[index]?.md5s ?? new Uint8Array(),
    facts: newest,
  }));
  return { ...summarise(folder, method, { folders, records }, context, cache), isDirectory: true, folders };
}

/** The folder's own hash, from the last time if its members are what they were. */
function summarise(
  folder: string,
  method: HashMethod,
  { folders, records }: { folders: readonly HashedFolder[]; records: readonly FolderRecord[] },
  { state }: HashContext,
  cache: string | undefined,
): PathFact & { md5: string } {
  const hasher = createHash('md5');
  for (const [index, { relpath }] of folders.entries()) hasher.update(`${relpath}\0${records[index]?.id ?? ''}\0`);
  const id = hasher.digest('hex');
  let size = 0;
  for (const { facts } of folders) for (let at = 0; at < facts.length; at += COLUMNS) size += facts[at] ?? 0;
  const known = cache === undefined ? state.findTree(folder, method, id) : undefined;
  if (known !== undefined) return { md5: known.md5, size, nfiles: known.nfiles, isexec: false };
  const members = [...membersOf({ folders })];
  const text = formatDirectory(members);
  const md5 = `${createHash('md5').update(text).digest('hex')}.dir`;
  if (cache !== undefined) placeText(cache, md5, text);
  state.rememberTree(folder, method, { md5, size, nfiles: members.length, id });
  return { md5, size, nfiles: members.length, isexec: false };
}

interface Recalled {
  readonly record: FolderRecord | undefined;
  /** The hashes that are known; the others are to be filled in. */
  readonly md5s: Uint8Array<ArrayBuffer>;
  readonly changed: readonly number[];
}

/** What the last time tells about a folder's files. */
function recall(record: FolderRecord | undefined, names: readonly string[], facts: Float64Array): Recalled {
  if (record === undefined)
    return { record, md5s: new Uint8Array(names.length * MD5_BYTES), changed: [...names.keys()] };
  if (record.names === names.join('\0') && Buffer.compare(toBytes(record.facts), toBytes(facts)) === 0)
    return { record, md5s: record.md5s, changed: [] };
  const md5s = new Uint8Array(names.length * MD5_BYTES);
  const before = new Map(record.names.split('\0').map((name, index) => [name, index]));
  const changed = [...names.keys()].filter((index) => {
    const old = before.get(names[index] ?? '');
    if (old === undefined || !areSame(record.facts, old, facts, index)) return true;
    md5s.set(record.md5s.subarray(old * MD5_BYTES, (old + 1) * MD5_BYTES), index * MD5_BYTES);
    return false;
  });
  // A file that went changes the folder as well.
  const isShorter = before.size !== names.length;
  return { record: changed.length === 0 && !isShorter ? record : undefined, md5s, changed };
}

function areSame(a: Float64Array, aIndex: number, b: Float64Array, bIndex: number): boolean {
  for (let i = 0; i < COLUMNS; i += 1) if (a[aIndex * COLUMNS + i] !== b[bIndex * COLUMNS + i]) return false;
  return true;
}

/** Folders and files below a folder, without what .dvcignore leaves out and without what lies behind linked folders, as DVC walks. */
async function list(folder: string, context: HashContext, onListed: (item: Listed) => void): Promise<Listed[]> {
  // Of a folder that is ignored itself nothing is seen; it counts as an empty one.
  const isSeen = folder.startsWith('..') || !context.ignores.has(folder, { isDirectory: true });
  const queue = isSeen ? [''] : [];
  const listed: Listed[] = [];
  for (let relpath = queue.pop(); relpath !== undefined; relpath = queue.pop()) {
    await giveTurn(context);
    const { names, folders } = listOne(folder, relpath, context);
    if (names.length > 0) {
      listed.push({ relpath, names });
      onListed({ relpath, names });
    }
    for (const inner of folders) queue.push(inner);
  }
  return listed;
}

function listOne(
  folder: string,
  relpath: string,
  { root, ignores }: HashContext,
): { names: string[]; folders: string[] } {
  const names: string[] = [];
  const folders: string[] = [];
  const place = toPath(folder, relpath);
  const absolute = path.join(root, place);
  const isIgnored = ignores.hasIn(place);
  for (const entry of readdirSync(absolute, { withFileTypes: true })) {
    const isDirectory = entry.isDirectory();
    if (entry.name === '.dvcignore' && !isDirectory)
      throw badInput(`${place}/.dvcignore stands inside a tracked folder, which DVC does not allow; move it above.`);
    if (isIgnored(entry.name, isDirectory)) continue;
    if (isDirectory) folders.push(toPath(relpath, entry.name));
    else if (!isLinkedFolder(entry, absolute)) names.push(entry.name);
  }
  return { names, folders };
}

function isLinkedFolder(entry: Dirent, folder: string): boolean {
  if (!entry.isSymbolicLink()) return false;
  try {
    return statSync(path.join(folder, entry.name), { throwIfNoEntry: false })?.isDirectory() === true;
  } catch {
    // A link that leads in a circle: told with its name when its file is asked for.
    return false;
  }
}

function toPath(folder: string, name: string): string {
  return folder === '' ? name : name === '' ? folder : `${folder}/${name}`;
}

interface Files {
  /** Absolute path. */
  readonly folder: string;
  readonly names: readonly string[];
}

/**
 * Facts of many files, {@link COLUMNS} numbers each. Threads begin as soon as there is enough for them to do, while more is listed.
 */
class FactGathering {
  readonly #context: Pick<HashContext, 'signal'>;
  readonly #all: Files[] = [];
  readonly #facts: Promise<Float64Array<ArrayBuffer>>[] = [];
  #count = 0;

  constructor(context: Pick<HashContext, 'signal'>) {
    this.#context = context;
  }

  add(files: Files): void {
    this.#all.push(files);
    this.#count += files.names.length;
    if (this.#count >= FEW_FILES) this.#begin(performInThread);
  }

  /** In the order in which the files were added. Throws when one of them can't be read. */
  async facts(): Promise<readonly Float64Array<ArrayBuffer>[]> {
    this.#begin(performHere);
    const facts = await Promise.all(this.#facts);
    for (const [index, files] of this.#all.entries()) refuseUnreadable(files, facts[index] ?? new Float64Array());
    return facts;
  }

  #begin(perform: typeof performHere): void {
    for (const { folder, names } of this.#all.slice(this.#facts.length)) {
      const facts = gatherFacts(folder, names, perform, this.#context);
      // Told by facts(), when all has begun.
      facts.catch(() => undefined);
      this.#facts.push(facts);
    }
  }
}

async function gatherFacts(
  folder: string,
  names: readonly string[],
  perform: typeof performHere,
  context: Pick<HashContext, 'signal'>,
): Promise<Float64Array<ArrayBuffer>> {
  const facts = new Float64Array(names.length * COLUMNS);
  const parts = Array.from({ length: Math.ceil(names.length / STAT_BATCH) }, async (_, part) => {
    await giveTurn(context);
    const from = part * STAT_BATCH;
    const request = { folder, names: names.slice(from, from + STAT_BATCH).join('/') };
    facts.set(await perform('stat', request), from * COLUMNS);
  });
  await Promise.all(parts);
  return facts;
}

function refuseUnreadable({ folder, names }: Files, facts: Float64Array): void {
  for (let at = 0; at < facts.length; at += COLUMNS) {
    const size = facts[at + column.size] ?? 0;
    if (size >= 0 && isRegular(facts[at + column.mode] ?? 0)) continue;
    throw new FileFailure(reasons.get(size) ?? IRREGULAR, path.join(folder, names[at / COLUMNS] ?? ''));
  }
}

const reasons = new Map<number, string>([
  [unreadable.missing, 'ENOENT'],
  [unreadable.loop, 'ELOOP'],
  [unreadable.denied, 'EACCES'],
  [unreadable.other, 'EIO'],
]);

/** Indexes of those objects in a cache's folder that are not there or not read-only; `md5s` has 16 bytes for each. */
export async function findUnprotected(
  folder: string,
  md5s: Uint8Array,
  context: Pick<HashContext, 'signal'>,
): Promise<number[]> {
  const batch = STAT_BATCH * MD5_BYTES;
  const perform = md5s.length / MD5_BYTES < FEW_FILES ? performHere : performInThread;
  const parts = Array.from({ length: Math.ceil(md5s.length / batch) }, async (_, part) => {
    await giveTurn(context);
    const found = await perform('objects', { folder, md5s: md5s.slice(part * batch, (part + 1) * batch) });
    return found.map((index) => index + part * STAT_BATCH);
  });
  return (await Promise.all(parts)).flat();
}

/** Hashes of files as they are now, remembered ones left aside. They must be there. */
export async function hashObjects(files: Files, method: HashMethod, context: HashContext): Promise<readonly string[]> {
  const gathering = new FactGathering(context);
  gathering.add(files);
  const [facts = new Float64Array()] = await gathering.facts();
  const md5s = new Uint8Array(files.names.length * MD5_BYTES);
  await hashAll([{ ...files, facts, md5s, indexes: files.names.keys() }], { method, cache: undefined }, context);
  return files.names.map((_, index) => md5At(md5s, index));
}

interface Wanted extends Files {
  /** Filled in for the files that are hashed. */
  readonly facts: Float64Array<ArrayBuffer>;
  readonly md5s: Uint8Array<ArrayBuffer>;
  readonly indexes: Iterable<number>;
}

async function hashAll(
  all: readonly Wanted[],
  how: Pick<HashRequest, 'method' | 'cache'>,
  context: HashContext,
): Promise<void> {
  const batches = all.flatMap(toBatches);
  const bytes = batches.reduce((sum, batch) => sum + batch.bytes, 0);
  const files = batches.reduce((sum, batch) => sum + batch.indexes.length, 0);
  const isSmall = bytes < FEW_BYTES && files < FEW_FILES / 10;
  const queue = batches.values();
  // A few lanes, so that a failure or a stop leaves little behind that still runs.
  const lanes = Array.from({ length: Math.min(isSmall ? 1 : MOST_LANES, batches.length) }, async () => {
    for (const { wanted, indexes } of queue) {
      await giveTurn(context);
      const known = new Uint8Array(indexes.length * MD5_BYTES);
      for (const [at, index] of indexes.entries())
        known.set(wanted.md5s.subarray(index * MD5_BYTES, (index + 1) * MD5_BYTES), at * MD5_BYTES);
      const names = indexes.map((index) => wanted.names[index] ?? '');
      const request = { ...how, folder: wanted.folder, names, known };
      const reply = await (isSmall ? performHere('hash', request) : performInThread('hash', request));
      for (const [at, index] of indexes.entries()) {
        if (Number.isNaN(reply.facts[at * COLUMNS])) continue;
        wanted.md5s.set(reply.md5s.subarray(at * MD5_BYTES, (at + 1) * MD5_BYTES), index * MD5_BYTES);
        wanted.facts.set(reply.facts.subarray(at * COLUMNS, (at + 1) * COLUMNS), index * COLUMNS);
      }
    }
  });
  await settleAll(lanes);
}

const MOST_LANES = 16;

interface Batch {
  readonly wanted: Wanted;
  readonly indexes: number[];
  bytes: number;
}

function toBatches(wanted: Wanted): Batch[] {
  const batches: Batch[] = [];
  let last: Batch | undefined;
  for (const index of wanted.indexes) {
    const size = wanted.facts[index * COLUMNS + column.size] ?? 0;
    if (last === undefined || last.indexes.length >= HASH_BATCH.files || last.bytes + size > HASH_BATCH.bytes) {
      last = { wanted, indexes: [], bytes: 0 };
      batches.push(last);
    }
    last.indexes.push(index);
    last.bytes += size;
  }
  return batches;
}

/** Waits for all of them, then throws what the first that failed threw: nothing is left running behind an error. */
async function settleAll(promises: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(promises);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

function statIfExists(absolute: string, file: string): Stats | undefined {
  try {
    return statSync(absolute, { throwIfNoEntry: false });
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw diskError(error, file);
  }
}

const sentences = {
  ENOENT: (file: string) => `${file} can't be read: it is a broken link, it went meanwhile, or its name is no UTF-8.`,
  [IRREGULAR]: (file: string) => `${file} is neither a file nor a folder, so it can't be tracked.`,
  [CHANGING]: (file: string) => `${file} changes while it is read. Try again when nothing writes to it.`,
};

/** Failures at one file as sentences; others are given back as they are. */
export function explain(error: unknown, file: string, root: string): unknown {
  const named = error instanceof FileFailure ? path.relative(root, error.file).split(path.sep).join('/') : file;
  const code = codeOf(error);
  if (Object.hasOwn(sentences, code)) return badInput(sentences[code as keyof typeof sentences](named));
  return diskError(error, named);
}
