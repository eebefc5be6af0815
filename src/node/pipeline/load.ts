import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Parsed, Problem } from '../../protocol/problem.ts';
import {
  buildGraph,
  builtInIgnore,
  emptyLock,
  isWithin,
  parseLock,
  parseParams,
  parsePipeline,
  resolveStages,
  pickParams,
  type FlagSettings,
  type LockFile,
  type LockedStage,
  type PipelineFile,
  type PipelineGraph,
  type Place,
  type PyMap,
  type Stage,
} from '../../core/pipeline/pipeline.ts';
import { parseDataFile, type DataFile } from '../../core/data/data.ts';
import { diskError, isDirectory, isMissing, readTextIfExists } from '../files/files.ts';
import type { Project } from '../project/project.ts';
import { readFlagSettings } from '../cache/cache.ts';
import { Ignores, readIgnoreFile } from '../ignores/ignores.ts';
import { readParsed } from './reading.ts';

/** Everything that the project's pipeline files say. With an error among the problems nothing may be run. */
export interface LoadedPipeline {
  readonly project: Project;
  readonly graph: PipelineGraph;
  /** Lock files by the dvc.yaml that they belong to. */
  readonly locks: ReadonlyMap<string, LockFile>;
  /** `.dvc` files: data that is tracked by itself. */
  readonly data: readonly DataFile[];
  readonly problems: readonly Problem[];
  readonly ignores: Ignores;
  /** Rules of .gitignore files; undefined outside of Git. */
  readonly gitIgnores: GitIgnores | undefined;
}

export interface GitIgnores {
  /** Absolute path of the top of the work tree. */
  readonly root: string;
  readonly rules: Ignores;
}

/** dvc.yaml → dvc.lock, beside it. */
export function lockFileOf(file: string): string {
  return file.replace(/\.yaml$/, '.lock');
}

export function lockedStage({ locks }: Pick<LoadedPipeline, 'locks'>, stage: Stage): LockedStage | undefined {
  return locks.get(stage.place.file)?.stages.get(stage.key);
}

/** Texts that stand in an editor, by file relative to the root: they are read in the place of what is on disk. */
export type UnsavedTexts = ReadonlyMap<string, string>;

interface LoadOptions {
  /** Tells where DVC is configured. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly unsaved?: UnsavedTexts;
}

/** Reads every dvc.yaml of the project with its lock, and the files that they name for `${…}`. */
export async function loadPipeline(
  project: Project,
  { env = process.env, unsaved = new Map() }: LoadOptions = {},
): Promise<LoadedPipeline> {
  const ignores = new Ignores(project.root, '.dvcignore', [builtInIgnore]);
  const [gitIgnores, flags] = await Promise.all([findGitIgnores(project), readFlagSettings(project, env)]);
  const loader = new Loader(project, { flags, ignores, gitIgnores, unsaved });
  await loader.visit('');
  const { graph, problems } = buildGraph(loader.stages, loader.data);
  return {
    project,
    graph,
    locks: loader.locks,
    data: loader.data,
    problems: [...loader.problems, ...problems, ...findIgnored(loader.stages, ignores)],
    ignores,
    gitIgnores,
  };
}

async function findGitIgnores({ root }: Project): Promise<GitIgnores | undefined> {
  for (let folder = root; ; folder = path.dirname(folder)) {
    const git = path.join(folder, '.git');
    // In a linked work tree .git is a file.
    if ((await isDirectory(git)) || (await readTextIfExists(git).catch(() => undefined)) !== undefined) {
      const exclude = readIgnoreFile(path.join(git, 'info', 'exclude'), '', 'git');
      return { root: folder, rules: new Ignores(folder, '.gitignore', exclude === undefined ? [] : [exclude]) };
    }
    if (folder === path.dirname(folder)) return undefined;
  }
}

interface LoaderOptions extends Pick<LoadedPipeline, 'ignores' | 'gitIgnores'> {
  readonly flags: FlagSettings;
  readonly unsaved: UnsavedTexts;
}

/** Walks the project as DVC does: not into outputs, nor into what .dvcignore or Git ignore, nor through links. */
class Loader {
  readonly stages: Stage[] = [];
  readonly locks = new Map<string, LockFile>();
  readonly data: DataFile[] = [];
  readonly problems: Problem[] = [];
  readonly #project: Project;
  readonly #flags: FlagSettings;
  readonly #ignores: Ignores;
  readonly #git: GitIgnores | undefined;
  readonly #unsaved: UnsavedTexts;
  readonly #params = new Map<string, Parsed<PyMap> | undefined>();

