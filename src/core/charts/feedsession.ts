import {
  chartFeedVersion,
  type ChartFeedQuestion,
  type RunPoints,
  type SeriesMessage,
  type SeriesProblem,
  type Watched,
} from '../../protocol/chartfeed.ts';
import type { RunReading, SeriesQuestion, SeriesReading } from '../../protocol/chartfeedreading.ts';
import type { RunEvent } from '../../protocol/charts.ts';
import { OutgoingSeries, packSeries, type Chunk } from './outgoing.ts';

type Watch = Extract<ChartFeedQuestion, { readonly type: 'watch' }>;

/** What one message bears at most, in points (24 bytes each): about 2 MB. What else it says counts as points, too. */
const mostPoints = 80_000;
const pointsPerSeries = 6;
const pointsPerEvent = 12;

interface WatchedRun {
  mark: string | null;
  /** It may have more than was read of it. */
  isStale: boolean;
  /** Known, with those that wait. */
  events: number;
  waitingEvents: RunEvent[];
  readonly series: Map<string, OutgoingSeries>;
}

interface Flight {
  readonly message: SeriesMessage;
  readonly parts: readonly { readonly run: WatchedRun; readonly series: OutgoingSeries; readonly part: Chunk }[];
  readonly events: readonly { readonly run: WatchedRun; readonly own: readonly RunEvent[] }[];
}

/**
 * The extension's half of the points' way: knows what the page has and what it lacks, what is to be read next, and gives out one message at
 * a time. Points are kept only until they have left, and no more is read than the page can follow. It knows no clock and no channel: after
 * each call that changes something whoever owns it asks for {@link question} and {@link next}.
 */
export class ChartFeedSession {
  #watch = -1;
  #sequence = 0;
  #wanted: Watched = nothingWanted;
  #runs = new Map<string, WatchedRun>();
  #problems: SeriesProblem[] = [];
  #isWhole = true;
  #flight: Flight | undefined;
  /** The reading that is on its way, and what came meanwhile: it may have it already, or not. */
  #reading: { readonly watch: number; readonly early: RunPoints[] } | undefined;

