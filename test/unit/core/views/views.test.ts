import { describe, expect, it } from 'vitest';
import { findViewNameMistake, formatView, parseView } from '../../../../src/core/views/views.ts';
import { formatProblem } from '../../../../src/protocol/problem.ts';
import {
  emptyChartsView,
  emptyRelationsView,
  emptyRunsView,
  type CardView,
  type ChartsView,
  type RunsView,
} from '../../../../src/protocol/runsview.ts';
import { emptyTableView, type TableView } from '../../../../src/protocol/runtable.ts';

const file = '.mlops/views/lr.yaml';
const column = (id: string, width: number | null = null, isPinned = false) => ({ id, width, isPinned });
const fullTable: TableView = {
  columns: [column('name', 240, true), column('metrics.val_loss'), column('last(metrics.val_loss)', 90)],
  sort: [
    { column: 'metrics.val_loss', descending: false },
    { column: 'start', descending: true },
  ],
  filter: 'val_loss < 0.3',
  group: 'params.lr',
  showsHidden: true,
};
const card = (y: readonly string[], part: Partial<CardView> = {}): CardView => ({
  ...{ id: y.join(', '), y, scale: 'linear', isWide: false, isHidden: false, isTable: false, isClipped: false },
  ...part,
});
const full: RunsView = {
  table: fullTable,
  charts: {
    x: { kind: 'metric', metric: 'images' },
    xScale: 'log',
    smoothing: { kind: 'gaussian', weight: 0.6 },
    group: { column: 'params.lr', band: 'confidence' },
    colour: 'params.lr',
    facet: 'params.optimizer',
    columns: 2,
    cards: [
      card(['training_loss', 'val_loss'], { id: 'loss', scale: 'log', isWide: true }),
      card(['"val_loss" - "training_loss"']),
      card(['learning_rate'], { isHidden: true, isTable: true, isClipped: true }),
      card(['val_loss'], { id: 'loss 2' }),
      card(['val_loss'], { id: 'detail', scale: 'symlog' }),
    ],
    pinned: ['0f3a'],
  },
  relations: {
    kind: 'scatter',
    axes: [
      { column: 'params.lr', scale: 'log', isReversed: true },
      { column: 'metrics.val_loss', scale: null, isReversed: false },
    ],
    colour: 'metrics.val_loss',
    brushes: [
      { column: 'params.lr', low: 0.001, high: 0.1 },
      { column: 'params.optimizer', names: ['adam', 'sgd'] },
      { column: 'params.seed', isMissing: true },
    ],
    x: { column: 'params.lr', scale: 'log', isReversed: false },
    y: { column: 'metrics.val_loss', scale: null, isReversed: false },
    metric: 'metrics.val_loss',
    group: 'params.optimizer',
    band: 'error',
  },
};
const table = (part: Partial<TableView>): RunsView => ({ ...emptyRunsView, table: { ...emptyTableView, ...part } });
const charts = (part: Partial<ChartsView>): RunsView => ({ ...emptyRunsView, charts: { ...emptyChartsView, ...part } });
const text = `table:
  columns:
    - { id: name, width: 240, pinned: true }
    - metrics.val_loss
    - { id: last(metrics.val_loss), width: 90 }
  sort:
    - metrics.val_loss
    - -start
  filter: val_loss < 0.3
  group: params.lr
  hidden: shown
charts:
  x: { metric: images, scale: log }
  smoothing: { kind: gaussian, weight: 0.6 }
  group: { by: params.lr, band: confidence }
  colour: params.lr
  facet: params.optimizer
  columns: 2
  cards:
    - { y: [ training_loss, val_loss ], scale: log, wide: true }
    - '"val_loss" - "training_loss"'
    - { y: learning_rate, hidden: true, table: true, clipped: true }
    - val_loss
    - { y: val_loss, id: detail, scale: symlog }
  pinned:
    - 0f3a
relations:
  kind: scatter
  axes:
    - { id: params.lr, scale: log, reversed: true }
    - metrics.val_loss
  x: { id: params.lr, scale: log }
  y: metrics.val_loss
  metric: metrics.val_loss
  group: params.optimizer
  band: error
  colour: metrics.val_loss
  brushes:
    - { id: params.lr, from: 0.001, to: 0.1 }
    - { id: params.optimizer, names: [ adam, sgd ] }
    - { id: params.seed, missing: true }
`;

