import { ExpectedError } from '../../protocol/errors.ts';
import type { FlowRequest, TopicType } from '../../protocol/gitflow.ts';
import { requireLocalBase, requireTopic } from './checks.ts';
import { planInit } from './init.ts';
import type { FlowPlan } from './plan.ts';
import type { FlowFacts } from './state.ts';
import { planFinish } from './finish.ts';
import { planStart } from './start.ts';
import { planDelete, planPublish, planRename, planSwitch, planTrack, planUpdate } from './topics.ts';

// Door of Gitflow's pure half: facts of a repository in, state and plans out. git-flow (AVH) is the measure of every rule.

export { findFilter, type FlowFilter } from './filters.ts';
export { finishFlags, finishTexts } from './finishoptions.ts';
export { adviseOnStop, listPairs, listPoints, pairKey, parseFlow, type FlowFacts, type Pair } from './state.ts';
export { describeStep, type GitStep } from './steps.ts';
export { topicTypeNames } from './settings.ts';
export type { FlowPlan } from './plan.ts';

/** What the request would do to this repository; throws an ExpectedError when it can't or mustn't be done. */
export function planFlow(facts: FlowFacts, request: FlowRequest): FlowPlan {
  // The table has a row for each action that takes just that action; the compiler can't follow this through the index.
  const plan = planners[request.action] as (facts: FlowFacts, request: FlowRequest) => FlowPlan;
  return plan(facts, request);
}

/** The branch that is meant and its base; throws when there is no such branch, or it has none. */
export function findTopic(
  facts: FlowFacts,
  target: { readonly type: TopicType; readonly name?: string },
): { readonly branch: string; readonly base: string } {
  const { branch, base } = requireTopic(facts, target);
  if (base === undefined)
    throw new ExpectedError('branch-state', `${branch.name} has no base: a support branch lives on its own.`);
  requireLocalBase(facts, base);
  return { branch: branch.name, base };
}

const planners: {
  readonly [Action in FlowRequest['action']]: (
    facts: FlowFacts,
    request: Extract<FlowRequest, { action: Action }>,
  ) => FlowPlan;
} = {
  init: planInit,
  start: planStart,
  finish: planFinish,
  publish: planPublish,
  track: planTrack,
  update: planUpdate,
  delete: planDelete,
  rename: planRename,
  checkout: planSwitch,
};
