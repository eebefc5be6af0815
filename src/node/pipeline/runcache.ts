import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import {
  commandsEqual,
  emitMapping,
  findReasons,
  parseLock,
  toLockMapping,
  toRunCacheTexts,
  type LockedPath,
  type LockedStage,
  type Stage,
  type StageFacts,
} from '../../core/pipeline/pipeline.ts';
import { readTextIfExists, writeFileAtomic } from '../files/files.ts';
import { takeLockEntry, type Workspace } from './facts.ts';

export function isSameRun(stage: Stage, locked: LockedStage | undefined, facts: StageFacts): boolean {
  if (locked === undefined || !commandsEqual(stage.cmd, locked.cmd)) return false;
  return findReasons(stage, locked, facts).every(({ kind }) => kind === 'out');
}

export async function findRecord(
  stage: Stage,
  locked: LockedStage | undefined,
  workspace: Workspace,
): Promise<LockedStage | undefined> {
  // Outs are in the key by path only, so their hashes may be left open.
  const outs = stage.outs.map(({ path: written }): LockedPath => ({ ...emptyPath, path: written }));
  const inputs = await takeLockEntry(workspace, { ...stage, outs: [] }, locked);
  const { key } = toRunCacheTexts({ ...inputs, outs });
  const folder = recordFolder(workspace, key);
  const names = await readdir(folder).catch(() => [] as string[]);
  const dated = await Promise.all(
    names.map(async (name) => ({
      name,
      time: (await stat(path.join(folder, name)).catch(() => undefined))?.mtimeMs ?? 0,
    })),
  );
  const newest = dated.sort((a, b) => b.time - a.time)[0];
  if (newest === undefined) return undefined;
  const text = await readTextIfExists(path.join(folder, newest.name)).catch(() => undefined);
  return parseRecord(text ?? '');
}

const emptyPath: LockedPath = {
  path: '',
  md5: undefined,
  legacy: false,
  size: undefined,
  nfiles: undefined,
  isexec: false,
  foreign: [],
};

/** A record has the shape of a stage's entry in dvc.lock; a damaged one is no record. */
function parseRecord(text: string): LockedStage | undefined {
  const entry = text
    .split('\n')
    .map((line) => `    ${line}\n`)
    .join('');
  return parseLock(`schema: '2.0'\nstages:\n  record:\n${entry}`, 'record').value?.stages.get('record');
}

function recordFolder(workspace: Workspace, keyText: string): string {
  const key = createHash('sha256').update(keyText).digest('hex');
  return path.join(workspace.cache.runs, key.slice(0, 2), key);
}

export async function writeRecord(workspace: Workspace, entry: LockedStage): Promise<void> {
  const { key, value } = toRunCacheTexts(entry);
  const file = path.join(recordFolder(workspace, key), createHash('sha256').update(value).digest('hex'));
  if ((await readTextIfExists(file)) === undefined) await writeFileAtomic(file, emitMapping(toLockMapping(entry), 0));
}
