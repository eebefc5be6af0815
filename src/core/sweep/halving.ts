import type { Objective } from '../../protocol/tracking.ts';

/** How long trials are trained: `min` epochs at first, `reduction` times as long for the best of each round, at most `max`. */
interface Ladder {
  readonly min: number;
  readonly max: number;
  readonly reduction: number;
}

/** A trial as far as the choice of the next one needs it. */
export interface Standing {
  readonly number: number;
  /** Round that it belongs to, from 0. */
  readonly rung: number;
  /** The trial of the round before whose values it has; null in the first round. */
  readonly promotes: number | null;
  readonly hasEnded: boolean;
  /** Of the objective; null for a trial that failed, and for one that has not ended. */
  readonly value: number | null;
}

/** Epochs of each round. */
export function epochsOfRungs({ min, max, reduction }: Ladder): readonly number[] {
  const rungs: number[] = [];
  for (let epochs = Math.min(min, max); ; epochs *= reduction) {
    rungs.push(Math.min(epochs, max));
    if (epochs >= max) return rungs;
  }
}

/**
 * The trial to promote now, or undefined: one of the best `1/reduction` of those that have ended in its round, from the highest round
 * down, that was not promoted yet. So no trial waits for the slowest of its round: asynchronous successive halving (Li et al. 2020,
 * "A System for Massively Parallel Hyperparameter Tuning", algorithm 2).
 */
export function findPromotion(
  trials: readonly Standing[],
  { rungs, reduction }: { readonly rungs: number; readonly reduction: number },
  direction: Objective['direction'],
): Standing | undefined {
  const promoted = new Set(trials.map(({ promotes }) => promotes));
  for (let rung = rungs - 2; rung >= 0; rung -= 1) {
    const ended = trials.filter((trial) => trial.rung === rung && trial.hasEnded);
    const best = orderByValue(ended, direction).slice(0, Math.floor(ended.length / reduction));
    const next = best.find(({ number }) => !promoted.has(number));
    if (next !== undefined) return next;
  }
  return undefined;
}

/** The best first; trials without a value are none. Of equal ones the earlier goes first. */
export function orderByValue<T extends Pick<Standing, 'value' | 'number'>>(
  trials: readonly T[],
  direction: Objective['direction'],
): readonly T[] {
  const sign = direction === 'minimize' ? 1 : -1;
  return trials
    .filter(({ value }) => value !== null && !Number.isNaN(value))
    .sort((a, b) => sign * ((a.value ?? 0) - (b.value ?? 0)) || a.number - b.number);
}
