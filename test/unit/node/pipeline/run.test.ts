import { chmod, mkdir, readFile, readdir, rm, stat, symlink, unlink } from 'node:fs/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { ExpectedError } from '../../../../src/protocol/errors.ts';
import { describeReason } from '../../../../src/protocol/pipeline.ts';
import { formatProblem } from '../../../../src/protocol/problem.ts';
import { planRun, readStatus } from '../../../../src/node/pipeline/pipeline.ts';
import { TestProject, plainRun, toOutcomes, until } from './bench.ts';

const pipeline = `stages:
  prepare:
    cmd:
      - mkdir -p data
      - tr a-z A-Z < in.txt > data/out.txt
    deps: [in.txt]
    outs: [data]
  train:
    foreach: [a, b]
    do:
      cmd: (cat data/out.txt; grep lr params.yaml) > \${item}.model; echo 1 > \${item}.json
      deps: [data]
      params: [lr]
      outs: ["\${item}.model"]
      metrics: ["\${item}.json": {cache: false}]
  report:
    cmd: cat a.model b.model > report.txt
    deps: [a.model, b.model]
    outs: [report.txt]
`;
const files = { 'dvc.yaml': pipeline, 'in.txt': 'hello\n', 'params.yaml': 'lr: 1e-3\nother: 1\n' };

let project: TestProject;
afterEach(() => project.remove());

async function errorOf(work: Promise<unknown>): Promise<ExpectedError> {
  const error: unknown = await work.then(() => undefined).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ExpectedError);
  return error as ExpectedError;
}

const all = (outcome: string): string =>
  ['prepare', 'train@a', 'train@b', 'report'].map((name) => `${name}:${outcome}`).join(' ');

describe('a run', () => {
  it('runs what is stale, writes lock and cache, and finds everything fresh afterwards', async () => {
    project = await TestProject.create(files);
    expect(await project.states()).toBe(all('never-run'));
    expect(await project.outcomes()).toBe(all('succeeded'));
    expect(await project.read('report.txt')).toBe('HELLO\nlr: 1e-3\nHELLO\nlr: 1e-3\n');
    const lock = await project.read('dvc.lock');
    expect(lock).toContain("schema: '2.0'\nstages:\n  prepare:\n    cmd:\n    - mkdir -p data\n");
    expect(lock).toContain('    params:\n      params.yaml:\n        lr: 0.001\n');
    expect(await project.states()).toBe(all('fresh'));
    expect(await project.outcomes()).toBe(all('skipped'));
    expect(await project.read('dvc.lock')).toBe(lock);
    const objects = await readdir(project.path('.dvc/cache/files/md5'), { recursive: true, withFileTypes: true });
    for (const entry of objects.filter((one) => one.isFile()))
      expect((await stat(`${entry.parentPath}/${entry.name}`)).mode & 0o777).toBe(0o444);
  });

  it('tells what happens, in order', async () => {
    project = await TestProject.create({
      'dvc.yaml': 'stages:\n  s:\n    cmd: [echo one; echo two >&2, "printf three"]\n    outs: []\n',
    });
    await project.run();
    expect(project.events.map(({ type }) => type).filter((type) => type !== 'output')).toEqual([
      'stage-started',
      'command',
      'command',
      'stage-ended',
    ]);
    const lines = project.events.flatMap((event) =>
      event.type === 'output' ? [`${event.stream}: ${event.line}`] : [],
    );
    expect(lines.sort()).toEqual(['stderr: two', 'stdout: one', 'stdout: three']);
    expect((await project.read('.mlops/tmp/logs/s.log')).split('\n').sort()).toEqual(['one', 'three', 'two'].sort());
  });

  it('gives commands their environment and folder', async () => {
    project = await TestProject.create({
      'dvc.yaml':
        'stages:\n  s:\n    cmd: (pwd; echo $DVC_STAGE $DVC_ROOT $MLFLOW_TRACKING_URI $MLFLOW_ALLOW_FILE_STORE ${#MLOPS_STAGE_TOKEN} $PATH) > env.txt\n    wdir: sub\n    outs: [env.txt]\n',
      'sub/x': '',
    });
    // In dvc.yaml "${" is an interpolation, so the shell's own has to be escaped.
    await project.write('dvc.yaml', (await project.read('dvc.yaml')).replace('${#', '\\${#'));
    expect(await project.outcomes()).toBe('s:succeeded');
    const [folder, line = ''] = (await project.read('sub/env.txt')).split('\n');
    expect(folder).toBe(project.path('sub'));
    expect(line).toContain(`s ${project.root} file://${project.root}/models/mlruns true 32 /nowhere/bin:`);
    expect(await project.read('models/mlruns/0/meta.yaml')).toContain('experiment_id');
  });

  it('visits the named stages only', async () => {
    project = await TestProject.create(files);
    expect(await project.outcomes({ stages: ['train@b'] })).toBe('prepare:succeeded train@b:succeeded');
    expect(await project.outcomes({ stages: ['train'] })).toBe('prepare:skipped train@a:succeeded train@b:skipped');
    expect(await project.outcomes({ stages: ['report'], single: true })).toBe('report:succeeded');
    expect(await project.outcomes({ stages: ['train@a'], downstream: true, force: true })).toBe(
      'train@a:succeeded report:succeeded',
    );
    const error = await errorOf(project.run({ stages: ['trian'] }));
    expect([error.code, error.message]).toEqual(['unknown-name', expect.stringContaining('"train"')]);
  });

  it('plans without touching anything', async () => {
    project = await TestProject.create(files);
    await project.run();
    await project.write('params.yaml', 'lr: 2\n');
    const { steps } = await planRun({ root: project.root }, plainRun, {
      env: project.env,
      signal: new AbortController().signal,
    });
    expect(steps.map(({ name, action }) => `${name}:${action}`).join(' ')).toBe(
      'prepare:skip train@a:run train@b:run report:check',
    );
    expect(await project.states()).toBe('prepare:fresh train@a:stale train@b:stale report:blocked');
  });
});

