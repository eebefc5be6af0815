import { open, rm } from 'node:fs/promises';
import path from 'node:path';
import {
  checkName,
  formatMetricLine,
  maxTagLength,
  parseRunMeta,
  updateRunMeta,
  type RunMetaChange,
} from '../../core/tracking/tracking.ts';
import { ExpectedError, badInput } from '../../protocol/errors.ts';
import type { RunStatus } from '../../protocol/tracking.ts';
import { diskError, hasCode, readTextIfExists, writeFileAtomic } from '../files/files.ts';
import { appendLines } from './appending.ts';
import { readRegularFile } from './entries.ts';
import type { LoggedPoint, RunWriter } from './store.ts';

/** So many files are open at a time. */
const MOST_FILES = 32;

/** The writer of one run in the file layout. All writing goes through one queue, so that calls may overlap. */
export class FileRunWriter implements RunWriter {
  readonly runId: string;
  readonly name: string;
  readonly artifacts: string;
  readonly #folder: string;
  readonly #onWarning: (message: string) => void;
  /** Lines not yet in their file, by metric; a full disk lets them pile up here. */
  readonly #pending = new Map<string, string>();
  readonly #pendingTags = new Map<string, string>();
  /** Metrics whose file is known to end with a whole line. */
  readonly #touched = new Set<string>();
  #queue: Promise<unknown> = Promise.resolve();
  #failure: unknown;
  #hasWarned = false;

  constructor(folder: string, name: string, onWarning: (message: string) => void) {
    this.runId = path.basename(folder);
    this.name = name;
    this.artifacts = path.join(folder, 'artifacts');
    this.#folder = folder;
    this.#onWarning = onWarning;
  }

  async logMetrics(points: readonly LoggedPoint[]): Promise<void> {
    for (const { name } of points) checkName('metric', name);
    for (const point of points)
      this.#pending.set(point.name, (this.#pending.get(point.name) ?? '') + formatMetricLine(point));
    await this.#enqueue(() => this.#flush());
  }

