import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { writeFileAtomic } from '../files/files.ts';
import { ensurePrivateFolders, projectPaths, type Project } from '../project/project.ts';
import { COLUMNS, column } from './filefacts.ts';
import { MD5_BYTES, type HashMethod } from './taking.ts';

/** The files of one folder (not of those below it), with what was known of them when they were hashed. */
export interface FolderRecord {
  /** Joined by NUL, in the order in which the folder lists them. */
  readonly names: string;
  readonly facts: Float64Array<ArrayBuffer>;
  readonly md5s: Uint8Array<ArrayBuffer>;
  /** Changes with any name or hash, and with nothing else. */
  readonly id: string;
}

/** What a whole tracked folder came to. */
export interface TreeRecord {
  readonly md5: string;
  readonly size: number;
  readonly nfiles: number;
  /** Says which folders it was made of, by their paths and ids. */
  readonly id: string;
}

/**
 * A file written this short a time before it was hashed may change again without a new time stamp (file systems keep them as
 * coarsely as 2 s): its hash is not remembered.
 */
const RACY_MS = 2000;

/**
 * Hashes of files by size, times and inode, so that unchanged files are not read again. May be deleted at any time. It is kept
 * folder by folder as plain columns of numbers: 100,000 files are read, compared and written in some ten milliseconds, and as
 * objects of their own they would take most of the memory that there is for the whole of it.
 */
export class HashState {
  readonly #project: Project;
  readonly #content: Content;
  readonly #seen = new Set<string>();
  #isChanged = false;

  private constructor(project: Project, content: Content) {
    this.#project = project;
    this.#content = content;
  }

  static async open(project: Project): Promise<HashState> {
    const bytes = await readFile(fileOf(project)).catch(() => undefined);
    return new HashState(
      project,
      (bytes && parseContent(bytes)) ?? { files: {}, folders: new Map(), trees: new Map() },
    );
  }

  /** The md5 remembered for the file at `path` (relative to the root) if it still looks the same. */
  findFile(path: string, method: HashMethod, facts: Float64Array): string | undefined {
    const key = this.#see(path, method);
    const [md5, ...known] = this.#content.files[key] ?? [];
    return md5 !== undefined && facts.every((value, index) => value === known[index]) ? md5 : undefined;
  }

  /** `startedAt`: when the reading began, in ms since 1970. */
  rememberFile(path: string, method: HashMethod, facts: Float64Array, md5: string, startedAt: number): void {
    if (isRacy(facts, 0, startedAt)) return;
    this.#content.files[toKey(path, method)] = [md5, ...facts];
    this.#isChanged = true;
  }

  findFolder(path: string, method: HashMethod): FolderRecord | undefined {
    return this.#content.folders.get(this.#see(path, method));
  }

  rememberFolder(path: string, method: HashMethod, record: Omit<FolderRecord, 'id'>, startedAt: number): FolderRecord {
    const facts = new Float64Array(record.facts);
    for (let at = 0; at < facts.length; at += COLUMNS)
      // Equal to no time at all, so that the file is hashed again.
      if (isRacy(facts, at, startedAt)) facts[at + column.mtime] = Number.NaN;
    const id = createHash('md5').update(record.names).update('\0').update(record.md5s).digest('hex');
    const kept = { ...record, facts, id };
    this.#content.folders.set(toKey(path, method), kept);
    this.#isChanged = true;
    return kept;
  }

  findTree(path: string, method: HashMethod, id: string): TreeRecord | undefined {
    const tree = this.#content.trees.get(this.#see(path, method));
    return tree?.id === id ? tree : undefined;
  }

  rememberTree(path: string, method: HashMethod, tree: TreeRecord): void {
    this.#content.trees.set(toKey(path, method), tree);
    this.#isChanged = true;
  }

