import path from 'node:path';
import { exists, isDirectory, readTextIfExists, writeFileAtomic } from '../files/files.ts';
import { addIgnoreEntry, isWithin, type Out, type Stage } from '../../core/pipeline/pipeline.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import { toGitPath, type LoadedPipeline } from './load.ts';

/**
 * Makes `.dvc/` what `dvc init` makes of it, where parts are missing: Git must not see the cache, and DVC must find a
 * configuration (without Git one that says so).
 */
export async function ensureDvcFolder({ project, gitIgnores }: LoadedPipeline): Promise<void> {
  const folder = path.join(project.root, '.dvc');
  const isNew = !(await isDirectory(folder));
  const ignore = path.join(folder, '.gitignore');
  if (!(await exists(ignore))) await writeFileAtomic(ignore, '/config.local\n/tmp\n/cache\n');
  if (isNew)
    await writeFileAtomic(path.join(folder, 'config'), gitIgnores === undefined ? '[core]\n    no_scm = True\n' : '');
}

/** DVC refuses to take over what Git tracks; so do we, before anything is touched. */
export async function refuseTrackedOuts(
  { project, gitIgnores }: LoadedPipeline,
  { outs }: Pick<Stage, 'outs'>,
): Promise<void> {
  if (gitIgnores === undefined || !outs.some((out) => out.cache)) return;
  const { openGit } = await import('../git/git.ts');
  const git = openGit(project.root);
  if (!(await git.isRepository())) return;
  for (const out of outs) {
    if (!out.cache || !(await git.isTracked(out.file))) continue;
    throw new ExpectedError(
      'stage-failed',
      `The output ${out.path} is tracked by Git. Take it out of Git first: git rm -r --cached ${out.file}`,
    );
  }
}

/** Writes `/name` into the .gitignore beside each cached output that Git does not ignore yet. */
export async function ignoreOuts(loaded: LoadedPipeline, outs: readonly Out[]): Promise<void> {
  const { project, gitIgnores: git } = loaded;
  if (git === undefined) return;
  for (const out of outs) {
    const inGit = toGitPath(project, git, out.file);
    if (!out.cache || !isWithin('', out.file) || inGit === undefined) continue;
    const absolute = path.join(project.root, out.file);
    if (git.rules.has(inGit, { isDirectory: await isDirectory(absolute) })) continue;
    const file = path.join(path.dirname(absolute), '.gitignore');
    const text = (await readTextIfExists(file)) ?? '';
    const updated = addIgnoreEntry(text, path.basename(absolute));
    if (updated !== text) await writeFileAtomic(file, updated);
    git.rules.forget();
  }
}
