import { chmod, lstat, mkdir, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addData, planAdd } from '../../../../src/node/data/add.ts';
import { checkoutData, planDataCheckout } from '../../../../src/node/data/checkout.ts';
import { verifyData } from '../../../../src/node/data/verify.ts';
import { ExpectedError } from '../../../../src/protocol/errors.ts';
import { readStatus } from '../../../../src/node/pipeline/pipeline.ts';
import { TestProject } from '../pipeline/bench.ts';

let project: TestProject;
beforeEach(async () => {
  project = await TestProject.create({ 'data/a': 'a\n', 'data/sub/b': 'b\n', 'f.txt': 'f\n' });
});
afterEach(() => project.remove());

const tools = () => ({ cwd: project.root, env: project.env, signal: new AbortController().signal });
const add = (...paths: string[]) => addData({ root: project.root }, paths, tools());
const checkout = async (paths: string[] = [], force = false): Promise<string> =>
  (await checkoutData({ root: project.root }, paths, { force }, tools()))
    .map(({ path, action }) => `${path}:${action}`)
    .join(' ');
const states = async (): Promise<string> => {
  const { data } = await readStatus({ root: project.root }, { env: project.env });
  return data
    .map(({ path, state, reasons }) => `${path}:${state}:${reasons.map(({ change }) => change).join()}`)
    .join(' ');
};
const objectOf = (md5: string): string => project.path('.dvc/cache/files/md5', md5.slice(0, 2), md5.slice(2));
const A = '60b725f10c9c85c70d97880dfe8191b3';

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(() => undefined).catch((reason: unknown) => reason);
  return error instanceof ExpectedError ? `${error.code}: ${error.message}` : String(error);
}

describe('data add', () => {
  it('writes the .dvc file, the cache and .gitignore', async () => {
    await project.git('init', '-q');
    expect(await add('data', 'f.txt')).toMatchObject([
      { path: 'data', file: 'data.dvc', nfiles: 2, size: 4 },
      { path: 'f.txt', file: 'f.txt.dvc', nfiles: null, size: 2 },
    ]);
    expect(await project.read('f.txt.dvc')).toBe(
      'outs:\n- md5: 9a8ad92c50cae39aa2c5604fd0ab6d8c\n  size: 2\n  hash: md5\n  path: f.txt\n',
    );
    expect(await project.read('.gitignore')).toBe('/data\n/f.txt\n');
    expect((await stat(objectOf(A))).mode & 0o777).toBe(0o444);
    expect(await states()).toBe('data.dvc:fresh: f.txt.dvc:fresh:');
  });

  it.each(['a\nb', 'a\rb\r', 'a\\b', 'a\\', 'a  ', 'a ', '[!]*?', '#a', '!a'])('keeps %j out of git', async (name) => {
    await project.git('init', '-q');
    await project.write(name, 'x\n');
    await add(name);
    await project.git('check-ignore', '-q', '--', name);
    const ignored = await project.read('.gitignore');
    await add(name);
    expect(await project.read('.gitignore')).toBe(ignored);
  });

  it('brings what is tracked already up to date', async () => {
    await add('data');
    await project.write('data/c', 'c\n');
    expect(await states()).toBe('data.dvc:stale:modified');
    await add('data');
    expect(await states()).toBe('data.dvc:fresh:');
  });

  it('with --dry-run nothing is written', async () => {
    expect(await planAdd({ root: project.root }, ['data'], tools())).toEqual([{ path: 'data', file: 'data.dvc' }]);
    expect(await states()).toBe('');
  });

  const refused: [string, () => Promise<unknown>, string[], string][] = [
    ['what is not there', () => Promise.resolve(), ['nope'], 'missing-file: nope does not exist'],
    ['what lies outside', () => Promise.resolve(), ['../x'], 'bad-input: ../x lies outside'],
    ['the project', () => Promise.resolve(), ['.'], 'bad-input: The project itself'],
    ['a part of tracked data', () => add('data'), ['data/a'], 'bad-input: data/a lies in data, which data.dvc tracks'],
    ['what holds tracked data', () => add('data/a'), ['data'], 'bad-input: data holds data/a'],
    ['paths that overlap', () => Promise.resolve(), ['data', 'data/a'], 'bad-input: data and data/a overlap'],
    ['a .dvc file', () => add('f.txt'), ['f.txt.dvc'], 'bad-input: f.txt.dvc describes data'],
    ['what is ignored', () => project.write('.dvcignore', 'f.txt\n'), ['f.txt'], 'bad-input: f.txt is ignored'],
    [
      'an output of a stage',
      () => project.write('dvc.yaml', 'stages:\n  a: {cmd: x, outs: [f.txt]}\n'),
      ['f.txt'],
      'bad-input: f.txt is an output of the stage a',
    ],
    [
      'a loop of links',
      () => symlink('loop', project.path('loop')),
      ['loop'],
      'disk: loop: its links lead in a circle',
    ],
  ];
  it.each(refused)('%s is refused', async (_, prepare, paths, message) => {
    await prepare();
    expect(await codeOf(add(...paths))).toContain(message);
  });

  it('what Git tracks is refused', async () => {
    await project.git('init', '-q');
    await project.git('add', 'f.txt');
    expect(await codeOf(add('f.txt'))).toContain('git rm -r --cached f.txt');
  });
});

