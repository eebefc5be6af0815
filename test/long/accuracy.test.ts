import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ensureKeras } from '../../scripts/testing/keras.ts';
import { pythonMissing } from '../../scripts/testing/python.ts';
import type { TrainDocument } from '../../src/node/training/training.ts';
import { KerasDriver, type KerasData, type KerasNet } from '../interop/keras-driver.ts';
import { scaffoldCnn } from '../interop/nets.ts';

const run = promisify(execFile);
const cli = path.join(import.meta.dirname, '../../dist/cli.js');

const EPOCHS = 12;
const SEEDS = [1, 2, 3];
/** So much less than Keras' mean is chance. */
const MARGIN = 0.005;

let folder: string;
let root: string;
let keras: number;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'mlops-accuracy-'));
  root = path.join(folder, 'digits');
  await mlops(folder, 'new', root, '--yes');
  await mlops(root, 'run', 'features');
  keras = await trainKeras();
}, 1_200_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The command line with a cache folder of its own; the document that it prints. */
async function mlops(cwd: string, ...args: readonly string[]): Promise<unknown> {
  const env = { ...process.env, XDG_CACHE_HOME: path.join(folder, 'cache') };
  const { stdout } = await run(process.execPath, [cli, ...args, '--json'], { cwd, env, maxBuffer: 64 << 20 });
  return JSON.parse(stdout);
}

/** The project's own split, as its dataloader gives it: IDX of two dimensions, each row a label and 28 × 28 pixels. */
async function readSplit(split: 'train' | 'test'): Promise<KerasData> {
  const [header, row] = [12, 785];
  const data = (await readFile(path.join(root, 'data/processed', `${split}.idx`))).subarray(header);
  const labels = data.filter((_, index) => index % row === 0);
  const pixels = data.filter((_, index) => index % row !== 0);
  const ys = new Float32Array(labels.length * 10);
  labels.forEach((label, index) => (ys[index * 10 + label] = 1));
  return { xs: Float32Array.from(pixels, (pixel) => pixel / 255), ys, width: 10 };
}

async function trainKeras(): Promise<number> {
  const python = await ensureKeras();
  if (python === undefined) throw new Error(pythonMissing);
  const driver = await KerasDriver.start(python);
  const net: KerasNet = { ...scaffoldCnn, optimizer: ['Adam', {}], loss: 'categorical_crossentropy', batch: 128 };
  const data = { train: await readSplit('train'), test: await readSplit('test') };
  const found: number[] = [];
  for (const seed of SEEDS) found.push(await driver.accuracy(net, data, { epochs: EPOCHS, seed }));
  await driver.end();
  return tell('Keras', found);
}

async function trainOurs(backend: string): Promise<number> {
  const found: number[] = [];
  for (const seed of SEEDS) {
    const args = ['configs/cnnbased.yaml', '--backend', backend, '--seed', String(seed)];
    const document = (await mlops(root, 'train', ...args)) as TrainDocument;
    expect(document).toMatchObject({ outcome: 'succeeded', backend });
    expect(document.metrics['val_loss']?.points).toBe(EPOCHS);
    found.push(document.metrics['test_accuracy']?.last.value ?? NaN);
  }
  return tell(backend, found);
}

function tell(who: string, found: readonly number[]): number {
  const mean = found.reduce((sum, value) => sum + value, 0) / found.length;
  console.log(`${who}: ${found.map((value) => value.toFixed(4)).join(', ')}, mean ${mean.toFixed(4)}`);
  return mean;
}

describe("the template's convolutional network reads digits as well as Keras' after as many epochs, in the mean of three seeds", () => {
  test('on wasm', async () => expect(await trainOurs('wasm')).toBeGreaterThanOrEqual(keras - MARGIN));

  test.skipIf(process.platform !== 'linux')('on native TensorFlow', async () => {
    await mlops(root, 'backends', 'install', 'tensorflow');
    expect(await trainOurs('tfjs-node')).toBeGreaterThanOrEqual(keras - MARGIN);
  });
});
