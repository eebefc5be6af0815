import type { RunSummary, UnreadableRun } from '../../protocol/tracking.ts';
import { summarize, type TimedPoint } from './metrics.ts';

/** A run of a store that is read as a whole. */
export interface GatheredRun {
  /** Its best points not chosen yet. */
  readonly run: RunSummary;
  readonly points: ReadonlyMap<string, readonly TimedPoint[]>;
}

/** All that a store which is read as a whole has to say. */
export interface Gathered {
  readonly runs: readonly GatheredRun[];
  readonly unreadable: readonly UnreadableRun[];
  readonly warnings: readonly UnreadableRun[];
}

/** What programs without a record of their runs leave is about them all the same. */
type Facts = Pick<
  RunSummary,
  'runId' | 'name' | 'experiment' | 'startTime' | 'endTime' | 'params' | 'tags' | 'artifacts'
> &
  Pick<GatheredRun, 'points'>;

/** A run of whose end nothing is known but that it was written: it counts as finished. */
export function toGatheredRun({ points, ...facts }: Facts): GatheredRun {
  const metrics = [...points].flatMap(([name, own]) => {
    const summary = summarize(own);
    return summary === undefined ? [] : [[name, summary] as const];
  });
  const run = {
    ...facts,
    status: 'FINISHED' as const,
    parentRunId: null,
    metrics: Object.fromEntries(metrics),
    lost: false,
  };
  return { run, points };
}
