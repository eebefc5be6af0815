import path from 'node:path';
import { ExpectedError } from '../../protocol/errors.ts';
import type { StageOutcome } from '../../protocol/outcome.ts';
import type { RunDocument, StageResult } from '../../protocol/pipeline.ts';
import { formatProblem } from '../../protocol/problem.ts';
import {
  activeNeeds,
  overlaps,
  planRun as planSteps,
  selectStages,
  type PipelineGraph,
  type RunOptions as SelectOptions,
  type RunPlan,
  type Stage,
} from '../../core/pipeline/pipeline.ts';
import type { DataFile } from '../../core/data/data.ts';
import { installationEnvironment, type Installation } from '../installation/installation.ts';
import { takeLock } from '../locks/locks.ts';
import { ensurePrivateFolders, projectPaths, type Project } from '../project/project.ts';
import { putBackLeftOuts } from './aside.ts';
import { guardAgainstDvc, type DvcGuard } from './dvcguard.ts';
import { DvcTurns } from './dvcturns.ts';
import { Workspace } from './facts.ts';
import { ensureDvcFolder } from './gitfiles.ts';
import { loadPipeline, lockedStage, type LoadedPipeline } from './load.ts';
import { writeRunning } from './memory.ts';
import { stopOrphans, sweepTemporaries } from './orphans.ts';
import { RunRecords } from './records.ts';
import { performInOrder } from './sidebyside.ts';
import { bringSourceUpToDate } from './sources.ts';
import { runStage } from './stagerun.ts';
import type { PipelineReporter, StageContext } from './stagecontext.ts';
import { judgeStages, refuseProblems, resolveTargets } from './status.ts';
import { readersOf, waitsOf, withSources, type Step } from './steps.ts';

/** What a run is asked to bring up to date. */
interface PipelineSelection {
  /** Addresses; a group's name or a dvc.yaml stands for its stages. Empty: all. */
  readonly stages: readonly string[];
  readonly single: boolean;
  readonly downstream: boolean;
  readonly force: boolean;
}

export interface PipelineRunOptions extends PipelineSelection {
  readonly keepGoing: boolean;
  /** A stage that fails or is stopped gets back the outputs that it had before (DVC leaves it without). */
  readonly keepOutputs: boolean;
  /** Stages at the same time, at least 1. */
  readonly jobs: number;
}

export interface PipelineRunTools {
  readonly installation: Installation;
  readonly env: NodeJS.ProcessEnv;
  readonly reporter: PipelineReporter;
  readonly signal: AbortSignal;
}

/**
 * Runs what is stale, in DVC's order, and writes dvc.lock after each stage. How stages end is told in the document; thrown are
 * wrong input (`bad-input`, `missing-param`, `unknown-name`) and another process at work (`busy`), before anything is touched.
 */
export async function runPipeline(
  project: Project,
  options: PipelineRunOptions,
  tools: PipelineRunTools,
): Promise<RunDocument> {
  refuseInsideStage(project, tools.env);
  await ensurePrivateFolders(project);
  const command = ['mlops run', ...options.stages].join(' ');
  const lock = await takeLock(path.join(projectPaths.locks(project), 'project.json'), command, {
    stages: options.stages,
    logFile: null,
  });
  try {
    const left = await stopOrphans(project);
    for (const stage of left)
      tools.reporter({ type: 'note', text: `Ended what a killed run had left running of the stage ${stage}.` });
    return await runLocked(project, options, tools, command);
  } finally {
    await lock.release();
  }
}

/** What {@link runPipeline} would do; nothing is written. */
export async function planRun(
  project: Project,
  options: PipelineSelection,
  { env, signal }: Pick<PipelineRunTools, 'env' | 'signal'>,
): Promise<RunPlan> {
  const loaded = await loadPipeline(project, { env });
  refuseProblems(loaded);
  const workspace = await Workspace.open(loaded, { env, signal });
  const selection = toSelection(loaded.graph, options);
  const status = await judgeStages(loaded, workspace, undefined);
  refuseProblems(workspace);
  return planSteps(loaded.graph, status, selection);
}

function toSelection(graph: PipelineGraph, options: PipelineSelection): SelectOptions {
  const { single, downstream, force } = options;
  return { targets: [...(resolveTargets(graph, options.stages) ?? [])], single, downstream, force };
}

/** Of many stages those that need DVC are passed over; one that is asked for by name is an error. */
function refuseForDvc({ graph }: LoadedPipeline, names: readonly string[]): void {
  for (const name of names) {
    const stage = graph.byName.get(name);
    const [what] = stage?.unsupported ?? [];
    if (stage === undefined || what === undefined) continue;
    const problem = { ...stage.place, severity: 'error' as const, message: `${stage.key}: Needs DVC: ${what}.` };
    throw new ExpectedError('not-supported', `Only DVC can run ${name}: dvc repro ${name}`, [problem]);
  }
}

