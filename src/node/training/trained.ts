import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { findNearest } from '../../core/names/names.ts';
import { ExpectedError, unknownName } from '../../protocol/errors.ts';
import type { RunSummary } from '../../protocol/tracking.ts';
import { exists } from '../files/files.ts';
import type { Project } from '../project/project.ts';
import { findRegisteredVersion, namesVersion, openRegistryOf } from '../registry/registry.ts';
import { folderOfUri, openChosenStore } from '../tracking/tracking.ts';
import { modelFolder } from './publish.ts';

/** Which model is meant, as people say it. */
export interface ModelRequest {
  /** A model's name (`models/<name>/`), a run (id, unique prefix, name, `@last`, `@best`), or a registered version (`digits@champion`, `digits/2`). */
  readonly model: string;
  readonly env: NodeJS.ProcessEnv;
  readonly store?: string | undefined;
  /** Default: the project's root. */
  readonly cwd?: string | undefined;
}

export interface TrainedModel {
  /** Holds `model.json`. */
  readonly directory: string;
  /** The run whose model it is; undefined for one in `models/`. */
  readonly run: RunSummary | undefined;
}

/** A registered version whose files are a folder of this machine. */
async function findRegistered(project: Project, { model, env, store, cwd }: ModelRequest): Promise<TrainedModel> {
  const open = await openRegistryOf({ project, option: store, env, cwd: cwd ?? project.root });
  const { model: registered, version } = await findRegisteredVersion(open, model);
  const directory = folderOfUri(version.source);
  if (directory === undefined || !(await exists(path.join(directory, 'model.json'))))
    throw new ExpectedError(
      'missing-file',
      `The files of ${registered.name}/${version.version} are not there as a model of TensorFlow.js: ${version.source}.`,
    );
  const run =
    version.runId === null
      ? undefined
      : await findRun(project, { model, env, store, cwd }, version.runId).catch(ignoreUnknown);
  return { directory, run };
}

/** A run that is not listed any more leaves the version as it is. */
function ignoreUnknown(error: unknown): undefined {
  if (error instanceof ExpectedError && error.code === 'unknown-name') return undefined;
  throw error;
}

/** A model's name wins over a run's: `models/` is what the project itself uses. Throws `unknown-name` and `missing-file`. */
export async function findTrainedModel(project: Project, request: ModelRequest): Promise<TrainedModel> {
  if (namesVersion(request.model)) return findRegistered(project, request);
  const named = modelFolder(project, request.model);
  const isPlainName = path.basename(request.model) === request.model && !request.model.startsWith('@');
  if (isPlainName && (await exists(path.join(named, 'model.json')))) return { directory: named, run: undefined };
  const run = await findRun(project, request, request.model).catch(async (error: unknown) => {
    if (!(error instanceof ExpectedError) || error.code !== 'unknown-name' || !isPlainName) throw error;
    const names = await listModels(project);
    throw unknownName('trained model or run', request.model, findNearest(request.model, names));
  });
  const directory = path.join(run.artifacts ?? '', 'model');
  if (run.artifacts === null || !(await exists(path.join(directory, 'model.json'))))
    throw new ExpectedError('missing-file', `The run ${run.name} (${run.runId.slice(0, 8)}) has no model.`);
  return { directory, run };
}

export async function findRun(
  project: Project,
  { env, store, cwd = project.root }: ModelRequest,
  text: string,
): Promise<RunSummary> {
  return (await openChosenStore({ project, option: store, env, cwd })).findRun(text);
}

/** Names of the models that are trained. */
async function listModels(project: Project): Promise<readonly string[]> {
  const names = await readdir(path.join(project.root, 'models')).catch(() => [] as string[]);
  const found = await Promise.all(names.map((name) => exists(path.join(modelFolder(project, name), 'model.json'))));
  return names.filter((_, index) => found[index] === true);
}
