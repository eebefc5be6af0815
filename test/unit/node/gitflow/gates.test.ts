import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkFlow, planFlow } from '../../../../src/node/gitflow/gitflow.ts';
import { isAlive, readStartTime } from '../../../../src/node/processes/processes.ts';
import { commit, git } from '../git/repository.ts';
import { refused, useFlowGround } from './ground.ts';

const { env, flow, start, finish, makeFlow } = useFlowGround();
const check = (folder: string, name?: string) =>
  checkFlow(folder, { type: 'feature', ...(name === undefined ? {} : { name }) }, { env: env() });
const outcomes = async (folder: string): Promise<Record<string, string>> =>
  Object.fromEntries((await check(folder)).gates.map(({ name, outcome }) => [name, outcome]));
const put = async (folder: string, file: string, text: string | Buffer): Promise<void> => {
  await mkdir(path.dirname(path.join(folder, file)), { recursive: true });
  await writeFile(path.join(folder, file), text);
};
const commitAll = async (folder: string, message: string): Promise<void> => {
  await git(folder, env(), 'add', '--all');
  await git(folder, env(), 'commit', '-q', '-m', message);
};
const gate = async (folder: string, name: string) =>
  (await check(folder)).gates.find((candidate) => candidate.name === name);

/** A project with a pipeline that has never run, thresholds, and a Makefile whose tests count how often they were run. */
async function makeProject(): Promise<string> {
  const folder = await makeFlow();
  await start(folder, 'x');
  await put(
    folder,
    'dvc.yaml',
    'stages:\n  train:\n    cmd: echo\n    deps: [a]\n    metrics:\n      - m.json: {cache: false}\n',
  );
  await put(folder, 'm.json', '{"cnn": {"accuracy": 0.8}}\n');
  await put(folder, 'tests/cnn.checks.yaml', 'metrics:\n  accuracy: {min: 0.9}\n');
  await put(folder, 'Makefile', 'test:\n\t@echo run >> ../runs-$(notdir $(CURDIR)); echo seen; test ! -e broken\n');
  await put(folder, '.gitignore', '/broken\n/.mlops/\n');
  await commitAll(folder, 'project');
  return folder;
}
const countRuns = async (folder: string): Promise<number> =>
  (await readFile(path.join(path.dirname(folder), `runs-${path.basename(folder)}`), 'utf8').catch(() => '')).split(
    'run',
  ).length - 1;

test('a repository without a project has two gates, which cost nothing to pass', async () => {
  const folder = await makeFlow();
  await start(folder, 'x');
  await commit(folder, env(), 'b', '1');
  expect(await outcomes(folder)).toEqual({
    ...{ pipeline: 'absent', data: 'absent', performance: 'absent', lint: 'absent', tests: 'absent' },
    ...{ files: 'passed', secrets: 'passed' },
  });
  expect((await finish(folder)).gates).toHaveLength(7);
});

test.skipIf(process.platform === 'win32')('tests whose finish was killed are ended by the next action', async () => {
  const folder = await makeFlow();
  await start(folder, 'x');
  await put(folder, 'Makefile', 'test:\n\t@echo $$PPID > ../pid-of-tests; exec sleep 300\n');
  await commitAll(folder, 'tests');
  const source = new URL('../../../../src/node/gitflow/gitflow.ts', import.meta.url).href;
  const call = `(await import(${JSON.stringify(source)})).performFlow(process.argv[1], { action: 'finish', type: 'feature' })`;
  const owner = spawn(process.execPath, ['--input-type=module', '-e', call, folder], { env: env(), stdio: 'ignore' });
  const mark = path.join(folder, '.git/mlops/gates/tests.running');
  await expect.poll(() => readFile(mark, 'utf8').catch(() => ''), { timeout: 20_000 }).toContain('"owner"');
  await expect.poll(() => readFile(path.join(folder, '../pid-of-tests'), 'utf8').catch(() => '')).not.toBe('');
  const tests = Number(await readFile(path.join(folder, '../pid-of-tests'), 'utf8'));
  owner.kill('SIGKILL');
  await once(owner, 'close');
  expect(await readStartTime(tests)).not.toBeNull();
  await flow(folder, { action: 'checkout', type: 'feature', name: 'x' });
  expect(await isAlive({ pid: tests, startTime: null })).toBe(false);
  expect(await readFile(mark, 'utf8').catch(() => null)).toBeNull();
});