describe('a view file', () => {
  it('is written so that a person can read it, and read as it was written', () => {
    expect(formatView(undefined, file, full)).toEqual({ value: text, problems: [] });
    expect(parseView(text, file)).toEqual({ value: full, problems: [] });
    expect(parseView(formatView(undefined, file, emptyRunsView).value ?? 'x', file).value).toEqual(emptyRunsView);
  });

  it.each<[string, Partial<ChartsView>]>([
    ['x: epoch', { x: { kind: 'epoch', metric: null } }],
    ['x: { kind: wall }', { x: { kind: 'wall', metric: null } }],
    ['x: { scale: log }', { xScale: 'log' }],
    ['x: metric', { x: { kind: 'metric', metric: null } }],
    ['smoothing: none', { smoothing: { kind: 'exponential', weight: 0 } }],
    ['smoothing: { weight: 0.9 }', { smoothing: { kind: 'exponential', weight: 0.9 } }],
    ['smoothing: { kind: mean, weight: 0 }', { smoothing: { kind: 'mean', weight: 0 } }],
    ['group: params.lr', { group: { column: 'params.lr', band: 'range' } }],
    ['cards: []', { cards: [] }],
    ['cards: [[a, b]]', { cards: [card(['a', 'b'])] }],
    ['cards: [{ y: a }, a]', { cards: [card(['a']), card(['a'], { id: 'a 2' })] }],
    [
      'cards: [val_loss, training_loss]',
      { cards: [card(['val_loss'], { id: 'loss' }), card(['training_loss'], { id: 'loss 2' })] },
    ],
  ])('%s: what it says comes back, whoever has written it', (line, part) => {
    expect(parseView(`charts:\n  ${line}\n`, file)).toEqual({ value: charts(part), problems: [] });
    const written = formatView(undefined, file, charts(part)).value ?? '';
    expect(parseView(written, file).value).toEqual(charts(part));
  });

  it.each([
    '',
    '# nothing\n',
    'charts: {}\n',
    'table:\n',
    'relations: {}\nnotes: [ours]\n',
    'charts:\n  cards:\n  x:\n',
  ])('that chooses nothing is a view: %j', (nothing) => {
    expect(parseView(nothing, file)).toEqual({ value: emptyRunsView, problems: [] });
  });

  it.each([
    ['[]', '1:1: error: A view is a mapping with the keys table, charts, relations.'],
    ['table: 7', '1:8: error: table must be a mapping.'],
    ['table:\n  columns: name', '2:12: error: columns must be a list.'],
    ['table:\n  columns:\n    - name\n    - nobody', '4:7: error: "nobody" is no column;'],
    ['table:\n  columns:\n    - { id: name, width: 9 }', '3:26: error: width must be a number from 40 to 800.'],
    ['table:\n  columns: [{ id: name, pinned: 1 }]', '2:33: error: pinned must be true or false.'],
    ['table:\n  sort: [-start, what]', '2:18: error: "what" is no column;'],
    ['table:\n  filter: 3', '2:11: error: filter must be a text.'],
    ['table:\n  group: [a]', '2:10: error: This is no column;'],
    ['table:\n  hidden: no', '2:11: error: hidden can only be "shown"'],
    ['table:\n  sort: [', '2:10: error: '],
    ['table:\n  columns: [{ width: 90 }]', '2:13: error: A column needs an id.'],
    ['charts: 7', '1:9: error: charts must be a mapping.'],
    ['charts:\n  x: epochs', '2:6: error: x is one of step, epoch, relative, wall, metric.'],
    ['charts:\n  x: { scale: symlog }', '2:15: error: scale is one of linear, log.'],
    ['charts:\n  smoothing: much', '2:14: error: smoothing is none, or a mapping with kind and weight.'],
    ['charts:\n  smoothing: { weight: 1 }', '2:24: error: weight must be a number from 0 to below 1.'],
    ['charts:\n  smoothing: { kind: mean }', '2:14: error: smoothing needs a weight.'],
    ['charts:\n  group: { by: lr }', '2:16: error: "lr" is no column;'],
    ['charts:\n  group: { band: error }', '2:10: error: A group needs the column'],
    ['charts:\n  columns: 2.5', '2:12: error: columns must be a whole number from 1 to 12.'],
    ['charts:\n  cards: val_loss', '2:10: error: cards must be a list.'],
    ['charts:\n  cards:\n    - { scale: log }', '3:7: error: A chart needs a metric: y.'],
    ['charts:\n  cards:\n    - { y: [] }', '3:12: error: y names at least one metric.'],
    ['charts:\n  cards:\n    - { y: a, wide: 1 }', '3:21: error: wide must be true or false.'],
    ['charts:\n  cards: [a, { id: a, y: b }]', '2:20: error: There is a chart with the id "a" already.'],
    ['charts:\n  pinned: [1]', '2:12: error: pinned must be a text.'],
    ['relations:\n  kind: pie', '2:9: error: kind is one of parallel, scatter, matrix, importance, bars, boxes.'],
    ['relations:\n  axes: [{ scale: log }]', '2:10: error: An axis needs the id of its column.'],
    ['relations:\n  brushes: [{ id: params.lr, from: 2, to: 1 }]', '2:13: error: from must not be above to.'],
    ['relations:\n  brushes: [{ id: params.lr, from: .inf, to: 1 }]', '2:36: error: from must be a number.'],
    [
      'relations:\n  brushes: [{ id: params.lr, from: 2 }]',
      '2:13: error: A brush has the id of its column, and from and to, or names, or missing: true.',
    ],
    ['<<<<<<< HEAD\ntable:\n=======\n', '1:1: error: Unresolved merge conflict.'],
  ])('with a mistake says where: %j', (wrong, problem) => {
    const { value, problems } = parseView(wrong, file);
    expect(value).toBeUndefined();
    expect(problems.map(formatProblem).join('\n')).toContain(`${file}:${problem}`);
  });

  it('with several mistakes tells all of them', () => {
    const { problems } = parseView('table:\n  group: 3\ncharts:\n  cards: [{ y: 1 }, { y: a, scale: 2 }]\n', file);
    expect(problems.map(({ line, column }) => [line, column])).toEqual([
      [2, 10],
      [4, 16],
      [4, 36],
    ]);
  });

  it('with an unknown key is shown all the same', () => {
    const wrong = 'table:\n  widths: 3\n  filter: a < 1\ncharts:\n  cards: [{ y: a, color: red }]\n';
    const { value, problems } = parseView(wrong, file);
    expect(value?.table.filter).toBe('a < 1');
    expect(problems.map(formatProblem)).toEqual([
      `${file}:2:3: warning: "widths" is no key of a table's view; there are columns, sort, filter, group, hidden.`,
      `${file}:5:19: warning: "color" is no key of a chart; there are y, id, scale, wide, hidden, table, clipped.`,
    ]);
  });
});

