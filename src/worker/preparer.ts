import { parentPort } from 'node:worker_threads';
import { toErrorDocument } from '../protocol/errors.ts';
import { memoryOf, prepareHere, type Reply, type Request } from './preparing.ts';

// Composition root of the thread that prepares data for the training worker.

parentPort?.on('message', (request: Request) => void answer(request));

async function answer({ id, name, args }: Request): Promise<void> {
  try {
    const value: unknown = await Reflect.apply(prepareHere, undefined, [name, ...args]);
    parentPort?.postMessage({ id, value } satisfies Reply, memoryOf([value]));
  } catch (error) {
    parentPort?.postMessage({ id, error: toErrorDocument(error) } satisfies Reply);
  }
}
