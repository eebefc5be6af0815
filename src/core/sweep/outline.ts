import type { SweepChoice, SweepOutline } from '../../protocol/sweep.ts';
import { describeAssignment } from './record.ts';
import { EPOCHS_KEY, type SweepPlan } from './state.ts';
import { strategies } from './strategies.ts';

/** So many combinations are named, as an example. */
const NAMED = 10;
/** More numbers of epochs are told by the least and the greatest. */
const FEW = 4;

/** A plan as it is told before the sweep begins. */
export function outlineSweep(
  plan: SweepPlan,
  jobs: number,
  prediction: Pick<SweepOutline, 'secondsLeft' | 'pacedBy'>,
): SweepOutline {
  const { config, strategy, objective, assignments } = plan;
  return {
    ...{ config, strategy, strategies, jobs, ...prediction, epochs: describeEpochs(plan) },
    objective: `${objective.direction} ${objective.metric}`,
    trials: assignments.length,
    first: assignments.slice(0, NAMED).map(describeAssignment),
  };
}

/** Of a plan's trials: `12`, `5, 20` where a combination has its own, `1 → 3 → 9` by rounds. */
export function describeEpochs({ assignments, rungs }: SweepPlan): string {
  if (rungs.length > 1) return rungs.join(' → ');
  const all = assignments.map((values) => Number(values[EPOCHS_KEY] ?? rungs[0])).sort((a, b) => a - b);
  const different = [...new Set(all)];
  return different.length > FEW ? `${different[0]}–${different.at(-1)}` : different.join(', ');
}

/** Arguments of `mlops` that begin such a sweep. */
export function toSweepArguments(config: string, { strategy, trials, jobs }: SweepChoice): readonly string[] {
  const options = { strategy, trials, jobs };
  const given = Object.entries(options).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, String(value)],
  );
  return ['sweep', config, ...given];
}
