import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStore, type RunStore, type RunWriter } from '../../../../src/node/tracking/tracking.ts';
import {
  compareCode,
  listRunArtifacts,
  readArtifactDocument,
  readCommitDocument,
  readRunAbout,
  viewRunArtifact,
} from '../../../../src/node/window/window.ts';
import { commit, git, makeGround, type Ground } from '../git/repository.ts';

let ground: Ground;
let root: string;
let store: RunStore;
let run: RunWriter;

beforeAll(async () => {
  ground = await makeGround();
  const repository = await ground.make();
  await git(repository, ground.env, 'init', '-q');
  root = path.join(repository, 'project');
  await mkdir(path.join(root, 'configs'), { recursive: true });
  await writeFile(path.join(root, 'dvc.yaml'), 'stages: {}\n');
  await commit(repository, ground.env, 'project/configs/m.yaml', 'old: 1\n');
  store = openStore(`file://${root}/models/mlruns`);
  const hash = await git(repository, ground.env, 'rev-parse', 'HEAD');
  await commit(repository, ground.env, 'project/configs/m.yaml', 'new: 1\n');
  const tags = { 'mlflow.source.git.commit': hash, 'mlops.config': 'configs/m.yaml', 'mlflow.note.content': 'hm' };
  run = await store.createRun({ experiment: 'e', user: 'u', startTime: 1, params: {}, tags });
  await run.logMetrics(['val_loss', 'val_accuracy', 'odd'].map((name) => ({ name, value: 1, step: 1, timestamp: 1 })));
  await writeFile(path.join(run.artifacts, 'a.csv'), 'a,b\n1,2\n');
});
afterAll(() => ground.remove());

const asking = () => ({ project: { root }, runId: run.runId, env: { ...ground.env, MLFLOW_TRACKING_URI: '' } });

test('what is known of a run beside its points', async () => {
  const about = await readRunAbout(asking(), true);
  expect(about).toMatchObject({ note: 'hm', mayEdit: true, datasets: [], origin: { config: 'configs/m.yaml' } });
  expect(about.directions).toEqual(
    expect.arrayContaining([
      ['val_loss', 'minimize'],
      ['val_accuracy', 'maximize'],
    ]),
  );
  expect(about.directions).toHaveLength(2);
  expect(about.tags.map(([name]) => name)).not.toContain('mlflow.note.content');
  expect((await readRunAbout(asking(), false)).mayEdit).toBe(false);
});

describe('documents', () => {
  test('artifacts', async () => {
    expect(await listRunArtifacts(asking(), '')).toEqual({
      entries: [{ path: 'a.csv', isFolder: false, bytes: 8 }],
      trouble: null,
    });
    expect(await listRunArtifacts(asking(), 'x')).toMatchObject({ entries: [], trouble: 'There is no artifact "x".' });
    expect(await viewRunArtifact(asking(), 'a.csv')).toMatchObject({ kind: 'table', rows: [['1', '2']] });
    expect(await viewRunArtifact(asking(), '../x')).toMatchObject({ kind: 'broken' });
    expect(Buffer.from(await readArtifactDocument(asking(), 'a.csv')).toString()).toBe('a,b\n1,2\n');
  });

  test('what differs between the commits of two runs', async () => {
    const hash = await git(root, ground.env, 'rev-parse', 'HEAD');
    const start = { experiment: 'e', user: 'u', startTime: 2, params: {} };
    const later = await store.createRun({ ...start, tags: { 'mlflow.source.git.commit': hash } });
    const bare = await store.createRun({ ...start, tags: {} });
    await mkdir(path.join(later.artifacts, 'mlops'));
    await writeFile(path.join(later.artifacts, 'mlops', 'dirty.patch'), 'x');
    const { project, env } = asking();
    expect(await compareCode(project, [run.runId, later.runId], env)).toMatchObject({
      ...{ before: { hasPatch: false }, after: { hasPatch: true, commit: hash } },
      files: [{ path: 'configs/m.yaml', inBefore: true, inAfter: true }],
    });
    expect((await compareCode(project, [later.runId, later.runId], env)).files).toEqual([]);
    await expect(compareCode(project, [run.runId, bare.runId], env)).rejects.toThrow('of which commit');
  });

  test('files of a commit', async () => {
    const { origin } = await readRunAbout(asking(), true);
    const read = async (file: string, hash = origin?.commit ?? ''): Promise<string> =>
      Buffer.from(await readCommitDocument({ root }, { commit: hash, file }, ground.env)).toString();
    expect(await read('configs/m.yaml')).toBe('old: 1\n');
    expect(await read('configs/m.yaml', 'HEAD')).toBe('new: 1\n');
    await expect(read('configs/n.yaml')).rejects.toThrow('There is no file in that commit');
    await expect(read('configs/m.yaml', '--help')).rejects.toThrow('There is no commit');
  });
});
