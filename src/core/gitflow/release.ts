import { findConfig, parseGitBoolean } from '../git/git.ts';
import { badInput } from '../../protocol/errors.ts';
import { parseVersion, versionFiles } from './releasefiles.ts';
import { addRelease, findWork, type BranchRun, type FoundCommit } from './releasenotes.ts';
import type { FlowFacts } from './facts.ts';
import type { GitStep, WrittenFile } from './steps.ts';
import type { Finish } from './versiontag.ts';

// What a release or hotfix does beside its merges: its version in the project's files, its models in the tag, their alias moved.

/** What is known of a release before it is planned; read where a release or hotfix is finished for the first time. */
export interface ReleaseFacts {
  /** As 2026-11-26. */
  readonly today: string;
  /** Folder of the project, relative to the top of the work tree, with a slash behind it; empty for the top itself. */
  readonly folder: string;
  /** Texts of the branch's last commit by their names in that folder. */
  readonly files: ReadonlyMap<string, string>;
  /** A changelog is begun in a project, and kept elsewhere only where there is one. */
  readonly isProject: boolean;
  readonly commits: readonly FoundCommit[];
  readonly runs: readonly BranchRun[];
  readonly models: readonly ReleaseModel[];
  /** What could not be found out, as sentences. */
  readonly warnings: readonly string[];
}

/** A version of a registered model that goes out with the release. */
export interface ReleaseModel {
  readonly name: string;
  readonly version: string;
  readonly runId: string | null;
  /** As `md5:…`. */
  readonly hash: string | null;
  /** Absolute URI of the registry. */
  readonly store: string;
  /** The version that the alias is on. */
  readonly from: string | null;
}

const CHANGELOG = 'CHANGELOG.md';
/** Everything that a release may write. */
export const releaseFiles: readonly string[] = [...Object.keys(versionFiles), CHANGELOG];

interface ReleaseSettings {
  readonly writesFiles: boolean;
  /** Undefined: none is moved. */
  readonly alias: string | undefined;
}

/** `mlops.release.files` (default: true) and `mlops.release.alias` (default: champion; empty for none) of git's configuration. */
export function settleRelease({ config }: Pick<FlowFacts, 'config'>): ReleaseSettings {
  const text = findConfig(config, 'mlops.release.files') ?? 'true';
  const writesFiles = parseGitBoolean(text);
  if (writesFiles === undefined)
    throw badInput(`git's setting mlops.release.files is "${text}", which is neither true nor false.`);
  const alias = findConfig(config, 'mlops.release.alias') ?? 'champion';
  return { writesFiles, alias: alias === '' || alias === 'none' ? undefined : alias };
}

/** The commit on the branch that is finished, before its first merge; undefined where nothing is to be written. */
export function planVersion(facts: FlowFacts, finish: Finish): Extract<GitStep, { kind: 'commit-files' }> | undefined {
  const { release } = facts;
  if (release === undefined || !settleRelease(facts).writesFiles) return undefined;
  const version = finish.name.replace(/^v(?=\d)/, '');
  const files = [...writeVersions(release, version), ...writeChangelog(release, finish, version)];
  if (files.length === 0) return undefined;
  return { kind: 'commit-files', branch: finish.branch.name, message: `Version ${version}`, files };
}

function writeVersions({ files, folder }: ReleaseFacts, version: string): readonly WrittenFile[] {
  // What is no version to npm would break its file.
  if (parseVersion(version) === undefined) return [];
  return Object.entries(versionFiles).flatMap(([name, write]) => {
    const text = files.get(name);
    const written = text === undefined ? undefined : write(text, version);
    return written === undefined || written === text ? [] : [{ path: folder + name, text: written }];
  });
}

function writeChangelog(release: ReleaseFacts, { settings }: Finish, version: string): readonly WrittenFile[] {
  const { files, folder, isProject, today, commits, runs, models } = release;
  const text = files.get(CHANGELOG);
  if (text === undefined && !isProject) return [];
  const written = addRelease(text, {
    version,
    date: today,
    work: findWork(commits, settings),
    runs,
    models: models.map(({ name, version: number, runId }) =>
      runId === null ? `${name} ${number}` : `${name} ${number} (run ${runId.slice(0, 8)})`,
    ),
  });
  return written === undefined ? [] : [{ path: folder + CHANGELOG, text: written }];
}

/** Lines of the tag by which a team reads which models went out: `Model: digits 7`, `Model-Hash: md5:…`, `Run: <id>`. */
export function toModelTrailers({ release }: FlowFacts): readonly string[] {
  return (release?.models ?? []).flatMap(({ name, version, hash, runId }) => [
    `Model: ${name} ${version}`,
    ...(hash === null ? [] : [`Model-Hash: ${hash}`]),
    ...(runId === null ? [] : [`Run: ${runId}`]),
  ]);
}

/** The alias of each model that goes out, where it is on another version. */
export function planAliases(facts: FlowFacts, { name }: Finish): readonly GitStep[] {
  const { alias } = settleRelease(facts);
  if (alias === undefined) return [];
  return (facts.release?.models ?? []).flatMap(({ name: model, version: to, from, store }): readonly GitStep[] =>
    from === to
      ? []
      : [{ kind: 'move-alias', store, model, alias, from, to, reason: `release ${name}`, isUndo: false }],
  );
}

/** What was released beside the branches, as sentences. */
export function describeRelease(steps: readonly GitStep[]): readonly string[] {
  return steps.flatMap((step) => {
    if (step.kind === 'commit-files')
      return [
        `${step.message} stands in ${step.files
          .map(({ path }) => path)
          .join(', ')
          .replace(/, ([^,]*)$/, ' and $1')}.`,
      ];
    if (step.kind === 'move-alias') return [`${step.alias} of ${step.model} is version ${step.to ?? ''} now.`];
    return [];
  });
}
