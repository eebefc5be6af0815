import { spawn, type ChildProcess } from 'node:child_process';
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import type { Duplex } from 'node:stream';
import * as esbuild from 'esbuild';
import { ensureKernels } from '../../../scripts/kernels.ts';
import { workerBundle } from '../../../scripts/workerbundle.ts';
import {
  encodeToWorker,
  MessageDecoder,
  trainingProtocolVersion,
  type FromWorker,
  type ToWorker,
  type WorkerTask,
} from '../../../src/protocol/training.ts';

const repository = path.resolve(import.meta.dirname, '../../..');

/** The worker as it ships, in a folder of its own with the wasm files beside it. */
export async function buildWorker(): Promise<{ readonly file: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'mlops-worker-bundle-'));
  await esbuild.build({ ...workerBundle, absWorkingDir: repository, outdir: folder, logLevel: 'error' });
  const wasm = path.dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'));
  for (const name of await readdir(wasm))
    if (name.endsWith('.wasm')) await cp(path.join(wasm, name), path.join(folder, 'wasm', name));
  await cp(await ensureKernels(), path.join(folder, 'wasm'), { recursive: true });
  return { file: path.join(folder, 'worker.js'), remove: () => rm(folder, { recursive: true, force: true }) };
}

type MessageOf<T extends FromWorker['type']> = Extract<FromWorker, { type: T }>;

export interface StartedWorker {
  readonly child: ChildProcess;
  readonly messages: readonly FromWorker[];
  readonly stdout: () => string;
  readonly stderr: () => string;
  send(message: ToWorker): void;
  sendText(text: string): void;
  /** The first message of the type; rejects when the worker ends without one. */
  first<T extends FromWorker['type']>(type: T): Promise<MessageOf<T>>;
  all<T extends FromWorker['type']>(type: T): readonly MessageOf<T>[];
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
}

/** Starts the bundle with the channel at 3, and says hello; with a task also `start`. */
export function startWorker(file: string, task?: WorkerTask, cwd?: string): StartedWorker {
  const child = spawn(process.execPath, [file], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
  });
  const channel = child.stdio[3] as Duplex;
  const messages: FromWorker[] = [];
  const waiting: (() => void)[] = [];
  const decoder = new MessageDecoder<FromWorker>();
  let isOver = false;
  const wake = (): void => waiting.splice(0).forEach((resume) => resume());
  channel.setEncoding('utf8');
  channel.on('data', (chunk: string) => {
    messages.push(...decoder.push(chunk));
    wake();
  });
  channel.on('error', () => undefined);
  const [stdout, stderr] = [child.stdout, child.stderr].map((stream) => {
    let text = '';
    stream?.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    return () => text;
  }) as [() => string, () => string];
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) =>
    child.once('close', (code, signal) => {
      isOver = true;
      wake();
      resolve({ code, signal });
    }),
  );
  const all = <T extends FromWorker['type']>(type: T): MessageOf<T>[] =>
    messages.filter((message): message is MessageOf<T> => message.type === type);
  const worker: StartedWorker = {
    child,
    messages,
    stdout,
    stderr,
    send: (message) => channel.write(encodeToWorker(message)),
    sendText: (text) => channel.write(text),
    async first(type) {
      for (;;) {
        const [found] = all(type);
        if (found !== undefined) return found;
        if (isOver) throw new Error(`No "${type}" among ${JSON.stringify(messages)}\n${stderr()}`);
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
    },
    all,
    ended,
  };
  worker.send({ type: 'hello', protocol: trainingProtocolVersion });
  if (task !== undefined) worker.send({ type: 'start', task });
  return worker;
}
