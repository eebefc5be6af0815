import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { stemOf } from '../../core/config/config.ts';
import { findNearest } from '../../core/names/names.ts';
import { ExpectedError, badInput, fromErrorDocument, unknownName } from '../../protocol/errors.ts';
import { describeOutcome } from '../../protocol/outcome.ts';
import type { Prediction } from '../../protocol/training.ts';
import { exists } from '../files/files.ts';
import type { Installation } from '../installation/installation.ts';
import type { Project } from '../project/project.ts';
import { openChosenStore } from '../tracking/tracking.ts';
import { readConfig } from './configfile.ts';
import { modelFolder } from './publish.ts';
import { ladder } from './ladder.ts';
import { runWorker } from './worker.ts';

export interface PredictRequest {
  /** A model's name (`models/<name>/`), or a run: id, unique prefix, name, `@last`, `@best`. */
  readonly model: string;
  /** Paths of PNG files, absolute or from `cwd`. */
  readonly images: readonly string[];
  /** Default: the project's root. */
  readonly cwd?: string;
  readonly installation: Installation;
  readonly env: NodeJS.ProcessEnv;
  readonly store?: string | undefined;
  readonly onLog?: (text: string) => void;
}

/** Runs a trained model on images by the project's own `predict.ts`. Throws `unknown-name`, `missing-file`, or the model's failure. */
export async function predict(
  project: Project,
  request: PredictRequest,
  signal: AbortSignal = new AbortController().signal,
): Promise<readonly Prediction[]> {
  const { cwd = project.root } = request;
  const images = request.images.map((image) => path.resolve(cwd, image));
  for (const image of images) {
    if (!(await exists(image))) throw new ExpectedError('missing-file', `There is no image ${image}.`);
  }
  const { directory, configFile } = await findModel(project, request);
  const { config, model } = await readConfig(project, configFile, { cwd: project.root });
  const { installation, env } = request;
  let predictions: readonly Prediction[] | undefined;
  const end = await runWorker(
    {
      kind: 'predict',
      projectRoot: project.root,
      model,
      config: { ...config },
      backends: ladder,
      modelDirectory: directory,
      images,
    },
    { installation, env, cwd: project.root, signal },
    (message) => {
      if (message.type === 'predicted') predictions = message.predictions;
      if (message.type === 'log') request.onLog?.(message.text);
      return Promise.resolve();
    },
  );
  if (predictions !== undefined) return predictions;
  if (signal.aborted) throw new ExpectedError('stopped', 'Stopped.');
  if (end.kind === 'failed') throw fromErrorDocument(end.error);
  const how = end.kind === 'ended' ? describeOutcome(end.outcome) : end.kind;
  throw new ExpectedError('training-failed', `The worker gave no predictions: ${how}.`);
}

/** A model's name wins over a run's: `models/` is what the project itself uses. */
async function findModel(
  project: Project,
  request: PredictRequest,
): Promise<{ directory: string; configFile: string }> {
  const named = modelFolder(project, request.model);
  const isPlainName = path.basename(request.model) === request.model && !request.model.startsWith('@');
  if (isPlainName && (await exists(path.join(named, 'model.json'))))
    return { directory: named, configFile: `configs/${request.model}.yaml` };
  const { env, cwd = project.root } = request;
  const store = await openChosenStore({ project, option: request.store, env, cwd });
  const run = await store.findRun(request.model).catch(async (error: unknown) => {
    if (!(error instanceof ExpectedError) || error.code !== 'unknown-name' || !isPlainName) throw error;
    const names = await listModels(project);
    throw unknownName('trained model or run', request.model, findNearest(request.model, names));
  });
  const directory = path.join(run.artifacts ?? '', 'model');
  if (run.artifacts === null || !(await exists(path.join(directory, 'model.json'))))
    throw new ExpectedError('missing-file', `The run ${run.name} (${run.runId.slice(0, 8)}) has no model.`);
  const configFile = run.tags['mlops.config'];
  if (configFile === undefined)
    throw badInput(`The run ${run.name} was not made by "mlops train": nothing says which code belongs to its model.`);
  return { directory, configFile: `configs/${stemOf(configFile)}.yaml` };
}

/** Names of the models that are trained. */
async function listModels(project: Project): Promise<readonly string[]> {
  const names = await readdir(path.join(project.root, 'models')).catch(() => [] as string[]);
  const found = await Promise.all(names.map((name) => exists(path.join(modelFolder(project, name), 'model.json'))));
  return names.filter((_, index) => found[index] === true);
}