/** A stage that ran its own pipeline would wait for itself. */
function refuseInsideStage(project: Project, env: NodeJS.ProcessEnv): void {
  const stage = env['DVC_STAGE'];
  const root = env['DVC_ROOT'];
  if (stage === undefined || (root !== undefined && path.resolve(root) !== project.root)) return;
  throw new ExpectedError(
    'busy',
    `"mlops run" was started inside the stage "${stage}", which a run of this pipeline waits for. Name the work as stages of their own instead.`,
  );
}

async function runLocked(
  project: Project,
  options: PipelineRunOptions,
  tools: PipelineRunTools,
  command: string,
): Promise<RunDocument> {
  const loaded = await loadPipeline(project, tools);
  refuseProblems(loaded);
  refuseForDvc(loaded, options.stages);
  await putBackOuts(loaded, tools);
  for (const problem of loaded.problems) tools.reporter({ type: 'note', text: formatProblem(problem) });
  const stages = selectStages(loaded.graph, toSelection(loaded.graph, options));
  const workspace = await Workspace.open(loaded, { env: tools.env, signal: tools.signal });
  await refuseMissingParams(loaded, workspace, stages);
  let guard: DvcGuard | undefined;
  const turns = new DvcTurns();
  const prepare = once(async () => {
    await ensureDvcFolder(loaded);
    guard = await guardAgainstDvc(project, pathsOf(stages, loaded.data), { cmd: command, signal: tools.signal });
    await turns.take(guard);
    await sweepTemporaries(project, [...stages, ...loaded.data]);
    await workspace.cache.sweep();
  });
  const environment = once(() => stageEnvironment(project, tools));
  const { reporter, signal } = tools;
  const { force, keepOutputs } = options;
  const records = new RunRecords(project, stages);
  const context = { loaded, workspace, force, keepOutputs, records, prepare, turns, environment, reporter, signal };
  let isWhole = false;
  try {
    const document = await visit(stages, context, options);
    isWhole = options.stages.length === 0 && document.outcome === 'succeeded';
    return document;
  } finally {
    await Promise.all([guard?.release(), workspace.save({ prune: isWhole })]);
    if (guard !== undefined) await writeRunning(project, null);
  }
}

/** A killed run with --keep-outputs has left them out of their place. */
async function putBackOuts(loaded: LoadedPipeline, { reporter }: PipelineRunTools): Promise<void> {
  const { graph, project } = loaded;
  const stages = await putBackLeftOuts(project, (name) => {
    const stage = graph.byName.get(name);
    return stage === undefined ? undefined : lockedStage(loaded, stage);
  });
  for (const stage of stages)
    reporter({ type: 'note', text: `Put back the outputs that a killed run had taken from the stage ${stage}.` });
}

async function visit(
  stages: readonly Stage[],
  context: StageContext,
  options: PipelineRunOptions,
): Promise<RunDocument> {
  const { graph } = context.loaded;
  const steps = withSources(stages, context.loaded, options);
  const results = new Map<string, StageResult>();
  const blocked = new Map<string, string>();
  const pace = { jobs: options.jobs, waits: waitsOf(steps, graph), signal: context.signal };
  await performInOrder(steps, pace, async (step, signal) => {
    const { name } = step;
    const reason = blocked.get(name);
    const result = await context.turns.atWork(() => visitStep(step, { ...context, signal }, reason));
    if (result === undefined) return;
    context.reporter({ type: 'stage-ended', stage: name, result });
    results.set(name, result);
    const why = reasonToHold(result);
    if (why === undefined) return;
    const isOver = result.outcome !== 'blocked' && !options.keepGoing;
    const others = isOver ? steps.map((other) => other.name) : readersOf(step, graph);
    for (const other of others) if (!blocked.has(other)) blocked.set(other, why);
  });
  const inOrder = steps.flatMap(({ name }) => results.get(name) ?? []);
  const ends = new Set(inOrder.map(({ outcome }) => endOfRun[outcome]));
  const isStopped = context.signal.aborted || ends.has('stopped');
  return { outcome: isStopped ? 'stopped' : ends.has('failed') ? 'failed' : 'succeeded', stages: inOrder };
}

/** Why what comes after a stage does not start; undefined where it does. */
function reasonToHold({ name, outcome, reason }: StageResult): string | undefined {
  switch (outcome) {
    case 'failed':
      return `${name} failed`;
    case 'stopped':
      return `${name} was stopped`;
    case 'blocked':
      return reason ?? '';
    case 'succeeded':
    case 'skipped':
    case 'restored':
      return undefined;
  }
}

