import { describe, expect, test } from 'vitest';
import {
  applyFilter,
  arrange,
  chooseColumnIds,
  copyGroups,
  copyRuns,
  defaultSort,
  listColumnIds,
  measure,
  metricColumnId,
  pressHead,
  toColumn,
  type Column,
  type CopyFormat,
  type GroupLine,
  type Line,
  type SortKey,
} from '../../../../src/core/runtable/runtable.ts';
import type { RunSummary } from '../../../../src/protocol/tracking.ts';
import { metric, run } from './runs.ts';

const columns = (...ids: string[]): readonly Column[] => ids.map((id) => toColumn(id)!);
const full = run('fox', {
  startTime: Date.UTC(2026, 10, 20),
  endTime: Date.UTC(2026, 10, 20, 0, 0, 5),
  params: { 'lr': '1e-3', 'a.b': '0x10', '__proto__x': 'y' },
  tags: { 'team': 'red', 'mlops.config': 'configs/cnn.yaml', 'mlflow.note.content': 'first' },
  metrics: { 'val_loss': metric(0.4, 0.25, true), 'acc': metric(0.9, 0.95), 'odd (1)': metric(NaN) },
});

describe('a column says all by its id', () => {
  test.each([
    ['name', 'fox'],
    ['status', 'FINISHED'],
    ['duration', 5],
    ['start', Date.UTC(2026, 10, 20)],
    ['model', 'cnn'],
    ['note', 'first'],
    ['params.lr', 0.001],
    ['params.a.b', '0x10'],
    ['params.toString', undefined],
    ['tags.team', 'red'],
    ['metrics.val_loss', 0.25],
    ['last(metrics.val_loss)', 0.4],
    ['metrics.acc', 0.9],
    ['max(metrics.acc)', 0.95],
    ['metrics.odd (1)', NaN],
    ['min(metrics.none)', undefined],
  ])('%s', (id, value) => {
    expect(toColumn(id)?.of(full)).toEqual(value);
  });

  test.each(['', 'metrics.', 'params', 'median(metrics.a)', 'last(params.lr)', 'nobody'])('"%s" names none', (id) => {
    expect(toColumn(id)).toBeUndefined();
  });

  test('a point of a metric is chosen by another id', () => {
    expect([metricColumnId('a', 'best'), metricColumnId('a', 'max')]).toEqual(['metrics.a', 'max(metrics.a)']);
  });

  test('a run that goes on has no duration, and one whose process is gone is lost', () => {
    const lost = run('x', { status: 'RUNNING', endTime: null, lost: true });
    expect(columns('duration', 'status').map(({ of }) => of(lost))).toEqual([undefined, 'LOST']);
  });
});

test('without a choice: the objective first, then what tells the runs apart', () => {
  const other = run('owl', {
    params: { 'lr': '1e-4', 'a.b': '0x10' },
    metrics: { 'val_loss': metric(1, 1, true), 'acc': metric(1), 'batch_loss': metric(1), 'system/tensors': metric(1) },
  });
  expect(chooseColumnIds([full, other])).toEqual([
    ...['name', 'status', 'metrics.val_loss', 'metrics.acc', 'metrics.odd (1)', 'start', 'duration', 'params.lr'],
  ]);
  expect(chooseColumnIds([full, { ...other, experiment: 'two' }])).toContain('experiment');
  expect(chooseColumnIds([full, { ...other, store: 'old runs' }])).toContain('store');
  expect(chooseColumnIds([])).toEqual(['name', 'status', 'start', 'duration']);
  expect(listColumnIds([full, other])).toEqual(
    expect.arrayContaining(['metrics.batch_loss', 'params.a.b', 'tags.team']),
  );
});

