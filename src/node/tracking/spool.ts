import { createHash } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseServerAddress } from '../../core/mlflowserver/mlflowserver.ts';
import type { ObjectiveOf } from '../../core/tracking/tracking.ts';
import { isRecord } from '../../protocol/shapes.ts';
import { exists, makeFolder, readTextIfExists, temporaryBeside, writeFileAtomic } from '../files/files.ts';
import { ensurePrivateFolders, projectPaths, type Project } from '../project/project.ts';
import { listDirectories } from './entries.ts';
import { createFileStore } from './filestore.ts';
import { findRunFolders } from './listing.ts';
import type { RunStore } from './store.ts';

// Runs on their way to a server lie in a store of their own in MLflow's layout, below `.mlops/state/spool`: written as any run of a folder,
// so that nothing of them is lost when the process or the server dies, and shown from there as long as they are.

const SERVER_FILE = 'server.json';

/** The spool of one server in a project. */
export class Spool {
  readonly root: string;
  readonly #project: Project;
  readonly #base: string;

  constructor(project: Project, base: string) {
    const host = new URL(base).host.replaceAll(/[^\w.-]+/g, '-').slice(0, 40);
    const key = createHash('sha256').update(base).digest('hex').slice(0, 12);
    this.root = projectPaths.state(project, 'spool', `${host}-${key}`);
    this.#project = project;
    this.#base = base;
  }

  open(objectiveOf: ObjectiveOf): RunStore {
    return createFileStore(pathToFileURL(this.root).href, { root: this.root, index: undefined, objectiveOf });
  }

  /** Makes the folder, with the server's name in it: the next process finds out by that where its runs belong. */
  async ensure(): Promise<void> {
    await ensurePrivateFolders(this.#project);
    await makeFolder(this.root);
    const file = path.join(this.root, SERVER_FILE);
    if (!(await exists(file))) await writeFileAtomic(file, JSON.stringify({ base: this.#base }));
  }

  /** Absolute paths of the runs' folders; almost always none. */
  listFolders(): readonly string[] {
    return findRunFolders(this.root).folders.map(({ folder }) => folder);
  }

  find(runId: string): string | undefined {
    return this.listFolders().find((folder) => path.basename(folder) === runId);
  }

  /** Its server has all of it. Gone at once, not file by file. */
  async remove(folder: string): Promise<void> {
    const aside = temporaryBeside(path.join(this.root, '.trash', path.basename(folder)));
    await rename(folder, aside);
    await rm(aside, { recursive: true, force: true });
  }
}

/** Servers for which runs wait in a project, by what their spools say. */
export async function listSpoolServers(project: Project): Promise<readonly string[]> {
  const root = projectPaths.state(project, 'spool');
  const bases = await Promise.all(
    listDirectories(root).map(async (name) =>
      readBase((await readTextIfExists(path.join(root, name, SERVER_FILE))) ?? ''),
    ),
  );
  return bases.filter((base) => base !== undefined);
}

function readBase(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const base = isRecord(value) ? value['base'] : undefined;
    return typeof base === 'string' ? parseServerAddress(base)?.base : undefined;
  } catch {
    // Cut, or not ours: what lies there can't be sent anywhere.
    return undefined;
  }
}
