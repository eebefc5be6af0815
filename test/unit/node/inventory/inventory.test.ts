import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  findProjects,
  listConfigs,
  listData,
  listModels,
  readBranch,
} from '../../../../src/node/inventory/inventory.ts';

let root = '';
const untracked = { tracked: [], modified: [], missing: [] };

beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'mlops-inventory-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function write(file: string, text = ''): Promise<void> {
  await mkdir(path.dirname(path.join(root, file)), { recursive: true });
  await writeFile(path.join(root, file), text);
}

it('finds the folder itself or projects directly below it, and reads branches as text', async () => {
  await write('a/dvc.yaml');
  await write('b/.dvc/config');
  await write('b/.git/HEAD', 'ref: refs/heads/feature/x\n');
  await write('c/d/dvc.yaml');
  await write('node_modules/e/dvc.yaml');
  const below = await findProjects([root]);
  expect(below.map(({ name, branch }) => [name, branch])).toEqual([
    ['a', null],
    ['b', 'feature/x'],
  ]);
  const both = await findProjects([path.join(root, 'a'), root]);
  expect(both.map(({ name }) => name)).toEqual(['a', 'b']);
});

it('finds a folder that has nothing of a project but runs, and says so', async () => {
  await write('runs/mlruns/0/meta.yaml');
  await write('own/models/mlruns/1/meta.yaml');
  await write('store/0/meta.yaml');
  await write('database/mlflow.db');
  await write('nothing/mlruns/notes/meta.yaml');
  await write('project/mlruns/0/meta.yaml');
  await write('project/dvc.yaml');
  const names = ['runs', 'own', 'store', 'database', 'nothing', 'project'];
  const found = await findProjects(names.map((name) => path.join(root, name)));
  expect(found.map(({ name, hasOnlyRuns }) => [name, hasOnlyRuns])).toEqual([
    ['runs', true],
    ['own', true],
    ['store', true],
    ['database', true],
    ['project', undefined],
  ]);
});

it('reads the branch of a linked work tree, and null where HEAD is detached', async () => {
  await write('main/.git/worktrees/w/HEAD', 'ref: refs/heads/topic\n');
  await write('w/.git', 'gitdir: ../main/.git/worktrees/w\n');
  await write('detached/.git/HEAD', '0123456789012345678901234567890123456789\n');
  expect(await readBranch(path.join(root, 'w'))).toBe('topic');
  expect(await readBranch(path.join(root, 'detached'))).toBeNull();
});

it('lists configs in order, broken ones with their problems', async () => {
  await write('configs/b.yaml', 'model: [');
  await write('configs/a.yml', 'model: {name: a}\n');
  await write('configs/notes.md', 'x');
  const configs = await listConfigs({ root });
  expect(configs.map(({ file, model }) => [file, model])).toEqual([
    ['configs/a.yml', 'a'],
    ['configs/b.yaml', 'b'],
  ]);
  expect(configs[1]?.problems[0]).toMatchObject({ severity: 'error', file: 'configs/b.yaml' });
});

it('lists one level of data with sizes, follows no link, and shows what is missing', async () => {
  await write('data/raw/a.gz', '12345');
  await write('data/raw/deep/b.gz', '123');
  await write('data/.gitignore', '/raw');
  await symlink('/', path.join(root, 'data', 'everything'));
  const tracked = { tracked: ['data/raw'], modified: [], missing: ['data/processed', 'data/raw/c.gz'] };
  expect(await listData({ root }, 'data', tracked)).toEqual([
    { path: 'data/processed', name: 'processed', kind: 'file', files: null, bytes: null, state: 'missing' },
    { path: 'data/raw', name: 'raw', kind: 'folder', files: 2, bytes: 8, state: 'tracked' },
  ]);
  expect((await listData({ root }, 'data/raw', tracked)).map(({ name, state }) => [name, state])).toEqual([
    ['a.gz', 'tracked'],
    ['c.gz', 'missing'],
    ['deep', 'tracked'],
  ]);
});

it('lists nothing outside of the project', async () => {
  await expect(listData({ root }, '../..', untracked)).rejects.toThrow('does not lie in the project');
  expect(await listData({ root }, 'data', untracked)).toEqual([]);
});

it('lists models that are whole, with the run that made them', async () => {
  const runId = '0123456789abcdef0123456789abcdef';
  await write('models/cnn/model.json', '{}');
  await write('models/cnn/MLmodel', `artifact_path: model\nrun_id: ${runId}\n`);
  await write('models/old/model.json', '{}');
  await write('models/half/weights.bin', '');
  await write('models/mlruns/0/meta.yaml', '');
  const models = await listModels({ root });
  expect(models.map(({ name, runId: id }) => [name, id])).toEqual([
    ['cnn', runId],
    ['old', null],
  ]);
});
