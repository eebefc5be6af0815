import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { loadPipeline } from '../../../../src/node/pipeline/load.ts';
import { planRun, readStatus } from '../../../../src/node/pipeline/pipeline.ts';
import { TestProject } from './bench.ts';

let project: TestProject;
afterEach(() => project.remove());

const outcomesWithReasons = async (): Promise<string[]> =>
  (await project.run()).stages.map(({ name, outcome, reason }) => `${name} ${outcome}: ${reason ?? ''}`);

describe('a stage that needs DVC', () => {
  const files = {
    'dvc.yaml': `stages:
  fetch: {cmd: x, deps: [s3://bucket/x], outs: [x]}
  use: {cmd: cat x > y, deps: [x], outs: [y]}
  last: {cmd: cat y > z, deps: [y], outs: [z]}
  other: {cmd: echo > o, outs: [o]}
`,
  };

  it('holds back what waits for its outputs, and nothing else', async () => {
    project = await TestProject.create(files);
    expect(await project.states()).toBe('fetch:needs-dvc use:never-run last:never-run other:never-run');
    const { outcome, stages } = await project.run();
    expect([outcome, stages.map(({ name, outcome: end, reason }) => `${name} ${end}: ${reason ?? ''}`)]).toEqual([
      'succeeded',
      [
        'fetch skipped: needs DVC: s3://bucket/x (only DVC reaches it)',
        'use blocked: fetch needs DVC',
        'last blocked: fetch needs DVC',
        'other succeeded: never run',
      ],
    ]);
  });

  it('what it left is used as it stands', async () => {
    project = await TestProject.create({ ...files, x: '1' });
    expect(await outcomesWithReasons()).toEqual([
      'fetch skipped: needs DVC: s3://bucket/x (only DVC reaches it)',
      'use succeeded: never run',
      'last succeeded: never run',
      'other succeeded: never run',
    ]);
    expect(await project.states()).toBe('fetch:needs-dvc use:fresh last:fresh other:fresh');
  });

  it('a plan passes over it', async () => {
    project = await TestProject.create(files);
    const all = { stages: [], single: false, downstream: false, force: true, keepGoing: false };
    const { steps } = await planRun({ root: project.root }, all, {
      env: project.env,
      signal: new AbortController().signal,
    });
    expect(steps.map(({ name, action }) => `${name} ${action}`)).toEqual([
      'fetch skip',
      'use run',
      'last run',
      'other run',
    ]);
  });

  it('asked for by name it is refused, in a group it is passed over', async () => {
    project = await TestProject.create({
      'dvc.yaml':
        'stages: {g: {foreach: {a: "s3://b/x", b: i}, do: {cmd: "echo > o-${key}", deps: ["${item}"], outs: ["o-${key}"]}}}',
      'i': '',
    });
    await expect(project.run({ stages: ['g@a'] })).rejects.toMatchObject({
      code: 'not-supported',
      problems: [{ file: 'dvc.yaml', line: 1, column: 10 }],
    });
    expect(await project.outcomes({ stages: ['g'] })).toBe('g@a:skipped g@b:succeeded');
  });
});

describe('params that no lock can hold', () => {
  it('make their stage one for DVC', async () => {
    project = await TestProject.create({
      'dvc.yaml':
        'stages:\n  a: {cmd: echo > o, params: [p.py: [S]], outs: [o]}\n  b: {cmd: echo > q, params: [p.py: [T]], outs: [q]}\n',
      'p.py': 'S = {1, 2}\nT = (1, 2)\n',
    });
    expect(await project.outcomes()).toBe('a:skipped b:succeeded');
    const { stages, problems } = await readStatus({ root: project.root }, { env: project.env });
    expect(stages.map(({ name, state }) => `${name} ${state}`)).toEqual(['a needs-dvc', 'b fresh']);
    expect(problems).toMatchObject([{ line: 2, severity: 'warning', message: 'a: Needs DVC: S of p.py (a set).' }]);
  });

  it('fail their stage when another stage has only just written them', async () => {
    project = await TestProject.create({
      'dvc.yaml':
        'stages:\n  a: {cmd: cp i p.py, deps: [i], outs: [p.py]}\n  b: {cmd: echo > q, params: [p.py: [S]], outs: [q]}\n',
      'i': 'S = {1}\n',
    });
    expect(await outcomesWithReasons()).toEqual([
      'a succeeded: never run',
      'b failed: S of p.py is a set, which no lock can hold',
    ]);
  });
});

describe('outside of the project', () => {
  const outside = (): string => path.join(path.dirname(project.root), `${path.basename(project.root)}-outside`);
  afterEach(() => rm(outside(), { recursive: true, force: true }));
  const create = async (command: string, options: string): Promise<void> => {
    project = await TestProject.create({});
    const name = `../${path.basename(project.root)}-outside/o`;
    await project.write(
      'dvc.yaml',
      `stages: {s: {cmd: '${command.replaceAll('OUT', name)}', outs: ['${name}': ${options}]}}`,
    );
    await mkdir(outside());
    await writeFile(path.join(outside(), 'o'), 'old\n');
  };

  it('an output is tracked, but never removed by us', async () => {
    await create('cat OUT > seen; echo new > OUT', '{cache: false}');
    expect(await project.outcomes()).toBe('s:succeeded');
    expect(await project.read('seen')).toBe('old\n');
    expect(await project.states()).toBe('s:fresh');
    await writeFile(path.join(outside(), 'o'), 'other\n');
    expect(await project.states()).toBe('s:stale');
  });

  it('an output that should be cached is refused before anything runs', async () => {
    await create('touch ran; echo new > OUT', '{cache: true}');
    const { stages } = await project.run();
    expect(stages[0]).toMatchObject({
      outcome: 'failed',
      reason: expect.stringContaining('Give it "cache: false"') as string,
    });
    await expect(project.read('ran')).rejects.toThrow('ENOENT');
  });
});

it('mappings become flags as .dvc/config says, and a word that DVC does not know is refused', async () => {
  project = await TestProject.create({ 'dvc.yaml': 'vars: [{m: {a: false}}]\nstages: {s: {cmd: "x ${m}"}}' });
  const command = async () => (await loadPipeline({ root: project.root }, { env: project.env })).graph.stages[0]!.cmd;
  expect(await command()).toBe('x ');
  await project.write('.dvc/config', '[parsing]\nbool = Boolean_Optional\n');
  expect(await command()).toBe('x --no-a');
  await project.write('.dvc/config', '[parsing]\nlist = both\n');
  await expect(command()).rejects.toMatchObject({ code: 'bad-input', problems: [{ line: 2 }] });
});

it('a lock that Git ignores is refused, as DVC does', async () => {
  project = await TestProject.create({ 'dvc.yaml': 'stages: {s: {cmd: echo}}', '.gitignore': '*.lock\n' });
  await project.git('init', '-q');
  await expect(project.run()).rejects.toMatchObject({
    code: 'bad-input',
    problems: [{ file: 'dvc.lock', message: expect.stringContaining('Git ignores dvc.lock') as string }],
  });
  await project.write('.gitignore', '*.lock\n!dvc.lock\n');
  expect(await project.outcomes()).toBe('s:succeeded');
});
