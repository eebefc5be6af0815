import type { RunSummary } from '../../protocol/tracking.ts';
import { epochsLeft, type SweepState } from './state.ts';

/** How quickly a config is trained, as earlier runs tell. */
export interface Pace {
  readonly secondsPerEpoch: number;
  /** How many runs tell it. */
  readonly runs: number;
}

/** Older ones may be of another machine or another model. */
const MOST_RUNS = 9;

/** What this config's finished runs took for an epoch, the middle one of the newest; null where there are none. */
export function paceOf(runs: readonly RunSummary[], config: string): Pace | null {
  const paces = runs
    .filter((run) => run.tags['mlops.config'] === config && run.status === 'FINISHED' && epochsOf(run) > 0)
    .sort((a, b) => b.startTime - a.startTime)
    .slice(0, MOST_RUNS)
    .flatMap((run) => (run.endTime === null ? [] : [(run.endTime - run.startTime) / 1000 / epochsOf(run)]))
    .sort((a, b) => a - b);
  const secondsPerEpoch = paces[Math.floor(paces.length / 2)];
  return secondsPerEpoch === undefined ? null : { secondsPerEpoch, runs: paces.length };
}

/** Epochs that were trained; 0 for the run of a sweep itself. */
function epochsOf({ metrics }: RunSummary): number {
  return metrics['training_loss']?.last.step ?? 0;
}

/** What is left of a sweep, with so many trials at a time; null where no run tells. */
export function predictSeconds(
  state: Pick<SweepState, 'plan' | 'trials'>,
  pace: Pace | null,
  jobs: number,
): number | null {
  return pace === null ? null : (pace.secondsPerEpoch * epochsLeft(state)) / jobs;
}
