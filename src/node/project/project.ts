import path from 'node:path';
import { ExpectedError } from '../../protocol/errors.ts';
import { exists, isDirectory, makeFolder, writeFileAtomic } from '../files/files.ts';

/** A project: the nearest folder with `.dvc/`, else with a `dvc.yaml`. Everything that it keeps lies below `root`. */
export interface Project {
  /** Absolute path. */
  readonly root: string;
}

/** Where the project keeps what; `tmp` may be deleted at any time, `state` not. */
export const projectPaths = {
  settings: (project: Project) => path.join(project.root, '.mlops', 'project.yaml'),
  tmp: (project: Project, ...parts: string[]) => path.join(project.root, '.mlops', 'tmp', ...parts),
  state: (project: Project, ...parts: string[]) => path.join(project.root, '.mlops', 'state', ...parts),
  locks: (project: Project) => path.join(project.root, '.mlops', 'tmp', 'locks'),
  logs: (project: Project) => path.join(project.root, '.mlops', 'tmp', 'logs'),
  configs: (project: Project) => path.join(project.root, 'configs'),
  views: (project: Project) => path.join(project.root, '.mlops', 'views'),
};

/** The project that `folder` belongs to, or undefined. Parents are searched twice: for `.dvc/` first, then for `dvc.yaml`. */
export async function findProject(folder: string): Promise<Project | undefined> {
  const root =
    (await findUpwards(folder, (candidate) => isDirectory(path.join(candidate, '.dvc')))) ??
    (await findUpwards(folder, (candidate) => exists(path.join(candidate, 'dvc.yaml'))));
  return root === undefined ? undefined : { root };
}

export async function requireProject(folder: string): Promise<Project> {
  const project = await findProject(path.resolve(folder));
  if (project === undefined) {
    throw new ExpectedError(
      'not-a-project',
      `${path.resolve(folder)} is not in a project: neither it nor a parent folder has .dvc/ or dvc.yaml. Make one with "mlops new DIR", or name one with --project.`,
    );
  }
  return project;
}

/** Makes `.mlops/tmp` and `.mlops/state`, which Git must not see, whatever the project's own .gitignore says. */
export async function ensurePrivateFolders(project: Project): Promise<void> {
  for (const folder of [projectPaths.tmp(project), projectPaths.state(project)]) {
    await makeFolder(folder);
    const ignore = path.join(folder, '.gitignore');
    if (!(await exists(ignore))) await writeFileAtomic(ignore, '*\n');
  }
}

async function findUpwards(
  folder: string,
  matches: (candidate: string) => Promise<boolean>,
): Promise<string | undefined> {
  for (let candidate = path.resolve(folder); ; candidate = path.dirname(candidate)) {
    if (await matches(candidate)) return candidate;
    if (candidate === path.dirname(candidate)) return undefined;
  }
}
