import { findWork, parseSettings, parseVersion, suggestVersion as suggest } from '../../core/gitflow/gitflow.ts';
import type { VersionSuggestion } from '../../protocol/gitflow.ts';
import { openGit, openObjects, type GitOptions } from '../git/git.ts';
import { findOwnProject } from './gates.ts';
import { readWork } from './release.ts';

/** The version that a release or hotfix may have, by the tags and by what has come into development since. */
export async function suggestVersion(
  folder: string,
  type: 'release' | 'hotfix',
  { env = process.env }: GitOptions = {},
): Promise<VersionSuggestion> {
  const git = openGit(await openGit(folder, { env }).root(), { env });
  const [config, branches, tags, project] = await Promise.all([
    git.readConfig(),
    git.branches({ worktrees: false }),
    git.listRefs('refs/tags/'),
    findOwnProject(git, folder),
  ]);
  const settings = parseSettings(config);
  const has = (name: string | undefined): name is string =>
    branches.some((branch) => !branch.remote && branch.name === name);
  const { develop, production, versionTag = '' } = settings;
  const commits =
    type === 'release' && has(develop) && has(production) ? await readWork(git, { config, branches }, develop) : [];
  const source = has(develop) ? develop : 'HEAD';
  const files = await openObjects(project?.root ?? git.folder, { env }).readFiles(source, [
    'package.json',
    'pyproject.toml',
  ]);
  const written = [...files.values()].map((text) => /["']?version["']?\s*[:=]\s*["']([^"']+)["']/.exec(text)?.[1]);
  return suggest(type, findWork(commits, settings), {
    tags: [...tags.keys()].map((ref) => ref.slice('refs/tags/'.length)),
    versionTag,
    written: written.find((version) => version !== undefined && parseVersion(version) !== undefined) ?? null,
  });
}
