import type { TopicType, VersionSuggestion } from '../../protocol/gitflow.ts';
import { compareVersions, parseVersion } from './releasefiles.ts';
import { topicTypeNames, type FlowSettings } from './settings.ts';

// What has come into a release, in the words of its branches and runs: sections of a changelog, and the version that it suggests. Pure.

/** A commit on the first-parent way since the last release, newest first. */
export interface FoundCommit {
  readonly parents: number;
  readonly subject: string;
  readonly body: string;
}

/** The best run that was made on a branch. */
export interface BranchRun {
  readonly branch: string;
  readonly runId: string;
  readonly note: string | null;
  readonly metric: string | null;
  readonly value: number | null;
}

/** One piece of work: a branch that was merged, or a commit that was made without one. */
export interface Work {
  /** Undefined for a commit without a branch that is known. */
  readonly type: TopicType | undefined;
  readonly branch: string | undefined;
  readonly title: string;
  readonly isBreaking: boolean;
}

/** The pieces of work, oldest first. Merges back from production are none, nor are the commits that write versions. */
export function findWork(commits: readonly FoundCommit[], settings: NamingSettings): readonly Work[] {
  return commits.toReversed().flatMap((commit) => toWork(commit, settings));
}

type NamingSettings = Pick<FlowSettings, 'prefixes' | 'production'>;

function toWork(commit: FoundCommit, settings: NamingSettings): readonly Work[] {
  const { parents, subject, body } = commit;
  const [, quoted, pull] =
    /^Merge (?:remote-tracking )?branch '([^']+)'|^Merge pull request #\d+ from [^/\s]+\/(\S+)/.exec(subject) ?? [];
  const branch = (quoted ?? pull)?.replace(/^origin\//, '');
  const isBreaking = /BREAKING[ -]CHANGE/.test(`${subject}\n${body}`) || /^\w+(?:\([^)]*\))?!:/.test(subject);
  // A pull request's own title is the first line of what its host writes.
  const told = pull === undefined ? '' : (body.trim().split('\n')[0] ?? '');
  if (branch !== undefined) return toBranchWork({ branch, told, isBreaking }, settings);
  const isOwn = parents > 1 || /^(?:Version |Release |Initial commit$)/.test(subject);
  return isOwn ? [] : [{ type: undefined, branch, title: subject, isBreaking }];
}

function toBranchWork(
  { branch, told, isBreaking }: { readonly branch: string; readonly told: string; readonly isBreaking: boolean },
  { prefixes, production }: NamingSettings,
): readonly Work[] {
  const prefixOf = (type: TopicType): string => prefixes[type] ?? '';
  const type = topicTypeNames.find((name) => prefixOf(name) !== '' && branch.startsWith(prefixOf(name)));
  if (branch === production || type === 'release' || type === 'support') return [];
  const name = type === undefined ? branch : branch.slice(prefixOf(type).length);
  const title = told === '' ? toTitle(name) : told;
  return [{ type, branch, title, isBreaking: isBreaking || /breaking/i.test(name) }];
}

