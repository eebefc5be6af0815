import { readdir } from 'node:fs/promises';
import path from 'node:path';
import {
  aliasKey,
  findTopic,
  listAliasMoves,
  parseSettings,
  releaseFiles,
  settleRelease,
  type BranchRun,
  type FlowFacts,
  type FoundCommit,
  type ReleaseFacts,
  type ReleaseModel,
} from '../../core/gitflow/gitflow.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import type { FlowRequest } from '../../protocol/gitflow.ts';
import type { RegisteredModel } from '../../protocol/registry.ts';
import type { RunSummary } from '../../protocol/tracking.ts';
import { isDirectory } from '../files/files.ts';
import { openObjects, type Git } from '../git/git.ts';
import { loadPipeline } from '../pipeline/pipeline.ts';
import type { Project } from '../project/project.ts';
import { findRegisteredVersion, openRegistryOf } from '../registry/registry.ts';
import { openStores, readObjectives, readRunId } from '../tracking/tracking.ts';
import { findOwnProject } from './gates.ts';

interface Place {
  readonly git: Git;
  readonly facts: FlowFacts;
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
}

/** The facts with what a release needs to know, and with the aliases that an action which is taken back has moved. */
export async function withRelease(place: Place, request: FlowRequest): Promise<FlowFacts> {
  const { facts } = place;
  const moves = listAliasMoves(facts.operation?.steps ?? []);
  if (request.action === 'undo' || request.action === 'abort' || request.action === 'continue')
    return moves.length === 0 ? facts : { ...facts, aliases: await readAliases(place, moves) };
  const isLive = facts.operation !== undefined && facts.operation.phase !== 'done';
  if (request.action !== 'finish' || (request.type !== 'release' && request.type !== 'hotfix') || isLive) return facts;
  return { ...facts, release: await readRelease(place, request) };
}

async function readAliases(
  { git, env }: Place,
  moves: ReturnType<typeof listAliasMoves>,
): Promise<ReadonlyMap<string, string | null>> {
  const found = await Promise.all(
    moves.map(async (move) => {
      const { registry } = await openRegistryOf({ project: undefined, env, cwd: git.folder, option: move.store });
      const { aliases } = await registry.readModel(move.model);
      return [aliasKey(move), Object.hasOwn(aliases, move.alias) ? (aliases[move.alias] ?? null) : null] as const;
    }),
  );
  return new Map(found);
}

async function readRelease(place: Place, request: Extract<FlowRequest, { action: 'finish' }>): Promise<ReleaseFacts> {
  const { git, facts, folder, env } = place;
  const { branch } = findTopic(facts, request);
  const commit = facts.branches.find(({ remote, name }) => !remote && name === branch)?.commit ?? '';
  const project = await findOwnProject(git, folder);
  const root = project?.root ?? git.folder;
  const inside = path.relative(git.folder, root).split(path.sep).join('/');
  const { writesFiles } = settleRelease(facts);
  const warnings: string[] = [];
  const remembered = findRemembered(facts, request, { branch, commit });
  const asked =
    remembered !== undefined
      ? await recallModels(place, remembered, warnings)
      : project === undefined
        ? []
        : await tell(warnings, () => readModels(place, project, commit, request.model));
  const commits = writesFiles ? await readWork(git, facts, branch) : [];
  return {
    today: new Date().toISOString().slice(0, 10),
    folder: inside === '' ? '' : `${inside}/`,
    files: writesFiles ? await openObjects(root, { env }).readFiles(commit, releaseFiles) : new Map(),
    isProject: project !== undefined,
    commits,
    runs: project === undefined || commits.length === 0 ? [] : await tell(warnings, () => readRuns(project, env)),
    models: asked,
    warnings,
  };
}

/** The models with which a pull request was opened, where it still waits with these very commits, or the branch is not here to be asked. */
function findRemembered(
  { pullRequests, head }: FlowFacts,
  { pullRequest, model }: Extract<FlowRequest, { action: 'finish' }>,
  { branch, commit }: { readonly branch: string; readonly commit: string },
): readonly ReleaseModel[] | undefined {
  const waiting = pullRequests.find((candidate) => candidate.branch === branch);
  const isAnew = pullRequest !== undefined || model !== waiting?.options.model;
  const isKnown = head !== commit || waiting?.commit === commit;
  return isAnew || !isKnown ? undefined : waiting?.models;
}

/** With the version on which the alias is by now. A registry that can't be read leaves it there; the tag names them all the same. */
async function recallModels(
  { git, facts, env }: Place,
  remembered: readonly ReleaseModel[],
  warnings: string[],
): Promise<readonly ReleaseModel[]> {
  const alias = settleRelease(facts).alias ?? '';
  return Promise.all(
    remembered.map(async (model): Promise<ReleaseModel> => {
      try {
        const { registry } = await openRegistryOf({ project: undefined, env, cwd: git.folder, option: model.store });
        const { aliases } = await registry.readModel(model.name);
        return { ...model, from: Object.hasOwn(aliases, alias) ? (aliases[alias] ?? null) : null };
      } catch (error) {
        if (!(error instanceof ExpectedError)) throw error;
        warnings.push(`The alias of ${model.name} stays where it is: ${error.message}`);
        return { ...model, from: model.version };
      }
    }),
  );
}

/** A store that can't be read holds no release up: what it has to add is left out, and that is said. */
async function tell<T>(
  warnings: string[],
  read: () => Promise<{ found: readonly T[]; warnings?: readonly string[] }>,
): Promise<readonly T[]> {
  try {
    const { found, warnings: more = [] } = await read();
    warnings.push(...more);
    return found;
  } catch (error) {
    if (!(error instanceof ExpectedError) || error.code === 'bad-arguments' || error.code === 'unknown-name')
      throw error;
    warnings.push(`The release is made without what the tracking store knows: ${error.message}`);
    return [];
  }
}

