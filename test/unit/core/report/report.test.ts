import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatReport, formatReportMarkdown, planReport } from '../../../../src/core/report/report.ts';
import { emptyRunsView, type ChartsView } from '../../../../src/protocol/runsview.ts';
import { chartsView, makeReport, makeRun, type TestRun } from './runs.ts';

const golden = path.resolve(import.meta.dirname, '../../../golden/report');
const hash = (text: string): string => createHash('sha256').update(text).digest('base64');
const html = (report: Parameters<typeof formatReport>[0]): string => formatReport(report, { hash });

const two: readonly TestRun[] = [
  {
    runId: 'b',
    name: 'warm-fox',
    startTime: 1_795_291_300_000,
    params: { 'training.lr': '0.01', 'seed': '1' },
    curves: {
      training_loss: [
        [1, 1],
        [2, 0.5],
        [3, 0.25],
      ],
      val_loss: [
        [1, 1.5],
        [2, 0.75],
        [3, 1],
      ],
      test_accuracy: [[3, 0.9]],
    },
  },
  {
    runId: 'a',
    name: 'deep-wren',
    params: { 'training.lr': '0.1', 'seed': '1' },
    status: 'FAILED',
    curves: {
      training_loss: [
        [1, 2],
        [2, 1],
      ],
      val_loss: [
        [1, 2.5],
        [2, NaN],
        [3, Infinity],
        [4, 2],
      ],
    },
  },
];
const answers = {
  split: 'test',
  classes: ['cat', 'dog'],
  counts: [8, 2, 0, 10],
  curves: [],
};

