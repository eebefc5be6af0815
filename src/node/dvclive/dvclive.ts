import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { toDvcliveRun } from '../../core/dvclive/dvclive.ts';
import type { Gathered, GatheredRun } from '../../core/tracking/tracking.ts';
import type { UnreadableRun } from '../../protocol/tracking.ts';
import { diskError, exists, isMissing, listFiles, readTextIfExists } from '../files/files.ts';

// DVCLive's way to keep runs: a folder with the newest values, the params and a table for each metric. A tree may hold several.

const DEEPEST = 8;
const MOST_FOLDERS = 20_000;
const ignored: ReadonlySet<string> = new Set(['node_modules', '.git', '.dvc', '.mlops', '__pycache__']);

/** True when a folder, or one below it, was written by DVCLive. */
export async function holdsDvclive(root: string): Promise<boolean> {
  return (await findFolders(root, 1)).length > 0;
}

/** All runs below a folder. */
export async function gatherDvcliveRuns(root: string): Promise<Gathered> {
  const runs: GatheredRun[] = [];
  const unreadable: UnreadableRun[] = [];
  const warnings: UnreadableRun[] = [];
  for (const folder of await findFolders(root, MOST_FOLDERS)) {
    const runId = createHash('md5').update(`dvclive ${folder}`).digest('hex');
    try {
      const reading = toDvcliveRun({ runId, ...nameOf(root, folder), ...(await readFacts(folder)) });
      runs.push(reading.gathered);
      warnings.push(
        ...reading.warnings.map(({ file, message }) => ({ runId, file: path.join(folder, file), message })),
      );
    } catch (error) {
      const told = diskError(error, folder);
      unreadable.push({ runId, file: folder, message: told instanceof Error ? told.message : String(told) });
    }
  }
  return { runs, unreadable, warnings };
}

function nameOf(root: string, folder: string): { readonly name: string; readonly experiment: string } {
  const name = path.relative(root, folder).split(path.sep).join('/') || path.basename(root);
  return { name, experiment: path.basename(root) };
}

async function readFacts(
  folder: string,
): Promise<Omit<Parameters<typeof toDvcliveRun>[0], 'runId' | 'name' | 'experiment'>> {
  const plots = path.join(folder, 'plots', 'metrics');
  const names = (await listFiles(plots)).filter((name) => name.endsWith('.tsv')).sort();
  const tables = await Promise.all(
    names.map(async (name) => {
      const file = path.join(plots, name);
      const text = (await readTextIfExists(file)) ?? '';
      return { name: name.slice(0, -'.tsv'.length), text, time: await timeOf(file) };
    }),
  );
  const metricsFile = path.join(folder, 'metrics.json');
  const paramsFile = path.join(folder, 'params.yaml');
  const own = await Promise.all([metricsFile, paramsFile].map(timeOf));
  const times = [...own, ...tables.map(({ time }) => time)].filter((time) => time > 0);
  return {
    folder,
    metrics: (await readTextIfExists(metricsFile)) ?? null,
    params: (await readTextIfExists(paramsFile)) ?? null,
    tables,
    times: times.length === 0 ? [0, 0] : [Math.min(...times), Math.max(...times)],
  };
}

/** When it was changed last; 0 when it is not there. */
async function timeOf(file: string): Promise<number> {
  return Math.floor((await stat(file).catch(() => undefined))?.mtimeMs ?? 0);
}

/** Below a run nothing is looked for; links are not followed. */
async function findFolders(root: string, most: number): Promise<readonly string[]> {
  const found: string[] = [];
  const queue: { readonly folder: string; readonly depth: number }[] = [{ folder: root, depth: 0 }];
  let seen = 0;
  for (
    let next = queue.shift();
    next !== undefined && found.length < most && seen < MOST_FOLDERS;
    next = queue.shift()
  ) {
    const { folder, depth } = next;
    seen += 1;
    if (await isRun(folder)) {
      found.push(folder);
      continue;
    }
    const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
      // Gone since it was seen, or not ours to look into; the root itself is another matter.
      if (depth > 0 || isMissing(error)) return [];
      throw error;
    });
    const below = entries.filter((entry) => entry.isDirectory() && !ignored.has(entry.name)).map(({ name }) => name);
    if (depth < DEEPEST)
      queue.push(...below.sort().map((name) => ({ folder: path.join(folder, name), depth: depth + 1 })));
  }
  return found;
}

/** `metrics.json` alone may be anybody's. */
async function isRun(folder: string): Promise<boolean> {
  if (await exists(path.join(folder, 'plots', 'metrics'))) return true;
  if (!(await exists(path.join(folder, 'metrics.json')))) return false;
  return (
    path.basename(folder) === 'dvclive' ||
    (await exists(path.join(folder, 'params.yaml'))) ||
    (await exists(path.join(folder, 'dvc.yaml')))
  );
}
