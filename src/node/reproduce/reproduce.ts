import { symlink } from 'node:fs/promises';
import path from 'node:path';
import { flattenParams } from '../../core/config/config.ts';
import {
  compareHistories,
  dataPathOf,
  planReproduction,
  type Agreement,
  type HashedData,
  type ReproductionPlan,
} from '../../core/reproduce/reproduce.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import type { MetricHistory, RunSummary } from '../../protocol/tracking.ts';
import { exists, isDirectory } from '../files/files.ts';
import type { Installation } from '../installation/installation.ts';
import type { Project } from '../project/project.ts';
import { openStore, openStores, resolveStoreUri, type RunStore } from '../tracking/tracking.ts';
import { listOverrides, readConfig, train, type TrainDocument, type TrainReporter } from '../training/training.ts';
import { lookAt, openRepository, refuseMissing, withPatch, type Repository } from './facts.ts';
import { restoreData, shareCache } from './restoring.ts';

export interface ReproduceRequest {
  /** Id, unique prefix, name, `@last`, `@best`. */
  readonly run: string;
  /** Folder of the work tree; default: beside the repository. Must not be there yet. */
  readonly into?: string | undefined;
  readonly tolerance?: number | undefined;
  /** The work tree stays. */
  readonly keeps: boolean;
  /** Value of `--store`. */
  readonly store?: string | undefined;
  readonly cwd: string;
  readonly installation: Installation;
  readonly env: NodeJS.ProcessEnv;
}

/** `mlops runs reproduce --dry-run`. */
export interface PlannedReproduction extends ReproductionPlan {
  /** Absolute path of the work tree that is made. */
  readonly folder: string;
}

/** `mlops runs reproduce`. */
export interface ReproductionDocument extends Agreement {
  readonly reproduces: string;
  /** The run that was made. */
  readonly runId: string;
  readonly outcome: TrainDocument['outcome'];
  readonly reason: string | null;
  readonly tolerance: number;
  readonly notes: readonly string[];
  /** The work tree, where it was kept. */
  readonly folder: string | null;
}

interface Ground {
  readonly project: Project;
  readonly request: ReproduceRequest;
  readonly repository: Repository;
  readonly store: RunStore;
  readonly run: RunSummary;
  readonly plan: PlannedReproduction;
}

/** What would be done, and what is missing for it; nothing is changed. */
export async function planOnly(
  project: Project,
  request: ReproduceRequest,
  signal: AbortSignal,
): Promise<PlannedReproduction> {
  return (await prepare(project, request, signal)).plan;
}

/** As {@link planOnly}; throws when something is missing: `unknown-name` for its commit, `bad-input`. */
export async function requirePlan(
  project: Project,
  request: ReproduceRequest,
  signal: AbortSignal,
): Promise<PlannedReproduction> {
  const plan = await planOnly(project, request, signal);
  refuseMissing(plan.name, plan.missing);
  return plan;
}

/**
 * Trains a run again in a work tree of its commit, with its changes, its data, seed, backend and threads, and compares what both logged.
 * Throws before anything is made when something is missing (`unknown-name` for its commit, `bad-input`). The work tree is gone afterwards
 * however it ends, unless it is to be kept.
 */
export async function reproduce(
  project: Project,
  request: ReproduceRequest,
  reporter: TrainReporter,
  signal: AbortSignal,
): Promise<ReproductionDocument> {
  const ground = await prepare(project, request, signal);
  const { plan, repository } = ground;
  refuseMissing(plan.name, plan.missing);
  if (await exists(plan.folder))
    throw new ExpectedError('target-exists', `${plan.folder} is there already. Name another folder with --into.`);
  for (const note of plan.notes) reporter.warning(note);
  try {
    // A path in the config begins in the project that is asked, not in its copy.
    const copy = await makeCopy(ground, reporter, signal);
    const store = await chooseStore(ground, copy);
    return await conclude(ground, store, await repeat(ground, copy, store, { reporter, signal }));
  } finally {
    if (request.keeps) reporter.note(`The work tree stays: ${plan.folder}`);
    else await repository.history.removeWorktree(plan.folder);
  }
}

async function prepare(project: Project, request: ReproduceRequest, signal: AbortSignal): Promise<Ground> {
  const { env, cwd, into, tolerance } = request;
  const { store, run } = await (await openStores({ project, option: request.store, env, cwd })).find(request.run);
  const repository = await openRepository(project, env);
  const plan = planReproduction(await lookAt({ project, store, run, repository, env, signal }), tolerance);
  const { top } = repository;
  const beside = path.join(path.dirname(top), `${path.basename(top)}-${run.runId.slice(0, 8)}`);
  const folder = into === undefined ? beside : path.resolve(cwd, into);
  return { project, request, repository, store, run, plan: { ...plan, folder } };
}

