import { createHash } from 'node:crypto';
import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { runCommandLine } from '../../../../src/node/commandline/commandline.ts';
import { createInstallation } from '../../../../src/node/installation/installation.ts';
import { commands } from '../../../../src/node/plots/commands.ts';
import { makeGround, type Ground } from '../git/repository.ts';

// What DVC makes of all forms is held to DVC itself in test/interop; here is where files come from, and what is said when something is wrong.

const run = promisify(execFile);
let ground: Ground;
let root: string;
beforeAll(async () => {
  ground = await makeGround();
});
beforeEach(async () => {
  root = await ground.make();
});
afterAll(() => ground.remove());

async function git(...args: readonly string[]): Promise<string> {
  return (await run('git', args, { cwd: root, env: ground.env })).stdout.trim();
}

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(root, name)), { recursive: true });
    await writeFile(path.join(root, name), text);
  }
}

async function commit(): Promise<string> {
  await git('add', '-A');
  await git('commit', '-q', '-m', 'x');
  return git('rev-parse', 'HEAD');
}

async function mlops(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const seen = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr') => ({
    write: (text: string) => {
      seen[name] += text;
      return true;
    },
    isTTY: false,
    columns: 80,
  });
  const code = await runCommandLine(
    ['plots', ...argv],
    [{ firstWords: ['plots'], load: () => Promise.resolve(commands) }],
    {
      cwd: root,
      env: ground.env,
      streams: { stdout: stream('stdout'), stderr: stream('stderr') },
      signal: new AbortController().signal,
      installation: createInstallation(root, '0'),
    },
  );
  return { code, ...seen };
}

interface Document {
  readonly plots: readonly { readonly id: string; readonly rows?: readonly object[] }[];
}

/** Rows of each plot. */
async function rowsOf(...argv: string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await mlops(...argv, '--json');
  expect([code, stderr]).toEqual([0, '']);
  return Object.fromEntries((JSON.parse(stdout) as Document).plots.map(({ id, rows }) => [id, rows]));
}

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

async function cache(text: string, suffix = ''): Promise<string> {
  const name = md5(text);
  await write({ [`.dvc/cache/files/md5/${name.slice(0, 2)}/${name.slice(2)}${suffix}`]: text });
  return name + suffix;
}

test('files of the work tree, of commits and experiments, and of DVC’s cache', async () => {
  const tsv = 'step\tacc\n0\t0.5\n';
  const member = await cache(tsv);
  const folder = await cache(JSON.stringify([{ md5: member, relpath: 'metrics/acc.tsv' }]), '.dir');
  const single = await cache('[{"v":1}]');
  await git('init', '-q', '-b', 'main');
  await write({
    '.gitignore': '.dvc/cache\nlive/plots\nkept.json\n',
    'dvc.yaml': 'stages:\n  t:\n    cmd: t\n    plots: [kept.json]\n',
    'dvc.lock': `schema: '2.0'\nstages:\n  t:\n    cmd: t\n    outs:\n    - {path: kept.json, hash: md5, md5: ${single}}\n`,
    'live/dvc.yaml': 'plots:\n- plots/metrics: {x: step}\n',
    'live/plots.dvc': `outs:\n- {md5: ${folder}, hash: md5, path: plots}\n`,
    'own.csv': 'a\n1\n',
  });
  const first = await commit();
  await write({ 'live/dvc.yaml': 'plots:\n- ../own.csv\n' });
  await commit();
  await git('update-ref', `refs/exps/${first.slice(0, 2)}/${first.slice(2)}/brave-fox`, 'HEAD');
  await git('reset', '-q', '--hard', first);
  const acc = (rev: string): object => ({ step: '0', acc: '0.5', rev });
  const kept = (rev: string): object => ({ step: 0, v: 1, rev });
  expect(await rowsOf('show')).toEqual({
    'live/plots/metrics/acc.tsv': [acc('workspace')],
    'kept.json': [kept('workspace')],
  });
  expect(await rowsOf('diff', 'HEAD', 'brave-fox')).toEqual({
    'live/plots/metrics/acc.tsv': [acc('HEAD')],
    'kept.json': [kept('HEAD'), kept('brave-fox')],
    'own.csv': [{ step: 0, a: '1', rev: 'brave-fox' }],
  });
  await write({ 'live/plots/metrics/acc.tsv': 'step\tacc\n7\t1\n', 'live/plots/new/b.tsv': 'b\n2\n' });
  expect(await rowsOf('diff', 'main', '--target', 'live')).toEqual({
    'live/plots/metrics/acc.tsv': [{ step: '7', acc: '1', rev: 'workspace' }, acc('main')],
  });
  expect(await rowsOf('show', 'live/plots/new', '--y', 'b')).toEqual({
    'live/plots/new/b.tsv': [{ step: 0, b: '2', rev: 'workspace' }],
  });
  // Nothing differs from the last commit, or something does.
  expect(await rowsOf('diff', '--target', 'kept.json')).toEqual({ 'kept.json': [kept('workspace')] });
  await write({ 'own.csv': 'a\n2\n' });
  expect(await rowsOf('diff', '--target', 'own.csv')).toEqual({
    'own.csv': [
      { step: 0, a: '2', rev: 'workspace' },
      { step: 0, a: '1', rev: 'HEAD' },
    ],
  });
  const { stdout } = await mlops('diff', 'HEAD', '--target', 'kept.json');
  expect(stdout).toBe('kept.json\tlinear\tstep\tv\t2\tworkspace, HEAD\n');
  expect((await mlops('diff', 'nope', 'HEAD')).code).toBe(4);
  expect((await mlops('show', 'nope')).code).toBe(4);
});

