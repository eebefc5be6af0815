import { checkRefName, type Branch } from '../git/git.ts';
import { findNearest } from '../names/names.ts';
import { ExpectedError, unknownName } from '../../protocol/errors.ts';
import type { FlowRequest } from '../../protocol/gitflow.ts';
import { nameCommand, planHook, requireCleanTree, requireIdentity, type FlowPlan } from './plan.ts';
import {
  findTopicBase,
  parseSettings,
  readFlag,
  requireReady,
  topicSection,
  topicTypes,
  type ReadySettings,
} from './settings.ts';
import { adviseOnMerge, findBranch, findDistance, findRemoteBranch, findUnfinished, type FlowFacts } from './state.ts';
import type { GitStep } from './steps.ts';

type StartRequest = Extract<FlowRequest, { action: 'start' }>;
type FinishRequest = Extract<FlowRequest, { action: 'finish' }>;

/** `start` as AVH does it: the branch's base is written down, then the branch is made from it and checked out. */
export function planStart(facts: FlowFacts, request: StartRequest): FlowPlan {
  const { config, branches } = facts;
  const { type, name } = request;
  const settings = requireReady(parseSettings(config), branches, type);
  const home = topicTypes[type].home;
  const base = request.base ?? settings[home];
  const branch = requireNewName(settings, request);
  requireNothingStopped(facts);
  requireAbsent(facts, settings, branch);
  requireLocalBase(facts, base);
  const warnings = requireUpToDate(facts, settings, base);
  const args = [name, settings.origin, branch, base];
  return {
    fetches: readFlag(config, `gitflow.${type}.start.fetch`) ? planFetch(facts, settings, base) : [],
    steps: [
      ...planHook(facts, 'pre', `${type}-start`, args),
      { kind: 'set-config', key: `${topicSection(branch)}.base`, value: base },
      { kind: 'start-branch', branch, from: base },
      ...planHook(facts, 'post', `${type}-start`, args),
    ],
    warnings,
    branch,
    base,
    command: `flow ${type} start ${name}`,
    summary: [
      `Branch ${branch} was made from ${base} and is checked out.`,
      `Commit your work, then run ${nameCommand(`flow ${type} finish`, name)}.`,
    ],
  };
}

/**
 * `finish` as AVH does it: a single commit is fast-forwarded, more get a merge commit; then the branch goes, on the remote
 * too, and so does its section in git's configuration. After a stopped merge it goes on where that left off.
 */
export function planFinish(facts: FlowFacts, request: FinishRequest): FlowPlan {
  const finish = resolveFinish(facts, request);
  const { settings, branch, base, command } = finish;
  if (facts.mergeBase !== undefined && isResolved(facts, finish, facts.mergeBase)) {
    const merged = { ...finish, base: facts.mergeBase };
    return toPlan(merged, {
      fetches: [],
      warnings: requireUpToDate(facts, settings, branch.name),
      steps: [{ kind: 'forget-stopped-merge' }, ...planCheckout(facts, merged.base), ...planCleanup(facts, merged)],
    });
  }
  requireNothingStopped(facts);
  requireCleanTree(facts, command);
  const args = [finish.name, settings.origin, branch.name];
  return toPlan(finish, {
    fetches: planFetches(facts, finish),
    warnings: [...requireUpToDate(facts, settings, branch.name), ...requireUpToDate(facts, settings, base)],
    steps: [
      ...(facts.mergeBase === undefined ? [] : [{ kind: 'forget-stopped-merge' } as const]),
      ...planHook(facts, 'pre', `${request.type}-finish`, args),
      ...planCheckout(facts, base),
      ...planMerge(facts, finish),
      ...planHook(facts, 'post', `${request.type}-finish`, args),
      ...planCleanup(facts, finish),
    ],
  });
}

interface Finish {
  readonly settings: ReadySettings;
  readonly type: FinishRequest['type'];
  readonly name: string;
  readonly branch: Branch;
  readonly base: string;
  readonly options: FinishOptions;
  /** As the user would type it again, without "mlops". */
  readonly command: string;
}

interface FinishOptions {
  readonly keep: boolean;
  readonly keepRemote: boolean;
  readonly keepLocal: boolean;
  readonly force: boolean;
  readonly noFastForward: boolean;
  readonly fetch: boolean;
  readonly push: boolean;
}

function resolveFinish(facts: FlowFacts, request: FinishRequest): Finish {
  const { config, branches } = facts;
  const { type } = request;
  const settings = requireReady(parseSettings(config), branches, type);
  const name = request.name ?? currentName(facts, settings, type);
  const branch = requireTopic(facts, settings, type, name);
  const base = findTopicBase(config, branch.name) ?? settings[topicTypes[type].home];
  requireLocalBase(facts, base);
  requireNotElsewhere(facts, branch);
  requireNotElsewhere(facts, findBranch(branches, base));
  const options = readOptions(facts, settings, request);
  return { settings, type, name, branch, base, options, command: `flow ${type} finish ${name}` };
}

