import { chmod, cp, mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'vitest';
import fc from 'fast-check';
import { performFlow, readFlow } from '../../../../src/node/gitflow/gitflow.ts';
import { findProject } from '../../../../src/node/project/project.ts';
import { openRegistryOf, promote } from '../../../../src/node/registry/registry.ts';
import { openChosenStore } from '../../../../src/node/tracking/tracking.ts';
import { ExpectedError } from '../../../../src/protocol/errors.ts';
import type { FlowRequest } from '../../../../src/protocol/gitflow.ts';
import { commit, git } from '../git/repository.ts';

/** How somebody merges a pull request on the host. */
const WAYS = ['merge', 'squash', 'rebase'] as const;

/** One thing that somebody does in a repository with Gitflow, or on the host of its remote. */
type Deed =
  /** Somebody else's word for the same file on the branch that is checked out, so that merges meet conflicts; `s` looks like a secret. */
  | { readonly kind: 'commit'; readonly file: 'a' | 'b' | 's'; readonly text: string }
  | { readonly kind: 'checkout'; readonly branch: string }
  | {
      readonly kind: 'flow';
      readonly request: FlowRequest;
      /** Before this step, if it comes so far, it dies, or is told to stop, which it does when the step is done. */
      readonly end: number;
      readonly how: 'kill' | 'stop';
      /** Taken then, and after a conflict. */
      readonly way: 'continue' | 'abort';
    }
  | { readonly kind: 'undo' }
  /** The remote takes pushes to main and develop from now on, or refuses them. */
  | { readonly kind: 'protect'; readonly on: boolean }
  /** All pull requests that wait are merged there. */
  | { readonly kind: 'host'; readonly how: (typeof WAYS)[number]; readonly deletes: boolean };

const NAMES = ['x', 'y'] as const;
const name = fc.constantFrom(...NAMES);
const type = fc.constantFrom('feature', 'release', 'hotfix' as const);
const work = fc.constant('feature' as const);
const finish = fc.constant('finish' as const);
const version = fc.constantFrom('release', 'hotfix' as const);
const override = fc.constantFrom('for the test', undefined);

const request: fc.Arbitrary<FlowRequest> = fc
  .oneof(
    fc.record({ action: fc.constant('start' as const), type, name }),
    fc.record({ action: finish, type: work, name, squash: fc.boolean(), noFastForward: fc.boolean(), override }),
    fc.record({ action: finish, type: work, name, rebase: fc.boolean(), keep: fc.boolean(), push: fc.boolean() }),
    fc.record({ action: finish, type: version, name, squash: fc.boolean(), override }),
    fc.record({ action: finish, type: version, name, push: fc.boolean(), pushTag: fc.boolean(), override }),
    fc.record({ action: finish, type, name, pullRequest: fc.constantFrom(true, undefined), override }),
    fc.record({ action: fc.constant('publish' as const), type, name }),
    fc.record({
      action: fc.constant('update' as const),
      type,
      name,
      strategy: fc.constantFrom('merge', 'rebase' as const),
    }),
    fc.record({ action: fc.constant('rename' as const), type, name, newName: name }),
    fc.record({ action: fc.constant('delete' as const), type, name, remote: fc.boolean() }),
  )
  .map((made) => Object.fromEntries(Object.entries(made).filter(([, value]) => value !== undefined)) as FlowRequest);

export const deeds: fc.Arbitrary<readonly Deed[]> = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('commit' as const),
        file: fc.constantFrom('a', 'b', 'b', 's' as const),
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
      weight: 9,
      arbitrary: fc.record({
        kind: fc.constant('flow' as const),
        request,
        end: fc.integer({ min: 0, max: 12 }),
        how: fc.constantFrom('kill', 'kill', 'stop' as const),
        way: fc.constantFrom('continue', 'abort' as const),
      }),
    },
    { weight: 1, arbitrary: fc.constant({ kind: 'undo' } as const) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('protect' as const), on: fc.boolean() }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('host' as const),
        how: fc.constantFrom(...WAYS),
        deletes: fc.boolean(),
      }),
    },
  ),
  { minLength: 5, maxLength: 12 },
);

/** A repository and its remote, which refuses, beside each other in one folder. */
interface World {
  readonly work: string;
  readonly origin: string;
  readonly env: NodeJS.ProcessEnv;
}

function toWorld(folder: string, env: NodeJS.ProcessEnv): World {
  return {
    work: path.join(folder, 'work'),
    origin: path.join(folder, 'origin'),
    env: { ...env, MLFLOW_TRACKING_URI: undefined },
  };
}

