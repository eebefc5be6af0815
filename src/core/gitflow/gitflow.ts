import { ExpectedError } from '../../protocol/errors.ts';
import type { FlowRequest, TopicType } from '../../protocol/gitflow.ts';
import { requireLocalBase, requireTopic } from './checks.ts';
import { planInit } from './init.ts';
import type { FlowPlan } from './plan.ts';
import { findLive, findUnfinished } from './state.ts';
import type { FlowFacts } from './facts.ts';
import { planFinish } from './finish.ts';
import type { Operation } from './operation.ts';
import { planAbort, planContinue, planUndo } from './recovery.ts';
import { quoteWord } from './shell.ts';
import { planStart } from './start.ts';
import { planDelete, planPublish, planRename, planSwitch, planTrack, planUpdate } from './topics.ts';

// Door of Gitflow's pure half: facts of a repository in, state and plans out. git-flow (AVH) is the measure of every rule.

export { findFilter, type FlowFilter } from './filters.ts';
export { finishFlags, finishTexts } from './finishoptions.ts';
export {
  findProgram,
  judgeData,
  judgePerformance,
  judgePipeline,
  judgeProgram,
  listFailed,
  requireGates,
  settleGates,
  toGate,
  type GateSettings,
  type ProgramEnd,
} from './gates.ts';
export { judgeFiles, judgeSecrets, parseAddedLines, parseChangedObjects } from './gatesadded.ts';
export { listPairs, listPoints, pairKey, type Pair } from './distances.ts';
export { parseFlow } from './state.ts';
export type { FlowFacts } from './facts.ts';
export {
  KEPT,
  beginOperation,
  findBrought,
  findCut,
  formatOperation,
  listLosable,
  parseOperation,
  type Operation,
} from './operation.ts';
export { aliasKey, listAliasMoves } from './recovery.ts';
export { releaseFiles, settleRelease, type ReleaseFacts, type ReleaseModel } from './release.ts';
export { compareVersions, parseVersion } from './releasefiles.ts';
export { findWork, suggestVersion, type BranchRun, type FoundCommit } from './releasenotes.ts';
export { describeStep, type GitStep, type TagMessage, type WrittenFile } from './steps.ts';
export { formatPullRequests, parsePullRequests, type PullRequest } from './pullrequest.ts';
export {
  MAX_SUBJECTS,
  PROTECTED,
  adviseRefused,
  findDraft,
  findRefused,
  listQuestions,
  resolveRequest,
  type Arrival,
  type ArrivalQuestion,
} from './pullrequests.ts';
export { findHost, findHostName } from './hosts.ts';
export { parseSettings, topicTypeNames } from './settings.ts';
export { quoteWord } from './shell.ts';
export type { FlowPlan } from './plan.ts';

/** What the request would do to this repository; throws an ExpectedError when it can't or mustn't be done. */
export function planFlow(facts: FlowFacts, request: FlowRequest): FlowPlan {
  const live = findLive(facts);
  if (live !== undefined && !isRecovery(request)) {
    if (isSame(live, request)) return planContinue(facts);
    throw new ExpectedError('branch-state', findUnfinished(facts)?.advice ?? '');
  }
  // The table has a row for each action that takes just that action; the compiler can't follow this through the index.
  const plan = planners[request.action] as (facts: FlowFacts, request: FlowRequest) => FlowPlan;
  return plan(facts, request);
}

/** Our own action that has stopped and that the request goes on with. */
export function findResumed(facts: FlowFacts, request: FlowRequest): Operation | undefined {
  const live = findLive(facts);
  const goesOn = live !== undefined && (request.action === 'continue' || isSame(live, request));
  return goesOn && live.phase === 'running' ? live : undefined;
}

function isRecovery({ action }: FlowRequest): boolean {
  return action === 'continue' || action === 'abort' || action === 'undo';
}

/** True for the request that has stopped: running it again goes on with it, as with AVH. */
function isSame({ command, phase }: Operation, request: FlowRequest): boolean {
  if (phase !== 'running' || !('type' in request)) return false;
  const [, type, action, name] = command.split(' ');
  const given = request.action === 'rename' ? request.newName : request.name;
  const isNamed = given === undefined || given === name || quoteWord(given) === name;
  return type === request.type && action === request.action && isNamed;
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
  continue: planContinue,
  abort: planAbort,
  undo: planUndo,
};
