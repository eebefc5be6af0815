import { hasErrors, type Parsed, type Problem } from '../../protocol/problem.ts';
import { parseYaml, type YamlFile } from '../yaml/yaml.ts';
import { emptyScope, isLoaded, mergeFile, mergeValues, parseVarFile, type Scope } from './context.ts';
import { expandGroup, type RawStage } from './expand.ts';
import { InterpolationError, hasInterpolation, interpolate } from './interpolation.ts';
import { placeOfOffset } from './lockfile.ts';
import { pipelineSchema, type YamlPath } from './schema.ts';
import { resolveFolder, resolvePath, resolveStage, type ProjectFacts } from './resolve.ts';
import { folderOf, joinPath, type Stage } from './stage.ts';
import {
  UnreadableValue,
  emptyMap,
  getKey,
  isList,
  isPyMap,
  keyText,
  toPyValue,
  type PyMap,
  type PyValue,
} from './values.ts';

/** A dvc.yaml whose shape is right; its stages are not resolved yet, because that takes the files that it names. */
export interface PipelineFile {
  /** Relative to the project's root. */
  readonly file: string;
  readonly yaml: YamlFile;
  readonly root: PyMap;
}

const PIPELINE_LIMITS = { maxLength: 8 << 20, maxDepth: 64 };

/** Parses a dvc.yaml by DVC's strict schema. Any error leaves it without a value: DVC refuses such a file whole. */
export function parsePipeline(text: string, file: string): Parsed<PipelineFile> {
  const { value: yaml, problems } = parseYaml(text, file, PIPELINE_LIMITS);
  if (yaml === undefined) return { value: undefined, problems };
  const found: Problem[] = [...problems];
  const root = readRoot(yaml, text, found);
  if (root === undefined) return { value: undefined, problems: found };
  pipelineSchema(root, [], (path, message, at) => void found.push(yaml.problemAt(path, message, at && { at })));
  return { value: hasErrors(found) ? undefined : { file, yaml, root }, problems: found };
}

function readRoot(yaml: YamlFile, text: string, problems: Problem[]): PyMap | undefined {
  try {
    const root = toPyValue(yaml.document.contents, yaml.document) ?? emptyMap;
    if (isPyMap(root)) return root;
    problems.push(yaml.problemAt([], 'A pipeline file must be a mapping.'));
  } catch (error) {
    if (!(error instanceof UnreadableValue)) throw error;
    const place = placeOfOffset(text, error.offset);
    problems.push({
      file: yaml.file,
      ...place,
      severity: 'error',
      message: `Not readable as DVC reads it: ${error.message}.`,
    });
  }
  return undefined;
}

/** What is known of files that vars name, by their path relative to the root; undefined where there is none. */
export type VarSources = ReadonlyMap<string, Parsed<PyMap> | undefined>;

export interface ResolvedPipeline extends Parsed<readonly Stage[]> {
  /** Files that the sources know nothing of yet: read them and ask again. */
  readonly missing: readonly string[];
  /** The section `plots` with everything filled in; undefined for an item that can't be. */
  readonly plots: readonly (PyValue | undefined)[];
}

/**
 * All stages of a file with groups expanded and `${…}` filled in. A stage that only DVC can run comes with the reason, and with
 * a warning at its line; a stage that is wrong is left out, with its problem. Which files it takes shows on the way, because
 * the folder of a stage's own vars may be filled in as well.
 */
export function resolveStages(pipeline: PipelineFile, sources: VarSources, facts: ProjectFacts): ResolvedPipeline {
  return new Resolver(pipeline, sources, facts).resolve();
}

class Resolver {
  readonly #pipeline: PipelineFile;
  readonly #sources: VarSources;
  readonly #facts: ProjectFacts;
  readonly #problems: Problem[] = [];
  readonly #missing = new Set<string>();
  #plots: ResolvedPipeline['plots'] = [];

  constructor(pipeline: PipelineFile, sources: VarSources, facts: ProjectFacts) {
    this.#pipeline = pipeline;
    this.#sources = sources;
    this.#facts = facts;
  }

  resolve(): ResolvedPipeline {
    const scope = this.#globalScope();
    const stages = hasErrors(this.#problems) || this.#missing.size > 0 ? undefined : this.#stages(scope);
    return { value: stages, problems: this.#problems, missing: [...this.#missing], plots: this.#plots };
  }

  #problem(
    path: YamlPath,
    message: string,
    at: 'key' | 'value' = 'value',
    severity: Problem['severity'] = 'error',
  ): void {
    this.#problems.push(this.#pipeline.yaml.problemAt(path, message, { at, severity }));
  }

  /** Runs what may refuse a `${…}`; undefined, with a problem at the place, when it does. */
  #attempt<T>(path: YamlPath, act: () => T, at?: 'key' | 'value'): T | undefined {
    try {
      return act();
    } catch (error) {
      if (!(error instanceof InterpolationError)) throw error;
      this.#problem(path, error.message, at);
      return undefined;
    }
  }

