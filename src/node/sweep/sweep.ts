import { randomBytes } from 'node:crypto';
import os from 'node:os';
import { defaultObjective, type ModelConfig } from '../../core/config/config.ts';
import { collectTried, sparksOf } from '../../core/sparks/sparks.ts';
import {
  adoptFinished,
  bestValueOf,
  findBest,
  findNextTrial,
  outlineSweep,
  paceOf,
  predictSeconds,
  resumed,
  strategies,
  sweepTags,
  toOverrides,
  toSweepParams,
  withTrial,
  type SweepPlan,
  type SweepState,
  type Trial,
} from '../../core/sweep/sweep.ts';
import { ExpectedError, badInput } from '../../protocol/errors.ts';
import type { KeyedSpark } from '../../protocol/sparks.ts';
import type { SweepChoice, SweepOutline } from '../../protocol/sweep.ts';
import type { RunSummary } from '../../protocol/tracking.ts';
import type { Lock } from '../locks/locks.ts';
import { ensurePrivateFolders, type Project } from '../project/project.ts';
import { openChosenStore, readObjectives, type RunStore, type RunWriter } from '../tracking/tracking.ts';
import { readConfig, takeRunLock, train, type ResolvedConfig } from '../training/training.ts';
import { readUser } from '../user/user.ts';
import { chooseTrials } from './choice.ts';
import type { SweepRequest } from './request.ts';
import { findSweep, writeSweep } from './statefile.ts';

export type { SweepRequest } from './request.ts';
export { canGoOn } from './statefile.ts';

export interface SweepReporter {
  note(text: string): void;
  warning(text: string): void;
  started(sweep: {
    readonly id: string;
    readonly parentRunId: string;
    readonly plan: SweepPlan;
    readonly secondsLeft: number | null;
  }): void;
  trialStarted(trial: Trial, plan: SweepPlan): void;
  trialEnded(trial: Trial, state: SweepState): void;
}

/** `mlops sweep --json`. */
export interface SweepDocument {
  readonly sweep: string;
  readonly parentRunId: string;
  readonly outcome: 'succeeded' | 'failed' | 'stopped';
  readonly objective: SweepPlan['objective'];
  readonly trials: readonly {
    readonly runId: string | null;
    readonly params: Readonly<Record<string, unknown>>;
    readonly epochs: number;
    readonly outcome: Trial['outcome'];
    readonly value: number | null;
  }[];
  /** Id of the best trial's run. */
  readonly best: string | null;
}

/** What `mlops sweep --dry-run` shows. */
export interface SweepPreview {
  readonly plan: SweepPlan;
  /** From what earlier runs of the model took for an epoch; null where there are none. */
  readonly secondsLeft: number | null;
  /** How many runs tell it. */
  readonly pacedBy: number;
  /** What earlier runs say of the keys that are searched. */
  readonly tried: readonly KeyedSpark[];
}

interface Sweep {
  readonly project: Project;
  readonly request: SweepRequest;
  readonly reporter: SweepReporter;
  readonly store: RunStore;
  readonly writer: RunWriter;
  readonly id: string;
  readonly signal: AbortSignal;
}

export async function planOnly(project: Project, request: SweepRequest, signal: AbortSignal): Promise<SweepPreview> {
  const { plan, store } = await prepare(project, request, signal);
  const { runs } = await store.listRuns();
  const tried = sparksOf(collectTried(runs, plan.config, plan.objective), Object.keys(plan.assignments[0] ?? {}));
  return { plan, ...predict(runs, { plan, trials: [] }, request), tried };
}

/** The same for the editor. Throws `bad-input` with what is wrong with config, choice or the model's own code. */
export async function outlineSweepOf(
  project: Project,
  { config, choice, installation, env }: OutlineRequest,
  signal: AbortSignal,
): Promise<SweepOutline> {
  const strategy = strategies.find((name) => name === choice.strategy);
  const jobs = choice.jobs ?? 1;
  const request: SweepRequest = {
    ...{ config, cwd: project.root, env, installation, overrides: [], strategy, trials: choice.trials, jobs },
    ...{ seconds: undefined, store: undefined, resume: undefined },
  };
  const { plan, secondsLeft, pacedBy } = await planOnly(project, request, signal);
  return outlineSweep(plan, jobs, { secondsLeft, pacedBy });
}

interface OutlineRequest extends Pick<SweepRequest, 'config' | 'installation' | 'env'> {
  readonly choice: SweepChoice;
}

/**
 * A search over hyperparameters: every trial is a tracked training in a worker of its own, a child of the sweep's run. What has ended
 * stands in the sweep's file, so that a sweep whose process was stopped or killed goes on where it was. Resolves when no trial is left.
 */
