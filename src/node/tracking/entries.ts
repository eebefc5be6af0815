import { lstatSync, readFileSync, readdirSync } from 'node:fs';
import { isMissing } from '../files/files.ts';

/** The text of a file that must be one (never a pipe, a device or a link to elsewhere), or undefined. */
export function readRegularFile(file: string): string | undefined {
  try {
    return lstatSync(file).isFile() ? readFileSync(file, 'utf8') : undefined;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
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
