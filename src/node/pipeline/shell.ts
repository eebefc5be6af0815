import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import type { Outcome } from '../../protocol/outcome.ts';
import { makeFolder } from '../files/files.ts';
import { readStartTime, stopMarkedTree, toOutcome, type ProcessIdentity } from '../processes/processes.ts';
import { toMark } from './memory.ts';

export interface ShellRun {
  readonly commands: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Handed down to everything that the commands start, so that all of it is found when they are stopped. */
  readonly token: string;
  /** Takes everything that the commands print, as they print it (up to a limit). */
  readonly log: string;
  readonly signal: AbortSignal;
  readonly onCommand: (command: string) => void;
  readonly onStart: (child: ProcessIdentity) => Promise<void>;
  readonly onLine: (line: string, stream: 'stdout' | 'stderr') => void;
}

const MAX_LINE = 64 << 10;
const MAX_LOG_BYTES = 64 << 20;
const LINES_PER_SECOND = 5000;
const LENGTH_PER_SECOND = 1 << 20;
/** How long output is awaited after the command itself has ended: something that it left running may hold the pipe. */
const DRAIN_MS = 1000;
/** Whoever stops a run may end its command first: a debugger does, and Ctrl-C reaches both. How long the run's own signal is awaited. */
const STOP_FOLLOWS_MS = 1000;
const stopSignals: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGHUP'];

/** Shells whose start-up files must not change what a command does, with the flags that DVC gives them. */
const shellFlags: Readonly<Record<string, readonly string[]>> = {
  bash: ['--noprofile', '--norc'],
  zsh: ['--no-rcs'],
  fish: ['--no-config'],
};

/** Runs a stage's commands one after the other, as DVC does, each in a process group of its own; the first failure ends it. */
export async function runCommands(run: ShellRun): Promise<Outcome> {
  await makeFolder(path.dirname(run.log));
  const log = new Log(run.log);
  try {
    for (const command of run.commands) {
      if (run.signal.aborted) return { kind: 'stopped' };
      run.onCommand(command);
      const outcome = await runCommand(command, run, log);
      if (outcome.kind !== 'succeeded') return outcome;
    }
    return { kind: 'succeeded' };
  } finally {
    await log.close();
  }
}

async function runCommand(command: string, run: ShellRun, log: Log): Promise<Outcome> {
  const child = start(command, run);
  // Everything is listened to before the first pause: a quick command is over by then.
  const ended = waitForEnd(child);
  const relayed = Promise.all([
    relay(child.stdout, log, (line) => run.onLine(line, 'stdout')),
    relay(child.stderr, log, (line) => run.onLine(line, 'stderr')),
  ]);
  const { pid } = child;
  if (pid === undefined) return { kind: 'failed', reason: (await ended).error ?? 'the shell could not be started' };
  const identity: ProcessIdentity = { pid, startTime: await readStartTime(pid) };
  let stopping: Promise<void> | undefined;
  const stop = (): void => void (stopping ??= stopMarkedTree(identity, toMark(run.token)));
  run.signal.addEventListener('abort', stop, { once: true });
  if (run.signal.aborted) stop();
  try {
    await run.onStart(identity);
    const { code, signal } = await ended;
    if (isStopSignal(code, signal) && !run.signal.aborted)
      await settleWithin(once(run.signal, 'abort'), STOP_FOLLOWS_MS);
    if (run.signal.aborted) stop();
    // What is being stopped may have something to say until its end.
    await stopping;
    await settleWithin(relayed, DRAIN_MS);
    await stopping;
    return toOutcome(code, signal, stopping !== undefined);
  } finally {
    run.signal.removeEventListener('abort', stop);
    child.stdout?.destroy();
    child.stderr?.destroy();
  }
}

/** Of the command, or of what its shell ran, which it tells as 128 and the signal's number. */
function isStopSignal(code: number | null, signal: NodeJS.Signals | null): boolean {
  return stopSignals.some((name) => name === signal || code === 128 + constants.signals[name]);
}

async function settleWithin(work: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([work, new Promise((resolve) => (timer = setTimeout(resolve, ms)))]);
  clearTimeout(timer);
}

function start(command: string, { cwd, env: given, token }: ShellRun): ChildProcess {
  const env: NodeJS.ProcessEnv = { ...given, MLOPS_STAGE_TOKEN: token };
  const options = { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] as ('ignore' | 'pipe')[], windowsHide: true };
  if (process.platform === 'win32') return spawn(command, { ...options, shell: true });
  const shell = env['SHELL'] ?? '';
  const executable = shell === '' ? '/bin/sh' : shell;
  const flags = shellFlags[path.basename(executable).toLowerCase()] ?? [];
  return spawn(executable, [...flags, '-c', command], { ...options, detached: true });
}

interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly error?: string;
}

/** Resolves when the process itself has ended, whether or not something that it started still holds its pipes. */
function waitForEnd(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: null, signal: null, error: error.message }));
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
}

/** Passes a stream on to the log and, cut into lines of bearable length, to people. Resolves when the stream ends. */
async function relay(stream: Readable | null, log: Log, onLine: (line: string) => void): Promise<void> {
  if (stream === null) return;
  const decoder = new StringDecoder('utf8');
  const lines = new LineRelay(onLine);
  stream.on('error', () => undefined);
  stream.on('data', (chunk: Buffer) => {
    if (!log.write(chunk)) {
      stream.pause();
      log.onceDrained(() => stream.resume());
    }
    lines.push(decoder.write(chunk));
  });
  if (!stream.closed) await once(stream, 'close');
  lines.end();
}

/**
 * Cuts text into lines and passes on as many as a person could look at; the others are counted, and stand in the log, as does the rest
 * of a line that is too long.
 */
class LineRelay {
  readonly #onLine: (line: string) => void;
  #rest = '';
  /** The line that comes next was shown already, as far as it ever will be. */
  #isCut = false;
  #windowEnds = 0;
  #lines = 0;
  #length = 0;
  #hidden = 0;

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(text: string): void {
    if (performance.now() > this.#windowEnds) this.#startWindow();
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#end(line);
    if (this.#isCut) this.#rest = '';
    else if (this.#rest.length > MAX_LINE) this.#cut();
  }

  end(): void {
    this.#startWindow();
    if (this.#rest !== '') this.#end(this.#rest);
  }

  #end(line: string): void {
    if (!this.#isCut) this.#show(line);
    this.#isCut = false;
  }

  /** A progress bar rewrites its line again and again, so only what stands behind its last return counts. */
  #cut(): void {
    const last = lastWritten(this.#rest);
    if (last.length <= MAX_LINE) this.#rest = last;
    else {
      this.#show(this.#rest);
      this.#rest = '';
      this.#isCut = true;
    }
  }

  #show(text: string): void {
    if (this.#lines >= LINES_PER_SECOND || this.#length >= LENGTH_PER_SECOND) this.#hidden += 1;
    else {
      const line = toLine(text);
      this.#onLine(text.length > MAX_LINE ? `${line}…` : line);
      this.#lines += 1;
      this.#length += line.length;
    }
  }

  #startWindow(): void {
    if (this.#hidden > 0) this.#onLine(`… ${this.#hidden} lines more, see the log`);
    this.#windowEnds = performance.now() + 1000;
    this.#lines = 0;
    this.#length = 0;
    this.#hidden = 0;
  }
}

/**
 * A line as it looks in a terminal in the end (progress bars rewrite their line), of all control sequences only colours kept:
 * nothing that a stage prints may move the cursor, set a title or write the clipboard.
 */
export function toLine(text: string): string {
  return lastWritten(text)
    .slice(0, MAX_LINE)
    .replace(
      /\u001b(?:\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[P^_X][^\u001b]*(?:\u001b\\)?|\[[0-?]*[ -/]*[@-~]|.)?/gu,
      (sequence) => (/^\u001b\[[0-9;:]*m$/.test(sequence) ? sequence : ''),
    )
    .replace(/[\u0000-\u0008\u000b-\u001a\u001c-\u001f\u007f\u0080-\u009f]/g, '');
}

/** What stands behind the last return that something follows. */
function lastWritten(line: string): string {
  let end = line.length;
  while (line[end - 1] === '\r') end -= 1;
  return line.slice(line.lastIndexOf('\r', end - 1) + 1, end);
}

/** A log that stops growing at a limit. A disk that takes no more costs the log, not the stage. */
class Log {
  readonly #stream: WriteStream;
  #left = MAX_LOG_BYTES;
  #isBroken = false;
  #waiting: (() => void)[] = [];

  constructor(file: string) {
    this.#stream = createWriteStream(file);
    this.#stream.on('drain', () => this.#wake());
    this.#stream.on('error', () => {
      this.#isBroken = true;
      this.#wake();
    });
  }

  /** False when the caller should wait for {@link onceDrained}. */
  write(chunk: Buffer): boolean {
    if (this.#isBroken || this.#left <= 0) return true;
    this.#left -= chunk.length;
    const isFull = this.#left <= 0;
    return this.#stream.write(isFull ? Buffer.concat([chunk, Buffer.from('\n[output truncated]\n')]) : chunk);
  }

  onceDrained(act: () => void): void {
    this.#waiting.push(act);
  }

  async close(): Promise<void> {
    if (this.#isBroken) return;
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
      this.#stream.end(() => resolve());
    });
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const act of waiting) act();
  }
}
