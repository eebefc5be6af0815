import { access, constants, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { programKey } from '../../core/editing/editing.ts';
import { findNearest } from '../../core/names/names.ts';

const MOST_MEANT = 3;

/** Programs that a shell would not find, with those that may be meant. A word with a slash is a file, seen from its folder. */
export async function findUnknownPrograms(
  root: string,
  words: readonly { readonly wdir: string; readonly word: string }[],
  env: NodeJS.ProcessEnv,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const folders = pathFolders(env);
  const suffixes = process.platform === 'win32' ? ['', ...(env['PATHEXT'] ?? '.COM;.EXE;.BAT;.CMD').split(';')] : [''];
  let programs: Promise<readonly string[]> | undefined;
  const unknown = new Map<string, readonly string[]>();
  for (const { wdir, word } of words) {
    const here = path.join(root, wdir);
    const places = word.includes('/') ? [here] : process.platform === 'win32' ? [here, ...folders] : folders;
    if (await isProgram(places, word, suffixes)) continue;
    const near = word.includes('/')
      ? []
      : findNearest(word, await (programs ??= listPrograms(folders))).slice(0, MOST_MEANT);
    unknown.set(programKey(wdir, word), near);
  }
  return unknown;
}

function pathFolders(env: NodeJS.ProcessEnv): readonly string[] {
  const key = Object.keys(env).find((name) => name.toLowerCase() === 'path') ?? 'PATH';
  return (env[key] ?? '').split(path.delimiter).filter((folder) => folder !== '');
}

async function isProgram(folders: readonly string[], word: string, suffixes: readonly string[]): Promise<boolean> {
  for (const folder of folders)
    for (const suffix of suffixes) if (await canExecute(path.resolve(folder, `${word}${suffix}`))) return true;
  return false;
}

async function canExecute(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    // Not there, or not for us to start: both mean that a shell would not start it either.
    return false;
  }
}

async function listPrograms(folders: readonly string[]): Promise<readonly string[]> {
  const lists = await Promise.all(folders.map((folder) => readdir(folder).catch(() => [] as string[])));
  return lists.flat();
}
