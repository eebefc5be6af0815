import { describe, expect, it } from 'vitest';
import { drawPlot, parsePlotData, resolvePlots, type PlotProps } from '../../../../src/core/plots/plots.ts';
import type { DrawnPlot } from '../../../../src/protocol/plots.ts';
import { parsePlotsMessage } from '../../../../src/protocol/plotscodec.ts';
import { parsePointsPlot } from '../../../../src/protocol/plotscodec.ts';

const draw = (
  texts: Readonly<Record<string, string>>,
  file: string,
  props: PlotProps,
  template?: unknown,
): DrawnPlot | null => {
  const revisions = Object.entries(texts).map(([revision, text]) => {
    const { value } = parsePlotData(text, file, { header: true });
    return {
      revision,
      definitions: new Map([[file, { id: file, config: 'dvc.yaml', props, place: null }]]),
      data: new Map(value === undefined ? [] : [[file, value]]),
      images: new Map<string, Uint8Array>(),
    };
  });
  const templates = new Map(template === undefined ? [] : [[props.template ?? 'linear', template]]);
  const [plot] = resolvePlots(revisions, templates).plots;
  const drawn = plot === undefined ? null : drawPlot(plot);
  // Whatever is drawn passes the border to the page.
  const message = {
    type: 'plots',
    protocol: 1,
    question: 1,
    plots: drawn === null ? [] : [drawn],
    problems: [],
    failure: null,
  };
  expect(parsePlotsMessage(message)).toBe(message);
  return drawn;
};
const numbers = (...values: number[]): Float64Array => Float64Array.from(values);
const one = (text: string): Readonly<Record<string, string>> => ({ workspace: text });
const head = (id: string, xLabel: string, yLabel: string, left = 0) => ({ id, title: id, xLabel, yLabel, left });

describe('drawPlot', () => {
  const tsv = 'step\tloss\tacc\n5\t2\t0.1\n0\t1\tnan\n';
  const pairs =
    '[{"actual":"cat","predicted":"dog"},{"actual":"dog","predicted":"dog"},{"actual":"dog","predicted":null}]';

  it.each<[string, string, string, PlotProps, unknown]>([
    [
      'the last column over the rows, if nothing is said',
      'a.tsv',
      tsv,
      {},
      {
        kind: 'lines',
        ...head('a.tsv', 'step', 'acc'),
        names: [],
        series: [{ revision: 'workspace', label: '', x: numbers(0, 1), y: numbers(0.1, NaN) }],
      },
    ],
    [
      'lines from left to right',
      'a.tsv',
      tsv,
      { template: 'smooth', x: 'step', y: ['loss', 'acc'] },
      {
        ...{ kind: 'smooth', ...head('a.tsv', 'step', 'y'), names: [] },
        series: [
          { revision: 'workspace', label: 'loss', x: numbers(0, 5), y: numbers(1, 2) },
          { revision: 'workspace', label: 'acc', x: numbers(0, 5), y: numbers(NaN, 0.1) },
        ],
      },
    ],
    [
      'names in the place of numbers',
      'a.csv',
      'day,loss\nMon,1\nTue,x\nMon,3\n',
      { template: 'scatter', x: 'day', y: 'loss' },
      {
        kind: 'points',
        ...head('a.csv', 'day', 'loss'),
        names: ['Mon', 'Tue'],
        series: [{ revision: 'workspace', label: '', x: numbers(0, 1, 0), y: numbers(1, NaN, 3) }],
      },
    ],
    [
      'bars by name, those of one name added',
      'a.json',
      '[{"n":"b","v":1},{"n":"a","v":3},{"n":"b","v":1.5}]',
      { template: 'bar_horizontal', x: 'v', y: 'n' },
      {
        kind: 'bars',
        ...head('a.json', 'v', 'n'),
        names: ['a', 'b'],
        series: [{ revision: 'workspace', label: '', values: numbers(3, 2.5) }],
      },
    ],
    [
      'how often a class was taken for a class',
      'a.json',
      pairs,
      { template: 'confusion_normalized', x: 'actual', y: 'predicted' },
      {
        ...{ kind: 'confusion', ...head('a.json', 'actual', 'predicted'), isNormalized: true },
        matrices: [{ revision: 'workspace', label: '', classes: ['cat', 'dog'], counts: Uint32Array.of(0, 1, 0, 1) }],
      },
    ],
    ['nothing of a template that is not there', 'a.csv', 'x\n1', { template: 'constructor' }, null],
  ])('%s', (_, file, text, props, expected) => expect(draw(one(text), file, props)).toEqual(expected));

  it('sorts bars by the longest of all revisions, and leaves out what nobody reads', () => {
    const sorted = draw({ a: 'n,v\nx,1\ny,2\n', b: 'n,v\nx,3\nz,0\n' }, 'b.csv', {
      template: 'bar_horizontal_sorted',
      x: 'v',
      y: 'n',
    });
    expect(sorted).toMatchObject({
      names: ['x', 'y', 'z'],
      series: [
        { revision: 'a', values: numbers(1, 2, NaN) },
        { revision: 'b', values: numbers(3, NaN, 0) },
      ],
    });
    const many = `n,v\n${Array.from({ length: 250 }, (_, at) => `n${at},${at}`).join('\n')}`;
    expect(draw(one(many), 'b.csv', { template: 'bar_horizontal', x: 'v', y: 'n' })).toMatchObject({ left: 50 });
  });

  it('hands templates of the project to Vega, with at most so many rows', () => {
    const rows = JSON.stringify(Array.from({ length: 20_005 }, (_, at) => ({ at })));
    const drawn = draw(one(rows), 'v.json', { template: 'own' }, { data: '<DVC_METRIC_DATA>' });
    expect(drawn).toMatchObject({ kind: 'vega', left: 5 });
    const plot = drawn?.kind === 'vega' ? parsePointsPlot(drawn.plot) : undefined;
    expect([plot?.ownTemplate, plot?.series[0]?.rows.length, plot?.series[0]?.rows[1]]).toEqual([
      { data: '<DVC_METRIC_DATA>' },
      20_000,
      { at: 1, step: 1, rev: 'workspace', filename: 'v.json', field: 'at' },
    ]);
    expect(parsePointsPlot('{"kind":"points"}')).toBeUndefined();
    expect(parsePointsPlot('{')).toBeUndefined();
  });

  it('a template of the project wins over one of DVC’s of the same name; what DVCLive writes is read', () => {
    expect(draw(one('x\n1\n'), 'a.csv', {}, { data: '<DVC_METRIC_DATA>' })?.kind).toBe('vega');
    const roc = '{"roc":[{"fpr":0,"tpr":0.5,"threshold":Infinity},{"fpr":1,"tpr":1,"threshold":0}]}';
    expect(draw(one(roc), 'roc.json', { template: 'simple', x: 'fpr', y: 'tpr' })).toMatchObject({
      series: [{ x: numbers(0, 1), y: numbers(0.5, 1) }],
    });
    const calibration = '{"calibration":[{"prob_pred":0.1,"prob_true":0.2},{"prob_pred":0.9,"prob_true":0.8}]}';
    expect(
      draw(one(calibration), 'calibration.json', { template: 'simple', x: 'prob_pred', y: 'prob_true' }),
    ).toMatchObject({
      series: [{ x: numbers(0.1, 0.9), y: numbers(0.2, 0.8) }],
    });
  });
});