describe('a report', () => {
  it.each([
    ['report.html', () => html(makeReport(two, { title: 'Two runs', answers: answers as never }))],
    ['report.md', () => formatReportMarkdown(makeReport(two, { title: 'Two runs' }))],
  ])('is always the same for the same runs: %s', async (name, write) => {
    const file = path.join(golden, name);
    const text = write();
    if (process.env['UPDATE_GOLDEN'] === '1') await writeFile(file, text);
    expect(text).toBe(await readFile(file, 'utf8'));
  });

  it('allows by its own policy its style and nothing else, and has nothing that loads or executes', () => {
    const text = html(makeReport(two));
    const style = /<style>([^]*?)<\/style>/.exec(text)?.[1] ?? '';
    expect(text).toContain(
      `content="default-src 'none'; style-src 'sha256-${hash(style)}'; base-uri 'none'; form-action 'none'"`,
    );
    expect(text).not.toMatch(/<script|<img|<a |<link|https?:|\sstyle=|\son\w+=|javascript:|@import|url\((?!#)/i);
  });

  it('shows every name as text, whatever stands in it', () => {
    const evil = `</style><script>alert(1)</script><img src=x onerror=alert(1)>\u202egnp.exe"'&\u0000\ud800]]>`;
    const run: TestRun = {
      ...{
        runId: evil,
        name: evil,
        experiment: evil,
        params: { [evil]: evil, other: '1' },
        tags: { 'mlflow.user': evil },
      },
      curves: {
        [evil]: [
          [1, 1],
          [2, 2],
        ],
        val_loss: [[1, 1]],
      },
    };
    const columns = ['name', 'experiment', 'user', `metrics.${evil}`, `params.${evil}`].map((id) => ({
      id,
      width: null,
      isPinned: false,
    }));
    const view = { ...emptyRunsView, table: { ...emptyRunsView.table, columns } };
    const report = makeReport([run, { runId: 'b', name: 'b', params: { [evil]: 'x' } }], {
      ...{ view, title: evil, notes: [evil] },
      answers: { ...answers, split: evil, classes: [evil, 'b'] } as never,
    });
    const text = html(report);
    expect(text).not.toMatch(/<script|<img|\u202e|\u0000|onerror=alert\(1\)>(?!&)/);
    expect(text.match(/<\/style>/g)).toHaveLength(1);
    expect(text).toContain('&lt;script&gt;alert(1)');
    expect(text.isWellFormed()).toBe(true);
    expect(formatReportMarkdown(report)).not.toMatch(/<script|<img/);
  });

  it.each<[string, readonly TestRun[]]>([
    ['no runs', []],
    ['a run that has measured nothing', [{ runId: 'a' }]],
    [
      'only NaN',
      [
        {
          runId: 'a',
          curves: {
            val_loss: [
              [1, NaN],
              [2, NaN],
            ],
          },
        },
      ],
    ],
    ['one point', [{ runId: 'a', curves: { val_loss: [[1, 2]] } }]],
    [
      'the ends of what numbers are',
      [
        {
          runId: 'a',
          curves: {
            val_loss: [
              [1, 1e308],
              [2, -1e308],
              [3, 1e-308],
            ],
          },
        },
      ],
    ],
  ])('of %s is one all the same', (_name, runs) => {
    const report = makeReport(runs);
    expect(html(report)).not.toMatch(/NaN[ "lMz]|undefined|Infinity/);
    expect(formatReportMarkdown(report)).toContain('### Runs');
  });

  it('stays small, however much there is', () => {
    const curve = Array.from({ length: 3000 }, (_, i) => [i, Math.sin(i) + i / 1000] as const);
    const curves = Object.fromEntries(Array.from({ length: 4 }, (_, i) => [`m${i}`, curve]));
    const runs = Array.from({ length: 110 }, (_, i) => ({ runId: `r${i}`, curves }));
    const report = makeReport(runs);
    expect(report.charts.map(({ chart }) => [chart.looks.length, chart.areas.length])).toEqual(Array(4).fill([100, 1]));
    expect(html(report).length).toBeLessThan(6_000_000);
  });
});

describe('what a report draws', () => {
  const draw = (part: Partial<ChartsView>, runs: readonly TestRun[] = two) =>
    makeReport(runs, { view: chartsView(part) }).charts.map(({ chart }) => chart);

  it.each<[string, Partial<ChartsView>, readonly string[]]>([
    ['a card for each metric', {}, ['loss']],
    ['cards of the view first', { cards: [card({ y: ['training_loss'], id: 'own' })] }, ['training_loss', 'loss']],
    ['no hidden cards', { cards: [card({ y: ['val_loss'], id: 'loss', isHidden: true })] }, []],
    [
      'expressions',
      { cards: [card({ y: ['"val_loss" - "training_loss"'], id: 'gap' }), card({ id: 'loss', isHidden: true })] },
      ['"val_loss" - "training_loss"'],
    ],
    ['a row for each value of a facet', { facet: 'params.training.lr' }, ['loss', 'loss']],
  ])('%s', (_name, part, titles) => {
    expect(draw(part).map(({ title }) => title)).toEqual(titles);
  });

  it('dashes training, and tells it once', () => {
    const [loss] = draw({});
    expect(loss?.keys.map(({ label }) => label)).toEqual(['warm-fox', 'deep-wren', 'dashed: training']);
    expect(loss?.looks.map(({ dash }) => dash.length > 0)).toEqual([true, true, false, false]);
  });

  it('marks the best, leaves a gap for NaN and a mark for infinity', () => {
    const [loss] = draw({});
    expect(loss?.rings.map(({ words, x }) => [words, x])).toEqual([['best 0.7500 at epoch 2', 2]]);
    expect(loss?.marks).toEqual([{ line: 3, x: 3, edge: 'top' }]);
    expect(loss?.ys[3]).toEqual([2.5, null, null, 2]);
  });

  it.each<[string, Partial<ChartsView>, string, readonly string[]]>([
    ['steps', {}, 'epoch', ['1', '2', '3', '4']],
    ['time', { x: { kind: 'relative', metric: null } }, 'time since the start', ['0', '1 s', '2 s', '3 s']],
    ['clock', { x: { kind: 'wall', metric: null } }, 'time, UTC', ['20:00:00', '20:00:30', '20:01:00', '20:01:30']],
    ['another metric', { x: { kind: 'metric', metric: 'training_loss' } }, 'training_loss', ['0.5', '1', '1.5', '2']],
    ['powers', { xScale: 'log' }, 'epoch, log', ['1', '2']],
  ])('over %s', (_name, part, axis, labels) => {
    const [loss] = draw(part);
    expect([loss?.axis, loss?.ticks(5).map(({ label }) => label)]).toEqual([axis, labels]);
  });

  it('groups as a mean with its band, and says of how many', () => {
    const [loss] = draw({ group: { column: 'params.seed', band: 'range' } });
    expect(loss?.areas).toHaveLength(2);
    expect(loss?.keys[0]?.label).toBe('seed = 1, mean of 2');
  });

  it('smooths with the raw line faint behind', () => {
    const [loss] = draw({ smoothing: { kind: 'mean', weight: 0.6 } });
    expect(loss?.looks.map(({ opacity = 1 }) => opacity)).toEqual([0.3, 0.3, 0.3, 0.3, 1, 1, 1, 1]);
  });
});

describe('which runs a report tells of', () => {
  const all = [...two.map(makeRun), makeRun({ runId: 'c', tags: { 'mlops.hidden': '1' } })];
  const ids = (view = emptyRunsView, runIds: readonly string[] | null = null): readonly string[] =>
    planReport(all, { title: '', view, runIds }).runs.map(({ runId }) => runId);
  const table = (part: object) => ({ ...emptyRunsView, table: { ...emptyRunsView.table, ...part } });

  it.each([
    ['the newest first, hidden ones not', ids(), ['b', 'a']],
    [
      'what the view filters and sorts',
      ids(table({ filter: 'status = FAILED or name = warm-fox', sort: [{ column: 'name', descending: false }] })),
      ['a', 'b'],
    ],
    ['hidden ones where the view shows them', ids(table({ showsHidden: true })), ['b', 'a', 'c']],
    [
      'pinned ones whatever the filter says',
      ids({ ...chartsView({ pinned: ['c', 'b'] }), table: table({ filter: 'name = warm-fox' }).table }),
      ['b', 'c'],
    ],
    [
      'those that are named, in their order',
      ids(table({ filter: 'name = nobody' }), ['a', 'b', 'a', 'gone']),
      ['a', 'b'],
    ],
  ])('%s', (_name, found, expected) => {
    expect(found).toEqual(expected);
  });

  it.each([
    [table({ filter: 'a <' }), 'bad-input'],
    [table({ columns: [{ id: 'nothing', width: null, isPinned: false }] }), 'unknown-name'],
    [table({ sort: [{ column: 'nothing', descending: true }] }), 'unknown-name'],
  ])('says what is wrong with a view', (view, code) => {
    expect(() => planReport(all, { title: '', view, runIds: null })).toThrow(
      expect.objectContaining({ code }) as Error,
    );
  });
});

function card(part: Partial<NonNullable<ChartsView['cards']>[number]>): NonNullable<ChartsView['cards']>[number] {
  return {
    id: 'x',
    y: ['val_loss'],
    scale: 'linear',
    isWide: false,
    isHidden: false,
    isTable: false,
    isClipped: false,
    ...part,
  };
}
