import { lstat } from 'node:fs/promises';
import path from 'node:path';
import { cutBatch, mostEntities, mostTexts, toValueText } from '../../core/mlflowserver/mlflowserver.ts';
import type { TimedPoint } from '../../core/tracking/tracking.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import { isRecord } from '../../protocol/shapes.ts';
import { isTemporary, listFiles } from '../files/files.ts';
import {
  ServerError,
  isNotThere,
  isPassing,
  uploadServerArtifact,
  type MlflowClient,
} from '../mlflowserver/mlflowserver.ts';
import { readRegularFile } from './entries.ts';
import { readMeta } from './records.ts';
import { endServerRun, removeServerTag } from './serverediting.ts';
import { readServerPoints, readServerRun } from './serverruns.ts';
import { readSpoolState, writeSpoolState, type SpoolState } from './spoolstate.ts';
import { leaveOutKnown, readUnsent } from './unsent.ts';

/** Tag of a run in the spool: since when its server has not been reached. It says nothing on the server itself. */
export const unsentTag = 'mlops.unsent';

interface SenderOptions {
  /** Told of what the server refuses for good. */
  readonly onWarning: (message: string) => void;
  readonly signal?: AbortSignal | undefined;
}

interface LoggedPoint extends TimedPoint {
  readonly key: string;
}

interface Text {
  readonly key: string;
  readonly value: string;
}

/**
 * Brings a run that is written here to its server: params first, then tags, then points in the order of each metric's file. What has come through is
 * written down after each batch, and before it what is about to be sent: after a death between the two the server itself is asked what it has, so that
 * nothing is lost and nothing is there twice. One at a time for a run: whoever has its lock.
 */
export class RunSender {
  readonly folder: string;
  readonly #client: MlflowClient;
  readonly #options: SenderOptions;
  #state: SpoolState | undefined;

  constructor(client: MlflowClient, folder: string, options: SenderOptions) {
    this.#client = client;
    this.folder = folder;
    this.#options = options;
  }

