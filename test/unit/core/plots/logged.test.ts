import { expect, test } from 'vitest';
import { guessProps, listLoggedTables, parsePlotData } from '../../../../src/core/plots/plots.ts';

test.each([
  [
    '[{"path":"a.json","type":"table"},{"path":"b/c.json","type":"table"},{"path":"a.json","type":"table"}]',
    ['a.json', 'b/c.json'],
  ],
  ['[{"path":"a.parquet","type":"table"},{"path":"a.json","type":"image"},{"path":3,"type":"table"},null,7]', []],
  ['{"path":"a.json"}', []],
  ['not JSON', []],
  [undefined, []],
])('tables that %s names', (tag, expected) => expect(listLoggedTables(tag)).toEqual(expected));

const split = (columns: readonly string[], ...data: readonly (readonly unknown[])[]): string =>
  JSON.stringify({ columns, data });

test.each<[string, string, unknown]>([
  [
    'answers of a classifier, as mlflow.evaluate leaves them',
    split(['sepal', 'target', 'prediction', 'score'], [5.1, 0, 0, 0.9], [6.2, 2, 1, 0.6]),
    { template: 'confusion', x: 'target', y: 'prediction' },
  ],
  [
    'answers in words',
    split(['label', 'predicted'], ['cat', 'dog'], ['dog', null]),
    { template: 'confusion', x: 'label', y: 'predicted' },
  ],
  [
    'answers that are amounts',
    split(['targets', 'outputs'], [0.5, 0.25], [1.5, 1.25]),
    { template: 'scatter', x: 'targets', y: 'outputs' },
  ],
  [
    'numbers over epochs',
    split(['epoch', 'note', 'loss', 'acc'], [1, 'x', 2, 0.5], [2, 'y', 1, null]),
    { template: 'linear', x: 'epoch', y: ['loss', 'acc'] },
  ],
  [
    'numbers against each other',
    split(['name', 'price', 'weight'], ['a', '1', 3]),
    { template: 'scatter', x: 'price', y: 'weight' },
  ],
  ['one number', split(['text', 'toxicity'], ['a', 0.1], ['b', 0.2]), { template: 'linear', y: 'toxicity' }],
  [
    'answers of a language model, which are no classes',
    split(['targets', 'outputs'], ...Array.from({ length: 70 }, (_, at) => [`a${at}`, `b${at}`])),
    undefined,
  ],
  ['nothing', '[]', undefined],
])('%s', (_, text, expected) => {
  const { value } = parsePlotData(text, 't.json', { header: true });
  expect(value === undefined ? undefined : guessProps(value)).toEqual(expected);
});