test('what is wrong is told with its place, and hides nothing else', async () => {
  await write({
    'dvc.yaml': [
      'plots:',
      '  - gone.csv',
      '  - ok.csv',
      '  - bad.json',
      '  - ok.csv: {y: z}',
      '  - other: {y: {ok.csv: z}}',
      '  - lengths: {x: {ok.csv: a}, y: {long.csv: b}}',
      '  - many: {x: {ok.csv: a, long.csv: b}, y: {ok.csv: a}}',
      '  - strange: {y: {ok.csv: a}, template: nothing}',
      '  - broken: {y: {ok.csv: a}, template: half}',
      '  - nowhere: {y: {ok.csv: a}, template: blank}',
      '  - ../outside.csv',
      '  - latin.csv',
      '  - one.png',
    ].join('\n'),
    'ok.csv': 'a\n1\n',
    'long.csv': 'b\n1\n2\n',
    'bad.json': '{"a": [1,\n}',
    '.dvc/plots/half.json': '{"data": \n',
    '.dvc/plots/blank.json': '{}',
    'one.png': 'png',
  });
  await writeFile(path.join(root, 'latin.csv'), Buffer.from([0x61, 0x0a, 0xe9]));
  const { code, stdout, stderr } = await mlops('show', '--json');
  expect(code).toBe(0);
  expect(stderr.trim().split('\n')).toEqual([
    'dvc.yaml:2:5: error: gone.csv is not there: neither as a file, nor in DVC’s cache. Run the stage that makes it, or "dvc pull".',
    'bad.json:2:1: error: This is not JSON: a value must stand here.',
    'dvc.yaml:12:5: error: ../outside.csv is not there: neither as a file, nor in DVC’s cache. Run the stage that makes it, or "dvc pull".',
    'dvc.yaml:13:5: error: latin.csv is not UTF-8.',
    '.dvc/plots/half.json:2:1: error: This is not JSON: a value must stand here.',
    'dvc.yaml:11:5: error: The template .dvc/plots/blank.json does not use <DVC_METRIC_DATA>, where rows belong.',
    'dvc.yaml:5:5: error: ok.csv of workspace: There is no column "z" in ok.csv. There are: "a".',
    'dvc.yaml:6:5: error: other of workspace: There is no column "z" in ok.csv. There are: "a".',
    "dvc.yaml:7:5: error: lengths of workspace: ok.csv has 1 rows and long.csv 2: they can't be drawn against each other.",
    'dvc.yaml:8:5: error: many of workspace: There are 2 columns for x and 1 for y; there must be as many, or one for x.',
    'dvc.yaml:9:5: error: There is no template "nothing": it is none of DVC’s own, and there is no .dvc/plots/nothing.json.',
  ]);
  const { plots } = JSON.parse(stdout) as {
    plots: readonly { id: string; kind: string; rows?: unknown[]; images?: unknown }[];
  };
  expect(plots.filter(({ rows = [] }) => rows.length > 0).map(({ id }) => id)).toEqual([
    'strange',
    'broken',
    'nowhere',
  ]);
  expect(plots.find(({ id }) => id === 'one.png')).toEqual({
    ...{ kind: 'images', id: 'one.png', title: 'one.png' },
    images: [{ revision: 'workspace', file: 'one.png', size: 3 }],
  });
  await write({ 'dvc.yaml': 'plots:\n  - x: {wrong: 1}\n' });
  const refused = await mlops('show', '--json');
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('dvc.yaml:2:9: error: Unknown key "wrong".');
  await rm(path.join(root, 'dvc.yaml'));
  await mkdir(path.join(root, '.dvc'), { recursive: true });
  expect((await mlops('show')).stdout).toMatch(/^There are no plots\. /);
});

test('a template of the project’s own is filled in', async () => {
  const template = {
    data: { values: '<DVC_METRIC_DATA>' },
    title: '<DVC_METRIC_TITLE> of <DVC_METRIC_Y>',
    mark: ['<DVC_METRIC_X>', 'no <DVC_METRIC_X>'],
  };
  await write({
    'dvc.yaml': 'plots:\n  - a.json: {template: own, title: "<DVC_METRIC_Y>", x: "a.b"}\n',
    'a.json': '[{"a.b": 1, "y": "<DVC_METRIC_X>"}]',
    '.dvc/plots/own.json': JSON.stringify(template),
  });
  const { stdout } = await mlops('show', '--json');
  const { plots } = JSON.parse(stdout) as { plots: readonly { spec: unknown }[] };
  expect(plots[0]?.spec).toEqual({
    data: { values: [{ 'a.b': 1, 'y': '<DVC_METRIC_X>', 'rev': 'workspace', 'filename': 'a.json', 'field': 'y' }] },
    title: '<DVC_METRIC_Y> of y',
    mark: ['a\\.b', 'no <DVC_METRIC_X>'],
  });
});
