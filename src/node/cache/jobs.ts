import { createHash, hash, randomBytes, type Hash } from 'node:crypto';
import * as fs from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { makeFolderSync, temporaryBeside } from '../files/files.ts';

// The work on files that is worth a thread of its own. Everything here is done file by file with what the file system offers and
// with nothing else, so that it runs the same in a worker thread and in the thread that asks.

/** How the md5 was taken: as DVC 3 does, or as DVC 2 did (line ends of text files turned into LF first). */
export type HashMethod = 'md5' | 'md5-dos2unix';

/** Numbers kept of each file: size, times, inode, mode. An unreadable file has one of {@link unreadable} as its size. */
export const COLUMNS = 5;
export const column = { size: 0, mtime: 1, ctime: 2, inode: 3, mode: 4 } as const;

/** Why there are no facts of a file; negative, so that no size is meant. */
export const unreadable = { missing: -1, loop: -2, denied: -3, other: -4 } as const;

export const MD5_BYTES = 16;
const PROTECTED = 0o444;
const MODE_BITS = 0o777;
const FILE_TYPE = 0o170000;
const REGULAR = 0o100000;

const SMALL_BYTES = 1 << 18;
const CHUNK_BYTES = 1 << 20;
const ATTEMPTS = 3;
const WITHOUT_WAITING = process.platform === 'win32' ? 0 : fs.constants.O_NONBLOCK;

/** A file kept changing while it was read. */
export const CHANGING = 'ECHANGING';
/** The path is no regular file: a pipe, a socket, a device. */
export const IRREGULAR = 'EIRREGULAR';

/** A failure at one file that crosses threads. */
export class FileFailure extends Error {
  readonly code: string;
  readonly file: string;

  constructor(code: string, file: string, message = code) {
    super(message);
    this.code = code;
    this.file = file;
  }
}

interface Files {
  /** Absolute path of their folder. */
  readonly folder: string;
  readonly names: readonly string[];
}

export interface HashRequest extends Files {
  readonly method: HashMethod;
  /** Absolute path of the cache that takes a copy of each file; undefined: they are only hashed. */
  readonly cache: string | undefined;
  /** 16 bytes for each file: what is known already, zeros where nothing is. Such a file is read only if the cache lacks it. */
  readonly known: Uint8Array;
}

interface HashReply {
  /** 16 bytes for each file, in the order of the names. */
  readonly md5s: Uint8Array<ArrayBuffer>;
  /** {@link COLUMNS} numbers for each file, as they were when it was hashed; NaN for one that had not to be read. */
  readonly facts: Float64Array<ArrayBuffer>;
}

export type LinkType = 'reflink' | 'hardlink' | 'symlink' | 'copy';

export interface LinkRequest {
  readonly items: readonly {
    readonly object: string;
    readonly target: string;
    readonly isexec: boolean;
    /** Facts of the file that may be replaced; undefined: none was there. */
    readonly before: Float64Array | undefined;
  }[];
  /** Absolute path of a folder on the same device, where each is made before it is renamed into its place. */
  readonly staging: string;
  /** In the order in which they are tried. */
  readonly types: readonly LinkType[];
}

interface StatRequest {
  readonly folder: string;
  /** Joined by slashes: one text crosses to a thread in a fraction of the time that thousands take. */
  readonly names: string;
}

interface ObjectsRequest {
  /** Absolute path of the folder that holds the folders of objects. */
  readonly folder: string;
  /** 16 bytes for each. */
  readonly md5s: Uint8Array;
}

/** What may be asked of a thread. */
export const jobs = { stat: statFiles, objects: findUnprotected, hash: hashFiles, link: linkFiles };
export type Jobs = typeof jobs;

/** {@link COLUMNS} numbers for each file. */
function statFiles({ folder, names }: StatRequest): Promise<Float64Array<ArrayBuffer>> {
  const list = names.split('/');
  const facts = new Float64Array(list.length * COLUMNS);
  for (const [index, name] of list.entries()) writeFacts(facts, index, statOrReason(`${folder}/${name}`));
  return Promise.resolve(facts);
}

/** Indexes of the objects that are not there, or not read-only as DVC left them. */
function findUnprotected({ folder, md5s }: ObjectsRequest): Promise<number[]> {
  const bytes = Buffer.from(md5s.buffer, md5s.byteOffset, md5s.byteLength);
  const found: number[] = [];
  for (let index = 0; index * MD5_BYTES < bytes.length; index += 1) {
    const at = index * MD5_BYTES;
    const object = `${folder}/${bytes.toString('hex', at, at + 1)}/${bytes.toString('hex', at + 1, at + MD5_BYTES)}`;
    const stat = statOrReason(object);
    if (typeof stat === 'number' || !isProtected(stat.mode)) found.push(index);
  }
  return Promise.resolve(found);
}