  /** The page wants other series from now on, or has lost what it had. */
  watch({ watch, restart, wanted }: Watch): void {
    if (watch <= this.#watch) return;
    const isNext = watch === this.#watch + 1 && !restart;
    if (isNext) this.#takeBack();
    const before = isNext ? this.#runs : new Map<string, WatchedRun>();
    const isSame = isSameList(wanted.metrics, this.#wanted.metrics) && wanted.events === this.#wanted.events;
    [this.#watch, this.#sequence, this.#wanted, this.#isWhole] = [watch, 0, wanted, false];
    [this.#flight, this.#problems] = [undefined, []];
    const metrics = new Set(wanted.metrics);
    this.#runs = new Map(
      wanted.runIds.map((runId) => {
        const known = before.get(runId) ?? newRun();
        for (const metric of known.series.keys()) if (!metrics.has(metric)) known.series.delete(metric);
        if (!isSame) [known.mark, known.isStale] = [null, true];
        if (!wanted.events) [known.events, known.waitingEvents] = [0, []];
        return [runId, known];
      }),
    );
  }

  /** The page is gone, or can't be seen: it is sent nothing until it watches anew. */
  stop(): void {
    [this.#runs, this.#watch] = [new Map<string, WatchedRun>(), -1];
    [this.#wanted, this.#isWhole] = [nothingWanted, true];
    [this.#flight, this.#problems] = [undefined, []];
  }

  /** The page has taken over a message. */
  acknowledge(watch: number, sequence: number): void {
    const message = this.#flight?.message;
    if (message?.watch === watch && message.sequence === sequence) this.#flight = undefined;
  }

  /** The message that the page has not acknowledged, to be sent once more where it may be lost. */
  get unacknowledged(): SeriesMessage | undefined {
    return this.#flight?.message;
  }

  get isWatched(): boolean {
    return this.#runs.size > 0;
  }

  /** Runs may have grown. */
  check(): void {
    for (const run of this.#runs.values()) run.isStale = true;
  }

  /** What is to be read now; undefined while something is being read, or more waits than one message holds. Its answer goes to {@link take} or {@link fail}. */
  question(): SeriesQuestion | undefined {
    if (this.#reading !== undefined || this.#size() >= mostPoints) return undefined;
    const stale = [...this.#runs].filter(([, { isStale }]) => isStale);
    if (stale.length === 0) return undefined;
    this.#reading = { watch: this.#watch, early: [] };
    const { metrics, events } = this.#wanted;
    const runs = stale.map(([runId, run]) => {
      run.isStale = false;
      return { runId, mark: run.mark, known: placesOf(run), events: run.events };
    });
    return { runs, metrics, events };
  }

  take({ runs, rest }: SeriesReading): void {
    const reading = this.#endReading();
    if (reading === undefined) return;
    for (const one of runs) this.#takeRun(one);
    for (const runId of rest) this.#makeStale(runId);
    for (const points of reading.early) this.append(points);
  }

  /** Nothing could be read. */
  fail({ runs }: SeriesQuestion, message: string): void {
    if (this.#endReading() === undefined) return;
    this.#problems.push(...runs.map(({ runId }) => ({ runId, metric: '', message })));
  }

  /** New points of a live run. */
  append(points: RunPoints): void {
    const run = this.#runs.get(points.runId);
    if (run === undefined || !this.#wanted.metrics.includes(points.metric)) return;
    this.#reading?.early.push(points);
    if (!seriesOf(run, points.metric).add(points)) this.#readAgain(run, points);
  }

  /** The next message for the page; undefined while it has not acknowledged the last one, or has everything. */
  next(): SeriesMessage | undefined {
    if (this.#flight !== undefined) return undefined;
    const { cuts, events, problems } = this.#cut();
    const isNewlyWhole = !this.#isWhole && !this.#isOutstanding();
    if (cuts.length + events.length + problems.length === 0 && !isNewlyWhole) return undefined;
    this.#isWhole ||= isNewlyWhole;
    this.#sequence += 1;
    const message: SeriesMessage = {
      ...{ type: 'series', protocol: chartFeedVersion, watch: this.#watch, sequence: this.#sequence },
      series: packSeries(cuts),
      events: events.flatMap(({ runId, own }) => own.map((event) => [runId, event] as const)),
      problems,
      isWhole: this.#isWhole,
    };
    const parts = cuts.flatMap(({ run, series, parts: own }) => own.map((part) => ({ run, series, part })));
    this.#flight = { message, parts, events };
    return message;
  }

  /** Takes out of what waits as much as a message holds. */
  #cut() {
    const cuts: { runId: string; metric: string; run: WatchedRun; series: OutgoingSeries; parts: readonly Chunk[] }[] =
      [];
    const events: { runId: string; run: WatchedRun; own: readonly RunEvent[] }[] = [];
    let room = mostPoints;
    for (const [runId, run] of this.#runs) {
      if (room <= 0) break;
      const own = run.waitingEvents.splice(0, Math.ceil(room / pointsPerEvent));
      if (own.length > 0) events.push({ runId, run, own });
      room -= own.length * pointsPerEvent;
      for (const [metric, series] of run.series) {
        if (room <= 0) break;
        if (!series.isWaiting) continue;
        const parts = series.cut(room);
        cuts.push({ runId, metric, run, series, parts });
        room -= pointsPerSeries + parts.reduce((sum, { steps }) => sum + steps.length, 0);
      }
    }
    const problems = this.#problems.splice(0, Math.max(0, Math.ceil(room / pointsPerEvent)));
    return { cuts, events, problems };
  }

  /** A new watch does not hear of the message that is on its way. */
  #takeBack(): void {
    for (const { series, part } of this.#flight?.parts.toReversed() ?? []) series.putBack(part);
    for (const { run, own } of this.#flight?.events ?? []) run.waitingEvents.unshift(...own);
  }

  /** Undefined where something else is wanted by now: all is to be looked at once more. */
  #endReading() {
    const reading = this.#reading;
    this.#reading = undefined;
    if (reading?.watch === this.#watch) return reading;
    this.check();
    return undefined;
  }

  #takeRun({ runId, mark, series, events, problems }: RunReading): void {
    const run = this.#runs.get(runId);
    if (run === undefined) return;
    const wanted = series.filter(({ metric }) => this.#wanted.metrics.includes(metric));
    run.mark = mark;
    for (const points of wanted) if (!seriesOf(run, points.metric).add(points)) this.#readAgain(run, points);
    run.waitingEvents.push(...events);
    run.events += events.length;
    this.#problems.push(...problems);
  }

  /** Points do not fit what is known of their series. */
  #readAgain(run: WatchedRun, { metric }: RunPoints): void {
    seriesOf(run, metric).forget();
    [run.mark, run.isStale] = [null, true];
  }

  #makeStale(runId: string): void {
    const run = this.#runs.get(runId);
    if (run !== undefined) run.isStale = true;
  }

  #size(): number {
    return [...this.#runs.values()].reduce(
      (sum, { series }) => [...series.values()].reduce((own, { size }) => own + size, sum),
      0,
    );
  }

  #isOutstanding(): boolean {
    if (this.#reading !== undefined) return true;
    const runs = [...this.#runs.values()];
    return (
      this.#problems.length > 0 ||
      runs.some(({ isStale, waitingEvents }) => isStale || waitingEvents.length > 0) ||
      this.#size() > 0
    );
  }
}

const nothingWanted: Watched = { runIds: [], metrics: [], events: false };

function newRun(): WatchedRun {
  return { mark: null, isStale: true, events: 0, waitingEvents: [], series: new Map() };
}

function seriesOf(run: WatchedRun, metric: string): OutgoingSeries {
  const known = run.series.get(metric) ?? new OutgoingSeries();
  run.series.set(metric, known);
  return known;
}

function placesOf({ series }: WatchedRun): SeriesQuestion['runs'][number]['known'] {
  return new Map([...series].flatMap(([metric, { place }]) => (place === undefined ? [] : [[metric, place] as const])));
}

function isSameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, index) => text === b[index]);
}