describe('a view that is saved again', () => {
  const commented = `# Ours.
notes: { log: true } # of another page
table:
  # The ones that matter.
  columns:
    - name
    - metrics.val_loss # best first
    - params.lr
  filter: val_loss < 0.3 # what we ship
`;

  const before = parseView(commented, file).value?.table ?? emptyTableView;
  it.each<[string, Partial<TableView>, (before: string) => string]>([
    ['nothing', {}, (before) => before],
    ['the filter', { filter: 'a < 1' }, (before) => before.replace('val_loss < 0.3', 'a < 1')],
    [
      'the order of columns',
      { columns: [column('name'), column('params.lr'), column('metrics.val_loss')] },
      (before) => before.replace('    - params.lr\n', '').replace('    - metrics', '    - params.lr\n    - metrics'),
    ],
    ['a group', { group: 'params.lr' }, (before) => `${before}  group: params.lr\n`],
    ['no filter', { filter: '' }, (before) => before.replace(/ {2}filter.*\n/, '')],
  ])('keeps comments and what belongs to others: %s', (_name, change, expected) => {
    const after = table({ ...before, ...change });
    const { value } = formatView(commented, file, after);
    expect(value).toBe(expected(commented));
    expect(parseView(value ?? '', file).value).toEqual(after);
  });

  const layout = `charts:
  smoothing: { weight: 0.6, kind: gaussian } # as in the paper
  cards:
    - { y: [training_loss, val_loss], scale: log } # the loss
    # What we ship by.
    - y: val_accuracy # of clean images
      wide: true
    - learning_rate
  group: params.lr
`;
  const drawn = parseView(layout, file).value?.charts ?? emptyChartsView;
  it.each<[string, Partial<ChartsView>, (own: string) => string]>([
    ['nothing', {}, (own) => own],
    [
      'the order of cards',
      { cards: drawn.cards?.toReversed() ?? null },
      (own) => {
        const [head = '', first = '', second = '', third = '', tail = ''] = own.split(
          /(?<=cards:\n)|(?= {4}# What)|(?= {4}- lear)|(?= {2}group)/,
        );
        return [head, third, second, first, tail].join('');
      },
    ],
    [
      'a scale',
      {
        cards:
          drawn.cards?.map((own, index) => ({ ...own, scale: index === 0 ? 'linear' : own.scale, isWide: true })) ??
          null,
      },
      (own) =>
        own
          .replace('{ y: [training_loss, val_loss], scale: log }', '{ y: [ training_loss, val_loss ], wide: true }')
          .replace('- learning_rate', '- { y: learning_rate, wide: true }'),
    ],
    [
      'another smoothing',
      { smoothing: { kind: 'mean', weight: 0.5 } },
      (own) => own.replace('weight: 0.6, kind: gaussian', 'weight: 0.5, kind: mean'),
    ],
    [
      'another band',
      { group: { column: 'params.lr', band: 'error' } },
      (own) => own.replace('group: params.lr', 'group: { by: params.lr, band: error }'),
    ],
    ['no cards of its own', { cards: null }, (own) => own.replace(/ {2}cards:[^]*(?= {2}group)/, '')],
  ])('keeps comments of its charts: %s', (_name, change, expected) => {
    const after = { ...emptyRunsView, charts: { ...drawn, ...change } };
    const { value } = formatView(`table: {}\n${layout}`, file, after);
    expect(value?.replaceAll('[ ', '[').replaceAll(' ]', ']')).toBe(
      `table: {}\n${expected(layout).replaceAll('[ ', '[').replaceAll(' ]', ']')}`,
    );
    expect(parseView(value ?? '', file).value).toEqual(after);
  });

  it('writes no part that chooses nothing, and empties one that is there', () => {
    expect(
      formatView('relations:\n  colour: params.lr # why\n', file, { ...emptyRunsView, relations: emptyRelationsView })
        .value,
    ).toBe('relations: {}\ntable: {}\n');
  });

  it.each(['table: [', 'a: 1\na: 2', '- list'])('is not written over what can’t be read: %j', (broken) => {
    const { value, problems } = formatView(broken, file, full);
    expect([value, problems.length > 0]).toEqual([undefined, true]);
  });
});

it.each([
  ['learning rates', undefined],
  ['größe 1.2_a-b', undefined],
  ['', 'needs a name'],
  ['../x', 'made of letters'],
  ['a/b', 'made of letters'],
  ['.hidden', 'made of letters'],
  ['a.', 'made of letters'],
  ['nul', 'Windows'],
  ['x'.repeat(61), 'at most 60'],
])('the name %j', (name, mistake) => {
  const found = findViewNameMistake(name);
  if (mistake === undefined) expect(found).toBeUndefined();
  else expect(found).toContain(mistake);
});
