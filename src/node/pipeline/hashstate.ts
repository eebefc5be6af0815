import type { BigIntStats } from 'node:fs';
import { readTextIfExists, writeFileAtomic } from '../files/files.ts';
import { ensurePrivateFolders, projectPaths, type Project } from '../project/project.ts';

/** How the md5 was taken: as DVC 3 does, or as DVC 2 did (line ends of text files turned into LF first). */
export type HashMethod = 'md5' | 'md5-dos2unix';

const VERSION = 1;
/**
 * A file written this short a time before it was hashed may change again without a new time stamp (file systems keep them as
 * coarsely as 2 s): its hash is not remembered.
 */
const RACY_MS = 2000;

/** Hashes of files by size, times and inode, so that unchanged files are not read again. May be deleted at any time. */
export class HashState {
  readonly #file: string;
  readonly #project: Project;
  readonly #entries: Map<string, string>;
  readonly #seen = new Set<string>();
  #isChanged = false;

  private constructor(project: Project, file: string, entries: Map<string, string>) {
    this.#project = project;
    this.#file = file;
    this.#entries = entries;
  }

  static async open(project: Project): Promise<HashState> {
    const file = projectPaths.tmp(project, 'hashes.json');
    return new HashState(project, file, parseEntries(await readTextIfExists(file).catch(() => undefined)));
  }

  /** The md5 remembered for `path` (relative to the root) if the file still looks the same. */
  find(path: string, method: HashMethod, stat: BigIntStats): string | undefined {
    const key = toKey(path, method);
    this.#seen.add(key);
    const entry = this.#entries.get(key);
    const signature = signatureOf(stat);
    return entry?.startsWith(`${signature} `) === true ? entry.slice(signature.length + 1) : undefined;
  }

  /** `startedAt`: when the reading began, in ms since 1970; `stat` was taken before that. */
  remember(path: string, method: HashMethod, stat: BigIntStats, md5: string, startedAt: number): void {
    const newest = Number(stat.mtimeMs > stat.ctimeMs ? stat.mtimeMs : stat.ctimeMs);
    if (newest > startedAt - RACY_MS) return;
    this.#entries.set(toKey(path, method), `${signatureOf(stat)} ${md5}`);
    this.#isChanged = true;
  }

  /** Writes what is new. `prune`: forget files that were not asked for. A disk that refuses costs time later, nothing else. */
  async save({ prune }: { prune: boolean }): Promise<void> {
    if (prune) {
      for (const key of this.#entries.keys()) {
        if (this.#seen.has(key)) continue;
        this.#entries.delete(key);
        this.#isChanged = true;
      }
    }
    if (!this.#isChanged) return;
    this.#isChanged = false;
    const text = JSON.stringify({ version: VERSION, files: Object.fromEntries(this.#entries) });
    try {
      await ensurePrivateFolders(this.#project);
      await writeFileAtomic(this.#file, text);
    } catch {
      // A full or read-only disk: the hashes are simply taken again next time.
    }
  }
}

export function signatureOf({ size, mtimeNs, ctimeNs, ino }: BigIntStats): string {
  return `${size}-${mtimeNs}-${ctimeNs}-${ino}`;
}

function toKey(path: string, method: HashMethod): string {
  return method === 'md5' ? path : `${path}\0${method}`;
}

function parseEntries(text: string | undefined): Map<string, string> {
  try {
    const { version, files } = JSON.parse(text ?? '{}') as { version?: unknown; files?: unknown };
    if (version !== VERSION || typeof files !== 'object' || files === null) return new Map();
    return new Map(Object.entries(files).filter((pair): pair is [string, string] => typeof pair[1] === 'string'));
  } catch {
    // Damaged: every file is hashed again.
    return new Map();
  }
}
