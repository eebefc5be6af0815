import { execFileSync } from 'node:child_process';
import { mkdtemp, open, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isAlive } from '../../../../src/node/processes/processes.ts';
import { canMount } from '../smalldisk.ts';
import { TestProject, bundleCommands, startCommand, until } from './bench.ts';

let folder: string;
let cli: string;
let project: TestProject;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'mlops-pipeline-cli-'));
  cli = await bundleCommands(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));
afterEach(() => project.remove());

const readPid = async () => Number(await project.read('pid').catch(() => '')) || undefined;
const isGone = async (pid: number) => !(await isAlive({ pid, startTime: null }));
const run = (...args: string[]) => startCommand(cli, args, project).ended;

/** Leaves half an output and waits; `go` lets it end. */
const slow = `stages:
  first:
    cmd: echo 1 > first.txt
    outs: [first.txt]
  slow:
    cmd: mkdir out; echo half > out/a; echo $$ > pid; while [ ! -e go ]; do sleep 0.05; done; echo whole > out/b
    deps: [first.txt]
    outs: [out]
`;

describe('results and exit codes', () => {
  it('status and run', async () => {
    project = await TestProject.create({
      'dvc.yaml': 'stages: {a: {cmd: echo x > a, outs: [a]}, b: {cmd: exit 1, deps: [a]}}',
    });
    expect(await run('status')).toMatchObject({
      code: 0,
      stdout: 'a\tnever-run\t\nb\tnever-run\t\n',
    });
    const failed = await run('run', '--json');
    expect(failed.code).toBe(1);
    expect(JSON.parse(failed.stdout)).toEqual({
      outcome: 'failed',
      stages: [
        { name: 'a', outcome: 'succeeded', seconds: expect.any(Number), reason: 'never run' },
        { name: 'b', outcome: 'failed', seconds: expect.any(Number), reason: 'exit code 1' },
      ],
    });
    expect(failed.stderr.split('\n').map((line) => line.replace(/\d+\.\d/, 'N'))).toEqual([
      '▶ a (never run)',
      '  $ echo x > a',
      '✓ a succeeded in N s',
      '▶ b (never run)',
      '  $ exit 1',
      '✗ b failed in N s: exit code 1',
      '',
    ]);
    const { code, stdout } = await run('status', 'b', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      project: project.root,
      stages: [
        {
          name: 'b',
          file: 'dvc.yaml',
          line: 1,
          state: 'failed',
          reasons: [{ kind: 'dep', path: 'a', change: 'modified' }],
          needs: ['a'],
        },
      ],
      data: [],
    });
    expect(JSON.parse((await run('status', '--format', 'dvc')).stdout)).toEqual({
      b: [{ 'changed deps': { a: 'modified' } }],
    });
    expect(await run('run', '--dry-run')).toMatchObject({
      code: 0,
      stdout: 'a\tskip\t\techo x > a\nb\trun\ta changed\texit 1\n',
    });
    expect(JSON.parse((await run('dag', '--json')).stdout)).toEqual({
      stages: [
        { name: 'a', needs: [] },
        { name: 'b', needs: ['a'] },
      ],
    });
    expect((await run('dag', '--mermaid')).stdout).toContain('s0 --> s1');
  });

  it.each([
    [['run', 'nope'], 4, 'There is no stage "nope".'],
    [['run', '--jobs', '0'], 2, '--jobs takes a whole number of at least 1, not "0".'],
    [['run', '--single'], 2, '--single and --downstream need the name of a stage.'],
    [['status', '--format', 'xml'], 2, '--format takes "dvc", not "xml".'],
  ])('%j: %d', async (args, code, message) => {
    project = await TestProject.create({ 'dvc.yaml': 'stages: {a: {cmd: echo}}' });
    const ended = await run(...args, '--json');
    expect(ended.code).toBe(code);
    expect(JSON.parse(ended.stdout).error.message).toBe(message);
  });

  it('without stages the next step is told', async () => {
    const words = 'There are no stages: dvc.yaml names none. Add one with "mlops stage add"';
    project = await TestProject.create({ '.dvc/config': '' });
    for (const text of [undefined, '', 'stages: {}\n'])
      for (const args of [['status'], ['run'], ['run', '--dry-run'], ['dag'], ['status', '--json']]) {
        if (text !== undefined) await project.write('dvc.yaml', text);
        const ended = await run(...args);
        expect({ args, text, ...ended }).toMatchObject({ code: 0, stderr: expect.stringContaining(words) });
      }
    expect((await run('run', '--quiet')).stderr).toBe('');
  });

  it('mistakes in the settings are told with their place, once', async () => {
    project = await TestProject.create({
      'dvc.yaml': 'stages: {a: {cmd: echo}}',
      '.mlops/project.yaml': 'objective: 5\nstores: 5\n',
    });
    // A stage needs to know where its runs go.
    for (const [command, code] of [
      ['status', 0],
      ['run', 1],
      ['dag', 0],
    ] as const)
      expect(await run(command)).toMatchObject({
        code,
        stderr: expect.stringMatching(
          /^\.mlops\/project\.yaml:2:9: warning: stores must be .*\n\.mlops\/project\.yaml:1:12: warning: objective must be .*\nThe settings of the project have mistakes\. Mend /,
        ),
      });
  });

  it('what needs DVC is a warning with its place, and an error only when it is asked for by name', async () => {
    project = await TestProject.create({
      'dvc.yaml': 'stages:\n  a:\n    cmd: x\n    deps:\n      - s3://bucket/x\n  b: {cmd: echo > o, outs: [o]}\n',
    });
    const warning = 'dvc.yaml:5:9: warning: a: Needs DVC: s3://bucket/x (only DVC reaches it).';
    const table: [string, RegExp][] = [
      ['status', /^a\tneeds-dvc\t\nb\tnever-run\t/],
      ['run', /^a\tskipped\t0\.0\tneeds DVC: s3:.*\t\nb\tsucceeded\t/],
    ];
    for (const [command, text] of table) {
      const { code, stdout, stderr } = await run(command);
      expect([code, stderr]).toEqual([0, expect.stringContaining(warning)]);
      expect(stdout).toMatch(text);
    }
    const named = await run('run', 'a');
    expect([named.code, named.stdout]).toEqual([2, '']);
    expect(named.stderr).toMatch(/Only DVC can run a: dvc repro a\ndvc\.yaml:2:3: error: a: Needs DVC: s3:/);
  });

  it('a stage may not run its own pipeline', async () => {
    project = await TestProject.create({
      'dvc.yaml': `stages: {a: {cmd: "${process.execPath} ${cli} run > inner.txt 2>&1; echo $? >> inner.txt"}}`,
    });
    expect((await run('run')).code).toBe(0);
    expect(await project.read('inner.txt')).toMatch(/^"mlops run" was started inside the stage "a".*\n3\n$/);
  });
});

