import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Installation } from '../../../../src/node/installation/installation.ts';
import { listLiveHolders } from '../../../../src/node/locks/locks.ts';
import { projectPaths } from '../../../../src/node/project/project.ts';
import { openChosenStore } from '../../../../src/node/tracking/tracking.ts';
import { planTraining, train, type TrainDocument } from '../../../../src/node/training/training.ts';
import { createRandom } from '../../../../src/worker/seeds.ts';
import { dataloader } from '../../worker/project.ts';
import { buildWorker } from '../../worker/workerProcess.ts';
import { isSystemMetric } from '../../../../src/protocol/tracking.ts';

const fixtures = path.resolve(import.meta.dirname, '../../../fixtures/training');

let bundle: Awaited<ReturnType<typeof buildWorker>>;
let root: string;
beforeAll(async () => {
  bundle = await buildWorker();
}, 60_000);
afterAll(() => bundle.remove());
beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'mlops-resume-'));
  await mkdir(path.join(root, 'configs'));
  await writeFile(path.join(root, 'dvc.yaml'), 'stages: {}\n');
  await writeFile(path.join(root, 'package.json'), '{ "type": "module" }\n');
});
afterEach(() => rm(root, { recursive: true, force: true }));

const models = {
  mlp: `tf.sequential({ layers: [
    tf.layers.flatten({ inputShape: [6, 6, 1] }),
    tf.layers.dense({ units: 8, activation: 'relu', kernelRegularizer: 'l1l2' }),
    tf.layers.dropout({ rate: 0.3 }),
    tf.layers.dense({ units: 4, activation: 'softmax' }),
  ] })`,
  cnn: `tf.sequential({ layers: [
    tf.layers.conv2d({ inputShape: [6, 6, 1], filters: 3, kernelSize: 3 }),
    tf.layers.batchNormalization(),
    tf.layers.activation({ activation: 'relu' }),
    tf.layers.maxPooling2d({ poolSize: 2 }),
    tf.layers.flatten(),
    tf.layers.dropout({ rate: 0.3 }),
    tf.layers.dense({ units: 4, activation: 'softmax' }),
  ] })`,
};

const trainCode = `
export async function train(context) {
  context.run.logMetric('examples', context.data.train.ys.length / 4, 7);
  const { tf } = context;
  const model = MODEL;
  await context.fit(model);
  if (!context.signal.aborted) context.run.logMetric('drawn', Math.random());
  return model;
}
`;

/** Twice through `fit`, the second time with a part of the model frozen: it is built upon what the first has left. */
const twoFits = trainCode.replace(
  'await context.fit(model);',
  `await context.fit(model);
  model.layers[0].trainable = false;
  model.layers[1].trainable = false;
  model.compile({ optimizer: tf.train.momentum(0.01, 0.9), loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
  await context.fit(model, { train: context.data.train });`,
);

/** The training split comes in pieces across batches, in an order of its own for each epoch. */
const streaming = `${dataloader.replace('export async function load', 'async function hold')}
export async function load(split: any, config: any): Promise<any> {
  const { xs, ys, shape } = await hold(split, config);
  if (split !== 'train') return { xs, ys, shape };
  const count = ys.length / 4;
  return {
    ...{ ys, shape, count, width: 4 },
    async *batches({ random }: { random: () => number }) {
      const start = Math.floor(random() * count);
      for (let at = 0; at < count; at += 5) {
        const rows = Array.from({ length: Math.min(5, count - at) }, (_, i) => (start + at + i) % count);
        await new Promise((resolve) => setImmediate(resolve));
        yield {
          xs: Float32Array.from(rows.flatMap((row) => [...xs.subarray(row * 36, row * 36 + 36)])),
          ys: Float32Array.from(rows.flatMap((row) => [...ys.subarray(row * 4, row * 4 + 4)])),
        };
      }
    },
  };
}
`;

async function writeProject(
  model: keyof typeof models,
  training: object,
  { code = trainCode, loader = dataloader } = {},
): Promise<void> {
  const folder = path.join(root, 'src', 'models', 'm');
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'dataloader.ts'), loader);
  await writeFile(path.join(folder, 'train.ts'), code.replace('MODEL', models[model]));
  const settings = {
    ...{ batch_size: 8, num_epochs: 8, loss_function: 'categoricalCrossentropy', learning_rate: 0.02 },
    ...{ checkpoint: { every: 1, keep: 2 } },
    ...training,
  };
  const config = { training: settings, mlflow: { experiment_name: 'tests' } };
  await writeFile(path.join(root, 'configs', 'm.yaml'), JSON.stringify(config));
}

