import { mkdir, open, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { hasCode } from '../files/files.ts';

/** What an append could not write, and why. */
export interface AppendFailure {
  /** Whole lines that are not in the file; the file ends with a whole line. */
  readonly rest: string;
  readonly error: unknown;
}

const BLOCK = 64 * 1024;

/**
 * Appends whole lines; gives undefined when everything is written. After a failure the part of a line that got through is cut off,
 * so that the next append starts on a fresh line. `mends`: a torn tail that an earlier writer has left is cut off first; only
 * for the first append, since another process may be in the middle of a line later on.
 */
export async function appendLines(
  file: string,
  lines: string,
  { mends }: { mends: boolean },
): Promise<AppendFailure | undefined> {
  let handle: FileHandle;
  try {
    handle = await openForAppend(file, mends ? 'a+' : 'a');
  } catch (error) {
    return { rest: lines, error };
  }
  const failure = await writeLines(handle, Buffer.from(lines), mends);
  try {
    await handle.close();
    return failure;
  } catch (error) {
    // Where a file is on another machine, this may be the first to say that it has no place.
    return failure ?? { rest: '', error };
  }
}

async function writeLines(handle: FileHandle, bytes: Buffer, mends: boolean): Promise<AppendFailure | undefined> {
  let written = 0;
  try {
    if (mends) await cutTornTail(handle);
    while (written < bytes.length) written += (await handle.write(bytes, written)).bytesWritten;
    return undefined;
  } catch (error) {
    const whole = bytes.subarray(0, written).lastIndexOf(0x0a) + 1;
    // Should even this fail, the tail is cut when the file is mended next.
    if (written > whole) await cutBytes(handle, written - whole).catch(() => undefined);
    return { rest: bytes.subarray(whole).toString(), error };
  }
}

async function cutBytes(handle: FileHandle, count: number): Promise<void> {
  const { size } = await handle.stat();
  await handle.truncate(size - count);
}

/** 'a+' also reads, to look for a torn tail. Its folder stands there nearly always, and is made where it does not. */
async function openForAppend(file: string, flags: 'a' | 'a+'): Promise<FileHandle> {
  try {
    return await open(file, flags);
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
    await mkdir(path.dirname(file), { recursive: true });
    return open(file, flags);
  }
}

/** Cuts what stands behind the last line end. */
async function cutTornTail(handle: FileHandle): Promise<void> {
  const { size } = await handle.stat();
  const end = await findLastLineEnd(handle, size);
  if (end !== size) await handle.truncate(end);
}

/** Offset behind the last line end in the first `size` bytes; 0 without one. */
export async function findLastLineEnd(handle: FileHandle, size: number): Promise<number> {
  for (let end = size; end > 0; end = Math.max(0, end - BLOCK)) {
    const start = Math.max(0, end - BLOCK);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(end - start), 0, end - start, start);
    const found = buffer.subarray(0, bytesRead).lastIndexOf(0x0a);
    if (found !== -1) return start + found + 1;
  }
  return 0;
}