test.each(['release', 'hotfix'] as const)('a %s that brings nothing new is gated, and written down', async (type) => {
  const folder = await makeProject();
  await put(folder, 'package.json', '{\n  "name": "cnn",\n  "version": "0.1.0"\n}\n');
  await commitAll(folder, 'package');
  for (const branch of ['main', 'develop']) await git(folder, env(), 'branch', '-f', branch, 'feature/x');
  await flow(folder, { action: 'start', type, name: '1.0.0' });
  const error = await refused(flow(folder, { action: 'finish', type, name: '1.0.0' }));
  expect(error.code).toBe('gate-failed');
  expect(error.message).toContain('performance');
  expect(await git(folder, env(), 'tag')).toBe('');
  const { gates } = await flow(folder, { action: 'finish', type, name: '1.0.0', override: 'the first one' });
  expect(gates).toHaveLength(7);
  expect(JSON.parse(await git(folder, env(), 'show', '1.0.0:package.json'))).toMatchObject({ version: '1.0.0' });
  expect(await git(folder, env(), 'show', 'develop:CHANGELOG.md')).toContain('1.0.0');
  expect(await git(folder, env(), 'log', '-1', '--format=%(trailers:key=Gate-Override,valueonly)', 'main')).toContain(
    'the first one',
  );
});

