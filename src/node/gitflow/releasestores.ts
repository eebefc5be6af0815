import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { listAliasMoves } from '../../core/gitflow/gitflow.ts';
import {
  aliasKey,
  settleRelease,
  type BranchRun,
  type FlowFacts,
  type GitStep,
  type ReleaseModel,
} from '../../core/gitflow/gitflow.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import type { RegisteredModel } from '../../protocol/registry.ts';
import type { RunSummary } from '../../protocol/tracking.ts';
import { isDirectory } from '../files/files.ts';
import type { Git } from '../git/git.ts';
import { loadPipeline } from '../pipeline/pipeline.ts';
import type { Project } from '../project/project.ts';
import { findRegisteredVersion, moveAlias as moveInRegistry, openRegistryOf } from '../registry/registry.ts';
import { openStores, readObjectives, readRunId } from '../tracking/tracking.ts';
import { readUser } from '../user/user.ts';

// What a release takes from stores and registries, and changes there. Loaded only where there is one: most actions need none of it.

interface Place {
  readonly git: Git;
  readonly facts: FlowFacts;
  readonly env: NodeJS.ProcessEnv;
}

/** Versions on which the aliases stand that an action has moved. */
export async function readAliases(
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

/** With the version on which the alias is by now. A registry that can't be read leaves it there; the tag names them all the same. */
export async function recallModels(
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

/** Of each branch the run that is best by the project's objective, else the newest. */
export async function readRuns(project: Project, env: NodeJS.ProcessEnv): Promise<{ found: readonly BranchRun[] }> {
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
export async function readModels(
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

export async function moveAlias(
  step: Extract<GitStep, { kind: 'move-alias' }>,
  { git, env }: Pick<Place, 'git' | 'env'>,
): Promise<void> {
  const { store, model: name, alias, from, to, reason, isUndo } = step;
  const open = await openRegistryOf({ project: undefined, env, cwd: git.folder, option: store });
  const { aliases } = await open.registry.readModel(name);
  const now = Object.hasOwn(aliases, alias) ? (aliases[alias] ?? null) : null;
  if (now === to) return;
  await moveInRegistry(open, { name, alias, from, to, user: readUser(env), time: Date.now(), reason, isUndo });
}
