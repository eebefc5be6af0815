import path from 'node:path';
import type { ObjectId } from '../cache/cache.ts';
import type { Workspace } from '../pipeline/pipeline.ts';
import type { Project } from '../project/project.ts';
import { select, type Recorded } from './checkout.ts';
import { withData, type DataTools } from './work.ts';

/** An object of the cache that is not what it should be. */
export interface FaultyObject {
  readonly md5: string;
  /** Absolute path. */
  readonly file: string;
  /** Tracked paths that it belongs to; for a member of a folder the member's own path. */
  readonly usedBy: readonly string[];
}

export interface Verification {
  readonly objects: number;
  readonly corrupt: readonly FaultyObject[];
  /** Objects of tracked data that the cache lacks. */
  readonly missing: readonly FaultyObject[];
}

/**
 * Hashes every object of the cache (or those of the named paths) whatever is remembered of it, and names the ones that are damaged
 * and what they belong to. Nothing is changed: a damaged object may be the best copy that is left.
 */
export function verifyData(project: Project, paths: readonly string[], tools: DataTools): Promise<Verification> {
  return withData(project, tools, async ({ loaded, workspace }) => {
    const recorded = select(loaded, paths, tools);
    const used = await listUsed(recorded, workspace);
    const ids = [...used.values()].map(({ id }) => id);
    const { checked, corrupt } = await workspace.cache.verify(paths.length === 0 ? undefined : ids);
    const toFault = (id: ObjectId): FaultyObject => ({
      md5: id.md5,
      file: workspace.cache.pathOf(id),
      usedBy: used.get(workspace.cache.pathOf(id))?.usedBy ?? [],
    });
    const damaged = new Set(corrupt.map((id) => workspace.cache.pathOf(id)));
    const missing = await findMissing(ids, workspace);
    return {
      objects: checked,
      corrupt: corrupt.map(toFault),
      missing: missing.map(toFault).filter(({ file }) => !damaged.has(file)),
    };
  });
}

interface Used {
  readonly id: ObjectId;
  readonly usedBy: string[];
}

/** The objects that tracked paths are made of, by the place of each. */
async function listUsed(items: readonly Recorded[], { cache }: Workspace): Promise<ReadonlyMap<string, Used>> {
  const used = new Map<string, Used>();
  const note = (id: ObjectId, file: string): void => {
    const place = cache.pathOf(id);
    const known = used.get(place) ?? { id, usedBy: [] };
    known.usedBy.push(file);
    used.set(place, known);
  };
  for (const { file, entry } of items) {
    if (entry?.md5 === undefined) continue;
    const { md5, legacy } = entry;
    note({ md5, legacy }, file);
    if (!md5.endsWith('.dir')) continue;
    for (const member of (await cache.list({ md5, legacy })) ?? [])
      note({ md5: member.md5, legacy }, path.posix.join(file, member.relpath));
  }
  return used;
}

async function findMissing(ids: readonly ObjectId[], { cache }: Workspace): Promise<ObjectId[]> {
  const missing: ObjectId[] = [];
  for (const legacy of [false, true]) {
    const wanted = ids.filter((id) => id.legacy === legacy).map(({ md5 }) => md5);
    for (const md5 of await cache.lacking(wanted, { legacy })) missing.push({ md5, legacy });
  }
  return missing;
}