  /** Writes what is new. `prune`: forget files that were not asked for. A disk that refuses costs time later, nothing else. */
  async save({ prune }: { prune: boolean }): Promise<void> {
    if (prune) this.#prune();
    if (!this.#isChanged) return;
    this.#isChanged = false;
    try {
      await ensurePrivateFolders(this.#project);
      await writeFileAtomic(fileOf(this.#project), formatContent(this.#content));
    } catch {
      // A full or read-only disk: the hashes are simply taken again next time.
    }
  }

  #see(path: string, method: HashMethod): string {
    const key = toKey(path, method);
    this.#seen.add(key);
    return key;
  }

  #prune(): void {
    const { files, folders, trees } = this.#content;
    const isUnseen = (key: string): boolean => !this.#seen.has(key);
    const unseen = Object.keys(files).filter(isUnseen);
    for (const key of unseen) Reflect.deleteProperty(files, key);
    const dropped = [folders, trees].flatMap((map) => [...map.keys()].filter(isUnseen).map((key) => map.delete(key)));
    if (unseen.length + dropped.length > 0) this.#isChanged = true;
  }
}

function isRacy(facts: Float64Array, at: number, startedAt: number): boolean {
  const newest = Math.max(facts[at + column.mtime] ?? 0, facts[at + column.ctime] ?? 0);
  return newest > startedAt - RACY_MS;
}

function fileOf(project: Project): string {
  return projectPaths.tmp(project, 'hashes.bin');
}

function toKey(path: string, method: HashMethod): string {
  return method === 'md5' ? path : `${path}\0${method}`;
}

interface Content {
  /** md5 and facts by key. */
  readonly files: Record<string, readonly [string, ...number[]]>;
  readonly folders: Map<string, FolderRecord>;
  readonly trees: Map<string, TreeRecord>;
}

// The file: a line that names the format, a checksum of all that follows, the length of a JSON index, the index, and then for each
// folder of the index its facts, md5s and names. Everything starts at a multiple of 8, so that facts can be copied as they are.

const MAGIC = Buffer.from('mlops hashes 2\n\0');
const HEADER_BYTES = MAGIC.length + 8;

interface Index {
  readonly files: Content['files'];
  readonly folders: readonly {
    readonly key: string;
    readonly count: number;
    readonly bytes: number;
    readonly id: string;
  }[];
  readonly trees: readonly (readonly [string, TreeRecord])[];
}

function formatContent({ files, folders, trees }: Content): Buffer {
  const blobs: Uint8Array[] = [];
  const rows: Index['folders'][number][] = [];
  for (const [key, { names, facts, md5s, id }] of folders) {
    const text = Buffer.from(names);
    blobs.push(toBytes(facts), md5s, text, padding(text.length));
    rows.push({ key, count: md5s.length / MD5_BYTES, bytes: text.length, id });
  }
  const json = Buffer.from(JSON.stringify({ files, folders: rows, trees: [...trees] } satisfies Index));
  const body = Buffer.concat([json, padding(json.length), ...blobs]);
  const header = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(header);
  header.writeUInt32LE(json.length, MAGIC.length + 4);
  header.writeUInt32LE(crc32(body, json.length), MAGIC.length);
  return Buffer.concat([header, body]);
}

/** Undefined for a file that is damaged or of another version: every file is hashed again. */
function parseContent(bytes: Buffer): Content | undefined {
  if (bytes.length < HEADER_BYTES || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  const body = bytes.subarray(HEADER_BYTES);
  const length = bytes.readUInt32LE(MAGIC.length + 4);
  // The length goes into the sum as well, as what it begins with.
  if (crc32(body, length) !== bytes.readUInt32LE(MAGIC.length)) return undefined;
  const index = JSON.parse(body.toString('utf8', 0, length)) as Index;
  const folders = new Map<string, FolderRecord>();
  let at = length + padding(length).length;
  const take = (count: number): Uint8Array<ArrayBuffer> => {
    const copy = new Uint8Array(body.subarray(at, at + count));
    at += count;
    return copy;
  };
  for (const { key, count, bytes: nameBytes, id } of index.folders) {
    const facts = new Float64Array(take(count * COLUMNS * Float64Array.BYTES_PER_ELEMENT).buffer);
    const md5s = take(count * MD5_BYTES);
    const names = body.toString('utf8', at, at + nameBytes);
    at += nameBytes + padding(nameBytes).length;
    folders.set(key, { names, facts, md5s, id });
  }
  return { files: index.files, folders, trees: new Map(index.trees) };
}

function padding(length: number): Uint8Array {
  return new Uint8Array((8 - (length % 8)) % 8);
}

/** The bytes of numbers, to compare or to write them. */
export function toBytes({ buffer, byteOffset, byteLength }: Float64Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