const environment = (): NodeJS.ProcessEnv => ({ ...process.env, MLFLOW_TRACKING_URI: '', DVC_STAGE: '' });

const installation = (): Installation => ({
  ...{ node: process.execPath, version: '0', cli: '', worker: bundle.file },
  ...{ bin: fixtures, samples: fixtures, templates: fixtures },
});

interface Trained {
  readonly document: TrainDocument;
  readonly notes: readonly string[];
  readonly warnings: readonly string[];
}

/** Trains in this process; stopped after so many epochs of this sitting. */
async function trainHere(options: {
  resume?: string;
  stopAfter?: number;
  overrides?: readonly string[];
}): Promise<Trained> {
  const notes: string[] = [];
  const warnings: string[] = [];
  const abort = new AbortController();
  let epochs = 0;
  const document = await train(
    { root },
    { config: 'configs/m.yaml', cwd: root, installation: installation(), env: environment(), ...options },
    {
      note: (text) => notes.push(text),
      warning: (text) => warnings.push(text),
      failure: () => undefined,
      started: () => undefined,
      epoch: () => {
        epochs += 1;
        if (epochs === options.stopAfter) abort.abort('SIGINT');
      },
    },
    abort.signal,
  );
  expect(await listLiveHolders(projectPaths.locks({ root }))).toEqual([]);
  return { document, notes, warnings };
}

/** Everything that must be the same, bit for bit. */
async function readResult({ runId, artifacts }: Pick<TrainDocument, 'runId' | 'artifacts'>): Promise<unknown> {
  const store = await openChosenStore({ project: { root }, env: {}, cwd: root });
  const run = await store.findRun(runId);
  const metrics: Record<string, unknown> = {};
  for (const name of Object.keys(run.metrics).filter((metric) => metric !== 'batch_loss' && !isSystemMetric(metric))) {
    const { steps, values } = await store.readHistory(runId, name);
    metrics[name] = { steps, values };
  }
  const files: Record<string, string> = {};
  for (const name of ['weights.bin', 'history.json', 'predictions.csv'])
    files[name] = (await readFile(path.join(artifacts!, 'model', name))).toString('base64');
  return { status: run.status, metrics, files };
}

