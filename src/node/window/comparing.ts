import { toShownComparison, type ArtifactSizes } from '../../core/tracking/tracking.ts';
import type { ShownComparison } from '../../protocol/compare.ts';
import { badInput } from '../../protocol/errors.ts';
import type { Project } from '../project/project.ts';
import { readObjectives } from '../tracking/tracking.ts';
import { listRunArtifacts } from './runpage.ts';
import { findRun } from './runs.ts';

/** Folders of one run that are looked into: on a server each is a request. */
const MOST_FOLDERS = 40;
/** Files of one run: a page with more of them is no comparison. */
const MOST_FILES = 200;

/** What runs have not in common, and the artifacts that can be compared. The first is what the others are measured by. */
export async function compareRunsOf(
  project: Project,
  runIds: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<ShownComparison> {
  if (runIds.length < 2) throw badInput('Two runs or more are compared.');
  const runs = await Promise.all(runIds.map(async (runId) => (await findRun(project, runId, env)).run));
  const artifacts = await Promise.all(
    runs.map(async ({ runId, name }) => {
      const { files, trouble } = await listFiles(project, runId, env);
      return { files, trouble: trouble === null ? [] : [`${name}: ${trouble}`] };
    }),
  );
  const files = artifacts.map((one) => one.files);
  return {
    ...toShownComparison(runs, files, await readObjectives(project)),
    troubles: artifacts.flatMap(({ trouble }) => trouble),
  };
}

async function listFiles(
  project: Project,
  runId: string,
  env: NodeJS.ProcessEnv,
): Promise<{ readonly files: ArtifactSizes; readonly trouble: string | null }> {
  const files = new Map<string, number | null>();
  const folders = [''];
  for (let index = 0; index < folders.length; index += 1) {
    if (index >= MOST_FOLDERS || files.size >= MOST_FILES)
      return { files, trouble: `only the first ${files.size} artifacts are listed` };
    const { entries, trouble } = await listRunArtifacts({ project, runId, env }, folders[index] ?? '');
    if (trouble !== null) return { files, trouble };
    for (const { path, isFolder, bytes } of entries)
      if (isFolder) folders.push(path);
      else files.set(path, bytes);
  }
  return { files, trouble: null };
}
