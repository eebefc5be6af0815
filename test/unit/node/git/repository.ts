import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A folder for real repositories, and an environment that knows nothing of the machine's own git configuration. */
export interface Ground {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  /** A new empty folder. */
  make(name?: string): Promise<string>;
  remove(): Promise<void>;
}

export async function makeGround(globalConfig = IDENTITY): Promise<Ground> {
  const folder = await realpath(await mkdtemp(path.join(os.tmpdir(), 'mlops-git-')));
  const home = path.join(folder, 'home');
  await mkdir(home);
  await writeFile(path.join(home, '.gitconfig'), globalConfig);
  const kept = Object.entries(process.env).filter(([name]) => !/^(?:git_|editor$|visual$|pager$)/i.test(name));
  let count = 0;
  return {
    folder,
    env: {
      ...Object.fromEntries(kept),
      HOME: home,
      XDG_CONFIG_HOME: home,
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: path.join(home, '.gitconfig'),
      GIT_AUTHOR_DATE: '2026-01-01T00:00:00Z',
      GIT_COMMITTER_DATE: '2026-01-01T00:00:00Z',
      GIT_MERGE_AUTOEDIT: 'no',
      GIT_EDITOR: 'true',
      GIT_TERMINAL_PROMPT: '0',
    },
    async make(name = 'repository') {
      count += 1;
      const made = path.join(folder, `${name}-${count}`);
      await mkdir(made);
      return made;
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

const IDENTITY = '[user]\n\tname = A Tester\n\temail = tester@example.org\n';

export interface Ended {
  readonly code: number;
  /** stdout and stderr. */
  readonly output: string;
}

/** Runs a program to its end, whatever its exit code. */
export async function end(
  cwd: string,
  env: NodeJS.ProcessEnv,
  program: string,
  ...args: readonly string[]
): Promise<Ended> {
  try {
    const running = run(program, [...args], { cwd, env });
    running.child.stdin?.end();
    const { stdout, stderr } = await running;
    return { code: 0, output: stdout + stderr };
  } catch (error) {
    const { code, stdout = '', stderr = '' } = error as { code?: number | string; stdout?: string; stderr?: string };
    if (typeof code !== 'number') throw error;
    return { code, output: stdout + stderr };
  }
}

/** Runs git as a person would and gives its output; throws when it fails. */
export async function git(cwd: string, env: NodeJS.ProcessEnv, ...args: readonly string[]): Promise<string> {
  const { code, output } = await end(cwd, env, 'git', ...args);
  if (code !== 0) throw new Error(`git ${args.join(' ')} ended with ${code}: ${output}`);
  return output.trimEnd();
}

/** Writes a file and commits it. */
export async function commit(cwd: string, env: NodeJS.ProcessEnv, file: string, text: string): Promise<void> {
  await writeFile(path.join(cwd, file), text);
  await git(cwd, env, 'add', '--', file);
  await git(cwd, env, 'commit', '-q', '-m', `${file}: ${text}`);
}

/** Every commit that a branch or tag reaches as "subject <- parents' subjects", and where branches and tags stand. */
export async function readGraph(cwd: string, env: NodeJS.ProcessEnv): Promise<readonly string[]> {
  const log = await git(
    cwd,
    env,
    'log',
    '--branches',
    '--tags',
    '--remotes',
    '--topo-order',
    '--reverse',
    '--format=%H%x09%P%x09%s',
  );
  const rows = log === '' ? [] : log.split('\n').map((line) => line.split('\t'));
  const subjects = new Map(rows.map(([hash = '', , subject = '']) => [hash, subject]));
  const commits = rows.map(([, parents = '', subject = '']) => {
    const names = parents.split(' ').filter((parent) => parent !== '');
    return `${subject} <- ${names.map((parent) => subjects.get(parent)).join(', ')}`;
  });
  const refs = await git(cwd, env, 'for-each-ref', '--format=%(refname) %(subject)', 'refs/heads', 'refs/remotes');
  const tags = await git(cwd, env, 'for-each-ref', '--format=%(refname) %(objecttype) %(*subject)', 'refs/tags');
  return [
    ...commits.sort(),
    ...refs.split('\n'),
    ...tags.split('\n').filter((line) => line !== ''),
    `HEAD ${await git(cwd, env, 'rev-parse', '--abbrev-ref', 'HEAD')}`,
  ];
}

/** Gitflow's lines of the repository's own configuration, in the file's order; or those that the pattern names. */
export async function readFlowConfig(
  cwd: string,
  env: NodeJS.ProcessEnv,
  pattern = '^gitflow\\.',
): Promise<readonly string[]> {
  const { output } = await end(cwd, env, 'git', 'config', '--local', '--get-regexp', pattern);
  return output.split('\n').filter((line) => line !== '');
}
