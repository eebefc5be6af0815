import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readOperationTable } from '../../scripts/testing/operationlist.ts';
import { operationTable } from '../../src/core/trace/operationTable.ts';
import { blurredCases, endedCases, graphCases, refusedCases } from './graphtrainings.ts';
import { ensureKeras } from '../../scripts/testing/keras.ts';
import { pythonMissing } from '../../scripts/testing/python.ts';
import { findInstalled } from '../../src/node/tensorflow/tensorflow.ts';
import type { TrainDocument } from '../../src/node/training/training.ts';
import type { BackendStatus } from '../../src/protocol/training.ts';
import { expectAgreement } from '../unit/worker/agreeing.ts';
import { nameOf, trainings } from '../unit/worker/trainings.ts';
import { KerasDriver, type KerasData } from './keras-driver.ts';
import { inKeras, KERAS_BATCH, KERAS_STEPS, KERAS_TOLERANCE, kerasTrainings } from './kerastrainings.ts';
import { readDigits } from './nets.ts';
import { Trainer } from './trainers.ts';

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

/** With a cache folder of its own. */
function ownEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, XDG_CACHE_HOME: path.join(folder, 'cache') };
}

/** The document that the command line prints. */
async function mlops(cwd: string, ...args: readonly string[]): Promise<unknown> {
  const options = { cwd, env: ownEnvironment(), maxBuffer: 64 << 20 };
  const { stdout } = await run(process.execPath, [cli, ...args, '--json'], options);
  return JSON.parse(stdout);
}

async function train(config: string, backend: string): Promise<TrainDocument> {
  const settings = ['--backend', backend, '--set', 'training.num_epochs=1', '--seed', '7', '--no-compile'];
  // Each backend leaves out values of its own in a dropout.
  if (config === 'cnnbased') settings.push('--set', 'model.dropout_rate=0');
  const document = (await mlops(root, 'train', `configs/${config}.yaml`, ...settings)) as TrainDocument;
  expect(document).toMatchObject({ outcome: 'succeeded', backend });
  return document;
}

async function findRung(): Promise<BackendStatus | undefined> {
  const backends = (await mlops(root, 'backends')) as readonly BackendStatus[];
  return backends.find(({ name }) => name === 'tfjs-node');
}

