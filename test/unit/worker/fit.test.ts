import * as tfjs from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import { ensureKernels } from '../../../scripts/kernels.ts';
import type { CheckpointContent, CheckpointFolder } from '../../../src/worker/checkpoints.ts';
import { ensureCompiled, setLearningRate } from '../../../src/worker/compilation.ts';
import type { Examples } from '../../../src/worker/data.ts';
import { fitModel, type FitOptions } from '../../../src/worker/fit.ts';
import { createRecord } from '../../../src/worker/trainingRecord.ts';
import { evaluate } from '../../../src/worker/measuring.ts';
import { prepareHere } from '../../../src/worker/preparing.ts';
import { createRandom, seedMathRandom } from '../../../src/worker/seeds.ts';
import type { FitSteering } from '../../../src/worker/steering.ts';
import type { LayersModel, Tensor, TensorFlow } from '../../../src/worker/tensorflow.ts';
import { prepareBackends, values } from './kernels/backends.ts';

const tf: TensorFlow = { ...tfjs, ...layers };
const backends = prepareBackends();

beforeAll(() => backends.on('cpu', () => undefined));

/** Two numbers each; the target is the first. */
function examples(count: number, ys?: readonly number[]): Examples {
  const xs = values(count * 2, 3);
  const targets =
    ys === undefined ? Float32Array.from({ length: count }, (_, i) => xs[i * 2] ?? 0) : Float32Array.from(ys);
  return { xs, scale: 1, ys: targets, shape: [2], count, size: 2, width: targets.length / count };
}

function createModel(units = 1, activation: 'linear' | 'softmax' | 'sigmoid' = 'linear'): LayersModel {
  return layers.sequential({ layers: [layers.layers.dense({ inputShape: [2], units, activation })] });
}

/** Nobody steers: each batch follows the one before. */
const unsteered: FitSteering = {
  between: () => Promise.resolve(),
  afterEpoch: () => Promise.resolve(),
  now: () => performance.now(),
};

interface Seen {
  readonly epochs: Readonly<Record<string, number>>[];
  readonly checkpoints: CheckpointContent[];
  readonly best: unknown[];
}

function createOptions(training: object, more: Partial<FitOptions> = {}): { options: FitOptions; seen: Seen } {
  const seen: Seen = { epochs: [], checkpoints: [], best: [] };
  const checkpoints: CheckpointFolder = {
    find: () => Promise.resolve(undefined),
    write: (content) => {
      seen.checkpoints.push(content);
      return Promise.resolve('checkpoint');
    },
    writeBest: (facts) => {
      seen.best.push(facts);
      return Promise.resolve();
    },
  };
  const options: FitOptions = {
    tf,
    training: {
      ...{ batch_size: 4, num_epochs: 1, loss_function: 'mse', metric: 'mse', metrics: null, optimizer: 'sgd' },
      ...{ learning_rate: 0.1, learning_rate_schedule: null, weight_decay: null, gradient_clipping: null, ema: null },
      ...{ class_weights: null, augmentation: null, early_stopping: null, checkpoint: null },
      ...training,
    } as never,
    train: examples(8),
    validation: undefined,
    random: { order: createRandom(1), math: seedMathRandom(1) },
    seed: 1,
    prepare: prepareHere,
    record: createRecord(),
    events: {
      plan: () => undefined,
      batch: () => undefined,
      epoch: (_, metrics) => {
        seen.epochs.push(metrics);
        return Promise.resolve();
      },
      checkpoint: () => undefined,
      resumed: () => undefined,
    },
    steering: unsteered,
    signal: new AbortController().signal,
    checkpoints,
    ...more,
  };
  return { options, seen };
}

/** A metric that gives for every validation the next of these values: training and validation are a batch each. */
function watched(given: readonly number[]): Pick<FitOptions, 'custom' | 'train' | 'validation'> {
  let calls = 0;
  const next = (): Tensor => tf.scalar(given[Math.floor(calls++ / 2)] ?? NaN);
  return { custom: { watched: next }, train: examples(4), validation: examples(4) };
}

