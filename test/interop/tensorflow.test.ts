import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TrainDocument } from '../../src/node/training/training.ts';
import type { BackendStatus } from '../../src/protocol/training.ts';

const run = promisify(execFile);
const cli = path.join(import.meta.dirname, '../../dist/cli.js');

let folder: string;
let root: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'mlops native '));
  root = path.join(folder, 'digits');
  await mlops(folder, 'new', root, '--yes');
  await mlops(root, 'run', 'features');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The command line with a cache folder of its own; the document that it prints. */
async function mlops(cwd: string, ...args: readonly string[]): Promise<unknown> {
  const env = { ...process.env, XDG_CACHE_HOME: path.join(folder, 'cache') };
  const { stdout } = await run(process.execPath, [cli, ...args, '--json'], { cwd, env, maxBuffer: 64 << 20 });
  return JSON.parse(stdout);
}

async function train(config: string, backend: string): Promise<TrainDocument> {
  const settings = ['--backend', backend, '--set', 'training.num_epochs=1', '--seed', '7'];
  const document = (await mlops(root, 'train', `configs/${config}.yaml`, ...settings)) as TrainDocument;
  expect(document).toMatchObject({ outcome: 'succeeded', backend });
  return document;
}

async function findRung(): Promise<BackendStatus | undefined> {
  const backends = (await mlops(root, 'backends')) as readonly BackendStatus[];
  return backends.find(({ name }) => name === 'tfjs-node');
}

// With the package registries of this machine, and TensorFlow as it is today: 300 MB come down.
describe.skipIf(process.platform !== 'linux')('native TensorFlow', () => {
  test('is installed from what registries have, once', async () => {
    expect((await findRung())?.reason).toContain('mlops backends install tensorflow');
    const first = await mlops(root, 'backends', 'install', 'tensorflow');
    expect(first).toMatchObject({ changed: true, version: expect.stringMatching(/^2\.\d+/) as string });
    expect(await mlops(root, 'backends', 'install', 'tensorflow')).toEqual({ ...(first as object), changed: false });
    const { version } = first as { version: string };
    expect(await findRung()).toEqual({ name: 'tfjs-node', available: true, device: 'CPU', version, reason: null });
  });

  test.each(['singleoutput', 'cnnbased'])('%s: an epoch ends where wasm ends', async (config) => {
    const [native, wasm] = [await train(config, 'tfjs-node'), await train(config, 'wasm')];
    for (const metric of ['training_loss', 'val_loss', 'test_loss', 'test_accuracy'])
      expect([metric, native.metrics[metric]?.last.value]).toEqual([
        metric,
        expect.closeTo(wasm.metrics[metric]?.last.value ?? NaN, 2),
      ]);
    console.log(
      `${config}: ${[native, wasm].map((one) => `${one.backend ?? ''} ${Math.round(one.examplesPerSecond ?? 0)}`).join(', ')} examples/s`,
    );
  });

  test('is removed without a trace', async () => {
    const { bytes } = (await mlops(root, 'backends', 'remove', 'tensorflow')) as { bytes: number };
    expect(bytes).toBeGreaterThan(500e6);
    const left = await readdir(path.join(folder, 'cache', 'mlops-workflow'));
    expect(left.filter((name) => name.includes('tensorflow'))).toEqual([]);
    expect((await findRung())?.available).toBe(false);
  });
});