function startRun(resume: string | undefined): ChildProcessByStdio<null, Readable, null> {
  const script = path.join(fixtures, 'train.mjs');
  const args = [script, root, 'configs/m.yaml', bundle.file, ...(resume === undefined ? [] : [resume])];
  return spawn(process.execPath, ['--disable-warning=MODULE_TYPELESS_PACKAGE_JSON', ...args], {
    env: { ...environment(), TELL_EPOCHS: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** Starts or resumes a run in a process of its own and kills it, or its worker, some time after some epochs; true when it ended before. */
async function sitAndKill(
  resume: string | undefined,
  { victim, epochs, afterMs }: { victim: 'run' | 'worker'; epochs: number; afterMs: number },
): Promise<[string, boolean]> {
  const child = startRun(resume);
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const told: string[] = [];
  const lines = createInterface({ input: child.stdout });
  const reached = new Promise<void>((resolve) => {
    lines.on('line', (line) => {
      told.push(line);
      if (told.length > epochs) resolve();
    });
    lines.on('close', resolve);
  });
  await reached;
  let workers = await childrenOf(child.pid ?? 0);
  while (workers.length === 0 && child.exitCode === null) {
    await sleep(5);
    workers = await childrenOf(child.pid ?? 0);
  }
  await sleep(afterMs);
  for (const pid of victim === 'run' ? [child.pid] : workers)
    try {
      process.kill(pid ?? 0, 'SIGKILL');
    } catch {
      // It had ended by itself.
    }
  await closed;
  return [told[0] ?? '', told.includes('succeeded')];
}

async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return text.split(' ').filter(Boolean).map(Number);
}

const augmentation = { flip: 'both', shift: 0.2, rotation: 20, zoom: 0.1, brightness: 0.2, noise: 0.05 };

const everything = {
  learning_rate_schedule: { type: 'plateau', patience: 1, warmup_epochs: 0.5 },
  gradient_clipping: { norm: 1, value: 0.5 },
  ema: { decay: 0.9 },
  class_weights: { 0: 2, 3: 0.5 },
  metrics: ['f1', 'auc', 'top_2', 'mse'],
  early_stopping: { monitor: 'val_loss', patience: 4, restore_best: true },
};

describe.skipIf(process.platform !== 'linux')(
  'killed at random moments and resumed, a training gives the very same',
  () => {
    const cases: [
      model: keyof typeof models,
      training: Record<string, unknown>,
      files?: { readonly code?: string; readonly loader?: string },
    ][] = [
      ['mlp', { backend: 'wasm', optimizer: 'adam' }],
      ['mlp', { backend: 'cpu', optimizer: 'adamax', learning_rate_schedule: { type: 'cosine' } }],
      ['cnn', { backend: 'wasm', optimizer: 'rmsprop', ...everything }],
      ['cnn', { backend: 'cpu', optimizer: 'adamw', num_epochs: 4, ...everything }],
      ['mlp', { backend: 'wasm', optimizer: 'adagrad', num_epochs: 3 }, { code: twoFits }],
      ['cnn', { backend: 'wasm', augmentation, ...everything }],
      ['mlp', { backend: 'wasm', optimizer: 'adam', augmentation, ...everything }, { loader: streaming }],
    ];
    test.each(cases)(
      '%s %j',
      async (model, training, files) => {
        await writeProject(model, training, files);
        const whole = await trainHere({});
        expect(whole.document.reason).toBeNull();
        const expected = await readResult(whole.document);
        const random = createRandom(model.length + Object.keys(training).length);
        let runId: string | undefined;
        let isOver = false;
        for (let kills = 0; kills < 5 && !isOver; kills++) {
          const victim = kills % 2 === 0 ? 'worker' : 'run';
          // Before the first epoch of a sitting too, and within the two that follow.
          const moment = { victim, epochs: kills % 3, afterMs: random() * 60 } as const;
          [runId, isOver] = await sitAndKill(runId, moment);
        }
        const { document } = isOver ? { document: undefined } : await trainHere({ resume: runId! });
        const store = await openChosenStore({ project: { root }, env: {}, cwd: root });
        const run = document ?? (await store.findRun(runId!));
        expect(run.runId).toBe(runId);
        expect(await readResult(run)).toEqual(expected);
      },
      120_000,
    );
  },
);

describe('a resumed run', () => {
  test.each([
    ['', dataloader],
    [' of a stream', streaming],
  ])(
    'goes on in the middle of an epoch%s where it was stopped, without any checkpoint asked for',
    async (_, loader) => {
      const training = { backend: 'cpu', checkpoint: null, optimizer: 'momentum', metrics: ['auc'], augmentation };
      await writeProject('mlp', training, { loader });
      const expected = await readResult((await trainHere({})).document);
      const first = await trainHere({ stopAfter: 2 });
      expect(first.document).toMatchObject({ outcome: 'stopped', status: 'KILLED' });
      const { document, notes } = await trainHere({ resume: first.document.name });
      expect(document).toMatchObject({ runId: first.document.runId, outcome: 'succeeded', status: 'FINISHED' });
      expect(document.tags).not.toHaveProperty('mlops.reason');
      expect(notes[0]).toMatch(/^The training goes on from its checkpoint epoch-000\d(-batch-000\d\d)?\.$/);
      expect(await readResult(document)).toEqual(expected);
      const events = await readFile(path.join(document.artifacts!, 'mlops', 'events.jsonl'), 'utf8');
      expect(events).toContain('"kind":"resumed"');
    },
  );

  test('has the points that were on their way when it was killed', async () => {
    await writeProject('mlp', { backend: 'cpu', checkpoint: { every: 1, keep: 2 } });
    const expected = await readResult((await trainHere({})).document);
    const { document: first } = await trainHere({ stopAfter: 3 });
    // As if the run's process had died between a checkpoint of the worker and its points before it.
    for (const name of ['val_loss', 'training_loss']) {
      const file = path.join(first.artifacts!, '..', 'metrics', name);
      await writeFile(file, (await readFile(file, 'utf8')).split('\n').slice(0, -2).join('\n') + '\n');
    }
    expect(await readResult((await trainHere({ resume: '@last' })).document)).toEqual(expected);
  });

  test('keeps the newest checkpoints and the best model, and no more', async () => {
    await writeProject('mlp', { backend: 'cpu', checkpoint: { every: 2, keep: 2 } });
    const { document } = await trainHere({});
    const folder = path.join(document.artifacts!, 'checkpoints');
    expect((await readdir(folder)).sort()).toEqual(['best', 'epoch-0008', 'epoch-0008-end']);
    expect((await readdir(path.join(folder, 'best'))).sort()).toEqual(['best.json', 'model.json', 'weights.bin']);
    expect(JSON.parse(await readFile(path.join(folder, 'best', 'best.json'), 'utf8'))).toMatchObject({
      monitor: 'val_loss',
      value: document.metrics['val_loss']?.min?.value,
    });
  });

  test('without a checkpoint starts anew, in the same run', async () => {
    await writeProject('mlp', { backend: 'cpu', checkpoint: null });
    const expected = await readResult((await trainHere({})).document);
    const { document } = await trainHere({ stopAfter: 2 });
    await rm(path.join(document.artifacts!, 'checkpoints'), { recursive: true });
    const { notes, document: second } = await trainHere({ resume: '@last' });
    expect(notes[0]).toBe('The run has no checkpoint: it starts from the first epoch.');
    expect(await readResult(second)).toEqual(expected);
  });
});

describe('what is refused, with a sentence', () => {
  async function check(resume: string, message: RegExp, overrides: readonly string[] = []): Promise<void> {
    const request = { config: 'configs/m.yaml', cwd: root, installation: installation(), env: environment() };
    const ask = { ...request, resume, overrides };
    await expect(planTraining({ root }, ask)).rejects.toThrow(message);
    await expect(trainHere({ resume, overrides })).rejects.toThrow(message);
  }

  test('another config, backend, run', async () => {
    await writeProject('mlp', { backend: 'auto' });
    const { document } = await trainHere({ stopAfter: 1, overrides: ['training.backend=cpu'] });
    await check('@last', /training\.batch_size was 8 and is 4 now\. Set it back/, ['training.batch_size=4']);
    await check('@last', /training\.ema\.decay was not set and is 0\.5 now/, ['training.ema={decay: 0.5}']);
    await check('@last', /trained on the backend cpu and goes on there only; training\.backend is wasm/, [
      'training.backend=wasm',
    ]);
    await check('nobody', /There is no run "nobody"/);
    const request = { config: 'configs/m.yaml', cwd: root, installation: installation(), env: environment() };
    const plan = await planTraining({ root }, { ...request, resume: '@last' });
    expect(plan.resumes).toEqual({ runId: document.runId, checkpoint: expect.stringMatching(/^epoch-000/) });
    await trainHere({ resume: '@last' });
    await check('@last', /has ended well: there is nothing left to train/);
  });

  test('a run that goes on', async () => {
    await writeProject('mlp', { backend: 'cpu', num_epochs: 100_000 });
    const child = startRun(undefined);
    await once(createInterface({ input: child.stdout }), 'line');
    await check('@last', /is still going on\.$/);
    child.kill('SIGTERM');
    await once(child, 'close');
    await trainHere({ resume: '@last', stopAfter: 1 });
  });

  test('other data, another model', async () => {
    await writeProject('mlp', { backend: 'cpu' });
    await trainHere({ stopAfter: 1 });
    const loader = path.join(root, 'src/models/m/dataloader.ts');
    await writeFile(loader, dataloader.replace('0.6', '0.61'));
    const { document } = await trainHere({ resume: '@last' });
    expect(document.reason).toMatch(
      /^The training can't go on from its checkpoint .*: the examples of the split "train" are not those/,
    );
    await writeFile(loader, dataloader);
    const code = trainCode.replace('MODEL', models.mlp);
    await writeFile(path.join(root, 'src/models/m/train.ts'), code.replace('units: 8', 'units: 9'));
    const { document: second } = await trainHere({ resume: '@last' });
    expect(second.reason).toMatch(/Its weight for \S+ is 36×8, the model's is 36×9\./);
    await writeFile(path.join(root, 'src/models/m/train.ts'), code);
    expect((await trainHere({ resume: '@last' })).document.status).toBe('FINISHED');
  });
});