describe('data checkout', () => {
  it('brings back what is gone, leaves what is right, and removes what the cache has a copy of', async () => {
    await add('data', 'f.txt');
    await rm(project.path('data/sub'), { recursive: true });
    await project.write('data/extra', 'f\n');
    expect(await checkout()).toBe('data:restore f.txt:keep');
    expect(await project.read('data/sub/b')).toBe('b\n');
    await expect(stat(project.path('data/extra'))).rejects.toThrow();
    expect(await states()).toBe('data.dvc:fresh: f.txt.dvc:fresh:');
  });

  it('never replaces the only copy unasked', async () => {
    await add('data', 'f.txt');
    await project.write('data/a', 'mine\n');
    await project.write('f.txt', 'mine\n');
    const [first] = await planDataCheckout({ root: project.root }, ['data'], { force: false }, tools());
    expect(first).toMatchObject({ action: 'refuse', reason: expect.stringContaining('data/a changed') as string });
    expect(await checkout()).toBe('data:refuse f.txt:refuse');
    expect(await project.read('data/a')).toBe('mine\n');
    expect(await checkout(['data.dvc'], true)).toBe('data:restore');
    expect([await project.read('data/a'), await project.read('f.txt')]).toEqual(['a\n', 'mine\n']);
  });

  it('leaves what .dvcignore hides in a folder', async () => {
    await project.write('.dvcignore', '*.log\n');
    await project.write('data/sub/x.log', 'log');
    await add('data');
    await rm(project.path('data/sub/b'));
    await project.write('data/sub/c', 'b\n');
    expect(await checkout(['data'])).toBe('data:restore');
    expect([await project.read('data/sub/x.log'), await project.read('data/sub/b')]).toEqual(['log', 'b\n']);
  });

  it('a file takes the place of a folder, and a folder that of a file', async () => {
    await add('data', 'f.txt');
    await rm(project.path('f.txt'));
    await project.write('f.txt/x', 'f\n');
    await rm(project.path('data'), { recursive: true });
    await project.write('data', 'f\n');
    expect(await checkout()).toBe('data:restore f.txt:restore');
    expect([await project.read('f.txt'), await project.read('data/sub/b')]).toEqual(['f\n', 'b\n']);
  });

  it('tells what the cache lacks, and touches nothing then', async () => {
    await add('data');
    await rm(objectOf(A));
    await rm(project.path('data/a'));
    expect(await checkout()).toBe('data:refuse');
    expect(await states()).toBe('data.dvc:stale:not-in-cache');
  });

  it('outputs of stages too, by the stage, with the exec bit', async () => {
    await project.write(
      'dvc.yaml',
      'stages:\n  make: {cmd: "cp f.txt out; chmod +x out", deps: [f.txt], outs: [out]}\n',
    );
    await project.run();
    await rm(project.path('out'));
    expect(await checkout(['make'])).toBe('out:restore');
    expect((await stat(project.path('out'))).mode & 0o100).toBe(0o100);
    expect(await codeOf(checkout(['mke']))).toContain(
      'unknown-name: There is no tracked path or stage "mke". Did you mean "make"',
    );
  });
});

describe('data verify', () => {
  it('names what is damaged and what is missing, and what they belong to', async () => {
    await add('data', 'f.txt');
    const clean = await verifyData({ root: project.root }, [], tools());
    expect(clean).toEqual({ objects: 4, corrupt: [], missing: [] });
    await chmod(objectOf(A), 0o644);
    await writeFile(objectOf(A), 'x');
    // Read-only again: what a status trusts, a verification does not.
    await chmod(objectOf(A), 0o444);
    await rm(objectOf('9a8ad92c50cae39aa2c5604fd0ab6d8c'));
    const found = await verifyData({ root: project.root }, [], tools());
    expect(found).toMatchObject({
      objects: 3,
      corrupt: [{ md5: A, file: objectOf(A), usedBy: ['data/a'] }],
      missing: [{ usedBy: ['f.txt'] }],
    });
    expect(await readFile(objectOf(A), 'utf8')).toBe('x');
    expect((await verifyData({ root: project.root }, ['f.txt'], tools())).corrupt).toEqual([]);
  });
});