describe('a project', () => {
  test('a dry run starts none of its programs, and what has passed in another project of the repository has not passed here', async () => {
    const folder = await makeFlow();
    await start(folder, 'x');
    for (const [name, recipe] of [
      ['good', 'true'],
      ['bad', 'false'],
    ] as const) {
      await put(folder, `${name}/dvc.yaml`, 'stages: {}\n');
      await put(folder, `${name}/Makefile`, `test:\n\t@echo run >> ../../runs-${path.basename(folder)}; ${recipe}\n`);
    }
    await commitAll(folder, 'two projects');
    const tests = async (name: string, programs: 'wait' | 'run'): Promise<string | undefined> => {
      const { gates } = await checkFlow(path.join(folder, name), { type: 'feature' }, { env: env(), programs });
      return gates.find((candidate) => candidate.name === 'tests')?.outcome;
    };
    expect([await tests('good', 'wait'), await countRuns(folder)]).toEqual(['waiting', 0]);
    expect([await tests('good', 'run'), await countRuns(folder)]).toEqual(['passed', 1]);
    const { gates } = await planFlow(path.join(folder, 'bad'), { action: 'finish', type: 'feature' }, { env: env() });
    expect(gates.find(({ name }) => name === 'tests')?.outcome).toBe('waiting');
    expect((await refused(flow(path.join(folder, 'bad'), { action: 'finish', type: 'feature' }))).code).toBe(
      'gate-failed',
    );
  });

  test('each gate tells where to look; finish is refused before anything changes, and goes on with a reason', async () => {
    const folder = await makeProject();
    await put(folder, 'broken', '');
    await put(folder, 'notes.md', ['one\nkey: "AKIA', 'IOSFODNN7EXAMPL2"\n'].join(''));
    await put(folder, 'big.bin', Buffer.alloc(3 * 1024 * 1024, 1));
    await commitAll(folder, 'more');
    await git(folder, env(), 'config', 'mlops.gate.maxFileSize', '1m');
    const { outcome, gates, base } = await check(folder);
    expect({ outcome, base }).toEqual({ outcome: 'failed', base: 'develop' });
    expect(
      gates.map(({ name, outcome: how, places: [place] }) => [
        name,
        how,
        place && `${place.file}:${place.line} ${place.message}`,
      ]),
    ).toEqual([
      ['pipeline', 'failed', 'dvc.yaml:2 train: never run'],
      ['data', 'absent', undefined],
      ['performance', 'failed', 'tests/cnn.checks.yaml:2 cnn: accuracy is 0.8, at least 0.9 is wanted'],
      ['lint', 'absent', undefined],
      ['tests', 'failed', undefined],
      ['files', 'failed', 'big.bin:1 has 3 MiB'],
      ['secrets', 'failed', 'notes.md:2 looks like a key of AWS'],
    ]);
    const log = gates.find(({ name }) => name === 'tests')?.log ?? '';
    expect(await readFile(log, 'utf8')).toContain('seen');
    const before = await git(folder, env(), 'for-each-ref');
    const error = await refused(finish(folder));
    expect({ code: error.code, exit: error.exitCode }).toEqual({ code: 'gate-failed', exit: 1 });
    expect(error.problems.map(({ file }) => file)).toEqual([
      'dvc.yaml',
      'tests/cnn.checks.yaml',
      'big.bin',
      'notes.md',
    ]);
    expect(await git(folder, env(), 'for-each-ref')).toBe(before);
    await git(folder, env(), 'config', 'mlops.gate.pipeline', 'false');
    await flow(folder, { action: 'finish', type: 'feature', override: 'the demo\nis today' });
    expect(
      await git(folder, env(), 'log', '-1', '--format=%s|%(trailers:key=Gate-Override,valueonly)', 'develop'),
    ).toBe("Merge branch 'feature/x' into develop|performance, tests, files, secrets: the demo is today\n".trimEnd());
  });

  test('tests that have passed at this commit are not run again for the finish; a plan runs none', async () => {
    const folder = await makeProject();
    for (const name of ['pipeline', 'performance']) await git(folder, env(), 'config', `mlops.gate.${name}`, 'false');
    const { gates } = await planFlow(folder, { action: 'finish', type: 'feature' }, { env: env() });
    expect(gates.filter(({ name }) => name === 'tests')).toMatchObject([{ outcome: 'waiting', look: 'make test' }]);
    expect(await countRuns(folder)).toBe(0);
    expect(await outcomes(folder)).toMatchObject({ pipeline: 'off', tests: 'passed' });
    await check(folder);
    expect(await countRuns(folder)).toBe(2);
    await finish(folder);
    expect(await countRuns(folder)).toBe(2);
    expect(await git(folder, env(), 'log', '--format=%B', '-3', 'develop')).not.toContain('Gate-Override');
  });

  test('what is not checked out can not be judged; a program that hangs is ended', async () => {
    const folder = await makeProject();
    await git(folder, env(), 'checkout', '-q', 'develop');
    const { gates } = await check(folder, 'x');
    expect(gates.find(({ name }) => name === 'pipeline')).toMatchObject({ outcome: 'absent' });
    expect(gates.find(({ name }) => name === 'performance')).toMatchObject({ outcome: 'absent' });
    await put(folder, 'Makefile', 'test:\n\tsleep 100\n');
    expect((await check(folder, 'x')).gates.find(({ name }) => name === 'tests')).toMatchObject({
      outcome: 'failed',
      look: 'git checkout feature/x',
    });
    await git(folder, env(), 'checkout', '-q', '-f', 'feature/x');
    await git(folder, env(), 'config', 'mlops.gate.timeout', '1');
    await put(folder, 'Makefile', 'test:\n\tsleep 100\n');
    expect(await gate(folder, 'tests')).toMatchObject({
      outcome: 'failed',
      message: expect.stringContaining('longer than 1 s'),
    });
  });

  test('a single commit gets a merge commit for the reason, a squash its line', async () => {
    for (const options of [{}, { squash: true }]) {
      const folder = await makeFlow();
      await start(folder, 'x');
      await commit(folder, env(), '.env', 'A=1\n');
      await flow(folder, { action: 'finish', type: 'feature', override: 'known', ...options });
      const trailer = await git(
        folder,
        env(),
        'log',
        '-1',
        '--format=%(trailers:key=Gate-Override,valueonly)',
        'develop',
      );
      expect(trailer.trim()).toBe('secrets: known');
    }
  });
});