describe('early stopping', () => {
  /** Values that the epochs would give → how many epochs are trained. */
  async function check(settings: object, given: readonly number[], expected: number): Promise<void> {
    const early_stopping = { monitor: 'val_watched', patience: 2, min_delta: 0, restore_best: false, ...settings };
    const { options } = createOptions({ num_epochs: given.length, early_stopping }, watched(given));
    await fitModel(createModel(), options);
    expect(options.record.epochs).toBe(expected);
  }
  const cases: Record<string, [settings: object, given: number[], expected: number]> = {
    'goes on while it gets better': [{}, [5, 4, 3, 2, 1], 5],
    'ends when it does not': [{}, [5, 4, 4, 4, 1], 4],
    'small steps add up to an improvement': [{ min_delta: 1 }, [5, 4.5, 3.9, 3.5, 2.8, 2.5, 2.4], 7],
    'small steps that do not reach it': [{ min_delta: 1 }, [5, 4.5, 4.1, 1], 3],
    'one NaN is no improvement, and not the end of all': [{}, [5, NaN, 4, 3, 2], 5],
    'NaN from the start on': [{}, [NaN, NaN, 1], 2],
    'an infinite value at the start': [{}, [Infinity, 3, 2], 3],
  };
  test.each(Object.entries(cases))('%s', (_, [settings, given, expected]) => check(settings, given, expected));

  test('a metric that is not recorded is told, with those that are', async () => {
    const early_stopping = { monitor: 'val_acc', patience: 2, min_delta: 0, restore_best: false };
    const { options } = createOptions({ early_stopping });
    await expect(fitModel(createModel(), options)).rejects.toThrow(
      'training.early_stopping.monitor is "val_acc", which is not recorded. There are training_loss, training_mse, learning_rate.',
    );
  });

  test('restore_best brings back the weights of the best epoch', async () => {
    const given = [3, 1, 2, 2, 2];
    const weightsAfter = async (epochs: number, settings: object): Promise<number[]> => {
      const early_stopping = { monitor: 'val_watched', patience: 9, min_delta: 0, ...settings };
      const { options } = createOptions({ num_epochs: epochs, early_stopping }, watched(given));
      const model = createModel();
      await fitModel(model, options);
      return model.getWeights().flatMap((weight) => [...weight.dataSync()]);
    };
    const second = await weightsAfter(2, { restore_best: false });
    expect(await weightsAfter(5, { restore_best: false })).not.toEqual(second);
    expect(await weightsAfter(5, { restore_best: true })).toEqual(second);
  });
});

test('a plateau lowers the rate after each patience, and not below its least', async () => {
  const given = [5, 4, 4, 4, 4, 4, 4, 3];
  const schedule = { type: 'plateau', monitor: 'val_watched', patience: 2, min_delta: 0, factor: 0.1 };
  const learning_rate_schedule = { ...schedule, warmup_epochs: 0, min_rate: 0.002 };
  const { options, seen } = createOptions({ num_epochs: given.length, learning_rate_schedule }, watched(given));
  await fitModel(createModel(), options);
  const rates = seen.epochs.map(({ learning_rate }) => Number(learning_rate?.toPrecision(6)));
  expect(rates).toEqual([0.1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.002, 0.002]);
});

test('a rate that is set from outside stays, and the schedule goes on from it', async () => {
  const learning_rate_schedule = { type: 'exponential', factor: 0.5, warmup_epochs: 0, min_rate: 0 };
  const { options, seen } = createOptions({ num_epochs: 4, learning_rate: 0.8, learning_rate_schedule });
  const model = createModel();
  const epoch = (number: number, metrics: Readonly<Record<string, number>>): Promise<void> => {
    seen.epochs.push(metrics);
    if (number === 2) setLearningRate(model, 0.04);
    return Promise.resolve();
  };
  await fitModel(model, { ...options, events: { ...options.events, epoch } });
  const rates = seen.epochs.map(({ learning_rate }) => Number(learning_rate?.toPrecision(6)));
  expect(rates).toEqual([0.8, 0.4, 0.02, 0.01]);
});

