import { createHash } from 'node:crypto';
import { createReadStream, readFileSync, readdirSync, statSync, type BigIntStats } from 'node:fs';
import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { badInput } from '../../protocol/errors.ts';
import { formatDirectory, type PathFact } from '../../core/pipeline/pipeline.ts';
import { diskError, isMissing } from '../files/files.ts';
import { signatureOf, type HashMethod, type HashState } from './hashstate.ts';
import type { Ignores } from './ignores.ts';

/** A hashed file with what is needed to copy it later and to see whether it changed meanwhile. */
interface HashedFile {
  /** Relative to the hashed folder; '' for a path that is a file itself. */
  readonly relpath: string;
  readonly md5: string;
  readonly signature: string;
}

export interface HashedPath extends PathFact {
  readonly md5: string;
  readonly files: readonly HashedFile[];
  readonly isDirectory: boolean;
}

export interface HashContext {
  readonly root: string;
  readonly state: HashState;
  readonly ignores: Ignores;
  readonly signal?: AbortSignal | undefined;
}

export const missingPath: PathFact = { md5: undefined, size: 0, nfiles: undefined, isexec: false };

const SMALL_BYTES = 1n << 18n;
const CHUNK_BYTES = 1 << 20;
const TURN_MS = 20;

let turnEnds = 0;

/** True when this thread has worked for so long that others (messages, signals) should have their turn: {@link giveTurn}. */
export function isTurnOver(): boolean {
  return performance.now() > turnEnds;
}

export async function giveTurn(): Promise<void> {
  await nextTurn();
  turnEnds = performance.now() + TURN_MS;
}

/** Hash of what stands at `file` (relative to the root), as DVC takes it; undefined when nothing is there. */
export async function hashPath(
  file: string,
  method: HashMethod,
  context: HashContext,
): Promise<HashedPath | undefined> {
  if (isTurnOver()) await giveTurn();
  context.signal?.throwIfAborted();
  const absolute = path.join(context.root, file);
  const stat = statIfExists(absolute);
  if (stat === undefined) return undefined;
  try {
    if (stat.isDirectory()) return await hashDirectory(file, method, context);
    const md5 = await hashFile(file, stat, method, context);
    return {
      md5,
      size: Number(stat.size),
      nfiles: undefined,
      isexec: (stat.mode & 0o100n) !== 0n && process.platform !== 'win32',
      files: [{ relpath: '', md5, signature: signatureOf(stat) }],
      isDirectory: false,
    };
  } catch (error) {
    throw diskError(error, file);
  }
}

async function hashDirectory(folder: string, method: HashMethod, context: HashContext): Promise<HashedPath> {
  const files: HashedFile[] = [];
  let size = 0;
  for (const relpath of walk(folder, context)) {
    if (isTurnOver()) await giveTurn();
    context.signal?.throwIfAborted();
    const file = `${folder}/${relpath}`;
    const stat = statIfExists(path.join(context.root, file));
    if (stat === undefined)
      throw badInput(`${file} can't be read: it is a broken link, it went meanwhile, or its name is no UTF-8.`);
    const md5 = await hashFile(file, stat, method, context);
    files.push({ relpath, md5, signature: signatureOf(stat) });
    size += Number(stat.size);
  }
  const text = formatDirectory(files);
  const md5 = `${createHash('md5').update(text).digest('hex')}.dir`;
  return { md5, size, nfiles: files.length, isexec: false, files, isDirectory: true };
}

/** Files below a folder, without what .dvcignore leaves out and without what lies behind linked folders, as DVC walks. */
function* walk(folder: string, { root, ignores }: HashContext): Generator<string> {
  // Of a folder that is ignored itself nothing is seen; it counts as an empty one.
  if (!folder.startsWith('..') && ignores.has(folder, { isDirectory: true })) return;
  const queue = [''];
  for (let inner = queue.pop(); inner !== undefined; inner = queue.pop()) {
    for (const entry of readdirSync(path.join(root, folder, inner), { withFileTypes: true })) {
      const relpath = inner === '' ? entry.name : `${inner}/${entry.name}`;
      const isDirectory = entry.isDirectory();
      if (entry.name === '.dvcignore' && !isDirectory)
        throw badInput(`${folder}/${relpath} stands inside a tracked folder, which DVC does not allow; move it above.`);
      if (ignores.hasHere(`${folder}/${relpath}`, { isDirectory })) continue;
      if (isDirectory) queue.push(relpath);
      else if (!(entry.isSymbolicLink() && isLinkedFolder(path.join(root, folder, relpath)))) yield relpath;
    }
  }
}

function isLinkedFolder(file: string): boolean {
  return statIfExists(file)?.isDirectory() === true;
}

export function statIfExists(file: string): BigIntStats | undefined {
  try {
    return statSync(file, { bigint: true });
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw diskError(error, file);
  }
}

async function hashFile(
  file: string,
  stat: BigIntStats,
  method: HashMethod,
  { root, state, signal }: HashContext,
): Promise<string> {
  if (!stat.isFile()) throw badInput(`${file} is neither a file nor a folder, so it can't be tracked.`);
  const known = state.find(file, method, stat);
  if (known !== undefined) return known;
  const startedAt = Date.now();
  const absolute = path.join(root, file);
  const md5 =
    stat.size <= SMALL_BYTES ? hashBytes(readFileSync(absolute), method) : await hashStream(absolute, method, signal);
  state.remember(file, method, stat, md5, startedAt);
  return md5;
}

function hashBytes(bytes: Buffer, method: HashMethod): string {
  return createHash('md5')
    .update(method === 'md5' ? bytes : toUnixText(bytes))
    .digest('hex');
}

async function hashStream(file: string, method: HashMethod, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash('md5');
  // DVC 2 decided anew for each chunk of 1 MiB whether it is text, so chunks must be whole.
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(file, { highWaterMark: CHUNK_BYTES, ...(signal && { signal }) })) {
    if (method === 'md5') hash.update(chunk as Buffer);
    else {
      rest = Buffer.concat([rest, chunk as Buffer]);
      for (; rest.length >= CHUNK_BYTES; rest = rest.subarray(CHUNK_BYTES))
        hash.update(toUnixText(rest.subarray(0, CHUNK_BYTES)));
    }
  }
  return hash.update(toUnixText(rest)).digest('hex');
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
