import { findConfig } from '../../core/git/git.ts';
import { toReleasedModels } from '../../core/registry/registry.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import type { RegistryList } from '../../protocol/registry.ts';
import { openGit, type Git } from '../git/git.ts';
import type { Project } from '../project/project.ts';

const nothing: RegistryList = { models: [], problems: [] };

/** Models that the annotated tags of the project's repository name; none outside a repository, or where there is no git. */
export async function listReleasedModels(project: Project, env: NodeJS.ProcessEnv): Promise<RegistryList> {
  const git = openGit(project.root, { env });
  if (!(await git.isRepository())) return nothing;
  try {
    const production = await findProduction(git);
    const [all, merged] = await Promise.all([
      git.annotatedTags(),
      production === undefined ? [] : git.annotatedTags(production),
    ]);
    const inProduction = new Set(merged.map(({ name }) => name));
    const tags = all.map((tag) => ({ ...tag, isInProduction: inProduction.has(tag.name) }));
    return { models: toReleasedModels(tags), problems: [] };
  } catch (error) {
    if (!(error instanceof ExpectedError)) throw error;
    return { models: [], problems: [{ file: project.root, message: error.message }] };
  }
}

/** git-flow's own word for it (AVH's and git-flow-next's), else the usual names. */
async function findProduction(git: Git): Promise<string | undefined> {
  const [config, branches] = await Promise.all([git.readConfig(), git.branches()]);
  const local = new Set(branches.filter(({ remote }) => !remote).map(({ name }) => name));
  const named = [findConfig(config, 'gitflow.branch.master'), findConfig(config, 'gitflow.branch.main')];
  return [...named, 'main', 'master'].find((name) => name !== undefined && local.has(name));
}
