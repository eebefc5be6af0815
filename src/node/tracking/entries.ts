import { lstatSync, readFileSync, readdirSync, type Dirent, type Stats } from 'node:fs';
import { diskError, isMissing } from '../files/files.ts';

/** The text of a file that must be one (never a pipe, a device or a link to elsewhere), or undefined. */
export function readRegularFile(file: string): string | undefined {
  try {
    return lstatSync(file).isFile() ? readFileSync(file, 'utf8') : undefined;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** What stands in a file (nothing where there is none), or why it can't be read, as a sentence. Never throws. */
export type FileReading =
  | { readonly text: string | undefined; readonly trouble?: undefined }
  | { readonly trouble: string; readonly text?: undefined };

export function tryReadFile(file: string): FileReading {
  try {
    const kind = kindOf(lstatSync(file));
    return kind === undefined ? { text: readFileSync(file, 'utf8') } : { trouble: `It is ${kind}, and not read.` };
  } catch (error) {
    return isMissing(error) ? { text: undefined } : { trouble: describeFailure(error) };
  }
}

/** In words, what stands in the place of a file; undefined for a file. */
export function kindOf(entry: Stats | Dirent): string | undefined {
  if (entry.isFile()) return undefined;
  if (entry.isSymbolicLink()) return 'a link';
  return entry.isDirectory() ? 'a folder' : 'no file';
}

/** What the system says of a file that is named beside it. */
export function describeFailure(error: unknown): string {
  const told = diskError(error, "It can't be read");
  return told instanceof Error ? told.message : String(told);
}

/** Names of the folders in a folder, links not followed; none when there is no such folder. */
export function listDirectories(folder: string): readonly string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .sort();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** Whether a folder stands there, and no link to one; false for what can't be looked at. */
export function isOwnDirectory(folder: string): boolean {
  try {
    return lstatSync(folder).isDirectory();
  } catch {
    // It is not there, or nobody may know: whoever asks goes on without it.
    return false;
  }
}
