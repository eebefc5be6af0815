import path from 'node:path';
import { readTextIfExists, writeFileAtomic } from '../files/files.ts';
import { addIgnoreEntry, isWithin, type Out, type Stage } from '../../core/pipeline/pipeline.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import { toGitPath, type LoadedPipeline } from './load.ts';

/** DVC refuses to take over what Git tracks; so do we, before anything is touched. */
export async function refuseTrackedOuts({ project, gitIgnores }: LoadedPipeline, stage: Stage): Promise<void> {
  if (gitIgnores === undefined || !stage.outs.some((out) => out.cache)) return;
  const { openGit } = await import('../git/git.ts');
  const git = openGit(project.root);
  if (!(await git.isRepository())) return;
  for (const out of stage.outs) {
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
    if (git.rules.has(inGit, { isDirectory: false }) || git.rules.has(inGit, { isDirectory: true })) continue;
    const absolute = path.join(project.root, out.file);
    const file = path.join(path.dirname(absolute), '.gitignore');
    const text = (await readTextIfExists(file)) ?? '';
    const updated = addIgnoreEntry(text, path.basename(absolute));
    if (updated !== text) await writeFileAtomic(file, updated);
    git.rules.forget();
  }
}
