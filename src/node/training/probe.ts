import { ExpectedError, fromErrorDocument } from '../../protocol/errors.ts';
import { describeOutcome } from '../../protocol/outcome.ts';
import type { BackendName, BackendStatus, WorkerTask } from '../../protocol/training.ts';
import { runWorker, type WorkerOptions } from './worker.ts';

/** What can execute tensors here, best first, and why not the rest: asked in a worker, since a broken library may crash. */
export async function probeBackends(options: WorkerOptions): Promise<readonly BackendStatus[]> {
  return ask({ kind: 'probe' }, options);
}

/** One step of training on a backend, in a worker of its own; throws `training-failed` with the reason when that fails. */
export async function verifyBackend(backend: BackendName, options: WorkerOptions): Promise<void> {
  const reason = (await ask({ kind: 'verify', backend }, options))[0]?.reason ?? null;
  if (reason !== null) throw new ExpectedError('training-failed', reason);
}

async function ask(task: WorkerTask, options: WorkerOptions): Promise<readonly BackendStatus[]> {
  let backends: readonly BackendStatus[] | undefined;
  const end = await runWorker(task, options, (message) => {
    if (message.type === 'probed') backends = message.backends;
    return Promise.resolve();
  });
  if (backends !== undefined) return backends;
  options.signal.throwIfAborted();
  throw end.kind === 'failed'
    ? fromErrorDocument(end.error)
    : new Error(`The worker gave no answer: ${end.kind === 'ended' ? describeOutcome(end.outcome) : end.kind}.`);
}
