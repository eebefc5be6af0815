import { ExpectedError, unknownName } from '../../protocol/errors.ts';
import { checkRefName, type Branch } from '../git/git.ts';
import { findNearest } from '../names/names.ts';
import type { FlowRequest, UpdateStrategy } from '../../protocol/gitflow.ts';
import {
  listNames,
  planCheckout,
  planFetch,
  requireAbsent,
  requireLocalBase,
  requireNewName,
  requireNotElsewhere,
  requireNothingStopped,
  requireRemote,
  requireRoom,
  requireTopic,
  requireUpToDate,
  type Topic,
} from './checks.ts';
import { planForgotten } from './pullrequestplans.ts';
import { nameCommand, planHook, requireCleanTree, requireIdentity, type FlowPlan } from './plan.ts';
import {
  findTopicBase,
  findUpdateStrategy,
  isVersioned,
  parseSettings,
  readFlag,
  requireReady,
  topicSection,
} from './settings.ts';
import { findBranch, findRemoteBranch } from './branches.ts';
import { findDistance } from './distances.ts';
import type { FlowFacts } from './facts.ts';
import type { GitStep } from './steps.ts';
import { quoteWord } from './shell.ts';

// What is done with a topic branch between its start and its finish.

type Request<Action extends FlowRequest['action']> = Extract<FlowRequest, { action: Action }>;

/** A second time it pushes what is new, as AVH does. */
export function planPublish(facts: FlowFacts, request: Request<'publish'>): FlowPlan {
  const topic = requireTopic(facts, request);
  const { settings, type, name, branch, base = '' } = topic;
  const { origin } = settings;
  const command = `flow ${type} publish ${quoteWord(name)}`;
  requireNothingStopped(facts);
  requireCleanTree(facts, command);
  requireNotElsewhere(facts, branch);
  requireRemote(facts, origin);
  requireUpToDate(facts, settings, branch.name);
  // AVH names a hotfix to this hook by its tag.
  const args = [type === 'hotfix' ? `${settings.versionTag ?? ''}${name}` : name, origin, branch.name];
  return {
    fetches: [{ kind: 'fetch-all', remote: origin }],
    steps: [
      ...planHook(facts, 'pre', `${type}-publish`, args),
      { kind: 'publish-branch', remote: origin, branch: branch.name },
      ...planCheckout(facts, branch.name),
      ...planHook(facts, 'post', `${type}-publish`, args),
    ],
    warnings: [],
    branch: branch.name,
    base,
    command,
    summary: [
      `Branch ${branch.name} is on ${origin} now. Others get it with "mlops flow ${type} track ${quoteWord(name)}".`,
    ],
  };
}

export function planTrack(facts: FlowFacts, { type, name }: Request<'track'>): FlowPlan {
  const settings = requireReady(parseSettings(facts.config), facts.branches, type);
  const { origin } = settings;
  const branch = requireNewName(settings, type, name);
  const command = `flow ${type} track ${quoteWord(name)}`;
  requireNothingStopped(facts);
  requireCleanTree(facts, command);
  requireRemote(facts, origin);
  if (findBranch(facts.branches, branch) !== undefined)
    throw new ExpectedError('branch-state', `Branch ${branch} is here already: git checkout ${quoteWord(branch)}.`);
  const args = [name, origin, branch];
  requireRoom(
    facts.branches.filter(({ remote }) => !remote).map((local) => local.name),
    branch,
  );
  return {
    fetches: [{ kind: 'fetch-all', remote: origin }],
    steps: [
      ...planHook(facts, 'pre', `${type}-track`, args),
      { kind: 'track-branch', remote: origin, branch },
      ...planHook(facts, 'post', `${type}-track`, args),
    ],
    warnings: [],
    branch,
    base: `${origin}/${branch}`,
    command,
    summary: [`Branch ${branch} was made from ${origin}/${branch} and is checked out.`],
  };
}

