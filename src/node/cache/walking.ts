import { readdirSync, statSync, type Dirent } from 'node:fs';
import path from 'node:path';
import { badInput } from '../../protocol/errors.ts';
import { giveTurn, type HashContext } from './context.ts';

export interface Listed {
  readonly relpath: string;
  readonly names: readonly string[];
}

/** Folders and files below a folder, without what .dvcignore leaves out and without what lies behind linked folders, as DVC walks. */
export async function list(folder: string, context: HashContext, onListed: (item: Listed) => void): Promise<Listed[]> {
  // Of a folder that is ignored itself nothing is seen; it counts as an empty one.
  const isSeen = folder.startsWith('..') || !context.ignores.has(folder, { isDirectory: true });
  const queue = isSeen ? [''] : [];
  const listed: Listed[] = [];
  for (let relpath = queue.pop(); relpath !== undefined; relpath = queue.pop()) {
    await giveTurn(context);
    const { names, folders } = listOne(folder, relpath, context);
    if (names.length > 0) {
      listed.push({ relpath, names });
      onListed({ relpath, names });
    }
    for (const inner of folders) queue.push(inner);
  }
  return listed;
}

function listOne(
  folder: string,
  relpath: string,
  { root, ignores }: HashContext,
): { names: string[]; folders: string[] } {
  const names: string[] = [];
  const folders: string[] = [];
  const place = toPath(folder, relpath);
  const absolute = path.join(root, place);
  const isIgnored = ignores.hasIn(place);
  for (const entry of readdirSync(absolute, { withFileTypes: true })) {
    const isDirectory = entry.isDirectory();
    if (entry.name === '.dvcignore' && !isDirectory)
      throw badInput(`${place}/.dvcignore stands inside a tracked folder, which DVC does not allow; move it above.`);
    if (isIgnored(entry.name, isDirectory)) continue;
    if (isDirectory) folders.push(toPath(relpath, entry.name));
    else if (!isLinkedFolder(entry, absolute)) names.push(entry.name);
  }
  return { names, folders };
}

function isLinkedFolder(entry: Dirent, folder: string): boolean {
  if (!entry.isSymbolicLink()) return false;
  try {
    return statSync(path.join(folder, entry.name), { throwIfNoEntry: false })?.isDirectory() === true;
  } catch {
    // A link that leads in a circle: told with its name when its file is asked for.
    return false;
  }
}

export function toPath(folder: string, name: string): string {
  return folder === '' ? name : name === '' ? folder : `${folder}/${name}`;
}
