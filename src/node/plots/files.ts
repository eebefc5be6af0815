import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { parseDataFile } from '../../core/data/data.ts';
import { isOutside, parseDirectory, parseLock, parsePipeline } from '../../core/pipeline/pipeline.ts';
import type { PlotTree } from '../../core/plots/plots.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import type { Problem } from '../../protocol/problem.ts';
import { diskError, isMissing, listFiles, refuseUnreadable } from '../files/files.ts';
import type { GitObjects } from '../git/git.ts';
import { loadPipeline } from '../pipeline/pipeline.ts';
import type { Project } from '../project/project.ts';
import { cacheOf, lockOf, objectPath, resolvePipeline, type ResolvedFile } from '../revisions/revisions.ts';

// Files of one revision, wherever they are kept: in the work tree, in git's objects, in DVC's cache.

/** An error where a file is there and can't be read. */
export type FoundFiles = ReadonlyMap<string, Uint8Array | ExpectedError>;

/** Where a revision's own files come from; names relative to the project's root. */
interface Place {
  /** Those of its files that are wanted and there. */
  readonly read: (files: readonly string[]) => Promise<FoundFiles>;
  /** dvc.yaml and .dvc files. */
  readonly pipelines: readonly string[];
  readonly dataFiles: readonly string[];
  /** What is wrong with the pipelines; null: what is found on reading them. */
  readonly problems: readonly Problem[] | null;
  /** Files below each of the paths that is a folder, and those of the paths that are files. */
  readonly look: (paths: readonly string[]) => Promise<Looked>;
}

interface Looked {
  readonly folders: ReadonlyMap<string, readonly string[]>;
  readonly files: ReadonlySet<string>;
}

/** What DVC tracks: the object of a path. */
interface Tracked {
  readonly md5: string;
  readonly legacy: boolean;
}

export class PlotFiles {
  readonly pipelines: readonly ResolvedFile[];
  readonly problems: readonly Problem[];
  readonly #place: Place;
  readonly #cache: string | undefined;
  readonly #tracked: ReadonlyMap<string, Tracked>;

  constructor(
    place: Place,
    known: Pick<PlotFiles, 'pipelines' | 'problems'> & {
      cache: string | undefined;
      tracked: ReadonlyMap<string, Tracked>;
    },
  ) {
    this.#place = place;
    this.pipelines = known.pipelines;
    this.problems = known.problems;
    this.#cache = known.cache;
    this.#tracked = known.tracked;
  }