describe('what changed decides', () => {
  const changes: [string, (project: TestProject) => Promise<unknown>, string][] = [
    ['a dependency', (it) => it.write('in.txt', 'other\n'), 'prepare: in.txt changed'],
    ['a param', (it) => it.write('params.yaml', 'lr: 2\n'), 'train@a: lr changed|train@b: lr changed'],
    ['another param', (it) => it.write('params.yaml', 'lr: 0.001\nother: 7\n'), ''],
    [
      'a command',
      (it) => it.write('dvc.yaml', pipeline.replace('cat a.model', 'cat  a.model')),
      'report: command changed',
    ],
    ['an output gone', (it) => rm(it.path('report.txt')), 'report: report.txt deleted'],
    [
      'an output edited',
      (it) => it.write('data/out.txt', 'x'),
      'prepare: data changed|train@a: data changed|train@b: data changed',
    ],
    [
      'a file more in an output',
      (it) => it.write('data/more.txt', 'x'),
      'prepare: data changed|train@a: data changed|train@b: data changed',
    ],
    ['a metric edited', (it) => it.write('a.json', '2\n'), 'train@a: a.json changed'],
    ['only a time stamp', (it) => it.age('in.txt', 'report.txt'), ''],
    [
      'the cache is gone',
      (it) => rm(it.path('.dvc/cache'), { recursive: true }),
      'prepare: data is not in the cache|train@a: a.model is not in the cache|train@b: b.model is not in the cache|report: report.txt is not in the cache',
    ],
  ];
  it.each(changes)('%s', async (_, change, expected) => {
    project = await TestProject.create(files);
    await project.run();
    await change(project);
    const { stages } = await readStatus({ root: project.root }, { env: project.env });
    expect(
      stages.flatMap(({ name, reasons }) => reasons.map((reason) => `${name}: ${describeReason(reason)}`)).join('|'),
    ).toBe(expected);
  });

  it('a remembered hash is not trusted when the content changed under an old time stamp', async () => {
    project = await TestProject.create(files);
    await project.run();
    await project.age('in.txt');
    expect(await project.states()).toBe(all('fresh'));
    await project.write('in.txt', 'HELLO\n');
    await project.age('in.txt');
    expect(await project.states()).toContain('prepare:stale');
  });
});

