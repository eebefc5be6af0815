import { createHash } from 'node:crypto';
import { statSync, type Stats } from 'node:fs';
import path from 'node:path';
import { badInput } from '../../protocol/errors.ts';
import { formatDirectory, type DirectoryEntry, type PathFact } from '../../core/pipeline/pipeline.ts';
import { diskError, isMissing } from '../files/files.ts';
import { hashAll, md5At } from './batches.ts';
import { giveTurn, type HashContext } from './context.ts';
import { CHANGING, COLUMNS, FileFailure, IRREGULAR, codeOf } from './filefacts.ts';
import { FactGathering, type Files } from './gathering.ts';
import { toBytes, type FolderRecord } from './hashstate.ts';
import { placeText } from './staging.ts';
import { MD5_BYTES, type HashMethod } from './taking.ts';
import { list, toPath, type Listed } from './walking.ts';

/** The hashed files of one folder, in columns: 100,000 of them are not worth an object each. */
interface HashedFolder {
  /** Relative to the hashed path; '' for itself, and for a path that is a file. */
  readonly relpath: string;
  readonly names: readonly string[];
  /** 16 bytes for each. */
  readonly md5s: Uint8Array<ArrayBuffer>;
  /** {@link COLUMNS} numbers for each. */
  readonly facts: Float64Array<ArrayBuffer>;
}

export interface HashedPath extends PathFact {
  readonly md5: string;
  readonly isDirectory: boolean;
  readonly folders: readonly HashedFolder[];
}

export interface HashOptions {
  /** Absolute path of a cache that takes what is hashed. */
  readonly cache?: string;
}

export const missingPath: PathFact = { md5: undefined, size: 0, nfiles: undefined, isexec: false };

/**
 * Hash of what stands at `file` (relative to the root), as DVC takes it; undefined when nothing is there. With a cache in the
 * options every file is in it as well, in the same pass. Throws `bad-input` or `disk` for what can't be hashed, naming it.
 */
export async function hashPath(
  file: string,
  method: HashMethod,
  context: HashContext,
  options: HashOptions = {},
): Promise<HashedPath | undefined> {
  await giveTurn(context);
  const stat = statIfExists(path.join(context.root, file), file);
  if (stat === undefined) return undefined;
  try {
    return stat.isDirectory()
      ? await hashDirectory(file, method, context, options)
      : await hashSingle(file, stat, method, context, options);
  } catch (error) {
    throw explain(error, file, context.root);
  }
}

/** The members of a hashed folder, as its directory object lists them (in no order). */
export function* membersOf({ folders }: Pick<HashedPath, 'folders'>): Generator<DirectoryEntry> {
  for (const { relpath, names, md5s } of folders)
    for (const [index, name] of names.entries())
      yield { md5: md5At(md5s, index), relpath: relpath === '' ? name : `${relpath}/${name}` };
}

async function hashSingle(
  file: string,
  stat: Stats,
  method: HashMethod,
  context: HashContext,
  { cache }: HashOptions,
): Promise<HashedPath> {
  if (!stat.isFile()) throw new FileFailure(IRREGULAR, path.join(context.root, file));
  const facts = Float64Array.of(stat.size, stat.mtimeMs, stat.ctimeMs, stat.ino, stat.mode);
  const known = context.state.findFile(file, method, facts);
  const absolute = path.join(context.root, file);
  const md5s = new Uint8Array(MD5_BYTES);
  if (known !== undefined) md5s.set(Buffer.from(known, 'hex'));
  if (known === undefined || cache !== undefined) {
    const startedAt = Date.now();
    const indexes = [0];
    const wanted = { folder: path.dirname(absolute), names: [path.basename(absolute)], facts, md5s, indexes };
    await hashAll([wanted], { method, cache }, context);
    context.state.rememberFile(file, method, facts, md5At(md5s, 0), startedAt);
  }
  const md5 = md5At(md5s, 0);
  const isexec = (stat.mode & 0o100) !== 0 && process.platform !== 'win32';
  const folders = [{ relpath: '', names: [path.posix.basename(file)], md5s, facts }];
  return { md5, size: stat.size, nfiles: undefined, isexec, isDirectory: false, folders };
}

async function hashDirectory(
  folder: string,
  method: HashMethod,
  context: HashContext,
  { cache }: HashOptions,
): Promise<HashedPath> {
  const startedAt = Date.now();
  const { state, root } = context;
  const absolute = ({ relpath }: Listed): string => path.join(root, folder, relpath);
  const gathering = new FactGathering(context);
  const listed = await list(folder, context, (item) => gathering.add({ folder: absolute(item), names: item.names }));
  const facts = await gathering.facts();
  const known = listed.map(({ relpath, names }, index) =>
    recall(state.findFolder(toPath(folder, relpath), method), names, facts[index] ?? new Float64Array()),
  );
  const wanted = listed.map((item, index) => ({
    folder: absolute(item),
    names: item.names,
    facts: facts[index] ?? new Float64Array(),
    // A copy: were the work cut short, what is remembered would be half old and half new.
    md5s: new Uint8Array(known[index]?.md5s ?? []),
    // What the cache has to take goes by every file, hashed or not: a thread looks whether the object is there.
    indexes: cache === undefined ? (known[index]?.changed ?? []) : item.names.keys(),
  }));
  await hashAll(wanted, { method, cache }, context);
  const records = listed.map(({ relpath, names }, index): FolderRecord => {
    const { record, changed = [] } = known[index] ?? {};
    if (record !== undefined && changed.length === 0 && cache === undefined) return record;
    const { facts: newest, md5s } = wanted[index] ?? { facts: new Float64Array(), md5s: new Uint8Array() };
    const fresh = { names: names.join('\0'), facts: newest, md5s };
    return state.rememberFolder(toPath(folder, relpath), method, fresh, startedAt);
  });
  const folders = wanted.map(({ names, facts: newest }, index) => ({
    relpath: listed[index]?.relpath ?? '',
    names,
    md5s: records[index]?.md5s ?? new Uint8Array(),
    facts: newest,
  }));
  return { ...summarise(folder, method, { folders, records }, context, cache), isDirectory: true, folders };
}

