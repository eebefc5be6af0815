import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import {
  folderOf,
  isIgnored,
  ignoredIn,
  isIgnoredHere,
  parseIgnoreFile,
  type IgnoreDialect,
  type IgnoreFile,
} from '../../core/pipeline/pipeline.ts';
import { refuseUnreadable } from '../files/files.ts';

const dialects = { '.dvcignore': 'dvc', '.gitignore': 'git' } as const;

/** The ignore files of one kind from a root downwards, each read once. */
export class Ignores {
  readonly #root: string;
  readonly #name: keyof typeof dialects;
  readonly #base: readonly IgnoreFile[];
  readonly #byFolder = new Map<string, readonly IgnoreFile[]>();

  /** `base`: rules that stand before those of any file. */
  constructor(root: string, name: keyof typeof dialects, base: readonly IgnoreFile[]) {
    this.#root = root;
    this.#name = name;
    this.#base = base;
  }

  /** True when the path (relative to the root) or one of its parents is ignored. */
  has(file: string, { isDirectory }: { isDirectory: boolean }): boolean {
    return isIgnored(this.#above(folderOf(file)), file, isDirectory);
  }

  /** As {@link has} where the parents are known to be let in, while walking. */
  hasHere(file: string, { isDirectory }: { isDirectory: boolean }): boolean {
    return isIgnoredHere(this.#above(folderOf(file)), file, isDirectory);
  }

  /** As {@link hasHere} for everything in a folder, by name. */
  hasIn(folder: string): (name: string, isDirectory: boolean) => boolean {
    return ignoredIn(this.#above(folder), folder);
  }

  /** Reads the files again: one of them was changed. */
  forget(): void {
    this.#byFolder.clear();
  }

  #above(folder: string): readonly IgnoreFile[] {
    const known = this.#byFolder.get(folder);
    if (known !== undefined) return known;
    const parents = folder === '' ? this.#base : this.#above(folderOf(folder));
    const own = readIgnoreFile(path.join(this.#root, folder, this.#name), folder, dialects[this.#name]);
    const files = own === undefined ? parents : [...parents, own];
    this.#byFolder.set(folder, files);
    return files;
  }
}

export function readIgnoreFile(file: string, base: string, dialect: IgnoreDialect): IgnoreFile | undefined {
  try {
    refuseUnreadable(statSync(file), file);
    return parseIgnoreFile(readFileSync(file, 'utf8'), base, dialect);
  } catch {
    // There is none, or it is not for us to read: nothing is ignored by it.
    return undefined;
  }
}
