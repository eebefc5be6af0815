import { findConfig, parseGitBoolean, type Branch, type ConfigEntry } from '../git/git.ts';
import { ExpectedError, badInput } from '../../protocol/errors.ts';
import type { TopicType, UpdateStrategy } from '../../protocol/gitflow.ts';

/**
 * Types of topic branches: git-flow's (AVH) prefix, and which of the two long-lived branches one begins from and returns
 * to (null: it never returns).
 */
export const topicTypes = {
  feature: { prefix: 'feature/', home: 'develop' },
  bugfix: { prefix: 'bugfix/', home: 'develop' },
  release: { prefix: 'release/', home: 'develop' },
  hotfix: { prefix: 'hotfix/', home: 'production' },
  support: { prefix: 'support/', home: null },
} as const satisfies Record<TopicType, { prefix: string; home: 'develop' | 'production' | null }>;

export const topicTypeNames = Object.keys(topicTypes) as readonly TopicType[];

/** Gitflow's settings of a repository, from git's configuration; undefined is what is not set. */
export interface FlowSettings {
  readonly edition: 'avh' | 'next';
  readonly production: string | undefined;
  readonly develop: string | undefined;
  readonly origin: string;
  readonly prefixes: Readonly<Record<TopicType, string | undefined>>;
  readonly versionTag: string | undefined;
}

/** git-flow-next's keys come first where it has written its own (`gitflow.version`), then AVH's. */
export function parseSettings(config: readonly ConfigEntry[]): FlowSettings {
  const find = (key: string): string | undefined => findConfig(config, key);
  const isNext = find('gitflow.version') !== undefined;
  const next = (key: string): string | undefined => (isNext ? find(`gitflow.branch.${key}`) : undefined);
  const bases = isNext ? findBaseBranches(config) : {};
  const prefixes = topicTypeNames.map(
    (type) => [type, next(`${type}.prefix`) ?? find(`gitflow.prefix.${type}`)] as const,
  );
  return {
    edition: isNext ? 'next' : 'avh',
    production: bases.production ?? find('gitflow.branch.master'),
    develop: bases.develop ?? find('gitflow.branch.develop'),
    origin: find('gitflow.origin') ?? (isNext ? find('gitflow.remote') : undefined) ?? 'origin',
    prefixes: Object.fromEntries(prefixes) as Record<TopicType, string | undefined>,
    versionTag: find('gitflow.prefix.versiontag') ?? (isNext ? (next('release.tagprefix') ?? '') : undefined),
  };
}

/** Base of a topic branch as `start` wrote it down, by either edition. */
export function findTopicBase(config: readonly ConfigEntry[], branch: string): string | undefined {
  return indexBases(config).get(`${topicSection(branch)}.base`);
}

const baseIndexes = new WeakMap<readonly ConfigEntry[], ReadonlyMap<string, string>>();

/** Each of a thousand branches has a line among thousands, in a list that never changes; of equal keys the last one counts. */
function indexBases(config: readonly ConfigEntry[]): ReadonlyMap<string, string> {
  const known = baseIndexes.get(config);
  if (known !== undefined) return known;
  const own = config.filter(
    ({ scope, key }) =>
      (scope === 'local' || scope === 'worktree') && key.startsWith('gitflow.') && key.endsWith('.base'),
  );
  const index = new Map(own.map(({ key, value }) => [key, value ?? 'true']));
  baseIndexes.set(config, index);
  return index;
}

export function topicSection(branch: string): string {
  return `gitflow.branch.${branch}`;
}

/** A default for one of AVH's options, as `gitflow.feature.finish.keep`; throws on a value that is no boolean, as AVH does. */
export function readFlag(config: readonly ConfigEntry[], key: string): boolean {
  const text = findConfig(config, key);
  if (text === undefined) return false;
  const value = parseGitBoolean(text);
  if (value === undefined) throw badInput(`git's setting ${key} is "${text}", which is neither true nor false.`);
  return value;
}