const HOOK = `#!/bin/sh
[ -n "$HOST" ] && exit 0
[ -e open ] && exit 0
while read -r old new ref; do
  case "$ref" in refs/heads/main|refs/heads/develop) echo "$ref is protected" >&2; exit 1;; esac
done
`;

/** Makes `folder` such a world of the repository; with `model` it is a project with a model of which one version is the champion. */
export async function makeWorld(
  repository: string,
  folder: string,
  env: NodeJS.ProcessEnv,
  { model = false } = {},
): Promise<void> {
  const world = toWorld(folder, env);
  const { work, origin } = world;
  await cp(repository, work, { recursive: true });
  await git(work, env, 'config', 'gitflow.path.hooks', '.git/hooks');
  if (model) await addModel(world);
  await mkdir(origin);
  await git(origin, env, 'init', '-q', '--bare', '-b', 'main');
  await git(work, env, 'remote', 'add', 'origin', '../origin');
  await git(work, env, 'push', '-q', 'origin', '--all');
  await mkdir(path.join(origin, 'hooks'), { recursive: true });
  await writeFile(path.join(origin, 'hooks', 'pre-receive'), HOOK);
  await chmod(path.join(origin, 'hooks', 'pre-receive'), 0o755);
}

async function addModel({ work, env }: World): Promise<void> {
  await mkdir(path.join(work, '.dvc'));
  await writeFile(path.join(work, '.dvc', 'config'), '');
  await commit(work, env, '.gitignore', '/models/\n/.mlops/\n/mlruns/\n');
  await git(work, env, 'add', '.dvc');
  await git(work, env, 'commit', '-q', '-m', 'Project');
  const choice = { project: await findProject(work), env, cwd: work };
  const store = await openChosenStore(choice);
  await store.ensure();
  const { registry } = await openRegistryOf(choice);
  for (const startTime of [1, 2]) {
    const writer = await store.createRun({ experiment: 'digits', user: 'u', startTime, params: {}, tags: {} });
    await writer.finish('FINISHED', startTime + 1);
    const words = { source: 'models/cnn', artifactPath: 'model', description: null, tags: {} };
    await registry.createVersion({ name: 'digits', runId: writer.runId, ...words });
    await mkdir(path.join(work, 'models/cnn'), { recursive: true });
    await writeFile(path.join(work, 'models/cnn/MLmodel'), `run_id: ${writer.runId}\n`);
  }
  await promote(choice, { model: 'digits/1' });
}

/** Does all of it in a copy of the world, and after each deed holds that against what must always be true. */
export async function doAll(
  template: string,
  folder: string,
  env: NodeJS.ProcessEnv,
  all: readonly Deed[],
): Promise<void> {
  await cp(template, folder, { recursive: true });
  const world = toWorld(folder, env);
  const { work, origin } = world;
  for (const deed of all) {
    const before = await listReachable(world, ['--branches', '--tags']);
    await doOne(world, deed);
    const after = new Set(await listReachable(world, ['--all']));
    // What a host deletes of its own is the host's.
    if (deed.kind !== 'host') expect(before.filter((hash) => !after.has(hash))).toEqual([]);
    expect((await readFlow(work, { env: world.env })).unfinished).toBeNull();
    expect(await git(work, env, 'status', '--porcelain', '--untracked-files=no')).toBe('');
    expect(await git(work, env, 'rev-parse', '--symbolic-full-name', 'HEAD')).toContain('refs/heads/');
  }
  for (const repository of [work, origin])
    expect(await git(repository, env, 'fsck', '--strict', '--no-dangling')).not.toMatch(/error|missing|broken/);
  await rm(folder, { recursive: true, force: true });
}

async function listReachable({ work, origin, env }: World, refs: readonly string[]): Promise<readonly string[]> {
  const lists = await Promise.all([git(work, env, 'rev-list', ...refs, 'HEAD'), git(origin, env, 'rev-list', ...refs)]);
  return lists.flatMap((list) => list.split('\n'));
}

async function doOne(world: World, deed: Deed): Promise<void> {
  const { work, origin, env } = world;
  switch (deed.kind) {
    case 'commit': {
      const text = deed.file === 's' ? ['key = "AKIA', `IOSFODNN7EXAMPL${deed.text.at(0)}"\n`].join('') : deed.text;
      return commit(work, env, deed.file, text).catch(ignoreUnchanged);
    }
    case 'checkout':
      // There may be no such branch.
      await git(work, env, 'checkout', '-q', deed.branch, '--').catch(() => undefined);
      return;
    case 'undo':
      return attempt(world, { action: 'undo' });
    case 'protect':
      await (deed.on ? rm(path.join(origin, 'open'), { force: true }) : writeFile(path.join(origin, 'open'), ''));
      return;
    case 'host':
      return mergeThere(world, deed);
    case 'flow':
      return doFlow(world, deed);
  }
}

