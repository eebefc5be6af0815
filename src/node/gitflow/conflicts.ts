import { lstat, readFile } from 'node:fs/promises';
import path from 'node:path';
import { findResumed, type FlowFacts } from '../../core/gitflow/gitflow.ts';
import type { FlowRequest } from '../../protocol/gitflow.ts';
import type { Problem } from '../../protocol/problem.ts';
import { isMissing } from '../files/files.ts';
import type { Git } from '../git/git.ts';

// What a person has done about conflicts, told by the files themselves: whoever has saved a file without marks has decided.

/**
 * The facts as they are when what is resolved counts as such, though nobody has told git. `stages` tells it, once nothing is left to resolve: until
 * then nothing is changed.
 */
export async function pickUpResolved(
  git: Git,
  facts: FlowFacts,
  request: FlowRequest,
  { stages }: { readonly stages: boolean },
): Promise<FlowFacts> {
  if (facts.conflicts.length === 0 || findResumed(facts, request) === undefined) return facts;
  const marked = await listMarked(git);
  const looks = await Promise.all(
    facts.conflicts.map(async (file) => [file, await findMark(path.join(git.folder, file))] as const),
  );
  const resolved = looks.flatMap(([file, mark]) => (mark === null && marked.has(file) ? [file] : []));
  const marks = new Map(looks.flatMap(([file, mark]) => (typeof mark === 'number' ? [[file, mark] as const] : [])));
  const conflicts = facts.conflicts.filter((file) => !resolved.includes(file));
  if (stages && conflicts.length === 0) await git.stageFiles(resolved);
  return { ...facts, conflicts, marks };
}

/** Files into which git writes marks: changed or added on both sides, and merged line by line. Of others only their owner can say what they are to be. */
async function listMarked(git: Git): Promise<ReadonlySet<string>> {
  const changes = await git.changes();
  const files = changes.filter(({ kind, code }) => kind === 'unmerged' && (code === 'UU' || code === 'AA'));
  const others = new Set(files.length === 0 ? [] : await git.listMergedOtherwise(files.map((entry) => entry.path)));
  return new Set(files.map((entry) => entry.path).filter((file) => !others.has(file)));
}

/** Line of the first mark; null for a text without one, undefined for what is no text, or is gone. */
async function findMark(file: string): Promise<number | null | undefined> {
  const found = await lstat(file).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  if (found?.isFile() !== true) return undefined;
  const content = await readFile(file);
  if (content.includes(0)) return undefined;
  const at = content
    .toString('latin1')
    .split('\n')
    .findIndex((line) => /^(?:<{7}|\|{7}|>{7})(?:[ \r]|$)/.test(line));
  return at < 0 ? null : at + 1;
}

/** The first place where git has marked a conflict; line 1 where there is no mark (a binary or a deleted file). */
export async function locateConflict(root: string, file: string): Promise<Problem> {
  const line = (await findMark(path.join(root, file))) ?? 1;
  return { file, line, column: 1, severity: 'error', message: 'has a merge conflict' };
}