  constructor(project: Project, { flags, ignores, gitIgnores, unsaved }: LoaderOptions) {
    this.#project = project;
    this.#flags = flags;
    this.#ignores = ignores;
    this.#git = gitIgnores;
    this.#unsaved = unsaved;
  }

  async visit(folder: string): Promise<void> {
    const entries = await this.#list(folder);
    if (folder !== '' && isRoot(entries)) return;
    const toPath = (name: string): string => (folder === '' ? name : `${folder}/${name}`);
    const names = new Set(entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name));
    // One that is about to be written.
    if (this.#unsaved.has(toPath('dvc.yaml'))) names.add('dvc.yaml');
    for (const name of [...names].sort()) await this.#visitFile(toPath(name), name);
    for (const entry of entries) {
      const inner = toPath(entry.name);
      if (!entry.isDirectory() || this.#isOut(inner) || this.#isIgnored(inner, { isDirectory: true })) continue;
      await this.visit(inner);
    }
  }

  async #visitFile(file: string, name: string): Promise<void> {
    const isPipeline = name === 'dvc.yaml';
    if (!isPipeline && !(name.endsWith('.dvc') && name !== '.dvc')) return;
    // The pipeline at the root is meant by whoever opens the project, whatever is ignored.
    if (file !== 'dvc.yaml' && this.#isIgnored(file, { isDirectory: false })) return;
    if (isPipeline) await this.#load(file);
    else await this.#loadData(file);
  }

  async #list(folder: string): Promise<Dirent[]> {
    try {
      return await readdir(path.join(this.#project.root, folder), { withFileTypes: true });
    } catch (error) {
      // A folder that we may not read holds nothing of the pipeline; the project itself must be there.
      if (folder !== '' && !isMissing(error)) return [];
      throw diskError(error, folder);
    }
  }

  async #loadData(file: string): Promise<void> {
    const { value, problems = [] } = (await this.#readParsed(file, parseDataFile)) ?? {};
    this.problems.push(...problems);
    if (value === undefined) return;
    this.data.push(value);
    const what = value.unsupported.join(', ');
    if (what === '') return;
    const message = `Not yet supported: ${what}; "dvc" takes care of it.`;
    this.problems.push({ ...value.place, severity: 'warning', message });
  }

  #isOut(folder: string): boolean {
    return [...this.stages, ...this.data].some(({ outs }) => outs.some(({ file }) => file === folder));
  }

  #isIgnored(file: string, kind: { isDirectory: boolean }): boolean {
    if (this.#ignores.hasHere(file, kind)) return true;
    const inGit = this.#git && toGitPath(this.#project, this.#git, file);
    return inGit !== undefined && this.#git?.rules.hasHere(inGit, kind) === true;
  }

  async #load(file: string): Promise<void> {
    const { value: pipeline, problems = [] } = (await this.#readParsed(file, parsePipeline)) ?? {};
    this.problems.push(...problems);
    if (pipeline === undefined) return;
    const { value: stages = [], problems: found } = await this.#resolve(pipeline);
    this.problems.push(...found);
    const lock = await this.#readLock(lockFileOf(file));
    this.locks.set(file, lock);
    this.#refuseIgnoredLock(lockFileOf(file));
    for (const stage of stages) this.stages.push(await this.#withLimits(stage, lock));
  }

  /** DVC refuses a lock that Git would leave out: a team that shares dvc.yaml without it shares nothing. */
  #refuseIgnoredLock(file: string): void {
    const inGit = this.#git && toGitPath(this.#project, this.#git, file);
    if (inGit === undefined || this.#git?.rules.has(inGit, { isDirectory: false }) !== true) return;
    const message = `Git ignores ${file}, which DVC refuses: take it out of .gitignore, so that it is committed.`;
    this.problems.push({ file, line: 1, column: 1, severity: 'error', message });
  }

  /** Reads the files that the vars name, until no more are asked for. */
  async #resolve(pipeline: PipelineFile): Promise<Parsed<readonly Stage[]>> {
    const facts = { root: this.#project.root, flags: this.#flags };
    for (;;) {
      const resolved = resolveStages(pipeline, this.#params, facts);
      if (resolved.missing.length === 0) return resolved;
      for (const file of resolved.missing) await this.#readParams(file);
    }
  }

  /** What only DVC's remotes could judge, or no lock can hold, makes its stage one for DVC. */
  async #withLimits(stage: Stage, lock: LockFile): Promise<Stage> {
    const limits = [...this.#lockLimits(stage, lock), ...(await this.#paramLimits(stage))];
    for (const { what, place } of limits)
      this.problems.push({ ...place, severity: 'warning', message: `${stage.key}: Needs DVC: ${what}.` });
    return limits.length === 0
      ? stage
      : { ...stage, unsupported: [...stage.unsupported, ...limits.map(({ what }) => what)] };
  }

  async #paramLimits(stage: Stage): Promise<Limit[]> {
    const limits = [];
    for (const { path: written, file, keys, place } of stage.params) {
      const content = (await this.#readParams(file))?.value;
      for (const [key, what] of content === undefined ? [] : pickParams(content, keys).unlockable)
        limits.push({ what: `${key} of ${written} (${what})`, place });
    }
    return limits;
  }

  #lockLimits(stage: Stage, lock: LockFile): Limit[] {
    const locked = lock.stages.get(stage.key);
    const foreign = [...(locked?.deps ?? []), ...(locked?.outs ?? [])].find(
      ({ md5, foreign: keys }) => keys.length > 0 && md5 === undefined,
    );
    if (foreign === undefined) return [];
    return [{ what: `the lock of ${foreign.path} (${foreign.foreign.join(', ')})`, place: stage.place }];
  }

  #readParsed<T>(file: string, parse: (text: string, file: string) => Parsed<T>): Promise<Parsed<T> | undefined> {
    const unsaved = this.#unsaved.get(file);
    return unsaved === undefined ? readParsed(this.#project, file, parse) : Promise.resolve(parse(unsaved, file));
  }

  async #readParams(file: string): Promise<Parsed<PyMap> | undefined> {
    if (!this.#params.has(file)) this.#params.set(file, await this.#readParsed(file, parseParams));
    return this.#params.get(file);
  }

  async #readLock(file: string): Promise<LockFile> {
    const { value = emptyLock, problems = [] } = (await this.#readParsed(file, parseLock)) ?? {};
    this.problems.push(...problems);
    return value;
  }
}

interface Limit {
  readonly what: string;
  readonly place: Place;
}

/** A project within the project is one of its own; DVC looks into none. */
function isRoot(entries: readonly Dirent[]): boolean {
  return entries.some((entry) => entry.name === '.dvc' && entry.isDirectory());
}

/** The path as rules of the work tree's top see it. */
export function toGitPath({ root }: Project, git: GitIgnores, file: string): string | undefined {
  const relative = path.relative(git.root, path.join(root, file)).split(path.sep).join('/');
  return relative === '' || relative.startsWith('../') ? undefined : relative;
}

/** DVC refuses stages whose outputs it may not see; what is ignored may be a dependency all the same. */
function findIgnored(stages: readonly Stage[], ignores: Ignores): Problem[] {
  return stages.flatMap((stage) =>
    stage.outs
      .filter(({ file }) => isWithin('', file))
      .filter(({ file }) => ignores.has(file, { isDirectory: false }) || ignores.has(file, { isDirectory: true }))
      .map(({ path: written, place }) => ({
        ...place,
        severity: 'error' as const,
        message: `${stage.key}: ${written} is ignored by .dvcignore, so it can be no output.`,
      })),
  );
}
