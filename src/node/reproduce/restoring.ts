import path from 'node:path';
import type { HashedData } from '../../core/reproduce/reproduce.ts';
import { readDvcSettings } from '../cache/cache.ts';
import { writeFileAtomic } from '../files/files.ts';
import { Workspace, loadPipeline } from '../pipeline/pipeline.ts';
import type { Project } from '../project/project.ts';

// Data by its hash, whatever the project's locks say of it now.

interface Tools {
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

/** Paths whose content the project's cache does not hold whole. */
export async function findLostData(
  project: Project,
  data: readonly HashedData[],
  tools: Tools,
): Promise<readonly string[]> {
  if (data.length === 0) return [];
  const workspace = await openWorkspace(project, tools);
  const lost: string[] = [];
  for (const { path: file, ...id } of data) if ((await workspace.cache.missingOf(id)).length > 0) lost.push(file);
  return lost;
}

/** Puts data in its place in a project from the cache that {@link shareCache} has named. */
export async function restoreData(project: Project, data: readonly HashedData[], tools: Tools): Promise<void> {
  if (data.length === 0) return;
  const workspace = await openWorkspace(project, tools);
  for (const { path: file, ...id } of data) {
    tools.signal.throwIfAborted();
    const current = await workspace.hash(file, id.legacy ? 'md5-dos2unix' : 'md5');
    if (current?.md5 !== id.md5) await workspace.cache.checkout(file, id, { isexec: false, current });
  }
}

/** `copy` takes its data from the cache of `project`, where its own configuration may name none. */
export async function shareCache(project: Project, copy: Project, env: NodeJS.ProcessEnv): Promise<void> {
  const { cache, links } = await readDvcSettings(project, env);
  const text = `[cache]\n    dir = ${cache}\n    type = ${links.join(',')}\n`;
  await writeFileAtomic(path.join(copy.root, '.dvc', 'config.local'), text);
}

async function openWorkspace(project: Project, { env, signal }: Tools): Promise<Workspace> {
  return Workspace.open(await loadPipeline(project, { env }), { env, signal });
}
