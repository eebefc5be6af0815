import { watch, type FSWatcher } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Area } from '../../protocol/engine.ts';
import { areasOf, isWatched } from '../../core/watching/watching.ts';
import { isDirectory } from '../files/files.ts';
import type { Project } from '../project/project.ts';

/** Changes within this time are told at once. */
const QUIET_MS = 200;
/** Each watched folder costs the system a handle; beyond this many a refresh by hand has to do. */
const MOST_FOLDERS = 2000;

export interface Watcher {
  /** Resolves when every folder that stood at the start is watched: what changes from then on is told. */
  readonly ready: Promise<void>;
  close(): void;
}

/**
 * Tells which areas of a project have changed on disk, some time after they did (coalesced). Node's own recursive watching would
 * walk `node_modules` and the data, so folders are watched one by one, new ones as they appear.
 */
export function watchProject(
  project: Project,
  onChanged: (areas: readonly Area[]) => void,
  /** Deepest folders that are watched; 0 for the root alone. */
  { depth = Infinity }: { readonly depth?: number } = {},
): Watcher {
  const watchers = new Map<string, FSWatcher>();
  const pending = new Set<Area>();
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  const tell = (changed: readonly Area[]): void => {
    for (const area of changed) pending.add(area);
    if (pending.size === 0 || timer !== undefined || closed) return;
    timer = setTimeout(() => {
      timer = undefined;
      const areas = [...pending];
      pending.clear();
      onChanged(areas);
    }, QUIET_MS);
  };
  const drop = (folder: string): void => {
    for (const [name, watcher] of watchers) {
      if (name !== folder && !(folder === '' || name.startsWith(`${folder}/`))) continue;
      watcher.close();
      watchers.delete(name);
    }
  };
  const add = async (folder: string): Promise<void> => {
    if (!isWatched(folder) || (folder !== '' && folder.split('/').length > depth)) return;
    const absolute = path.join(project.root, folder);
    if (!(await isDirectory(absolute))) return;
    // Looking took a while, and nothing must come between this and the handle.
    if (closed || watchers.has(folder) || watchers.size >= MOST_FOLDERS) return;
    try {
      const watcher = watch(absolute, (kind, name) => {
        if (name === null) return;
        const changed = folder === '' ? name : `${folder}/${name}`;
        tell(areasOf(changed));
        // A folder that was replaced by another of its name needs a new handle.
        if (kind === 'rename') drop(changed);
        void add(changed);
      });
      // A watched folder that is removed reports an error on some systems; what it held is told by its parent.
      watcher.on('error', () => drop(folder));
      watchers.set(folder, watcher);
    } catch {
      // Not a folder, gone again, or no handle left: its parent's changes and a refresh by hand remain.
      return;
    }
    const entries = await readdir(absolute, { withFileTypes: true }).catch(() => undefined);
    if (entries === undefined) {
      drop(folder);
      return;
    }
    for (const entry of entries) {
      if (entry.isDirectory()) await add(folder === '' ? entry.name : `${folder}/${entry.name}`);
    }
  };
  return {
    ready: add(''),
    close() {
      closed = true;
      clearTimeout(timer);
      drop('');
    },
  };
}
