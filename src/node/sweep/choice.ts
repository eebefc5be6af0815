import path from 'node:path';
import { findDimensionMistake, tuningSettings } from '../../core/config/config.ts';
import { acceptOnly, planSweep, toNames, type SweepPlan, type SweepWishes } from '../../core/sweep/sweep.ts';
import { badInput } from '../../protocol/errors.ts';
import type { Objective } from '../../protocol/tracking.ts';
import type { TuneTask } from '../../protocol/training.ts';
import { exists } from '../files/files.ts';
import type { Project } from '../project/project.ts';
import { askWorker, type ResolvedConfig } from '../training/training.ts';
import type { SweepRequest } from './request.ts';

/** So many combinations are asked about at once: a message has a greatest length. */
const CANDIDATES = 1000;

interface Grounds {
  readonly resolved: ResolvedConfig;
  /** When the config names none. */
  readonly objective: Objective;
  readonly signal: AbortSignal;
}

/** The plan of a sweep by the config and by what the model's own `hyperparameters_tuning.ts` says, where there is one. */
export async function chooseTrials(
  project: Project,
  request: SweepRequest,
  { resolved, objective, signal }: Grounds,
): Promise<SweepPlan> {
  const { file, model, config } = resolved;
  const code = `src/models/${model}/hyperparameters_tuning.ts`;
  const ask = async (candidates: TuneTask['candidates']): ReturnType<typeof askWorker<'tuned'>> => {
    const task: TuneTask = { kind: 'tune', projectRoot: project.root, model, config: { ...config }, candidates };
    return askWorker(task, 'tuned', { ...request, cwd: project.root, signal });
  };
  const answer = (await exists(path.join(project.root, code))) ? await ask([]) : undefined;
  const tuning = answer?.space ?? config.hyperparameter_tuning;
  checkSpace(tuning, code);
  const wishes: SweepWishes = { ...request, objective, tuning, refusesSome: answer?.refuses === true };
  const planned = planSweep(file, config, wishes);
  if ('mistake' in planned) throw badInput(planned.mistake);
  if (answer?.refuses !== true) return planned.plan;
  const accepted: boolean[] = [];
  const candidates = planned.plan.assignments.map(toNames);
  for (let at = 0; at < candidates.length; at += CANDIDATES)
    accepted.push(...(await ask(candidates.slice(at, at + CANDIDATES))).accepted);
  const plan = acceptOnly(planned.plan, accepted, config, wishes);
  if (plan.assignments.length === 0)
    throw badInput(`${code}: accept refuses every one of ${candidates.length} combinations.`);
  return plan;
}

/** What stands in the config is checked there, at its line; this is what code has given. */
function checkSpace(tuning: Readonly<Record<string, unknown>>, code: string): void {
  for (const [key, value] of Object.entries(tuning)) {
    const mistake = tuningSettings.has(key) ? undefined : findDimensionMistake(value);
    if (mistake !== undefined) throw badInput(`${code}: "${key}" of space ${mistake}.`);
  }
}
