import { constants } from 'node:fs';
import { cp, lstat, mkdir, readFile, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import {
  emitMapping,
  isOutside,
  toLockMapping,
  type LockedStage,
  type Out,
  type Stage,
} from '../../core/pipeline/pipeline.ts';
import { diskError, hasCode, isMissing, temporaryBeside, writeFileAtomic } from '../files/files.ts';
import { projectPaths, type Project } from '../project/project.ts';
import type { Workspace } from './facts.ts';

/** What stood at a stage's outputs before its command began. */
export interface OutputsBefore {
  /** The stage has not ended well: everything stands again as it was. */
  putBack(): Promise<void>;
  /** The stage has ended well: nobody needs them any more. */
  discard(): Promise<void>;
}

/**
 * Removes the outputs, as DVC does before a stage runs; those with `persist` stay, as files that the command may write into, and
 * so does what lies outside of the project.
 */
export async function removeOuts(stage: Stage, workspace: Workspace): Promise<OutputsBefore> {
  for (const out of stage.outs.filter(({ file }) => !isOutside(file)))
    await (out.persist ? unlink(out.file, workspace) : remove(path.join(workspace.project.root, out.file), out.file));
  return { putBack: () => Promise.resolve(), discard: () => Promise.resolve() };
}

/**
 * Moves the outputs out of the way instead, those with `persist` as a copy. They lie in `.mlops/state` with a record that is on
 * disk before the first of them moves, so that {@link putBackLeftOuts} finds them when this process is killed.
 */
export async function setOutsAside(
  stage: Stage,
  workspace: Workspace,
  { token, locked }: { readonly token: string; readonly locked: LockedStage | undefined },
): Promise<OutputsBefore> {
  const { project } = workspace;
  const folder = path.join(asideFolder(project), token);
  const own = stage.outs.filter(({ file }) => !isOutside(file));
  const outs = await Promise.all(own.map((out) => describe(out, project)));
  const record: AsideRecord = { stage: stage.name, lockEntry: toEntryText(locked), outs };
  await writeFileAtomic(path.join(folder, RECORD), JSON.stringify(record));
  const before: OutputsBefore = {
    putBack: () => putBack(project, folder, record),
    discard: () => rm(folder, { recursive: true, force: true }),
  };
  try {
    for (const [index, { file, existed, isCopied }] of outs.entries()) {
      const source = path.join(project.root, file);
      const kept = path.join(folder, String(index));
      if (existed) await (isCopied ? copy(source, kept) : move(source, kept)).catch(toDiskError(file));
      if (existed && isCopied) await unlink(file, workspace);
    }
  } catch (error) {
    await before.putBack();
    throw error;
  }
  return before;
}

/**
 * Puts back what killed runs had set aside, unless dvc.lock says that the stage has ended well since. Only while the project lock
 * is held, and once nothing of those runs is alive. Returns the names of their stages.
 */
export async function putBackLeftOuts(
  project: Project,
  findLockEntry: (stage: string) => LockedStage | undefined,
): Promise<string[]> {
  const names = await readdir(asideFolder(project)).catch(() => [] as string[]);
  const stages: string[] = [];
  for (const name of names) {
    const folder = path.join(asideFolder(project), name);
    const record = await readRecord(folder);
    if (record !== undefined && !hasEndedSince(record, findLockEntry(record.stage))) {
      await putBack(project, folder, record);
      stages.push(record.stage);
    } else await rm(folder, { recursive: true, force: true });
  }
  return stages;
}

function hasEndedSince({ lockEntry }: AsideRecord, locked: LockedStage | undefined): boolean {
  return lockEntry !== toEntryText(locked);
}

const RECORD = 'record.json';

interface AsideRecord {
  readonly stage: string;
  /** What dvc.lock said of the stage; '' when nothing. */
  readonly lockEntry: string;
  /** In the order of their names in the folder: '0', '1' … */
  readonly outs: readonly { readonly file: string; readonly existed: boolean; readonly isCopied: boolean }[];
}

function asideFolder(project: Project): string {
  return projectPaths.state(project, 'outputs');
}

async function describe({ file, persist }: Out, { root }: Project): Promise<AsideRecord['outs'][number]> {
  return { file, existed: await isThere(path.join(root, file)), isCopied: persist };
}

function toEntryText(locked: LockedStage | undefined): string {
  return locked === undefined ? '' : emitMapping(toLockMapping(locked), 0);
}

async function putBack(project: Project, folder: string, { outs }: AsideRecord): Promise<void> {
  for (const [index, { file, existed }] of outs.entries()) {
    const target = path.join(project.root, file);
    const kept = path.join(folder, String(index));
    // One that never left its place, because the run was killed before, is still there.
    if (existed && !(await isThere(kept))) continue;
    await remove(target, file);
    if (existed)
      await mkdir(path.dirname(target), { recursive: true })
        .then(() => move(kept, target))
        .catch(toDiskError(file));
  }
  await rm(folder, { recursive: true, force: true });
}

/** What is kept between runs must be no link to the cache any more: the command may write into it. */
async function unlink(file: string, workspace: Workspace): Promise<void> {
  const kept = await workspace.hash(file);
  if (kept !== undefined) await workspace.cache.unlink(file, kept);
}

async function remove(absolute: string, file: string): Promise<void> {
  await rm(absolute, { recursive: true, force: true }).catch(toDiskError(file));
}

/** A rename; between devices a copy, which gets its name only when it is whole. */
async function move(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!hasCode(error, 'EXDEV')) throw error;
    await copy(from, to);
    await rm(from, { recursive: true, force: true });
  }
}

async function copy(from: string, to: string): Promise<void> {
  const partial = temporaryBeside(to);
  const mode = constants.COPYFILE_FICLONE;
  await cp(from, partial, { recursive: true, mode, preserveTimestamps: true, verbatimSymlinks: true });
  await rename(partial, to);
}

/** Links that lead nowhere are there, too. */
async function isThere(file: string): Promise<boolean> {
  return lstat(file).then(
    () => true,
    (error: unknown) => {
      if (isMissing(error)) return false;
      throw diskError(error, file);
    },
  );
}

/** Undefined without a whole record: then nothing had moved yet. */
async function readRecord(folder: string): Promise<AsideRecord | undefined> {
  const text = await readFile(path.join(folder, RECORD), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as AsideRecord);
}

function toDiskError(file: string): (error: unknown) => never {
  return (error) => {
    throw diskError(error, file);
  };
}
