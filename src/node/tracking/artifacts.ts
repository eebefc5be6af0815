import { constants, type Stats } from 'node:fs';
import { open, readdir, realpath, stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { compareCodePoints, findNearest } from '../../core/names/names.ts';
import { badInput, unknownName } from '../../protocol/errors.ts';
import type { ArtifactEntry } from '../../protocol/tracking.ts';
import { diskError, isInside, isMissing } from '../files/files.ts';
import type { ArtifactBytes, ArtifactReading } from './store.ts';

// Artifacts that lie in folders of this machine. Their names come from whoever made the run: a path is followed only as long as what it
// leads to, links resolved, lies in the folder it begins in, and nothing but regular files is opened.

/** Where the artifacts of a run begin: its own folder (null: it has none), and those of the models that it logged. */
export interface ArtifactRoots {
  readonly own: string | null;
  readonly models: readonly ModelRoot[];
}

/** MLflow 3 keeps a model beside the runs of its experiment, not among the artifacts of its run. */
export interface ModelRoot {
  readonly modelId: string;
  /** May be missing, or no name for a folder: the id takes its place. */
  readonly name: string;
  /** Absolute. */
  readonly folder: string;
}

const READ_AT_ONCE = 1 << 20;

/** The entries of one folder, by name; `folder` is a path from the root, '' the root itself, where logged models stand as well. */
export async function listLocalArtifacts(roots: ArtifactRoots, folder: string): Promise<readonly ArtifactEntry[]> {
  if (folder !== '') return listFolder(await resolveArtifact(roots, folder), folder);
  const own = roots.own === null ? [] : await listFolder({ root: roots.own, target: roots.own }, '');
  const taken = new Set(own.map(({ path: name }) => name));
  const models = [...nameModels(roots.models).keys()]
    .filter((name) => !taken.has(name))
    .map((name): ArtifactEntry => ({ path: name, isFolder: true, bytes: null }));
  return [...own, ...models];
}

/** The first `limit` bytes of a file. Throws `unknown-name`, `bad-input` for what is no file or lies elsewhere. */
export async function readLocalArtifact(
  roots: ArtifactRoots,
  name: string,
  { limit, signal }: ArtifactReading,
): Promise<ArtifactBytes> {
  const { target } = await resolveArtifact(roots, name);
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const handle = await open(target, flags).catch((error: unknown) => {
    throw diskError(error, target);
  });
  try {
    const found = await handle.stat();
    if (!found.isFile()) throw badInput(`The artifact "${name}" is ${found.isDirectory() ? 'a folder' : 'no file'}.`);
    const bytes = await readSome(handle, Math.min(found.size, limit), signal);
    return { bytes, isWhole: found.size <= limit };
  } finally {
    await handle.close();
  }
}

async function readSome(handle: FileHandle, wanted: number, signal?: AbortSignal): Promise<Uint8Array> {
  const bytes = new Uint8Array(wanted);
  let filled = 0;
  while (filled < wanted) {
    signal?.throwIfAborted();
    const length = Math.min(READ_AT_ONCE, wanted - filled);
    const { bytesRead } = await handle.read(bytes, filled, length, filled);
    // Cut shorter by its writer meanwhile.
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

interface Place {
  /** The folder that must not be left. */
  readonly root: string;
  readonly target: string;
}

async function resolveArtifact(roots: ArtifactRoots, name: string): Promise<Place> {
  refuseOddPath(name);
  const root = await findRoot(roots, name);
  if (root === undefined) throw await missing(roots, name);
  const [real, target] = await Promise.all([realpath(root.folder), followLinks(path.join(root.folder, ...root.rest))]);
  if (target === undefined) throw await missing(roots, name);
  if (!isInside(real, target)) throw badInput(`The artifact "${name}" is a link that leaves the artifacts of its run.`);
  return { root: real, target };
}

/** A name of a real file goes before a model's: only the run's writer can tell what it means. */
async function findRoot(
  { own, models }: ArtifactRoots,
  name: string,
): Promise<{ folder: string; rest: readonly string[] } | undefined> {
  const [first = '', ...rest] = name.split('/');
  if (own !== null && (await followLinks(path.join(own, first))) !== undefined)
    return { folder: own, rest: [first, ...rest] };
  const folder = nameModels(models).get(first);
  return folder === undefined ? undefined : { folder, rest };
}

function refuseOddPath(name: string): void {
  const parts = name.split('/');
  const isOdd = parts.some((part) => part === '' || part === '.' || part === '..');
  if (isOdd || name.includes('\0') || (path.sep !== '/' && name.includes(path.sep)))
    throw badInput(`"${name}" is no path of an artifact: it begins in the run's artifacts, with / between names.`);
}

async function missing(roots: ArtifactRoots, name: string): Promise<Error> {
  const cut = name.lastIndexOf('/');
  const beside = await listLocalArtifacts(roots, cut === -1 ? '' : name.slice(0, cut)).catch(() => []);
  return unknownName(
    'artifact',
    name,
    findNearest(
      name,
      beside.map((entry) => entry.path),
    ),
  );
}

/** Labels of logged models, with their folders. A name that two of them have is followed by the id. */
function nameModels(models: readonly ModelRoot[]): ReadonlyMap<string, string> {
  const labels = new Map<string, string>();
  for (const { modelId, name, folder } of models) {
    const isPlain = /^[^/\\]+$/.test(name);
    const label = isPlain ? `model: ${name}` : `model: ${modelId}`;
    labels.set(labels.has(label) ? `${label} (${modelId})` : label, folder);
  }
  return labels;
}

async function listFolder({ root, target }: Place, folder: string): Promise<readonly ArtifactEntry[]> {
  const names = await readdir(target).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw diskError(error, target);
  });
  const prefix = folder === '' ? '' : `${folder}/`;
  const real = await followLinks(root);
  return Promise.all(
    names.sort(compareCodePoints).map(async (name): Promise<ArtifactEntry> => {
      const found = await lookInside(real ?? root, path.join(target, name));
      const isFolder = found?.isDirectory() === true;
      return { path: `${prefix}${name}`, isFolder, bytes: found?.isFile() === true ? found.size : null };
    }),
  );
}

/** Undefined for what has gone meanwhile, and for a link to elsewhere, of which nothing is told. */
async function lookInside(root: string, file: string): Promise<Stats | undefined> {
  const target = await followLinks(file);
  if (target === undefined || !isInside(root, target)) return undefined;
  return stat(target).catch(() => undefined);
}

/** Undefined when it leads nowhere. */
async function followLinks(file: string): Promise<string | undefined> {
  return realpath(file).catch(() => undefined);
}