describe('two processes, and dead ones', () => {
  it('a second run is told who works, with exit code 3; status still answers', async () => {
    project = await TestProject.create({ 'dvc.yaml': slow });
    const first = startCommand(cli, ['run'], project);
    await until(() => readPid());
    const second = await run('run', 'first', '--json');
    expect(second.code).toBe(3);
    expect(JSON.parse(second.stdout).error).toMatchObject({
      code: 'busy',
      message: expect.stringContaining(`pid ${first.child.pid}, "mlops run"`) as string,
    });
    expect((await run('status')).stdout).toBe('first\tfresh\t\nslow\trunning\tfirst.txt changed, out changed\n');
    await project.write('go', '');
    expect((await first.ended).code).toBe(0);
    expect(await project.states()).toBe('first:fresh slow:fresh');
  });

  it('SIGTERM stops the stage and ends with 130', async () => {
    project = await TestProject.create({ 'dvc.yaml': slow });
    const { child, ended } = startCommand(cli, ['run', '--json'], project);
    const pid = await until(() => readPid());
    child.kill('SIGTERM');
    const { code, stdout } = await ended;
    expect([code, JSON.parse(stdout).outcome]).toEqual([130, 'stopped']);
    expect(await isGone(pid)).toBe(true);
    expect(await project.states()).toBe('first:fresh slow:never-run');
  });

  it.skipIf(process.platform === 'win32')('a stage that is stopped puts its things in order first', async () => {
    project = await TestProject.create({
      'dvc.yaml': 'stages: {s: {cmd: cd . && sh program.sh && true}}',
      'program.sh': "trap 'sleep 0.3; echo tidy > tidy; exit 1' TERM; echo $$ > pid; while :; do sleep 0.05; done",
    });
    const { child, ended } = startCommand(cli, ['run'], project);
    await until(() => readPid());
    child.kill('SIGINT');
    expect((await ended).code).toBe(130);
    expect(await project.read('tidy')).toBe('tidy\n');
  });

  it.skipIf(process.platform === 'win32')('what a stopped stage had made before can be brought back', async () => {
    project = await TestProject.create({ 'dvc.yaml': slow, 'go': '' });
    expect((await run('run')).code).toBe(0);
    await Promise.all([rm(project.path('go')), rm(project.path('pid'))]);
    const { child, ended } = startCommand(cli, ['run', 'slow', '--single', '--force'], project);
    await until(() => readPid());
    child.kill('SIGINT');
    expect(await ended).toMatchObject({
      code: 130,
      stderr: expect.stringContaining('"mlops data checkout" brings it'),
    });
  });

  it('a run goes on when nobody reads any more what it prints', async () => {
    project = await TestProject.create({ 'dvc.yaml': slow });
    const { child, ended } = startCommand(cli, ['run'], project);
    await until(() => readPid());
    child.stdout?.destroy();
    child.stderr?.destroy();
    await project.write('go', '');
    expect((await ended).code).toBe(0);
    expect(await project.states()).toBe('first:fresh slow:fresh');
  });

  it.skipIf(process.platform !== 'linux')('a result that can not be kept is told, and is no success', async () => {
    project = await TestProject.create({ 'dvc.yaml': 'stages: {a: {cmd: echo}}' });
    const full = await open('/dev/full', 'w');
    const { code, stderr } = await startCommand(cli, ['status'], project, full.fd).ended.finally(() => full.close());
    expect([code, stderr]).toEqual([1, 'stdout: the disk is full; free some space and run it again.\n']);
  });

  it('kill -9 in mid-stage: nothing half-made counts, the next run ends what was left and goes on', async () => {
    project = await TestProject.create({ 'dvc.yaml': slow });
    const { child, ended } = startCommand(cli, ['run'], project);
    const pid = await until(() => readPid());
    child.kill('SIGKILL');
    await ended;
    expect(await project.states()).toBe('first:fresh slow:never-run');
    await rm(project.path('pid'));
    const again = startCommand(cli, ['run'], project);
    await until(() => readPid());
    if (process.platform === 'linux') expect(await isGone(pid)).toBe(true);
    await project.write('go', '');
    const { code, stderr, stdout } = await again.ended;
    expect(code).toBe(0);
    expect(stderr).toContain('Ended what a killed run had left running of the stage slow.');
    expect(stdout).toMatch(/^first\tskipped\t.*\nslow\tsucceeded\t/);
    expect(await project.read('out/b')).toBe('whole\n');
    expect(await project.states()).toBe('first:fresh slow:fresh');
  });
});

