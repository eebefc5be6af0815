import { isUtf8 } from 'node:buffer';
import { lstat, readFile, readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { formatNewFile, type NewFile } from '../../core/training/training.ts';
import { isDirectory, isInside } from '../files/files.ts';
import type { Git } from '../git/git.ts';
import type { Project } from '../project/project.ts';

/** Folders of the project whose files make a run what it is. */
const CODE_FOLDERS = ['src', 'configs'];
/** git is asked for each whether it is ignored: enough for code, too few for data that lies in the wrong place. */
const MOST_FILES = 500;
const MOST_BYTES = 10 << 20;

interface UntrackedCode {
  /** Patches that make the files, one after the other; empty when there are none. */
  readonly patch: string;
  /** Files that a patch can't hold or that are too many, relative to the project. */
  readonly leftOut: readonly string[];
}

/** The project's code that git does not know yet, as patches; nothing of the index is changed. */
export async function readUntrackedCode(git: Git, project: Project): Promise<UntrackedCode> {
  const top = await git.root();
  // git gives real paths, and we may stand in the project through a link.
  const place = toGitPath(path.relative(top, await realpath(project.root)));
  const walk = await walkUntracked(git, project, place);
  const files: NewFile[] = [];
  const leftOut = walk.isCut ? ['further files'] : [];
  let bytes = 0;
  for (const file of walk.files) {
    const absolute = path.join(project.root, file);
    const { size, mode } = await stat(absolute);
    const content = bytes + size > MOST_BYTES ? undefined : await readFile(absolute);
    bytes += content?.length ?? 0;
    if (content === undefined || !isUtf8(content) || content.includes(0)) leftOut.push(file);
    else {
      const isExecutable = (mode & 0o100) !== 0;
      files.push({ path: path.posix.join(place, file), text: content.toString(), isExecutable });
    }
  }
  return { patch: files.map(formatNewFile).join(''), leftOut };
}

/** `place`: of the project below the top of the work tree. */
async function walkUntracked(git: Git, project: Project, place: string): Promise<Walk> {
  const walk: Walk = { files: [], isCut: false };
  for (const { kind, path: untracked } of await git.status()) {
    if (kind !== 'untracked') continue;
    const found = path.posix.relative(`/${place}`, `/${untracked}`);
    for (const folder of CODE_FOLDERS) {
      // git names a folder in the place of its files where it tracks none of them.
      if (isInside(folder, found)) await visit(found, walk, { git, project });
      else if (isInside(found, folder)) await visit(folder, walk, { git, project });
    }
  }
  return walk;
}

interface Walk {
  /** Relative to the project, with forward slashes. */
  readonly files: string[];
  /** There are more. */
  isCut: boolean;
}

async function visit(file: string, walk: Walk, ground: { git: Git; project: Project }): Promise<void> {
  const { git, project } = ground;
  const absolute = path.join(project.root, file);
  const isFile = await isRegularFile(absolute);
  if (path.basename(file) === '.git' || (!isFile && !(await isDirectory(absolute)))) return;
  if (await git.isIgnored(absolute)) return;
  walk.isCut ||= walk.files.length >= MOST_FILES;
  if (walk.isCut) return;
  if (isFile) walk.files.push(file);
  else for (const name of (await readdir(absolute)).sort()) await visit(path.posix.join(file, name), walk, ground);
}

/** Links are not followed: what they lead to may be anything. */
async function isRegularFile(file: string): Promise<boolean> {
  return lstat(file).then(
    (found) => found.isFile(),
    () => false,
  );
}

function toGitPath(file: string): string {
  return file.split(path.sep).join('/');
}