describe('links', () => {
  const types: [string, (file: string) => Promise<unknown>][] = [
    ['symlink', async (file) => expect(await readlink(file)).toBe(objectOf(A))],
    ['hardlink', async (file) => expect((await stat(file)).ino).toBe((await stat(objectOf(A))).ino)],
    ['reflink,copy', async (file) => expect((await lstat(file)).nlink).toBe(1)],
  ];
  it.each(types)('%s: add, checkout and run make them', async (type, check) => {
    await project.write('.dvc/config', `[cache]\n    type = ${type}\n`);
    await project.write('data/empty', '');
    await add('data');
    await check(project.path('data/a'));
    expect(await states()).toBe('data.dvc:fresh:');
    await rm(project.path('data/a'));
    expect(await checkout()).toBe('data:restore');
    await check(project.path('data/a'));
    await project.write(
      'dvc.yaml',
      'stages:\n  make: {cmd: cp data/a out, deps: [data], outs: [out: {persist: true}]}\n',
    );
    await project.run();
    await check(project.path('out'));
    expect(await states()).toBe('data.dvc:fresh:');
  });

  it.each([false, true])(
    'what a command may write into is a copy again, with --keep-outputs: %s',
    async (keepOutputs) => {
      await project.write('.dvc/config', '[cache]\n    type = hardlink\n');
      const command = 'cat f.txt >> log';
      await project.write(
        'dvc.yaml',
        `stages:\n  log: {cmd: ${command}, deps: [f.txt], outs: [log: {persist: true}]}\n`,
      );
      await project.run();
      const first = await stat(project.path('log'));
      await project.write('f.txt', 'g\n');
      await project.run({ keepOutputs });
      expect(await project.read('log')).toBe('f\ng\n');
      expect((await stat(project.path('log'))).ino).not.toBe(first.ino);
      expect((await verifyData({ root: project.root }, [], tools())).corrupt).toEqual([]);
    },
  );

  it('an unknown type is told with its place', async () => {
    await project.write('.dvc/config', '[cache]\n    type = hardlinks\n');
    expect(await codeOf(add('data'))).toContain('bad-input');
  });
});

describe('stages that read tracked data', () => {
  const pipeline = 'stages:\n  use: {cmd: cat data/a f.txt > out, deps: [data, f.txt], outs: [out]}\n';
  beforeEach(async () => {
    await project.write('dvc.yaml', pipeline);
    await add('data', 'f.txt');
    await project.run();
  });

  it('changed data is recorded before they run', async () => {
    await project.write('data/a', 'changed\n');
    expect(await project.outcomes()).toBe('data.dvc:succeeded use:succeeded');
    expect(await states()).toBe('data.dvc:fresh: f.txt.dvc:fresh:');
    expect(await project.outcomes()).toBe('use:skipped');
  });

  it('side by side, too, with the results in the order of one after the other', async () => {
    const slow = 'stages:\n  slow: {cmd: "sleep 0.2; cat data/a > own", deps: [data], outs: [own]}\n';
    await project.write('dvc.yaml', pipeline.replace('stages:\n', slow));
    await project.write('data/a', 'changed\n');
    await project.write('f.txt', 'new\n');
    const outcomes = 'data.dvc:succeeded slow:succeeded f.txt.dvc:succeeded use:succeeded';
    expect(await project.outcomes({ jobs: 4 })).toBe(outcomes);
    expect([await project.read('own'), await project.read('out')]).toEqual(['changed\n', 'changed\nnew\n']);
    expect(await states()).toBe('data.dvc:fresh: f.txt.dvc:fresh:');
    expect(await project.outcomes({ jobs: 4 })).toBe('slow:skipped use:skipped');
  });

  it('no data is recorded behind a stage that failed', async () => {
    await project.write('dvc.yaml', 'stages:\n  bad: {cmd: exit 1, outs: [x]}\n');
    await project.write('data/a', 'changed\n');
    expect(await project.outcomes()).toBe('bad:failed');
    expect(await states()).toBe('data.dvc:stale:modified f.txt.dvc:fresh:');
    expect(await project.outcomes({ keepGoing: true })).toBe('bad:failed data.dvc:succeeded');
  });

  it('a stage that is run alone takes it as it stands', async () => {
    await project.write('data/a', 'changed\n');
    expect(await project.outcomes({ stages: ['use'], single: true })).toBe('use:succeeded');
    expect(await states()).toBe('data.dvc:stale:modified f.txt.dvc:fresh:');
  });

  it('missing data fails, and what needs it is blocked', async () => {
    await rm(project.path('f.txt'));
    const { outcome, stages } = await project.run({ keepGoing: true });
    expect([outcome, stages.map(({ name, outcome: end }) => `${name}:${end}`).join(' ')]).toEqual([
      'failed',
      'f.txt.dvc:failed use:blocked',
    ]);
    expect(await project.read('out')).toBe('a\nf\n');
  });

  it('data and an output in one place are refused', async () => {
    await project.write('dvc.yaml', `${pipeline}  two: {cmd: x, outs: [data/b]}\n`);
    const { problems } = await readStatus({ root: project.root }, { env: project.env });
    expect(problems.map(({ message }) => message).join()).toContain('overlap');
  });

  it('imports are left to DVC and stop nothing else', async () => {
    await mkdir(project.path('imported'));
    await project.write('imported.dvc', 'deps:\n- path: x\n  repo: {url: u}\nouts:\n- path: imported\n');
    const { data, problems } = await readStatus({ root: project.root }, { env: project.env });
    expect(data.find(({ path }) => path === 'imported.dvc')?.state).toBe('needs-dvc');
    expect(problems.map(({ severity, file, line }) => `${severity} ${file}:${line}`)).toEqual([
      'warning imported.dvc:1',
    ]);
    expect(await project.outcomes()).toBe('use:skipped');
  });
});
