import { groupPictures, pictureFolders } from '../../core/artifacts/artifacts.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import type { RunPictures } from '../../protocol/pictures.ts';
import type { Project } from '../project/project.ts';
import type { RunStore } from '../tracking/tracking.ts';
import { findRun } from './runs.ts';

/** A run that leaves a picture with every batch is listed as far as this. */
const MOST_FOLDERS = 100;
const MOST_FILES = 10_000;
/** Of folders in folders: keys may have slashes. */
const MOST_LEVELS = 4;

/** Pictures of a run by their steps, found by the names of its artifacts; a store that can't be read says why. */
export async function listRunPictures({
  project,
  runId,
  env,
}: {
  readonly project: Project;
  readonly runId: string;
  readonly env: NodeJS.ProcessEnv;
}): Promise<RunPictures> {
  try {
    const { store } = await findRun(project, runId, env);
    const { files, isCut } = await listFiles(store, runId);
    return { groups: groupPictures(files), trouble: null, isCut };
  } catch (error) {
    if (error instanceof ExpectedError) return { groups: [], trouble: error.message, isCut: false };
    throw error;
  }
}

async function listFiles(
  store: Pick<RunStore, 'listArtifacts'>,
  runId: string,
): Promise<{ readonly files: readonly string[]; readonly isCut: boolean }> {
  const files: string[] = [];
  const waiting: { readonly folder: string; readonly level: number }[] = await firstFolders(store, runId);
  let looked = 0;
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    if (looked === MOST_FOLDERS || files.length >= MOST_FILES) return { files, isCut: true };
    looked += 1;
    for (const { path, isFolder } of await store.listArtifacts(runId, next.folder)) {
      if (!isFolder) files.push(path);
      else if (next.level < MOST_LEVELS) waiting.push({ folder: path, level: next.level + 1 });
    }
  }
  return { files, isCut: false };
}

/** Those that there are: a folder that is asked for and missing is an error in some stores. */
async function firstFolders(
  store: Pick<RunStore, 'listArtifacts'>,
  runId: string,
): Promise<{ readonly folder: string; readonly level: number }[]> {
  const top = new Set((await store.listArtifacts(runId, '')).map(({ path }) => path));
  const inPlots = top.has('plots') ? (await store.listArtifacts(runId, 'plots')).map(({ path }) => path) : [];
  const there = new Set([...top, ...inPlots]);
  return pictureFolders.filter((folder) => there.has(folder)).map((folder) => ({ folder, level: 1 }));
}
