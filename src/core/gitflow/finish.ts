import { ExpectedError } from '../../protocol/errors.ts';
import type { FinishOptions, FlowRequest } from '../../protocol/gitflow.ts';
import {
  planCheckout,
  planFetch,
  requireLocalBase,
  requireNotElsewhere,
  requireNothingStopped,
  requireRemote,
  requireTopic,
  requireUpToDate,
} from './checks.ts';
import { finishFlags, finishTexts, settleOptions } from './finishoptions.ts';
import { planHook, requireCleanTree, type FlowPlan } from './plan.ts';
import { describeRelease } from './release.ts';
import { findTopicBase, isVersioned, topicSection } from './settings.ts';
import { findBranch, findRemoteBranch } from './branches.ts';
import { adviseOnMerge } from './state.ts';
import { findDistance } from './distances.ts';
import type { FlowFacts } from './facts.ts';
import type { GitStep } from './steps.ts';
import { goesBackByRequest, listPushed, planMerges } from './merges.ts';
import { planForgotten, planOpening, planWaiting, tellBack } from './pullrequestplans.ts';
import type { PullRequest } from './pullrequest.ts';
import { findPullRequest, goesByPullRequest } from './pullrequests.ts';
import { quoteWord } from './shell.ts';
import { findTargets } from './targets.ts';
import type { Finish } from './versiontag.ts';

export type FinishRequest = Extract<FlowRequest, { action: 'finish' }>;

/**
 * `finish` as AVH does it. A feature's single commit is fast-forwarded, more get a merge commit; a release or hotfix goes to
 * production, is tagged there and comes back into development. Then the branch goes, on the remote too, and so does its section
 * in git's configuration. After a stopped merge it goes on where that left off: what is done already is left out.
 */
export function planFinish(facts: FlowFacts, request: FinishRequest): FlowPlan {
  const finish = resolveFinish(facts, request);
  const { settings, branch, base, command } = finish;
  if (!isVersioned(finish.type) && facts.mergeBase !== undefined && isResolved(facts, finish, facts.mergeBase)) {
    const merged = { ...finish, base: facts.mergeBase, target: facts.mergeBase };
    return toPlan(merged, {
      fetches: [],
      warnings: requireUpToDate(facts, settings, branch.name),
      steps: [{ kind: 'forget-stopped-merge' }, ...planCheckout(facts, merged.base), ...planCleanup(facts, merged)],
    });
  }
  const waiting = findPullRequest(facts, branch.name);
  if (request.wasMerged === true) requireWaiting(finish, request, waiting);
  // Chosen again, a pull request that was closed is opened anew.
  if (waiting !== undefined && request.pullRequest === undefined) return planWaiting(facts, finish, waiting, request);
  if (goesByPullRequest(facts, request, finish.target)) return planOpening(facts, finish);
  requireNothingStopped(facts);
  requireCleanTree(facts, command);
  const merges = planMerges(facts, finish);
  const args = [finish.tag ?? finish.name, settings.origin, branch.name];
  const touched = [...new Set([branch.name, finish.target, ...(finish.back === undefined ? [] : [finish.back])])];
  return toPlan(finish, {
    fetches: planFetches(facts, finish),
    warnings: [
      ...(facts.release?.warnings ?? []),
      ...[...touched, ...(touched.includes(base) ? [] : [base])].flatMap((name) =>
        requireUpToDate(facts, settings, name),
      ),
    ],
    steps: [
      ...(facts.mergeBase === undefined ? [] : [{ kind: 'forget-stopped-merge' } as const]),
      ...planHook(facts, 'pre', `${request.type}-finish`, args),
      ...merges,
      ...planHook(facts, 'post', `${request.type}-finish`, args),
      ...planCleanup(facts, finish),
      ...planForgotten(facts, branch.name),
    ],
  });
}

/** What nobody waits for can't have been merged. */
function requireWaiting({ branch, type, name }: Finish, { pullRequest }: FinishRequest, waiting?: PullRequest): void {
  if (pullRequest !== undefined)
    throw new ExpectedError('bad-arguments', 'Either --was-merged, or --pull-request or --merge-here.');
  if (waiting === undefined)
    throw new ExpectedError(
      'branch-state',
      `No pull request of ${branch.name} waits here, so that nothing can be taken for merged. To end it: mlops flow ${type} finish ${quoteWord(name)}. To drop it: mlops flow ${type} delete ${quoteWord(name)} --force.`,
    );
}

function resolveFinish(facts: FlowFacts, request: FinishRequest): Finish {
  const topic = requireTopic(facts, request);
  const { settings, name, branch, base = settings.develop } = topic;
  const { type } = request;
  const options = settleOptions(facts, settings, type, request);
  const { target, back } = findTargets(settings, type, base);
  for (const needed of [base, target, ...(back === undefined ? [] : [back])])
    requireNotElsewhere(facts, requireLocalBase(facts, needed));
  requireNotElsewhere(facts, branch);
  return {
    ...topic,
    type,
    base,
    target,
    back,
    tag: isVersioned(type) && !options.noTag ? `${settings.versionTag ?? ''}${options.tagName ?? name}` : undefined,
    options,
    given: listGiven(request),
    command: formatCommand(request, name),
  };
}