function statOrReason(file: string): fs.Stats | number {
  try {
    return fs.statSync(file, { throwIfNoEntry: false }) ?? unreadable.missing;
  } catch (error) {
    const code = codeOf(error);
    return code === 'ELOOP' ? unreadable.loop : code === 'EACCES' ? unreadable.denied : unreadable.other;
  }
}

function writeFacts(facts: Float64Array, index: number, stat: fs.Stats | number): void {
  const at = index * COLUMNS;
  if (typeof stat === 'number') {
    facts[at] = stat;
    return;
  }
  facts[at + column.size] = stat.size;
  facts[at + column.mtime] = stat.mtimeMs;
  facts[at + column.ctime] = stat.ctimeMs;
  facts[at + column.inode] = stat.ino;
  facts[at + column.mode] = stat.mode;
}

export function isRegular(mode: number): boolean {
  return (mode & FILE_TYPE) === REGULAR;
}

/** DVC trusts an object of the cache whose mode is exactly this. */
export function isProtected(mode: number): boolean {
  return isRegular(mode) && (mode & MODE_BITS) === PROTECTED;
}

async function hashFiles({ folder, names, method, cache, known }: HashRequest): Promise<HashReply> {
  const md5s = new Uint8Array(names.length * MD5_BYTES);
  const facts = new Float64Array(names.length * COLUMNS);
  const staging = cache === undefined ? undefined : new Staging(cache);
  try {
    for (const [index, name] of names.entries()) {
      const before = Buffer.from(known.subarray(index * MD5_BYTES, (index + 1) * MD5_BYTES));
      if (staging?.holds(before) === true) {
        md5s.set(before, index * MD5_BYTES);
        facts.fill(Number.NaN, index * COLUMNS, (index + 1) * COLUMNS);
        continue;
      }
      const taken = await takeFile(`${folder}/${name}`, method, staging);
      md5s.set(Buffer.from(taken.md5, 'hex'), index * MD5_BYTES);
      writeFacts(facts, index, taken.stat);
    }
  } finally {
    staging?.close();
  }
  return { md5s, facts };
}

interface Taken {
  readonly md5: string;
  readonly stat: fs.Stats;
}

/** Hashes a file, and copies just these bytes into the cache. One that changes meanwhile is read anew, a few times. */
async function takeFile(file: string, method: HashMethod, staging: Staging | undefined): Promise<Taken> {
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const taken = await tryFile(file, method, staging);
      if (taken !== undefined) return taken;
    }
  } catch (error) {
    throw error instanceof FileFailure ? error : new FileFailure(codeOf(error), file, String(error));
  }
  throw new FileFailure(CHANGING, file);
}

async function tryFile(file: string, method: HashMethod, staging: Staging | undefined): Promise<Taken | undefined> {
  // Without blocking: a pipe that took the file's place would wait for its writer for ever.
  const handle = fs.openSync(file, fs.constants.O_RDONLY | WITHOUT_WAITING);
  try {
    const stat = fs.fstatSync(handle);
    if (!stat.isFile()) throw new FileFailure(IRREGULAR, file);
    if (stat.size <= SMALL_BYTES) {
      const bytes = readWhole(handle, stat.size);
      if (bytes === undefined || !isSame(stat, fs.fstatSync(handle))) return undefined;
      const md5 = hash('md5', method === 'md5' ? bytes : toUnixText(bytes), 'hex');
      staging?.place(md5, (temporary) => writeBytes(temporary, bytes));
      return { md5, stat };
    }
    const { md5, bytes, temporary } = await readBig(file, method, staging);
    if (bytes === stat.size && isSame(stat, fs.fstatSync(handle))) {
      if (temporary !== undefined) staging?.place(md5, (target) => fs.renameSync(temporary, target));
      return { md5, stat };
    }
    return undefined;
  } finally {
    fs.closeSync(handle);
  }
}

function isSame(a: fs.Stats, b: fs.Stats): boolean {
  return a.size === b.size && a.mtimeMs === b.mtimeMs && a.ctimeMs === b.ctimeMs;
}

function readWhole(handle: number, size: number): Buffer | undefined {
  // One byte more than there should be: a file that grows is noticed.
  const buffer = Buffer.allocUnsafe(size + 1);
  let length = 0;
  for (;;) {
    const count = fs.readSync(handle, buffer, length, buffer.length - length, null);
    length += count;
    if (count === 0) return length === size ? buffer.subarray(0, size) : undefined;
    if (length > size) return undefined;
  }
}

