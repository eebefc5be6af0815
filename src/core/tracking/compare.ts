import {
  isSystemMetric,
  type ComparedMetric,
  type ComparedText,
  type ComparedValue,
  type MetricPoint,
  type MetricSummary,
  type Objective,
  type RunComparison,
  type RunSummary,
} from '../../protocol/tracking.ts';
import { toObjective } from './objective.ts';
import type { ObjectiveOf } from './selection.ts';

/** Tags that differ between any two runs and say nothing of why their numbers do. */
const identifying: ReadonlySet<string> = new Set([
  'mlflow.runName',
  'mlflow.parentRunId',
  'mlflow.log-model.history',
  'mlops.trial',
  'mlops.best_run',
  'mlops.paused',
]);

/** Beside what is made small by its name (`toObjective`), metrics that everybody makes large. */
const madeLarge = /(^|[_/.-])(acc|accuracy|precision|recall|f1|auc|r2|iou|dice|map|bleu|top_\d+)([_/.-]|$)/i;

/** The first run is what the others are measured by; its objective says which way is better. */
export function compareRuns(runs: readonly RunSummary[], objectiveOf: ObjectiveOf): RunComparison {
  const [first] = runs;
  const objective = first === undefined ? null : objectiveOf(first);
  return {
    runs: runs.map(({ runId, name, experiment, status, startTime, endTime }) => ({
      ...{ runId, name, experiment, status, startTime, endTime },
    })),
    params: compareTexts(runs.map(({ params }) => params)),
    tags: compareTexts(runs.map(({ tags }) => tags)).filter(({ name }) => !identifying.has(name)),
    metrics: compareMetrics(
      runs.map(({ metrics }) => metrics),
      objective,
    ),
  };
}

type Records<T> = readonly Readonly<Record<string, T>>[];

function compareTexts(records: Records<string>): readonly ComparedText[] {
  return namesOf(records)
    .map((name) => ({ name, values: records.map((record) => valueOf(record, name)) }))
    .filter(({ values: [first = null, ...others] }) => others.some((value) => !isSameText(value, first)));
}

/** `0.001` and `1e-3` are one number, whichever program has written it. */
function isSameText(a: string | null, b: string | null): boolean {
  if (a === b) return true;
  return a !== null && b !== null && a.trim() !== '' && b.trim() !== '' && Number(a) === Number(b);
}

function compareMetrics(records: Records<MetricSummary>, objective: Objective | null): readonly ComparedMetric[] {
  return namesOf(records)
    .map((name) => {
      const direction = directionOf(name, objective);
      const summaries = records.map((record) => valueOf(record, name));
      const first = summaries[0] ?? null;
      const values = summaries.map((summary, index) =>
        summary === null ? null : compareValue(summary, index === 0 ? null : first, direction),
      );
      return { name, direction, values };
    })
    .sort((a, b) => rankOf(a.name, objective) - rankOf(b.name, objective));
}

function rankOf(name: string, objective: Objective | null): number {
  return name === objective?.metric ? 0 : isSystemMetric(name) ? 2 : 1;
}

/** Which way a metric is better; null where nobody has said and the name does not tell. */
export function directionOf(name: string, objective: Objective | null): Objective['direction'] | null {
  if (name === objective?.metric) return objective.direction;
  if (madeLarge.test(name)) return 'maximize';
  return toObjective({ metric: name })?.direction === 'minimize' ? 'minimize' : null;
}

/** `base`: the first run's; null for the first run itself. */
function compareValue(
  summary: MetricSummary,
  base: MetricSummary | null,
  direction: Objective['direction'] | null,
): ComparedValue {
  const [best, baseBest] = [bestOf(summary, direction), base === null ? null : bestOf(base, direction)];
  const bestDelta = subtract(best, baseBest);
  const lastDelta = subtract(summary.last, base?.last ?? null);
  return { last: summary.last, lastDelta, best, bestDelta, change: judge(bestDelta, direction) };
}

function bestOf({ min, max }: MetricSummary, direction: Objective['direction'] | null): MetricPoint | null {
  return direction === null ? null : direction === 'minimize' ? min : max;
}

function subtract(a: MetricPoint | null, b: MetricPoint | null): number | null {
  if (a === null || b === null) return null;
  const difference = a.value === b.value ? 0 : a.value - b.value;
  return Number.isNaN(difference) ? null : difference;
}

function judge(delta: number | null, direction: Objective['direction'] | null): ComparedValue['change'] {
  if (delta === null || direction === null) return null;
  if (delta === 0) return 'same';
  return delta < 0 === (direction === 'minimize') ? 'better' : 'worse';
}

function namesOf(records: Records<unknown>): readonly string[] {
  return [...new Set(records.flatMap((record) => Object.keys(record)))].sort();
}

function valueOf<T>(record: Readonly<Record<string, T>>, name: string): T | null {
  return Object.hasOwn(record, name) ? (record[name] ?? null) : null;
}
