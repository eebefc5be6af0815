import type { SweepFacts, TrialFacts } from '../../protocol/charts.ts';
import type { ShownSweep } from '../../protocol/sweep.ts';
import { epochOf, isPaused, type Objective, type RunSummary } from '../../protocol/tracking.ts';
import type { Assignment } from './space.ts';
import { EPOCHS_KEY, type SweepPlan } from './state.ts';

// What the runs of a sweep and of its trials say, under names that MLflow's own tools show too: written when the sweep begins, read by
// whoever shows it, also where nothing is left of the sweep but its runs.

/** Tags of a sweep's runs. */
export const sweepTags = { sweep: 'mlops.sweep', trial: 'mlops.trial', best: 'mlops.best_run' } as const;

const names = {
  strategy: 'sweep.strategy',
  trials: 'sweep.trials',
  objective: 'sweep.objective',
  seed: 'sweep.seed',
  keys: 'sweep.keys',
} as const;

/** Params of a sweep's run. */
export function toSweepParams(plan: SweepPlan): Readonly<Record<string, string>> {
  return {
    [names.strategy]: plan.strategy,
    [names.trials]: String(countTrials(plan)),
    [names.objective]: `${plan.objective.direction} ${plan.objective.metric}`,
    [names.seed]: String(plan.seed),
    [names.keys]: searchedKeys(plan).join(', '),
  };
}

/** Of all rounds; halving may promote a few more, for it does not wait for the slowest. */
function countTrials({ assignments, rungs, reduction }: SweepPlan): number {
  return rungs.reduce((sum, _, rung) => sum + Math.floor(assignments.length / reduction ** rung), 0);
}

/** Keys of which more than one value is tried; how long halving trains is its own matter. */
function searchedKeys({ assignments, rungs }: SweepPlan): readonly string[] {
  const keys = Object.keys(assignments[0] ?? {});
  const searched = keys.filter((key) => new Set(assignments.map((each) => JSON.stringify(each[key]))).size > 1);
  return rungs.length > 1 ? [...searched, EPOCHS_KEY] : searched;
}

/** A combination in words, as `units=64 batch_size=128`. */
export function describeAssignment(values: Assignment): string {
  return Object.entries(values)
    .map(([key, value]) => `${nameOfKey(key)}=${typeof value === 'number' ? formatNumber(value) : toText(value)}`)
    .join(' ');
}

/** `training.batch_size` → `batch_size`: the word that the config's `hyperparameter_tuning` has for it. */
export function nameOfKey(key: string): string {
  return key.slice(key.indexOf('.') + 1);
}

function formatNumber(value: number): string {
  return String(Number(value.toPrecision(4)));
}

function toText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** True for the run of a sweep itself. */
export function isSweepRun({ tags, params, parentRunId }: RunSummary): boolean {
  return parentRunId === null && Object.hasOwn(tags, sweepTags.sweep) && Object.hasOwn(params, names.objective);
}

/** Null for a run that is none of a sweep. `children`: the runs that name it as their parent, in any order. */
export function toSweepFacts(parent: RunSummary, children: readonly RunSummary[]): SweepFacts | null {
  const objective = isSweepRun(parent) ? parseObjective(parent.params[names.objective] ?? '') : undefined;
  if (objective === undefined) return null;
  const keys = (parent.params[names.keys] ?? '').split(', ').filter((key) => key !== '');
  const trials = newestOfEachTrial(children).map(({ run, number }) => toTrialFacts(run, number, { objective, keys }));
  const best = parent.tags[sweepTags.best];
  return {
    objective,
    planned: Math.max(toCount(parent.params[names.trials]), trials.length),
    done: trials.filter(({ status }) => status === 'FINISHED' || status === 'FAILED').length,
    keys,
    trials,
    best: trials.some(({ runId }) => runId === best) ? (best ?? null) : null,
  };
}

/** The sweep that is meant, else the one that began last; null where there is none. */
export function findShownSweep(runs: readonly RunSummary[], runId: string | null): ShownSweep | null {
  const sweeps = runs.filter(isSweepRun).sort((a, b) => b.startTime - a.startTime);
  const run = sweeps.find((each) => each.runId === runId) ?? sweeps[0];
  if (run === undefined) return null;
  const trials = runs.filter(({ parentRunId }) => parentRunId === run.runId);
  const sweep = toSweepFacts(run, trials);
  return sweep === null ? null : { run, sweep, newest: sweeps[0]?.runId ?? run.runId };
}

