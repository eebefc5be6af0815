import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  checkAlias,
  checkModelName,
  checkRegistryTag,
  formatModelMeta,
  formatVersionMeta,
  recordMove,
  updateRegistryMeta,
  type RegistryMetaChange,
} from '../../core/registry/registry.ts';
import { findNearest } from '../../core/names/names.ts';
import { ExpectedError, unknownName } from '../../protocol/errors.ts';
import {
  historyTag,
  type AliasChange,
  type ModelVersion,
  type RegisteredModel,
  type RegistryList,
} from '../../protocol/registry.ts';
import { diskError, hasCode, makeFolder, temporaryBeside, writeFileAtomic } from '../files/files.ts';
import { waitForLock } from '../locks/locks.ts';
import { changedMeanwhile } from './failures.ts';
import { readRegularFile } from '../tracking/tracking.ts';
import { listModelNames, listVersionNumbers, readAlias, readAliases, readModelFolder, readVersion } from './files.ts';
import type { ModelRegistry, NewVersion, RegistryEdit } from './store.ts';

interface FileRegistryOptions {
  /** The store's folder: models lie in `models/` below it. */
  readonly root: string;
  /** Makes the store where it does not stand yet. */
  readonly ensure: () => Promise<void>;
}

/** A registry in MLflow's file layout (specs: `models/<name>/{meta.yaml,tags,aliases,version-N}` below the store). */
export function createFileRegistry(uri: string, options: FileRegistryOptions): ModelRegistry {
  return new FileRegistry(uri, options);
}

class FileRegistry implements ModelRegistry {
  readonly uri: string;
  readonly #root: string;
  readonly #ensure: () => Promise<void>;

  constructor(uri: string, { root, ensure }: FileRegistryOptions) {
    this.uri = uri;
    this.#root = root;
    this.#ensure = ensure;
  }

