import type { AnswerFacts } from '../../protocol/answers.ts';
import { badInput, unknownName } from '../../protocol/errors.ts';
import type { ReportRequest } from '../../protocol/report.ts';
import { hiddenTag, type TableView } from '../../protocol/runtable.ts';
import { isSystemMetric, type MetricPoint, type Objective, type RunSummary } from '../../protocol/tracking.ts';
import { directionOf as judgedBy } from '../charts/charts.ts';
import { findNearest } from '../names/names.ts';
import {
  applyFilter,
  arrange,
  chooseColumnIds,
  defaultSort,
  findObjective,
  listColumnIds,
  toColumn,
  type Column,
} from '../runtable/runtable.ts';
import { directionOf } from '../tracking/tracking.ts';
import { planCharts, type CardPlan } from './cards.ts';
import type { SvgChart } from './svg.ts';

/** Of more runs a table is no report. */
const mostRuns = 300;

/** What a report will tell; its points are still to be read. */
export interface ReportPlan extends CardPlan {
  readonly title: string;
  /** In the order in which they are told. */
  readonly runs: readonly RunSummary[];
  /** Of the view, those included that are too many. */
  readonly total: number;
  readonly objective: Objective | null;
  readonly best: RunSummary | null;
  readonly columns: readonly Column[];
}

/** A report with everything in it. */
export interface Report extends Pick<
  ReportPlan,
  'title' | 'runs' | 'total' | 'objective' | 'best' | 'columns' | 'hues'
> {
  /** In milliseconds since 1970. */
  readonly createdAt: number;
  /** Of the program. */
  readonly version: string;
  readonly charts: readonly ReportChart[];
  /** Few values of the objective of each run, in the order of its steps. */
  readonly courses: ReadonlyMap<string, readonly number[]>;
  /** Of the best run, where it has left its predictions. */
  readonly answers: AnswerFacts | null;
  /** What was left out, each a sentence. */
  readonly notes: readonly string[];
}

export interface ReportChart {
  readonly chart: SvgChart;
  readonly isWide: boolean;
  /** Line by line. */
  readonly rows: readonly ReportRow[];
}

interface ReportRow {
  readonly label: string;
  readonly last: number;
  /** null for what is no metric of one run. */
  readonly lowest: MetricPoint | null;
  readonly highest: MetricPoint | null;
}

/** Throws `unknown-name` for a column that is none, `bad-input` for a wrong filter. */
export function planReport(all: readonly RunSummary[], { title, view, runIds }: ReportRequest): ReportPlan {
  const chosen = runIds === null ? shownBy(all, view.table) : inOrder(all, runIds);
  const pinned = inOrder(all, view.charts.pinned).filter((run) => !chosen.includes(run));
  const runs = (runIds === null ? [...chosen, ...pinned] : chosen).slice(0, mostRuns);
  const objective = findObjectiveOf(runs);
  const ids = view.table.columns?.map(({ id }) => id) ?? chooseColumnIds(runs);
  return {
    ...planCharts(runs, view.charts, objective),
    ...{ title, runs, total: chosen.length, objective },
    best: findBestRun(runs, objective),
    columns: ids.map((id) => findColumn(id, all)),
  };
}

function inOrder(all: readonly RunSummary[], runIds: readonly string[]): readonly RunSummary[] {
  const known = new Map(all.map((run) => [run.runId, run]));
  return [...new Set(runIds)].flatMap((runId) => known.get(runId) ?? []);
}

function shownBy(all: readonly RunSummary[], { filter, sort, showsHidden }: TableView): readonly RunSummary[] {
  for (const { column } of sort) findColumn(column, all);
  const visible = showsHidden ? all : all.filter(({ tags }) => !Object.hasOwn(tags, hiddenTag));
  const filtered = applyFilter(visible, filter);
  if ('mistake' in filtered) throw badInput(filtered.mistake.message);
  const open = new Set(filtered.runs.map(({ runId }) => runId));
  const lines = arrange(filtered.runs, { sort: sort.length === 0 ? defaultSort : sort, group: null, open });
  return lines.flatMap((line) => (line.kind === 'run' ? [line.run] : []));
}

function findColumn(id: string, runs: readonly RunSummary[]): Column {
  const column = toColumn(id);
  if (column === undefined) throw unknownName('column', id, findNearest(id, listColumnIds(runs)));
  return column;
}

/** The metric that most runs are judged by. */
function findObjectiveOf(runs: readonly RunSummary[]): Objective | null {
  const metric = findObjective(runs);
  return metric === null ? null : { metric, direction: judgedBy(runs, metric) };
}

function findBestRun(runs: readonly RunSummary[], objective: Objective | null): RunSummary | null {
  return objective === null ? null : (bestOf(runs, objective)?.run ?? null);
}

interface Best extends MetricPoint {
  readonly run: RunSummary;
}

/** The run with the best value of a metric, the first of equal ones. */
function bestOf(runs: readonly RunSummary[], { metric, direction }: Objective): Best | undefined {
  let best: Best | undefined;
  for (const run of runs) {
    const summary = Object.hasOwn(run.metrics, metric) ? run.metrics[metric] : undefined;
    const point = direction === 'minimize' ? summary?.min : summary?.max;
    if (point === undefined || point === null) continue;
    const sign = direction === 'minimize' ? 1 : -1;
    if (best === undefined || sign * point.value < sign * best.value) best = { run, ...point };
  }
  return best;
}

export interface BestRow extends Objective {
  readonly best: Best;
}

/** The best of each metric of which it is known which way is better; the objective first. */
export function listBest(runs: readonly RunSummary[], objective: Objective | null): readonly BestRow[] {
  const names = [...new Set(runs.flatMap(({ metrics }) => Object.keys(metrics)))].filter(
    (name) => !isSystemMetric(name) && name !== 'batch_loss',
  );
  const order = (name: string): number => (name === objective?.metric ? 0 : 1);
  return names
    .sort((a, b) => order(a) - order(b) || (a < b ? -1 : 1))
    .flatMap((metric): BestRow[] => {
      const direction = directionOf(metric, objective);
      const best = direction === null ? undefined : bestOf(runs, { metric, direction });
      return direction === null || best === undefined ? [] : [{ metric, direction, best }];
    });
}
