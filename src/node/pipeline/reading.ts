import path from 'node:path';
import { ExpectedError } from '../../protocol/errors.ts';
import type { Parsed } from '../../protocol/problem.ts';
import { readTextIfExists } from '../files/files.ts';
import type { Project } from '../project/project.ts';

/**
 * Reads and parses `file` (relative to the root); undefined where there is none. What stands there but can't be read (a folder, a
 * pipe) is a problem of the file like any other, so that the rest of the pipeline is still told.
 */
export async function readParsed<T>(
  { root }: Project,
  file: string,
  parse: (text: string, file: string) => Parsed<T>,
): Promise<Parsed<T> | undefined> {
  try {
    const text = await readTextIfExists(path.join(root, file));
    return text === undefined ? undefined : parse(text, file);
  } catch (error) {
    if (!(error instanceof ExpectedError)) throw error;
    return { value: undefined, problems: [{ file, line: 1, column: 1, severity: 'error', message: error.message }] };
  }
}
