import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  editRegistry,
  listRegisteredModels,
  moveAlias,
  openRegistryOf,
  planPromotion,
  planRegistration,
  planRemoval,
  planTakingBack,
  register,
} from '../../src/node/registry/registry.ts';
import { openStore } from '../../src/node/tracking/tracking.ts';
import type { RegisteredModel } from '../../src/protocol/registry.ts';
import { RealServer } from './mlflow-server.ts';

// MLflow's registry and ours on the same store: what one writes the other reads, field by field.

const run = promisify(execFile);
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'mlops registry '));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs Python with MLflow on a store; the script's last line is JSON. */
async function python(uri: string, script: string): Promise<unknown> {
  const program = process.env['MLOPS_INTEROP_PYTHON'];
  if (program === undefined)
    throw new Error('MLOPS_INTEROP_PYTHON must name a Python with MLflow (npm run test:interop sets it).');
  const { stdout } = await run(program, ['-W', 'ignore', '-c', script], {
    cwd: folder,
    env: { ...process.env, MLFLOW_ALLOW_FILE_STORE: 'true', MLFLOW_TRACKING_URI: uri },
    maxBuffer: 64 << 20,
  });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}

/** Everything that MLflow's client says of its registry, in the shape of ours. */
const listing = `
import json
from mlflow import MlflowClient
client = MlflowClient()
models = []
for model in sorted(client.search_registered_models(max_results=100), key=lambda m: m.name):
    versions = [v for v in client.search_model_versions(f"name='{model.name}'", max_results=100) if v.current_stage != 'Deleted_Internal']
    models.append({'name': model.name, 'aliases': {k: str(v) for k, v in model.aliases.items()}, 'description': model.description or None,
      'tags': model.tags, 'createdTime': model.creation_timestamp, 'updatedTime': model.last_updated_timestamp,
      'versions': [{'version': str(v.version), 'runId': v.run_id or None, 'source': v.source, 'tags': v.tags, 'description': v.description or None,
        'createdTime': v.creation_timestamp, 'updatedTime': v.last_updated_timestamp,
        'stage': None if v.current_stage == 'None' else v.current_stage, 'status': v.status}
        for v in sorted(versions, key=lambda v: -int(v.version))]})
print(json.dumps(models))
`;

const making = `
import json, mlflow
from mlflow import MlflowClient
client = MlflowClient()
with mlflow.start_run() as run:
    mlflow.log_text('x', 'model/MLmodel')
source = run.info.artifact_uri + '/model'
client.create_registered_model('größe: no'.replace(':', ''), tags={'team': 'a: b', 'k/x': 'multi\\nline', 'yes': 'no'}, description="it's\\n\\n'quoted' #1\\n")
client.create_registered_model('12e4', description='007')
client.create_registered_model('empty')
for index in range(4):
    client.create_model_version('12e4', source, run_id=run.info.run_id if index or mlflow.get_tracking_uri().startswith('http') else None, tags={'n': str(index)}, description=None if index else 'first: "one"')
client.set_registered_model_alias('12e4', 'champion', '2')
client.set_registered_model_alias('12e4', 'chal-lenger_1', '3')
client.set_registered_model_alias('12e4', 'gone', '4')
client.transition_model_version_stage('12e4', '1', 'Archived')
client.transition_model_version_stage('12e4', '2', 'Production')
client.delete_model_version('12e4', '4')
client.delete_registered_model_alias('12e4', 'chal-lenger_1')
mlflow.register_prompt('greeting', 'Hello {{name}}')
print(json.dumps(run.info.run_id))
`;

const shown = ({ origin, ...model }: RegisteredModel): object => {
  expect(origin).toBe('mlflow');
  return model;
};

async function listOurs(uri: string): Promise<readonly object[]> {
  const { models, problems } = await listRegisteredModels({ option: uri, env: {}, cwd: folder });
  expect(problems).toEqual([]);
  return models.map(shown);
}

test('we read a registry of MLflow as it does, in its file layout', async () => {
  const uri = pathToFileURL(path.join(folder, 'theirs')).href;
  await python(uri, making);
  const theirs = (await python(uri, listing)) as readonly object[];
  expect(theirs).toHaveLength(3);
  expect(await listOurs(uri)).toEqual(theirs);
});

test("we read the registry in MLflow's database as it does, and leave it alone", async () => {
  const uri = `sqlite:///${path.join(folder, 'mlflow.db')}`;
  await python(uri, making);
  const theirs = (await python(uri, listing)) as readonly object[];
  expect(theirs).toHaveLength(3);
  expect(await listOurs(uri)).toEqual(theirs);
  // A database of before workspaces, and one of before aliases.
  await python(
    uri,
    `
import json, sqlite3
db = sqlite3.connect('mlflow.db')
db.execute('PRAGMA foreign_keys = OFF')
db.execute('CREATE TABLE old AS SELECT key, value, name FROM registered_model_tags')
db.execute('DROP TABLE registered_model_tags')
db.execute('ALTER TABLE old RENAME TO registered_model_tags')
db.execute('DROP TABLE registered_model_aliases')
db.commit()
print(json.dumps(None))
`,
  );
  const old = theirs.map((model) => ({ ...model, aliases: {} }));
  expect(await listOurs(uri)).toEqual(old);
  const open = await openRegistryOf({ option: uri, env: {}, cwd: folder });
  await expect(planPromotion(open, { model: '12e4/1' }).then((change) => moveAlias(open, change))).rejects.toThrow(
    /can only be read here/,
  );
});

