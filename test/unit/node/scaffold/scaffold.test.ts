import { execFileSync } from 'node:child_process';
import { chmod, lstat, mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { WritePlan } from '../../../../src/core/scaffold/scaffold.ts';
import { listFiles } from '../../../../src/node/files/files.ts';
import { createInstallation } from '../../../../src/node/installation/installation.ts';
import { listTemplates, newProject, planNewProject, readTemplate } from '../../../../src/node/scaffold/scaffold.ts';

const installation = createInstallation(path.resolve('dist'), '1.2.3');
const identity = {
  GIT_AUTHOR_NAME: 'a',
  GIT_AUTHOR_EMAIL: 'a@b',
  GIT_COMMITTER_NAME: 'a',
  GIT_COMMITTER_EMAIL: 'a@b',
  GIT_CONFIG_GLOBAL: os.devNull,
  GIT_CONFIG_SYSTEM: os.devNull,
};
const env = { ...process.env, ...identity };

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'mlops-scaffold-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const at = (...parts: string[]): string => path.join(folder, ...parts);
const plan = (files: Record<string, string>): WritePlan => ({
  files: Object.entries(files).map(([name, content]) => ({ path: name, content: Buffer.from(content) })),
});
const small = plan({ 'a.txt': 'a', 'sub/deep/b.txt': 'b', '.dvc/config': '' });

test('a new folder gets the files and a first commit on main', async () => {
  const project = await newProject(at('x/y/new'), small, { env, message: 'First' });
  expect(project).toMatchObject({ root: at('x/y/new'), commit: expect.stringMatching(/^[0-9a-f]{40}$/), notes: [] });
  expect(execFileSync('git', ['log', '--format=%s', 'main'], { cwd: project.root, encoding: 'utf8' })).toBe('First\n');
  expect(execFileSync('git', ['status', '--porcelain'], { cwd: project.root, encoding: 'utf8' })).toBe('');
  expect(await readdir(at('x/y'))).toEqual(['new']);
});

test('an empty folder is filled and stays the same folder', async () => {
  await mkdir(at('new'));
  const before = (await lstat(at('new'))).ino;
  await newProject(at('new'), small, { env });
  expect((await lstat(at('new'))).ino).toBe(before);
  expect(await readFile(at('new/sub/deep/b.txt'), 'utf8')).toBe('b');
});

test.each<[string, () => Promise<unknown>]>([
  ['a folder with a file', () => mkdir(at('new')).then(() => writeFile(at('new/mine.txt'), 'mine'))],
  ['a file', () => writeFile(at('new'), 'mine')],
  ['a link to an empty folder', () => mkdir(at('other')).then(() => symlink(at('other'), at('new')))],
  ['a broken link', () => symlink(at('nowhere'), at('new'))],
])('%s in the way is left untouched', async (_, make) => {
  await make();
  const before = await listFiles(folder);
  await expect(newProject(at('new'), small, { env })).rejects.toMatchObject({ code: 'target-exists' });
  expect(await listFiles(folder)).toEqual(before);
});

test('a failure in the middle leaves nothing behind, neither files nor parents', async () => {
  const broken = plan({ 'a.txt': 'a', 'b': '', 'b/c': 'a file where a folder is needed' });
  await expect(newProject(at('x/y/new'), broken, { env })).rejects.toThrow();
  expect(await readdir(folder)).toEqual([]);
  await mkdir(at('empty'));
  await expect(newProject(at('empty'), broken, { env })).rejects.toThrow();
  expect(await readdir(at('empty'))).toEqual([]);
  expect(await readdir(folder)).toEqual(['empty']);
});

const isRoot = process.platform === 'linux' && process.getuid?.() === 0;
test.skipIf(!isRoot)('a full disk is a sentence, and leaves nothing behind', async () => {
  await mkdir(at('small'));
  execFileSync('/bin/mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', at('small')]);
  try {
    const large = plan({ 'a.txt': 'a', 'b.txt': 'b'.repeat(200_000) });
    await expect(newProject(at('small/new'), large, { env })).rejects.toMatchObject({
      code: 'disk',
      message: expect.stringContaining('the disk is full'),
    });
    expect(await readdir(at('small'))).toEqual([]);
  } finally {
    execFileSync('/bin/umount', [at('small')]);
  }
});

