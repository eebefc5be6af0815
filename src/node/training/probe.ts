import { ExpectedError } from '../../protocol/errors.ts';
import type { BackendName, BackendStatus } from '../../protocol/training.ts';
import { askWorker } from './ask.ts';
import type { WorkerOptions } from './worker.ts';

/** What can execute tensors here, best first, and why not the rest: asked in a worker, since a broken library may crash. */
export async function probeBackends(options: WorkerOptions): Promise<readonly BackendStatus[]> {
  return (await askWorker({ kind: 'probe' }, 'probed', options)).backends;
}

/** One step of training on a backend, in a worker of its own; throws `training-failed` with the reason when that fails. */
export async function verifyBackend(backend: BackendName, options: WorkerOptions): Promise<void> {
  const { backends } = await askWorker({ kind: 'verify', backend }, 'probed', options);
  const reason = backends[0]?.reason ?? null;
  if (reason !== null) throw new ExpectedError('training-failed', reason);
}
