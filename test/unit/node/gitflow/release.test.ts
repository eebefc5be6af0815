import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { performFlow, planFlow, readFlow } from '../../../../src/node/gitflow/gitflow.ts';
import { suggestVersion } from '../../../../src/node/gitflow/versions.ts';
import { findProject } from '../../../../src/node/project/project.ts';
import { listRegisteredModels, openRegistryOf, promote } from '../../../../src/node/registry/registry.ts';
import { openChosenStore } from '../../../../src/node/tracking/tracking.ts';
import type { FlowRequest } from '../../../../src/protocol/gitflow.ts';
import { commit, git, readFlowConfig } from '../git/repository.ts';
import { refused, useFlowGround } from './ground.ts';

const { env, ground, flow, start, finish, makeFlow } = useFlowGround();
const FINISH: FlowRequest = { action: 'finish', type: 'release', name: '1.2.0' };

/**
 * A project with a feature that was merged, a registered model with two versions, of which the champion is the first one and the second was made by
 * the run of the trained model; release/1.2.0 is checked out, and has a commit of its own.
 */
async function makeRelease(): Promise<{
  folder: string;
  aliases: () => Promise<Record<string, string>>;
  choice: Choice;
}> {
  const folder = await makeFlow();
  const environment = { ...env(), MLFLOW_TRACKING_URI: undefined };
  await mkdir(path.join(folder, '.dvc'));
  await put(folder, '.gitignore', '/models/\n/.mlops/\n');
  await put(folder, '.dvc/config', '');
  await put(folder, 'package.json', '{\n  "name": "digits",\n  "version": "1.1.0"\n}\n');
  await git(folder, env(), 'add', '--all');
  await git(folder, env(), 'commit', '-q', '-m', 'Version 1.1.0');
  await git(folder, env(), 'tag', '1.1.0');
  await start(folder, 'better-augmentation');
  await commit(folder, env(), 'b', '1');
  await commit(folder, env(), 'b', '2');
  await finish(folder);
  await flow(folder, { action: 'start', type: 'release', name: '1.2.0' });
  await commit(folder, env(), 'c', '1');
  const project = await findProject(folder);
  const choice = { project, env: environment, cwd: folder };
  const store = await openChosenStore(choice);
  await store.ensure();
  const runs: string[] = [];
  for (const [value, at] of [
    [0.3, 1],
    [0.2, 2],
  ] as const) {
    const tags = { 'mlflow.source.git.branch': 'feature/better-augmentation' };
    const writer = await store.createRun({ experiment: 'digits', user: 'u', startTime: at, params: {}, tags });
    await writer.logMetrics([{ name: 'val_loss', value, step: 1, timestamp: at }]);
    await writer.finish('FINISHED', at + 1);
    runs.push(writer.runId);
  }
  const { registry } = await openRegistryOf(choice);
  for (const runId of runs)
    await registry.createVersion({
      ...{
        name: 'digits',
        source: `file://${folder}/models/cnn`,
        runId,
        artifactPath: 'model',
        description: null,
        tags: {},
      },
    });
  await promote(choice, { model: 'digits/1' });
  await put(folder, 'models/cnn/MLmodel', `run_id: ${runs[1]}\n`);
  const aliases = async () => (await registry.readModel('digits')).aliases;
  return { folder, choice, aliases };
}
interface Choice {
  readonly project: Awaited<ReturnType<typeof findProject>>;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
}

async function put(folder: string, file: string, text: string): Promise<void> {
  await mkdir(path.dirname(path.join(folder, file)), { recursive: true });
  await writeFile(path.join(folder, file), text);
}

const state = async ({ folder, aliases }: Pick<Awaited<ReturnType<typeof makeRelease>>, 'folder' | 'aliases'>) => ({
  refs: await git(folder, env(), 'for-each-ref', '--format=%(refname) %(objectname)', 'refs/heads', 'refs/tags'),
  head: await git(folder, env(), 'rev-parse', '--abbrev-ref', 'HEAD'),
  config: await readFlowConfig(folder, env(), '^(gitflow|branch)\\.'),
  status: await git(folder, env(), 'status', '--porcelain'),
  version: await readFile(path.join(folder, 'package.json'), 'utf8'),
  changelog: await readFile(path.join(folder, 'CHANGELOG.md'), 'utf8').catch(() => null),
  aliases: await aliases(),
});

async function leaveHalves(folder: string): Promise<void> {
  await git(folder, env(), 'reset', '-q', '--soft', 'HEAD~1');
  for (const name of ['package.json-1abc', 'CHANGELOG.md-2xyz']) await put(folder, `.mlops-tmp-${name}`, 'half');
}