describe.skipIf(!canMount())('a full disk', () => {
  it('leaves the old lock, says so, and the run goes on where there is space again', async () => {
    project = await TestProject.create({
      'dvc.yaml': 'stages: {a: {cmd: cp in out, deps: [in], outs: [out]}}',
      'in': '1',
    });
    expect((await run('run')).code).toBe(0);
    const lock = await project.read('dvc.lock');
    execFileSync('mkdir', [project.path('small')]);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=128k', 'tmpfs', project.path('small')]);
    try {
      execFileSync('cp', [
        '-a',
        ...['.dvc', 'dvc.yaml', 'dvc.lock', 'in', 'out'].map((name) => project.path(name)),
        project.path('small'),
      ]);
      const small = Object.assign(Object.create(project) as TestProject, { root: project.path('small') });
      await project.write('small/in', '2');
      execFileSync('sh', ['-c', 'dd if=/dev/zero of=fill bs=1k 2>/dev/null; true'], { cwd: small.root });
      const full = await startCommand(cli, ['run'], small).ended;
      expect(full.code).toBe(1);
      expect(full.stdout + full.stderr).toContain('the disk is full; free some space and run it again');
      expect(await project.read('small/dvc.lock')).toBe(lock);
      await rm(project.path('small/fill'));
      expect(await startCommand(cli, ['run'], small).ended).toMatchObject({ code: 0 });
      expect(await project.read('small/out')).toBe('2');
    } finally {
      execFileSync('umount', [project.path('small')]);
    }
  });
});