function writeBytes(file: string, bytes: Uint8Array): void {
  const handle = fs.openSync(file, 'wx', PROTECTED);
  try {
    for (let at = 0; at < bytes.length;) at += fs.writeSync(handle, bytes, at);
  } finally {
    fs.closeSync(handle);
  }
}

/**
 * Hashes a big file and copies it in the same pass, so that it is read once. Where the file system can clone, the clone is hashed:
 * either way the object holds the very bytes that its name was made of.
 */
async function readBig(
  file: string,
  method: HashMethod,
  staging: Staging | undefined,
): Promise<{ md5: string; bytes: number; temporary: string | undefined }> {
  const temporary = staging?.name();
  const isCloned = temporary !== undefined && tryClone(file, temporary);
  const source = await open(isCloned ? temporary : file);
  const copy = temporary === undefined || isCloned ? undefined : await open(temporary, 'wx', PROTECTED);
  try {
    const hasher = createHash('md5');
    const bytes = await pump(source, copy, (chunk) => void hasher.update(method === 'md5' ? chunk : toUnixText(chunk)));
    return { md5: hasher.digest('hex'), bytes, temporary };
  } finally {
    await Promise.all([source.close(), copy?.close()]);
  }
}

function tryClone(from: string, to: string): boolean {
  try {
    fs.copyFileSync(from, to, fs.constants.COPYFILE_EXCL | fs.constants.COPYFILE_FICLONE_FORCE);
    return true;
  } catch {
    // This file system has no clones: the bytes are copied while they are hashed.
    fs.rmSync(to, { force: true });
    return false;
  }
}

/** Reads the next chunk and writes the last one while the present one is hashed. */
async function pump(source: FileHandle, copy: FileHandle | undefined, take: (chunk: Buffer) => void): Promise<number> {
  const buffers = [Buffer.allocUnsafe(CHUNK_BYTES), Buffer.allocUnsafe(CHUNK_BYTES)] as const;
  let total = 0;
  let chunk = await readChunk(source, buffers[0]);
  for (let turn = 1; chunk.length > 0; turn += 1) {
    const following = readChunk(source, turn % 2 === 0 ? buffers[0] : buffers[1]);
    const written = copy?.writeFile(chunk);
    take(chunk);
    total += chunk.length;
    [chunk] = await Promise.all([following, written]);
  }
  return total;
}