test('a moving average is what is evaluated and kept, and the training goes on with the weights themselves', async () => {
  const trainWith = async (num_epochs: number, ema: object | null) => {
    const { options, seen } = createOptions({ num_epochs, ema }, { train: examples(4), validation: examples(4) });
    const model = createModel();
    const before = model.getWeights().map((weight) => [...weight.dataSync()]);
    await fitModel(model, options);
    return { before, after: model.getWeights().map((weight) => [...weight.dataSync()]), epochs: seen.epochs };
  };
  // Two epochs of one batch: the average is ¼ start + ¼ first + ½ second.
  const start = await trainWith(1, null);
  const second = await trainWith(2, null);
  const averaged = await trainWith(2, { decay: 0.5 });
  averaged.after.flat().forEach((value, index) => {
    const parts = [start.before, start.after, second.after].map((weights) => weights.flat()[index] ?? NaN);
    expect(value).toBeCloseTo(0.25 * parts[0]! + 0.25 * parts[1]! + 0.5 * parts[2]!, 6);
  });
  expect(averaged.epochs.map(({ training_loss }) => training_loss)).toEqual(
    second.epochs.map(({ training_loss }) => training_loss),
  );
  expect(averaged.epochs[1]?.['val_loss']).not.toBe(second.epochs[1]?.['val_loss']);
});

describe('further metrics', () => {
  const labels = [0, 1, 2, 1, 0, 2, 1, 0];
  test('are recorded beside the one metric, for both splits, over the whole split', async () => {
    const training = {
      ...{ loss_function: 'crossentropy', metric: 'accuracy', num_epochs: 2, batch_size: 3 },
      metrics: ['precision', 'F1', 'auc', 'top_2', 'accuracy'],
    };
    const split = examples(8, labels);
    const { options, seen } = createOptions(training, { train: split, validation: split });
    const model = createModel(3, 'softmax');
    await fitModel(model, options);
    const names = ['loss', 'accuracy', 'precision', 'f1', 'auc', 'top_2_accuracy'];
    const expected = [
      ...names.map((name) => `training_${name}`),
      ...names.map((name) => `val_${name}`),
      'learning_rate',
    ];
    expect(Object.keys(seen.epochs[1]!)).toEqual(expected);
    const measures = ensureCompiled(tf, model, options.training, { targetWidth: 1 });
    const tested = await evaluate(model, split, measures, options);
    for (const name of names) expect(tested?.[name]).toBeCloseTo(seen.epochs[1]?.[`val_${name}`] ?? NaN, 6);
  });

  test('that need classes say so where there are none', async () => {
    const { options } = createOptions({ metrics: ['f1'] });
    await expect(fitModel(createModel(), options)).rejects.toThrow(/training\.metrics has f1, which needs classes/);
  });
});

describe('checkpoints', () => {
  const positions = ({ checkpoints }: Seen): string[] =>
    checkpoints.map(({ position: { epoch, batch, isEnd } }) => `${epoch}.${batch}${isEnd ? ' end' : ''}`);

  test('every few epochs, at the end, and the best', async () => {
    const checkpoint = { every: 2, keep: 1, best: 'val_watched' };
    const { options, seen } = createOptions({ num_epochs: 5, checkpoint }, watched([3, 4, 2, 2, 1]));
    await fitModel(createModel(), options);
    expect(positions(seen)).toEqual(['2.0', '4.0', '5.0 end']);
    expect(seen.best).toEqual(
      [3, 2, 1].map((value, index) => ({ epoch: [1, 3, 5][index], monitor: 'val_watched', value })),
    );
  });

  test('at a stop, within the epoch; none of a training that has lost its numbers', async () => {
    const stop = new AbortController();
    let batches = 0;
    const custom = {
      counted: () => {
        batches += 1;
        if (batches === 3) stop.abort();
        return tf.scalar(1);
      },
    };
    const { options, seen } = createOptions({ batch_size: 2, num_epochs: 9 }, { signal: stop.signal, custom });
    const model = createModel();
    await fitModel(model, options);
    expect(options.record).toMatchObject({ epochs: 0, batches: 3, history: {}, lastModel: model });
    expect(positions(seen)).toEqual(['0.3']);
    // Code that fits once more all the same has nothing that it could be gone on with.
    const before = options.random.order.readState();
    await fitModel(createModel(), {
      ...options,
      training: { ...options.training, checkpoint: { every: 1, keep: 1, best: null } },
    });
    expect(positions(seen)).toEqual(['0.3']);
    expect([options.record.fits, options.random.order.readState()]).toEqual([1, before]);

    const { options: wild, seen: lost } = createOptions({
      learning_rate: 1e30,
      num_epochs: 9,
      checkpoint: { every: 1 },
    });
    await expect(fitModel(createModel(), wild)).rejects.toThrow(
      /^loss is NaN at epoch \d, batch \d of 2; a smaller training\.learning_rate may help, .*; the checkpoints before it are kept$/,
    );
    for (const { state } of lost.checkpoints)
      expect(
        Object.values((state['record'] as { history: object }).history)
          .flat()
          .every(Number.isFinite),
      ).toBe(true);
  });
});

