import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ensureKernels } from '../../../../scripts/kernels.ts';
import { places } from '../../../../src/core/compiled/compiled.ts';
import { instantiate, loadKernels } from '../../../../src/worker/compiled/kernels.ts';
import { webAssembly } from '../../../../src/worker/compiled/webAssembly.ts';
import { seedMathRandom } from '../../../../src/worker/seeds.ts';
import type { LayersModel } from '../../../../src/worker/tensorflow.ts';
import { assignNumbers, readOptimizer, restoreOptimizer, variablesOf } from '../../../../src/worker/snapshot.ts';
import type { TrainingSteps } from '../../../../src/worker/trainingSteps.ts';
import { prepareBackends } from '../kernels/backends.ts';
import { batchOf, compile, numbersOf, tf, tryToCompile } from './compiling.ts';

// What may go wrong, and what may grow, while steps are compiled and taken.

const backends = prepareBackends();
const { layers } = tf;
let folder: string;

beforeAll(async () => {
  await backends.on('cpu', () => undefined);
  folder = await mkdtemp(path.join(os.tmpdir(), 'mlops-safety-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function createModel(units = 3): LayersModel {
  seedMathRandom(1);
  return tf.sequential({
    layers: [
      layers.dense({ inputShape: [4], units, activation: 'relu' }),
      layers.dropout({ rate: 0.2 }),
      layers.dense({ units: 2, activation: 'softmax' }),
    ],
  });
}

async function trainSome(steps: TrainingSteps, from: number, count: number): Promise<number[]> {
  const batch = batchOf(8, 4, 2);
  const losses: number[] = [];
  for (let number = from; number < from + count; number++)
    losses.push((await steps.train({ ...batch, number })).values[0]!);
  return losses;
}

/** Bytes of JavaScript and beside it, once nothing is left to collect. */
function countMemory(): { readonly bytes: number; readonly tensors: number; readonly handles: number } {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  const handles = process.getActiveResourcesInfo().filter((name) => name !== 'Timeout').length;
  return { bytes: heapUsed + external + arrayBuffers, tensors: tf.memory().numTensors, handles };
}

test('twenty thousand steps leave memory, tensors and handles as they are', async () => {
  const alone = await compile(createModel(), 2, { optimizer: 'adam', learning_rate: 0.001 });
  const shared = await compile(createModel(), 2, { optimizer: 'adam', learning_rate: 0.001, threads: 2 });
  await trainSome(alone, 0, 2000);
  await trainSome(shared, 0, 200);
  const before = countMemory();
  await trainSome(alone, 2000, 18_000);
  await trainSome(shared, 200, 2000);
  const after = countMemory();
  await alone.dispose();
  await shared.dispose();
  expect({ ...after, bytes: 0 }).toEqual({ ...before, bytes: 0 });
  // A hundred bytes that each step left behind would be seen.
  expect(after.bytes - before.bytes).toBeLessThan(2_000_000);
});

test('two models at once train as each does alone', async () => {
  const settings = [
    { units: 3, optimizer: 'momentum' },
    { units: 7, optimizer: 'adam' },
  ] as const;
  const train = async (together: boolean): Promise<Float32Array[]> => {
    const started = [];
    for (const { units, optimizer } of settings) {
      const model = createModel(units);
      started.push({ model, steps: await compile(model, 2, { optimizer, learning_rate: 0.05, threads: 2 }) });
      if (!together) await trainSome(started.at(-1)!.steps, 0, 20);
    }
    if (together)
      for (let number = 0; number < 20; number++) for (const { steps } of started) await trainSome(steps, number, 1);
    for (const { steps } of started) await steps.dispose();
    return started.flatMap(({ model }) => numbersOf(model));
  };
  expect(await train(true)).toEqual(await train(false));
});

test('a step that needs more than 4 GiB is refused with a sentence', async () => {
  const model = tf.sequential({
    layers: [layers.dense({ inputShape: [4], units: 70_000, useBias: false }), layers.dense({ units: 1 })],
  });
  const refused = await tryToCompile(model, 1, { batch_size: 16_384, loss_function: 'mse', metric: 'mse' });
  expect(refused).toEqual({
    reason: expect.stringMatching(/^A step needs \d+\.\d GiB of memory; 4 GiB is the most\.$/) as string,
  });
});

test('batches of other sizes than were planned are refused; a loss that is no number is told, and the step goes on', async () => {
  const steps = await compile(createModel(), 2, { learning_rate: 0.1 });
  await expect(async () => steps.train(batchOf(9, 4, 2))).rejects.toThrow('A program 0 for 9 examples is not there.');
  const batch = batchOf(8, 4, 2);
  const nan = { ...batch, xs: batch.xs.map((value, index) => (index === 5 ? NaN : value)) };
  expect((await steps.evaluate(nan)).values[0]).toBeNaN();
  expect((await steps.evaluate(batch)).values[0]).toBeGreaterThan(0);
  expect((await steps.train(nan)).values[0]).toBeNaN();
  await steps.dispose();
});

test('a thread that gives up ends the step with a sentence', async () => {
  const thread = path.join(folder, 'gives-up.cjs');
  const code = `
    const { parentPort, workerData } = require('node:worker_threads');
    const words = new Int32Array(workerData.memory.buffer);
    parentPort.postMessage('ready');
    Atomics.wait(words, ${places.start / 4}, 0);
    Atomics.store(words, ${places.poison / 4}, 1);
    Atomics.notify(words, ${places.meeting / 4 + 1});`;
  await writeFile(thread, code);
  const refused = await tryToCompile(createModel(), 2, { threads: 2 }, { thread });
  expect(refused).toEqual({
    reason: expect.stringMatching(/^The compiled step can't go on: a thread of it/) as string,
  });
});

test('nobody waits for ever for a thread that does not come', async () => {
  const { module } = await loadKernels(await ensureKernels());
  const memory = new webAssembly.Memory({ initial: 2, maximum: 2, shared: true });
  const kernels = instantiate(module, memory);
  const words = new Int32Array(memory.buffer);
  expect(kernels['meet']?.(places.meeting, 2, 1, 1, places.poison)).toBe(1);
  // Whoever comes later is told at once.
  expect(words[places.poison / 4]).toBe(1);
  expect(kernels['meet']?.(places.meeting, 3, 1, 60, places.poison)).toBe(1);
});

test.each(['adamax', 'adadelta', 'adam'])('%s goes on from what was kept of it, bit for bit', async (optimizer) => {
  const changes = { optimizer, learning_rate: 0.05, threads: 2 };
  const [first, second] = [createModel(), createModel()];
  const steps = await compile(first, 2, changes);
  await trainSome(steps, 0, 4);
  steps.settle();
  const weights = numbersOf(first);
  const { facts, numbers } = await readOptimizer(tf, first.optimizer);
  await trainSome(steps, 4, 4);
  await steps.dispose();
  const resumed = await compile(second, 2, changes);
  const named = variablesOf(second).map(({ shape }, index) => ({
    ...{ name: String(index), shape, dtype: 'float32' as const, values: weights[index]! },
  }));
  expect(assignNumbers(tf, variablesOf(second), named)).toBeUndefined();
  expect(restoreOptimizer(tf, second, { facts, numbers })).toBeUndefined();
  await trainSome(resumed, 4, 4);
  await resumed.dispose();
  expect(numbersOf(second)).toEqual(numbersOf(first));
});