/** The request's options, else the repository's defaults (`gitflow.<type>.finish.<option>`). */
function readOptions({ config }: FlowFacts, settings: ReadySettings, request: FinishRequest): FinishOptions {
  const flag = (option: string): boolean => readFlag(config, `gitflow.${request.type}.finish.${option}`);
  for (const option of ['rebase', 'squash', 'squash-info', 'preserve-merges'])
    if (flag(option))
      throw new ExpectedError(
        'not-supported',
        `git's setting gitflow.${request.type}.finish.${option} is on, which mlops does not support yet. Finish with "git flow", or switch it off.`,
      );
  return {
    keep: request.keep === true || flag('keep') || (flag('keepremote') && flag('keeplocal')),
    keepRemote: flag('keepremote'),
    keepLocal: flag('keeplocal'),
    force: flag('force-delete'),
    // git-flow-next makes a merge commit also for one commit.
    noFastForward: request.noFastForward === true || flag('no-ff') || settings.edition === 'next',
    fetch: flag('fetch'),
    push: flag('push'),
  };
}

function toPlan(
  { type, branch, base, command, settings }: Finish,
  plan: Pick<FlowPlan, 'fetches' | 'warnings' | 'steps'>,
): FlowPlan {
  const isGone = (kind: GitStep['kind']): boolean => plan.steps.some((step) => step.kind === kind);
  const places = [
    ...(isGone('delete-branch') ? ['here'] : []),
    ...(isGone('delete-remote-branch') ? [`on ${settings.origin}`] : []),
  ];
  return {
    ...plan,
    branch: branch.name,
    base,
    command,
    summary: [
      `The ${type} branch ${branch.name} is merged into ${base}.`,
      places.length === 0 ? 'The branch was kept.' : `The branch was deleted ${places.join(' and ')}.`,
    ],
  };
}

function planCheckout({ current }: FlowFacts, branch: string): readonly GitStep[] {
  return current === branch ? [] : [{ kind: 'checkout', branch }];
}

function planMerge(facts: FlowFacts, { branch, base, options }: Finish): readonly GitStep[] {
  const distance = findDistance(facts.distances, branch, findBranch(facts.branches, base));
  if (distance === undefined) throw new Error(`The distance of ${branch.name} and ${base} was not read.`);
  // Everything is there already: an earlier finish was cut after its merge, or nothing was committed.
  if (distance.ahead === 0) return [];
  const fastForward = !options.noFastForward && distance.ahead === 1 ? 'allowed' : 'never';
  if (fastForward === 'never' || distance.behind > 0) requireIdentity(facts);
  return [{ kind: 'merge', branch: branch.name, into: base, fastForward }];
}

/** What follows a merge: the branch goes, first on the remote, so that deleting it here compares with the base. */
function planCleanup(
  facts: FlowFacts,
  { settings, branch, base, options }: Pick<Finish, 'settings' | 'branch' | 'base' | 'options'>,
): readonly GitStep[] {
  const { origin } = settings;
  const counterpart = findRemoteBranch(facts.branches, origin, branch.name);
  const keepsRemote = counterpart !== undefined && (options.keep || options.keepRemote);
  const steps: GitStep[] = [];
  if (options.push) steps.push({ kind: 'push', remote: origin, branch: base });
  if (counterpart !== undefined && !keepsRemote)
    steps.push({ kind: 'delete-remote-branch', remote: origin, branch: branch.name, expected: counterpart.commit });
  if (steps.length > 0) requireRemote(facts, origin);
  if (options.keep || options.keepLocal) return steps;
  // With its counterpart still there git would compare with that and refuse, although the base has every commit.
  steps.push({ kind: 'delete-branch', branch: branch.name, force: options.force || keepsRemote });
  if (!keepsRemote && findTopicBase(facts.config, branch.name) !== undefined)
    steps.push({ kind: 'remove-section', section: topicSection(branch.name) });
  return steps;
}

/** AVH always fetches the branch's counterpart, so that nobody's commits on it are lost; the base only when it is told to. */
function planFetches(facts: FlowFacts, { settings, branch, base, options }: Finish): readonly GitStep[] {
  return [...planFetch(facts, settings, branch.name), ...(options.fetch ? planFetch(facts, settings, base) : [])];
}

