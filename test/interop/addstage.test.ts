import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { rm } from 'node:fs/promises';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { addStage } from '../../src/node/addstage/addstage.ts';
import { parseParamsList } from '../../src/core/addstage/addstage.ts';
import type { StageRequest } from '../../src/protocol/addstage.ts';
import { TestProject } from '../unit/node/pipeline/bench.ts';

const call = promisify(execFile);
const python = process.env['MLOPS_INTEROP_PYTHON'] ?? '';
beforeAll(() => {
  if (python === '')
    throw new Error('Set MLOPS_INTEROP_PYTHON to a Python with dvc 3.67.1 ("npm run test:interop" makes one).');
});

const projects: TestProject[] = [];
afterEach(async () => {
  for (const project of projects.splice(0)) await project.remove();
});

async function create(dvcYaml: string): Promise<TestProject> {
  const project = await TestProject.create({
    'in.csv': 'x\n',
    'params.yaml': 'lr: 1\nseed: 2\n',
    'conf/c.yaml': 'data: 1\ntraining: 2\n',
    ...(dvcYaml === '' ? {} : { 'dvc.yaml': dvcYaml }),
  });
  projects.push(project);
  await rm(project.path('.dvc'), { recursive: true });
  await project.git('init', '-q', '-b', 'main');
  await dvc(project, 'init', '-q');
  return project;
}

async function dvc(project: TestProject, ...args: string[]): Promise<string> {
  const env = { ...process.env, SHELL: '/bin/sh', DVC_NO_ANALYTICS: '1', DVC_TEST: 'true' };
  const { stdout } = await call(path.join(path.dirname(python), 'dvc'), args, { cwd: project.root, env });
  return stdout;
}

const plain: StageRequest = { name: 'go', cmd: 'true', deps: [], params: [], outs: [], desc: '' };
const cmd = `python go.py --name "a: b" && echo yes # not a comment, ${'and long '.repeat(12)}`.trimEnd();

it.each<[string, string, StageRequest, readonly string[]]>([
  ['a command alone', '', plain, ['-n', 'go', 'true']],
  [
    'everything',
    '',
    {
      ...plain,
      cmd,
      deps: ['in.csv', 'conf'],
      params: parseParamsList(['seed,lr', 'conf/c.yaml:training,data']),
      outs: [
        { kind: 'out', path: 'out/data', cache: true },
        { kind: 'out', path: 'out/a', cache: false },
        { kind: 'metric', path: 'm.json', cache: true },
        { kind: 'metric', path: 'b.json', cache: false },
        { kind: 'plot', path: 'p.csv', cache: true },
        { kind: 'plot', path: 'p2', cache: false },
      ],
      desc: 'no: yes',
    },
    // prettier-ignore
    ['-n', 'go', '--desc', 'no: yes', '-d', 'in.csv', '-d', 'conf', '-p', 'seed,lr', '-p', 'conf/c.yaml:training,data', '-o', 'out/data',
      '-O', 'out/a', '-m', 'm.json', '-M', 'b.json', '--plots', 'p.csv', '--plots-no-cache', 'p2', cmd],
  ],
  [
    'a whole file of params',
    '',
    { ...plain, params: parseParamsList(['conf/c.yaml:']) },
    ['-n', 'go', '-p', 'conf/c.yaml:', 'true'],
  ],
  ['behind another stage', '# mine\nstages:\n  a:  # first\n    cmd: x\n', plain, ['-n', 'go', 'true']],
])('mlops stage add writes what dvc stage add writes: %s', async (_name, before, request, args) => {
  const [ours, theirs] = [await create(before), await create(before)];
  await addStage({ root: ours.root }, request);
  await dvc(theirs, 'stage', 'add', '-q', ...args);
  expect(await ours.read('dvc.yaml')).toBe(await theirs.read('dvc.yaml'));
  expect(await dvc(ours, 'stage', 'list')).toBe(await dvc(theirs, 'stage', 'list'));
});

it.each(['a b', 'é', 'a.b', 'a@b', 'a~b', "a'b", 'a-b_1'])('agrees with DVC on the name %s', async (name) => {
  const [ours, theirs] = [await create(''), await create('')];
  const isFine = (work: Promise<unknown>): Promise<boolean> =>
    work.then(
      () => true,
      () => false,
    );
  const answers = [
    await isFine(addStage({ root: ours.root }, { ...plain, name })),
    await isFine(dvc(theirs, 'stage', 'add', '-q', '-n', name, 'true')),
  ];
  expect(answers[0]).toBe(answers[1]);
});
