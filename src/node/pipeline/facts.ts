import { createHash } from 'node:crypto';
import { ExpectedError } from '../../protocol/errors.ts';
import type { Problem } from '../../protocol/problem.ts';
import {
  findLocked,
  pickParams,
  toLockMapping,
  emitMapping,
  type LockedPath,
  type LockedStage,
  type ParamValues,
  type ParamsFile,
  type PyMap,
  type Stage,
  type StageFacts,
  type StagePath,
} from '../../core/pipeline/pipeline.ts';
import type { Project } from '../project/project.ts';
import { Cache } from './cache.ts';
import { hashPath, missingPath, type HashContext, type HashedPath } from './hashing.ts';
import { HashState, type HashMethod } from './hashstate.ts';
import type { LoadedPipeline } from './load.ts';
import { readParamsFile } from './paramsfile.ts';
import { readDvcSettings } from './settings.ts';

/** What is known about files while one command runs: each path is hashed once until somebody says that files changed. */
export class Workspace {
  readonly project: Project;
  readonly cache: Cache;
  readonly noScm: boolean;
  readonly problems: Problem[] = [];
  readonly #context: HashContext;
  readonly #hashes = new Map<string, Promise<HashedPath | undefined>>();
  readonly #params = new Map<string, Promise<ParamsContent>>();

  private constructor(project: Project, context: HashContext, settings: { cache: string; noScm: boolean }) {
    this.project = project;
    this.#context = context;
    this.noScm = settings.noScm;
    this.cache = new Cache(settings.cache, context);
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
    this.#hashes.clear();
    this.#params.clear();
  }

  async #parse(file: string): Promise<ParamsContent> {
    const parsed = await readParamsFile(this.project, file);
    this.problems.push(...(parsed?.problems ?? []));
    return parsed?.value;
  }
}

type ParamsContent = PyMap | undefined;

/** The facts that decide about one stage, hashed by the methods that its lock entries ask for. */
export async function gatherFacts(
  workspace: Workspace,
  stage: Stage,
  locked: LockedStage | undefined,
): Promise<StageFacts> {
  const hashAll = async (paths: readonly StagePath[], entries: readonly LockedPath[] | undefined) => {
    const facts = [];
    for (const { path: written, file } of paths) {
      const isLegacy = findLocked(entries, written)?.legacy === true;
      facts.push((await workspace.hash(file, isLegacy ? 'md5-dos2unix' : 'md5')) ?? missingPath);
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
    cached.push(
      !out.cache || entry?.md5 === undefined || (await workspace.cache.holds({ md5: entry.md5, legacy: entry.legacy })),
    );
  }
  return { deps, params, outs, cached };
}

/** What dvc.lock would say of the stage as everything stands now; undefined while an input or output is missing. */
export async function takeLockEntry(workspace: Workspace, stage: Stage): Promise<LockedStage> {
  const lockAll = async (paths: readonly StagePath[]): Promise<LockedPath[]> => {
    const entries = [];
    for (const { path: written, file } of paths) {
      const hashed = await workspace.hash(file);
      if (hashed !== undefined) entries.push(toLockedPath(written, hashed));
    }
    return entries;
  };
  const params = new Map<string, ParamValues>();
  for (const file of stage.params) params.set(file.path, (await workspace.readParams(file)) ?? new Map());
  return { cmd: stage.cmd, deps: await lockAll(stage.deps), params, outs: await lockAll(stage.outs) };
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
