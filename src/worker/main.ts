import { Socket } from 'node:net';
import path from 'node:path';
import { toErrorDocument } from '../protocol/errors.ts';
import type { FromWorker, WorkerTask } from '../protocol/training.ts';
import { explainDeviceFailure, probeBackends, verifyBackend } from './backends.ts';
import { openChannel } from './channel.ts';
import { readExamples } from './examples.ts';
import { runExport } from './exporting.ts';
import { runPrediction } from './prediction.ts';
import { Wishes } from './steering.ts';
import { lostReader, runTraining, type TaskContext } from './training.ts';
import { askForTuning } from './tuning.ts';
import { watchParent } from './watchdog.ts';

// Composition root of the training worker: one task, answered over file descriptor 3; stdout and stderr carry nothing but
// what user code prints. It ends when the task has, when it is told to, and when the process that started it is gone.

/** Between two signs of life: often enough for a reader that wonders after half a minute. */
const ALIVE_MS = 5000;
/** From the end of the channel to ours: the watchdog gives no more either. */
const LEAVE_MS = 3000;

/** A call of the project's code lies deep below what the packages call. */
Error.stackTraceLimit = 50;

const exit = forbidExit();
const stop = new AbortController();
const wishes = new Wishes(stop.signal);
let isOver = false;

const channel = openChannel(openPipe(), {
  start: (task) => void run(task),
  stop: () => stop.abort(),
  steer: (wish) => wishes.add(wish),
  broken: (error) => void fail(error),
  lost: () => leave(),
});
watchParent();
filterWarnings();
setInterval(() => channel.send({ type: 'alive' }), ALIVE_MS).unref();

// Ctrl-C reaches the whole group of a terminal, and a tree is ended by SIGTERM first: both mean stop, and save what there is.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());
for (const event of ['uncaughtException', 'unhandledRejection'] as const)
  process.on(event, (error: unknown) => void fail(error));
// The reader of the prints is gone; whether that matters, the channel tells.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

/** Nobody is there any more: what has been trained goes into a checkpoint, if that does not take long. */
function leave(): void {
  stop.abort(lostReader);
  setTimeout(() => exit(1), LEAVE_MS);
}

async function run(task: WorkerTask): Promise<void> {
  const context: TaskContext = {
    send: channel.send,
    drained: channel.drained,
    signal: stop.signal,
    stop: () => stop.abort(),
    wishes,
    wasmFolder: path.join(__dirname, 'wasm'),
    preparer: path.join(__dirname, 'preparer.js'),
    stepper: path.join(__dirname, 'stepper.js'),
  };
  try {
    await end(await perform(task, context), 0);
  } catch (error) {
    await fail(error);
  }
}

async function perform(task: WorkerTask, context: TaskContext): Promise<FromWorker> {
  switch (task.kind) {
    case 'train':
      return runTraining(task, context);
    case 'predict':
      return runPrediction(task, context);
    case 'examples':
      return readExamples(task, context.send);
    case 'export':
      return runExport(task, context);
    case 'tune':
      return askForTuning(task, context.send);
    case 'probe':
      return {
        type: 'probed',
        backends: await probeBackends({ wasm: context.wasmFolder, projectRoot: process.cwd() }),
      };
    case 'verify': {
      const places = { wasm: context.wasmFolder, projectRoot: process.cwd() };
      return { type: 'probed', backends: [await verifyBackend(task.backend, places)] };
    }
  }
}

async function fail(error: unknown): Promise<void> {
  await end({ type: 'failed', error: toErrorDocument(explainDeviceFailure(error)) }, 1);
}

/** The last message, then the end: timers and handles that user code left open must not keep the process. */
async function end(message: FromWorker, code: number): Promise<void> {
  if (isOver) return;
  isOver = true;
  if (stop.signal.reason === lostReader) exit(1);
  await channel.end(message);
  const flushed = [process.stdout, process.stderr].map((stream) => new Promise((resolve) => stream.write('', resolve)));
  await Promise.all(flushed);
  exit(code);
}

/** Code of the project that ended the process would end its work without a word: it gets an error, which has its place. */
function forbidExit(): typeof process.exit {
  const own = process.exit.bind(process);
  process.exit = () => {
    throw new Error("process.exit was called: a project's code ends by returning, or by an error.");
  };
  return own;
}

function openPipe(): Socket {
  try {
    return new Socket({ fd: 3 });
  } catch {
    // No pipe at 3: somebody started this file by hand.
    process.stderr.write('The training worker is started by "mlops train" and has no use of its own.\n');
    return exit(2);
  }
}

/** Node's remark that stripping types is new is no news to the user of a project that relies on it. */
function filterWarnings(): void {
  const listeners = process.listeners('warning');
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    if (warning.name === 'ExperimentalWarning' && /type stripping/i.test(warning.message)) return;
    for (const listener of listeners) listener(warning);
  });
}
