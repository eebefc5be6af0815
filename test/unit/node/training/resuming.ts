import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { listLiveHolders } from '../../../../src/node/locks/locks.ts';
import { projectPaths } from '../../../../src/node/project/project.ts';
import { train, type TrainDocument, type TrainRequest } from '../../../../src/node/training/training.ts';
import { isSystemMetric } from '../../../../src/protocol/tracking.ts';
import { dataloader } from '../../worker/project.ts';
import { findWorkers, killHard, randomMoments, type Ground } from './ground.ts';

export const models = {
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
  lstm: `tf.sequential({ layers: [
    tf.layers.reshape({ inputShape: [6, 6, 1], targetShape: [6, 6] }),
    tf.layers.bidirectional({ layer: tf.layers.lstm({ units: 3, returnSequences: true, dropout: 0.2, recurrentDropout: 0.2 }) }),
    tf.layers.gru({ units: 4 }),
    tf.layers.dense({ units: 4, activation: 'softmax' }),
  ] })`,
  /** What a batch leaves in them is the start of the next. */
  stateful: `tf.sequential({ layers: [
    tf.layers.reshape({ batchInputShape: [8, 6, 6, 1], targetShape: [6, 6] }),
    tf.layers.lstm({ units: 3, stateful: true, returnSequences: true }),
    tf.sequential({ layers: [tf.layers.gru({ batchInputShape: [8, 6, 3], units: 4, stateful: true, dropout: 0.2 })] }),
    tf.layers.dense({ units: 4, activation: 'softmax' }),
  ] })`,
};

export const trainCode = `
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
export const twoFits = trainCode.replace(
  'await context.fit(model);',
  `await context.fit(model);
  model.layers[0].trainable = false;
  model.layers[1].trainable = false;
  model.compile({ optimizer: tf.train.momentum(0.01, 0.9), loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
  await context.fit(model, { train: context.data.train });`,
);

/** The training split comes in pieces across batches, in an order of its own for each epoch. */
export const streaming = `${dataloader.replace('export async function load', 'async function hold')}
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

export type Model = keyof typeof models;

/** What a project has instead of the usual. */
export interface Files {
  readonly code?: string;
  readonly loader?: string;
}

export async function writeProject(
  ground: Ground,
  model: Model,
  training: object,
  { code = trainCode, loader = dataloader }: Files = {},
): Promise<void> {
  await ground.write('src/models/m/dataloader.ts', loader);
  await ground.write('src/models/m/train.ts', code.replace('MODEL', models[model]));
  const settings = {
    ...{ batch_size: 8, num_epochs: 8, loss_function: 'categoricalCrossentropy', learning_rate: 0.02 },
    ...{ checkpoint: { every: 1, keep: 2 } },
    ...training,
  };
  const config = { training: settings, mlflow: { experiment_name: 'tests' } };
  await ground.write('configs/m.yaml', JSON.stringify(config));
}

export function toRequest({ root, installation, env }: Ground): TrainRequest {
  return { config: 'configs/m.yaml', cwd: root, installation, env };
}

export interface Trained {
  readonly document: TrainDocument;
  readonly notes: readonly string[];
  readonly warnings: readonly string[];
}

/** Trains in this process; stopped after so many epochs of this sitting. */
export async function trainHere(
  ground: Ground,
  { stopAfter, ...more }: Partial<TrainRequest> & { readonly stopAfter?: number } = {},
): Promise<Trained> {
  const { root } = ground;
  const notes: string[] = [];
  const warnings: string[] = [];
  const abort = new AbortController();
  let epochs = 0;
  const document = await train(
    { root },
    { ...toRequest(ground), ...more },
    {
      note: (text) => notes.push(text),
      warning: (text) => warnings.push(text),
      failure: () => undefined,
      started: () => undefined,
      epoch: () => {
        epochs += 1;
        if (epochs === stopAfter) abort.abort('SIGINT');
      },
    },
    abort.signal,
  );
  expect(await listLiveHolders(projectPaths.locks({ root }))).toEqual([]);
  return { document, notes, warnings };
}

/** Everything that must be the same, bit for bit. */
export async function readResult(
  ground: Ground,
  { runId, artifacts }: Pick<TrainDocument, 'runId' | 'artifacts'>,
): Promise<unknown> {
  const store = await ground.openStore();
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

/** Starts or resumes a run in a process of its own and kills it, or its worker, some time after some epochs; true when it ended before. */
async function sitAndKill(
  ground: Ground,
  resume: string | undefined,
  { victim, epochs, afterMs }: { victim: 'run' | 'worker'; epochs: number; afterMs: number },
): Promise<[string, boolean]> {
  const child = ground.start('train', ['configs/m.yaml', ...(resume === undefined ? [] : [resume])]);
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
  const workers = await findWorkers(child);
  await sleep(afterMs);
  await killHard(child, victim === 'run' ? undefined : workers);
  return [told[0] ?? '', told.includes('succeeded')];
}

/**
 * A training that is killed so many times, and resumed each time, gives the very same as one that is left alone. It must have more
 * epochs than are trained between the kills.
 */
export async function checkKilled(
  ground: Ground,
  { model, training, files, kills }: { model: Model; training: object; files?: Files; kills: number },
): Promise<void> {
  await writeProject(ground, model, training, files);
  const whole = await trainHere(ground);
  expect(whole.document.reason).toBeNull();
  const expected = await readResult(ground, whole.document);
  const random = randomMoments(`${model} ${JSON.stringify(training)}`);
  let runId: string | undefined;
  for (let kill = 0; kill < kills; kill++) {
    const victim = kill % 2 === 0 ? 'worker' : 'run';
    // Before the first epoch of a sitting too, and within the two that follow.
    const moment = { victim, epochs: kill % 3, afterMs: random() * 25 } as const;
    const [id, isOver] = await sitAndKill(ground, runId, moment);
    expect([kill, isOver]).toEqual([kill, false]);
    runId = id;
  }
  const { document } = await trainHere(ground, { resume: runId! });
  expect(document.runId).toBe(runId);
  expect(await readResult(ground, document)).toEqual(expected);
}

export const augmentation = { flip: 'both', shift: 0.2, rotation: 20, zoom: 0.1, brightness: 0.2, noise: 0.05 };

export const everything = {
  learning_rate_schedule: { type: 'plateau', patience: 1, warmup_epochs: 0.5 },
  gradient_clipping: { norm: 1, value: 0.5 },
  ema: { decay: 0.9 },
  class_weights: { 0: 2, 3: 0.5 },
  metrics: ['f1', 'auc', 'top_2', 'mse'],
  early_stopping: { monitor: 'val_loss', patience: 4, restore_best: true },
};
