import type { MetricSummary, RunSummary } from '../../../../src/protocol/tracking.ts';

/** A metric that went from `best` at step 3 to `last` at step 5; with `isJudged` it is the objective's. */
export function metric(last: number, best: number = last, isJudged = false): MetricSummary {
  const [end, ideal] = [
    { value: last, step: 5 },
    { value: best, step: 3 },
  ];
  const points = { min: best < last ? ideal : end, max: best > last ? ideal : end };
  return { points: 5, last: end, ...points, best: isJudged ? ideal : null };
}

/** A run that has nothing but what the test says. Its id is its name. */
export function run(name: string, parts: Partial<RunSummary> = {}): RunSummary {
  return {
    ...{ runId: name, name, experiment: 'digits', status: 'FINISHED', startTime: 0, endTime: 1000, parentRunId: null },
    ...{ params: {}, tags: {}, metrics: {}, lost: false, artifacts: null },
    ...parts,
  };
}
