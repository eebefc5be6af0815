import { execFile } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { ExpectedError, describeError } from '../../../../src/protocol/errors.ts';
import { formatProblem } from '../../../../src/protocol/problem.ts';
import { planRun, readStatus } from '../../../../src/node/pipeline/pipeline.ts';
import { TestProject } from './bench.ts';

let project: TestProject;
afterEach(() => project.remove());

/** Puts something odd at a path of the project. */
type Oddity = (file: string) => Promise<unknown>;
const folder: Oddity = (file) => mkdir(file, { recursive: true });
const pipe: Oddity = (file) => promisify(execFile)('mkfifo', [file]);
const loop: Oddity = (file) => symlink(path.basename(file), file);
const text =
  (content: string): Oddity =>
  (file) =>
    writeFile(file, content);

async function createWith(place: string, put: Oddity, dvcYaml: string): Promise<void> {
  project = await TestProject.create({ 'dvc.yaml': dvcYaml, 'params.yaml': 'a: 1\n' });
  const file = project.path(place);
  await mkdir(path.dirname(file), { recursive: true });
  await promisify(execFile)('rm', ['-f', file]);
  await put(file);
}

describe.skipIf(process.platform === 'win32')(
  'what can not be read is told with its place, and the rest as well',
  () => {
    const pipeline = 'stages:\n  s:\n    cmd: echo\n    deps: [d]\n    params: [p: [a]]\n  t:\n    cmd: echo\n';
    const long = 'x'.repeat(300);
    const brokenLink: Oddity = (file) => symlink('nowhere', file);
    const nowhere = '.mlops/x';

    const cases: [place: string, put: Oddity, problem: string, dvcYaml?: string][] = [
      ['d', pipe, "dvc.yaml:4:12: error: s: d is neither a file nor a folder, so it can't be tracked."],
      ['d', loop, 'dvc.yaml:4:12: error: s: d: its links lead in a circle.'],
      ['d/x', loop, 'dvc.yaml:4:12: error: s: d/x: its links lead in a circle.'],
      [
        'd/x',
        brokenLink,
        "dvc.yaml:4:12: error: s: d/x can't be read: it is a broken link, it went meanwhile, or its name is no UTF-8.",
      ],
      [nowhere, pipe, `dvc.yaml:4:12: error: s: ${long}: the name is too long.`, pipeline.replace('[d]', `[${long}]`)],
      ['p', folder, 'p:1:1: error: p is a folder, not a file.'],
      ['p', pipe, 'p:1:1: error: p is neither a file nor a folder.'],
      ['dvc.lock', folder, 'dvc.lock:1:1: error: dvc.lock is a folder, not a file.'],
      ['sub/dvc.yaml', pipe, 'sub/dvc.yaml:1:1: error: sub/dvc.yaml is neither a file nor a folder.'],
    ];
    it.each(cases)('%s: %s %s', async (place, put, problem, dvcYaml = pipeline) => {
      await createWith(place, put, dvcYaml);
      const { stages, problems } = await readStatus({ root: project.root }, { env: project.env });
      expect(problems.map((each) => formatProblem(each).replaceAll(`${project.root}/`, ''))).toEqual([problem]);
      expect(stages.map(({ name, state }) => `${name}:${state}`)).toEqual(['s:never-run', 't:never-run']);
    });

    const whole: [place: string, put: Oddity, problem: string, dvcYaml?: string][] = [
      ['params.yaml', folder, 'params.yaml:1:1: error: params.yaml is a folder, not a file.'],
      ['params.yaml', pipe, 'params.yaml:1:1: error: params.yaml is neither a file nor a folder.'],
      [
        nowhere,
        pipe,
        'dvc.yaml:4:12: error: Not readable as DVC reads it: the character NUL.',
        pipeline.replace('[d]', '["d\\0"]'),
      ],
    ];
    it.each(whole)('%s leaves no stage: %s %s', async (place, put, problem, dvcYaml = pipeline) => {
      await createWith(place, put, dvcYaml);
      const { stages, problems } = await readStatus({ root: project.root }, { env: project.env });
      expect(problems.map((each) => formatProblem(each).replaceAll(`${project.root}/`, ''))).toEqual([problem]);
      expect(stages).toEqual([]);
    });

    it('a stage that can not be judged is not fresh', async () => {
      project = await TestProject.create({ 'dvc.yaml': 'stages: {s: {cmd: echo, deps: [d]}}', 'd': '1' });
      expect(await project.outcomes()).toBe('s:succeeded');
      await promisify(execFile)('rm', [project.path('d')]);
      await pipe(project.path('d'));
      expect(await project.states()).toBe('s:stale');
    });
  },
);

describe.skipIf(process.platform === 'win32')('what is not read is left alone', () => {
  const fine: [place: string, put: Oddity][] = [
    ['.gitignore', pipe],
    ['.dvcignore', pipe],
    ['.git/info/exclude', pipe],
    ['.dvc/tmp/rwlock', pipe],
    ...['hashes.json', 'stages.json', 'running-stages.json'].map((name): [string, Oddity] => [
      `.mlops/tmp/${name}`,
      pipe,
    ]),
    ...['{}', '[]', '{"runner": {"pid": -1}}', '{"runner": {"pid": 1}, "stages": [5, null, {"stage": 1}]}'].map(
      (content): [string, Oddity] => ['.mlops/tmp/running-stages.json', text(content)],
    ),
    ...['{"s": null}', '{"s": {"failure": null}}', '{"s": {"failure": 5, "seconds": "x"}}'].map(
      (content): [string, Oddity] => ['.mlops/tmp/stages.json', text(content)],
    ),
  ];
  it.each(fine)('%s', async (place, put) => {
    await createWith(place, put, 'stages: {s: {cmd: "echo > o", params: [a], outs: [o]}}');
    expect(await project.states()).toBe('s:never-run');
    expect(await project.outcomes()).toBe('s:succeeded');
    expect(await project.states()).toBe('s:fresh');
  });

  const files: [place: string, stage: boolean][] = [
    ['.mlops', false],
    ['.mlops/tmp', false],
    ['.mlops/tmp/locks', false],
    ['.mlops/tmp/logs', true],
    ['.dvc/cache', true],
    ['.dvc/tmp', true],
  ];
  it.each(files)('%s as a file is told in a sentence', async (place, isOfStage) => {
    await createWith(place, text(''), 'stages: {s: {cmd: "echo > o", outs: [o]}}');
    const told = await project.run().then(
      ({ stages }) => stages[0]?.reason,
      (error: unknown) => (error instanceof ExpectedError && !isOfStage ? describeError(error) : error),
    );
    expect(told).toMatch(/a file stands where a folder must be/);
  });
});

it('what was stopped while it was judged gives up', async () => {
  project = await TestProject.create({ 'dvc.yaml': 'stages: {s: {cmd: echo, deps: [d]}}', 'd/x': '1' });
  const options = { stages: [], single: false, downstream: false, force: false, keepGoing: false };
  const tools = { env: project.env, signal: AbortSignal.abort('SIGINT') };
  await expect(planRun({ root: project.root }, options, tools)).rejects.toBe('SIGINT');
  await expect(readStatus({ root: project.root }, tools)).rejects.toBe('SIGINT');
});
