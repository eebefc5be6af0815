import { checkRefName, parseGitBoolean, findConfig } from '../git/git.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import type { FlowRequest } from '../../protocol/gitflow.ts';
import {
  listNames,
  planFetch,
  requireAbsent,
  requireLocalBase,
  requireNewName,
  requireNothingStopped,
  requireUpToDate,
} from './checks.ts';
import { nameCommand, planHook, requireCleanTree, type FlowPlan } from './plan.ts';
import {
  findStartPoint,
  isVersioned,
  parseSettings,
  readFlag,
  requireReady,
  topicSection,
  type ReadySettings,
} from './settings.ts';
import { findBranch } from './branches.ts';
import { findDistance } from './distances.ts';
import type { FlowFacts } from './facts.ts';
import type { GitStep } from './steps.ts';
import { quoteWord } from './shell.ts';

export type StartRequest = Extract<FlowRequest, { action: 'start' }>;

/** `start` as AVH does it: the branch's base is written down, then the branch is made from it and checked out. */
export function planStart(facts: FlowFacts, request: StartRequest): FlowPlan {
  const { config, branches } = facts;
  const { type, name } = request;
  const settings = requireReady(parseSettings(config), branches, type);
  const branch = requireNewName(settings, type, name);
  requireNothingStopped(facts);
  requireAbsent(facts, settings, branch);
  if (type !== 'feature' && type !== 'bugfix' && !readFlag(config, 'gitflow.allowdirty'))
    requireCleanTree(facts, `flow ${type} start ${name}`);
  if (type === 'support') return planSupport(facts, settings, request, branch);
  const base = request.base ?? findStartPoint(settings, config, type);
  requireLocalBase(facts, base);
  if (isVersioned(type)) requireFree(facts, settings, request);
  const warnings = requireUpToDate(facts, settings, base);
  const args = [isVersioned(type) ? `${settings.versionTag ?? ''}${name}` : name, settings.origin, branch, base];
  return toPlan(settings, request, branch, base, {
    warnings,
    fetches: wantsFetch(facts, request) ? planFetch(facts, settings, base) : [],
    steps: [
      ...planHook(facts, 'pre', `${type}-start`, args),
      { kind: 'set-config', key: `${topicSection(branch)}.base`, value: base },
      { kind: 'start-branch', branch, from: base },
      ...planNote(branch, request.note),
      ...planHook(facts, 'post', `${type}-start`, args),
    ],
  });
}

/** A support branch lives on beside production: it begins at one of its commits and has no base that it returns to. */
function planSupport(facts: FlowFacts, settings: ReadySettings, request: StartRequest, branch: string): FlowPlan {
  const { base } = request;
  if (base === undefined || checkRefName(base) !== undefined)
    throw new ExpectedError(
      'bad-arguments',
      `A support branch begins at a version of production: name its tag, as "mlops flow support start ${quoteWord(request.name)} TAG".`,
    );
  const commit = facts.points.get(base);
  const production = findBranch(facts.branches, settings.production);
  const distance = commit === undefined ? undefined : findDistance(facts.distances, { commit }, production);
  if (distance?.ahead !== 0)
    throw new ExpectedError(
      'branch-state',
      `"${base}" is no commit of ${settings.production}. A support branch begins at a version of production: name its tag.`,
    );
  return toPlan(settings, request, branch, base, {
    warnings: [],
    fetches: wantsFetch(facts, request) ? planFetch(facts, settings, base) : [],
    steps: [{ kind: 'start-branch', branch, from: base }],
  });
}

function planNote(branch: string, note: string | undefined): readonly GitStep[] {
  const line = (note ?? '').replace(/\s+/gu, ' ').trim();
  return line === '' ? [] : [{ kind: 'set-config', key: `branch.${branch}.description`, value: line }];
}

function wantsFetch({ config }: FlowFacts, { type, fetch }: StartRequest): boolean {
  return fetch ?? readFlag(config, `gitflow.${type}.start.fetch`);
}

/** One release at a time, and one hotfix unless the repository allows more; and no version is made twice. */
function requireFree(facts: FlowFacts, settings: ReadySettings, { type, name }: StartRequest): void {
  const other = listNames(facts, settings.prefix)[0];
  const allowsMore =
    type === 'hotfix' && parseGitBoolean(findConfig(facts.config, 'gitflow.multi-hotfix') ?? 'false') === true;
  if (other !== undefined && !allowsMore)
    throw new ExpectedError(
      'branch-state',
      `There is a ${type} already, ${settings.prefix}${other}. Finish it first: ${nameCommand(`flow ${type} finish`, other)}.`,
    );
  const tag = `${settings.versionTag ?? ''}${name}`;
  if (facts.points.has(`refs/tags/${tag}`))
    throw new ExpectedError('branch-state', `The tag ${tag} exists already. Take another version.`);
}

function toPlan(
  { develop }: ReadySettings,
  { type, name, base }: StartRequest,
  branch: string,
  from: string,
  plan: { warnings: readonly string[]; fetches: readonly GitStep[]; steps: readonly GitStep[] },
): FlowPlan {
  const next =
    type === 'support'
      ? `Commit what this version needs; its hotfixes begin at it: mlops flow hotfix start VERSION ${quoteWord(branch)}.`
      : `Commit your work, then run ${nameCommand(`flow ${type} finish`, name)}.`;
  return {
    ...plan,
    branch,
    base: from,
    command: ['flow', type, 'start', name, ...(base === undefined || base === develop ? [] : [base])].join(' '),
    summary: [`Branch ${branch} was made from ${from} and is checked out.`, next],
  };
}
