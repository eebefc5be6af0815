import { expect, test } from 'vitest';
import { runCommandLine } from '../../../../src/node/commandline/commandline.ts';
import { commands } from '../../../../src/node/gitflow/commands.ts';
import { createInstallation } from '../../../../src/node/installation/installation.ts';
import { openGit } from '../../../../src/node/git/git.ts';
import { readGitTags } from '../../../../src/node/training/provenance.ts';
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

test('a feature for a config or an experiment: name, note, and a tag of the runs', async () => {
  const folder = await makeFlow();
  await commit(folder, env(), 'cnn.yaml', 'a: 1\n');
  expect((await mlops(folder, 'flow', 'feature', 'start', '--config', 'cnn.yaml')).code).toBe(0);
  expect(await current(folder)).toBe('feature/cnn');
  expect(await git(folder, env(), 'config', 'branch.feature/cnn.description')).toBe('config cnn.yaml');
  expect(await readGitTags(openGit(folder, { env: env() }))).toMatchObject({
    'mlflow.source.git.branch': 'feature/cnn',
    'mlops.branch_note': 'config cnn.yaml',
  });
  await mlops(folder, 'flow', 'undo');
  expect(await readFlowConfig(folder, env(), 'branch\\.')).not.toContain(
    'branch.feature/cnn.description config cnn.yaml',
  );
  expect((await mlops(folder, 'flow', 'feature', 'start', '--experiment', 'Seven crossed')).code).toBe(0);
  expect(await current(folder)).toBe('feature/Seven-crossed');
  expect(await mlops(folder, 'flow', 'feature', 'start', '--config', 'none.yaml')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('There is no config none.yaml.'),
  });
});

test('a release without a version: the next one is suggested, and taken with --yes', async () => {
  const folder = await makeFlow();
  await git(folder, env(), 'tag', '1.0.0');
  await commit(folder, env(), 'b', '1');
  expect(await mlops(folder, 'flow', 'release', 'start')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('1.1.0 would be the next (1 feature since 1.0.0): mlops flow release start 1.1.0'),
  });
  const older = await mlops(folder, 'flow', 'release', 'start', '0.9.0', '--dry-run');
  expect(older.stderr).toContain('0.9.0 is not above 1.0.0');
  expect(await mlops(folder, 'flow', 'hotfix', 'start', '--yes')).toMatchObject({ code: 0 });
  expect(await current(folder)).toBe('hotfix/1.0.1');
});

test('flow check prints the gates, and is exit 1 when one does not hold', async () => {
  const folder = await makeFlow();
  expect(await mlops(folder, 'flow', 'check')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('develop is checked out'),
  });
  await mlops(folder, 'flow', 'feature', 'start', 'x');
  await commit(folder, env(), '.env', 'A=1\n');
  const seen = await mlops(folder, 'flow', 'check');
  expect(seen.code).toBe(1);
  expect(seen.stdout).toContain('feature/x → develop\npipeline\tnot here\tThere is nothing of the kind here.\n');
  expect(seen.stdout).toContain('.env:1:1: error: is a file of secrets');
  const document = await mlops(folder, 'flow', 'check', 'feature', 'x', '--json');
  expect(json(document)).toMatchObject({ outcome: 'failed', branch: 'feature/x', base: 'develop' });
  expect(json(await mlops(folder, 'flow', 'feature', 'finish', '--json'))).toMatchObject({
    error: { code: 'gate-failed', problems: [{ file: '.env', line: 1 }] },
  });
  const planned = await mlops(folder, 'flow', 'feature', 'finish', '--dry-run', '--override', 'known');
  expect(planned.stdout).toContain(
    "-m 'Merge branch '\\''feature/x'\\'' into develop\n\nGate-Override: secrets: known' feature/x",
  );
  expect(planned.stderr).toContain('secrets\tFAILED');
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
