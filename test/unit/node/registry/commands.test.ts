import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runCommandLine } from '../../../../src/node/commandline/commandline.ts';
import { listFiles } from '../../../../src/node/files/files.ts';
import { createInstallation } from '../../../../src/node/installation/installation.ts';
import { commands } from '../../../../src/node/models/commands.ts';
import { openStore } from '../../../../src/node/tracking/tracking.ts';
import type { RegisteredModel } from '../../../../src/protocol/registry.ts';

let root: string;
let registry: string;
const runs: string[] = [];

beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'mlops-registry-'));
  await writeFile(path.join(root, 'dvc.yaml'), 'stages: {}\n');
  const folder = path.join(root, 'models', 'mlruns');
  registry = path.join(folder, 'models');
  const store = openStore(pathToFileURL(folder).href);
  runs.length = 0;
  for (const name of ['first', 'second', 'bare']) {
    const writer = await store.createRun({
      ...{ experiment: 'e', name, user: 'u', startTime: 1795291200000 + runs.length, params: {} },
      tags: { 'mlops.config': 'configs/digits.yaml' },
    });
    if (name !== 'bare') {
      await mkdir(path.join(writer.artifacts, 'model'));
      await writeFile(path.join(writer.artifacts, 'model', 'model.json'), '{}');
    }
    await writer.finish('FINISHED', 1795291201000);
    runs.push(writer.runId);
  }
});
afterEach(() => rm(root, { recursive: true, force: true }));

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `mlops models …` in the project, as for a pipe. */
async function mlops(...argv: string[]): Promise<Ran> {
  const seen = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr') => ({
    write: (text: string) => ((seen[name] += text), true),
    ...{ isTTY: false, columns: 80 },
  });
  const groups = [{ firstWords: ['models'], load: () => Promise.resolve(commands) }];
  const code = await runCommandLine(['models', ...argv], groups, {
    ...{ cwd: root, env: { PATH: process.env['PATH'] }, installation: createInstallation(root, '0') },
    streams: { stdout: stream('stdout'), stderr: stream('stderr') },
    signal: new AbortController().signal,
  });
  return { code, ...seen };
}

/** The document that a command printed; the command must have done its work. */
async function ask(...argv: string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await mlops(...argv, '--json');
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout) as Record<string, unknown>;
}

async function list(): Promise<readonly RegisteredModel[]> {
  return (await ask('list')) as unknown as readonly RegisteredModel[];
}

async function champion(): Promise<string | undefined> {
  return (await list())[0]?.aliases['champion'];
}

test('a registry begins with the first model that is registered', async () => {
  expect(await list()).toEqual([]);
  const [first = ''] = runs;
  expect(
    await ask('register', 'first', '--alias', 'champion', '--tag', 'a/b=c=d', '--description', 'one'),
  ).toMatchObject({
    ...{ name: 'digits', version: '1', runId: first, alias: 'champion', description: 'one', tags: { 'a/b': 'c=d' } },
    source:
      pathToFileURL(path.join(root, 'models', 'mlruns')).href +
      `/${await experimentOf(first)}/${first}/artifacts/model`,
  });
  expect((await mlops('register', first.slice(0, 8), '--name', 'with space')).stdout).toBe('with space/1\n');
  const models = await list();
  expect(models.map(({ name }) => name)).toEqual(['digits', 'with space']);
  expect(models[0]).toMatchObject({
    ...{ origin: 'mlflow', aliases: { champion: '1' }, description: null },
    versions: [{ version: '1', runId: first, stage: null, status: 'READY' }],
  });
  // Nothing of ours lies where MLflow lists models, tags or aliases.
  expect(await listFiles(registry)).toEqual([
    'digits/aliases/champion',
    'digits/meta.yaml',
    'digits/tags/mlops.alias_history',
    'digits/version-1/meta.yaml',
    'digits/version-1/tags/a/b',
    'with space/meta.yaml',
    'with space/version-1/meta.yaml',
  ]);
});

async function experimentOf(runId: string): Promise<string> {
  const files = await listFiles(path.join(root, 'models', 'mlruns'));
  return files.find((file) => file.endsWith(`${runId}/meta.yaml`))?.split('/')[0] ?? '';
}

