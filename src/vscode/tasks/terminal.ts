import * as vscode from 'vscode';
import { createSanitiser } from '../../core/terminal/terminal.ts';
import type { LiveProcess } from '../../protocol/engine.ts';
import type { EngineThread } from '../engine/client.ts';
import { toFolderBelow } from './folder.ts';
import { createPlaces, type Places } from './places.ts';

const CONTROL_C = '\u0003';
/** How long after a terminal's end VS Code may take to say why it ended. */
const REASON_MS = 1000;
/**
 * How long a terminal stays after its last line. VS Code looks for problems in lines some time after they were written, and no more
 * once the task has ended: a stage that fails at once would show none of its own (seen with VS Code 1.139).
 */
const READ_MS = 500;

let followers = 0;

/**
 * A terminal attached to a detached process: prints its log, ends with its exit code. Ctrl+C and "Terminate Task" stop the
 * process; closing the terminal or the window leaves it running.
 */
export class ProcessTerminal implements vscode.Pseudoterminal {
  readonly #engine: EngineThread;
  readonly #project: string;
  readonly #begin: () => Promise<LiveProcess>;
  readonly #atEnd: 'close' | 'stay';
  readonly #report: (error: unknown) => void;
  readonly #written = new vscode.EventEmitter<string>();
  readonly #closed = new vscode.EventEmitter<number>();
  readonly #sanitise = createSanitiser();
  readonly #places: Places;
  readonly #follower = `terminal-${(followers += 1)}`;
  readonly #subscriptions: { dispose(): void }[] = [];
  #process: LiveProcess | undefined;
  #offset = 0;
  #ended = false;
  #closedByUser = false;
  #stopping = false;

  readonly onDidWrite = this.#written.event;
  readonly onDidClose = this.#closed.event;

  /** `begin` starts a process, or gives a live one to attach to. `atEnd`: a task ends with it, a log stays to be read. */
  constructor(
    { engine, report }: { engine: EngineThread; report: (error: unknown) => void },
    {
      project,
      begin,
      atEnd,
    }: {
      readonly project: string;
      readonly begin: () => Promise<LiveProcess>;
      readonly atEnd: 'close' | 'stay';
    },
  ) {
    this.#engine = engine;
    this.#report = report;
    this.#project = project;
    this.#begin = begin;
    this.#atEnd = atEnd;
    this.#places = createPlaces(toFolderBelow(project));
  }

  open(): void {
    this.#subscriptions.push(
      this.#engine.onEvent('output', ({ follower, text, offset }) => {
        if (follower !== this.#follower) return;
        this.#offset = offset;
        this.#written.fire(this.#places.push(this.#sanitise(text)));
      }),
      this.#engine.onEvent('exited', ({ follower, exitCode }) => {
        if (follower === this.#follower) this.#end(exitCode);
      }),
      this.#engine.onRestart(() => void this.#follow()),
    );
    void this.#start();
  }

  handleInput(data: string): void {
    if (data.includes(CONTROL_C)) void this.#stop();
  }

  /**
   * VS Code does not tell a terminal why it is closed, but says so of the terminal right afterwards: no reason when a task is
   * terminated, otherwise who closed it (checked with VS Code 1.139; docs/decisions.md). A window that is shut down says
   * nothing more, and the process goes on.
   */
  close(): void {
    if (this.#ended || this.#closedByUser) return;
    this.#closedByUser = true;
    const listener = vscode.window.onDidCloseTerminal(({ exitStatus }) => {
      listener.dispose();
      clearTimeout(timer);
      const isTerminated = exitStatus?.reason === vscode.TerminalExitReason.Unknown;
      void (isTerminated ? this.#stop() : this.#leave());
    });
    const timer = setTimeout(() => {
      listener.dispose();
      void this.#leave();
    }, REASON_MS);
  }

  async #start(): Promise<void> {
    try {
      this.#process = await this.#begin();
      await this.#follow();
      // Asked before there was a process to stop; only whoever follows it hears of its end.
      if (this.#stopping) await this.#stop();
    } catch (error) {
      this.#written.fire(
        `\u001b[31m${this.#sanitise(error instanceof Error ? error.message : String(error))}\u001b[0m\r\n`,
      );
      this.#end(1);
    }
  }

  async #follow(): Promise<void> {
    const id = this.#process?.id;
    if (id === undefined || this.#ended) return;
    try {
      const [project, offset, follower] = [this.#project, this.#offset, this.#follower];
      await this.#engine.request('followProcess', { project, id, offset, follower });
    } catch (error) {
      // The engine thread may have died meanwhile: its next one is asked again.
      this.#report(error);
    }
  }

  async #stop(): Promise<void> {
    const id = this.#process?.id;
    this.#stopping = true;
    if (id === undefined || this.#ended) return;
    this.#written.fire(`${vscode.l10n.t('Stopping …')}\r\n`);
    try {
      await this.#engine.request('stopProcess', { project: this.#project, id });
    } catch (error) {
      this.#report(error);
    }
  }

  /** Also before the process has begun: then nobody follows it. */
  async #leave(): Promise<void> {
    this.#ended = true;
    this.#release();
    // A thread that is gone follows nobody.
    await this.#engine.request('unfollowProcess', { follower: this.#follower }).catch(() => undefined);
  }

  #end(exitCode: number | null): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#release();
    this.#written.fire(this.#places.end());
    if (exitCode === null)
      this.#written.fire(`${vscode.l10n.t('The process ended without a word: it was killed.')}\r\n`);
    if (this.#atEnd === 'close') this.#close(exitCode ?? 1);
    else if (exitCode !== null) this.#written.fire(`${vscode.l10n.t('Ended with exit code {0}.', exitCode)}\r\n`);
  }

  /** What was written last is read before the terminal goes; where nothing was, there is nothing to wait for. */
  #close(exitCode: number): void {
    const close = (): void => this.#closed.fire(exitCode);
    if (this.#offset === 0) close();
    else setTimeout(close, READ_MS);
  }

  #release(): void {
    for (const subscription of this.#subscriptions.splice(0)) subscription.dispose();
  }
}
