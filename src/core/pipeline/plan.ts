import type { StageStatus, StaleReason } from '../../protocol/pipeline.ts';
import { activeNeeds, orderStages, type PipelineGraph } from './graph.ts';
import type { Stage } from './stage.ts';
import { reasonsToRun } from './staleness.ts';

export interface RunOptions {
  /** Addresses; empty for every stage. */
  readonly targets: readonly string[];
  /** The targets alone, not what they need. */
  readonly single: boolean;
  /** The targets and everything that needs them. */
  readonly downstream: boolean;
  /** Also what is fresh. */
  readonly force: boolean;
}

interface PlanStep {
  readonly name: string;
  readonly cmd: Stage['cmd'];
  /** `check`: a stage before it will run, so it runs if the outputs that it needs come out different. */
  readonly action: 'run' | 'skip' | 'check';
  readonly reasons: readonly StaleReason[];
}

/** What a run would do, in order. */
export interface RunPlan {
  readonly steps: readonly PlanStep[];
}

/** The stages that a run visits, in order. With `single` the targets as they were named. */
export function selectStages(
  graph: PipelineGraph,
  { targets, single, downstream }: Omit<RunOptions, 'force'>,
): readonly Stage[] {
  const names = targets.length > 0 ? targets : graph.stages.map(({ name }) => name);
  if (single) return [...new Set(names)].flatMap((name) => graph.byName.get(name) ?? []);
  return orderStages(graph, names, { downstream });
}

/**
 * For each stage of a run the earlier ones that must have ended before it may start, when several run side by side: those that
 * it shares files with. Whatever else the order says is a matter of taste, so that the files come out as of one after the other.
 */
export function planWaits(graph: PipelineGraph, order: readonly Stage[]): ReadonlyMap<string, readonly string[]> {
  const earlier = new Set<string>();
  return new Map(
    order.map(({ name }) => {
      // A frozen stage and one that is run by itself may come before what they need: then that waits for them.
      const related = [...(graph.needs.get(name) ?? []), ...(graph.neededBy.get(name) ?? [])];
      const waits = related.filter((other) => earlier.has(other));
      earlier.add(name);
      return [name, waits];
    }),
  );
}

export function planRun(graph: PipelineGraph, status: readonly StageStatus[], options: RunOptions): RunPlan {
  const reasonsOf = new Map(status.map(({ name, reasons }) => [name, reasons]));
  const actions = new Map<string, PlanStep['action']>();
  const steps = selectStages(graph, options).map((stage): PlanStep => {
    const reasons = reasonsToRun(stage, reasonsOf.get(stage.name) ?? []);
    const follows = activeNeeds(graph, stage.name).some((need) => (actions.get(need) ?? 'skip') !== 'skip');
    const isOurs = stage.unsupported.length === 0;
    const action = !isOurs ? 'skip' : options.force || reasons.length > 0 ? 'run' : follows ? 'check' : 'skip';
    actions.set(stage.name, action);
    return { name: stage.name, cmd: stage.cmd, action, reasons };
  });
  return { steps };
}

/** A fresh stage behind one that is not fresh is blocked; a frozen stage passes nothing on, nor does one that was not asked for. */
export function markBlocked(graph: PipelineGraph, own: readonly StageStatus[]): StageStatus[] {
  const stateOf = new Map(own.map(({ name, state }) => [name, state]));
  const done = new Set<string>();
  // Needs come before the stage, so no stage asks for more than its direct ones.
  for (const { name } of orderStages(graph, [...stateOf.keys()])) {
    const state = stateOf.get(name) ?? 'frozen';
    // What only DVC can do can't be judged here: what stands behind it is fresh as far as anybody can tell.
    const isLeftAlone = state === 'frozen' || state === 'needs-dvc';
    if (isLeftAlone || (state === 'fresh' && activeNeeds(graph, name).every((need) => done.has(need)))) done.add(name);
  }
  return own.map((status) =>
    status.state === 'fresh' && !done.has(status.name) ? { ...status, state: 'blocked' } : status,
  );
}

/**
 * Addresses that a target on the command line stands for: a stage, a group (`train` for `train@…`), or a dvc.yaml. Undefined
 * when there is no such thing.
 */
export function resolveTarget(graph: PipelineGraph, target: string): readonly string[] | undefined {
  const name = target.startsWith('dvc.yaml:') ? target.slice('dvc.yaml:'.length) : target;
  if (graph.byName.has(name)) return [name];
  const members = graph.stages.filter((stage) => stage.place.file === target || stage.name.startsWith(`${name}@`));
  return members.length === 0 ? undefined : members.map((stage) => stage.name);
}
