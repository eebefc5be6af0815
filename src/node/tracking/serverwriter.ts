import { setTimeout as sleep } from 'node:timers/promises';
import { ExpectedError } from '../../protocol/errors.ts';
import type { RunStatus } from '../../protocol/tracking.ts';
import type { Lock } from '../locks/locks.ts';
import { isPassing } from '../mlflowserver/mlflowserver.ts';
import { unsentTag, type RunSender } from './sending.ts';
import type { Spool } from './spool.ts';
import type { LoggedPoint, RunWriter } from './store.ts';

const LONGEST_PAUSE_MS = 30_000;
/** A server that was there until now is waited for so long at the end of a run. */
const PATIENCE_MS = 5000;

interface ServerWriterOptions {
  /** Writes the run here; everything is safe with it. */
  readonly shadow: RunWriter;
  readonly sender: RunSender;
  readonly spool: Spool;
  /** Of the sender. */
  readonly lock: Lock;
  readonly base: string;
  readonly onWarning: (message: string) => void;
  readonly stop: AbortController;
  readonly sendMs: number;
}

/**
 * Writes a run that belongs to a server: into the spool at once, and from there to the server about once a second. A server that is away holds nothing
 * up: it is told, and what has been logged meanwhile follows when it is back, or when the next process sends what has been left.
 */
export class ServerRunWriter implements RunWriter {
  readonly runId: string;
  readonly name: string;
  readonly artifacts: string;
  readonly #options: ServerWriterOptions;
  readonly #loop: Promise<void>;
  #isDirty = true;
  #isAway = false;
  /** Of ours; told at the end, for the run itself is safe. */
  #bug: Error | undefined;

  constructor(options: ServerWriterOptions) {
    const { shadow } = options;
    this.runId = shadow.runId;
    this.name = shadow.name;
    this.artifacts = shadow.artifacts;
    this.#options = options;
    this.#loop = this.#follow();
  }

  logMetrics(points: readonly LoggedPoint[]): Promise<void> {
    return this.#write(this.#options.shadow.logMetrics(points));
  }
  logParams(params: Readonly<Record<string, string>>): Promise<void> {
    return this.#write(this.#options.shadow.logParams(params));
  }
  setTags(tags: Readonly<Record<string, string>>): Promise<void> {
    return this.#write(this.#options.shadow.setTags(tags));
  }
  removeTag(name: string): Promise<void> {
    return this.#write(this.#options.shadow.removeTag(name));
  }

  async finish(status: RunStatus, endTime: number): Promise<void> {
    const { shadow, lock, stop } = this.#options;
    await shadow.finish(status, endTime);
    stop.abort();
    await this.#loop;
    try {
      if (this.#bug !== undefined) throw this.#bug;
      await this.#sendRest();
    } finally {
      await lock.release();
    }
  }

  async #write(work: Promise<void>): Promise<void> {
    await work;
    this.#isDirty = true;
  }

  async #follow(): Promise<void> {
    const { stop, sender, sendMs } = this.#options;
    const { signal } = stop;
    let pause = sendMs;
    while (!signal.aborted) {
      // Ended by the end of the run, which sends the rest itself.
      await sleep(pause, undefined, { ref: false, signal }).catch(() => undefined);
      if (!this.#hasWork()) continue;
      this.#isDirty = false;
      try {
        await sender.send();
        pause = sendMs;
        await this.#tellBack();
      } catch (error) {
        pause = Math.min(LONGEST_PAUSE_MS, pause * 2);
        if (!(await this.#tellAway(error))) return;
      }
    }
  }

  async #sendRest(): Promise<void> {
    const { sender, spool, base, onWarning, sendMs } = this.#options;
    const deadline = Date.now() + (this.#isAway ? 0 : PATIENCE_MS);
    for (;;) {
      try {
        await sender.send();
        await this.#tellBack();
        const { refused } = await sender.end();
        for (const one of refused)
          onWarning(`${base} does not take an artifact, which stays in ${sender.folder}: ${one}`);
        if (refused.length === 0) await spool.remove(sender.folder);
        return;
      } catch (error) {
        if (!(error instanceof ExpectedError)) throw error;
        if (isPassing(error) && Date.now() < deadline) await sleep(sendMs);
        else return this.#tellLeft(error);
      }
    }
  }

  async #tellLeft(error: ExpectedError): Promise<void> {
    const { shadow, base, onWarning } = this.#options;
    await shadow.setTags({ [unsentTag]: new Date().toISOString() });
    onWarning(
      `The end of the run has not come to ${base}: ${error.message} It is kept in the project; "mlops stores sync" sends it, and so do the next training and the editor.`,
    );
  }

  async #tellBack(): Promise<void> {
    if (!this.#isAway) return;
    this.#isAway = false;
    await this.#options.shadow.removeTag(unsentTag);
    this.#options.onWarning(`${this.#options.base} is back; what has been logged meanwhile is sent.`);
  }

  #hasWork(): boolean {
    return !this.#options.stop.signal.aborted && (this.#isDirty || this.#isAway);
  }

  /** False for a bug, which ends the sending: the run itself is safe. */
  async #tellAway(error: unknown): Promise<boolean> {
    if (this.#options.stop.signal.aborted) return true;
    if (!(error instanceof ExpectedError)) {
      this.#bug = error instanceof Error ? error : new Error(String(error));
      return false;
    }
    if (this.#isAway) return true;
    this.#isAway = true;
    const { shadow, onWarning } = this.#options;
    await shadow.setTags({ [unsentTag]: new Date().toISOString() });
    onWarning(
      `${error.message} The run goes on; what it logs is kept in the project and sent when the server is back.`,
    );
    return true;
  }
}