  /** params.yaml beside the file, where there is one, then vars in their order. */
  #globalScope(): Scope {
    const { file, root } = this.#pipeline;
    const folder = folderOf(file);
    const params = joinPath(folder, 'params.yaml');
    let scope = emptyScope;
    if (this.#source(params) !== undefined) scope = this.#addFile(scope, params, 'params.yaml', ['vars']);
    return this.#addVars(scope, getKey(root, 'vars'), folder, ['vars']) ?? scope;
  }

  /** The scope with the entries of a section `vars`; undefined when one of them is wrong. */
  #addVars(scope: Scope, vars: PyValue | undefined, folder: string, at: YamlPath): Scope | undefined {
    const before = this.#problems.length;
    let current = scope;
    for (const [index, item] of (isList(vars) ? vars : []).entries()) {
      const path = [...at, index];
      if (hasInterpolation(item)) this.#problem(path, 'vars can not be filled in with ${…}.');
      else if (isPyMap(item)) current = this.#attempt(path, () => mergeValues(current, item)) ?? current;
      else if (typeof item === 'string') {
        const name = parseVarFile(item).name;
        current = this.#addFile(current, resolvePath(this.#facts.root, folder, name) ?? name, item, path);
      }
    }
    return this.#problems.length > before ? undefined : current;
  }

  #addFile(scope: Scope, file: string, entry: string, path: YamlPath): Scope {
    const wanted = parseVarFile(entry);
    const known = this.#attempt(path, () => isLoaded(scope, file, wanted));
    if (known !== false) return scope;
    const source = this.#source(file);
    if (source === undefined) {
      if (this.#sources.has(file)) this.#problem(path, `${file} does not exist.`);
      return scope;
    }
    const content = source.value;
    if (content === undefined) return scope;
    return this.#attempt(path, () => mergeFile(scope, file, wanted, content)) ?? scope;
  }

  #source(file: string): Parsed<PyMap> | undefined {
    if (!this.#sources.has(file)) this.#missing.add(file);
    const source = this.#sources.get(file);
    const known = new Set(this.#problems);
    for (const problem of source?.problems ?? []) if (!known.has(problem)) this.#problems.push(problem);
    return source;
  }

  #stages(scope: Scope): Stage[] {
    this.#checkSections(scope);
    const stages: Stage[] = [];
    const definitions = getKey(this.#pipeline.root, 'stages');
    for (const [name, definition] of isPyMap(definitions) ? definitions.entries : []) {
      if (typeof name !== 'string' || !isPyMap(definition)) continue;
      const base: YamlPath = ['stages', name];
      const raws = this.#expand(name, definition, base, scope);
      this.#checkName(name, base, { isGroup: raws.some(({ key }) => key !== name) });
      for (const raw of raws) {
        const own = this.#withOwnVars(raw);
        if (own !== undefined) stages.push(...resolveStage(this.#pipeline.yaml, own, this.#facts, this.#problems));
      }
    }
    return stages;
  }

  #expand(name: string, definition: PyMap, base: YamlPath, scope: Scope): readonly RawStage[] {
    const key = getKey(definition, 'foreach') === undefined ? 'matrix' : 'foreach';
    return this.#attempt([...base, key], () => expandGroup(name, definition, base, scope)) ?? [];
  }

  #checkName(name: string, base: YamlPath, { isGroup }: { isGroup: boolean }): void {
    if (name.includes('@') && !isGroup)
      this.#problem(base, `"${name}" is no name for a stage: @ stands before the item of a group.`, 'key');
    else if (/[!-,./:-?[-^`{-~]/.test(name))
      this.#problem(
        base,
        `"${name}" is hard to address: of ASCII punctuation only - and _ belong in a stage's name.`,
        'key',
        'warning',
      );
  }

  /** The stage with its own vars merged in; undefined when they are wrong, or not read yet. */
  #withOwnVars(raw: RawStage): RawStage | undefined {
    const vars = getKey(raw.definition, 'vars');
    if (vars === undefined) return raw;
    const folder = resolveFolder(this.#pipeline.file, raw, this.#facts);
    if (folder === undefined) return raw;
    const scope = this.#addVars(raw.scope, vars, folder, [...raw.body, 'vars']);
    return scope === undefined ? undefined : { ...raw, scope };
  }

  /** DVC fills in everything outside of stages as well, and refuses the file when it can't. */
  #checkSections({ context }: Scope): void {
    for (const section of ['metrics', 'params', 'plots', 'datasets']) {
      const items = getKey(this.#pipeline.root, section);
      const filled = (isList(items) ? items : []).map((item, index) =>
        this.#attempt([section, index], () => interpolate(item, context, 'anything')),
      );
      if (section === 'plots') this.#plots = filled;
    }
    const artifacts = getKey(this.#pipeline.root, 'artifacts');
    for (const [name, definition] of isPyMap(artifacts) ? artifacts.entries : []) {
      const path = ['artifacts', keyText(name)];
      this.#attempt(path, () => interpolate(definition, context, 'anything'));
      const filled = this.#attempt(path, () => interpolate(name, context, 'anything'), 'key');
      if (filled !== undefined && typeof filled !== 'string')
        this.#problem(path, 'The name of an artifact must be text.', 'key');
    }
  }
}
