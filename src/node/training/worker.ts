import { spawn, type ChildProcess } from 'node:child_process';
import os from 'node:os';
import type { Duplex } from 'node:stream';
import { toErrorDocument, type ErrorDocument } from '../../protocol/errors.ts';
import type { Outcome } from '../../protocol/outcome.ts';
import {
  MessageDecoder,
  encodeToWorker,
  trainingProtocolVersion,
  type FromWorker,
  type ToWorker,
  type WorkerTask,
} from '../../protocol/training.ts';
import { installationEnvironment, type Installation } from '../installation/installation.ts';
import { nativeEnvironment } from '../tensorflow/tensorflow.ts';
import { readStartTime, stopTree, waitForExit } from '../processes/processes.ts';
import { watchSilence, type SilenceWatch } from './silence.ts';

/** From the stop message to SIGTERM, then to SIGKILL: five seconds in all (reliability P7). */
const STOP_MS = 4000;
const TERMINATE_MS = 1000;
/** After its last message a worker has this long to exit by itself. */
const EXIT_MS = 5000;
const MEBIBYTE = 1 << 20;

export interface WorkerOptions {
  readonly installation: Installation;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly signal: AbortSignal;
  /** Called once, when the worker can be told things. */
  readonly onStarted?: (worker: RunningWorker) => void;
  /** Called once, when the worker has said nothing for so long although no batch is under way. */
  readonly silence?: { readonly limitMs: number; readonly onSilence: () => void };
}

/** A worker that has its task. */
export interface RunningWorker {
  /** Asks it to stop, and ends it when it does not. */
  readonly stop: () => void;
  readonly send: (message: ToWorker) => void;
}

/** How the worker's work ended: by its own word (`done`, `failed`), or without one (`ended`). */
export type WorkerEnd =
  | { readonly kind: 'done'; readonly message: Extract<FromWorker, { type: 'done' }> }
  | { readonly kind: 'answered' }
  | { readonly kind: 'failed'; readonly error: ErrorDocument }
  | { readonly kind: 'ended'; readonly outcome: Outcome };

export type MessageHandler = (message: FromWorker, worker: { readonly stop: () => void }) => Promise<void>;

/**
 * Gives one task to a worker process of its own and hands every message to `handle`, one after the other (a slow handler holds
 * the worker's messages back). What the worker prints goes to our stderr. An aborted signal stops it within five seconds.
 * Resolves when the process is gone.
 */
export async function runWorker(task: WorkerTask, options: WorkerOptions, handle: MessageHandler): Promise<WorkerEnd> {
  if (options.signal.aborted) return { kind: 'ended', outcome: { kind: 'stopped' } };
  // What the environment says goes first: an installation that is being tried out lies elsewhere.
  const child = startWorker({ ...options, env: { ...(await nativeEnvironment(options.env)), ...options.env } });
  const session = new WorkerSession(child, options);
  try {
    session.send({ type: 'hello', protocol: trainingProtocolVersion });
    session.send({ type: 'start', task });
    options.onStarted?.({ stop: () => session.stop(), send: (message) => session.send(message) });
    return await session.follow(handle);
  } finally {
    await session.dispose();
  }
}

function startWorker({ installation, env, cwd }: WorkerOptions): ChildProcess {
  return spawn(installation.node, [`--max-old-space-size=${heapMebibytes()}`, installation.worker], {
    cwd,
    env: installationEnvironment(installation, env),
    // A group of its own, so that one signal reaches whatever user code has started; Ctrl-C reaches only us.
    detached: process.platform !== 'win32',
    windowsHide: true,
    stdio: ['ignore', 2, 2, 'pipe'],
  });
}

/** Half of the memory that this process may use, at most 4 GiB: tensors live outside of V8's heap. */
function heapMebibytes(): number {
  const limit = Math.min(os.totalmem(), process.constrainedMemory() || Infinity);
  return Math.max(512, Math.min(4096, Math.floor(limit / 2 / MEBIBYTE)));
}

class WorkerSession {
  readonly #child: ChildProcess;
  readonly #channel: Duplex;
  readonly #exit: Promise<Outcome>;
  readonly #signal: AbortSignal;
  readonly #silence: SilenceWatch | undefined;
  readonly #onAbort = (): void => this.stop();
  #isStopping = false;
  #stopTimer: NodeJS.Timeout | undefined;
  #isGone = false;