  listModels(): Promise<RegistryList> {
    const readings = listModelNames(this.#models).map((name) => readModelFolder(this.#models, name));
    return Promise.resolve({
      models: readings.flatMap(({ model }) => (model === undefined ? [] : [model])),
      problems: readings.flatMap(({ problems }) => problems),
    });
  }

  async readModel(name: string): Promise<RegisteredModel> {
    const known = listModelNames(this.#models);
    const { model } = known.includes(name) ? readModelFolder(this.#models, name) : {};
    if (model === undefined) throw unknownName('registered model', name, findNearest(name, known));
    return Promise.resolve(model);
  }

  async createVersion(asked: NewVersion): Promise<ModelVersion> {
    const { name, runId, description, tags } = asked;
    checkModelName(name);
    for (const [tag, value] of Object.entries(tags)) checkRegistryTag(tag, value);
    if (asked.source === null)
      throw new ExpectedError('missing-file', `The files of the model are not on this machine.`);
    const { source } = asked;
    return this.#locked(async () => {
      const time = Date.now();
      if (!listModelNames(this.#models).includes(name)) await this.#createModel(name, time);
      const version = await this.#place(
        (number) => path.join(this.#models, name, `version-${number}`),
        (listVersionNumbers(path.join(this.#models, name)).at(-1) ?? 0) + 1,
        (number) => formatVersionMeta({ name, version: number, source, runId, description, time }),
        tags,
      );
      await this.#updateMeta(name, null, { time });
      const { version: made } = readVersion(path.join(this.#models, name), version);
      if (made === undefined)
        throw new ExpectedError('corrupt', `Version ${version} of ${name} was written and can't be read.`);
      return made;
    });
  }

  async edit(name: string, version: string | null, edit: RegistryEdit): Promise<void> {
    const { description, tags = {} } = edit;
    for (const [tag, value] of Object.entries(tags)) checkRegistryTag(tag, value ?? '');
    await this.#locked(async () => {
      await this.#requireVersion(name, version);
      const folder = this.#folderOf(name, version);
      for (const [tag, value] of Object.entries(tags)) await this.#writeTag(folder, tag, value);
      const time = Date.now();
      if (version !== null)
        await this.#updateMeta(name, version, { time, ...(description === undefined ? {} : { description }) });
      await this.#updateMeta(name, null, {
        time,
        ...(description === undefined || version !== null ? {} : { description }),
      });
    });
  }

  async moveAlias(change: AliasChange): Promise<void> {
    const { name, alias, from, to, time } = change;
    if (to !== null) checkAlias(alias);
    await this.#locked(async () => {
      await this.#requireVersion(name, to);
      const folder = this.#folderOf(name, null);
      const now = readAlias(folder, alias);
      if (now !== from) throw changedMeanwhile(change, now);
      const history = readRegularFile(path.join(folder, 'tags', historyTag));
      // First the record: a move that nobody can take back would be worse than a record of one that a crash prevented.
      await this.#writeTag(folder, historyTag, recordMove(history, change));
      try {
        const file = path.join(folder, 'aliases', alias);
        if (to === null) await rm(file, { force: true });
        else await this.#write(file, to);
      } catch (error) {
        await this.#writeTag(folder, historyTag, history ?? null);
        throw error;
      }
      await this.#updateMeta(name, null, { time, aliases: readAliases(folder).aliases });
    });
  }

  get #models(): string {
    return path.join(this.#root, 'models');
  }

  get #trash(): string {
    return path.join(this.#root, '.trash');
  }

  #folderOf(name: string, version: string | null): string {
    return path.join(this.#models, name, ...(version === null ? [] : [`version-${version}`]));
  }

  /** Two processes at once must not both find an alias where it was, or make the same version. */
  async #locked<T>(work: () => Promise<T>): Promise<T> {
    await this.#ensure();
    try {
      await makeFolder(this.#trash);
      const lock = await waitForLock(path.join(this.#trash, '.registry.lock.json'), 'mlops: registry of models');
      return await work().finally(() => lock.release());
    } catch (error) {
      throw diskError(error, this.#models);
    }
  }

  async #requireVersion(name: string, version: string | null): Promise<void> {
    const model = await this.readModel(name);
    const known = model.versions.map((one) => one.version);
    if (version !== null && !known.includes(version)) throw unknownName('version', `${name}/${version}`, []);
  }

  async #createModel(name: string, time: number): Promise<void> {
    await makeFolder(this.#models);
    await this.#place(
      () => this.#folderOf(name, null),
      0,
      () => formatModelMeta(name, null, time),
      {},
    );
  }

  /** A folder with its meta and tags appears whole or not at all. MLflow may have taken the place meanwhile: then the next number. */
  async #place(
    placeOf: (number: number) => string,
    first: number,
    metaOf: (number: number) => string,
    tags: Readonly<Record<string, string>>,
  ): Promise<number> {
    for (let number = first; ; number += 1) {
      const target = placeOf(number);
      const staging = temporaryBeside(path.join(this.#trash, path.basename(target)));
      try {
        await mkdir(staging);
        for (const [tag, value] of Object.entries(tags)) await this.#writeTag(staging, tag, value);
        await writeFile(path.join(staging, 'meta.yaml'), metaOf(number));
        await rename(staging, target);
        return number;
      } catch (error) {
        await rm(staging, { recursive: true, force: true });
        const isTaken = ['ENOTEMPTY', 'EEXIST', 'EPERM'].some((code) => hasCode(error, code));
        if (!isTaken) throw error;
        // A model that another process has just made is as good.
        if (placeOf(number + 1) === target) return number;
      }
    }
  }

  async #updateMeta(name: string, version: string | null, change: RegistryMetaChange): Promise<void> {
    const file = path.join(this.#folderOf(name, version), 'meta.yaml');
    const text = readRegularFile(file);
    // Where it is missing there is nothing to keep in step; listing tells it.
    if (text !== undefined) await this.#write(file, updateRegistryMeta(text, change));
  }

  async #writeTag(folder: string, tag: string, value: string | null): Promise<void> {
    const file = path.join(folder, 'tags', ...tag.split('/'));
    if (value === null) await rm(file, { force: true });
    else await this.#write(file, value);
  }

  /** Temporary files lie where nobody lists tags or aliases. */
  async #write(file: string, text: string): Promise<void> {
    await writeFileAtomic(file, text, { stagingFolder: this.#trash });
  }
}
