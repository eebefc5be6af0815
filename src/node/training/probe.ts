import { fromErrorDocument } from '../../protocol/errors.ts';
import { describeOutcome } from '../../protocol/outcome.ts';
import type { BackendStatus } from '../../protocol/training.ts';
import { runWorker, type WorkerOptions } from './worker.ts';

/** What can execute tensors here, best first, and why not the rest: asked in a worker, since a broken library may crash. */
export async function probeBackends(options: WorkerOptions): Promise<readonly BackendStatus[]> {
  let backends: readonly BackendStatus[] | undefined;
  const end = await runWorker({ kind: 'probe' }, options, (message) => {
    if (message.type === 'probed') backends = message.backends;
    return Promise.resolve();
  });
  if (backends !== undefined) return backends;
  throw end.kind === 'failed'
    ? fromErrorDocument(end.error)
    : new Error(`The worker gave no answer: ${end.kind === 'ended' ? describeOutcome(end.outcome) : end.kind}.`);
}
