import { checkRefName, findConfig } from '../git/git.ts';
import { findNearest } from '../names/names.ts';
import { ExpectedError, unknownName } from '../../protocol/errors.ts';
import type { FlowRequest, TopicType } from '../../protocol/gitflow.ts';
import { nameCommand, requireCleanTree, requireIdentity, type FlowPlan } from './plan.ts';
import { findMissing, parseSettings, topicTypeNames, topicTypes, type FlowSettings } from './settings.ts';
import { findBranch, findRemoteBranch } from './branches.ts';
import type { FlowFacts } from './facts.ts';
import type { GitStep } from './steps.ts';

type InitRequest = Extract<FlowRequest, { action: 'init' }>;

/** The nine settings that git-flow (AVH) writes, in its order; values as the request, git and AVH's defaults give them. */
interface Choices {
  readonly production: string;
  readonly develop: string;
  readonly prefixes: Readonly<Record<TopicType, string>>;
  readonly versionTag: string;
  readonly hooks: string;
}

/**
 * Sets Gitflow up as `git flow init -d` does, with two differences: in a repository without commits production is the
 * branch that HEAD already names (`git init -b main` means main), and a development branch that is missing is made also
 * where other branches exist. What is set already stays, unless `force` allows the change.
 */
export function planInit(facts: FlowFacts, request: InitRequest): FlowPlan {
  const settings = parseSettings(facts.config);
  const choices = choose(facts, settings, request);
  requireUnchanged(facts, settings, choices, request);
  const isFresh = isFreshRepository(facts);
  const branchSteps = [
    ...planProduction(facts, settings, choices.production),
    ...planDevelop(facts, settings, choices),
  ];
  const configSteps = planConfig(facts, choices);
  if (!facts.isUnborn && branchSteps.length + configSteps.length > 0) requireCleanTree(facts, 'flow init');
  if (isFresh && branchSteps.length > 0) requireIdentity(facts);
  const steps = [...branchSteps, ...configSteps];
  return {
    fetches: [],
    steps,
    warnings: [],
    branch: choices.develop,
    base: choices.production,
    command: 'flow init',
    summary:
      steps.length === 0
        ? [`Gitflow is set up already: production ${choices.production}, development ${choices.develop}.`]
        : [
            `Gitflow is set up: production ${choices.production}, development ${choices.develop}.`,
            `Begin a feature with ${nameCommand('flow feature start', 'NAME')}.`,
          ],
  };
}

/** No commit, and no branch either: everything is still to be made. */
function isFreshRepository({ branches, isUnborn }: FlowFacts): boolean {
  return isUnborn && branches.every(({ remote }) => remote);
}

function choose(facts: FlowFacts, settings: FlowSettings, request: InitRequest): Choices {
  const { prefixes = {} } = request;
  const production = request.production ?? guessProduction(facts, settings);
  const develop = request.develop ?? guessDevelop(facts, settings, production);
  requireBranchName(production);
  requireBranchName(develop);
  if (production === develop)
    throw new ExpectedError(
      'bad-arguments',
      `Production and development must be two branches, both are "${production}". Name another with --production or --develop.`,
    );
  const choosePrefix = (type: TopicType): string => {
    const prefix = prefixes[type] ?? settings.prefixes[type] ?? topicTypes[type].prefix;
    return requirePrefix(prefix, `${type} branches`);
  };
  return {
    production,
    develop,
    prefixes: Object.fromEntries(topicTypeNames.map((type) => [type, choosePrefix(type)])) as Record<TopicType, string>,
    versionTag: requirePrefix(request.versionTag ?? settings.versionTag ?? '', 'version tags'),
    hooks: findConfig(facts.config, 'gitflow.path.hooks') ?? facts.hooks.folder,
  };
}

function guessProduction(facts: FlowFacts, settings: FlowSettings): string {
  const { branches, current } = facts;
  if (settings.production !== undefined) return settings.production;
  const names = ['production', 'main', 'master'];
  const guess =
    names.find((name) => findBranch(branches, name) !== undefined) ??
    names.find((name) => findRemoteBranch(branches, settings.origin, name) !== undefined);
  if (guess !== undefined) return guess;
  if (isFreshRepository(facts)) return current ?? 'master';
  const existing = branches.filter(({ remote }) => !remote).map(({ name }) => name);
  throw new ExpectedError(
    'missing-answer',
    `Which branch is for production? Name it with --production: ${existing.slice(0, 10).join(', ')}.`,
  );
}