/** Takes the parent's commits in. AVH calls it `rebase`. */
export function planUpdate(facts: FlowFacts, request: Request<'update'>): FlowPlan {
  const topic = requireTopic(facts, request);
  const { settings, type, name, branch, base } = topic;
  if (base === undefined)
    throw new ExpectedError('branch-state', `${branch.name} has no parent: a support branch lives on its own.`);
  const strategy = request.strategy ?? findUpdateStrategy(facts.config, type);
  const command = `flow ${type} update ${quoteWord(name)}${request.strategy === undefined ? '' : ` --${request.strategy}`}`;
  requireNothingStopped(facts);
  requireCleanTree(facts, command);
  requireNotElsewhere(facts, branch);
  const distance = findDistance(facts.distances, branch, requireLocalBase(facts, base));
  const isCurrent = distance?.behind === 0;
  if (!isCurrent && distance?.ahead !== 0) requireIdentity(facts);
  const fetches = request.fetch === true;
  return {
    fetches: fetches ? planFetch(facts, settings, base) : [],
    steps: [
      ...planCheckout(facts, branch.name),
      ...(isCurrent ? [] : [toUpdate(facts, request, { branch: branch.name, base, strategy })]),
    ],
    warnings: [
      ...(fetches ? requireUpToDate(facts, settings, base) : []),
      ...(strategy === 'rebase' && !isCurrent ? warnOfRewriting(facts, topic) : []),
    ],
    branch: branch.name,
    base,
    command,
    summary: [
      isCurrent ? `${branch.name} has everything of ${base} already.` : describeUpdate(strategy, branch.name, base),
    ],
  };
}

function toUpdate(
  { config }: FlowFacts,
  { type, preserveMerges }: Request<'update'>,
  { branch, base, strategy }: { branch: string; base: string; strategy: UpdateStrategy },
): GitStep {
  if (strategy === 'merge') return { kind: 'merge', branch: base, into: branch, fastForward: 'allowed' };
  const keeps = preserveMerges ?? readFlag(config, `gitflow.${type}.rebase.preserve-merges`);
  return { kind: 'rebase', branch, onto: base, preserveMerges: keeps };
}

function describeUpdate(strategy: UpdateStrategy, branch: string, base: string): string {
  return strategy === 'merge' ? `${base} was merged into ${branch}.` : `${branch} was rebased onto ${base}.`;
}

function warnOfRewriting({ branches }: FlowFacts, { settings: { origin }, branch }: Topic): readonly string[] {
  if (findRemoteBranch(branches, origin, branch.name) === undefined) return [];
  return [
    `${branch.name} is published: its rebased commits replace those on ${origin} only by "git push --force-with-lease ${quoteWord(origin)} ${quoteWord(branch.name)}".`,
  ];
}

export function planDelete(facts: FlowFacts, request: Request<'delete'>): FlowPlan {
  const topic = requireTopic(facts, request);
  const { settings, type, name, branch } = topic;
  const { origin, production } = settings;
  const setting = (key: string): boolean => readFlag(facts.config, `gitflow.${type}.delete.${key}`);
  const fromRemote = request.remote ?? setting('remote');
  const base = findHome(facts, topic);
  const command = `flow ${type} delete ${quoteWord(name)}`;
  requireNothingStopped(facts);
  requireNotElsewhere(facts, branch);
  const isCurrent = facts.current === branch.name;
  if (isCurrent) requireCleanTree(facts, command);
  if (!(request.force ?? setting('force'))) requireMerged(facts, topic, base);
  const counterpart = fromRemote ? findRemoteBranch(facts.branches, origin, branch.name) : undefined;
  if (counterpart !== undefined) requireRemote(facts, origin);
  const args = [name, origin, branch.name];
  return {
    fetches: [],
    steps: [
      ...planHook(facts, 'pre', `${type}-delete`, args),
      ...(isCurrent ? [{ kind: 'checkout', branch: type === 'hotfix' ? production : base } as const] : []),
      // Whether its commits are elsewhere was looked at above; git would compare with whatever is checked out.
      { kind: 'delete-branch', branch: branch.name, force: true },
      ...planRemoteDelete(origin, branch.name, counterpart),
      ...planForget(facts, branch.name),
      ...planForgotten(facts, branch.name),
      ...planHook(facts, 'post', `${type}-delete`, args),
    ],
    warnings: fromRemote && counterpart === undefined ? [`${branch.name} is not on ${origin}.`] : [],
    branch: branch.name,
    base,
    command,
    summary: [`Branch ${branch.name} was deleted${counterpart === undefined ? '' : `, on ${origin} too`}.`],
  };
}

