import type { RunFacts } from '../../protocol/charts.ts';

/** How a run stands, in the words of the table "how things end". */
export type RunState = 'scheduled' | 'running' | 'succeeded' | 'failed' | 'stopped' | 'lost';

export function runState({ status, lost }: Pick<RunFacts, 'status' | 'lost'>): RunState {
  if (status === 'RUNNING') return lost ? 'lost' : 'running';
  const ended = { SCHEDULED: 'scheduled', FINISHED: 'succeeded', FAILED: 'failed', KILLED: 'stopped' } as const;
  return ended[status];
}