/** What was committed already is no commit. */
function ignoreUnchanged(error: unknown): void {
  if (!String(error).includes('nothing')) throw error;
}

/** As a host does, past the hook; what has conflicts stays open. */
async function mergeThere({ work, origin, env }: World, deed: Extract<Deed, { kind: 'host' }>): Promise<void> {
  const { topics } = await readFlow(work, { env });
  const open = topics.flatMap(({ pullRequest }) => (pullRequest?.state === 'open' ? [pullRequest] : []));
  const host = path.join(path.dirname(work), 'host');
  const asHost = { ...env, HOST: '1' };
  for (const { branch, into } of open) {
    await rm(host, { recursive: true, force: true });
    await git(path.dirname(work), env, 'clone', '-q', origin, host);
    const ways = {
      merge: `git merge -q --no-ff --no-edit "origin/${branch}"`,
      squash: `git merge -q --squash "origin/${branch}" && git commit -q -m "${branch} (#1)"`,
      rebase: `git checkout -q --detach "origin/${branch}" && git rebase -q --force-rebase "${into}" && git branch -f "${into}" HEAD`,
    };
    const script = `git checkout -q "${into}" && ${ways[deed.how]} && git push -q origin "${into}" ${deed.deletes ? `":${branch}"` : ''}`;
    await git(host, asHost, '-c', `alias.there=!${script}`, 'there').catch(() => undefined);
  }
}

type Snapshot = Readonly<Record<'refs' | 'head' | 'settings' | 'aliases', string>>;

async function takeSnapshot({ work, env }: World): Promise<Snapshot> {
  const [refs, head, settings] = await Promise.all([
    git(work, env, 'for-each-ref', '--format=%(refname) %(objectname)', 'refs/heads', 'refs/tags'),
    git(work, env, 'symbolic-ref', 'HEAD'),
    git(work, env, 'config', '--local', '--get-regexp', '^gitflow\\.'),
  ]);
  return { refs, head, settings: settings.split('\n').sort().join('\n'), aliases: await readAliases({ work, env }) };
}

async function readAliases({ work, env }: Pick<World, 'work' | 'env'>): Promise<string> {
  const project = await findProject(work);
  if (project === undefined) return '';
  const { registry } = await openRegistryOf({ project, env, cwd: work });
  return JSON.stringify((await registry.readModel('digits')).aliases);
}

async function doFlow(world: World, deed: Extract<Deed, { kind: 'flow' }>): Promise<void> {
  const before = await takeSnapshot(world);
  await attempt(world, deed.request, deed);
  if (await isEnded(world)) return;
  await end(world, deed.way);
  // Where others may have it by now it is not taken back: then it is gone on with.
  if (!(await isEnded(world))) await end(world, 'continue');
  else if (deed.way === 'abort') expect(await takeSnapshot(world)).toEqual(before);
}

async function isEnded({ work, env }: World): Promise<boolean> {
  return (await readFlow(work, { env })).unfinished === null;
}

/** Any refusal is fine, and so is our death; a mistake of ours is not. */
async function attempt(
  { work, env }: World,
  wanted: FlowRequest,
  { end: at = Infinity, how = 'kill' }: { readonly end?: number; readonly how?: 'kill' | 'stop' } = {},
): Promise<void> {
  const stop = new AbortController();
  const reporter = {
    stepStarted: (_step: unknown, index: number) => {
      if (index !== at) return;
      if (how === 'kill') throw new Killed();
      stop.abort();
    },
    note: () => undefined,
  };
  try {
    await performFlow(work, wanted, { env, reporter, signal: stop.signal });
  } catch (error) {
    if (!(error instanceof ExpectedError) && !(error instanceof Killed)) throw error;
  }
}

class Killed extends Error {}

/** Until nothing is unfinished; a rebase may meet a conflict for each of its commits. */
async function end(world: World, way: 'continue' | 'abort'): Promise<void> {
  const { work, env } = world;
  for (let turn = 0; turn < 8; turn += 1) {
    const { unfinished } = await readFlow(work, { env });
    if (unfinished === null) return;
    if (way === 'continue') {
      for (const file of unfinished.conflicts) await writeFile(path.join(work, file), `resolved ${turn}`);
      if (unfinished.conflicts.length > 0) await git(work, env, 'add', '--all');
    }
    await attempt(world, { action: way });
    if (way === 'abort' && turn > 1) return;
  }
}