/** Why Gitflow can't work here, by AVH's rule, as a sentence; undefined when it can. */
export function findMissing(settings: FlowSettings, branches: readonly Branch[]): string | undefined {
  const { production, develop, prefixes } = settings;
  const isLocal = (name: string): boolean => branches.some((branch) => !branch.remote && branch.name === name);
  if (production === undefined || develop === undefined)
    return 'Its branches for production and development are not set.';
  if (production === develop) return `Production and development are the same branch, ${production}.`;
  const absent = [production, develop].find((name) => !isLocal(name));
  if (absent !== undefined) return `Its branch ${absent} does not exist here.`;
  return Object.values(prefixes).every((prefix) => prefix === undefined) ? 'Its prefixes are not set.' : undefined;
}

/** Types whose name is a version, and whose finish makes a tag on production. */
export function isVersioned(type: TopicType): type is 'release' | 'hotfix' {
  return type === 'release' || type === 'hotfix';
}

/** A value of git-flow-next's definition of a type, as `gitflow.branch.feature.parent`; undefined where only AVH's keys are. */
export function findNextValue(config: readonly ConfigEntry[], type: TopicType, key: string): string | undefined {
  if (findConfig(config, 'gitflow.version') === undefined) return undefined;
  const value = findConfig(config, `gitflow.branch.${type}.${key.toLowerCase()}`);
  return value === '' ? undefined : value;
}

/** The branch that a type begins from, where the user names none. */
export function findStartPoint(
  settings: ReadySettings,
  config: readonly ConfigEntry[],
  type: Exclude<TopicType, 'support'>,
): string {
  return (
    findNextValue(config, type, 'startPoint') ??
    (isVersioned(type) ? undefined : findNextValue(config, type, 'parent')) ??
    settings[topicTypes[type].home]
  );
}

/** How a type takes its parent's commits in: as git-flow-next's definition says, else history that others share is not rewritten. */
export function findUpdateStrategy(config: readonly ConfigEntry[], type: TopicType): UpdateStrategy {
  const value =
    findConfig(config, `gitflow.${type}.update.downstreamstrategy`) ??
    findNextValue(config, type, 'downstreamStrategy');
  if (value === 'merge' || value === 'rebase') return value;
  return isVersioned(type) ? 'merge' : 'rebase';
}

/** Settings that stand for sure: what `start` and `finish` rest on. */
export interface ReadySettings extends FlowSettings {
  readonly production: string;
  readonly develop: string;
  readonly prefix: string;
}

/** Throws `not-gitflow` unless Gitflow is initialised here, for this type too. */
export function requireReady(settings: FlowSettings, branches: readonly Branch[], type: TopicType): ReadySettings {
  const { production, develop, versionTag } = settings;
  const prefix = settings.prefixes[type];
  const missing =
    findMissing(settings, branches) ??
    (prefix === undefined ? `Its prefix for ${type} branches is not set.` : undefined) ??
    (versionTag === undefined ? 'Its prefix for version tags is not set.' : undefined);
  if (missing !== undefined || production === undefined || develop === undefined || prefix === undefined)
    throw new ExpectedError(
      'not-gitflow',
      `Gitflow is not set up in this repository. ${missing ?? ''} Run "mlops flow init" first.`,
    );
  return { ...settings, production, develop, prefix };
}

/** git-flow-next: a base branch without parent is production, one whose parent that is, is development. */
function findBaseBranches(config: readonly ConfigEntry[]): { production?: string; develop?: string } {
  const names = config
    .filter(({ key, value }) => key.startsWith('gitflow.branch.') && key.endsWith('.type') && value === 'base')
    .map(({ key }) => key.slice('gitflow.branch.'.length, -'.type'.length));
  const parentOf = (name: string): string => findConfig(config, `gitflow.branch.${name}.parent`) ?? '';
  const production = names.find((name) => parentOf(name) === '');
  const develop = names.find((name) => production !== undefined && parentOf(name) === production);
  return { ...(production === undefined ? {} : { production }), ...(develop === undefined ? {} : { develop }) };
}
