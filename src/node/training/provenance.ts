import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { stringify } from 'yaml';
import type { ModelConfig } from '../../core/config/config.ts';
import { findConfig } from '../../core/git/git.ts';
import { isMapping, parseYaml } from '../../core/yaml/yaml.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import { readTextIfExists } from '../files/files.ts';
import { openGit, type Git } from '../git/git.ts';
import { readStatus } from '../pipeline/pipeline.ts';
import type { Project } from '../project/project.ts';
import { readUntrackedCode } from './untracked.ts';

/** A path that DVC has hashed: an entry of `dvc.lock` or of a `.dvc` file, as it stands there. */
export interface HashedPath {
  readonly path: string;
  readonly md5: string;
  readonly [key: string]: unknown;
}

/** `dvc.lock` of 5,000 stages has 1.3 MB (reliability T14). */
const lockLimits = { maxLength: 64 << 20, maxDepth: 64 };
const MAX_PATCH_BYTES = 50 << 20;
const SHOWN_FILES = 5;

/** MLflow's tags for the commit that is checked out; none outside a repository. */
export async function readGitTags(git: Git): Promise<Readonly<Record<string, string>>> {
  const head = await git.head();
  if (head === undefined) return {};
  const { commit, branch } = head;
  if (branch === null) return { 'mlflow.source.git.commit': commit };
  // What the branch is for, as "mlops flow feature start --experiment" or a person ("git branch --edit-description") has said.
  const note =
    findConfig(await git.readConfig(), `branch.${branch}.description`)
      ?.split('\n')[0]
      ?.trim() ?? '';
  return {
    'mlflow.source.git.commit': commit,
    'mlflow.source.git.branch': branch,
    ...(note === '' ? {} : { 'mlops.branch_note': note }),
  };
}

export function openProjectGit(project: Project, env: NodeJS.ProcessEnv): Git {
  return openGit(project.root, { env });
}

/**
 * Keeps what differs from the commit as `mlops/dirty.patch`, code that git does not track yet included; gives a sentence when that is
 * not possible, or not wholly.
 */
export async function keepPatch(git: Git, project: Project, artifacts: string): Promise<string | undefined> {
  try {
    if ((await git.head()) === undefined) return undefined;
    const untracked = await readUntrackedCode(git, project);
    const tracked = (await git.isDirty()) ? await git.diff() : Buffer.alloc(0);
    const patch = Buffer.concat([tracked, Buffer.from(untracked.patch)]);
    if (patch.byteLength > MAX_PATCH_BYTES)
      return `The changes against the last commit have ${patch.byteLength} bytes; they are not kept with the run.`;
    if (patch.byteLength > 0) {
      await mkdir(path.join(artifacts, 'mlops'), { recursive: true });
      await writeFile(path.join(artifacts, 'mlops', 'dirty.patch'), patch);
    }
    return describeLeftOut(untracked.leftOut);
  } catch (error) {
    if (!(error instanceof ExpectedError)) throw error;
    return `The changes against the last commit are not kept with the run: ${error.message}`;
  }
}

function describeLeftOut(files: readonly string[]): string | undefined {
  if (files.length === 0) return undefined;
  const shown = files.slice(0, SHOWN_FILES).join(', ');
  const rest = files.length > SHOWN_FILES ? ` and ${files.length - SHOWN_FILES} more` : '';
  return `Not kept with the run, because git does not track them and they are no text or too much: ${shown}${rest}.`;
}

interface DataQuery {
  /** Path relative to the project. */
  readonly file: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  /** Inside a stage the pipeline has just seen to it that its dependencies are what their lock says. */
  readonly isInStage: boolean;
}

/**
 * The hash of the data as `dvc.lock` or a `.dvc` file has it, as long as that is what stands on the disk: the pipeline's status tells,
 * which reads only files that were not hashed before. Without a hash that is sure there may be a sentence why.
 */
export async function findData(
  project: Project,
  query: DataQuery,
): Promise<{ readonly data: HashedPath | undefined; readonly warning?: string }> {
  const records = await findRecords(project, query.file);
  const [first] = records;
  if (first === undefined || query.isInStage) return { data: first?.entry };
  const outdated = new Set<string>();
  for (const record of records) {
    if (outdated.has(record.entry.md5)) continue;
    const verdict = await compareWithDisk(project, record, query);
    if (verdict === 'same') return { data: record.entry };
    if (verdict === 'changed') outdated.add(record.entry.md5);
  }
  const why =
    outdated.size > 0
      ? `${query.file} is not what dvc.lock has recorded ("mlops status" tells more)`
      : `nothing tells whether ${query.file} is still what was recorded`;
  return { data: undefined, warning: `The run gets no hash of its data (tag mlops.data): ${why}.` };
}