/** A trial that did not come to its end is trained anew under its number: the older run stays, but is no trial any more. */
function newestOfEachTrial(
  children: readonly RunSummary[],
): readonly { readonly run: RunSummary; readonly number: number }[] {
  const newest = new Map<number, RunSummary>();
  for (const run of children) {
    const number = trialNumberOf(run);
    const known = number === undefined ? undefined : newest.get(number);
    if (number !== undefined && (known === undefined || known.startTime < run.startTime)) newest.set(number, run);
  }
  return [...newest].map(([number, run]) => ({ run, number })).sort((a, b) => a.number - b.number);
}

function trialNumberOf({ tags }: RunSummary): number | undefined {
  const text = Object.hasOwn(tags, sweepTags.trial) ? (tags[sweepTags.trial] ?? '') : '';
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

function toTrialFacts(
  run: RunSummary,
  number: number,
  { objective, keys }: Pick<SweepFacts, 'objective' | 'keys'>,
): TrialFacts {
  const { runId, name, status, lost, metrics, params, startTime, endTime } = run;
  const summary = Object.hasOwn(metrics, objective.metric) ? metrics[objective.metric] : undefined;
  const best = objective.direction === 'minimize' ? summary?.min : summary?.max;
  const { epoch } = epochOf(run);
  return {
    ...{ runId, name, number, status, lost, paused: isPaused(run) },
    reason: run.tags['mlops.reason'] ?? null,
    value: best !== undefined && best !== null && Number.isFinite(best.value) ? best.value : null,
    epoch: Number.isSafeInteger(epoch) ? epoch : 0,
    seconds: endTime === null ? null : (endTime - startTime) / 1000,
    values: keys.map((key) => (Object.hasOwn(params, key) ? (params[key] ?? '') : '')),
  };
}

function parseObjective(text: string): Objective | undefined {
  const [, direction, metric] = /^(minimize|maximize) (.+)$/s.exec(text) ?? [];
  if (metric === undefined) return undefined;
  return { metric, direction: direction === 'maximize' ? 'maximize' : 'minimize' };
}

function toCount(text: string | undefined): number {
  const value = Number(text ?? '');
  return Number.isSafeInteger(value) && value > 0 ? value : 0;
}

/** Number of a trial, its standing, or its value of the key with that index. */
export type TrialOrder = 'number' | 'standing' | number;

/**
 * By `standing` what goes on comes first, then the best, then what has no value. By a key its values as numbers where they are such;
 * equal ones stay in the order in which they were begun.
 */
export function orderTrials({ trials, objective }: SweepFacts, order: TrialOrder): readonly TrialFacts[] {
  const sign = objective.direction === 'minimize' ? 1 : -1;
  const compare = (a: TrialFacts, b: TrialFacts): number => {
    if (order === 'number') return a.number - b.number;
    if (order === 'standing') return compareStanding(a, b, sign) || a.number - b.number;
    return compareTexts(a.values[order] ?? '', b.values[order] ?? '') || a.number - b.number;
  };
  return [...trials].sort(compare);
}

function compareStanding(a: TrialFacts, b: TrialFacts, sign: number): number {
  const isLive = ({ status, lost }: TrialFacts): boolean => status === 'RUNNING' && !lost;
  const rank = (trial: TrialFacts): number => (isLive(trial) ? 0 : trial.value === null ? 2 : 1);
  if (rank(a) !== rank(b)) return rank(a) - rank(b);
  return isLive(a) ? 0 : sign * ((a.value ?? 0) - (b.value ?? 0));
}

function compareTexts(a: string, b: string): number {
  const [x, y] = [a, b].map((text) => (text.trim() === '' ? NaN : Number(text)));
  if (x !== undefined && y !== undefined && !Number.isNaN(x) && !Number.isNaN(y)) return x - y;
  return a < b ? -1 : a > b ? 1 : 0;
}
