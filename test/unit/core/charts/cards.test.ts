import { describe, expect, it } from 'vitest';
import { groupCards, metricLabel } from '../../../../src/core/charts/cards.ts';
import type { Objective } from '../../../../src/protocol/tracking.ts';

const summary = (
  names: readonly (string | readonly [string, number])[],
  objective: Objective | null = null,
): unknown => {
  const metrics = names.map((name) =>
    typeof name === 'string' ? { name, points: 5 } : { name: name[0], points: name[1] },
  );
  const { cards, strip } = groupCards(metrics, objective);
  return {
    cards: cards.map(({ key, axis, series }) => `${key} (${axis}): ${series.map(({ metric }) => metric).join(' < ')}`),
    strip,
  };
};

describe('groupCards', () => {
  it('pairs training and validation, keeps batches apart and one-time values out', () => {
    const names = [
      'batch_loss',
      'val_accuracy',
      'learning_rate',
      'training_loss',
      'val_loss',
      'training_accuracy',
      ['test_f1', 1],
      ['test_accuracy', 1],
    ] as const;
    expect(summary(names)).toEqual({
      cards: [
        'loss (epoch): training_loss < val_loss',
        'accuracy (epoch): training_accuracy < val_accuracy',
        'learning_rate (epoch): learning_rate',
        'batch_loss (batch): batch_loss',
      ],
      strip: ['test_accuracy', 'test_f1'],
    });
  });

  it('leaves out what a training tells of its process', () => {
    expect(summary(['val_loss', 'system/tensors', 'system/process_memory_megabytes', 'system/cpu'])).toMatchObject({
      cards: ['loss (epoch): val_loss', 'system/cpu (epoch): system/cpu'],
    });
  });

  it('puts the objective first', () => {
    expect(
      summary(['val_loss', 'val_mse', 'training_mse'], { metric: 'val_mse', direction: 'minimize' }),
    ).toMatchObject({
      cards: ['mse (epoch): training_mse < val_mse', 'loss (epoch): val_loss'],
    });
  });

  it('knows the names of other tools', () => {
    expect(summary(['loss', 'val_loss', 'train_acc', 'val_acc'])).toMatchObject({
      cards: ['loss (epoch): loss < val_loss', 'acc (epoch): train_acc < val_acc'],
    });
  });

  it('draws a first epoch, and a test metric that was measured often', () => {
    expect(
      summary([
        ['val_loss', 1],
        ['rmse', 1],
        ['test_loss', 4],
        ['empty', 0],
      ]),
    ).toEqual({
      cards: ['loss (epoch): val_loss', 'test_loss (epoch): test_loss'],
      strip: ['rmse'],
    });
  });

  it('takes any text as a name', () => {
    expect(summary(['__proto__', 'constructor', 'val_', 'val_<b>x</b>\n'])).toMatchObject({
      cards: [
        '<b>x</b>\n (epoch): val_<b>x</b>\n',
        '__proto__ (epoch): __proto__',
        'constructor (epoch): constructor',
        'val_ (epoch): val_',
      ],
    });
  });

  it('names a metric without its split', () => {
    expect([metricLabel('test_f1'), metricLabel('val_mean_squared_error'), metricLabel('test_')]).toEqual([
      'F1',
      'mean squared error',
      'test ',
    ]);
  });
});