/** A path with its hash, and the stage whose output or dependency it is; no stage for a `.dvc` file. */
interface HashRecord {
  readonly entry: HashedPath;
  readonly stage?: string;
  readonly kind?: 'out' | 'dep';
}

/** Whatever says something about `file`: outputs first (what was written last), then `.dvc` files, then dependencies (may be older). */
async function findRecords(project: Project, file: string): Promise<readonly HashRecord[]> {
  const wanted = path.posix.normalize(file).replace(/\/$/, '');
  const lock = await readYaml(path.join(project.root, 'dvc.lock'));
  const stages = Object.entries(isMapping(lock) && isMapping(lock['stages']) ? lock['stages'] : {});
  const own = await readYaml(path.join(project.root, `${wanted}.dvc`));
  const pick = (parent: unknown, key: 'outs' | 'deps'): readonly HashedPath[] => {
    const list = isMapping(parent) ? parent[key] : undefined;
    return Array.isArray(list) ? (list as unknown[]).filter(isHashed) : [];
  };
  const isWanted = ({ entry }: HashRecord): boolean => path.posix.normalize(entry.path) === wanted;
  return [
    ...stages.flatMap(([stage, value]) => pick(value, 'outs').map((entry) => ({ entry, stage, kind: 'out' as const }))),
    ...pick(own, 'outs').map((entry) => ({ entry: { ...entry, path: wanted } })),
    ...stages.flatMap(([stage, value]) => pick(value, 'deps').map((entry) => ({ entry, stage, kind: 'dep' as const }))),
  ].filter(isWanted);
}

async function compareWithDisk(
  project: Project,
  { entry, stage, kind }: HashRecord,
  { env, signal }: DataQuery,
): Promise<'same' | 'changed' | 'unknown'> {
  if (stage === undefined) return 'unknown';
  try {
    const { stages } = await readStatus(project, { stages: [stage], env, signal });
    const status = stages.find(({ name }) => name === stage);
    // Of these the pipeline does not look at every path.
    if (status === undefined || status.state === 'needs-dvc') return 'unknown';
    if (status.state === 'frozen' && kind === 'dep') return 'unknown';
    const reason = status.reasons.find((candidate) => candidate.kind === kind && candidate.path === entry.path);
    if (reason === undefined) return 'same';
    return reason.change === 'not-in-cache' ? 'unknown' : 'changed';
  } catch (error) {
    // A stage that is not in dvc.yaml any more, files that can't be read, a stop.
    if (error instanceof ExpectedError || signal.aborted) return 'unknown';
    throw error;
  }
}

/**
 * Keeps `mlops/stage.lock.yaml`: what went in, in the form of a `dvc.lock` entry. The hash of the data is the lock's; the stage's
 * outputs get theirs only after it has ended, so they are not in it.
 */
export async function keepStageLock(
  artifacts: string,
  stage: { name: string; cmd: string; configFile: string; config: ModelConfig; data: HashedPath | undefined },
): Promise<void> {
  const { data, model, training } = stage.config;
  const entry = {
    cmd: stage.cmd,
    ...(stage.data === undefined ? {} : { deps: [stage.data] }),
    params: { [stage.configFile]: { data, model, training } },
  };
  await mkdir(path.join(artifacts, 'mlops'), { recursive: true });
  const text = stringify({ schema: '2.0', stages: { [stage.name]: entry } });
  await writeFile(path.join(artifacts, 'mlops', 'stage.lock.yaml'), text);
}

function isHashed(entry: unknown): entry is HashedPath {
  return isMapping(entry) && typeof entry['path'] === 'string' && typeof entry['md5'] === 'string';
}

/** undefined for a missing or broken file: provenance is kept where it can be had. */
async function readYaml(file: string): Promise<unknown> {
  const text = await readTextIfExists(file);
  return text === undefined ? undefined : parseYaml(text, file, lockLimits).value?.value;
}
