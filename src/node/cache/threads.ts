import { availableParallelism } from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Reply, Request } from './hasher.ts';
import { FileFailure } from './filefacts.ts';
import { jobs, type Jobs } from './jobs.ts';

/** More threads than this only wait for one another in the file system. */
const MOST_THREADS = 8;
/** Threads that had nothing to do for this long are ended. */
const IDLE_MS = 5000;

type Argument<J extends keyof Jobs> = Parameters<Jobs[J]>[0];
type Value<J extends keyof Jobs> = Awaited<ReturnType<Jobs[J]>>;

interface Task {
  readonly request: Request;
  /** Undefined: no thread could do it. */
  readonly settle: (reply: Reply | undefined) => void;
}

/**
 * Does a job in a thread of its own. Threads are started when they are first needed, end when they are idle, and never keep the
 * process alive. Where none can be started the job is done in this thread: they make things quick, nothing depends on them.
 */
export function performInThread<J extends keyof Jobs>(job: J, argument: Argument<J>): Promise<Value<J>> {
  return threads.perform(job, argument);
}

/** Does a job in this thread: for work so small that handing it over would take longer. */
export function performHere<J extends keyof Jobs>(job: J, argument: Argument<J>): Promise<Value<J>> {
  return (jobs[job] as (argument: Argument<J>) => Promise<Value<J>>)(argument);
}

class Threads {
  readonly #free: Worker[] = [];
  readonly #busy = new Map<Worker, Task>();
  readonly #queue: Task[] = [];
  #isBroken = false;
  #lastId = 0;
  #idle: NodeJS.Timeout | undefined;

  async perform<J extends keyof Jobs>(job: J, argument: Argument<J>): Promise<Value<J>> {
    if (this.#isBroken) return performHere(job, argument);
    this.#lastId += 1;
    const request: Request = { id: this.#lastId, job, argument };
    const reply = await new Promise<Reply | undefined>((settle) => {
      this.#queue.push({ request, settle });
      this.#next();
    });
    if (reply === undefined) return performHere(job, argument);
    if (reply.failure === undefined) return reply.value as Value<J>;
    const { code, file, message } = reply.failure;
    if (file !== '') throw new FileFailure(code, file, message);
    throw new Error(message);
  }

  #next(): void {
    while (this.#queue.length > 0) {
      const worker = this.#free.pop() ?? this.#start();
      const task = worker === undefined ? undefined : this.#queue.shift();
      if (worker === undefined || task === undefined) return;
      this.#busy.set(worker, task);
      worker.ref();
      worker.postMessage(task.request);
    }
  }

  #start(): Worker | undefined {
    if (this.#busy.size + this.#free.length >= Math.min(availableParallelism(), MOST_THREADS)) return undefined;
    const file = path.join(import.meta.dirname, `hasher${path.extname(import.meta.filename)}`);
    const worker = new Worker(file, { execArgv: ['--disable-warning=MODULE_TYPELESS_PACKAGE_JSON'] });
    worker.on('message', (reply: Reply) => {
      const task = this.#busy.get(worker);
      this.#busy.delete(worker);
      worker.unref();
      this.#free.push(worker);
      task?.settle(reply);
      this.#next();
      this.#restWhenIdle();
    });
    worker.on('error', () => this.#giveUp());
    return worker;
  }

  /** No thread can be had (a bundle without its file, no memory): what waits is done by those who asked. */
  #giveUp(): void {
    this.#isBroken = true;
    const tasks = [...this.#busy.values(), ...this.#queue.splice(0)];
    for (const worker of [...this.#busy.keys(), ...this.#free.splice(0)]) void worker.terminate();
    this.#busy.clear();
    for (const { settle } of tasks) settle(undefined);
  }

  #restWhenIdle(): void {
    clearTimeout(this.#idle);
    if (this.#busy.size > 0) return;
    this.#idle = setTimeout(() => {
      if (this.#busy.size === 0) for (const worker of this.#free.splice(0)) void worker.terminate();
    }, IDLE_MS).unref();
  }
}

const threads = new Threads();
