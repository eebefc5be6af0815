import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RunPoints, SeriesMessage } from '../../../src/protocol/chartfeed.ts';
import { emptyRunsView, type RunsView } from '../../../src/protocol/runsview.ts';
import { parseRunsView } from '../../../src/protocol/runsviewcodec.ts';
import type { FromRunsPage, ToRunsPage } from '../../../src/protocol/runtable.ts';
import {
  joinRuns,
  packRun,
  parseFromRunsPage,
  parseRunsPageMessage,
  parseToRunsPage,
  unpackRuns,
} from '../../../src/protocol/runtablecodec.ts';
import type { MetricSummary, RunSummary } from '../../../src/protocol/tracking.ts';

const head = { protocol: 1, sequence: 3 };
const view: RunsView = {
  table: {
    columns: [{ id: '__proto__', width: 80, isPinned: true }],
    sort: [{ column: 'start', descending: true }],
    filter: 'a < 1',
    group: 'params.lr',
    showsHidden: false,
  },
  charts: {
    cards: [{ id: 'a', y: ['a'], scale: 'symlog', isWide: true, isHidden: false, isTable: false, isClipped: true }],
    x: { kind: 'metric', metric: 'images' },
    xScale: 'log',
    smoothing: { kind: 'mean', weight: 0.5 },
    group: { column: 'params.lr', band: 'error' },
    colour: 'params.lr',
    facet: 'params.seed',
    columns: 2,
    pinned: ['a'],
  },
  relations: {
    kind: 'scatter',
    axes: [{ column: 'params.lr', scale: 'log', isReversed: true }],
    colour: 'metrics.a',
    brushes: [
      { column: 'params.lr', low: 0, high: 1 },
      { column: 'params.optimizer', names: ['adam'] },
    ],
    x: { column: 'params.lr', scale: null, isReversed: false },
    y: { column: 'metrics.a', scale: 'linear', isReversed: false },
    metric: 'metrics.a',
    group: 'params.lr',
    band: 'error',
  },
};
const toPage: readonly ToRunsPage[] = [
  {
    ...{ ...head, type: 'runs', begins: true, ends: false, bytes: Uint8Array.of(1), removed: ['a'] },
    unreadable: [{ runId: 'a', file: 'b', message: 'c' }],
  },
  { ...head, type: 'views', views: [{ name: 'a', view, problem: null }] },
  { ...head, type: 'notice', notice: { kind: 'broken', text: 'x', action: 'retry' } },
  { ...head, type: 'chosen', name: 'a' },
  { ...head, type: 'copy', format: 'csv' },
  { ...head, type: 'export', what: 'png' },
];
const fromPage: readonly FromRunsPage[] = [
  { type: 'ready', protocol: 1 },
  { type: 'resync' },
  { type: 'act', action: 'star', runIds: ['a'] },
  { type: 'copied', text: 'a' },
  { type: 'keep', name: null, view: emptyRunsView },
  { type: 'saveView', name: 'a', view },
  { type: 'deleteView', name: 'a' },
  { type: 'openView', name: 'a' },
  { type: 'report', format: 'html', runIds: ['a'], view },
  { type: 'picture', kind: 'svg', name: 'a', bytes: Uint8Array.of(1) },
  { type: 'points', name: 'a', runIds: ['a'], metrics: ['loss'] },
  { type: 'error', message: 'x' },
  { type: 'watch', watch: 7, restart: true, wanted: { runIds: ['a'], metrics: ['__proto__'], events: false } },
  { type: 'watched', watch: 7, sequence: 1 },
];
const series: SeriesMessage = {
  ...{ type: 'series', protocol: 1, watch: 7, sequence: 1 },
  series: [
    {
      ...{ runId: 'a', metric: 'loss', from: 2 },
      steps: Float64Array.of(1, 1, 2),
      values: Float64Array.of(NaN, Infinity, 3),
      times: Float64Array.of(5, NaN, 4),
    },
  ],
  events: [['a', { time: 1, step: null, kind: 'warning', text: 'b' }]],
  problems: [{ runId: 'a', metric: '', message: 'c' }],
  isWhole: true,
};

it.each([
  ...toPage.map((message) => [message.type, parseToRunsPage, message] as const),
  ...fromPage.map((message) => [message.type, parseFromRunsPage, message] as const),
  [series.type, parseRunsPageMessage, series] as const,
  [toPage[0]!.type, parseRunsPageMessage, toPage[0]!] as const,
])('%s: the message passes, and none that lacks a field or has a wrong one', (_type, parse, message) => {
  expect(parse(message)).toBe(message);
  for (const key of Object.keys(message)) {
    const rest = Object.fromEntries(Object.entries(message).filter(([other]) => other !== key));
    expect(parse(rest), `without ${key}`).toBeUndefined();
    expect(parse({ ...message, [key]: { no: 1 } }), `wrong ${key}`).toBeUndefined();
  }
});

it.each<readonly [string, Partial<Record<keyof RunPoints, unknown>>]>([
  ['steps that descend', { steps: Float64Array.of(2, 1, 3) }],
  ['a step that is no number', { steps: Float64Array.of(1, NaN, 3) }],
  ['columns of other lengths', { values: Float64Array.of(1) }],
  ['columns of another kind', { times: Float32Array.of(1, 2, 3) }],
  ['plain lists', { steps: [1, 2, 3] }],
  ['a negative index', { from: -1 }],
])('points with %s are none', (_what, change) => {
  expect(parseRunsPageMessage({ ...series, series: [{ ...series.series[0], ...change }] })).toBeUndefined();
});

