import { randomBytes } from 'node:crypto';
import { constants, type BigIntStats } from 'node:fs';
import { chmod, copyFile, mkdir, open, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { badInput, ExpectedError } from '../../protocol/errors.ts';
import { formatDirectory, parseDirectory, type DirectoryEntry } from '../../core/pipeline/pipeline.ts';
import { diskError, isMissing, isTemporary, makeFolder, replaceDirectory, temporaryBeside } from '../files/files.ts';
import { giveTurn, hashPath, isTurnOver, statIfExists, type HashContext, type HashedPath } from './hashing.ts';
import { signatureOf } from './hashstate.ts';

const PROTECTED = 0o444n;
const COPIES = 8;

/** What a lock names: an object, or a folder of objects (`….dir`). */
export interface ObjectId {
  readonly md5: string;
  /** Kept in the layout of DVC 2. */
  readonly legacy: boolean;
}

/**
 * DVC's cache: objects named by their md5, read-only, written beside and renamed, never rewritten. DVC trusts an object that is
 * read-only, and so do we; a writable one is hashed again before it counts.
 */
export class Cache {
  readonly #folder: string;
  readonly #context: HashContext;
  readonly #verified = new Map<string, boolean>();

  constructor(folder: string, context: HashContext) {
    this.#folder = folder;
    this.#context = context;
  }

  /** Folder of the run-cache records. */
  get runs(): string {
    return path.join(this.#folder, 'runs');
  }

  /** True when the object is there whole; for a folder, when all of its members are. */
  async holds(id: ObjectId): Promise<boolean> {
    if (!/^[0-9a-f]{32}(?:\.dir)?$/.test(id.md5)) return false;
    if (!(await this.#isIntact(id))) return false;
    if (!id.md5.endsWith('.dir')) return true;
    const entries = await this.#readDirectory(id);
    if (entries === undefined) return false;
    for (const { md5 } of entries) {
      if (isTurnOver()) await giveTurn();
      this.#context.signal?.throwIfAborted();
      if (!(await this.#isIntact({ md5, legacy: id.legacy }))) return false;
    }
    return true;
  }

  /** Copies a hashed path into the cache. Throws when it changed since it was hashed. */
  async store(file: string, hashed: HashedPath): Promise<void> {
    const absolute = path.join(this.#context.root, file);
    await forEachOf(hashed.files, COPIES, async ({ relpath, md5, signature }) => {
      this.#context.signal?.throwIfAborted();
      await this.#storeFile(path.join(absolute, relpath), md5, signature);
    });
    if (hashed.isDirectory) await this.#write(hashed.md5, formatDirectory(hashed.files));
  }

  /** Puts an object in the place of `file` (relative to the root); a kill leaves the old state or the new one whole. */
  async checkout(file: string, id: ObjectId, { isexec }: { isexec: boolean }): Promise<void> {
    const target = path.join(this.#context.root, file);
    try {
      await makeFolder(path.dirname(target));
      if (id.md5.endsWith('.dir')) await this.#checkoutDirectory(target, id);
      else {
        const temporary = temporaryBeside(target);
        await this.#copyOut(id, temporary, { isexec });
        await rm(target, { recursive: true, force: true });
        await rename(temporary, target);
      }
    } catch (error) {
      throw diskError(error, file);
    }
  }

  /** Removes what a killed run left behind. Only while the project lock is held. */
  async sweep(): Promise<void> {
    const folder = path.join(this.#folder, 'files', 'md5');
    const names = await readdir(folder).catch(() => [] as string[]);
    await Promise.all(names.filter(isTemporary).map((name) => rm(path.join(folder, name), { force: true })));
  }

  async #checkoutDirectory(target: string, id: ObjectId): Promise<void> {
    const entries = await this.#readDirectory(id);
    if (entries === undefined) throw new ExpectedError('corrupt', `The cache lost ${id.md5}.`);
    const staging = temporaryBeside(target);
    try {
      await mkdir(staging);
      await forEachOf(entries, COPIES, async ({ md5, relpath }) => {
        const copy = path.join(staging, ...relpath.split('/'));
        await makeFolder(path.dirname(copy));
        await this.#copyOut({ md5, legacy: id.legacy }, copy, { isexec: false });
      });
      await replaceDirectory(staging, target);
    } catch (error) {
      await rm(staging, { recursive: true, force: true });
      throw error;
    }
  }

  #pathOf({ md5, legacy }: ObjectId): string {
    const layout = legacy ? [] : ['files', 'md5'];
    return path.join(this.#folder, ...layout, md5.slice(0, 2), md5.slice(2));
  }

  async #isIntact(id: ObjectId): Promise<boolean> {
    const file = this.#pathOf(id);
    const known = this.#verified.get(file);
    if (known !== undefined) return known;
    const stat = statIfExists(file);
    const intact = stat?.isFile() === true && (isProtected(stat) || (await this.#hashOf(file, id)) === id.md5);
    this.#verified.set(file, intact);
    return intact;
  }

  async #hashOf(file: string, { md5, legacy }: ObjectId): Promise<string | undefined> {
    const relative = path.relative(this.#context.root, file);
    const hashed = await hashPath(relative, legacy ? 'md5-dos2unix' : 'md5', this.#context);
    return md5.endsWith('.dir') && hashed !== undefined ? `${hashed.md5}.dir` : hashed?.md5;
  }

  async #readDirectory(id: ObjectId): Promise<readonly DirectoryEntry[] | undefined> {
    try {
      return parseDirectory(await readFile(this.#pathOf(id), 'utf8'));
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  async #storeFile(source: string, md5: string, signature: string): Promise<void> {
    if (await this.#isIntact({ md5, legacy: false })) return;
    await this.#place(md5, async (temporary) => {
      await copyFile(source, temporary, constants.COPYFILE_FICLONE);
      const stat = statIfExists(source);
      if (stat === undefined || signatureOf(stat) !== signature)
        throw badInput(`${source} changed while it was being saved; run the stage again when nothing writes to it.`);
    });
  }

  async #write(md5: string, text: string): Promise<void> {
    if (!(await this.#isIntact({ md5, legacy: false })))
      await this.#place(md5, (temporary) => writeFile(temporary, text, { flag: 'wx' }));
  }

  async #place(md5: string, fill: (temporary: string) => Promise<void>): Promise<void> {
    const target = this.#pathOf({ md5, legacy: false });
    const temporary = temporaryBeside(path.join(this.#folder, 'files', 'md5', randomBytes(4).toString('hex')));
    await Promise.all([target, temporary].map((place) => makeFolder(path.dirname(place))));
    try {
      await fill(temporary);
      await chmod(temporary, Number(PROTECTED));
      await rename(temporary, target);
    } catch (error) {
      await rm(temporary, { force: true });
      throw diskError(error, target);
    }
    this.#verified.set(target, true);
  }

  async #copyOut(id: ObjectId, target: string, { isexec }: { isexec: boolean }): Promise<void> {
    // A new file tells the mode that the user's umask leaves; the copy itself would be read-only like its source.
    const handle = await open(target, 'wx', 0o666);
    const { mode } = await handle.stat().finally(() => handle.close());
    await copyFile(this.#pathOf(id), target, constants.COPYFILE_FICLONE);
    await chmod(target, isexec ? mode | 0o100 : mode);
  }
}

function isProtected({ mode }: BigIntStats): boolean {
  return (mode & 0o777n) === PROTECTED;
}

async function forEachOf<T>(items: readonly T[], width: number, act: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  await Promise.all(
    Array.from({ length: Math.min(width, items.length) }, async () => {
      for (const item of queue) await act(item);
    }),
  );
}
