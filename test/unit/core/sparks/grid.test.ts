import { describe, expect, it } from 'vitest';
import { addToGrid, offerGrid } from '../../../../src/core/sparks/sparks.ts';
import { tryValues } from './runs.ts';

const file = 'configs/net.yaml';
const training = 'training: { batch_size: 32, num_epochs: 5, loss_function: mae, learning_rate: 0.01 }\n';

describe('what could be tried next', () => {
  const tried = tryValues('training.learning_rate', [
    ['0.1', 3],
    ['0.01', 1],
    ['0.1', 2],
    ['0.5', 9],
  ]);
  const offer = (text: string, key: string) => offerGrid({ file, text }, tried).value?.find((one) => one.key === key);

  it('values next to the config’s own and those that runs had, ascending, with what came of them', () => {
    expect(offer(training, 'training.learning_rate')).toEqual({
      ...{ key: 'training.learning_rate', name: 'learning_rate', inGrid: [], isRange: false },
      objective: { metric: 'val_loss', direction: 'minimize' },
      candidates: [
        { text: '0.001', tried: 0, best: null, isCurrent: false },
        { text: '0.003', tried: 0, best: null, isCurrent: false },
        { text: '0.01', tried: 1, best: 1, isCurrent: true },
        { text: '0.03', tried: 0, best: null, isCurrent: false },
        { text: '0.1', tried: 2, best: 2, isCurrent: false },
        { text: '0.5', tried: 1, best: 9, isCurrent: false },
      ],
    });
  });

  it('what stands in the grid, or that it is a range', () => {
    const list = `${training}hyperparameter_tuning: { learning_rate: [0.1, 1e-3] }\n`;
    const range = `${training}hyperparameter_tuning: { learning_rate: { min: 0.001, max: 0.1 } }\n`;
    expect(offer(list, 'training.learning_rate')?.inGrid).toEqual(['0.1', '0.001']);
    expect(offer(range, 'training.learning_rate')?.isRange).toBe(true);
  });

  it('also of what the text leaves to its default, not of what is no hyperparameter', () => {
    const keys = offerGrid({ file, text: `model: { name: net, units: 4 }\n${training}` }, tried).value?.map(
      ({ key }) => key,
    );
    expect(keys).toEqual([
      'model.units',
      ...['batch_size', 'num_epochs', 'loss_function', 'learning_rate', 'optimizer'].map((name) => `training.${name}`),
    ]);
  });

  it('nothing of a config with mistakes', () => {
    expect(offerGrid({ file, text: 'training: 3\n' }, tried)).toMatchObject({
      value: undefined,
      problems: [{ file, line: 1 }],
    });
  });
});

it('what is put in is one insertion at its place', () => {
  const text = `${training}hyperparameter_tuning:\n  batch_size: [16, 32] # enough\n`;
  expect(addToGrid({ file, text }, 'batch_size', ['64', '[1, 2]']).value).toEqual({
    file,
    range: { line: 3, column: 22, endLine: 3, endColumn: 22 },
    text: ', 64, [1, 2]',
  });
  expect(addToGrid({ file, text }, 'batch_size', ['[1'])).toMatchObject({
    value: undefined,
    problems: [{ severity: 'error' }],
  });
});
