import { mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runCommandLine } from '../../../../src/node/commandline/commandline.ts';
import { commands as dataCommands } from '../../../../src/node/data/commands.ts';
import { listFiles } from '../../../../src/node/files/files.ts';
import { commands } from '../../../../src/node/reproduce/commands.ts';
import type { PlannedReproduction, ReproductionDocument } from '../../../../src/node/reproduce/reproduce.ts';
import { openChosenStore, type RunStore } from '../../../../src/node/tracking/tracking.ts';
import { train, type TrainDocument } from '../../../../src/node/training/training.ts';
import { git as runGit } from '../git/repository.ts';
import { useGround } from '../training/ground.ts';

const use = useGround('reproduce');
let root: string;
let env: NodeJS.ProcessEnv;
let store: RunStore;

const loader = `
export async function load(split: any, config: any, read: any): Promise<any> {
  const { xs, ys, shape } = await read.csv(config.data.dataset_path + '/' + split + '.csv');
  return { xs, ys, shape };
}
`;
const code = `
import { units } from './units.ts';
export async function train(context: any): Promise<any> {
  const { tf } = context;
  const model = tf.sequential({ layers: [tf.layers.dense({ inputShape: [2], units, activation: 'relu' }), tf.layers.dense({ units: 1 })] });
  await context.fit(model);
  context.run.logMetric('drawn', Math.random());
  return model;
}
`;
const training = { batch_size: 4, num_epochs: 3, loss_function: 'mse', backend: 'cpu', seed: 7 };

/** The project lies in a folder of its repository. */
beforeEach(async () => {
  const home = path.join(use.current.root, 'home');
  root = path.join(use.current.root, 'repository', 'project');
  env = { ...use.current.env, HOME: home, XDG_CONFIG_HOME: home, GIT_CONFIG_NOSYSTEM: '1' };
  await write('../../home/.gitconfig', '[user]\n\tname = A Tester\n\temail = tester@example.org\n');
  await write('dvc.yaml', 'stages: {}\n');
  await write('package.json', '{ "type": "module" }\n');
  await write('.gitignore', '/models/\n.mlops/tmp/\n.mlops/state/\nnode_modules/\n');
  await write('src/models/m/dataloader.ts', loader);
  await write('src/models/m/train.ts', code);
  await write('src/models/m/units.ts', 'export const units = 3;\n');
  await write(
    'configs/m.yaml',
    JSON.stringify({ data: { dataset_path: 'data' }, training, mlflow: { experiment_name: 'tests' } }),
  );
  await writeData(1);
  await git('init', '-q', '-b', 'main', '..');
  await mlops('data', 'add', 'data');
  await git('add', '-A');
  await git('commit', '-qm', 'first');
  store = await openChosenStore({ project: { root }, env: {}, cwd: root });
});

async function write(file: string, text: string): Promise<void> {
  await mkdir(path.dirname(path.join(root, file)), { recursive: true });
  await writeFile(path.join(root, file), text);
}

async function writeData(factor: number): Promise<void> {
  for (const split of ['train', 'validation', 'test']) {
    const rows = Array.from({ length: 12 }, (_, row) => `${row},${row % 3},${factor * row}`);
    await write(`data/${split}.csv`, `a,b,y\n${rows.join('\n')}\n`);
  }
}

const git = (...args: string[]): Promise<string> => runGit(root, env, ...args);

async function mlops(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const seen = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr') => ({
    write: (text: string) => (seen[name] += text) !== '',
    ...{ isTTY: false, columns: 80 },
  });
  const groups = [
    { firstWords: ['runs'], load: () => Promise.resolve(commands) },
    { firstWords: ['data'], load: () => Promise.resolve(dataCommands) },
  ];
  const ended = await runCommandLine(argv, groups, {
    ...{ cwd: root, env, streams: { stdout: stream('stdout'), stderr: stream('stderr') } },
    ...{ signal: abort.signal, installation: use.current.installation },
  });
  return { code: ended, ...seen };
}

let abort = new AbortController();
afterEach(() => {
  abort = new AbortController();
});

