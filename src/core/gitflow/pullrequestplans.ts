import { ExpectedError } from '../../protocol/errors.ts';
import { planFetch, requireAbsent, requireNothingStopped, requireRemote, requireUpToDate } from './checks.ts';
import { beginCourse, type Course } from './course.ts';
import { toOverrideTrailer } from './gates.ts';
import { findHost, toComparePage } from './hosts.ts';
import { toTag, type Finish } from './versiontag.ts';
import { nameCommand, planHook, requireCleanTree, requireIdentity, type FlowPlan } from './plan.ts';
import { planDeletion, requireNothingNew, takeForMerged, tellKept, tellLater } from './mergedbranch.ts';
import type { PullRequest } from './pullrequest.ts';
import { draftWords, findPullRequest, isProtected, type Arrival } from './pullrequests.ts';
import { describeRelease, planAliases, planVersion } from './release.ts';
import { isVersioned, topicSection } from './settings.ts';
import { findBranch, findRemoteBranch } from './branches.ts';
import { quoteWord } from './shell.ts';
import { findDistance } from './distances.ts';
import type { FlowFacts } from './facts.ts';
import type { GitStep } from './steps.ts';

// A finish by pull request: the branch is pushed and the host's page opened; when it is merged there, the rest is done here.

/** Pushes the branch and opens its pull request; nothing is merged here. */
export function planOpening(facts: FlowFacts, finish: Finish): FlowPlan {
  const { settings, type, name, branch, target, command } = finish;
  const { origin } = settings;
  requireNothingStopped(facts);
  requireCleanTree(facts, command);
  requireRemote(facts, origin);
  const version = isVersioned(type) ? planVersion(facts, finish) : undefined;
  const ahead = findDistance(facts.distances, branch, findBranch(facts.branches, target))?.ahead;
  if (ahead === 0 && version === undefined)
    throw new ExpectedError(
      'branch-state',
      `${branch.name} has no commits that ${target} has not: there is nothing to merge.`,
    );
  if (findRemoteBranch(facts.branches, origin, target) === undefined)
    throw new ExpectedError(
      'branch-state',
      `${origin} has no branch ${target} into which it could be merged, as far as it was fetched. Push it first: git push ${quoteWord(origin)} ${quoteWord(target)}.`,
    );
  // What is ahead is pushed; what is behind is refused.
  requireUpToDate(facts, settings, branch.name);
  const { title, body: subjects } = draftWords(type, name, facts.subjects);
  const trailer = toOverrideTrailer(facts.failedGates ?? [], finish.options.override);
  const body = [subjects, trailer ?? ''].filter((part) => part !== '').join('\n\n');
  const opened = draft(
    facts,
    origin,
    { type, name, branch: branch.name, into: target, title, options: finish.given, ...modelsOf(facts) },
    body,
  );
  const course = beginCourse(facts.current);
  if (version !== undefined) course.on(branch.name, version);
  return {
    fetches: planFetch(facts, settings, branch.name),
    warnings: facts.release?.warnings ?? [],
    steps: [
      ...planHook(facts, 'pre', `${type}-finish`, hookArguments(finish)),
      ...course.steps,
      { kind: 'publish-branch', remote: origin, branch: branch.name },
      opened,
    ],
    ...place(finish),
    summary: [
      `${branch.name} is on ${origin}, and goes into ${target} by a pull request.`,
      `When that is merged, end it with ${nameCommand(`flow ${type} finish`, name)}.`,
    ],
    pullRequest: opened.pullRequest,
  };
}

/** When it is merged, the branch need not be checked out, and what it had trained not be here. */
function modelsOf({ release }: FlowFacts): Pick<PullRequest, 'models'> {
  return release === undefined || release.models.length === 0 ? {} : { models: release.models };
}

/** What is left to do for a finish whose pull request was opened: nothing yet, new commits to push, or all the rest. */
export function planWaiting(
  facts: FlowFacts,
  finish: Finish,
  waiting: PullRequest,
  { wasMerged = false }: { readonly wasMerged?: boolean },
): FlowPlan {
  const { settings, branch } = finish;
  const { origin } = settings;
  requireNothingStopped(facts);
  requireRemote(facts, origin);
  const target = findRemoteBranch(facts.branches, origin, waiting.into);
  const seen = facts.arrivals.get(branch.name);
  const arrival = wasMerged && target !== undefined ? takeForMerged(facts, finish, waiting, target.commit) : seen;
  const fetches: readonly GitStep[] = [{ kind: 'fetch-all', remote: origin, prunes: true }];
  return arrival === undefined
    ? { ...planPatience(facts, finish, waiting), fetches }
    : { ...planCompletion(facts, finish, waiting, { arrival, wasMerged }), fetches, wasGated: true };
}

