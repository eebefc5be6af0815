import { describe, expect, it } from 'vitest';
import { collectTried, sparkOf } from '../../../../src/core/sparks/profile.ts';
import { lowerIsBetter, toRun, tryValues } from './runs.ts';

const key = 'training.learning_rate';
const draw = (rows: readonly (readonly [string, number])[], direction: 'minimize' | 'maximize' = 'minimize') => {
  const spark = sparkOf(tryValues(key, rows, { metric: 'val_loss', direction }), key);
  return spark && [spark.best.text, ...spark.bars.map(({ from, to, value }) => `${from}..${to}: ${value}`)];
};

describe('how the objective goes with a hyperparameter', () => {
  const check = (
    name: string,
    rows: readonly (readonly [string, number])[],
    expected: readonly string[] | undefined,
    direction: 'minimize' | 'maximize' = 'minimize',
  ): void => it(name, () => expect(draw(rows, direction)).toEqual(expected));

  check(
    'numbers ascend, the best of each counts',
    [
      ['0.1', 3],
      ['0.01', 1],
      ['0.1', 2],
    ],
    ['0.01', '0.01..0.01: 1', '0.1..0.1: 2'],
  );
  check(
    'an accuracy',
    [
      ['0.1', 0.3],
      ['0.01', 0.1],
      ['0.1', 0.2],
    ],
    ['0.1', '0.01..0.01: 0.1', '0.1..0.1: 0.3'],
    'maximize',
  );
  check(
    'words stand best first',
    [
      ['relu', 2],
      ['tanh', 1],
      ['elu', 3],
    ],
    ['tanh', 'tanh..tanh: 1', 'relu..relu: 2', 'elu..elu: 3'],
  );
  check(
    'lists are words',
    [
      ['[16,32]', 2],
      ['[32,64]', 1],
    ],
    ['[32,64]', '[32,64]..[32,64]: 1', '[16,32]..[16,32]: 2'],
  );
  check(
    'one value says nothing',
    [
      ['0.1', 3],
      ['0.1', 2],
    ],
    undefined,
  );
  check(
    'many numbers share eight bars',
    [0, 1, 2, 3, 4, 5, 6, 7, 8].map((x) => [String(x), 10 - x] as const),
    ['8', ...['0..0: 10', '1..1: 9', '2..2: 8', '3..3: 7', '4..4: 6', '5..5: 5', '6..6: 4', '7..8: 2']],
  );
  // A hundred times as great: eight bars over two decades, each a quarter of one.
  check(
    'bars on a logarithmic scale',
    [1, 2, 3, 4, 5, 6, 7, 8, 100].map((x) => [String(x), x] as const),
    ['1', ...['1..1: 1', '2..3: 2', '4..5: 4', '6..8: 6', '..: null', '..: null', '..: null', '100..100: 100']],
  );
});

describe('which runs count', () => {
  const check = (name: string, more: Parameters<typeof toRun>[3], count: number, value = 1): void =>
    it(name, () => {
      const tried = collectTried([toRun('a', value, { x: '1' }, more)], 'configs/net.yaml', lowerIsBetter);
      expect(tried.runs).toHaveLength(count);
    });
  check('those of the config', {}, 1);
  check('of another config', { tags: { 'mlops.config': 'configs/other.yaml' } }, 0);
  check('of no config', { tags: {} }, 0);
  check('those that are not over', { status: 'RUNNING', endTime: null }, 1);
  check('without the objective', { metrics: {} }, 0);
  check('an infinite one', {}, 0, Infinity);
  check(
    'the run of a sweep itself',
    {
      tags: { 'mlops.config': 'configs/net.yaml', 'mlops.sweep': 's' },
      params: { 'sweep.objective': 'minimize val_loss' },
    },
    0,
  );
});

it('a param of a name that every object has is none of its own', () => {
  expect(
    sparkOf(
      tryValues(key, [
        ['1', 1],
        ['2', 2],
      ]),
      'constructor',
    ),
  ).toBeUndefined();
});