describe('the order', () => {
  const runs = [
    run('a', { params: { n: '10', g: 'x' } }),
    run('b', { params: { n: '9', g: 'y' } }),
    run('c', { params: { n: 'none', g: 'x' } }),
    run('d', { params: { g: 'y' } }),
    run('e', { params: { n: '9', g: 'x' } }),
  ];
  const order = (...sort: SortKey[]): string =>
    arrange(runs, { sort, group: null, open: new Set() })
      .map(({ key }) => key)
      .join('');
  const up = (column: string): SortKey => ({ column, descending: false });
  const down = (column: string): SortKey => ({ column, descending: true });

  test.each([
    [[], 'abcde'],
    [[up('params.n')], 'beacd'],
    [[down('params.n')], 'cabed'],
    [[up('params.g'), up('params.n')], 'eacbd'],
    [[down('params.g'), down('name')], 'dbeca'],
    [[up('nobody'), up('params.g')], 'acebd'],
  ] as const)('by %j', (keys, expected) => {
    expect(order(...keys)).toBe(expected);
  });

  test('NaN comes last whichever way it goes', () => {
    const measured = [NaN, 1, 2].map((value) => run(String(value), { metrics: { m: metric(value) } }));
    const by = (key: SortKey): readonly string[] =>
      arrange(measured, { sort: [key], group: null, open: new Set() }).map(({ key: name }) => name);
    expect([by(up('metrics.m')), by(down('metrics.m'))]).toEqual([
      ['1', '2', 'NaN'],
      ['2', '1', 'NaN'],
    ]);
  });

  test.each([
    ['metrics.val_loss', false, [up('metrics.val_loss')]],
    ['metrics.val_accuracy', false, [down('metrics.val_accuracy')]],
    ['start', false, [up('start')]],
    ['start', true, [up('start')]],
    ['name', true, [down('start'), up('name')]],
  ])('a press on the head of %s (adds: %s)', (column, adds, expected) => {
    expect(pressHead(defaultSort, column, adds)).toEqual(expected);
  });
});

describe('lines', () => {
  const sweep = run('sweep', { startTime: 5 });
  const trials = ['t1', 't2'].map((name, index) =>
    run(name, { parentRunId: 'sweep', params: { lr: `0.${index + 1}` }, metrics: { m: metric(index + 1) } }),
  );
  const lonely = run('lonely', { startTime: 3, parentRunId: 'gone', params: { lr: '0.1' }, metrics: { m: metric(4) } });
  const [one, two] = [run('one', { parentRunId: 'two' }), run('two', { parentRunId: 'one' })];
  const outline = (lines: readonly Line[]): readonly string[] =>
    lines.map((line) =>
      line.kind === 'group'
        ? `${line.value ?? '–'}: ${line.runs.length}`
        : `${'  '.repeat(line.level)}${line.run.name}${line.below > 0 ? ` (${line.below})` : ''}`,
    );
  const show = (runs: readonly RunSummary[], group: string | null, ...open: string[]): readonly string[] =>
    outline(arrange(runs, { sort: defaultSort, group, open: new Set(open) }));

  test.each([
    ['closed', [], ['sweep (2)', 'lonely']],
    ['open', ['sweep'], ['sweep (2)', '  t1', '  t2', 'lonely']],
  ])('trials stand below their sweep: %s', (_name, open, expected) => {
    expect(show([...trials, lonely, sweep], null, ...open)).toEqual(expected);
  });

  test('runs that name each other stand at the top', () => {
    expect(show([one, two], null)).toEqual(['one', 'two']);
  });

  test('groups are closed first, by their value, what has none last; a parent of another group nests nothing', () => {
    const all = [...trials, lonely, sweep];
    expect(show(all, 'params.lr')).toEqual(['0.1: 2', '0.2: 1', '–: 1']);
    expect(show(all, 'params.lr', 'group:number:0.1')).toEqual(['0.1: 2', 'lonely', 't1', '0.2: 1', '–: 1']);
  });

  test('groups follow the mean of the metric that is sorted by', () => {
    const lines = arrange([...trials, lonely], {
      sort: [{ column: 'metrics.m', descending: true }],
      group: 'params.lr',
      open: new Set(),
    });
    expect(outline(lines)).toEqual(['0.1: 2', '0.2: 1']);
    const up = [{ column: 'metrics.m', descending: false }];
    expect(outline(arrange([...trials, lonely], { sort: up, group: 'params.lr', open: new Set() }))).toEqual([
      ...['0.2: 1', '0.1: 2'],
    ]);
  });
});

