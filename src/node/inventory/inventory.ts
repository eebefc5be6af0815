import type { Dirent } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import type { ConfigOutline, DataEntry, ModelFolder, ProjectFolder } from '../../protocol/engine.ts';
import { outlineConfig, stateOfPath, type TrackedPaths } from '../../core/inventory/inventory.ts';
import { compareCodePoints } from '../../core/names/names.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import { exists, isDirectory, isInside, isMissing, isTemporary, readTextIfExists } from '../files/files.ts';
import { projectPaths, type Project } from '../project/project.ts';
import { findStoresIn } from '../tracking/tracking.ts';

/** Beyond this many entries a folder is not counted: a tree must open at once. */
const MOST_COUNTED = 5000;
/** Folders of runs and caches that stand in `models/` and are no models. */
const noModels: ReadonlySet<string> = new Set(['mlruns']);

/** Configs of a project, in order of their names. */
export async function listConfigs(project: Project): Promise<readonly ConfigOutline[]> {
  const folder = projectPaths.configs(project);
  const names = (await listEntries(folder)).filter((entry) => entry.isFile() && /\.ya?ml$/.test(entry.name));
  return Promise.all(
    names.map(async ({ name }) =>
      outlineConfig((await readTextIfExists(path.join(folder, name))) ?? '', `configs/${name}`),
    ),
  );
}

/** One level of a folder below the project's root; links are not followed. */
export async function listData(project: Project, folder: string, tracked: TrackedPaths): Promise<readonly DataEntry[]> {
  const absolute = path.resolve(project.root, folder);
  if (!isInside(project.root, absolute))
    throw new ExpectedError('bad-arguments', `${folder} does not lie in the project.`);
  const entries = await listEntries(absolute);
  const present = await Promise.all(
    entries
      .filter((entry) => (entry.isDirectory() || entry.isFile()) && !entry.name.startsWith('.'))
      .map(async (entry): Promise<DataEntry> => {
        const relative = `${folder}/${entry.name}`;
        const kind = entry.isDirectory() ? 'folder' : 'file';
        const size = await measure(path.join(absolute, entry.name));
        return {
          path: relative,
          name: entry.name,
          kind,
          files: size?.files ?? null,
          bytes: size?.bytes ?? null,
          state: stateOfPath(relative, tracked),
        };
      }),
  );
  return [...present, ...findMissing(folder, present, tracked)].sort((a, b) => compareCodePoints(a.name, b.name));
}

/** Outs directly in `folder` that should be there and are not. */
function findMissing(folder: string, present: readonly DataEntry[], { missing }: TrackedPaths): readonly DataEntry[] {
  return missing
    .filter((lost) => path.posix.dirname(lost) === folder && !present.some((entry) => entry.path === lost))
    .map((lost) => ({
      path: lost,
      name: path.posix.basename(lost),
      kind: 'file',
      files: null,
      bytes: null,
      state: 'missing',
    }));
}

/** Files and bytes at or below a path; undefined when there are too many, or when it went meanwhile. */
async function measure(start: string): Promise<{ files: number; bytes: number } | undefined> {
  const queue = [start];
  let [files, bytes, seen] = [0, 0, 0];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    seen += 1;
    if (seen > MOST_COUNTED) return undefined;
    const current = next;
    const stat = await lstat(current).catch(() => undefined);
    if (stat === undefined) return undefined;
    if (stat.isFile()) [files, bytes] = [files + 1, bytes + stat.size];
    if (stat.isDirectory()) {
      const names = (await listEntries(current)).map(({ name }) => path.join(current, name));
      if (names.length > MOST_COUNTED) return undefined;
      queue.push(...names);
    }
  }
  return { files, bytes };
}

/** Folders of `models/` that hold a trained model. */
export async function listModels(project: Project): Promise<readonly ModelFolder[]> {
  const folder = path.join(project.root, 'models');
  const folders = (await listEntries(folder)).filter((entry) => entry.isDirectory() && !noModels.has(entry.name));
  const models = await Promise.all(
    folders.map(async ({ name }): Promise<readonly ModelFolder[]> => {
      const own = path.join(folder, name);
      const stat = await lstat(path.join(own, 'model.json')).catch(() => undefined);
      if (stat?.isFile() !== true) return [];
      return [{ name, folder: own, modified: stat.mtimeMs, runId: await readRunId(path.join(own, 'MLmodel')) }];
    }),
  );
  return models.flat();
}

/** The `run_id` line of an MLmodel file; the rest of it is nobody's business here. */
async function readRunId(file: string): Promise<string | null> {
  const text = await readTextIfExists(file);
  return /^run_id:\s*['"]?([0-9a-f]{32})['"]?\s*$/m.exec(text ?? '')?.[1] ?? null;
}

/**
 * The project of each folder: the folder itself, or the projects directly below it. Parents are left alone: they are not open. A folder
 * without any is found all the same where it holds a tracking store.
 */
export async function findProjects(folders: readonly string[]): Promise<readonly ProjectFolder[]> {
  const found = await Promise.all(
    folders.map(async (folder) => {
      const roots = await findBelow(folder);
      const hasOnlyRuns = roots.length === 0 && (await findStoresIn(folder)).length > 0;
      return hasOnlyRuns ? [[folder, true] as const] : roots.map((root) => [root, false] as const);
    }),
  );
  return Promise.all(
    [...new Map(found.flat())].map(async ([root, hasOnlyRuns]): Promise<ProjectFolder> => {
      const folder = { root, name: path.basename(root), branch: await readBranch(root) };
      return hasOnlyRuns ? { ...folder, hasOnlyRuns } : folder;
    }),
  );
}

async function findBelow(folder: string): Promise<readonly string[]> {
  if (await isProjectRoot(folder)) return [folder];
  const below = (await listEntries(folder))
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'node_modules')
    .map(({ name }) => path.join(folder, name));
  const roots = await Promise.all(
    below.map(async (candidate) => ((await isProjectRoot(candidate)) ? [candidate] : [])),
  );
  return roots.flat();
}

async function isProjectRoot(folder: string): Promise<boolean> {
  return (await isDirectory(path.join(folder, '.dvc'))) || (await exists(path.join(folder, 'dvc.yaml')));
}

/** The branch that `.git/HEAD` names, read as text: no program of git runs, so it is safe in any folder. */
export async function readBranch(root: string): Promise<string | null> {
  const git = path.join(root, '.git');
  const pointer = (await isDirectory(git))
    ? undefined
    : /^gitdir: (.+)$/m.exec((await readTextIfExists(git)) ?? '')?.[1];
  const head = await readTextIfExists(path.join(pointer === undefined ? git : path.resolve(root, pointer), 'HEAD'));
  return /^ref: refs\/heads\/(.+)$/m.exec(head ?? '')?.[1] ?? null;
}

async function listEntries(folder: string): Promise<Dirent[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  return entries.filter(({ name }) => !isTemporary(name)).sort((a, b) => compareCodePoints(a.name, b.name));
}
