import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { performFlow } from '../../src/node/gitflow/gitflow.ts';
import { findProject } from '../../src/node/project/project.ts';
import { openRegistryOf, promote } from '../../src/node/registry/registry.ts';
import { openChosenStore } from '../../src/node/tracking/tracking.ts';
import { git, makeGround, type Ground } from '../unit/node/git/repository.ts';

// After a release of a model: DVC finds its project as it was, and MLflow's client the alias and the run that the tag names.

let ground: Ground;
beforeAll(async () => {
  ground = await makeGround();
});
afterAll(() => ground.remove());

async function python(folder: string, uri: string, ...words: readonly string[]): Promise<string> {
  const program = process.env['MLOPS_INTEROP_PYTHON'];
  if (program === undefined)
    throw new Error('MLOPS_INTEROP_PYTHON must name a Python with DVC and MLflow (npm run test:interop sets it).');
  const env = { ...ground.env, MLFLOW_ALLOW_FILE_STORE: 'true', MLFLOW_TRACKING_URI: uri, DVC_NO_ANALYTICS: '1' };
  const { stdout } = await promisify(execFile)(program, ['-W', 'ignore', ...words], { cwd: folder, env });
  return stdout.trim();
}

const ASK = `
import json
from mlflow import MlflowClient
client = MlflowClient()
version = client.get_model_version_by_alias('digits', 'champion')
print(json.dumps([str(version.version), version.run_id, client.get_run(version.run_id).data.tags['mlflow.source.git.branch']]))
`;

test('a release of a model: dvc status is clean, and MLflow reads its alias and its run', async () => {
  const folder = await ground.make();
  const { env } = ground;
  const flow = (request: Parameters<typeof performFlow>[1]) => performFlow(folder, request, { env });
  await git(folder, env, 'init', '-q', '-b', 'main');
  await python(folder, '', '-m', 'dvc', 'init', '-q');
  await writeFile(path.join(folder, '.gitignore'), '/.mlops/\n/mlruns/\n');
  await writeFile(path.join(folder, 'run.txt'), 'none\n');
  const stage =
    'cmd: mkdir -p models/cnn && cp run.txt models/cnn/MLmodel\n    deps: [run.txt]\n    outs: [models/cnn]';
  await writeFile(path.join(folder, 'dvc.yaml'), `stages:\n  train:\n    ${stage}\n`);
  await git(folder, env, 'add', '--all');
  await git(folder, env, 'commit', '-q', '-m', 'Project');
  await flow({ action: 'init' });
  await flow({ action: 'start', type: 'release', name: '1.0.0' });

  const choice = { project: await findProject(folder), env: { ...env, MLFLOW_TRACKING_URI: undefined }, cwd: folder };
  const store = await openChosenStore(choice);
  await store.ensure();
  const { registry } = await openRegistryOf(choice);
  let runId = '';
  for (const startTime of [1, 2]) {
    const tags = { 'mlflow.source.git.branch': 'release/1.0.0' };
    const writer = await store.createRun({ experiment: 'digits', user: 'u', startTime, params: {}, tags });
    await writer.finish('FINISHED', startTime + 1);
    ({ runId } = writer);
    const words = { source: `file://${folder}/models/cnn`, artifactPath: 'model', description: null, tags: {} };
    await registry.createVersion({ name: 'digits', runId, ...words });
  }
  await promote(choice, { model: 'digits/1' });
  await writeFile(path.join(folder, 'run.txt'), `run_id: ${runId}\n`);
  await python(folder, '', '-m', 'dvc', 'repro', '-q');
  await git(folder, env, 'add', '--all');
  await git(folder, env, 'commit', '-q', '-m', 'Trained');

  const { gates } = await flow({ action: 'finish', type: 'release', name: '1.0.0' });
  expect(gates.find(({ name }) => name === 'pipeline')?.outcome).toBe('passed');
  const status = () => python(folder, '', '-m', 'dvc', 'status', '--json');
  expect(JSON.parse(await status())).toEqual({});
  expect(JSON.parse(await python(folder, registry.uri, '-c', ASK))).toEqual(['2', runId, 'release/1.0.0']);
  expect(await git(folder, env, 'for-each-ref', '--format=%(contents:trailers:key=Model)', 'refs/tags/1.0.0')).toBe(
    'Model: digits 2',
  );

  await flow({ action: 'undo' });
  expect(JSON.parse(await status())).toEqual({});
  expect((JSON.parse(await python(folder, registry.uri, '-c', ASK)) as unknown[])[0]).toBe('1');
});
