import { filterRuns, orderRuns } from '../../core/tracking/tracking.ts';
import type { RunSummary } from '../../protocol/tracking.ts';
import type { RunPage, RunQuery } from './store.ts';

/** The runs that a query fits, in its order, as far as its page goes. */
export function choosePage(runs: readonly RunSummary[], query: RunQuery): Pick<RunPage, 'runs' | 'total'> {
  const { where, order, start = 0, limit = Infinity } = query;
  const fitting = where === undefined ? runs : filterRuns(runs, where);
  const ordered = order === undefined ? newestFirst(fitting) : orderRuns(fitting, order);
  return { runs: ordered.slice(start, start + limit), total: ordered.length };
}

function newestFirst(runs: readonly RunSummary[]): readonly RunSummary[] {
  return [...runs].sort((a, b) => b.startTime - a.startTime || (a.runId < b.runId ? -1 : 1));
}
