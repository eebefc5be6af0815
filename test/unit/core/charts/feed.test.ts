import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChartFeedSession, ChartFeedView } from '../../../../src/core/charts/charts.ts';
import type { ChartFeedQuestion, RunPoints, SeriesMessage, Watched } from '../../../../src/protocol/chartfeed.ts';
import { parseSeriesMessage } from '../../../../src/protocol/chartfeedcodec.ts';
import type { SeriesQuestion, SeriesReading } from '../../../../src/protocol/chartfeedreading.ts';
import type { RunEvent } from '../../../../src/protocol/charts.ts';
import { parseFromRunsPage } from '../../../../src/protocol/runtablecodec.ts';

const wanted = (runIds: readonly string[], metrics: readonly string[] = ['loss']): Watched => ({
  runIds,
  metrics,
  events: true,
});
const pointsOf = (runId: string, metric: string, from: number, values: readonly number[]): RunPoints => ({
  ...{ runId, metric, from },
  steps: Float64Array.from(values, (_, index) => from + index),
  values: Float64Array.from(values),
  times: Float64Array.from(values, (_, index) => 1000 + from + index),
});
const eventOf = (time: number): RunEvent => ({ time, step: time, kind: 'warning', text: `at ${time}` });

/** Runs as a store has them. */
class Store {
  readonly values = new Map<string, Map<string, number[]>>();
  readonly events = new Map<string, RunEvent[]>();
  /** One answer holds so many runs. */
  most = 2;

  set(runId: string, metric: string, from: number, values: readonly number[]): void {
    const own = this.values.get(runId) ?? new Map<string, number[]>();
    this.values.set(runId, own.set(metric, [...(own.get(metric) ?? []).slice(0, from), ...values]));
  }

  read({ runs, metrics, events: hasEvents }: SeriesQuestion): SeriesReading {
    const chosen = runs.slice(0, this.most);
    const answers = chosen.flatMap(({ runId, mark, known, events }) => {
      const own = metrics.flatMap((metric) => {
        const values = this.values.get(runId)?.get(metric);
        return values === undefined ? [] : [[metric, values] as const];
      });
      const now = JSON.stringify([own, this.events.get(runId)?.length]);
      if (now === mark) return [];
      const series = own.map(([metric, values]) => {
        const place = known.get(metric);
        const isSame = place !== undefined && Object.is(values[place.count - 1], place.value);
        const from = isSame ? place.count : 0;
        return pointsOf(runId, metric, from, values.slice(from));
      });
      const newEvents = hasEvents ? (this.events.get(runId) ?? []).slice(events) : [];
      return [{ runId, mark: now, series, events: newEvents, problems: [] }];
    });
    return { runs: answers, rest: runs.slice(this.most).map(({ runId }) => runId), isGrowing: false };
  }
}

/** What the page keeps. */
class Page {
  readonly view: ChartFeedView;
  series = new Map<string, number[]>();
  events: string[] = [];

  constructor(later = 0) {
    this.view = new ChartFeedView(1_700_000_000_000 + later);
  }

  receive(raw: unknown): ChartFeedQuestion | undefined {
    const message = parseSeriesMessage(raw);
    if (message === undefined) return undefined;
    const receipt = this.view.receive(message);
    if (receipt.kind === 'anew') this.forget();
    if (receipt.kind !== 'taken') return receipt.answer;
    for (const { runId, metric, from, values } of receipt.series) {
      const key = `${runId} ${metric}`;
      this.series.set(key, [...(this.series.get(key) ?? []).slice(0, from), ...values]);
    }
    this.events.push(...receipt.events.map(([runId, { text }]) => `${runId} ${text}`));
    return receipt.answer;
  }

  watch(what: Watched): ChartFeedQuestion {
    const question = this.view.watch(what);
    for (const key of this.series.keys()) {
      const [runId = '', metric = ''] = key.split(' ');
      if (!what.runIds.includes(runId) || !what.metrics.includes(metric)) this.series.delete(key);
    }
    this.events = what.events ? this.events.filter((text) => what.runIds.includes(text.split(' ')[0] ?? '')) : [];
    return question;
  }

  forget(): void {
    this.series = new Map();
    this.events = [];
  }
}

function hear(session: ChartFeedSession, raw: unknown): void {
  const question = parseFromRunsPage(raw);
  if (question?.type === 'watch') session.watch(question);
  if (question?.type === 'watched') session.acknowledge(question.watch, question.sequence);
}

