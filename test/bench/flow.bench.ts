import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { dist } from '../../scripts/places.ts';
import { performFlow, readFlow } from '../../src/node/gitflow/gitflow.ts';
import { commit, end, git, makeGround, type Ground } from '../unit/node/git/repository.ts';
import { median, type Figure, type Measurement } from './measuring.ts';

// Gitflow beside git-flow (AVH), in the same minute on copies of the same repository; and the overview of many branches.

const TIMES = 9;
const BRANCHES = 1000;
const FINISH = { action: 'finish', type: 'feature', name: 'x' } as const;

export const measurements: readonly Measurement[] = [
  {
    what: 'flow feature finish (merge and delete, here), warm engine, beside git-flow (AVH)',
    aim: '≥ 2 times',
    holds: (value) => value >= 2,
    measure: () =>
      onGround(
        ({ env }) =>
          (folder) =>
            performFlow(folder, FINISH, { env }),
      ),
  },
  {
    what: 'the same by the command line',
    aim: '≥ 2 times',
    holds: (value) => value >= 2,
    measure: () =>
      onGround(({ env }) => async (folder) => {
        const words = [path.join(dist, 'cli.js'), 'flow', 'feature', 'finish', 'x'];
        const { code, output } = await end(folder, env, process.execPath, ...words);
        if (code !== 0) throw new Error(output);
      }),
  },
  {
    what: `flow overview of ${BRANCHES} branches`,
    aim: '≤ 300 ms',
    holds: (value) => value <= 300,
    measure: measureOverview,
  },
];

/** How many times faster `ours` finishes a feature of two commits than AVH, turn by turn, so that both see the same load. */
async function onGround(toOurs: (ground: Ground) => (folder: string) => Promise<unknown>): Promise<Figure> {
  const ground = await makeGround();
  try {
    const { env } = ground;
    if (!(await end(ground.folder, env, 'git', 'flow', 'version')).output.includes('AVH'))
      return { missing: 'there is no git-flow (AVH): apt-get install git-flow' };
    const template = await makeTemplate(ground);
    const take = async (run: (folder: string) => Promise<unknown>): Promise<number> => {
      const folder = await ground.make();
      await cp(template, folder, { recursive: true });
      await git(folder, env, 'config', 'gitflow.path.hooks', path.join(folder, '.git', 'hooks'));
      const start = performance.now();
      await run(folder);
      return performance.now() - start;
    };
    const ours: number[] = [];
    const theirs: number[] = [];
    const run = toOurs(ground);
    for (let turn = 0; turn < TIMES; turn += 1) {
      ours.push(await take(run));
      theirs.push(await take((folder) => end(folder, env, 'git', 'flow', 'feature', 'finish', 'x')));
    }
    const value = median(theirs) / median(ours);
    return {
      value,
      text: `${value.toFixed(1)} times (${median(ours).toFixed(0)} ms : ${median(theirs).toFixed(0)} ms)`,
    };
  } finally {
    await ground.remove();
  }
}

async function makeTemplate(ground: Ground): Promise<string> {
  const { env } = ground;
  const folder = await ground.make('template');
  await git(folder, env, 'init', '-q', '-b', 'master');
  await commit(folder, env, 'a', '1');
  await git(folder, env, 'flow', 'init', '-d');
  await git(folder, env, 'flow', 'feature', 'start', 'x');
  await commit(folder, env, 'b', '1');
  await commit(folder, env, 'b', '2');
  return folder;
}

/** In a repository of 2,000 commits, half of the branches published, each a few commits away from development. */
async function measureOverview(): Promise<Figure> {
  const ground = await makeGround();
  const tools = await mkdtemp(path.join(tmpdir(), 'mlops-bench-git-'));
  try {
    const folder = await ground.make();
    const { env } = ground;
    await git(folder, env, 'init', '-q', '-b', 'master');
    await writeFile(path.join(ground.folder, 'history'), writeHistory());
    await end(folder, env, 'sh', '-c', `git fast-import --quiet < "${path.join(ground.folder, 'history')}"`);
    await git(folder, env, 'checkout', '-q', 'master');
    await performFlow(folder, { action: 'init' }, { env });
    const times: number[] = [];
    for (let turn = 0; turn < TIMES; turn += 1) {
      const start = performance.now();
      const { topics } = await readFlow(folder, { env });
      times.push(performance.now() - start);
      if (topics.length !== BRANCHES) throw new Error(`${topics.length} branches were found.`);
    }
    const value = median(times);
    return { value, text: `${value.toFixed(0)} ms, ${await countProcesses(folder, env, tools)} processes of git` };
  } finally {
    await ground.remove();
    await rm(tools, { recursive: true, force: true });
  }
}

/** For `git fast-import`: development's commits, and each branch from one of them. */
function writeHistory(): string {
  const lines: string[] = [];
  const add = (branch: string, mark: number, from: number | undefined): void => {
    const parent = from === undefined ? [] : [`from :${from}`];
    lines.push(`commit ${branch}`, `mark :${mark}`, `committer A <a@example.org> ${1_700_000_000 + mark} +0000`);
    lines.push(
      'data 1',
      'x',
      ...parent,
      `M 100644 inline f${mark % 50}`,
      `data ${String(mark).length}`,
      String(mark),
      '',
    );
  };
  for (let mark = 1; mark <= BRANCHES; mark += 1) add('refs/heads/develop', mark, mark === 1 ? undefined : mark - 1);
  for (let index = 0; index < BRANCHES; index += 1) {
    const mark = BRANCHES + 1 + index;
    add(`refs/heads/feature/work-${index}`, mark, Math.max(1, BRANCHES - (index % 40)));
    if (index % 2 === 0) lines.push(`reset refs/remotes/origin/feature/work-${index}`, `from :${mark}`, '');
  }
  lines.push('reset refs/heads/master', 'from :1', '');
  return lines.join('\n');
}

async function countProcesses(folder: string, env: NodeJS.ProcessEnv, tools: string): Promise<number> {
  const real = (await end(folder, env, 'which', 'git')).output.trim();
  await mkdir(tools, { recursive: true });
  const calls = path.join(tools, 'calls');
  await writeFile(path.join(tools, 'git'), `#!/bin/sh\necho "$1" >> "${calls}"\nexec "${real}" "$@"\n`);
  await chmod(path.join(tools, 'git'), 0o755);
  const counted = { ...env, PATH: `${tools}${path.delimiter}${env['PATH'] ?? ''}` };
  // The first look at a program of git asks for its version.
  await readFlow(folder, { env: counted });
  await writeFile(calls, '');
  await readFlow(folder, { env: counted });
  return (await readFile(calls, 'utf8')).trim().split('\n').length;
}