async function trainOnce(more: NodeJS.ProcessEnv = {}): Promise<TrainDocument> {
  const nothing = (): void => undefined;
  const reporter = { note: nothing, warning: nothing, failure: nothing, started: nothing, epoch: nothing };
  const { installation } = use.current;
  const request = { config: 'configs/m.yaml', cwd: root, installation, env: { ...env, ...more } };
  return train({ root }, request, reporter, abort.signal);
}

async function reproduce(...argv: string[]): Promise<{ code: number; document: ReproductionDocument; stderr: string }> {
  const { code: ended, stdout, stderr } = await mlops('runs', 'reproduce', ...argv, '--json');
  return { code: ended, document: JSON.parse(stdout) as ReproductionDocument, stderr };
}

const listRepositories = async (): Promise<readonly string[]> =>
  (await readdir(use.current.root)).filter((name) => name.startsWith('repository'));

test('a training with changes that nobody committed comes out the same to the last bit, code and data gone on meanwhile', async () => {
  await write('src/models/m/units.ts', "export { units } from './more.ts';\n");
  await write('src/models/m/more.ts', 'export const units = 5;\n');
  const first = await trainOnce({ DVC_STAGE: 'train@m' });
  expect(first).toMatchObject({ outcome: 'succeeded', tags: { 'mlops.seed': '7', 'mlops.backend': 'cpu' } });
  await write('src/models/m/units.ts', 'export const units = 1;\n');
  await rm(path.join(root, 'src/models/m/more.ts'));
  await writeData(2);
  await mlops('data', 'add', 'data');
  await write('configs/m.yaml', '{}');
  await git('add', '-A');
  await git('commit', '-qm', 'second');

  const { code: ended, document, stderr } = await reproduce(first.runId);
  expect({ ended, stderr }).toMatchObject({ ended: 0 });
  expect(document).toMatchObject({ reproduces: first.runId, outcome: 'succeeded', verdict: 'equal', tolerance: 1e-6 });
  expect(document.metrics.map(({ metric }) => metric)).toEqual(
    expect.arrayContaining(['training_loss', 'drawn', 'test_loss']),
  );
  expect(document.metrics.every(({ difference }) => difference === 0)).toBe(true);
  const again = await store.findRun(document.runId);
  expect(again.tags).toMatchObject({
    'mlops.reproduces': first.runId,
    'mlops.data': first.tags['mlops.data'],
    'mlflow.source.git.commit': first.tags['mlflow.source.git.commit'],
  });
  expect(again.params).toEqual(first.params);
  // Nothing is left of the work tree, and the project is as it was.
  expect(await listRepositories()).toEqual(['repository']);
  expect((await git('worktree', 'list')).split('\n')).toHaveLength(1);
  expect(await git('status', '--porcelain')).toBe('');
  // What was made can be made again by itself: its changes are kept with it.
  expect((await reproduce(document.runId)).document.verdict).toBe('equal');
});

test('a run whose code has another outcome now differs: exit code 1, and the folder stays where it is asked to', async () => {
  const first = await trainOnce();
  const told = await mlops('runs', 'reproduce', first.runId, '--dry-run');
  expect(told).toMatchObject({ code: 0, stdout: expect.stringContaining(`Would reproduce ${first.name}`) as string });
  const meta = path.join(first.artifacts ?? '', '..', 'metrics', 'training_loss');
  await writeFile(meta, (await readFile(meta, 'utf8')).replace(/ \S+ 2$/m, ' 123 2'));
  const { code: ended, document } = await reproduce(first.name, '--keep', '--into', '../../copy', '--tolerance', '0.5');
  expect(ended).toBe(1);
  expect(document).toMatchObject({ verdict: 'differs', folder: path.join(use.current.root, 'copy') });
  expect(document.metrics[0]).toMatchObject({ metric: 'training_loss', step: 2 });
  expect(await listFiles(path.join(use.current.root, 'copy', 'project', 'data'))).toHaveLength(3);
  const refused = await mlops('runs', 'reproduce', first.runId, '--into', '../../copy');
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('is there already') as string });
});

test('a stopped one leaves nothing behind', async () => {
  const first = await trainOnce();
  const stopping = mlops('runs', 'reproduce', first.runId);
  const folder = path.join(use.current.root, `repository-${first.runId.slice(0, 8)}`);
  while (!(await stat(path.join(folder, 'project', '.mlops')).catch(() => undefined))) await new Promise(setImmediate);
  abort.abort('SIGINT');
  expect((await stopping).code).toBe(130);
  expect(await listRepositories()).toEqual(['repository']);
});

