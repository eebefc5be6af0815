import { createHash } from 'node:crypto';
import { ExpectedError } from '../../protocol/errors.ts';
import type { Problem } from '../../protocol/problem.ts';
import {
  findLocked,
  parseParams,
  pickParams,
  toLockMapping,
  emitMapping,
  type LockedPath,
  type LockedStage,
  type Out,
  type ParamValues,
  type ParamsFile,
  type PathFact,
  type PyMap,
  type Stage,
  type StageFacts,
  type StagePath,
} from '../../core/pipeline/pipeline.ts';
import type { Project } from '../project/project.ts';
import {
  Cache,
  HashState,
  hashPath,
  missingPath,
  readDvcSettings,
  type HashContext,
  type HashMethod,
  type HashedPath,
} from '../cache/cache.ts';
import type { LoadedPipeline } from './load.ts';
import { readParsed } from './reading.ts';

/** What is known about files while one command runs: each path is hashed once until somebody says that files changed. */
export class Workspace {
  readonly project: Project;
  readonly cache: Cache;
  readonly noScm: boolean;
  readonly problems: Problem[] = [];
  readonly #context: HashContext;
  readonly #hashes = new Map<string, Promise<HashedPath | undefined>>();
  readonly #params = new Map<string, Promise<ParamsContent>>();

  private constructor(project: Project, context: HashContext, settings: Awaited<ReturnType<typeof readDvcSettings>>) {
    this.project = project;
    this.#context = context;
    this.noScm = settings.noScm;
    this.cache = new Cache(settings.cache, settings.links, context);
  }

  static async open(
    { project, ignores }: Pick<LoadedPipeline, 'project' | 'ignores'>,
    { env, signal }: { env: NodeJS.ProcessEnv; signal?: AbortSignal | undefined },
  ): Promise<Workspace> {
    const [settings, state] = await Promise.all([readDvcSettings(project, env), HashState.open(project)]);
    return new Workspace(project, { root: project.root, state, ignores, signal }, settings);
  }

  async save(options: { prune: boolean }): Promise<void> {
    await this.#context.state.save(options);
  }

  hash(file: string, method: HashMethod = 'md5'): Promise<HashedPath | undefined> {
    const key = `${method} ${file}`;
    const known = this.#hashes.get(key) ?? hashPath(file, method, this.#context);
    this.#hashes.set(key, known);
    return known;
  }

  /** Hashes a path into the cache: every file of it is there as well then. */
  async keep(file: string): Promise<HashedPath | undefined> {
    const hashed = await hashPath(file, 'md5', this.#context, { cache: this.cache.folder });
    this.#hashes.set(`md5 ${file}`, Promise.resolve(hashed));
    this.cache.forget();
    return hashed;
  }

  /** As {@link keep}, and makes the files links to their objects where the configuration asks for links. */
  async store(file: string): Promise<HashedPath | undefined> {
    const hashed = await this.keep(file);
    if (hashed === undefined || !this.cache.isLinked) return hashed;
    await this.cache.relink(file, hashed);
    // A link is another file with the same content.
    this.#hashes.clear();
    return hashed;
  }

  async readParams({ file, keys, place }: ParamsFile): Promise<ParamValues | undefined> {
    const known = this.#params.get(file) ?? this.#parse(file);
    this.#params.set(file, known);
    const content = await known;
    if (content === undefined) return undefined;
    const { values, ambiguous, unlockable } = pickParams(content, keys);
    for (const key of ambiguous)
      this.problems.push({
        ...place,
        severity: 'error',
        message: `${key} matches several params of ${file}; DVC takes one.`,
      });
    const [other] = unlockable;
    // Known before anything runs, unless a stage wrote the file meanwhile.
    if (other !== undefined)
      throw new ExpectedError('not-supported', `${other[0]} of ${file} is ${other[1]}, which no lock can hold`);
    return values;
  }

  /** Hashes and params are taken anew from now on: a stage has run. */
  forget(): void {
    this.cache.forget();
    this.#hashes.clear();
    this.#params.clear();
  }

  async #parse(file: string): Promise<ParamsContent> {
    const { value, problems = [] } = (await readParsed(this.project, file, parseParams)) ?? {};
    this.problems.push(...problems);
    return value;
  }
}

type ParamsContent = PyMap | undefined;

/** Differs from whatever a lock says. */
const unreadablePath: PathFact = { ...missingPath, md5: '' };

