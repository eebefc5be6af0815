import type { ModelConfig } from '../config/config.ts';
import type { Objective, RunSummary } from '../../protocol/tracking.ts';
import { createRandom } from '../random/random.ts';
import { epochsOfRungs, findPromotion, orderByValue, type Standing } from './halving.ts';
import { toSpace, type Assignment, type Dimension } from './space.ts';
import { DEFAULT_TRIALS, MOST_TRIALS, chooseAssignments, gridSize, type Strategy } from './strategies.ts';

/** What a sweep will do, decided before it begins. */
export interface SweepPlan {
  /** Relative to the project, as `configs/cnnbased.yaml`. */
  readonly config: string;
  readonly strategy: Strategy;
  readonly seed: number;
  readonly objective: Objective;
  /** In the order in which they are tried. */
  readonly assignments: readonly Assignment[];
  /** Epochs of each round; one round for all strategies but halving. */
  readonly rungs: readonly number[];
  /** Of the trials of a round one in so many goes on. */
  readonly reduction: number;
  /** Overrides that hold for every trial, as `training.backend=wasm`. */
  readonly overrides: readonly string[];
}

export interface Trial extends Standing {
  readonly values: Assignment;
  readonly epochs: number;
  /** `planned` also for one whose process was killed: it is done anew. */
  readonly outcome: 'planned' | 'running' | 'succeeded' | 'failed' | 'stopped';
  readonly runId: string | null;
  readonly seconds: number | null;
}

/** A sweep as it stands: its file in `.mlops/state/sweeps` is this as JSON. */
export interface SweepState {
  readonly version: 1;
  readonly plan: SweepPlan;
  readonly store: string;
  readonly parentRunId: string;
  readonly trials: readonly Trial[];
}

export interface SweepWishes {
  readonly strategy: Strategy | undefined;
  readonly trials: number | undefined;
  readonly overrides: readonly string[];
  /** When the config names none. */
  readonly objective: Objective;
  /** What is searched: the config's own, or what the model's code makes of it. */
  readonly tuning: Readonly<Record<string, unknown>>;
  /** The model's code refuses some: more are drawn than are wanted. */
  readonly refusesSome: boolean;
}

/** So many times as many are drawn where some are refused. */
const OVERSHOOT = 5;

/** A combination may set how long it is trained. */
export const EPOCHS_KEY = 'training.num_epochs';

/** The plan of a checked config, or a sentence that says why there is none. */
export function planSweep(
  file: string,
  config: ModelConfig,
  wishes: SweepWishes,
): { readonly plan: SweepPlan } | { readonly mistake: string } {
  const { training } = config;
  const { tuning } = wishes;
  const strategy = wishes.strategy ?? (config.hyperparameter_tuning.strategy as Strategy);
  const space = toSpace(config, tuning);
  const { trials, reduction, min } = readSettings(config, wishes);
  const mistake = findMistake(file, space, { strategy, trials });
  if (mistake !== undefined) return { mistake };
  const isHalving = strategy === 'halving';
  const plan: SweepPlan = {
    config: file,
    strategy,
    seed: training.seed,
    objective: config.objective ?? wishes.objective,
    assignments: chooseAssignments(strategy, space, {
      trials: wishes.refusesSome ? overshoot(strategy, trials) : trials,
      random: createRandom(training.seed),
    }),
    rungs: isHalving ? epochsOfRungs({ min, max: training.num_epochs, reduction }) : [training.num_epochs],
    reduction,
    overrides: wishes.overrides,
  };
  return { plan };
}

function findMistake(
  file: string,
  space: readonly Dimension[],
  { strategy, trials }: { readonly strategy: Strategy; readonly trials: number | undefined },
): string | undefined {
  if (space.length === 0)
    return `${file} has no values to try: name them in hyperparameter_tuning, as "batch_size: [64, 128]".`;
  const size = gridSize(space);
  if (strategy === 'grid' && trials === undefined && size > MOST_TRIALS)
    return `The grid has ${size} combinations. Give --trials for the first so many, or another --strategy.`;
  return strategy === 'halving' && space.some(({ key }) => key === EPOCHS_KEY)
    ? 'Halving itself sets how long a trial is trained: take num_epochs out of hyperparameter_tuning.'
    : undefined;
}

/** How many are chosen where the model's code will refuse some of them. */
function overshoot(strategy: Strategy, trials: number | undefined): number | undefined {
  if (strategy === 'grid') return undefined;
  return strategy === 'latin' ? trials : OVERSHOOT * (trials ?? DEFAULT_TRIALS);
}

/** The plan with what the model's code accepts, as many as are wanted; `accepted` holds an answer for each assignment. */
export function acceptOnly(
  plan: SweepPlan,
  accepted: readonly boolean[],
  config: ModelConfig,
  wishes: Pick<SweepWishes, 'trials'>,
): SweepPlan {
  const { trials } = readSettings(config, wishes);
  const limit = trials ?? (plan.strategy === 'grid' ? undefined : DEFAULT_TRIALS);
  return { ...plan, assignments: plan.assignments.filter((_, index) => accepted[index] === true).slice(0, limit) };
}

