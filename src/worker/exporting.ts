import type { BackendName, ExportedSignature, ExportFormat, ExportTask, FromWorker } from '../protocol/training.ts';
import { startBackend } from './backends.ts';
import { writeSavedModel } from './export/savedModel.ts';
import { readModel } from './modelFiles.ts';
import type { TaskContext } from './training.ts';

/** The quick one of the bundled backends, and the one that knows every kernel. */
const backends: readonly BackendName[] = ['wasm', 'cpu'];

const writers: Readonly<Record<ExportFormat, typeof writeSavedModel>> = { savedmodel: writeSavedModel };

/** Writes a saved model in the task's format. Returns the last message. */
export async function runExport(task: ExportTask, context: TaskContext): Promise<FromWorker> {
  try {
    return { type: 'exported', signature: await write(task, context, backends) };
  } catch (error) {
    const isMissingKernel = error instanceof Error && /^Kernel '\w+' not registered/.test(error.message);
    if (!isMissingKernel) throw error;
    return { type: 'exported', signature: await write(task, context, ['cpu']) };
  }
}

async function write(
  { format, projectRoot, modelDirectory, outputDirectory }: ExportTask,
  { wasmFolder }: TaskContext,
  names: readonly BackendName[],
): Promise<ExportedSignature> {
  const { tf } = await startBackend(names, { wasm: wasmFolder, projectRoot });
  return writers[format](tf, await readModel(tf, modelDirectory), outputDirectory);
}