function planPatience(facts: FlowFacts, finish: Finish, waiting: PullRequest): Omit<FlowPlan, 'fetches'> {
  const { settings, type, name, branch } = finish;
  const { origin } = settings;
  const { into, url } = waiting;
  const counterpart = findRemoteBranch(facts.branches, origin, branch.name);
  const command = `mlops flow ${type} finish ${quoteWord(name)}`;
  const plan = { ...place(finish), warnings: [], pullRequest: waiting, wasGated: true };
  if (counterpart === undefined)
    return {
      ...plan,
      steps: [],
      summary: [
        `${branch.name} is not on ${origin} any more, and ${into} there has not its commits.`,
        `If it was merged all the same, say so: ${command} --was-merged. To merge it here: ${command} --merge-here.`,
      ],
    };
  const isAhead = (findDistance(facts.distances, branch, counterpart)?.ahead ?? 0) > 0;
  if (isAhead) requireUpToDate(facts, settings, branch.name);
  return {
    ...plan,
    wasGated: !isAhead,
    steps: isAhead
      ? [
          { kind: 'publish-branch', remote: origin, branch: branch.name },
          { kind: 'remember-pull-request', pullRequest: { ...waiting, commit: branch.commit, ...modelsOf(facts) } },
        ]
      : [],
    summary: [
      isAhead
        ? `What is new on ${branch.name} is on ${origin} too; its pull request into ${into} waits to be merged.`
        : `The pull request of ${branch.name} into ${into} waits to be merged${url === null ? ` on ${origin}` : ''}.`,
      `When it is, end it with ${nameCommand(`flow ${type} finish`, name)}; with --was-merged where git can't see it.`,
    ],
  };
}

/** All that is left when the host has merged it: our branches follow, a version is tagged and comes back, the branch goes. */
function planCompletion(
  facts: FlowFacts,
  finish: Finish,
  waiting: PullRequest,
  { arrival, wasMerged }: { readonly arrival: Arrival; readonly wasMerged: boolean },
): Omit<FlowPlan, 'fetches'> {
  const { settings, type, name, branch, target, tag, command } = finish;
  requireCleanTree(facts, command);
  requireNothingNew(facts, finish, arrival, { wasMerged });
  const course = beginCourse(facts.current);
  course.to(target);
  course.on(target, ...planFollow(facts, finish, target));
  const opened = isVersioned(type) ? planTagged(facts, finish, arrival, course) : undefined;
  const deletion = planDeletion(facts, finish, arrival);
  const where = `is merged into ${target} on ${settings.origin}`;
  const gone = deletion.some(({ kind }) => kind === 'delete-branch')
    ? 'The branch was deleted.'
    : 'The branch was kept.';
  const planned = isVersioned(type) ? planAliases(facts, finish) : [];
  return {
    ...place(finish),
    steps: [
      ...course.steps,
      ...planned,
      ...planHook(facts, 'post', `${type}-finish`, hookArguments(finish)),
      ...deletion,
      { kind: 'forget-pull-request', pullRequest: waiting },
    ],
    warnings: [
      ...(facts.release?.warnings ?? []),
      ...[target, ...(finish.back === undefined ? [] : [finish.back])].flatMap((of) => warnAhead(facts, finish, of)),
      ...tellLater(facts, finish, arrival),
      ...tellKept(facts, finish, arrival),
    ],
    summary: [
      `The ${type} branch ${branch.name} ${where}${tag === undefined ? '' : ` and tagged ${tag}`}.`,
      gone,
      ...describeRelease(planned),
      ...(opened === undefined ? [] : [tellBack(opened)]),
    ],
    ...(opened === undefined ? {} : { pullRequest: opened }),
    command: `flow ${type} finish ${quoteWord(name)}`,
  };
}

/** What comes of development where nobody pushes to it. */
export function tellBack({ into, branch, name }: PullRequest): string {
  return `${into} takes it back by a pull request of ${branch}. When that is merged, end it with ${nameCommand('flow feature finish', name)}.`;
}

/** Our branch goes to where the remote's is; one that has commits of its own besides is refused with what to do. */
function planFollow(facts: FlowFacts, { settings }: Finish, name: string): readonly GitStep[] {
  const { origin } = settings;
  const counterpart = findRemoteBranch(facts.branches, origin, name);
  const distance = findDistance(facts.distances, findBranch(facts.branches, name), counterpart);
  if (distance === undefined || distance.behind === 0) return [];
  if (distance.ahead > 0) requireUpToDate(facts, settings, name);
  return [{ kind: 'fast-forward', branch: name, remote: origin }];
}

