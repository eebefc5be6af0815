import path from 'node:path';
import type { Parsed } from '../../protocol/problem.ts';
import { parseParams, type PyMap } from '../../core/pipeline/pipeline.ts';
import { hasCode, readTextIfExists } from '../files/files.ts';
import type { Project } from '../project/project.ts';

/** Reads a file of params or vars (relative to the root); undefined where there is none. */
export async function readParamsFile({ root }: Project, file: string): Promise<Parsed<PyMap> | undefined> {
  try {
    const text = await readTextIfExists(path.join(root, file));
    return text === undefined ? undefined : parseParams(text, file);
  } catch (error) {
    if (!hasCode(error, 'EISDIR')) throw error;
    const message = `${file} is a folder; params stand in files.`;
    return { value: undefined, problems: [{ file, line: 1, column: 1, severity: 'error', message }] };
  }
}
