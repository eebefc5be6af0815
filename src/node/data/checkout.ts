import { unknownName } from '../../protocol/errors.ts';
import { planCheckout, toSourceLock, type CheckoutFacts, type CheckoutStep } from '../../core/data/data.ts';
import { findNearest } from '../../core/names/names.ts';
import { findLocked, isWithin, type LockedPath } from '../../core/pipeline/pipeline.ts';
import type { HashedPath } from '../cache/cache.ts';
import { lockedStage, type LoadedPipeline, type Workspace } from '../pipeline/pipeline.ts';
import type { Project } from '../project/project.ts';
import { toProjectPaths, withData, withDataLocked, type DataTools } from './work.ts';

/** A cached output of a stage or of a `.dvc` file. */
export interface Recorded {
  /** Address of the stage, or the `.dvc` file. */
  readonly owner: string;
  readonly file: string;
  readonly entry: LockedPath | undefined;
}

/** What a checkout would do; nothing is written. */
export function planDataCheckout(
  project: Project,
  paths: readonly string[],
  options: { force: boolean },
  tools: DataTools,
): Promise<readonly CheckoutStep[]> {
  return withData(project, tools, async ({ loaded, workspace }) => {
    const found = await lookAt(select(loaded, paths, tools), workspace);
    return planCheckout(
      found.map(({ facts }) => facts),
      options,
    );
  });
}

/**
 * Brings tracked data and outputs to what their `.dvc` files and locks say, from the cache. What can't be brought, or may not be
 * replaced, is told in the steps; the rest is done all the same.
 */
export function checkoutData(
  project: Project,
  paths: readonly string[],
  options: { force: boolean },
  tools: DataTools,
): Promise<readonly CheckoutStep[]> {
  const command = ['mlops data checkout', ...paths].join(' ');
  return withDataLocked(project, tools, command, async ({ loaded, workspace, claim }) => {
    const found = await lookAt(select(loaded, paths, tools), workspace);
    const steps = planCheckout(
      found.map(({ facts }) => facts),
      options,
    );
    await claim(steps.filter(({ action }) => action === 'restore').map(({ path }) => path));
    for (const [index, { action }] of steps.entries()) {
      const { item, current } = found[index] ?? {};
      if (action !== 'restore' || item?.entry?.md5 === undefined) continue;
      const { md5, legacy, isexec } = item.entry;
      await workspace.cache.checkout(item.file, { md5, legacy }, { isexec, current });
    }
    return steps;
  });
}

/** Everything cached that the paths name: a `.dvc` file, a stage, a dvc.yaml, the data itself, a folder with any of these. */
export function select(
  loaded: LoadedPipeline,
  paths: readonly string[],
  tools: Pick<DataTools, 'cwd'>,
): readonly Recorded[] {
  const all = listRecorded(loaded);
  if (paths.length === 0) return all;
  const chosen = paths.map((written) => {
    const [file = ''] = toProjectPaths(loaded.project, tools, [written]);
    const matches = all.filter(
      (item) =>
        item.owner === written ||
        item.owner.startsWith(`${written}@`) ||
        [item.owner, item.owner.split(':')[0], item.file].some(
          (place) => place === file || isWithin(file, place ?? ''),
        ),
    );
    if (matches.length === 0)
      throw unknownName(
        'tracked path or stage',
        written,
        findNearest(
          written,
          all.flatMap(({ owner, file: data }) => [owner, data]),
        ),
      );
    return matches;
  });
  return [...new Set(chosen.flat())];
}

function listRecorded(loaded: LoadedPipeline): Recorded[] {
  const sources = loaded.data.flatMap((file) =>
    file.unsupported.length > 0 ? [] : [{ ...file, lock: toSourceLock(file) }],
  );
  const stages = loaded.graph.stages.map((stage) => ({ ...stage, lock: lockedStage(loaded, stage) }));
  return [...sources, ...stages].flatMap(({ name, outs, lock }) =>
    outs
      .filter(({ cache }) => cache)
      .map(({ path: written, file }) => ({ owner: name, file, entry: findLocked(lock?.outs, written) })),
  );
}

interface Found {
  readonly item: Recorded;
  readonly current: HashedPath | undefined;
  readonly facts: CheckoutFacts;
}

async function lookAt(items: readonly Recorded[], workspace: Workspace): Promise<Found[]> {
  const found: Found[] = [];
  for (const item of items) {
    const { file, entry } = item;
    const { md5, legacy = false } = entry ?? {};
    const current = await workspace.hash(file, legacy ? 'md5-dos2unix' : 'md5');
    const isSame = md5 !== undefined && current?.md5 === md5;
    const missing = md5 === undefined || isSame ? [] : await workspace.cache.missingOf({ md5, legacy });
    const unsaved =
      isSame || md5 === undefined || missing.length > 0 ? [] : await findUnsaved(item, current, workspace);
    found.push({ item, current, facts: { path: file, recorded: md5, present: current?.md5, missing, unsaved } });
  }
  return found;
}

/** Files of a path that the checkout would replace or remove, and that the cache has no copy of. */
async function findUnsaved(
  { file, entry }: Recorded,
  current: HashedPath | undefined,
  { cache }: Workspace,
): Promise<string[]> {
  if (current === undefined || entry?.md5 === undefined) return [];
  const { md5, legacy } = entry;
  const wanted = new Map(
    md5.endsWith('.dir')
      ? (await cache.list({ md5, legacy }))?.map((member) => [member.relpath, member.md5])
      : [['', md5]],
  );
  const there = cache.membersOf(current).filter((member) => wanted.get(member.relpath) !== member.md5);
  const lost = new Set(
    await cache.lacking(
      there.map((member) => member.md5),
      { legacy },
    ),
  );
  return there
    .filter((member) => lost.has(member.md5))
    .map(({ relpath }) => (relpath === '' ? file : `${file}/${relpath}`));
}
