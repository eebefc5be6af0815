import type { FlowRequest } from '../../protocol/gitflow.ts';
import { planInit } from './init.ts';
import type { FlowPlan } from './plan.ts';
import type { FlowFacts } from './state.ts';
import { planFinish, planStart } from './topic.ts';

// Door of Gitflow's pure half: facts of a repository in, state and plans out. git-flow (AVH) is the measure of every rule.

export { adviseOnMerge, listPairs, pairKey, parseFlow, type FlowFacts, type Pair } from './state.ts';
export { describeStep, type GitStep } from './steps.ts';
export { topicTypeNames } from './settings.ts';
export type { FlowPlan } from './plan.ts';

/** What the request would do to this repository; throws an ExpectedError when it can't or mustn't be done. */
export function planFlow(facts: FlowFacts, request: FlowRequest): FlowPlan {
  switch (request.action) {
    case 'init':
      return planInit(facts, request);
    case 'start':
      return planStart(facts, request);
    case 'finish':
      return planFinish(facts, request);
  }
}
