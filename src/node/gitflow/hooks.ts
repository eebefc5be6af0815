import { spawn } from 'node:child_process';
import path from 'node:path';
import { escapeControls } from '../../core/names/names.ts';
import { findFilter, type FlowFacts, type FlowFilter } from '../../core/gitflow/gitflow.ts';
import { findConfig } from '../../core/git/git.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import type { FlowRequest } from '../../protocol/gitflow.ts';
import type { Outcome } from '../../protocol/outcome.ts';
import type { Git } from '../git/git.ts';
import { waitForExit } from '../processes/processes.ts';
import type { Performance } from './performance.ts';

const MAX_OUTPUT = 100_000;
/** The code by which a filter refuses. */
const REFUSED = 127;

/** Runs a hook of git-flow's with the variables that AVH sets. A pre hook that fails refuses the action; a post hook can't. */
export async function runHook({
  reporter,
  file,
  args,
  mayRefuse,
  ...place
}: Performance & { file: string; args: readonly string[]; mayRefuse: boolean }): Promise<void> {
  const { outcome, stdout, stderr, program } = await runProgram(place, file, args);
  const output = stdout + stderr;
  if (output.trim() !== '') reporter.note(escapeControls(output.trimEnd()));
  if (outcome.kind === 'succeeded' || !mayRefuse) return;
  const reason = outcome.kind === 'failed' ? outcome.reason : outcome.kind;
  throw new ExpectedError('branch-state', `The hook ${program} refused it (${reason}).`);
}

/** The request as the repository's filters of versions and messages change it. */
export async function filterRequest(place: Place, request: FlowRequest): Promise<FlowRequest> {
  let filtered = request;
  for (const field of ['version', 'message'] as const) {
    const filter = findFilter(place.facts, filtered, field);
    if (filter !== undefined) filtered = filter.apply(await runFilter(place, filter));
  }
  return filtered;
}

async function runFilter(place: Place, { file, args }: FlowFilter): Promise<string> {
  const { code, stdout, program } = await runProgram(place, file, args);
  const text = stdout.trim();
  if (code === REFUSED)
    throw new ExpectedError('branch-state', `The filter ${program} refused it: ${escapeControls(text)}`);
  return text;
}

interface Place {
  readonly git: Git;
  readonly facts: FlowFacts;
  readonly env: NodeJS.ProcessEnv;
}

interface Ended {
  readonly program: string;
  readonly outcome: Outcome;
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function runProgram({ git, facts, env }: Place, file: string, args: readonly string[]): Promise<Ended> {
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
  const seen = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      seen[name] = (seen[name] + text).slice(-MAX_OUTPUT);
    });
  const outcome = await waitForExit(child);
  return { program, outcome, code: child.exitCode, ...seen };
}
