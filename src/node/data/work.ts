import path from 'node:path';
import { badInput } from '../../protocol/errors.ts';
import { isInside } from '../files/files.ts';
import { takeLock } from '../locks/locks.ts';
import {
  Workspace,
  ensureDvcFolder,
  guardAgainstDvc,
  loadPipeline,
  refuseProblems,
  sweepTemporaries,
  type DvcGuard,
  type LoadedPipeline,
} from '../pipeline/pipeline.ts';
import { ensurePrivateFolders, projectPaths, type Project } from '../project/project.ts';

/** Where a command on data was given, and how it is stopped. */
export interface DataTools {
  /** Absolute folder that paths on the command line start from. */
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

export interface DataWork {
  readonly loaded: LoadedPipeline;
  readonly workspace: Workspace;
}

/** Reads the project for a command on its data; what was hashed on the way is remembered. */
export async function withData<T>(
  project: Project,
  { env, signal }: DataTools,
  work: (data: DataWork) => Promise<T>,
): Promise<T> {
  const loaded = await loadPipeline(project, { env });
  refuseProblems(loaded);
  const workspace = await Workspace.open(loaded, { env, signal });
  try {
    return await work({ loaded, workspace });
  } finally {
    await workspace.save({ prune: false });
  }
}

/** As {@link withData} for a command that writes: alone among our own processes, and apart from a DVC at work. */
export async function withDataLocked<T>(
  project: Project,
  tools: DataTools,
  command: string,
  work: (data: DataWork & { readonly claim: (paths: readonly string[]) => Promise<void> }) => Promise<T>,
): Promise<T> {
  await ensurePrivateFolders(project);
  const lock = await takeLock(path.join(projectPaths.locks(project), 'project.json'), command);
  let guard: DvcGuard | undefined;
  try {
    return await withData(project, tools, async (data) => {
      const claim = async (write: readonly string[]): Promise<void> => {
        await ensureDvcFolder(data.loaded);
        guard = await guardAgainstDvc(project, { read: [], write }, { cmd: command, signal: tools.signal });
      };
      await sweepTemporaries(project, [...data.loaded.graph.stages, ...data.loaded.data]);
      await data.workspace.cache.sweep();
      return await work({ ...data, claim });
    });
  } finally {
    await guard?.release();
    await lock.release();
  }
}

/** Paths of a command line, relative to the project's root with forward slashes. Throws `bad-input` for one outside of it. */
export function toProjectPaths({ root }: Project, { cwd }: Pick<DataTools, 'cwd'>, paths: readonly string[]): string[] {
  return paths.map((written) => {
    const absolute = path.resolve(cwd, written);
    if (!isInside(root, absolute)) throw badInput(`${written} lies outside of the project ${root}.`);
    return path.relative(root, absolute).split(path.sep).join('/');
  });
}
