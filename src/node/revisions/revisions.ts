import { stat } from 'node:fs/promises';
import path from 'node:path';
import { parseLock, parsePipeline } from '../../core/pipeline/pipeline.ts';
import type { Reference } from '../../core/git/git.ts';
import { collectNames, toRevisionRun, type NamedFiles, type RevisionFacts } from '../../core/revisions/revisions.ts';
import type { Gathered, GatheredRun } from '../../core/tracking/tracking.ts';
import { unknownName } from '../../protocol/errors.ts';
import type { UnreadableRun } from '../../protocol/tracking.ts';
import { readTextIfExists } from '../files/files.ts';
import { openObjects, type GitObjects } from '../git/git.ts';
import { cacheOf, lockOf, objectPath, resolvePipeline, type ResolvedFile, type Source } from './pipelines.ts';

export { cacheOf, lockOf, objectPath, resolvePipeline, type ResolvedFile } from './pipelines.ts';

// Branches, tags, DVC's experiments and the work tree of a project as runs. Everything is read from git's objects: nothing is checked out.

/** The work tree among revisions, as DVC calls it. */
export const WORKSPACE = 'workspace';
const WORKSPACE_ID = '0'.repeat(40);
const EXPERIMENTS = /^refs\/exps\/([0-9a-f]{2})\/([0-9a-f]{38})\/(.+)$/;
/** What was read of a commit never changes; so many are remembered. */
const MOST_REMEMBERED = 2000;

interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
}

/** A row: a commit with the names that it has. */
interface Row {
  readonly commit: string;
  readonly names: readonly string[];
  readonly experiment: 'commits' | 'experiments';
  /** Of an experiment: the commit that it began at. */
  readonly baseline: string | null;
}

/** The work tree, branches, tags and experiments of the project's repository, and the revisions that are chosen beside them. */
export async function gatherRevisions(
  root: string,
  chosen: readonly string[],
  { env }: Surroundings,
): Promise<Gathered> {
  const git = openObjects(root, { env });
  const references = await git.references(['refs/heads', 'refs/tags', 'refs/exps']);
  const wanted = await Promise.all(chosen.map(async (ref) => ({ ref, commit: (await git.resolve(ref)) ?? '' })));
  const rows = toRows(
    references,
    wanted.filter(({ commit }) => commit !== ''),
  );
  const commits = await git.readCommits(rows.map(({ commit }) => commit));
  const shown = new Set(rows.map(({ commit }) => commit));
  const readings = await mapInTurns(rows, async (row, index) => {
    const commit = commits[index];
    if (commit === undefined) return missing(row);
    const parentRunId = row.baseline !== null && shown.has(row.baseline) ? row.baseline : null;
    const facts = {
      runId: row.commit,
      name: row.names[0] ?? row.commit.slice(0, 7),
      experiment: row.experiment,
      parentRunId,
    };
    return readRevision(git, root, { ...facts, time: commit.time, tags: tagsOf(row, commit) }, env);
  });
  return merge([await readWorkspace(root, env), ...readings]);
}

/** One revision (`HEAD~2`, a tag, an experiment's name, a part of a hash) or `workspace`. Throws `unknown-name`. */
export async function findRevision(root: string, revision: string, { env }: Surroundings): Promise<GatheredRun> {
  const [found] = revision === WORKSPACE ? (await readWorkspace(root, env)).runs : await readNamed(root, revision, env);
  if (found === undefined) throw unknownName('revision', revision, []);
  return found;
}

/** The commit that a revision or an experiment's name stands for; undefined where there is none. */
export async function findCommit(git: GitObjects, revision: string): Promise<string | undefined> {
  const commit = await git.resolve(revision);
  if (commit !== undefined) return commit;
  return (await git.references(['refs/exps'])).find(({ ref }) => EXPERIMENTS.exec(ref)?.[3] === revision)?.commit;
}

