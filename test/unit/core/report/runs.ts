import { ChartBook } from '../../../../src/core/charts/charts.ts';
import { planReport, reportPaint, toReportChart, type Report } from '../../../../src/core/report/report.ts';
import type { ReportRequest } from '../../../../src/protocol/report.ts';
import { emptyRunsView, type ChartsView, type RunsView } from '../../../../src/protocol/runsview.ts';
import type { MetricSummary, RunSummary } from '../../../../src/protocol/tracking.ts';

/** Points of a metric: step and value. */
type Curve = readonly (readonly [step: number, value: number])[];

export interface TestRun extends Partial<Omit<RunSummary, 'metrics'>> {
  readonly runId: string;
  readonly curves?: Readonly<Record<string, Curve>>;
  /** The metric by which the run is judged; it is made small. */
  readonly judged?: string;
}

export function makeRun({ runId, curves = {}, judged = 'val_loss', ...given }: TestRun): RunSummary {
  const { startTime = 1_795_291_200_000 } = given;
  return {
    ...{ runId, name: runId, experiment: 'e', status: 'FINISHED', startTime, endTime: startTime + 41_000 },
    ...{ parentRunId: null, params: {}, tags: {}, lost: false, artifacts: null },
    ...given,
    metrics: Object.fromEntries(
      Object.entries(curves).map(([name, curve]) => [name, summarize(curve, name === judged)]),
    ),
  };
}

function summarize(curve: Curve, isJudged: boolean): MetricSummary {
  const points = curve.map(([step, value]) => ({ step, value }));
  const known = points.filter(({ value }) => Number.isFinite(value)).sort((a, b) => a.value - b.value);
  const [min = null, max = null] = [known[0], known.at(-1)];
  return {
    points: points.length,
    last: points.at(-1) ?? { step: 0, value: NaN },
    min,
    max,
    best: isJudged ? min : null,
  };
}

export const chartsView = (part: Partial<ChartsView>): RunsView => ({
  ...emptyRunsView,
  charts: { ...emptyRunsView.charts, ...part },
});

/** As `node/report` reads it, from curves at hand. */
export function makeReport(runs: readonly TestRun[], request: Partial<ReportRequest & Report> = {}): Report {
  const { view = emptyRunsView, runIds = null, title = 'Runs', ...rest } = request;
  const plan = planReport(runs.map(makeRun), { title, view, runIds });
  const book = new ChartBook();
  for (const { runId, curves = {}, startTime = 1_795_291_200_000 } of runs)
    for (const [metric, curve] of Object.entries(curves)) {
      const [steps, values] = [0, 1].map((at) => Float64Array.from(curve, (point) => point[at] ?? NaN));
      if (steps !== undefined && values !== undefined)
        book.take([{ runId, metric, from: 0, steps, values, times: steps.map((_, i) => startTime + 1000 * i) }]);
    }
  const ids = plan.runs.map((run) => run.runId);
  const sparks = plan.objective === null ? [] : book.sparks(ids, plan.objective.metric);
  const charts = plan.cards.map((card) => toReportChart(card, book.draw(card.ask), reportPaint));
  return {
    ...plan,
    ...{ createdAt: Date.UTC(2026, 10, 26, 10, 14), version: '1.2.3', charts, answers: null, notes: [] },
    courses: new Map(sparks.map(({ runId, values }) => [runId, [...values]])),
    ...rest,
  };
}
