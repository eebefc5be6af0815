import { chartFeedQuestions, parseSeriesMessage } from './chartfeedcodec.ts';
import { parsePlotsMessage, plotsQuestions } from './plotscodec.ts';
import { parsePictureAnswer, pictureQuestions } from './picturescodec.ts';
import {
  askedTabs,
  pageExports,
  runActions,
  runTableProtocolVersion,
  type FromRunsPage,
  type RunsPageMessage,
  type SavedView,
  type ToRunsPage,
} from './runtable.ts';
import { runsView } from './runsviewcodec.ts';
import {
  count,
  finite,
  flag,
  listOf,
  oneOf,
  orNull,
  parserOf,
  shaped,
  text,
  type Check,
  type Shapes,
} from './shapes.ts';
import type { MetricPoint, MetricSummary, RunStatus, RunSummary } from './tracking.ts';

// Parsers of the messages between the extension and the page of runs (`undefined` means "not a message of this version"), and how
// runs are packed into bytes: JSON in UTF-8 with each name said once for all runs of a part, since 10,000 runs with 20 metrics each
// would be 50 MB as objects, and more work for the host that hands them on than it may do.

const currentProtocol: Check = (value) => value === runTableProtocolVersion;
const numbered = { protocol: currentProtocol, sequence: count };
const unreadable = listOf(shaped({ runId: text, file: text, message: text }));
const savedView = shaped({
  name: text,
  view: orNull(runsView),
  problem: orNull(text),
} satisfies Record<keyof SavedView, Check>);
const bytes: Check = (value) => value instanceof Uint8Array;
const format = oneOf('csv', 'markdown', 'json');
const notice = shaped({ kind: oneOf('loading', 'broken'), text, action: oneOf('none', 'retry') });

const toRunsPage: Shapes<ToRunsPage> = {
  runs: { ...numbered, begins: flag, ends: flag, bytes, removed: listOf(text), unreadable },
  views: { ...numbered, views: listOf(savedView) },
  notice: { ...numbered, notice },
  chosen: { ...numbered, name: text },
  tab: { ...numbered, tab: oneOf(...askedTabs) },
  copy: { ...numbered, format },
  export: { ...numbered, what: oneOf(...pageExports) },
};

const fromRunsPage: Shapes<FromRunsPage> = {
  ...chartFeedQuestions,
  ...plotsQuestions,
  ...pictureQuestions,
  ready: { protocol: currentProtocol },
  resync: {},
  act: { action: oneOf(...runActions), runIds: listOf(text) },
  copied: { text },
  keep: { name: orNull(text), view: runsView },
  saveView: { name: orNull(text), view: runsView },
  deleteView: { name: text },
  openView: { name: text },
  report: { format: oneOf('html', 'markdown'), runIds: listOf(text), view: runsView },
  picture: { kind: oneOf('png', 'svg'), name: text, bytes },
  points: { name: text, runIds: listOf(text), metrics: listOf(text) },
  error: { message: text },
};

export const parseToRunsPage: (value: unknown) => ToRunsPage | undefined = parserOf(toRunsPage);
/** As {@link parseToRunsPage}, points of the runs, plots, and pictures. */
export const parseRunsPageMessage = (value: unknown): RunsPageMessage | undefined =>
  parseToRunsPage(value) ?? parseSeriesMessage(value) ?? parsePlotsMessage(value) ?? parsePictureAnswer(value);
export const parseFromRunsPage: (value: unknown) => FromRunsPage | undefined = parserOf(fromRunsPage);

/** Longest value of a param or tag that the table gets: nobody reads more in a cell, and notes and patches may be books. */
const mostCharacters = 300;

/** One run, as it stands in a part; equal texts are equal runs. */
export function packRun(run: RunSummary): string {
  const { runId, name, experiment, status, startTime, endTime, parentRunId, lost, store, params, tags, metrics } = run;
  return JSON.stringify([
    ...[runId, name, experiment, status, toFinite(startTime), endTime, parentRunId, lost ? 1 : 0, store ?? null],
    Object.entries(params).flatMap(([key, value]) => [key, shorten(value)]),
    Object.entries(tags).flatMap(([key, value]) => [key, shorten(value)]),
    Object.entries(metrics).flatMap(([key, summary]) => [key, packMetric(summary)]),
  ]);
}

/** Runs as {@link packRun} gives them. */
export function joinRuns(packed: readonly string[]): Uint8Array {
  return new TextEncoder().encode(`[${packed.join(',\n')}]`);
}

/** Undefined for bytes that are no runs. What the table does not need (`artifacts`) is null. */
export function unpackRuns(packed: Uint8Array): readonly RunSummary[] | undefined {
  try {
    const rows: unknown = JSON.parse(new TextDecoder().decode(packed));
    if (!Array.isArray(rows)) return undefined;
    const runs = rows.flatMap((row) => unpackRun(row) ?? []);
    return runs.length === rows.length ? runs : undefined;
  } catch {
    // No JSON: no runs either.
    return undefined;
  }
}

/** Whatever a store says: one odd number may not make a run, and those beside it, unreadable. */
function toFinite(value: number): number {
  return Number.isFinite(value) ? value : 0;
}

function shorten(value: string): string {
  return value.length <= mostCharacters ? value : `${value.slice(0, mostCharacters)}…`;
}

