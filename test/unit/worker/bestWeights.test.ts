import { describe, expect, test } from 'vitest';
import type { ModelConfig } from '../../../src/core/config/config.ts';
import { BestWeights } from '../../../src/worker/bestWeights.ts';
import type { LayersModel, TensorFlow } from '../../../src/worker/tensorflow.ts';

const tf = { tensor: (values: Float32Array) => [...values], dispose: () => undefined } as unknown as TensorFlow;

/** A model whose only weight is a number. */
function createModel(): LayersModel & { weight: number } {
  const model = {
    weight: 0,
    getWeights: () => [{ shape: [1], data: () => Promise.resolve(Float32Array.of(model.weight)) }],
    setWeights: ([values]: number[][]) => (model.weight = values?.[0] ?? NaN),
  };
  return model as unknown as LayersModel & { weight: number };
}

type Epoch = Readonly<Record<string, number>>;

/** Values of the epochs → the epoch whose weights come back. */
async function check(config: object, epochs: readonly Epoch[], expected: number | undefined): Promise<void> {
  const best = new BestWeights(tf, { training: {}, ...config } as unknown as ModelConfig);
  const model = createModel();
  for (const [index, values] of epochs.entries()) {
    model.weight = index + 1;
    await best.offer(model, index + 1, values);
  }
  model.weight = 99;
  expect(best.epochOf(model)).toBe(expected);
  best.restore(model);
  expect(model.weight).toBe(expected ?? 99);
}

const loss = (...values: number[]): Epoch[] => values.map((value) => ({ training_loss: 1, val_loss: value }));
const objective = { metric: 'val_accuracy', direction: 'maximize' };

describe('the best epoch', () => {
  const cases: Record<string, [config: object, epochs: Epoch[], expected: number | undefined]> = {
    'there is none yet': [{}, [], undefined],
    'by the loss of the validation': [{}, loss(3, 1, 2), 2],
    'the first of equal ones': [{}, loss(3, 1, 1), 2],
    'one that is no number is none': [{}, loss(NaN, 2, NaN), 2],
    'without a validation': [{}, [{ training_loss: 2 }, { training_loss: 1 }, { training_loss: 3 }], 2],
    'by the objective': [{ objective }, [0.5, 0.9, 0.8].map((val_accuracy, i) => ({ val_accuracy, val_loss: -i })), 2],
    'by what early stopping watches': [
      { training: { early_stopping: { monitor: 'val_accuracy' } } },
      [0.5, 0.9, 0.8].map((val_accuracy, i) => ({ val_accuracy, val_loss: -i })),
      2,
    ],
    'an objective that is not measured': [{ objective }, loss(3, 1, 2), 2],
    'nothing is measured': [{}, [{ grams: 1 }], undefined],
  };
  test.each(Object.entries(cases))('%s', (_, [config, epochs, expected]) => check(config, epochs, expected));

  test('another model has none of it', async () => {
    const best = new BestWeights(tf, { training: {} } as unknown as ModelConfig);
    await best.offer(createModel(), 1, { val_loss: 1 });
    expect(best.epochOf(createModel())).toBeUndefined();
  });
});
