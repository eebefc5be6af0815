import { readdir } from 'node:fs/promises';
import path from 'node:path';
import {
  defaultObjective,
  parseConfig,
  parseProjectSettings,
  type Objective,
  type ProjectSettings,
} from '../../core/config/config.ts';
import type { ObjectiveOf } from '../../core/tracking/tracking.ts';
import { badInput } from '../../protocol/errors.ts';
import { isMissing, readTextIfExists } from '../files/files.ts';
import { projectPaths, type Project } from '../project/project.ts';

/** `.mlops/project.yaml`, as far as tracking reads it; throws `bad-input` with the places. */
export async function readProjectSettings(project: Project): Promise<ProjectSettings> {
  const file = projectPaths.settings(project);
  const text = await readTextIfExists(file);
  if (text === undefined) return { trackingUri: null, objective: null };
  const { value, problems } = parseProjectSettings(text, path.relative(project.root, file));
  if (value === undefined) throw badInput('The settings of the project have mistakes.', problems);
  return value;
}

/**
 * The objective of each run: that of the config it was made from, else the project's, else the default. A config that is
 * broken now says nothing about its old runs, so mistakes in it are left to those who train.
 */
export async function readObjectives(project: Project): Promise<ObjectiveOf> {
  const fallback = (await readProjectSettings(project)).objective ?? defaultObjective;
  const folder = projectPaths.configs(project);
  const names = await readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  const byConfig = new Map<string, Objective>();
  for (const name of names.filter((candidate) => /\.ya?ml$/.test(candidate))) {
    const text = await readTextIfExists(path.join(folder, name));
    const objective = text === undefined ? null : (parseConfig(text, name).value?.objective ?? null);
    if (objective !== null) byConfig.set(`configs/${name}`, objective);
  }
  return ({ tags }) => byConfig.get(tags['mlops.config'] ?? '') ?? fallback;
}
