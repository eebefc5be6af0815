import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { findNearest } from '../../core/names/names.ts';
import { isMapping, parseYaml } from '../../core/yaml/yaml.ts';
import { ExpectedError, badInput, fromErrorDocument, unknownName } from '../../protocol/errors.ts';
import { describeOutcome } from '../../protocol/outcome.ts';
import type { RunSummary } from '../../protocol/tracking.ts';
import { backendNames, type Prediction, type PredictTask } from '../../protocol/training.ts';
import { exists, readTextIfExists } from '../files/files.ts';
import type { Installation } from '../installation/installation.ts';
import type { Project } from '../project/project.ts';
import { openChosenStore } from '../tracking/tracking.ts';
import { readConfig } from './configfile.ts';
import { modelFolder } from './publish.ts';
import { runWorker } from './worker.ts';

/** Characters of the paths that one worker gets. */
const GROUP_LENGTH = 1 << 18;

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
  const predictions: Prediction[] = [];
  for (const group of inGroups(images)) {
    const task: PredictTask = {
      kind: 'predict',
      projectRoot: project.root,
      model,
      config: { ...config },
      backends: backendNames,
      modelDirectory: directory,
      images: group,
    };
    predictions.push(...(await ask(task, request, signal)));
  }
  return predictions;
}

/** One worker's answers, in the order of its images. */
async function ask(
  task: PredictTask,
  { installation, env, onLog }: PredictRequest,
  signal: AbortSignal,
): Promise<readonly Prediction[]> {
  const predictions: Prediction[] = [];
  const end = await runWorker(task, { installation, env, cwd: task.projectRoot, signal }, (message) => {
    if (message.type === 'prediction') predictions.push(message.prediction);
    if (message.type === 'log') onLog?.(message.text);
    return Promise.resolve();
  });
  if (end.kind === 'answered') return predictions;
  if (signal.aborted) throw new ExpectedError('stopped', 'Stopped.');
  if (end.kind === 'failed') throw fromErrorDocument(end.error);
  const how = end.kind === 'ended' ? describeOutcome(end.outcome) : end.kind;
  throw new ExpectedError('training-failed', `The worker gave no predictions: ${how}.`);
}

/** Images for one worker after the other: the names of one task must fit into a message, and its pictures into memory. */
function inGroups(images: readonly string[]): readonly (readonly string[])[] {
  const groups: string[][] = [];
  let room = 0;
  for (const image of images) {
    room -= image.length;
    if (room < 0) {
      groups.push([]);
      room = GROUP_LENGTH - image.length;
    }
    groups.at(-1)?.push(image);
  }
  return groups;
}

/** A model's name wins over a run's: `models/` is what the project itself uses. */
async function findModel(
  project: Project,
  request: PredictRequest,
): Promise<{ directory: string; configFile: string }> {
  const named = modelFolder(project, request.model);
  const isPlainName = path.basename(request.model) === request.model && !request.model.startsWith('@');
  if (isPlainName && (await exists(path.join(named, 'model.json'))))
    return { directory: named, configFile: await findConfig(project, request, named) };
  const run = await findRun(project, request, request.model).catch(async (error: unknown) => {
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
  return { directory, configFile };
}

/** The config of a model in `models/`: the one that its run was made from, while that is there, else the one of its name. */
async function findConfig(project: Project, request: PredictRequest, directory: string): Promise<string> {
  const byName = [`configs/${request.model}.yaml`, `configs/${request.model}.yml`] as const;
  const ofRun = await readConfigOfRun(project, request, directory);
  for (const file of ofRun === undefined ? byName : [ofRun, ...byName])
    if (await exists(path.join(project.root, file))) return file;
  return byName[0];
}

/** What the run that a model's MLmodel names was made from; undefined when nothing can be known of it any more. */
async function readConfigOfRun(
  project: Project,
  request: PredictRequest,
  directory: string,
): Promise<string | undefined> {
  const file = path.join(directory, 'MLmodel');
  const mlmodel = parseYaml((await readTextIfExists(file)) ?? '', file).value?.value;
  const runId = isMapping(mlmodel) ? mlmodel['run_id'] : undefined;
  if (typeof runId !== 'string') return undefined;
  try {
    return (await findRun(project, request, runId)).tags['mlops.config'];
  } catch (error) {
    // Deleted, or in a store that is not the chosen one.
    if (error instanceof ExpectedError) return undefined;
    throw error;
  }
}

async function findRun(
  project: Project,
  { env, store, cwd = project.root }: PredictRequest,
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