/** `better-augmentation` as a person writes it. */
function toTitle(name: string): string {
  const words = name.replace(/[-_]+/g, ' ').trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/**
 * The version after the last one by the kind of work: something breaking → major (before 1.0.0: minor), a feature, or a commit of which nothing is
 * known → minor, only bugfixes → patch. A hotfix is a patch. Without a release it is what the project's own file says, else 0.1.0.
 */
export function suggestVersion(
  type: 'release' | 'hotfix',
  work: readonly Work[],
  {
    tags,
    versionTag,
    written,
  }: { readonly tags: readonly string[]; readonly versionTag: string; readonly written: string | null },
): VersionSuggestion {
  const versions = tags
    .filter((tag) => tag.startsWith(versionTag))
    .map((tag) => tag.slice(versionTag.length))
    .filter((tag) => parseVersion(tag) !== undefined)
    .sort(compareVersions);
  const last = versions.at(-1) ?? null;
  const [major, minor, patch] = parseVersion(last ?? '') ?? [0, 0, 0];
  if (last === null)
    return {
      version: parseVersion(written ?? '') === undefined ? '0.1.0' : (written ?? ''),
      last,
      reason: 'the first one',
    };
  const since = `since ${last}`;
  const breaking = work.filter(({ isBreaking }) => isBreaking).length;
  const fixes = work.filter(
    ({ type: kind, title }) => kind === 'bugfix' || kind === 'hotfix' || /^fix(?:\(|:)/.test(title),
  ).length;
  const features = work.length - fixes;
  if (type === 'hotfix') return { version: `${major}.${minor}.${patch + 1}`, last, reason: `a hotfix of ${last}` };
  if (breaking > 0) {
    const version = major === 0 ? `0.${minor + 1}.0` : `${major + 1}.0.0`;
    return { version, last, reason: `${count(breaking, 'breaking change')} ${since}` };
  }
  return features > 0
    ? { version: `${major}.${minor + 1}.0`, last, reason: `${count(features, 'feature')} ${since}` }
    : { version: `${major}.${minor}.${patch + 1}`, last, reason: `${count(fixes, 'fix', 'fixes')} ${since}` };
}

function count(number: number, one: string, more = `${one}s`): string {
  return `${number} ${number === 1 ? one : more}`;
}

/** A release as a changelog tells it. */
export interface Notes {
  readonly version: string;
  /** As 2026-11-26. */
  readonly date: string;
  readonly work: readonly Work[];
  readonly runs: readonly BranchRun[];
  /** As "digits 7, run 0a1b2c3d". */
  readonly models: readonly string[];
}

const HEAD = '# Changelog\n\n## [Unreleased]\n';

/**
 * The changelog with a section for the version: what stands under "Unreleased" becomes the version's, in its author's words; with nothing there,
 * sections are made of branches and runs. An existing file is kept as it is otherwise, in the way in which it writes its headings.
 * Undefined where the version stands there already.
 */
export function addRelease(text: string | undefined, notes: Notes): string | undefined {
  const known = text?.replace(/\r\n/g, '\n') ?? HEAD;
  const lines = known.split('\n');
  const headings = lines.flatMap((line, index) => (line.startsWith('## ') ? [{ line, index }] : []));
  const versions = headings.filter(({ line }) => !isUnreleased(line));
  if (versions.some(({ line }) => readVersion(line) === notes.version)) return undefined;
  const heading = formatHeading(notes, versions[0]?.line, headings[0]?.line);
  const unreleased = headings.find(({ line }) => isUnreleased(line));
  const next = headings.find(({ index }) => index > (unreleased?.index ?? -1))?.index ?? lines.length;
  const written = unreleased === undefined ? [] : trimEmpty(lines.slice(unreleased.index + 1, next));
  const section = [heading, '', ...(written.length > 0 ? written : formatSections(notes)), ''];
  const before =
    unreleased === undefined ? trimEmpty(lines.slice(0, next), 'end') : lines.slice(0, unreleased.index + 1);
  const result = [...before, '', ...section, ...lines.slice(next)].join('\n').replace(/\n*$/, '\n');
  return text?.includes('\r\n') === true ? result.replace(/\n/g, '\r\n') : result;
}

function isUnreleased(line: string): boolean {
  return /^## \[?unreleased\]?/i.test(line);
}

function readVersion(line: string): string {
  return /^## \[?v?([^\]\s]+)/.exec(line)?.[1] ?? '';
}

/** As the newest version's heading is written; the heading for what is not released tells of brackets alone. */
function formatHeading({ version, date }: Notes, version1: string | undefined, first: string | undefined): string {
  const hasBrackets = (version1 ?? first ?? '## [').startsWith('## [');
  const name = `${version1?.match(/^## \[?(v)\d/)?.[1] ?? ''}${version}`;
  const day =
    version1 === undefined || / - \d{4}-/.test(version1) ? ` - ${date}` : /\(\d{4}-/.test(version1) ? ` (${date})` : '';
  return `## ${hasBrackets ? `[${name}]` : name}${day}`;
}

function trimEmpty(lines: readonly string[], where: 'both' | 'end' = 'both'): readonly string[] {
  const first = where === 'end' ? 0 : lines.findIndex((line) => line.trim() !== '');
  const last = lines.findLastIndex((line) => line.trim() !== '');
  return last === -1 ? [] : lines.slice(Math.max(0, first), last + 1);
}

/** Keep a Changelog's sections, those that have something to say. */
function formatSections(notes: Notes): readonly string[] {
  const { work, models } = notes;
  const isFixed = ({ type }: Work): boolean => type === 'bugfix' || type === 'hotfix';
  const sections = [
    ['Added', work.filter(({ type }) => type === 'feature')],
    ['Changed', work.filter((one) => one.type !== 'feature' && !isFixed(one))],
    ['Fixed', work.filter(isFixed)],
  ] as const;
  const told = sections.flatMap(([title, list]) =>
    list.length === 0 ? [] : [`### ${title}`, '', ...list.map((one) => `- ${formatWork(one, notes)}`), ''],
  );
  const shown = models.length === 0 ? [] : ['### Models', '', ...models.map((model) => `- ${model}`), ''];
  const all = trimEmpty([...told, ...shown]);
  return all.length === 0 ? ['No changes worth a line.'] : all;
}

function formatWork({ title, branch, isBreaking }: Work, { runs }: Notes): string {
  const run = runs.find((candidate) => candidate.branch === branch);
  // A note is what a person has said of it, and a person's words come first.
  const words = escapeMarkdown(run?.note?.trim().split('\n')[0] ?? title);
  const metric =
    run === undefined || run.metric === null || run.value === null
      ? ''
      : ` (${run.metric} ${formatNumber(run.value)}, run ${run.runId.slice(0, 8)})`;
  return `${isBreaking ? '**Breaking:** ' : ''}${words}${metric}`;
}

function formatNumber(value: number): string {
  return String(Number(value.toPrecision(4)));
}

/** Names and notes are text: what they hold is not markup. */
function escapeMarkdown(text: string): string {
  return text.replace(/[\\`*[\]<>]/g, '\\$&');
}
