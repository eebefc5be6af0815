import { createWriteStream } from 'node:fs';
import { mkdir, open, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createInflateRaw, crc32 } from 'node:zlib';
import { END_LENGTH, entryDataOffset, parseDirectory, parseEnd, type ZipEntry } from '../../core/zip/zip.ts';
import { ExpectedError } from '../../protocol/errors.ts';

/** The longest text that is read from a wheel. */
const MAX_TEXT_BYTES = 1 << 20;

/** Entries of a zip file, read from its directory. Throws `corrupt` for what is none. */
export async function listZip(file: string): Promise<readonly ZipEntry[]> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    const tail = await readAt(handle, Math.max(0, size - END_LENGTH), Math.min(size, END_LENGTH));
    const end = parseEnd(tail);
    const entries =
      end === undefined || end.offset + end.size > size
        ? undefined
        : parseDirectory(await readAt(handle, end.offset, end.size));
    if (entries === undefined) throw corrupt(file, 'it is no whole zip file');
    return entries;
  } finally {
    await handle.close();
  }
}

interface Unpacked {
  readonly entry: ZipEntry;
  /** Absolute; folders above it are made. */
  readonly target: string;
}

/** Writes entries of a zip file; sizes and checksums are compared. `onBytes` hears of every piece that was written. */
export async function unzip(
  file: string,
  wanted: readonly Unpacked[],
  { signal, onBytes }: { signal: AbortSignal; onBytes: (bytes: number) => void },
): Promise<void> {
  const handle = await open(file);
  try {
    for (const { entry, target } of wanted) {
      await mkdir(path.dirname(target), { recursive: true });
      await unpack(handle, file, { entry, target }, { signal, onBytes });
    }
  } finally {
    await handle.close();
  }
}

/** A small entry's text; undefined where there is none of that name. */
export async function readZipText(
  file: string,
  entry: ZipEntry,
  { signal, scratch }: { signal: AbortSignal; scratch: string },
): Promise<string> {
  if (entry.size > MAX_TEXT_BYTES) throw corrupt(file, `${entry.name} is too long`);
  await unzip(file, [{ entry, target: scratch }], { signal, onBytes: () => undefined });
  const handle = await open(scratch);
  return handle.readFile('utf8').finally(() => handle.close());
}

async function unpack(
  handle: FileHandle,
  file: string,
  { entry, target }: Unpacked,
  { signal, onBytes }: { signal: AbortSignal; onBytes: (bytes: number) => void },
): Promise<void> {
  const start = entryDataOffset(entry, await readAt(handle, entry.offset, 30));
  if (start === undefined || (entry.method !== 0 && entry.method !== 8))
    throw corrupt(file, `${entry.name} can't be unpacked`);
  let [checksum, size] = [0, 0];
  const check = async function* (source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of source) {
      checksum = crc32(chunk, checksum);
      size += chunk.length;
      if (size > entry.size) throw corrupt(file, `${entry.name} is longer than its directory says`);
      onBytes(chunk.length);
      yield chunk;
    }
  };
  const opened = entry.method === 8 ? createInflateRaw() : new PassThrough();
  try {
    await pipeline(readRange(handle, start, entry.compressedSize), opened, check, createWriteStream(target), {
      signal,
    });
  } catch (error) {
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('Z_'))
      throw corrupt(file, `${entry.name} is damaged`);
    throw error;
  }
  if (size !== entry.size || checksum !== entry.crc32) throw corrupt(file, `${entry.name} is damaged`);
}

async function* readRange(handle: FileHandle, start: number, length: number): AsyncGenerator<Buffer> {
  const end = start + length;
  for (let at = start; at < end;) {
    const chunk = await readAt(handle, at, Math.min(1 << 20, end - at));
    if (chunk.length === 0) return;
    at += chunk.length;
    yield chunk;
  }
}

async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await handle.read(buffer, 0, length, position);
  return buffer.subarray(0, bytesRead);
}

function corrupt(file: string, reason: string): ExpectedError {
  return new ExpectedError('corrupt', `${file} can't be used: ${reason}.`);
}
