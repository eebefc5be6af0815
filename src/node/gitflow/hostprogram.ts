import { spawn } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findHost, type PullRequest } from '../../core/gitflow/gitflow.ts';
import type { ConfigEntry } from '../git/git.ts';

/** GitHub's answer takes a second or two; who waits longer is better served by the page. */
const PATIENCE_MS = 30_000;

/**
 * Opens the pull request by GitHub's own program, where that is there and signed in, and gives the page of it; undefined where it is
 * not. The program is told everything by arguments and started outside of the repository, whose configuration it would read.
 */
export async function openByProgram(
  { branch, into, title }: PullRequest,
  body: string,
  place: { readonly config: readonly ConfigEntry[]; readonly remote: string; readonly env: NodeJS.ProcessEnv },
): Promise<string | undefined> {
  const host = findHost(place.config, place.remote);
  const program = host?.kind === 'github' ? await findProgram('gh', place.env) : undefined;
  if (host === undefined || program === undefined) return undefined;
  const repository = `${new URL(host.web).host}/${host.path}`;
  const words = [`--repo=${repository}`, `--head=${branch}`, `--base=${into}`, `--title=${title}`, `--body=${body}`];
  const output = await run(program, ['pr', 'create', ...words], place.env);
  // One that is open already is named in the refusal.
  return output.match(/https:\/\/\S+\/pull\/\d+/g)?.at(-1);
}

/** All that it prints, however it ends: where it does not do its work, it prints no address of a pull request. */
function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((resolve) => {
    const quiet = { GH_PROMPT_DISABLED: '1', GH_NO_UPDATE_NOTIFIER: '1', NO_COLOR: '1', GIT_DIR: undefined };
    const child = spawn(program, args, {
      cwd: tmpdir(),
      env: { ...env, ...quiet },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: PATIENCE_MS,
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        output = (output + text).slice(-100_000);
      });
    child.on('error', () => {
      resolve('');
    });
    child.on('close', () => {
      resolve(output);
    });
  });
}

/** Only absolute folders of PATH: nothing of the repository may pass for it. A batch file of Windows needs a shell, which is not given one. */
async function findProgram(name: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const variable = Object.keys(env).find((key) => key.toLowerCase() === 'path') ?? 'PATH';
  const folders = (env[variable] ?? '').split(path.delimiter).filter((folder) => path.isAbsolute(folder));
  for (const folder of folders) {
    const file = path.join(folder, process.platform === 'win32' ? `${name}.exe` : name);
    const isThere = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return file;
  }
  return undefined;
}