async function readNamed(root: string, revision: string, env: NodeJS.ProcessEnv): Promise<readonly GatheredRun[]> {
  const git = openObjects(root, { env });
  const commit = await findCommit(git, revision);
  const [facts] = commit === undefined ? [] : await git.readCommits([commit]);
  if (commit === undefined || facts === undefined) return [];
  const row: Row = { commit, names: [revision], experiment: 'commits', baseline: null };
  const about = { runId: commit, name: revision, experiment: 'commits', parentRunId: null, time: facts.time };
  return (await readRevision(git, root, { ...about, tags: tagsOf(row, facts) }, env)).runs;
}

/** One row a commit: branches name it before tags, and both before experiments. */
function toRows(references: readonly Reference[], chosen: readonly Reference[]): readonly Row[] {
  const rank = (ref: string): number => ['refs/heads/', 'refs/tags/'].findIndex((prefix) => ref.startsWith(prefix));
  const named = references
    .filter(({ ref }) => rank(ref) >= 0)
    .sort((a, b) => rank(a.ref) - rank(b.ref))
    .map(({ ref, commit }) => ({ commit, name: ref.replace(/^refs\/(heads|tags)\//, '') }));
  const all = [...named, ...chosen.map(({ ref, commit }) => ({ commit, name: ref }))];
  const commits = [...Map.groupBy(all, ({ commit }) => commit)].map(([commit, own]): Row => ({
    commit,
    names: own.map(({ name }) => name),
    experiment: 'commits',
    baseline: null,
  }));
  const experiments = references.flatMap(({ ref, commit }): readonly Row[] => {
    const [, head, rest, name] = EXPERIMENTS.exec(ref) ?? [];
    if (head === undefined || rest === undefined || name === undefined) return [];
    return [{ commit, names: [name], experiment: 'experiments', baseline: `${head}${rest}` }];
  });
  return [...commits, ...experiments];
}

function tagsOf(
  row: Row,
  { author, subject }: { readonly author: string; readonly subject: string },
): RevisionFacts['tags'] {
  return {
    'mlflow.source.git.commit': row.commit,
    'mlflow.user': author,
    'git.subject': subject,
    ...(row.names.length > 1 ? { 'git.names': row.names.join(', ') } : {}),
    ...(row.baseline === null ? {} : { 'git.baseline': row.baseline }),
  };
}

function missing({ commit, names }: Row): Gathered {
  const file = names[0] ?? commit;
  return {
    runs: [],
    warnings: [],
    unreadable: [{ runId: commit, file, message: 'Git does not have this commit here.' }],
  };
}

function merge(all: readonly Gathered[]): Gathered {
  const unreadable: UnreadableRun[] = all.flatMap((one) => one.unreadable);
  return { runs: all.flatMap(({ runs }) => runs), unreadable, warnings: all.flatMap(({ warnings }) => warnings) };
}

/** A few at once: each asks git, which is a process of its own. */
async function mapInTurns<T, R>(
  items: readonly T[],
  map: (item: T, index: number) => Promise<R>,
): Promise<readonly R[]> {
  const AT_ONCE = 4;
  const results: R[] = [];
  for (let at = 0; at < items.length; at += AT_ONCE)
    results.push(...(await Promise.all(items.slice(at, at + AT_ONCE).map((item, index) => map(item, at + index)))));
  return results;
}

interface Content {
  readonly names: NamedFiles;
  readonly texts: ReadonlyMap<string, string>;
}

/** By repository's folder and commit. */
const remembered = new Map<string, Promise<Content>>();

async function readRevision(
  git: GitObjects,
  root: string,
  facts: RevisionFacts,
  env: NodeJS.ProcessEnv,
): Promise<Gathered> {
  const key = `${root}\n${facts.runId}`;
  const content = remembered.get(key) ?? readContent(await sourceOf(git, facts.runId), root, env);
  if (remembered.size < MOST_REMEMBERED) remembered.set(key, content);
  content.catch(() => remembered.delete(key));
  return toGathered(facts, await content);
}

function toGathered(facts: RevisionFacts, { names, texts }: Content): Gathered {
  const { gathered, warnings } = toRevisionRun(facts, names, texts);
  const told = warnings.map(({ file, message }) => ({ runId: facts.runId, file, message }));
  return { runs: [gathered], unreadable: [], warnings: told };
}

async function sourceOf(git: GitObjects, commit: string): Promise<Source> {
  return { files: await git.listFiles(commit), read: (files) => git.readFiles(commit, files) };
}

async function readWorkspace(root: string, env: NodeJS.ProcessEnv): Promise<Gathered> {
  const files = await openObjects(root, { env }).listWorkFiles();
  const read = async (names: readonly string[]): Promise<ReadonlyMap<string, string>> => {
    const texts = await Promise.all(
      names.map(async (name) => [name, await readTextIfExists(path.join(root, name))] as const),
    );
    return new Map(texts.flatMap(([name, text]) => (text === undefined ? [] : [[name, text] as const])));
  };
  const content = await readContent({ files, read }, root, env);
  const times = await Promise.all(
    [...content.texts.keys()].map(
      async (name) => (await stat(path.join(root, name)).catch(() => undefined))?.mtimeMs ?? 0,
    ),
  );
  const time = Math.floor(Math.max(0, ...times));
  const about = { runId: WORKSPACE_ID, name: WORKSPACE, experiment: 'commits', parentRunId: null, time, tags: {} };
  return toGathered(about, content);
}

/** What the pipelines of a revision name, and the texts of it. */
async function readContent({ files, read }: Source, root: string, env: NodeJS.ProcessEnv): Promise<Content> {
  const places = files.filter((file) => path.posix.basename(file) === 'dvc.yaml');
  const pipelineTexts = await read(places);
  const pipelines = [...pipelineTexts].flatMap(([file, text]) => parsePipeline(text, file).value ?? []);
  const resolved = await Promise.all(pipelines.map((pipeline) => resolvePipeline(pipeline, read, root)));
  const names = collectNames(resolved, files);
  const texts = new Map(await read([...new Set([...names.metrics, ...names.params.keys()])]));
  const cached = names.metrics.filter((file) => !texts.has(file));
  for (const [file, text] of await readCached({ read, cached, resolved, root, env })) texts.set(file, text);
  return { names, texts };
}

interface CachedAsking {
  readonly read: Source['read'];
  readonly cached: readonly string[];
  readonly resolved: readonly ResolvedFile[];
  readonly root: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Metrics that are kept in DVC's cache and not in git: the revision's lock says which object it is. */
async function readCached({ read, cached, resolved, root, env }: CachedAsking): Promise<ReadonlyMap<string, string>> {
  if (cached.length === 0) return new Map();
  const cache = await cacheOf({ root }, env);
  const texts = await read(resolved.map(({ pipeline }) => lockOf(pipeline)));
  const found = new Map<string, string>();
  for (const { pipeline, stages } of resolved) {
    const lock = parseLock(texts.get(lockOf(pipeline)) ?? '', lockOf(pipeline)).value;
    for (const { key, outs } of stages)
      for (const out of outs.filter(({ file }) => cached.includes(file))) {
        const object = lock?.stages.get(key)?.outs.find((entry) => entry.path === out.path);
        const text = cache === undefined ? undefined : await readObject(cache, object);
        if (text !== undefined) found.set(out.file, text);
      }
  }
  return found;
}

async function readObject(
  cache: string,
  object: { readonly md5: string | undefined; readonly legacy: boolean } | undefined,
): Promise<string | undefined> {
  const { md5 = '', legacy = false } = object ?? {};
  return /^[0-9a-f]{32}$/.test(md5) ? readTextIfExists(objectPath(cache, { md5, legacy })) : undefined;
}