/** What a stage's outcome makes of the whole run, unless another stage makes it worse. */
const endOfRun: Readonly<Record<StageOutcome, RunDocument['outcome']>> = {
  succeeded: 'succeeded',
  skipped: 'succeeded',
  restored: 'succeeded',
  // By a stage that failed, or by one that could not be read: that one says so.
  blocked: 'succeeded',
  failed: 'failed',
  stopped: 'stopped',
};

/** Undefined for tracked data with which there was nothing to do. */
async function visitStep(
  step: Step,
  context: StageContext,
  blocked: string | undefined,
): Promise<StageResult | undefined> {
  if (step.source === undefined) return visitStage(step.stage, context, blocked);
  if (context.signal.aborted || blocked !== undefined) return undefined;
  return bringSourceUpToDate(step.source, context);
}

async function visitStage(stage: Stage, context: StageContext, blocked: string | undefined): Promise<StageResult> {
  const { name, unsupported } = stage;
  const [what] = unsupported;
  if (what !== undefined) return { name, outcome: 'skipped', seconds: 0, reason: `needs DVC: ${what}` };
  const reason = context.signal.aborted ? 'the run was stopped' : (blocked ?? (await findUnmade(stage, context)));
  return reason === undefined ? runStage(stage, context) : { name, outcome: 'blocked', seconds: 0, reason };
}

/** A stage waits for DVC while an output that only DVC can make is not there; what is there is used as it stands. */
async function findUnmade(stage: Stage, { loaded, workspace }: StageContext): Promise<string | undefined> {
  const inputs = [...stage.deps, ...stage.params];
  for (const name of activeNeeds(loaded.graph, stage.name)) {
    const need = loaded.graph.byName.get(name);
    if (need === undefined || need.unsupported.length === 0) continue;
    const outs = need.outs.filter((out) => inputs.some(({ file }) => overlaps(file, out.file)));
    for (const out of outs) if ((await workspace.hash(out.file)) === undefined) return `${name} needs DVC`;
  }
  return undefined;
}

/** Params that no stage can bring forth are missed before anything runs, with their line in dvc.yaml. */
async function refuseMissingParams(
  { graph }: LoadedPipeline,
  workspace: Workspace,
  stages: readonly Stage[],
): Promise<void> {
  const outs = graph.stages.flatMap((stage) => stage.outs.map(({ file }) => file));
  const isMade = (file: string): boolean => outs.some((out) => overlaps(out, file));
  const problems = [];
  for (const stage of stages.filter(({ unsupported }) => unsupported.length === 0)) {
    for (const file of stage.params) {
      const values = await workspace.readParams(file);
      if (stage.frozen || (values === undefined && isMade(file.file))) continue;
      const missing = values === undefined ? [] : file.keys.filter((key) => !values.has(key));
      const message =
        values === undefined
          ? `${stage.key}: the params file ${file.path} does not exist.`
          : `${stage.key}: ${file.path} has no ${missing.map((key) => `"${key}"`).join(', ')}.`;
      if (values === undefined || (missing.length > 0 && !isMade(file.file)))
        problems.push({ ...file.place, severity: 'error' as const, message });
    }
  }
  refuseProblems(workspace);
  if (problems.length > 0) throw new ExpectedError('missing-param', 'Params are missing:', problems);
}

function pathsOf(stages: readonly Stage[], data: readonly DataFile[]): { read: string[]; write: string[] } {
  const write = new Set([...stages, ...data].flatMap(({ outs }) => outs.map(({ file }) => file)));
  const inputs = stages.flatMap(({ deps, params }) => [...deps, ...params].map(({ file }) => file));
  return { read: [...new Set(inputs)].filter((file) => !write.has(file)), write: [...write] };
}

/** Environment of every stage: our own commands first in PATH, and the project's tracking store, which is made to stand. */
async function stageEnvironment(project: Project, { installation, env }: PipelineRunTools): Promise<NodeJS.ProcessEnv> {
  const { ensureStore, openStore, resolveStoreUri, storeEnvironment } = await import('../tracking/tracking.ts');
  const uri = await resolveStoreUri({ project, env });
  if (uri.startsWith('file:')) await ensureStore(openStore(uri));
  return {
    ...installationEnvironment(installation, env, { first: pythonDebugging(installation, env) }),
    // Output goes through a pipe, where Python would hold it back until the end.
    PYTHONUNBUFFERED: env['PYTHONUNBUFFERED'] ?? '1',
    DVC_ROOT: project.root,
    ...storeEnvironment(uri, env),
  };
}

/** An editor that debugs this run sees every Python that starts: see scripts/launchers/python-debug. */
function pythonDebugging({ bin }: Installation, env: NodeJS.ProcessEnv): readonly string[] {
  return env['MLOPS_DEBUG_FOLDER'] === undefined ? [] : [path.join(bin, 'python-debug')];
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}
