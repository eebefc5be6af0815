import { describe, expect, it } from 'vitest';
import { proposeValues } from '../../../../src/core/sparks/neighbours.ts';

describe('values next to the one that is there', () => {
  const check = (name: string, value: unknown, expected: readonly unknown[]): void =>
    it(`${name}: ${JSON.stringify(value)}`, () => expect(proposeValues(name, value)).toEqual(expected));
  check('learning_rate', 0.001, [0.0001, 0.0003, 0.003, 0.01]);
  check('learning_rate', 0.002, [0.0002, 0.001, 0.01, 0.02]);
  check('learning_rate', 0.03, [0.003, 0.01, 0.1, 0.3]);
  check('weight_decay', 0, [0.0001, 0.001, 0.01]);
  check('dropout_rate', 0.5, [0.3, 0.4, 0.6, 0.7]);
  check('dropout_rate', 0.1, [0, 0.2, 0.3]);
  check('dropout_rate', 0.9, [0.7, 0.8]);
  check('batch_size', 128, [32, 64, 256, 512]);
  check('batch_size', 1, [2, 4]);
  check('num_units', 224, [56, 112, 448, 896]);
  check('num_layers', 2, [1, 3, 4]);
  check('kernel_size', 3, [1, 5, 7]);
  check('kernel_size', 63, [59, 61]);
  check('heads', 4, [2, 3, 5, 6]);
  check('heads', 12, [3, 6, 24, 48]);
  check('temperature', 0.07, [0.007, 0.03, 0.3, 0.7]);
  check('activation_function', 'relu', ['tanh', 'sigmoid', 'elu', 'gelu', 'swish']);
  check('optimizer', 'sgd', ['adam', 'adamw', 'rmsprop']);
  check('loss_function', 'mae', []);
  check('constructor', 'mae', []);
  check('use_bias', true, [false]);
  check(
    'filters',
    [32, 64],
    [
      [16, 32],
      [64, 128],
    ],
  );
  check('filters', [], []);
  check('something', null, []);
});
