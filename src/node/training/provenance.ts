import { mkdir, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { stringify } from 'yaml';
import type { ModelConfig } from '../../core/config/config.ts';
import { isMapping, parseYaml } from '../../core/yaml/yaml.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import { readTextIfExists } from '../files/files.ts';
import { openGit, type Git } from '../git/git.ts';
import type { Project } from '../project/project.ts';

/** A path that DVC has hashed: an entry of `dvc.lock` or of a `.dvc` file, as it stands there. */
export interface HashedPath {
  readonly path: string;
  readonly md5: string;
  readonly [key: string]: unknown;
}

/** `dvc.lock` of 5,000 stages has 1.3 MB (reliability T14). */
const lockLimits = { maxLength: 64 << 20, maxDepth: 64 };
const MAX_PATCH_BYTES = 50 << 20;

/** Who runs this; the account's name, where the system knows one. */
export function readUser(env: NodeJS.ProcessEnv): string {
  try {
    return os.userInfo().username;
  } catch {
    // A container's user may have no account.
    return env['USER'] ?? env['USERNAME'] ?? 'unknown';
  }
}

/** MLflow's tags for the commit that is checked out; none outside a repository. */
export async function readGitTags(git: Git): Promise<Readonly<Record<string, string>>> {
  const head = await git.head();
  if (head === undefined) return {};
  return {
    'mlflow.source.git.commit': head.commit,
    ...(head.branch === null ? {} : { 'mlflow.source.git.branch': head.branch }),
  };
}

export function openProjectGit(project: Project, env: NodeJS.ProcessEnv): Git {
  return openGit(project.root, { env });
}

/** Keeps what differs from the commit as `mlops/dirty.patch`; gives a sentence when that is not possible. */
export async function keepPatch(git: Git, artifacts: string): Promise<string | undefined> {
  try {
    if ((await git.head()) === undefined || !(await git.isDirty())) return undefined;
    const patch = await git.diff();
    if (patch.byteLength > MAX_PATCH_BYTES)
      return `The changes against the last commit have ${patch.byteLength} bytes; they are not kept with the run.`;
    await mkdir(path.join(artifacts, 'mlops'), { recursive: true });
    await writeFile(path.join(artifacts, 'mlops', 'dirty.patch'), patch);
    return undefined;
  } catch (error) {
    if (!(error instanceof ExpectedError)) throw error;
    return `The changes against the last commit are not kept with the run: ${error.message}`;
  }
}

/** What `dvc.lock` (or a `.dvc` file) says about `file`, a path relative to the project; undefined when it says nothing. */
export async function findHash(project: Project, file: string): Promise<HashedPath | undefined> {
  const wanted = path.posix.normalize(file).replace(/\/$/, '');
  const lock = await readYaml(path.join(project.root, 'dvc.lock'));
  const stages = isMapping(lock) && isMapping(lock['stages']) ? Object.values(lock['stages']) : [];
  const own = await readYaml(path.join(project.root, `${wanted}.dvc`));
  // An output is what was written last; a dependency may be older.
  const lists = [
    ...stages.map((stage) => (isMapping(stage) ? stage['outs'] : undefined)),
    isMapping(own) && Array.isArray(own['outs'])
      ? own['outs'].map((out: unknown) => (isMapping(out) ? { ...out, path: wanted } : out))
      : undefined,
    ...stages.map((stage) => (isMapping(stage) ? stage['deps'] : undefined)),
  ];
  return lists
    .flatMap((list) => (Array.isArray(list) ? (list as unknown[]) : []))
    .find((entry): entry is HashedPath => isHashed(entry) && path.posix.normalize(entry.path) === wanted);
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
