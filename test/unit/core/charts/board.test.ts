import { describe, expect, it } from 'vitest';
import {
  castRuns,
  directionOf,
  keepOrder,
  keptViews,
  planCards,
  toAskedRun,
  toCardViews,
} from '../../../../src/core/charts/board.ts';
import { buffersOf } from '../../../../src/core/charts/serving.ts';
import { timeTicks, valueRange } from '../../../../src/core/charts/ticks.ts';
import type { CardView } from '../../../../src/protocol/runsview.ts';
import type { MetricSummary, RunSummary } from '../../../../src/protocol/tracking.ts';

const metric = (least: number, most: number, best: number | null, step = 9): MetricSummary => ({
  points: step,
  last: { value: most, step },
  min: { value: least, step: 1 },
  max: { value: most, step },
  best: best === null ? null : { value: best, step: 1 },
});

function run(runId: string, metrics: RunSummary['metrics'] = { val_loss: metric(0, 1, 0) }): RunSummary {
  return {
    ...{ runId, name: runId, experiment: 'e', status: 'FINISHED', startTime: 5, endTime: 6, parentRunId: null },
    ...{ params: {}, tags: {}, metrics, lost: false, artifacts: null },
  };
}

describe('castRuns', () => {
  const many = Array.from({ length: 1203 }, (_, index) => run(`r${index}`));
  const none: ReadonlySet<string> = new Set();

  it('draws the first hundred as lines, up to a thousand as an area, and says how many are left', () => {
    const { lines, crowd, left, off } = castRuns(many, { first: none, off: none });
    expect([lines.length, lines.at(-1)?.runId, crowd.length, left, off]).toEqual([100, 'r99', 900, 203, 0]);
  });

  it('draws what is selected as a line wherever it stands, and not what is switched off', () => {
    const { lines, off } = castRuns(many, { first: new Set(['r1200']), off: new Set(['r0', 'r1']) });
    expect([lines[0]?.runId, lines.at(-1)?.runId, lines.length, off]).toEqual(['r2', 'r1200', 100, 2]);
  });

  it('draws no run that has measured nothing', () =>
    expect(castRuns([run('a', {}), run('b')], { first: none, off: none })).toMatchObject({
      lines: [{ runId: 'b' }],
      off: 0,
    }));
});

describe('planCards', () => {
  const runs = [
    run('a', { val_loss: metric(0, 1, 0), training_loss: metric(0, 1, null), accuracy: metric(0, 1, null) }),
  ];
  const view = (id: string, y: readonly string[], part: Partial<CardView> = {}): CardView => ({
    ...{ id, y, scale: 'linear', isWide: false, isHidden: false, isTable: false, isClipped: false },
    ...part,
  });
  const shown = (views: readonly CardView[] | null): unknown =>
    planCards(runs, null, views).map(({ id, title, scale, measures }) => [
      id,
      title,
      scale,
      measures.map(({ text }) => text),
    ]);
  const loss = ['training_loss', 'val_loss'];

  it.each<[string, readonly CardView[] | null, unknown]>([
    [
      'has a card for each metric',
      null,
      [
        ['loss', 'loss', 'linear', loss],
        ['accuracy', 'accuracy', 'linear', ['accuracy']],
      ],
    ],
    [
      'follows a view in order and looks, and puts behind what it does not name',
      [view('accuracy', ['accuracy'], { scale: 'log' })],
      [
        ['accuracy', 'accuracy', 'log', ['accuracy']],
        ['loss', 'loss', 'linear', loss],
      ],
    ],
    [
      'draws expressions',
      [view('= "val_loss" * 2', ['"val_loss" * 2']), view('loss', ['"val_loss"^2']), view('accuracy', [])],
      [
        ['= "val_loss" * 2', '"val_loss" * 2', 'linear', ['"val_loss" * 2']],
        ['loss', '"val_loss"^2', 'linear', ['"val_loss"^2']],
        ['accuracy', 'accuracy', 'linear', ['accuracy']],
      ],
    ],
    [
      'has no second card of metrics that a view names',
      [view('written by hand', ['val_loss', 'training_loss'])],
      [
        ['written by hand', 'val_loss, training_loss', 'linear', ['val_loss', 'training_loss']],
        ['accuracy', 'accuracy', 'linear', ['accuracy']],
      ],
    ],
    [
      'leaves out metrics that no run has',
      [view('mine', ['nothing', 'val_loss']), view('gone', ['nothing'])],
      [
        ['mine', 'nothing, val_loss', 'linear', ['val_loss']],
        ['loss', 'loss', 'linear', loss],
        ['accuracy', 'accuracy', 'linear', ['accuracy']],
      ],
    ],
  ])('%s', (_, views, expected) => expect(shown(views)).toEqual(expected));

  it('gives a view what it kept of it, and keeps what cannot be shown now', () => {
    const views = [view('loss', loss, { isWide: true }), view('gone', ['nothing'])];
    const cards = planCards(runs, null, views);
    expect(toCardViews(cards)).toEqual([views[0], view('accuracy', ['accuracy'])]);
    expect(keptViews(views, cards)).toEqual([views[1]]);
  });
});

it.each([
  ['val_loss', { val_loss: metric(1, 2, 1) }, 'minimize'],
  ['score', { score: metric(1, 2, 2) }, 'maximize'],
  ['score', { score: metric(2, 2, 2) }, 'maximize'],
  ['my_loss', {}, 'minimize'],
  ['val_mape', {}, 'minimize'],
  ['image_quality', {}, 'maximize'],
] as const)('directionOf %s', (name, metrics, direction) =>
  expect(directionOf([run('a', metrics)], name)).toBe(direction),
);

it('knows how many batches an epoch has', () => {
  const metrics = { batch_loss: metric(0, 1, null, 120), val_loss: metric(0, 1, null, 10) };
  expect(toAskedRun(run('a', metrics))).toEqual({ runId: 'a', start: 5, perEpoch: 12 });
  expect(toAskedRun(run('a'))).toMatchObject({ perEpoch: 1 });
});

it('keeps the place of each run', () => {
  const known = ['b', 'a'];
  expect(keepOrder(known, ['a'], 9)).toBe(known);
  expect(keepOrder(known, ['c', 'a', 'd'], 3)).toEqual(['b', 'a', 'c']);
});

it.each([
  [0, 60, 6, [0, 10, 20, 30, 40, 50, 60]],
  [0, 5400, 6, [0, 900, 1800, 2700, 3600, 4500, 5400]],
  [0, 2, 5, [0, 0.5, 1, 1.5, 2]],
  [0, 86_400 * 40, 5, [0, 864_000, 1_728_000, 2_592_000, 3_456_000]],
])('timeTicks %d to %d', (min, max, most, ticks) => expect(timeTicks(min, max, most)).toEqual(ticks));

it.each([
  [3, 700, { min: 0, max: 1000 }],
  [-3, 700, { min: -5, max: 1000 }],
  [-1e308, 1.6e308, { min: -8e307, max: 8e307 }],
  [-0.3, -0.02, { min: -0.5, max: 0 }],
])('valueRange of a symlog axis from %d to %d', (min, max, range) =>
  expect(valueRange({ min, max }, 'symlog')).toEqual(range),
);

it('finds the memory of typed arrays once each', () => {
  const shared = new Float64Array(4);
  const found = buffersOf({ a: [{ x: shared.subarray(1) }, shared], b: null, c: 'x', d: new Float64Array(1) });
  expect([found.length, found[0] === shared.buffer]).toEqual([2, true]);
});