/** In front of a metric's points: which one is the best. */
const chosen = { none: 0, min: 1, max: 2, other: 3 } as const;

/**
 * How many points, which is the best, and then value and step of the last, the least, the greatest and, where it is none of them, the
 * best. A metric whose points are all the same one has it once.
 */
function packMetric({ points, last, min, max, best }: MetricSummary): readonly unknown[] {
  const isOne = isSame(min, last) && isSame(max, last);
  const choice = best === null ? 'none' : isSame(best, min) ? 'min' : isSame(best, max) ? 'max' : 'other';
  const told = isOne && choice !== 'other' ? [last] : [last, min, max, ...(choice === 'other' ? [best] : [])];
  return [points, chosen[choice], ...told.flatMap(packPoint)];
}

function isSame(a: MetricPoint | null, b: MetricPoint | null): boolean {
  return a !== null && b !== null && Object.is(a.value, b.value) && a.step === b.step;
}

function packPoint(point: MetricPoint | null): readonly [value: number | string | null, step: number] {
  if (point === null) return [null, 0];
  // JSON has no NaN and no infinity.
  return [Number.isFinite(point.value) ? point.value : String(point.value), toFinite(point.step)];
}

const statuses: Readonly<Record<RunStatus, true>> = {
  RUNNING: true,
  SCHEDULED: true,
  FINISHED: true,
  FAILED: true,
  KILLED: true,
};
const fieldChecks: readonly Check[] = [
  ...[text, text, text, oneOf(...Object.keys(statuses)), finite, orNull(finite), orNull(text), oneOrZero, orNull(text)],
  ...[Array.isArray, Array.isArray, Array.isArray],
];

function oneOrZero(value: unknown): boolean {
  return value === 0 || value === 1;
}

function unpackRun(row: unknown): RunSummary | undefined {
  if (!Array.isArray(row) || !fieldChecks.every((check, index) => check(row[index]))) return undefined;
  const [runId, name, experiment, status, startTime, endTime, parentRunId, lost, store, params, tags, metrics] =
    row as [
      ...[string, string, string, RunStatus, number, number | null, string | null, 0 | 1, string | null],
      ...[readonly unknown[], readonly unknown[], readonly unknown[]],
    ];
  const own = { params: unpackTexts(params), tags: unpackTexts(tags), metrics: unpackMetrics(metrics) };
  if (own.params === undefined || own.tags === undefined || own.metrics === undefined) return undefined;
  return {
    ...{ runId, name, experiment, status, startTime, endTime, parentRunId, lost: lost === 1, artifacts: null },
    ...{ params: own.params, tags: own.tags, metrics: own.metrics },
    ...(store === null ? {} : { store }),
  };
}

function unpackPairs<T>(
  pairs: readonly unknown[],
  unpack: (value: unknown) => T | undefined,
): Record<string, T> | undefined {
  const all: Record<string, T> = {};
  for (let index = 0; index < pairs.length; index += 2) {
    const [key, value] = [pairs[index], unpack(pairs[index + 1])];
    if (typeof key !== 'string' || value === undefined) return undefined;
    // An assignment to this name would be one to the object's prototype.
    if (key === '__proto__') Object.defineProperty(all, key, { value, enumerable: true });
    else all[key] = value;
  }
  return all;
}

function unpackTexts(pairs: readonly unknown[]): Readonly<Record<string, string>> | undefined {
  return unpackPairs(pairs, (value) => (typeof value === 'string' ? value : undefined));
}

function unpackMetrics(pairs: readonly unknown[]): Readonly<Record<string, MetricSummary>> | undefined {
  return unpackPairs(pairs, unpackMetric);
}

function unpackMetric(packed: unknown): MetricSummary | undefined {
  if (!Array.isArray(packed) || !orNull(count)(packed[0])) return undefined;
  const row = packed as readonly unknown[];
  const last = unpackPoint(row, 2);
  if (last === undefined || last === null) return undefined;
  const isOne = row.length === 4;
  const min = isOne ? last : unpackPoint(row, 4);
  const max = isOne ? last : unpackPoint(row, 6);
  if (min === undefined || max === undefined) return undefined;
  const best = readBest(row, min, max);
  return best === undefined ? undefined : { points: row[0] as number | null, last, min, max, best };
}

function readBest(
  row: readonly unknown[],
  min: MetricPoint | null,
  max: MetricPoint | null,
): MetricPoint | null | undefined {
  switch (row[1]) {
    case chosen.none:
      return null;
    case chosen.min:
      return min;
    case chosen.max:
      return max;
    case chosen.other:
      return unpackPoint(row, 8);
    default:
      return undefined;
  }
}

const oddValues: Readonly<Record<string, number>> = { 'NaN': NaN, 'Infinity': Infinity, '-Infinity': -Infinity };

/** Null for none; undefined for what is no point. */
function unpackPoint(row: readonly unknown[], at: number): MetricPoint | null | undefined {
  const [value, step] = [row[at], row[at + 1]];
  if (typeof step !== 'number') return undefined;
  if (typeof value === 'number') return { value, step };
  if (value === null) return null;
  return typeof value === 'string' && Object.hasOwn(oddValues, value)
    ? { value: oddValues[value] ?? NaN, step }
    : undefined;
}
