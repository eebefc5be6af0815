import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { SERVING_SIGNATURE } from '../../core/graphdef/graphdef.ts';
import { savedModelFlavors } from '../../core/tracking/tracking.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import type { ExportedSignature, ExportFormat } from '../../protocol/training.ts';
import { diskError, exists, isDirectory, makeFolder, replaceDirectory, temporaryBeside } from '../files/files.ts';
import type { Installation } from '../installation/installation.ts';
import type { Project } from '../project/project.ts';
import { readRunId } from '../tracking/tracking.ts';
import { askWorker, findTrainedModel, writeMlmodel, type ModelRequest } from '../training/training.ts';

export interface ExportRequest extends ModelRequest {
  readonly format: ExportFormat;
  /** The folder that the model becomes, absolute or from `cwd`: a new one, or an empty one. */
  readonly out: string;
  readonly installation: Installation;
}

/** What an export will do: `mlops models export --dry-run --json`. */
export interface ExportPlan {
  readonly format: ExportFormat;
  /** Folder of the trained model. */
  readonly source: string;
  readonly runId: string | null;
  /** Absolute. */
  readonly path: string;
}

/** `mlops models export --json`. */
export interface ExportDocument extends ExportPlan, ExportedSignature {}

/** Throws `unknown-name` and `missing-file` for the model, `target-exists` for a folder that holds something. */
export async function planExport(project: Project, request: ExportRequest): Promise<ExportPlan> {
  const { directory, run } = await findTrainedModel(project, request);
  const target = path.resolve(request.cwd ?? project.root, request.out);
  await requireEmpty(target);
  const runId = run?.runId ?? (await readRunId(directory)) ?? null;
  return { format: request.format, source: directory, runId, path: target };
}

/** Writes a trained model in another program's format, whole or not at all. Throws as the plan does, and `not-supported` with the layer. */
export async function exportModel(
  project: Project,
  request: ExportRequest,
  signal: AbortSignal,
): Promise<ExportDocument> {
  const plan = await planExport(project, request);
  const staging = temporaryBeside(plan.path);
  const made = await makeFolder(path.dirname(staging));
  try {
    await mkdir(staging);
    const { installation, env } = request;
    const { signature } = await askWorker(
      {
        ...{ kind: 'export', format: plan.format, projectRoot: project.root },
        ...{ modelDirectory: plan.source, outputDirectory: staging },
      },
      'exported',
      { installation, env, cwd: project.root, signal },
    );
    signal.throwIfAborted();
    await companions[plan.format](staging, { ...plan, ...signature, engineVersion: installation.version });
    await replaceDirectory(staging, plan.path);
    return { ...plan, ...signature };
  } catch (error) {
    await rm(made ?? staging, { recursive: true, force: true });
    throw diskError(error, plan.path);
  }
}

interface Exported extends ExportDocument {
  readonly engineVersion: string;
}

/** What is put beside the files of a format, for those who load it. */
const companions: Readonly<Record<ExportFormat, (folder: string, exported: Exported) => Promise<void>>> = {
  savedmodel: async (folder, { runId, inputs, outputs, engineVersion }) => {
    await writeFile(path.join(folder, 'requirements.txt'), 'mlflow\ntensorflow\n');
    await writeMlmodel(folder, {
      ...{ runId, engineVersion, signature: { inputs, outputs } },
      flavors: savedModelFlavors(SERVING_SIGNATURE),
    });
  },
};

async function requireEmpty(folder: string): Promise<void> {
  if (!(await exists(folder))) return;
  if (!(await isDirectory(folder)))
    throw new ExpectedError('target-exists', `${folder} is a file; give a new folder for the model.`);
  const names = await readdir(folder);
  if (names.length > 0)
    throw new ExpectedError('target-exists', `${folder} is not empty; give a new folder, or remove it first.`);
}