describe('a release of a model', () => {
  let made: Awaited<ReturnType<typeof makeRelease>>;
  beforeAll(async () => {
    made = await makeRelease();
  });

  test('suggests its version by what has come in', async () => {
    expect(await suggestVersion(made.folder, 'release', { env: env() })).toEqual({
      ...{ version: '1.2.0', last: '1.1.0', reason: '1 feature since 1.1.0' },
    });
    expect(await suggestVersion(made.folder, 'hotfix', { env: env() })).toMatchObject({ version: '1.1.1' });
  });

  test('a kill at each step: abort brings everything back, alias and files too', async () => {
    const before = await state(made);
    const { plan } = await planFlow(made.folder, FINISH, { env: made.choice.env });
    for (let kill = 1; kill <= plan.length; kill += 1) {
      await dieAt(made, kill);
      // As if it had died between writing the files and committing them.
      if (kill === 1) await leaveHalves(made.folder);
      await performFlow(made.folder, { action: kill === plan.length ? 'undo' : 'abort' }, { env: made.choice.env });
      expect(await state(made)).toEqual(before);
    }
  }, 120_000);

  test('is one step: version, changelog, tag, merges and alias; undo brings all of it back', async () => {
    const before = await state(made);
    const { summary } = await performFlow(made.folder, FINISH, { env: made.choice.env });
    expect(summary).toContain('champion of digits is version 2 now.');
    const after = await state(made);
    expect(after).toMatchObject({ aliases: { champion: '2' }, head: 'develop', status: '' });
    expect(JSON.parse(after.version)).toEqual({ name: 'digits', version: '1.2.0' });
    expect(after.changelog).toContain('### Added\n\n- Better augmentation (val_loss 0.2, run ');
    expect(after.changelog).toContain('### Models\n\n- digits 2 (run ');
    expect(await git(made.folder, env(), 'log', '-3', '--format=%s', 'main')).toContain('Version 1.2.0');
    const { models } = await listRegisteredModels(made.choice);
    expect(models.find(({ origin }) => origin === 'git')).toMatchObject({ name: 'digits', aliases: { champion: '2' } });
    await performFlow(made.folder, { action: 'undo' }, { env: made.choice.env });
    expect(await state(made)).toEqual(before);
  }, 60_000);

  test('a crash between the steps is gone on with; an alias that was moved since is not taken back', async () => {
    await dieAt(made, 1);
    await leaveHalves(made.folder);
    expect((await readFlow(made.folder, { env: env() })).unfinished?.advice).toContain('mlops flow continue');
    await performFlow(made.folder, { action: 'continue' }, { env: made.choice.env });
    const after = await state(made);
    expect(after).toMatchObject({ aliases: { champion: '2' }, head: 'develop', status: '' });
    expect(
      (await git(made.folder, env(), 'log', '--format=%s', 'main'))
        .split('\n')
        .filter((line) => line === 'Version 1.2.0'),
    ).toHaveLength(1);
    const { registry } = await openRegistryOf(made.choice);
    const source = `file://${made.folder}/models/cnn`;
    await registry.createVersion({
      ...{ name: 'digits', source, runId: null, artifactPath: 'model' },
      description: null,
      tags: {},
    });
    await promote(made.choice, { model: 'digits/3' });
    const error = await refused(performFlow(made.folder, { action: 'undo' }, { env: made.choice.env }));
    expect(error.message).toContain('champion of digits was moved since, to version 3.');
    expect(await state(made)).toEqual({ ...after, aliases: { champion: '3' } });
  }, 60_000);
});

test('by a pull request the models of its opening go out, though the branch is not checked out any more', async () => {
  const { folder, choice, aliases } = await makeRelease();
  const origin = await ground().make('origin');
  await git(origin, env(), 'init', '-q', '--bare');
  await git(folder, env(), 'remote', 'add', 'origin', origin);
  await git(folder, env(), 'push', '-q', 'origin', 'main', 'develop');
  await performFlow(folder, { ...FINISH, pullRequest: true }, { env: choice.env });
  const host = await ground().make('host');
  await git(host, env(), 'clone', '-q', '-b', 'main', origin, '.');
  await git(host, env(), 'merge', '-q', '--no-ff', '--no-edit', 'origin/release/1.2.0');
  await git(host, env(), 'push', '-q', 'origin', 'main');
  await git(folder, env(), 'checkout', '-q', 'develop');
  const registered = path.join(folder, '.git', 'mlops', 'pullrequests.json');
  const known = await readFile(registered, 'utf8');

  // As an older version has left it, nothing is known, and that is said.
  await writeFile(registered, known.replace('"models"', '"others"'));
  expect((await planFlow(folder, { ...FINISH, wasMerged: true }, { env: choice.env })).warnings.join(' ')).toContain(
    'The branch is not checked out, so that its models are not known',
  );

  await writeFile(registered, known);
  const { summary, warnings } = await performFlow(folder, FINISH, { env: choice.env });
  expect(warnings).toEqual([]);
  expect(summary).toContain('champion of digits is version 2 now.');
  const tag = await git(origin, env(), 'tag', '-l', '--format=%(contents)', '1.2.0');
  expect(tag).toMatch(/^Model: digits 2\nRun: [0-9a-f]{32}$/m);
  expect(await aliases()).toEqual({ champion: '2' });
}, 60_000);

/** Finishes the release, and dies before the step; before the first one something is written down already. */
async function dieAt({ folder, choice }: { folder: string; choice: Choice }, kill: number): Promise<void> {
  const reporter = {
    stepStarted: (_step: unknown, index: number) => {
      if (index === kill) throw new Error('killed');
    },
    note: () => undefined,
  };
  await performFlow(folder, FINISH, { env: choice.env, reporter }).catch((error: unknown) => {
    if (!(error instanceof Error) || error.message !== 'killed') throw error;
  });
}
