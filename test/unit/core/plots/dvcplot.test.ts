import { describe, expect, it } from 'vitest';
import { formatProblem } from '../../../../src/protocol/problem.ts';
import { toDvcPlot, type PlotOptions } from '../../../../src/core/plots/dvcplot.ts';
import { parseTable } from '../../../../src/core/tables/records.ts';

const none: PlotOptions = { template: null, x: null, y: null };
const check = (file: string, text: string, options: Partial<PlotOptions>): unknown => {
  const { value } = parseTable(text, file);
  const plot = toDvcPlot(value ?? { columns: [], rows: [] }, { ...none, ...options }, file);
  return plot.value ?? plot.problems.map(formatProblem);
};
const column = (name: string, ...values: number[]) => ({ name, values: Float64Array.from(values) });

describe('toDvcPlot', () => {
  const tsv = 'step\tloss\tacc\n0\t2\t0.1\n5\t1\tnan\n';
  const classes = '[{"actual":"cat","predicted":"dog"},{"actual":"dog","predicted":"dog"}]';
  const confusion = { classes: ['cat', 'dog'], counts: Uint32Array.of(0, 1, 0, 1) };

  it.each<[string, string, string, Partial<PlotOptions>, unknown]>([
    [
      'the last column over the rows, if nothing is said',
      'a.tsv',
      tsv,
      {},
      { kind: 'lines', x: column('step', 0, 1), ys: [column('acc', 0.1, NaN)], isSmooth: false },
    ],
    [
      'linear',
      'a.tsv',
      tsv,
      { template: 'linear', x: 'step', y: ['loss', 'acc'] },
      { kind: 'lines', x: column('step', 0, 5), ys: [column('loss', 2, 1), column('acc', 0.1, NaN)], isSmooth: false },
    ],
    [
      'smooth',
      'a.tsv',
      tsv,
      { template: 'smooth', x: 'step', y: 'loss' },
      { kind: 'lines', x: column('step', 0, 5), ys: [column('loss', 2, 1)], isSmooth: true },
    ],
    [
      'scatter',
      'a.csv',
      'x,y\n1,2\n',
      { template: 'scatter', x: 'x', y: 'y' },
      { kind: 'points', x: column('x', 1), ys: [column('y', 2)] },
    ],
    [
      'bars',
      'a.json',
      '[{"n":"a","v":1},{"n":"b","v":3}]',
      { template: 'bar_horizontal', x: 'v', y: 'n' },
      { kind: 'bars', labels: ['a', 'b'], values: column('v', 1, 3) },
    ],
    [
      'bars, sorted',
      'a.json',
      '[{"n":"a","v":1},{"n":"b","v":3}]',
      { template: 'bar_horizontal_sorted', x: 'v', y: 'n' },
      { kind: 'bars', labels: ['b', 'a'], values: column('v', 3, 1) },
    ],
    [
      'confusion',
      'a.json',
      classes,
      { template: 'confusion', x: 'actual', y: 'predicted' },
      { kind: 'confusion', confusion, isNormalized: false },
    ],
    [
      'confusion, normalized',
      'a.json',
      classes,
      { template: 'confusion_normalized', x: 'actual', y: 'predicted' },
      { kind: 'confusion', confusion, isNormalized: true },
    ],
    [
      'an unknown template',
      'a.csv',
      'x\n1',
      { template: 'constructor' },
      [
        'a.csv:1:1: error: The template "constructor" is not one of DVC\'s own (simple, linear, smooth, scatter, scatter_jitter, bar_horizontal, bar_horizontal_sorted, confusion, confusion_normalized).',
      ],
    ],
    [
      'a column that is missing',
      'a.csv',
      'x,y\n1,2',
      { x: 'z', y: ['y', 'w'] },
      ['a.csv:1:1: error: There is no column "z", "w". There are: "x", "y".'],
    ],
  ])('%s', (_, file, text, options, expected) => expect(check(file, text, options)).toEqual(expected));
});
