import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { defaultObjective, parseConfig, parseProjectSettings, type ProjectSettings } from '../../core/config/config.ts';
import type { ObjectiveOf } from '../../core/tracking/tracking.ts';
import { ExpectedError, badInput } from '../../protocol/errors.ts';
import type { Objective } from '../../protocol/tracking.ts';
import { isMissing, readTextIfExists } from '../files/files.ts';
import { projectPaths, type Project } from '../project/project.ts';
import { SETTINGS_MISTAKEN } from '../settingsnotice/settingsnotice.ts';

/** `.mlops/project.yaml`, as far as tracking reads it; throws `bad-input` with the places. */
export async function readProjectSettings(project: Project): Promise<ProjectSettings> {
  const file = projectPaths.settings(project);
  const text = await readTextIfExists(file);
  if (text === undefined) return { stores: [], trackingUri: null, objective: null };
  const { value, problems } = parseProjectSettings(text, path.relative(project.root, file));
  if (value === undefined) throw badInput(SETTINGS_MISTAKEN, problems);
  return value;
}

/**
 * The objective of each run: that of the config it was made from, else the project's, else the default. Files that are broken now
 * say nothing about old runs, so mistakes in them are left to those who train.
 */
export async function readObjectives(project: Project): Promise<ObjectiveOf> {
  const fallback = (await readProjectObjective(project)) ?? defaultObjective;
  const folder = projectPaths.configs(project);
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  const byConfig = new Map<string, Objective>();
  for (const { name } of entries.filter((entry) => !entry.isDirectory() && /\.ya?ml$/.test(entry.name))) {
    const text = await readTextIfExists(path.join(folder, name));
    const objective = text === undefined ? null : (parseConfig(text, name).value?.objective ?? null);
    if (objective !== null) byConfig.set(`configs/${name}`, objective);
  }
  return ({ tags }) => byConfig.get(tags['mlops.config'] ?? '') ?? fallback;
}

async function readProjectObjective(project: Project): Promise<Objective | null> {
  try {
    return (await readProjectSettings(project)).objective;
  } catch (error) {
    if (error instanceof ExpectedError) return null;
    throw error;
  }
}