/** Without what says which finish it is and which way it goes, and why gates were overridden: the next commits have a reason of their own. */
function listGiven(request: FinishRequest): FinishOptions {
  const own = ['action', 'type', 'name', 'pullRequest', 'wasMerged', 'override'];
  return Object.fromEntries(Object.entries(request).filter(([key]) => !own.includes(key)));
}

/** The same request as a person types it, so that running it again does the same. */
function formatCommand(request: FinishRequest, name: string): string {
  const flags = Object.entries(finishFlags).flatMap(([key, { flag }]) =>
    request[key as keyof typeof finishFlags] === true ? [`--${flag}`] : [],
  );
  const texts = Object.entries(finishTexts).flatMap(([key, { flag }]) => {
    const text = request[key as keyof typeof finishTexts];
    return text === undefined ? [] : [`--${flag} ${quoteWord(text)}`];
  });
  const way = request.pullRequest === undefined ? [] : [request.pullRequest ? '--pull-request' : '--merge-here'];
  return ['flow', request.type, 'finish', quoteWord(name), ...way, ...flags, ...texts].join(' ');
}

/** What follows a merge: the branch goes, first on the remote, so that deleting it here compares with the base. */
function planCleanup(facts: FlowFacts, finish: Finish): readonly GitStep[] {
  const { settings, branch, options } = finish;
  const { origin } = settings;
  const counterpart = findRemoteBranch(facts.branches, origin, branch.name);
  const keepsRemote = counterpart !== undefined && (options.keep || options.keepRemote);
  const goesBack = goesBackByRequest(facts, finish);
  const pushed = goesBack ? [] : listPushed(finish);
  const steps: GitStep[] = pushed.length === 0 ? [] : [{ kind: 'push', remote: origin, refs: pushed }];
  if (counterpart !== undefined && !keepsRemote)
    steps.push({ kind: 'delete-remote-branch', remote: origin, branch: branch.name, expected: counterpart.commit });
  if (steps.length > 0) requireRemote(facts, origin);
  if (options.keep || options.keepLocal) return steps;
  const force = mustForce(finish, { keepsRemote, goesBack });
  steps.push({ kind: 'delete-branch', branch: branch.name, force });
  if (!keepsRemote && findTopicBase(facts.config, branch.name) !== undefined)
    steps.push({ kind: 'remove-section', section: topicSection(branch.name) });
  return steps;
}

/**
 * With its counterpart still there git would compare with that and refuse, although the base has every commit; so it would where a
 * rebase or a squash has left commits that are nowhere else, and where development waits for what production has.
 */
function mustForce(
  { options }: Finish,
  { keepsRemote, goesBack }: { readonly keepsRemote: boolean; readonly goesBack: boolean },
): boolean {
  return options.forceDelete || options.squash || keepsRemote || goesBack;
}

/** AVH always fetches the branch's counterpart, so that nobody's commits on it are lost; the rest only when it is told to. */
function planFetches(facts: FlowFacts, { settings, branch, target, back, options }: Finish): readonly GitStep[] {
  const more = options.fetch ? [target, ...(back === undefined ? [] : [back])] : [];
  return [branch.name, ...more].flatMap((name) => planFetch(facts, settings, name));
}

/** True when the stopped merge was committed; false when it was undone. Throws while it is still in progress. */
function isResolved(facts: FlowFacts, { branch, command }: Finish, mergeBase: string): boolean {
  const { conflicts, changed, mergeHead, branches } = facts;
  if (mergeHead !== undefined || conflicts.length > 0)
    throw new ExpectedError(
      'merge-conflict',
      `The merge into ${mergeBase} is not finished. ${adviseOnMerge(conflicts)} Then run "mlops ${command}" again.`,
      conflicts.map((file) => ({ file, line: 1, column: 1, severity: 'error', message: 'has a merge conflict' })),
    );
  if (changed.length > 0) requireCleanTree(facts, command);
  return findDistance(facts.distances, branch, findBranch(branches, mergeBase))?.ahead === 0;
}

function toPlan(
  { type, branch, target, back, tag, command, settings, options }: Finish,
  plan: Pick<FlowPlan, 'fetches' | 'warnings' | 'steps'>,
): FlowPlan {
  const opening = plan.steps.find((step) => step.kind === 'open-pull-request');
  const opened = opening?.kind === 'open-pull-request' ? opening.pullRequest : undefined;
  const isGone = (kind: GitStep['kind']): boolean => plan.steps.some((step) => step.kind === kind);
  const places = [
    ...(isGone('delete-branch') ? ['here'] : []),
    ...(isGone('delete-remote-branch') ? [`on ${settings.origin}`] : []),
  ];
  const merged = [
    `is merged into ${target}`,
    ...(tag === undefined ? [] : [`tagged ${tag}`]),
    ...(back === undefined || options.noDevelopMerge || opened !== undefined ? [] : [`merged into ${back}`]),
  ];
  return {
    ...plan,
    branch: branch.name,
    base: target,
    command,
    summary: [
      `The ${type} branch ${branch.name} ${merged.join(', ').replace(/, ([^,]*)$/, ' and $1')}.`,
      ...describeRelease(plan.steps),
      places.length === 0 ? 'The branch was kept.' : `The branch was deleted ${places.join(' and ')}.`,
      ...(opened === undefined ? [] : [tellBack(opened)]),
    ],
  };
}
