import type { BackendStatus } from '../../protocol/training.ts';
import { askWorker } from './ask.ts';
import type { WorkerOptions } from './worker.ts';

/** What can execute tensors here, best first, and why not the rest: asked in a worker, since a broken library may crash. */
export async function probeBackends(options: WorkerOptions): Promise<readonly BackendStatus[]> {
  return (await askWorker({ kind: 'probe' }, 'probed', options)).backends;
}