function readSettings(
  { hyperparameter_tuning: tuning }: ModelConfig,
  { trials }: Pick<SweepWishes, 'trials'>,
): { readonly trials: number | undefined; readonly reduction: number; readonly min: number } {
  const reduction = toNumber(tuning['reduction']) ?? 3;
  return { trials: trials ?? toNumber(tuning['trials']), reduction, min: toNumber(tuning['min_epochs']) ?? 1 };
}

function toNumber(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

/** The trial to start now; undefined while there is none, which may change when another one ends. */
export function findNextTrial({ plan, trials }: Pick<SweepState, 'plan' | 'trials'>): Trial | undefined {
  const left = trials.find(({ outcome }) => outcome === 'planned');
  if (left !== undefined) return left;
  const { assignments, rungs, reduction, objective } = plan;
  const promoted = findPromotion(trials, { rungs: rungs.length, reduction }, objective.direction);
  if (promoted !== undefined) {
    const values = trials.find(({ number }) => number === promoted.number)?.values ?? {};
    return toTrial(plan, { number: trials.length, values, rung: promoted.rung + 1, promotes: promoted.number });
  }
  const begun = trials.filter(({ rung }) => rung === 0).length;
  const values = assignments[begun];
  return values === undefined ? undefined : toTrial(plan, { number: trials.length, values, rung: 0, promotes: null });
}

function toTrial(
  { rungs }: SweepPlan,
  { values, ...place }: Pick<Trial, 'number' | 'values' | 'rung' | 'promotes'>,
): Trial {
  const epochs = values[EPOCHS_KEY] ?? rungs[place.rung];
  return {
    ...place,
    values,
    epochs: Number(epochs),
    hasEnded: false,
    value: null,
    outcome: 'planned',
    runId: null,
    seconds: null,
  };
}

/** The state with a trial in the place of the one of its number, or behind all others. */
export function withTrial<S extends Pick<SweepState, 'trials'>>(state: S, trial: Trial): S {
  const others = state.trials.filter(({ number }) => number !== trial.number);
  return { ...state, trials: [...others, trial].sort((a, b) => a.number - b.number) };
}

/** What a sweep goes on with whose process has ended: what was begun and has not ended is done anew. */
export function resumed(state: SweepState): SweepState {
  const isWhole = ({ outcome }: Trial): boolean => outcome === 'succeeded' || outcome === 'failed';
  const trials = state.trials.map((trial) =>
    isWhole(trial) ? trial : { ...trial, outcome: 'planned' as const, hasEnded: false, runId: null, value: null },
  );
  return { ...state, trials };
}

/**
 * Trials whose training came to its end, though the sweep's process died before it had written that down, are what their runs say;
 * `trialTag` has a trial's number. `runs`: those of the sweep.
 */
export function adoptFinished(state: SweepState, runs: readonly RunSummary[], trialTag: string): SweepState {
  const finished = new Map(
    runs.filter(({ status }) => status === 'FINISHED').map((run) => [run.tags[trialTag], run] as const),
  );
  const trials = state.trials.map((trial): Trial => {
    const run = trial.outcome === 'running' ? finished.get(String(trial.number)) : undefined;
    const value = run === undefined ? null : bestValueOf(run, state.plan.objective);
    if (run === undefined || value === null) return trial;
    const seconds = run.endTime === null ? null : (run.endTime - run.startTime) / 1000;
    return { ...trial, outcome: 'succeeded', hasEnded: true, runId: run.runId, value, seconds };
  });
  return { ...state, trials };
}

/** The best that the run has reached, not its last: early stopping and checkpoints keep the best one. Null where it has none. */
export function bestValueOf({ metrics }: Pick<RunSummary, 'metrics'>, objective: Objective): number | null {
  const summary = Object.hasOwn(metrics, objective.metric) ? metrics[objective.metric] : undefined;
  return (objective.direction === 'minimize' ? summary?.min : summary?.max)?.value ?? null;
}

/** As `--set` takes them. A round of halving sets its own number of epochs. */
export function toOverrides({ rungs, overrides }: SweepPlan, { values, epochs }: Trial): readonly string[] {
  const own = Object.entries(values).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return [...overrides, ...own, ...(rungs.length > 1 ? [`${EPOCHS_KEY}=${epochs}`] : [])];
}

/** The best trial of those that were trained longest: a short training that did well is no model. */
export function findBest({ plan, trials }: Pick<SweepState, 'plan' | 'trials'>): Trial | undefined {
  const highest = Math.max(...trials.filter(({ value }) => value !== null).map(({ rung }) => rung));
  const candidates = trials.filter(({ rung, hasEnded }) => hasEnded && rung === highest);
  return orderByValue(candidates, plan.objective.direction)[0];
}

/** How many epochs are left at least; what halving will promote is counted as if all went on evenly. */
export function epochsLeft({ plan, trials }: Pick<SweepState, 'plan' | 'trials'>): number {
  const { assignments, rungs, reduction } = plan;
  const all = rungs.reduce((sum, epochs, rung) => {
    const count = Math.floor(assignments.length / reduction ** rung);
    const own = assignments.map((values) => Number(values[EPOCHS_KEY] ?? epochs));
    return sum + (rung === 0 ? own.reduce((total, each) => total + each, 0) : count * epochs);
  }, 0);
  const done = trials.filter(({ hasEnded }) => hasEnded).reduce((sum, { epochs }) => sum + epochs, 0);
  return Math.max(0, all - done);
}