it('a view is one only if every part of it is', () => {
  expect(parseRunsView(view)).toBe(view);
  const spoil = (value: unknown): unknown[] => {
    if (Array.isArray(value)) return value.flatMap(spoil).map((item) => [item]);
    if (typeof value !== 'object' || value === null) return [{ no: 1 }];
    const entries = Object.entries(value);
    return entries.flatMap(([key, own]) => spoil(own).map((item) => ({ ...value, [key]: item })));
  };
  const spoilt = spoil(view);
  expect(spoilt.length).toBeGreaterThan(30);
  for (const wrong of spoilt) expect(parseRunsView(wrong), JSON.stringify(wrong)).toBeUndefined();
});

it('a view that was kept before there were tabs is its table', () => {
  expect(parseRunsView(view.table)).toEqual({ ...emptyRunsView, table: view.table });
});

it('anything at all is a message, a view or undefined, never an exception', () => {
  fc.assert(
    fc.property(fc.anything(), (value) => {
      expect(() => [
        parseToRunsPage(value),
        parseFromRunsPage(value),
        parseRunsView(value),
        parseRunsPageMessage(value),
      ]).not.toThrow();
    }),
  );
});

const point = fc.record({ value: fc.double(), step: fc.integer() });
const metric: fc.Arbitrary<MetricSummary> = fc
  .record({
    points: fc.option(fc.nat()),
    last: point,
    min: fc.option(point),
    max: fc.option(point),
    choice: fc.nat(3),
    other: point,
  })
  .map(({ points, last, min, max, choice, other }) => ({
    ...{ points, last, min, max },
    best: [null, min, max, other][choice] ?? null,
  }));
const texts = fc.dictionary(fc.string(), fc.string({ maxLength: 40 }));
const runs: fc.Arbitrary<RunSummary> = fc.record(
  {
    runId: fc.string(),
    name: fc.string(),
    experiment: fc.string(),
    status: fc.constantFrom('RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED'),
    startTime: fc.integer(),
    endTime: fc.option(fc.integer()),
    parentRunId: fc.option(fc.string()),
    params: texts,
    tags: texts,
    metrics: fc.dictionary(fc.string(), metric),
    lost: fc.boolean(),
    artifacts: fc.constant(null),
    store: fc.string(),
  },
  {
    requiredKeys: [
      'runId',
      'name',
      'experiment',
      'status',
      'startTime',
      'endTime',
      'parentRunId',
      'params',
      'tags',
      'metrics',
      'lost',
      'artifacts',
    ],
  },
);

describe('runs as bytes', () => {
  it('come out as they went in: NaN, infinity, and every name', () => {
    fc.assert(
      fc.property(fc.array(runs, { maxLength: 4 }), (list) => {
        const again = unpackRuns(joinRuns(list.map(packRun)));
        expect(JSON.stringify(again, showOdd)).toBe(JSON.stringify(list, showOdd));
      }),
    );
  });

  it('lose where the artifacts are, and what nobody reads of a long text', () => {
    const [run] = fc.sample(runs, 1);
    const long = { ...run!, artifacts: '/a', params: { p: 'x'.repeat(5000) } };
    const [again] = unpackRuns(joinRuns([packRun(long)])) ?? [];
    expect([again?.artifacts, again?.params]).toEqual([null, { p: `${'x'.repeat(300)}…` }]);
  });

  it('stand there whatever a store says of time and steps', () => {
    const [run] = fc.sample(runs, 1);
    const odd = { value: 1, step: NaN };
    const metrics = { m: { points: null, last: odd, min: null, max: null, best: null } };
    const [again] = unpackRuns(joinRuns([packRun({ ...run!, startTime: NaN, endTime: Infinity, metrics })])) ?? [];
    expect([again?.startTime, again?.endTime, again?.metrics['m']?.last]).toEqual([0, null, { value: 1, step: 0 }]);
  });

  it.each([
    ['nothing', ''],
    ['half a text', '[["a","b"'],
    ['no list', '{}'],
    ['a run that lacks a field', '[["id","name","x","FINISHED",1,null,null,0,null,[],[]]]'],
    ['an unknown status', '[["id","name","x","toString",1,null,null,0,null,[],[],[]]]'],
    ['a param that is a number', '[["id","name","x","FINISHED",1,null,null,0,["a",1],[],[]]]'],
    ['a metric without a last point', '[["id","name","x","FINISHED",1,null,null,0,null,[],[],["m",[1,0,null,0]]]]'],
    ['an unknown best point', '[["id","name","x","FINISHED",1,null,null,0,null,[],[],["m",[1,4,1,1]]]]'],
    ['a point of words', '[["id","name","x","FINISHED",1,null,null,0,null,[],[],["m",[1,0,"abc",1]]]]'],
  ])('%s are none', (_name, text) => {
    expect(unpackRuns(new TextEncoder().encode(text))).toBeUndefined();
  });
});

/** JSON would say null of each. The order of dictionaries does not matter to anybody, and -0 is 0. */
function showOdd(_key: string, value: unknown): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value + 0 : String(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