/** Whole chunks up to the last one: DVC 2 decided anew for each chunk of 1 MiB whether it is text. */
async function readChunk(source: FileHandle, buffer: Buffer): Promise<Buffer> {
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await source.read(buffer, length, buffer.length - length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}

/** Puts objects into a cache: written beside in a folder of this job's own, then renamed; a whole object is never rewritten. */
class Staging {
  readonly #objects: string;
  #folder: string | undefined;
  #count = 0;

  constructor(cache: string) {
    this.#objects = objectsFolder(cache);
  }

  name(): string {
    if (this.#folder === undefined) {
      this.#folder = temporaryBeside(path.join(this.#objects, randomBytes(4).toString('hex')));
      makeFolderSync(this.#folder);
    }
    this.#count += 1;
    return path.join(this.#folder, String(this.#count));
  }

  /** True for the hash of a whole object; all zeros stand for no hash. */
  holds(md5: Buffer): boolean {
    return md5.some((byte) => byte !== 0) && isWhole(this.#pathOf(md5.toString('hex')), md5.toString('hex'));
  }

  place(md5: string, fill: (temporary: string) => void): void {
    const target = this.#pathOf(md5);
    if (isWhole(target, md5)) return;
    const temporary = this.name();
    fill(temporary);
    protect(temporary);
    try {
      fs.renameSync(temporary, target);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
      makeFolderSync(path.dirname(target));
      fs.renameSync(temporary, target);
    }
  }

  #pathOf(md5: string): string {
    return path.join(this.#objects, md5.slice(0, 2), md5.slice(2));
  }

  close(): void {
    if (this.#folder !== undefined) fs.rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Where a cache keeps its objects by the md5 of their bytes. */
export function objectsFolder(cache: string): string {
  return path.join(cache, 'files', 'md5');
}

/** Puts one text into the cache. */
export function placeText(cache: string, name: string, text: string): void {
  const staging = new Staging(cache);
  try {
    staging.place(name, (temporary) => writeBytes(temporary, Buffer.from(text)));
  } finally {
    staging.close();
  }
}

/** A read-only object counts as whole, as in DVC; any other is hashed again. */
function isWhole(object: string, md5: string): boolean {
  const stat = fs.statSync(object, { throwIfNoEntry: false });
  if (stat === undefined) return false;
  return isProtected(stat.mode) || (stat.isFile() && hashNow(object) === md5.replace(/\.dir$/, ''));
}

function hashNow(file: string): string {
  const hasher: Hash = createHash('md5');
  const handle = fs.openSync(file, 'r');
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  try {
    for (let count = fs.readSync(handle, buffer); count > 0; count = fs.readSync(handle, buffer))
      hasher.update(buffer.subarray(0, count));
  } finally {
    fs.closeSync(handle);
  }
  return hasher.digest('hex');
}

function protect(file: string): void {
  const { mode } = fs.statSync(file);
  if (!isProtected(mode)) fs.chmodSync(file, PROTECTED);
}

/** Puts objects in their places in the workspace, each whole or not at all. */
function linkFiles({ items, staging, types }: LinkRequest): Promise<void> {
  for (const { object, target, isexec, before } of items) {
    const temporary = path.join(staging, randomBytes(8).toString('hex'));
    try {
      makeFolderSync(path.dirname(target));
      linkOne(object, temporary, { isexec, types });
      refuseChanged(target, before);
      fs.renameSync(temporary, target);
    } catch (error) {
      fs.rmSync(temporary, { force: true });
      throw error instanceof FileFailure ? error : new FileFailure(codeOf(error), target, String(error));
    }
  }
  return Promise.resolve();
}

/** Throws when the file is not any more what it was when it was hashed: it may be the only copy of what somebody wrote. */
export function refuseChanged(file: string, before: Float64Array | undefined): void {
  const facts = new Float64Array(COLUMNS);
  writeFacts(facts, 0, statOrReason(file));
  const expected = before ?? [unreadable.missing];
  const isSameFile =
    facts[column.size] === expected[column.size] && facts[column.mtime] === (expected[column.mtime] ?? 0);
  if (!isSameFile) throw new FileFailure(CHANGING, file);
}

function linkOne(
  object: string,
  target: string,
  { isexec, types }: { isexec: boolean; types: readonly LinkType[] },
): void {
  // An executable bit on a link would be one on the object, and an object with it is not read-only any more.
  const wanted = isexec ? (['reflink', 'copy'] as const) : types;
  let last: unknown;
  for (const type of wanted) {
    try {
      linkAs[type](object, target);
      if (isexec) fs.chmodSync(target, fs.statSync(target).mode | 0o100);
      return;
    } catch (error) {
      if (!LINK_REFUSED.has(codeOf(error))) throw error;
      last = error;
    }
  }
  throw new FileFailure('ENOLINK', target, String(last));
}

/** What a file system says that has no such links, or not across devices, or not so many of them. */
const LINK_REFUSED = new Set(['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EINVAL', 'ENOTTY']);

const linkAs: Record<LinkType, (object: string, target: string) => void> = {
  reflink: (object, target) => copyTo(object, target, fs.constants.COPYFILE_FICLONE_FORCE),
  copy: (object, target) => copyTo(object, target, fs.constants.COPYFILE_FICLONE),
  // Empty files are the ones that would run into the limit of links to one inode; DVC copies them too.
  hardlink: (object, target) =>
    fs.statSync(object).size === 0 ? copyTo(object, target, 0) : fs.linkSync(object, target),
  symlink: (object, target) => fs.symlinkSync(object, target),
};

function copyTo(object: string, target: string, mode: number): void {
  // A new file tells the mode that the user's umask leaves; the copy itself would be read-only like its source.
  const handle = fs.openSync(target, 'wx', 0o666);
  const { mode: usual } = fs.fstatSync(handle);
  fs.closeSync(handle);
  try {
    fs.copyFileSync(object, target, mode);
  } catch (error) {
    fs.rmSync(target, { force: true });
    throw error;
  }
  fs.chmodSync(target, usual & MODE_BITS);
}

/** A chunk that looks like text, with CRLF turned into LF: what DVC 2 hashed. */
function toUnixText(bytes: Buffer): Buffer {
  if (!looksLikeText(bytes.subarray(0, 512))) return bytes;
  return Buffer.from(bytes.toString('latin1').replaceAll('\r\n', '\n'), 'latin1');
}

/** DVC's rule: no NUL, and at most 30 % bytes that are neither printable ASCII nor common white space. */
export function looksLikeText(block: Buffer): boolean {
  if (block.includes(0)) return false;
  const odd = block.filter((byte) => !(byte >= 32 && byte < 127) && ![8, 9, 10, 12, 13].includes(byte));
  return block.length === 0 || odd.length / block.length <= 0.3;
}

export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
