import { isUtf8 } from 'node:buffer';
import { constants, mkdirSync, type Stats } from 'node:fs';
import { access, lstat, mkdir, open, readFile, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { compareCodePoints } from '../../core/names/names.ts';
import { ExpectedError, badInput } from '../../protocol/errors.ts';

const TEMPORARY = '.mlops-tmp-';

/**
 * Replaces `file` with `content` so that any reader sees the old or the new text whole, whatever dies in between: a
 * temporary file beside it, fsync, then rename. Folders are made. A full disk leaves the old file and a clear error. Who may read
 * and write a file stays as it was. A link is replaced, never written through: it may lead anywhere.
 * `stagingFolder` (same device) takes the temporary file where the file's own folder is read by others as a list.
 * `syncsLater`: the caller sees to the fsync.
 */
export async function writeFileAtomic(
  file: string,
  content: string | Uint8Array,
  options: { mode?: number; stagingFolder?: string; syncsLater?: boolean } = {},
): Promise<void> {
  await makeFolder(path.dirname(file));
  const temporary = temporaryBeside(path.join(options.stagingFolder ?? path.dirname(file), path.basename(file)));
  try {
    const old = await lstat(file).catch(() => undefined);
    const handle = await open(temporary, 'wx', options.mode ?? 0o666);
    try {
      if (options.mode === undefined && old?.isFile() === true) await handle.chmod(old.mode & 0o777);
      await handle.writeFile(content);
      if (options.syncsLater !== true) await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw diskError(error, file);
  }
}

/**
 * As {@link writeFileAtomic}, for what the next work need not wait: any reader sees the new text at once, and whatever dies but the machine leaves it.
 * `settled` is when a loss of power would leave it too.
 */
export async function writeFileAhead(file: string, content: string): Promise<{ readonly settled: Promise<void> }> {
  await writeFileAtomic(file, content, { syncsLater: true });
  const settled = sync(file);
  // Who waits for it is told of a failure; nobody need wait.
  settled.catch(() => undefined);
  return { settled };
}

async function sync(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  await handle.sync().finally(() => handle.close());
}

/**
 * A name in the same folder, so that a rename from it is atomic (never across devices). Nobody else has it, unless
 * `purpose` names it.
 */
export function temporaryBeside(file: string, purpose = uniqueWord()): string {
  return path.join(path.dirname(file), `${TEMPORARY}${path.basename(file).slice(0, 100)}-${purpose}`);
}

/** Removes what writers of the file have left that were killed: only for who knows that nobody writes it now. */
export async function removeTemporaries(file: string): Promise<void> {
  const folder = path.dirname(file);
  const begin = path.basename(temporaryBeside(file, ''));
  const names = await readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  const left = names.filter((name) => name.startsWith(begin) && /^[0-9a-z]+$/.test(name.slice(begin.length)));
  for (const name of left) await rm(path.join(folder, name), { force: true });
}

/** No two processes make the same at a time, and a file is made under it only where there is none: nothing more is asked of it. */
function uniqueWord(): string {
  made += 1;
  return [process.pid, made, Math.floor(trueRandom() * 2 ** 32)].map((part) => part.toString(36)).join('');
}

let made = 0;

/** The process's own: a training puts a seeded one in its place, from which a written file must take nothing. */
const trueRandom = Math.random;

export function isTemporary(name: string): boolean {
  return path.basename(name).startsWith(TEMPORARY);
}

/** Of a temporary name the name that it is made for, and more behind it; any other name as it is. */
export function purposeOf(name: string): string {
  return isTemporary(name) ? path.basename(name).slice(TEMPORARY.length) : name;
}

/**
 * Puts the finished folder `staging` in the place of `target` (same device). The old one, if any, is moved aside first and
 * removed last, so a kill leaves either of them whole under one of the two names.
 */
export async function replaceDirectory(staging: string, target: string): Promise<void> {
  const aside = temporaryBeside(target);
  const hadOld = await exists(target);
  if (hadOld) await rename(target, aside);
  try {
    await rename(staging, target);
  } catch (error) {
    if (hadOld) await rename(aside, target);
    throw diskError(error, target);
  }
  if (hadOld) await rm(aside, { recursive: true, force: true });
}

/** Makes a folder and those above it where they are missing; gives the highest that it made, undefined when there was none to make. */
export async function makeFolder(folder: string): Promise<string | undefined> {
  try {
    return await makeFolders(folder);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) throw new ExpectedError('disk', `${folder}: no folder can be made there.`);
    // It stands there already, but as a file.
    throw hasCode(error, 'EEXIST') ? new ExpectedError('disk', `${folder}: ${NO_FOLDER}.`) : diskError(error, folder);
  }
}

/** Not by Node's own option: where a parent stands and takes no folders, as in /proc, that goes on without end. */
async function makeFolders(folder: string): Promise<string | undefined> {
  try {
    await mkdir(folder);
    return folder;
  } catch (error) {
    if (hasCode(error, 'EEXIST') && (await isDirectory(folder))) return undefined;
    const parent = path.dirname(folder);
    if (!hasCode(error, 'ENOENT') || parent === folder) throw error;
    const made = await makeFolders(parent);
    await mkdir(folder).catch((second: unknown) => {
      // Somebody else was quicker.
      if (!hasCode(second, 'EEXIST')) throw second;
    });
    return made ?? folder;
  }
}

/** As {@link makeFolder}, in threads that do file after file; its error is the system's own. */
export function makeFolderSync(folder: string): void {
  try {
    mkdirSync(folder);
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return;
    const parent = path.dirname(folder);
    if (!hasCode(error, 'ENOENT') || parent === folder) throw error;
    makeFolderSync(parent);
    try {
      mkdirSync(folder);
    } catch (second) {
      if (!hasCode(second, 'EEXIST')) throw second;
    }
  }
}

/** Longer than any text that people, DVC or we ourselves write; a text has to fit into memory, and into a string. */
const MAX_TEXT_BYTES = 256 << 20;

/**
 * The text of a file, or undefined where there is none. Throws for what is no file: a pipe would be waited for without end, a device
 * read without end.
 */
export async function readTextIfExists(file: string): Promise<string | undefined> {
  try {
    refuseUnreadable(await stat(file), file);
    const bytes = await readFile(file);
    if (!isUtf8(bytes)) throw notUtf8(bytes, file);
    return bytes.toString('utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw diskError(error, file);
  }
}

/** A text that is read leniently loses bytes when it is written again. */
function notUtf8(bytes: Buffer, file: string): ExpectedError {
  const before = bytes.toString('utf8').split('\uFFFD', 1)[0] ?? '';
  const lines = before.split('\n');
  const place = { file, line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
  const message = 'This is not UTF-8. Save the file in that encoding.';
  return badInput(`${file} is not UTF-8.`, [{ ...place, severity: 'error', message }]);
}

/** Throws for what can't be read as a text, by its `stat`. */
export function refuseUnreadable(found: Stats, file: string): void {
  if (!found.isFile())
    throw badInput(`${file} is ${found.isDirectory() ? 'a folder, not a file' : 'neither a file nor a folder'}.`);
  if (found.size > MAX_TEXT_BYTES)
    throw badInput(`${file} has ${found.size} bytes; at most ${MAX_TEXT_BYTES} are read.`);
}

export async function exists(file: string): Promise<boolean> {
  return access(file, constants.F_OK).then(
    () => true,
    () => false,
  );
}

/** True when `file` is `folder` or lies in it, compared as paths (never by prefix). */
export function isInside(folder: string, file: string): boolean {
  const relative = path.relative(folder, file);
  return relative === '' || (!relative.startsWith(`..${path.sep}`) && relative !== '..' && !path.isAbsolute(relative));
}

/** Files below `folder` with forward slashes, in code-point order, links not followed; empty when there is no such folder. */
export async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
    .sort(compareCodePoints);
}

export async function isDirectory(file: string): Promise<boolean> {
  return lstat(file).then(
    (stat) => stat.isDirectory(),
    () => false,
  );
}

export function isMissing(error: unknown): boolean {
  return hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR');
}

export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

const NO_FOLDER = 'a file stands where a folder must be';
const DENIED = 'permission denied; give yourself access to it (ls -ld, chmod, chown)';
const diskSentences: Record<string, string> = {
  ENOTDIR: NO_FOLDER,
  ENOSPC: 'the disk is full; free some space and run it again',
  EDQUOT: 'your disk quota is used up; free some space and run it again',
  EROFS: 'the file system is read-only',
  EACCES: DENIED,
  EPERM: DENIED,
  EMFILE: 'too many files are open',
  EIO: 'the disk reported an input/output error',
  ELOOP: 'its links lead in a circle',
  ENAMETOOLONG: 'the name is too long',
  EISDIR: 'it is a folder, not a file',
};

/** A failure of the disk as a sentence with the file; other errors are given back as they are. */
export function diskError(error: unknown, file: string): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const sentence = diskSentences[code];
  return sentence === undefined ? error : new ExpectedError('disk', `${file}: ${sentence}.`);
}