describe('restoring', () => {
  it('takes deleted outputs from the cache, metrics included, without running', async () => {
    project = await TestProject.create(files);
    await project.run();
    for (const name of ['data', 'a.model', 'a.json', 'report.txt']) await rm(project.path(name), { recursive: true });
    expect(await project.outcomes()).toBe('prepare:restored train@a:restored train@b:skipped report:restored');
    expect(await project.read('report.txt')).toBe('HELLO\nlr: 1e-3\nHELLO\nlr: 1e-3\n');
    expect((await stat(project.path('report.txt'))).mode & 0o200).toBe(0o200);
  });

  it('puts an output in the place of an empty folder', async () => {
    project = await TestProject.create(files);
    await project.run();
    await rm(project.path('report.txt'));
    await mkdir(project.path('report.txt'));
    expect(await project.outcomes()).toBe('prepare:skipped train@a:skipped train@b:skipped report:restored');
    expect(await project.read('report.txt')).toBe('HELLO\nlr: 1e-3\nHELLO\nlr: 1e-3\n');
  });

  it('finds an earlier run when a param is set back', async () => {
    project = await TestProject.create(files);
    await project.run();
    const lock = await project.read('dvc.lock');
    await project.write('params.yaml', 'lr: 5\n');
    expect(await project.outcomes()).toBe('prepare:skipped train@a:succeeded train@b:succeeded report:succeeded');
    await project.write('params.yaml', 'lr: 0.001\n');
    expect(await project.outcomes()).toBe('prepare:skipped train@a:restored train@b:restored report:restored');
    expect(await project.read('dvc.lock')).toBe(lock);
    expect(await project.outcomes({ force: true })).toBe(all('succeeded'));
  });

  it('runs again when the cache lost a member, or holds a damaged one', async () => {
    project = await TestProject.create(files);
    await project.run();
    const object = project.path('.dvc/cache/files/md5', ...(await objectOf('a.model')));
    await chmod(object, 0o644);
    await project.write(object.slice(project.root.length + 1), 'damaged');
    expect(await project.states()).toBe('prepare:fresh train@a:stale train@b:stale report:blocked');
    expect(await project.outcomes()).toBe('prepare:skipped train@a:succeeded train@b:skipped report:skipped');
    expect(await readFile(object, 'utf8')).toBe('HELLO\nlr: 1e-3\n');
    expect(await project.states()).toBe(all('fresh'));
  });

  async function objectOf(out: string): Promise<[string, string]> {
    const md5 = new RegExp(`path: ${out}\\n      hash: md5\\n      md5: (\\w+)`).exec(
      await project.read('dvc.lock'),
    )![1]!;
    return [md5.slice(0, 2), md5.slice(2)];
  }
});

