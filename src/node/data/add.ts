import { lstat } from 'node:fs/promises';
import path from 'node:path';
import { ExpectedError, badInput } from '../../protocol/errors.ts';
import { formatDataFile, type DataFile } from '../../core/data/data.ts';
import { isWithin, overlaps, type Out } from '../../core/pipeline/pipeline.ts';
import { exists, writeFileAtomic } from '../files/files.ts';
import { ignoreOuts, refuseTrackedOuts, type LoadedPipeline } from '../pipeline/pipeline.ts';
import type { Project } from '../project/project.ts';
import { recordData } from './record.ts';
import { toProjectPaths, withData, withDataLocked, type DataTools, type DataWork } from './work.ts';

export interface PlannedData {
  /** The data, relative to the project's root. */
  readonly path: string;
  /** Its `.dvc` file. */
  readonly file: string;
}

export interface AddedData extends PlannedData {
  readonly md5: string;
  readonly size: number;
  /** Files in a folder; null for a file. */
  readonly nfiles: number | null;
}

/**
 * Tracks files and folders as `dvc add` does: into the cache, their hashes into a `.dvc` file beside them, their names into the
 * .gitignore there. What is tracked already is brought up to date. All paths are looked at before the first is touched.
 */
export function addData(project: Project, paths: readonly string[], tools: DataTools): Promise<readonly AddedData[]> {
  const command = ['mlops data add', ...paths].join(' ');
  return withDataLocked(project, tools, command, async ({ claim, ...work }) => {
    const additions = await findAdditions(work.loaded, paths, tools);
    await claim(additions.map(({ path: file }) => file));
    const added: AddedData[] = [];
    for (const addition of additions) added.push(await addOne(work, addition));
    return added;
  });
}

/** What {@link addData} would track; nothing is written. */
export function planAdd(project: Project, paths: readonly string[], tools: DataTools): Promise<readonly PlannedData[]> {
  return withData(project, tools, async ({ loaded }) =>
    (await findAdditions(loaded, paths, tools)).map(({ path: file, file: name }) => ({ path: file, file: name })),
  );
}

interface Addition extends PlannedData {
  /** The `.dvc` file that tracks it already. */
  readonly tracked: DataFile | undefined;
}

async function findAdditions(loaded: LoadedPipeline, paths: readonly string[], tools: DataTools): Promise<Addition[]> {
  const wanted = toProjectPaths(loaded.project, tools, paths);
  const additions = wanted.map((file): Addition => {
    const tracked = findTracked(loaded, file);
    return { path: file, file: tracked?.name ?? `${file}.dvc`, tracked };
  });
  for (const { path: file, tracked } of additions)
    if (tracked === undefined) await refuseUntrackable(loaded, file, wanted);
  return additions;
}

function findTracked({ data }: LoadedPipeline, file: string): DataFile | undefined {
  const tracked = data.find(({ outs }) => outs.some((out) => out.file === file));
  if (tracked !== undefined && tracked.unsupported.length > 0)
    throw new ExpectedError(
      'not-supported',
      `Not yet supported: ${tracked.name} (${tracked.unsupported.join(', ')}); "dvc update" takes care of it.`,
    );
  return tracked;
}

async function refuseUntrackable(loaded: LoadedPipeline, file: string, all: readonly string[]): Promise<void> {
  const { project, ignores, graph, data } = loaded;
  const absolute = path.join(project.root, file);
  const stat = await lstat(absolute).catch(() => undefined);
  if (stat === undefined) throw new ExpectedError('missing-file', `${file} does not exist.`);
  if (file === '') throw badInput('The project itself can not be tracked; name files or folders in it.');
  if (file.endsWith('.dvc') || /(?:^|\/)dvc\.(?:yaml|lock)$/.test(file))
    throw badInput(`${file} describes data; it can't be data itself.`);
  if (ignores.has(file, { isDirectory: stat.isDirectory() }))
    throw badInput(`${file} is ignored by .dvcignore, so it can't be tracked.`);
  const maker = graph.stages.find(({ outs }) => outs.some((out) => out.file === file));
  if (maker !== undefined)
    throw badInput(`${file} is an output of the stage ${maker.name}; "mlops run ${maker.name}" keeps it up to date.`);
  const others = [...graph.stages, ...data].flatMap(({ name, outs }) => outs.map((out) => ({ name, file: out.file })));
  for (const other of others) {
    if (!overlaps(other.file, file)) continue;
    if (isWithin(other.file, file))
      throw badInput(`${file} lies in ${other.file}, which ${other.name} tracks as a whole.`);
    throw badInput(`${file} holds ${other.file}, which ${other.name} tracks already.`);
  }
  const twin = all.find((other) => other !== file && overlaps(other, file));
  if (twin !== undefined) throw badInput(`${file} and ${twin} overlap; name one of them.`);
  if (await exists(`${absolute}.dvc`)) throw badInput(`${file}.dvc is there already, for other data.`);
  await refuseTrackedOuts(loaded, { outs: [toOut(file)] });
}

function toOut(file: string): Out {
  const place = { file: `${file}.dvc`, line: 1, column: 1 };
  return { path: path.posix.basename(file), file, place, kind: 'out', cache: true, persist: false };
}

async function addOne(
  { loaded, workspace }: DataWork,
  { path: file, file: name, tracked }: Addition,
): Promise<AddedData> {
  const hashed = await workspace.store(file);
  if (hashed === undefined) throw new ExpectedError('missing-file', `${file} does not exist.`);
  await ignoreOuts(loaded, tracked?.outs ?? [toOut(file)]);
  if (tracked !== undefined) await recordData(tracked, workspace);
  else await writeFileAtomic(path.join(loaded.project.root, name), formatDataFile(path.posix.basename(file), hashed));
  const { md5, size, nfiles } = hashed;
  return { path: file, file: name, md5, size, nfiles: nfiles ?? null };
}