describe('a stop', () => {
  test('ends an evaluation after the current batch', async () => {
    const stop = new AbortController();
    let batches = 0;
    const custom = {
      counted: () => {
        batches += 1;
        if (batches === 2) stop.abort();
        return tf.scalar(1);
      },
    };
    const { options } = createOptions({ batch_size: 1 }, { signal: stop.signal });
    const model = createModel();
    const measures = ensureCompiled(tf, model, options.training, { targetWidth: 1, custom });
    expect(await evaluate(model, examples(5), measures, options)).toBeUndefined();
    expect(batches).toBe(2);
  });
});

describe('what does not fit is told before the first batch', () => {
  const cases: Record<string, [create: () => LayersModel, training: object, ys: number[], message: RegExp]> = {
    'a label beyond the classes': [
      () => createModel(3, 'softmax'),
      { loss_function: 'crossentropy' },
      [0, 1, 2, 3],
      /^The split "train" has the target 3 \(example 4\): sparseCategoricalCrossentropy takes whole numbers from 0 to 2, as the model gives 3 numbers\.$/,
    ],
    'a label that is no whole number': [
      () => createModel(3, 'softmax'),
      { loss_function: 'sparse_categorical_crossentropy' },
      [0, 0.5, 2, 1],
      /has the target 0\.5 \(example 2\)/,
    ],
    'a target that is no probability': [
      () => createModel(1, 'sigmoid'),
      { loss_function: 'binary_crossentropy' },
      [0, 1, 2, 1],
      /has the target 2 \(example 3\): binaryCrossentropy takes numbers from 0 to 1\.$/,
    ],
    'targets that the model does not give': [
      () => createModel(3, 'softmax'),
      { loss_function: 'mse' },
      [0, 1, 2, 1],
      /^The dataloader gives targets of 1 numbers, the model gives 3 \(layer "dense_Dense\d+"\)\.$/,
    ],
    'a weight for a class that there is not': [
      () => createModel(3, 'softmax'),
      { loss_function: 'crossentropy', class_weights: { 0: 1, 7: 2 } },
      [0, 1, 2, 1],
      /^training\.class_weights has a weight for the class 7; the classes go from 0 to 2\.$/,
    ],
    'weights of classes for amounts': [
      () => createModel(),
      { class_weights: 'balanced' },
      [0.5, 1, 2, 1],
      /^training\.class_weights needs targets that are classes/,
    ],
  };
  test.each(Object.entries(cases))('%s', async (_, [create, training, ys, message]) => {
    const { options } = createOptions(training, { train: examples(4, ys) });
    await expect(fitModel(create(), options)).rejects.toThrow(message);
  });
});

test('a batch larger than the data takes no more memory than they do', async () => {
  const thread = new URL('../../../src/worker/compiled/thread.ts', import.meta.url);
  const compiling = { kernels: await ensureKernels(), thread };
  const { options } = createOptions({ batch_size: 1e9, threads: 1 }, { compiling, validation: examples(11) });
  const ways: string[] = [];
  const events = { ...options.events, steps: (steps: { readonly way: string }) => void ways.push(steps.way) };
  await fitModel(createModel(), { ...options, events });
  expect(ways).toEqual([expect.stringMatching(/^compiled, 1 thread/)]);
});