/** Until nobody has anything to say. */
function settle(session: ChartFeedSession, page: Page, store: Store): readonly SeriesMessage[] {
  const messages: SeriesMessage[] = [];
  for (let turn = 0; turn < 10_000; turn += 1) {
    const question = session.question();
    if (question !== undefined) session.take(store.read(question));
    const message = session.next();
    if (message === undefined && question === undefined) return messages;
    if (message === undefined) continue;
    messages.push(message);
    hear(session, page.receive(message));
  }
  throw new Error('They never come to an end.');
}

function start(runs: Readonly<Record<string, readonly number[]>>) {
  const [session, page, store] = [new ChartFeedSession(), new Page(), new Store()];
  for (const [runId, values] of Object.entries(runs)) store.set(runId, 'loss', 0, values);
  hear(session, page.watch(wanted(Object.keys(runs))));
  return { session, page, store };
}

const allRuns = ['a', 'b', 'c'];
const allMetrics = ['loss', 'acc'];
const anyAction = fc.oneof(
  fc.record({
    kind: fc.constant('log' as const),
    runId: fc.constantFrom(...allRuns),
    metric: fc.constantFrom(...allMetrics),
    back: fc.nat(2),
    values: fc.array(fc.double(), { maxLength: 4 }),
    isTold: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('watch' as const),
    runIds: fc.subarray(allRuns),
    metrics: fc.subarray(allMetrics),
    events: fc.boolean(),
  }),
  fc.record({
    kind: fc.constantFrom(
      ...(['event', 'check', 'ask', 'answer', 'fail', 'send', 'again', 'reload', 'anew', 'garbage'] as const),
    ),
  }),
  fc.record({
    kind: fc.constantFrom('toPage' as const, 'toHost' as const),
    what: fc.constantFrom('deliver' as const, 'lose' as const, 'double' as const, 'late' as const),
  }),
);
type Action = typeof anyAction extends fc.Arbitrary<infer A> ? A : never;
type Passing = 'deliver' | 'lose' | 'double' | 'late';
type ActionOf<K extends Action['kind']> = Extract<Action, { readonly kind: K }>;

/** Both halves with a channel between them that loses, doubles and delays, and a store that is read meanwhile. */
class Wire {
  readonly session = new ChartFeedSession();
  readonly store = new Store();
  page = new Page();
  readonly #garbage: unknown;
  readonly #toPage: unknown[] = [];
  readonly #toHost: unknown[] = [];
  #asked: SeriesQuestion | undefined;
  #later = 0;

  constructor(garbage: unknown) {
    this.#garbage = garbage;
  }

  act(action: Action): void {
    if (action.kind === 'log') this.#log(action);
    else if (action.kind === 'watch') this.#toHost.push(this.page.watch(action));
    else if (action.kind === 'toPage')
      this.#pass(this.#toPage, action.what, (raw) => this.#toHost.push(this.page.receive(raw)));
    else if (action.kind === 'toHost') this.#pass(this.#toHost, action.what, (raw) => hear(this.session, raw));
    else this.#acts[action.kind]();
  }

