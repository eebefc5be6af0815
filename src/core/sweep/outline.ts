import type { SweepChoice, SweepOutline } from '../../protocol/sweep.ts';
import { describeAssignment } from './record.ts';
import type { SweepPlan } from './state.ts';
import { strategies } from './strategies.ts';

/** So many combinations are named, as an example. */
const NAMED = 10;

/** A plan as it is told before the sweep begins. */
export function outlineSweep(plan: SweepPlan, jobs: number, secondsLeft: number | null): SweepOutline {
  const { config, strategy, objective, assignments, rungs } = plan;
  return {
    ...{ config, strategy, strategies, rungs, jobs, secondsLeft },
    objective: `${objective.direction} ${objective.metric}`,
    trials: assignments.length,
    first: assignments.slice(0, NAMED).map(describeAssignment),
  };
}

/** Arguments of `mlops` that begin such a sweep. */
export function toSweepArguments(config: string, { strategy, trials, jobs }: SweepChoice): readonly string[] {
  const options = { strategy, trials, jobs };
  const given = Object.entries(options).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, String(value)],
  );
  return ['sweep', config, ...given];
}
