import { lstat, mkdir, readFile, stat, symlink } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { mkdtemp, rm, writeFile, chmod } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { commands } from '../../../../src/node/addstage/commands.ts';
import { readStageGround } from '../../../../src/node/addstage/addstage.ts';
import { runCommandLine } from '../../../../src/node/commandline/commandline.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'mlops-addstage-'));
  await mkdir(path.join(root, '.dvc'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const write = async (file: string, text: string): Promise<void> => {
  await mkdir(path.dirname(path.join(root, file)), { recursive: true });
  await writeFile(path.join(root, file), text);
};
const read = (file: string): Promise<string> => readFile(path.join(root, file), 'utf8');

async function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const streams = { stdout: new PassThrough(), stderr: new PassThrough() };
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) streams[name].on('data', (chunk) => (texts[name] += String(chunk)));
  const groups = [{ firstWords: ['stage'], load: () => Promise.resolve(commands) }];
  const code = await runCommandLine(['stage', ...args], groups, {
    cwd: root,
    env: {},
    streams: streams as never,
    signal: new AbortController().signal,
    installation: {} as never,
  });
  await new Promise((resolve) => setImmediate(resolve));
  return { code, ...texts };
}

const pipeline = `# what it is
stages:
  clean: # first
    cmd: clean
    outs: [data/clean]

# the end
params: [lr.yaml]
`;
const split = ['add', 'split', '--cmd', 'split', '--deps', 'data/clean', '--outs', 'data/split', '--params', 'seed'];
const lines = `  split:
    cmd: split
    deps:
    - data/clean
    params:
    - seed
    outs:
    - data/split
`;

describe('mlops stage add', () => {
  it('writes the stage, and nothing else changes', async () => {
    await write('dvc.yaml', pipeline);
    await chmod(path.join(root, 'dvc.yaml'), 0o640);
    const { code, stdout } = await run(...split, '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ file: 'dvc.yaml', line: 6, text: lines });
    expect(await read('dvc.yaml')).toBe(pipeline.replace('\n# the end', `${lines}\n# the end`));
    expect((await stat(path.join(root, 'dvc.yaml'))).mode & 0o777).toBe(0o640);
  });

  it('makes a dvc.yaml where there is none', async () => {
    expect(await run('add', 'a', '--cmd', 'x')).toMatchObject({ code: 0, stdout: 'a is in dvc.yaml, line 2.\n' });
    expect(await read('dvc.yaml')).toBe('stages:\n  a:\n    cmd: x\n');
  });

  it('--dry-run prints the lines and writes nothing', async () => {
    await write('dvc.yaml', pipeline);
    expect(await run(...split, '--dry-run')).toEqual({ code: 0, stdout: lines, stderr: '' });
    expect(await read('dvc.yaml')).toBe(pipeline);
  });

  it.each([
    ['a name that is taken', ['add', 'clean', '--cmd', 'x'], 'There is a stage "clean" already.'],
    ['overlapping outputs', ['add', 'b', '--cmd', 'x', '--outs', 'data'], 'overlap'],
    ['a variable that is nowhere', ['add', 'b', '--cmd', 'echo ${nope}'], 'nope'],
    ['an output that .dvcignore hides', ['add', 'b', '--cmd', 'x', '--outs', 'tmp/x'], '.dvcignore'],
    ['no command', ['add', 'b'], '--cmd COMMAND'],
    ['no name', ['add', '--cmd', 'x'], 'Usage: mlops stage add NAME'],
  ])('refuses %s with exit 2, and leaves the file as it is', async (_name, args, sentence) => {
    await write('dvc.yaml', pipeline);
    await write('.dvcignore', 'tmp\n');
    const { code, stderr } = await run(...args);
    expect([code, stderr]).toEqual([2, expect.stringContaining(sentence)]);
    expect((await run(...args, '--dry-run')).code).toBe(2);
    expect(await read('dvc.yaml')).toBe(pipeline);
  });

  it('refuses a pipeline that is broken already, with its problems', async () => {
    await write('dvc.yaml', 'stages:\n  a:\n    cmmd: x\n');
    const { code, stderr } = await run('add', 'b', '--cmd', 'x');
    expect([code, stderr]).toEqual([2, expect.stringContaining('dvc.yaml:3:5')]);
  });

  it('follows a link within the project and none that leads out of it', async () => {
    await write('conf/real.yaml', pipeline);
    await symlink('conf/real.yaml', path.join(root, 'dvc.yaml'));
    expect((await run(...split)).code).toBe(0);
    expect((await lstat(path.join(root, 'dvc.yaml'))).isSymbolicLink()).toBe(true);
    expect(await read('conf/real.yaml')).toContain('split:');
    await rm(path.join(root, 'dvc.yaml'));
    const outside = `${root}-outside.yaml`;
    await writeFile(outside, pipeline);
    await symlink(outside, path.join(root, 'dvc.yaml'));
    expect(await run(...split)).toMatchObject({ code: 2, stderr: expect.stringContaining('out of the project') });
    expect(await readFile(outside, 'utf8')).toBe(pipeline);
    await rm(outside);
  });
});

it('the ground of a new stage: what others read and make, files without what nobody reads, keys of params', async () => {
  await write('dvc.yaml', pipeline);
  await write('params.yaml', 'seed: 1\n');
  await write('configs/cnn.yaml', 'data: {}\ntraining: {}\n');
  await write('src/a.ts', '');
  await write('node_modules/x/index.js', '');
  for (let i = 0; i < 301; i += 1) await write(`data/many/${i}`, '');
  expect(await readStageGround({ root })).toEqual({
    stages: [{ name: 'clean', inputs: [], outputs: ['data/clean'] }],
    paths: ['configs/', 'data/', 'dvc.yaml', 'params.yaml', 'src/', 'configs/cnn.yaml', 'data/many/', 'src/a.ts'],
    params: [
      { file: 'params.yaml', keys: ['seed'] },
      { file: 'configs/cnn.yaml', keys: ['data', 'training'] },
    ],
  });
});
