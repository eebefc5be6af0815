import { expect, test } from 'vitest';
import { runCommandLine } from '../../../../src/node/commandline/commandline.ts';
import { commands } from '../../../../src/node/gitflow/commands.ts';
import { createInstallation } from '../../../../src/node/installation/installation.ts';
import { commit, git, readFlowConfig } from '../git/repository.ts';
import { useFlowGround } from './ground.ts';

const { ground, env, makeFlow, makeConflict, current } = useFlowGround();

interface Seen {
  code: number;
  stdout: string;
  stderr: string;
}

async function mlops(cwd: string, ...argv: readonly string[]): Promise<Seen> {
  const seen: Seen = { code: 0, stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr') =>
    ({
      isTTY: false,
      columns: 80,
      write: (text: string) => ((seen[name] += text), true),
    }) as unknown as NodeJS.WriteStream;
  seen.code = await runCommandLine(argv, [{ firstWords: ['flow'], load: () => Promise.resolve(commands) }], {
    cwd,
    env: env(),
    streams: { stdout: stream('stdout'), stderr: stream('stderr') },
    signal: new AbortController().signal,
    installation: createInstallation('/opt/dist', '1.2.3'),
  });
  return seen;
}

const json = ({ stdout }: Seen): unknown => JSON.parse(stdout);

test('from nothing to a finished feature, by command lines alone', async () => {
  const folder = await ground().make();
  await git(folder, env(), 'init', '-q', '-b', 'main');
  expect(json(await mlops(folder, 'flow', 'status', '--json'))).toMatchObject({ initialised: false, current: 'main' });
  const init = await mlops(folder, 'flow', 'init', '--production', 'main', '--feature-prefix', 'f/', '--yes');
  expect(init).toMatchObject({ code: 0, stdout: expect.stringContaining('Gitflow is set up: production main') });
  expect(await readFlowConfig(folder, env())).toContain('gitflow.prefix.feature f/');
  expect(json(await mlops(folder, 'flow', 'feature', 'start', 'x', '--json'))).toMatchObject({
    action: 'start',
    branch: 'f/x',
    base: 'develop',
    current: 'f/x',
  });
  expect((await mlops(folder, 'flow', 'status')).stdout).toContain('Checked out: f/x (feature, equal to develop)');
  await commit(folder, env(), 'a', '1');
  await commit(folder, env(), 'a', '2');
  expect((await mlops(folder, 'flow', 'status')).stdout).toContain('Checked out: f/x (feature, 2 ahead of develop)');
  const list = await mlops(folder, 'flow', 'feature', 'list');
  expect(list.stdout).toBe('*\tfeature\tx\tdevelop\t2 ahead\tnot published\n');
  const planned = await mlops(folder, 'flow', 'feature', 'finish', '--no-ff', '--dry-run');
  expect(planned.stdout.split('\n').slice(0, 2)).toEqual(['git checkout develop', 'git merge --no-ff f/x']);
  const finished = await mlops(folder, 'flow', 'feature', 'finish', 'x', '--keep', '--quiet');
  expect(finished).toEqual({
    code: 0,
    stdout: 'The feature branch f/x is merged into develop.\nThe branch was kept.\n',
    stderr: '',
  });
  expect(json(await mlops(folder, 'flow', 'overview', '--json'))).toMatchObject({
    topics: [{ branch: 'f/x', merged: true, current: false }],
  });
  expect(await current(folder)).toBe('develop');
});

test('a dry run plans and leaves everything as it is', async () => {
  const folder = await makeFlow();
  const seen = await mlops(folder, 'flow', 'bugfix', 'start', 'y', 'main', '--dry-run', '--json');
  expect(json(seen)).toEqual({
    plan: [
      {
        title: 'Set gitflow.branch.bugfix/y.base to "main"',
        command: 'git config --local gitflow.branch.bugfix/y.base main',
      },
      { title: 'Make branch bugfix/y from main and check it out', command: 'git checkout -b bugfix/y main' },
    ],
    warnings: [],
    gates: [],
  });
  expect(await current(folder)).toBe('develop');
  expect(await readFlowConfig(folder, env())).toHaveLength(9);
});

test('--project names another folder', async () => {
  const folder = await makeFlow();
  const seen = await mlops(ground().folder, 'flow', 'status', '--project', folder);
  expect(seen.stdout).toBe('Gitflow: production main, development develop.\nChecked out: develop\n');
});

test('a conflict: exit 1, the files as problems, and what to do in the status', async () => {
  const folder = await makeConflict();
  const seen = await mlops(folder, 'flow', 'feature', 'finish', 'x', '--json');
  expect(seen.code).toBe(1);
  expect(json(seen)).toMatchObject({ error: { code: 'merge-conflict', problems: [{ file: 'a', line: 1 }] } });
  const status = await mlops(folder, 'flow', 'status');
  expect(status.stdout).toContain('go on with "mlops flow continue"');
});

test.each<[number, string, readonly string[]]>([
  [2, 'not supported yet. There are:\n  mlops flow init', ['feature', 'pull', 'origin']],
  [2, 'not supported yet', ['config']],
  [4, 'There is no feature branch "x".', ['feature', 'publish', 'x']],
  [2, 'name its tag', ['support', 'start', '1.x', '--', '-f']],
  [2, 'Either --merge or --rebase', ['feature', 'update', '--merge', '--rebase']],
  [2, 'Did you mean "flow feature start"', ['feature', 'strat', 'x']],
  [4, 'There is no feature branch "nope".', ['feature', 'finish', 'nope']],
  [2, 'Usage: mlops flow feature start NAME [BASE]', ['feature', 'start']],
  [2, "can't name a feature", ['feature', 'start', '--', '-f']],
  [2, "can't name a feature", ['feature', 'start', 'a b']],
  [2, 'Usage: mlops flow feature start', ['feature', 'start', '--upload-pack=x']],
  [1, 'add --force', ['init', '--feature-prefix', 'f/']],
])('exit %i, %s: flow %j', async (code, words, args) => {
  const folder = await makeFlow();
  const seen = await mlops(folder, 'flow', ...args);
  expect(seen).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(words) });
});

test('lists show what there is, not what is to come', async () => {
  const { stdout } = await mlops(ground().folder, 'flow');
  expect(stdout).toContain('mlops flow bugfix finish [NAME]');
  expect(stdout).toContain('mlops flow release finish [NAME]');
  expect(stdout).not.toContain('mlops flow support finish');
  expect((await mlops(ground().folder, '--help')).stdout).not.toContain('not supported');
});

test('outside of a repository: exit 2', async () => {
  const seen = await mlops(await ground().make('plain'), 'flow', 'status', '--json');
  expect(seen.code).toBe(2);
  expect(json(seen)).toMatchObject({ error: { code: 'not-a-repository' } });
});