/** What has come since the last release, by the first parents of the branch that is finished. */
export async function readWork(
  git: Git,
  facts: Pick<FlowFacts, 'config' | 'branches'>,
  branch: string,
): Promise<readonly FoundCommit[]> {
  const { production = '' } = parseSettings(facts.config);
  const base = facts.branches.some(({ remote, name }) => !remote && name === production) ? production : branch;
  const fields = (await git.logFirstParents(base, branch)).split('\0');
  const commits: FoundCommit[] = [];
  for (let at = 0; at + 2 < fields.length; at += 3) {
    const [parents = '', subject = '', body = ''] = fields.slice(at, at + 3);
    commits.push({ parents: parents.split(' ').length, subject, body });
  }
  return commits;
}

/** Of each branch the run that is best by the project's objective, else the newest. */
async function readRuns(project: Project, env: NodeJS.ProcessEnv): Promise<{ found: readonly BranchRun[] }> {
  const [{ runs }, objectiveOf] = await Promise.all([
    (await openStores({ project, env, cwd: project.root })).listRuns(),
    readObjectives(project),
  ]);
  const byBranch = Map.groupBy(
    runs.filter(({ status }) => status === 'FINISHED'),
    ({ tags }) => tags['mlflow.source.git.branch'] ?? '',
  );
  byBranch.delete('');
  const found = [...byBranch].map(([branch, own]): BranchRun => {
    const ranked = own.map((run) => ({
      run,
      objective: objectiveOf(run),
      value: bestOf(run, objectiveOf(run)?.metric),
    }));
    const [first] = ranked.sort((a, b) => {
      const sign = a.objective?.direction === 'maximize' ? -1 : 1;
      return sign * ((a.value ?? Infinity * sign) - (b.value ?? Infinity * sign)) || b.run.startTime - a.run.startTime;
    });
    return {
      branch,
      runId: first?.run.runId ?? '',
      note: first?.run.tags['mlflow.note.content'] ?? null,
      metric: first?.value === null ? null : (first?.objective?.metric ?? null),
      value: first?.value ?? null,
    };
  });
  return { found };
}

function bestOf({ metrics }: RunSummary, metric: string | undefined): number | null {
  const summary = metric === undefined ? undefined : metrics[metric];
  return summary?.best?.value ?? summary?.last.value ?? null;
}

interface FoundModels {
  readonly found: readonly ReleaseModel[];
  readonly warnings: readonly string[];
}

/** The versions that the user names, else those that were registered from the runs of the trained models in `models/`. */
async function readModels(
  { facts, env }: Place,
  project: Project,
  commit: string,
  named: string | undefined,
): Promise<FoundModels> {
  if (named === 'none') return { found: [], warnings: [] };
  const open = await openRegistryOf({ project, env, cwd: project.root });
  const alias = settleRelease(facts).alias ?? '';
  const toModel = (
    model: RegisteredModel,
    version: string,
    runId: string | null,
    hash: string | null,
  ): ReleaseModel => ({
    ...{ name: model.name, version, runId, hash, store: open.registry.uri },
    from: Object.hasOwn(model.aliases, alias) ? (model.aliases[alias] ?? null) : null,
  });
  if (named !== undefined) {
    const { model, version } = await findRegisteredVersion(open, named);
    return { found: [toModel(model, version.version, version.runId, null)], warnings: [] };
  }
  const { models } = await open.registry.listModels();
  if (models.length === 0) return { found: [], warnings: [] };
  const trained = facts.head === commit ? await listTrained(project, env) : undefined;
  if (trained === undefined)
    return {
      found: [],
      warnings: ['The branch is not checked out, so that its models are not known: none is named in the tag.'],
    };
  return matchModels(models, trained, toModel);
}

function matchModels(
  models: readonly RegisteredModel[],
  trained: readonly Trained[],
  toModel: (model: RegisteredModel, version: string, runId: string | null, hash: string | null) => ReleaseModel,
): FoundModels {
  const found: ReleaseModel[] = [];
  const warnings: string[] = [];
  for (const { folder, runId, hash } of trained) {
    const own = models.flatMap((model) => {
      const version = model.versions.find((candidate) => candidate.runId === runId);
      return version === undefined ? [] : [toModel(model, version.version, runId, hash)];
    });
    found.push(...own);
    if (own.length === 0)
      warnings.push(
        `${folder} (run ${runId.slice(0, 8)}) is no version of a registered model, so that the release does not name it. Register it first: mlops models register ${runId.slice(0, 8)} --name NAME.`,
      );
  }
  return { found, warnings };
}

interface Trained {
  /** As models/digits. */
  readonly folder: string;
  readonly runId: string;
  readonly hash: string | null;
}

async function listTrained(project: Project, env: NodeJS.ProcessEnv): Promise<readonly Trained[]> {
  const names = await readdir(path.join(project.root, 'models')).catch(() => [] as string[]);
  const { locks } = await loadPipeline(project, { env });
  const outs = [...locks.values()].flatMap(({ stages }) => [...stages.values()].flatMap((stage) => stage.outs));
  const found = await Promise.all(
    names.sort().map(async (name): Promise<readonly Trained[]> => {
      const folder = `models/${name}`;
      const absolute = path.join(project.root, folder);
      const runId = (await isDirectory(absolute)) ? await readRunId(absolute) : undefined;
      if (runId === undefined) return [];
      const md5 = outs.find((out) => out.path.replace(/\/$/, '') === folder)?.md5;
      return [{ folder, runId, hash: md5 === undefined ? null : `md5:${md5}` }];
    }),
  );
  return found.flat();
}
