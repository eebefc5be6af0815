import * as fs from 'node:fs';

/** Numbers kept of each file: size, times, inode, mode. An unreadable file has one of {@link unreadable} as its size. */
export const COLUMNS = 5;

export const column = { size: 0, mtime: 1, ctime: 2, inode: 3, mode: 4 } as const;

/** Why there are no facts of a file; negative, so that no size is meant. */
export const unreadable = { missing: -1, loop: -2, denied: -3, other: -4 } as const;

export const PROTECTED = 0o444;
export const MODE_BITS = 0o777;
const FILE_TYPE = 0o170000;
const REGULAR = 0o100000;

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

export function statOrReason(file: string): fs.Stats | number {
  try {
    return fs.statSync(file, { throwIfNoEntry: false }) ?? unreadable.missing;
  } catch (error) {
    const code = codeOf(error);
    return code === 'ELOOP' ? unreadable.loop : code === 'EACCES' ? unreadable.denied : unreadable.other;
  }
}

export function writeFacts(facts: Float64Array, index: number, stat: fs.Stats | number): void {
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

/** Throws when the file is not any more what it was when it was hashed: it may be the only copy of what somebody wrote. */
export function refuseChanged(file: string, before: Float64Array | undefined): void {
  const facts = new Float64Array(COLUMNS);
  writeFacts(facts, 0, statOrReason(file));
  const expected = before ?? [unreadable.missing];
  const isSameFile =
    facts[column.size] === expected[column.size] && facts[column.mtime] === (expected[column.mtime] ?? 0);
  if (!isSameFile) throw new FileFailure(CHANGING, file);
}

export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
