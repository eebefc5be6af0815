import type { ShownArtifact, ShownComparison, ShownMetric, ShownPoint } from '../../protocol/compare.ts';
import type { ComparedMetric, MetricPoint, RunSummary } from '../../protocol/tracking.ts';
import { formatValue } from '../charts/charts.ts';
import { compareRuns } from './compare.ts';
import type { ObjectiveOf } from './selection.ts';

/** Files among a run's artifacts by path, with their size where it is known. */
export type ArtifactSizes = ReadonlyMap<string, number | null>;

/** A comparison as a page shows it; `artifacts` in the order of the runs. */
export function toShownComparison(
  runs: readonly RunSummary[],
  artifacts: readonly ArtifactSizes[],
  objectiveOf: ObjectiveOf,
): Omit<ShownComparison, 'troubles'> {
  const { params, tags, metrics } = compareRuns(runs, objectiveOf);
  const differing = metrics.filter(isDifferent);
  return {
    runs: runs.map(({ runId, name, experiment, status, startTime, tags: own }) => ({
      ...{ runId, name, experiment, status, startTime },
      hasCommit: Object.hasOwn(own, 'mlflow.source.git.commit'),
      hasConfig: Object.hasOwn(own, 'mlflow.source.git.commit') && Object.hasOwn(own, 'mlops.config'),
    })),
    metrics: differing.map(toShownMetric),
    equalMetrics: metrics.length - differing.length,
    ...{ params, tags, artifacts: listArtifacts(artifacts) },
  };
}

/** A number that is none (NaN) is no difference where every run has none. */
function isDifferent({ values }: ComparedMetric): boolean {
  const [first = null, ...others] = values;
  return others.some((value) => {
    if (value === null || first === null) return value !== first;
    return !isSamePoint(value.last, first.last) || !isSamePoint(value.best, first.best);
  });
}

/** At which step a value was reached is no difference of the value. */
function isSamePoint(a: MetricPoint | null, b: MetricPoint | null): boolean {
  return Object.is(a?.value, b?.value) || a?.value === b?.value;
}

function toShownMetric({ name, direction, values }: ComparedMetric): ShownMetric {
  return {
    ...{ name, direction },
    values: values.map((compared) => {
      if (compared === null) return null;
      const { best, bestDelta, last, lastDelta, change } = compared;
      return { best: best === null ? null : toPoint(best, bestDelta), last: toPoint(last, lastDelta), change };
    }),
  };
}

function toPoint({ value, step }: MetricPoint, delta: number | null): ShownPoint {
  const signed = delta === null || delta === 0 ? null : `${delta > 0 ? '+' : ''}${formatValue(delta)}`;
  return { text: formatValue(value), step, delta: signed };
}

function listArtifacts(artifacts: readonly ArtifactSizes[]): readonly ShownArtifact[] {
  const paths = [...new Set(artifacts.flatMap((files) => [...files.keys()]))].sort();
  return paths.map((path) => ({
    path,
    runs: artifacts.map((files) => ({ isThere: files.has(path), bytes: files.get(path) ?? null })),
  }));
}