  readonly #acts: Readonly<Record<Exclude<Action['kind'], 'log' | 'watch' | 'toPage' | 'toHost'>, () => void>> = {
    event: () => {
      const known = this.store.events.get('a') ?? [];
      this.store.events.set('a', [...known, eventOf(known.length)]);
    },
    check: () => this.session.check(),
    ask: () => (this.#asked ??= this.session.question()),
    answer: () => {
      if (this.#asked !== undefined) this.session.take(this.store.read(this.#asked));
      this.#asked = undefined;
    },
    fail: () => {
      if (this.#asked !== undefined) this.session.fail(this.#asked, 'gone');
      this.#asked = undefined;
    },
    send: () => this.#toPage.push(this.session.next()),
    again: () => this.#toPage.push(this.session.unacknowledged),
    reload: () => {
      const { wanted: known } = this.page.view;
      // A page that is loaded again begins with a later time.
      this.page = new Page((this.#later += 1000));
      this.#toHost.push(this.page.watch(known));
    },
    anew: () => {
      this.page.forget();
      this.#toHost.push(this.page.view.watchAnew());
    },
    garbage: () => {
      this.page.receive(this.#garbage);
      hear(this.session, this.#garbage);
    },
  };

  #log({ runId, metric, back, values, isTold }: ActionOf<'log'>): void {
    const length = this.store.values.get(runId)?.get(metric)?.length ?? 0;
    const from = Math.max(0, length - back);
    // What replaces the end of a series differs from it.
    const others = values.map((value, index) => (Number.isNaN(value) ? value : Math.abs(value) + length + index));
    this.store.set(runId, metric, from, others);
    if (isTold && back === 0) this.session.append(pointsOf(runId, metric, from, others));
  }

  #pass(channel: unknown[], what: Passing, take: (raw: unknown) => void): void {
    if (channel.length === 0) return;
    if (what === 'late') {
      channel.push(channel.shift());
      return;
    }
    const raw = what === 'double' ? channel[0] : channel.shift();
    if (what !== 'lose') take(raw);
  }

  /** Whoever waits for too long says it again; a page that has not got all asks anew. */
  end(): void {
    this.#acts.answer();
    const { unacknowledged } = this.session;
    if (unacknowledged !== undefined) hear(this.session, this.page.receive(unacknowledged));
    this.session.check();
    settle(this.session, this.page, this.store);
    if (this.page.view.isWhole) return;
    this.page.forget();
    hear(this.session, this.page.view.watchAnew());
    settle(this.session, this.page, this.store);
  }

  expectedSeries(): ReadonlyMap<string, readonly number[]> {
    const { runIds, metrics } = this.page.view.wanted;
    const all = runIds.flatMap((runId) =>
      metrics.map((metric) => [`${runId} ${metric}`, this.store.values.get(runId)?.get(metric) ?? []] as const),
    );
    return new Map(all.filter(([, values]) => values.length > 0));
  }

  expectedEvents(): readonly string[] {
    const { runIds, events } = this.page.view.wanted;
    const own = events && runIds.includes('a') ? (this.store.events.get('a') ?? []) : [];
    return own.map(({ text }) => `a ${text}`);
  }
}

describe('the way of points to the page of runs', () => {
  it('brings all runs in parts, says when that is all, and tells of what is new from then on', () => {
    const { session, page, store } = start({ a: [3, 2], b: [5], c: [] });
    const messages = settle(session, page, store);
    expect(messages.map(({ sequence, isWhole }) => [sequence, isWhole])).toEqual([
      [1, false],
      [2, true],
    ]);
    expect(Object.fromEntries(page.series)).toEqual({ 'a loss': [3, 2], 'b loss': [5] });
    session.append(pointsOf('a', 'loss', 2, [1]));
    session.append(pointsOf('a', 'acc', 0, [1]));
    session.append(pointsOf('x', 'loss', 0, [1]));
    expect(settle(session, page, store)).toMatchObject([{ sequence: 3, series: [{ from: 2 }], isWhole: true }]);
    expect(page.series.get('a loss')).toEqual([3, 2, 1]);
  });

  it('answers a watch of nothing, and one that has nothing new', () => {
    const { session, page, store } = start({});
    expect(settle(session, page, store)).toMatchObject([{ series: [], isWhole: true }]);
    hear(session, page.watch(wanted(['a'])));
    expect(settle(session, page, store)).toMatchObject([{ series: [], isWhole: true, sequence: 1 }]);
  });

  it('has one message on its way, in which everything comes that is told meanwhile', () => {
    const { session, page, store } = start({ a: [1] });
    session.take(store.read(session.question()!));
    const first = session.next()!;
    expect(session.next()).toBeUndefined();
    expect(session.unacknowledged).toBe(first);
    for (const index of [1, 2, 3]) session.append(pointsOf('a', 'loss', index, [index]));
    expect(session.next()).toBeUndefined();
    hear(session, page.receive(first));
    const second = session.next()!;
    expect(second.series).toEqual([pointsOf('a', 'loss', 1, [1, 2, 3])]);
    expect(
      new Set(second.series.flatMap(({ steps, values, times }) => [steps, values, times].map((c) => c.buffer))).size,
    ).toBe(1);
  });

  it('cuts what is long, and reads no more before it has left', () => {
    const long = Array.from({ length: 100_000 }, (_, index) => index);
    const { session, page, store } = start({ a: long, b: long, c: [1] });
    store.most = 1;
    session.take(store.read(session.question()!));
    expect(session.question()).toBeUndefined();
    const first = session.next()!;
    expect(first.series.map(({ steps }) => steps.length)).toEqual([80_000]);
    expect(session.question()?.runs.map(({ runId }) => runId)).toEqual(['b', 'c']);
    session.take(store.read({ runs: [], metrics: [], events: false }));
    session.check();
    hear(session, page.receive(first));
    const sizes = settle(session, page, store).map(({ series }) =>
      series.reduce((sum, one) => sum + one.steps.length, 0),
    );
    expect(Math.max(...sizes)).toBeLessThanOrEqual(80_000);
    expect([...page.series.values()].map((values) => values.length)).toEqual([100_000, 100_000, 1]);
  });

  it('reads a series as a whole where points are missing between, steps descend, or it is another one', () => {
    const { session, page, store } = start({ a: [1, 2, 3] });
    settle(session, page, store);
    store.set('a', 'loss', 3, [4, 5, 6]);
    session.append(pointsOf('a', 'loss', 5, [6]));
    settle(session, page, store);
    expect(page.series.get('a loss')).toEqual([1, 2, 3, 4, 5, 6]);
    store.set('a', 'loss', 1, [9]);
    session.check();
    settle(session, page, store);
    expect(page.series.get('a loss')).toEqual([1, 9]);
    store.set('a', 'loss', 0, []);
    session.check();
    settle(session, page, store);
    expect(page.series.get('a loss')).toEqual([]);
    const { steps, ...rest } = pointsOf('a', 'loss', 0, [1, 2]);
    session.append({ ...rest, steps });
    session.append({ ...pointsOf('a', 'loss', 2, [7]), steps: Float64Array.of(-5) });
    expect(session.question()?.runs).toMatchObject([{ runId: 'a', mark: null, known: new Map() }]);
  });

  it('says of every run that it could not be read, and tries again when something changes', () => {
    const { session, page, store } = start({ a: [1], b: [2] });
    session.fail(session.question()!, 'The store is gone.');
    const message = session.next()!;
    expect(message).toMatchObject({ isWhole: true, problems: [{ runId: 'a', metric: '' }, { runId: 'b' }] });
    hear(session, page.receive(message));
    expect(session.question()).toBeUndefined();
    session.check();
    settle(session, page, store);
    expect(page.series.size).toBe(2);
  });

  it('sends nothing to a page that is gone, and everything to the next one', () => {
    const { session, page, store } = start({ a: [1] });
    settle(session, page, store);
    session.stop();
    session.append(pointsOf('a', 'loss', 1, [2]));
    expect([session.question(), session.next(), session.isWatched]).toEqual([undefined, undefined, false]);
    const next = new Page();
    hear(session, next.view.watchAnew());
    hear(session, next.watch(wanted(['a'])));
    settle(session, next, store);
    expect(next.series.get('a loss')).toEqual([1]);
  });

  it('keeps what is wanted still when something else is wanted, and drops the rest', () => {
    const { session, page, store } = start({ a: [1, 2], b: [3] });
    store.set('a', 'acc', 0, [7]);
    store.events.set('a', [eventOf(1)]);
    settle(session, page, store);
    hear(session, page.watch(wanted(['c', 'a'], ['loss', 'acc'])));
    const sent = settle(session, page, store).flatMap(({ series }) => series.filter(({ steps }) => steps.length > 0));
    expect(sent).toEqual([pointsOf('a', 'acc', 0, [7])]);
    expect(page.events).toEqual(['a at 1']);
    hear(session, page.watch({ ...wanted(['a']), events: false }));
    hear(session, page.watch(wanted(['a'])));
    settle(session, page, store);
    expect(page.events).toEqual(['a at 1']);
  });

  it('bears a hundred thousand messages that are none, on both ends, and goes on', () => {
    const { session, page, store } = start({ a: [3, 2], b: [5] });
    settle(session, page, store);
    const templates: readonly Readonly<Record<string, unknown>>[] = [
      page.view.watchAnew(),
      { type: 'watched', watch: 7, sequence: 1 },
      {
        ...{ type: 'series', protocol: 1, watch: 7, sequence: 1 },
        series: [],
        events: [],
        problems: [],
        isWhole: true,
      },
    ];
    const pool = [
      undefined,
      null,
      NaN,
      -1,
      0.5,
      '',
      '__proto__',
      [],
      [[]],
      {},
      true,
      2n,
      new Float64Array(2),
      new Map(),
    ];
    let seed = 7;
    const random = (most: number): number => (seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0) % most;
    for (let count = 0; count < 100_000; count += 1) {
      const template = templates[random(templates.length)] ?? {};
      const keys = Object.keys(template);
      const message = { ...template, [keys[random(keys.length)] ?? '']: pool[random(pool.length)] };
      hear(session, message);
      page.receive(message);
    }
    page.forget();
    hear(session, page.view.watchAnew());
    settle(session, page, store);
    expect(Object.fromEntries(page.series)).toEqual({ 'a loss': [3, 2], 'b loss': [5] });
  });

  it('ends with equal points and events, whatever is lost, doubled, late, replaced or loaded again', () => {
    fc.assert(
      fc.property(fc.array(anyAction, { maxLength: 120 }), fc.anything(), (actions, garbage) => {
        const wire = new Wire(garbage);
        for (const one of actions) wire.act(one);
        wire.end();
        expect(new Map([...wire.page.series].filter(([, values]) => values.length > 0))).toEqual(wire.expectedSeries());
        expect(wire.page.events).toEqual(wire.expectedEvents());
        expect(wire.page.view.isWhole).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