function warnAhead(facts: FlowFacts, { settings }: Finish, name: string): readonly string[] {
  const counterpart = findRemoteBranch(facts.branches, settings.origin, name);
  const distance = findDistance(facts.distances, findBranch(facts.branches, name), counterpart);
  return distance?.behind === 0 ? requireUpToDate(facts, settings, name) : [];
}

/** The tag where the branch has come in, and that tag merged into development: by a push, or by a pull request of its own. */
function planTagged(facts: FlowFacts, finish: Finish, arrival: Arrival, course: Course): PullRequest | undefined {
  const { settings, target, back, tag, options } = finish;
  const { origin } = settings;
  if (tag !== undefined && !isTagged(facts, finish, arrival, tag))
    course.on(target, toTag(facts, finish, tag, { commit: arrival.commit }));
  const refs = tag === undefined ? [] : [`refs/tags/${tag}`];
  const isBack = back !== undefined && !options.noDevelopMerge;
  if (isBack) requireIdentity(facts);
  if (isBack && isProtected(facts, back)) {
    if (refs.length > 0) course.steps.push({ kind: 'push', remote: origin, refs });
    return planBackRequest(facts, finish, course);
  }
  if (isBack) {
    course.to(back);
    course.on(back, ...planFollow(facts, finish, back));
    course.on(back, { kind: 'merge', branch: tag ?? target, into: back, fastForward: 'never' });
    refs.unshift(back);
  }
  if (refs.length > 0) course.steps.push({ kind: 'push', remote: origin, refs });
  return undefined;
}

/** True for a tag that was made there meanwhile, by us or by the host; any other of this name is in the way. */
function isTagged({ points, distances, branches }: FlowFacts, finish: Finish, arrival: Arrival, tag: string): boolean {
  const commit = points.get(`refs/tags/${tag}`);
  if (commit === undefined) return false;
  const target = findRemoteBranch(branches, finish.settings.origin, finish.target);
  const holds = findDistance(distances, arrival, { commit })?.ahead === 0;
  if (holds && findDistance(distances, { commit }, target)?.ahead === 0) return true;
  throw new ExpectedError(
    'branch-state',
    `The tag ${tag} exists already, on another commit. Take another with --tag-name, or delete it first: git tag -d ${quoteWord(tag)}.`,
  );
}

/**
 * Development takes the version back by a pull request: its merge is made on a feature branch of its own, where conflicts can be
 * resolved, and which is finished like any other.
 */
export function planBackRequest(facts: FlowFacts, finish: Finish, course: Course): PullRequest {
  const { settings, name: version, target, tag, back = settings.develop } = finish;
  const name = `back-merge-${tag ?? version}`;
  const branch = `${settings.prefixes.feature ?? 'feature/'}${name}`;
  requireRemote(facts, settings.origin);
  requireAbsent(facts, settings, branch);
  const merged = tag ?? target;
  const title = `Merge ${tag === undefined ? `branch '${target}'` : `tag '${tag}'`} into ${back}`;
  const body = `${title}. Merge it with a merge commit: squashed, ${back} would not know what ${target} has.`;
  const words = { type: 'feature', name, branch, into: back, title, options: {} } as const;
  const opened = draft(facts, settings.origin, words, body);
  course.to(back);
  course.on(back, ...planFollow(facts, finish, back));
  course.steps.push({ kind: 'set-config', key: `${topicSection(branch)}.base`, value: back });
  course.start(branch, back);
  course.on(
    branch,
    { kind: 'merge', branch: merged, into: branch, fastForward: 'never' },
    { kind: 'publish-branch', remote: settings.origin, branch },
    opened,
  );
  course.to(back);
  return opened.pullRequest;
}

function draft(
  { config }: FlowFacts,
  origin: string,
  words: Omit<PullRequest, 'url' | 'commit'>,
  body: string,
): Extract<GitStep, { kind: 'open-pull-request' }> {
  const host = findHost(config, origin);
  const url = host === undefined ? null : toComparePage(host, { ...words, body });
  return { kind: 'open-pull-request', body, pullRequest: { ...words, url, commit: null } };
}

/** A pull request that waited is forgotten when the branch goes another way. */
export function planForgotten(facts: FlowFacts, branch: string): readonly GitStep[] {
  const waiting = findPullRequest(facts, branch);
  return waiting === undefined ? [] : [{ kind: 'forget-pull-request', pullRequest: waiting }];
}

function hookArguments({ tag, name, settings, branch }: Finish): readonly string[] {
  return [tag ?? name, settings.origin, branch.name];
}

function place({ branch, target, command }: Finish): Pick<FlowPlan, 'branch' | 'base' | 'command'> {
  return { branch: branch.name, base: target, command };
}
