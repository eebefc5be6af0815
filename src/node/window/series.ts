import { crc32 } from 'node:zlib';
import { pointsSince, toRunPoints } from '../../core/charts/charts.ts';
import type { RunPoints, SeriesProblem } from '../../protocol/chartfeed.ts';
import type {
  RunQuestion,
  RunReading,
  SeriesPlace,
  SeriesQuestion,
  SeriesReading,
} from '../../protocol/chartfeedreading.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import type { MetricSummary, RunList, RunSummary } from '../../protocol/tracking.ts';
import { readRunEvents, type RunStore, type StoreUnion } from '../tracking/tracking.ts';

/** An answer holds no more than so many points (24 bytes each) and one run beyond them, … */
const MOST_POINTS = 350_000;
/** … and is given after so many milliseconds with what there is: whoever waits can draw it. */
const LONGEST_MS = 250;
/** Runs that are read side by side: on a server each metric is a request. */
const AT_ONCE = 4;

interface SeriesAsking {
  readonly list: RunList;
  readonly stores: StoreUnion;
  /** Points of these are told as they are written. */
  readonly followed: ReadonlySet<string>;
}

/**
 * New points of many runs, the newest run first, in parts: what has not been looked at is named to be asked for again. Which runs have
 * changed is seen from the list, so that only their series are read.
 */
export async function readSeries(question: SeriesQuestion, asking: SeriesAsking): Promise<SeriesReading> {
  const known = new Map(asking.list.runs.map((run) => [run.runId, run]));
  const asked = question.runs.flatMap((one) => ({ one, run: known.get(one.runId) }));
  const changed = asked
    .filter(({ one, run }) => one.mark !== markOf(run, question.metrics))
    .sort((a, b) => (b.run?.startTime ?? 0) - (a.run?.startTime ?? 0));
  const reader = new SeriesReader(question, asking.stores);
  const runs: RunReading[] = [];
  const end = performance.now() + LONGEST_MS;
  let [next, size] = [0, 0];
  while (next < changed.length && size < MOST_POINTS && (next === 0 || performance.now() < end)) {
    const read = await Promise.all(
      changed.slice(next, (next += AT_ONCE)).map(({ one, run }) => reader.readRun(one, run)),
    );
    runs.push(...read);
    size += read.reduce((sum, { series }) => sum + series.reduce((own, { steps }) => own + steps.length, 0), 0);
    // Other work of the thread comes between.
    await new Promise(setImmediate);
  }
  return {
    runs,
    rest: changed.slice(next).map(({ one }) => one.runId),
    isGrowing: asked.some(({ run }) => run?.status === 'RUNNING' && !run.lost && !asking.followed.has(run.runId)),
  };
}

/** Another one when a run has changed in what is asked for. */
function markOf(run: RunSummary | undefined, metrics: readonly string[]): string {
  if (run === undefined) return 'gone';
  const own = metrics.map((metric) => {
    const { points, last } = summaryOf(run, metric) ?? { points: null, last: null };
    return [points, last?.step, String(last?.value)];
  });
  return crc32(JSON.stringify([run.status, metrics, own])).toString(16);
}

function summaryOf({ metrics }: RunSummary, metric: string): MetricSummary | undefined {
  return Object.hasOwn(metrics, metric) ? metrics[metric] : undefined;
}

class SeriesReader {
  readonly #question: SeriesQuestion;
  readonly #stores: StoreUnion;
  /** Of stores that are read as a whole, one reading for all runs. */
  readonly #readers = new Map<RunStore, Promise<Pick<RunStore, 'readHistory'>>>();

  constructor(question: SeriesQuestion, stores: StoreUnion) {
    this.#question = question;
    this.#stores = stores;
  }

  /** One that is not listed any more has nothing new. */
  async readRun(one: RunQuestion, run: RunSummary | undefined): Promise<RunReading> {
    const { runId } = one;
    const { metrics, events } = this.#question;
    const reading = { runId, mark: markOf(run, metrics), series: [], events: [], problems: [] };
    if (run === undefined) return reading;
    try {
      const store = this.#stores.storeOf(run);
      const reader = await this.#readerOf(store);
      const read = await Promise.all(metrics.map((metric) => readMetric(reader, run, metric, one.known.get(metric))));
      return {
        ...reading,
        series: read.flatMap(({ points }) => points ?? []),
        events: events ? (await readRunEvents(store, runId)).slice(one.events) : [],
        problems: read.flatMap(({ problem }) => problem ?? []),
      };
    } catch (error) {
      return { ...reading, problems: [{ runId, metric: '', message: messageOf(error) }] };
    }
  }

  #readerOf(store: RunStore): Promise<Pick<RunStore, 'readHistory'>> {
    const known = this.#readers.get(store) ?? store.openHistories?.() ?? Promise.resolve(store);
    this.#readers.set(store, known);
    return known;
  }
}

interface MetricReading {
  readonly points?: RunPoints;
  readonly problem?: SeriesProblem;
}

async function readMetric(
  reader: Pick<RunStore, 'readHistory'>,
  run: RunSummary,
  metric: string,
  place: SeriesPlace | undefined,
): Promise<MetricReading> {
  const { runId } = run;
  const summary = summaryOf(run, metric);
  const nothing = { steps: [], values: [], timestamps: [] };
  if (summary === undefined) return place === undefined ? {} : { points: toRunPoints(runId, metric, 0, nothing) };
  if (isAtEnd(summary, place)) return {};
  try {
    const points = toRunPoints(runId, metric, 0, await reader.readHistory(runId, metric));
    return { points: pointsSince(points, place) };
  } catch (error) {
    return { problem: { runId, metric, message: messageOf(error) } };
  }
}

/** As the points that were told when they were written make it. */
function isAtEnd({ points, last }: MetricSummary, place: SeriesPlace | undefined): boolean {
  if (place === undefined) return false;
  return place.count === points && place.step === last.step && Object.is(place.value, last.value);
}

function messageOf(error: unknown): string {
  if (error instanceof ExpectedError) return error.message;
  throw error;
}
