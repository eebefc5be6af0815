import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runCommandLine } from '../../../../src/node/commandline/commandline.ts';
import { createInstallation } from '../../../../src/node/installation/installation.ts';
import { commands } from '../../../../src/node/scaffold/commands.ts';

let cwd = '';
beforeEach(async () => {
  cwd = await mkdtemp(path.join(os.tmpdir(), 'mlops-new-'));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

async function mlops(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const seen = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr') => ({
    isTTY: false as never,
    columns: 80,
    write: (text: unknown) => ((seen[name] += String(text)), true),
  });
  const code = await runCommandLine(argv, [{ firstWords: ['new'], load: () => Promise.resolve(commands) }], {
    cwd,
    env: { ...process.env, GIT_CONFIG_GLOBAL: os.devNull, GIT_CONFIG_SYSTEM: os.devNull },
    streams: { stdout: stream('stdout'), stderr: stream('stderr') },
    signal: new AbortController().signal,
    installation: createInstallation(path.resolve('dist'), '1.2.3'),
  });
  return { code, ...seen };
}

test('--dry-run lists the files and writes none', async () => {
  const { code, stdout } = await mlops('new', 'digits', '--dry-run', '--json');
  expect(code).toBe(0);
  const plan = JSON.parse(stdout) as { target: string; files: { path: string; bytes: number }[] };
  expect(plan.target).toBe(path.join(cwd, 'digits'));
  expect(plan.files).toContainEqual({ path: '.dvc/config', bytes: 0 });
  expect(plan.files.map((file) => file.path)).toContain('src/models/cnnbased/train.ts');
  expect(await readdir(cwd)).toEqual([]);
});

test('answers come from a file, and single ones from --set, which counts more', async () => {
  await writeFile(path.join(cwd, 'answers.yaml'), 'project_name: From file\nauthor_name: "Ada"\nyear: 1999\n');
  const { code, stdout } = await mlops(
    ...['new', 'p', '--template', 'blank', '--answers', 'answers.yaml', '--set', 'project_name=a=b', '--json'],
  );
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    project: path.join(cwd, 'p'),
    template: 'blank',
    files: expect.any(Number),
  });
  expect(await readFile(path.join(cwd, 'p/README.md'), 'utf8')).toMatch(/^# a=b\n/);
  expect(await readFile(path.join(cwd, 'p/LICENSE'), 'utf8')).toContain('Copyright (c) 1999 Ada');
});

test.each([
  ['fine-1/p', 'cd fine-1/p && mlops run'],
  ["x $(touch PWNED) 'y", String.raw`cd 'x $(touch PWNED) '\''y' && mlops run`],
  ['-rf', 'cd ./-rf && mlops run'],
])('the way into %j can be pasted', async (name, line) => {
  const { code, stdout } = await mlops('new', '--template', 'blank', '--', name);
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/Go on with: /) });
  expect(stdout.trimEnd().split('Go on with: ')[1]).toBe(line);
});

test.each<[string[], number, RegExp]>([
  [['new'], 2, /Usage: mlops new DIR/],
  [['new', 'p', '--template', 'minst'], 4, /Did you mean "mnist"/],
  [['new', 'p', '--language', 'python'], 2, /not yet supported/],
  [['new', 'p', '--language', 'cobol'], 2, /typescript/],
  [['new', 'p', '--set', 'author'], 2, /KEY=VALUE/],
  [['new', 'p', '--set', 'auhtor_name=x'], 2, /Did you mean "author_name"/],
  [['new', 'p', '--set', 'open_source_license=GPL'], 2, /open_source_license: The licence is one of/],
  [['new', 'p', '--answers', 'none.yaml'], 1, /no file none\.yaml/],
  [['new', 'p', '--answers', '.'], 1, /^\.: it is a folder, not a file\./],
  [['new', '.', '--answers', 'x.yaml'], 2, /exists already/],
])('%j is refused with code %d', async (argv, expected, words) => {
  await writeFile(path.join(cwd, 'x.yaml'), '');
  const { code, stderr } = await mlops(...argv);
  expect({ code, stderr }).toEqual({ code: expected, stderr: expect.stringMatching(words) });
  expect(await readdir(cwd)).toEqual(['x.yaml']);
});

test('an answers file that is no mapping of texts is refused with the place', async () => {
  await writeFile(path.join(cwd, 'x.yaml'), 'project_name: fine\nauthor_name: [a]\n');
  const { code, stderr } = await mlops('new', 'p', '--answers', 'x.yaml');
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: expect.stringContaining('x.yaml:2:14: error: An answer is a text.'),
  });
});
