import { mkdir, open, type FileHandle } from 'node:fs/promises';
import path from 'node:path';

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
  const bytes = Buffer.from(lines);
  let written = 0;
  let start: number | undefined;
  let handle: FileHandle | undefined;
  try {
    handle = await openForAppend(file);
    start = mends ? await cutTornTail(handle) : (await handle.stat()).size;
    while (written < bytes.length) written += (await handle.write(bytes, written)).bytesWritten;
    return undefined;
  } catch (error) {
    const whole = bytes.subarray(0, written).lastIndexOf(0x0a) + 1;
    // Should even this fail, the tail is cut when the file is mended next.
    if (start !== undefined) await handle?.truncate(start + whole).catch(() => undefined);
    return { rest: bytes.subarray(whole).toString(), error };
  } finally {
    await handle?.close();
  }
}

/** 'a+' also reads, to look for a torn tail. */
async function openForAppend(file: string): Promise<FileHandle> {
  await mkdir(path.dirname(file), { recursive: true });
  return open(file, 'a+');
}

/** Cuts what stands behind the last line end and gives the size that is left, in bytes. */
async function cutTornTail(handle: FileHandle): Promise<number> {
  const { size } = await handle.stat();
  const end = await findLastLineEnd(handle, size);
  if (end !== size) await handle.truncate(end);
  return end;
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
