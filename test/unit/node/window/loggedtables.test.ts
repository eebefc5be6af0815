import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openStore } from '../../../../src/node/tracking/tracking.ts';
import { drawLoggedTables } from '../../../../src/node/window/window.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'mlops-logged-'));
  await writeFile(path.join(root, 'dvc.yaml'), '');
});
afterAll(() => rm(root, { recursive: true, force: true }));

const listed = (...paths: string[]): string => JSON.stringify(paths.map((name) => ({ path: name, type: 'table' })));

const folderOf = (uri: string): string => (uri.startsWith('file:') ? fileURLToPath(uri) : uri);

async function makeRun(name: string, files: Readonly<Record<string, string>>, tag: string): Promise<string> {
  const store = openStore(pathToFileURL(path.join(root, 'models', 'mlruns')).href);
  const tags = { 'mlflow.loggedArtifacts': tag };
  const writer = await store.createRun({
    experiment: 'e',
    name,
    user: 'u',
    startTime: 1795291200000,
    params: {},
    tags,
  });
  await writer.finish('FINISHED', 1795291202500);
  const { artifacts } = await store.findRun(writer.runId);
  for (const [file, text] of Object.entries(files)) {
    const absolute = path.join(folderOf(artifacts ?? ''), file);
    await mkdir(path.dirname(absolute), { recursive: true });
    await writeFile(absolute, text);
  }
  return writer.runId;
}

test('tables that runs have logged are drawn over each other; what can’t be read is told', async () => {
  const table = (loss: number): string =>
    JSON.stringify({
      columns: ['step', 'loss'],
      data: [
        [0, loss],
        [1, loss / 2],
      ],
    });
  const one = await makeRun('one', { 'deep/t.json': table(4) }, listed('deep/t.json'));
  const two = await makeRun('two', { 'deep/t.json': table(2), 'bad.json': '{' }, listed('deep/t.json', 'bad.json'));
  const three = await makeRun('three', {}, listed('../../../dvc.yaml.json'));
  const { plots, problems } = await drawLoggedTables({ root }, [one, two, three, 'f'.repeat(32)], {});
  expect(plots).toEqual([
    {
      ...{
        kind: 'lines',
        id: 'run:deep/t.json',
        title: 'deep/t.json',
        xLabel: 'step',
        yLabel: 'loss',
        left: 0,
        names: [],
      },
      series: [
        { revision: `run:${one}`, label: '', x: Float64Array.of(0, 1), y: Float64Array.of(4, 2) },
        { revision: `run:${two}`, label: '', x: Float64Array.of(0, 1), y: Float64Array.of(2, 1) },
      ],
    },
  ]);
  expect(problems.map(({ file, message }) => [file, message])).toEqual([
    [`${two.slice(0, 8)}:bad.json`, expect.stringContaining('This is not JSON')],
    [`${three.slice(0, 8)}:`, expect.any(String)],
    ['ffffffff:', expect.stringContaining('There is no run')],
  ]);
});