  constructor(child: ChildProcess, { signal, silence }: WorkerOptions) {
    this.#child = child;
    this.#channel = child.stdio[3] as Duplex;
    // A worker that dies takes its end of the channel with it; its exit tells more than EPIPE does.
    this.#channel.on('error', () => undefined);
    this.#channel.setEncoding('utf8');
    this.#exit = waitForExit(child, () => this.#isStopping).finally(() => {
      this.#isGone = true;
    });
    this.#silence = silence === undefined ? undefined : watchSilence(silence.limitMs, silence.onSilence);
    this.#signal = signal;
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  send(message: ToWorker): void {
    if (this.#channel.writable) this.#channel.write(encodeToWorker(message));
  }

  stop(): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.send({ type: 'stop' });
    this.#stopTimer = setTimeout(() => void this.#kill(TERMINATE_MS), STOP_MS);
  }

  async follow(handle: MessageHandler): Promise<WorkerEnd> {
    const end = await this.#readMessages(handle);
    if (end === undefined) return { kind: 'ended', outcome: await this.#exit };
    const timer = setTimeout(() => void this.#kill(0), EXIT_MS);
    await this.#exit.finally(() => clearTimeout(timer));
    return end;
  }

  async dispose(): Promise<void> {
    clearTimeout(this.#stopTimer);
    this.#silence?.close();
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#channel.destroy();
    if (!this.#isGone) await this.#kill(TERMINATE_MS);
  }

  /** Until the last message or the end of the channel; undefined when the worker said nothing final. */
  async #readMessages(handle: MessageHandler): Promise<WorkerEnd | undefined> {
    const decoder = new MessageDecoder<FromWorker>();
    let hasGreeted = false;
    try {
      for await (const chunk of this.#channel as AsyncIterable<string>) {
        for (const message of decoder.push(chunk)) {
          this.#silence?.hear(message.type);
          if (!hasGreeted) {
            const refusal = checkHello(message);
            if (refusal !== undefined) return failedWith(refusal);
            hasGreeted = true;
            continue;
          }
          await handle(message, { stop: () => this.stop() });
          const end = toEnd(message);
          if (end !== undefined) return end;
        }
      }
    } catch (error) {
      if (error instanceof SyntaxError || isDecoderError(error))
        return failedWith(`The worker wrote garbage on its channel: ${error.message}`);
      if (isConnectionError(error)) return undefined;
      throw error;
    }
    return undefined;
  }

  async #kill(graceMs: number): Promise<void> {
    const { pid } = this.#child;
    if (pid !== undefined) await stopTree({ pid, startTime: await readStartTime(pid) }, graceMs);
  }
}

function checkHello(message: FromWorker): string | undefined {
  if (message.type !== 'hello') return `The worker began with "${message.type}" instead of a hello.`;
  return message.protocol === trainingProtocolVersion
    ? undefined
    : `The worker speaks version ${message.protocol} of the training protocol, this program version ${trainingProtocolVersion}. Install one version of both.`;
}

/** What each message means for the end of the work; null for what is said on the way. */
const ends: { readonly [T in FromWorker['type']]: ((message: Extract<FromWorker, { type: T }>) => WorkerEnd) | null } =
  {
    done: (message) => ({ kind: 'done', message }),
    failed: ({ error }) => ({ kind: 'failed', error }),
    probed: () => ({ kind: 'answered' }),
    predicted: () => ({ kind: 'answered' }),
    examplesRead: () => ({ kind: 'answered' }),
    exported: () => ({ kind: 'answered' }),
    tuned: () => ({ kind: 'answered' }),
    hello: null,
    backend: null,
    log: null,
    plan: null,
    batch: null,
    epoch: null,
    checkpoint: null,
    resumed: null,
    metric: null,
    tag: null,
    explained: null,
    test: null,
    prediction: null,
    example: null,
    steered: null,
    paused: null,
    unpaused: null,
    sample: null,
    alive: null,
  };

function toEnd(message: FromWorker): WorkerEnd | undefined {
  // TypeScript can't see that the entry found by a message's type takes that message.
  const end = ends[message.type] as ((message: FromWorker) => WorkerEnd) | null;
  return end?.(message);
}

function failedWith(message: string): WorkerEnd {
  return { kind: 'failed', error: toErrorDocument(new Error(message)) };
}

function isDecoderError(error: unknown): error is Error {
  return error instanceof Error && /^(Not a message|A message is longer)/.test(error.message);
}

function isConnectionError(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    ['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE'].includes(String(error.code))
  );
}