/** The greatest difference; NaN where they can't be compared. */
function apart(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (found.length !== expected.length) return NaN;
  return Array.from(found).reduce(
    (most, value, index) => Math.max(most, Math.abs(value - (expected[index] ?? NaN))),
    0,
  );
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

  describe('our step', () => {
    let [wasm, native, usual]: Trainer[] = [];
    beforeAll(async () => {
      const [installed] = await findInstalled(ownEnvironment());
      if (installed === undefined) throw new Error('Native TensorFlow is not installed.');
      [wasm, native] = [new Trainer(), new Trainer(installed.folder)];
      usual = new Trainer(installed.folder, { isUsual: true });
    });
    afterAll(async () => {
      await wasm?.end();
      await native?.end();
      await usual?.end();
    });

    // Unit tests hold wasm to cpu with the same trainings.
    test.each(trainings.map((training) => [nameOf(training), training] as const))(
      'native trains as wasm: %s',
      async (_, training) => expectAgreement(await native!.train(training), await wasm!.train(training)),
    );

    describe('as a graph is bit for bit what its operations are, over 32 steps with partial batches', () => {
      const alike = ['two convolutions', 'separable', 'max pooling'];
      const compared = trainings.filter(({ net, optimizer }) => !alike.includes(net) || optimizer === 'rmsprop');
      test.each(compared.map((training) => [nameOf(training), training] as const))('%s', async (_, training) => {
        expect(await native!.train(training, 'graphs')).toEqual(await native!.train(training, 'operations'));
      });

      test.each(Object.keys(graphCases) as (keyof typeof graphCases)[])('%s, evaluation too', async (name) => {
        const eager = await native!.trainGraph({ name, isTraced: false });
        const traced = await native!.trainGraph({ name, isTraced: true });
        expect(traced.way).toMatch(/^compiled, one graph of \d+ operations$/);
        expect(eager.way).toBe('operation by operation');
        expect([traced.values, traced.weights]).toEqual([eager.values, eager.weights]);
        expect([traced.left, traced.iterations]).toEqual([eager.left, eager.iterations]);
      });

      test.each(['dropout', 'lstm with dropouts', 'decay of weights', 'class weights'] as const)(
        '%s: goes on from a checkpoint as if it had not been stopped',
        async (name) => {
          const whole = await native!.trainGraph({ name, isTraced: true });
          const resumed = await native!.trainGraph({ name, isTraced: true, resumedAt: 13 });
          expect([resumed.values, resumed.weights]).toEqual([whole.values, whole.weights]);
        },
      );
    });

    // With oneDNN, as users have it: the state stays in the graph, which is rewritten.
    describe('as a graph that keeps its state trains as its operations do', () => {
      const nets = ['relu', 'batch normalization', 'depthwise', 'max pooling', 'lstm'];
      const compared = trainings.filter(({ net }) => nets.includes(net));
      test.each(compared.map((training) => [nameOf(training), training] as const))('%s', async (_, training) => {
        expectAgreement(await usual!.train(training, 'graphs'), await usual!.train(training, 'operations'));
      });

      const operationsOf = ({ way }: { readonly way: string }): number => Number(/of (\d+) operations$/.exec(way)?.[1]);
      test.each(Object.keys(graphCases) as (keyof typeof graphCases)[])('%s, also after a stop', async (name) => {
        const asked = { name, testsEvery: 5 };
        const eager = await usual!.trainGraph({ ...asked, isTraced: false });
        const traced = await usual!.trainGraph({ ...asked, isTraced: true });
        expect(apart(traced.values, eager.values)).toBeLessThan(1e-5);
        expect(apart(traced.weights, eager.weights)).toBeLessThan(1e-5);
        expect(traced.left).toBe(eager.left);
        const resumed = await usual!.trainGraph({ ...asked, isTraced: true, resumedAt: 13 });
        expect([resumed.values, resumed.weights]).toEqual([traced.values, traced.weights]);
      });

      test.each(Object.keys(blurredCases) as (keyof typeof blurredCases)[])(
        '%s are no reason against it',
        async (name) => {
          const traced = await usual!.trainGraph({ name, isTraced: true });
          expect(traced.way).toMatch(/^compiled, one graph of \d+ operations$/);
          const eager = await usual!.trainGraph({ name, isTraced: false });
          expect(traced.values[0]).toBeCloseTo(eager.values[0] ?? NaN, 5);
        },
      );

      test('two models that share a layer hear of each other', async () => {
        const [traced, eager] = [await usual!.trainShared(true), await usual!.trainShared(false)];
        expect(apart(traced.values, eager.values)).toBeLessThan(1e-5);
        expect(apart(traced.weights, eager.weights)).toBeLessThan(1e-5);
        expect(traced.left).toBe(eager.left);
      });

      test('20,000 steps leave nothing behind', async () => {
        const { resident, tensors } = await usual!.soak(20_000);
        expect(new Set(tensors).size).toBe(1);
        expect((resident.at(-1) ?? NaN) / (resident[1] ?? NaN)).toBeLessThan(1.03);
      });

      test('Adam is one operation for each weight', async () => {
        const found = await usual!.trainGraph({ name: 'dropout', isTraced: true });
        const exact = await native!.trainGraph({ name: 'dropout', isTraced: true });
        // Two layers with a kernel and a bias each: twelve operations less for each of these.
        expect(operationsOf(exact) - operationsOf(found)).toBeGreaterThanOrEqual(4 * 12);
      });
    });

    test.each(Object.entries(endedCases))('%s between two steps: it is an error', async (name, { reason }) => {
      const told = await usual!.endGraph(name as keyof typeof endedCases);
      if (typeof reason === 'string')
        expect(told).toBe(`The compiled step can't go on: ${reason}. Train with --no-compile.`);
      else expect(told).toMatch(reason);
    });

    const changing: readonly string[] = ['counts its steps', 'changes shapes', 'makes variables'];
    const keeping: readonly string[] = ['makes variables', 'keeps a tensor of its own', 'asks another model'];
    test.each(Object.entries(refusedCases))(
      'a step that %s is taken operation by operation',
      async (name, { reason }) => {
        const asked = name as keyof typeof refusedCases;
        const traced = await native!.trainGraph({ name: asked, isTraced: true });
        const told = /^operation by operation: (.*)$/.exec(traced.way)?.[1];
        expect(told).toEqual(typeof reason === 'string' ? reason : expect.stringMatching(reason));
        // Nothing of the attempt is left in what comes after it.
        const eager = await native!.trainGraph({ name: asked, isTraced: false });
        if (!changing.includes(asked)) expect([traced.values, traced.weights]).toEqual([eager.values, eager.weights]);
        // The first of the two has made what the loss keeps.
        if (!keeping.includes(asked)) expect(traced.left).toBe(eager.left);
      },
    );

    test('the table of operations is that of the library', async () => {
      const [installed] = await findInstalled(ownEnvironment());
      const python = await ensureKeras();
      if (python === undefined || installed === undefined) throw new Error(pythonMissing);
      expect(await readOperationTable(python, installed.folder)).toEqual(operationTable);
    });

    describe('trains as Keras', () => {
      let keras: KerasDriver;
      beforeAll(async () => {
        const python = await ensureKeras();
        if (python === undefined) throw new Error(pythonMissing);
        keras = await KerasDriver.start(python, { TF_ENABLE_ONEDNN_OPTS: '0' });
      }, 900_000);
      afterAll(() => keras.end());

      test.each(kerasTrainings)('$name, $optimizer, $loss', async ({ net, optimizer, loss, signs = false }) => {
        const [kind, args, learningRate] = inKeras[optimizer];
        const { count, ...digits } = await readDigits('train', KERAS_BATCH * KERAS_STEPS);
        expect(count).toBe(KERAS_BATCH * KERAS_STEPS);
        const data: KerasData = { ...digits, ys: signs ? digits.ys.map((y) => 2 * y - 1) : digits.ys };
        const training = { net, optimizer, learningRate, loss, batch: KERAS_BATCH, data };
        const ours = await wasm!.trainNet(training);
        const inTheirWords = [kind, { learning_rate: learningRate, ...args }] as const;
        const ask = { ...net, optimizer: inTheirWords, loss, batch: KERAS_BATCH };
        const [theirs, found] = await Promise.all([keras.train(ask, data, ours.start), native!.trainNet(training)]);
        for (const [backend, { start, losses, weights }] of Object.entries({ wasm: ours, native: found })) {
          expect(start, backend).toEqual(ours.start);
          expect(apart(losses, theirs.losses), `losses, ${backend}`).toBeLessThan(KERAS_TOLERANCE);
          expect(apart(weights, theirs.weights), `weights, ${backend}`).toBeLessThan(KERAS_TOLERANCE);
        }
      });
    });
  });

  test('is removed without a trace', async () => {
    const { bytes } = (await mlops(root, 'backends', 'remove', 'tensorflow')) as { bytes: number };
    expect(bytes).toBeGreaterThan(500e6);
    const left = await readdir(path.join(folder, 'cache', 'mlops-workflow'));
    expect(left.filter((name) => name.includes('tensorflow'))).toEqual([]);
    expect((await findRung())?.available).toBe(false);
  });
});
