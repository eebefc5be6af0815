import { randomBytes } from 'node:crypto';
import { cp, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { formatMlmodel, tfjsFlavors, type MlmodelFacts } from '../../core/tracking/tracking.ts';
import type { ModelSignature, TensorSpec } from '../../protocol/training.ts';
import { diskError, exists, isTemporary, listFiles, replaceDirectory, temporaryBeside } from '../files/files.ts';
import type { Project } from '../project/project.ts';

export interface Publication {
  readonly project: Project;
  readonly model: string;
  readonly runId: string;
  /** Absolute path of the run's artifacts. */
  readonly artifacts: string;
  /** What the worker has left. */
  readonly staging: string;
  readonly signature: ModelSignature | null;
  readonly engineVersion: string;
  /** Inside its stage the folder becomes `models/<model>/` too. */
  readonly replacesModel: boolean;
}

/**
 * Puts a finished model, with its MLmodel, whole into the run's artifact `model/`, and inside its stage in the place of
 * `models/<model>/`. Gives the folder to use it from, or null when the worker has left no model. Throws `disk`.
 */
export async function publishModel(publication: Publication): Promise<string | null> {
  const { project, model, artifacts, staging, replacesModel } = publication;
  if (!(await exists(path.join(staging, 'model.json')))) return null;
  const artifact = path.join(artifacts, 'model');
  try {
    await removeTemporaries(staging);
    await describeModel(publication);
    // The store may be on another device: copied beside its place first, then renamed.
    const copy = temporaryBeside(artifact);
    await cp(staging, copy, { recursive: true }).catch(async (error: unknown) => {
      await rm(copy, { recursive: true, force: true });
      throw error;
    });
    // A run that goes on has the model of where it was stopped.
    await replaceDirectory(copy, artifact);
    if (!replacesModel) return artifact;
    const target = modelFolder(project, model);
    await mkdir(path.dirname(target), { recursive: true });
    await replaceDirectory(staging, target);
    return target;
  } catch (error) {
    throw diskError(error, artifact);
  }
}

/** What a worker that was ended by force was just writing. */
async function removeTemporaries(folder: string): Promise<void> {
  for (const file of (await listFiles(folder)).filter(isTemporary)) await rm(path.join(folder, file), { force: true });
}

export function modelFolder(project: Project, model: string): string {
  return path.join(project.root, 'models', model);
}

async function describeModel({ staging, runId, signature, engineVersion }: Publication): Promise<void> {
  const toSpecs = (shape: readonly number[]): readonly TensorSpec[] => [
    { name: '', dtype: 'float32', shape: [-1, ...shape] },
  ];
  await writeMlmodel(staging, {
    ...{ runId, engineVersion },
    signature:
      signature === null ? null : { inputs: toSpecs(signature.inputShape), outputs: toSpecs(signature.outputShape) },
    flavors: tfjsFlavors(await readTfjsVersion(path.join(staging, 'model.json'))),
  });
}

/** Describes what lies in `folder` in the way MLflow does. */
export async function writeMlmodel(
  folder: string,
  facts: Omit<MlmodelFacts, 'modelId' | 'createdTime' | 'sizeBytes'>,
): Promise<void> {
  const files = await listFiles(folder);
  const sizes = await Promise.all(files.map(async (file) => (await stat(path.join(folder, file))).size));
  const text = formatMlmodel({
    ...facts,
    modelId: randomBytes(16).toString('hex'),
    createdTime: Date.now(),
    sizeBytes: sizes.reduce((sum, size) => sum + size, 0),
  });
  await writeFile(path.join(folder, 'MLmodel'), text);
}

/** A layers model names its writer, as "TensorFlow.js tfjs-layers v4.22.0". */
async function readTfjsVersion(file: string): Promise<string | null> {
  const { generatedBy } = JSON.parse(await readFile(file, 'utf8')) as { generatedBy?: unknown };
  return typeof generatedBy === 'string' ? (/v(\d[\w.-]*)/.exec(generatedBy)?.[1] ?? null) : null;
}