describe('failures', () => {
  const broken = `stages:
  one:
    cmd: CMD
    outs: [one.txt]
  two:
    cmd: cp one.txt two.txt
    deps: [one.txt]
    outs: [two.txt]
  other:
    cmd: echo > other.txt
    outs: [other.txt]
`;
  const table: [string, string][] = [
    ['echo > one.txt; exit 3', 'exit code 3'],
    ['kill -9 $$', 'died of SIGKILL'],
    ["sh -c 'kill -9 $$'; exit 137", 'died of SIGKILL'],
    ['true', 'the output one.txt does not exist'],
    ['no-such-program', 'exit code 127'],
  ];
  it.each(table)('%s: %s', async (cmd, reason) => {
    project = await TestProject.create({ 'dvc.yaml': broken.replace('CMD', () => JSON.stringify(cmd)) });
    const document = await project.run();
    expect(document.outcome).toBe('failed');
    expect(document.stages[0]).toMatchObject({ name: 'one', outcome: 'failed', reason });
    expect(toOutcomes(document)).toBe('one:failed two:blocked other:blocked');
    await expect(project.read('dvc.lock')).rejects.toThrow();
    expect(await project.states()).toBe('one:failed two:never-run other:never-run');
    expect(toOutcomes(await project.run({ keepGoing: true }))).toBe('one:failed two:blocked other:succeeded');
    await project.write('dvc.yaml', broken.replace('CMD', 'echo ok > one.txt'));
    expect(await project.states()).toBe('one:never-run two:never-run other:fresh');
    expect(await project.outcomes()).toBe('one:succeeded two:succeeded other:skipped');
    expect(await project.states()).toBe('one:fresh two:fresh other:fresh');
  });

  it('of a stage that is set off by a missing dependency cost no output', async () => {
    project = await TestProject.create(files);
    await project.run();
    await unlink(project.path('in.txt'));
    const { stages } = await project.run();
    expect(stages[0]).toMatchObject({ outcome: 'failed', reason: 'the dependency in.txt does not exist' });
    expect(await project.read('data/out.txt')).toBe('HELLO\n');
  });

  it('a dependency that its own command removes', async () => {
    project = await TestProject.create({ 'dvc.yaml': 'stages: {s: {cmd: rm in, deps: [in]}}', 'in': '' });
    expect((await project.run()).stages[0]).toMatchObject({
      outcome: 'failed',
      reason: 'the dependency in does not exist any more',
    });
    await expect(project.read('dvc.lock')).rejects.toThrow();
  });

  it('an output that a link leads out of the project', async () => {
    project = await TestProject.create({ 'dvc.yaml': 'stages: {s: {cmd: "echo new > link/x", outs: [link/x]}}' });
    const outside = await TestProject.create({ x: 'precious' });
    try {
      await symlink(outside.root, project.path('link'));
      expect((await project.run()).stages[0]).toMatchObject({
        outcome: 'failed',
        reason: expect.stringContaining('the output link/x lies outside of the project') as string,
      });
      expect(await outside.read('x')).toBe('precious');
      expect((await readdir(outside.root)).sort()).toEqual(['.dvc', 'x']);
    } finally {
      await outside.remove();
    }
  });

  it('a folder that is not there', async () => {
    project = await TestProject.create({ 'dvc.yaml': 'stages: {s: {cmd: echo, wdir: nowhere}}' });
    expect((await project.run()).stages[0]).toMatchObject({
      outcome: 'failed',
      reason: 'the folder nowhere (wdir) does not exist',
    });
  });

  it('a binary metrics file', async () => {
    project = await TestProject.create({ 'dvc.yaml': 'stages: {s: {cmd: "printf \'a\\\\0b\' > m", metrics: [m]}}' });
    expect((await project.run()).stages[0]).toMatchObject({
      outcome: 'failed',
      reason: 'the metrics file m is binary; metrics must be text',
    });
  });

  it('missing params are told with their place before anything runs', async () => {
    project = await TestProject.create({ ...files, 'params.yaml': 'other: 1\n' });
    const error = await errorOf(project.run());
    expect([error.code, error.exitCode]).toEqual(['missing-param', 2]);
    expect(error.problems.map(formatProblem)[0]).toBe('dvc.yaml:13:16: error: train@a: params.yaml has no "lr".');
    expect(project.events).toEqual([]);
  });

  it('bad pipeline files are refused with every place, and told by the status', async () => {
    project = await TestProject.create({
      'dvc.yaml': 'stages:\n  a:\n    cmd: x\n    outs: [o]\n  b: {cmd: x, outs: [o], odd: 1}\n',
    });
    const error = await errorOf(project.run());
    expect([error.code, error.problems.map(formatProblem)]).toEqual([
      'bad-input',
      ['dvc.yaml:5:26: error: Unknown key "odd".'],
    ]);
    const { problems, stages } = await readStatus({ root: project.root }, { env: project.env });
    expect([problems.length, stages]).toEqual([1, []]);
    await project.write('dvc.yaml', `a: &a [x]\n${Array.from({ length: 200 }, (_, i) => `b${i}: [*a]`).join('\n')}`);
    expect((await errorOf(project.run())).problems[0]!.message).toContain('aliases');
    await project.write('dvc.yaml', 'stages: {a: {cmd: x}}\n');
    await project.write('dvc.lock', 'nonsense');
    expect((await errorOf(project.run())).problems.map(formatProblem)[0]).toBe(
      'dvc.lock:1:1: error: A lock file must be a mapping.',
    );
  });
});

