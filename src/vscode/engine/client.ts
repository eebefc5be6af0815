import { Worker } from 'node:worker_threads';
import {
  connectEngine,
  createListeners,
  type EngineClient,
  type EventName,
  type EngineEvents,
  type PayloadOf,
  type ReplyOf,
  type RequestName,
} from '../../protocol/engine.ts';

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 30_000;
/** A thread that lived this long was healthy: the next death starts counting anew. */
const HEALTHY_MS = 60_000;

type Connection = ReturnType<typeof connectEngine>;

/**
 * The engine thread of this window. When it dies, its pending requests fail with the reason and a new one is started after a
 * pause that doubles; requests made meanwhile wait for it. Nothing is lost: all that it knows can be read again.
 */
export class EngineThread implements EngineClient {
  readonly #file: string;
  readonly #report: (error: unknown) => void;
  readonly #listeners: ReturnType<typeof createListeners>;
  readonly #restartListeners = new Set<() => void>();
  #connection: Promise<Connection>;
  #thread: Worker | undefined;
  #deaths = 0;
  #timer: NodeJS.Timeout | undefined;
  #disposed = false;

  /** `file` is the engine's bundle; `report` gets what nobody waits for: deaths of the thread, bugs of listeners. */
  constructor(file: string, report: (error: unknown) => void) {
    this.#file = file;
    this.#report = report;
    this.#listeners = createListeners(report);
    // Activation goes first: a thread that starts would take a core from it.
    this.#connection = this.#startIn(0);
  }

  async request<N extends RequestName>(name: N, payload: PayloadOf<N>): Promise<ReplyOf<N>> {
    return (await this.#connection).request(name, payload);
  }

  onEvent<N extends EventName>(name: N, listener: (event: EngineEvents[N]) => void): { dispose(): void } {
    return this.#listeners.on(name, listener);
  }

  /** A new thread knows nothing: whoever has told the old one something tells it again. */
  onRestart(listener: () => void): { dispose(): void } {
    this.#restartListeners.add(listener);
    return { dispose: () => void this.#restartListeners.delete(listener) };
  }

  /** Ends the thread and with it nothing else: runs go on. For tests, `restart` lets it come back. */
  async terminate(): Promise<void> {
    await this.#thread?.terminate();
  }

  dispose(): void {
    this.#disposed = true;
    clearTimeout(this.#timer);
    void this.#thread?.terminate();
  }

  #start(): Connection {
    const startedAt = performance.now();
    // The thread's prints belong to nobody; its own messages come as `log` events.
    const thread = new Worker(this.#file, { stdout: true, stderr: true, execArgv: [], name: 'mlops-engine' });
    thread.stdout.resume();
    thread.stderr.resume();
    this.#thread = thread;
    let cause: unknown;
    const connection = connectEngine(
      {
        post: (message) => thread.postMessage(message),
        listen: (listener) => void thread.on('message', listener),
      },
      this.#listeners.emit,
    );
    thread.on('error', (error) => (cause = error));
    thread.on('exit', (code) => {
      const reason = new Error(
        `The engine thread ended (${cause instanceof Error ? cause.message : `code ${code}`}).`,
        cause === undefined ? {} : { cause },
      );
      connection.close(reason);
      if (performance.now() - startedAt > HEALTHY_MS) this.#deaths = 0;
      if (!this.#disposed) this.#restart(reason);
    });
    return connection;
  }

  #restart(reason: Error): void {
    this.#report(reason);
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#deaths);
    this.#deaths += 1;
    this.#connection = this.#startIn(pause);
    const tell = (): void => this.#restartListeners.forEach((listener) => listener());
    // Whoever waits for the connection hears why there is none.
    this.#connection.then(tell, () => undefined);
  }

  #startIn(pauseMs: number): Promise<Connection> {
    const { promise, resolve, reject } = Promise.withResolvers<Connection>();
    // Nobody may be waiting: then there is nobody to tell.
    promise.catch(() => undefined);
    this.#timer = setTimeout(() => {
      try {
        resolve(this.#start());
      } catch (error) {
        reject(error);
      }
    }, pauseMs);
    return promise;
  }
}
