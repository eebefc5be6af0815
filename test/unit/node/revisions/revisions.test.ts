import { createHash } from 'node:crypto';
import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { findRevision, gatherRevisions } from '../../../../src/node/revisions/revisions.ts';
import { openStore } from '../../../../src/node/tracking/tracking.ts';
import { makeGround, type Ground } from '../git/repository.ts';

const run = promisify(execFile);
let ground: Ground;
let root: string;
beforeAll(async () => {
  ground = await makeGround();
});
beforeEach(async () => {
  root = await ground.make();
  await git('init', '-q', '-b', 'main');
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

/** Gives the commit. */
async function commit(files: Readonly<Record<string, string>>, message = 'x'): Promise<string> {
  await write(files);
  await git('add', '-A');
  await git('commit', '-q', '--allow-empty', '-m', message);
  return git('rev-parse', 'HEAD');
}

const pipeline =
  'stages:\n  train:\n    cmd: t\n    params: [lr]\n    metrics:\n      - metrics.json: {cache: false}\n';
const version = (lr: number): Readonly<Record<string, string>> => ({
  'dvc.yaml': pipeline,
  'params.yaml': `lr: ${lr}\nnet: {units: 3}\n`,
  'metrics.json': JSON.stringify({ acc: lr * 2, deep: { loss: 1 - lr }, note: 'x', list: [1] }),
});

/** Rows with their params and metrics. */
async function gather(...chosen: readonly string[]): Promise<Record<string, unknown>> {
  const { runs, unreadable, warnings } = await gatherRevisions(root, chosen, { env: ground.env });
  expect([unreadable, warnings]).toEqual([[], []]);
  return Object.fromEntries(
    runs.map(({ run: { name, params, metrics } }) => [
      name,
      { ...params, ...Object.fromEntries(Object.entries(metrics).map(([key, { last }]) => [key, last.value])) },
    ]),
  );
}

const row = (lr: number): object => ({ 'lr': String(lr), 'net.units': '3', 'acc': lr * 2, 'deep.loss': 1 - lr });

test('the work tree, branches, tags, chosen commits and experiments are rows, one for each commit', async () => {
  const first = await commit(version(0.1), 'the first');
  await git('tag', '-a', 'v1', '-m', 'm');
  const second = await commit(version(0.2));
  await git('branch', 'same');
  await commit(version(0.25), 'an experiment');
  await git('update-ref', `refs/exps/${second.slice(0, 2)}/${second.slice(2)}/brave-fox`, 'HEAD');
  await git('update-ref', 'refs/exps/stash', 'HEAD');
  await git('reset', '-q', '--hard', second);
  await write(version(0.75));
  expect(await gather()).toEqual({ 'workspace': row(0.75), 'main': row(0.2), 'v1': row(0.1), 'brave-fox': row(0.25) });
  const { runs } = await gatherRevisions(root, [], { env: ground.env });
  const summaries = Object.fromEntries(runs.map(({ run: summary }) => [summary.name, summary]));
  expect(summaries['v1']).toMatchObject({
    runId: first,
    startTime: Date.parse('2026-01-01T00:00:00Z'),
    tags: { 'git.subject': 'the first', 'mlflow.user': 'A Tester' },
  });
  expect(summaries['main']?.tags['git.names']).toBe('main, same');
  expect(summaries['brave-fox']).toMatchObject({
    parentRunId: second,
    experiment: 'experiments',
    tags: { 'git.baseline': second },
  });
  expect(Object.keys(await gather('HEAD~1', 'nope'))).toEqual(['workspace', 'main', 'v1', 'brave-fox']);
  await commit(version(0.5));
  await commit({});
  expect(await gather('HEAD~1')).toHaveProperty(['HEAD~1'], row(0.5));
});

test('what a pipeline names: other files, keys of them, vars, folders, nested pipelines, whole files outside of stages', async () => {
  await commit({
    'dvc.yaml':
      'vars: [{out: m.yaml}]\nparams: [extra.toml]\nmetrics: [top]\nstages:\n  a:\n    cmd: t\n    wdir: sub\n    params: [conf.json: [a.b]]\n    metrics: ["${out}"]\n',
    'sub/m.yaml': 'acc: 1\nfine: true\nbad: .nan\n',
    'sub/conf.json': '{"a": {"b": 1e-5, "c": 2}}',
    'extra.toml': '[x]\ny = [1, 2]\n',
    'top/a.json': '{"acc": 2}',
    'top/deep/b.json': '{"far": 3}',
    'nested/dvc.yaml': 'stages:\n  b:\n    cmd: t\n    params: [lr]\n    metrics: [own.json]\n',
    'nested/params.yaml': 'lr: 5\nother: 6\n',
    'nested/own.json': '{"own": 4}',
    'params.yaml': 'whole: yes\n',
  });
  const { main } = await gather();
  expect(main).toEqual({
    ...{ 'a.b': '1e-05', 'x.y': '[1, 2]', 'lr': '5', 'whole': 'yes' },
    ...{ 'sub/m.yaml:acc': 1, 'top/a.json:acc': 2, 'fine': 1, 'bad': NaN, 'far': 3, 'own': 4 },
  });
});

test('metrics in DVC’s cache are found by the lock of their revision', async () => {
  const text = '{"acc": 0.5}';
  const md5 = createHash('md5').update(text).digest('hex');
  await commit({
    '.gitignore': '.dvc/cache\nm.json\n',
    'dvc.yaml': 'stages:\n  a:\n    cmd: t\n    wdir: sub\n    metrics: [m.json]\n',
    'dvc.lock': `schema: '2.0'\nstages:\n  a:\n    cmd: t\n    outs:\n    - path: m.json\n      hash: md5\n      md5: ${md5}\n      size: 12\n`,
    [`.dvc/cache/files/md5/${md5.slice(0, 2)}/${md5.slice(2)}`]: text,
  });
  expect(await gather()).toEqual({ workspace: { acc: 0.5 }, main: { acc: 0.5 } });
});

test('a project below the top of its repository, a revision without a pipeline, broken files', async () => {
  await commit({ readme: '' });
  await git('tag', 'empty');
  await commit(Object.fromEntries(Object.entries(version(0.1)).map(([name, content]) => [`deep/${name}`, content])));
  root = path.join(root, 'deep');
  expect(await gather()).toMatchObject({ main: row(0.1), empty: {} });
  // Params that can't be read leave the pipeline unresolved, so that its metrics have no names; broken metrics hide no params.
  for (const [file, text] of [
    ['params.yaml', 'a: ['],
    ['metrics.json', '{"acc": '],
  ] as const) {
    await commit({ ...version(0.1), [file]: text });
    const { runs, warnings } = await gatherRevisions(root, [], { env: ground.env });
    expect(runs.map(({ run: { name } }) => name)).toEqual(['workspace', 'main', 'empty']);
    expect(new Set(warnings.map((warning) => warning.file))).toEqual(new Set([file]));
  }
});

test('one revision by any name that git knows, an experiment by its own; nothing of it is checked out', async () => {
  const first = await commit(version(0.1));
  await commit(version(0.2));
  await git('update-ref', `refs/exps/${first.slice(0, 2)}/${first.slice(2)}/brave-fox`, 'HEAD');
  const nameOf = async (revision: string) => (await findRevision(root, revision, { env: ground.env })).run.params['lr'];
  expect(await Promise.all(['HEAD', 'HEAD~1', first.slice(0, 9), 'brave-fox', 'workspace'].map(nameOf))).toEqual([
    '0.2',
    '0.1',
    '0.1',
    '0.2',
    '0.2',
  ]);
  for (const wrong of ['nope', '--help', 'HEAD:dvc.yaml', ''])
    await expect(findRevision(root, wrong, { env: ground.env })).rejects.toThrow('There is no revision');
  expect(await git('status', '--porcelain')).toBe('');
});

test('as a store; it can only be read, and needs a repository and trust', async () => {
  const first = await commit(version(0.1));
  const store = openStore(`git:file://${root}`, {
    env: ground.env,
    objectiveOf: () => ({ metric: 'acc', direction: 'maximize' }),
  });
  expect((await store.findRun(first.slice(0, 8))).metrics['acc']?.best?.value).toBe(0.2);
  expect((await store.readHistory(first, 'acc')).values).toEqual([0.2]);
  await expect(store.editRun(first, { name: 'x' })).rejects.toThrow('commit what is to change');
  expect(() => openStore(`git:file://${root}`, { env: { ...ground.env, MLOPS_OFFLINE: '1' } })).toThrow(
    'Restricted Mode',
  );
  await rm(path.join(root, '.git'), { recursive: true });
  await expect(store.listRuns()).rejects.toThrow();
});
