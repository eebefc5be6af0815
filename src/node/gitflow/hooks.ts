import { spawn } from 'node:child_process';
import path from 'node:path';
import { escapeControls } from '../../core/names/names.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import { findConfig } from '../../core/git/git.ts';
import { waitForExit } from '../processes/processes.ts';
import type { Performance } from './performance.ts';

const MAX_OUTPUT = 100_000;

/** Runs a hook of git-flow's with the variables that AVH sets. A pre hook that fails refuses the action; a post hook can't. */
export async function runHook({
  git,
  facts,
  env,
  reporter,
  file,
  args,
  mayRefuse,
}: Performance & { file: string; args: readonly string[]; mayRefuse: boolean }): Promise<void> {
  const program = path.resolve(facts.root, file);
  const find = (key: string): string => findConfig(facts.config, key) ?? '';
  const variables = {
    GIT_CURRENT_REPO_DIR: facts.root,
    DOT_GIT_DIR: await git.gitDirectory(),
    HOOKS_DIR: path.dirname(program),
    MASTER_BRANCH: find('gitflow.branch.master'),
    DEVELOP_BRANCH: find('gitflow.branch.develop'),
    ORIGIN: find('gitflow.origin') === '' ? 'origin' : find('gitflow.origin'),
  };
  // Windows can't start a script by its first line; git for Windows brings the shell that would.
  const [command, ...before] = process.platform === 'win32' ? ['sh', program] : [program];
  const child = spawn(command, [...before, ...args], {
    cwd: facts.root,
    // A process around us may have pointed git elsewhere; the hook's own git commands must find this repository.
    env: { ...env, GIT_DIR: undefined, GIT_WORK_TREE: undefined, GIT_INDEX_FILE: undefined, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-MAX_OUTPUT);
    });
  const outcome = await waitForExit(child);
  if (output.trim() !== '') reporter.note(escapeControls(output.trimEnd()));
  if (outcome.kind === 'succeeded' || !mayRefuse) return;
  const reason = outcome.kind === 'failed' ? outcome.reason : outcome.kind;
  throw new ExpectedError('branch-state', `The hook ${program} refused it (${reason}).`);
}
