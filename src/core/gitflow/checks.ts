import { checkRefName } from '../git/git.ts';
import { findNearest } from '../names/names.ts';
import { ExpectedError, unknownName } from '../../protocol/errors.ts';
import type { TopicType } from '../../protocol/gitflow.ts';
import type { Problem } from '../../protocol/problem.ts';
import { findTopicBase, parseSettings, requireReady, topicTypes, type ReadySettings } from './settings.ts';
import { findBranch, findRemoteBranch } from './branches.ts';
import { findDistance } from './distances.ts';
import { findUnfinished } from './state.ts';
import type { FlowFacts } from './facts.ts';
import type { Branch } from '../git/git.ts';
import type { GitStep } from './steps.ts';
import { quoteWord } from './shell.ts';

// What must hold before a plan is made; each refusal says what to do instead.

/** A topic branch that exists here, with what every action on it needs. */
export interface Topic {
  readonly settings: ReadySettings;
  readonly type: TopicType;
  readonly name: string;
  readonly branch: Branch;
  /** Where it came from: as `start` wrote it down, else the type's home; undefined for support. */
  readonly base: string | undefined;
}

/** The topic that a request names (default: what is checked out); throws when there is none of its type. */
export function requireTopic(
  facts: FlowFacts,
  { type, name }: { readonly type: TopicType; readonly name?: string },
): Topic {
  const settings = requireReady(parseSettings(facts.config), facts.branches, type);
  const chosen = name ?? currentName(facts, settings, type);
  const branch = requireTopicBranch(facts, settings, type, chosen);
  const { home } = topicTypes[type];
  const base = findTopicBase(facts.config, branch.name) ?? (home === null ? undefined : settings[home]);
  return { settings, type, name: chosen, branch, base };
}

function currentName({ current }: FlowFacts, { prefix }: ReadySettings, type: string): string {
  if (current?.startsWith(prefix) === true && current !== prefix) return current.slice(prefix.length);
  throw new ExpectedError(
    'bad-arguments',
    `${current === undefined ? 'No branch' : `Branch ${current}`} is checked out, which is no ${type} branch. Name the one that you mean.`,
  );
}

function requireTopicBranch(facts: FlowFacts, settings: ReadySettings, type: TopicType, name: string): Branch {
  const { branches } = facts;
  const { prefix, origin, production, develop } = settings;
  const full = prefix + name;
  const branch = findBranch(branches, full);
  if (branch !== undefined && full !== production && full !== develop) return branch;
  if (checkRefName(full) === undefined && findRemoteBranch(branches, origin, full) !== undefined)
    throw new ExpectedError(
      'branch-state',
      `Branch ${full} exists on ${origin} only. Get it first: mlops flow ${type} track ${quoteWord(name)}, or git checkout -b ${quoteWord(full)} ${quoteWord(`${origin}/${full}`)}.`,
    );
  const wanted = name.startsWith(prefix) ? name.slice(prefix.length) : name;
  throw unknownName(`${type} branch`, name, findNearest(wanted, listNames(facts, prefix)));
}

/** Names of the local branches with the prefix, without it. */
export function listNames({ branches }: FlowFacts, prefix: string): readonly string[] {
  return branches
    .filter((candidate) => !candidate.remote && candidate.name.startsWith(prefix) && candidate.name !== prefix)
    .map((candidate) => candidate.name.slice(prefix.length));
}

export function requireNewName({ prefix }: ReadySettings, type: TopicType, name: string): string {
  const reason = name === '' ? 'it is empty' : checkRefName(prefix + name);
  if (reason === undefined && !name.startsWith('-')) return prefix + name;
  throw new ExpectedError(
    'bad-arguments',
    `${JSON.stringify(name)} can't name a ${type}: ${reason ?? 'it begins with "-"'}.`,
  );
}

/** Neither here nor on the remote, and nothing whose name stands in the way of a file of git's. */
export function requireAbsent(
  { branches }: FlowFacts,
  { origin }: ReadySettings,
  branch: string,
  { besides }: { readonly besides?: string } = {},
): void {
  const locals = branches.filter(({ remote, name }) => !remote && name !== besides).map(({ name }) => name);
  if (locals.includes(branch))
    throw new ExpectedError('branch-state', `Branch ${branch} exists already. Take another name.`);
  if (findRemoteBranch(branches, origin, branch) !== undefined)
    throw new ExpectedError(
      'branch-state',
      `Branch ${branch} exists on ${origin} already. Take another name, or continue it: git checkout -b ${quoteWord(branch)} ${quoteWord(`${origin}/${branch}`)}.`,
    );
  requireRoom(locals, branch);
}

