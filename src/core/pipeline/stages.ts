import { hasErrors, type Parsed, type Problem } from '../../protocol/problem.ts';
import { parseYaml, type YamlFile } from '../yaml/yaml.ts';
import { expandGroup, type RawStage } from './expand.ts';
import { InterpolationError, MergeConflict, hasInterpolation, mergeContext, type Context } from './interpolation.ts';
import { placeOfOffset } from './lockfile.ts';
import { pipelineSchema, type YamlPath } from './schema.ts';
import { resolveStage } from './resolve.ts';
import { folderOf, isStageName, joinPath, type Stage } from './stage.ts';
import { UnreadableValue, emptyMap, getKey, isList, isPyMap, toPyMap, toPyValue, type PyMap } from './values.ts';

/** A dvc.yaml whose shape is right; its stages are not resolved yet, because that takes the files that it names. */
export interface PipelineFile {
  /** Relative to the project's root. */
  readonly file: string;
  readonly yaml: YamlFile;
  readonly root: PyMap;
  /** Files to read before the stages can be resolved, in the order in which they are merged. */
  readonly varFiles: readonly VarFile[];
}

interface VarFile {
  /** Relative to the project's root. */
  readonly file: string;
  /** Top-level keys to take; undefined: all. */
  readonly keys: readonly string[] | undefined;
  /** The default params.yaml may be missing. */
  readonly optional: boolean;
  readonly path: YamlPath;
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
  const varFiles = hasErrors(found) ? [] : listVarFiles(yaml, root, found);
  if (hasErrors(found)) return { value: undefined, problems: found };
  return { value: { file, yaml, root, varFiles }, problems: found };
}

function readRoot(yaml: YamlFile, text: string, problems: Problem[]): PyMap | undefined {
  try {
    const root = toPyValue(yaml.document.contents, yaml.document) ?? emptyMap;
    if (isPyMap(root)) return root;
    problems.push(yaml.problemAt([], 'A pipeline file must be a mapping.'));
  } catch (error) {
    if (!(error instanceof UnreadableValue)) throw error;
    const place = placeOfOffset(text, error.offset);
    problems.push({ file: yaml.file, ...place, severity: 'error', message: `Not yet supported: ${error.message}.` });
  }
  return undefined;
}

function listVarFiles(yaml: YamlFile, root: PyMap, problems: Problem[]): VarFile[] {
  const folder = folderOf(yaml.file);
  const files: VarFile[] = [{ file: joinPath(folder, 'params.yaml'), keys: undefined, optional: true, path: ['vars'] }];
  const vars = getKey(root, 'vars');
  for (const [index, item] of (isList(vars) ? vars : []).entries()) {
    const path = ['vars', index];
    if (typeof item !== 'string') continue;
    if (hasInterpolation(item)) {
      problems.push(yaml.problemAt(path, 'vars can not be filled in with ${…}.'));
      continue;
    }
    const colon = item.indexOf(':');
    const name = colon === -1 ? item : item.slice(0, colon);
    const keys =
      colon === -1
        ? []
        : item
            .slice(colon + 1)
            .split(',')
            .filter(Boolean);
    if (/\.(?:toml|py)$/.test(name)) problems.push(yaml.problemAt(path, `Not yet supported: vars from ${name}.`));
    const file = joinPath(folder, name);
    const earlier = files.filter((other) => other.file === file);
    const isWhole = keys.length === 0;
    if (isWhole && earlier.some((other) => other.keys === undefined)) continue;
    if (earlier.some((other) => other.keys === undefined || isWhole || other.keys.some((key) => keys.includes(key))))
      problems.push(yaml.problemAt(path, `${name} is loaded already, whole or in part.`));
    files.push({ file, keys: isWhole ? undefined : keys, optional: false, path });
  }
  return files;
}

/** The contents of the files that a pipeline's vars name, by their path; undefined where there is none. */
export type VarSources = ReadonlyMap<string, Parsed<PyMap> | undefined>;

/**
 * All stages of a file with groups expanded and `${…}` filled in. A stage that uses something not supported yet comes with the
 * reason, and with a problem at its line; a stage that is wrong is left out, with its problem.
 */
export function resolveStages(pipeline: PipelineFile, sources: VarSources): Parsed<readonly Stage[]> {
  const problems: Problem[] = [];
  const context = buildContext(pipeline, sources, problems);
  if (hasErrors(problems)) return { value: undefined, problems };
  const stages: Stage[] = [];
  const definitions = getKey(pipeline.root, 'stages');
  for (const [name, definition] of isPyMap(definitions) ? definitions.entries : []) {
    if (typeof name !== 'string' || !isPyMap(definition)) continue;
    const base: YamlPath = ['stages', name];
    if (!isStageName(name)) {
      problems.push(
        pipeline.yaml.problemAt(
          base,
          `"${name}" is no name for a stage: of ASCII punctuation only - and _ may be used.`,
          { at: 'key' },
        ),
      );
      continue;
    }
    for (const raw of expand(pipeline, { name, definition, base }, context, problems))
      stages.push(...resolveStage(pipeline.yaml, raw, problems));
  }
  return { value: stages, problems };
}

function expand(
  { yaml }: PipelineFile,
  group: { name: string; definition: PyMap; base: YamlPath },
  context: Context,
  problems: Problem[],
): readonly RawStage[] {
  try {
    return expandGroup(group.name, group.definition, group.base, context, {
      report: (path, message) => void problems.push(yaml.problemAt(path, message)),
    });
  } catch (error) {
    if (!(error instanceof InterpolationError)) throw error;
    const key = getKey(group.definition, 'foreach') === undefined ? 'matrix' : 'foreach';
    problems.push(yaml.problemAt([...group.base, key], error.message));
    return [];
  }
}

function buildContext(pipeline: PipelineFile, sources: VarSources, problems: Problem[]): Context {
  const { yaml, root } = pipeline;
  const vars = getKey(root, 'vars');
  const inline = (isList(vars) ? vars : []).map((item, index) => ({ item, path: ['vars', index] as YamlPath }));
  const steps: { path: YamlPath; value: PyMap }[] = [];
  for (const { file, keys, optional, path } of pipeline.varFiles) {
    const source = sources.get(file);
    if (source === undefined) {
      if (!optional) problems.push(yaml.problemAt(path, `${file} does not exist.`));
      continue;
    }
    problems.push(...source.problems);
    if (source.value !== undefined) steps.push({ path, value: pickKeys(source.value, keys, yaml, path, problems) });
  }
  for (const { item, path } of inline) if (isPyMap(item)) steps.push({ path, value: item });
  // The default file comes first, the rest in the order of vars.
  steps.sort((a, b) => Number(a.path[1] ?? -1) - Number(b.path[1] ?? -1));
  let context: Context = emptyMap;
  for (const { path, value } of steps) {
    try {
      context = mergeContext(context, value);
    } catch (error) {
      if (!(error instanceof MergeConflict)) throw error;
      problems.push(yaml.problemAt(path, error.message));
    }
  }
  return context;
}

function pickKeys(
  value: PyMap,
  keys: readonly string[] | undefined,
  yaml: YamlFile,
  path: YamlPath,
  problems: Problem[],
): PyMap {
  if (keys === undefined) return value;
  return toPyMap(
    keys.flatMap((key) => {
      const item = getKey(value, key);
      if (item === undefined) problems.push(yaml.problemAt(path, `There is no "${key}" in that file.`));
      return item === undefined ? [] : [[key, item] as const];
    }),
  );
}