describe('with two versions', () => {
  beforeEach(async () => {
    await mlops('register', 'first', '--alias', 'champion');
    await mlops('register', 'second', '--alias', 'challenger');
  });

  test('a promotion is a move on record, and undo takes it back', async () => {
    const dry = await ask('promote', 'digits@challenger', '--dry-run');
    expect([dry['from'], dry['to'], await champion()]).toEqual(['1', '2', '1']);
    const { stdout } = await mlops('promote', 'digits@challenger', '--reason', 'better on sevens');
    expect([stdout, await champion()]).toEqual(['champion of digits: version 1 → version 2\n', '2']);
    const shown = await ask('show', 'digits');
    expect(shown['history']).toMatchObject([
      { alias: 'champion', from: null, to: '1' },
      { alias: 'challenger', to: '2' },
      { alias: 'champion', from: '1', to: '2', reason: 'better on sevens', isUndo: false },
    ]);
    expect(await ask('undo', 'digits')).toMatchObject({ alias: 'champion', from: '2', to: '1', isUndo: true });
    expect(await champion()).toBe('1');
    expect((await mlops('show', 'digits')).stdout).toMatch(/champion\t2\t1\t.*\(undo\)/);
  });

  test('what somebody else has moved since is not taken back', async () => {
    await mlops('promote', 'digits/2');
    await writeFile(path.join(registry, 'digits', 'aliases', 'champion'), '1');
    const { code, stderr } = await mlops('undo', 'digits');
    expect([code, stderr]).toEqual([1, expect.stringMatching(/was moved since: it was version 2 and is version 1/)]);
    expect(await champion()).toBe('1');
  });

  test('an alias is set, and taken away', async () => {
    expect(await ask('alias', 'digits/1', 'old-one')).toMatchObject({ alias: 'old-one', from: null, to: '1' });
    expect(await ask('alias', 'digits', 'old-one', '--delete')).toMatchObject({ from: '1', to: null });
    expect((await list())[0]?.aliases).toEqual({ champion: '1', challenger: '2' });
    expect(await readdir(path.join(registry, 'digits', 'aliases'))).toEqual(['challenger', 'champion']);
    expect(await readFile(path.join(registry, 'digits', 'meta.yaml'), 'utf8')).toMatch(
      /^aliases:\n {2}challenger: '2'\n {2}champion: '1'\n/,
    );
  });

  test.each<[text: string, version: string]>([
    ['digits', '2'],
    ['digits@champion', '1'],
    ['digits@latest', '2'],
    ['models:/digits/1', '1'],
    ['first', '1'],
  ])('%s names a version', async (text, version) => {
    const document = await ask('alias', text, 'x', '--dry-run');
    expect(document['to']).toBe(version);
  });

  test('one version is shown with what is known of it', async () => {
    expect(await ask('show', 'digits@champion')).toMatchObject({ name: 'digits', version: '1', runId: runs[0] });
    expect((await mlops('show', 'digits/2')).stdout).toMatch(
      /^Version: digits\/2\nAliases: challenger\nStatus: READY\n/,
    );
  });

  test('models and versions are described and tagged', async () => {
    await mlops('describe', 'digits', 'Reads: digits\nof all kinds');
    await mlops('describe', 'digits@champion', 'the first');
    await mlops('tag', 'digits', 'team=vision', 'x/y=z');
    await mlops('tag', 'digits/1', 'reviewed=yes');
    await mlops('tag', 'digits', 'x/y=');
    const [model] = await list();
    expect(model).toMatchObject({ description: 'Reads: digits\nof all kinds', tags: { team: 'vision' } });
    expect(Object.keys(model?.tags ?? {})).not.toContain('x/y');
    expect(model?.versions.at(-1)).toMatchObject({ description: 'the first', tags: { reviewed: 'yes' } });
    expect((await mlops('describe', 'digits', '')).stdout).toBe('digits is changed.\n');
    expect((await list())[0]?.description).toBeNull();
  });

  test('of promotions at once one is made, the others are told', async () => {
    const moves = ['digits/1', 'digits/2', 'digits/2', 'digits/2'].map((text) => mlops('alias', text, 'next'));
    const codes = (await Promise.all(moves)).map(({ code }) => code);
    expect(codes.filter((code) => code === 0)).toHaveLength(1);
    expect(codes.filter((code) => code === 1)).toHaveLength(3);
    const { history } = (await ask('show', 'digits')) as { history?: readonly { alias: string }[] };
    expect(history?.filter(({ alias }) => alias === 'next')).toHaveLength(1);
  });

  test('registrations at once make versions of their own', async () => {
    const made = await Promise.all([1, 2, 3, 4].map(() => mlops('register', 'first')));
    expect(made.map(({ stdout }) => stdout).sort()).toEqual(['digits/3\n', 'digits/4\n', 'digits/5\n', 'digits/6\n']);
  });

  test.each<[what: string, file: string, text: string | null, message: RegExp]>([
    ['no meta of a version', 'digits/version-1/meta.yaml', null, /version-1\/meta\.yaml: meta\.yaml is missing/],
    ['an empty meta', 'digits/version-1/meta.yaml', '', /meta\.yaml is empty/],
    ['a broken meta of a model', 'digits/meta.yaml', '{ "a', /digits\/meta\.yaml: /],
    ['an alias without a version', 'digits/aliases/champion', 'x', /aliases\/champion: The alias names no version/],
    ['a folder for a meta', 'digits/version-1/meta.yaml', 'FOLDER', /meta\.yaml: It is a folder, and not read/],
  ])('%s is told, and hides nothing else', async (_, file, text, message) => {
    await mlops('register', 'first', '--name', 'other');
    const place = path.join(registry, ...file.split('/'));
    await rm(place);
    if (text === 'FOLDER') await mkdir(place);
    else if (text !== null) await writeFile(place, text);
    const { code, stdout, stderr } = await mlops('list', '--json');
    const models = JSON.parse(stdout) as readonly RegisteredModel[];
    expect([code, stderr]).toEqual([0, expect.stringMatching(message)]);
    expect(models.map(({ name }) => name)).toEqual(['digits', 'other']);
    expect(models[0]?.versions.map(({ version }) => version)).toContain('2');
  });

  test('stages of old stores are shown, and left as they are; keys that are not known here stay', async () => {
    const file = path.join(registry, 'digits', 'version-1', 'meta.yaml');
    const text = await readFile(file, 'utf8');
    await writeFile(file, `${text.replace('current_stage: None', 'current_stage: Production')}new_key: 1\n`);
    expect((await list())[0]?.versions.at(-1)?.stage).toBe('Production');
    await mlops('describe', 'digits/1', 'x');
    expect(await readFile(file, 'utf8')).toMatch(/current_stage: Production\n[^]*new_key: 1\n/);
  });

  test('prompts, deleted versions and folders of other names are no models', async () => {
    await mlops('tag', 'digits/2', 'x=y');
    const file = path.join(registry, 'digits', 'version-2', 'meta.yaml');
    await writeFile(
      file,
      (await readFile(file, 'utf8')).replace('current_stage: None', 'current_stage: Deleted_Internal'),
    );
    await mlops('register', 'first', '--name', 'prompt');
    await mlops('tag', 'prompt', 'mlflow.prompt.is_prompt=true');
    await mkdir(path.join(registry, '50%'));
    const models = await list();
    expect(models.map(({ name, versions }) => [name, versions.map(({ version }) => version)])).toEqual([
      ['digits', ['1']],
    ]);
    // A number is never given twice.
    expect((await mlops('register', 'second')).stdout).toBe('digits/3\n');
    expect((await mlops('show', 'digits@challenger')).stderr).toMatch(
      /digits@challenger is version 2, which is not there/,
    );
  });
});