function guessDevelop({ branches }: FlowFacts, settings: FlowSettings, production: string): string {
  const names = ['develop', 'int', 'integration'].filter((name) => name !== production);
  return settings.develop ?? names.find((name) => findBranch(branches, name) !== undefined) ?? names[0] ?? 'develop';
}

function planProduction(facts: FlowFacts, settings: FlowSettings, production: string): readonly GitStep[] {
  const { branches } = facts;
  if (findBranch(branches, production) !== undefined) return [];
  const remote = findRemoteBranch(branches, settings.origin, production);
  if (remote !== undefined) return [{ kind: 'create-branch', branch: production, from: remote.name, track: true }];
  if (isFreshRepository(facts))
    return [
      ...(facts.current === production ? [] : [{ kind: 'point-head', branch: production } as const]),
      { kind: 'commit-empty', message: 'Initial commit' },
    ];
  const existing = branches.filter((branch) => !branch.remote).map(({ name }) => name);
  throw unknownName('branch', production, findNearest(production, existing));
}

function planDevelop(
  { branches, isUnborn }: FlowFacts,
  settings: FlowSettings,
  { production, develop }: Choices,
): readonly GitStep[] {
  if (findBranch(branches, develop) !== undefined) return isUnborn ? [{ kind: 'checkout', branch: develop }] : [];
  const remote = findRemoteBranch(branches, settings.origin, develop);
  return [
    { kind: 'create-branch', branch: develop, from: remote?.name ?? production, track: remote !== undefined },
    { kind: 'checkout', branch: develop },
  ];
}

function planConfig({ config }: FlowFacts, choices: Choices): readonly GitStep[] {
  const wanted = [
    ['gitflow.branch.master', choices.production],
    ['gitflow.branch.develop', choices.develop],
    ...topicTypeNames.map((type) => [`gitflow.prefix.${type}`, choices.prefixes[type]] as const),
    ['gitflow.prefix.versiontag', choices.versionTag],
    ['gitflow.path.hooks', choices.hooks],
  ] as const;
  return wanted
    .filter(([key, value]) => findConfig(config, key) !== value)
    .map(([key, value]) => ({ kind: 'set-config', key, value }));
}

/** A repository that works already is changed only by `force`, and never where git-flow-next keeps the same things too. */
function requireUnchanged(
  facts: FlowFacts,
  settings: FlowSettings,
  choices: Choices,
  { force = false }: InitRequest,
): void {
  if (findMissing(settings, facts.branches) !== undefined && settings.edition === 'avh') return;
  const pairs = [
    ['production', settings.production, choices.production],
    ['development', settings.develop, choices.develop],
    ...topicTypeNames.map((type) => [`${type} prefix`, settings.prefixes[type], choices.prefixes[type]] as const),
    ['version tag prefix', settings.versionTag, choices.versionTag],
  ] as const;
  const changes = pairs.filter(([, before, after]) => before !== undefined && before !== after);
  if (changes.length === 0) return;
  const words = changes.map(([what, before, after]) => `${what} from "${before ?? ''}" to "${after}"`).join(', ');
  if (settings.edition === 'next')
    throw new ExpectedError(
      'not-supported',
      `git-flow-next keeps its own copy of these settings; change them with its "git flow config": ${words}.`,
    );
  if (!force) throw new ExpectedError('branch-state', `Gitflow is set up already. To change ${words}, add --force.`);
}

function requireBranchName(name: string): void {
  const reason = checkRefName(name);
  if (reason !== undefined)
    throw new ExpectedError('bad-arguments', `${JSON.stringify(name)} can't be a branch: ${reason}.`);
}

/** A prefix is fine when a name behind it is: `feature/`, `f-`, or nothing. */
function requirePrefix(prefix: string, what: string): string {
  const reason = checkRefName(`${prefix}1`);
  if (reason === undefined) return prefix;
  throw new ExpectedError('bad-arguments', `${JSON.stringify(prefix)} can't be the prefix of ${what}: ${reason}.`);
}