export async function performSweep(
  project: Project,
  request: SweepRequest,
  reporter: SweepReporter,
  signal: AbortSignal,
): Promise<SweepDocument> {
  await ensurePrivateFolders(project);
  const begun = request.resume === undefined ? undefined : await findSweep(project, request.resume);
  const { plan, store, resolved } =
    begun === undefined
      ? await prepare(project, request, signal)
      : { ...(await reopen(project, request, begun.state)), plan: begun.state.plan };
  const id =
    begun?.id ?? `${new Date().toISOString().replace(/\D/g, '').slice(0, 14)}-${randomBytes(3).toString('hex')}`;
  let lock = begun === undefined ? undefined : await lockOf(project, resolved, begun.state.parentRunId, id);
  try {
    const writer = await openParent(store, { begun: begun?.state, plan, resolved, id, env: request.env, reporter });
    lock ??= await lockOf(project, resolved, writer.runId, id);
    const state: SweepState =
      begun === undefined
        ? { version: 1, plan, store: store.uri, parentRunId: writer.runId, trials: [] }
        : resumed(adoptFinished(begun.state, await findTrialRuns(store, id), sweepTags.trial));
    await writeSweep(project, id, state);
    const sweep: Sweep = { project, request, reporter, store, writer, id, signal };
    const { secondsLeft } = predict((await store.listRuns()).runs, state, request);
    reporter.started({ id, parentRunId: writer.runId, plan, secondsLeft });
    return await finish(sweep, await runTrials(sweep, state));
  } finally {
    await lock?.release();
  }
}

async function prepare(
  project: Project,
  request: SweepRequest,
  signal: AbortSignal,
): Promise<{ plan: SweepPlan; store: RunStore; resolved: ResolvedConfig }> {
  const resolved = await readConfig(project, request.config, request);
  const store = await openStore(project, request, resolved.config);
  const objectiveOf = await readObjectives(project);
  const objective = objectiveOf({ tags: {} }) ?? defaultObjective;
  return { plan: await chooseTrials(project, request, { resolved, objective, signal }), store, resolved };
}

async function reopen(
  project: Project,
  request: SweepRequest,
  { plan, store: uri }: SweepState,
): Promise<{ store: RunStore; resolved: ResolvedConfig }> {
  const { config, overrides } = plan;
  if (request.config !== '' && (await readConfig(project, request.config, request)).file !== config)
    throw badInput(`The sweep is one of ${config}, not of ${request.config}.`);
  const resolved = await readConfig(project, config, { cwd: project.root, overrides });
  return { store: await openStore(project, { ...request, store: request.store ?? uri }, resolved.config), resolved };
}

function openStore(
  project: Project,
  { store, env, cwd }: Pick<SweepRequest, 'store' | 'env' | 'cwd'>,
  config: ModelConfig,
): Promise<RunStore> {
  return openChosenStore({ project, option: store, env, config, cwd });
}

async function lockOf(project: Project, { model }: ResolvedConfig, runId: string, id: string): Promise<Lock> {
  const details = { runId, model, host: os.hostname(), control: null, paused: false, steered: 0 };
  return takeRunLock(project, { details, command: `mlops sweep ${id}` });
}

async function openParent(
  store: RunStore,
  {
    begun,
    plan,
    resolved,
    id,
    env,
    reporter,
  }: {
    readonly begun: SweepState | undefined;
    readonly plan: SweepPlan;
    readonly resolved: ResolvedConfig;
    readonly id: string;
    readonly env: NodeJS.ProcessEnv;
    readonly reporter: SweepReporter;
  },
): Promise<RunWriter> {
  const onWarning = (message: string): void => reporter.warning(message);
  if (begun !== undefined) {
    // Its file may not know one that was begun a moment before a kill.
    const left = (await findTrialRuns(store, id)).filter(({ status }) => status === 'RUNNING');
    await store.repair([begun.parentRunId, ...left.map(({ runId }) => runId)]);
    return store.reopenRun(begun.parentRunId, { keeps: () => true, onWarning });
  }
  return store.createRun({
    experiment: resolved.config.mlflow.experiment_name,
    // Short, for lists; the tag has the whole id.
    name: `sweep ${id.slice(-6)}`,
    user: readUser(env),
    startTime: Date.now(),
    params: toSweepParams(plan),
    tags: { [sweepTags.sweep]: id, 'mlops.config': plan.config },
    onWarning,
  });
}

async function findTrialRuns(store: RunStore, id: string): Promise<readonly RunSummary[]> {
  const { runs } = await store.listRuns();
  return runs.filter(({ tags }) => tags[sweepTags.sweep] === id && tags[sweepTags.trial] !== undefined);
}

