import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import path from 'node:path';
import { makeFolderSync } from '../files/files.ts';
import { FileFailure, MODE_BITS, codeOf, refuseChanged } from './filefacts.ts';

export type LinkType = 'reflink' | 'hardlink' | 'symlink' | 'copy';

export interface LinkRequest {
  readonly items: readonly {
    readonly object: string;
    readonly target: string;
    readonly isexec: boolean;
    /** Facts of the file that may be replaced; undefined: none was there. */
    readonly before: Float64Array | undefined;
  }[];
  /** Absolute path of a folder on the same device, where each is made before it is renamed into its place. */
  readonly staging: string;
  /** In the order in which they are tried. */
  readonly types: readonly LinkType[];
}

/** Puts objects in their places in the workspace, each whole or not at all. */
export function linkFiles({ items, staging, types }: LinkRequest): Promise<void> {
  for (const { object, target, isexec, before } of items) {
    const temporary = path.join(staging, randomBytes(8).toString('hex'));
    try {
      makeFolderSync(path.dirname(target));
      linkOne(object, temporary, { isexec, types });
      refuseChanged(target, before);
      fs.renameSync(temporary, target);
    } catch (error) {
      fs.rmSync(temporary, { force: true });
      throw error instanceof FileFailure ? error : new FileFailure(codeOf(error), target, String(error));
    }
  }
  return Promise.resolve();
}

function linkOne(
  object: string,
  target: string,
  { isexec, types }: { isexec: boolean; types: readonly LinkType[] },
): void {
  // An executable bit on a link would be one on the object, and an object with it is not read-only any more.
  const wanted = isexec ? (['reflink', 'copy'] as const) : types;
  let last: unknown;
  for (const type of wanted) {
    try {
      linkAs[type](object, target);
      if (isexec) fs.chmodSync(target, fs.statSync(target).mode | 0o100);
      return;
    } catch (error) {
      if (!LINK_REFUSED.has(codeOf(error))) throw error;
      last = error;
    }
  }
  throw new FileFailure('ENOLINK', target, String(last));
}

/** What a file system says that has no such links, or not across devices, or not so many of them. */
const LINK_REFUSED = new Set(['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EINVAL', 'ENOTTY']);

const linkAs: Record<LinkType, (object: string, target: string) => void> = {
  reflink: (object, target) => copyTo(object, target, fs.constants.COPYFILE_FICLONE_FORCE),
  copy: (object, target) => copyTo(object, target, fs.constants.COPYFILE_FICLONE),
  // Empty files are the ones that would run into the limit of links to one inode; DVC copies them too.
  hardlink: (object, target) =>
    fs.statSync(object).size === 0 ? copyTo(object, target, 0) : fs.linkSync(object, target),
  symlink: (object, target) => fs.symlinkSync(object, target),
};

function copyTo(object: string, target: string, mode: number): void {
  // A new file tells the mode that the user's umask leaves; the copy itself would be read-only like its source.
  const handle = fs.openSync(target, 'wx', 0o666);
  const { mode: usual } = fs.fstatSync(handle);
  fs.closeSync(handle);
  try {
    fs.copyFileSync(object, target, mode);
  } catch (error) {
    fs.rmSync(target, { force: true });
    throw error;
  }
  fs.chmodSync(target, usual & MODE_BITS);
}
