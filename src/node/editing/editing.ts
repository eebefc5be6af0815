import type { Project } from '../project/project.ts';

// The door of what the editor asks about texts.
export { checkFiles } from './check.ts';
export { offerGridOf, planGridAddition, readConfigLenses } from './hyperparameters.ts';
export { complete, findHover, listDecorations, readLenses } from './lookup.ts';

/** `git rm -r --cached`: git forgets an output, so that DVC can take it over. */
export async function untrackFile({ root }: Project, file: string, env: NodeJS.ProcessEnv): Promise<void> {
  const { openGit } = await import('../git/git.ts');
  await openGit(root, { env }).untrack(file);
}