/** As many at a time as are wanted; the next one is chosen when one has ended, by what is known then. */
async function runTrials(sweep: Sweep, begun: SweepState): Promise<SweepState> {
  const { request, signal } = sweep;
  const deadline = request.seconds === undefined ? Infinity : performance.now() + 1000 * request.seconds;
  let state = begun;
  const live = new Map<number, Promise<void>>();
  const change = async (trial: Trial): Promise<void> => {
    state = withTrial(state, trial);
    await writeSweep(sweep.project, sweep.id, state);
  };
  for (;;) {
    const isOver = signal.aborted || performance.now() > deadline;
    const next = isOver || live.size >= request.jobs ? undefined : findNextTrial(state);
    if (next !== undefined) {
      const begunTrial: Trial = { ...next, outcome: 'running' };
      await change(begunTrial);
      const work = runTrial(sweep, begunTrial, state.plan, change).then(async (ended) => {
        await change(ended);
        sweep.reporter.trialEnded(ended, state);
        await tellParent(sweep, state);
      });
      // Its failure is heard below, when it is its turn to be waited for.
      work.catch(() => undefined);
      live.set(
        next.number,
        work.finally(() => live.delete(next.number)),
      );
      continue;
    }
    if (live.size === 0) return state;
    await Promise.race(live.values());
  }
}

async function runTrial(
  sweep: Sweep,
  trial: Trial,
  plan: SweepPlan,
  change: (trial: Trial) => Promise<void>,
): Promise<Trial> {
  const { project, request, reporter, store, id, writer, signal } = sweep;
  reporter.trialStarted(trial, plan);
  const started = performance.now();
  let known = trial;
  // Inside of a stage too a trial is nobody's model.
  const env = { ...request.env, DVC_STAGE: undefined, MLOPS_STAGE_TOKEN: undefined };
  try {
    const document = await train(
      project,
      {
        config: plan.config,
        cwd: project.root,
        env,
        installation: request.installation,
        overrides: toOverrides(plan, trial),
        store: store.uri,
        trial: { sweep: id, parentRunId: writer.runId, number: trial.number },
      },
      {
        note: () => undefined,
        warning: (text) => reporter.warning(`Trial ${trial.number}: ${text}`),
        failure: (text) => reporter.warning(`Trial ${trial.number} failed: ${text}`),
        started: ({ runId }) => {
          known = { ...trial, runId };
          // Known before its first point: after a kill the run that it left behind is found and ended.
          change(known).catch((error: unknown) => reporter.warning(String(error)));
        },
        epoch: () => undefined,
      },
      signal,
    );
    const seconds = (performance.now() - started) / 1000;
    const { outcome, runId } = document;
    const hasEnded = outcome !== 'stopped';
    return {
      ...known,
      outcome,
      runId,
      seconds,
      hasEnded,
      value: outcome === 'succeeded' ? valueOf(document, plan) : null,
    };
  } catch (error) {
    // What is wrong with one combination (a shape, a memory) says nothing of the next; a bug of ours ends everything.
    if (!(error instanceof ExpectedError) || signal.aborted) throw error;
    reporter.warning(`Trial ${trial.number} failed: ${error.message}`);
    return { ...known, outcome: 'failed', hasEnded: true };
  }
}

function valueOf({ metrics }: Pick<RunSummary, 'metrics'>, { objective }: SweepPlan): number | null {
  if (!Object.hasOwn(metrics, objective.metric))
    throw badInput(
      `The objective ${objective.metric} is not among what a trial records (${Object.keys(metrics).join(', ')}). Set objective.metric in the config.`,
    );
  return bestValueOf({ metrics }, objective);
}

/** The parent's own curve: the best so far, by trials that have ended. */
async function tellParent({ writer }: Sweep, { plan, trials }: SweepState): Promise<void> {
  const best = findBest({ plan, trials });
  const step = trials.filter(({ hasEnded }) => hasEnded).length;
  if (best?.value === null || best === undefined) return;
  await writer.logMetrics([{ name: plan.objective.metric, value: best.value, step, timestamp: Date.now() }]);
  if (best.runId !== null) await writer.setTags({ [sweepTags.best]: best.runId });
}

async function finish({ writer, id, signal }: Sweep, state: SweepState): Promise<SweepDocument> {
  const { plan, parentRunId, trials } = state;
  const best = findBest(state);
  const outcome = signal.aborted ? 'stopped' : best === undefined ? 'failed' : 'succeeded';
  if (outcome === 'failed') await writer.setTags({ 'mlops.reason': 'no trial has ended well' });
  const statuses = { succeeded: 'FINISHED', failed: 'FAILED', stopped: 'KILLED' } as const;
  await writer.finish(statuses[outcome], Date.now());
  return {
    sweep: id,
    parentRunId,
    outcome,
    objective: plan.objective,
    trials: trials.map(({ runId, values, epochs, outcome: ended, value }) => ({
      runId,
      params: values,
      epochs,
      outcome: ended,
      value,
    })),
    best: best?.runId ?? null,
  };
}

/** By what earlier runs of the config took. */
function predict(
  runs: readonly RunSummary[],
  state: Pick<SweepState, 'plan' | 'trials'>,
  { jobs }: Pick<SweepRequest, 'jobs'>,
): Pick<SweepPreview, 'secondsLeft' | 'pacedBy'> {
  const pace = paceOf(runs, state.plan.config);
  return { secondsLeft: predictSeconds(state, pace, jobs), pacedBy: pace?.runs ?? 0 };
}
