import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { parseConfig, stemOf, type ModelConfig } from '../../core/config/config.ts';
import { findNearest } from '../../core/names/names.ts';
import { badInput, unknownName } from '../../protocol/errors.ts';
import type { Problem } from '../../protocol/problem.ts';
import { isDirectory, isInside, readTextIfExists } from '../files/files.ts';
import { projectPaths, type Project } from '../project/project.ts';

export interface ResolvedConfig {
  /** Relative to the project, with forward slashes, as `configs/cnnbased.yaml`. */
  readonly file: string;
  /** Stem of the file. */
  readonly model: string;
  readonly config: ModelConfig;
  readonly warnings: readonly Problem[];
}

/**
 * Reads and checks a config with its overrides. `file` is a path from `cwd`, else from the project. Throws `bad-input` with the places
 * of all mistakes, `unknown-name` when there is no such file, and when the model has no code.
 */
export async function readConfig(
  project: Project,
  file: string,
  { cwd, overrides = [] }: { cwd: string; overrides?: readonly string[] },
): Promise<ResolvedConfig> {
  const candidates = [path.resolve(cwd, file), path.resolve(project.root, file)];
  for (const candidate of candidates) {
    if (!isInside(project.root, candidate)) continue;
    if (await isFolder(candidate)) {
      const known = await listConfigs(project);
      const hint = known.length === 0 ? '' : ` Known are ${known.join(', ')}.`;
      throw badInput(`${file} is a folder; a training takes one config file.${hint}`);
    }
    const text = await readTextIfExists(candidate);
    if (text === undefined) continue;
    const relative = path.relative(project.root, candidate).split(path.sep).join('/');
    const { value, problems } = parseConfig(text, relative, overrides);
    if (value === undefined) throw badInput(`${relative} has mistakes.`, problems);
    const model = stemOf(relative);
    await requireCode(project, relative, model);
    return { file: relative, model, config: value, warnings: problems };
  }
  throw unknownName('config', file, findNearest(file, await listConfigs(project)));
}

async function isFolder(file: string): Promise<boolean> {
  return stat(file).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** Config files of the project, as `configs/cnnbased.yaml`. */
async function listConfigs(project: Project): Promise<readonly string[]> {
  const names = await readdir(projectPaths.configs(project)).catch(() => [] as string[]);
  return names.filter((name) => /\.ya?ml$/.test(name)).map((name) => `configs/${name}`);
}

async function requireCode(project: Project, file: string, model: string): Promise<void> {
  const code = path.join(project.root, 'src', 'models', model);
  if (await isDirectory(code)) return;
  throw badInput(
    `${file} trains the model "${model}" (its file's name), but there is no folder src/models/${model} with its code.`,
  );
}