test('a folder of a model stands for the run that its MLmodel names; without one it is registered as it is', async () => {
  const folder = path.join(root, 'models', 'digits');
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'model.json'), '{}');
  const { stderr, stdout } = await mlops('register', 'digits', '--json');
  expect(stderr).toMatch(/is not copied: what changes there changes the version/);
  expect(JSON.parse(stdout)).toMatchObject({ name: 'digits', runId: null, source: pathToFileURL(folder).href });
  await writeFile(path.join(folder, 'MLmodel'), `run_id: ${runs[1] ?? ''}\n`);
  expect(await ask('register', folder)).toMatchObject({ name: 'digits', version: '2', runId: runs[1] });
});

test.each<[what: string, argv: string[], code: number, message: RegExp]>([
  ['a run without a model', ['register', 'bare'], 1, /has no artifact "model"\. Name the model's with --artifact/],
  ['an artifact outside', ['register', 'first', '--artifact', '../../x'], 1, /has no artifact/],
  ['no such run', ['register', 'frist'], 4, /"frist"/],
  ['a name that MLflow refuses', ['register', 'first', '--name', 'a/b'], 2, /no name for a registered model/],
  ['an alias that MLflow refuses', ['register', 'first', '--alias', 'v1'], 2, /MLflow keeps for itself/],
  ['no such model', ['promote', 'digit'], 4, /There is no registered model "digit"/],
  ['a run that was not registered', ['promote', 'first'], 4, /Register it first: mlops models register/],
  ['no tag', ['register', 'first', '--tag', 'x'], 2, /"x" is no tag/],
  ['another store', ['list', '--store', 's3://x/y'], 2, /not yet supported/],
])('%s is refused before anything is written', async (_, argv, code, message) => {
  const before = await listFiles(root);
  const result = await mlops(...argv);
  expect([result.code, result.stdout]).toEqual([code, '']);
  expect(result.stderr).toMatch(message);
  expect(await listFiles(root)).toEqual(before);
});

describe('releases in git', () => {
  const git = (...args: string[]): string =>
    execFileSync('git', args, {
      ...{ cwd: root, encoding: 'utf8' },
      env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' },
    });
  const release = (tag: string, time: number, ...trailers: string[]): void => {
    const message = [`Release ${tag}`, '', 'Better: sevens.', '', ...trailers].join('\n');
    const date = `${time} +0000`;
    execFileSync('git', ['-c', 'user.name=A', '-c', 'user.email=a@b', 'tag', '-a', tag, '-m', message], {
      ...{ cwd: root, env: { ...process.env, GIT_COMMITTER_DATE: date, GIT_CONFIG_GLOBAL: '/dev/null' } },
    });
  };
  const commit = (): string =>
    git('-c', 'user.name=A', '-c', 'user.email=a@b', 'commit', '--quiet', '--allow-empty', '-m', 'x');

  beforeEach(() => {
    git('init', '--quiet', '--initial-branch=main');
    commit();
    release('1.0', 1795000000, 'Model: digits 7', 'Model-Hash: md5:abc', 'Run: 0123', 'Signed-off-by: A');
    release('1.1', 1795000100, 'Model: digits 8', 'Model: other one 3', 'Run: 4567');
    git('tag', 'light');
    release('plain', 1795000150);
    git('checkout', '--quiet', '-b', 'develop');
    commit();
    release('2.0-beta', 1795000200, 'Model: digits 9');
  });

  test('name versions; champion is the newest on the production branch', async () => {
    const models = (await list()).filter(({ origin }) => origin === 'git');
    expect(
      models.map(({ name, aliases, versions }) => [name, aliases, versions.map(({ version }) => version)]),
    ).toEqual([
      ['digits', { champion: '8' }, ['9', '8', '7']],
      ['other one', { champion: '3' }, ['3']],
    ]);
    expect(models[0]?.versions[2]).toEqual({
      ...{ version: '7', runId: '0123', source: 'git:1.0', description: 'Release 1.0', stage: null, status: 'READY' },
      tags: { 'git.tag': '1.0', 'model.hash': 'md5:abc' },
      ...{ createdTime: 1795000000000, updatedTime: 1795000000000 },
    });
    expect(await ask('show', 'other one')).toMatchObject({
      origin: 'git',
      versions: [{ version: '3', runId: '4567' }],
    });
  });

  test('are only read', async () => {
    expect((await mlops('promote', 'digits/9')).code).toBe(4);
    git('branch', '-m', 'main', 'trunk');
    expect((await list()).find(({ name }) => name === 'digits')?.aliases).toEqual({});
    git('config', 'gitflow.branch.master', 'trunk');
    expect((await list()).find(({ name }) => name === 'digits')?.aliases).toEqual({ champion: '8' });
  });
});