  get #runId(): string {
    return path.basename(this.folder);
  }

  /** Sends all that is there by now. Throws {@link ServerError} when the server is away, `server-failed` when the run is gone there. */
  async send(): Promise<void> {
    const state = await this.#load();
    if (state.pending !== null) await this.#settle(state.pending);
    await this.#sendParams();
    await this.#sendTags();
    while (await this.#sendPoints());
  }

  /** Sends artifacts and how the run ended; false for a run that goes on. Gives what the server does not take. */
  async end(): Promise<{ readonly isEnded: boolean; readonly refused: readonly string[] }> {
    const { meta } = readMeta(this.folder) ?? {};
    if (meta === undefined || meta.status === 'RUNNING') return { isEnded: false, refused: [] };
    const refused = await this.#sendFiles();
    await endServerRun(this.#client, this.#runId, meta.status, meta.endTime ?? Date.now());
    return { isEnded: true, refused };
  }

  async #load(): Promise<SpoolState> {
    this.#state ??= await readSpoolState(this.folder);
    if (this.#state !== undefined) return this.#state;
    // Nothing is known: everything may be on the server already.
    const { artifactUri } = await this.#guardRun(readServerRun(this.#client, this.#runId));
    const sizes = await Promise.all((await this.#listMetrics()).map((name) => this.#sizeOf('metrics', name)));
    return this.#save({
      artifactUri,
      metrics: {},
      pending: Object.fromEntries(sizes),
      params: [],
      tags: {},
      files: {},
    });
  }

  async #save(change: Partial<SpoolState> & Pick<SpoolState, 'metrics'>): Promise<SpoolState> {
    const state = { artifactUri: '', pending: null, params: [], tags: {}, files: {}, ...this.#state, ...change };
    await writeSpoolState(this.folder, state);
    return (this.#state = state);
  }

  /** Nobody knows whether the last batch came through: the server is asked, and gets what it has not. */
  async #settle(pending: Readonly<Record<string, number>>): Promise<void> {
    const { metrics } = await this.#load();
    for (const [name, end] of Object.entries(pending)) {
      const text = readRegularFile(this.#file('metrics', name)) ?? '';
      const known = await this.#guardRun(readServerPoints(this.#client, this.#runId, name));
      const missing = leaveOutKnown(text, { start: metrics[name] ?? 0, end }, known);
      for (let at = 0; at < missing.length; at += mostEntities)
        await this.#log(
          'metrics',
          missing.slice(at, at + mostEntities).map((point) => ({ key: name, ...point })),
        );
    }
    await this.#save({ metrics: { ...metrics, ...pending }, pending: null });
  }

  async #sendParams(): Promise<void> {
    const { metrics, params } = await this.#load();
    const names = await this.#listNames('params');
    const sent = new Set(params);
    const texts = this.#readTexts(
      'params',
      names.filter((name) => !sent.has(name)),
    );
    if (texts.length === 0) return;
    await this.#logTexts('params', texts);
    await this.#save({ metrics, params: names });
  }

  async #sendTags(): Promise<void> {
    const { metrics, tags } = await this.#load();
    const now = this.#readTexts('tags', await this.#listNames('tags')).filter(({ key }) => key !== unsentTag);
    const changed = now.filter(({ key, value }) => !Object.hasOwn(tags, key) || tags[key] !== value);
    const names = new Set(now.map(({ key }) => key));
    const removed = Object.keys(tags).filter((key) => !names.has(key));
    if (changed.length === 0 && removed.length === 0) return;
    await this.#logTexts('tags', changed);
    for (const key of removed) await this.#guardRun(removeServerTag(this.#client, this.#runId, key));
    await this.#save({ metrics, tags: Object.fromEntries(now.map(({ key, value }) => [key, value])) });
  }

  /** One batch; false when there was nothing to send. */
  async #sendPoints(): Promise<boolean> {
    const { metrics } = await this.#load();
    const points: LoggedPoint[] = [];
    const pending: Record<string, number> = {};
    for (const name of await this.#listMetrics()) {
      const most = mostEntities - points.length;
      if (most === 0) break;
      const start = metrics[name] ?? 0;
      const found = await readUnsent(this.#file('metrics', name), start, most);
      if (found.end === start) continue;
      pending[name] = found.end;
      points.push(...found.points.map((point) => ({ key: name, ...point })));
    }
    if (Object.keys(pending).length === 0) return false;
    await this.#save({ metrics, pending });
    await this.#log('metrics', points);
    await this.#save({ metrics: { ...metrics, ...pending }, pending: null });
    return true;
  }

  async #logTexts(kind: 'params' | 'tags', texts: readonly Text[]): Promise<void> {
    let rest = texts;
    while (rest.length > 0) {
      const count = cutBatch(
        rest.map((text) => JSON.stringify(text).length * 3),
        mostTexts,
      );
      await this.#log(kind, rest.slice(0, count));
      rest = rest.slice(count);
    }
  }

  /** What one entity is refused for must not hold up the others: halves are tried, down to the one. */
  async #log(kind: 'metrics' | 'params' | 'tags', entities: readonly (LoggedPoint | Text)[]): Promise<void> {
    if (entities.length === 0) return;
    try {
      const list = entities.map((one) =>
        typeof one.value === 'number' ? { ...one, value: toValueText(one.value) } : one,
      );
      const body = { run_id: this.#runId, [kind]: list };
      const { signal } = this.#options;
      await this.#client.call(
        { method: 'POST', endpoint: 'runs/log-batch', body, signal },
        (answer) => isRecord(answer) || undefined,
      );
    } catch (error) {
      if (!(error instanceof ServerError) || isPassing(error)) throw error;
      await this.#requireStanding();
      const [first] = entities;
      if (entities.length === 1) {
        this.#options.onWarning(`The server does not take "${first?.key ?? ''}": ${error.message}`);
        return;
      }
      const half = Math.ceil(entities.length / 2);
      await this.#log(kind, entities.slice(0, half));
      await this.#log(kind, entities.slice(half));
    }
  }

  async #sendFiles(): Promise<readonly string[]> {
    const refused: string[] = [];
    const root = path.join(this.folder, 'artifacts');
    for (const file of (await listFiles(root)).filter((name) => !name.split('/').some(isTemporary))) {
      const { metrics, files, artifactUri } = await this.#load();
      const source = path.join(root, ...file.split('/'));
      const found = await lstat(source);
      const stamp = `${found.size}:${found.mtimeMs}`;
      if (!found.isFile() || files[file] === stamp) continue;
      try {
        const owner = { runId: this.#runId, artifactUri };
        await uploadServerArtifact(this.#client, owner, { file, source, signal: this.#options.signal });
        await this.#save({ metrics, files: { ...files, [file]: stamp } });
      } catch (error) {
        if (!(error instanceof ExpectedError) || isPassing(error) || error.code === 'stopped') throw error;
        refused.push(`${file}: ${error.message}`);
      }
    }
    return refused;
  }

  async #requireStanding(): Promise<void> {
    const run = await this.#guardRun(readServerRun(this.#client, this.#runId));
    if (run.isDeleted) throw this.#gone();
  }

  async #guardRun<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      throw isNotThere(error) ? this.#gone() : error;
    }
  }

  #gone(): ExpectedError {
    return new ExpectedError(
      'server-failed',
      `The run ${this.#runId.slice(0, 8)} is deleted on ${this.#client.base}. What it has logged waits in ${this.folder}; restore the run there to have it sent.`,
    );
  }

  #listMetrics(): Promise<readonly string[]> {
    return this.#listNames('metrics');
  }

  async #listNames(part: string): Promise<readonly string[]> {
    return (await listFiles(path.join(this.folder, part))).filter((name) => !name.split('/').some(isTemporary)).sort();
  }

  #readTexts(part: string, names: readonly string[]): readonly Text[] {
    return names.flatMap((key) => {
      const value = readRegularFile(this.#file(part, key));
      return value === undefined ? [] : [{ key, value }];
    });
  }

  async #sizeOf(part: string, name: string): Promise<readonly [string, number]> {
    return [name, (await lstat(this.#file(part, name))).size];
  }

  #file(part: string, name: string): string {
    return path.join(this.folder, part, ...name.split('/'));
  }
}