test('a registry on a server is written and read over REST, as MLflow has it', async () => {
  const server = await RealServer.start(path.join(folder, 'srv'));
  try {
    await python(server.uri, making);
    const theirs = (await python(server.uri, listing)) as readonly object[];
    expect(await listOurs(server.uri)).toEqual(theirs);

    const runId = (await python(
      server.uri,
      `
import json, mlflow
with mlflow.start_run() as run:
    mlflow.log_text('x', 'model/MLmodel')
print(json.dumps(run.info.run_id))
`,
    )) as string;
    const open = await openRegistryOf({ option: server.uri, env: {}, cwd: folder });
    const name = 'größe 2';
    for (const description of ['first: #1', undefined])
      await register(open, await planRegistration(open, { model: runId, name, description, tags: { 'a/b': 'c' } }));
    await moveAlias(open, await planPromotion(open, { model: `${name}/1` }));
    const late = await planPromotion(open, { model: `${name}/2`, reason: 'late' });
    await moveAlias(open, await planPromotion(open, { model: `${name}/2`, reason: 'better' }));
    await expect(moveAlias(open, late)).rejects.toThrow(/was moved meanwhile: it was version 1 and is version 2/);
    await moveAlias(open, await planTakingBack(open, { name }));
    await editRegistry(open, name, null, { description: 'a\nb', tags: { team: 'x' } });
    await editRegistry(open, name, '2', { description: null, tags: { 'a/b': null, 'z': 'y' } });
    const after = (await python(server.uri, listing)) as readonly RegisteredModel[];
    expect(await listOurs(server.uri)).toEqual(after);
    const ours = after.find((model) => model.name === name);
    expect(ours).toMatchObject({
      ...{ aliases: { champion: '1' }, description: 'a\nb' },
      versions: [
        { version: '2', tags: { z: 'y' } },
        { version: '1', description: 'first: #1', runId },
      ],
    });
    expect(ours?.versions[0]?.source).toMatch(/^mlflow-artifacts:.*\/artifacts\/model$/);
  } finally {
    await server.kill();
  }
});

test('MLflow reads what we registered, moved, described and tagged', async () => {
  const uri = pathToFileURL(path.join(folder, 'ours')).href;
  const writer = await openStore(uri).createRun({
    ...{ experiment: 'e', name: 'r', user: 'u', startTime: 1795291200000, params: {}, tags: {} },
  });
  await mkdir(path.join(writer.artifacts, 'model'));
  await writeFile(path.join(writer.artifacts, 'model', 'MLmodel'), 'flavors: {}\n');
  await writer.finish('FINISHED', 1795291201000);
  const open = await openRegistryOf({ option: uri, env: {}, cwd: folder });
  const name = 'größe 1: x'.replace(':', '');
  for (const description of ["it's: #1\n\n'x'\n", '12e4', undefined]) {
    const tags = { 'n': 'no', 'a/b': 'multi\nline' };
    await register(open, await planRegistration(open, { model: 'r', name, description, tags, alias: 'newest' }));
  }
  await moveAlias(open, await planPromotion(open, { model: `${name}/1` }));
  await moveAlias(open, await planPromotion(open, { model: `${name}@newest`, reason: 'größer' }));
  await moveAlias(open, await planTakingBack(open, { name }));
  await moveAlias(open, await planRemoval(open, name, 'newest'));
  await editRegistry(open, name, null, { description: 'yes', tags: { team: '1:30' } });
  await editRegistry(open, name, '2', { description: '2026-11-26', tags: { n: null, z: ' x ' } });

  const ours = await listOurs(uri);
  const theirs = (await python(uri, listing)) as readonly RegisteredModel[];
  expect(theirs).toEqual(ours);
  expect(theirs).toMatchObject([
    {
      name,
      aliases: { champion: '1' },
      description: 'yes',
      versions: [{ version: '3' }, { version: '2' }, { version: '1' }],
    },
  ]);

  // And MLflow goes on with it, without losing anything of ours.
  const goingOn = `
import mlflow
from mlflow import MlflowClient
client = MlflowClient()
name = ${JSON.stringify(name)}
print(client.get_model_version_by_alias(name, 'champion').version)
client.create_model_version(name, client.get_model_version_download_uri(name, '1'))
client.set_registered_model_alias(name, 'champion', '4')
client.update_registered_model(name, description='by MLflow')
${listing}`;
  const after = (await python(uri, goingOn)) as readonly RegisteredModel[];
  expect(after).toMatchObject([
    { aliases: { champion: '4' }, description: 'by MLflow', versions: [{ version: '4' }, {}, {}, {}] },
  ]);
  expect(await listOurs(uri)).toEqual(after);
  // Our undo sees that somebody else has moved it.
  await moveAlias(open, await planPromotion(open, { model: `${name}/2` }));
  await expect(planTakingBack(open, { name }).then(({ to }) => to)).resolves.toBe('4');
});