/**
 * The facts that decide about one stage, hashed by the methods that its lock entries ask for. A path that can't be hashed (a pipe, a
 * link that leads nowhere) throws; with `onUnreadable` it counts as changed, and the problem is told with its place.
 */
export async function gatherFacts(
  workspace: Workspace,
  stage: Stage,
  locked: LockedStage | undefined,
  onUnreadable?: (problem: Problem) => void,
): Promise<StageFacts> {
  const hash = async ({ file, place }: StagePath, method: HashMethod): Promise<PathFact> => {
    try {
      return (await workspace.hash(file, method)) ?? missingPath;
    } catch (error) {
      if (!(error instanceof ExpectedError) || onUnreadable === undefined) throw error;
      onUnreadable({ ...place, severity: 'error', message: `${stage.key}: ${error.message}` });
      return unreadablePath;
    }
  };
  const hashAll = async (paths: readonly StagePath[], entries: readonly LockedPath[] | undefined) => {
    const facts = [];
    for (const item of paths) {
      const isLegacy = findLocked(entries, item.path)?.legacy === true;
      facts.push(await hash(item, isLegacy ? 'md5-dos2unix' : 'md5'));
    }
    return facts;
  };
  const deps = stage.frozen ? stage.deps.map(() => missingPath) : await hashAll(stage.deps, locked?.deps);
  const params = [];
  for (const file of stage.params) params.push(await workspace.readParams(file));
  const outs = await hashAll(stage.outs, locked?.outs);
  const cached = [];
  for (const out of stage.outs) {
    const entry = findLocked(locked?.outs, out.path);
    cached.push(!out.cache || entry?.md5 === undefined || (await isCached(workspace, out.file, entry)));
  }
  return { deps, params, outs, cached };
}

/** Whether the cache holds what a lock names; the path itself tells the members of a folder when it is as locked. */
async function isCached(workspace: Workspace, file: string, { md5 = '', legacy }: LockedPath): Promise<boolean> {
  return workspace.cache.holds({ md5, legacy }, legacy ? undefined : await workspace.hash(file));
}

/**
 * What dvc.lock would say of the stage as everything stands now, without what is missing. An entry of DVC 2 in `locked` stays
 * one while its file is unchanged, as in DVC.
 */
export async function takeLockEntry(workspace: Workspace, stage: Stage, locked?: LockedStage): Promise<LockedStage> {
  const lockAll = async (
    paths: readonly (StagePath & Partial<Out>)[],
    entries: readonly LockedPath[] | undefined,
  ): Promise<LockedPath[]> => {
    const found = [];
    for (const item of paths) {
      const before = findLocked(entries, item.path);
      const hashed = await workspace.hash(item.file);
      if (hashed === undefined) continue;
      const isKept = before?.legacy === true && (await isUnchangedLegacy(workspace, item, before));
      found.push(isKept ? before : toLockedPath(item.path, hashed));
    }
    return found;
  };
  const params = new Map<string, ParamValues>();
  for (const file of stage.params) params.set(file.path, (await workspace.readParams(file)) ?? new Map());
  return {
    cmd: stage.cmd,
    deps: await lockAll(stage.deps, locked?.deps),
    params,
    outs: await lockAll(stage.outs, locked?.outs),
  };
}

/** We write the layout of DVC 3 only: an output keeps its old entry only where the old layout of the cache has it already. */
async function isUnchangedLegacy(
  workspace: Workspace,
  { file, kind, cache }: StagePath & Partial<Out>,
  { md5 }: LockedPath,
): Promise<boolean> {
  if (md5 === undefined || (await workspace.hash(file, 'md5-dos2unix'))?.md5 !== md5) return false;
  if (kind === undefined) return true;
  return cache === true ? workspace.cache.holds({ md5, legacy: true }) : kind === 'out';
}

function toLockedPath(written: string, { md5, size, nfiles, isexec }: HashedPath): LockedPath {
  return { path: written, md5, legacy: false, size, nfiles, isexec, foreign: [] };
}

/** Short text that changes whenever the stage's command or one of its inputs does. */
export async function signatureOfInputs(workspace: Workspace, stage: Stage): Promise<string> {
  const { cmd, deps, params } = await takeLockEntry(workspace, { ...stage, outs: [] });
  const text = emitMapping(toLockMapping({ cmd, deps, params, outs: [] }), 0);
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