test.each([
  [[], undefined],
  [['x', NaN, undefined], undefined],
  [[2], { count: 1, mean: 2, deviation: null }],
  [[2, 4, NaN, 'x'], { count: 2, mean: 3, deviation: Math.SQRT2 }],
  [[1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16], { count: 4, mean: 1e9 + 10, deviation: Math.sqrt(30) }],
  [[1, Infinity], { count: 2, mean: Infinity, deviation: null }],
])('mean and sample deviation of %j', (values, expected) => {
  expect(measure(values)).toEqual(expected);
});

describe('copied', () => {
  const odd = run('=1+1', {
    params: { a: 'x, "y"\nz', b: '-0.5', c: '-0.5 | <b>' },
    metrics: { m: metric(-1), n: metric(NaN) },
  });
  const ids = ['name', 'start', 'params.a', 'params.b', 'params.c', 'metrics.m', 'metrics.n', 'params.none'];
  const copy = (format: CopyFormat): string => copyRuns([odd], columns(...ids), format);

  test('as CSV: quoted as RFC 4180 has it, and nothing that a spreadsheet executes', () => {
    expect(copy('csv')).toBe(
      `${ids.join(',')}\r\n'=1+1,1970-01-01T00:00:00.000Z,"x, ""y""\nz",-0.5,'-0.5 | <b>,-1,NaN,\r\n`,
    );
  });

  test('as Markdown: one line a run, numbers to the right', () => {
    expect(copy('markdown').split('\n')).toEqual([
      '| name | start | params.a | params.b | params.c | metrics.m | metrics.n | params.none |',
      '| --- | --- | --- | --: | --- | --: | --: | --- |',
      '| =1+1 | 1970-01-01T00:00:00.000Z | x, "y" z | -0.5 | -0.5 \\| &lt;b> | -1 | NaN |  |',
      '',
    ]);
  });

  test('as JSON: values by the ids of the columns', () => {
    expect(JSON.parse(copy('json'))).toEqual([
      {
        ...{ 'name': '=1+1', 'start': '1970-01-01T00:00:00.000Z', 'params.a': 'x, "y"\nz', 'params.b': -0.5 },
        ...{ 'params.c': '-0.5 | <b>', 'metrics.m': -1, 'metrics.n': 'NaN', 'params.none': null },
      },
    ]);
  });

  test('groups with mean and deviation', () => {
    const runs = [run('a', { metrics: { m: metric(1) } }), run('b', { metrics: { m: metric(3) } })];
    const lines = arrange(runs, { sort: [], group: 'experiment', open: new Set() }) as readonly GroupLine[];
    const options = { group: 'experiment', columns: columns('name', 'metrics.m'), format: 'csv' } as const;
    expect(copyGroups(lines, options)).toBe(
      `experiment,runs,metrics.m mean,metrics.m deviation\r\ndigits,2,2,${Math.SQRT2}\r\n`,
    );
  });
});

describe('the filter', () => {
  const runs = [full, run('owl')];
  const count = (text: string): unknown => {
    const filtered = applyFilter(runs, text);
    return 'runs' in filtered ? filtered.runs.length : filtered.mistake;
  };
  test.each([
    [' ', 2],
    ['val_loss < 1', 1],
    ['val_loss <', { message: expect.stringContaining('a number or a text is expected') as string, column: 11 }],
    ['lr > 0 and vall_loss < 1', { message: expect.stringContaining('val_loss') as string, column: 12 }],
    ['  "', { message: expect.stringContaining('does not end') as string, column: 3 }],
  ])('%s', (text, expected) => {
    expect(count(text)).toEqual(expected);
  });
});