/** The folder's own hash, from the last time if its members are what they were. */
function summarise(
  folder: string,
  method: HashMethod,
  { folders, records }: { folders: readonly HashedFolder[]; records: readonly FolderRecord[] },
  { state }: HashContext,
  cache: string | undefined,
): PathFact & { md5: string } {
  const hasher = createHash('md5');
  for (const [index, { relpath }] of folders.entries()) hasher.update(`${relpath}\0${records[index]?.id ?? ''}\0`);
  const id = hasher.digest('hex');
  let size = 0;
  for (const { facts } of folders) for (let at = 0; at < facts.length; at += COLUMNS) size += facts[at] ?? 0;
  const known = cache === undefined ? state.findTree(folder, method, id) : undefined;
  if (known !== undefined) return { md5: known.md5, size, nfiles: known.nfiles, isexec: false };
  const members = [...membersOf({ folders })];
  const text = formatDirectory(members);
  const md5 = `${createHash('md5').update(text).digest('hex')}.dir`;
  if (cache !== undefined) placeText(cache, md5, text);
  state.rememberTree(folder, method, { md5, size, nfiles: members.length, id });
  return { md5, size, nfiles: members.length, isexec: false };
}

interface Recalled {
  readonly record: FolderRecord | undefined;
  /** The hashes that are known; the others are to be filled in. */
  readonly md5s: Uint8Array<ArrayBuffer>;
  readonly changed: readonly number[];
}

/** What the last time tells about a folder's files. */
function recall(record: FolderRecord | undefined, names: readonly string[], facts: Float64Array): Recalled {
  if (record === undefined)
    return { record, md5s: new Uint8Array(names.length * MD5_BYTES), changed: [...names.keys()] };
  if (record.names === names.join('\0') && Buffer.compare(toBytes(record.facts), toBytes(facts)) === 0)
    return { record, md5s: record.md5s, changed: [] };
  const md5s = new Uint8Array(names.length * MD5_BYTES);
  const before = new Map(record.names.split('\0').map((name, index) => [name, index]));
  const changed = [...names.keys()].filter((index) => {
    const old = before.get(names[index] ?? '');
    if (old === undefined || !areSame(record.facts, old, facts, index)) return true;
    md5s.set(record.md5s.subarray(old * MD5_BYTES, (old + 1) * MD5_BYTES), index * MD5_BYTES);
    return false;
  });
  // A file that went changes the folder as well.
  const isShorter = before.size !== names.length;
  return { record: changed.length === 0 && !isShorter ? record : undefined, md5s, changed };
}

function areSame(a: Float64Array, aIndex: number, b: Float64Array, bIndex: number): boolean {
  for (let i = 0; i < COLUMNS; i += 1) if (a[aIndex * COLUMNS + i] !== b[bIndex * COLUMNS + i]) return false;
  return true;
}

/** Hashes of files as they are now, remembered ones left aside. They must be there. */
export async function hashObjects(files: Files, method: HashMethod, context: HashContext): Promise<readonly string[]> {
  const gathering = new FactGathering(context);
  gathering.add(files);
  const [facts = new Float64Array()] = await gathering.facts();
  const md5s = new Uint8Array(files.names.length * MD5_BYTES);
  await hashAll([{ ...files, facts, md5s, indexes: files.names.keys() }], { method, cache: undefined }, context);
  return files.names.map((_, index) => md5At(md5s, index));
}

function statIfExists(absolute: string, file: string): Stats | undefined {
  try {
    return statSync(absolute, { throwIfNoEntry: false });
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw diskError(error, file);
  }
}

const sentences = {
  ENOENT: (file: string) => `${file} can't be read: it is a broken link, it went meanwhile, or its name is no UTF-8.`,
  [IRREGULAR]: (file: string) => `${file} is neither a file nor a folder, so it can't be tracked.`,
  [CHANGING]: (file: string) => `${file} changes while it is read. Try again when nothing writes to it.`,
};

/** Failures at one file as sentences; others are given back as they are. */
export function explain(error: unknown, file: string, root: string): unknown {
  const named = error instanceof FileFailure ? path.relative(root, error.file).split(path.sep).join('/') : file;
  const code = codeOf(error);
  if (Object.hasOwn(sentences, code)) return badInput(sentences[code as keyof typeof sentences](named));
  return diskError(error, named);
}
