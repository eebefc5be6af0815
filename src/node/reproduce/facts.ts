import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {
  dataPathOf,
  isInProject,
  readLockedData,
  reproductionTags,
  toHashed,
  type HashedData,
  type ReproductionFacts,
  type ReproductionPlan,
} from '../../core/reproduce/reproduce.ts';
import { isMapping, parseYaml } from '../../core/yaml/yaml.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import type { RunSummary } from '../../protocol/tracking.ts';
import { openGit, openHistory, type GitHistory } from '../git/git.ts';
import type { Project } from '../project/project.ts';
import { readRunEvents, type RunStore } from '../tracking/tracking.ts';
import { findLostData } from './restoring.ts';

// What of a run is still there: looked up in its store, in the repository and in the cache. Nothing is changed.

/** As much as a training keeps (`keepPatch`). */
const MOST_PATCH_BYTES = 64 << 20;
const MOST_LOCK_BYTES = 64 << 20;
const MOST_SOURCES = 500;

export interface Repository {
  readonly history: GitHistory;
  /** Absolute path of the top of the work tree. */
  readonly top: string;
  /** Where the project lies below it, with forward slashes; '' at the top. */
  readonly place: string;
}

export interface Looking {
  readonly project: Project;
  readonly store: RunStore;
  readonly run: RunSummary;
  readonly repository: Repository;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

/** Throws `not-a-repository`. */
export async function openRepository(project: Project, env: NodeJS.ProcessEnv): Promise<Repository> {
  const top = await openGit(project.root, { env }).root();
  // git gives real paths, and we may stand in the project through a link.
  const place = path.relative(top, await realpath(project.root));
  return { history: openHistory(top, env), top, place: place.split(path.sep).join('/') };
}

export async function lookAt(looking: Looking): Promise<ReproductionFacts> {
  const { run, store, repository } = looking;
  const commit = run.tags[reproductionTags.commit];
  const isCommitHere = commit !== undefined && (await repository.history.resolve(commit)) === commit;
  const artifactsTrouble = await findArtifactsTrouble(store, run.runId);
  const isReadable = artifactsTrouble === null;
  const { data, from } = await findData(looking, isReadable, isCommitHere ? commit : undefined);
  return {
    ...{ run, isCommitHere, artifactsTrouble, data, dataFrom: from },
    patch: isReadable && isCommitHere ? await judgePatch(looking, commit) : null,
    lost: await findLostData(looking.project, data, looking),
    isDataInCommit: isCommitHere && (await isInCommit(looking, commit)),
    events: isReadable ? await readRunEvents(store, run.runId) : [],
  };
}

async function findArtifactsTrouble(store: RunStore, runId: string): Promise<string | null> {
  try {
    await store.listArtifacts(runId, '');
    return null;
  } catch (error) {
    if (error instanceof ExpectedError) return error.message;
    throw error;
  }
}

async function judgePatch(looking: Looking, commit: string): Promise<ReproductionFacts['patch']> {
  const found = await withPatch(looking, (file) => looking.repository.history.applies(file, commit));
  return found === undefined ? null : found ? 'applies' : 'broken';
}

/** Does something with the run's patch as a file; undefined when it has none. One that is cut off applies nowhere. */
export async function withPatch<T>(
  { store, run }: Pick<Looking, 'store' | 'run'>,
  use: (file: string) => Promise<T>,
): Promise<T | undefined> {
  const bytes = await readArtifact(store, run.runId, 'mlops/dirty.patch', MOST_PATCH_BYTES);
  if (bytes === undefined) return undefined;
  const folder = await mkdtemp(path.join(os.tmpdir(), 'mlops-reproduce-'));
  try {
    const file = path.join(folder, 'dirty.patch');
    await writeFile(file, bytes);
    return await use(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The run's own word goes before that of its commit, whose lock may be older than the run. */
async function findData(
  looking: Looking,
  isReadable: boolean,
  commit: string | undefined,
): Promise<{ readonly data: readonly HashedData[]; readonly from: ReproductionFacts['dataFrom'] }> {
  const { store, run } = looking;
  const lock = isReadable ? await readArtifact(store, run.runId, 'mlops/stage.lock.yaml', MOST_LOCK_BYTES) : undefined;
  const locked = lock === undefined ? [] : readLockedData(Buffer.from(lock).toString());
  if (locked.length > 0) return { data: locked, from: 'run' };
  const file = dataPathOf(run);
  if (file === null || !isInProject(file)) return { data: [], from: null };
  const tagged = toHashed({ path: file, md5: run.tags[reproductionTags.data], hash: 'md5' });
  if (tagged.length > 0) return { data: tagged, from: 'run' };
  const data = commit === undefined ? [] : await readDataOfCommit(looking.repository, commit, file);
  return { data, from: data.length === 0 ? null : 'commit' };
}

/**
 * What `dvc.lock` or a `.dvc` file of the commit say of the data: an output first, then a dependency. Where they have no such path, those
 * that lie in it.
 */
async function readDataOfCommit(repository: Repository, commit: string, file: string): Promise<readonly HashedData[]> {
  const wanted = path.posix.normalize(file);
  const lock = await readYaml(repository, commit, 'dvc.lock');
  const stages = isMapping(lock) && isMapping(lock['stages']) ? Object.values(lock['stages']) : [];
  const pick = (key: 'outs' | 'deps'): readonly HashedData[] => stages.flatMap((stage) => listHashed(stage, key));
  const sources = (await listInCommit(repository, commit, wanted)).filter((name) => name.endsWith('.dvc'));
  const tracked = await Promise.all(
    [`${wanted}.dvc`, ...sources.slice(0, MOST_SOURCES)].map(async (source) =>
      listHashed(await readYaml(repository, commit, source), 'outs').map((entry) => ({
        ...entry,
        path: path.posix.join(path.posix.dirname(source), entry.path),
      })),
    ),
  );
  const found = [...pick('outs'), ...tracked.flat(), ...pick('deps')];
  const itself = found.find((entry) => path.posix.normalize(entry.path) === wanted);
  if (itself !== undefined) return [itself];
  const within = found.filter((entry) => entry.path.startsWith(`${wanted}/`));
  return [...new Map(within.toReversed().map((entry) => [entry.path, entry])).values()].toReversed();
}

async function readYaml({ history, place }: Repository, commit: string, name: string): Promise<unknown> {
  const bytes = await history.readFile(commit, path.posix.join(place, name));
  return parseYaml(bytes?.toString() ?? '', name, { maxLength: MOST_LOCK_BYTES, maxDepth: 64 }).value?.value;
}

function listHashed(parent: unknown, key: 'outs' | 'deps'): readonly HashedData[] {
  const list: unknown = isMapping(parent) ? parent[key] : undefined;
  return Array.isArray(list) ? (list as unknown[]).flatMap(toHashed) : [];
}

/** Files below a path of the project, from its root. */
async function listInCommit({ history, place }: Repository, commit: string, file: string): Promise<readonly string[]> {
  const names = await history.list(commit, path.posix.join(place, file));
  return names.map((name) => path.posix.relative(`/${place}`, `/${name}`));
}

/** A folder that only stands there, its content tracked by DVC or by nobody, is no data. */
async function isInCommit({ repository, run }: Looking, commit: string): Promise<boolean> {
  const file = dataPathOf(run);
  if (file === null || !isInProject(file)) return false;
  const names = await listInCommit(repository, commit, path.posix.normalize(file));
  return names.some((name) => !/(?:^|\/)(?:\.gitkeep|\.gitignore|[^/]*\.dvc)$/.test(name));
}

async function readArtifact(
  store: RunStore,
  runId: string,
  name: string,
  limit: number,
): Promise<Uint8Array | undefined> {
  try {
    return (await store.readArtifact(runId, name, { limit })).bytes;
  } catch (error) {
    if (error instanceof ExpectedError && error.code === 'unknown-name') return undefined;
    throw error;
  }
}

/** Throws `unknown-name` when only the commit is missing, else `bad-input`, with everything that is. */
export function refuseMissing(name: string, missing: ReproductionPlan['missing']): void {
  if (missing.length === 0) return;
  const message = `${name} can't be reproduced. ${missing.map((one) => one.message).join(' ')}`;
  if (missing.every(({ what }) => what === 'commit')) throw new ExpectedError('unknown-name', message);
  throw new ExpectedError('bad-input', message);
}
