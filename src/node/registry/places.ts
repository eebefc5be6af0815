import { statSync } from 'node:fs';
import path from 'node:path';
import { parseModelReference } from '../../core/registry/registry.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import type { ModelVersion } from '../../protocol/registry.ts';
import { exists } from '../files/files.ts';
import { folderOfUri, openChosenStore, type RunStore, type StoreChoice } from '../tracking/tracking.ts';
import { findVersion, namesVersion } from './finding.ts';
import { openChosenRegistry } from './opening.ts';

/**
 * The file or folder that a person means: a path, a trained model of the project, a registered version, or a run. Throws `unknown-name`, and
 * `missing-file` when its files are not on this machine.
 */
export async function findModelPlace(choice: StoreChoice, text: string): Promise<string> {
  const reference = parseModelReference(text);
  const local = findLocal(choice, text);
  if (local !== undefined && !namesVersion(text)) return local;
  const [registry, runs] = await Promise.all([openChosenRegistry(choice), openChosenStore(choice)]);
  const { models } = reference === undefined ? { models: [] } : await registry.listModels();
  const isRegistered = models.some(({ name }) => name === reference?.name);
  // A file may be called `a@b`; a registered model of that name goes before it.
  if (!isRegistered && local !== undefined) return local;
  if (isRegistered || namesVersion(text)) {
    const { model, version } = await findVersion(registry, runs, text);
    return placeOf(version, `${model.name}/${version.version}`);
  }
  return placeOfRun(runs, text);
}

async function placeOfRun(runs: RunStore, text: string): Promise<string> {
  const run = await runs.findRun(/^runs:\/([^/]+)/.exec(text)?.[1] ?? text);
  const folder = run.artifacts === null ? undefined : path.join(run.artifacts, 'model');
  if (folder !== undefined && (await exists(folder))) return folder;
  throw new ExpectedError('missing-file', `The run ${run.name} (${run.runId.slice(0, 8)}) has no model.`);
}

function findLocal({ project, cwd = process.cwd() }: StoreChoice, text: string): string | undefined {
  if (text === '' || text.startsWith('@')) return undefined;
  const named = project === undefined || path.basename(text) !== text ? [] : [path.join(project.root, 'models', text)];
  return [...named, path.resolve(cwd, text)].find((place) => statSync(place, { throwIfNoEntry: false }) !== undefined);
}

/** The folder of a version, where it is one of this machine. */
export async function placeOf({ source }: Pick<ModelVersion, 'source'>, title: string): Promise<string> {
  const folder = folderOfUri(source);
  if (folder !== undefined && (await exists(folder))) return folder;
  throw new ExpectedError('missing-file', `The files of ${title} are not on this machine: ${source}.`);
}