/** git keeps branches as files, so that `feature/a` and `feature/a/b` can't both be; nor names that differ in case, everywhere. */
export function requireRoom(locals: readonly string[], branch: string): void {
  const inTheWay = locals.find((name) => name.startsWith(`${branch}/`) || branch.startsWith(`${name}/`));
  if (inTheWay !== undefined)
    throw new ExpectedError('branch-state', `Branch ${branch} can't be made beside ${inTheWay}. Take another name.`);
  const twin = locals.find((name) => name.toLowerCase() === branch.toLowerCase());
  if (twin !== undefined)
    throw new ExpectedError(
      'branch-state',
      `Branch ${branch} differs from ${twin} by capital letters only, which some computers can't keep apart. Take another name.`,
    );
}

export function requireLocalBase({ branches }: FlowFacts, base: string): Branch {
  const branch = findBranch(branches, base);
  if (branch !== undefined) return branch;
  const names = branches.filter(({ remote }) => !remote).map(({ name }) => name);
  throw unknownName('branch', base, findNearest(base, names));
}

/**
 * git refuses to check out or delete a branch that another work tree has checked out. Which one is ours, HEAD tells: folders
 * can't be compared, since git has more than one name for the same (that of a submodule's repository, forward slashes on Windows).
 */
export function requireNotElsewhere({ current }: FlowFacts, branch: Branch | undefined): void {
  if (branch === undefined || branch.worktree === null || branch.name === current) return;
  throw new ExpectedError(
    'branch-state',
    `Branch ${branch.name} is checked out in another work tree, ${branch.worktree}. Finish there, or check out something else there first.`,
  );
}

/** Behind or apart from its counterpart is refused, ahead of it is a warning. */
export function requireUpToDate(
  { branches, distances }: FlowFacts,
  { origin }: ReadySettings,
  name: string,
): readonly string[] {
  const distance = findDistance(distances, findBranch(branches, name), findRemoteBranch(branches, origin, name));
  if (distance === undefined || (distance.ahead === 0 && distance.behind === 0)) return [];
  if (distance.behind === 0) return [`${name} has ${countCommits(distance.ahead)} that ${origin} does not have yet.`];
  const lack = `${name} lacks ${countCommits(distance.behind)} that ${origin} has`;
  throw new ExpectedError(
    'branch-state',
    distance.ahead === 0
      ? `${lack}. Bring it up to date: git checkout ${quoteWord(name)}, then git merge --ff-only ${quoteWord(`${origin}/${name}`)}.`
      : `${lack}, and has ${distance.ahead} of its own. Merge them first: git checkout ${quoteWord(name)}, then git merge ${quoteWord(`${origin}/${name}`)}.`,
  );
}

/** As in "2 commits". */
export function countCommits(count: number): string {
  return `${count} ${count === 1 ? 'commit' : 'commits'}`;
}

export function requireRemote({ remotes }: FlowFacts, remote: string): void {
  if (remotes.includes(remote)) return;
  throw new ExpectedError(
    'branch-state',
    `The remote "${remote}" has no address. Set it: git remote add ${quoteWord(remote)} URL.`,
  );
}

/** A merge, rebase or operation of git-flow-next must be ended first; what only a note remembers does not stop anybody. */
export function requireNothingStopped(facts: FlowFacts): void {
  const unfinished = findUnfinished(facts);
  if (unfinished === undefined || (unfinished.kind === 'finish' && facts.mergeHead === undefined)) return;
  throw new ExpectedError('branch-state', unfinished.advice);
}

/** Fetches the branch's counterpart, where it has one. */
export function planFetch(facts: FlowFacts, { origin }: ReadySettings, branch: string): readonly GitStep[] {
  if (findRemoteBranch(facts.branches, origin, branch) === undefined) return [];
  requireRemote(facts, origin);
  return [{ kind: 'fetch', remote: origin, branch }];
}

export function planCheckout({ current }: Pick<FlowFacts, 'current'>, branch: string): readonly GitStep[] {
  return current === branch ? [] : [{ kind: 'checkout', branch }];
}

/** `line`: of its first mark; undefined where the file has none. */
export function toConflict(file: string, line: number | undefined): Problem {
  const message =
    line === undefined
      ? 'has a merge conflict without marks in the file: decide, then say so with "git add" or "git rm"'
      : 'has a merge conflict';
  return { file, line: line ?? 1, column: 1, severity: 'error', message };
}
