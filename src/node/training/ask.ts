import { fromErrorDocument } from '../../protocol/errors.ts';
import { describeOutcome } from '../../protocol/outcome.ts';
import type { FromWorker, WorkerTask } from '../../protocol/training.ts';
import { runWorker, type WorkerOptions } from './worker.ts';

/** Gives a worker a task that is answered by one message of a type; `onMessage` gets all that it says. Throws what the worker has failed of. */
export async function askWorker<T extends FromWorker['type']>(
  task: WorkerTask,
  type: T,
  options: WorkerOptions,
  onMessage: (message: FromWorker) => void = () => undefined,
): Promise<Extract<FromWorker, { type: T }>> {
  let answer: Extract<FromWorker, { type: T }> | undefined;
  const end = await runWorker(task, options, (message) => {
    onMessage(message);
    if (message.type === type) answer = message as Extract<FromWorker, { type: T }>;
    return Promise.resolve();
  });
  if (answer !== undefined) return answer;
  options.signal.throwIfAborted();
  throw end.kind === 'failed'
    ? fromErrorDocument(end.error)
    : new Error(`The worker gave no answer: ${end.kind === 'ended' ? describeOutcome(end.outcome) : end.kind}.`);
}