  /** What is known of these paths. */
  async look(paths: readonly string[]): Promise<PlotTree> {
    const inside = paths.filter((file) => !isOutside(file));
    const { folders, files } = await this.#place.look(inside);
    const members = new Map<string, readonly string[]>();
    for (const file of inside) {
      const kept = await this.#membersOf(file);
      const all = [...new Set([...(folders.get(file) ?? []), ...(kept ?? [])])].sort();
      if (folders.has(file) || kept !== undefined) members.set(file, all);
    }
    return { filesIn: (folder) => members.get(folder), has: (file) => files.has(file) || this.#tracked.has(file) };
  }

  /** Bytes of files; what DVC tracks is looked up in its cache where it does not lie in the revision itself. */
  async read(files: readonly string[]): Promise<FoundFiles> {
    const inside = files.filter((file) => !isOutside(file));
    const found = new Map(await this.#place.read(inside));
    for (const file of inside) {
      if (found.has(file)) continue;
      const bytes = await this.#readTracked(file);
      if (bytes !== undefined) found.set(file, bytes);
    }
    return found;
  }

  async #readTracked(file: string): Promise<Uint8Array | ExpectedError | undefined> {
    const own = this.#tracked.get(file) ?? (await this.#memberOf(file));
    return own === undefined || own.md5.endsWith('.dir') ? undefined : this.#object(own);
  }

  async #object({ md5, legacy }: Tracked): Promise<Uint8Array | ExpectedError | undefined> {
    if (this.#cache === undefined || !/^[0-9a-f]{32}(?:\.dir)?$/.test(md5)) return undefined;
    return readIfExists(objectPath(this.#cache, { md5, legacy }));
  }

  /** The object of a file that lies in a tracked folder. */
  async #memberOf(file: string): Promise<Tracked | undefined> {
    for (const [folder, tracked] of this.#tracked) {
      if (!file.startsWith(`${folder}/`)) continue;
      const member = (await this.#list(tracked)).find(({ relpath }) => `${folder}/${relpath}` === file);
      if (member !== undefined) return { md5: member.md5, legacy: tracked.legacy };
    }
    return undefined;
  }

  /** Files of tracked folders that are the path, or lie below or around it; undefined where there are none. */
  async #membersOf(file: string): Promise<readonly string[] | undefined> {
    const found: string[] = [];
    for (const [folder, tracked] of this.#tracked) {
      if (!`${file}/`.startsWith(`${folder}/`) && !folder.startsWith(`${file}/`)) continue;
      if (!tracked.md5.endsWith('.dir')) found.push(folder);
      else found.push(...(await this.#list(tracked)).map(({ relpath }) => `${folder}/${relpath}`));
    }
    const below = found.filter((name) => name.startsWith(`${file}/`));
    return below.length === 0 ? undefined : below;
  }

  async #list(tracked: Tracked): Promise<NonNullable<ReturnType<typeof parseDirectory>>> {
    const bytes = await this.#object(tracked);
    return bytes instanceof Uint8Array ? (parseDirectory(Buffer.from(bytes).toString()) ?? []) : [];
  }
}

export async function openWorkTree(project: Project, env: NodeJS.ProcessEnv): Promise<PlotFiles> {
  const { locks, data, problems } = await loadPipeline(project, { env });
  const toAbsolute = (file: string): string => path.join(project.root, file);
  const place: Place = {
    pipelines: [...locks.keys()],
    dataFiles: data.map(({ name }) => name),
    problems: problems.filter(({ file }) => path.posix.basename(file) === 'dvc.yaml'),
    read: async (files) => {
      const all = await Promise.all(files.map(async (file) => [file, await readIfExists(toAbsolute(file))] as const));
      return new Map(all.flatMap(([file, bytes]) => (bytes === undefined ? [] : [[file, bytes] as const])));
    },
    look: async (paths) => {
      const [folders, files] = [new Map<string, readonly string[]>(), new Set<string>()];
      for (const file of paths) {
        const found = await stat(toAbsolute(file)).catch(() => undefined);
        if (found?.isFile() === true) files.add(file);
        if (found?.isDirectory() === true)
          folders.set(
            file,
            (await listFiles(toAbsolute(file))).map((name) => (file === '' ? name : `${file}/${name}`)),
          );
      }
      return { folders, files };
    },
  };
  return open(project, place, env);
}

export async function openCommit(
  project: Project,
  git: GitObjects,
  commit: string,
  env: NodeJS.ProcessEnv,
): Promise<PlotFiles> {
  const all = await git.listFiles(commit);
  const known = new Set(all);
  const named = (test: (name: string) => boolean): readonly string[] =>
    all.filter((file) => test(path.posix.basename(file)));
  const place: Place = {
    pipelines: named((name) => name === 'dvc.yaml'),
    dataFiles: named((name) => name.endsWith('.dvc') && name !== '.dvc'),
    problems: null,
    read: async (files) =>
      git.readBytes(
        commit,
        files.filter((file) => known.has(file)),
      ),
    look: (paths) => {
      const below = paths.map((file) => [file, all.filter((name) => name.startsWith(`${file}/`))] as const);
      return Promise.resolve({
        folders: new Map(below.filter(([, names]) => names.length > 0)),
        files: new Set(paths.filter((file) => known.has(file))),
      });
    },
  };
  return open(project, place, env);
}

/** Reads the pipelines and what they track. */
async function open(project: Project, place: Place, env: NodeJS.ProcessEnv): Promise<PlotFiles> {
  const readTexts = async (files: readonly string[]): Promise<ReadonlyMap<string, string>> =>
    new Map(
      [...(await place.read(files))].flatMap(([file, bytes]) =>
        bytes instanceof Uint8Array ? [[file, Buffer.from(bytes).toString()] as const] : [],
      ),
    );
  const texts = await readTexts(place.pipelines);
  const parsed = [...texts].map(([file, text]) => parsePipeline(text, file));
  const pipelines = await Promise.all(
    parsed.flatMap(({ value }) => (value === undefined ? [] : [resolvePipeline(value, readTexts, project.root)])),
  );
  const found = place.problems ?? [...parsed, ...pipelines].flatMap((one) => one.problems);
  const problems = found.filter(({ severity }) => severity === 'error');
  const tracked = new Map([
    ...trackedByLocks(pipelines, await readTexts(pipelines.map(({ pipeline }) => lockOf(pipeline)))),
    ...trackedByFiles(await readTexts(place.dataFiles)),
  ]);
  return new PlotFiles(place, { pipelines, problems, tracked, cache: await cacheOf(project, env) });
}

function trackedByLocks(
  pipelines: readonly ResolvedFile[],
  locks: ReadonlyMap<string, string>,
): readonly (readonly [string, Tracked])[] {
  return pipelines.flatMap(({ pipeline, stages }) => {
    const file = lockOf(pipeline);
    const lock = parseLock(locks.get(file) ?? '', file).value;
    return stages.flatMap(({ key, outs }) =>
      outs.flatMap((out) => {
        const entry = lock?.stages.get(key)?.outs.find((one) => one.path === out.path);
        return entry?.md5 === undefined ? [] : [[out.file, { md5: entry.md5, legacy: entry.legacy }] as const];
      }),
    );
  });
}

function trackedByFiles(texts: ReadonlyMap<string, string>): readonly (readonly [string, Tracked])[] {
  return [...texts].flatMap(([file, text]) =>
    (parseDataFile(text, file).value?.outs ?? []).flatMap(({ file: out, recorded: { md5, legacy } }) =>
      md5 === undefined ? [] : [[out, { md5, legacy }] as const],
    ),
  );
}

/** Undefined for what is not there, and for a folder. A file that can't be read is told, and hides no other. */
async function readIfExists(file: string): Promise<Uint8Array | ExpectedError | undefined> {
  try {
    const found = await stat(file);
    if (found.isDirectory()) return undefined;
    refuseUnreadable(found, file);
    return await readFile(file);
  } catch (error) {
    if (isMissing(error)) return undefined;
    const told = diskError(error, file);
    if (told instanceof ExpectedError) return told;
    throw error;
  }
}