  async logParams(params: Readonly<Record<string, string>>): Promise<void> {
    for (const name of Object.keys(params)) checkName('param', name);
    await this.#enqueue(async () => {
      for (const [name, value] of Object.entries(params)) await this.#writeParam(name, value);
    });
  }

  async setTags(tags: Readonly<Record<string, string>>): Promise<void> {
    for (const name of Object.keys(tags)) checkName('tag', name);
    for (const [name, value] of Object.entries(tags)) this.#pendingTags.set(name, this.#cutTag(name, value));
    await this.#enqueue(() => this.#flush());
  }

  async removeTag(name: string): Promise<void> {
    checkName('tag', name);
    this.#pendingTags.delete(name);
    await this.#enqueue(() => removeTag(this.#folder, name));
  }

  async finish(status: RunStatus, endTime: number): Promise<void> {
    await this.#enqueue(async () => {
      await this.#flush();
      if (status === 'FINISHED' && (this.#pending.size > 0 || this.#pendingTags.size > 0)) throw this.#failure;
      for (const name of this.#touched) await syncFile(this.#file('metrics', name));
      this.#touched.clear();
      await writeMeta(this.#folder, { status, endTime });
    });
  }

  #enqueue<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => undefined);
    return result;
  }

  /** Writes what is pending; what the disk does not take stays pending. */
  async #flush(): Promise<void> {
    const batch = [...this.#pending];
    // What is logged while this is under way is not in it.
    this.#pending.clear();
    const isKnown = ([name]: readonly [string, string]): boolean => this.#touched.has(name);
    // Files that stand there grow side by side; new ones come one after the other, as one may stand in the way of the next.
    const [known, fresh] = [batch.filter(isKnown), batch.filter((entry) => !isKnown(entry))];
    for (let at = 0; at < known.length; at += MOST_FILES)
      await Promise.all(known.slice(at, at + MOST_FILES).map(([name, lines]) => this.#append(name, lines)));
    for (const [name, lines] of fresh) await this.#append(name, lines);
    for (const [name, value] of [...this.#pendingTags]) {
      this.#pendingTags.delete(name);
      try {
        await writeTag(this.#folder, name, value);
      } catch (error) {
        if (this.#keeps(error, name) && !this.#pendingTags.has(name)) this.#pendingTags.set(name, value);
      }
    }
  }

  async #append(name: string, lines: string): Promise<void> {
    const failure = await appendLines(this.#file('metrics', name), lines, { mends: !this.#touched.has(name) });
    if (failure === undefined) {
      this.#touched.add(name);
      return;
    }
    this.#touched.delete(name);
    // Lines that were logged while this append was under way come behind its rest.
    if (this.#keeps(failure.error, name)) this.#pending.set(name, failure.rest + (this.#pending.get(name) ?? ''));
  }

  /** MLflow cuts long values too. */
  #cutTag(name: string, value: string): string {
    if (value.length <= maxTagLength) return value;
    this.#onWarning(`The tag "${name}" has ${value.length} characters; the first ${maxTagLength} are kept.`);
    return value.slice(0, maxTagLength).toWellFormed();
  }

  /** True when it is worth trying again: the disk is at fault. A name that can't be a file here never fits; the rest are bugs. */
  #keeps(error: unknown, name: string): boolean {
    const misfit = misfits.find(({ codes }) => codes.some((code) => hasCode(error, code)));
    if (misfit !== undefined) {
      this.#onWarning(`"${name}" can't be kept: ${misfit.reason}.`);
      return false;
    }
    if (!isOfTheSystem(error)) throw error;
    this.#failure = diskError(error, this.#folder);
    if (!this.#hasWarned) {
      this.#hasWarned = true;
      const reason = this.#failure instanceof Error ? this.#failure.message : String(this.#failure);
      this.#onWarning(`The run can't be written: ${reason} Its points are kept in memory and tried again.`);
    }
    return true;
  }

  async #writeParam(name: string, value: string): Promise<void> {
    const file = this.#file('params', name);
    const old = await readTextIfExists(file);
    if (old === value) return;
    if (old !== undefined)
      throw badInput(`The param "${name}" of the run is "${old}" and can't become "${value}": params are immutable.`);
    await writeFileAtomic(file, value, { stagingFolder: this.#folder });
  }

  #file(kind: 'metrics' | 'params' | 'tags', name: string): string {
    return path.join(this.#folder, kind, ...name.split('/'));
  }
}

/** What the system says of a name that can never be a file beside the others. */
const misfits = [
  {
    codes: ['EISDIR', 'ENOTDIR', 'EEXIST'],
    reason: 'a name before it is a folder of that name, or the other way round',
  },
  { codes: ['ENAMETOOLONG'], reason: 'its name is too long for this file system' },
] as const;

/** True for what a call of the system has answered, as it is or as a sentence for people. */
function isOfTheSystem(error: unknown): boolean {
  return error instanceof ExpectedError ? error.code === 'disk' : error instanceof Error && 'syscall' in error;
}

/** Temporary files lie in the run's folder: whatever is in `tags/` would be read as a tag. */
export async function writeTag(folder: string, name: string, value: string): Promise<void> {
  await writeFileAtomic(path.join(folder, 'tags', ...name.split('/')), value, { stagingFolder: folder });
}

/** Silent when there is none. */
export async function removeTag(folder: string, name: string): Promise<void> {
  const file = path.join(folder, 'tags', ...name.split('/'));
  await rm(file, { force: true }).catch((error: unknown) => {
    throw diskError(error, file);
  });
}

/** Rewrites the run's `meta.yaml` whole. Throws `corrupt` for one that is gone, or would not be what it was but for the change. */
export async function writeMeta(folder: string, change: RunMetaChange): Promise<void> {
  const file = path.join(folder, 'meta.yaml');
  const text = readRegularFile(file);
  if (text === undefined) throw new ExpectedError('corrupt', `${file} is gone; the run can't be changed.`);
  const changed = updateRunMeta(text, change);
  const [before, after] = [text, changed].map((one) => parseRunMeta(one, file).value);
  if (before !== undefined && (after?.runId !== before.runId || after.name !== (change.name ?? before.name)))
    throw new ExpectedError('corrupt', `${file} is written in a way that can't be changed here. Nothing was changed.`);
  await writeFileAtomic(file, changed);
}

async function syncFile(file: string): Promise<void> {
  const handle = await open(file, 'r').catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw diskError(error, file);
  });
  if (handle === undefined) return;
  try {
    await handle.datasync();
  } catch (error) {
    throw diskError(error, file);
  } finally {
    await handle.close();
  }
}
