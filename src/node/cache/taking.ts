import { createHash, hash } from 'node:crypto';
import * as fs from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { CHANGING, COLUMNS, FileFailure, IRREGULAR, PROTECTED, codeOf, writeFacts } from './filefacts.ts';
import { CHUNK_BYTES, Staging, writeBytes } from './staging.ts';

/** How the md5 was taken: as DVC 3 does, or as DVC 2 did (line ends of text files turned into LF first). */
export type HashMethod = 'md5' | 'md5-dos2unix';

export const MD5_BYTES = 16;

const SMALL_BYTES = 1 << 18;
const ATTEMPTS = 3;
const WITHOUT_WAITING = process.platform === 'win32' ? 0 : fs.constants.O_NONBLOCK;

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

export async function hashFiles({ folder, names, method, cache, known }: HashRequest): Promise<HashReply> {
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