/** The work tree, with the run's changes and data. */
async function makeCopy(
  { project, request, repository, plan, store, run }: Ground,
  reporter: TrainReporter,
  signal: AbortSignal,
): Promise<Copy> {
  const { history, place } = repository;
  const env = withoutStage(request.env);
  reporter.note(`Checking out ${plan.commit.slice(0, 8)} into ${plan.folder}.`);
  await history.addWorktree(plan.folder, plan.commit);
  if (plan.patch) await withPatch({ store, run }, (file) => history.apply(file, plan.folder));
  const root = path.join(plan.folder, ...place.split('/'));
  await shareCache(project, { root }, env);
  await sharePackages(project, { root });
  await restoreData({ root }, plan.data, { env, signal });
  return { root, env, overrides: await listSettings({ root }, plan, run) };
}

interface Copy extends Project {
  readonly env: NodeJS.ProcessEnv;
  readonly overrides: readonly string[];
}

/** URI of the store that takes the new run: that of the project, as the config of the copy names it. */
async function chooseStore({ project, request, plan }: Ground, copy: Copy): Promise<string> {
  const { config } = await readConfig(copy, plan.config, { cwd: copy.root, overrides: copy.overrides });
  return resolveStoreUri({ project, option: request.store, env: copy.env, config, cwd: request.cwd });
}

function repeat(
  { request, plan, run }: Ground,
  { root, env, overrides }: Copy,
  store: string,
  { reporter, signal }: { readonly reporter: TrainReporter; readonly signal: AbortSignal },
): Promise<TrainDocument> {
  const { installation } = request;
  const reproduces = { runId: run.runId, data: dataOf(run, plan.data) };
  const training = { config: plan.config, cwd: root, installation, env, overrides, store, reproduces };
  return train({ root }, training, reporter, signal);
}

/** The seed is among the run's params; the backend is the one that it really had. */
async function listSettings(copy: Project, plan: ReproductionPlan, run: RunSummary): Promise<readonly string[]> {
  const { config } = await readConfig(copy, plan.config, { cwd: copy.root });
  return [
    ...listOverrides(run.params, flattenParams(config)),
    ...(plan.backend === null ? [] : [`training.backend=${plan.backend}`]),
  ];
}

function dataOf(run: RunSummary, data: readonly HashedData[]): { path: string; md5: string } | undefined {
  const file = dataPathOf(run);
  return data.find(({ path: one }) => path.posix.normalize(one) === path.posix.normalize(file ?? ''));
}

/** The copy is no stage of a pipeline that this process may have been started by. */
function withoutStage(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !stageVariables.has(name)));
}

const stageVariables: ReadonlySet<string> = new Set(['DVC_STAGE', 'MLOPS_STAGE_TOKEN']);

/** Packages are not in git: those that are installed are used. */
async function sharePackages(project: Project, copy: Project): Promise<void> {
  const packages = path.join(project.root, 'node_modules');
  const place = path.join(copy.root, 'node_modules');
  if ((await exists(packages)) && !(await isDirectory(place))) await symlink(packages, place, 'junction');
}

async function conclude(
  { store, run, plan, request }: Ground,
  uri: string,
  document: TrainDocument,
): Promise<ReproductionDocument> {
  const before = await readHistories(store, run);
  const after = await readHistories(openStore(uri), document);
  const { runId, outcome, reason } = document;
  const { tolerance } = plan;
  const notes = [...plan.notes, ...tellThreads(plan.threads, document.tags['mlops.threads'])];
  const folder = request.keeps ? plan.folder : null;
  return {
    ...{ reproduces: run.runId, runId, outcome, reason, tolerance, notes, folder },
    ...compareHistories(before, after, tolerance),
  };
}

/** How many threads there are is the machine's matter: sums come out in another order with another number. */
function tellThreads(before: string | null, after: string | undefined): readonly string[] {
  if (before === null || after === undefined || before === after) return [];
  return [`It had ${before} threads then, and ${after} now.`];
}

async function readHistories(
  store: RunStore,
  { runId, metrics }: RunSummary,
): Promise<Readonly<Record<string, MetricHistory>>> {
  const histories = Object.keys(metrics).map(
    async (metric) => [metric, await store.readHistory(runId, metric)] as const,
  );
  return Object.fromEntries(await Promise.all(histories));
}
