import { existsSync, lstatSync, statSync } from 'node:fs';
import { lstat, mkdir, readFile, readdir, rm, rmdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { ExpectedError } from '../../protocol/errors.ts';
import { parseDirectory, type DirectoryEntry } from '../../core/pipeline/pipeline.ts';
import { isMissing, isTemporary, makeFolder, temporaryBeside } from '../files/files.ts';
import { md5At } from './batches.ts';
import type { HashContext } from './context.ts';
import { COLUMNS, isProtected, refuseChanged } from './filefacts.ts';
import { findUnprotected } from './gathering.ts';
import { explain, hashObjects, hashPath, membersOf, type HashedPath } from './hashing.ts';
import type { LinkRequest, LinkType } from './linking.ts';
import { objectsFolder } from './staging.ts';
import { performHere, performInThread } from './threads.ts';

/** What a lock names: an object, or a folder of objects (`….dir`). */
export interface ObjectId {
  readonly md5: string;
  /** Kept in the layout of DVC 2. */
  readonly legacy: boolean;
}

/** So many links are made before a thread is worth its start. */
const FEW_LINKS = 500;
const LINK_BATCH = 500;

/**
 * DVC's cache: objects named by their md5, read-only, written beside and renamed, never rewritten. DVC trusts an object that is
 * read-only, and so do we; a writable one is hashed again before it counts.
 */
export class Cache {
  /** Absolute path. */
  readonly folder: string;
  /** How files come from the cache into the workspace, in the order in which it is tried. */
  readonly links: readonly LinkType[];
  readonly #context: HashContext;
  readonly #verified = new Map<string, boolean>();

  constructor(folder: string, links: readonly LinkType[], context: HashContext) {
    this.folder = folder;
    this.links = links;
    this.#context = context;
  }

  /** Folder of the run-cache records. */
  get runs(): string {
    return path.join(this.folder, 'runs');
  }

  /** True when files of the workspace may be links to objects, which nobody may write into. */
  get isLinked(): boolean {
    return this.links.some((type) => type === 'hardlink' || type === 'symlink');
  }

  /**
   * True when the object is there whole; for a folder, when all of its members are. `like` saves reading the list of members when
   * it is that very folder.
   */
  async holds(id: ObjectId, like?: HashedPath): Promise<boolean> {
    if (!/^[0-9a-f]{32}(?:\.dir)?$/.test(id.md5)) return false;
    const key = this.pathOf(id);
    const known = this.#verified.get(key);
    if (known !== undefined) return known;
    const holds = (await this.missingOf(id, like)).length === 0;
    this.#verified.set(key, holds);
    return holds;
  }

  /** What of an object is not there whole: itself, or members of a folder. Empty when nothing is amiss. */
  async missingOf(id: ObjectId, like?: HashedPath): Promise<readonly string[]> {
    if (!(await this.#isThere(id))) return [id.md5];
    if (!id.md5.endsWith('.dir')) return [];
    if (like?.md5 === id.md5 && !id.legacy) return this.#findDamaged(columnOf(like), id);
    const members = await this.list(id);
    return members === undefined ? [id.md5] : this.#findDamaged(toColumn(members), id);
  }

  /** Members of a folder's object; undefined when it is not there or damaged. */
  async list(id: ObjectId): Promise<readonly DirectoryEntry[] | undefined> {
    try {
      return parseDirectory(await readFile(this.pathOf(id), 'utf8'));
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /** Those of the objects that are not there whole. */
  async lacking(md5s: readonly string[], layout: Pick<ObjectId, 'legacy'>): Promise<readonly string[]> {
    const folders = [];
    for (const md5 of new Set(md5s.filter((name) => name.endsWith('.dir'))))
      if (!(await this.#isThere({ md5, ...layout }))) folders.push(md5);
    const files = md5s.filter((name) => !name.endsWith('.dir')).map((md5) => ({ md5 }));
    return [...folders, ...(await this.#findDamaged(toColumn(files), layout))];
  }

  /**
   * Hashes objects whatever their mode and whatever is remembered, and names those that are not what their names say. Without
   * `ids`: everything in the cache. Nothing is removed.
   */
  async verify(
    ids?: readonly ObjectId[],
  ): Promise<{ readonly checked: number; readonly corrupt: readonly ObjectId[] }> {
    const corrupt: ObjectId[] = [];
    let checked = 0;
    for (const legacy of [false, true]) {
      const wanted =
        ids?.filter((id) => id.legacy === legacy).map(({ md5 }) => md5) ?? (await this.#listAll({ legacy }));
      for (const [folder, members] of Map.groupBy(new Set(wanted), (md5) =>
        path.dirname(this.pathOf({ md5, legacy })),
      )) {
        const there = members.filter((md5) => existsSync(this.pathOf({ md5, legacy })));
        const names = there.map((md5) => md5.slice(2));
        const md5s = await hashObjects({ folder, names }, legacy ? 'md5-dos2unix' : 'md5', this.#context);
        checked += there.length;
        for (const [at, md5] of there.entries())
          if (md5s[at] !== md5.replace(/\.dir$/, '')) corrupt.push({ md5, legacy });
      }
    }
    return { checked, corrupt };
  }

  async #listAll({ legacy }: Pick<ObjectId, 'legacy'>): Promise<string[]> {
    const base = this.#objects(legacy);
    const prefixes = (await readdir(base).catch(() => [] as string[])).filter((name) => /^[0-9a-f]{2}$/.test(name));
    const names = await Promise.all(
      prefixes.map(async (prefix) => (await readdir(path.join(base, prefix))).map((name) => prefix + name)),
    );
    return names.flat().filter((name) => /^[0-9a-f]{32}(?:\.dir)?$/.test(name));
  }

  membersOf(hashed: HashedPath): readonly DirectoryEntry[] {
    return hashed.isDirectory ? [...membersOf(hashed)] : [{ relpath: '', md5: hashed.md5 }];
  }

  pathOf({ md5, legacy }: ObjectId): string {
    return path.join(this.#objects(legacy), md5.slice(0, 2), md5.slice(2));
  }

  /** What was verified is looked at anew from now on. */
  forget(): void {
    this.#verified.clear();
  }

  /**
   * Puts an object in the place of `file` (relative to the root). Every file appears whole or not at all, members that are right
   * are left alone, and so is what .dvcignore hides in a folder. Throws when what was to be replaced is changed meanwhile.
   */
  async checkout(file: string, id: ObjectId, { isexec, current }: CheckoutOptions): Promise<void> {
    const target = path.join(this.#context.root, file);
    try {
      if (id.md5.endsWith('.dir')) await this.#checkoutDirectory(target, id, current);
      else await this.#checkoutFile(target, id, { isexec, current });
    } catch (error) {
      throw this.#explain(error, file);
    }
    this.#verified.delete(this.pathOf(id));
  }

  /** Makes the files of a path links to their objects, where the configuration asks for links. */
  async relink(file: string, hashed: HashedPath): Promise<void> {
    const [first = 'copy'] = this.links;
    if (first === 'copy' || first === 'reflink') return;
    await this.#replace(
      file,
      hashed,
      this.links,
      async ({ object, target }) => !(await isLinkTo(object, target, first)),
    );
  }

  /** Makes the files of a path plain copies that may be written into, where they are links to objects. */
  async unlink(file: string, hashed: HashedPath): Promise<void> {
    if (this.isLinked) await this.#replace(file, hashed, ['copy'], ({ object, target }) => isLinkTo(object, target));
  }

  /** Removes what a killed run left behind. Only while the project lock is held. */
  async sweep(): Promise<void> {
    const folder = objectsFolder(this.folder);
    const names = await readdir(folder).catch(() => [] as string[]);
    await Promise.all(
      names.filter(isTemporary).map((name) => rm(path.join(folder, name), { recursive: true, force: true })),
    );
  }

  async #checkoutFile(target: string, id: ObjectId, { isexec, current }: CheckoutOptions): Promise<void> {
    const [before] = current === undefined || current.isDirectory ? [] : [...filesOf(target, current)];
    if (current?.isDirectory === true) await removeFiles([...filesOf(target, current)], target);
    await this.#link(target, [{ object: this.pathOf(id), target, isexec, before: before?.facts }]);
  }

  async #checkoutDirectory(target: string, id: ObjectId, current: HashedPath | undefined): Promise<void> {
    const entries = await this.list(id);
    if (entries === undefined) throw new ExpectedError('corrupt', `The cache lost ${id.md5}.`);
    const isLink = (await lstat(target).catch(() => undefined))?.isSymbolicLink() === true;
    const files = isLink || current === undefined ? [] : [...filesOf(target, current)];
    if (isLink) await rm(target);
    const toTarget = (relpath: string): string => `${target}/${relpath}`;
    const wanted = new Set(entries.map(({ relpath }) => toTarget(relpath)));
    // First of all: a file may stand where a folder has to be, and the other way round.
    await removeFiles(
      files.filter((file) => !wanted.has(file.target)),
      target,
    );
    const before = new Map(files.map((file) => [file.target, file]));
    await makeFolder(target);
    await this.#link(
      target,
      entries.flatMap(({ relpath, md5 }) => {
        const there = before.get(toTarget(relpath));
        const object = this.pathOf({ md5, legacy: id.legacy });
        return there?.md5 === md5 ? [] : [{ object, target: toTarget(relpath), isexec: false, before: there?.facts }];
      }),
    );
  }

  async #replace(
    file: string,
    hashed: HashedPath,
    types: readonly LinkType[],
    isWanted: (item: { object: string; target: string }) => Promise<boolean>,
  ): Promise<void> {
    const items: LinkRequest['items'][number][] = [];
    try {
      for (const { target, md5, facts } of filesOf(path.join(this.#context.root, file), hashed)) {
        const item = { object: this.pathOf({ md5, legacy: false }), target, isexec: hashed.isexec, before: facts };
        if (await isWanted(item)) items.push(item);
      }
      await this.#link(path.join(this.#context.root, file), items, types);
    } catch (error) {
      throw this.#explain(error, file);
    }
  }

  /**
   * Makes files of what stands at `root`. Each is made beside it first, where a killed process leaves nothing in tracked folders;
   * only a folder that another device is mounted on has to take that itself.
   */
  async #link(root: string, items: LinkRequest['items'], types: readonly LinkType[] = this.links): Promise<void> {
    if (items.length === 0) return;
    await makeFolder(path.dirname(root));
    const staging = temporaryBeside(isMountPoint(root) ? path.join(root, 'links') : root);
    await mkdir(staging);
    const perform = items.length < FEW_LINKS ? performHere : performInThread;
    const batches = Array.from({ length: Math.ceil(items.length / LINK_BATCH) }, (_, part) =>
      items.slice(part * LINK_BATCH, (part + 1) * LINK_BATCH),
    );
    const results = await Promise.allSettled(
      batches.map(async (batch) => {
        this.#context.signal?.throwIfAborted();
        await perform('link', { items: batch, staging, types });
      }),
    );
    await rm(staging, { recursive: true, force: true });
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  #explain(error: unknown, file: string): unknown {
    const isRefused = error instanceof Error && 'code' in error && error.code === 'ENOLINK';
    if (isRefused)
      return new ExpectedError(
        'disk',
        `${file} can't be made a ${this.links.join(' or ')} of the cache here. Add "copy" to cache.type in .dvc/config.`,
      );
    return explain(error, file, this.#context.root);
  }

  /** Those objects that are not there whole; `md5s` has 16 bytes for each. */
  async #findDamaged(md5s: Uint8Array<ArrayBuffer>, { legacy }: Pick<ObjectId, 'legacy'>): Promise<string[]> {
    const suspects = await findUnprotected(this.#objects(legacy), md5s, this.#context);
    const damaged = new Set<string>();
    for (const md5 of new Set(suspects.map((index) => md5At(md5s, index))))
      if (!(await this.#isIntact({ md5, legacy }))) damaged.add(md5);
    return [...damaged];
  }

  async #isThere(id: ObjectId): Promise<boolean> {
    const mode = statSync(this.pathOf(id), { throwIfNoEntry: false })?.mode;
    return mode !== undefined && (isProtected(mode) || (await this.#isIntact(id)));
  }

  #objects(legacy: boolean): string {
    return legacy ? this.folder : objectsFolder(this.folder);
  }

  /** Hashes an object that somebody could have written into. */
  async #isIntact(id: ObjectId): Promise<boolean> {
    const relative = path.relative(this.#context.root, this.pathOf(id));
    const hashed = await hashPath(relative, id.legacy ? 'md5-dos2unix' : 'md5', this.#context);
    return hashed?.md5 === id.md5.replace(/\.dir$/, '');
  }
}

export interface CheckoutOptions {
  readonly isexec: boolean;
  /** What stands there now, all of which may go; undefined: nothing does. */
  readonly current?: HashedPath | undefined;
}

function isMountPoint(file: string): boolean {
  const own = lstatSync(file, { throwIfNoEntry: false });
  return own?.isDirectory() === true && own.dev !== statSync(path.dirname(file)).dev;
}

/** The hashes of all files of a path, 16 bytes for each. */
function columnOf({ folders }: HashedPath): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.concat(folders.map(({ md5s }) => md5s)));
}

function toColumn(entries: readonly Pick<DirectoryEntry, 'md5'>[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(entries.map(({ md5 }) => md5).join(''), 'hex'));
}

interface PlacedFile {
  /** Absolute path. */
  readonly target: string;
  readonly md5: string;
  /** Of the file when it was hashed. */
  readonly facts: Float64Array;
}

/** The files of a hashed path that stands at `root`. */
function* filesOf(root: string, { folders, isDirectory }: HashedPath): Generator<PlacedFile> {
  for (const { relpath, names, md5s, facts } of folders)
    for (const [index, name] of names.entries())
      yield {
        target: isDirectory ? `${root}/${relpath === '' ? '' : `${relpath}/`}${name}` : root,
        md5: md5At(md5s, index),
        facts: facts.subarray(index * COLUMNS, (index + 1) * COLUMNS),
      };
}

/** Removes files that were hashed, and the folders below `root` that are empty then. */
async function removeFiles(files: readonly PlacedFile[], root: string): Promise<void> {
  // The root itself too: an empty folder stands in the way of a file.
  const folders = new Set([root]);
  for (const { target, facts } of files) {
    refuseChanged(target, facts);
    await rm(target, { force: true });
    for (let folder = path.dirname(target); folder.length >= root.length; folder = path.dirname(folder))
      folders.add(folder);
  }
  for (const folder of [...folders].sort((a, b) => b.length - a.length))
    // Not empty: something in it is not ours to remove.
    await rmdir(folder).catch(() => undefined);
}

/** True for a hard or symbolic link to the object; with a type, for one of that type. */
async function isLinkTo(object: string, target: string, type?: LinkType): Promise<boolean> {
  const [link, there, source] = await Promise.all([lstat(target), stat(target), stat(object)]);
  if (link.isSymbolicLink()) return type !== 'hardlink' && there.ino === source.ino;
  return type !== 'symlink' && link.nlink > 1 && there.ino === source.ino;
}
