import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { chooseVersion, parseModelReference } from '../../core/registry/registry.ts';
import { findNearest } from '../../core/names/names.ts';
import { ExpectedError, unknownName } from '../../protocol/errors.ts';
import type { ModelVersion, RegisteredModel } from '../../protocol/registry.ts';
import type { RunSummary } from '../../protocol/tracking.ts';
import { exists, isDirectory, isInside } from '../files/files.ts';
import { readRunId, type RunStore } from '../tracking/tracking.ts';
import type { ModelRegistry } from './store.ts';

export interface FoundVersion {
  readonly model: RegisteredModel;
  readonly version: ModelVersion;
}

/**
 * `digits` (its newest version), `digits@champion`, `digits/2`, or a run that one version was registered from. Throws `unknown-name`.
 */
export async function findVersion(registry: ModelRegistry, runs: RunStore, text: string): Promise<FoundVersion> {
  const reference = parseModelReference(text);
  const { models } = await registry.listModels();
  const model = models.find(({ name }) => name === reference?.name);
  if (model !== undefined && reference !== undefined) return { model, version: chooseVersion(model, reference) };
  const run = reference?.alias === undefined && reference?.version === undefined ? await tryRun(runs, text) : undefined;
  if (run === undefined)
    throw unknownName(
      'registered model',
      reference?.name ?? text,
      findNearest(
        reference?.name ?? text,
        models.map(({ name }) => name),
      ),
    );
  return ofRun(models, run);
}

/** Undefined when there is no such run; what else is wrong with it is told. */
async function tryRun(runs: RunStore, text: string): Promise<RunSummary | undefined> {
  try {
    return await runs.findRun(toRunText(text));
  } catch (error) {
    if (error instanceof ExpectedError && error.code === 'unknown-name') return undefined;
    throw error;
  }
}

/** `runs:/<id>/model` is a run to MLflow. */
function toRunText(text: string): string {
  return /^runs:\/([^/]+)/.exec(text)?.[1] ?? text;
}

function ofRun(models: readonly RegisteredModel[], run: RunSummary): FoundVersion {
  const found = models.flatMap((model) =>
    model.versions.filter(({ runId }) => runId === run.runId).map((version) => ({ model, version })),
  );
  const [only, ...others] = found;
  const title = `${run.name} (${run.runId.slice(0, 8)})`;
  if (only === undefined)
    throw new ExpectedError(
      'unknown-name',
      `No registered version comes from the run ${title}. Register it first: mlops models register ${run.runId.slice(0, 8)} --name NAME.`,
    );
  if (others.length === 0) return only;
  const names = found.map(({ model, version }) => `${model.name}/${version.version}`).join(', ');
  throw new ExpectedError('unknown-name', `Several versions come from the run ${title}; say which one: ${names}.`);
}

/** What can become a version. */
export interface Registrable {
  /** URI of the files; null where only the store can tell. */
  readonly source: string | null;
  readonly runId: string | null;
  readonly artifactPath: string;
  /** A name that suggests itself for the registered model. */
  readonly suggestion: string | null;
  /** Said to whoever registers it. */
  readonly warning: string | null;
}

interface RegistrableRequest {
  readonly model: string;
  /** Of the model among the run's artifacts. */
  readonly artifactPath: string;
  readonly cwd: string;
  /** `models/<name>/` of a project is a model's name as well. */
  readonly projectRoot: string | undefined;
}

/**
 * A run, a folder, or the name of a trained model of the project. A folder whose MLmodel names a run of the store stands for that run's
 * model: the next training replaces the folder, the run's artifact stays. Throws `unknown-name` and `missing-file`.
 */
export async function findRegistrable(runs: RunStore, request: RegistrableRequest): Promise<Registrable> {
  const { model, artifactPath, cwd, projectRoot } = request;
  const folder = model.startsWith('@') ? undefined : await findFolder(model, cwd, projectRoot);
  if (folder === undefined) return registrableOf(await runs.findRun(toRunText(model)), artifactPath);
  const runId = await readRunId(folder);
  const run = runId === undefined ? undefined : await tryRun(runs, runId);
  const ofItsRun = run === undefined ? undefined : await registrableOf(run, artifactPath).catch(ignoreMissing);
  if (ofItsRun !== undefined) return { ...ofItsRun, suggestion: path.basename(folder) };
  return {
    ...{ source: pathToFileURL(folder).href, runId: runId ?? null, artifactPath, suggestion: path.basename(folder) },
    warning: `The version points to ${folder}, which is not copied: what changes there changes the version.`,
  };
}

/** As a path, or as the name of a model in the project's `models/`. */
async function findFolder(text: string, cwd: string, projectRoot: string | undefined): Promise<string | undefined> {
  const isName = path.basename(text) === text && projectRoot !== undefined;
  const places = [...(isName ? [path.join(projectRoot, 'models', text)] : []), path.resolve(cwd, text)];
  for (const place of places) {
    if (!(await isDirectory(place))) continue;
    if (await exists(path.join(place, 'MLmodel'))) return place;
    if (await exists(path.join(place, 'model.json'))) return place;
  }
  return undefined;
}

/** Where the artifacts of a run lie elsewhere, only its store can tell whether there is a model. */
async function registrableOf(run: RunSummary, artifactPath: string): Promise<Registrable> {
  const suggestion = configName(run.tags['mlops.config']);
  if (run.artifacts === null) return { source: null, runId: run.runId, artifactPath, suggestion, warning: null };
  const folder = path.resolve(run.artifacts, artifactPath);
  if (!isInside(run.artifacts, folder) || !(await exists(folder)))
    throw new ExpectedError(
      'missing-file',
      `The run ${run.name} (${run.runId.slice(0, 8)}) has no artifact "${artifactPath}". Name the model's with --artifact PATH.`,
    );
  return { source: pathToFileURL(folder).href, runId: run.runId, artifactPath, suggestion, warning: null };
}

/** `configs/digits.yaml` is the config of the model `digits`. */
function configName(config: string | undefined): string | null {
  return config === undefined ? null : path.basename(config).replace(/\.ya?ml$/, '');
}

/** A run without a model leaves the folder itself to be registered. */
function ignoreMissing(error: unknown): undefined {
  if (error instanceof ExpectedError && error.code === 'missing-file') return undefined;
  throw error;
}

/** True for `digits@champion` and `digits/2`, which can name nothing but a registered version. */
export function namesVersion(text: string): boolean {
  const reference = parseModelReference(text);
  return reference?.alias !== undefined || reference?.version !== undefined;
}
