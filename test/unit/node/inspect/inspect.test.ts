import { execFileSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runCommandLine } from '../../../../src/node/commandline/commandline.ts';
import { createInstallation } from '../../../../src/node/installation/installation.ts';
import { inspectModel } from '../../../../src/node/inspect/inspect.ts';
import { commands } from '../../../../src/node/models/commands.ts';
import { openStore } from '../../../../src/node/tracking/tracking.ts';
import type { ModelInspection } from '../../../../src/protocol/inspect.ts';

const fixtures = path.resolve(import.meta.dirname, '../../../fixtures/inspect');
let root: string;
beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'mlops-inspect-'));
  await writeFile(path.join(root, 'dvc.yaml'), 'stages: {}\n');
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function mlops(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const seen = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr') => ({
    write: (text: string) => ((seen[name] += text), true),
    ...{ isTTY: false, columns: 80 },
  });
  const groups = [{ firstWords: ['models'], load: () => Promise.resolve(commands) }];
  const code = await runCommandLine(['models', ...argv], groups, {
    ...{ cwd: root, env: {}, installation: createInstallation(root, '0') },
    streams: { stdout: stream('stdout'), stderr: stream('stderr') },
    signal: new AbortController().signal,
  });
  return { code, ...seen };
}

test('a folder is told by all its files that are known, MLmodel first; one that can not be read hides no other', async () => {
  const folder = path.join(root, 'models', 'digits');
  await cp(fixtures, path.join(folder, 'data'), { recursive: true });
  await writeFile(path.join(folder, 'MLmodel'), 'flavors: {onnx: {}}\n');
  await writeFile(path.join(folder, 'notes.txt'), 'x');
  await symlink(path.join(folder, 'gone'), path.join(folder, 'gone.onnx'));
  await mkdir(path.join(folder, 'folder.onnx'));
  if (process.platform !== 'win32') execFileSync('mkfifo', [path.join(folder, 'pipe.pkl')]);
  const { files, canExecuteCode, bytes } = await inspectModel(folder);
  expect(files[0]).toMatchObject({ path: 'MLmodel', facts: { flavours: 'onnx' } });
  expect(files.map((file) => file.path)).toEqual(
    expect.arrayContaining(['data/tiny.onnx', 'data/plain-0.pkl', 'gone.onnx']),
  );
  expect(files.find((file) => file.path === 'gone.onnx')).toMatchObject({ canExecuteCode: 'unknown' });
  expect(files.filter((file) => file.path.startsWith('data/')).flatMap(({ problems }) => problems)).toEqual([]);
  expect([canExecuteCode, bytes > 30_000]).toEqual(['yes', true]);
});

test('weights of TensorFlow.js beside their model raise no doubt', async () => {
  const folder = path.join(root, 'models', 'digits');
  await mkdir(folder, { recursive: true });
  const layers = [{ class_name: 'Dense', config: { name: 'd' } }];
  await writeFile(path.join(folder, 'model.json'), JSON.stringify({ modelTopology: { config: { layers } } }));
  await writeFile(path.join(folder, 'weights.bin'), Buffer.from([0x80, 0x04, 0x95]));
  expect(await inspectModel(folder)).toMatchObject({
    canExecuteCode: 'no',
    files: [{ path: 'model.json', problems: [] }],
  });
});

test('a big file is not read: only what is asked of it', async () => {
  const { open } = await import('node:fs/promises');
  const file = path.join(root, 'big.pkl');
  const handle = await open(file, 'w');
  const size = 3 * 2 ** 30;
  const head = Buffer.from('\x80\x04\x8e\x00\x00\x00\x00\x00\x00\x00\x00', 'latin1');
  head.writeBigUInt64LE(BigInt(size), 3);
  await handle.write(head);
  await handle.write(Buffer.from('.'), 0, 1, head.length + size);
  await handle.close();
  const { files } = await inspectModel(file);
  expect(files[0]).toMatchObject({ format: 'pickle', bytes: size + 12, canExecuteCode: 'no', problems: [] });
});

test('models inspect takes a path, a trained model, a registered version and a run', async () => {
  const store = openStore(pathToFileURL(path.join(root, 'models', 'mlruns')).href);
  const start = { experiment: 'e', name: 'first', user: 'u', startTime: 1795291200000, params: {}, tags: {} };
  const writer = await store.createRun(start);
  const artifact = path.join(writer.artifacts, 'model');
  await mkdir(artifact);
  await cp(path.join(fixtures, 'tiny.onnx'), path.join(artifact, 'model.onnx'));
  await writer.finish('FINISHED', 1795291201000);
  await mlops('register', 'first', '--name', 'digits', '--alias', 'champion');
  const trained = path.join(root, 'models', 'cnn');
  await mkdir(trained);
  await writeFile(path.join(trained, 'model.json'), '{}');
  const places: readonly (readonly [string, string])[] = [
    ['digits@champion', artifact],
    ['digits/1', artifact],
    ['digits', artifact],
    ['first', artifact],
    ['@last', artifact],
    ['cnn', trained],
    ['models/cnn/model.json', path.join(trained, 'model.json')],
  ];
  for (const [text, place] of places) {
    const { stdout, code } = await mlops('inspect', text, '--json');
    expect([text, code, (JSON.parse(stdout) as ModelInspection).path]).toEqual([text, 0, place]);
  }
  expect((await mlops('inspect', 'digits@champion')).stdout).toMatch(/ONNX, 383 bytes[^]*- opset: `21, my\.ops 2`/);
  expect(await mlops('inspect', 'nothing')).toMatchObject({ code: 4, stdout: '' });
  await rm(artifact, { recursive: true });
  expect((await mlops('inspect', 'digits/1')).stderr).toMatch(/The files of digits\/1 are not on this machine: file:/);
});
