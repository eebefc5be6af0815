import path from 'node:path';
import { ExpectedError, badInput, fromErrorDocument } from '../../protocol/errors.ts';
import { describeOutcome } from '../../protocol/outcome.ts';
import { backendNames, type Prediction, type PredictTask } from '../../protocol/training.ts';
import { exists } from '../files/files.ts';
import type { Installation } from '../installation/installation.ts';
import type { Project } from '../project/project.ts';
import { readConfig } from './configfile.ts';
import { readRunId } from '../tracking/tracking.ts';
import { findRun, findTrainedModel, type ModelRequest } from './trained.ts';
import { runWorker } from './worker.ts';

/** Characters of the paths that one worker gets. */
const GROUP_LENGTH = 1 << 18;

export interface PredictRequest extends ModelRequest {
  /** Paths of PNG files, absolute or from `cwd`. */
  readonly images: readonly string[];
  readonly installation: Installation;
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

/** The model's folder and the config that says which code belongs to it. */
async function findModel(
  project: Project,
  request: PredictRequest,
): Promise<{ directory: string; configFile: string }> {
  const { directory, run } = await findTrainedModel(project, request);
  if (run === undefined) return { directory, configFile: await findConfig(project, request, directory) };
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
  const runId = await readRunId(directory);
  if (runId === undefined) return undefined;
  try {
    return (await findRun(project, request, runId)).tags['mlops.config'];
  } catch (error) {
    // Deleted, or in a store that is not the chosen one.
    if (error instanceof ExpectedError) return undefined;
    throw error;
  }
}
