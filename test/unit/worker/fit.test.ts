import { describe, expect, test } from 'vitest';
import type { EarlyStopping } from '../../../src/core/config/config.ts';
import type { Examples } from '../../../src/worker/data.ts';
import { createRecord, evaluate, fitModel, type FitOptions } from '../../../src/worker/fit.ts';
import { createRandom } from '../../../src/worker/seeds.ts';
import type { LayersModel, TensorFlow } from '../../../src/worker/tensorflow.ts';

/** No tensor is computed: the models below say what a batch gives. */
const tf = { tensor: () => ({}), dispose: () => undefined } as unknown as TensorFlow;

function examples(count: number): Examples {
  return { xs: new Float32Array(count), ys: new Float32Array(count), shape: [1], count, size: 1, width: 1 };
}

function createModel(members: object): LayersModel {
  const shapes = [{ shape: [null, 1] }];
  return { inputs: shapes, outputs: shapes, loss: 'mse', metricsNames: ['loss'], optimizer: {}, ...members } as never;
}

function createOptions(training: object, more: Partial<FitOptions> = {}): FitOptions {
  return {
    tf,
    training: { batch_size: 1, num_epochs: 1, loss_function: 'mse', early_stopping: null, ...training } as never,
    train: examples(1),
    validation: undefined,
    random: createRandom(1),
    record: createRecord(),
    events: { plan: () => undefined, batch: () => undefined, epoch: () => Promise.resolve() },
    signal: new AbortController().signal,
    ...more,
  };
}

const scalar = (value: number) => ({ data: () => Promise.resolve([value]) });

describe('early stopping', () => {
  /** Values of val_loss that the epochs would give → how many epochs are trained. */
  async function check(settings: Partial<EarlyStopping>, losses: readonly number[], expected: number): Promise<void> {
    const left = [...losses];
    const model = createModel({
      trainOnBatch: () => Promise.resolve(1),
      evaluate: () => scalar(left.shift() ?? NaN),
    });
    const early_stopping = { monitor: 'val_loss', patience: 2, min_delta: 0, ...settings };
    const options = createOptions({ num_epochs: losses.length, early_stopping }, { validation: examples(1) });
    await fitModel(model, options);
    expect(options.record.epochs).toBe(expected);
  }
  const cases: Record<string, [settings: Partial<EarlyStopping>, losses: number[], expected: number]> = {
    'goes on while it gets better': [{}, [5, 4, 3, 2, 1], 5],
    'ends when it does not': [{}, [5, 4, 4, 4, 1], 4],
    'small steps add up to an improvement': [{ min_delta: 1 }, [5, 4.5, 3.9, 3.5, 2.8, 2.5, 2.4], 7],
    'small steps that do not reach it': [{ min_delta: 1 }, [5, 4.5, 4.1, 1], 3],
    'one NaN is no improvement, and not the end of all': [{}, [5, NaN, 4, 3, 2], 5],
    'NaN from the start on': [{}, [NaN, NaN, 1], 2],
    'an infinite value at the start': [{}, [Infinity, 3, 2], 3],
  };
  test.each(Object.entries(cases))('%s', (_, [settings, losses, expected]) => check(settings, losses, expected));
});

describe('a stop', () => {
  test('ends an evaluation after the current batch', async () => {
    const stop = new AbortController();
    let batches = 0;
    const model = createModel({
      evaluate: () => {
        batches += 1;
        if (batches === 2) stop.abort();
        return scalar(1);
      },
    });
    const options = createOptions({}, { signal: stop.signal });
    expect(await evaluate(model, examples(5), [], options)).toBeUndefined();
    expect(batches).toBe(2);
  });

  test('during validation: the epoch is not recorded', async () => {
    const stop = new AbortController();
    const model = createModel({
      trainOnBatch: () => Promise.resolve(1),
      evaluate: () => {
        stop.abort();
        return scalar(1);
      },
    });
    const options = createOptions({ num_epochs: 3 }, { validation: examples(5), signal: stop.signal });
    await fitModel(model, options);
    expect(options.record).toMatchObject({ epochs: 0, batches: 1, history: {}, lastModel: model });
  });
});