/** Where somebody goes whose branch is deleted: its base, or development where that is gone too. */
function findHome(facts: FlowFacts, { settings, base }: Topic): string {
  if (base === undefined) return settings.production;
  return findBranch(facts.branches, base)?.name ?? settings.develop;
}

function planRemoteDelete(remote: string, branch: string, counterpart: Branch | undefined): readonly GitStep[] {
  if (counterpart === undefined) return [];
  return [{ kind: 'delete-remote-branch', remote, branch, expected: counterpart.commit }];
}

/** The settings of a branch that is gone. */
function planForget({ config }: FlowFacts, branch: string): readonly GitStep[] {
  return findTopicBase(config, branch) === undefined ? [] : [{ kind: 'remove-section', section: topicSection(branch) }];
}

/** A release or hotfix must be in production and in what it came from, anything else in its base. */
function requireMerged(facts: FlowFacts, { settings, type, branch }: Topic, base: string): void {
  const { production, develop } = settings;
  const needed = isVersioned(type) ? [production, type === 'hotfix' ? develop : base] : [base];
  const lacking = needed.filter(
    (name) => findDistance(facts.distances, branch, findBranch(facts.branches, name))?.ahead !== 0,
  );
  if (lacking.length > 0)
    throw new ExpectedError(
      'branch-state',
      `Branch ${branch.name} has commits that ${lacking.join(' and ')} ${lacking.length === 1 ? 'has' : 'have'} not. Finish it, or delete it with --force.`,
    );
}

export function planRename(facts: FlowFacts, request: Request<'rename'>): FlowPlan {
  const { settings, type, name, branch, base = '' } = requireTopic(facts, request);
  const to = requireNewName(settings, type, request.newName);
  requireNothingStopped(facts);
  requireNotElsewhere(facts, branch);
  requireAbsent(facts, settings, to, { besides: branch.name });
  const args = [name, settings.origin, branch.name];
  const isPublished = findRemoteBranch(facts.branches, settings.origin, branch.name) !== undefined;
  // The host knows it by its old name.
  const forgotten = planForgotten(facts, branch.name);
  return {
    fetches: [],
    steps: [
      ...planHook(facts, 'pre', `${type}-rename`, args),
      { kind: 'rename-branch', branch: branch.name, to },
      ...(findTopicBase(facts.config, branch.name) === undefined
        ? []
        : [{ kind: 'rename-section', section: topicSection(branch.name), to: topicSection(to) } as const]),
      ...forgotten,
      ...planHook(facts, 'post', `${type}-rename`, args),
    ],
    warnings: isPublished ? [`On ${settings.origin} the branch keeps its old name, ${branch.name}.`] : [],
    branch: to,
    base,
    command: `flow ${type} rename ${quoteWord(request.newName)} ${quoteWord(name)}`,
    summary: [`Branch ${branch.name} is called ${to} now.`],
  };
}

export function planSwitch(facts: FlowFacts, { type, name }: Request<'checkout'>): FlowPlan {
  const settings = requireReady(parseSettings(facts.config), facts.branches, type);
  const names = listNames(facts, settings.prefix);
  const fitting = names.includes(name) ? [name] : names.filter((candidate) => candidate.startsWith(name));
  const [chosen, another] = fitting;
  if (another !== undefined && name !== '')
    throw new ExpectedError(
      'bad-arguments',
      `More than one ${type} begins with ${JSON.stringify(name)}: ${fitting.slice(0, 10).join(', ')}.`,
    );
  if (chosen === undefined || name === '' || checkRefName(settings.prefix + chosen) !== undefined)
    throw unknownName(`${type} branch`, name, findNearest(name, names));
  const branch = settings.prefix + chosen;
  requireNothingStopped(facts);
  requireNotElsewhere(facts, findBranch(facts.branches, branch));
  return {
    fetches: [],
    steps: planCheckout(facts, branch),
    warnings: [],
    branch,
    base: findTopicBase(facts.config, branch) ?? '',
    command: `flow ${type} checkout ${quoteWord(chosen)}`,
    summary: [`${branch} is checked out. End it with ${nameCommand(`flow ${type} finish`, chosen)}.`],
  };
}
