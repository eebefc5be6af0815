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
  type LockFile,
  type LockedStage,
  type PipelineGraph,
  type PyMap,
  type Stage,
} from '../../core/pipeline/pipeline.ts';
import { diskError, isDirectory, isMissing, readTextIfExists } from '../files/files.ts';
import type { Project } from '../project/project.ts';
import { Ignores, readIgnoreFile } from './ignores.ts';
import { readParsed } from './reading.ts';

/** Everything that the project's pipeline files say. With an error among the problems nothing may be run. */
export interface LoadedPipeline {
  readonly project: Project;
  readonly graph: PipelineGraph;
  /** Lock files by the dvc.yaml that they belong to. */
  readonly locks: ReadonlyMap<string, LockFile>;
  /** `.dvc` files (data tracked by themselves). */
  readonly dataFiles: readonly string[];
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

/** Texts that are not on disk yet, by file relative to the root: they are read in the place of what is there. */
export type UnsavedTexts = ReadonlyMap<string, string>;

/** Reads every dvc.yaml of the project with its lock, and the files that they name for `${…}`. */
export async function loadPipeline(
  project: Project,
  { unsaved = new Map() }: { unsaved?: UnsavedTexts } = {},
): Promise<LoadedPipeline> {
  const ignores = new Ignores(project.root, '.dvcignore', [builtInIgnore]);
  const gitIgnores = await findGitIgnores(project);
  const loader = new Loader(project, { ignores, git: gitIgnores, unsaved });
  await loader.visit('');
  const { graph, problems } = buildGraph(loader.stages);
  return {
    project,
    graph,
    locks: loader.locks,
    dataFiles: loader.dataFiles,
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

/** Walks the project as DVC does: not into outputs, nor into what .dvcignore or Git ignore, nor through links. */
class Loader {
  readonly stages: Stage[] = [];
  readonly locks = new Map<string, LockFile>();
  readonly dataFiles: string[] = [];
  readonly problems: Problem[] = [];
  readonly #project: Project;
  readonly #ignores: Ignores;
  readonly #git: GitIgnores | undefined;
  readonly #unsaved: UnsavedTexts;
  readonly #params = new Map<string, Parsed<PyMap> | undefined>();

  constructor(
    project: Project,
    { ignores, git, unsaved }: { ignores: Ignores; git: GitIgnores | undefined; unsaved: UnsavedTexts },
  ) {
    this.#project = project;
    this.#ignores = ignores;
    this.#git = git;
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
    else this.dataFiles.push(file);
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

  #isOut(folder: string): boolean {
    return this.stages.some(({ outs }) => outs.some(({ file }) => file === folder));
  }

  #isIgnored(file: string, kind: { isDirectory: boolean }): boolean {
    if (this.#ignores.hasHere(file, kind)) return true;
    const inGit = this.#git && toGitPath(this.#project, this.#git, file);
    return inGit !== undefined && this.#git?.rules.hasHere(inGit, kind) === true;
  }

  async #load(file: string): Promise<void> {
    const { value: pipeline, problems = [] } = (await this.#parse(file, parsePipeline)) ?? {};
    this.problems.push(...problems);
    if (pipeline === undefined) return;
    const sources = new Map<string, Parsed<PyMap> | undefined>();
    for (const { file: name } of pipeline.varFiles) sources.set(name, await this.#readParams(name));
    const { value: stages = [], problems: found } = resolveStages(pipeline, sources);
    this.problems.push(...found);
    const lock = await this.#readLock(lockFileOf(file));
    this.locks.set(file, lock);
    for (const stage of stages) this.stages.push(this.#withLockLimits(stage, lock));
  }

  /** An entry that only DVC's remotes could judge makes its stage one for DVC. */
  #withLockLimits(stage: Stage, lock: LockFile): Stage {
    const locked = lock.stages.get(stage.key);
    const foreign = [...(locked?.deps ?? []), ...(locked?.outs ?? [])].find(
      ({ md5, foreign: keys }) => keys.length > 0 && md5 === undefined,
    );
    if (foreign === undefined) return stage;
    const what = `the lock of ${foreign.path} (${foreign.foreign.join(', ')})`;
    this.problems.push({ ...stage.place, severity: 'error', message: `${stage.key}: Not yet supported: ${what}.` });
    return { ...stage, unsupported: [...stage.unsupported, what] };
  }

  async #parse<T>(file: string, parse: (text: string, file: string) => Parsed<T>): Promise<Parsed<T> | undefined> {
    const unsaved = this.#unsaved.get(file);
    return unsaved === undefined ? readParsed(this.#project, file, parse) : parse(unsaved, file);
  }

  async #readParams(file: string): Promise<Parsed<PyMap> | undefined> {
    if (!this.#params.has(file)) this.#params.set(file, await this.#parse(file, parseParams));
    return this.#params.get(file);
  }

  async #readLock(file: string): Promise<LockFile> {
    const { value = emptyLock, problems = [] } = (await this.#parse(file, parseLock)) ?? {};
    this.problems.push(...problems);
    return value;
  }
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

/** DVC refuses stages whose inputs or outputs it may not see. */
function findIgnored(stages: readonly Stage[], ignores: Ignores): Problem[] {
  return stages.flatMap((stage) =>
    [...stage.deps, ...stage.params, ...stage.outs]
      .filter(({ file }) => isWithin('', file))
      .filter(({ file }) => ignores.has(file, { isDirectory: false }) || ignores.has(file, { isDirectory: true }))
      .map(({ path: written, place }) => ({
        ...place,
        severity: 'error' as const,
        message: `${stage.key}: ${written} is ignored by .dvcignore, so it can be neither dependency nor output.`,
      })),
  );
}
