import { parentPort } from 'node:worker_threads';
import { FileFailure, codeOf } from './filefacts.ts';
import { jobs, type Jobs } from './jobs.ts';

// A thread that hashes and copies files (threads.ts starts it and says what to do).

export interface Request {
  readonly id: number;
  readonly job: keyof Jobs;
  readonly argument: unknown;
}

export interface Reply {
  readonly id: number;
  readonly value?: unknown;
  readonly failure?: { readonly code: string; readonly file: string; readonly message: string };
}

parentPort?.on('message', (request: Request) => void answer(request));

async function answer({ id, job, argument }: Request): Promise<void> {
  try {
    const perform = jobs[job] as (argument: unknown) => Promise<unknown>;
    parentPort?.postMessage({ id, value: await perform(argument) } satisfies Reply);
  } catch (error) {
    const file = error instanceof FileFailure ? error.file : '';
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    parentPort?.postMessage({ id, failure: { code: codeOf(error), file, message } } satisfies Reply);
  }
}
