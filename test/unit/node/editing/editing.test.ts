import { chmod, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import {
  checkFiles,
  complete,
  findHover,
  listDecorations,
  readLenses,
  untrackFile,
} from '../../../../src/node/editing/editing.ts';
import { readStatus } from '../../../../src/node/pipeline/pipeline.ts';
import type { Finding } from '../../../../src/protocol/editing.ts';
import { TestProject } from '../pipeline/bench.ts';

let project: TestProject;
afterEach(() => project.remove());

const pipeline = `stages:
  make:
    cmd: cp in.txt made.txt
    deps:
      - in.txt
    params:
      - lr
    outs:
      - made.txt
  use:
    cmd: cp made.txt used.txt
    deps:
      - made.txt
    outs:
      - used.txt
`;
const files = { 'dvc.yaml': pipeline, 'in.txt': 'one\n', 'params.yaml': 'lr: 0.1\n' };

const draw = (findings: readonly Finding[]): string[] =>
  findings.map(({ file, line, message }) => `${file}:${line} ${message}`);
const check = async (
  open: Record<string, string> = {},
  { trusted = true, env = project.env } = {},
): Promise<string[]> =>
  draw(
    await checkFiles(
      project,
      Object.entries(open).map(([file, text]) => ({ file, text })),
      { env, trusted },
    ),
  );

describe('problems', () => {
  it('of the texts as they stand in the editor, on disk where none is open', async () => {
    project = await TestProject.create(files);
    expect(await check()).toEqual([]);
    expect(await check({ 'dvc.yaml': pipeline.replace('- in.txt', '- im.txt') })).toEqual([
      'dvc.yaml:5 make: the dependency im.txt does not exist, and no stage makes it.',
    ]);
    expect(await check({ 'dvc.yaml': pipeline.replace('deps', 'deppers') })).toEqual([
      'dvc.yaml:4 Unknown key "deppers".',
    ]);
    expect(await check({ 'params.yaml': 'lrr: 1\n' })).toEqual(['dvc.yaml:7 make: params.yaml has no param "lr".']);
    expect(await check({ 'params.yaml': 'lr: [\n' })).toHaveLength(1);
    await rm(project.path('in.txt'));
    expect(await check()).toHaveLength(1);
  });

  it('of locks, configs and data that is tracked by itself', async () => {
    project = await TestProject.create({
      ...files,
      'data.dvc': 'outs: [{file: data}]\n',
      'configs/net.yaml': 'training: {num_epochs: x}\n',
    });
    const found = await check({ 'dvc.lock': 'schema: 3\n' });
    expect(found.filter((line) => line.startsWith('dvc.lock:'))).toHaveLength(1);
    expect(found.filter((line) => line.startsWith('data.dvc:1 ')).length).toBeGreaterThan(0);
    expect(found.filter((line) => /^configs.net.yaml:1 .*num_epochs/.test(line))).toHaveLength(1);
    const mended = await check({
      'dvc.lock': '',
      'data.dvc': 'outs: [{path: data}]\n',
      'configs/net.yaml': 'training: {num_epochs: 3}',
    });
    expect(mended.filter((line) => /num_epochs|^dvc|^data/.test(line))).toEqual([]);
  });

  it('of outputs that Git tracks, until it is told to forget them; Git is not asked in a folder that nobody trusts', async () => {
    project = await TestProject.create({ ...files, 'made.txt': 'x\n' });
    await project.git('init', '-q');
    await project.git('add', '.');
    const [finding] = await checkFiles(project, [], { env: project.env, trusted: true });
    expect(finding).toMatchObject({
      line: 9,
      column: 9,
      endColumn: 17,
      fixes: [{ kind: 'untrack', file: 'made.txt' }],
    });
    expect(await check({}, { trusted: false })).toEqual([]);
    await untrackFile(project, 'made.txt', project.env);
    expect(await check()).toEqual([]);
    expect(await project.read('made.txt')).toBe('x\n');
    expect(await project.git('ls-files')).not.toContain('made.txt');
  });

  it.skipIf(process.platform === 'win32')('of commands that the shell would not find', async () => {
    project = await TestProject.create({
      ...files,
      'dvc.yaml': pipeline.replace('cp in.txt', './copy.sh in.txt').replace('cp made', 'copi made'),
      'copy.sh': '#!/bin/sh\n',
      'bin/copie': '',
    });
    const env = { ...project.env, PATH: project.path('bin') };
    expect(await check({}, { env })).toEqual([
      'dvc.yaml:3 make: there is no command "./copy.sh" on this machine.',
      'dvc.yaml:11 use: there is no command "copi" on this machine.',
    ]);
    await chmod(project.path('copy.sh'), 0o755);
    const [finding] = await checkFiles(project, [], { env, trusted: true });
    expect(finding?.fixes).toMatchObject([{ kind: 'replace', by: 'copie' }]);
  });
});

const at = (text: string, word: string): { file: string; text: string; line: number; column: number } => {
  const lines = text.slice(0, text.indexOf(word) + word.length).split('\n');
  return { file: 'dvc.yaml', text, line: lines.length, column: lines.at(-1)!.length + 1 };
};

describe('help while writing', () => {
  it('offers what is there: files, outputs, params of other files', async () => {
    project = await TestProject.create({ ...files, 'src/a.py': '', 'conf.json': '{"x": {"y": 1}}' });
    const labels = async (text: string, word: string): Promise<string[]> =>
      (await complete(project, at(text, word))).map(({ label }) => label);
    expect(await labels(pipeline.replace('- in.txt', '- '), 'deps:\n      - ')).toEqual(
      expect.arrayContaining(['used.txt', 'src/', 'in.txt']),
    );
    expect(await labels(pipeline.replace('- in.txt', '- src/'), '- src/')).toContain('src/a.py');
    expect(await labels(pipeline.replace('- in.txt', '- ../'), '- ../')).toEqual(
      expect.not.arrayContaining([path.basename(project.root)]),
    );
    const others = pipeline.replace('- lr', '- conf.json:\n          - ');
    expect(await labels(others, 'conf.json:\n          - ')).toEqual(['x', 'x.y']);
    expect(await labels(pipeline.replace('cp in.txt', 'cp ${'), 'cp ${')).toEqual(['lr']);
  });

  it('says how files and params stand, and marks what is not as its stage left it', async () => {
    project = await TestProject.create(files);
    const status = () => readStatus(project, { env: project.env });
    const hover = async (word: string) => findHover(project, at(pipeline, word), status);
    expect(await hover('outs:\n      - made')).toMatchObject({
      kind: 'path',
      size: null,
      state: null,
      usedBy: ['use'],
    });

    await project.run();
    expect(await hover('outs:\n      - made')).toMatchObject({ size: { files: 1, bytes: 4 }, state: 'fresh' });
    expect(await hover('deps:\n      - in')).toMatchObject({ role: 'dep', state: 'fresh', madeBy: [] });
    expect(await hover('params:\n      - l')).toMatchObject({ kind: 'param', current: '0.1', locked: '0.1' });
    expect(await listDecorations(project, await status())).toEqual([]);
    expect(readLenses({ file: 'dvc.yaml', text: pipeline }, await status())).toMatchObject([
      { stage: 'make', line: 2, state: 'fresh', last: { failure: null } },
      { stage: 'use', line: 10, state: 'fresh' },
    ]);

    await project.write('params.yaml', 'lr: 0.2\n');
    expect(await hover('params:\n      - l')).toMatchObject({ current: '0.2', locked: '0.1' });
    await rm(project.path('used.txt'));
    expect(await listDecorations(project, await status())).toEqual([
      { path: 'made.txt', state: 'stale', stage: 'make' },
      { path: 'used.txt', state: 'missing', stage: 'use', shownAt: 'dvc.yaml' },
    ]);
  });
});
