import { lstat, realpath } from 'node:fs/promises';
import path from 'node:path';
import type { GitStep, WrittenFile } from '../../core/gitflow/gitflow.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import {
  isInside,
  isMissing,
  makeFolder,
  readTextIfExists,
  removeTemporaries,
  writeFileAtomic,
} from '../files/files.ts';
import { openObjects, type Git } from '../git/git.ts';
import type { Performance } from './performance.ts';

// The steps of a release that are no git commands: each may be done twice, and leaves nothing behind when it fails.

type Of<Kind extends GitStep['kind']> = Extract<GitStep, { kind: Kind }>;

export async function commitFiles({ git, env }: Performance, { files, message }: Of<'commit-files'>): Promise<void> {
  const known = await openObjects(git.folder, { env }).readFiles(
    'HEAD',
    files.map(({ path: file }) => file),
  );
  for (const file of files) await requireOwn(git, file, known.has(file.path));
  await removeHalves(git, files);
  try {
    for (const { path: file, text } of files) await write(git, file, text);
    await git.commitFiles(
      files.map(({ path: file }) => file),
      message,
    );
  } catch (error) {
    // A hook of the repository may have refused the commit.
    await dropFiles(git, files);
    throw error;
  }
}

/** A file that git does not know is the user's own, unless it is what we have written before we were cut. */
async function requireOwn(git: Git, { path: file, text }: WrittenFile, isKnown: boolean): Promise<void> {
  const target = path.join(git.folder, file);
  const found = await lstat(target).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  if (found === undefined) return;
  if (!found.isFile()) throw new ExpectedError('branch-state', `${file} is no ordinary file, and can't be written.`);
  if (!isKnown && (await readTextIfExists(target)) !== text)
    throw new ExpectedError(
      'branch-state',
      `${file} is here and git does not know it. Add it to git, or move it away.`,
    );
}

async function write(git: Git, file: string, text: string): Promise<void> {
  const target = path.join(git.folder, file);
  await makeFolder(path.dirname(target));
  if (!isInside(await realpath(git.folder), await realpath(path.dirname(target))))
    throw new ExpectedError('branch-state', `${file} lies behind a link that leads out of the repository.`);
  await writeFileAtomic(target, text);
}

/** What a kill has left of writing them, beside them: `git add --all` would commit it. Nobody else writes them under our lock. */
async function removeHalves(git: Git, files: readonly WrittenFile[]): Promise<void> {
  for (const { path: file } of files) await removeTemporaries(path.join(git.folder, file));
}

/** What somebody has changed since stays. */
export async function dropFiles(git: Git, files: readonly WrittenFile[]): Promise<void> {
  await removeHalves(git, files);
  const texts = await Promise.all(files.map(({ path: file }) => readTextIfExists(path.join(git.folder, file))));
  const ours = files.filter(({ text }, index) => texts[index] === text);
  await git.restoreFiles(ours.map(({ path: file }) => file));
}
