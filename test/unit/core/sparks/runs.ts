import { collectTried, type TriedRuns } from '../../../../src/core/sparks/sparks.ts';
import type { Objective, RunSummary } from '../../../../src/protocol/tracking.ts';

export const t = (message: string, ...values: (string | number | boolean)[]): string =>
  message.replaceAll(/\{(\d)\}/g, (_, index: string) => String(values[Number(index)]));

export const lowerIsBetter: Objective = { metric: 'val_loss', direction: 'minimize' };

/** A run of configs/net.yaml that took 10 s for 5 epochs. */
export function toRun(
  runId: string,
  value: number,
  params: Readonly<Record<string, string>>,
  more: Partial<RunSummary> = {},
): RunSummary {
  const point = { value, step: 5 };
  return {
    ...{ runId, name: runId, experiment: 'x', status: 'FINISHED', startTime: 0, endTime: 10_000, parentRunId: null },
    ...{ params, tags: { 'mlops.config': 'configs/net.yaml' }, lost: false, artifacts: null },
    metrics: {
      val_loss: { points: 5, last: point, min: point, max: point, best: point },
      training_loss: { points: 5, last: point, min: point, max: point, best: null },
    },
    ...more,
  };
}

/** Runs that differ in one param, as `[['0.1', 3], ['0.01', 1]]`. */
export function tryValues(
  key: string,
  rows: readonly (readonly [string, number])[],
  objective = lowerIsBetter,
): TriedRuns {
  const runs = rows.map(([text, value], index) => toRun(`${key} ${index}`, value, { [key]: text }));
  return collectTried(runs, 'configs/net.yaml', objective);
}