describe('stopping', () => {
  /** A tracked training tells its run before it ends with this exit code. */
  const ended = (code: number) =>
    `mkdir -p .mlops/tmp/stage-runs; printf r1 > .mlops/tmp/stage-runs/$MLOPS_STAGE_TOKEN; exit ${code}`;
  it.each([
    ['a training that was stopped by steering', ended(130), 'stopped', 's:stopped t:blocked'],
    ['a training that failed', ended(1), 'failed', 's:failed t:blocked'],
    ['a command that is no training', 'exit 130', 'failed', 's:failed t:blocked'],
  ])('of one stage alone: %s', async (_, cmd, outcome, outcomes) => {
    project = await TestProject.create({
      'dvc.yaml': `stages:\n  s:\n    cmd: ${JSON.stringify(cmd)}\n    outs: [out]\n  t: {cmd: "echo", deps: [out]}\n`,
    });
    const document = await project.run();
    expect([document.outcome, toOutcomes(document)]).toEqual([outcome, outcomes]);
  });

  it('ends the whole tree and leaves the stage unfinished', async () => {
    project = await TestProject.create({
      'dvc.yaml':
        'stages:\n  s:\n    cmd: sleep 300 & echo $! > pid; echo half > out; wait\n    outs: [out]\n  t: {cmd: "echo", deps: [out]}\n',
    });
    const abort = new AbortController();
    const running = project.run({}, abort.signal);
    const pid = await until(async () => Number(await project.read('pid').catch(() => '')) || undefined);
    await until(async () => (await project.states()).startsWith('s:running'));
    abort.abort('SIGINT');
    const document = await running;
    expect([document.outcome, toOutcomes(document)]).toEqual(['stopped', 's:stopped t:blocked']);
    await until(() => !isRunning(pid));
    expect(await project.states()).toBe('s:never-run t:never-run');
  });

  function isRunning(pid: number): boolean {
    try {
      process.kill(pid, 0);
      return true;
    } catch {
      return false;
    }
  }
});

describe('in Git', () => {
  it('outputs are ignored as DVC ignores them, and tracked ones are refused', async () => {
    project = await TestProject.create({
      ...files,
      '.gitignore': 'b.model',
      'dvc.yaml': pipeline.replaceAll('report.txt', '"re[p]ort.txt"'),
    });
    await project.git('init', '-q');
    expect(await project.outcomes()).toBe(all('succeeded'));
    expect(await project.read('.gitignore')).toBe('b.model\n/data\n/a.model\n/re\\[p\\]ort.txt\n');
    expect((await project.git('status', '--short', '--untracked-files=all')).split('\n').sort()).toEqual(
      [
        '',
        '.dvc/.gitignore',
        '.gitignore',
        'a.json',
        'b.json',
        'dvc.lock',
        'dvc.yaml',
        'in.txt',
        'models/mlruns/0/meta.yaml',
        'params.yaml',
      ].map((name) => (name === '' ? '' : `?? ${name}`)),
    );
    await rm(project.path('.gitignore'));
    await rm(project.path('a.model'));
    expect(await project.outcomes()).toContain('train@a:restored');
    expect(await project.read('.gitignore')).toBe('/a.model\n');
    await project.write('.gitignore', 'a.model/\n');
    expect(await project.outcomes({ stages: ['train@a'], force: true, single: true })).toBe('train@a:succeeded');
    expect(await project.read('.gitignore')).toBe('a.model/\n/a.model\n');
    await project.git('add', '-f', 'a.model');
    await project.write('params.yaml', 'lr: 3\n');
    expect((await project.run()).stages[1]).toMatchObject({
      outcome: 'failed',
      reason: expect.stringContaining('a.model is tracked by Git') as string,
    });
    expect(await project.read('a.model')).toBe('HELLO\nlr: 1e-3\n');
  });
});

describe('settings of DVC', () => {
  it('another cache folder is used, a shared one is refused', async () => {
    project = await TestProject.create({
      ...files,
      '.dvc/config': '[core]\n    analytics = false\n[cache]\n    dir = ../kept\n',
    });
    await project.run();
    expect(await readdir(project.path('kept'))).toEqual(['files', 'runs']);
    await project.write('.dvc/config.local', '[cache]\n    shared = group\n');
    const error = await errorOf(project.run());
    expect([error.code, error.problems.map(formatProblem)[0]]).toEqual([
      'not-supported',
      expect.stringMatching(/config\.local:2:1: error: Not yet supported: cache\.shared = group/),
    ]);
  });

  it('live entries of DVC in its rwlock are respected', async () => {
    project = await TestProject.create(files);
    await mkdir(project.path('.dvc/tmp'));
    const entry = (pid: number): string =>
      JSON.stringify({ write: { [project.path('data')]: { pid, cmd: 'dvc repro' } } });
    await project.write('.dvc/tmp/rwlock', entry(process.ppid));
    const error = await errorOf(project.run());
    expect([error.code, error.message]).toEqual(['busy', expect.stringContaining(`pid ${process.ppid}, "dvc repro"`)]);
    await project.write('.dvc/tmp/rwlock', entry(2 ** 22 - 1));
    expect(await project.outcomes()).toBe(all('succeeded'));
    expect(await project.read('.dvc/tmp/rwlock')).not.toContain('mlops run');
  });
});
