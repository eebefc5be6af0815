import { ChartBook } from '../../core/charts/charts.ts';
import {
  planReport,
  reportPaint,
  toReportChart,
  type Report,
  type ReportChart,
  type ReportPlan,
} from '../../core/report/report.ts';
import type { RunPoints } from '../../protocol/chartfeed.ts';
import type { ReportRequest } from '../../protocol/report.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import type { RunSummary } from '../../protocol/tracking.ts';
import type { RunStore } from '../tracking/tracking.ts';
import { readAnswers } from '../classification/classification.ts';

/** Histories that are read at a time. */
const TOGETHER = 8;
const MOST_NOTES = 20;

interface ReadingOptions {
  /** In milliseconds since 1970. */
  readonly createdAt: number;
  readonly version: string;
  readonly signal: AbortSignal;
}

/**
 * Everything that a report tells. The points of one chart at a time are in memory. What can't be read of a run is told, and the rest is
 * drawn.
 */
export async function readReport(
  store: RunStore,
  request: ReportRequest,
  { createdAt, version, signal }: ReadingOptions,
): Promise<Report> {
  const { runs: all, unreadable, warnings = [] } = await store.listRuns();
  const plan = planReport(all, request);
  const problems = [...unreadable, ...warnings].map(({ file, message }) => `${file}: ${message}`);
  const { charts, courses } = await drawCards(store, plan, problems, signal);
  const answers = plan.best === null ? null : await readAnswers(store, plan.best);
  const { title, runs, total, objective, best, columns, hues } = plan;
  return {
    ...{ title, runs, total, objective, best, columns, hues },
    ...{ createdAt, version, charts, courses, answers },
    notes: toNotes(plan, problems),
  };
}

async function drawCards(
  store: RunStore,
  { cards, objective }: ReportPlan,
  problems: string[],
  signal: AbortSignal,
): Promise<Pick<Report, 'charts' | 'courses'>> {
  const book = new ChartBook();
  const charts: ReportChart[] = [];
  const courses = new Map<string, readonly number[]>();
  for (const card of cards) {
    const wanted = card.runs.flatMap((run) =>
      card.metrics.flatMap((metric) => (Object.hasOwn(run.metrics, metric) ? [{ run, metric }] : [])),
    );
    await inTurns(wanted, async ({ run, metric }) => {
      signal.throwIfAborted();
      const points = await readPoints(store, run, metric, problems);
      if (points !== undefined) book.take([points]);
    });
    if (objective !== null && card.metrics.includes(objective.metric))
      for (const { runId, values } of book.sparks(
        card.runs.map((run) => run.runId),
        objective.metric,
      ))
        courses.set(runId, [...values]);
    const answer = book.draw(card.ask);
    if (answer.whole !== null) charts.push(toReportChart(card, answer, reportPaint));
    book.clear();
  }
  return { charts, courses };
}

async function readPoints(
  store: RunStore,
  { runId, name }: RunSummary,
  metric: string,
  problems: string[],
): Promise<RunPoints | undefined> {
  try {
    const { steps, values, timestamps } = await store.readHistory(runId, metric);
    const known = Float64Array.from(steps)
      .map((_, i) => i)
      .filter((i) => Number.isFinite(steps[i]));
    const column = (list: readonly number[]): Float64Array => known.map((i) => list[i] ?? NaN);
    return { runId, metric, from: 0, steps: column(steps), values: column(values), times: column(timestamps) };
  } catch (error) {
    if (!(error instanceof ExpectedError) || error.code === 'stopped') throw error;
    problems.push(`${name}, ${metric}: ${error.message}`);
    return undefined;
  }
}

/** Some at a time, all of them. */
async function inTurns<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  const work = async (): Promise<void> => {
    for (const item of rest) await act(item);
  };
  await Promise.all(Array.from({ length: Math.min(TOGETHER, items.length) }, work));
}

function toNotes({ left }: ReportPlan, problems: readonly string[]): readonly string[] {
  const more = problems.length - MOST_NOTES;
  return [
    ...(left > 0 ? [`${left} more charts of the view are not drawn.`] : []),
    ...problems.slice(0, MOST_NOTES),
    ...(more > 0 ? [`${more} more could not be read.`] : []),
  ];
}
