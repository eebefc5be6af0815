import path from 'node:path';
import { toTrackedPaths, type TrackedPaths } from '../../core/inventory/inventory.ts';
import { parseLock } from '../../core/pipeline/pipeline.ts';
import type { StatusDocument } from '../../protocol/pipeline.ts';
import { readTextIfExists } from '../files/files.ts';
import type { Project } from '../project/project.ts';

/** What the pipeline's lock and status say about the project's data. */
export async function readTrackedPaths(project: Project, status: StatusDocument): Promise<TrackedPaths> {
  const files = [...new Set(status.stages.map(({ file }) => file.replace(/\.yaml$/, '.lock')))];
  const outs = await Promise.all(files.map((file) => readOuts(project, file)));
  return toTrackedPaths(status, outs.flat());
}

async function readOuts(project: Project, file: string): Promise<readonly string[]> {
  const text = await readTextIfExists(path.join(project.root, file));
  const { value } = parseLock(text ?? '', file);
  const folder = path.posix.dirname(file);
  return [...(value?.stages.values() ?? [])].flatMap(({ outs }) =>
    outs.map((out) => path.posix.join(folder, out.path)),
  );
}