test('a stop writes nothing', async () => {
  await expect(newProject(at('new'), small, { env, signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: 'stopped',
  });
  expect(await readdir(folder)).toEqual([]);
});

test('modes do not depend on the umask', async () => {
  const before = process.umask(0o077);
  try {
    await newProject(at('new'), small, { env });
  } finally {
    process.umask(before);
  }
  const modes = ['new', 'new/sub', 'new/a.txt'].map(async (name) => (await lstat(at(name))).mode & 0o777);
  expect(await Promise.all(modes)).toEqual([0o755, 0o755, 0o644]);
});

test('without an identity the project stands, and a note says what is missing', async () => {
  const nobody = { ...process.env, GIT_CONFIG_GLOBAL: os.devNull, GIT_CONFIG_SYSTEM: os.devNull, EMAIL: '' };
  const project = await newProject(at('new'), small, { env: nobody });
  expect(project).toMatchObject({ commit: undefined, notes: [expect.stringContaining('user.name')] });
  expect(execFileSync('git', ['symbolic-ref', 'HEAD'], { cwd: project.root, encoding: 'utf8' })).toBe(
    'refs/heads/main\n',
  );
});

test('without git the project stands, and a note says so', async () => {
  const project = await newProject(at('new'), small, { env: { ...env, PATH: at('no-programs') } });
  expect(project).toMatchObject({ commit: undefined, notes: [expect.stringMatching(/git/)] });
  expect(await listFiles(at('new'))).toHaveLength(3);
});

test('the templates of the installation are offered, bases are not', async () => {
  expect((await listTemplates(installation)).map(({ name }) => name)).toEqual(['blank', 'mnist']);
});

test.each(['mnist', 'blank'])('the plan of %s is the same every time', async (template) => {
  const request = { target: at('new'), template, answers: { author_name: 'Ada', year: '2025' }, cwd: folder, env };
  const first = await planNewProject(installation, request);
  expect(await planNewProject(installation, request)).toEqual(first);
  await newProject(at('one'), first, { env });
  for (const { path: file, content } of first.files)
    expect(await readFile(at('one', file))).toEqual(Buffer.from(content));
});

test('wrong answers are all named at once', async () => {
  const answers = { repo_name: 'A B', colour: 'red' };
  await expect(
    planNewProject(installation, { target: 'x', template: 'blank', answers, cwd: folder, env }),
  ).rejects.toMatchObject({ code: 'bad-input', message: expect.stringMatching(/colour.*repo_name/s) });
});

test.each<[string, () => Promise<unknown>, string]>([
  ['a link', () => symlink('/etc/passwd', at('t/x')), 'bad-input'],
  ['a link as a folder', () => symlink('/etc', at('t/x')), 'bad-input'],
  ['a missing base', () => writeFile(at('t/template.yaml'), 'base: nothing'), 'missing-file'],
  ['itself as base', () => writeFile(at('t/template.yaml'), 'base: t'), 'bad-input'],
  ['a broken manifest', () => writeFile(at('t/template.yaml'), 'version: [\n'), 'bad-input'],
  ['no manifest', () => rm(at('t/template.yaml')), 'missing-file'],
  [
    'one of Cookiecutter',
    () => rm(at('t/template.yaml')).then(() => writeFile(at('t/cookiecutter.json'), '{}')),
    'not-supported',
  ],
])('a template with %s is refused', async (_, make, code) => {
  await mkdir(at('t'));
  await writeFile(at('t/template.yaml'), 'title: Mine\n');
  await make();
  await expect(readTemplate(installation, './t', folder)).rejects.toMatchObject({ code });
});

test('a template of too many files is refused', async () => {
  await mkdir(at('t'));
  await writeFile(at('t/template.yaml'), 'title: Mine\n');
  for (let i = 0; i < 2001; i += 1) await writeFile(at('t', String(i)), '');
  await expect(readTemplate(installation, at('t'))).rejects.toThrow(/more than 2000 files/);
});

test('an unknown template names those that were meant', async () => {
  await expect(readTemplate(installation, 'minst')).rejects.toMatchObject({
    code: 'unknown-name',
    message: expect.stringContaining('"mnist"'),
  });
  // Only a base: not offered.
  await expect(readTemplate(installation, 'skeleton')).rejects.toMatchObject({ code: 'unknown-name' });
});

test.skipIf(!isRoot)('a folder that must not be written to is a sentence', async () => {
  await mkdir(at('closed'));
  await chmod(at('closed'), 0o555);
  // Root may write everywhere: another user tries, in a process of its own, who need not be able to read this repository.
  const bundle = at('scaffold.cjs');
  await build({
    entryPoints: ['src/node/scaffold/scaffold.ts'],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'cjs',
  });
  const script = `require('${bundle}')
    .newProject('${at('closed/new')}', { files: [{ path: 'a', content: Buffer.from('a') }] })
    .catch((error) => console.log(error.code, error.message));`;
  await chmod(folder, 0o755);
  const said = execFileSync('setpriv', ['--reuid=65534', '--clear-groups', process.execPath, '-e', script], {
    cwd: folder,
    encoding: 'utf8',
  });
  expect(said).toMatch(/^disk .*permission denied/);
});