function planFetch(facts: FlowFacts, { origin }: ReadySettings, branch: string): readonly GitStep[] {
  if (findRemoteBranch(facts.branches, origin, branch) === undefined) return [];
  requireRemote(facts, origin);
  return [{ kind: 'fetch', remote: origin, branch }];
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

/** A merge, rebase or operation of git-flow-next must be ended first; what only a note remembers does not stop anybody. */
function requireNothingStopped(facts: FlowFacts): void {
  const unfinished = findUnfinished(facts);
  if (unfinished === undefined || (unfinished.kind === 'finish' && facts.mergeHead === undefined)) return;
  throw new ExpectedError('branch-state', unfinished.advice);
}

function currentName({ current }: FlowFacts, { prefix }: ReadySettings, type: string): string {
  if (current?.startsWith(prefix) === true && current !== prefix) return current.slice(prefix.length);
  throw new ExpectedError(
    'bad-arguments',
    `${current === undefined ? 'No branch' : `Branch ${current}`} is checked out, which is no ${type} branch. Name the one to finish.`,
  );
}

function requireNewName({ prefix }: ReadySettings, { type, name }: StartRequest): string {
  const reason = name === '' ? 'it is empty' : checkRefName(prefix + name);
  if (reason === undefined && !name.startsWith('-')) return prefix + name;
  throw new ExpectedError(
    'bad-arguments',
    `${JSON.stringify(name)} can't name a ${type}: ${reason ?? 'it begins with "-"'}.`,
  );
}

function requireAbsent({ branches }: FlowFacts, { origin }: ReadySettings, branch: string): void {
  const locals = branches.filter(({ remote }) => !remote).map(({ name }) => name);
  if (locals.includes(branch))
    throw new ExpectedError('branch-state', `Branch ${branch} exists already. Take another name.`);
  if (findRemoteBranch(branches, origin, branch) !== undefined)
    throw new ExpectedError(
      'branch-state',
      `Branch ${branch} exists on ${origin} already. Take another name, or continue it: git checkout -b ${branch} ${origin}/${branch}.`,
    );
  // git keeps branches as files, so that `feature/a` and `feature/a/b` can't both be.
  const inTheWay = locals.find((name) => name.startsWith(`${branch}/`) || branch.startsWith(`${name}/`));
  if (inTheWay !== undefined)
    throw new ExpectedError('branch-state', `Branch ${branch} can't be made beside ${inTheWay}. Take another name.`);
}

function requireTopic(facts: FlowFacts, settings: ReadySettings, type: string, name: string): Branch {
  const { branches } = facts;
  const { prefix, origin, production, develop } = settings;
  const full = prefix + name;
  const branch = findBranch(branches, full);
  if (branch !== undefined && full !== production && full !== develop) return branch;
  if (checkRefName(full) === undefined && findRemoteBranch(branches, origin, full) !== undefined)
    throw new ExpectedError(
      'branch-state',
      `Branch ${full} exists on ${origin} only. Get it first: git checkout -b ${full} ${origin}/${full}.`,
    );
  const names = branches
    .filter((candidate) => !candidate.remote && candidate.name.startsWith(prefix))
    .map((candidate) => candidate.name.slice(prefix.length));
  throw unknownName(
    `${type} branch`,
    name,
    findNearest(name.startsWith(prefix) ? name.slice(prefix.length) : name, names),
  );
}

function requireLocalBase({ branches }: FlowFacts, base: string): void {
  if (findBranch(branches, base) !== undefined) return;
  const names = branches.filter(({ remote }) => !remote).map(({ name }) => name);
  throw unknownName('branch', base, findNearest(base, names));
}

/**
 * git refuses to check out or delete a branch that another work tree has checked out. Which one is ours, HEAD tells: folders
 * can't be compared, since git has more than one name for the same (that of a submodule's repository, forward slashes on Windows).
 */
function requireNotElsewhere({ current }: FlowFacts, branch: Branch | undefined): void {
  if (branch === undefined || branch.worktree === null || branch.name === current) return;
  throw new ExpectedError(
    'branch-state',
    `Branch ${branch.name} is checked out in another work tree, ${branch.worktree}. Finish there, or check out something else there first.`,
  );
}

/** Behind or apart from its counterpart is refused, ahead of it is a warning. */
function requireUpToDate(
  { branches, distances }: FlowFacts,
  { origin }: ReadySettings,
  name: string,
): readonly string[] {
  const distance = findDistance(distances, findBranch(branches, name), findRemoteBranch(branches, origin, name));
  if (distance === undefined || (distance.ahead === 0 && distance.behind === 0)) return [];
  if (distance.behind === 0)
    return [`${name} has ${distance.ahead} ${commits(distance.ahead)} that ${origin} does not have yet.`];
  const lack = `${name} lacks ${distance.behind} ${commits(distance.behind)} that ${origin} has`;
  throw new ExpectedError(
    'branch-state',
    distance.ahead === 0
      ? `${lack}. Bring it up to date: git checkout ${name}, then git merge --ff-only ${origin}/${name}.`
      : `${lack}, and has ${distance.ahead} of its own. Merge them first: git checkout ${name}, then git merge ${origin}/${name}.`,
  );
}

function commits(count: number): string {
  return count === 1 ? 'commit' : 'commits';
}

function requireRemote({ remotes }: FlowFacts, remote: string): void {
  if (!remotes.includes(remote))
    throw new ExpectedError(
      'branch-state',
      `There are branches of a remote "${remote}", but it has no address. Set it: git remote add ${remote} URL.`,
    );
}