describe('what is missing is said before anything starts', () => {
  interface Case {
    readonly tags?: Readonly<Record<string, string>>;
    readonly prepare?: (artifacts: string) => Promise<unknown>;
    readonly missing: string | undefined;
    /** Default: as the folder. */
    readonly data?: readonly string[];
    readonly exit: number;
  }
  const rows: Readonly<Record<string, Case>> = {
    'nothing': { missing: undefined, exit: 0 },
    'a commit that is none': {
      tags: { 'mlflow.source.git.commit': '--help' },
      missing: 'is not in this repository',
      exit: 4,
    },
    'a patch that applies nowhere': {
      prepare: (artifacts) => writePatch(artifacts, '--- a/nope\n+++ b/nope\n@@ -1 +1 @@\n-x\n+y\n'),
      missing: 'do not apply',
      exit: 2,
    },
    'a patch that leaves the repository': {
      prepare: (artifacts) => writePatch(artifacts, '--- /dev/null\n+++ b/../../out\n@@ -0,0 +1 @@\n+y\n'),
      missing: 'do not apply',
      exit: 2,
    },
    'data that the cache has lost': {
      tags: { 'mlops.data': `${'ab'.repeat(16)}.dir` },
      missing: `data is not in the cache any more (hash ${'ab'.repeat(16)}.dir)`,
      exit: 2,
    },
    'files within the folder that are tracked by themselves': {
      prepare: async () => {
        await git('rm', '-q', '--cached', 'data.dvc');
        await rm(path.join(root, 'data.dvc'));
        await write('.gitignore', '/models/\n.mlops/\n');
        await mlops('data', 'add', 'data/train.csv', 'data/test.csv');
        await git('add', '-A');
        await git('commit', '-qm', 'by themselves');
      },
      missing: undefined,
      data: ['data/test.csv', 'data/train.csv'],
      exit: 0,
    },
    'data that nothing tells of, in a folder that only stands there': {
      prepare: async () => {
        await git('rm', '-q', '--cached', 'data.dvc');
        await write('data/.gitkeep', '');
        await git('add', '-f', 'data/.gitkeep');
        await git('commit', '-qm', 'untracked');
      },
      missing: 'keeps no hash of it, and it is neither in the commit',
      exit: 2,
    },
  };

  async function writePatch(artifacts: string, patch: string): Promise<void> {
    await mkdir(path.join(artifacts, 'mlops'));
    await writeFile(path.join(artifacts, 'mlops', 'dirty.patch'), patch);
  }

  test.each(Object.entries(rows))('%s', async (_, { tags = {}, prepare, missing, data, exit }) => {
    const start = { experiment: 'tests', user: 'u', startTime: 1, params: { 'data.dataset_path': 'data/' } };
    const writer = await store.createRun({ ...start, tags: { 'mlops.config': 'configs/m.yaml' } });
    await prepare?.(writer.artifacts);
    await writer.setTags({ 'mlflow.source.git.commit': await git('rev-parse', 'HEAD'), ...tags });
    await writer.finish('FINISHED', 2);
    const { code: ended, stdout } = await mlops('runs', 'reproduce', writer.runId, '--dry-run', '--json');
    const plan = JSON.parse(stdout) as PlannedReproduction;
    expect(plan.missing.map(({ message }) => message)).toEqual(
      missing === undefined ? [] : [expect.stringContaining(missing)],
    );
    if (data !== undefined) expect(plan.data.map((entry) => entry.path).sort()).toEqual(data);
    expect(ended).toBe(exit);
  });

  test('and nothing is made', async () => {
    const { runId } = await store.createRun({ experiment: 'tests', user: 'u', startTime: 1, params: {}, tags: {} });
    const refused = await mlops('runs', 'reproduce', runId);
    expect(refused).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('It is still going on. It was not made by') as string,
    });
    expect(await listRepositories()).toEqual(['repository']);
    expect((await store.listRuns()).runs).toHaveLength(1);
    expect(await mlops('runs', 'reproduce', runId, '--tolerance', 'x')).toMatchObject({ code: 2 });
    expect(await mlops('runs', 'reproduce', 'nope')).toMatchObject({ code: 4 });
  });
});
