import { cp, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'vitest';
import fc from 'fast-check';
import { performFlow, readFlow } from '../../../../src/node/gitflow/gitflow.ts';
import { ExpectedError } from '../../../../src/protocol/errors.ts';
import type { FlowRequest } from '../../../../src/protocol/gitflow.ts';
import { commit, git } from '../git/repository.ts';

/** One thing that somebody does in a repository with Gitflow. */
type Deed =
  /** Somebody else's word for the same file on the branch that is checked out, so that merges meet conflicts. */
  | { readonly kind: 'commit'; readonly file: 'a' | 'b'; readonly text: string }
  | { readonly kind: 'checkout'; readonly branch: string }
  /** `kill`: dies before this step, if it comes so far; then, and after a conflict, `way` is taken. */
  | { readonly kind: 'flow'; readonly request: FlowRequest; readonly kill: number; readonly way: 'continue' | 'abort' }
  | { readonly kind: 'undo' };

const NAMES = ['x', 'y'] as const;
const name = fc.constantFrom(...NAMES);
const type = fc.constantFrom('feature', 'release', 'hotfix' as const);
const work = fc.constant('feature' as const);

const request: fc.Arbitrary<FlowRequest> = fc.oneof(
  fc.record({ action: fc.constant('start' as const), type, name }),
  fc.record({
    action: fc.constant('finish' as const),
    type: work,
    name,
    squash: fc.boolean(),
    noFastForward: fc.boolean(),
  }),
  fc.record({ action: fc.constant('finish' as const), type: work, name, rebase: fc.boolean(), keep: fc.boolean() }),
  fc.record({
    action: fc.constant('finish' as const),
    type: fc.constantFrom('release', 'hotfix' as const),
    name,
    squash: fc.boolean(),
  }),
  fc.record({
    action: fc.constant('update' as const),
    type,
    name,
    strategy: fc.constantFrom('merge', 'rebase' as const),
  }),
  fc.record({ action: fc.constant('rename' as const), type, name, newName: name }),
);

export const deeds: fc.Arbitrary<readonly Deed[]> = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('commit' as const),
        file: fc.constantFrom('a', 'b' as const),
        text: fc.string({ unit: fc.constantFrom('1', '2', '3'), minLength: 1, maxLength: 3 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('checkout' as const),
        branch: fc.constantFrom('main', 'develop', 'feature/x', 'feature/y', 'release/x'),
      }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('flow' as const),
        request,
        kill: fc.integer({ min: 0, max: 9 }),
        way: fc.constantFrom('continue', 'abort' as const),
      }),
    },
    { weight: 1, arbitrary: fc.constant({ kind: 'undo' } as const) },
  ),
  { minLength: 4, maxLength: 10 },
);

/** Does all of it in a copy of the repository, and after each deed holds that against what must always be true. */
export async function doAll(
  template: string,
  folder: string,
  env: NodeJS.ProcessEnv,
  all: readonly Deed[],
): Promise<void> {
  await cp(template, folder, { recursive: true });
  for (const deed of all) {
    const before = await listReachable(folder, env, ['--branches', '--tags']);
    await doOne(folder, env, deed);
    const after = new Set(await listReachable(folder, env, ['--all', 'HEAD']));
    expect(before.filter((hash) => !after.has(hash))).toEqual([]);
    expect((await readFlow(folder, { env })).unfinished).toBeNull();
    expect(await git(folder, env, 'status', '--porcelain', '--untracked-files=no')).toBe('');
    expect(await git(folder, env, 'rev-parse', '--symbolic-full-name', 'HEAD')).toContain('refs/heads/');
  }
  expect(await git(folder, env, 'fsck', '--strict', '--no-dangling')).not.toMatch(/error|missing|broken/);
}

async function listReachable(
  folder: string,
  env: NodeJS.ProcessEnv,
  refs: readonly string[],
): Promise<readonly string[]> {
  return (await git(folder, env, 'rev-list', ...refs)).split('\n');
}

async function doOne(folder: string, env: NodeJS.ProcessEnv, deed: Deed): Promise<void> {
  switch (deed.kind) {
    case 'commit':
      return commit(folder, env, deed.file, deed.text).catch(ignoreUnchanged);
    case 'checkout':
      // There may be no such branch.
      await git(folder, env, 'checkout', '-q', deed.branch, '--').catch(() => undefined);
      return;
    case 'undo':
      return attempt(folder, env, { action: 'undo' }, Infinity);
    case 'flow':
      await attempt(folder, env, deed.request, deed.kill);
      await end(folder, env, deed.way);
  }
}

/** What was committed already is no commit. */
function ignoreUnchanged(error: unknown): void {
  if (!String(error).includes('nothing')) throw error;
}

/** Any refusal is fine, and so is our death; a mistake of ours is not. */
async function attempt(folder: string, env: NodeJS.ProcessEnv, wanted: FlowRequest, kill: number): Promise<void> {
  const reporter = {
    stepStarted: (_step: unknown, index: number) => {
      if (index === kill) throw new Killed();
    },
    note: () => undefined,
  };
  try {
    await performFlow(folder, wanted, { env, reporter });
  } catch (error) {
    if (!(error instanceof ExpectedError) && !(error instanceof Killed)) throw error;
  }
}

class Killed extends Error {}

/** Until nothing is unfinished; a rebase may meet a conflict for each of its commits. */
async function end(folder: string, env: NodeJS.ProcessEnv, way: 'continue' | 'abort'): Promise<void> {
  for (let turn = 0; turn < 8; turn += 1) {
    const { unfinished } = await readFlow(folder, { env });
    if (unfinished === null) return;
    if (way === 'continue') {
      for (const file of unfinished.conflicts) await writeFile(path.join(folder, file), `resolved ${turn}`);
      if (unfinished.conflicts.length > 0) await git(folder, env, 'add', '--all');
    }
    await attempt(folder, env, { action: way }, Infinity);
  }
}
